//! All parts against scikit-learn, SciPy and statsmodels (`tests/fixtures/association`), and what must not matter.

use proptest::prelude::*;
use serde::Deserialize;

use super::*;
use crate::data::{CellSelection, DenseMatrix, LabelColumn, LabelValues, MISSING_CODE, SparseMatrix};
use crate::lens::LabelIndex;

/// Sums of 180 numbers in another order.
const TOLERANCE: f64 = 1e-12;
/// SciPy's t distribution itself loses digits far out.
const P_TOLERANCE: f64 = 1e-10;

#[derive(Deserialize)]
struct Reference {
    columns: Vec<(String, Vec<String>, Vec<i64>)>,
    activations: Vec<Vec<(usize, f32)>>,
    features: Vec<ExpectedFeature>,
    lineage: Vec<(u32, Vec<f64>)>,
    differential: ExpectedDifferential,
}

#[derive(Deserialize)]
struct ExpectedFeature {
    columns: Vec<ExpectedColumn>,
    confounded: bool,
}

#[derive(Deserialize)]
struct ExpectedColumn {
    rows: Vec<ExpectedRow>,
    class: String,
}

#[derive(Deserialize)]
struct ExpectedRow {
    auroc: f64,
    best_f1: [Option<f64>; 4],
    halved_f1: [Option<f64>; 4],
    mean_in: f64,
    mean_out: f64,
    significant: bool,
}

#[derive(Deserialize)]
struct ExpectedDifferential {
    first: Vec<u32>,
    second: Vec<u32>,
    rows: Vec<ExpectedDifference>,
    paper_top: Vec<u32>,
}

#[derive(Deserialize)]
struct ExpectedDifference {
    t: Option<f64>,
    p: Option<f64>,
    padj: Option<f64>,
    d: Option<f64>,
    paper_d: f64,
    mean_first: f64,
    mean_second: f64,
    fraction_first: f64,
    fraction_second: f64,
}

fn reference() -> (Reference, CellTable, SparseActivations) {
    let text = include_str!("../../../tests/fixtures/association/reference.json");
    let reference: Reference = serde_json::from_str(text).unwrap();
    let n_cells = reference.columns[0].2.len();
    let mut cells = CellTable::without_ids(n_cells);
    for (name, categories, codes) in &reference.columns {
        let codes = codes.iter().map(|&code| u32::try_from(code).unwrap_or(MISSING_CODE)).collect();
        let values = LabelValues::Categorical { codes, categories: categories.clone() };
        cells.add_column(LabelColumn { name: name.clone(), values }).unwrap();
    }
    let mut dense = vec![0.0; reference.activations.len() * n_cells];
    for (feature, active) in reference.activations.iter().enumerate() {
        for &(cell, value) in active {
            dense[feature * n_cells + cell] = value;
        }
    }
    let by_feature = DenseMatrix::new(reference.activations.len(), n_cells, dense).unwrap();
    let activations = SparseActivations::from_cells(SparseMatrix::from_dense(&by_feature).transposed());
    (reference, cells, activations)
}

#[track_caller]
fn assert_close(found: f64, expected: Option<f64>, tolerance: f64, what: &str) {
    let expected = expected.unwrap_or(f64::NAN);
    let is_close = (found - expected).abs() <= tolerance * expected.abs().max(1.0);
    assert!(is_close || (found.is_nan() && expected.is_nan()), "{what}: {found} is not {expected}");
}

fn numbers(best: BestF1) -> [f64; 4] {
    [best.f1, best.precision, best.recall, best.threshold]
}

#[test]
fn rows_match_scikit_learn() {
    let (reference, cells, activations) = reference();
    let split = AssociationParams { split_column: Some("donor_id".to_owned()), ..AssociationParams::default() };
    let whole = LabelAssociations::new(&cells, &activations, &AssociationParams::default()).unwrap();
    let halved = LabelAssociations::new(&cells, &activations, &split).unwrap();
    for (feature, expected) in reference.features.iter().enumerate() {
        let found = whole.of_feature(FeatureId(feature as u32));
        let found_halved = halved.of_feature(FeatureId(feature as u32));
        let expected_rows = expected.columns.iter().flat_map(|column| column.rows.iter().map(move |row| (column, row)));
        for ((row, halved), (column, expected_row)) in found.iter().zip(&found_halved).zip(expected_rows) {
            let what = format!("feature {feature} {:?}", row.label);
            assert_close(row.auroc, Some(expected_row.auroc), TOLERANCE, &what);
            assert_close(row.mean_in, Some(expected_row.mean_in), TOLERANCE, &what);
            assert_close(row.mean_out, Some(expected_row.mean_out), TOLERANCE, &what);
            assert_eq!(row.is_significant, expected_row.significant, "{what}");
            assert_eq!(row.class.name(), column.class, "{what}");
            assert_eq!(row.is_confounded, expected.confounded, "{what}");
            let both = [(row.best_f1, expected_row.best_f1), (halved.best_f1, expected_row.halved_f1)];
            for (found, expected) in both.into_iter().flat_map(|(a, b)| numbers(a).into_iter().zip(b)) {
                assert_close(found, expected, TOLERANCE, &what);
            }
        }
        assert_eq!(found.len(), expected.columns.iter().map(|column| column.rows.len()).sum::<usize>());
    }
    assert!(reference.features.iter().any(|feature| feature.confounded), "the flag is tested on both sides");
}

#[test]
fn lineage_matches_the_dense_search() {
    let (reference, cells, activations) = reference();
    let found = Lineage::new(&cells, "type", &["HSC", "MEP", "Ery"]).unwrap().search(&activations).unwrap();
    assert!(!found.is_empty() && found.len() == reference.lineage.len());
    for (row, (feature, means)) in found.iter().zip(&reference.lineage) {
        assert_eq!(row.feature.0, *feature);
        for (&mean, &expected) in row.means.iter().zip(means) {
            assert_close(mean, Some(expected), TOLERANCE, "mean of a step");
        }
    }
}

#[test]
fn differential_features_match_scipy_and_statsmodels() {
    let (reference, cells, activations) = reference();
    let expected = reference.differential;
    let (first, second) = (CellSelection::Rows(expected.first), CellSelection::Rows(expected.second));
    let found = differential_features(&cells, &activations, &first, &second).unwrap();
    for (row, expected) in found.features.iter().zip(&expected.rows) {
        let what = format!("feature {}", row.feature);
        assert_close(row.mean_first, Some(expected.mean_first), TOLERANCE, &what);
        assert_close(row.mean_second, Some(expected.mean_second), TOLERANCE, &what);
        assert_close(row.fraction_first, Some(expected.fraction_first), TOLERANCE, &what);
        assert_close(row.fraction_second, Some(expected.fraction_second), TOLERANCE, &what);
        assert_close(row.t, expected.t, TOLERANCE, &what);
        assert_close(row.cohens_d, expected.d, TOLERANCE, &what);
        assert_close(row.paper_effect, Some(expected.paper_d), TOLERANCE, &what);
        for (found, expected) in [(row.p_value, expected.p), (row.padj, expected.padj)] {
            let is_relative = expected.is_none_or(|expected| (found / expected - 1.0).abs() < P_TOLERANCE);
            assert!(is_relative && found.is_nan() == expected.is_none(), "{what}: {found} is not {expected:?}");
        }
    }
    assert_eq!(found.features.len(), expected.rows.len());
    assert_eq!(found.paper_top().iter().map(|row| row.feature.0).collect::<Vec<_>>(), expected.paper_top);
    assert!(expected.paper_top.len() > 2);
}

#[test]
fn shards_join_to_the_whole() {
    let (_, cells, activations) = reference();
    let associations = LabelAssociations::new(&cells, &activations, &AssociationParams::default()).unwrap();
    let whole = associations.of_features(0..14);
    let mut joined = associations.of_features(0..5);
    joined.append(associations.of_features(5..5));
    joined.append(associations.of_features(5..14));
    // NaN differs from itself, its text does not.
    assert_eq!(format!("{whole:?}"), format!("{joined:?}"));
    let one_by_one: Vec<AssociationRow> =
        (0..14).flat_map(|feature| associations.of_feature(FeatureId(feature))).collect();
    assert_eq!(format!("{:?}", whole.rows().collect::<Vec<_>>()), format!("{one_by_one:?}"));
    assert_eq!(whole.n_rows(), 14 * 12);
}

#[test]
fn aurocs_are_those_of_the_label_index() {
    let (_, cells, activations) = reference();
    let associations = LabelAssociations::new(&cells, &activations, &AssociationParams::default()).unwrap();
    for feature in (0..14).map(FeatureId) {
        let rows = associations.of_feature(feature);
        for known in LabelIndex::new(&cells).associations(&activations, feature) {
            let row = rows.iter().find(|row| row.label == known.label).unwrap();
            assert_eq!((row.auroc, row.n_cells as usize), (known.auroc, known.n_cells));
            assert_close(row.mean_out, Some(known.mean_out), TOLERANCE, "mean outside");
        }
    }
}

#[test]
fn parameters_that_name_no_labels_are_refused() {
    let (_, cells, activations) = reference();
    let refused = |params: &AssociationParams| LabelAssociations::new(&cells, &activations, params).unwrap_err();
    let nuisance = AssociationParams { nuisance_columns: Some(vec!["lane".into()]), ..AssociationParams::default() };
    assert!(matches!(refused(&nuisance), AssociationError::UnknownColumn { .. }));
    let mut one = CellTable::without_ids(cells.n_cells());
    one.add_column(LabelColumn::from_texts("batch", &vec!["b"; cells.n_cells()])).unwrap();
    let split = AssociationParams { split_column: Some("batch".into()), ..AssociationParams::default() };
    let error = LabelAssociations::new(&one, &activations, &split).unwrap_err();
    assert_eq!(error, AssociationError::NothingToSplit { name: "batch".into(), found: 1 });
    let short = CellTable::without_ids(3);
    let error = LabelAssociations::new(&short, &activations, &AssociationParams::default()).unwrap_err();
    assert_eq!(error, AssociationError::CellCount { expected: 3, found: cells.n_cells() });
}

#[test]
fn nuisance_columns_are_guessed_or_as_told() {
    let (_, cells, activations) = reference();
    let nuisance =
        |params: &AssociationParams| LabelAssociations::new(&cells, &activations, params).unwrap().nuisance_columns();
    assert_eq!(nuisance(&AssociationParams::default()), [1]);
    let told = AssociationParams { nuisance_columns: Some(vec!["stim".into()]), ..AssociationParams::default() };
    assert_eq!(nuisance(&told), [2]);
    let none = AssociationParams { nuisance_columns: Some(Vec::new()), ..AssociationParams::default() };
    let associations = LabelAssociations::new(&cells, &activations, &none).unwrap();
    assert!(!associations.of_features(0..14).is_confounded.contains(&true));
}

/// Cells of a type, a batch and two activations.
type Cell = (u32, u32, i8, u8);

fn measured(cells: &[Cell]) -> AssociationTable {
    let mut table = CellTable::without_ids(cells.len());
    let mut add = |name: &str, n_categories: u32, code: fn(&Cell) -> u32| {
        let codes = cells.iter().map(code).map(|code| if code < n_categories { code } else { MISSING_CODE }).collect();
        let categories = (0..n_categories).map(|category| category.to_string()).collect();
        let values = LabelValues::Categorical { codes, categories };
        table.add_column(LabelColumn { name: name.to_owned(), values }).unwrap();
    };
    add("type", 3, |cell| cell.0);
    add("batch", 4, |cell| cell.1);
    let values = cells.iter().flat_map(|cell| [f32::from(cell.2) / 4.0, f32::from(cell.3) / 3.0]).collect();
    let dense = DenseMatrix::new(cells.len(), 2, values).unwrap();
    let activations = SparseActivations::from_cells(SparseMatrix::from_dense(&dense));
    let two_batches = cells.iter().any(|cell| cell.1 == 0) && cells.iter().any(|cell| cell.1 == 1);
    let split_column = two_batches.then(|| "batch".to_owned());
    let params = AssociationParams { split_column, ..AssociationParams::default() };
    LabelAssociations::new(&table, &activations, &params).unwrap().of_features(0..2)
}

proptest! {
    #[test]
    fn the_order_of_cells_does_not_matter(
        (cells, shuffled) in prop::collection::vec((0_u32..4, 0_u32..5, -2_i8..6, 0_u8..5), 1..60)
            .prop_flat_map(|cells| (Just(cells.clone()), Just(cells).prop_shuffle()))
    ) {
        let (one, other) = (measured(&cells), measured(&shuffled));
        for (a, b) in one.rows().zip(other.rows()) {
            prop_assert_eq!(a.auroc.to_bits(), b.auroc.to_bits());
            prop_assert_eq!(numbers(a.best_f1).map(f64::to_bits), numbers(b.best_f1).map(f64::to_bits));
            prop_assert_eq!((a.class, a.is_significant), (b.class, b.is_significant));
            prop_assert_eq!(a.is_confounded, b.is_confounded);
            assert_close(a.mean_in, Some(b.mean_in), TOLERANCE, "mean in the category");
        }
    }

    #[test]
    fn numbers_stay_in_their_ranges(
        cells in prop::collection::vec((0_u32..4, 0_u32..5, -2_i8..6, 0_u8..5), 1..60)
    ) {
        let is_share = |value: f64| value.is_nan() || (0.0..=1.0).contains(&value);
        for row in measured(&cells).rows() {
            prop_assert!(is_share(row.auroc) && numbers(row.best_f1).into_iter().all(is_share));
            prop_assert!(!(row.is_significant && row.class == LabelClass::None));
        }
    }
}
