//! The cells a feature is most active in.
//!
//! Only active cells are listed, so there can be fewer than asked for. Of equal activations the lower cell comes first;
//! NaN is no activation and left out.

use std::cmp::Ordering;

use crate::data::{CellId, FeatureId, SparseActivations};

/// A cell and a feature's activation in it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct CellActivation {
    /// The cell.
    pub cell: CellId,
    /// The activation, above 0.
    pub activation: f32,
}

/// The `n` cells with a feature's highest activations, highest first.
///
/// # Panics
/// If there is no such feature.
#[must_use]
pub fn top_cells(activations: &SparseActivations, feature: FeatureId, n: usize) -> Vec<CellActivation> {
    let (cells, values) = activations.feature(feature);
    let listed = cells.iter().zip(values).filter(|(_, value)| **value > 0.0);
    let mut top: Vec<CellActivation> =
        listed.map(|(&cell, &activation)| CellActivation { cell: CellId(cell), activation }).collect();
    if n < top.len() {
        top.select_nth_unstable_by(n, |a, b| falling(*a, *b));
        top.truncate(n);
    }
    top.sort_unstable_by(|a, b| falling(*a, *b));
    top
}

fn falling(a: CellActivation, b: CellActivation) -> Ordering {
    b.activation.total_cmp(&a.activation).then(a.cell.cmp(&b.cell))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::{DenseMatrix, SparseMatrix};

    #[test]
    fn highest_first_and_ties_to_the_lower_cell() {
        let values = vec![2.0, 0.0, 5.0, 2.0, f32::NAN, 2.0, 5.0];
        let by_cell = SparseMatrix::from_dense(&DenseMatrix::new(7, 1, values).unwrap());
        let activations = SparseActivations::from_cells(by_cell);
        let cells = |n| top_cells(&activations, FeatureId(0), n).iter().map(|top| top.cell.0).collect::<Vec<u32>>();
        assert_eq!(cells(9), [2, 6, 0, 3, 5]);
        assert_eq!(cells(4), [2, 6, 0, 3]);
        assert_eq!(cells(1), [2]);
        assert!(cells(0).is_empty());
        assert_eq!(top_cells(&activations, FeatureId(0), 1)[0].activation, 5.0);
    }
}
