//! What can be wrong with data put into a container.

/// A container was given parts that do not fit together.
#[derive(Debug, thiserror::Error, PartialEq)]
pub enum DataError {
    /// The number of values is not rows × columns.
    #[error("a matrix of {n_rows} rows and {n_cols} columns needs {} values, but {found} were given", n_rows * n_cols)]
    Shape {
        /// Declared rows.
        n_rows: usize,
        /// Declared columns.
        n_cols: usize,
        /// Values given.
        found: usize,
    },
    /// A dimension is larger than 32-bit indices can name.
    #[error("{what} has {found} entries; at most {} are supported", u32::MAX - 1)]
    TooLarge {
        /// What is too large.
        what: &'static str,
        /// Its size.
        found: usize,
    },
    /// There is no room.
    #[error("{what} needs {bytes} more bytes, which are not free; close other pages, or open fewer cells or genes")]
    OutOfMemory {
        /// What needs it.
        what: &'static str,
        /// How much it asked for.
        bytes: usize,
    },
    /// A compressed sparse matrix contradicts itself.
    #[error("the sparse matrix is damaged: {reason}; make it again from the data it came from and save it again")]
    Sparse {
        /// What is inconsistent, with the values found.
        reason: String,
    },
    /// A compressed sparse matrix holds two values in one place.
    #[error(
        "the sparse matrix holds more than one value at index {minor} of its compressed row {major}; add them up, in SciPy with sum_duplicates(), and save it again"
    )]
    StoredTwice {
        /// The compressed row (0-based).
        major: usize,
        /// The index in it (0-based).
        minor: u32,
    },
    /// A column or matrix has another number of cells than the data set.
    #[error("{what:?} has {found} cells but the data set has {expected}; export both from the same cells")]
    CellCount {
        /// The column or matrix.
        what: String,
        /// Cells in the data set.
        expected: usize,
        /// Cells found.
        found: usize,
    },
    /// A cell id occurs twice, so nothing can be joined by id.
    #[error(
        "cell id {id:?} occurs more than once (rows {} and {}); make the ids unique, for AnnData with adata.obs_names_make_unique()", first + 1, second + 1
    )]
    DuplicateCellId {
        /// The id.
        id: String,
        /// First row with it (0-based).
        first: usize,
        /// Second row with it (0-based).
        second: usize,
    },
    /// A value is NaN or infinite where only numbers make sense.
    #[error(
        "{what:?} has a value that is not finite ({value}) at row {}, column {}; remove or impute it before export",
        row + 1,
        column + 1
    )]
    NotFinite {
        /// The matrix.
        what: String,
        /// Row (0-based).
        row: usize,
        /// Column (0-based).
        column: usize,
        /// The value.
        value: f32,
    },
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_counted_from_one() {
        let error = DataError::DuplicateCellId { id: "a".to_owned(), first: 0, second: 2 };
        assert!(error.to_string().contains("rows 1 and 3"), "{error}");
        let error = DataError::NotFinite { what: "e".to_owned(), row: 0, column: 1, value: f32::NAN };
        assert!(error.to_string().contains("row 1, column 2"), "{error}");
    }
}
