//! Rows of features × categories as compact columns, for tables, files and heat maps.
//!
//! Every feature has the same categories in the same order, so names and sizes are stored once and a row is a position:
//! feature × number of categories + category. Tables of separate features join in any split: the result is the same.

use crate::data::FeatureId;
use crate::lens::CategoryRef;

use super::{BestF1, LabelClass};

/// A category that was measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MeasuredLabel {
    /// The category.
    pub label: CategoryRef,
    /// Its cells.
    pub n_cells: u32,
}

/// One feature and one category.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct AssociationRow {
    /// The feature.
    pub feature: FeatureId,
    /// The category.
    pub label: CategoryRef,
    /// Cells of the category.
    pub n_cells: u32,
    /// Area under the ROC curve against all other labelled cells, 0 to 1, ties counted half; NaN if one side is empty.
    pub auroc: f64,
    /// The feature as a detector of the category.
    pub best_f1: BestF1,
    /// Mean activation in the category; NaN without cells.
    pub mean_in: f64,
    /// Mean activation of the other labelled cells; NaN without any.
    pub mean_out: f64,
    /// Whether the paper's rule holds for this category.
    pub is_significant: bool,
    /// In how many categories of this column it holds; the same in all rows of feature and column.
    pub class: LabelClass,
    /// Whether the feature goes with nuisance columns most; the same in all rows of the feature.
    pub is_confounded: bool,
}

/// All rows of some features, a column a number.
///
/// # Shapes
/// `labels` is `[n_labels]`; `features`, `n_active` and `is_confounded` are `[n_features]`; all others
/// `[n_features, n_labels]`, row by row.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct AssociationTable {
    /// The categories, the same for every feature.
    pub labels: Vec<MeasuredLabel>,
    /// The features.
    pub features: Vec<FeatureId>,
    /// Active cells of each feature.
    pub n_active: Vec<u32>,
    /// Whether each feature goes with nuisance columns most.
    pub is_confounded: Vec<bool>,
    /// See [`AssociationRow::auroc`].
    pub auroc: Vec<f64>,
    /// See [`BestF1::f1`].
    pub f1: Vec<f64>,
    /// See [`BestF1::threshold`].
    pub threshold: Vec<f64>,
    /// See [`BestF1::precision`].
    pub precision: Vec<f64>,
    /// See [`BestF1::recall`].
    pub recall: Vec<f64>,
    /// See [`AssociationRow::mean_in`].
    pub mean_in: Vec<f64>,
    /// See [`AssociationRow::mean_out`].
    pub mean_out: Vec<f64>,
    /// See [`AssociationRow::is_significant`].
    pub is_significant: Vec<bool>,
    /// See [`AssociationRow::class`].
    pub class: Vec<LabelClass>,
}

impl AssociationTable {
    /// No features yet.
    #[must_use]
    pub fn new(labels: Vec<MeasuredLabel>) -> Self {
        Self { labels, ..Self::default() }
    }

    /// Adds a feature with its rows.
    ///
    /// # Panics
    /// If the rows are not of the table's categories: the caller's bug.
    pub fn push(&mut self, feature: FeatureId, n_active: u32, rows: &[AssociationRow]) {
        let fits = rows.len() == self.labels.len() && rows.iter().zip(&self.labels).all(|(a, b)| a.label == b.label);
        assert!(fits, "rows of feature {feature} are of other categories than the table");
        self.features.push(feature);
        self.n_active.push(n_active);
        self.is_confounded.push(rows.first().is_some_and(|row| row.is_confounded));
        for row in rows {
            self.auroc.push(row.auroc);
            self.f1.push(row.best_f1.f1);
            self.threshold.push(row.best_f1.threshold);
            self.precision.push(row.best_f1.precision);
            self.recall.push(row.best_f1.recall);
            self.mean_in.push(row.mean_in);
            self.mean_out.push(row.mean_out);
            self.is_significant.push(row.is_significant);
            self.class.push(row.class);
        }
    }

    /// Adds the features of another table after this one's.
    ///
    /// # Panics
    /// If the tables are of different categories: the caller's bug.
    pub fn append(&mut self, other: Self) {
        assert_eq!(self.labels, other.labels, "tables of different categories can't be joined");
        self.features.extend(other.features);
        self.n_active.extend(other.n_active);
        self.is_confounded.extend(other.is_confounded);
        self.auroc.extend(other.auroc);
        self.f1.extend(other.f1);
        self.threshold.extend(other.threshold);
        self.precision.extend(other.precision);
        self.recall.extend(other.recall);
        self.mean_in.extend(other.mean_in);
        self.mean_out.extend(other.mean_out);
        self.is_significant.extend(other.is_significant);
        self.class.extend(other.class);
    }

    /// Number of rows: features × categories.
    pub fn n_rows(&self) -> usize {
        self.auroc.len()
    }

    /// One row, features after each other.
    ///
    /// # Panics
    /// If there is no such row.
    #[must_use]
    pub fn row(&self, at: usize) -> AssociationRow {
        let (feature, label) = (at / self.labels.len(), at % self.labels.len());
        let best_f1 = BestF1 {
            f1: self.f1[at],
            precision: self.precision[at],
            recall: self.recall[at],
            threshold: self.threshold[at],
        };
        AssociationRow {
            feature: self.features[feature],
            label: self.labels[label].label,
            n_cells: self.labels[label].n_cells,
            auroc: self.auroc[at],
            best_f1,
            mean_in: self.mean_in[at],
            mean_out: self.mean_out[at],
            is_significant: self.is_significant[at],
            class: self.class[at],
            is_confounded: self.is_confounded[feature],
        }
    }

    /// All rows in order.
    pub fn rows(&self) -> impl ExactSizeIterator<Item = AssociationRow> {
        (0..self.n_rows()).map(|at| self.row(at))
    }
}
