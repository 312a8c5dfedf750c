//! One null for the rankings of many features, where hits weigh by rank and p is a count of random sets.
//!
//! Then the score of a random set depends on its size and the number of ranked genes alone
//! ([`crate::enrich::RankNull`]): random sets are scored once, and a feature costs one look at every set. The bits are
//! those of the feature by itself.

use std::collections::BTreeSet;

use super::blocks::Sets;
use super::results::{Ranked, SetTest};
use crate::data::Observer;
use crate::engine::EngineError;
use crate::engine::jobs::RunningJob;
use crate::enrich::{RankNull, RankNullMaker};
use crate::protocol::{FeatureGseaParams, GseaMethod, GseaWeight};

/// Sets tested between two looks at the clock.
const SETS_PER_STEP: usize = 256;

/// The null made last, of so many genes and these sizes.
#[derive(Default)]
pub(super) struct SharedNull {
    made: Option<(usize, BTreeSet<usize>, RankNull)>,
}

impl SharedNull {
    /// Whether rankings by these parameters can share a null.
    pub(super) fn serves(params: &FeatureGseaParams) -> bool {
        params.weight == GseaWeight::Rank && params.method == GseaMethod::Simple
    }

    /// Tests all sets, adjusted p-values left out, in their order; fewer than all if the job was cancelled.
    ///
    /// # Errors
    /// [`EngineError::Gsea`].
    pub(super) async fn test(
        &mut self,
        sets: &Sets<'_>,
        ranked: &Ranked,
        job: &RunningJob,
        message: &str,
    ) -> Result<Vec<SetTest>, EngineError> {
        let Some(null) = self.null(sets, ranked.ranking.n_ranked(), job).await? else { return Ok(Vec::new()) };
        let mut tests = Vec::with_capacity(sets.eligible.len());
        for chunk in sets.eligible.chunks(SETS_PER_STEP) {
            if job.is_cancelled() {
                break;
            }
            for &(set, size) in chunk {
                let score = null.score(&ranked.ranking.ranks_of(sets.matched.genes(set)))?;
                tests.push(SetTest {
                    set,
                    size: size as u32,
                    es: score.es,
                    nes: score.nes.unwrap_or(f64::NAN),
                    ln_p_value: score.p_value.map_or(f64::NAN, libm::log),
                    log2_error: score.log2_error.unwrap_or(f64::NAN),
                    padj: f64::NAN,
                });
            }
            job.progress(tests.len() as f64 / sets.eligible.len() as f64, message);
            job.breathe().await;
        }
        Ok(tests)
    }

    /// The null for these sizes, made where the last one lacks some; `None` if the job was cancelled.
    async fn null(
        &mut self,
        sets: &Sets<'_>,
        n_ranked: usize,
        job: &RunningJob,
    ) -> Result<Option<&RankNull>, EngineError> {
        let sizes: BTreeSet<usize> = sets.eligible.iter().map(|(_, size)| *size).collect();
        if !self.made.as_ref().is_some_and(|(n, known, _)| *n == n_ranked && sizes.is_subset(known)) {
            let list: Vec<usize> = sizes.iter().copied().collect();
            let mut maker = RankNullMaker::new(n_ranked, &list, sets.params.n_permutations, sets.params.seed)?;
            while !maker.is_done() {
                if job.is_cancelled() {
                    return Ok(None);
                }
                job.progress(0.0, "Scoring random gene sets");
                maker.step();
                job.breathe().await;
            }
            self.made = Some((n_ranked, sizes, maker.finish()));
        }
        Ok(self.made.as_ref().map(|(_, _, null)| null))
    }
}
