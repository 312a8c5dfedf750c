//! What each feature does over all cells: how often it is active and how strongly.
//!
//! Mean and standard deviation (ddof 1) are over active cells only, as in the paper's `feature_statistics.csv`
//! (arXiv 2410.11468, scFeatureLens). A cell is active where the activation is not 0. Rule: the mean without an
//! active cell is NaN, the standard deviation below two active cells is NaN; the maximum is over all cells, so 0
//! if none is active.

use crate::data::{FeatureId, SparseActivations};
use crate::stats::Sample;

/// A feature's activations in numbers.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct FeatureStatistics {
    /// The feature.
    pub feature: FeatureId,
    /// Active cells.
    pub n_active: usize,
    /// Active share of all cells.
    pub density: f64,
    /// Mean activation of active cells; NaN if none.
    pub mean_active: f64,
    /// Standard deviation of active cells (ddof 1); NaN below two.
    pub sd_active: f64,
    /// Largest activation over all cells.
    pub max: f64,
    /// Sum over all cells.
    pub sum: f64,
}

impl FeatureStatistics {
    /// Whether the feature is alive, the paper's way: its activations sum to more than 0.
    pub fn is_live(&self) -> bool {
        self.sum > 0.0
    }
}

/// The statistics of every feature, live or dead.
///
/// # Shapes
/// The result is `[n_features]`, by feature id.
#[must_use]
pub fn feature_statistics(activations: &SparseActivations) -> Vec<FeatureStatistics> {
    (0..activations.n_features()).map(|feature| statistics_of(activations, FeatureId::from_index(feature))).collect()
}

fn statistics_of(activations: &SparseActivations, feature: FeatureId) -> FeatureStatistics {
    let (cells, values) = activations.feature(feature);
    let n_cells = activations.n_cells();
    let sample = Sample::of(values.iter().map(|&value| f64::from(value)));
    let max = values.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    FeatureStatistics {
        feature,
        n_active: cells.len(),
        density: cells.len() as f64 / n_cells as f64,
        mean_active: sample.mean,
        sd_active: sample.sd(),
        max: f64::from(if cells.len() < n_cells { max.max(0.0) } else { max }),
        sum: values.iter().map(|&value| f64::from(value)).sum(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::{DenseMatrix, SparseMatrix};

    fn activations() -> SparseActivations {
        let dense = DenseMatrix::new(4, 3, vec![1., 0., 0., 3., 0., 0., 0., 0., 2., 0., 0., 0.]).unwrap();
        SparseActivations::from_cells(SparseMatrix::from_dense(&dense))
    }

    #[test]
    fn mean_and_sd_are_over_active_cells() {
        let first = feature_statistics(&activations())[0];
        assert_eq!((first.n_active, first.density, first.mean_active, first.max), (2, 0.5, 2.0, 3.0));
        assert!((first.sd_active - 2.0_f64.sqrt()).abs() < 1e-15);
    }

    #[test]
    fn a_dead_feature_has_no_mean_and_one_cell_has_no_sd() {
        let rows = feature_statistics(&activations());
        assert!(!rows[1].is_live() && rows[1].mean_active.is_nan());
        assert_eq!(rows[1].max, 0.0);
        assert!(rows[2].is_live() && rows[2].sd_active.is_nan());
    }
}
