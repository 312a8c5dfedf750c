//! Scores of random sets of one size: what an enrichment score is compared with first.
//!
//! p = min((1 + #null ≤ ES)/(1 + #null ≤ 0), (1 + #null ≥ ES)/(1 + #null ≥ 0)), NES = ES over the mean of the null of
//! its sign (zeros counted on both sides), as fgsea has them. With fewer than [`MIN_SAME_SIGN`] null scores of the
//! sign of ES neither is given. Scores closer than [`TIE`] count as equal, so that rounding decides nothing.
//!
//! Random sets of all sizes are prefixes of the same random orders of the genes (fgsea's cumulative sampling), each
//! order with a stream of its own: the null of a size does not depend on which other sizes are asked for.

use std::collections::BTreeMap;

use super::random::{PrefixSampler, order_rng};
use super::score::extremes;

/// Null scores of one sign below which p and NES are not given.
pub(super) const MIN_SAME_SIGN: usize = 10;
/// Scores this close are equal; rounding in sums of a few hundred weights stays far below.
pub(super) const TIE: f64 = 1e-10;

/// Null scores of one size.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct NullScores {
    sorted: Vec<f64>,
    n_at_most_zero: usize,
    n_at_least_zero: usize,
    mean_negative: f64,
    mean_positive: f64,
}

impl NullScores {
    fn new(mut scores: Vec<f64>) -> Self {
        scores.sort_unstable_by(f64::total_cmp);
        let n_at_most_zero = scores.iter().filter(|&&es| es <= 0.0).count();
        let n_at_least_zero = scores.iter().filter(|&&es| es >= 0.0).count();
        let sum_of = |part: fn(f64) -> f64| scores.iter().map(|&es| part(es)).sum::<f64>();
        let mean_negative = sum_of(|es| es.min(0.0)) / n_at_most_zero as f64;
        let mean_positive = sum_of(|es| es.max(0.0)) / n_at_least_zero as f64;
        Self { sorted: scores, n_at_most_zero, n_at_least_zero, mean_negative, mean_positive }
    }

    pub(super) fn len(&self) -> usize {
        self.sorted.len()
    }

    pub(super) fn mean_positive(&self) -> f64 {
        self.mean_positive
    }

    pub(super) fn mean_negative(&self) -> f64 {
        self.mean_negative
    }

    fn n_at_most(&self, es: f64) -> usize {
        self.sorted.partition_point(|&null| null <= es + TIE)
    }

    fn n_at_least(&self, es: f64) -> usize {
        self.len() - self.sorted.partition_point(|&null| null < es - TIE)
    }

    /// Null scores on the side of `es`, zeros included.
    pub(super) fn n_same_sign(&self, es: f64) -> usize {
        if es >= 0.0 { self.n_at_least_zero } else { self.n_at_most_zero }
    }

    /// Null scores at least as far from 0 on the side of `es`; a score of 0 is on the negative side.
    pub(super) fn n_more_extreme(&self, es: f64) -> usize {
        if es > 0.0 { self.n_at_least(es) } else { self.n_at_most(es) }
    }

    /// p by the +1 rule; `None` with too few null scores of that sign.
    pub(super) fn p_value(&self, es: f64) -> Option<f64> {
        let share = |n: usize, of: usize| (1 + n) as f64 / (1 + of) as f64;
        let p = share(self.n_at_most(es), self.n_at_most_zero).min(share(self.n_at_least(es), self.n_at_least_zero));
        (self.n_same_sign(es) >= MIN_SAME_SIGN).then_some(p.min(1.0))
    }

    /// ES over the mean null score of its sign; `None` with too few of them or a mean of 0.
    pub(super) fn nes(&self, es: f64) -> Option<f64> {
        let mean = if es > 0.0 { self.mean_positive } else { -self.mean_negative };
        (self.n_same_sign(es) >= MIN_SAME_SIGN && mean > 0.0).then(|| es / mean)
    }
}

/// Makes the null scores of many sizes, one random order of the genes after the other.
#[derive(Clone, Debug)]
pub(super) struct NullSampler {
    sampler: PrefixSampler,
    scores_by_size: BTreeMap<usize, Vec<f64>>,
    n_orders: usize,
    n_done: usize,
    seed: u64,
}

impl NullSampler {
    /// A sampler for sizes of 1 to N − 1 genes.
    pub(super) fn new(n_ranked: usize, sizes: impl IntoIterator<Item = usize>, n_orders: usize, seed: u64) -> Self {
        let scores_by_size = sizes.into_iter().map(|size| (size, Vec::with_capacity(n_orders))).collect();
        Self { sampler: PrefixSampler::new(n_ranked), scores_by_size, n_orders, n_done: 0, seed }
    }

    pub(super) fn is_done(&self) -> bool {
        self.n_done == self.n_orders
    }

    pub(super) fn fraction(&self) -> f64 {
        self.n_done as f64 / self.n_orders as f64
    }

    /// Scores the sets of one more order; the number of hits looked at.
    pub(super) fn step(&mut self, weights: &[f64]) -> usize {
        let mut rng = order_rng(self.seed, self.n_done);
        self.sampler.restart();
        for (&size, scores) in &mut self.scores_by_size {
            scores.push(extremes(weights, self.sampler.extend_to(size, &mut rng)).es());
        }
        self.n_done += 1;
        self.scores_by_size.keys().sum()
    }

    /// What was scored so far, by size.
    pub(super) fn finish(self) -> BTreeMap<usize, NullScores> {
        self.scores_by_size.into_iter().map(|(size, scores)| (size, NullScores::new(scores))).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn p_and_nes_by_hand() {
        let mut scores: Vec<f64> = (1..=10).map(|at| f64::from(at) / 10.0).collect();
        scores.extend([-0.5, -0.25, 0.0]);
        let null = NullScores::new(scores);
        assert!((null.mean_positive() - 5.5 / 11.0).abs() < 1e-15);
        assert_eq!(null.p_value(0.9), Some(3.0 / 12.0));
        assert_eq!(null.p_value(2.0), Some(1.0 / 12.0));
        assert!((null.nes(0.75).unwrap() - 1.5).abs() < 1e-15);
        assert_eq!((null.p_value(-0.3), null.nes(-0.3)), (None, None));
    }

    #[test]
    fn rounding_does_not_part_equal_scores() {
        let null = NullScores::new(vec![0.3; 20]);
        assert_eq!(null.n_at_least(0.1 + 0.2), 20);
        assert_eq!(null.n_at_most(0.3 - 1e-16), 20);
    }

    #[test]
    fn the_null_of_a_size_does_not_depend_on_other_sizes() {
        let weights: Vec<f64> = (0..60).map(|rank| f64::from(60 - rank)).collect();
        let of = |sizes: &[usize]| {
            let mut sampler = NullSampler::new(60, sizes.iter().copied(), 50, 4);
            while !sampler.is_done() {
                sampler.step(&weights);
            }
            sampler.finish()
        };
        assert_eq!(of(&[5])[&5], of(&[3, 5, 20])[&5]);
    }
}
