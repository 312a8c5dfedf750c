//! The table of GSEA: a row a set of a feature, features ascending, sets by p.

use std::rc::Rc;
use std::sync::Arc;

use super::sound::{Sink, log10};
use crate::data::{FeatureId, Observer};
use crate::engine::EngineError;
use crate::engine::gsea::FeatureGsea;
use crate::engine::jobs::RunningJob;
use crate::engine::state::{OpenData, State};
use crate::lens::tables::GseaRow;
use crate::protocol::{ExportedFile, TableStyle};

/// The features to be written: one, or all for which GSEA has run.
///
/// # Errors
/// [`EngineError::NoGsea`].
pub(super) fn chosen(state: &State, feature: Option<FeatureId>) -> Result<Vec<Rc<FeatureGsea>>, EngineError> {
    let (found, what) = match feature {
        Some(feature) => (state.gsea.get(&feature).cloned().into_iter().collect(), format!("feature {feature}")),
        None => (state.gsea.values().cloned().collect::<Vec<_>>(), "any feature".to_owned()),
    };
    if found.is_empty() { Err(EngineError::NoGsea { what }) } else { Ok(found) }
}

/// Every tested set of these features.
///
/// # Errors
/// [`EngineError`] where the table has no such form, or the job was cancelled.
pub(super) async fn write(
    features: &[Rc<FeatureGsea>],
    data: &OpenData,
    job: &RunningJob,
    style: TableStyle,
    name: &str,
) -> Result<ExportedFile, EngineError> {
    let mut sink = Sink::new(name, style.format);
    for (n_done, found) in features.iter().enumerate() {
        job.progress(n_done as f64 / features.len() as f64, &format!("Writing gene sets of feature {}", found.feature));
        let sets = &found.plan.sets;
        let names: Arc<[String]> = sets.ids().map(|set| sets.name(set).to_owned()).collect();
        sink.write(&style.convention.gsea(&rows(found, data)?, &names)?)?;
        job.checkpoint().await?;
    }
    sink.finish()
}

fn rows(found: &FeatureGsea, data: &OpenData) -> Result<Vec<GseaRow>, EngineError> {
    let ranked = found.ranked()?;
    let row = |at: usize| {
        let test = &found.tests[at];
        let edge = ranked.leading_edge(found.plan.sets.genes(test.set));
        GseaRow {
            feature: found.feature,
            set: test.set,
            size: test.size,
            es: test.es,
            nes: test.nes,
            log10_p: log10(test.ln_p_value),
            padj: test.padj,
            log2err: test.log2_error,
            leading_edge: edge.into_iter().map(|gene| data.gene_name(gene)).collect(),
        }
    };
    Ok(found.order().into_iter().map(row).collect())
}
