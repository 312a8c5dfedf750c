//! Features against labels: what to measure, to draw, to compare, and what comes of it.
//!
//! Tables travel as columns, one entry a feature; what each number means and where it is NaN is said in
//! `lens::association`.

use serde::{Deserialize, Serialize};

use super::{F64Column, U32Column};
use crate::data::{CellSelection, Notice};
use crate::lens::{AssociationParams, HeatMapOrder, HeatMapValue, LabelClass};

/// A label column that features were measured against.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct AssociatedColumn {
    /// Its name.
    pub name: String,
    /// `(category, cells)`, in file order.
    pub categories: Vec<(String, usize)>,
    /// Whether it tells how cells were made rather than what they are.
    pub is_nuisance: bool,
}

/// What measuring features against labels came to.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct AssociationSummary {
    /// How it was done.
    pub params: AssociationParams,
    /// The columns measured, in the data set's order.
    pub columns: Vec<AssociatedColumn>,
    /// Live features, all of them measured.
    pub n_features: usize,
    /// Of those, features that go with nuisance columns most.
    pub n_confounded: usize,
    /// What a person should know.
    pub notices: Vec<Notice>,
}

/// A heat map of one label column.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LabelMapQuery {
    /// The column.
    pub column: String,
    /// What colours stand for.
    pub value: HeatMapValue,
    /// The order of features.
    pub order: HeatMapOrder,
    /// Features shown for each category that is their best, the largest AUROC first; fewer where the map would grow
    /// beyond what can be looked at.
    pub per_label: usize,
}

/// Categories × features of one label column.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LabelMap {
    /// The question; `per_label` is what was shown.
    pub query: LabelMapQuery,
    /// `(category, cells)` from the top.
    pub categories: Vec<(String, usize)>,
    /// Features from the left.
    pub features: U32Column,
    /// The values, `[n_categories, n_features]`, category by category; NaN for categories without cells.
    pub values: F64Column,
    /// Live features that could be shown.
    pub n_live: usize,
}

/// A table of one label column.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LabelTableQuery {
    /// The column.
    pub column: String,
    /// The category; `None` for each feature's best.
    pub category: Option<String>,
}

/// Live features against one category, or each against its best.
///
/// # Shapes
/// All columns are `[n_features]`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LabelTable {
    /// The question.
    pub query: LabelTableQuery,
    /// Names of the column's categories.
    pub categories: Vec<String>,
    /// The features, ascending.
    pub features: U32Column,
    /// The category of the row, by position; `u32::MAX` where every category is too small to be the best.
    pub category: U32Column,
    /// Area under the ROC curve, 0 to 1.
    pub auroc: F64Column,
    /// Best F1, 0 to 1.
    pub f1: F64Column,
    /// Its threshold, in units of activation.
    pub threshold: F64Column,
    /// Mean activation in the category.
    pub mean_in: F64Column,
    /// Mean activation of the other labelled cells.
    pub mean_out: F64Column,
    /// In how many categories of the column the feature is significant by the paper's rule.
    pub class: Vec<LabelClass>,
    /// Whether the feature goes with nuisance columns most.
    pub is_confounded: Vec<bool>,
}

/// A nuisance column that goes with a feature more than any other does.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CardConfounding {
    /// The nuisance column, its category and AUROC.
    pub nuisance: (String, String, f64),
    /// The strongest of the other columns, likewise; its |AUROC − 0.5| is smaller.
    pub other: (String, String, f64),
}

/// Two groups of cells to compare.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CompareQuery {
    /// The first group, A.
    pub first: CellSelection,
    /// The second group, B; `None` for all cells that are not in the first.
    pub second: Option<CellSelection>,
}

/// Live features between two groups of cells.
///
/// # Shapes
/// All columns are `[n_features]`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Comparison {
    /// The question.
    pub query: CompareQuery,
    /// Cells of the first group.
    pub n_first: usize,
    /// Cells of the second group.
    pub n_second: usize,
    /// Tests that padj counts.
    pub n_tests: usize,
    /// The features, ascending.
    pub features: U32Column,
    /// Mean activation in the first group.
    pub mean_first: F64Column,
    /// Mean activation in the second group.
    pub mean_second: F64Column,
    /// Share of the first group's cells in which the feature is active.
    pub fraction_first: F64Column,
    /// Share of the second group's cells in which the feature is active.
    pub fraction_second: F64Column,
    /// Welch's t, positive if the first mean is larger; NaN where not tested.
    pub t: F64Column,
    /// Cohen's d of the same sign; NaN where nothing varies.
    pub cohens_d: F64Column,
    /// log10 of the two-sided p; NaN where not tested.
    pub log10_p: F64Column,
    /// log10 of that p adjusted over live features (Benjamini–Hochberg).
    pub log10_padj: F64Column,
}

/// An ordered path of categories.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LineageQuery {
    /// The label column.
    pub column: String,
    /// Its categories in order along the path, at least two, at least one of the column left out.
    pub path: Vec<String>,
}

/// Features that rise or fall along a path.
///
/// # Shapes
/// All columns are `[n_features]`, `means` is `[n_features, n_steps]`, feature by feature.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LineageTable {
    /// The question.
    pub query: LineageQuery,
    /// Live features looked at.
    pub n_live: usize,
    /// Features that rise, the largest rise first, then those that fall, the largest fall first.
    pub features: U32Column,
    /// Mean of the last step minus mean of the first; below 0 for features that fall.
    pub rise: F64Column,
    /// Mean activation over all cells of the path.
    pub mean_lineage: F64Column,
    /// Mean activation over all other labelled cells.
    pub mean_others: F64Column,
    /// Mean activation of every step.
    pub means: F64Column,
}
