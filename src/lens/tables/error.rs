//! Why a table can't be made or written.

/// A table was put together wrongly, or its file can't be written.
#[derive(Debug, thiserror::Error)]
pub enum TableError {
    /// Columns of one table differ in length.
    #[error("column {column:?} of table {table:?} has {found} rows but column {first:?} has {expected}")]
    ColumnLength {
        /// The table's name.
        table: String,
        /// The column that differs.
        column: String,
        /// Rows of that column.
        found: usize,
        /// The table's first column.
        first: String,
        /// Rows of the first column.
        expected: usize,
    },
    /// Two columns have one name.
    #[error("the table has two columns named {column:?}; rename one of them")]
    DuplicateColumn {
        /// The name.
        column: String,
    },
    /// A row names a category that is not there.
    #[error(
        "row {row} of column {column:?} in table {table:?} has code {code}, but there are only {n_names} names; pass the names the codes were made with"
    )]
    CategoryCode {
        /// The table's name.
        table: String,
        /// The column.
        column: String,
        /// The row (0-based).
        row: usize,
        /// Its code.
        code: u32,
        /// Number of names.
        n_names: usize,
    },
    /// A batch does not fit the file it should be added to.
    #[error("table {table:?} has the columns {found}, but the file was started with {expected}")]
    OtherColumns {
        /// The batch's name.
        table: String,
        /// Its columns, with kinds.
        found: String,
        /// The file's columns, with kinds.
        expected: String,
    },
    /// A convention has no table of this kind.
    #[error("{convention} has no columns for {results}; choose one of: {choices}")]
    NoSuchTable {
        /// The convention asked for.
        convention: &'static str,
        /// What should be written.
        results: &'static str,
        /// Conventions that can.
        choices: String,
    },
    /// CSV can't be written.
    #[error("the CSV table can't be written: {0}")]
    Csv(#[from] csv::Error),
    /// Parquet can't be written.
    #[error("the Parquet table can't be written: {0}")]
    Parquet(#[from] parquet::errors::ParquetError),
    /// The output can't be written.
    #[error("the table can't be written: {0}")]
    Io(#[from] std::io::Error),
}
