//! What is asked and told of gene set enrichment analysis (GSEA) of features.

use serde::{Deserialize, Serialize};

use super::{F64Column, U32Column};
use crate::data::{FeatureId, Notice};
use crate::lens::FeatureGseaParams;

/// The features whose genes are ranked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum GseaFeatures {
    /// These.
    These(Vec<FeatureId>),
    /// All live ones.
    All,
}

/// What a GSEA of some features did.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct GseaSummary {
    /// How it was done.
    pub params: FeatureGseaParams,
    /// Features asked for.
    pub n_asked: usize,
    /// Features done, ascending.
    pub done: Vec<FeatureId>,
    /// Features left out because their groups are too small, ascending.
    pub left_out: Vec<FeatureId>,
    /// What a person should know.
    pub notices: Vec<Notice>,
}

/// A question about the GSEA of one feature.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GseaQuery {
    /// The feature.
    pub feature: FeatureId,
    /// Sets listed at most with a positive score, and as many with none or a negative one, smallest p first.
    pub limit: usize,
}

/// What GSEA found for one feature.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct GseaTable {
    /// The feature.
    pub feature: FeatureId,
    /// How it was done.
    pub params: FeatureGseaParams,
    /// Genes ranked.
    pub n_genes: usize,
    /// Of those, genes with the statistic, other than 0, of another: their order is arbitrary.
    pub n_tied: usize,
    /// Smallest and largest number of ranked genes of a tested set.
    pub size_limits: [usize; 2],
    /// Sets tested, the family of adjusted p-values.
    pub n_sets: usize,
    /// Sets with an adjusted p below [`alpha`](Self::alpha) and a positive or a negative score.
    pub n_significant: [usize; 2],
    /// The threshold of the analysis.
    pub alpha: f64,
    /// The first sets: by p, then by the size of NES, then in file order; sets without p last.
    pub terms: Vec<GseaTerm>,
    /// What a person should know.
    pub notices: Vec<Notice>,
}

/// A set in a ranking.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct GseaTerm {
    /// Its number, for [`super::ViewQuery::GseaCurve`].
    pub set: u32,
    /// Its name.
    pub name: String,
    /// Its ranked genes.
    pub size: usize,
    /// The enrichment score, −1 to 1.
    pub es: f64,
    /// ES over the mean score of random sets of its size and sign; NaN with too few of them.
    pub nes: f64,
    /// log10 of p, one-sided given the sign of the score; NaN with too few random scores of that sign.
    pub log10_p_value: f64,
    /// Standard deviation of log2 p; NaN where it is not known.
    pub log2_error: f64,
    /// log10 of p adjusted over all tested sets of this feature (Benjamini–Hochberg).
    pub log10_padj: f64,
    /// The genes that make the score by name, from the end of the ranking inwards.
    pub leading_edge: Vec<String>,
    /// The listed term, by position, that comes before it with the same sign and overlaps with it by half or more
    /// (Jaccard index of all genes of both sets); `None` if there is none.
    pub like: Option<usize>,
}

/// The running sum of one set.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct GseaCurve {
    /// The feature.
    pub feature: FeatureId,
    /// How it was done.
    pub params: FeatureGseaParams,
    /// The set and its tests.
    pub term: GseaTerm,
    /// Corners of the sum: genes passed, 0 to the number of ranked genes.
    pub passed: F64Column,
    /// Corners of the sum: its value, 0 at both ends.
    pub sum: F64Column,
    /// Ranks of the set's genes, from 0.
    pub hits: U32Column,
    /// The statistic in order of rank, `[n_genes]`.
    pub statistic: F64Column,
}
