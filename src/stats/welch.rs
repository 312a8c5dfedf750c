//! Welch's t test of two means with unequal variances, two-sided.
//!
//! t = (m₁ − m₂)/√(s₁²/n₁ + s₂²/n₂), df by Welch–Satterthwaite, variances with ddof 1 (SciPy
//! `ttest_ind(equal_var=False)`). Null: equal means. Rule: below two values on a side, NaN on a side, or no
//! variance on both sides give NaN throughout; no variance on one side is a valid test.

use super::Sample;
use super::student_t::ln_two_sided_t;

/// The result of a Welch test.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct WelchTest {
    /// The statistic; positive if the first mean is larger.
    pub t: f64,
    /// Degrees of freedom.
    pub df: f64,
}

impl WelchTest {
    /// ln of the two-sided p, finite where p underflows; worked out when it is asked for.
    pub fn ln_p_value(&self) -> f64 {
        ln_two_sided_t(self.t, self.df)
    }

    /// The two-sided p, 0 to 1.
    pub fn p_value(&self) -> f64 {
        libm::exp(self.ln_p_value())
    }
}

/// Tests two samples known by size, mean and variance.
pub fn welch_test(first: Sample, second: Sample) -> WelchTest {
    let per_mean = |sample: Sample| sample.variance / sample.n as f64;
    let (a, b) = (per_mean(first), per_mean(second));
    let t = (first.mean - second.mean) / (a + b).sqrt();
    let df = (a + b) * (a + b) / (a * a / (first.n as f64 - 1.0) + b * b / (second.n as f64 - 1.0));
    if t.is_nan() || df.is_nan() { WelchTest { t: f64::NAN, df: f64::NAN } } else { WelchTest { t, df } }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::oracle;

    fn of(values: &[f64]) -> Sample {
        Sample::of(values.iter().copied())
    }

    #[test]
    fn small_sample_matches_scipy() {
        let test = welch_test(of(&[1., 2., 3., 4., 10.]), of(&[0., 1., 0., 2., 1., 0., 3.]));
        assert!((test.t - 1.828_970_405_272_5).abs() < 1e-13);
        assert!((test.df - 4.614_884_2).abs() < 1e-7);
        assert!((test.p_value() - 0.131_792_575_780_3).abs() < 1e-13);
    }

    #[test]
    fn oracle_sample_matches_r() {
        let (x, y) = oracle::sample();
        let test = welch_test(of(&x), of(&y));
        assert!((test.t - 1.614_015_595_582_004).abs() < 1e-13);
        assert!((test.df - 243.145_938_679_985).abs() < 1e-10);
        assert!((test.p_value() - 0.107_821_024_997_268_2).abs() < 1e-14);
        let against_zeros = welch_test(of(&[0.0; 150]), of(&y));
        assert!((against_zeros.t + 11.004_732_932_526).abs() < 1e-12);
        assert!((against_zeros.df - 249.0).abs() < 1e-10);
        assert!((against_zeros.p_value() / 3.2583e-23 - 1.0).abs() < 1e-4);
    }

    #[test]
    fn too_few_values_or_no_variance_is_nan() {
        assert!(welch_test(of(&[1.0]), of(&[1.0, 2.0])).t.is_nan());
        assert!(welch_test(of(&[1.0, 1.0]), of(&[2.0, 2.0])).df.is_nan());
        assert!(welch_test(of(&[]), of(&[2.0, 3.0])).p_value().is_nan());
    }
}
