//! Tables and the sparse autoencoder as files.
//!
//! The table of all features' genes holds those with padj below 0.05: all genes of all features would be millions
//! of rows. The table of one feature holds every gene.

use std::rc::Rc;

use serde_json::Value;

use super::EngineError;
use super::jobs::RunningJob;
use super::load_sae::EMBEDDING_FIELD;
use super::session::Inner;
use crate::data::{FeatureId, Observer};
use crate::lens::{DifferentialExpressionCsv, EnrichmentCsv, write_feature_statistics};
use crate::protocol::{Bytes, Event, ExportKind, ExportedFile, Job, RequestId};
use crate::sae::{CONFIG_FILE, WEIGHTS_FILE, to_saelens};

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
        ExportKind::DifferentialExpression { feature: Some(feature) } => vec![genes_of(inner, feature)?],
        ExportKind::DifferentialExpression { feature: None } => vec![significant_genes(inner, &job).await?],
        ExportKind::Enrichment => vec![enrichment(inner)?],
        ExportKind::Sae => sae(inner)?,
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
    write_feature_statistics(&mut bytes, &features.model.statistics)?;
    Ok(file("feature_statistics.csv", CSV, bytes))
}

fn genes_of(inner: &Inner, feature: FeatureId) -> Result<ExportedFile, EngineError> {
    let state = inner.state.borrow();
    let (data, features) = (state.data()?, state.features()?);
    features.check(feature)?;
    let names = &data.expression()?.gene_names;
    let params = data.lens_params(state.analysis.as_deref());
    let mut table = DifferentialExpressionCsv::new(Vec::new())?;
    let written = data.with_lens(&params, |lens| {
        let tests = lens.gene_tests(&features.model.activations, feature)?;
        Ok(table.write(feature, names, tests))
    })?;
    written?;
    Ok(file(format!("differential_expression_feature_{feature}.csv"), CSV, table.finish()?))
}

async fn significant_genes(inner: &Rc<Inner>, job: &RunningJob) -> Result<ExportedFile, EngineError> {
    let (data, features, params) = {
        let state = inner.state.borrow();
        let data = state.data()?;
        let params = data.lens_params(state.analysis.as_deref());
        (data, state.features()?, params)
    };
    let names = &data.expression()?.gene_names;
    let live = features.live();
    let mut table = DifferentialExpressionCsv::new(Vec::new())?;
    for (n_done, &feature) in live.iter().enumerate() {
        job.progress(n_done as f64 / live.len() as f64, &format!("Writing genes of feature {feature}"));
        let written = data.with_lens(&params, |lens| {
            let tests = lens.gene_tests(&features.model.activations, feature)?;
            Ok(table.write_where(feature, names, tests, |gene| tests.padj[gene] < SIGNIFICANT))
        })?;
        written?;
        job.checkpoint().await?;
    }
    Ok(file("differential_expression.csv", CSV, table.finish()?))
}

fn enrichment(inner: &Inner) -> Result<ExportedFile, EngineError> {
    let state = inner.state.borrow();
    state.features()?;
    let analysis = state.analysis.as_ref().ok_or(EngineError::NoAnalysis)?;
    let mut table = EnrichmentCsv::new(Vec::new())?;
    for found in analysis.by_feature.values() {
        table.write(found, &analysis.sets)?;
    }
    Ok(file("go_enrichment_results.csv", CSV, table.finish()?))
}

fn sae(inner: &Inner) -> Result<Vec<ExportedFile>, EngineError> {
    let features = inner.state.borrow().features()?;
    let model = &features.model;
    let folder = to_saelens(&model.sae)?;
    let config = with_embedding(&folder.config, &model.summary.embedding)?;
    Ok(vec![
        file(format!("sae/{CONFIG_FILE}"), "application/json", config),
        file(format!("sae/{WEIGHTS_FILE}"), "application/octet-stream", folder.weights),
    ])
}

/// The configuration with the name of the embedding in its metadata, for whoever opens it again.
fn with_embedding(config: &[u8], embedding: &str) -> Result<Vec<u8>, EngineError> {
    let mut config: Value = serde_json::from_slice(config)?;
    config["metadata"][EMBEDDING_FIELD] = embedding.into();
    Ok(format!("{config:#}\n").into_bytes())
}
