//! What sound mode says of a feature, kept small: a data set has thousands of features.

use serde::{Deserialize, Serialize};

use crate::data::GeneId;
use crate::enrich::GeneSetId;

/// Up or down in positive cells.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Direction {
    /// Higher in positive cells.
    Up,
    /// Lower in positive cells.
    Down,
}

/// A significant gene.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct GeneFinding {
    /// The gene.
    pub gene: GeneId,
    /// t or z of the selecting test.
    pub statistic: f64,
    /// Positive over negative cells.
    pub log2_fold_change: f64,
    /// ln of the two-sided p.
    pub ln_p_value: f64,
    /// ln of p adjusted over all genes of the feature (Benjamini–Hochberg).
    pub ln_padj: f64,
}

/// A gene set that is over-represented among a feature's genes in one direction.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TermFinding {
    /// The set.
    pub set: GeneSetId,
    /// Among genes up or genes down.
    pub direction: Direction,
    /// Selected genes in the set.
    pub n_hits: u32,
    /// ln of the hypergeometric upper tail.
    pub ln_p_value: f64,
    /// ln of p adjusted over all sets in both directions of this feature, sets without a hit counted.
    pub ln_padj: f64,
    /// Mann-Whitney z of the set's genes among all genes by the selecting statistic.
    pub rank_z: f64,
    /// ln of its two-sided p.
    pub rank_ln_p_value: f64,
    /// ln of that p adjusted over all sets of this feature.
    pub rank_ln_padj: f64,
}

/// What one feature stands for.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Findings {
    /// Genes selected, up and down.
    pub n_selected: [u32; 2],
    /// Selected genes up, largest statistic first, the first [`N_TOP_GENES`](crate::lens::N_TOP_GENES) of them.
    pub genes_up: Vec<GeneFinding>,
    /// Selected genes down, smallest statistic first, as many.
    pub genes_down: Vec<GeneFinding>,
    /// Sets with an adjusted p below the threshold: those among genes up, smallest p first, then those among genes down.
    pub terms: Vec<TermFinding>,
    /// ln of every hypergeometric p up to alpha or .05, whichever is larger, for the family of all features.
    pub ln_p_values: Vec<f64>,
}
