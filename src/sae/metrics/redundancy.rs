//! Features that repeat an earlier one.
//!
//! PAPER.md §1: a live feature is redundant if its Pearson correlation over all cells with some earlier live feature
//! exceeds .95. Which of two is the redundant one depends on their order; how many there are hardly does. Features that
//! do not vary correlate with nothing. Cost: Σ over cells of the square of their active features.

use super::is_live;
use super::similarity::{Moments, overlaps};
use crate::data::{FeatureId, SparseActivations};

/// A correlation above this makes the later feature redundant.
pub const REDUNDANT_ABOVE: f64 = 0.95;

/// Redundant features of an autoencoder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Redundancy {
    /// Live features.
    pub n_live: usize,
    /// Live features that repeat an earlier one.
    pub n_redundant: usize,
    /// For every feature the earlier one it repeats most closely, `[n_features]`.
    pub repeats: Vec<Option<FeatureId>>,
}

/// Counts live features and those that repeat an earlier one.
#[must_use]
pub fn redundancy(activations: &SparseActivations) -> Redundancy {
    let moments = Moments::new(activations);
    let live: Vec<bool> = (0..activations.n_features() as u32).map(|at| is_live(activations, FeatureId(at))).collect();
    let mut repeats = vec![None; live.len()];
    for feature in (0..live.len()).filter(|&feature| live[feature]) {
        let shared = overlaps(activations, FeatureId::from_index(feature), activations);
        let mut closest = REDUNDANT_ABOVE;
        for earlier in (0..feature).filter(|&earlier| live[earlier] && shared[earlier].0 > 0) {
            let pearson = moments.pearson(feature, &moments, earlier, shared[earlier].1);
            if pearson > closest {
                closest = pearson;
                repeats[feature] = Some(FeatureId::from_index(earlier));
            }
        }
    }
    let n_live = live.iter().filter(|&&live| live).count();
    Redundancy { n_live, n_redundant: repeats.iter().flatten().count(), repeats }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::{DenseMatrix, SparseMatrix};

    fn of(rows: &[[f32; 4]]) -> Redundancy {
        let matrix = DenseMatrix::new(rows.len(), 4, rows.concat()).unwrap();
        redundancy(&SparseActivations::from_cells(SparseMatrix::from_dense(&matrix)))
    }

    #[test]
    fn a_copy_repeats_the_earlier_feature_and_the_closest_is_named() {
        let found = of(&[[1.0, 1.1, 2.0, 0.0], [2.0, 2.0, 4.0, 0.0], [3.0, 3.0, 6.0, 1.0], [0.0, 0.0, 0.0, 1.0]]);
        assert_eq!((found.n_live, found.n_redundant), (4, 2));
        assert_eq!(found.repeats, [None, Some(FeatureId(0)), Some(FeatureId(0)), None]);
    }

    #[test]
    fn dead_constant_and_opposite_features_repeat_nothing() {
        let found = of(&[[3.0, 3.0, 0.0, 0.0], [3.0, 3.0, 1.0, 0.0], [3.0, 3.0, 0.0, 0.0]]);
        assert_eq!((found.n_live, found.n_redundant), (3, 0));
    }
}
