//! `featurescope run`: open, train or load, analyse, write.

use std::sync::Arc;

use super::args::RunOptions;
use super::driver::{Driver, cancel};
use super::error::CliError;
use super::inputs::{embedding_name, input_files};
use super::open::{check_matrix, open};
use super::outputs::{Outputs, RunReport};
use super::quality;
use super::sweep::sweep;
use super::{Ending, INTERRUPTED};
use crate::data::ValueKind;
use crate::platform::native::Interrupt;
use crate::protocol::{
    AnalysisParams, AnalysisSummary, DatasetSummary, Event, ExportKind, ExpressionValues, FeatureRow, FileHandle, Job,
    LabelInfo, LabelKind, Notice, Request, SaeParams, SaeSummary, TableFormat, TableQuery, ViewQuery, ViewResult,
};
use crate::sae::CONFIG_FILE;

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

/// What the analysis would refuse once training is over.
fn check_expression(dataset: &DatasetSummary, params: &AnalysisParams) -> Result<(), CliError> {
    let name = &dataset.name;
    match (dataset.values, params.values) {
        (None, _) => Err(CliError::Refused(format!(
            "{name:?} has no expression (no X), so features can't be analysed; give --expression a file with one"
        ))),
        (Some(ValueKind::Scaled), ExpressionValues::LogNormalized) => Err(CliError::Refused(format!(
            "the expression of {name:?} has negative values, so it is scaled already and can't be log-normalised; \
             give --values raw to compare it as it is, or a file with raw counts"
        ))),
        _ => Ok(()),
    }
}

/// Label columns and categories that options name and that the data do not have.
fn check_columns(dataset: &DatasetSummary, options: &RunOptions) -> Result<(), CliError> {
    for (option, groups) in options.groups() {
        if let Some(text) = groups.missing_in(dataset) {
            return Err(CliError::Refused(format!("{option}: {text}")));
        }
    }
    let has_categories = |label: &&LabelInfo| matches!(label.kind, LabelKind::Categorical { .. });
    let known: Vec<&str> = dataset.labels.iter().filter(has_categories).map(|label| label.name.as_str()).collect();
    match options.label_columns().into_iter().find(|(_, column)| !known.contains(&column.as_str())) {
        None => Ok(()),
        Some((option, column)) => Err(CliError::Refused(format!(
            "{option}: there is no label column {column:?} with categories; there are {known:?}"
        ))),
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

/// The engine takes the embedding asked for, unless it has other dimensions or the configuration names another.
fn check_weights_embedding(dataset: &DatasetSummary, sae: &SaeSummary, embedding: &str) -> Result<(), CliError> {
    let SaeSummary { embedding: found, d_in, .. } = sae;
    if found == embedding {
        return Ok(());
    }
    let known = dataset.embeddings.iter().find(|known| known.name == embedding);
    let text = match known.map(|known| known.n_dims).filter(|n_dims| n_dims != d_in) {
        Some(n_dims) => format!(
            "the weights read {d_in} dimensions, and --embedding is {embedding:?}, which has {n_dims}; give the \
             embedding they were trained on"
        ),
        None => format!(
            "{CONFIG_FILE} says these weights read {found:?}; --embedding is {embedding:?}; give --embedding \
             obsm/{found}, or take \"featurescope_embedding\" out of {CONFIG_FILE} if it is wrong"
        ),
    };
    Err(CliError::Refused(text))
}

fn analyse(driver: &mut Driver, options: &RunOptions) -> Result<Option<AnalysisSummary>, CliError> {
    let take = |event| match event {
        Event::Analysed(summary) => Some(summary),
        _ => None,
    };
    let request = Request::Analyse { params: options.analysis_params()? };
    driver.ask(request, Some(&cancel(Job::Analyse)), take).map_err(CliError::Refused)
}

/// Features that GSEA is asked for and that do not exist.
fn check_features(sae: &SaeSummary, options: &RunOptions) -> Result<(), CliError> {
    match options.unknown_feature(sae.n_features) {
        None => Ok(()),
        Some(feature) => Err(CliError::Refused(format!(
            "--gsea: feature {feature} does not exist; there are features 0 to {}",
            sae.n_features.saturating_sub(1)
        ))),
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    fn dataset(values: Option<ValueKind>) -> DatasetSummary {
        DatasetSummary {
            name: "kang".to_owned(),
            n_cells: 3,
            n_genes: 2,
            values,
            matrices: None,
            labels: Vec::new(),
            embeddings: Vec::new(),
            default_embedding: None,
            default_map: None,
            gene_sets: None,
            notices: Vec::new(),
        }
    }

    fn refusal(values: Option<ValueKind>, asked: ExpressionValues) -> Option<String> {
        let params = AnalysisParams { values: asked, ..AnalysisParams::default() };
        check_expression(&dataset(values), &params).err().map(|error| error.to_string())
    }

    #[test]
    fn scaled_values_are_refused_before_training_unless_raw_is_asked_for() {
        let text = refusal(Some(ValueKind::Scaled), ExpressionValues::LogNormalized).unwrap();
        assert!(text.contains("--values raw"), "{text}");
        assert_eq!(refusal(Some(ValueKind::Scaled), ExpressionValues::Raw), None);
        assert_eq!(refusal(Some(ValueKind::Counts), ExpressionValues::LogNormalized), None);
    }

    #[test]
    fn data_without_expression_are_refused_before_training() {
        assert!(refusal(None, ExpressionValues::Raw).unwrap().contains("no expression"));
    }
}
