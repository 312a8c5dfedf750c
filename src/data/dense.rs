//! A dense, row-major f32 matrix: embeddings, coordinates, dictionaries.

use super::DataError;

/// A dense row-major matrix of f32.
///
/// # Shapes
/// `values` is `[n_rows, n_cols]`, row after row.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct DenseMatrix {
    n_rows: usize,
    n_cols: usize,
    values: Vec<f32>,
}

impl DenseMatrix {
    /// Takes `values` as `[n_rows, n_cols]`.
    ///
    /// # Errors
    /// [`DataError::Shape`] if the count does not match, [`DataError::TooLarge`] past 32 bits.
    pub fn new(n_rows: usize, n_cols: usize, values: Vec<f32>) -> Result<Self, DataError> {
        for (what, found) in [("rows", n_rows), ("columns", n_cols)] {
            if found >= u32::MAX as usize {
                return Err(DataError::TooLarge { what, found });
            }
        }
        if n_rows.checked_mul(n_cols) != Some(values.len()) {
            return Err(DataError::Shape { n_rows, n_cols, found: values.len() });
        }
        Ok(Self { n_rows, n_cols, values })
    }

    /// All zeros.
    #[must_use]
    pub fn zeros(n_rows: usize, n_cols: usize) -> Self {
        Self { n_rows, n_cols, values: vec![0.0; n_rows * n_cols] }
    }

    /// Number of rows.
    pub fn n_rows(&self) -> usize {
        self.n_rows
    }

    /// Number of columns.
    pub fn n_cols(&self) -> usize {
        self.n_cols
    }

    /// One row, `[n_cols]`.
    #[inline]
    pub fn row(&self, row: usize) -> &[f32] {
        &self.values[row * self.n_cols..(row + 1) * self.n_cols]
    }

    /// One row, writable.
    #[inline]
    pub fn row_mut(&mut self, row: usize) -> &mut [f32] {
        &mut self.values[row * self.n_cols..(row + 1) * self.n_cols]
    }

    /// All values, row-major.
    pub fn values(&self) -> &[f32] {
        &self.values
    }

    /// The values, row-major.
    #[must_use]
    pub fn into_values(self) -> Vec<f32> {
        self.values
    }

    /// One column copied out, `[n_rows]`.
    #[must_use]
    pub fn column(&self, column: usize) -> Vec<f32> {
        (0..self.n_rows).map(|row| self.values[row * self.n_cols + column]).collect()
    }

    /// The transposed matrix.
    #[must_use]
    pub fn transposed(&self) -> Self {
        let mut out = Self::zeros(self.n_cols, self.n_rows);
        for row in 0..self.n_rows {
            for (column, &value) in self.row(row).iter().enumerate() {
                out.values[column * self.n_rows + row] = value;
            }
        }
        out
    }

    /// Rows picked by position, in the order given.
    #[must_use]
    pub fn select_rows(&self, rows: impl ExactSizeIterator<Item = usize>) -> Self {
        let n_rows = rows.len();
        let mut values = Vec::with_capacity(n_rows * self.n_cols);
        for row in rows {
            values.extend_from_slice(self.row(row));
        }
        Self { n_rows, n_cols: self.n_cols, values }
    }

    /// Checks that every value is finite.
    ///
    /// # Errors
    /// [`DataError::NotFinite`] with the first offending place; `what` names the matrix.
    pub fn check_finite(&self, what: &str) -> Result<(), DataError> {
        match self.values.iter().position(|value| !value.is_finite()) {
            None => Ok(()),
            Some(at) => Err(DataError::NotFinite {
                what: what.to_owned(),
                row: at / self.n_cols,
                column: at % self.n_cols,
                value: self.values[at],
            }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wrong_count_is_refused() {
        assert_eq!(DenseMatrix::new(2, 2, vec![0.0; 3]), Err(DataError::Shape { n_rows: 2, n_cols: 2, found: 3 }));
    }

    #[test]
    fn transposing_twice_gives_the_same() {
        let matrix = DenseMatrix::new(2, 3, vec![1.0, 2.0, 3.0, 4.0, 5.0, 6.0]).unwrap();
        assert_eq!(matrix.transposed().row(0), [1.0, 4.0]);
        assert_eq!(matrix.transposed().transposed(), matrix);
    }

    #[test]
    fn a_nan_is_found_with_its_place() {
        let matrix = DenseMatrix::new(2, 2, vec![0.0, 1.0, f32::NAN, 2.0]).unwrap();
        assert!(matches!(matrix.check_finite("X"), Err(DataError::NotFinite { row: 1, column: 0, .. })));
    }
}
