//! `featurescope run`: open, train or load, analyse, write.

use std::sync::Arc;

use super::args::RunOptions;
use super::checks::{check_columns, check_expression, check_features, check_weights_embedding};
use super::driver::{Driver, cancel};
use super::error::CliError;
use super::inputs::{embedding_name, input_files};
use super::open::{check_matrix, open};
use super::outputs::{Outputs, RunReport};
use super::quality;
use super::sweep::sweep;
use super::{Ending, INTERRUPTED};
use crate::platform::native::Interrupt;
use crate::protocol::{
    AnalysisSummary, DatasetSummary, Event, ExportKind, FeatureRow, FileHandle, Job, Notice, Request, SaeParams,
    SaeSummary, TableFormat, TableQuery, ViewQuery, ViewResult,
};

/// Features listed in `summary.json`.
const N_TOP_FEATURES: usize = 20;

/// Runs the whole pipeline.
///
/// # Errors
/// [`CliError`]: options, files or data that won't do, or a failure of ours.
pub(super) fn run(options: &RunOptions) -> Result<Ending, CliError> {
    options.check()?;
    let mut driver = Driver::new(options.threads);
    end_on_second_interrupt(driver.interrupt())?;
    let files = input_files(&driver.host(), options)?;
    let mut outputs = Outputs::create(&options.out)?;
    let Some((dataset, sae)) = prepare(&mut driver, files, options)? else {
        return Ok(Ending::Interrupted);
    };
    outputs.remove_former()?;
    export(&mut driver, &mut outputs, ExportKind::Sae { format: options.weight_format() })?;
    export(&mut driver, &mut outputs, ExportKind::FeatureStatistics)?;
    write_quality(&mut driver, &mut outputs, options)?;
    if options.sweep.is_asked_for() {
        export(&mut driver, &mut outputs, ExportKind::Sweep { format: TableFormat::Csv })?;
    }
    for kind in options.group_tables() {
        export(&mut driver, &mut outputs, kind)?;
    }
    let analysis = if driver.is_interrupted { None } else { analyse(&mut driver, options)? };
    if let Some(analysis) = &analysis {
        say_all(&driver, &analysis.notices);
        for kind in options.tables(dataset.gene_sets.is_some()) {
            export(&mut driver, &mut outputs, kind)?;
        }
        if !driver.is_interrupted {
            gsea(&mut driver, &mut outputs, options)?;
        }
    }
    let top_features = top_features(&mut driver)?;
    driver.progress.clear();
    let interrupted = driver.is_interrupted;
    outputs.write_summary(&RunReport { dataset, sae, analysis, is_interrupted: interrupted, top_features })?;
    if let Some(path) = &options.timings {
        driver.timings.write(path)?;
    }
    Ok(if interrupted { Ending::Interrupted } else { Ending::Complete })
}

/// Opens the files and trains or loads the sparse autoencoder; `None` if interrupted with nothing learnt.
fn prepare(
    driver: &mut Driver,
    files: Vec<FileHandle>,
    options: &RunOptions,
) -> Result<Option<(DatasetSummary, SaeSummary)>, CliError> {
    let embedding = embedding_name(options);
    let Some((dataset, loaded)) = open(driver, &files, options, &embedding)? else {
        return Ok(None);
    };
    driver.progress.say(&opened_line(&dataset));
    say_all(driver, &dataset.notices);
    check_matrix(&dataset, options.matrix.as_deref())?;
    check_expression(&dataset, &options.analysis_params()?)?;
    check_columns(&dataset, options)?;
    let sae = match loaded {
        Some(sae) => {
            check_weights_embedding(&dataset, &sae, &embedding)?;
            sae
        }
        None => match make_sae(driver, &embedding, options, &dataset)? {
            Some(sae) => sae,
            None => return Ok(None),
        },
    };
    check_features(&sae, options)?;
    driver.progress.say(&sae_line(&sae));
    say_all(driver, &sae.notices);
    Ok(Some((dataset, sae)))
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

fn opened_line(dataset: &DatasetSummary) -> String {
    let matrix = dataset.matrices.as_ref().map(|matrices| format!(" of {}", matrices.read)).unwrap_or_default();
    format!("Opened {}: {} cells, {} genes{matrix}", dataset.name, dataset.n_cells, dataset.n_genes)
}

fn say_all(driver: &Driver, notices: &[Notice]) {
    for notice in notices {
        driver.progress.say_notice(notice);
    }
}

/// Trains, or takes the embedding's columns as they are.
fn make_sae(
    driver: &mut Driver,
    embedding: &str,
    options: &RunOptions,
    dataset: &DatasetSummary,
) -> Result<Option<SaeSummary>, CliError> {
    let take = |event| match event {
        Event::SaeReady(sae) => Some(sae),
        _ => None,
    };
    // An embedding that is not there is refused by the engine, which knows those that are.
    let shape = dataset.shape(embedding, false).unwrap_or_default();
    let params = options.sae_params(&shape)?;
    let embedding = embedding.to_owned();
    if options.is_identity() {
        return driver.ask(Request::UseColumns { embedding }, None, take).map_err(CliError::Refused);
    }
    if let Some(swept) = options.sweep.params(&params, shape.d_in)? {
        return sweep(driver, &embedding, swept, options.sweep.take());
    }
    let request = if options.resume.is_some() {
        driver.progress.say(&format!("Going on with a training run on {embedding}"));
        Request::ResumeCheckpoint
    } else {
        driver.progress.say(&training_line(&embedding, &params));
        Request::Train { embedding, params }
    };
    driver.ask(request, Some(&Request::StopTraining), take).map_err(CliError::Refused)
}

fn training_line(embedding: &str, params: &SaeParams) -> String {
    let SaeParams { n_features, n_epochs, batch_size, hold_out, .. } = params;
    let held_out = match (&hold_out.label, hold_out.share > 0.0) {
        (_, false) => "nothing held out".to_owned(),
        (None, true) => format!("{:.0} % of the cells held out", 100.0 * hold_out.share),
        (Some(label), true) => format!("{:.0} % of the cells held out by {label}", 100.0 * hold_out.share),
    };
    format!("Training on {embedding}: {n_features} features, {n_epochs} epochs of batches of {batch_size}, {held_out}")
}

fn sae_line(sae: &SaeSummary) -> String {
    format!(
        "{} of {} features are active, {:.1} a cell; explained variance {:.3}",
        sae.n_live, sae.n_features, sae.l0, sae.explained_variance
    )
}

fn analyse(driver: &mut Driver, options: &RunOptions) -> Result<Option<AnalysisSummary>, CliError> {
    let take = |event| match event {
        Event::Analysed(summary) => Some(summary),
        _ => None,
    };
    let request = Request::Analyse { params: options.analysis_params()? };
    driver.ask(request, Some(&cancel(Job::Analyse)), take).map_err(CliError::Refused)
}

/// Runs GSEA and writes its table, if it is asked for; a feature that was left out is said.
fn gsea(driver: &mut Driver, outputs: &mut Outputs, options: &RunOptions) -> Result<(), CliError> {
    let Some((features, params)) = options.gsea()? else { return Ok(()) };
    let take = |event| match event {
        Event::GseaReady(summary) => Some(summary),
        _ => None,
    };
    let request = Request::Gsea { features, params };
    let found = driver.ask(request, Some(&cancel(Job::Gsea)), take).map_err(CliError::Refused)?;
    let Some(found) = found else { return Ok(()) };
    say_all(driver, &found.notices);
    if found.done.is_empty() { Ok(()) } else { export(driver, outputs, options.gsea_table()) }
}

fn export(driver: &mut Driver, outputs: &mut Outputs, kind: ExportKind) -> Result<(), CliError> {
    let mut parts = Ok(());
    let take = |event| match event {
        Event::ExportedPart(part) => {
            // After an error the rest of the parts is of no use.
            if parts.is_ok() {
                parts = outputs.append(part);
            }
            None
        }
        Event::Exported { files } => Some(files),
        _ => None,
    };
    let files = driver.ask(Request::Export { kind }, Some(&cancel(Job::Export)), take).map_err(CliError::Failed)?;
    parts?;
    match files {
        Some(files) => outputs.write_all(files),
        None => outputs.discard_unfinished(),
    }
}

/// Writes how good the sparse autoencoder is, if that is asked for.
fn write_quality(driver: &mut Driver, outputs: &mut Outputs, options: &RunOptions) -> Result<(), CliError> {
    let Some(format) = options.quality else { return Ok(()) };
    let take = |event| match event {
        Event::View(ViewResult::Quality(quality)) => Some(quality),
        _ => None,
    };
    let request = Request::View { query: ViewQuery::Quality };
    match driver.ask(request, None, take).map_err(CliError::Failed)? {
        Some(found) => outputs.write_all(vec![quality::file(&found, format)?]),
        None => Ok(()),
    }
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
