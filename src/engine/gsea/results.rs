//! What GSEA of one feature found, kept in as little room as it can be shown from.
//!
//! Leading edges and running sums are found anew when they are looked at: that takes microseconds a set.

use std::rc::Rc;

use crate::data::{FeatureId, GeneId, Notice};
use crate::enrich::{GeneSetId, GseaError, Ranking, leading_edge};
use crate::lens::sound::ShardPlan;
use crate::protocol::{FeatureGseaParams, GseaWeight};
use crate::stats::benjamini_hochberg;

/// A set in a feature's ranking. Numbers that do not exist are NaN.
#[derive(Clone, Copy, Debug)]
pub(in crate::engine) struct SetTest {
    pub(in crate::engine) set: GeneSetId,
    /// Its ranked genes.
    pub(in crate::engine) size: u32,
    pub(in crate::engine) es: f64,
    pub(in crate::engine) nes: f64,
    pub(in crate::engine) ln_p_value: f64,
    pub(in crate::engine) log2_error: f64,
    pub(in crate::engine) padj: f64,
}

/// GSEA of one feature.
pub(in crate::engine) struct FeatureGsea {
    pub(in crate::engine) feature: FeatureId,
    pub(in crate::engine) params: FeatureGseaParams,
    /// Smallest and largest size of a tested set.
    pub(in crate::engine) size_limits: [usize; 2],
    /// The sets and the universe.
    pub(in crate::engine) plan: Rc<ShardPlan>,
    /// `[n_genes]`, NaN where a gene is not ranked.
    pub(in crate::engine) statistic: Vec<f64>,
    /// Tested sets in their order.
    pub(in crate::engine) tests: Vec<SetTest>,
    pub(in crate::engine) notices: Vec<Notice>,
}

/// A ranking with the weights of its hits.
pub(in crate::engine) struct Ranked {
    pub(in crate::engine) ranking: Ranking,
    pub(in crate::engine) weights: Vec<f64>,
}

impl Ranked {
    /// # Errors
    /// As [`FeatureGseaParams::rank`] and [`Ranking::weights`].
    pub(in crate::engine) fn new(params: &FeatureGseaParams, statistic: &[f64]) -> Result<Self, GseaError> {
        let ranking = params.rank(statistic, &vec![true; statistic.len()])?;
        let exponent = match params.weight {
            GseaWeight::Statistic(exponent) => exponent,
            GseaWeight::Rank => 1.0,
        };
        let weights = ranking.weights(exponent)?;
        Ok(Self { ranking, weights })
    }

    /// The genes that make a set's score, from the end of the ranking inwards.
    pub(in crate::engine) fn leading_edge(&self, genes: &[u32]) -> Vec<GeneId> {
        let edge = leading_edge(&self.weights, &self.ranking.ranks_of(genes));
        edge.into_iter().map(|rank| self.ranking.gene(rank)).collect()
    }
}

impl FeatureGsea {
    /// The ranking, made again.
    ///
    /// # Errors
    /// None that the analysis did not have.
    pub(in crate::engine) fn ranked(&self) -> Result<Ranked, GseaError> {
        Ranked::new(&self.params, &self.statistic)
    }

    /// Positions of the tests: by p, then by the size of NES, then in file order; sets without p last.
    pub(in crate::engine) fn order(&self) -> Vec<usize> {
        let mut order: Vec<usize> = (0..self.tests.len()).collect();
        // NaN of either sign comes last.
        let key = |at: usize| {
            let test = &self.tests[at];
            let ln_p = if test.ln_p_value.is_nan() { f64::INFINITY } else { test.ln_p_value };
            (ln_p, if test.nes.is_nan() { 0.0 } else { -test.nes.abs() })
        };
        order.sort_by(|&a, &b| {
            let ((p, nes), (other_p, other_nes)) = (key(a), key(b));
            p.total_cmp(&other_p).then(nes.total_cmp(&other_nes)).then(a.cmp(&b))
        });
        order
    }
}

/// Adjusts p over all tests of a feature (Benjamini–Hochberg); tests without p are not counted.
pub(super) fn adjust(tests: &mut [SetTest]) {
    let p_values: Vec<f64> = tests.iter().map(|test| libm::exp(test.ln_p_value)).collect();
    for (test, padj) in tests.iter_mut().zip(benjamini_hochberg(&p_values)) {
        test.padj = padj;
    }
}
