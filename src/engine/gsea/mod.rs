//! Gene set enrichment analysis (GSEA) on demand: all eligible sets along the ranking of a feature's genes.
//!
//! Groups, values, universe and set sizes are those of the analysis, so that genes are ranked by the numbers of the
//! feature's card. Results are kept by feature until the analysis, the model or the data change; a cancel keeps the
//! features that are done.

mod blocks;
mod results;
mod shared_null;

use std::collections::BTreeMap;
use std::rc::Rc;

use self::blocks::Sets;
use self::results::adjust;
pub(super) use self::results::{FeatureGsea, Ranked, SetTest};
use self::shared_null::SharedNull;
use super::EngineError;
use super::jobs::{GENES_PER_STEP, RunningJob};
use super::model::Features;
use super::session::Inner;
use super::state::OpenData;
use crate::data::{FeatureId, Notice, Observer};
use crate::enrich::GeneSetId;
use crate::lens::sound::{Exclusion, FeatureGroups, GeneTableMaker, GroupMaker, ShardPlan};
use crate::protocol::{
    AnalysisMode, AnalysisParams, Event, FeatureGseaParams, GseaFeatures, GseaSummary, Job, RequestId, SoundParams,
};

/// Features whose genes are tested in one pass over the values.
const FEATURES_PER_BATCH: usize = 32;
/// Share of the progress that ranking genes is.
const RANKING_SHARE: f64 = 0.1;

/// What the work reads.
struct Task<'a> {
    inner: &'a Inner,
    job: &'a RunningJob,
    data: Rc<OpenData>,
    features: Rc<Features>,
    analysis: AnalysisParams,
    plan: Rc<ShardPlan>,
    params: FeatureGseaParams,
}

/// What it leaves.
#[derive(Default)]
struct Outcome {
    done: BTreeMap<FeatureId, Rc<FeatureGsea>>,
    left_out: Vec<(FeatureId, Exclusion)>,
    notices: Vec<Notice>,
}

/// Ranks the genes of each feature and tests all eligible sets along them.
///
/// # Errors
/// [`EngineError`] without data, expression, gene sets or a sparse autoencoder, after an analysis in the paper's mode,
/// for parameters or features that make no sense, and where a cancel leaves nothing.
pub(super) async fn run(
    inner: &Rc<Inner>,
    id: RequestId,
    features: GseaFeatures,
    params: FeatureGseaParams,
) -> Result<(), EngineError> {
    let job = inner.jobs.start(Job::Gsea, id, &inner.host)?;
    let task = Task::new(inner, &job, params)?;
    let features = task.chosen(features)?;
    let outcome = task.run(&features).await?;
    if job.is_outdated() || (outcome.done.is_empty() && outcome.left_out.len() < features.len()) {
        return Err(EngineError::Cancelled { job: Job::Gsea });
    }
    let summary = task.summary(features.len(), &outcome);
    inner.state.borrow_mut().gsea.extend(outcome.done);
    job.emit(Event::GseaReady(summary));
    Ok(())
}

impl<'a> Task<'a> {
    fn new(inner: &'a Inner, job: &'a RunningJob, params: FeatureGseaParams) -> Result<Self, EngineError> {
        params.check()?;
        let state = inner.state.borrow();
        let (data, features) = (state.data()?, state.features()?);
        let analysis = OpenData::card_params(state.analysis.as_deref());
        if analysis.mode == AnalysisMode::Paper {
            return Err(EngineError::GseaNeedsSoundMode);
        }
        let (plan, _) = data.sound_plan(&analysis)?;
        if plan.sets.is_empty() {
            return Err(EngineError::NoGeneSetsToRank { min: analysis.min_set_size, max: analysis.max_set_size });
        }
        drop(state);
        Ok(Self { inner, job, data, features, analysis, plan, params })
    }

    /// The features asked for, ascending and each once.
    ///
    /// # Errors
    /// [`EngineError::UnknownFeature`], [`EngineError::GseaTooLarge`].
    fn chosen(&self, features: GseaFeatures) -> Result<Vec<FeatureId>, EngineError> {
        let mut chosen = match features {
            GseaFeatures::These(features) => features,
            GseaFeatures::All => self.features.live(),
        };
        chosen.iter().try_for_each(|&feature| self.features.check(feature))?;
        chosen.sort_unstable();
        chosen.dedup();
        let bytes = size_of::<SetTest>() * self.plan.sets.len() + size_of::<f64>() * self.plan.n_genes;
        let needed = chosen.len() as u64 * bytes as u64;
        match self.inner.host.memory_limit().map(|limit| limit / 4) {
            Some(limit) if needed > limit => Err(EngineError::GseaTooLarge { n_features: chosen.len(), needed, limit }),
            _ => Ok(chosen),
        }
    }

    /// Does as many features as it can until a cancel.
    async fn run(&self, features: &[FeatureId]) -> Result<Outcome, EngineError> {
        let (mut outcome, mut null) = (Outcome::default(), SharedNull::default());
        let share = |n: f64| n / features.len() as f64;
        for (number, batch) in features.chunks(FEATURES_PER_BATCH).enumerate() {
            let (first, n_batch) = ((number * FEATURES_PER_BATCH) as f64, batch.len() as f64);
            self.job.set_share(share(first), share(first + RANKING_SHARE * n_batch));
            let ranked = self.rank(batch, &mut outcome).await?;
            if self.job.is_cancelled() {
                break;
            }
            let n_ranked = ranked.len() as f64;
            for (at, (feature, statistic)) in ranked.into_iter().enumerate() {
                let start = |at: usize| RANKING_SHARE + (1.0 - RANKING_SHARE) * at as f64 / n_ranked;
                self.job.set_share(share(first + n_batch * start(at)), share(first + n_batch * start(at + 1)));
                let found = self.test(feature, statistic, &mut null, &mut outcome.notices).await?;
                let Some(found) = found else { return Ok(outcome) };
                outcome.done.insert(feature, Rc::new(found));
            }
        }
        Ok(outcome)
    }

    /// The statistic of every gene for those features of a batch whose groups are large enough; none after a cancel.
    async fn rank(
        &self,
        batch: &[FeatureId],
        outcome: &mut Outcome,
    ) -> Result<Vec<(FeatureId, Vec<f64>)>, EngineError> {
        let cells = &self.data.dataset.cells;
        let maker = GroupMaker::new(&self.plan.params, &self.features.model.activations, cells)?;
        let mut kept: Vec<(FeatureId, FeatureGroups)> = Vec::new();
        for &feature in batch {
            match maker.of_feature(feature) {
                Ok(groups) => kept.push((feature, groups)),
                Err(reason) => outcome.left_out.push((feature, reason)),
            }
        }
        let (kept, groups): (Vec<FeatureId>, Vec<FeatureGroups>) = kept.into_iter().unzip();
        let params = SoundParams { tests: vec![self.params.rank_by.test()], ..self.plan.params.clone() };
        let by_gene = &self.data.expression()?.by_gene;
        let mut tables = GeneTableMaker::new(by_gene, &self.plan.normaliser, &groups, &params);
        let mut n_done = 0;
        while tables.step(GENES_PER_STEP) {
            n_done += GENES_PER_STEP;
            if self.job.is_cancelled() {
                return Ok(Vec::new());
            }
            self.job.progress(n_done as f64 / by_gene.n_major() as f64, &ranking_message(&kept));
            self.job.breathe().await;
        }
        let statistics =
            tables.finish().into_iter().map(|table| self.within_universe(self.params.rank_by.statistic(&table)));
        Ok(kept.into_iter().zip(statistics).collect())
    }

    /// NaN for genes that are not to be ranked.
    fn within_universe(&self, mut statistic: Vec<f64>) -> Vec<f64> {
        for (value, &is_in) in statistic.iter_mut().zip(&self.plan.is_in_universe) {
            if !is_in {
                *value = f64::NAN;
            }
        }
        statistic
    }

    /// Tests all eligible sets along a ranking; `None` after a cancel.
    async fn test(
        &self,
        feature: FeatureId,
        statistic: Vec<f64>,
        null: &mut SharedNull,
        warnings: &mut Vec<Notice>,
    ) -> Result<Option<FeatureGsea>, EngineError> {
        let ranked = Ranked::new(&self.params, &statistic)?;
        let eligible = self.eligible(&ranked);
        let sets = Sets { params: &self.params, statistic: &statistic, matched: &self.plan.sets, eligible: &eligible };
        let message = format!("Testing {} gene sets along the genes of feature {feature}", eligible.len());
        let mut tests = if SharedNull::serves(&self.params) {
            null.test(&sets, &ranked, self.job, &message).await?
        } else {
            let (tests, warning) = blocks::test(&sets, self.inner.host.pool(), self.job, &message).await?;
            warnings.extend(warning);
            tests
        };
        if tests.len() < eligible.len() || self.job.is_cancelled() {
            return Ok(None);
        }
        adjust(&mut tests);
        let notices = without_p_notice(&tests).into_iter().collect();
        let (params, plan) = (self.params.clone(), Rc::clone(&self.plan));
        let size_limits = [self.analysis.min_set_size, self.analysis.max_set_size];
        Ok(Some(FeatureGsea { feature, params, size_limits, plan, statistic, tests, notices }))
    }

    /// The sets of eligible size with their ranked genes.
    fn eligible(&self, ranked: &Ranked) -> Vec<(GeneSetId, usize)> {
        let (min, max) = (self.analysis.min_set_size, self.analysis.max_set_size);
        let max = max.min(ranked.ranking.n_ranked() - 1);
        let sized = self.plan.sets.ids().map(|set| (set, ranked.ranking.ranks_of(self.plan.sets.genes(set)).len()));
        sized.filter(|(_, size)| (min..=max).contains(size)).collect()
    }

    fn summary(&self, n_asked: usize, outcome: &Outcome) -> GseaSummary {
        let (mut notices, n_done) = (outcome.notices.clone(), outcome.done.len());
        notices.extend(left_out_notice(&outcome.left_out, self.plan.params.min_cells));
        if n_done + outcome.left_out.len() < n_asked {
            notices.push(Notice::warning(format!("GSEA was cancelled; {n_done} of {n_asked} features are done.")));
        }
        GseaSummary {
            params: self.params.clone(),
            n_asked,
            done: outcome.done.keys().copied().collect(),
            left_out: outcome.left_out.iter().map(|(feature, _)| *feature).collect(),
            notices,
        }
    }
}

fn ranking_message(features: &[FeatureId]) -> String {
    match features {
        [feature] => format!("Ranking the genes of feature {feature}"),
        [first, .., last] => format!("Ranking the genes of features {first} to {last}"),
        [] => "Ranking genes".to_owned(),
    }
}

/// Why features were left out: of one, how many cells it has.
fn left_out_notice(left_out: &[(FeatureId, Exclusion)], min: usize) -> Option<Notice> {
    let text = match left_out {
        [] => return None,
        [(feature, reason)] => {
            let (n, group) = match reason {
                Exclusion::FewPositive(n) => (n, "positive"),
                Exclusion::FewNegative(n) => (n, "negative"),
            };
            let cells = if *n == 1 { "cell" } else { "cells" };
            format!(
                "Feature {feature} has {n} {group} {cells}, where at least {min} are asked for; its genes were not ranked."
            )
        }
        many => format!(
            "{} features have fewer than {min} positive or negative cells; their genes were not ranked.",
            many.len()
        ),
    };
    Some(Notice::warning(text))
}

fn without_p_notice(tests: &[SetTest]) -> Option<Notice> {
    let n = tests.iter().filter(|test| test.ln_p_value.is_nan()).count();
    (n > 0).then(|| {
        Notice::warning(format!(
            "{n} gene sets have no p value: fewer than 10 random sets score on their side; more random sets may help."
        ))
    })
}
