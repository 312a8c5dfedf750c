//! Adjusting p-values over all features at once, from the small ones alone.
//!
//! Benjamini–Hochberg: min over j ≥ i of p₍ⱼ₎·m/j. Terms of the minimum with p above a limit are above the limit
//! themselves (j ≤ m), so an adjusted p below the limit is exact when only p-values up to the limit are known; what
//! comes out at or above it is an upper bound: the true value lies between the limit and it.

/// The small p-values of a family.
#[derive(Clone, Debug)]
pub struct GlobalFamily {
    /// Ascending.
    ln_p_values: Vec<f64>,
    /// Of the same places.
    ln_padj: Vec<f64>,
}

impl GlobalFamily {
    /// Takes the ln of every p up to a limit, in any order, and the number of all tests.
    #[must_use]
    pub fn new(mut ln_p_values: Vec<f64>, n_tests: usize) -> Self {
        ln_p_values.sort_unstable_by(f64::total_cmp);
        let mut smallest = 0.0_f64;
        let mut ln_padj: Vec<f64> = ln_p_values
            .iter()
            .enumerate()
            .rev()
            .map(|(at, ln_p)| {
                // The logarithm of m/j is at least 0, so that the sum is never below ln p.
                smallest = smallest.min(ln_p + libm::log(n_tests as f64 / (at + 1) as f64));
                smallest
            })
            .collect();
        ln_padj.reverse();
        Self { ln_p_values, ln_padj }
    }

    /// ln of the adjusted p of a p-value of the family; 0 for one beyond the limit, NaN for NaN.
    pub fn ln_padj(&self, ln_p_value: f64) -> f64 {
        if ln_p_value.is_nan() {
            return f64::NAN;
        }
        let at = self.ln_p_values.partition_point(|&known| known < ln_p_value);
        self.ln_padj.get(at).copied().unwrap_or(0.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::benjamini_hochberg;

    #[test]
    fn small_p_values_are_adjusted_as_if_all_were_known() {
        let all: Vec<f64> = (1..=400).map(|at| (f64::from(at * 37 % 401) / 401.0).powi(3)).collect();
        let whole = benjamini_hochberg(&all);
        let limit = 0.05_f64;
        let small = all.iter().filter(|&&p| p <= limit).map(|p| p.ln()).collect();
        let family = GlobalFamily::new(small, all.len());
        let mut n_exact = 0;
        for (p, padj) in all.iter().zip(whole) {
            if padj < limit {
                n_exact += 1;
                assert!((family.ln_padj(p.ln()).exp() / padj - 1.0).abs() < 1e-12);
            } else {
                assert!(family.ln_padj(p.ln()).exp() >= limit * (1.0 - 1e-12));
            }
        }
        assert!(n_exact > 20);
    }

    #[test]
    fn equal_p_values_share_the_smallest_adjustment() {
        let family = GlobalFamily::new(vec![-3.0, -3.0, -9.0], 10);
        assert!((family.ln_padj(-3.0) - (-3.0 + (10.0_f64 / 3.0).ln())).abs() < 1e-15);
        assert!((family.ln_padj(-9.0) - (-9.0 + 10.0_f64.ln())).abs() < 1e-15);
        assert_eq!(family.ln_padj(-0.5), 0.0);
        assert!(family.ln_padj(f64::NAN).is_nan());
    }

    #[test]
    fn rounding_never_makes_p_smaller() {
        // ln p + ln m − ln m rounds to less than ln p for these.
        for (n_tests, ln_p) in [(3, -0.3), (7, -0.1), (10, -0.1), (100, -0.2)] {
            assert_eq!(GlobalFamily::new(vec![ln_p; n_tests], n_tests).ln_padj(ln_p), ln_p);
        }
    }
}
