//! Differential expression and gene sets for every live feature, one after the other.

use std::collections::BTreeMap;
use std::rc::Rc;

use super::EngineError;
use super::analysis::Analysis;
use super::session::Inner;
use crate::data::{Notice, Observer};
use crate::protocol::{AnalysisParams, AnalysisSummary, Event, Job, RequestId};

/// Analyses every live feature; a cancel keeps what is done.
///
/// # Errors
/// [`EngineError`] without data, expression or a sparse autoencoder, for parameters that make no sense, and where a
/// cancel leaves nothing.
pub(super) async fn run(inner: &Rc<Inner>, id: RequestId, params: AnalysisParams) -> Result<(), EngineError> {
    let job = inner.jobs.start(Job::Analyse, id, &inner.host)?;
    let data = inner.state.borrow().data()?;
    data.expression()?;
    let features = inner.state.borrow().features()?;
    job.progress(0.0, "Preparing expression");
    inner.host.yield_now().await;
    let (sets, n_genes, mut notices) =
        data.with_lens(&params, |lens| Ok((lens.sets().clone(), lens.n_genes(), lens.notices().to_vec())))?;
    notices.extend(data.background_notice().cloned());
    let live = features.live();
    let mut by_feature = BTreeMap::new();
    for (n_done, &feature) in live.iter().enumerate() {
        if job.is_cancelled() {
            break;
        }
        let message = format!("Analysing features: {n_done} of {}", live.len());
        job.progress(n_done as f64 / live.len() as f64, &message);
        let found = data.with_lens(&params, |lens| lens.analyse(&features.model.activations, feature))?;
        by_feature.insert(feature, found);
        job.breathe().await;
    }
    let n_done = by_feature.len();
    if job.is_outdated() || (n_done == 0 && !live.is_empty()) {
        return Err(EngineError::Cancelled { job: Job::Analyse });
    }
    if n_done < live.len() {
        let text = format!("The analysis was cancelled; {n_done} of {} live features were analysed.", live.len());
        notices.push(Notice::warning(text));
    }
    let summary = AnalysisSummary {
        params,
        n_live: live.len(),
        n_done,
        n_genes,
        n_sets: sets.len(),
        n_features_with_terms: by_feature.values().filter(|found| !found.terms.is_empty()).count(),
        notices,
    };
    inner.state.borrow_mut().analysis = Some(Rc::new(Analysis { summary: summary.clone(), sets, by_feature }));
    job.emit(Event::Analysed(summary));
    Ok(())
}
