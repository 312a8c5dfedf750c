//! Differential expression and gene sets for every live feature.

mod paper;
mod sound;

use std::rc::Rc;

use super::EngineError;
use super::analysis::{Analysis, Results};
use super::jobs::RunningJob;
use super::model::Features;
use super::session::Inner;
use super::state::OpenData;
use crate::data::{Notice, Observer};
use crate::enrich::MatchedGeneSets;
use crate::protocol::{AnalysisMode, AnalysisParams, AnalysisSummary, Event, Job, RequestId};

/// What the work on an analysis reads.
struct Task<'a> {
    inner: &'a Inner,
    job: &'a RunningJob,
    data: Rc<OpenData>,
    features: Rc<Features>,
    params: AnalysisParams,
}

/// What it leaves.
struct Outcome {
    results: Results,
    sets: MatchedGeneSets,
    notices: Vec<Notice>,
}

/// Analyses every live feature; a cancel keeps what is done.
///
/// # Errors
/// [`EngineError`] without data, expression or a sparse autoencoder, for parameters that make no sense, where a worker
/// stops, and where a cancel leaves nothing.
pub(super) async fn run(inner: &Rc<Inner>, id: RequestId, params: AnalysisParams) -> Result<(), EngineError> {
    let job = inner.jobs.start(Job::Analyse, id, &inner.host)?;
    let data = inner.state.borrow().data()?;
    data.expression()?;
    let features = inner.state.borrow().features()?;
    job.progress(0.0, "Preparing expression");
    inner.host.yield_now().await;
    let task = Task { inner, job: &job, data, features, params };
    let outcome = match task.params.mode {
        AnalysisMode::Paper => paper::run(&task).await?,
        AnalysisMode::Sound => sound::run(&task).await?,
    };
    let summary = task.summary(&outcome)?;
    let Outcome { results, sets, .. } = outcome;
    inner.state.borrow_mut().analysis = Some(Rc::new(Analysis { summary: summary.clone(), sets, results }));
    job.emit(Event::Analysed(summary));
    Ok(())
}

impl Task<'_> {
    /// Sums up.
    ///
    /// # Errors
    /// [`EngineError::Cancelled`] if nothing is left.
    fn summary(&self, outcome: &Outcome) -> Result<AnalysisSummary, EngineError> {
        let (n_live, n_genes) = (self.features.live().len(), self.data.expression()?.n_genes());
        let (n_done, n_excluded) = (outcome.results.n_done(), outcome.results.n_excluded());
        if self.job.is_outdated() || (n_done + n_excluded == 0 && n_live > 0) {
            return Err(EngineError::Cancelled { job: Job::Analyse });
        }
        let mut notices = outcome.notices.clone();
        if n_done + n_excluded < n_live {
            let n_looked_at = n_done + n_excluded;
            let text = format!("The analysis was cancelled; {n_looked_at} of {n_live} live features were analysed.");
            notices.push(Notice::warning(text));
        }
        Ok(AnalysisSummary {
            params: self.params.clone(),
            n_live,
            n_done,
            n_excluded,
            n_genes,
            n_sets: outcome.sets.len(),
            n_universe: outcome.sets.n_universe(),
            n_features_with_terms: outcome.results.n_with_terms(),
            notices,
        })
    }
}
