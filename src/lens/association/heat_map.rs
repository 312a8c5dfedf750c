//! One label column as a matrix of categories × features, ordered so that blocks show.
//!
//! By default features stand by their best category (the largest AUROC, in the column's order of categories), within it
//! by falling AUROC, so that a heat map has its strong cells along a diagonal.
//!
//! Rules: features without an active cell are left out. Categories of fewer than [`MIN_BEST_CELLS`] cells are never
//! best (as in [`crate::lens::LabelIndex::best_labels`]); of equals the first is. Features without a best category come
//! last, equals by feature id. Values of a category without cells are NaN.

use serde::{Deserialize, Serialize};

use crate::data::FeatureId;
use crate::lens::MIN_BEST_CELLS;

use super::AssociationTable;

/// What the matrix holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum HeatMapValue {
    /// AUROC against all other labelled cells, 0 to 1.
    Auroc,
    /// Best F1 as a detector of the category, 0 to 1.
    F1,
    /// Mean activation over the feature's largest mean of a category in this column, so at most 1; 0 for features
    /// with no category above 0.
    ScaledMean,
}

/// In which order features stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum HeatMapOrder {
    /// By best category, then by falling AUROC.
    BestCategory,
    /// By feature id.
    Feature,
}

/// A matrix ready to draw.
///
/// # Shapes
/// `values` is `[n_categories, n_features]`, category by category.
#[derive(Clone, Debug, PartialEq)]
pub struct HeatMap {
    /// Categories by position in the column, top to bottom.
    pub categories: Vec<usize>,
    /// Features left to right.
    pub features: Vec<FeatureId>,
    /// Best category of each feature, `[n_features]`; `None` if every category is too small.
    pub best_category: Vec<Option<usize>>,
    /// The values; NaN for categories without cells.
    pub values: Vec<f64>,
}

impl HeatMap {
    /// Only the first `n` features of every best category, in the order they have: with
    /// [`HeatMapOrder::BestCategory`] those it is told apart by best. Features without a best category are left out.
    #[must_use]
    pub fn first_of_each(&self, n: usize) -> Self {
        let mut n_taken = vec![0; self.categories.iter().max().map_or(0, |last| last + 1)];
        let is_taken = |place: &usize| {
            let Some(best) = self.best_category[*place] else { return false };
            n_taken[best] += 1;
            n_taken[best] <= n
        };
        let places: Vec<usize> = (0..self.features.len()).filter(is_taken).collect();
        let lines = self.values.chunks(self.features.len().max(1));
        Self {
            categories: self.categories.clone(),
            features: places.iter().map(|&place| self.features[place]).collect(),
            best_category: places.iter().map(|&place| self.best_category[place]).collect(),
            values: lines.flat_map(|line| places.iter().map(|&place| line[place])).collect(),
        }
    }
}

impl AssociationTable {
    /// One label column of the table as a matrix; `None` if the column was not measured.
    #[must_use]
    pub fn heat_map(&self, column: usize, value: HeatMapValue, order: HeatMapOrder) -> Option<HeatMap> {
        let is_meant = |at: &usize| self.labels[*at].label.column == column;
        let slots: Vec<usize> = (0..self.labels.len()).filter(is_meant).collect();
        if slots.is_empty() {
            return None;
        }
        let ordered = self.ordered(&slots, order);
        let mut values = vec![f64::NAN; slots.len() * ordered.len()];
        for (place, &(feature, _)) in ordered.iter().enumerate() {
            for (line, value) in self.profile(feature, &slots, value).into_iter().enumerate() {
                values[line * ordered.len() + place] = value;
            }
        }
        Some(HeatMap {
            categories: slots.iter().map(|&slot| self.labels[slot].label.category).collect(),
            features: ordered.iter().map(|&(feature, _)| self.features[feature]).collect(),
            best_category: ordered.iter().map(|(_, best)| best.map(|best| best.0)).collect(),
            values,
        })
    }

    /// Positions of active features with best category and AUROC.
    fn ordered(&self, slots: &[usize], order: HeatMapOrder) -> Vec<(usize, Option<(usize, f64)>)> {
        let is_active = |feature: &usize| self.n_active[*feature] > 0;
        let mut ordered: Vec<_> =
            (0..self.features.len()).filter(is_active).map(|feature| (feature, self.best_of(feature, slots))).collect();
        let id = |feature: usize| self.features[feature];
        ordered.sort_by(|a, b| match (order, a.1, b.1) {
            (HeatMapOrder::BestCategory, Some(x), Some(y)) => {
                x.0.cmp(&y.0).then(y.1.total_cmp(&x.1)).then(id(a.0).cmp(&id(b.0)))
            }
            (HeatMapOrder::BestCategory, x, y) => x.is_none().cmp(&y.is_none()).then(id(a.0).cmp(&id(b.0))),
            (HeatMapOrder::Feature, ..) => id(a.0).cmp(&id(b.0)),
        });
        ordered
    }

    fn best_of(&self, feature: usize, slots: &[usize]) -> Option<(usize, f64)> {
        let measured = slots.iter().filter_map(|&slot| {
            let auroc = self.auroc[feature * self.labels.len() + slot];
            let is_large = self.labels[slot].n_cells as usize >= MIN_BEST_CELLS;
            (is_large && !auroc.is_nan()).then_some((self.labels[slot].label.category, auroc))
        });
        measured.reduce(|best, next| if next.1 > best.1 { next } else { best })
    }

    fn profile(&self, feature: usize, slots: &[usize], value: HeatMapValue) -> Vec<f64> {
        let of = |values: &[f64]| slots.iter().map(|slot| values[feature * self.labels.len() + slot]).collect();
        match value {
            HeatMapValue::Auroc => of(&self.auroc),
            HeatMapValue::F1 => of(&self.f1),
            HeatMapValue::ScaledMean => scaled(of(&self.mean_in)),
        }
    }
}

fn scaled(mut means: Vec<f64>) -> Vec<f64> {
    let largest = means.iter().copied().fold(0.0, f64::max);
    for mean in means.iter_mut().filter(|mean| !mean.is_nan()) {
        *mean = if largest > 0.0 { *mean / largest } else { 0.0 };
    }
    means
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::{CellTable, DenseMatrix, LabelColumn, SparseActivations, SparseMatrix};
    use crate::lens::{AssociationParams, LabelAssociations};

    /// Types a and b of 10 cells, c of 2; feature 0 dead, 1 and 2 of b (2 more so), 3 of a, 4 of c.
    fn table() -> AssociationTable {
        let types: Vec<&str> = (0..22).map(|cell| ["a", "b", "c"][cell / 10]).collect();
        let mut cells = CellTable::without_ids(22);
        cells.add_column(LabelColumn::from_texts("type", &types)).unwrap();
        let active = |feature: usize, cell: usize| match feature {
            1 => (10..15).contains(&cell),
            2 => (10..20).contains(&cell),
            3 => cell < 10,
            4 => cell >= 20,
            _ => false,
        };
        let values = (0..5 * 22).map(|at| if active(at / 22, at % 22) { 2.0 } else { 0.0 }).collect();
        let by_feature = SparseMatrix::from_dense(&DenseMatrix::new(5, 22, values).unwrap());
        let activations = SparseActivations::from_cells(by_feature.transposed());
        LabelAssociations::new(&cells, &activations, &AssociationParams::default()).unwrap().of_features(0..5)
    }

    #[test]
    fn features_stand_by_best_category_then_by_auroc() {
        let map = table().heat_map(0, HeatMapValue::Auroc, HeatMapOrder::BestCategory).unwrap();
        // Feature 4 tells only the small category c apart; a and b are equally bad, so the first.
        assert_eq!(map.features.iter().map(|feature| feature.0).collect::<Vec<_>>(), [3, 4, 2, 1]);
        assert_eq!(map.best_category, [Some(0), Some(0), Some(1), Some(1)]);
        assert_eq!(map.categories, [0, 1, 2]);
        assert_eq!(map.values[..4], [1.0, 5.0 / 12.0, 1.0 / 12.0, 3.5 / 12.0]);
        assert_eq!(map.values[9], 1.0);
        let by_id = table().heat_map(0, HeatMapValue::Auroc, HeatMapOrder::Feature).unwrap();
        assert_eq!(by_id.features.iter().map(|feature| feature.0).collect::<Vec<_>>(), [1, 2, 3, 4]);
    }

    #[test]
    fn the_first_of_each_category_keep_their_order_and_values() {
        let map = table().heat_map(0, HeatMapValue::F1, HeatMapOrder::BestCategory).unwrap();
        assert_eq!((map.values[0], map.values[6]), (1.0, 1.0));
        let first = map.first_of_each(1);
        assert_eq!(first.features.iter().map(|feature| feature.0).collect::<Vec<_>>(), [3, 2]);
        assert_eq!(first.values, [0, 2, 4, 6, 8, 10].map(|at| map.values[at]));
        assert_eq!(map.first_of_each(9), map);
        assert!(map.first_of_each(0).values.is_empty());
    }

    #[test]
    fn means_are_scaled_to_the_largest_category() {
        let map = table().heat_map(0, HeatMapValue::ScaledMean, HeatMapOrder::BestCategory).unwrap();
        assert_eq!(map.values, [1., 0., 0., 0., 0., 0., 1., 1., 0., 1., 0., 0.]);
        let scaled = scaled(vec![0.5, f64::NAN, 2.0]);
        assert!(scaled[0] == 0.25 && scaled[1].is_nan() && scaled[2] == 1.0);
    }

    #[test]
    fn a_column_that_was_not_measured_has_no_map() {
        assert!(table().heat_map(7, HeatMapValue::Auroc, HeatMapOrder::Feature).is_none());
    }
}
