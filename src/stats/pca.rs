//! Principal components of dense rows, for maps and for pictures of steering.
//!
//! Method: covariance about the column means in f64 (ddof 1), symmetric eigendecomposition by nalgebra. Equal to
//! scikit-learn's `PCA` up to the sign of a component; here the loading largest in absolute value is positive (of
//! loadings equal to nine digits, the first), so the same data always give the same picture.
//! A direction without variance (constant data, more components than dimensions or than cells − 1) is a zero
//! vector: it projects every cell to exactly 0 instead of to rounding noise. NaN never comes here: data
//! containers refuse it; should it, fitting ends with [`PcaError::NotConverged`] or gives zero vectors.

use nalgebra::{DMatrix, DVector};

use super::moments::{Moments, column_means, eigen_descending};
use crate::data::DenseMatrix;

/// Widest data fitted through a covariance matrix.
pub const MAX_PCA_DIMS: usize = 4096;

/// Loadings closer than this (relative) count as tied when the sign is chosen.
const SIGN_TIE: f64 = 1e-9;

/// Why principal components can't be fitted.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum PcaError {
    /// Nothing to fit.
    #[error("principal components need at least one cell and one dimension, found {n_cells} cells × {n_dims}")]
    Empty {
        /// Cells found.
        n_cells: usize,
        /// Dimensions found.
        n_dims: usize,
    },
    /// No component asked for.
    #[error("the number of principal components must be at least 1, not 0")]
    NoComponents,
    /// Wider than a covariance matrix can reasonably be.
    #[error("principal components of {n_dims} dimensions are too costly here (at most {MAX_PCA_DIMS}); reduce first")]
    TooWide {
        /// Dimensions found.
        n_dims: usize,
    },
    /// The eigendecomposition did not end: values that are not finite.
    #[error("principal components could not be computed; check the data for NaN or infinite values")]
    NotConverged,
}

/// Principal components fitted on some rows, ready to project others.
///
/// # Shapes
/// mean `[d]`, components `[n_components, d]`.
#[derive(Clone, Debug, PartialEq)]
pub struct Pca {
    mean: Vec<f64>,
    components: Vec<Vec<f64>>,
    explained_variance: Vec<f64>,
    explained_variance_ratio: Vec<f64>,
}

impl Pca {
    /// Fits the first `n_components` on all rows.
    ///
    /// # Shapes
    /// `data` is `[n, d]`; any n and d from 1 on, components past min(n − 1, d) are zero vectors.
    ///
    /// # Errors
    /// [`PcaError`] for empty or too wide data, for no components, and where values are not finite.
    ///
    /// # Example
    /// ```
    /// use featurescope::{data::DenseMatrix, stats::Pca};
    /// let line = DenseMatrix::new(3, 2, vec![0.0, 0.0, 1.0, 1.0, 2.0, 2.0])?;
    /// let pca = Pca::fit(&line, 2)?;
    /// assert!((pca.explained_variance_ratio()[0] - 1.0).abs() < 1e-12);
    /// assert_eq!(pca.project_row(&[1.0, 1.0]), [0.0, 0.0]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn fit(data: &DenseMatrix, n_components: usize) -> Result<Self, PcaError> {
        check(data, n_components)?;
        let mean = column_means(data);
        let rows: Vec<u32> = (0..data.n_rows() as u32).collect();
        let moments = Moments::of_rows(data, &rows, &mean);
        let scatter = moments.scatter_about(&moments.mean());
        let covariance = scatter / (moments.n - 1.0).max(1.0);
        let total = covariance.trace();
        let (values, vectors) = eigen_descending(covariance).ok_or(PcaError::NotConverged)?;
        Ok(Self::from_eigen(&mean, &values, &vectors, total, n_components))
    }

    fn from_eigen(
        mean: &DVector<f64>,
        values: &DVector<f64>,
        vectors: &DMatrix<f64>,
        total: f64,
        n_components: usize,
    ) -> Self {
        let d = mean.len();
        let noise = values[0] * d as f64 * f64::EPSILON;
        let n_real = values.iter().take_while(|&&value| value > noise).count().min(n_components);
        let mut components: Vec<Vec<f64>> = (0..n_real).map(|at| signed(vectors.column(at).iter().copied())).collect();
        let mut explained_variance: Vec<f64> = values.iter().take(n_real).copied().collect();
        components.resize(n_components, vec![0.0; d]);
        explained_variance.resize(n_components, 0.0);
        let share = |&value: &f64| if total > 0.0 { value / total } else { 0.0 };
        let explained_variance_ratio = explained_variance.iter().map(share).collect();
        Self { mean: mean.iter().copied().collect(), components, explained_variance, explained_variance_ratio }
    }

    /// Number of components, those without variance included.
    pub fn n_components(&self) -> usize {
        self.components.len()
    }

    /// Column means taken off before projecting, `[d]`.
    pub fn mean(&self) -> &[f64] {
        &self.mean
    }

    /// Loadings of component `at` on every dimension, unit length or all zero, `[d]`.
    pub fn component(&self, at: usize) -> &[f64] {
        &self.components[at]
    }

    /// Variance along each component (ddof 1), largest first.
    pub fn explained_variance(&self) -> &[f64] {
        &self.explained_variance
    }

    /// Share of the total variance along each component; 0 for constant data.
    pub fn explained_variance_ratio(&self) -> &[f64] {
        &self.explained_variance_ratio
    }

    /// Scores of one row, `[n_components]`.
    ///
    /// # Panics
    /// If the row has another width than the data fitted: the caller's bug.
    #[must_use]
    pub fn project_row(&self, row: &[f32]) -> Vec<f64> {
        assert_eq!(row.len(), self.mean.len(), "a row of {} in a PCA of {}", row.len(), self.mean.len());
        let score = |component: &Vec<f64>| {
            component.iter().zip(row.iter().zip(&self.mean)).map(|(w, (&x, m))| w * (f64::from(x) - m)).sum()
        };
        self.components.iter().map(score).collect()
    }

    /// Scores of every row.
    ///
    /// # Shapes
    /// `[n, d]` to `[n, n_components]`.
    ///
    /// # Panics
    /// If the rows have another width than the data fitted: the caller's bug.
    #[must_use]
    pub fn project(&self, data: &DenseMatrix) -> DenseMatrix {
        let mut out = DenseMatrix::zeros(data.n_rows(), self.n_components());
        for row in 0..data.n_rows() {
            let scores = self.project_row(data.row(row));
            for (slot, score) in out.row_mut(row).iter_mut().zip(scores) {
                *slot = score as f32;
            }
        }
        out
    }
}

fn check(data: &DenseMatrix, n_components: usize) -> Result<(), PcaError> {
    let (n_cells, n_dims) = (data.n_rows(), data.n_cols());
    if n_cells == 0 || n_dims == 0 {
        return Err(PcaError::Empty { n_cells, n_dims });
    }
    if n_dims > MAX_PCA_DIMS {
        return Err(PcaError::TooWide { n_dims });
    }
    if n_components == 0 {
        return Err(PcaError::NoComponents);
    }
    Ok(())
}

fn signed(loadings: impl Iterator<Item = f64>) -> Vec<f64> {
    let loadings: Vec<f64> = loadings.collect();
    let largest = loadings.iter().fold(0.0_f64, |max, loading| max.max(loading.abs()));
    let leading = loadings.iter().find(|loading| loading.abs() >= largest * (1.0 - SIGN_TIE));
    let sign = if leading.is_some_and(|&loading| loading < 0.0) { -1.0 } else { 1.0 };
    loadings.into_iter().map(|loading| loading * sign).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const TOLERANCE: f64 = 1e-9; // a 2 × 2 problem in f64

    #[test]
    fn the_largest_loading_is_positive() {
        let data = DenseMatrix::new(4, 2, vec![0.0, 0.0, 1.0, -3.0, 2.0, -6.0, 3.0, -9.0]).unwrap();
        let pca = Pca::fit(&data, 1).unwrap();
        assert!(pca.component(0)[1] > 0.9 && pca.component(0)[0] < 0.0);
        let tied = DenseMatrix::new(2, 2, vec![1.0, -1.0, -1.0, 1.0]).unwrap();
        assert!(Pca::fit(&tied, 1).unwrap().component(0)[0] > 0.7);
    }

    #[test]
    fn constant_data_project_to_zero() {
        let data = DenseMatrix::new(3, 2, vec![5.0; 6]).unwrap();
        let pca = Pca::fit(&data, 2).unwrap();
        assert_eq!(pca.explained_variance_ratio(), [0.0, 0.0]);
        assert_eq!(pca.project(&data).values(), [0.0; 6]);
    }

    #[test]
    fn one_dimension_gives_a_flat_second_component() {
        let data = DenseMatrix::new(3, 1, vec![1.0, 2.0, 6.0]).unwrap();
        let projected = Pca::fit(&data, 2).unwrap().project(&data);
        assert_eq!(projected.values(), [-2.0, 0.0, -1.0, 0.0, 3.0, 0.0]);
    }

    #[test]
    fn fewer_cells_than_dimensions_keep_their_distances() {
        let data = DenseMatrix::new(2, 3, vec![0.0, 0.0, 0.0, 2.0, 3.0, 6.0]).unwrap();
        let pca = Pca::fit(&data, 3).unwrap();
        let projected = pca.project(&data);
        let distance = f64::from(projected.row(1)[0] - projected.row(0)[0]);
        assert!((distance - 7.0).abs() < 1e-6);
        assert_eq!(pca.explained_variance()[1..], [0.0, 0.0]);
        let single = DenseMatrix::new(1, 2, vec![3.0, 4.0]).unwrap();
        assert_eq!(Pca::fit(&single, 2).unwrap().project(&single).values(), [0.0, 0.0]);
    }

    #[test]
    fn data_far_from_the_origin_keep_their_variance() {
        let data = DenseMatrix::new(4, 1, vec![1e6, 1e6 + 1.0, 1e6 + 2.0, 1e6 + 3.0]).unwrap();
        let pca = Pca::fit(&data, 1).unwrap();
        assert!((pca.explained_variance()[0] - 5.0 / 3.0).abs() < TOLERANCE);
    }

    #[test]
    fn nonsense_is_refused() {
        assert_eq!(Pca::fit(&DenseMatrix::zeros(0, 3), 2), Err(PcaError::Empty { n_cells: 0, n_dims: 3 }));
        assert_eq!(Pca::fit(&DenseMatrix::zeros(3, 3), 0), Err(PcaError::NoComponents));
        assert_eq!(Pca::fit(&DenseMatrix::zeros(1, 5000), 2), Err(PcaError::TooWide { n_dims: 5000 }));
    }
}
