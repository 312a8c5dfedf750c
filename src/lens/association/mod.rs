//! Labels in depth: every feature against every category, and searches over labels.
//!
//! [`LabelAssociations`] measures features one by one, so that a caller can split the work; [`AssociationTable`] holds
//! all rows as columns, [`HeatMap`] one label column as a matrix. [`Lineage`] and [`differential_features`] answer
//! questions of their own. The methods and their sources stand in the files: AUROC in [`crate::stats::ScoreOrder`],
//! best F1 in `f1`, the local/global rule in `local_global`, the confounding flag in `confound`.
//!
//! Rules: cells without a label in a column are left out of that column; inactive cells are 0. Numeric columns and
//! those of more than [`MAX_CATEGORIES`] categories are left out. Activations must not be NaN. None of the numbers is
//! a test: with many categories the largest of many AUROCs is large by chance, all the more in small categories.

mod concept_f1;
mod confound;
mod differential_features;
mod error;
mod f1;
mod heat_map;
mod lineage;
mod local_global;
mod params;
mod table;
#[cfg(test)]
mod tests;

pub use concept_f1::{CellSplit, ConceptF1, concept_f1, mean_concept_f1};
pub use confound::{ColumnAurocs, Confounding, StrongestLabel, confounding, is_nuisance_name};
pub use differential_features::{
    DifferentialFeature, DifferentialFeatures, PAPER_MAX_P_VALUE, PAPER_MIN_EFFECT, PAPER_N_TOP, differential_features,
};
pub use error::AssociationError;
pub use f1::{BestF1, CellHalves, F1_THRESHOLDS, HalvedLabels, best_f1};
pub use heat_map::{HeatMap, HeatMapOrder, HeatMapValue};
pub use lineage::{Lineage, LineageFeature};
pub use local_global::{InAndOut, LabelClass, LocalGlobal, local_global};
pub use params::AssociationParams;
pub use table::{AssociationRow, AssociationTable, MeasuredLabel};

use std::ops::Range;

use crate::data::{CellTable, FeatureId, SparseActivations};
use crate::lens::{CategoryRef, MAX_CATEGORIES};
use crate::stats::{CodedLabels, ScoreOrder};
use error::{categorical, check_cells};

/// All features against all categories of all label columns, measured feature by feature.
///
/// # Examples
/// ```
/// use featurescope::data::{CellTable, DenseMatrix, FeatureId, LabelColumn, SparseActivations, SparseMatrix};
/// use featurescope::lens::association::{AssociationParams, LabelAssociations, LabelClass};
///
/// let mut cells = CellTable::without_ids(4);
/// cells.add_column(LabelColumn::from_texts("type", &["B", "B", "T", "T"])).unwrap();
/// let by_cell = DenseMatrix::new(4, 1, vec![2.0, 3.0, 0.0, 0.0]).unwrap();
/// let activations = SparseActivations::from_cells(SparseMatrix::from_dense(&by_cell));
/// let associations = LabelAssociations::new(&cells, &activations, &AssociationParams::default()).unwrap();
/// let rows = associations.of_feature(FeatureId(0));
/// assert_eq!((rows[0].auroc, rows[0].best_f1.f1, rows[0].class), (1.0, 1.0, LabelClass::Local));
/// ```
#[derive(Clone, Debug)]
pub struct LabelAssociations<'a> {
    activations: &'a SparseActivations,
    columns: Vec<MeasuredColumn<'a>>,
}

#[derive(Clone, Debug)]
struct MeasuredColumn<'a> {
    column: usize,
    is_nuisance: bool,
    labels: CodedLabels<'a>,
    /// To report F1 on other cells than the threshold is chosen on.
    halved: Option<HalvedLabels<'a>>,
}

/// One feature in one column.
struct ColumnAssociation {
    aurocs: Vec<f64>,
    best_f1: Vec<BestF1>,
    local_global: LocalGlobal,
}

impl<'a> LabelAssociations<'a> {
    /// Counts the categories of all label columns.
    ///
    /// # Errors
    /// If the activations are of other cells than the table, if a column named in `params` is unknown, numeric or has
    /// too many categories, or if the column to split by has fewer than two categories with cells.
    pub fn new(
        cells: &'a CellTable,
        activations: &'a SparseActivations,
        params: &AssociationParams,
    ) -> Result<Self, AssociationError> {
        check_cells(cells, activations)?;
        for name in params.nuisance_columns.iter().chain(&params.columns).flatten() {
            categorical(cells, name)?;
        }
        let is_asked_for = |name: &String| params.columns.as_ref().is_none_or(|names| names.contains(name));
        let halves = params.split_column.as_deref().map(|name| halves_by(cells, name)).transpose()?;
        let is_nuisance = |name: &String| {
            params.nuisance_columns.as_ref().map_or_else(|| is_nuisance_name(name), |names| names.contains(name))
        };
        let mut columns = Vec::new();
        for (at, column) in cells.columns().iter().enumerate() {
            let labels =
                column.categorical().filter(|(_, all)| all.len() <= MAX_CATEGORIES && is_asked_for(&column.name));
            if let Some((codes, categories)) = labels {
                let labels = CodedLabels::new(codes, categories.len());
                let halved = halves.as_ref().map(|halves| HalvedLabels::new(labels.clone(), halves.clone()));
                columns.push(MeasuredColumn { column: at, is_nuisance: is_nuisance(&column.name), labels, halved });
            }
        }
        Ok(Self { activations, columns })
    }

    /// The categories measured, columns in the table's order: what the rows of a feature stand for.
    #[must_use]
    pub fn labels(&self) -> Vec<MeasuredLabel> {
        self.columns.iter().flat_map(MeasuredColumn::measured).collect()
    }

    /// Positions of the columns taken as nuisance.
    #[must_use]
    pub fn nuisance_columns(&self) -> Vec<usize> {
        self.columns.iter().filter(|column| column.is_nuisance).map(|column| column.column).collect()
    }

    /// One feature against every category, in the order of [`Self::labels`].
    ///
    /// # Panics
    /// If there is no such feature.
    #[must_use]
    pub fn of_feature(&self, feature: FeatureId) -> Vec<AssociationRow> {
        self.measure(feature, &mut ScoreOrder::default())
    }

    /// What a feature goes with most among nuisance columns and among the others: the numbers behind its flag.
    ///
    /// # Panics
    /// If there is no such feature.
    #[must_use]
    pub fn confounding_of(&self, feature: FeatureId) -> Confounding {
        let (cells, values) = self.activations.feature(feature);
        let mut order = ScoreOrder::default();
        order.sort_sparse(cells, values);
        let aurocs: Vec<Vec<f64>> = self.columns.iter().map(|column| order.aurocs(&column.labels)).collect();
        confounding(self.columns.iter().zip(&aurocs).map(|(column, aurocs)| column.with(aurocs)))
    }

    /// A range of features as columns: a shard of the whole.
    ///
    /// # Panics
    /// If the range goes beyond the features.
    #[must_use]
    pub fn of_features(&self, features: Range<u32>) -> AssociationTable {
        let mut table = AssociationTable::new(self.labels());
        let mut order = ScoreOrder::default();
        for feature in features.map(FeatureId) {
            let n_active = self.activations.feature(feature).0.len();
            table.push(feature, n_active as u32, &self.measure(feature, &mut order));
        }
        table
    }

    fn measure(&self, feature: FeatureId, order: &mut ScoreOrder) -> Vec<AssociationRow> {
        let (cells, values) = self.activations.feature(feature);
        order.sort_sparse(cells, values);
        let measured: Vec<ColumnAssociation> =
            self.columns.iter().map(|column| column.measure(order, cells, values)).collect();
        let pairs = || self.columns.iter().zip(&measured);
        let is_confounded = confounding(pairs().map(|(column, found)| column.with(&found.aurocs))).is_confounded();
        let mut rows = Vec::new();
        for (column, found) in pairs() {
            rows.extend(column.measured().map(|label| found.row(feature, label, is_confounded)));
        }
        rows
    }
}

fn halves_by<'a>(cells: &'a CellTable, name: &str) -> Result<CellHalves<'a>, AssociationError> {
    let (_, codes, categories) = categorical(cells, name)?;
    CellHalves::new(codes, categories.len()).ok_or_else(|| {
        let labels = CodedLabels::new(codes, categories.len());
        let found = labels.sizes().iter().filter(|&&size| size > 0).count();
        AssociationError::NothingToSplit { name: name.to_owned(), found }
    })
}

impl MeasuredColumn<'_> {
    fn measured(&self) -> impl Iterator<Item = MeasuredLabel> {
        let label =
            |(category, &n_cells)| MeasuredLabel { label: CategoryRef { column: self.column, category }, n_cells };
        self.labels.sizes().iter().enumerate().map(label)
    }

    fn measure(&self, order: &ScoreOrder, cells: &[u32], values: &[f32]) -> ColumnAssociation {
        let best_f1 = match &self.halved {
            Some(halved) => halved.best_f1(cells, values),
            None => best_f1(cells, values, &self.labels),
        };
        let local_global = local_global(cells, values, &self.labels);
        ColumnAssociation { aurocs: order.aurocs(&self.labels), best_f1, local_global }
    }

    fn with<'b>(&'b self, aurocs: &'b [f64]) -> ColumnAurocs<'b> {
        ColumnAurocs { column: self.column, is_nuisance: self.is_nuisance, sizes: self.labels.sizes(), aurocs }
    }
}

impl ColumnAssociation {
    fn row(&self, feature: FeatureId, label: MeasuredLabel, is_confounded: bool) -> AssociationRow {
        let category = label.label.category;
        let means = self.local_global.categories[category];
        AssociationRow {
            feature,
            label: label.label,
            n_cells: label.n_cells,
            auroc: self.aurocs[category],
            best_f1: self.best_f1[category],
            mean_in: means.mean_in,
            mean_out: means.mean_out,
            is_significant: means.is_significant(),
            class: self.local_global.class,
            is_confounded,
        }
    }
}
