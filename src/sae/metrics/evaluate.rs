//! How well a sparse autoencoder describes cells: error, explained variance, sparsity, live features.
//!
//! Streams over cells, in f64 from the decoded value on. FVU is Σ‖x − x̂‖² / Σ‖x − x̄‖² over all cells and dimensions
//! (SAE.md), explained variance 1 − FVU; x̄ is the mean of the very cells measured, so that held-out cells are measured
//! against their own mean. A feature is live if any activation exceeds 1e-10 (PAPER.md §1), dead otherwise: over the
//! cells given, so in a small subset more features are dead than in all cells.
//!
//! Rules: no cells give NaN throughout and no live feature. Cells that do not vary have no FVU (NaN). Cells whose x or
//! x̂ has length 0 have no direction and are left out of the cosine; if none is left it is NaN. A NaN in the inputs
//! spreads into every number that uses it.

use super::LIVE_ABOVE;
use crate::data::{CellId, DenseMatrix, FeatureId, SparseActivations};
use crate::sae::{Sae, SaeError};

/// How a sparse autoencoder does on some cells.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SaeMetrics {
    /// Cells measured.
    pub n_cells: usize,
    /// Mean number of active features per cell.
    pub l0: f64,
    /// Mean sum of activations per cell, Σ_f |z_f|, without decoder norms.
    pub l1: f64,
    /// Fraction of variance unexplained, Σ‖x − x̂‖² / Σ‖x − x̄‖²; 0 is perfect, above 1 worse than the mean.
    pub fvu: f64,
    /// 1 − FVU.
    pub explained_variance: f64,
    /// Mean squared error over cells × dimensions, the convention "as coded".
    pub mse: f64,
    /// Mean over cells of the error summed over dimensions, ‖x − x̂‖²: `mse` × d, the convention "as printed".
    pub squared_error: f64,
    /// Mean cosine of x and x̂, −1 to 1.
    pub cosine: f64,
    /// Features active in at least one of the cells.
    pub n_live: usize,
    /// Share of features active in none of the cells, 0 to 1.
    pub dead_share: f64,
}

/// Evaluates `sae` on all of `inputs`, `[n_cells, d_in]`, whose activations are `activations`.
///
/// # Errors
/// [`SaeError::InputDims`] if the inputs have other dimensions than the autoencoder reads.
///
/// # Panics
/// If `activations` are of another number of cells or features.
pub fn evaluate(sae: &Sae, inputs: &DenseMatrix, activations: &SparseActivations) -> Result<SaeMetrics, SaeError> {
    evaluate_each(sae, inputs, activations, 0..inputs.n_rows())
}

/// Evaluates `sae` on some cells by row, such as those held out; a row given twice counts twice.
///
/// # Errors
/// [`SaeError::InputDims`] if the inputs have other dimensions than the autoencoder reads.
///
/// # Panics
/// If `activations` are of another number of cells or features, or a row does not exist.
pub fn evaluate_rows(
    sae: &Sae,
    inputs: &DenseMatrix,
    activations: &SparseActivations,
    rows: &[u32],
) -> Result<SaeMetrics, SaeError> {
    evaluate_each(sae, inputs, activations, rows.iter().map(|&row| row as usize))
}

fn evaluate_each(
    sae: &Sae,
    inputs: &DenseMatrix,
    activations: &SparseActivations,
    rows: impl Iterator<Item = usize> + Clone,
) -> Result<SaeMetrics, SaeError> {
    sae.check_input(inputs)?;
    assert_eq!(activations.n_cells(), inputs.n_rows(), "activations are of the same cells");
    assert_eq!(activations.n_features(), sae.n_features(), "activations are of the same autoencoder");
    let mean = means_over(inputs, rows.clone());
    let mut sums = Sums { is_live: vec![false; sae.n_features()], ..Sums::default() };
    let mut reconstruction = vec![0.0; sae.d_in()];
    for row in rows {
        let active = activations.cell(CellId::from_index(row));
        decode_into(sae, active, &mut reconstruction);
        sums.add(inputs.row(row), &reconstruction, &mean, active);
    }
    Ok(sums.metrics(sae.d_in()))
}

/// b_dec + Σ z_f W_dec[f] in f64.
fn decode_into(sae: &Sae, (features, values): (&[u32], &[f32]), out: &mut [f64]) {
    for (sum, &bias) in out.iter_mut().zip(&sae.weights().b_dec) {
        *sum = f64::from(bias);
    }
    for (&feature, &value) in features.iter().zip(values) {
        for (sum, &weight) in out.iter_mut().zip(sae.decoder_row(FeatureId(feature))) {
            *sum += f64::from(value) * f64::from(weight);
        }
    }
}

#[derive(Default)]
struct Sums {
    n_cells: usize,
    n_active: usize,
    activation: f64,
    error: f64,
    variation: f64,
    cosine: f64,
    n_directions: usize,
    is_live: Vec<bool>,
}

impl Sums {
    fn add(&mut self, cell: &[f32], reconstruction: &[f64], mean: &[f64], (features, values): (&[u32], &[f32])) {
        self.n_cells += 1;
        self.n_active += features.len();
        for (&feature, &value) in features.iter().zip(values) {
            self.activation += f64::from(value).abs();
            self.is_live[feature as usize] |= value > LIVE_ABOVE;
        }
        self.error += squared_distance(cell, reconstruction.iter().copied());
        self.variation += squared_distance(cell, mean.iter().copied());
        let (mut product, mut length, mut found_length) = (0.0, 0.0, 0.0);
        for (&value, &found) in cell.iter().zip(reconstruction) {
            let value = f64::from(value);
            product += value * found;
            length += value * value;
            found_length += found * found;
        }
        if length != 0.0 && found_length != 0.0 {
            self.cosine += product / (length.sqrt() * found_length.sqrt());
            self.n_directions += 1;
        }
    }

    fn metrics(&self, d_in: usize) -> SaeMetrics {
        let (n_cells, n_features) = (self.n_cells as f64, self.is_live.len());
        // NaN inputs make a NaN variation, which is neither 0 nor above it.
        let fvu = if self.variation == 0.0 { f64::NAN } else { self.error / self.variation };
        let n_live = self.is_live.iter().filter(|&&live| live).count();
        let dead_share = (n_features - n_live) as f64 / n_features as f64;
        SaeMetrics {
            n_cells: self.n_cells,
            l0: self.n_active as f64 / n_cells,
            l1: self.activation / n_cells,
            fvu,
            explained_variance: 1.0 - fvu,
            mse: self.error / (n_cells * d_in as f64),
            squared_error: self.error / n_cells,
            cosine: self.cosine / self.n_directions as f64,
            n_live,
            dead_share: if self.n_cells == 0 { f64::NAN } else { dead_share },
        }
    }
}

/// Mean of every column, summed in f64.
#[cfg(any(test, feature = "burn"))]
pub(crate) fn column_means(matrix: &DenseMatrix) -> Vec<f64> {
    means_over(matrix, 0..matrix.n_rows())
}

fn means_over(matrix: &DenseMatrix, rows: impl Iterator<Item = usize>) -> Vec<f64> {
    let (mut sums, mut n_rows) = (vec![0.0; matrix.n_cols()], 0_usize);
    for row in rows {
        n_rows += 1;
        for (sum, &value) in sums.iter_mut().zip(matrix.row(row)) {
            *sum += f64::from(value);
        }
    }
    sums.into_iter().map(|sum| sum / n_rows as f64).collect()
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

    fn no_activations(n_cells: usize) -> SparseActivations {
        let mut builder = SparseBuilder::new(3);
        (0..n_cells).for_each(|_| builder.push_major([]));
        SparseActivations::from_cells(builder.finish())
    }

    #[test]
    fn a_perfect_autoencoder_explains_everything() {
        let (sae, inputs) = (mirror(), DenseMatrix::new(4, 1, vec![1.0, -2.0, 0.0, 5.0]).unwrap());
        let metrics = evaluate(&sae, &inputs, &activations(&sae, &inputs)).unwrap();
        let expected = SaeMetrics {
            n_cells: 4,
            l0: 0.75,
            l1: 2.0,
            fvu: 0.0,
            explained_variance: 1.0,
            mse: 0.0,
            squared_error: 0.0,
            cosine: 1.0,
            n_live: 2,
            dead_share: 1.0 / 3.0,
        };
        assert_eq!(metrics, expected);
    }

    #[test]
    fn codes_of_nothing_explain_by_their_bias_alone() {
        let (sae, inputs) = (mirror(), DenseMatrix::new(2, 1, vec![1.0, 3.0]).unwrap());
        let metrics = evaluate(&sae, &inputs, &no_activations(2)).unwrap();
        assert_eq!((metrics.l0, metrics.fvu, metrics.explained_variance), (0.0, 10.0 / 2.0, 1.0 - 10.0 / 2.0));
        assert_eq!((metrics.n_live, metrics.dead_share, metrics.mse), (0, 1.0, 5.0));
        assert!(metrics.cosine.is_nan());
    }

    #[test]
    fn data_that_do_not_vary_have_no_explained_variance() {
        let (sae, inputs) = (mirror(), DenseMatrix::new(2, 1, vec![2.0, 2.0]).unwrap());
        let metrics = evaluate(&sae, &inputs, &activations(&sae, &inputs)).unwrap();
        assert!(metrics.explained_variance.is_nan() && metrics.fvu.is_nan());
    }

    #[test]
    fn held_out_cells_are_measured_by_themselves() {
        let (sae, inputs) = (mirror(), DenseMatrix::new(4, 1, vec![1.0, 3.0, -9.0, 100.0]).unwrap());
        let some = evaluate_rows(&sae, &inputs, &no_activations(4), &[0, 1]).unwrap();
        let alone = evaluate(&sae, &inputs.select_rows([0, 1].into_iter()), &no_activations(2)).unwrap();
        assert_eq!((some.n_cells, some.fvu, some.mse, some.n_live), (2, alone.fvu, alone.mse, alone.n_live));
        let live = evaluate_rows(&sae, &inputs, &activations(&sae, &inputs), &[2]).unwrap();
        assert_eq!((live.n_live, live.l1), (1, 9.0));
    }

    #[test]
    fn no_cells_have_no_metrics() {
        let (sae, inputs) = (mirror(), DenseMatrix::new(1, 1, vec![1.0]).unwrap());
        let none = evaluate_rows(&sae, &inputs, &no_activations(1), &[]).unwrap();
        for value in [none.l0, none.l1, none.fvu, none.mse, none.squared_error, none.cosine, none.dead_share] {
            assert!(value.is_nan());
        }
        assert_eq!((none.n_cells, none.n_live), (0, 0));
    }

    #[test]
    fn a_nan_in_the_inputs_spreads() {
        let (sae, inputs) = (mirror(), DenseMatrix::new(2, 1, vec![1.0, f32::NAN]).unwrap());
        let metrics = evaluate(&sae, &inputs, &no_activations(2)).unwrap();
        assert!(metrics.fvu.is_nan() && metrics.mse.is_nan());
    }

    #[test]
    fn other_dimensions_are_refused() {
        let error = evaluate(&mirror(), &DenseMatrix::zeros(1, 2), &no_activations(1)).unwrap_err();
        assert_eq!(error, SaeError::InputDims { found: 2, expected: 1 });
    }
}
