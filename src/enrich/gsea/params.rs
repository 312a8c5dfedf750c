//! What a gene set enrichment analysis is asked to do.

use serde::{Deserialize, Serialize};

use super::GseaError;

pub(super) const MIN_PERMUTATIONS: usize = 100;
pub(super) const MAX_PERMUTATIONS: usize = 1_000_000;
pub(super) const MIN_SAMPLE_SIZE: usize = 11;
pub(super) const MAX_SAMPLE_SIZE: usize = 10_001;
pub(super) const MIN_EPS: f64 = 1e-300;
pub(super) const MAX_WEIGHT: f64 = 10.0;

/// Parameters of a preranked gene set enrichment analysis; the defaults are fgsea's, sizes GSEApy's.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct GseaParams {
    /// Sets with fewer ranked genes are left out; at least 1.
    pub min_size: usize,
    /// Sets with more ranked genes are left out, and so is a set of all ranked genes.
    pub max_size: usize,
    /// Random sets of each size for NES and p values above about 0.01; 100 to 1,000,000.
    pub n_permutations: usize,
    /// Whether p too small for the random sets is found by the multilevel method; else every p is a count of random
    /// sets (fgsea's `fgseaSimple`), at least 1/(1 + those of its sign).
    pub is_multilevel: bool,
    /// Samples of the multilevel method, odd, 11 to 10,001; the error of ln p falls with its root.
    pub sample_size: usize,
    /// p values below are given as this; 1e-300 to 1.
    pub eps: f64,
    /// Exponent of |statistic|: 0 is the unweighted (Kolmogorov–Smirnov) statistic; at most 10.
    pub weight: f64,
    /// Seed of everything random.
    pub seed: u64,
}

impl Default for GseaParams {
    fn default() -> Self {
        Self {
            min_size: 15,
            max_size: 500,
            n_permutations: 1000,
            is_multilevel: true,
            sample_size: 101,
            eps: 1e-50,
            weight: 1.0,
            seed: 0,
        }
    }
}

impl GseaParams {
    /// Checks that the parameters make sense.
    ///
    /// # Errors
    /// [`GseaError::SetSizes`], [`GseaError::Permutations`], [`GseaError::SampleSize`], [`GseaError::Eps`] or
    /// [`GseaError::Weight`] for the first value out of its range.
    pub fn check(&self) -> Result<(), GseaError> {
        if self.min_size == 0 || self.min_size > self.max_size {
            return Err(GseaError::SetSizes { min: self.min_size, max: self.max_size });
        }
        if !(MIN_PERMUTATIONS..=MAX_PERMUTATIONS).contains(&self.n_permutations) {
            return Err(GseaError::Permutations { found: self.n_permutations });
        }
        if !(MIN_SAMPLE_SIZE..=MAX_SAMPLE_SIZE).contains(&self.sample_size) || self.sample_size.is_multiple_of(2) {
            return Err(GseaError::SampleSize { found: self.sample_size });
        }
        if !(MIN_EPS..=1.0).contains(&self.eps) {
            return Err(GseaError::Eps { found: self.eps });
        }
        check_weight(self.weight)
    }
}

/// Whether an exponent of the weights is in range.
pub(super) fn check_weight(weight: f64) -> Result<(), GseaError> {
    if (0.0..=MAX_WEIGHT).contains(&weight) { Ok(()) } else { Err(GseaError::Weight { found: weight }) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn checked(change: impl FnOnce(&mut GseaParams)) -> Result<(), GseaError> {
        let mut params = GseaParams::default();
        change(&mut params);
        params.check()
    }

    #[test]
    fn each_impossible_value_is_its_own_error() {
        assert_eq!(checked(|_| ()), Ok(()));
        assert_eq!(checked(|params| params.min_size = 0), Err(GseaError::SetSizes { min: 0, max: 500 }));
        assert_eq!(checked(|params| params.max_size = 14), Err(GseaError::SetSizes { min: 15, max: 14 }));
        assert_eq!(checked(|params| params.n_permutations = 99), Err(GseaError::Permutations { found: 99 }));
        assert_eq!(checked(|params| params.sample_size = 100), Err(GseaError::SampleSize { found: 100 }));
        assert_eq!(checked(|params| params.eps = 0.0), Err(GseaError::Eps { found: 0.0 }));
        assert_eq!(checked(|params| params.weight = -1.0), Err(GseaError::Weight { found: -1.0 }));
        assert!(matches!(checked(|params| params.weight = f64::NAN), Err(GseaError::Weight { .. })));
        assert!(matches!(checked(|params| params.eps = f64::NAN), Err(GseaError::Eps { .. })));
    }

    #[test]
    fn errors_name_the_limits() {
        let text = GseaError::SampleSize { found: 4 }.to_string();
        assert!(text.contains("is 4") && text.contains("11 to 10001"), "{text}");
    }
}
