//! Enrichment scores of many rankings against one null.
//!
//! When a hit weighs its distance from the middle of the ranking ([`super::Ranking::of_ranks`]), the score of a
//! random set depends on the number of genes and the size of the set alone. Random sets are scored once for every
//! size and all rankings, of all features, are compared with them: a score costs O(k), its p a search. p by the +1
//! rule and NES as in [`super::null`]; p is never below 1/(1 + number of random sets of its sign).

use std::collections::BTreeMap;

use super::GseaError;
use super::null::{NullSampler, NullScores};
use super::params::{MAX_PERMUTATIONS, MIN_PERMUTATIONS};
use super::precision::simple_log2_error;
use super::ranking::rank_magnitudes;
use super::score::enrichment_score;

/// Null scores by set size of all rankings of as many genes.
///
/// # Examples
/// ```
/// let null = featurescope::enrich::RankNull::new(1000, &[20], 1000, 0)?;
/// let first: Vec<u32> = (0..20).collect();
/// let score = null.score(&first)?;
/// assert_eq!(score.es, 1.0);
/// assert!(score.p_value.is_some_and(|p| p < 0.01));
/// # Ok::<(), featurescope::enrich::GseaError>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct RankNull {
    weights: Vec<f64>,
    nulls: BTreeMap<usize, NullScores>,
}

/// One set in one ranking.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RankScore {
    /// The enrichment score, −1 to 1.
    pub es: f64,
    /// ES over the mean null score of its sign; `None` with fewer than 10 of them.
    pub nes: Option<f64>,
    /// p on the side of the score, above 0 to 1, uncorrected; `None` as for `nes`.
    pub p_value: Option<f64>,
    /// Standard deviation of log2 p; `None` as for `nes`.
    pub log2_error: Option<f64>,
}

/// Makes the null in small steps.
#[derive(Clone, Debug)]
pub struct RankNullMaker {
    weights: Vec<f64>,
    sampler: NullSampler,
}

impl RankNullMaker {
    /// Begins `n_samples` random sets of every size.
    ///
    /// # Errors
    /// [`GseaError::TooFewGenes`], [`GseaError::Permutations`], or [`GseaError::Size`] for a size of 0 or all genes.
    pub fn new(n_genes: usize, sizes: &[usize], n_samples: usize, seed: u64) -> Result<Self, GseaError> {
        if n_genes < 2 {
            return Err(GseaError::TooFewGenes { n_ranked: n_genes });
        }
        if !(MIN_PERMUTATIONS..=MAX_PERMUTATIONS).contains(&n_samples) {
            return Err(GseaError::Permutations { found: n_samples });
        }
        if let Some(&size) = sizes.iter().find(|size| !(1..n_genes).contains(*size)) {
            return Err(GseaError::Size { size, n_genes });
        }
        let sampler = NullSampler::new(n_genes, sizes.iter().copied(), n_samples, seed);
        Ok(Self { weights: rank_magnitudes(n_genes), sampler })
    }

    /// Whether all random sets are scored.
    pub fn is_done(&self) -> bool {
        self.sampler.is_done()
    }

    /// Scores one more random set of every size.
    pub fn step(&mut self) {
        if !self.is_done() {
            self.sampler.step(&self.weights);
        }
    }

    /// The null, after whatever steps are left.
    #[must_use]
    pub fn finish(mut self) -> RankNull {
        while !self.is_done() {
            self.step();
        }
        RankNull { weights: self.weights, nulls: self.sampler.finish() }
    }
}

impl RankNull {
    /// Scores `n_samples` random sets of every size.
    ///
    /// # Errors
    /// [`GseaError::TooFewGenes`], [`GseaError::Permutations`], or [`GseaError::Size`] for a size of 0 or all genes.
    pub fn new(n_genes: usize, sizes: &[usize], n_samples: usize, seed: u64) -> Result<Self, GseaError> {
        Ok(RankNullMaker::new(n_genes, sizes, n_samples, seed)?.finish())
    }

    /// Scores a set of a size the null was made for.
    ///
    /// # Shapes
    /// `ranks` ascending, 0 the highest of the ranking ([`super::Ranking::ranks_of`]).
    ///
    /// # Errors
    /// [`GseaError::Size`] for another size.
    ///
    /// # Panics
    /// If the ranks do not ascend or one is not below the number of genes: the caller's bug.
    pub fn score(&self, ranks: &[u32]) -> Result<RankScore, GseaError> {
        let null = self.null(ranks.len())?;
        let es = enrichment_score(&self.weights, ranks);
        let p_value = null.p_value(es);
        let log2_error = p_value.map(|_| simple_log2_error(null.n_more_extreme(es), null.len()));
        Ok(RankScore { es, nes: null.nes(es), p_value, log2_error })
    }

    /// Mean of the null scores of a size: of those not above 0 and those not below 0. NaN where there are none.
    ///
    /// # Errors
    /// [`GseaError::Size`] for a size the null was not made for.
    pub fn means(&self, size: usize) -> Result<(f64, f64), GseaError> {
        self.null(size).map(|null| (null.mean_negative(), null.mean_positive()))
    }

    fn null(&self, size: usize) -> Result<&NullScores, GseaError> {
        self.nulls.get(&size).ok_or(GseaError::Size { size, n_genes: self.weights.len() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::enrich::Ranking;

    #[test]
    fn scores_are_those_of_a_ranking_weighted_by_rank() {
        let statistics: Vec<f64> = (0..80_u32).map(|gene| f64::from(gene * 37 % 80)).collect();
        let ranking = Ranking::new(&statistics).unwrap().of_ranks();
        let ranks = ranking.ranks_of(&[1, 5, 9, 40, 41, 77]);
        let null = RankNull::new(80, &[6, 7], 200, 1).unwrap();
        let expected = enrichment_score(&ranking.weights(1.0).unwrap(), &ranks);
        assert_eq!(null.score(&ranks).unwrap().es, expected);
    }

    #[test]
    fn p_of_random_sets_is_uniform_on_each_side() {
        let null = RankNull::new(500, &[30], 2000, 1).unwrap();
        let mut other = super::super::random::PrefixSampler::new(500);
        let p_values = (0..2000).map(|number| {
            other.restart();
            let ranks = other.extend_to(30, &mut super::super::random::order_rng(77, number)).to_vec();
            null.score(&ranks).unwrap().p_value.unwrap()
        });
        // One-sided p given the sign: 10 % below 0.1, with a standard deviation of 0.7 % of sampling and 1 % of the null.
        let share = p_values.filter(|&p| p <= 0.1).count() as f64 / 2000.0;
        assert!((share - 0.1).abs() < 0.035, "{share}");
    }

    #[test]
    fn ends_of_the_ranking_mirror_each_other_nearly() {
        let (low, high) = RankNull::new(300, &[20], 5000, 3).unwrap().means(20).unwrap();
        assert!((low + high).abs() < 0.02 && high > 0.1, "{low} {high}");
    }

    #[test]
    fn impossible_sizes_are_refused() {
        assert_eq!(RankNull::new(9, &[9], 100, 0), Err(GseaError::Size { size: 9, n_genes: 9 }));
        assert_eq!(RankNull::new(9, &[0], 100, 0), Err(GseaError::Size { size: 0, n_genes: 9 }));
        assert_eq!(RankNull::new(9, &[3], 1, 0), Err(GseaError::Permutations { found: 1 }));
        let null = RankNull::new(9, &[3], 100, 0).unwrap();
        assert_eq!(null.score(&[1, 2]), Err(GseaError::Size { size: 2, n_genes: 9 }));
    }
}
