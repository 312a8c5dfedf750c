//! Compressed sparse matrices: expression by gene, activations by cell and by feature.
//!
//! Indices within a major row are strictly ascending, so no entry is stored twice. Stored zeros are dropped.

use super::{CellId, DataError, DenseMatrix, FeatureId, SparseRow, SparseRows};

/// A compressed sparse matrix of f32: CSR if the major axis is the rows, CSC if it is the columns.
///
/// # Shapes
/// `[n_major, n_minor]`; `indptr` has `n_major + 1` entries, `indices` and `values` one per stored value.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SparseMatrix {
    n_minor: usize,
    indptr: Vec<usize>,
    indices: Vec<u32>,
    values: Vec<f32>,
}

impl SparseMatrix {
    /// Takes compressed parts as they come from a file, sorting indices and dropping stored zeros.
    ///
    /// # Errors
    /// [`DataError::Sparse`] where `indptr` does not start at 0, falls, or ends elsewhere than at the number of
    /// values, or where an index is outside; [`DataError::StoredTwice`] where a place has two values.
    pub fn new(n_minor: usize, indptr: Vec<usize>, indices: Vec<u32>, values: Vec<f32>) -> Result<Self, DataError> {
        let mut matrix = Self { n_minor, indptr, indices, values };
        matrix.check_pointers()?;
        for major in 0..matrix.n_major() {
            matrix.sort_major(major)?;
        }
        matrix.drop_zeros();
        Ok(matrix)
    }

    fn check_pointers(&self) -> Result<(), DataError> {
        let damaged = |reason: String| Err(DataError::Sparse { reason });
        if self.n_minor >= u32::MAX as usize || self.indptr.len() > u32::MAX as usize {
            return Err(DataError::TooLarge { what: "a sparse matrix", found: self.n_minor.max(self.indptr.len()) });
        }
        if self.indices.len() != self.values.len() {
            return damaged(format!("{} indices but {} values", self.indices.len(), self.values.len()));
        }
        let (Some(&first), Some(&last)) = (self.indptr.first(), self.indptr.last()) else {
            return damaged("indptr is empty".to_owned());
        };
        if first != 0 || last != self.values.len() {
            let n_values = self.values.len();
            return damaged(format!("indptr runs from {first} to {last} but there are {n_values} values"));
        }
        if let Some(at) = self.indptr.windows(2).position(|pair| pair[0] > pair[1]) {
            return damaged(format!("indptr falls after position {at}"));
        }
        Ok(())
    }

    fn sort_major(&mut self, major: usize) -> Result<(), DataError> {
        let range = self.indptr[major]..self.indptr[major + 1];
        let indices = &mut self.indices[range.clone()];
        let values = &mut self.values[range];
        if !indices.is_sorted_by(|a, b| a < b) {
            let mut pairs: Vec<(u32, f32)> = indices.iter().copied().zip(values.iter().copied()).collect();
            pairs.sort_by_key(|pair| pair.0);
            for (at, (index, value)) in pairs.into_iter().enumerate() {
                indices[at] = index;
                values[at] = value;
            }
            if let Some(twice) = indices.windows(2).find_map(|pair| (pair[0] == pair[1]).then_some(pair[0])) {
                return Err(DataError::StoredTwice { major, minor: twice });
            }
        }
        match indices.last() {
            Some(&last) if last as usize >= self.n_minor => {
                Err(DataError::Sparse { reason: format!("index {last} in row {major} is outside 0..{}", self.n_minor) })
            }
            _ => Ok(()),
        }
    }

    fn drop_zeros(&mut self) {
        if self.values.iter().all(|&value| value != 0.0) {
            return;
        }
        let mut kept = 0;
        let mut start = 0;
        for major in 0..self.n_major() {
            let end = self.indptr[major + 1];
            for at in start..end {
                if self.values[at] != 0.0 {
                    self.values[kept] = self.values[at];
                    self.indices[kept] = self.indices[at];
                    kept += 1;
                }
            }
            start = end;
            self.indptr[major + 1] = kept;
        }
        self.values.truncate(kept);
        self.indices.truncate(kept);
    }

    /// Keeps the non-zeros of a dense matrix, major axis = its rows.
    #[must_use]
    pub fn from_dense(dense: &DenseMatrix) -> Self {
        let mut builder = SparseBuilder::new(dense.n_cols());
        for row in 0..dense.n_rows() {
            let entries = dense.row(row).iter().enumerate().filter(|(_, value)| **value != 0.0);
            builder.push_major(entries.map(|(index, value)| (index as u32, *value)));
        }
        builder.finish()
    }

    /// Rows of the compressed axis.
    pub fn n_major(&self) -> usize {
        self.indptr.len().saturating_sub(1)
    }

    /// Length of the other axis.
    pub fn n_minor(&self) -> usize {
        self.n_minor
    }

    /// Stored values, none of them zero.
    pub fn n_nonzero(&self) -> usize {
        self.values.len()
    }

    /// Indices (ascending) and values of one major row.
    #[inline]
    pub fn major(&self, major: usize) -> (&[u32], &[f32]) {
        let range = self.indptr[major]..self.indptr[major + 1];
        (&self.indices[range.clone()], &self.values[range])
    }

    /// Row starts, `n_major + 1` of them.
    pub fn indptr(&self) -> &[usize] {
        &self.indptr
    }

    /// All values in storage order.
    pub fn values(&self) -> &[f32] {
        &self.values
    }

    /// Applies `f(major, minor, value)` to every stored value; results of 0 stay stored.
    pub fn map_values(&mut self, mut f: impl FnMut(usize, u32, f32) -> f32) {
        for major in 0..self.n_major() {
            for at in self.indptr[major]..self.indptr[major + 1] {
                self.values[at] = f(major, self.indices[at], self.values[at]);
            }
        }
    }

    /// One major row as a dense vector, `[n_minor]`.
    #[must_use]
    pub fn dense_major(&self, major: usize) -> Vec<f32> {
        let mut out = vec![0.0; self.n_minor];
        let (indices, values) = self.major(major);
        for (&index, &value) in indices.iter().zip(values) {
            out[index as usize] = value;
        }
        out
    }

    /// The same matrix compressed along the other axis (CSR ↔ CSC).
    #[must_use]
    pub fn transposed(&self) -> Self {
        Self::transpose_of(self)
    }

    /// The matrix `[n_minor, n_major]` of rows `[n_major, n_minor]`, which are read twice.
    #[must_use]
    pub fn transpose_of(rows: &impl SparseRows) -> Self {
        let (n_major, n_minor) = (rows.n_major(), rows.n_minor());
        let mut row = SparseRow::default();
        let mut indptr = vec![0_usize; n_minor + 1];
        for major in 0..n_major {
            rows.read(major, &mut row);
            row.indices.iter().for_each(|&index| indptr[index as usize + 1] += 1);
        }
        for at in 0..n_minor {
            indptr[at + 1] += indptr[at];
        }
        let mut next = indptr.clone();
        let mut indices = vec![0_u32; indptr[n_minor]];
        let mut values = vec![0.0_f32; indptr[n_minor]];
        for major in 0..n_major {
            rows.read(major, &mut row);
            for (&index, &value) in row.indices.iter().zip(&row.values) {
                let at = next[index as usize];
                next[index as usize] += 1;
                indices[at] = major as u32;
                values[at] = value;
            }
        }
        Self { n_minor: n_major, indptr, indices, values }
    }
}

/// Builds a [`SparseMatrix`] one major row after the other.
#[derive(Debug)]
pub struct SparseBuilder {
    matrix: SparseMatrix,
}

impl SparseBuilder {
    /// Starts a matrix with `n_minor` columns and no rows.
    #[must_use]
    pub fn new(n_minor: usize) -> Self {
        Self { matrix: SparseMatrix { n_minor, indptr: vec![0], indices: Vec::new(), values: Vec::new() } }
    }

    /// Appends a row of `(index, value)` entries; indices must ascend, values of 0 are dropped.
    ///
    /// # Panics
    /// If an index is not below `n_minor` or does not ascend: the caller's bug.
    pub fn push_major(&mut self, entries: impl IntoIterator<Item = (u32, f32)>) {
        let start = self.matrix.indices.len();
        for (index, value) in entries {
            assert!((index as usize) < self.matrix.n_minor, "index {index} outside 0..{}", self.matrix.n_minor);
            let last = self.matrix.indices[start..].last();
            assert!(last.is_none_or(|&last| last < index), "indices must ascend");
            if value != 0.0 {
                self.matrix.indices.push(index);
                self.matrix.values.push(value);
            }
        }
        self.matrix.indptr.push(self.matrix.indices.len());
    }

    /// The finished matrix.
    #[must_use]
    pub fn finish(self) -> SparseMatrix {
        self.matrix
    }
}

/// Activations of all features in all cells, never dense: by cell (CSR) and by feature (CSC).
///
/// # Shapes
/// `by_cell` is `[n_cells, n_features]`, `by_feature` its transpose.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SparseActivations {
    by_cell: SparseMatrix,
    by_feature: SparseMatrix,
}

impl SparseActivations {
    /// Takes activations compressed by cell and makes the by-feature copy.
    #[must_use]
    pub fn from_cells(by_cell: SparseMatrix) -> Self {
        let by_feature = by_cell.transposed();
        Self { by_cell, by_feature }
    }

    /// Number of cells.
    pub fn n_cells(&self) -> usize {
        self.by_cell.n_major()
    }

    /// Number of features, live or dead.
    pub fn n_features(&self) -> usize {
        self.by_cell.n_minor()
    }

    /// Active features of a cell: feature positions (ascending) and activations.
    pub fn cell(&self, cell: CellId) -> (&[u32], &[f32]) {
        self.by_cell.major(cell.index())
    }

    /// Active cells of a feature: cell positions (ascending) and activations.
    pub fn feature(&self, feature: FeatureId) -> (&[u32], &[f32]) {
        self.by_feature.major(feature.index())
    }

    /// A feature's activation in every cell, `[n_cells]`.
    pub fn feature_dense(&self, feature: FeatureId) -> Vec<f32> {
        self.by_feature.dense_major(feature.index())
    }

    /// The matrix by cell.
    pub fn by_cell(&self) -> &SparseMatrix {
        &self.by_cell
    }

    /// The matrix by feature.
    pub fn by_feature(&self) -> &SparseMatrix {
        &self.by_feature
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample() -> SparseMatrix {
        SparseMatrix::new(3, vec![0, 2, 2, 4], vec![2, 0, 1, 2], vec![3.0, 1.0, 5.0, 0.0]).unwrap()
    }

    #[test]
    fn indices_are_sorted_and_zeros_dropped() {
        let matrix = sample();
        assert_eq!(matrix.major(0), (&[0, 2][..], &[1.0, 3.0][..]));
        assert_eq!(matrix.major(2), (&[1][..], &[5.0][..]));
        assert_eq!(matrix.n_nonzero(), 3);
    }

    #[test]
    fn transposing_twice_gives_the_same() {
        assert_eq!(sample().transposed().transposed(), sample());
        assert_eq!(sample().transposed().dense_major(2), [3.0, 0.0, 0.0]);
    }

    #[test]
    fn damage_is_refused() {
        assert!(SparseMatrix::new(3, vec![0, 1], vec![3], vec![1.0]).is_err());
        assert!(SparseMatrix::new(3, vec![0, 2], vec![1, 1], vec![1.0, 1.0]).is_err());
        assert!(SparseMatrix::new(3, vec![0, 2, 1], vec![1], vec![1.0]).is_err());
        assert!(SparseMatrix::new(3, vec![], vec![], vec![]).is_err());
    }
}
