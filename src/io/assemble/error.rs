//! Why files can't be joined, each as a sentence a person can act on.

use crate::data::{DataError, Dataset, printable};

/// Files did not fit together; what was open is given back untouched.
#[derive(Debug, thiserror::Error)]
#[error("{error}")]
pub struct AssembleFailure {
    /// The data set that was open.
    pub current: Option<Dataset>,
    /// What does not fit.
    #[source]
    pub error: AssembleError,
}

/// Why files can't be joined.
#[derive(Debug, thiserror::Error)]
pub enum AssembleError {
    /// Two files of cells with expression at once.
    #[error(
        "{first:?} and {second:?} both hold cells with expression; open one at a time, each is a data set of its own"
    )]
    SeveralAnnData {
        /// One.
        first: String,
        /// The other.
        second: String,
    },
    /// Two files of one part of a sparse autoencoder.
    #[error("{first:?} and {second:?} are both {what} of a sparse autoencoder; open one folder at a time")]
    SeveralSae {
        /// `the configuration` or `the weights`.
        what: &'static str,
        /// One.
        first: String,
        /// The other.
        second: String,
    },
    /// Half of a sparse autoencoder.
    #[error("{found:?} is one half of a sparse autoencoder; open it together with the {missing} of the same folder")]
    HalfSae {
        /// The file that is there.
        found: String,
        /// The one that is not.
        missing: &'static str,
    },
    /// Two files of one part of a count matrix.
    #[error("{first:?} and {second:?} are both {what} of a count matrix; open the three files of one folder at a time")]
    SeveralMatrices {
        /// `the values`, `the barcodes` or `the features`.
        what: &'static str,
        /// One.
        first: String,
        /// The other.
        second: String,
    },
    /// A part of a count matrix without the others.
    #[error("{found:?} is one part of a count matrix; open it together with {missing} of the same folder")]
    PartOfMatrix {
        /// A file that is there.
        found: String,
        /// Those that are not, as a list.
        missing: String,
    },
    /// The parts of a count matrix are of different sizes.
    #[error(
        "{file:?} is a matrix of {n_rows} × {n_columns}, but there are {n_features} features in {features:?} and {n_cells} cells in {barcodes:?}; open the three files of one folder, all filtered or all raw"
    )]
    MatrixSize {
        /// The matrix.
        file: String,
        /// Its rows.
        n_rows: usize,
        /// Its columns.
        n_columns: usize,
        /// The file of features.
        features: String,
        /// Their number.
        n_features: usize,
        /// The file of barcodes.
        barcodes: String,
        /// Their number.
        n_cells: usize,
    },
    /// No id is common.
    #[error(
        "none of the {n_rows} cell ids in {file:?} (such as {row_examples}) is among the {n_cells} of the data set (such as {cell_examples}); the ids must be spelt alike (R turns - into .), so export both from the same object"
    )]
    NoOverlap {
        /// The file.
        file: String,
        /// Ids in the file.
        n_rows: usize,
        /// Its first ids.
        row_examples: String,
        /// Cells in the data set.
        n_cells: usize,
        /// Their first ids.
        cell_examples: String,
    },
    /// A labels file has two rows for one id.
    #[error(
        "{file:?}: the cell id {id:?} occurs more than once (rows {} and {} below the header); keep one row for each cell, or, if that column holds no cell ids, give it another name",
        first + 1,
        second + 1
    )]
    RepeatedId {
        /// The file.
        file: String,
        /// The id.
        id: String,
        /// First row with it (0-based).
        first: usize,
        /// Second row with it (0-based).
        second: usize,
    },
    /// The first row of a labels file is no header.
    #[error(
        "{file:?} has no header: its first row has {header:?}, which is the id of a cell; add a first row with the names of the columns, such as cell,type"
    )]
    NoHeader {
        /// The file.
        file: String,
        /// What stands where the header should.
        header: String,
    },
    /// Rows can only be matched by order, but there are more or fewer than cells.
    #[error(
        "{file:?} has {n_rows} rows but the data set has {n_cells} cells, and they can't be matched by id because {reason}; export both from the same cells, or open the file with a labels .csv that has the ids of its rows"
    )]
    CountMismatch {
        /// The file.
        file: String,
        /// Its rows.
        n_rows: usize,
        /// Cells in the data set.
        n_cells: usize,
        /// Why ids can't help.
        reason: &'static str,
    },
    /// An embedding lacks cells.
    #[error(
        "{file:?} has no row for {n_missing} of the {n_cells} cells (such as {example:?}); export the embedding for all of them, or the expression for the cells of the embedding"
    )]
    MissingCells {
        /// The file.
        file: String,
        /// Cells without a row.
        n_missing: usize,
        /// Cells in the data set.
        n_cells: usize,
        /// The first of them.
        example: String,
    },
    /// The parts of a file do not fit together.
    #[error("{file:?}: {}", printable(source))]
    Data {
        /// The file.
        file: String,
        /// What does not fit.
        source: DataError,
    },
    /// The person asked to stop.
    #[error("opening the files was cancelled")]
    Cancelled,
}
