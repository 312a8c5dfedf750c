//! What is done to the inputs before training: centring, scaling, whitening; all of it exactly invertible.
//!
//! x' = (x − μ)A. Centring: μ is the mean of every dimension (else 0). Scaling: A = √(d / E‖x − μ‖²), so that
//! E‖x'‖² = d. Whitening: A = V·diag(1/√max(λ, 1e-6·λ₁))·Vᵀ from the eigenvectors of the covariance (cells in the
//! denominator), the symmetric square root ("ZCA"), which keeps dimensions where they were; constant dimensions are
//! stretched by the floor and stay constant. Dead features are driven by ‖μ‖/‖σ‖ (SAE.md), which is told, too. Sums in
//! f64; inputs that do not vary are not scaled.

use nalgebra::{DMatrix, SymmetricEigen};
use serde::{Deserialize, Serialize};

use super::metrics::column_means;
use crate::data::DenseMatrix;

/// Eigenvalues below this share of the largest count as this share.
const SMALLEST_EIGENVALUE: f64 = 1e-6;
/// Far more than a symmetric matrix of finite numbers ever takes.
const MAX_EIGEN_ITERATIONS: usize = 100_000;

const MAX_MEDIAN_ITERATIONS: usize = 500;
/// Of the cells' spread.
const MEDIAN_TOLERANCE: f64 = 1e-9;

/// How the spread of inputs is changed before training.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum InputScaling {
    /// Not at all.
    #[default]
    None,
    /// One factor for all: E‖x‖² becomes the number of dimensions.
    Factor,
    /// The covariance becomes the identity.
    Whiten,
}

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
    /// Symmetric, `[d_in, d_in]` both.
    Matrix {
        forward: DMatrix<f64>,
        inverse: DMatrix<f64>,
    },
}

impl InputMap {
    /// Finds the map from the inputs training sees, `[n_cells, d_in]`.
    pub(crate) fn fit(inputs: &DenseMatrix, is_centered: bool, scaling: InputScaling) -> Self {
        let mean = column_means(inputs);
        let center = if is_centered { mean } else { vec![0.0; inputs.n_cols()] };
        let spread = match scaling {
            InputScaling::None => Spread::Factor(1.0),
            InputScaling::Factor => Spread::Factor(factor(inputs, &center)),
            InputScaling::Whiten => whitening(inputs),
        };
        Self { center, spread }
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
                Spread::Matrix { forward, .. } => {
                    let centred: Vec<f64> = centred.collect();
                    multiply(&centred, forward, out.row_mut(row));
                }
            }
        }
        out
    }

    /// A·W for a matrix with a row for every dimension, `[d_in, n]`.
    pub(crate) fn times_columns(&self, matrix: &DenseMatrix) -> DenseMatrix {
        match &self.spread {
            Spread::Factor(factor) => scaled(matrix, *factor),
            Spread::Matrix { forward, .. } => times_symmetric(&matrix.transposed(), forward).transposed(),
        }
    }

    /// W·A⁻¹ for a matrix with a column for every dimension, `[n, d_in]`.
    pub(crate) fn rows_times_inverse(&self, matrix: &DenseMatrix) -> DenseMatrix {
        match &self.spread {
            Spread::Factor(factor) => scaled(matrix, 1.0 / factor),
            Spread::Matrix { inverse, .. } => times_symmetric(matrix, inverse),
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

/// The point with the least sum of distances to the cells of `[n_cells, d_in]`, `[d_in]` (Weiszfeld's iteration with
/// the correction of Vardi and Zhang 2000 for a point that is a cell). No cells: NaN.
pub(crate) fn geometric_median(inputs: &DenseMatrix) -> Vec<f64> {
    let mut middle = column_means(inputs);
    let scale = mean_squared_distance(inputs, &middle).sqrt();
    for _ in 0..MAX_MEDIAN_ITERATIONS {
        let next = weiszfeld(inputs, &middle);
        let moved = next.iter().zip(&middle).map(|(a, b)| (a - b) * (a - b)).sum::<f64>().sqrt();
        middle = next;
        if moved <= MEDIAN_TOLERANCE * scale {
            break;
        }
    }
    middle
}

/// One step towards the geometric median.
fn weiszfeld(inputs: &DenseMatrix, middle: &[f64]) -> Vec<f64> {
    let (mut weights, mut n_there, mut sums) = (0.0, 0.0, vec![0.0; middle.len()]);
    for row in 0..inputs.n_rows() {
        let cell = inputs.row(row);
        let distance = super::metrics::squared_distance(cell, middle.iter().copied()).sqrt();
        if distance > 0.0 {
            weights += 1.0 / distance;
            sums.iter_mut().zip(cell).for_each(|(sum, &x)| *sum += f64::from(x) / distance);
        } else {
            n_there += 1.0;
        }
    }
    if weights == 0.0 {
        return middle.to_vec();
    }
    let pull = sums.iter().zip(middle).map(|(sum, y)| (sum - y * weights).powi(2)).sum::<f64>().sqrt();
    let stay = if pull > 0.0 { (n_there / pull).min(1.0) } else { 1.0 };
    sums.iter().zip(middle).map(|(sum, y)| (1.0 - stay) * sum / weights + stay * y).collect()
}

fn factor(inputs: &DenseMatrix, center: &[f64]) -> f64 {
    let squared = mean_squared_distance(inputs, center);
    if squared > 0.0 { (inputs.n_cols() as f64 / squared).sqrt() } else { 1.0 }
}

fn mean_squared_distance(inputs: &DenseMatrix, center: &[f64]) -> f64 {
    let cells = 0..inputs.n_rows();
    let sum: f64 = cells.map(|row| super::metrics::squared_distance(inputs.row(row), center.iter().copied())).sum();
    sum / inputs.n_rows() as f64
}

fn whitening(inputs: &DenseMatrix) -> Spread {
    let covariance = covariance(inputs);
    let Some(eigen) = SymmetricEigen::try_new(covariance, f64::EPSILON, MAX_EIGEN_ITERATIONS) else {
        return Spread::Factor(1.0);
    };
    let most = eigen.eigenvalues.max();
    if most <= 0.0 {
        return Spread::Factor(1.0);
    }
    let roots = eigen.eigenvalues.map(|value| value.max(SMALLEST_EIGENVALUE * most).sqrt());
    let with = |diagonal: nalgebra::DVector<f64>| {
        let vectors = &eigen.eigenvectors;
        vectors * DMatrix::from_diagonal(&diagonal) * vectors.transpose()
    };
    Spread::Matrix { forward: with(roots.map(|root| 1.0 / root)), inverse: with(roots) }
}

fn covariance(inputs: &DenseMatrix) -> DMatrix<f64> {
    let (n, d) = (inputs.n_rows(), inputs.n_cols());
    let mean = column_means(inputs);
    let mut sums = DMatrix::<f64>::zeros(d, d);
    for row in 0..n {
        let centred: Vec<f64> = inputs.row(row).iter().zip(&mean).map(|(&x, mu)| f64::from(x) - mu).collect();
        for (column, &x) in centred.iter().enumerate() {
            for (sum, y) in sums.column_mut(column).iter_mut().zip(&centred) {
                *sum += x * y;
            }
        }
    }
    sums / n as f64
}

fn multiply(row: &[f64], symmetric: &DMatrix<f64>, out: &mut [f32]) {
    for (out, column) in out.iter_mut().zip(symmetric.column_iter()) {
        *out = column.iter().zip(row).map(|(a, x)| a * x).sum::<f64>() as f32;
    }
}

fn times_symmetric(matrix: &DenseMatrix, symmetric: &DMatrix<f64>) -> DenseMatrix {
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

    fn inputs() -> DenseMatrix {
        let value = |at: usize| ((at * 7919 + 13) % 101) as f32 / 25.0 + (at % 3) as f32;
        DenseMatrix::new(40, 3, (0..120).map(value).collect()).unwrap()
    }

    #[test]
    fn scaled_inputs_have_a_squared_length_of_their_dimensions() {
        for is_centered in [true, false] {
            let map = InputMap::fit(&inputs(), is_centered, InputScaling::Factor);
            let out = map.apply(&inputs());
            approx::assert_relative_eq!(mean_squared_distance(&out, &[0.0; 3]), 3.0, max_relative = 1e-6);
        }
    }

    #[test]
    fn whitened_inputs_have_the_identity_as_covariance() {
        let out = InputMap::fit(&inputs(), true, InputScaling::Whiten).apply(&inputs());
        approx::assert_abs_diff_eq!(covariance(&out), DMatrix::identity(3, 3), epsilon = 1e-5);
        assert!(column_means(&out).iter().all(|mean| mean.abs() < 1e-6));
    }

    #[test]
    fn a_map_and_its_inverse_cancel() {
        let mut flat = inputs();
        (0..40).for_each(|row| flat.row_mut(row)[1] = 2.5);
        for (data, scaling) in
            [(inputs(), InputScaling::Whiten), (flat, InputScaling::Whiten), (inputs(), InputScaling::Factor)]
        {
            let map = InputMap::fit(&data, true, scaling);
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
            assert_eq!(InputMap::fit(&same, true, scaling).apply(&same), same);
        }
        assert!(offset_ratio(&same).is_nan());
    }

    #[test]
    fn the_geometric_median_is_not_moved_by_one_far_cell() {
        let line = DenseMatrix::new(5, 1, vec![0.0, 1.0, 2.0, 3.0, 1e6]).unwrap();
        approx::assert_abs_diff_eq!(geometric_median(&line)[0], 2.0, epsilon = 1e-3);
        let cross = DenseMatrix::new(4, 2, vec![1.0, 0.0, -1.0, 0.0, 0.0, 1.0, 0.0, -1.0]).unwrap();
        approx::assert_abs_diff_eq!(geometric_median(&cross)[..], [0.0; 2][..], epsilon = 1e-9);
    }

    #[test]
    fn the_offset_ratio_compares_mean_and_spread() {
        let two = DenseMatrix::new(2, 2, vec![4.0, 3.0, 2.0, 3.0]).unwrap();
        approx::assert_relative_eq!(offset_ratio(&two), 18.0_f64.sqrt());
    }
}
