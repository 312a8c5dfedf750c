//! How features go with cell labels: AUROC per category, and the best single embedding dimension beside it.
//!
//! The AUROC (see [`crate::stats::ScoreOrder`]) asks whether a feature's activation tells a category from all other
//! labelled cells. The baseline asks the same of each dimension of the embedding by itself, in either direction: a
//! feature that does no better than one raw dimension has found nothing new.
//!
//! Rules: cells without a label in a column are left out of that column; inactive cells tie at 0. A category with
//! no cell or no other cell has NaN. Columns with more than [`MAX_CATEGORIES`] categories (ids in disguise) and
//! numeric columns are left out everywhere.

use crate::data::{CellTable, DenseMatrix, FeatureId, SparseActivations};
use crate::stats::{CodedLabels, ScoreOrder};

/// Columns with more categories are not labels but ids.
pub const MAX_CATEGORIES: usize = 200;

/// A category with fewer cells can't be a feature's best label: it separates by chance.
pub const MIN_BEST_CELLS: usize = 10;

/// One category of one label column, by position.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct CategoryRef {
    /// Position in [`CellTable::columns`].
    pub column: usize,
    /// Position in the column's categories.
    pub category: usize,
}

/// How a feature goes with one category.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct CategoryAssociation {
    /// The category.
    pub label: CategoryRef,
    /// Cells of the category.
    pub n_cells: usize,
    /// Area under the ROC curve, ties counted half; NaN if one side is empty.
    pub auroc: f64,
    /// Share of the category's cells in which the feature is active; NaN without cells.
    pub fraction_active: f64,
    /// Mean activation in the category; NaN without cells.
    pub mean_in: f64,
    /// Mean activation of the other labelled cells; NaN without any.
    pub mean_out: f64,
}

/// The category a feature tells apart best.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct BestLabel {
    /// The category.
    pub label: CategoryRef,
    /// Its AUROC, the largest of all categories.
    pub auroc: f64,
}

/// The best single dimension of an embedding for a category.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Baseline {
    /// The larger of AUROC and 1 − AUROC; NaN if one side is empty.
    pub auroc: f64,
    /// The dimension (0-based).
    pub dim: u32,
}

/// The label columns that can be measured against; made once per question, it borrows the table.
#[derive(Clone, Debug)]
pub struct LabelIndex<'a> {
    columns: Vec<(usize, CodedLabels<'a>)>,
}

impl<'a> LabelIndex<'a> {
    /// Takes the categorical columns of a table, counting categories.
    #[must_use]
    pub fn new(cells: &'a CellTable) -> Self {
        let coded = |(at, column): (usize, &'a crate::data::LabelColumn)| {
            let (codes, categories) = column.categorical()?;
            (categories.len() <= MAX_CATEGORIES).then(|| (at, CodedLabels::new(codes, categories.len())))
        };
        Self { columns: cells.columns().iter().enumerate().filter_map(coded).collect() }
    }

    /// How one feature goes with every category of every column: columns in the table's order, within a column
    /// the largest AUROC first (NaN last).
    #[must_use]
    pub fn associations(&self, activations: &SparseActivations, feature: FeatureId) -> Vec<CategoryAssociation> {
        let (cells, values) = activations.feature(feature);
        let mut order = ScoreOrder::default();
        order.sort_sparse(cells, values);
        let mut all = Vec::new();
        for (column, labels) in &self.columns {
            let mut rows = column_associations(*column, labels, &order, cells, values);
            rows.sort_by(|a, b| descending_nan_last(a.auroc, b.auroc).then(a.label.cmp(&b.label)));
            all.append(&mut rows);
        }
        all
    }

    /// The category each feature tells apart best, over categories of at least [`MIN_BEST_CELLS`] cells; of equals
    /// the first. `None` for features without any activation and without such a category.
    ///
    /// # Shapes
    /// The result is `[n_features]`, by feature id.
    #[must_use]
    pub fn best_labels(&self, activations: &SparseActivations) -> Vec<Option<BestLabel>> {
        let mut order = ScoreOrder::default();
        let mut best_of = |feature: usize| {
            let (cells, values) = activations.feature(FeatureId::from_index(feature));
            if cells.is_empty() {
                return None;
            }
            order.sort_sparse(cells, values);
            self.best_in(&order)
        };
        (0..activations.n_features()).map(&mut best_of).collect()
    }

    fn best_in(&self, order: &ScoreOrder) -> Option<BestLabel> {
        let mut best: Option<BestLabel> = None;
        for (column, labels) in &self.columns {
            for (category, auroc) in order.aurocs(labels).into_iter().enumerate() {
                let is_large = labels.sizes()[category] as usize >= MIN_BEST_CELLS;
                if is_large && auroc > best.map_or(f64::NEG_INFINITY, |known| known.auroc) {
                    best = Some(BestLabel { label: CategoryRef { column: *column, category }, auroc });
                }
            }
        }
        best
    }
}

fn column_associations(
    column: usize,
    labels: &CodedLabels<'_>,
    order: &ScoreOrder,
    cells: &[u32],
    values: &[f32],
) -> Vec<CategoryAssociation> {
    let mut sums = vec![0.0_f64; labels.sizes().len()];
    let mut n_active = vec![0_usize; labels.sizes().len()];
    for (&cell, &value) in cells.iter().zip(values) {
        if let Some(category) = labels.category(cell) {
            sums[category] += f64::from(value);
            n_active[category] += 1;
        }
    }
    let total: f64 = sums.iter().sum();
    let n_labelled = labels.n_labelled();
    let association = |(category, auroc): (usize, f64)| {
        let n_cells = labels.sizes()[category] as usize;
        CategoryAssociation {
            label: CategoryRef { column, category },
            n_cells,
            auroc,
            fraction_active: n_active[category] as f64 / n_cells as f64,
            mean_in: sums[category] / n_cells as f64,
            mean_out: (total - sums[category]) / (n_labelled - n_cells) as f64,
        }
    };
    order.aurocs(labels).into_iter().enumerate().map(association).collect()
}

fn descending_nan_last(a: f64, b: f64) -> std::cmp::Ordering {
    match (a.is_nan(), b.is_nan()) {
        (false, false) => b.total_cmp(&a),
        (a_is_nan, b_is_nan) => a_is_nan.cmp(&b_is_nan),
    }
}

/// The best single dimension of one embedding for every category; computed once per embedding.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct LabelBaselines {
    /// `by_column[column][category]`; empty for columns left out.
    by_column: Vec<Vec<Baseline>>,
}

impl LabelBaselines {
    /// Ranks the cells by every dimension in turn.
    ///
    /// # Shapes
    /// `embedding` is `[n_cells, d]`.
    ///
    /// # Panics
    /// If the embedding has another number of rows than the table has cells; data sets refuse such embeddings.
    #[must_use]
    pub fn new(cells: &CellTable, embedding: &DenseMatrix) -> Self {
        assert_eq!(cells.n_cells(), embedding.n_rows(), "embedding and cells differ in number");
        let index = LabelIndex::new(cells);
        let mut by_column = vec![Vec::new(); cells.columns().len()];
        for (column, labels) in &index.columns {
            by_column[*column] = vec![Baseline { auroc: f64::NAN, dim: 0 }; labels.sizes().len()];
        }
        let mut order = ScoreOrder::default();
        for dim in 0..embedding.n_cols() {
            order.sort_dense((0..embedding.n_rows()).map(|row| embedding.row(row)[dim]));
            for (column, labels) in &index.columns {
                let aurocs = order.aurocs(labels).into_iter().map(|auroc| auroc.max(1.0 - auroc));
                for (known, auroc) in by_column[*column].iter_mut().zip(aurocs) {
                    if auroc > known.auroc || known.auroc.is_nan() {
                        *known = Baseline { auroc, dim: dim as u32 };
                    }
                }
            }
        }
        Self { by_column }
    }

    /// The baseline of a category; `None` for columns left out.
    pub fn get(&self, label: CategoryRef) -> Option<Baseline> {
        self.by_column.get(label.column)?.get(label.category).copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::{LabelColumn, SparseMatrix};

    fn cells() -> CellTable {
        let mut cells = CellTable::without_ids(5);
        cells.add_column(LabelColumn::from_texts("type", &["B", "B", "T", "T", ""])).unwrap();
        cells
    }

    fn activations(values: [f32; 5]) -> SparseActivations {
        SparseActivations::from_cells(SparseMatrix::from_dense(&DenseMatrix::new(5, 1, values.to_vec()).unwrap()))
    }

    #[test]
    fn association_leaves_unlabelled_cells_out() {
        let table = cells();
        let index = LabelIndex::new(&table);
        let rows = index.associations(&activations([0.0, 1.0, 2.0, 4.0, 9.0]), FeatureId(0));
        assert_eq!(rows[0].label, CategoryRef { column: 0, category: 1 });
        assert_eq!((rows[0].auroc, rows[0].fraction_active), (1.0, 1.0));
        assert_eq!((rows[0].mean_in, rows[0].mean_out), (3.0, 0.5));
        assert_eq!((rows[1].auroc, rows[1].n_cells), (0.0, 2));
    }

    #[test]
    fn baseline_counts_either_direction() {
        let table = cells();
        let embedding = DenseMatrix::new(5, 2, vec![0., 3., 0., 3., 1., 0., 0., 0., 0., 0.]).unwrap();
        let baselines = LabelBaselines::new(&table, &embedding);
        let best = baselines.get(CategoryRef { column: 0, category: 1 }).unwrap();
        assert_eq!((best.auroc, best.dim), (1.0, 1));
    }

    #[test]
    fn small_categories_are_never_best() {
        let table = cells();
        let index = LabelIndex::new(&table);
        assert_eq!(index.best_labels(&activations([0.0, 0.0, 1.0, 1.0, 0.0])), [None]);
        let mut large = CellTable::without_ids(30);
        let names: Vec<&str> = (0..30).map(|cell| if cell < 12 { "a" } else { "b" }).collect();
        large.add_column(LabelColumn::from_texts("type", &names)).unwrap();
        let values: Vec<f32> = (0..30).map(|cell| if cell < 6 { 1.0 } else { 0.0 }).collect();
        let dense = DenseMatrix::new(30, 1, values).unwrap();
        let active = SparseActivations::from_cells(SparseMatrix::from_dense(&dense));
        let best = LabelIndex::new(&large).best_labels(&active)[0].unwrap();
        assert_eq!((best.label.category, best.auroc), (0, 0.75));
    }
}
