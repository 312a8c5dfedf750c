//! Sparse rows packed to about two bytes a value, for expression: counts are small and neighbours near.
//!
//! An entry is the gap to the index before it (LEB128, seven bits a byte, least first) and its value: in a row of whole
//! numbers from 1 to 2²⁴ again LEB128, in any other row the four bytes of an f32, little end first. Rows are packed one
//! by one, so they can grow side by side while a file that holds them the other way round is read once, and can be
//! handed to another thread as they are (`travel`). Indices ascend strictly; zeros are not stored; the sign of a zero is
//! lost.

mod batch;
mod kind;
mod row;
mod size;
mod travel;

pub use batch::PackedBatch;
pub use kind::ValueKind;
use row::{PackedRow, decode};
pub use size::packed_size;

use super::{DataError, DenseMatrix, SparseMatrix};

/// One row, unpacked; the same room serves many rows.
///
/// # Shapes
/// `indices` ascend; `values` go with them, none of them 0.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SparseRow {
    /// Indices.
    pub indices: Vec<u32>,
    /// Values.
    pub values: Vec<f32>,
}

impl SparseRow {
    /// The row with its zeros, `[n]`.
    ///
    /// # Panics
    /// If an index is not below `n`: the caller's bug.
    #[must_use]
    pub fn dense(&self, n: usize) -> Vec<f32> {
        let mut out = vec![0.0; n];
        for (&index, &value) in self.indices.iter().zip(&self.values) {
            out[index as usize] = value;
        }
        out
    }

    fn clear(&mut self) {
        self.indices.clear();
        self.values.clear();
    }
}

/// Rows that can be read one at a time, however they are kept.
pub trait SparseRows {
    /// Number of rows.
    fn n_major(&self) -> usize;
    /// Length of a row, zeros included.
    fn n_minor(&self) -> usize;
    /// Stored values of a row.
    fn n_stored(&self, major: usize) -> usize;
    /// Replaces `row` by a row of the matrix.
    fn read(&self, major: usize, row: &mut SparseRow);
}

impl SparseRows for SparseMatrix {
    fn n_major(&self) -> usize {
        self.n_major()
    }

    fn n_minor(&self) -> usize {
        self.n_minor()
    }

    fn n_stored(&self, major: usize) -> usize {
        self.major(major).0.len()
    }

    fn read(&self, major: usize, row: &mut SparseRow) {
        let (indices, values) = self.major(major);
        row.clear();
        row.indices.extend_from_slice(indices);
        row.values.extend_from_slice(values);
    }
}

/// A compressed sparse matrix of f32 in packed rows.
///
/// # Shapes
/// `[n_major, n_minor]`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PackedMatrix {
    n_minor: usize,
    n_nonzero: usize,
    rows: Vec<PackedRow>,
}

impl PackedMatrix {
    /// A matrix without stored values, to be filled by [`Self::push`].
    ///
    /// # Errors
    /// [`DataError::TooLarge`] if indices do not fit 32 bits.
    pub fn empty(n_major: usize, n_minor: usize) -> Result<Self, DataError> {
        let found = n_major.max(n_minor);
        if found >= u32::MAX as usize {
            return Err(DataError::TooLarge { what: "a sparse matrix", found });
        }
        let row = PackedRow::new();
        Ok(Self { n_minor, n_nonzero: 0, rows: vec![row; n_major] })
    }

    /// Makes the matrix at least so large, with rows and columns without values.
    ///
    /// # Errors
    /// [`DataError::TooLarge`] if indices do not fit 32 bits, [`DataError::OutOfMemory`].
    pub fn grow(&mut self, n_major: usize, n_minor: usize) -> Result<(), DataError> {
        let found = n_major.max(n_minor);
        if found >= u32::MAX as usize {
            return Err(DataError::TooLarge { what: "a sparse matrix", found });
        }
        let n_new = n_major.saturating_sub(self.rows.len());
        let bytes = n_new * size_of::<PackedRow>();
        let failed = |_| DataError::OutOfMemory { what: "the expression matrix", bytes };
        self.rows.try_reserve(n_new).map_err(failed)?;
        self.rows.extend((0..n_new).map(|_| PackedRow::new()));
        self.n_minor = self.n_minor.max(n_minor);
        Ok(())
    }

    /// Appends a value to a row whose indices so far are lower; 0 is dropped.
    ///
    /// # Errors
    /// [`DataError::Sparse`] for an index or row outside, or lower than the one before it, [`DataError::StoredTwice`]
    /// for an index that is there already, [`DataError::OutOfMemory`].
    pub fn push(&mut self, major: usize, minor: u32, value: f32) -> Result<(), DataError> {
        if value == 0.0 {
            return Ok(());
        }
        let (n_major, n_minor) = (self.rows.len(), self.n_minor);
        let Some(row) = self.rows.get_mut(major).filter(|_| (minor as usize) < n_minor) else {
            let reason = format!("index {minor} in row {major} is outside {n_minor} × {n_major}");
            return Err(DataError::Sparse { reason });
        };
        row.append(major, [(minor, value)])?;
        self.n_nonzero += 1;
        Ok(())
    }

    /// Gives back room that rows do not use.
    pub fn shrink(&mut self) {
        self.rows.iter_mut().for_each(|row| row.bytes.shrink_to_fit());
    }

    /// Number of rows.
    pub fn n_major(&self) -> usize {
        self.rows.len()
    }

    /// Length of a row, zeros included.
    pub fn n_minor(&self) -> usize {
        self.n_minor
    }

    /// Stored values, none of them zero.
    pub fn n_nonzero(&self) -> usize {
        self.n_nonzero
    }

    /// Bytes that the rows hold, their reserve included.
    pub fn n_bytes(&self) -> u64 {
        let rows: usize = self.rows.iter().map(|row| row.bytes.capacity()).sum();
        (rows + self.rows.capacity() * size_of::<PackedRow>()) as u64
    }

    /// Multiplies every value, in f64 rounded once; what becomes 0 is dropped.
    ///
    /// # Errors
    /// [`DataError::OutOfMemory`].
    pub fn scale(&mut self, factor: f64) -> Result<(), DataError> {
        let mut row = SparseRow::default();
        self.n_nonzero = 0;
        for major in 0..self.rows.len() {
            self.read(major, &mut row);
            self.rows[major] = PackedRow::new();
            for (&minor, &value) in row.indices.iter().zip(&row.values) {
                self.push(major, minor, (f64::from(value) * factor) as f32)?;
            }
            self.rows[major].bytes.shrink_to_fit();
        }
        Ok(())
    }

    /// The matrix of `n_major` rows that has each row of this one in its new place, or not at all.
    ///
    /// # Panics
    /// If there are not as many places as rows, or a place is not below `n_major`: the caller's bug.
    #[must_use]
    pub fn select(self, places: &[Option<usize>], n_major: usize) -> Self {
        assert_eq!(places.len(), self.rows.len(), "every row has a place or none");
        let mut rows = vec![PackedRow::new(); n_major];
        for (row, place) in self.rows.into_iter().zip(places) {
            if let Some(place) = *place {
                rows[place] = row;
            }
        }
        let n_nonzero = rows.iter().map(|row| row.n as usize).sum();
        Self { n_minor: self.n_minor, n_nonzero, rows }
    }

    /// One row in room of its own.
    #[must_use]
    pub fn row(&self, major: usize) -> SparseRow {
        let mut row = SparseRow::default();
        self.read(major, &mut row);
        row
    }

    /// One row with its zeros, `[n_minor]`.
    #[must_use]
    pub fn dense_row(&self, major: usize) -> Vec<f32> {
        self.row(major).dense(self.n_minor)
    }

    /// Calls `look(major, row)` for every row.
    pub fn for_each_row(&self, mut look: impl FnMut(usize, &SparseRow)) {
        let mut row = SparseRow::default();
        for major in 0..self.n_major() {
            self.read(major, &mut row);
            look(major, &row);
        }
    }

    /// The same matrix compressed along the other axis, `[n_minor, n_major]`.
    #[must_use]
    pub fn transposed(&self) -> SparseMatrix {
        SparseMatrix::transpose_of(self)
    }

    /// The same matrix, not packed.
    #[must_use]
    pub fn unpacked(&self) -> SparseMatrix {
        let mut builder = super::SparseBuilder::new(self.n_minor);
        self.for_each_row(|_, row| builder.push_major(row.indices.iter().copied().zip(row.values.iter().copied())));
        builder.finish()
    }
}

impl SparseRows for PackedMatrix {
    fn n_major(&self) -> usize {
        self.n_major()
    }

    fn n_minor(&self) -> usize {
        self.n_minor()
    }

    fn n_stored(&self, major: usize) -> usize {
        self.rows[major].n as usize
    }

    fn read(&self, major: usize, row: &mut SparseRow) {
        let packed = &self.rows[major];
        row.clear();
        let rest = decode(&packed.bytes, packed.n as usize, packed.is_counts, row);
        debug_assert!(rest.is_some_and(<[u8]>::is_empty), "a row is packed as `push` does it");
    }
}

impl From<SparseMatrix> for PackedMatrix {
    fn from(matrix: SparseMatrix) -> Self {
        let pack = |major: usize| {
            let mut row = PackedRow::new();
            let (indices, values) = matrix.major(major);
            let entries = indices.iter().copied().zip(values.iter().copied());
            // The indices of a sparse matrix ascend, so only memory can end here, as it would in any other collection.
            row.append(major, entries).unwrap_or_else(|error| panic!("{error}"));
            row
        };
        let rows: Vec<PackedRow> = (0..matrix.n_major()).map(pack).collect();
        let n_nonzero = rows.iter().map(|row| row.n as usize).sum();
        Self { n_minor: matrix.n_minor(), n_nonzero, rows }
    }
}

impl From<&DenseMatrix> for PackedMatrix {
    fn from(matrix: &DenseMatrix) -> Self {
        SparseMatrix::from_dense(matrix).into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn packed(rows: &[&[f32]]) -> PackedMatrix {
        (&DenseMatrix::new(rows.len(), rows[0].len(), rows.concat()).unwrap()).into()
    }

    #[test]
    fn what_goes_in_comes_out() {
        let mut wide = vec![0.0; 40_000];
        (wide[0], wide[1], wide[200], wide[39_999]) = (1.0, 127.0, 128.0, 16_777_216.0);
        let mut odd = wide.clone();
        (odd[5], odd[7], odd[9]) = (0.5, -3.0, f32::MAX);
        let zero = vec![0.0; 40_000];
        let matrix = packed(&[&wide, &odd, &zero]);
        assert_eq!(matrix.n_nonzero(), 11);
        for (major, expected) in [wide, odd, zero].iter().enumerate() {
            assert_eq!(&matrix.dense_row(major), expected);
        }
        assert_eq!(PackedMatrix::from(matrix.unpacked()), matrix);
        assert_eq!(PackedMatrix::from(matrix.transposed().transposed()), matrix);
    }

    #[test]
    fn small_counts_take_two_bytes() {
        let matrix = packed(&[&[1.0; 100]]);
        assert_eq!(matrix.rows[0].bytes.len(), 200);
    }

    #[test]
    fn rows_grow_side_by_side() {
        let mut matrix = PackedMatrix::empty(2, 4).unwrap();
        for (major, minor, value) in [(1, 0, 2.0), (0, 1, 7.0), (1, 1, 0.0), (1, 3, 0.25)] {
            matrix.push(major, minor, value).unwrap();
        }
        matrix.shrink();
        assert_eq!(matrix, packed(&[&[0.0, 7.0, 0.0, 0.0], &[2.0, 0.0, 0.0, 0.25]]));
        assert_eq!(matrix.push(1, 3, 1.0), Err(DataError::StoredTwice { major: 1, minor: 3 }));
        for (major, minor) in [(1, 2), (1, 4), (2, 0)] {
            assert!(matches!(matrix.push(major, minor, 1.0), Err(DataError::Sparse { .. })));
        }
        assert_eq!(matrix.n_nonzero(), 3);
    }

    #[test]
    fn values_are_scaled_in_place() {
        let mut matrix = packed(&[&[0.0, 2.0, 3.0], &[0.5, 0.0, 1e-45]]);
        matrix.scale(0.25).unwrap();
        assert_eq!(matrix, packed(&[&[0.0, 0.5, 0.75], &[0.125, 0.0, 0.0]]));
        matrix.scale(8.0).unwrap();
        assert_eq!(matrix, packed(&[&[0.0, 4.0, 6.0], &[1.0, 0.0, 0.0]]));
        assert_eq!(matrix.n_nonzero(), 3);
    }

    #[test]
    fn rows_are_chosen_and_put_in_another_order() {
        let matrix = packed(&[&[0.0, 2.0], &[3.0, 1.0], &[0.5, 0.0]]);
        let chosen = matrix.select(&[Some(2), None, Some(0)], 3);
        assert_eq!(chosen, packed(&[&[0.5, 0.0], &[0.0; 2], &[0.0, 2.0]]));
        assert_eq!(chosen.n_nonzero(), 2);
    }

    #[test]
    fn a_matrix_grows_along_both_sides() {
        let mut matrix = PackedMatrix::default();
        for (row, column, value) in [(0, 0, 1.0), (0, 3, 2.0), (2, 1, 0.5)] {
            matrix.grow(row + 1, column as usize + 1).unwrap();
            matrix.push(row, column, value).unwrap();
        }
        assert_eq!(matrix, packed(&[&[1.0, 0.0, 0.0, 2.0], &[0.0; 4], &[0.0, 0.5, 0.0, 0.0]]));
        assert!(matrix.grow(u32::MAX as usize, 1).is_err() && matrix.n_major() == 3);
    }
}
