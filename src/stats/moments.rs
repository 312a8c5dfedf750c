//! First and second moments of the rows of a matrix, in f64: what PCA and ridge regression are solved from.
//!
//! Rows are shifted by a fixed point (the mean over all rows) before products are summed, so that data far from
//! the origin lose no digits; products go through nalgebra's matrix multiplication, a block of rows at a time.
//! NaN and infinite values spread into every result: data containers refuse them before they come here.

use nalgebra::{DMatrix, DVector, SymmetricEigen};

use crate::data::DenseMatrix;

const ROWS_PER_BLOCK: usize = 512;
const MAX_EIGEN_ITERATIONS: usize = 100_000;

/// Sums over some rows x, each shifted by a common point m: n, Σ(x − m) and Σ(x − m)(x − m)ᵀ.
///
/// # Shapes
/// `sum` is `[d]`, `gram` `[d, d]`.
#[derive(Clone, Debug)]
pub(crate) struct Moments {
    pub(crate) n: f64,
    pub(crate) sum: DVector<f64>,
    pub(crate) gram: DMatrix<f64>,
}

impl Moments {
    /// Sums over `rows` of `matrix`, shifted by `shift`.
    ///
    /// # Shapes
    /// `matrix` is `[n, d]`, `shift` `[d]`.
    pub(crate) fn of_rows(matrix: &DenseMatrix, rows: &[u32], shift: &DVector<f64>) -> Self {
        let d = matrix.n_cols();
        let mut moments = Self { n: rows.len() as f64, sum: DVector::zeros(d), gram: DMatrix::zeros(d, d) };
        for block in rows.chunks(ROWS_PER_BLOCK) {
            moments.add_block(matrix, block, shift);
        }
        moments
    }

    fn add_block(&mut self, matrix: &DenseMatrix, rows: &[u32], shift: &DVector<f64>) {
        let mut shifted = Vec::with_capacity(rows.len() * matrix.n_cols());
        for &row in rows {
            let values = matrix.row(row as usize);
            shifted.extend(values.iter().zip(shift.iter()).map(|(&value, centre)| f64::from(value) - centre));
        }
        let by_column = DMatrix::from_vec(matrix.n_cols(), rows.len(), shifted);
        self.sum += by_column.column_sum();
        self.gram.gemm(1.0, &by_column, &by_column.transpose(), 1.0);
    }

    /// The sums over the rows of `self` that are not among those of `part`.
    pub(crate) fn without(&self, part: &Self) -> Self {
        Self { n: self.n - part.n, sum: &self.sum - &part.sum, gram: &self.gram - &part.gram }
    }

    /// Adds the rows of another set, shifted by the same point.
    pub(crate) fn add(&mut self, other: &Self) {
        self.n += other.n;
        self.sum += &other.sum;
        self.gram += &other.gram;
    }

    /// The mean of the shifted rows; zero without rows.
    pub(crate) fn mean(&self) -> DVector<f64> {
        &self.sum / self.n.max(1.0)
    }

    /// Σ(x − p)(x − p)ᵀ about another point p, given in shifted coordinates.
    pub(crate) fn scatter_about(&self, point: &DVector<f64>) -> DMatrix<f64> {
        let cross = point * self.sum.transpose();
        &self.gram - &cross - cross.transpose() + point * point.transpose() * self.n
    }
}

/// The mean of every column, f64, `[d]`; zero without rows.
pub(crate) fn column_means(matrix: &DenseMatrix) -> DVector<f64> {
    let mut means = DVector::zeros(matrix.n_cols());
    for row in 0..matrix.n_rows() {
        for (mean, &value) in means.iter_mut().zip(matrix.row(row)) {
            *mean += f64::from(value);
        }
    }
    means / matrix.n_rows().max(1) as f64
}

/// Eigenvalues (largest first, never negative) and eigenvectors (columns) of a positive semi-definite matrix;
/// `None` if the iteration does not end, which only values that are not finite cause.
pub(crate) fn eigen_descending(matrix: DMatrix<f64>) -> Option<(DVector<f64>, DMatrix<f64>)> {
    let eigen = SymmetricEigen::try_new(matrix, f64::EPSILON, MAX_EIGEN_ITERATIONS)?;
    let mut order: Vec<usize> = (0..eigen.eigenvalues.len()).collect();
    order.sort_by(|&a, &b| eigen.eigenvalues[b].total_cmp(&eigen.eigenvalues[a]).then(a.cmp(&b)));
    let values = DVector::from_iterator(order.len(), order.iter().map(|&at| eigen.eigenvalues[at].max(0.0)));
    let vectors = eigen.eigenvectors.select_columns(&order);
    Some((values, vectors))
}

#[cfg(test)]
mod tests {
    use super::*;

    const TOLERANCE: f64 = 1e-12; // sums of a few small numbers in f64

    fn sample() -> DenseMatrix {
        DenseMatrix::new(3, 2, vec![1.0, 2.0, 3.0, 5.0, 8.0, 13.0]).unwrap()
    }

    #[test]
    fn parts_add_up_to_the_whole() {
        let matrix = sample();
        let shift = column_means(&matrix);
        let whole = Moments::of_rows(&matrix, &[0, 1, 2], &shift);
        let mut sum = Moments::of_rows(&matrix, &[1], &shift);
        sum.add(&Moments::of_rows(&matrix, &[0, 2], &shift));
        assert!((&whole.gram - &sum.gram).abs().max() < TOLERANCE);
        let rest = whole.without(&Moments::of_rows(&matrix, &[1], &shift));
        assert!((rest.gram - Moments::of_rows(&matrix, &[0, 2], &shift).gram).abs().max() < TOLERANCE);
    }

    #[test]
    fn scatter_about_the_mean_is_the_covariance_numerator() {
        let matrix = sample();
        let moments = Moments::of_rows(&matrix, &[0, 1, 2], &DVector::zeros(2));
        let scatter = moments.scatter_about(&moments.mean());
        assert!((scatter[(0, 0)] - 26.0).abs() < TOLERANCE);
        assert!((scatter[(0, 1)] - 41.0).abs() < TOLERANCE);
    }

    #[test]
    fn eigenvalues_fall_and_nan_is_not_an_endless_loop() {
        let (values, vectors) = eigen_descending(DMatrix::from_row_slice(2, 2, &[1.0, 0.0, 0.0, 4.0])).unwrap();
        assert_eq!((values[0], values[1]), (4.0, 1.0));
        assert!(vectors[(1, 0)].abs() > 0.99);
        let _ = eigen_descending(DMatrix::from_element(3, 3, f64::NAN));
    }
}
