//! Result rows as tables take them, before any convention.
//!
//! p values are log10 p, adjusted p values p itself, and NaN is a number that was not computed. Nothing is calculated
//! here.

use crate::data::{FeatureId, GeneId};
use crate::enrich::GeneSetId;
use crate::lens::Direction;

/// Differential expression of one gene in one feature.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct DeRow {
    /// The feature.
    pub feature: FeatureId,
    /// The gene, a position in the list of gene names.
    pub gene: GeneId,
    /// Positive cells.
    pub n_pos: u32,
    /// Negative cells.
    pub n_neg: u32,
    /// Mean in positive cells.
    pub mean_pos: f64,
    /// Mean in negative cells.
    pub mean_neg: f64,
    /// Share of positive cells that express the gene, in [0, 1].
    pub frac_pos: f64,
    /// Share of negative cells that express the gene, in [0, 1].
    pub frac_neg: f64,
    /// log2 fold change, positive where positive cells have more.
    pub log2_fold_change: f64,
    /// Welch's t, positive where positive cells have more; null: equal means.
    pub t: f64,
    /// log10 of its two-sided p.
    pub log10_p_t: f64,
    /// Its p, corrected by Benjamini–Hochberg over the feature's genes.
    pub padj_t: f64,
    /// Mann-Whitney U of the positive cells, in [0, n_pos·n_neg].
    pub u: f64,
    /// U/(n_pos·n_neg), in [0, 1]; 0.5 where nothing separates.
    pub auroc: f64,
    /// Wilcoxon's z, positive where positive cells have more; null: equal distributions.
    pub z: f64,
    /// log10 of its two-sided p.
    pub log10_p_wilcoxon: f64,
    /// Its p, corrected by Benjamini–Hochberg over the feature's genes.
    pub padj_wilcoxon: f64,
}

/// Over-representation of one gene set in one feature's genes.
#[derive(Clone, Debug, PartialEq)]
pub struct OraRow {
    /// The feature.
    pub feature: FeatureId,
    /// The set, a position in the list of set names.
    pub set: GeneSetId,
    /// Which genes were selected.
    pub direction: Direction,
    /// Selected genes in the set.
    pub k: u32,
    /// Genes of the universe in the set.
    pub set_size: u32,
    /// Selected genes of the universe.
    pub n_selected: u32,
    /// Genes of the universe.
    pub universe: u32,
    /// k over its expectation, set_size·n_selected/universe.
    pub fold: f64,
    /// Odds ratio, in [0, ∞].
    pub odds_ratio: f64,
    /// log10 of the upper-tail p; null: selected at random from the universe.
    pub log10_p: f64,
    /// p, corrected by Benjamini–Hochberg over the feature's sets.
    pub padj_feature: f64,
    /// p, corrected by Benjamini–Hochberg over all features and sets.
    pub padj_global: f64,
    /// Mann-Whitney z of the set's genes in the feature's ranking.
    pub mw_z: f64,
    /// log10 of its two-sided p.
    pub mw_log10_p: f64,
    /// Its p, corrected by Benjamini–Hochberg over the feature's sets.
    pub mw_padj_feature: f64,
    /// The selected genes of the set.
    pub genes: Vec<String>,
}

/// Gene-set enrichment analysis of one set in one feature's ranking.
#[derive(Clone, Debug, PartialEq)]
pub struct GseaRow {
    /// The feature.
    pub feature: FeatureId,
    /// The set, a position in the list of set names.
    pub set: GeneSetId,
    /// Ranked genes in the set.
    pub size: u32,
    /// Enrichment score, in [−1, 1].
    pub es: f64,
    /// ES over the mean of null scores of its sign.
    pub nes: f64,
    /// log10 of p; null: genes in random order.
    pub log10_p: f64,
    /// p, corrected by Benjamini–Hochberg over the feature's sets.
    pub padj: f64,
    /// Expected error of log2 p; NaN where p is not estimated.
    pub log2err: f64,
    /// The genes up to the score's extreme.
    pub leading_edge: Vec<String>,
}
