//! The files a run leaves behind.

use std::fs::OpenOptions;
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};

use serde::Serialize;

use super::error::CliError;
use crate::protocol::{AnalysisSummary, DatasetSummary, ExportedFile, FeatureRow, SaeSummary};

/// What a run may leave beside the weights, which every run writes anew.
const RESULTS: [&str; 14] = [
    "summary.json",
    "feature_statistics.csv",
    "sweep.csv",
    "differential_expression.csv",
    "go_enrichment_results.csv",
    "differential_expression.parquet",
    "differential_expression.csv.gz",
    "enrichment.csv",
    "label_association.csv",
    "gsea.csv",
    "differential_features.csv",
    "lineage.csv",
    "quality.json",
    "quality.csv",
];

/// The folder results go to.
pub(super) struct Outputs {
    folder: PathBuf,
    written: Vec<String>,
    /// A file of which parts were written and others are to come.
    unfinished: Option<String>,
}

/// What a run found, as `summary.json` has it.
pub(super) struct RunReport {
    pub(super) dataset: DatasetSummary,
    pub(super) sae: SaeSummary,
    pub(super) analysis: Option<AnalysisSummary>,
    pub(super) is_interrupted: bool,
    pub(super) top_features: Vec<FeatureRow>,
}

#[derive(Serialize)]
struct Summary<'a> {
    featurescope_version: &'static str,
    is_complete: bool,
    dataset: &'a DatasetSummary,
    sae: &'a SaeSummary,
    dead_share: f64,
    analysis: &'a Option<AnalysisSummary>,
    top_features_by_auroc: &'a [FeatureRow],
    files: &'a [String],
}

impl Outputs {
    /// Makes the folder if it is not there.
    ///
    /// # Errors
    /// [`CliError::OutIsFile`], [`CliError::Output`].
    pub(super) fn create(folder: &Path) -> Result<Self, CliError> {
        if folder.is_file() {
            return Err(CliError::OutIsFile { path: folder.to_owned() });
        }
        make_folder(folder)?;
        Ok(Self { folder: folder.to_owned(), written: Vec::new(), unfinished: None })
    }

    /// Removes the results of an earlier run, so that no mixture of two runs is ever there.
    ///
    /// # Errors
    /// [`CliError::Output`].
    pub(super) fn remove_former(&self) -> Result<(), CliError> {
        RESULTS.iter().try_for_each(|name| remove(self.folder.join(name)))
    }

    /// Writes files, or the last parts of those that were begun; a name may contain a folder.
    ///
    /// # Errors
    /// [`CliError::Output`].
    pub(super) fn write_all(&mut self, files: Vec<ExportedFile>) -> Result<(), CliError> {
        files.into_iter().try_for_each(|file| self.append(file))?;
        self.unfinished = None;
        Ok(())
    }

    /// Removes a file whose last part never came: it could not be read.
    ///
    /// # Errors
    /// [`CliError::Output`].
    pub(super) fn discard_unfinished(&mut self) -> Result<(), CliError> {
        let Some(name) = self.unfinished.take() else { return Ok(()) };
        self.written.retain(|written| *written != name);
        remove(self.folder.join(name))
    }

    /// Writes the next part of a file, the first time over a file that was there.
    ///
    /// # Errors
    /// [`CliError::Output`].
    pub(super) fn append(&mut self, part: ExportedFile) -> Result<(), CliError> {
        self.unfinished = Some(part.name.clone());
        self.write(part.name, &part.bytes)
    }

    fn write(&mut self, name: String, bytes: &[u8]) -> Result<(), CliError> {
        let path = self.folder.join(&name);
        if let Some(folder) = path.parent() {
            make_folder(folder)?;
        }
        let is_begun = self.written.contains(&name);
        let mut options = OpenOptions::new();
        options.create(true).write(true).append(is_begun).truncate(!is_begun);
        let written = options.open(&path).and_then(|mut file| file.write_all(bytes));
        written.map_err(|source| CliError::Output { path, source })?;
        if !is_begun {
            self.written.push(name);
        }
        Ok(())
    }

    /// Writes `summary.json`.
    ///
    /// # Errors
    /// [`CliError::Output`]; [`CliError::Failed`] if it has no JSON form.
    pub(super) fn write_summary(&mut self, report: &RunReport) -> Result<(), CliError> {
        let sae = &report.sae;
        let summary = Summary {
            featurescope_version: env!("CARGO_PKG_VERSION"),
            is_complete: !report.is_interrupted,
            dataset: &report.dataset,
            sae,
            dead_share: 1.0 - sae.n_live as f64 / sae.n_features as f64,
            analysis: &report.analysis,
            top_features_by_auroc: &report.top_features,
            files: &self.written,
        };
        let text = serde_json::to_string_pretty(&summary)
            .map_err(|error| CliError::Failed(format!("the summary can't be written: {error}")))?;
        self.write("summary.json".to_owned(), format!("{text}\n").as_bytes())
    }
}

fn remove(path: PathBuf) -> Result<(), CliError> {
    match std::fs::remove_file(&path) {
        Err(source) if source.kind() != ErrorKind::NotFound => Err(CliError::Output { path, source }),
        _ => Ok(()),
    }
}

fn make_folder(folder: &Path) -> Result<(), CliError> {
    std::fs::create_dir_all(folder).map_err(|source| CliError::Output { path: folder.to_owned(), source })
}
