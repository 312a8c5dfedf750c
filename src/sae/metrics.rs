//! How well a sparse autoencoder describes data: L0, explained variance, mean squared error, live features.
//!
//! Streams over cells and sums in f64. Explained variance is 1 − Σ‖x − x̂‖² / Σ‖x − x̄‖² over all cells and
//! dimensions (SAE.md, FVU), NaN where the data do not vary. A feature is live if any activation exceeds 1e-10
//! (PAPER.md §1). No cells: everything NaN and nothing live.

use super::{Sae, SaeError};
use crate::data::{CellId, DenseMatrix, SparseActivations};

/// Above this an activation counts when features are called live (the paper's value).
const LIVE_ABOVE: f32 = 1e-10;

/// How a sparse autoencoder does on data.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SaeMetrics {
    /// Mean number of active features per cell.
    pub l0: f64,
    /// 1 − Σ‖x − x̂‖² / Σ‖x − x̄‖².
    pub explained_variance: f64,
    /// Features active in at least one cell.
    pub n_live: usize,
    /// Mean squared error over cells × dimensions.
    pub mse: f64,
}

/// Evaluates `sae` on `inputs`, `[n_cells, d_in]`, whose activations are `activations`.
///
/// # Errors
/// [`SaeError::InputDims`] if the inputs have other dimensions than the autoencoder reads.
///
/// # Panics
/// If `activations` are of another number of cells or features.
pub fn evaluate(sae: &Sae, inputs: &DenseMatrix, activations: &SparseActivations) -> Result<SaeMetrics, SaeError> {
    sae.check_input(inputs)?;
    assert_eq!(activations.n_cells(), inputs.n_rows(), "activations are of the same cells");
    assert_eq!(activations.n_features(), sae.n_features(), "activations are of the same autoencoder");
    let (n_cells, d_in) = (inputs.n_rows() as f64, sae.d_in());
    let mean = column_means(inputs);
    let mut reconstruction = vec![0.0; d_in];
    let (mut error, mut variation) = (0.0, 0.0);
    for row in 0..inputs.n_rows() {
        let (features, values) = activations.cell(CellId::from_index(row));
        sae.decode_into(features.iter().copied().zip(values.iter().copied()), &mut reconstruction);
        let cell = inputs.row(row);
        error += squared_distance(cell, reconstruction.iter().map(|&x| f64::from(x)));
        variation += squared_distance(cell, mean.iter().copied());
    }
    let by_feature = activations.by_feature();
    let is_live = |feature: &usize| by_feature.major(*feature).1.iter().any(|&value| value > LIVE_ABOVE);
    Ok(SaeMetrics {
        l0: activations.by_cell().n_nonzero() as f64 / n_cells,
        explained_variance: if variation > 0.0 { 1.0 - error / variation } else { f64::NAN },
        n_live: (0..activations.n_features()).filter(is_live).count(),
        mse: error / (n_cells * d_in as f64),
    })
}

/// Mean of every column, summed in f64.
pub(crate) fn column_means(matrix: &DenseMatrix) -> Vec<f64> {
    let mut sums = vec![0.0; matrix.n_cols()];
    for row in 0..matrix.n_rows() {
        for (sum, &value) in sums.iter_mut().zip(matrix.row(row)) {
            *sum += f64::from(value);
        }
    }
    sums.into_iter().map(|sum| sum / matrix.n_rows() as f64).collect()
}

/// Σ (a − b)² of one cell against a point.
pub(crate) fn squared_distance(cell: &[f32], point: impl Iterator<Item = f64>) -> f64 {
    cell.iter().zip(point).map(|(&a, b)| (f64::from(a) - b).powi(2)).sum()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::SparseBuilder;
    use crate::sae::{Architecture, SaeWeights};

    /// Two features, + and − of one dimension: reconstructs exactly what it encodes.
    fn mirror() -> Sae {
        let weights = SaeWeights {
            w_enc: DenseMatrix::new(1, 3, vec![1.0, -1.0, 0.0]).unwrap(),
            b_enc: vec![0.0, 0.0, -1.0],
            w_dec: DenseMatrix::new(3, 1, vec![1.0, -1.0, 1.0]).unwrap(),
            b_dec: vec![0.0],
            threshold: None,
        };
        Sae::new(Architecture::Standard, weights, false).unwrap()
    }

    fn activations(sae: &Sae, inputs: &DenseMatrix) -> SparseActivations {
        let mut builder = SparseBuilder::new(sae.n_features());
        for row in 0..inputs.n_rows() {
            builder.push_major(sae.encode_cell(inputs.row(row)));
        }
        SparseActivations::from_cells(builder.finish())
    }

    #[test]
    fn a_perfect_autoencoder_explains_everything() {
        let (sae, inputs) = (mirror(), DenseMatrix::new(4, 1, vec![1.0, -2.0, 0.0, 5.0]).unwrap());
        let metrics = evaluate(&sae, &inputs, &activations(&sae, &inputs)).unwrap();
        assert_eq!(metrics, SaeMetrics { l0: 0.75, explained_variance: 1.0, n_live: 2, mse: 0.0 });
    }

    #[test]
    fn codes_of_nothing_explain_by_their_bias_alone() {
        let (sae, inputs) = (mirror(), DenseMatrix::new(2, 1, vec![1.0, 3.0]).unwrap());
        let mut builder = SparseBuilder::new(3);
        builder.push_major([]);
        builder.push_major([]);
        let none = SparseActivations::from_cells(builder.finish());
        let metrics = evaluate(&sae, &inputs, &none).unwrap();
        assert_eq!(metrics, SaeMetrics { l0: 0.0, explained_variance: 1.0 - 10.0 / 2.0, n_live: 0, mse: 5.0 });
    }

    #[test]
    fn data_that_do_not_vary_have_no_explained_variance() {
        let (sae, inputs) = (mirror(), DenseMatrix::new(2, 1, vec![2.0, 2.0]).unwrap());
        let metrics = evaluate(&sae, &inputs, &activations(&sae, &inputs)).unwrap();
        assert!(metrics.explained_variance.is_nan());
    }
}
