//! Which cells a feature's genes are compared between: the paper's groups, oddities included.
//!
//! arXiv 2410.11468, scFeatureLens: positive are cells above the 99th percentile of the activation over all cells,
//! zeros included, strictly (so all active cells if fewer than 1 % are active). Negative are all cells below the
//! 1st percentile, then the first 1,000 cells at exactly 0 in file order. Known oddities, kept on purpose: where
//! zeros are fewer than about 1 % a zero cell can be in the negative group twice and counts twice; and the zeros are
//! the first in the file, not a random sample, so file order matters.

use crate::data::{FeatureId, SparseActivations};
use crate::stats::percentile_of_sorted;

const POSITIVE_PERCENTILE: f64 = 99.0;
const NEGATIVE_PERCENTILE: f64 = 1.0;
/// Cells at 0 that are taken as background at most.
pub(super) const MAX_ZERO_CELLS: usize = 1_000;

/// The cells compared for one feature, by row; a row listed twice counts twice.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct CellGroups {
    /// Cells with the largest activations, in file order.
    pub positive: Vec<u32>,
    /// Cells below the low percentile, then cells at 0, each in file order.
    pub negative: Vec<u32>,
    /// Positive cells are above this.
    pub positive_threshold: f64,
    /// Negative cells are below this or at 0.
    pub negative_threshold: f64,
}

impl CellGroups {
    /// The paper's groups of a feature; both empty without cells.
    #[must_use]
    pub fn of_feature(activations: &SparseActivations, feature: FeatureId) -> Self {
        let (cells, values) = activations.feature(feature);
        let n_zeros = activations.n_cells() - cells.len();
        let mut sorted = values.to_vec();
        sorted.sort_unstable_by(f32::total_cmp);
        let positive_threshold = percentile_of_sorted(&sorted, n_zeros, POSITIVE_PERCENTILE);
        let negative_threshold = percentile_of_sorted(&sorted, n_zeros, NEGATIVE_PERCENTILE);
        let mut groups = Self { positive_threshold, negative_threshold, ..Self::default() };
        groups.fill(activations.n_cells(), cells, values);
        groups
    }

    fn fill(&mut self, n_cells: usize, cells: &[u32], values: &[f32]) {
        let mut zeros = Vec::new();
        let mut active = cells.iter().zip(values).peekable();
        for cell in 0..n_cells as u32 {
            let value = active.next_if(|&(&at, _)| at == cell).map_or(0.0, |(_, &value)| f64::from(value));
            if value > self.positive_threshold {
                self.positive.push(cell);
            }
            if value < self.negative_threshold {
                self.negative.push(cell);
            }
            if value == 0.0 && zeros.len() < MAX_ZERO_CELLS {
                zeros.push(cell);
            }
        }
        self.negative.append(&mut zeros);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::{DenseMatrix, SparseMatrix};

    fn groups(values: Vec<f32>) -> CellGroups {
        let dense = DenseMatrix::new(values.len(), 1, values).unwrap();
        CellGroups::of_feature(&SparseActivations::from_cells(SparseMatrix::from_dense(&dense)), FeatureId(0))
    }

    #[test]
    fn golden_percentile_leaves_one_cell_above() {
        let groups = groups(vec![0.0, 0.1, 0.0, 0.0, 0.5, 0.0, 0.2, 0.0, 0.0, 0.0]);
        assert!((groups.positive_threshold - 0.473).abs() < 1e-7);
        assert_eq!(groups.negative_threshold, 0.0);
        assert_eq!(groups.positive, [4]);
        assert_eq!(groups.negative, [0, 2, 3, 5, 7, 8, 9]);
    }

    #[test]
    fn few_active_cells_are_all_positive_and_zeros_stop_at_a_thousand() {
        let mut values = vec![0.0; 2_000];
        values[1_500] = 1.0;
        values[3] = 0.25;
        let groups = groups(values);
        assert_eq!(groups.positive, [3, 1_500]);
        assert_eq!(groups.negative.len(), 1_000);
        assert_eq!(groups.negative.last(), Some(&1_000));
    }

    #[test]
    fn rare_zeros_are_negative_twice() {
        let mut values: Vec<f32> = (1..=400).map(|value| value as f32).collect();
        values[7] = 0.0;
        let groups = groups(values);
        assert_eq!(groups.negative, [0, 1, 2, 7, 7]);
        assert_eq!(groups.positive.len(), 4);
    }

    #[test]
    fn a_tie_at_the_top_leaves_no_positive_cell() {
        assert!(groups(vec![2.0; 50]).positive.is_empty());
    }
}
