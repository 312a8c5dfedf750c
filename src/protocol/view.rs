//! What the page can look at: queries answered in milliseconds from what the engine holds.
//!
//! Views are latest-wins: of two queries of one kind the page keeps only the newer answer.

use serde::{Deserialize, Serialize};

use super::{
    CardConfounding, CompareQuery, Comparison, F32Column, GseaCurve, GseaQuery, GseaTable, LabelMap, LabelMapQuery,
    LabelTable, LabelTableQuery, LineageQuery, LineageTable, SaeQuality, U32Column,
};
use crate::data::{FeatureId, GeneId};
use crate::lens::{AnalysisParams, Direction, LabelClass};
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
    /// p of the first of the kept terms.
    BestTerm,
    /// Mean cosine with the features of other seeds.
    Stability,
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
    /// What GSEA of one feature found.
    Gsea(GseaQuery),
    /// The running sum of one gene set in a feature for which GSEA has run.
    GseaCurve {
        /// The feature.
        feature: FeatureId,
        /// The set, by its number in [`GseaTable`].
        set: u32,
    },
    /// How good the sparse autoencoder in use is.
    Quality,
    /// A steering experiment.
    Steer(SteerParams),
    /// A label column as a heat map, once features were measured against it.
    LabelMap(LabelMapQuery),
    /// A label column as a table, likewise.
    LabelTable(LabelTableQuery),
    /// Features that differ between two groups of cells.
    Compare(CompareQuery),
    /// Features that rise or fall along a path of categories.
    Lineage(LineageQuery),
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
    /// The first of its kept terms: in sound mode one among genes up, where there is one.
    pub top_term: Option<String>,
    /// In other seeds, where the autoencoder is of a sweep that had some.
    pub found_again: Option<FoundAgain>,
}

/// A feature in the runs that differ from its own in seed alone.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct FoundAgain {
    /// Other seeds in which a feature of cosine .7 or more is matched with it.
    pub n_found: u32,
    /// Other seeds.
    pub n_others: u32,
    /// Mean cosine with its partners, −1 to 1; one that is missing counts as 0.
    pub mean_cosine: f64,
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
    /// Best F1 of the activation as a detector of the category, 0 to 1.
    pub f1: f64,
    /// The threshold above which it detects, in units of activation.
    pub threshold: f64,
    /// Whether the mean in the category is significantly above the mean elsewhere by the paper's rule.
    pub is_significant: bool,
    /// In how many categories of the column that is so.
    pub class: LabelClass,
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
    /// In paper mode mean⁺ / (mean⁻ + 1e-8); in sound mode the log2 fold change.
    pub fold_change: f64,
    /// log10 of the two-sided p: Welch's in paper mode, the selecting test's in sound mode.
    pub log10_p_value: f64,
    /// log10 of that p adjusted over all genes of the feature (Benjamini–Hochberg).
    pub log10_padj: f64,
    /// What sound mode knows besides.
    pub sound: Option<CardGeneSound>,
}

/// What sound mode knows of a gene besides.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct CardGeneSound {
    /// Share of positive cells with the gene.
    pub fraction_positive: f64,
    /// Share of negative cells with the gene.
    pub fraction_negative: f64,
    /// Area under the ROC curve: expression against being positive; NaN if Wilcoxon was not asked for.
    pub auroc: f64,
    /// log10 of p adjusted over all genes of all features, never too small and hardly too large; `None` where all
    /// features were not analysed.
    pub log10_padj_global: Option<f64>,
}

/// A term on a feature card.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CardTerm {
    /// Set name.
    pub name: String,
    /// Genes of the set in the data (sound mode: in the universe).
    pub set_size: usize,
    /// Selected genes in the set.
    pub n_hits: usize,
    /// Expected hits.
    pub expected: f64,
    /// Hits over expected.
    pub fold: f64,
    /// The tests of the mode.
    pub tests: TermTests,
    /// The hits by name.
    pub hits: Vec<String>,
    /// The term of the card, by position, that comes before it in the same direction and overlaps with it by half or
    /// more (Jaccard index of all genes of both sets); `None` if there is none.
    pub like: Option<usize>,
    /// Where an ontology is open and the set is one of its terms: the group it is shown in.
    pub group: Option<String>,
}

/// How a term was tested.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TermTests {
    /// Both tests of the paper.
    Paper {
        /// Two-sided exact binomial p.
        binomial_p: f64,
        /// Mann-Whitney p, as coded by the paper: Φ(z).
        mann_whitney_p: f64,
        /// U / (n_s n_t); below one half the set is up.
        effect_size: f64,
    },
    /// Those of sound mode.
    Sound {
        /// Among genes up or genes down.
        direction: Direction,
        /// Odds ratio, half a count added to each cell.
        odds_ratio: f64,
        /// log10 of the hypergeometric upper tail.
        log10_p_value: f64,
        /// Adjusted over all sets in both directions of this feature.
        log10_padj: f64,
        /// Adjusted over all features, too; `None` before an analysis of all.
        log10_padj_global: Option<f64>,
        /// z of the set's genes among the universe: positive where they rank high.
        rank_z: f64,
        /// log10 of its two-sided p adjusted over all sets of this feature.
        rank_log10_padj: f64,
    },
}

/// All genes of a feature at a glance.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Volcano {
    /// Log2 fold changes, `[n_genes]`.
    pub log2_fold_change: F32Column,
    /// −log10 of p of the selecting test, `[n_genes]`; NaN where not tested.
    pub minus_log10_p: F32Column,
    /// −log10 of the largest p that is significant after adjustment; `None` if none is.
    pub threshold: Option<f64>,
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
    /// The nuisance column that goes with the feature most, if one goes with it more than any other column.
    pub confounding: Option<CardConfounding>,
    /// Cells in the positive group; 0 without expression.
    pub n_positive: usize,
    /// Cells in the negative group.
    pub n_negative: usize,
    /// Genes selected for the terms; in sound mode up and down apart.
    pub n_selected: Vec<usize>,
    /// How genes and terms were found.
    pub params: AnalysisParams,
    /// Every gene, in sound mode.
    pub volcano: Option<Volcano>,
    /// Genes up: in paper mode the largest fold changes among significant genes, in sound mode the largest statistics
    /// among selected ones.
    pub genes_up: Vec<CardGene>,
    /// Genes down, likewise.
    pub genes_down: Vec<CardGene>,
    /// Kept terms, smallest p first, in sound mode those among genes up before those among genes down; `None` without expression or gene sets.
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
        /// Red, green, blue of each category, if its file has colours for them; otherwise empty.
        colors: Vec<[u8; 3]>,
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
    /// What GSEA found; `None` if it has not run for the feature.
    Gsea(Option<Box<GseaTable>>),
    /// A running sum.
    GseaCurve(Box<GseaCurve>),
    /// How good the sparse autoencoder in use is.
    Quality(Box<SaeQuality>),
    /// A steering experiment.
    Steer(Box<SteerResult>),
    /// A label column as a heat map.
    LabelMap(Box<LabelMap>),
    /// A label column as a table.
    LabelTable(Box<LabelTable>),
    /// Features between two groups of cells.
    Compare(Box<Comparison>),
    /// Features along a path of categories.
    Lineage(Box<LineageTable>),
}
