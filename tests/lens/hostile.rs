//! Data that breaks methods: constant and absent genes, groups of one cell or none, ties everywhere, copies, sets of
//! nothing and of everything; and identities that hold whatever the data.
//!
//! Every outcome is made twice, by a shard over all features and from the full table of each feature, and both are the
//! same bit for bit.

mod cells;
mod families;
mod identities;
mod order;
mod paper;
mod sets;

use featurescope::data::{CellTable, DenseMatrix, Expression, FeatureId, GeneSet, SparseActivations, SparseMatrix};
use featurescope::lens::sound::{
    Annotator, Exclusion, FeatureGroups, FeatureReport, Findings, GeneTable, GeneTableMaker, GroupMaker, Members,
    Positives, Shard, ShardPlan, SoundParams,
};
use featurescope::lens::{AnalysisParams, ExpressionValues};
use proptest::prelude::*;

/// Sums of the same few dozen numbers in another order differ in their last digits.
const TOLERANCE: f64 = 1e-12;
/// A variance may be what is left of numbers a million times as large (`gene_sums`), so that ten digits stay.
const T_TOLERANCE: f64 = 1e-9;

/// A small data set.
#[derive(Clone, Debug)]
pub struct Made {
    /// `[n_genes][n_cells]`
    pub genes: Vec<Vec<f32>>,
    /// `[n_features][n_cells]`
    pub scores: Vec<Vec<f32>>,
    pub gene_names: Vec<String>,
    pub sets: Vec<GeneSet>,
}

/// What sound mode says of one feature.
pub struct Outcome {
    pub groups: FeatureGroups,
    pub table: GeneTable,
    pub findings: Findings,
    pub report: FeatureReport,
}

pub fn set(name: &str, genes: &[&str]) -> GeneSet {
    let genes = genes.iter().map(|&gene| gene.to_owned()).collect();
    GeneSet { name: name.to_owned(), description: String::new(), genes }
}

fn by_row(rows: &[Vec<f32>]) -> SparseMatrix {
    let n_columns = rows.first().map_or(0, Vec::len);
    SparseMatrix::from_dense(&DenseMatrix::new(rows.len(), n_columns, rows.concat()).unwrap())
}

impl Made {
    pub fn new(genes: &[&[f32]], scores: &[&[f32]], sets: &[GeneSet]) -> Self {
        let rows = |rows: &[&[f32]]| rows.iter().map(|row| row.to_vec()).collect::<Vec<Vec<f32>>>();
        let gene_names = (0..genes.len()).map(|gene| format!("g{gene}")).collect();
        Self { genes: rows(genes), scores: rows(scores), gene_names, sets: sets.to_vec() }
    }

    pub fn n_cells(&self) -> usize {
        self.scores[0].len()
    }

    pub fn expression(&self) -> Expression {
        Expression::new(self.gene_names.clone(), by_row(&self.genes))
    }

    pub fn activations(&self) -> SparseActivations {
        SparseActivations::from_cells(by_row(&self.scores).transposed())
    }

    pub fn plan(&self, params: &AnalysisParams) -> ShardPlan {
        ShardPlan::new(&self.expression(), &self.sets, params).unwrap().0
    }

    /// All features by these parameters.
    pub fn outcomes(&self, params: &AnalysisParams) -> Vec<Result<Outcome, Exclusion>> {
        let (plan, expression, activations) = (self.plan(params), self.expression(), self.activations());
        let cells = CellTable::without_ids(self.n_cells());
        let maker = GroupMaker::new(&plan.params, &activations, &cells).unwrap();
        let made: Vec<_> = (0..self.scores.len()).map(|at| maker.of_feature(FeatureId::from_index(at))).collect();
        let groups: Vec<FeatureGroups> = made.iter().flatten().cloned().collect();
        let mut shard = Shard::new(&plan, Members::new(self.n_cells(), &groups));
        for gene in 0..plan.n_genes {
            let row = expression.by_gene.row(gene);
            shard.add_gene(&row.indices, &row.values);
        }
        let mut tables =
            GeneTableMaker::new(&expression.by_gene, &plan.normaliser, &groups, &plan.params).finish().into_iter();
        let mut found = shard.finish().all_findings(&mut Annotator::new(&plan)).into_iter();
        let mut outcome = |groups: FeatureGroups| {
            let (table, findings) = (tables.next().unwrap(), found.next().unwrap());
            let report = FeatureReport::new(&plan, &table);
            assert_eq!(report.findings, findings);
            Outcome { groups, table, findings, report }
        };
        made.into_iter().map(|groups| groups.map(&mut outcome)).collect()
    }

    /// The only feature.
    pub fn outcome(&self, params: &AnalysisParams) -> Outcome {
        let found = self.outcomes(params).swap_remove(0);
        found.unwrap_or_else(|reason| panic!("left out: {reason:?}"))
    }
}

/// Values as they are, active cells against the rest, everything of interest.
pub fn params() -> AnalysisParams {
    let sound = SoundParams {
        positives: Positives::Active,
        min_cells: 1,
        alpha: 0.5,
        min_log2_fold_change: 0.0,
        ..SoundParams::default()
    };
    AnalysisParams {
        values: ExpressionValues::Raw,
        min_set_size: 1,
        max_set_size: 500,
        sound,
        ..AnalysisParams::default()
    }
}

/// A feature that is active in the first `n` of so many cells.
pub fn first(n: usize, n_cells: usize) -> Vec<f32> {
    (0..n_cells).map(|cell| f32::from(u8::from(cell < n))).collect()
}

pub fn assert_near(found: f64, expected: f64, what: &str) {
    assert_within(TOLERANCE, found, expected, what);
}

/// As [`assert_near`], for Welch's t and what comes of it.
pub fn assert_near_t(found: f64, expected: f64, what: &str) {
    assert_within(T_TOLERANCE, found, expected, what);
}

fn assert_within(tolerance: f64, found: f64, expected: f64, what: &str) {
    let is_same = found == expected || (found.is_nan() && expected.is_nan());
    let is_near = (found - expected).abs() <= tolerance * expected.abs().max(1.0);
    assert!(is_same || is_near, "{what}: {found} is not {expected}");
}

/// What the last digits of a gene's fold change are counted in: a difference of means, or a logarithm of their ratio,
/// is off by as much as the means are.
pub fn scale(gene: &[f32]) -> f64 {
    gene.iter().fold(10.0, |largest, value| f64::from(value.abs()).max(largest))
}

pub fn bits(values: &[f64]) -> Vec<u64> {
    values.iter().map(|value| if value.is_nan() { f64::NAN.to_bits() } else { value.to_bits() }).collect()
}

/// Whole numbers that tie, numbers that do not, zeros, negatives, very large and very small ones.
pub const VALUES: [f32; 12] = [0.0, 0.0, 0.0, 1.0, 1.0, 2.0, 0.1, 0.7, -0.5, -2.0, 3e4, 1e-4];

/// Any small data set: some genes constant, some absent, features of any size, sets of any genes.
pub fn any_data() -> impl Strategy<Value = Made> {
    let sizes = (4_usize..28, 1_usize..9, 1_usize..5, 0_usize..5);
    sizes
        .prop_flat_map(|(n_cells, n_genes, n_features, n_sets)| {
            let gene = prop_oneof![
                6 => prop::collection::vec(prop::sample::select(VALUES.to_vec()), n_cells),
                1 => prop::sample::select(VALUES.to_vec()).prop_map(move |value| vec![value; n_cells]),
            ];
            let feature = prop::collection::vec(prop::sample::select(vec![0.0_f32, 0.0, 0.5, 1.0, 2.0]), n_cells);
            let members = prop::collection::vec(prop::bool::weighted(0.4), n_genes);
            let genes = prop::collection::vec(gene, n_genes);
            (genes, prop::collection::vec(feature, n_features), prop::collection::vec(members, n_sets))
        })
        .prop_map(|(genes, scores, sets)| {
            let gene_names: Vec<String> = (0..genes.len()).map(|gene| format!("g{gene}")).collect();
            let set = |(at, members): (usize, Vec<bool>)| {
                let inside = gene_names.iter().zip(members).filter(|(_, is_in)| *is_in).map(|(name, _)| name.clone());
                GeneSet { name: format!("s{at}"), description: String::new(), genes: inside.collect() }
            };
            let sets = sets.into_iter().enumerate().map(set).collect();
            Made { genes, scores, gene_names, sets }
        })
}
