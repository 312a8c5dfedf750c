//! Opening the files of a run through the engine: ids that agree once cut, and the matrix that was asked for.

use super::args::RunOptions;
use super::driver::{Driver, cancel};
use super::error::CliError;
use crate::protocol::{DatasetSummary, Event, FileHandle, IdTrim, Job, Request, SaeSummary};

/// Opens the files; with weights among them, the sparse autoencoder comes along. What the engine offers to leave out of
/// cell ids is accepted with `--trim-ids`. Nothing if interrupted.
///
/// # Errors
/// [`CliError::Refused`] with the engine's sentence.
pub(super) fn open(
    driver: &mut Driver,
    files: &[FileHandle],
    options: &RunOptions,
    embedding: &str,
) -> Result<Option<(DatasetSummary, Option<SaeSummary>)>, CliError> {
    let mut trims = Vec::new();
    loop {
        let reads = options.weights().is_some().then(|| embedding.to_owned());
        let (files, trims_so_far, matrix) = (files.to_vec(), trims.clone(), options.matrix.clone());
        let request = Request::Open { files, embedding: reads, trims: trims_so_far, matrix };
        let (opened, offered) = open_with(driver, request);
        match (opened, offered) {
            (Err(_), Some(trim)) if options.trim_ids && !trims.contains(&trim) => trims.push(trim),
            (Err(text), Some(_)) if !options.trim_ids => {
                return Err(CliError::Refused(format!("{text} To join them so, give --trim-ids.")));
            }
            (opened, _) => return opened.map_err(CliError::Refused),
        }
    }
}

type OpenedFiles = Result<Option<(DatasetSummary, Option<SaeSummary>)>, String>;

/// Asks the engine once; where an embedding is named, there are weights among the files that shall read it.
fn open_with(driver: &mut Driver, request: Request) -> (OpenedFiles, Option<IdTrim>) {
    let (mut dataset, mut offered) = (None, None);
    let has_weights = matches!(&request, Request::Open { embedding: Some(_), .. });
    let take = |event| match event {
        Event::DatasetOpened(summary) if has_weights => {
            dataset = Some(summary);
            None
        }
        Event::DatasetOpened(summary) => Some((summary, None)),
        Event::SaeReady(sae) => dataset.take().map(|dataset| (dataset, Some(sae))),
        Event::IdTrimOffered(trim) => {
            offered = Some(trim);
            None
        }
        _ => None,
    };
    (driver.ask(request, Some(&cancel(Job::Open)), take), offered)
}

/// A matrix asked for of files that are no AnnData, where there is nothing to choose.
///
/// # Errors
/// [`CliError::Refused`].
pub(super) fn check_matrix(dataset: &DatasetSummary, wanted: Option<&str>) -> Result<(), CliError> {
    match (wanted, &dataset.matrices) {
        (Some(wanted), None) => Err(CliError::Refused(format!(
            "--matrix {wanted}: only an .h5ad written by anndata has more than one matrix; leave the option out"
        ))),
        _ => Ok(()),
    }
}
