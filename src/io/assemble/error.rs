//! Why files can't be joined, each as a sentence a person can act on.

use std::fmt;

use super::trim::Shortened;
use crate::data::{DataError, Dataset, IdTrim, printable};

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
        "none of the {n_rows} cell ids in {file:?} (such as {row_examples}) is among the {n_cells} of the data set (such as {cell_examples}); {hint}"
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
        /// What may be the matter, and what to do.
        hint: Box<IdHint>,
    },
    /// Shortened ids, asked for by a person, can't be told apart.
    #[error(
        "{file:?} can't be joined by shortened cell ids: {found}; export it with the ids that the data set has, or add the sample to them"
    )]
    TrimRepeats {
        /// The file.
        file: String,
        /// Which ids.
        found: String,
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
    /// A labels file has cells in its columns.
    #[error(
        "{file:?} has cells in its header (such as {header:?}), so its rows are no cells but perhaps genes; turn it round (in R: t(x), in pandas: table.T), so that each row is a cell"
    )]
    CellsInHeader {
        /// The file.
        file: String,
        /// The first of them.
        header: String,
    },
    /// Rows can only be matched by order, but there are more or fewer than cells.
    #[error(
        "{file:?} has {n_rows} rows but the data set has {n_cells} cells, and they can't be matched by id because {reason}; {}",
        count_advice(*n_rows, *n_cells, *n_genes)
    )]
    CountMismatch {
        /// The file.
        file: String,
        /// Its rows.
        n_rows: usize,
        /// Cells in the data set.
        n_cells: usize,
        /// Genes in the data set.
        n_genes: usize,
        /// Why ids can't help.
        reason: &'static str,
    },
    /// An embedding lacks cells.
    #[error(
        "{file:?} has no row for {n_missing} of the {n_cells} cells (such as {example:?}); export the embedding for all of them, or the expression for the cells of the embedding{}",
        after_semicolon(hint.as_deref())
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
        /// Whether shortened ids have a row for every cell.
        hint: Option<Box<IdHint>>,
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

impl AssembleError {
    /// How the ids would agree, if a person says that they mean the same cells.
    pub fn offer(&self) -> Option<&IdTrim> {
        let hint = match self {
            Self::NoOverlap { hint, .. } => hint,
            Self::MissingCells { hint, .. } => hint.as_ref()?,
            _ => return None,
        };
        match &**hint {
            IdHint::Shorten { trim, .. } => Some(trim),
            _ => None,
        }
    }
}

/// Why ids may differ, and what to do.
#[derive(Clone, Debug, PartialEq)]
pub enum IdHint {
    /// They agree once shortened.
    Shorten {
        /// What to leave out.
        trim: IdTrim,
        /// Cells that would have a row.
        n_matched: usize,
        /// Cells in the data set.
        n_cells: usize,
        /// What is left out, with an example.
        words: String,
    },
    /// They agree once shortened, but are no longer distinct.
    Ambiguous {
        /// What would be left out, and what becomes the same.
        words: String,
    },
    /// They are genes of the data set.
    Genes,
    /// They are other ids.
    Other,
}

impl IdHint {
    pub(super) fn of(shortened: Option<Shortened>, n_cells: usize) -> Option<Self> {
        Some(match shortened? {
            Shortened::Agree { trim, n_matched, words } => Self::Shorten { trim, n_matched, n_cells, words },
            Shortened::Repeat { words } => Self::Ambiguous { words },
        })
    }
}

impl fmt::Display for IdHint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Shorten { n_matched, n_cells, words, .. } => write!(
                f,
                "{words}, {n_matched} of the {n_cells} cells have a row: if these are the same cells, join them by the \
                 shortened ids; nothing was joined yet"
            ),
            Self::Ambiguous { words } => {
                write!(f, "they agree {words}, so export the file with the full ids of the data set")
            }
            Self::Genes => f.write_str(
                "they are genes of the data set, so the table has genes in its rows; turn it round (in R: t(x), in \
                 pandas: table.T), so that each row is a cell",
            ),
            Self::Other => f.write_str(
                "perhaps the file is of another data set; if not, the ids must be spelt alike (R turns - into .), so \
                 export both from the same object",
            ),
        }
    }
}

/// What to do where rows and cells are not equally many.
fn count_advice(n_rows: usize, n_cells: usize, n_genes: usize) -> &'static str {
    if n_rows == n_genes {
        "it has as many rows as the data set has genes, so turn it round (in R: t(x), in numpy: x.T), so that each row is \
         a cell"
    } else if n_rows == n_cells + 1 {
        "it has one row more than there are cells, so perhaps its header was saved as a row; save it again without the \
         header, or with cell ids"
    } else {
        "export both from the same cells, or open the file with a labels .csv that has the ids of its rows"
    }
}

fn after_semicolon(hint: Option<&IdHint>) -> String {
    hint.map(|hint| format!("; {hint}")).unwrap_or_default()
}
