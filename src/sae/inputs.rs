//! What is done to the inputs before training: centring, scaling, whitening; all of it exactly invertible.
//!
//! x' = (x − μ)A. Centring: μ is the mean of every dimension (else 0). Scaling: A = √(d / E‖x − μ‖²), so that
//! E‖x'‖² = d. Whitening: [`Whitening`], which keeps dimensions where they were; constant dimensions stay constant. Dead
//! features are driven by ‖μ‖/‖σ‖ (SAE.md), which is told, too. Sums in f64; inputs that do not vary are not scaled.

use super::InputScaling;
use super::metrics::{column_means, squared_distance};
use crate::data::DenseMatrix;
use crate::stats::{Whitening, WhiteningError};

/// x' = (x − μ)A, with its inverse.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct InputMap {
    /// μ, `[d_in]`.
    pub(crate) center: Vec<f64>,
    spread: Spread,
}

#[derive(Clone, Debug, PartialEq)]
enum Spread {
    Factor(f64),
    Whitening(Whitening),
}

impl InputMap {
    /// Finds the map from the inputs training sees, `[n_cells, d_in]`.
    ///
    /// # Errors
    /// [`WhiteningError`] for inputs that can't be whitened: none, too wide, or not finite.
    pub(crate) fn fit(inputs: &DenseMatrix, is_centered: bool, scaling: InputScaling) -> Result<Self, WhiteningError> {
        let mean = column_means(inputs);
        let center = if is_centered { mean } else { vec![0.0; inputs.n_cols()] };
        let spread = match scaling {
            InputScaling::None => Spread::Factor(1.0),
            InputScaling::Factor => Spread::Factor(factor(inputs, &center)),
            InputScaling::Whiten => match Whitening::fit(inputs) {
                Err(WhiteningError::Constant { .. }) => Spread::Factor(1.0),
                whitening => Spread::Whitening(whitening?),
            },
        };
        Ok(Self { center, spread })
    }

    /// x' of every row.
    pub(crate) fn apply(&self, inputs: &DenseMatrix) -> DenseMatrix {
        let mut out = DenseMatrix::zeros(inputs.n_rows(), inputs.n_cols());
        for row in 0..inputs.n_rows() {
            let centred = inputs.row(row).iter().zip(&self.center).map(|(&x, mu)| f64::from(x) - mu);
            match &self.spread {
                Spread::Factor(factor) => {
                    out.row_mut(row).iter_mut().zip(centred).for_each(|(out, x)| *out = (x * factor) as f32);
                }
                Spread::Whitening(whitening) => {
                    let centred: Vec<f64> = centred.collect();
                    multiply(&centred, whitening.matrix(), out.row_mut(row));
                }
            }
        }
        out
    }

    /// A·W for a matrix with a row for every dimension, `[d_in, n]`.
    pub(crate) fn times_columns(&self, matrix: &DenseMatrix) -> DenseMatrix {
        match &self.spread {
            Spread::Factor(factor) => scaled(matrix, *factor),
            Spread::Whitening(whitening) => times_symmetric(&matrix.transposed(), whitening.matrix()).transposed(),
        }
    }

    /// W·A⁻¹ for a matrix with a column for every dimension, `[n, d_in]`.
    pub(crate) fn rows_times_inverse(&self, matrix: &DenseMatrix) -> DenseMatrix {
        match &self.spread {
            Spread::Factor(factor) => scaled(matrix, 1.0 / factor),
            Spread::Whitening(whitening) => times_symmetric(matrix, whitening.inverse()),
        }
    }
}

/// ‖μ‖ / ‖σ‖ of inputs `[n_cells, d_in]`: how far they lie from the origin against how far from each other.
///
/// Above 1 or so, features that never fire abound unless the inputs are centred (SAE.md). NaN for inputs that do not
/// vary.
pub fn offset_ratio(inputs: &DenseMatrix) -> f64 {
    let mean = column_means(inputs);
    let variance = mean_squared_distance(inputs, &mean);
    let offset: f64 = mean.iter().map(|mu| mu * mu).sum();
    if variance > 0.0 { (offset / variance).sqrt() } else { f64::NAN }
}

fn factor(inputs: &DenseMatrix, center: &[f64]) -> f64 {
    let squared = mean_squared_distance(inputs, center);
    if squared > 0.0 { (inputs.n_cols() as f64 / squared).sqrt() } else { 1.0 }
}

fn mean_squared_distance(inputs: &DenseMatrix, center: &[f64]) -> f64 {
    let cells = 0..inputs.n_rows();
    let sum: f64 = cells.map(|row| squared_distance(inputs.row(row), center.iter().copied())).sum();
    sum / inputs.n_rows() as f64
}

/// A row times a symmetric matrix, `[d_in, d_in]`.
fn multiply(row: &[f64], symmetric: &[f64], out: &mut [f32]) {
    for (out, column) in out.iter_mut().zip(symmetric.chunks_exact(row.len())) {
        *out = column.iter().zip(row).map(|(a, x)| a * x).sum::<f64>() as f32;
    }
}

fn times_symmetric(matrix: &DenseMatrix, symmetric: &[f64]) -> DenseMatrix {
    let mut out = DenseMatrix::zeros(matrix.n_rows(), matrix.n_cols());
    for row in 0..matrix.n_rows() {
        let values: Vec<f64> = matrix.row(row).iter().map(|&x| f64::from(x)).collect();
        multiply(&values, symmetric, out.row_mut(row));
    }
    out
}

fn scaled(matrix: &DenseMatrix, factor: f64) -> DenseMatrix {
    let mut out = matrix.clone();
    for row in 0..out.n_rows() {
        out.row_mut(row).iter_mut().for_each(|value| *value = (f64::from(*value) * factor) as f32);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fit(inputs: &DenseMatrix, is_centered: bool, scaling: InputScaling) -> InputMap {
        InputMap::fit(inputs, is_centered, scaling).unwrap()
    }

    fn inputs() -> DenseMatrix {
        let value = |at: usize| ((at * 7919 + 13) % 101) as f32 / 25.0 + (at % 3) as f32;
        DenseMatrix::new(40, 3, (0..120).map(value).collect()).unwrap()
    }

    #[test]
    fn scaled_inputs_have_a_squared_length_of_their_dimensions() {
        for is_centered in [true, false] {
            let map = fit(&inputs(), is_centered, InputScaling::Factor);
            let out = map.apply(&inputs());
            approx::assert_relative_eq!(mean_squared_distance(&out, &[0.0; 3]), 3.0, max_relative = 1e-6);
        }
    }

    #[test]
    fn whitened_inputs_have_a_variance_of_one_each() {
        let out = fit(&inputs(), true, InputScaling::Whiten).apply(&inputs());
        assert!(column_means(&out).iter().all(|mean| mean.abs() < 1e-6));
        approx::assert_relative_eq!(mean_squared_distance(&out, &[0.0; 3]), 3.0, max_relative = 1e-5);
    }

    #[test]
    fn a_map_and_its_inverse_cancel() {
        let mut flat = inputs();
        (0..40).for_each(|row| flat.row_mut(row)[1] = 2.5);
        for (data, scaling) in
            [(inputs(), InputScaling::Whiten), (flat, InputScaling::Whiten), (inputs(), InputScaling::Factor)]
        {
            let map = fit(&data, true, scaling);
            let back = map.rows_times_inverse(&map.apply(&data));
            for row in 0..40 {
                for (dim, value) in back.row(row).iter().enumerate() {
                    approx::assert_abs_diff_eq!(
                        f64::from(*value) + map.center[dim],
                        f64::from(data.row(row)[dim]),
                        epsilon = 1e-4
                    );
                }
            }
        }
    }

    #[test]
    fn inputs_that_do_not_vary_are_left_as_they_are() {
        let same = DenseMatrix::new(3, 2, vec![0.0; 6]).unwrap();
        for scaling in [InputScaling::Factor, InputScaling::Whiten] {
            assert_eq!(fit(&same, true, scaling).apply(&same), same);
        }
        assert!(offset_ratio(&same).is_nan());
    }

    #[test]
    fn the_offset_ratio_compares_mean_and_spread() {
        let two = DenseMatrix::new(2, 2, vec![4.0, 3.0, 2.0, 3.0]).unwrap();
        approx::assert_relative_eq!(offset_ratio(&two), 18.0_f64.sqrt());
    }
}
