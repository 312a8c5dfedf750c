//! Differential expression and gene sets for every live feature.

mod paper;
mod sound;

pub(super) use sound::KeptTests;

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
    let mut outcome = match task.params.mode {
        AnalysisMode::Paper => paper::run(&task).await?,
        AnalysisMode::Sound => sound::run(&task).await?,
    };
    let (n_live, n_looked_at) = (task.features.live().len(), outcome.results.n_done() + outcome.results.n_excluded());
    if job.is_outdated() || (n_looked_at == 0 && n_live > 0) {
        return Err(EngineError::Cancelled { job: Job::Analyse });
    }
    if n_looked_at < n_live {
        let text = format!("The analysis was cancelled; {n_looked_at} of {n_live} live features were analysed.");
        outcome.notices.push(Notice::warning(text));
    }
    let summary = task.put(outcome, false)?;
    job.emit(Event::Analysed(summary));
    Ok(())
}

impl Task<'_> {
    /// Puts results in the place of those before.
    ///
    /// # Errors
    /// [`EngineError::NoExpression`].
    fn put(&self, outcome: Outcome, is_so_far: bool) -> Result<AnalysisSummary, EngineError> {
        let Outcome { results, sets, notices } = outcome;
        let summary = AnalysisSummary {
            params: self.params.clone(),
            n_live: self.features.live().len(),
            n_done: results.n_done(),
            is_so_far,
            n_excluded: results.n_excluded(),
            n_genes: self.data.expression()?.n_genes(),
            n_sets: sets.len(),
            n_universe: sets.n_universe(),
            n_features_with_terms: results.n_with_terms(),
            notices,
        };
        // Rankings of genes are by the analysis, and so they are gone.
        self.inner.jobs.abandon(&[Job::Gsea]);
        let mut state = self.inner.state.borrow_mut();
        state.analysis = Some(Rc::new(Analysis { summary: summary.clone(), sets, results }));
        state.gsea.clear();
        drop(state);
        Ok(summary)
    }

    /// Lets what was found so far be looked at, unless what it was found in is gone.
    fn show(&self, outcome: Outcome) {
        if !self.job.is_outdated()
            && let Ok(summary) = self.put(outcome, true)
        {
            self.job.emit(Event::AnalysedSoFar(summary));
        }
    }
}
