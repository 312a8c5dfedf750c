//! How well features recover variables that are known, as in a simulation.
//!
//! PAPER.md §1: recovery of a variable is the Pearson correlation of the feature with the largest |r|; features per
//! variable counts those with |r| > .95. Variables already in the data reach high values by themselves, so state what
//! the inputs alone reach beside it. Of equal |r| the lower feature is named. A variable that does not vary, or without
//! any feature that does, has no recovery (NaN).

use super::redundancy::REDUNDANT_ABOVE;
use super::similarity::{Moments, overlaps};
use crate::data::{FeatureId, SparseActivations};

/// A known variable and the feature that follows it most.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct VariableRecovery {
    /// The feature with the largest |r|.
    pub feature: Option<FeatureId>,
    /// Its correlation with the variable, with sign, −1 to 1; NaN without a feature.
    pub correlation: f64,
    /// Features with |r| > .95.
    pub n_features: usize,
}

/// Measures every variable, given like activations: `[n_cells, n_variables]`, zeros not stored.
///
/// # Panics
/// If both are of different numbers of cells.
#[must_use]
pub fn recovery(activations: &SparseActivations, variables: &SparseActivations) -> Vec<VariableRecovery> {
    assert_eq!(activations.n_cells(), variables.n_cells(), "variables are known of the same cells");
    let (moments, variable_moments) = (Moments::new(activations), Moments::new(variables));
    let measure = |variable: usize| {
        let shared = overlaps(variables, FeatureId::from_index(variable), activations);
        let mut found = VariableRecovery { feature: None, correlation: f64::NAN, n_features: 0 };
        for (feature, &(_, product)) in shared.iter().enumerate() {
            let correlation = variable_moments.pearson(variable, &moments, feature, product);
            found.n_features += usize::from(correlation.abs() > REDUNDANT_ABOVE);
            let is_first = found.feature.is_none() && !correlation.is_nan();
            if is_first || correlation.abs() > found.correlation.abs() {
                found.feature = Some(FeatureId::from_index(feature));
                found.correlation = correlation;
            }
        }
        found
    };
    (0..variables.n_features()).map(measure).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::{DenseMatrix, SparseMatrix};

    fn matrix(n: usize, values: Vec<f32>) -> SparseActivations {
        let dense = DenseMatrix::new(values.len() / n, n, values).unwrap();
        SparseActivations::from_cells(SparseMatrix::from_dense(&dense))
    }

    #[test]
    fn the_sign_is_kept_and_near_copies_are_counted() {
        let variables = matrix(2, vec![1.0, 5.0, 2.0, 5.0, 3.0, 5.0]);
        let features = matrix(3, vec![0.0, 3.0, 2.0, 0.0, 2.0, 4.0, 1.0, 1.0, 6.0]);
        let found = recovery(&features, &variables);
        assert_eq!(found[0], VariableRecovery { feature: Some(FeatureId(1)), correlation: -1.0, n_features: 2 });
        assert!(found[1].feature.is_none() && found[1].correlation.is_nan());
    }
}
