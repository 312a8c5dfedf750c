//! Mean, variance and standard deviation of a sample, in f64.
//!
//! Two passes: the mean first, then the squared distances to it, so nothing cancels. The variance has ddof 1
//! (divided by n − 1). Rule: the mean of nothing is NaN, the variance of fewer than two values is NaN, and a NaN
//! among the values makes both NaN. Zeros are values like any other.

/// Size, mean and variance of a sample.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Sample {
    /// Number of values.
    pub n: usize,
    /// Mean; NaN if there is no value.
    pub mean: f64,
    /// Variance with ddof 1; NaN below two values.
    pub variance: f64,
}

impl Sample {
    /// The numbers of some values.
    pub fn of(values: impl Iterator<Item = f64> + Clone) -> Self {
        let (n, sum) = values.clone().fold((0_usize, 0.0), |(n, sum), value| (n + 1, sum + value));
        let mean = if n == 0 { f64::NAN } else { sum / n as f64 };
        let squares: f64 = values.map(|value| (value - mean) * (value - mean)).sum();
        Self::from_squares(n, mean, squares)
    }

    /// The numbers of a sample known by its mean and the sum of squared distances to it.
    pub fn from_squares(n: usize, mean: f64, sum_of_squares: f64) -> Self {
        let variance = if n < 2 { f64::NAN } else { sum_of_squares / (n - 1) as f64 };
        Self { n, mean, variance }
    }

    /// Standard deviation with ddof 1; NaN below two values.
    pub fn sd(&self) -> f64 {
        self.variance.sqrt()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variance_has_ddof_one() {
        let sample = Sample::of([1.0, 2.0, 3.0, 4.0, 10.0].into_iter());
        assert_eq!((sample.n, sample.mean, sample.variance), (5, 4.0, 12.5));
    }

    #[test]
    fn small_samples_are_nan() {
        assert!(Sample::of(std::iter::empty()).mean.is_nan());
        let one = Sample::of([3.0].into_iter());
        assert_eq!(one.mean, 3.0);
        assert!(one.sd().is_nan());
    }

    #[test]
    fn a_large_offset_does_not_cancel() {
        let sample = Sample::of([1e9 + 1.0, 1e9 + 2.0, 1e9 + 3.0].into_iter());
        assert_eq!(sample.variance, 1.0);
    }
}
