//! Sound mode on real cells against SciPy, statsmodels and what the fixture's README compares them with.

use std::collections::BTreeMap;
use std::io::Read;
use std::sync::Arc;

use featurescope::data::{
    CellTable, DenseMatrix, Expression, FeatureId, GeneSet, Silent, SparseActivations, SparseMatrix,
};
use featurescope::enrich::{MatchedGeneSets, SetRanker};
use featurescope::io::{Imported, MemorySource, import};
use featurescope::lens::ExpressionValues;
use featurescope::lens::sound::{
    Annotator, Direction, Exclusion, FeatureGroups, Findings, GeneTable, GeneTableMaker, GlobalFamily, GroupMaker,
    Members, NegativeCells, Normaliser, Positives, Shard, ShardPlan, SoundParams,
};
use featurescope::stats::{FoldChangeFormula, RankSumTest, benjamini_hochberg_ln_into, haldane_odds_ratio};
use rand::{SeedableRng, seq::SliceRandom};
use rand_chacha::ChaCha8Rng;

/// Sums in another order, and the tails of t and z, cost a few of the 16 digits.
const TOLERANCE: f64 = 1e-11;

fn bytes(name: &str) -> Vec<u8> {
    let path = format!("{}/tests/fixtures/sound/{name}", env!("CARGO_MANIFEST_DIR"));
    std::fs::read(path).unwrap()
}

fn opened(name: &str) -> Imported {
    import(name, Arc::new(MemorySource(bytes(name))), &Silent).unwrap()
}

pub struct Fixture {
    pub expression: Expression,
    pub cells: CellTable,
    pub activations: SparseActivations,
    pub sets: Vec<GeneSet>,
}

pub fn fixture() -> Fixture {
    let Imported::AnnData(file) = opened("kang_500.h5ad") else { panic!("cells") };
    let Imported::Embedding { values: scores, .. } = opened("scores.npy") else { panic!("scores") };
    let Imported::GeneSets(sets) = opened("sets.gmt") else { panic!("sets") };
    let activations = SparseActivations::from_cells(SparseMatrix::from_dense(&scores));
    let mut cells = CellTable::without_ids(file.n_cells);
    file.columns.into_iter().for_each(|column| cells.add_column(column).unwrap());
    Fixture { expression: file.expression.unwrap(), cells, activations, sets }
}

/// Rows of a table, by column name; empty fields are NaN.
fn rows(name: &str) -> Vec<BTreeMap<String, String>> {
    let bytes = bytes(name);
    let mut text = String::new();
    if bytes.starts_with(&[0x1f, 0x8b]) {
        flate2::read::GzDecoder::new(bytes.as_slice()).read_to_string(&mut text).unwrap();
    } else {
        text = String::from_utf8(bytes).unwrap();
    }
    csv::Reader::from_reader(text.as_bytes()).deserialize().map(Result::unwrap).collect()
}

fn number(row: &BTreeMap<String, String>, column: &str) -> f64 {
    let text = &row[column];
    if text.is_empty() { f64::NAN } else { text.parse().unwrap() }
}

pub fn params() -> SoundParams {
    SoundParams { positives: Positives::Active, min_cells: 1, min_log2_fold_change: 0.0, ..SoundParams::default() }
}

/// The largest differences seen, by what was compared.
#[derive(Default)]
struct Differences(BTreeMap<String, (f64, f64)>);

impl Differences {
    fn compare(&mut self, what: &str, found: f64, expected: f64, place: &str) {
        assert_eq!(found.is_nan(), expected.is_nan(), "{what} of {place}: {found} is not {expected}");
        if found == expected || found.is_nan() {
            self.0.entry(what.to_owned()).or_default();
            return;
        }
        let absolute = (found - expected).abs();
        let relative = absolute / expected.abs();
        let largest = self.0.entry(what.to_owned()).or_default();
        *largest = (largest.0.max(absolute), largest.1.max(relative));
        assert!(relative.min(absolute) <= TOLERANCE, "{what} of {place}: {found} is not {expected}");
    }

    /// The largest differences, for a person who runs the test with `--nocapture`.
    #[expect(clippy::print_stdout, reason = "the numbers are asked for by hand")]
    fn print(&self, title: &str) {
        for (what, (absolute, relative)) in &self.0 {
            println!("{title} {what}: absolute {absolute:.1e}, relative {relative:.1e}");
        }
    }
}

fn log10(ln: f64) -> f64 {
    ln / std::f64::consts::LN_10
}

fn table(fixture: &Fixture, groups: &FeatureGroups, params: &SoundParams) -> GeneTable {
    let normaliser = Normaliser::new(&fixture.expression, ExpressionValues::LogNormalized).unwrap();
    let groups = std::slice::from_ref(groups);
    GeneTableMaker::new(&fixture.expression.by_gene, &normaliser, groups, params).finish().swap_remove(0)
}

fn compare_table(found: &GeneTable, expected: &[BTreeMap<String, String>], differences: &mut Differences) {
    for (gene, row) in expected.iter().enumerate() {
        let place = format!("feature {} gene {gene}", row["feature"]);
        assert_eq!(row["gene"], gene.to_string());
        let mut compare = |what: &str, found: f64, column: &str| {
            differences.compare(what, found, number(row, column), &place);
        };
        compare("n_pos", found.n_cells[0] as f64, "n_pos");
        compare("n_neg", found.n_cells[1] as f64, "n_neg");
        compare("mean", found.mean_positive[gene], "mean_pos");
        compare("mean", found.mean_negative[gene], "mean_neg");
        compare("fraction", found.fraction_positive[gene], "frac_pos");
        compare("fraction", found.fraction_negative[gene], "frac_neg");
        compare("log2fc", found.log2_fold_change[gene], "log2fc_scanpy");
        compare("t", found.t[gene], "t");
        compare("df", found.df[gene], "df");
        compare("U", found.u[gene], "u");
        compare("AUROC", found.auroc[gene], "auroc");
        compare("z", found.z[gene], "z_tie_cont");
        compare("log10 p of z", log10(found.z_ln_p_value[gene]), "log10_p_tie_cont");
        compare("padj of z", found.z_ln_padj[gene].exp(), "padj_tie_cont");
        // An untested gene is in the family as p = 1 and has none of its own.
        if !found.t[gene].is_nan() {
            compare("log10 p of t", log10(found.t_ln_p_value[gene]), "log10_p_t");
            compare("padj of t", found.t_ln_padj[gene].exp(), "padj_t");
        }
    }
}

#[test]
fn differential_expression_matches_scipy_against_the_rest() {
    let fixture = fixture();
    let params = params();
    let maker = GroupMaker::new(&params, &fixture.activations, &fixture.cells).unwrap();
    let expected = rows("de.csv.gz");
    let mut differences = Differences::default();
    let mut n_tested = 0;
    for (feature, expected) in expected.chunk_by(|a, b| a["feature"] == b["feature"]).enumerate() {
        match maker.of_feature(FeatureId::from_index(feature)) {
            Ok(groups) => {
                compare_table(&table(&fixture, &groups, &params), expected, &mut differences);
                n_tested += 1;
            }
            Err(reason) if feature == 5 => assert_eq!(reason, Exclusion::FewPositive(0)),
            Err(reason) => assert_eq!((feature, reason), (6, Exclusion::FewNegative(0))),
        }
    }
    assert_eq!(n_tested, 6);
    differences.print("rest");
}

#[test]
fn differential_expression_matches_scipy_between_listed_cells() {
    let fixture = fixture();
    let params = params();
    let given: Vec<serde_json::Value> = serde_json::from_slice(&bytes("groups.json")).unwrap();
    let expected = rows("de_explicit.csv.gz");
    let mut differences = Differences::default();
    for expected in expected.chunk_by(|a, b| a["feature"] == b["feature"]) {
        let given =
            given.iter().find(|given| given["feature"].as_u64() == expected[0]["feature"].parse().ok()).unwrap();
        let listed = |name: &str| {
            let mut rows: Vec<u32> = serde_json::from_value(given[name].clone()).unwrap();
            rows.sort_unstable();
            rows
        };
        let groups =
            FeatureGroups { positive: listed("positives"), negative: NegativeCells::Listed(listed("negatives")) };
        compare_table(&table(&fixture, &groups, &params), expected, &mut differences);
    }
    differences.print("listed");
}

#[test]
fn seurats_fold_change_is_there_by_name() {
    let fixture = fixture();
    let params = SoundParams { fold_change: FoldChangeFormula::SeuratV5, ..params() };
    let maker = GroupMaker::new(&params, &fixture.activations, &fixture.cells).unwrap();
    let groups = maker.of_feature(FeatureId(0)).unwrap();
    let found = table(&fixture, &groups, &params);
    let mut differences = Differences::default();
    for (gene, row) in rows("de.csv.gz").iter().take(found.log2_fold_change.len()).enumerate() {
        differences.compare(
            "log2fc",
            found.log2_fold_change[gene],
            number(row, "log2fc_seurat"),
            &format!("gene {gene}"),
        );
    }
    differences.print("Seurat");
}

/// The whole of sound mode over features 0 to 4 and 7, in shards of so many features.
fn findings(fixture: &Fixture, params: &SoundParams, shard_size: usize) -> (ShardPlan, BTreeMap<usize, Findings>) {
    let names = &fixture.expression.gene_names;
    let plan = ShardPlan {
        n_genes: names.len(),
        normaliser: Normaliser::new(&fixture.expression, ExpressionValues::LogNormalized).unwrap(),
        params: params.clone(),
        sets: MatchedGeneSets::new(names, &fixture.sets, 1, 500),
        is_in_universe: vec![true; names.len()],
    };
    let maker = GroupMaker::new(params, &fixture.activations, &fixture.cells).unwrap();
    let of_feature = |feature| Some((feature, maker.of_feature(FeatureId::from_index(feature)).ok()?));
    let groups: Vec<(usize, FeatureGroups)> = (0..8).filter_map(of_feature).collect();
    let mut found = BTreeMap::new();
    for block in groups.chunks(shard_size) {
        let (features, groups): (Vec<usize>, Vec<FeatureGroups>) = block.iter().cloned().unzip();
        let mut shard = Shard::new(&plan, Members::new(fixture.cells.n_cells(), &groups));
        for gene in 0..names.len() {
            let row = fixture.expression.by_gene.row(gene);
            shard.add_gene(&row.indices, &row.values);
        }
        found.extend(features.into_iter().zip(shard.finish().all_findings(&mut Annotator::new(&plan))));
    }
    (plan, found)
}

#[test]
fn over_representation_matches_scipy_in_both_families() {
    let fixture = fixture();
    let (plan, found) = findings(&fixture, &params(), 8);
    assert_eq!(plan.sets.len(), 54);
    let family = found.values().flat_map(|findings| findings.ln_p_values.iter().copied()).collect();
    let family = GlobalFamily::new(family, found.len() * 2 * plan.sets.len());
    // Sets are kept in the file's order, those without a gene in the data left out.
    let lines: Vec<usize> = (0..fixture.sets.len())
        .filter(|&line| fixture.sets[line].genes.iter().any(|gene| fixture.expression.gene_id(gene).is_some()))
        .collect();
    let mut differences = Differences::default();
    let mut n_kept = 0;
    for row in rows("ora.csv") {
        let place = format!("feature {} {} {}", row["feature"], row["set"], row["direction"]);
        let findings = &found[&row["feature"].parse::<usize>().unwrap()];
        let direction = if row["direction"] == "up" { Direction::Up } else { Direction::Down };
        let line: usize = row["line"].parse().unwrap();
        let is_it = |set: usize, of: Direction| lines[set] == line && of == direction;
        let term = findings.terms.iter().find(|term| is_it(term.set.index(), term.direction));
        assert_eq!(findings.n_selected[direction as usize].to_string(), row["n_selected"], "{place}");
        assert_eq!(term.is_some(), number(&row, "padj_feature") < 0.05, "{place}");
        let Some(term) = term else { continue };
        n_kept += 1;
        let size = plan.sets.genes(term.set).len();
        let odds =
            haldane_odds_ratio(term.n_hits as usize, size, findings.n_selected[direction as usize] as usize, 400);
        let mut compare = |what: &str, found: f64, column: &str| {
            differences.compare(what, found, number(&row, column), &place);
        };
        compare("k", f64::from(term.n_hits), "k");
        compare("K", size as f64, "set_size");
        compare("odds ratio", odds, "odds_ratio");
        compare("log10 p", log10(term.ln_p_value), "log10_p");
        compare("padj", term.ln_padj.exp(), "padj_feature");
        if number(&row, "padj_global") < 0.05 {
            compare("global padj", family.ln_padj(term.ln_p_value).exp(), "padj_global");
        }
    }
    assert!(n_kept > 10, "{n_kept}");
    differences.print("sets");
}

#[test]
fn rank_tests_of_sets_match_scipy() {
    let fixture = fixture();
    let params = params();
    let maker = GroupMaker::new(&params, &fixture.activations, &fixture.cells).unwrap();
    let sets = MatchedGeneSets::new(&fixture.expression.gene_names, &fixture.sets, 1, 500);
    let expected = rows("mw.csv");
    let mut differences = Differences::default();
    for expected in expected.chunk_by(|a, b| (&a["feature"], &a["ranking"]) == (&b["feature"], &b["ranking"])) {
        let feature = FeatureId(expected[0]["feature"].parse().unwrap());
        let table = table(&fixture, &maker.of_feature(feature).unwrap(), &params);
        let statistics = match expected[0]["ranking"].as_str() {
            "z_tie_cont" => &table.z,
            "t" => &table.t,
            _ => continue,
        };
        let found = SetRanker::default().test(&sets, statistics, |_| true);
        let ln_p: Vec<f64> = found.iter().map(RankSumTest::ln_p_value).collect();
        let mut ln_padj = Vec::new();
        benjamini_hochberg_ln_into(&ln_p, None, &mut Vec::new(), &mut ln_padj);
        assert_eq!(expected.len(), sets.len());
        for (set, row) in expected.iter().enumerate() {
            let place = format!("feature {feature} {}", row["set"]);
            let mut compare = |what: &str, found: f64, column: &str| {
                differences.compare(what, found, number(row, column), &place);
            };
            compare("U", found[set].u, "u");
            compare("AUROC", found[set].auroc, "auroc");
            compare("z", found[set].z, "mw_z");
            compare("log10 p", log10(ln_p[set]), "mw_log10_p");
            compare("padj", ln_padj[set].exp(), "mw_padj_feature");
        }
    }
    differences.print("ranks of sets");
}

#[test]
fn findings_are_the_same_bit_for_bit_whatever_the_shards() {
    let fixture = fixture();
    let params = params();
    let (_, whole) = findings(&fixture, &params, 8);
    for shard_size in [1, 2, 5] {
        assert_eq!(findings(&fixture, &params, shard_size).1, whole, "shards of {shard_size}");
    }
}

#[test]
fn the_order_of_cells_and_genes_changes_nothing() {
    let fixture = fixture();
    let (_, expected) = findings(&fixture, &params(), 8);
    let shuffled = |n: usize, step: usize| (0..n).map(|at| (at * step + 3) % n).collect::<Vec<usize>>();
    let (cells, genes) = (shuffled(500, 37), shuffled(400, 57));
    let dense = |rows: usize, columns: usize, value: &dyn Fn(usize, usize) -> f32| {
        let values = (0..rows).flat_map(|row| (0..columns).map(move |column| (row, column)));
        DenseMatrix::new(rows, columns, values.map(|(row, column)| value(row, column)).collect()).unwrap()
    };
    let by_gene: Vec<Vec<f32>> = (0..400).map(|gene| fixture.expression.by_gene.dense_row(gene)).collect();
    let values = dense(400, 500, &|gene, cell| by_gene[genes[gene]][cells[cell]]);
    let by_cell = fixture.activations.by_cell();
    let scores: Vec<Vec<f32>> = (0..500).map(|cell| by_cell.dense_major(cell)).collect();
    let activations = dense(500, 8, &|cell, feature| scores[cells[cell]][feature]);
    let names = genes.iter().map(|&gene| fixture.expression.gene_names[gene].clone()).collect();
    let other = Fixture {
        expression: Expression::new(names, SparseMatrix::from_dense(&values)),
        cells: CellTable::without_ids(500),
        activations: SparseActivations::from_cells(SparseMatrix::from_dense(&activations)),
        sets: fixture.sets.clone(),
    };
    let (_, found) = findings(&other, &params(), 8);
    let mut differences = Differences::default();
    for (feature, expected) in &expected {
        let found = &found[feature];
        assert_eq!(found.n_selected, expected.n_selected);
        for (a, b) in found.genes_up.iter().zip(&expected.genes_up) {
            assert_eq!(genes[a.gene.index()], b.gene.index());
            differences.compare("z", a.statistic, b.statistic, "a gene");
        }
        for (a, b) in found.terms.iter().zip(&expected.terms) {
            assert_eq!((a.set, a.direction, a.n_hits, a.ln_p_value), (b.set, b.direction, b.n_hits, b.ln_p_value));
            differences.compare("rank z", a.rank_z, b.rank_z, "a set");
        }
    }
    differences.print("other order");
}

/// The groups of the cells at these places.
fn one_hot(cells: &[u32]) -> FeatureGroups {
    let mut positive = cells.to_vec();
    positive.sort_unstable();
    FeatureGroups { positive, negative: NegativeCells::Rest }
}

fn terms_of(fixture: &Fixture, groups: &FeatureGroups, plan: &ShardPlan) -> Findings {
    let mut shard = Shard::new(plan, Members::new(fixture.cells.n_cells(), std::slice::from_ref(groups)));
    for gene in 0..plan.n_genes {
        let row = fixture.expression.by_gene.row(gene);
        shard.add_gene(&row.indices, &row.values);
    }
    shard.finish().findings(0, &mut Annotator::new(plan))
}

#[test]
fn stimulated_cells_have_interferon_sets_first_and_shuffled_labels_have_none() {
    let fixture = fixture();
    let (plan, found) = findings(&fixture, &params(), 8);
    let first = &found[&0].terms[0];
    assert_eq!(first.direction, Direction::Up);
    assert!(plan.sets.name(first.set).starts_with("HALLMARK_INTERFERON"), "{first:?}");
    let (stimulated, _) = fixture.activations.feature(FeatureId(0));
    for seed in 0..20 {
        let mut random = ChaCha8Rng::seed_from_u64(seed);
        let mut cells: Vec<u32> = (0..fixture.cells.n_cells() as u32).collect();
        cells.shuffle(&mut random);
        let found = terms_of(&fixture, &one_hot(&cells[..stimulated.len()]), &plan);
        assert!(found.terms.is_empty(), "seed {seed}: {:?}", found.terms);
    }
}
