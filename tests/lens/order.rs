//! What the order of rows in the files may change: nothing but what the paper makes depend on it.

use featurescope::data::{Expression, FeatureId, GeneSet, SparseActivations, SparseBuilder, SparseMatrix};
use featurescope::lens::{AnalysisParams, FeatureAnalysis, GeneTests, Lens, feature_statistics};
use proptest::prelude::*;
use proptest::test_runner::Config;

use super::assert_relative;
use super::sample::{N_CELLS, N_GENES, Sample, sample};

const FEATURE: FeatureId = FeatureId(3);
/// Sums of the same numbers in another order.
const TOLERANCE: f64 = 1e-11;

fn major_rows(matrix: &SparseMatrix, order: &[usize]) -> SparseMatrix {
    let mut builder = SparseBuilder::new(matrix.n_minor());
    for &row in order {
        let (indices, values) = matrix.major(row);
        builder.push_major(indices.iter().copied().zip(values.iter().copied()));
    }
    builder.finish()
}

fn analyse(
    expression: &Expression,
    activations: &SparseActivations,
    sets: &[GeneSet],
) -> (GeneTests, FeatureAnalysis, Vec<String>) {
    let params = AnalysisParams { max_set_size: 30, ..AnalysisParams::default() };
    let mut lens = Lens::new(expression, sets, &params).unwrap();
    let tests = lens.gene_tests(activations, FEATURE).unwrap().clone();
    let analysis = lens.analyse(activations, FEATURE).unwrap();
    let names = analysis.terms.iter().map(|term| lens.sets().name(term.set).to_owned()).collect();
    (tests, analysis, names)
}

fn assert_same_numbers(a: &[f64], b: impl Iterator<Item = f64>) {
    for (&a, b) in a.iter().zip(b) {
        assert!(a.is_nan() == b.is_nan());
        if !a.is_nan() {
            assert_relative(b, a, TOLERANCE, "reordered");
        }
    }
}

fn shuffled(n: usize) -> impl Strategy<Value = Vec<usize>> {
    Just((0..n).collect::<Vec<usize>>()).prop_shuffle()
}

proptest! {
    #![proptest_config(Config { cases: 6, failure_persistence: None, ..Config::default() })]

    #[test]
    fn the_order_of_genes_changes_nothing_but_ties(order in shuffled(N_GENES)) {
        let Sample { expression, activations, gene_sets, .. } = sample();
        let (tests, analysis, _) = analyse(&expression, &activations, &gene_sets);
        let names = order.iter().map(|&gene| expression.gene_names[gene].clone()).collect();
        let reordered = Expression::new(names, major_rows(&expression.by_gene.unpacked(), &order));
        let (other, other_analysis, _) = analyse(&reordered, &activations, &gene_sets);
        assert_same_numbers(&other.padj, order.iter().map(|&gene| tests.padj[gene]));
        assert_same_numbers(&other.fold_change, order.iter().map(|&gene| tests.fold_change[gene]));
        prop_assert_eq!(analysis.n_selected, other_analysis.n_selected);
    }

    #[test]
    fn the_order_of_sets_changes_nothing(order in shuffled(60)) {
        let Sample { expression, activations, gene_sets, .. } = sample();
        let (_, analysis, names) = analyse(&expression, &activations, &gene_sets);
        let reordered: Vec<GeneSet> = order.iter().map(|&set| gene_sets[set].clone()).collect();
        let (_, other, other_names) = analyse(&expression, &activations, &reordered);
        prop_assert_eq!(names, other_names);
        prop_assert_eq!(analysis.genes_up, other.genes_up);
    }

    #[test]
    fn the_order_of_cells_changes_only_which_zeros_are_negative(order in shuffled(N_CELLS)) {
        let Sample { expression, activations, gene_sets, .. } = sample();
        let (tests, analysis, _) = analyse(&expression, &activations, &gene_sets);
        let by_gene = major_rows(&expression.by_gene.transposed(), &order).transposed();
        let cells = Expression::new(expression.gene_names.clone(), by_gene);
        let reordered = SparseActivations::from_cells(major_rows(activations.by_cell(), &order));
        let (other, other_analysis, _) = analyse(&cells, &reordered, &gene_sets);
        prop_assert_eq!(analysis.n_positive, other_analysis.n_positive);
        prop_assert_eq!(analysis.n_negative, other_analysis.n_negative);
        assert_same_numbers(&tests.mean_positive, other.mean_positive.iter().copied());
        let (a, b) = (feature_statistics(&activations), feature_statistics(&reordered));
        assert_same_numbers(&[a[3].mean_active, a[3].sd_active, a[3].max],
            [b[3].mean_active, b[3].sd_active, b[3].max].into_iter());
    }
}
