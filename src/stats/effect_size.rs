//! Cohen's d: the difference of two means in units of their pooled standard deviation.
//!
//! Two forms. [`cohens_d`] pools variances of ddof 1 under n − 1 weights, as textbooks do (Cohen 1988).
//! [`cohens_d_as_published`] is what scFeatureLens' code has (arXiv 2410.11468): variances of ddof 0 under n − 1
//! weights, which makes |d| larger by about 1/(2n).
//!
//! Rules: positive if the first mean is larger. An empty group or two groups of one value are NaN. Where nothing varies
//! d is infinite with the sign of the difference, NaN without one. NaN in gives NaN out.

use super::Sample;

/// (m₁ − m₂)/s, s² = ((n₁ − 1)s₁² + (n₂ − 1)s₂²)/(n₁ + n₂ − 2) with variances of ddof 1.
///
/// # Examples
/// ```
/// use featurescope::stats::{Sample, cohens_d};
/// let of = |values: &[f64]| Sample::of(values.iter().copied());
/// assert_eq!(cohens_d(of(&[3.0, 5.0]), of(&[0.0, 2.0])), 3.0 / 2.0_f64.sqrt());
/// ```
pub fn cohens_d(first: Sample, second: Sample) -> f64 {
    standardised_difference(first, second, sum_of_squares(first) + sum_of_squares(second))
}

/// As [`cohens_d`] with variances of ddof 0 in place of s₁² and s₂², the n − 1 weights kept: the paper's form.
pub fn cohens_d_as_published(first: Sample, second: Sample) -> f64 {
    let shrunk = |sample: Sample| sum_of_squares(sample) * (sample.n as f64 - 1.0) / sample.n as f64;
    standardised_difference(first, second, shrunk(first) + shrunk(second))
}

fn standardised_difference(first: Sample, second: Sample, pooled_squares: f64) -> f64 {
    let df = first.n as f64 + second.n as f64 - 2.0;
    if df <= 0.0 || first.n == 0 || second.n == 0 {
        return f64::NAN;
    }
    (first.mean - second.mean) / (pooled_squares / df).sqrt()
}

/// Σ(x − m)²; a single value has none, though its variance is NaN.
fn sum_of_squares(sample: Sample) -> f64 {
    if sample.n == 1 { 0.0 * sample.mean } else { sample.variance * (sample.n as f64 - 1.0) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(values: &[f64]) -> Sample {
        Sample::of(values.iter().copied())
    }

    #[test]
    fn published_form_matches_numpy() {
        // numpy: (x.mean() - y.mean()) / sqrt(((5 - 1) * x.var() + (7 - 1) * y.var()) / (5 + 7 - 2))
        let (x, y) = (of(&[1., 2., 3., 4., 10.]), of(&[0., 1., 0., 2., 1., 0., 3.]));
        assert!(
            (cohens_d_as_published(x, y) - 1.385_904_653_039_693_5).abs() < 1e-14,
            "{}",
            cohens_d_as_published(x, y)
        );
        assert!((cohens_d(x, y) - 1.245_682_197_806_099_5).abs() < 1e-14, "{}", cohens_d(x, y));
        assert_eq!(cohens_d(y, x), -cohens_d(x, y));
    }

    #[test]
    fn one_value_has_no_variance_but_a_mean() {
        assert_eq!(cohens_d(of(&[5.0]), of(&[0.0, 2.0])), 4.0 / 2.0_f64.sqrt());
        assert_eq!(cohens_d_as_published(of(&[5.0]), of(&[0.0, 2.0])), 4.0);
    }

    #[test]
    fn nothing_to_measure_by_is_nan_or_infinite() {
        assert!(cohens_d(of(&[]), of(&[0.0, 2.0, 1.0])).is_nan());
        assert!(cohens_d_as_published(of(&[0.0, 2.0, 1.0]), of(&[])).is_nan());
        assert!(cohens_d(of(&[1.0]), of(&[2.0])).is_nan());
        assert!(cohens_d(of(&[f64::NAN]), of(&[2.0, 3.0])).is_nan());
        assert_eq!(cohens_d(of(&[1.0, 1.0]), of(&[2.0, 2.0])), f64::NEG_INFINITY);
        assert!(cohens_d(of(&[2.0, 2.0]), of(&[2.0, 2.0])).is_nan());
    }
}
