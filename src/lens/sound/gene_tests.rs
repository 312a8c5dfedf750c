//! From sums to tests: what one gene of one feature says, with no more work than asked for.
//!
//! Welch's t and Wilcoxon's z are positive where positive cells are higher. A gene that does not vary in either group
//! (constant, or absent) is not tested by Welch: t and p are NaN, which families count as p = 1; a gene of one value in all
//! cells has z = 0, p = 1. Log2 fold changes are, of log-normalised values, by the formula named; of other non-negative
//! values log2((m⁺ + 1e-9)/(m⁻ + 1e-9)); of values with negatives the difference of means.

use super::gene_sums::{GenePair, GroupSummary};
use super::normaliser::ValueScale;
use crate::stats::{
    FoldChangeFormula, GroupMeans, LogBase, RankSumOptions, RankSumTest, WelchTest, ln_two_sided_normal,
    log2_fold_change, rank_sum_test, welch_test,
};

/// How Wilcoxon's test is done here.
const WILCOXON: RankSumOptions = RankSumOptions { tie_correction: true, continuity: true };

impl GenePair {
    /// Welch's test; NaN where neither group varies.
    pub fn welch(&self) -> WelchTest {
        if self.positive.sample.variance > 0.0 || self.negative.sample.variance > 0.0 {
            welch_test(self.positive.sample, self.negative.sample)
        } else {
            WelchTest { t: f64::NAN, df: f64::NAN }
        }
    }

    /// Wilcoxon's rank sum test.
    pub fn wilcoxon(&self) -> RankSumTest {
        let (n_positive, n_negative) = (self.positive.sample.n, self.negative.sample.n);
        rank_sum_test(self.twice_rank_sum, n_positive, n_negative, self.tie_term, WILCOXON)
    }

    /// The log2 fold change, or the difference of means of signed values.
    pub fn log2_fold_change(&self, scale: ValueScale, formula: FoldChangeFormula) -> f64 {
        let means = |group: GroupSummary| GroupMeans {
            n: group.sample.n,
            log: group.sample.mean,
            linear: if scale == ValueScale::Linear { group.sample.mean } else { group.mean_linear },
        };
        let by = |formula| log2_fold_change(means(self.positive), means(self.negative), formula, LogBase::default());
        match scale {
            ValueScale::Log1p => by(formula),
            ValueScale::Linear => by(FoldChangeFormula::LinearMean),
            ValueScale::Signed => self.positive.sample.mean - self.negative.sample.mean,
        }
    }
}

/// The largest p that is worked out, as a statistic: below it a test can't be significant.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Cut {
    /// ln of the largest p of interest.
    pub(super) ln_p: f64,
    /// |z| where a two-sided normal p is that large. Student's tails are heavier, so it serves t as well.
    pub(super) z: f64,
}

impl Cut {
    /// For p up to `p`, 0 to 1.
    pub(super) fn at(p: f64) -> Self {
        let ln_p = libm::log(p);
        let (mut low, mut high) = (0.0, 40.0);
        for _ in 0..60 {
            let middle = 0.5 * (low + high);
            if ln_two_sided_normal(middle) > ln_p {
                low = middle;
            } else {
                high = middle;
            }
        }
        Self { ln_p, z: low }
    }

    /// Whether a statistic can have a p of interest.
    pub(super) fn allows(&self, statistic: f64) -> bool {
        statistic.abs() >= self.z
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::Sample;

    fn pair(positive: &[f64], negative: &[f64]) -> GenePair {
        let summary = |values: &[f64]| GroupSummary {
            sample: Sample::of(values.iter().copied()),
            n_nonzero: values.iter().filter(|&&value| value != 0.0).count(),
            mean_linear: Sample::of(values.iter().map(|value| value.exp_m1())).mean,
        };
        GenePair { positive: summary(positive), negative: summary(negative), twice_rank_sum: 0, tie_term: f64::NAN }
    }

    #[test]
    fn a_gene_constant_on_one_side_is_tested_and_on_both_it_is_not() {
        assert!(pair(&[0.0; 3], &[1.0, 2.0, 3.0]).welch().t < -3.0);
        let constant = pair(&[1.0; 3], &[2.0; 4]).welch();
        assert!(constant.t.is_nan() && constant.ln_p_value().is_nan());
    }

    #[test]
    fn fold_changes_follow_the_kind_of_values() {
        let pair = pair(&[3.0, 5.0], &[1.0, 1.0]);
        let by = |scale| pair.log2_fold_change(scale, FoldChangeFormula::Scanpy);
        assert!((by(ValueScale::Linear) - 2.0).abs() < 1e-8);
        assert_eq!(by(ValueScale::Signed), 3.0);
        let expected = (libm::expm1(4.0) / libm::expm1(1.0)).log2();
        assert!((by(ValueScale::Log1p) - expected).abs() < 1e-8);
    }

    #[test]
    fn a_cut_keeps_all_that_matters() {
        assert!((Cut::at(0.05).z - 1.959_963_984_540_054).abs() < 1e-12);
        assert!(Cut::at(0.05).allows(-2.0) && !Cut::at(0.05).allows(1.9) && !Cut::at(0.05).allows(f64::NAN));
    }
}
