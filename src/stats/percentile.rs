//! Percentiles with linear interpolation, from values that are mostly zero.
//!
//! NumPy's default method ("linear"): the virtual position (n − 1)·q/100 between neighbours in ascending order,
//! interpolated from the nearer neighbour. Rule: unlisted values are exactly 0 and count; no value at all gives NaN.
//! Listed values must not be NaN.

/// The `q`-th percentile (0 to 100) of `listed` values and `n_zeros` zeros.
///
/// # Examples
/// ```
/// let p99 = featurescope::stats::percentile_with_zeros(&[0.5, 0.1, 0.2], 7, 99.0);
/// assert!((p99 - 0.473).abs() < 1e-7);
/// ```
pub fn percentile_with_zeros(listed: &[f32], n_zeros: usize, q: f64) -> f64 {
    let mut sorted = listed.to_vec();
    sorted.sort_unstable_by(f32::total_cmp);
    percentile_of_sorted(&sorted, n_zeros, q)
}

/// As [`percentile_with_zeros`] of values already in ascending order.
///
/// # Panics
/// If `q` is not in 0..=100: the caller's bug.
pub fn percentile_of_sorted(sorted: &[f32], n_zeros: usize, q: f64) -> f64 {
    assert!((0.0..=100.0).contains(&q), "percentile {q} is outside 0..=100");
    let n = sorted.len() + n_zeros;
    if n == 0 {
        return f64::NAN;
    }
    let n_below = sorted.partition_point(|&value| value < 0.0);
    let at = |position: usize| {
        if position < n_below {
            f64::from(sorted[position])
        } else if position < n_below + n_zeros {
            0.0
        } else {
            f64::from(sorted[position - n_zeros])
        }
    };
    let position = (n - 1) as f64 * (q / 100.0);
    let lower = (position as usize).min(n - 1);
    let (low, high) = (at(lower), at((lower + 1).min(n - 1)));
    let share = position - lower as f64;
    let gap = high - low;
    if share < 0.5 { low + gap * share } else { high - gap * (1.0 - share) }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LISTED: [f32; 3] = [0.1, 0.2, 0.5];

    #[test]
    fn matches_numpy() {
        assert!((percentile_with_zeros(&LISTED, 7, 99.0) - 0.473).abs() < 1e-7);
        assert_eq!(percentile_with_zeros(&LISTED, 7, 1.0), 0.0);
        assert_eq!(percentile_with_zeros(&[3.0, 1.0, 2.0], 0, 50.0), 2.0);
        assert_eq!(percentile_with_zeros(&[-1.0, 4.0], 3, 0.0), -1.0);
        assert_eq!(percentile_with_zeros(&[-1.0, 4.0], 3, 100.0), 4.0);
        assert_eq!(percentile_with_zeros(&[-1.0, 4.0], 3, 25.0), 0.0);
    }

    #[test]
    fn all_zero_is_zero_and_nothing_is_nan() {
        assert_eq!(percentile_with_zeros(&[], 4, 99.0), 0.0);
        assert!(percentile_with_zeros(&[], 0, 99.0).is_nan());
    }
}
