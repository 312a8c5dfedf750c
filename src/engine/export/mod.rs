//! Tables and the sparse autoencoder as files.
//!
//! In paper mode the table of all features' genes holds those with padj below 0.05: all genes of all features would be
//! millions of rows. The table of one feature holds every gene. Sound mode's tables are in [`sound`], those of
//! groups of cells in [`groups`].

mod groups;
mod gsea;
mod sound;
mod sweep;

use std::rc::Rc;

use serde_json::Value;

use super::EngineError;
use super::analysis::Results;
use super::checkpoint;
use super::jobs::RunningJob;
use super::load_sae::EMBEDDING_FIELD;
use super::model::Features;
use super::session::Inner;
use super::state::OpenData;
use crate::data::{FeatureId, Observer};
use crate::lens::{
    DifferentialExpressionCsv, EnrichmentCsv, write_feature_statistics, write_feature_statistics_with_seeds,
};
use crate::protocol::{
    AnalysisMode, AnalysisParams, Bytes, Event, ExportKind, ExportedFile, Job, RequestId, TableStyle,
};
use crate::sae::{WeightFile, WeightFormat, write_weights};

const CSV: &str = "text/csv";
/// Genes in the table of all features have an adjusted p below this.
const SIGNIFICANT: f64 = 0.05;

/// Writes a table.
///
/// # Errors
/// [`EngineError`] where there is nothing to write, or the job was cancelled.
pub(super) async fn run(inner: &Rc<Inner>, id: RequestId, kind: ExportKind) -> Result<(), EngineError> {
    let job = inner.jobs.start(Job::Export, id, &inner.host)?;
    let files = match kind {
        ExportKind::FeatureStatistics => vec![feature_statistics(inner)?],
        ExportKind::DifferentialExpression { feature, below, style, in_parts } => {
            vec![differential_expression(inner, &job, feature, below, style, in_parts).await?]
        }
        ExportKind::Enrichment { style } => vec![enrichment(inner, &job, style).await?],
        ExportKind::Gsea { feature, style } => {
            let (data, found) = {
                let state = inner.state.borrow();
                (state.data()?, gsea::chosen(&state, feature)?)
            };
            let name = feature.map_or_else(|| "gsea".to_owned(), |feature| format!("gsea_feature_{feature}"));
            vec![gsea::write(&found, &data, &job, style, &name).await?]
        }
        ExportKind::LabelAssociation { params, format } => {
            let (data, features) = opened(inner)?;
            let analysis = AnalysisParams::default();
            let source =
                sound::Source { data: &data, features: &features, params: &analysis, job: &job, in_parts: false };
            vec![source.label_association(&params, format, "label_association").await?]
        }
        ExportKind::DifferentialFeatures { query, format } => {
            let (data, features) = opened(inner)?;
            vec![groups::differential_features(&data, &features, &query, format)?]
        }
        ExportKind::Lineage { query, format } => {
            let (data, features) = opened(inner)?;
            vec![groups::lineage_table(&data, &features, &query, format)?]
        }
        ExportKind::TrainingRun => vec![training_run(inner).await?],
        ExportKind::Sweep { format } => vec![sweep::table(inner, format)?],
        ExportKind::Sae { format } => sae(inner, format)?,
    };
    job.emit(Event::Exported { files });
    Ok(())
}

fn file(name: impl Into<String>, mime: &str, bytes: Vec<u8>) -> ExportedFile {
    ExportedFile { name: name.into(), mime: mime.to_owned(), bytes: Bytes(bytes) }
}

fn feature_statistics(inner: &Inner) -> Result<ExportedFile, EngineError> {
    let features = inner.state.borrow().features()?;
    let mut bytes = Vec::new();
    let statistics = &features.model.statistics;
    match &features.model.stability {
        Some(seeds) => write_feature_statistics_with_seeds(&mut bytes, statistics, seeds)?,
        None => write_feature_statistics(&mut bytes, statistics)?,
    }
    Ok(file("feature_statistics.csv", CSV, bytes))
}

fn opened(inner: &Inner) -> Result<(Rc<OpenData>, Rc<Features>), EngineError> {
    let state = inner.state.borrow();
    Ok((state.data()?, state.features()?))
}

async fn differential_expression(
    inner: &Rc<Inner>,
    job: &RunningJob,
    feature: Option<FeatureId>,
    below: Option<f64>,
    style: TableStyle,
    in_parts: bool,
) -> Result<ExportedFile, EngineError> {
    let (data, features) = opened(inner)?;
    let params = OpenData::card_params(inner.state.borrow().analysis.as_deref());
    if let Some(feature) = feature {
        features.check(feature)?;
    }
    match (params.mode, feature) {
        (AnalysisMode::Paper, Some(feature)) => genes_of(&data, &features, &params, feature),
        (AnalysisMode::Paper, None) => significant_genes(&data, &features, &params, job).await,
        (AnalysisMode::Sound, Some(feature)) => {
            let source = sound::Source { data: &data, features: &features, params: &params, job, in_parts };
            let name = format!("differential_expression_feature_{feature}");
            source.differential_expression(&[feature], style, &name, |_| true).await
        }
        (AnalysisMode::Sound, None) => {
            let source = sound::Source { data: &data, features: &features, params: &params, job, in_parts };
            let is_wanted = |padj: f64| below.is_none_or(|limit| padj < limit);
            let analysed =
                inner.state.borrow().analysis.as_ref().and_then(|analysis| analysis.analysed_in_sound_mode());
            let features = analysed.unwrap_or_else(|| features.live());
            source.differential_expression(&features, style, "differential_expression", is_wanted).await
        }
    }
}

fn genes_of(
    data: &OpenData,
    features: &Features,
    params: &AnalysisParams,
    feature: FeatureId,
) -> Result<ExportedFile, EngineError> {
    let names = &data.expression()?.gene_names;
    let mut table = DifferentialExpressionCsv::new(Vec::new())?;
    let written = data.with_lens(params, |lens| {
        let tests = lens.gene_tests(&features.model.activations, feature)?;
        Ok(table.write(feature, names, tests))
    })?;
    written?;
    Ok(file(format!("differential_expression_feature_{feature}.csv"), CSV, table.finish()?))
}

async fn significant_genes(
    data: &OpenData,
    features: &Features,
    params: &AnalysisParams,
    job: &RunningJob,
) -> Result<ExportedFile, EngineError> {
    let names = &data.expression()?.gene_names;
    let live = features.live();
    let mut table = DifferentialExpressionCsv::new(Vec::new())?;
    for (n_done, &feature) in live.iter().enumerate() {
        job.progress(n_done as f64 / live.len() as f64, &format!("Writing genes of feature {feature}"));
        let written = data.with_lens(params, |lens| {
            let tests = lens.gene_tests(&features.model.activations, feature)?;
            Ok(table.write_where(feature, names, tests, |gene| tests.padj[gene] < SIGNIFICANT))
        })?;
        written?;
        job.checkpoint().await?;
    }
    Ok(file("differential_expression.csv", CSV, table.finish()?))
}

async fn enrichment(inner: &Rc<Inner>, job: &RunningJob, style: TableStyle) -> Result<ExportedFile, EngineError> {
    let (data, features) = opened(inner)?;
    let analysis = inner.state.borrow().analysis.clone().ok_or(EngineError::NoAnalysis)?;
    let Results::Paper(by_feature) = &analysis.results else {
        let source =
            sound::Source { data: &data, features: &features, params: &analysis.summary.params, job, in_parts: false };
        return source.over_representation(&analysis, style, "enrichment").await;
    };
    let mut table = EnrichmentCsv::new(Vec::new())?;
    for found in by_feature.values() {
        table.write(found, &analysis.sets)?;
    }
    Ok(file("go_enrichment_results.csv", CSV, table.finish()?))
}

/// The training run kept in storage.
async fn training_run(inner: &Inner) -> Result<ExportedFile, EngineError> {
    let kept = checkpoint::load(inner.host.store()).await?.ok_or(EngineError::NoCheckpoint)?;
    let is_plain = |letter: char| letter.is_alphanumeric() || "-_".contains(letter);
    let name: String = kept.facts.dataset_name.chars().map(|c| if is_plain(c) { c } else { '_' }).collect();
    let name = format!("{name}_step_{}.fsrun", kept.facts.progress.step);
    Ok(file(name, "application/octet-stream", checkpoint::to_bytes(&kept)?))
}

fn sae(inner: &Inner, format: WeightFormat) -> Result<Vec<ExportedFile>, EngineError> {
    let features = inner.state.borrow().features()?;
    let model = &features.model;
    let exported = |WeightFile { name, bytes }| {
        let is_config = std::path::Path::new(&name).extension().is_some_and(|ending| ending == "json");
        let bytes = match format {
            WeightFormat::SaeLens if is_config => with_embedding(&bytes, &model.summary.embedding)?,
            _ => bytes,
        };
        let mime = if is_config { "application/json" } else { "application/octet-stream" };
        Ok(file(format!("sae/{name}"), mime, bytes))
    };
    write_weights(&model.sae, format)?.into_iter().map(exported).collect()
}

/// The configuration with the name of the embedding in its metadata, for whoever opens it again.
fn with_embedding(config: &[u8], embedding: &str) -> Result<Vec<u8>, EngineError> {
    let mut config: Value = serde_json::from_slice(config)?;
    config["metadata"][EMBEDDING_FIELD] = embedding.into();
    Ok(format!("{config:#}\n").into_bytes())
}
