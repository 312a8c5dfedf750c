//! Why an analysis can't be done.

/// An analysis was asked for that the data does not allow.
#[derive(Debug, thiserror::Error, PartialEq)]
pub enum LensError {
    /// Scaled values can't be log-normalised.
    #[error(
        "the expression has negative values, so it is scaled already and can't be log-normalised; open raw counts, or analyse the values as they are"
    )]
    Scaled,
    /// An expression value is NaN or infinite.
    #[error("the expression of gene {gene:?} in cell {} is {value}; remove or impute it before export", cell + 1)]
    NotFinite {
        /// The gene's name.
        gene: String,
        /// The cell's row (0-based).
        cell: usize,
        /// The value.
        value: f32,
    },
    /// A stated library size makes no sense.
    #[error("the total count of cell {} is {value}; totals must be finite and not negative", cell + 1)]
    LibrarySize {
        /// The cell's row (0-based).
        cell: usize,
        /// The stated total.
        value: f32,
    },
    /// Library sizes and cells differ in number.
    #[error("there are {found} library sizes but the expression has {expected} cells")]
    LibrarySizeCount {
        /// Cells of the expression.
        expected: usize,
        /// Library sizes.
        found: usize,
    },
    /// Activations and expression are of different cells.
    #[error("the activations have {found} cells but the expression has {expected}; compute them on the same data")]
    CellCount {
        /// Cells of the expression.
        expected: usize,
        /// Cells of the activations.
        found: usize,
    },
    /// The size limits of gene sets exclude everything.
    #[error(
        "gene sets of {min} to {max} genes were asked for; the smallest size must be at least 1 and not above the largest"
    )]
    SetSizes {
        /// Smallest size asked for.
        min: usize,
        /// Largest size asked for.
        max: usize,
    },
}
