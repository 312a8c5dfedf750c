//! What can be wrong with a ranking, the parameters or a run.

/// A gene set enrichment analysis could not be done.
#[derive(Clone, Debug, thiserror::Error, PartialEq)]
pub enum GseaError {
    /// A gene's statistic is NaN or infinite.
    #[error(
        "gene {} of the ranking has the statistic {value}, which is not finite; leave such genes out of the ranking or rank by a score that is always finite, such as z", position + 1
    )]
    NotFinite {
        /// The gene (0-based).
        position: usize,
        /// Its statistic.
        value: f64,
    },
    /// The mask has another length than the statistics.
    #[error(
        "{n_statistics} genes have a statistic but the mask of genes to rank has {n_mask} entries; give one entry a gene"
    )]
    MaskLength {
        /// Statistics given.
        n_statistics: usize,
        /// Entries of the mask.
        n_mask: usize,
    },
    /// Too few genes to tell a set from the rest.
    #[error("the ranking has {n_ranked} genes; at least 2 are needed to compare a gene set with the rest")]
    TooFewGenes {
        /// Genes ranked.
        n_ranked: usize,
    },
    /// Gene sets were matched with other genes than were ranked.
    #[error(
        "the ranking is over {n_genes} genes but the gene sets were matched with {n_matched}; match the sets with the genes of the ranking"
    )]
    GeneCount {
        /// Genes of the ranking, ranked or left out.
        n_genes: usize,
        /// Genes the sets were matched with.
        n_matched: usize,
    },
    /// No set could be of eligible size.
    #[error(
        "sets of {min} to {max} genes were asked for; the smallest size must be at least 1 and at most the largest"
    )]
    SetSizes {
        /// Smallest eligible size.
        min: usize,
        /// Largest eligible size.
        max: usize,
    },
    /// Too few or too many random sets.
    #[error("{found} random sets were asked for; give {min} to {max}", min = super::MIN_PERMUTATIONS, max = super::MAX_PERMUTATIONS)]
    Permutations {
        /// Random sets asked for.
        found: usize,
    },
    /// The sample of the multilevel method can't be split in halves.
    #[error(
        "the multilevel sample size is {found}; give an odd number from {min} to {max}, 101 by default", min = super::MIN_SAMPLE_SIZE, max = super::MAX_SAMPLE_SIZE
    )]
    SampleSize {
        /// Sample size asked for.
        found: usize,
    },
    /// The smallest p to be told apart is no probability.
    #[error("eps is {found}; give the smallest p value of interest, from {min:e} to 1", min = super::MIN_EPS)]
    Eps {
        /// Eps asked for.
        found: f64,
    },
    /// The exponent of the weights makes no sense.
    #[error("the weight exponent is {found}; give 0 (no weights) to {max}, 1 by default", max = super::MAX_WEIGHT)]
    Weight {
        /// Exponent asked for.
        found: f64,
    },
    /// A set size that is not below the number of genes.
    #[error("a gene set of {size} genes can't be compared with the rest of {n_genes} genes; sizes must be 1 to {}", n_genes.saturating_sub(1))]
    Size {
        /// The size asked for.
        size: usize,
        /// Genes ranked.
        n_genes: usize,
    },
    /// Whoever watched asked to stop.
    #[error("gene set enrichment was cancelled")]
    Cancelled,
}
