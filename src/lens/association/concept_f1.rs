//! Concept F1: how well the best single feature detects each category of a label.
//!
//! Method: Simon & Zou 2024 (InterPLM). For every category the feature and the threshold with the best F1 are chosen on
//! some cells and their F1 is reported on the others, since the best of many features is flattered by the choice. The
//! cells are split by a label such as the donor, so that what is reported holds for donors never looked at, or at random
//! with a seed, half and half. Thresholds, scaling and rules for ties and empty categories are those of `f1`.
//!
//! Rules: of features with the same F1 the lower is chosen. A category without cells in the choosing half has no
//! feature; without cells in the reporting half its F1 is NaN; the mean leaves NaN out.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;

use super::error::{categorical, check_cells};
use super::{AssociationError, BestF1, CellHalves, HalvedLabels, halves_by};
use crate::data::{CellTable, FeatureId, SparseActivations};
use crate::lens::CategoryRef;
use crate::stats::{CodedLabels, draw_below};

/// Which cells choose and which report.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CellSplit {
    /// The categories of a column (donors, batches) in two halves; see [`CellHalves::new`].
    ByColumn(String),
    /// Half of the cells, drawn at random.
    Random {
        /// The seed.
        seed: u64,
    },
    /// Given cell by cell: 0 chooses, 1 reports, anything else neither.
    Given(Vec<u32>),
}

/// A category and the feature that detects it best.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ConceptF1 {
    /// The category.
    pub label: CategoryRef,
    /// Its cells in the choosing half.
    pub n_choosing: u32,
    /// Its cells in the reporting half.
    pub n_reporting: u32,
    /// The feature with the best F1 in the choosing half; `None` without cells to choose by.
    pub feature: Option<FeatureId>,
    /// That F1, with its threshold.
    pub chosen: BestF1,
    /// The same feature at the same threshold in the reporting half: the number to quote.
    pub reported: BestF1,
}

/// Measures the categories of one column.
///
/// # Errors
/// If the activations are of other cells than the table, a column is unknown, numeric or has too many categories, or
/// the column to split by has fewer than two categories with cells.
///
/// # Panics
/// If a given split has another number of cells.
pub fn concept_f1(
    cells: &CellTable,
    activations: &SparseActivations,
    column: &str,
    split: &CellSplit,
) -> Result<Vec<ConceptF1>, AssociationError> {
    check_cells(cells, activations)?;
    if let CellSplit::Given(given) = split {
        assert_eq!(given.len(), cells.n_cells(), "a given split says the part of every cell");
    }
    let (at, codes, categories) = categorical(cells, column)?;
    let drawn = if let CellSplit::Random { seed } = split { random_halves(cells.n_cells(), *seed) } else { Vec::new() };
    let halves = match split {
        CellSplit::ByColumn(name) => halves_by(cells, name)?,
        CellSplit::Random { .. } => CellHalves::given(&drawn),
        CellSplit::Given(codes) => CellHalves::given(codes),
    };
    let halved = HalvedLabels::new(CodedLabels::new(codes, categories.len()), halves);
    Ok(best_features(at, &halved, activations))
}

/// Mean of the reported F1 over categories that have one; NaN if none has.
#[must_use]
pub fn mean_concept_f1(concepts: &[ConceptF1]) -> f64 {
    let reported: Vec<f64> = concepts.iter().map(|concept| concept.reported.f1).filter(|f1| !f1.is_nan()).collect();
    reported.iter().sum::<f64>() / reported.len() as f64
}

fn best_features(column: usize, halved: &HalvedLabels<'_>, activations: &SparseActivations) -> Vec<ConceptF1> {
    let [choosing, reporting] = halved.sizes();
    let empty = |(category, (&n_choosing, &n_reporting)): (usize, (&u32, &u32))| ConceptF1 {
        label: CategoryRef { column, category },
        n_choosing,
        n_reporting,
        feature: None,
        chosen: BestF1::NONE,
        reported: BestF1::NONE,
    };
    let mut concepts: Vec<ConceptF1> = choosing.iter().zip(reporting).enumerate().map(empty).collect();
    for feature in (0..activations.n_features() as u32).map(FeatureId) {
        let (cells, values) = activations.feature(feature);
        for (concept, [chosen, reported]) in concepts.iter_mut().zip(halved.chosen_and_reported(cells, values)) {
            let is_first = concept.feature.is_none() && !chosen.f1.is_nan();
            if is_first || chosen.f1 > concept.chosen.f1 {
                *concept = ConceptF1 { feature: Some(feature), chosen, reported, ..*concept };
            }
        }
    }
    concepts
}

/// A shuffled order of the cells, cut in two; the half that chooses has the odd one.
fn random_halves(n_cells: usize, seed: u64) -> Vec<u32> {
    let mut halves: Vec<u32> = (0..n_cells).map(|at| u32::from(2 * at >= n_cells + n_cells % 2)).collect();
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    for last in (1..n_cells).rev() {
        halves.swap(last, draw_below(&mut rng, last as u32 + 1) as usize);
    }
    halves
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::{DenseMatrix, LabelColumn, SparseMatrix};

    fn table(types: &[&str], donors: &[&str]) -> CellTable {
        let mut cells = CellTable::without_ids(types.len());
        cells.add_column(LabelColumn::from_texts("type", types)).unwrap();
        cells.add_column(LabelColumn::from_texts("donor", donors)).unwrap();
        cells
    }

    fn activations(n_features: usize, values: Vec<f32>) -> SparseActivations {
        let dense = DenseMatrix::new(values.len() / n_features, n_features, values).unwrap();
        SparseActivations::from_cells(SparseMatrix::from_dense(&dense))
    }

    #[test]
    fn the_feature_is_chosen_on_one_donor_and_reported_on_the_other() {
        let cells = table(&["B", "B", "T", "B", "B", "T"], &["x", "x", "x", "y", "y", "y"]);
        // Feature 0 finds B in donor x only, feature 1 in donor y only.
        let active = activations(2, vec![1., 1., 1., 0., 0., 1., 1., 1., 0., 1., 1., 0.]);
        let split = CellSplit::ByColumn("donor".to_owned());
        let found = concept_f1(&cells, &active, "type", &split).unwrap();
        assert_eq!((found[0].feature, found[0].chosen.f1, found[0].reported.f1), (Some(FeatureId(0)), 1.0, 0.5));
        assert_eq!((found[0].n_choosing, found[0].n_reporting), (2, 2));
        let swapped = CellSplit::Given(vec![1, 1, 1, 0, 0, 0]);
        assert_eq!(concept_f1(&cells, &active, "type", &swapped).unwrap()[0].feature, Some(FeatureId(1)));
    }

    #[test]
    fn equal_features_go_to_the_lower_and_empty_halves_have_no_f1() {
        let cells = table(&["B", "T", "B", "T"], &["x", "x", "y", "y"]);
        let active = activations(2, vec![1., 1., 0., 0., 1., 1., 0., 0.]);
        let all_choose = CellSplit::Given(vec![0, 0, 0, 7]);
        let found = concept_f1(&cells, &active, "type", &all_choose).unwrap();
        assert_eq!(found[0].feature, Some(FeatureId(0)));
        assert!(found[0].reported.f1.is_nan() && mean_concept_f1(&found).is_nan());
        let all_report = CellSplit::Given(vec![1; 4]);
        assert!(concept_f1(&cells, &active, "type", &all_report).unwrap().iter().all(|found| found.feature.is_none()));
    }

    #[test]
    fn random_halves_are_halves_and_follow_the_seed() {
        assert_eq!(random_halves(101, 3).iter().sum::<u32>(), 50);
        assert_eq!(random_halves(101, 3), random_halves(101, 3));
        assert_ne!(random_halves(101, 3), random_halves(101, 4));
        let cells = table(&["B", "B", "B", "B"], &["x"; 4]);
        let found = concept_f1(&cells, &activations(1, vec![1.; 4]), "type", &CellSplit::Random { seed: 0 }).unwrap();
        assert_eq!((found[0].n_choosing, found[0].n_reporting, mean_concept_f1(&found)), (2, 2, 1.0));
    }

    #[test]
    fn bad_columns_are_refused() {
        let (cells, active) = (table(&["B", "T"], &["x", "x"]), activations(1, vec![1., 0.]));
        let by_donor = CellSplit::ByColumn("donor".to_owned());
        let error = concept_f1(&cells, &active, "type", &by_donor).unwrap_err();
        assert_eq!(error, AssociationError::NothingToSplit { name: "donor".to_owned(), found: 1 });
        let error = concept_f1(&cells, &active, "typo", &CellSplit::Random { seed: 0 }).unwrap_err();
        assert!(matches!(error, AssociationError::UnknownColumn { .. }));
    }
}
