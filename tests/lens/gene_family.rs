//! The family of all features × genes, counted in shards of real cells, against statsmodels.

use featurescope::data::FeatureId;
use featurescope::enrich::MatchedGeneSets;
use featurescope::lens::ExpressionValues;
use featurescope::lens::sound::{FamilyCounts, FeatureGroups, GroupMaker, Members, Normaliser, Shard, ShardPlan};

use super::sound::{Fixture, fixture, params};

/// ln p itself, from sums in another order.
const TOLERANCE: f64 = 1e-11;

#[derive(serde::Deserialize)]
struct Row {
    feature: usize,
    gene: usize,
    log10_p_tie_cont: f64,
    padj_global: f64,
}

fn reference() -> Vec<Row> {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/gene_family/padj.csv");
    csv::Reader::from_path(path).unwrap().deserialize().map(Result::unwrap).collect()
}

/// Counts all genes of the features that have groups, in shards of so many.
fn counts(fixture: &Fixture, shard_size: usize) -> FamilyCounts {
    let (names, params) = (&fixture.expression.gene_names, params());
    let plan = ShardPlan {
        n_genes: names.len(),
        normaliser: Normaliser::new(&fixture.expression, ExpressionValues::LogNormalized).unwrap(),
        params: params.clone(),
        sets: MatchedGeneSets::new(names, &[], 1, 500),
        is_in_universe: vec![true; names.len()],
    };
    let maker = GroupMaker::new(&params, &fixture.activations, &fixture.cells).unwrap();
    let groups: Vec<FeatureGroups> = (0..8).filter_map(|feature| maker.of_feature(FeatureId(feature)).ok()).collect();
    let mut merged = FamilyCounts::default();
    for block in groups.rchunks(shard_size) {
        let mut shard = Shard::new(&plan, Members::new(fixture.cells.n_cells(), block));
        for gene in 0..names.len() {
            let row = fixture.expression.by_gene.row(gene);
            shard.add_gene(&row.indices, &row.values);
        }
        let mut counts = FamilyCounts::default();
        shard.finish().count_genes(&mut counts);
        merged.merge(&counts);
    }
    merged
}

#[test]
fn adjusted_p_values_match_statsmodels_up_to_a_bin() {
    let family = counts(&fixture(), 6).finish();
    let rows = reference();
    assert_eq!(rows.len(), 562);
    let (mut n_exact, mut largest) = (0, 0.0_f64);
    for row in rows {
        let ln_p = row.log10_p_tie_cont * std::f64::consts::LN_10;
        let excess = family.ln_padj(ln_p) - row.padj_global.ln();
        let place = format!("feature {} gene {}: {excess}", row.feature, row.gene);
        assert!(excess > -TOLERANCE * (1.0 - ln_p) && excess < -ln_p / 65_536.0 + TOLERANCE, "{place}");
        n_exact += usize::from(excess.abs() < TOLERANCE * (1.0 - ln_p));
        largest = largest.max(excess);
    }
    // So few p-values seldom share a bin.
    assert!(n_exact > 500, "{n_exact} exact, else up to {largest}");
}

#[test]
fn counts_do_not_depend_on_the_shards() {
    let fixture = fixture();
    let whole = counts(&fixture, 6);
    assert!([1, 4].into_iter().all(|shard_size| counts(&fixture, shard_size) == whole));
}
