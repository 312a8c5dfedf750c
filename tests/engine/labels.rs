//! Features against labels: every view and table against the library, asked with the same activations and labels.

use featurescope::data::{CellTable, DenseMatrix, LabelColumn, LabelValues, SparseActivations, SparseMatrix};
use featurescope::lens::LabelAssociations;
use featurescope::lens::association::{AssociationTable, Lineage, differential_features};
use featurescope::protocol::{
    AssociationSummary, CompareQuery, Comparison, HeatMapOrder, HeatMapValue, LabelMap, LabelMapQuery, LabelTable,
    LabelTableQuery, LineageQuery, LineageTable,
};

use super::*;

/// Features as they are in the file, so that they are the same on any machine.
fn ready() -> Desk {
    let mut desk = desk();
    desk.open(&["small.h5ad"]);
    sae_ready(desk.ask(Request::UseColumns { embedding: "X_latent".into() }));
    desk
}

/// What the engine says of every cell, as the library takes it.
fn cells_and_activations(desk: &mut Desk) -> (CellTable, SparseActivations) {
    let mut cells = CellTable::without_ids(N_CELLS);
    for name in ["cell_type", "condition"] {
        let ViewResult::Categories { codes, categories, .. } =
            desk.view(ViewQuery::Color(CellColor::Label(name.into())))
        else {
            panic!("no categories")
        };
        let values = LabelValues::Categorical { codes: codes.to_vec(), categories };
        cells.add_column(LabelColumn { name: name.to_owned(), values }).unwrap();
    }
    let feature = |id| match desk.view(ViewQuery::Color(CellColor::Feature(FeatureId(id)))) {
        ViewResult::Values { values, .. } => values.to_vec(),
        other => panic!("{other:?}"),
    };
    let by_feature: Vec<f32> = (0..8).flat_map(feature).collect();
    let by_feature = SparseMatrix::from_dense(&DenseMatrix::new(8, N_CELLS, by_feature).unwrap());
    (cells, SparseActivations::from_cells(by_feature.transposed()))
}

fn associated(desk: &mut Desk, params: AssociationParams) -> AssociationSummary {
    find(desk.ask(Request::Associate { params }), |event| match event {
        Event::Associated(summary) => Some(summary),
        _ => None,
    })
}

/// Conditions as if they were batches.
fn params() -> AssociationParams {
    AssociationParams { nuisance_columns: Some(vec!["condition".into()]), ..AssociationParams::default() }
}

fn expected(cells: &CellTable, activations: &SparseActivations) -> AssociationTable {
    LabelAssociations::new(cells, activations, &params()).unwrap().of_features(0..8)
}

fn map_query(order: HeatMapOrder, per_label: usize) -> LabelMapQuery {
    LabelMapQuery { column: "cell_type".into(), value: HeatMapValue::Auroc, order, per_label }
}

fn map(desk: &mut Desk, query: LabelMapQuery) -> LabelMap {
    match desk.view(ViewQuery::LabelMap(query)) {
        ViewResult::LabelMap(map) => *map,
        other => panic!("{other:?}"),
    }
}

fn table(desk: &mut Desk, category: Option<&str>) -> LabelTable {
    let query = LabelTableQuery { column: "cell_type".into(), category: category.map(str::to_owned) };
    match desk.view(ViewQuery::LabelTable(query)) {
        ViewResult::LabelTable(table) => *table,
        other => panic!("{other:?}"),
    }
}

#[test]
fn the_heat_map_is_the_librarys_matrix() {
    let mut desk = ready();
    let summary = associated(&mut desk, params());
    let (cells, activations) = cells_and_activations(&mut desk);
    let expected = expected(&cells, &activations);
    assert_eq!((summary.n_features, summary.columns.len()), (8, 2));
    assert_eq!(summary.columns.iter().map(|column| column.is_nuisance).collect::<Vec<_>>(), [false, true]);
    assert_eq!(summary.n_confounded, expected.is_confounded.iter().filter(|&&flag| flag).count());
    assert!((1..8).contains(&summary.n_confounded));
    for value in [HeatMapValue::Auroc, HeatMapValue::F1, HeatMapValue::ScaledMean] {
        let query = LabelMapQuery { value, ..map_query(HeatMapOrder::BestCategory, 100) };
        let (found, whole) = (map(&mut desk, query), expected.heat_map(0, value, HeatMapOrder::BestCategory).unwrap());
        assert_eq!(found.features.to_vec(), whole.features.iter().map(|feature| feature.0).collect::<Vec<_>>());
        assert_eq!(found.values.to_vec(), whole.values);
        assert_eq!(found.categories, [("A".into(), 80), ("B".into(), 80), ("C".into(), 80)]);
    }
    let whole = expected.heat_map(0, HeatMapValue::Auroc, HeatMapOrder::BestCategory).unwrap();
    let few = map(&mut desk, map_query(HeatMapOrder::BestCategory, 1));
    let first = whole.first_of_each(1);
    assert_eq!((few.values.to_vec(), few.n_live), (first.values, 8));
    let by_id = map(&mut desk, map_query(HeatMapOrder::Feature, 1));
    assert!(by_id.features.is_sorted() && by_id.features.len() == first.features.len());
    for (place, feature) in by_id.features.iter().enumerate() {
        let at = few.features.iter().position(|known| known == feature).unwrap();
        assert_eq!(by_id.values[place], few.values[at]);
    }
}

#[test]
fn the_table_and_the_card_have_the_librarys_rows() {
    let mut desk = ready();
    associated(&mut desk, params());
    let (cells, activations) = cells_and_activations(&mut desk);
    let expected = expected(&cells, &activations);
    let found = table(&mut desk, Some("B"));
    for (at, row) in expected.rows().filter(|row| row.label.column == 0 && row.label.category == 1).enumerate() {
        assert_eq!((found.features[at], found.category[at]), (row.feature.0, 1));
        assert_eq!((found.auroc[at], found.f1[at]), (row.auroc, row.best_f1.f1));
        assert_eq!((found.threshold[at], found.class[at]), (row.best_f1.threshold, row.class));
        assert_eq!((found.mean_in[at], found.mean_out[at]), (row.mean_in, row.mean_out));
        assert_eq!(found.is_confounded[at], row.is_confounded);
    }
    let best = table(&mut desk, None);
    let largest = |feature: usize| expected.auroc[feature * 5..feature * 5 + 3].iter().copied().fold(0.0, f64::max);
    assert_eq!(best.auroc.to_vec(), (0..8).map(largest).collect::<Vec<_>>());

    let associations = LabelAssociations::new(&cells, &activations, &params()).unwrap();
    for feature in (0..8).map(FeatureId) {
        let card = desk.card(feature);
        for row in associations.of_feature(feature) {
            let (_, categories) = cells.columns()[row.label.column].categorical().unwrap();
            let is_same = |label: &&featurescope::protocol::LabelAssociation| {
                label.column == cells.columns()[row.label.column].name
                    && label.category == categories[row.label.category]
            };
            let label = card.labels.iter().find(is_same).unwrap();
            assert_eq!((label.auroc, label.f1, label.threshold), (row.auroc, row.best_f1.f1, row.best_f1.threshold));
            assert_eq!((label.class, label.is_significant), (row.class, row.is_significant));
        }
        let confounding = associations.confounding_of(feature);
        assert_eq!(card.confounding.is_some(), confounding.is_confounded());
        if let Some(said) = card.confounding {
            assert_eq!((said.nuisance.0.as_str(), said.nuisance.2), ("condition", confounding.nuisance.unwrap().auroc));
            assert_eq!((said.other.0.as_str(), said.other.2), ("cell_type", confounding.other.unwrap().auroc));
        }
    }
}

fn label(column: &str, category: &str) -> CellSelection {
    CellSelection::Labels(vec![LabelChoice { column: column.into(), category: category.into() }])
}

fn compared(desk: &mut Desk, first: CellSelection, second: Option<CellSelection>) -> Comparison {
    match desk.view(ViewQuery::Compare(CompareQuery { first, second })) {
        ViewResult::Compare(found) => *found,
        other => panic!("{other:?}"),
    }
}

#[test]
fn two_groups_differ_as_the_library_says() {
    let mut desk = ready();
    let (cells, activations) = cells_and_activations(&mut desk);
    let (treated, control) = (label("condition", "treated"), label("condition", "control"));
    let expected = differential_features(&cells, &activations, &treated, &control).unwrap();
    let found = compared(&mut desk, treated.clone(), Some(control));
    assert_eq!((found.n_first, found.n_second, found.n_tests), (120, 120, expected.n_tests));
    let ln_10 = std::f64::consts::LOG10_E;
    for (at, row) in expected.features.iter().enumerate() {
        assert_eq!((found.mean_first[at], found.mean_second[at]), (row.mean_first, row.mean_second));
        assert_eq!((found.t[at], found.cohens_d[at]), (row.t, row.cohens_d));
        assert_eq!((found.log10_p[at], found.log10_padj[at]), (row.ln_p_value * ln_10, row.ln_padj * ln_10));
    }
    let strongest = (0..8).max_by(|&a, &b| found.t[a].total_cmp(&found.t[b])).unwrap();
    assert!(found.features[strongest] == 7 && found.log10_padj[strongest] < -50.0, "{found:?}");
    let against_rest = compared(&mut desk, treated, None);
    assert_eq!((against_rest.t, against_rest.n_second), (found.t, 120));
}

#[test]
fn groups_that_cannot_be_compared_are_refused_in_sentences() {
    let mut desk = ready();
    let mut refused = |first: CellSelection, second: Option<CellSelection>| {
        desk.refused(Request::View { query: ViewQuery::Compare(CompareQuery { first, second }) })
    };
    let text = refused(CellSelection::Rows(vec![3]), None);
    assert!(text.starts_with("Group A has 1 cell, and a test needs at least 2"), "{text}");
    let text = refused(CellSelection::All, None);
    assert!(text.contains("takes in every cell"), "{text}");
    let text = refused(label("condition", "nobody"), None);
    assert!(text.contains("first selection has no cells"), "{text}");
    let text = refused(label("condition", "treated"), Some(label("cell_type", "A")));
    assert!(text.contains("share 40 cells"), "{text}");
}

#[test]
fn features_that_rise_and_fall_along_a_path_are_the_librarys() {
    let mut desk = ready();
    let (cells, activations) = cells_and_activations(&mut desk);
    let query = LineageQuery { column: "cell_type".into(), path: vec!["A".into(), "B".into()] };
    let ViewResult::Lineage(found) = desk.view(ViewQuery::Lineage(query.clone())) else { panic!("no lineage") };
    let LineageTable { features, rise, means, n_live, .. } = *found;
    let up = Lineage::new(&cells, "cell_type", &["A", "B"]).unwrap().search(&activations).unwrap();
    let down = Lineage::new(&cells, "cell_type", &["B", "A"]).unwrap().search(&activations).unwrap();
    let ids: Vec<u32> = up.iter().chain(&down).map(|row| row.feature.0).collect();
    assert_eq!((features.to_vec(), n_live), (ids, 8));
    assert!(features.contains(&0) && features.contains(&1), "dimensions 0 and 1 are of types A and B");
    for (at, row) in up.iter().enumerate() {
        assert_eq!((rise[at], &means[2 * at..2 * at + 2]), (row.rise(), &row.means[..]));
    }
    for (at, row) in down.iter().enumerate() {
        let at = up.len() + at;
        assert_eq!((rise[at], means[2 * at], means[2 * at + 1]), (-row.rise(), row.means[1], row.means[0]));
    }
    let file = text(&desk.export(ExportKind::Lineage { query, format: TableFormat::Csv })[0]);
    assert_eq!(file.lines().count(), 1 + features.len());
    assert!(file.contains(",rises,") && file.contains(",falls,"), "{file}");
    let all = LineageQuery { column: "cell_type".into(), path: vec!["A".into(), "B".into(), "C".into()] };
    let message = desk.refused(Request::View { query: ViewQuery::Lineage(all) });
    assert!(message.contains("leave at least one category out"), "{message}");
}

#[test]
fn labels_are_measured_before_they_are_looked_at_and_forgotten_with_the_features() {
    let mut desk = ready();
    let query = || ViewQuery::LabelMap(map_query(HeatMapOrder::BestCategory, 5));
    assert!(desk.refused(Request::View { query: query() }).contains("measure them first"));
    let columns = Some(vec!["condition".to_owned()]);
    associated(&mut desk, AssociationParams { columns, ..AssociationParams::default() });
    let message = desk.refused(Request::View { query: query() });
    assert_eq!(message, r#"Features were not measured against "cell_type"; they were against "condition"."#);
    let unknown = AssociationParams { split_column: Some("donor".into()), ..AssociationParams::default() };
    assert!(desk.refused(Request::Associate { params: unknown }).contains("no label column \"donor\""));
    sae_ready(desk.ask(Request::UseColumns { embedding: "X_umap".into() }));
    assert!(desk.refused(Request::View { query: query() }).contains("measure them first"));
}

#[test]
fn cancelled_measuring_leaves_what_was_there() {
    let mut desk = ready();
    associated(&mut desk, params());
    let before = table(&mut desk, None);
    desk.send(Request::Associate { params: AssociationParams::default() });
    desk.send(Request::Cancel { job: Job::Associate });
    let events: Vec<Event> = desk.session.drain().into_iter().map(|answer| answer.event).collect();
    assert!(events.contains(&Event::Cancelled { job: Job::Associate }), "{events:?}");
    assert_eq!(table(&mut desk, None), before);
}
