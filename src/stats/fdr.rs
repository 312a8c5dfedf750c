//! Benjamini–Hochberg adjusted p values.
//!
//! padj of the i-th smallest of m is min over j ≥ i of p_j·m/j, at most 1 (Benjamini & Hochberg 1995; R
//! `p.adjust("BH")`, statsmodels `fdr_bh`). Rule: NaN stays NaN and does not count towards m; equal p have equal
//! padj. On logarithms nothing underflows, and of a family only the tests that were made need be given: the rest count
//! as p = 1.

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
        // m/j first: p times a number of at least 1 is never below p.
        smallest = smallest.min(p_values[at as usize] * (n_tests as f64 / (n_tests - n_above) as f64));
        adjusted[at as usize] = smallest;
    }
}

/// As [`benjamini_hochberg_into`] with logarithms for p and padj, so that no p underflows; −∞ stays −∞.
///
/// `family_size` counts the tests of the family where not all are given: the others have p = 1, such as gene sets
/// without a hit. Without it the family is all that are not NaN.
///
/// # Shapes
/// `ln_p` and `ln_padj` are `[m]`.
///
/// # Panics
/// If the family is smaller than the number of tests given: the caller's bug.
///
/// # Examples
/// ```
/// use featurescope::stats::benjamini_hochberg_ln_into;
/// let (mut order, mut ln_padj) = (Vec::new(), Vec::new());
/// benjamini_hochberg_ln_into(&[-2000.0, f64::NAN, -1.0], Some(100), &mut order, &mut ln_padj);
/// assert_eq!(ln_padj[0], -2000.0 + 100.0_f64.ln());
/// assert!(ln_padj[1].is_nan() && ln_padj[2] == 0.0);
/// ```
pub fn benjamini_hochberg_ln_into(
    ln_p: &[f64],
    family_size: Option<usize>,
    order: &mut Vec<u32>,
    ln_padj: &mut Vec<f64>,
) {
    let n_given = ln_p.iter().filter(|ln_p| !ln_p.is_nan()).count();
    let n_family = family_size.unwrap_or(n_given);
    assert!(n_given <= n_family, "{n_given} tests given of a family of {n_family}");
    order_below_zero(ln_p, order, ln_padj);
    ln_padj.clear();
    ln_padj.extend(ln_p.iter().map(|&ln_p| if ln_p.is_nan() { f64::NAN } else { 0.0 }));
    let mut smallest = 0.0_f64;
    for (n_smaller, &at) in order.iter().enumerate().rev() {
        smallest = smallest.min(ln_p[at as usize] + libm::log(n_family as f64 / (n_smaller + 1) as f64));
        ln_padj[at as usize] = smallest;
    }
}

/// Positions of the p below 1, smallest p first, by sorting in the room of `scratch`: the upper half of −ln p above the
/// position, turned round so that a large −ln p is small, then the few that share it.
fn order_below_zero(ln_p: &[f64], order: &mut Vec<u32>, scratch: &mut Vec<f64>) {
    let upper_half = |ln_p: f64| !((-ln_p).to_bits() >> 32) << 32;
    let below_zero = (0_u64..).zip(ln_p).filter(|(_, ln_p)| **ln_p < 0.0);
    scratch.clear();
    scratch.extend(below_zero.map(|(at, &ln_p)| f64::from_bits(upper_half(ln_p) | at)));
    let keys: &mut [u64] = bytemuck::cast_slice_mut(scratch);
    keys.sort_unstable();
    order.clear();
    order.extend(keys.iter().map(|&key| key as u32));
    let p_at = |at: u32| ln_p[at as usize];
    for alike in order.chunk_by_mut(|&a, &b| upper_half(p_at(a)) == upper_half(p_at(b))) {
        if alike.len() > 1 {
            alike.sort_unstable_by(|&a, &b| p_at(a).total_cmp(&p_at(b)));
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const GOLDEN: [(f64, f64); 10] = [
        (0.01, 0.03),
        (0.02, 0.045),
        (0.03, 0.054),
        (0.04, 0.06),
        (0.05, 0.45 / 7.0),
        (0.5, 0.5625),
        (f64::NAN, f64::NAN),
        (1.0, 1.0),
        (1e-300, 4.5e-300),
        (0.0, 0.0),
    ];

    fn adjusted_ln(ln_p: &[f64], family_size: Option<usize>) -> Vec<f64> {
        let mut ln_padj = vec![7.0; 3];
        benjamini_hochberg_ln_into(ln_p, family_size, &mut vec![9; 3], &mut ln_padj);
        ln_padj
    }

    #[test]
    fn golden_list_with_nan_and_extremes() {
        let (p_values, expected): (Vec<f64>, Vec<f64>) = GOLDEN.into_iter().unzip();
        let found = benjamini_hochberg(&p_values);
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

    #[test]
    fn rounding_never_makes_p_smaller() {
        // p·m/m rounds to less than p for these.
        for (n_tests, p) in [(3, 0.35), (5, 0.47), (7, 0.49), (49, 0.11)] {
            assert_eq!(benjamini_hochberg(&vec![p; n_tests]), vec![p; n_tests]);
        }
    }

    #[test]
    fn golden_list_as_logarithms() {
        let ln_p = GOLDEN.map(|(p, _)| p.ln());
        for (found, (_, expected)) in adjusted_ln(&ln_p, None).into_iter().zip(GOLDEN) {
            let expected = expected.ln();
            assert!(found.is_nan() == expected.is_nan());
            let is_close = found == expected || (found - expected).abs() <= 4e-16 * expected.abs().max(1.0);
            assert!(expected.is_nan() || is_close, "{found} is not {expected}");
        }
    }

    #[test]
    fn below_the_smallest_number_order_and_distance_stay() {
        let found = adjusted_ln(&[-5000.0, -5_000.000_001, -4000.0, -5010.0], None);
        let third = -5000.0 + (4.0_f64 / 3.0).ln();
        assert_eq!(found, [third, third, -4000.0, -5010.0 + 4.0_f64.ln()]);
    }

    #[test]
    fn nothing_given_of_a_family_is_nothing() {
        assert!(adjusted_ln(&[], Some(10)).is_empty());
        assert!(adjusted_ln(&[f64::NAN], None)[0].is_nan());
        assert_eq!(adjusted_ln(&[0.0, -0.0], None), [0.0, 0.0]);
    }

    #[test]
    #[should_panic(expected = "3 tests given of a family of 2")]
    fn a_family_smaller_than_its_tests_is_a_bug() {
        adjusted_ln(&[-1.0, -2.0, -3.0, f64::NAN], Some(2));
    }

    proptest! {
        #[test]
        fn logarithms_agree_with_plain_p(
            p_values in prop::collection::vec(prop_oneof![0.0_f64..1.0, 0.0_f64..1e-6, Just(0.5), Just(1.0), Just(f64::NAN)], 0..80),
            n_unlisted in 0_usize..50,
        ) {
            let ln_p: Vec<f64> = p_values.iter().map(|p| p.ln()).collect();
            let n_given = p_values.iter().filter(|p| !p.is_nan()).count();
            let found = adjusted_ln(&ln_p, Some(n_given + n_unlisted));
            let all = [p_values, vec![1.0; n_unlisted]].concat();
            for (found, expected) in found.into_iter().zip(benjamini_hochberg(&all)) {
                prop_assert!(found.is_nan() == expected.is_nan());
                prop_assert!(found.is_nan() || (found.exp() - expected).abs() <= 1e-13 * expected);
            }
        }

        #[test]
        fn order_is_exact_where_upper_halves_are_alike(steps in prop::collection::vec(0_u64..4, 1..200)) {
            let ln_p: Vec<f64> = steps.iter().map(|&step| -f64::from_bits(2.5_f64.to_bits() + step)).collect();
            let mut order = Vec::new();
            order_below_zero(&ln_p, &mut order, &mut Vec::new());
            prop_assert_eq!(order.len(), ln_p.len());
            prop_assert!(order.windows(2).all(|pair| ln_p[pair[0] as usize] <= ln_p[pair[1] as usize]));
        }
    }
}
