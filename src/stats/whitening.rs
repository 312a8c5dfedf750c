//! Symmetric whitening (ZCA): inputs of covariance 1 that stay as near to the original ones as can be.
//!
//! x' = (x − μ) A with A = V λ^(−½) Vᵀ from the eigenvalues λ and eigenvectors V of the covariance about the mean (n in
//! the denominator, f64), and A⁻¹ = V λ^½ Vᵀ (Kessy, Lewin & Strimmer 2018). Eigenvalues below 10⁻⁶ of the largest
//! are raised to that, so a direction that hardly varies is amplified a thousand times at most, and A⁻¹ A = 1 holds.
//!
//! Rules: data that do not vary at all cannot be whitened; NaN never comes here, should it, fitting ends with
//! [`WhiteningError::NotConverged`].

use nalgebra::DMatrix;

use super::moments::{Moments, column_means, eigen_descending};
use super::pca::MAX_PCA_DIMS;
use crate::data::DenseMatrix;

/// Eigenvalues are raised to this share of the largest.
const FLOOR: f64 = 1e-6;

/// Why data cannot be whitened.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum WhiteningError {
    /// Nothing to fit.
    #[error("whitening needs at least one cell and one dimension, found {n_cells} cells × {n_dims}")]
    Empty {
        /// Cells found.
        n_cells: usize,
        /// Dimensions found.
        n_dims: usize,
    },
    /// Wider than a covariance matrix can reasonably be.
    #[error("whitening {n_dims} dimensions is too costly here (at most {MAX_PCA_DIMS}); reduce them first")]
    TooWide {
        /// Dimensions found.
        n_dims: usize,
    },
    /// Every cell is the same.
    #[error("the {n_cells} cells do not differ in any dimension, so there is nothing to whiten; check the embedding")]
    Constant {
        /// Cells found.
        n_cells: usize,
    },
    /// The eigendecomposition did not end: values that are not finite.
    #[error("whitening could not be computed; check the data for NaN or infinite values")]
    NotConverged,
}

/// A fitted whitening.
///
/// # Shapes
/// mean `[d]`; both matrices `[d, d]`, symmetric.
#[derive(Clone, Debug, PartialEq)]
pub struct Whitening {
    mean: Vec<f64>,
    matrix: Vec<f64>,
    inverse: Vec<f64>,
    n_floored: usize,
}

impl Whitening {
    /// Fits all rows.
    ///
    /// # Shapes
    /// `data` is `[n, d]`.
    ///
    /// # Errors
    /// [`WhiteningError`] for empty, too wide or constant data, and where values are not finite.
    ///
    /// # Example
    /// ```
    /// use featurescope::{data::DenseMatrix, stats::Whitening};
    /// let whitening = Whitening::fit(&DenseMatrix::new(2, 1, vec![-3.0, 3.0])?)?;
    /// assert!((whitening.matrix()[0] - 1.0 / 3.0).abs() < 1e-12 && (whitening.inverse()[0] - 3.0).abs() < 1e-12);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn fit(data: &DenseMatrix) -> Result<Self, WhiteningError> {
        let (n_cells, n_dims) = (data.n_rows(), data.n_cols());
        if n_cells == 0 || n_dims == 0 {
            return Err(WhiteningError::Empty { n_cells, n_dims });
        }
        if n_dims > MAX_PCA_DIMS {
            return Err(WhiteningError::TooWide { n_dims });
        }
        let mean = column_means(data);
        let rows: Vec<u32> = (0..n_cells as u32).collect();
        let moments = Moments::of_rows(data, &rows, &mean);
        let covariance = moments.scatter_about(&moments.mean()) / moments.n;
        if !covariance.iter().all(|value| value.is_finite()) {
            return Err(WhiteningError::NotConverged);
        }
        let (values, vectors) = eigen_descending(covariance).ok_or(WhiteningError::NotConverged)?;
        if values[0] <= 0.0 {
            return Err(WhiteningError::Constant { n_cells });
        }
        let floor = FLOOR * values[0];
        let matrix = scaled(&vectors, values.iter().map(|value| value.max(floor).sqrt().recip()));
        let inverse = scaled(&vectors, values.iter().map(|value| value.max(floor).sqrt()));
        let n_floored = values.iter().filter(|&&value| value < floor).count();
        Ok(Self { mean: mean.iter().copied().collect(), matrix, inverse, n_floored })
    }

    /// Column means, taken off first, `[d]`.
    pub fn mean(&self) -> &[f64] {
        &self.mean
    }

    /// A, `[d, d]`.
    pub fn matrix(&self) -> &[f64] {
        &self.matrix
    }

    /// A⁻¹, `[d, d]`.
    pub fn inverse(&self) -> &[f64] {
        &self.inverse
    }

    /// Directions whose variance was raised to the floor.
    pub fn n_floored(&self) -> usize {
        self.n_floored
    }
}

/// V diag(scales) Vᵀ; symmetric, so rows and columns are the same.
fn scaled(vectors: &DMatrix<f64>, scales: impl Iterator<Item = f64>) -> Vec<f64> {
    let mut left = vectors.clone();
    for (mut column, scale) in left.column_iter_mut().zip(scales) {
        column *= scale;
    }
    let product = left * vectors.transpose();
    ((&product + product.transpose()) * 0.5).iter().copied().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whitened_data_have_covariance_one() {
        let values = vec![1.0, 2.0, 0.0, 5.0, -1.0, 0.5, 4.0, 4.0, 2.0, -3.0];
        let data = DenseMatrix::new(5, 2, values).unwrap();
        let whitening = Whitening::fit(&data).unwrap();
        let a = DMatrix::from_row_slice(2, 2, whitening.matrix());
        let centred = DMatrix::from_fn(5, 2, |row, at| f64::from(data.row(row)[at]) - whitening.mean()[at]) * &a;
        let covariance = centred.transpose() * centred / 5.0;
        assert!((covariance - DMatrix::identity(2, 2)).abs().max() < 1e-12);
        let inverse = DMatrix::from_row_slice(2, 2, whitening.inverse());
        assert!((a * inverse - DMatrix::identity(2, 2)).abs().max() < 1e-12);
    }

    #[test]
    fn a_constant_dimension_is_amplified_by_a_thousand_at_most() {
        let data = DenseMatrix::new(2, 2, vec![-2.0, 7.0, 2.0, 7.0]).unwrap();
        let whitening = Whitening::fit(&data).unwrap();
        assert_eq!(whitening.n_floored(), 1);
        assert!((whitening.matrix()[0] - 0.5).abs() < 1e-12 && (whitening.matrix()[3] - 500.0).abs() < 1e-9);
    }

    #[test]
    fn nonsense_is_refused() {
        let fit = |n, d, values| Whitening::fit(&DenseMatrix::new(n, d, values).unwrap());
        assert_eq!(fit(0, 2, vec![]), Err(WhiteningError::Empty { n_cells: 0, n_dims: 2 }));
        assert_eq!(fit(1, 5000, vec![0.0; 5000]), Err(WhiteningError::TooWide { n_dims: 5000 }));
        assert_eq!(fit(3, 1, vec![5.0; 3]), Err(WhiteningError::Constant { n_cells: 3 }));
        assert_eq!(fit(2, 1, vec![f32::NAN, 1.0]), Err(WhiteningError::NotConverged));
    }
}
