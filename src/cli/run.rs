//! `featurescope run`: open, train or load, analyse, write.

use std::path::PathBuf;
use std::sync::Arc;

use super::args::{EmbeddingSource, RunOptions};
use super::driver::{Driver, cancel};
use super::error::CliError;
use super::outputs::{Outputs, RunReport};
use super::{Ending, INTERRUPTED};
use crate::platform::native::Interrupt;
use crate::protocol::{
    AnalysisSummary, DatasetSummary, Event, ExportKind, FeatureRow, FileHandle, Job, Request, SaeParams, SaeSummary,
    TableQuery, ViewQuery, ViewResult,
};

/// Features listed in `summary.json`.
const N_TOP_FEATURES: usize = 20;

/// Runs the whole pipeline.
///
/// # Errors
/// [`CliError`]: options, files or data that won't do, or a failure of ours.
pub(super) fn run(options: &RunOptions) -> Result<Ending, CliError> {
    let params = options.sae_params()?;
    let mut driver = Driver::new();
    end_on_second_interrupt(driver.interrupt())?;
    let files = input_files(&driver, options)?;
    let mut outputs = Outputs::create(&options.out)?;
    let Some((dataset, loaded)) = open(&mut driver, files, options.weights.is_some())? else {
        return Ok(Ending::Interrupted);
    };
    driver.progress.say(&opened_line(&dataset));
    let embedding = embedding_name(options);
    let sae = match loaded {
        Some(sae) => {
            check_weights_embedding(&sae, &embedding)?;
            sae
        }
        None => match train(&mut driver, &embedding, params)? {
            Some(sae) => sae,
            None => return Ok(Ending::Interrupted),
        },
    };
    driver.progress.say(&sae_line(&sae));
    export(&mut driver, &mut outputs, ExportKind::Sae)?;
    export(&mut driver, &mut outputs, ExportKind::FeatureStatistics)?;
    let analysis = if driver.is_interrupted { None } else { analyse(&mut driver, options)? };
    if analysis.is_some() {
        export(&mut driver, &mut outputs, ExportKind::DifferentialExpression { feature: None })?;
        if dataset.gene_sets.is_some() {
            export(&mut driver, &mut outputs, ExportKind::Enrichment)?;
        }
    }
    let top_features = top_features(&mut driver)?;
    driver.progress.clear();
    let interrupted = driver.is_interrupted;
    outputs.write_summary(&RunReport { dataset, sae, analysis, is_interrupted: interrupted, top_features })?;
    Ok(if interrupted { Ending::Interrupted } else { Ending::Complete })
}

/// The first interrupt asks the engine to end; the second ends the process.
fn end_on_second_interrupt(interrupt: Arc<Interrupt>) -> Result<(), CliError> {
    let mut n_raised = 0;
    let on_signal = move || {
        n_raised += 1;
        interrupt.raise();
        if n_raised > 1 {
            std::process::exit(i32::from(INTERRUPTED));
        }
    };
    ctrlc::set_handler(on_signal).map_err(|error| CliError::Failed(format!("Ctrl-C can't be watched: {error}")))
}

fn input_files(driver: &Driver, options: &RunOptions) -> Result<Vec<FileHandle>, CliError> {
    let mut paths: Vec<PathBuf> = vec![options.expression.clone()];
    if let EmbeddingSource::File(path) = options.embedding_source() {
        paths.push(path);
    }
    paths.extend(options.labels.clone());
    paths.extend(options.gene_sets.iter().cloned());
    if let Some(folder) = &options.weights {
        paths.extend(["cfg.json", "sae_weights.safetensors"].map(|name| folder.join(name)));
    }
    let host = driver.host();
    let known = |path: PathBuf| host.add_path(&path).map_err(|source| CliError::Input { path, source });
    paths.into_iter().map(known).collect()
}

fn embedding_name(options: &RunOptions) -> String {
    match options.embedding_source() {
        EmbeddingSource::Obsm(name) => name,
        EmbeddingSource::File(path) => path.file_stem().unwrap_or_default().to_string_lossy().into_owned(),
    }
}

fn opened_line(dataset: &DatasetSummary) -> String {
    format!("Opened {}: {} cells, {} genes", dataset.name, dataset.n_cells, dataset.n_genes)
}

/// Opens the files; with weights among them, the sparse autoencoder comes along.
fn open(
    driver: &mut Driver,
    files: Vec<FileHandle>,
    has_weights: bool,
) -> Result<Option<(DatasetSummary, Option<SaeSummary>)>, CliError> {
    let mut dataset = None;
    let take = |event| match event {
        Event::DatasetOpened(summary) if has_weights => {
            dataset = Some(summary);
            None
        }
        Event::DatasetOpened(summary) => Some((summary, None)),
        Event::SaeReady(sae) => dataset.take().map(|dataset| (dataset, Some(sae))),
        _ => None,
    };
    driver.ask(Request::Open { files, embedding: None }, Some(&cancel(Job::Open)), take).map_err(CliError::Refused)
}

fn train(driver: &mut Driver, embedding: &str, params: SaeParams) -> Result<Option<SaeSummary>, CliError> {
    driver.progress.say(&format!("Training on {embedding}"));
    let take = |event| match event {
        Event::SaeReady(sae) => Some(sae),
        _ => None,
    };
    let request = Request::Train { embedding: embedding.to_owned(), params };
    driver.ask(request, Some(&Request::StopTraining), take).map_err(CliError::Refused)
}

fn sae_line(sae: &SaeSummary) -> String {
    format!(
        "{} of {} features are active, {:.1} a cell; explained variance {:.3}",
        sae.n_live, sae.n_features, sae.l0, sae.explained_variance
    )
}

fn check_weights_embedding(sae: &SaeSummary, embedding: &str) -> Result<(), CliError> {
    if sae.embedding == embedding {
        return Ok(());
    }
    let found = &sae.embedding;
    Err(CliError::Refused(format!(
        "the weights read {found:?} ({} dimensions), not {embedding:?}; give --embedding of the data they were trained on",
        sae.d_in
    )))
}

fn analyse(driver: &mut Driver, options: &RunOptions) -> Result<Option<AnalysisSummary>, CliError> {
    let take = |event| match event {
        Event::Analysed(summary) => Some(summary),
        _ => None,
    };
    let request = Request::Analyse { params: options.analysis_params() };
    driver.ask(request, Some(&cancel(Job::Analyse)), take).map_err(CliError::Refused)
}

fn export(driver: &mut Driver, outputs: &mut Outputs, kind: ExportKind) -> Result<(), CliError> {
    let take = |event| match event {
        Event::Exported { files } => Some(files),
        _ => None,
    };
    let files = driver.ask(Request::Export { kind }, None, take).map_err(CliError::Failed)?;
    outputs.write_all(files.unwrap_or_default())
}

fn top_features(driver: &mut Driver) -> Result<Vec<FeatureRow>, CliError> {
    let query = TableQuery::best(N_TOP_FEATURES);
    let take = |event| match event {
        Event::View(ViewResult::FeatureTable { rows, .. }) => Some(rows),
        _ => None,
    };
    let request = Request::View { query: ViewQuery::FeatureTable(query) };
    Ok(driver.ask(request, None, take).map_err(CliError::Failed)?.unwrap_or_default())
}
