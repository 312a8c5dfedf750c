//! The activation a feature is set to.
//!
//! A percentile is over all cells, zeros included, with linear interpolation (NumPy's default); a group's mean counts
//! its inactive cells as 0. Negative and non-finite activations, percentiles and factors are refused.

use super::{SteerError, SteerTarget};
use crate::data::{CellTable, FeatureId, SparseActivations};
use crate::stats::percentile_with_zeros;

/// The activation `target` stands for.
pub(super) fn target_value(
    target: &SteerTarget,
    feature: FeatureId,
    cells: &CellTable,
    activations: &SparseActivations,
) -> Result<f64, SteerError> {
    match target {
        SteerTarget::Value { value } => {
            if is_amount(*value) {
                Ok(*value)
            } else {
                Err(SteerError::Value { found: *value })
            }
        }
        SteerTarget::Percentile { percentile } => {
            if !(0.0..=100.0).contains(percentile) {
                return Err(SteerError::Percentile { found: *percentile });
            }
            let (_, active) = activations.feature(feature);
            Ok(percentile_with_zeros(active, activations.n_cells() - active.len(), *percentile))
        }
        SteerTarget::GroupMean { group, factor } => {
            if !is_amount(*factor) {
                return Err(SteerError::Factor { found: *factor });
            }
            let rows = group.rows(cells);
            if rows.is_empty() {
                return Err(SteerError::EmptyGroup);
            }
            Ok(factor * mean_activation(activations, feature, &rows))
        }
    }
}

fn is_amount(value: f64) -> bool {
    value >= 0.0 && value.is_finite()
}

/// Mean activation over `rows` (ascending, not empty), inactive cells counted as 0.
pub(super) fn mean_activation(activations: &SparseActivations, feature: FeatureId, rows: &[u32]) -> f64 {
    let (cells, values) = activations.feature(feature);
    let active = cells.iter().zip(values).filter(|(cell, _)| rows.binary_search(cell).is_ok());
    active.map(|(_, &value)| f64::from(value)).sum::<f64>() / rows.len() as f64
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::{CellSelection, DenseMatrix, SparseMatrix};

    fn activations() -> SparseActivations {
        let dense = DenseMatrix::new(10, 1, vec![0.0, 0.0, 0.1, 0.0, 0.2, 0.0, 0.0, 0.5, 0.0, 0.0]).unwrap();
        SparseActivations::from_cells(SparseMatrix::from_dense(&dense))
    }

    fn value_of(target: &SteerTarget) -> Result<f64, SteerError> {
        target_value(target, FeatureId(0), &CellTable::without_ids(10), &activations())
    }

    fn group_mean(rows: Vec<u32>, factor: f64) -> SteerTarget {
        SteerTarget::GroupMean { group: CellSelection::Rows(rows), factor }
    }

    #[test]
    fn percentiles_count_inactive_cells() {
        let p99 = value_of(&SteerTarget::Percentile { percentile: 99.0 }).unwrap();
        assert!((p99 - 0.473).abs() < 1e-7);
        assert_eq!(value_of(&SteerTarget::Percentile { percentile: 50.0 }), Ok(0.0));
    }

    #[test]
    fn group_means_count_inactive_cells() {
        let mean = value_of(&group_mean(vec![7, 0], 1.5)).unwrap();
        assert!((mean - 0.375).abs() < 1e-12);
    }

    #[test]
    fn each_senseless_target_has_its_own_error() {
        assert_eq!(value_of(&SteerTarget::Value { value: -1.0 }), Err(SteerError::Value { found: -1.0 }));
        assert!(matches!(value_of(&SteerTarget::Value { value: f64::NAN }), Err(SteerError::Value { .. })));
        assert_eq!(
            value_of(&SteerTarget::Percentile { percentile: 101.0 }),
            Err(SteerError::Percentile { found: 101.0 })
        );
        assert!(matches!(
            value_of(&SteerTarget::Percentile { percentile: f64::NAN }),
            Err(SteerError::Percentile { .. })
        ));
        assert_eq!(value_of(&group_mean(vec![], 1.0)), Err(SteerError::EmptyGroup));
        assert!(matches!(value_of(&group_mean(vec![1], f64::INFINITY)), Err(SteerError::Factor { .. })));
    }
}
