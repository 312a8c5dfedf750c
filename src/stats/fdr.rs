//! Benjamini–Hochberg adjusted p values.
//!
//! padj of the i-th smallest of m is min over j ≥ i of p_j·m/j, at most 1 (Benjamini & Hochberg 1995; R
//! `p.adjust("BH")`, statsmodels `fdr_bh`). Rule: NaN stays NaN and does not count towards m; equal p have equal
//! padj.

/// Adjusts p values for the false discovery rate.
///
/// # Shapes
/// Both `[m]`.
///
/// # Examples
/// ```
/// let padj = featurescope::stats::benjamini_hochberg(&[0.01, f64::NAN, 0.5]);
/// assert_eq!((padj[0], padj[2]), (0.02, 0.5));
/// assert!(padj[1].is_nan());
/// ```
#[must_use]
pub fn benjamini_hochberg(p_values: &[f64]) -> Vec<f64> {
    let mut adjusted = Vec::new();
    benjamini_hochberg_into(p_values, &mut Vec::new(), &mut adjusted);
    adjusted
}

/// As [`benjamini_hochberg`] into `adjusted`, using `order` as room to sort in.
pub fn benjamini_hochberg_into(p_values: &[f64], order: &mut Vec<u32>, adjusted: &mut Vec<f64>) {
    order.clear();
    order.extend((0..p_values.len() as u32).filter(|&at| !p_values[at as usize].is_nan()));
    order.sort_unstable_by(|&a, &b| p_values[b as usize].total_cmp(&p_values[a as usize]));
    adjusted.clear();
    adjusted.resize(p_values.len(), f64::NAN);
    let n_tests = order.len();
    let mut smallest = 1.0_f64;
    for (n_above, &at) in order.iter().enumerate() {
        smallest = smallest.min(p_values[at as usize] * n_tests as f64 / (n_tests - n_above) as f64);
        adjusted[at as usize] = smallest;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn golden_list_with_nan_and_extremes() {
        let found = benjamini_hochberg(&[0.01, 0.02, 0.03, 0.04, 0.05, 0.5, f64::NAN, 1.0, 1e-300, 0.0]);
        let expected = [0.03, 0.045, 0.054, 0.06, 0.45 / 7.0, 0.5625, f64::NAN, 1.0, 4.5e-300, 0.0];
        for (found, expected) in found.into_iter().zip(expected) {
            assert!(found.is_nan() == expected.is_nan());
            assert!(expected.is_nan() || (found - expected).abs() <= 1e-15 * expected, "{found} is not {expected}");
        }
    }

    #[test]
    fn nothing_to_adjust_is_nothing() {
        assert!(benjamini_hochberg(&[]).is_empty());
        assert!(benjamini_hochberg(&[f64::NAN])[0].is_nan());
    }
}
