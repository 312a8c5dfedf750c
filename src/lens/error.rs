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
    /// A percentile outside 0..100.
    #[error("positive cells above percentile {found} were asked for; it must be at least 0 and below 100")]
    Percentile {
        /// The value.
        found: f64,
    },
    /// A group of no cells was asked for.
    #[error("a {group} group of 0 cells was asked for; ask for at least 1")]
    NoCellsAskedFor {
        /// Which group.
        group: &'static str,
    },
    /// Groups without a cell would be tested.
    #[error("groups of at least 0 cells were asked for; tests need at least 1 on either side")]
    MinCells,
    /// Groups of the size asked for would all be left out.
    #[error(
        "{group} groups of {asked} cells were asked for, and groups of fewer than {min} are left out; ask for more cells, or allow smaller groups"
    )]
    FewerThanSmallest {
        /// Which group.
        group: &'static str,
        /// Cells asked for.
        asked: usize,
        /// The smallest group.
        min: usize,
    },
    /// No test, or one twice.
    #[error("name welch, wilcoxon or both, each once; the first selects genes")]
    Tests,
    /// A threshold for adjusted p-values that makes no sense.
    #[error("the threshold for adjusted p-values is {found}; it must be above 0 and at most 0.5")]
    Alpha {
        /// The value.
        found: f64,
    },
    /// A threshold for fold changes that makes no sense.
    #[error("the smallest log2 fold change is {found}; it must be a number of at least 0")]
    MinFoldChange {
        /// The value.
        found: f64,
    },
    /// Cells are to be matched by a column that is not there or has no categories.
    #[error(
        "negative cells are to be matched by {column:?}, but there is no such label column with categories; there are {known:?}"
    )]
    MatchColumn {
        /// The column.
        column: String,
        /// Columns that would do.
        known: Vec<String>,
    },
    /// A universe of one's own without a gene of the data.
    #[error(
        "none of the {n_genes} genes listed in {name:?} is in the data, so there is no universe; check that both name genes the same way"
    )]
    EmptyUniverse {
        /// The list's name.
        name: String,
        /// Its genes.
        n_genes: usize,
    },
}
