//! What the page can look at: queries answered in milliseconds from what the engine holds.
//!
//! Views are latest-wins: of two queries of one kind the page keeps only the newer answer.

use serde::{Deserialize, Serialize};

use super::{F32Column, U32Column};
use crate::data::{FeatureId, GeneId};
use crate::steer::SteerParams;

/// Where the map's coordinates come from.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MapSource {
    /// A two-dimensional embedding of the files, such as `X_umap`.
    Embedding(String),
    /// The first two principal components of an embedding, computed here on all cells.
    Pca(String),
}

/// What the map's colours stand for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CellColor {
    /// A label column.
    Label(String),
    /// A feature's activation.
    Feature(FeatureId),
    /// A gene's expression (log-normalised if the file has counts).
    Gene(GeneId),
}

/// Column of the feature table to sort by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FeatureSort {
    /// Feature id.
    Id,
    /// Active cells.
    NActive,
    /// Mean of active cells.
    MeanActive,
    /// Maximum.
    Max,
    /// Best label AUROC.
    BestAuroc,
    /// Number of kept terms.
    NTerms,
    /// Smallest Mann-Whitney p of a kept term.
    BestTerm,
}

/// A page of the feature table.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TableQuery {
    /// Feature id, gene name or part of a term; empty for all. Case does not matter.
    pub search: String,
    /// Sort column.
    pub sort: FeatureSort,
    /// Largest first.
    pub descending: bool,
    /// Whether dead features are listed too.
    pub include_dead: bool,
    /// First row.
    pub offset: usize,
    /// Number of rows.
    pub limit: usize,
}

impl TableQuery {
    /// The live features that tell labels apart best.
    pub fn best(limit: usize) -> Self {
        Self {
            search: String::new(),
            sort: FeatureSort::BestAuroc,
            descending: true,
            include_dead: false,
            offset: 0,
            limit,
        }
    }
}

/// A question about what the engine holds.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ViewQuery {
    /// Coordinates of all cells.
    Map(MapSource),
    /// Values of all cells to colour by.
    Color(CellColor),
    /// Names of all genes, in file order.
    GeneNames,
    /// Cell ids of these rows.
    CellNames(U32Column),
    /// A page of the feature table.
    FeatureTable(TableQuery),
    /// All about one feature.
    FeatureCard(FeatureId),
    /// A steering experiment.
    Steer(SteerParams),
}

/// One row of the feature table.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FeatureRow {
    /// The feature.
    pub feature: FeatureId,
    /// Active cells.
    pub n_active: usize,
    /// Active share of all cells.
    pub density: f64,
    /// Mean activation of active cells; NaN if none.
    pub mean_active: f64,
    /// Standard deviation of active cells (ddof 1); NaN below two.
    pub sd_active: f64,
    /// Largest activation.
    pub max: f64,
    /// The label it tells apart best: `(column, category, AUROC)`.
    pub best_label: Option<(String, String, f64)>,
    /// Genes highest above their background, best first (after an analysis).
    pub top_genes: Vec<String>,
    /// Kept terms (after an analysis).
    pub n_terms: Option<usize>,
    /// The kept term with the smallest Mann-Whitney p.
    pub top_term: Option<String>,
}

/// A histogram with equal bins.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct HistogramData {
    /// Lower edge of the first bin.
    pub min: f64,
    /// Upper edge of the last bin.
    pub max: f64,
    /// Cells per bin; cells at 0 are not in it.
    pub counts: Vec<u32>,
    /// Cells at exactly 0.
    pub n_zero: u32,
}

/// A cell on top of a feature.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TopCell {
    /// Its row.
    pub row: u32,
    /// Its id.
    pub name: String,
    /// Its activation.
    pub activation: f32,
    /// Its label in each categorical column, in the order of the summary's label columns.
    pub labels: Vec<String>,
}

/// How a feature goes with one category of a label.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LabelAssociation {
    /// The label column.
    pub column: String,
    /// The category.
    pub category: String,
    /// Cells of the category.
    pub n_cells: usize,
    /// Area under the ROC curve: activation against membership, ties counted half.
    pub auroc: f64,
    /// Share of the category's cells in which the feature is active.
    pub fraction_active: f64,
    /// Mean activation in the category.
    pub mean_in: f64,
    /// Mean activation elsewhere.
    pub mean_out: f64,
    /// Baseline: the largest AUROC (either direction) of a single dimension of the embedding, and that dimension.
    pub baseline_auroc: f64,
    /// The dimension (0-based).
    pub baseline_dim: u32,
}

/// A gene on a feature card.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CardGene {
    /// The gene.
    pub gene: GeneId,
    /// Its name.
    pub name: String,
    /// Mean in positive cells.
    pub mean_positive: f64,
    /// Mean in negative cells.
    pub mean_negative: f64,
    /// mean⁺ / (mean⁻ + 1e-8), linear.
    pub fold_change: f64,
    /// Two-sided Welch p.
    pub p_value: f64,
    /// Benjamini–Hochberg over all genes.
    pub padj: f64,
}

/// A term on a feature card: both tests of the paper.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CardTerm {
    /// Set name.
    pub name: String,
    /// Genes of the set in the data.
    pub set_size: usize,
    /// Selected genes in the set.
    pub n_hits: usize,
    /// Expected hits.
    pub expected: f64,
    /// Hits over expected.
    pub fold: f64,
    /// Two-sided exact binomial p.
    pub binomial_p: f64,
    /// Mann-Whitney p, as coded by the paper: Φ(z).
    pub mann_whitney_p: f64,
    /// U / (n_s n_t); below one half the set is up.
    pub effect_size: f64,
    /// The hits by name.
    pub hits: Vec<String>,
}

/// All about one feature.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FeatureCard {
    /// The table's row.
    pub row: FeatureRow,
    /// Activations of active cells.
    pub histogram: HistogramData,
    /// Cells with the largest activations, largest first.
    pub top_cells: Vec<TopCell>,
    /// Every category of every categorical label, best first within a column.
    pub labels: Vec<LabelAssociation>,
    /// Cells in the positive group; 0 without expression.
    pub n_positive: usize,
    /// Cells in the negative group.
    pub n_negative: usize,
    /// Genes selected for the terms.
    pub n_selected: usize,
    /// Largest fold changes among significant genes, largest first.
    pub genes_up: Vec<CardGene>,
    /// Smallest fold changes among significant genes, smallest first.
    pub genes_down: Vec<CardGene>,
    /// Kept terms, smallest Mann-Whitney p first; `None` without expression or gene sets.
    pub terms: Option<Vec<CardTerm>>,
    /// What a person should know.
    pub notices: Vec<super::Notice>,
}

/// How one gene changes when a feature is set.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct GeneChange {
    /// The gene.
    pub gene: GeneId,
    /// Its name.
    pub name: String,
    /// Mean change over the steered cells in the decoder's units (log-normalised expression).
    pub change: f64,
    /// Mean decoded value before.
    pub before: f64,
    /// Mean decoded value after.
    pub after: f64,
    /// Cross-validated R² of the decoder for this gene.
    pub r2: f64,
}

/// What steering does to the chosen cells.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SteerResult {
    /// The experiment.
    pub params: SteerParams,
    /// Steered rows.
    pub rows: U32Column,
    /// The activation that was set.
    pub target_value: f64,
    /// Mean activation of those cells before.
    pub mean_before: f64,
    /// Mean Euclidean length of the shift in the embedding.
    pub mean_shift: f64,
    /// Median distance of a cell to the centre of its embedding, for scale.
    pub typical_distance: f64,
    /// Map the coordinates are in: PCA of the embedding, fitted on all cells.
    pub map: MapSource,
    /// Before, x: `[rows]`. The cell as it is with the error kept, else its reconstruction.
    pub before_x: F32Column,
    /// Before, y.
    pub before_y: F32Column,
    /// After, x.
    pub after_x: F32Column,
    /// After, y.
    pub after_y: F32Column,
    /// Genes that rise most, first the largest; empty without expression.
    pub genes_up: Vec<GeneChange>,
    /// Genes that fall most.
    pub genes_down: Vec<GeneChange>,
    /// Median cross-validated R² of the gene decoder over all genes it covers.
    pub median_r2: Option<f64>,
    /// For each categorical label column: the category whose centre the steered cells are nearest to, before and
    /// after: `(column, before, after)`.
    pub nearest_labels: Vec<(String, String, String)>,
}

/// The answer to a [`ViewQuery`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ViewResult {
    /// Coordinates, `[n_cells]` each.
    Map {
        /// Which.
        source: MapSource,
        /// Horizontal.
        x: F32Column,
        /// Vertical.
        y: F32Column,
    },
    /// A category per cell (`u32::MAX`: none).
    Categories {
        /// What it shows.
        color: CellColor,
        /// `[n_cells]`
        codes: U32Column,
        /// Names of the codes.
        categories: Vec<String>,
    },
    /// A number per cell (NaN: none).
    Values {
        /// What it shows.
        color: CellColor,
        /// `[n_cells]`
        values: F32Column,
    },
    /// All genes by name.
    GeneNames(Vec<String>),
    /// Cell ids in the order asked.
    CellNames(Vec<String>),
    /// A page of the feature table.
    FeatureTable {
        /// The question.
        query: TableQuery,
        /// Rows that match in all.
        n_rows: usize,
        /// This page.
        rows: Vec<FeatureRow>,
    },
    /// A feature card.
    FeatureCard(Box<FeatureCard>),
    /// A steering experiment.
    Steer(Box<SteerResult>),
}
