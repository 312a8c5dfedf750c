//! The Wilcoxon-Mann-Whitney test of two groups, two-sided, from a sum of ranks.
//!
//! U = R₁ − n₁(n₁ + 1)/2, σ² = n₁n₂/12·[(N + 1) − Σ(t³ − t)/(N(N − 1))] with t the sizes of ties, and
//! |z| = (|U − n₁n₂/2| − ½)/σ; p = 2(1 − Φ(|z|)). As SciPy's `mannwhitneyu(method="asymptotic")` and R's
//! `wilcox.test(exact = FALSE)`, which have both corrections; scanpy's default has neither.
//! AUROC = U/(n₁n₂): the chance that a value of group 1 is the larger one, ties counted half.
//!
//! Rules: an empty group has NaN throughout. Where all values are equal σ is 0: z = 0 and p = 1. The continuity
//! correction never changes the sign of z. n₁n₂N goes beyond 64 bits, so products are f64.

use serde::{Deserialize, Serialize};

use super::normal::ln_two_sided_normal;

/// The two corrections of the normal approximation; both by default.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RankSumOptions {
    /// Whether σ is smaller for ties.
    pub tie_correction: bool,
    /// Whether U is moved by ½ towards its mean.
    pub continuity: bool,
}

impl Default for RankSumOptions {
    fn default() -> Self {
        Self { tie_correction: true, continuity: true }
    }
}

/// The result of a Wilcoxon-Mann-Whitney test.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RankSumTest {
    /// U of group 1, 0 to n₁n₂.
    pub u: f64,
    /// U/(n₁n₂), 0 to 1; above ½ if group 1 is larger.
    pub auroc: f64,
    /// Standardised U, positive if group 1 is larger.
    pub z: f64,
}

impl RankSumTest {
    /// ln of the two-sided p, finite where p underflows; worked out when it is asked for.
    pub fn ln_p_value(&self) -> f64 {
        ln_two_sided_normal(self.z)
    }

    /// The two-sided p, 0 to 1.
    pub fn p_value(&self) -> f64 {
        libm::exp(self.ln_p_value())
    }
}

/// Tests group 1 against group 2, given twice the sum of the average ranks of group 1 among all n₁ + n₂ values and the
/// sum of t³ − t over ties (see [`SparseRanks`](super::SparseRanks)). Null: no group tends to larger values.
///
/// # Examples
/// ```
/// use featurescope::stats::{RankSumOptions, rank_sum_test};
/// // 3, 4 and 5 against 1 and 2: ranks 3 to 5, U as large as it can be.
/// let test = rank_sum_test(24, 3, 2, 0.0, RankSumOptions::default());
/// assert_eq!((test.u, test.auroc), (6.0, 1.0));
/// assert!((test.p_value() - 0.148_914_673_178_765_72).abs() < 1e-15);
/// ```
pub fn rank_sum_test(
    twice_rank_sum: u64,
    n_first: usize,
    n_second: usize,
    tie_term: f64,
    options: RankSumOptions,
) -> RankSumTest {
    let (n1, n2) = (n_first as f64, n_second as f64);
    let pairs = n1 * n2;
    if pairs == 0.0 {
        return RankSumTest { u: f64::NAN, auroc: f64::NAN, z: f64::NAN };
    }
    let u = 0.5 * (twice_rank_sum as f64 - n1 * (n1 + 1.0));
    let excess = u - 0.5 * pairs;
    let distance = (excess.abs() - if options.continuity { 0.5 } else { 0.0 }).max(0.0);
    let ties = if options.tie_correction { tie_term } else { 0.0 };
    let spread = spread(n1 + n2, ties);
    let z = if spread > 0.0 { (distance / (pairs / 12.0 * spread).sqrt()).copysign(excess) } else { 0.0 };
    RankSumTest { u, auroc: u / pairs, z }
}

/// (N + 1) − Σ(t³ − t)/(N(N − 1)). Unless all values are equal it is 3 at least (a tie of N − 1), so what is below 1
/// is the rounding of 0.
fn spread(n: f64, tie_term: f64) -> f64 {
    let spread = (n + 1.0) - tie_term / (n * (n - 1.0));
    if spread < 1.0 { 0.0 } else { spread }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::stats::{SparseRanks, average_ranks, oracle};

    const NEITHER: RankSumOptions = RankSumOptions { tie_correction: false, continuity: false };

    fn test(x: &[f64], y: &[f64], options: RankSumOptions) -> RankSumTest {
        let all: Vec<f32> = x.iter().chain(y).map(|&value| value as f32).collect();
        let mut ranks = SparseRanks::default();
        let ties = ranks.rank(&all, 0).tie_term;
        let twice_rank_sum = ranks.twice_ranks()[..x.len()].iter().sum();
        rank_sum_test(twice_rank_sum, x.len(), y.len(), ties, options)
    }

    #[test]
    fn oracle_sample_matches_r_and_scipy() {
        let (x, y) = oracle::sample();
        let both = test(&x, &y, RankSumOptions::default());
        assert_eq!(both.u, 19_400.0);
        assert_eq!(both.auroc, 19_400.0 / 37_500.0);
        assert!((both.p_value() - 0.518_782_191_912_598_3).abs() < 1e-15, "{}", both.p_value());
        let ties_only = test(&x, &y, RankSumOptions { continuity: false, ..RankSumOptions::default() });
        assert!((ties_only.p_value() - 0.518_460_403_589_204_2).abs() < 1e-15, "{}", ties_only.p_value());
    }

    #[test]
    fn equal_values_are_no_evidence_even_a_million() {
        for options in [RankSumOptions::default(), NEITHER] {
            let mut ranks = SparseRanks::default();
            let summary = ranks.rank(&[], 1_000_000);
            let twice_rank_sum = 300_000 * summary.twice_zero_rank;
            let found = rank_sum_test(twice_rank_sum, 300_000, 700_000, summary.tie_term, options);
            assert_eq!((found.auroc, found.z, found.ln_p_value()), (0.5, 0.0, 0.0));
        }
    }

    #[test]
    fn one_value_that_differs_among_a_million_still_counts() {
        let mut ranks = SparseRanks::default();
        let summary = ranks.rank(&[1.0], 999_999);
        let found = rank_sum_test(ranks.twice_ranks()[0], 1, 999_999, summary.tie_term, NEITHER);
        assert!((found.z - (3.0 * 999_999.0 / 1_000_001.0_f64).sqrt()).abs() < 1e-14);
        let options = RankSumOptions { tie_correction: true, continuity: false };
        let found = rank_sum_test(ranks.twice_ranks()[0], 1, 999_999, summary.tie_term, options);
        // σ² = n₂/12·3, so z = (n₂/2)/√(n₂/4) = √n₂.
        assert!((found.z / 999_999_f64.sqrt() - 1.0).abs() < 1e-9, "{}", found.z);
    }

    #[test]
    fn an_empty_group_is_nan() {
        let options = RankSumOptions::default();
        assert!(rank_sum_test(0, 0, 5, 0.0, options).ln_p_value().is_nan());
        assert!(rank_sum_test(30, 5, 0, 0.0, options).auroc.is_nan());
    }

    #[test]
    fn far_tails_do_not_underflow() {
        // All of 5,000 above all of 5,000.
        let found = rank_sum_test((5_001..=10_000).map(|rank| 2 * rank).sum(), 5_000, 5_000, 0.0, NEITHER);
        assert_eq!((found.auroc, found.p_value()), (1.0, 0.0));
        assert!((found.z - (75_000_000.0 / 10_001.0_f64).sqrt()).abs() < 1e-12, "{}", found.z);
        assert!((found.ln_p_value() - (-0.5 * found.z * found.z - (found.z / 2.0).ln() - 0.918_938_533)).abs() < 1e-3);
    }

    proptest! {
        #[test]
        fn groups_swapped_change_only_the_sign(
            x in prop::collection::vec(-3_i8..4, 1..30),
            y in prop::collection::vec(-3_i8..4, 1..30),
            continuity: bool,
            tie_correction: bool,
        ) {
            let options = RankSumOptions { tie_correction, continuity };
            let to_f64 = |values: &[i8]| values.iter().map(|&value| f64::from(value)).collect::<Vec<f64>>();
            let (x, y) = (to_f64(&x), to_f64(&y));
            let (one, other) = (test(&x, &y, options), test(&y, &x, options));
            prop_assert_eq!(one.u + other.u, (x.len() * y.len()) as f64);
            prop_assert_eq!((one.z, one.ln_p_value()), (-other.z, other.ln_p_value()));
            prop_assert!(one.ln_p_value() <= 0.0);
            let ranks = average_ranks(&[x.as_slice(), y.as_slice()].concat());
            let rank_sum: f64 = ranks[..x.len()].iter().sum();
            prop_assert_eq!(one.u, rank_sum - (x.len() * (x.len() + 1)) as f64 / 2.0);
        }
    }
}
