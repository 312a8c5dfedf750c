//! Genes and groups at the edge: constant, absent, one cell, no cell, every cell, a million equal ones.

use featurescope::data::{Expression, SparseMatrix};
use featurescope::lens::sound::{
    Exclusion, FeatureGroups, GeneTableMaker, GeneTest, NegativeCells, Negatives, Normaliser, Positives, ShardPlan,
    SoundParams, ValueScale,
};
use featurescope::lens::{AnalysisParams, ExpressionValues, Lens, LensError};
use featurescope::stats::{RankSumOptions, Sample, average_ranks, rank_sum_test, welch_test};

use super::{Made, assert_near, first, params};

fn with(change: impl FnOnce(&mut SoundParams)) -> AnalysisParams {
    let mut params = params();
    change(&mut params.sound);
    params
}

#[test]
fn genes_of_one_value_say_nothing() {
    for value in [0.0_f32, 2.5, -1.5, 0.1, 3e38] {
        let found = Made::new(&[&[value; 9], &first(4, 9)], &[&first(4, 9)], &[]).outcome(&params());
        let table = &found.table;
        assert_eq!((table.mean_positive[0], table.mean_negative[0]), (f64::from(value), f64::from(value)));
        assert_eq!((table.log2_fold_change[0], table.auroc[0]), (0.0, 0.5));
        assert!(table.t[0].is_nan() && table.t_ln_p_value[0].is_nan() && table.t_ln_padj[0].is_nan());
        assert_eq!((table.z[0], table.z_ln_p_value[0], table.z_ln_padj[0]), (0.0, 0.0, 0.0));
        assert_eq!(table.fraction_positive[0], f64::from(u8::from(value != 0.0)));
        // The other gene, 1 in all positive cells and 0 elsewhere, is found alone.
        assert_eq!(found.findings.n_selected, [1, 0]);
        assert_eq!(table.auroc[1], 1.0);
    }
}

#[test]
fn a_group_without_the_gene_is_exactly_zero() {
    let gene = [0.0_f32, 0.0, 0.0, 0.1, 0.7, 1e-4, 3e4];
    let found = Made::new(&[&gene], &[&first(3, 7)], &[]).outcome(&params());
    assert_eq!((found.table.mean_positive[0], found.table.fraction_positive[0]), (0.0, 0.0));
    assert_eq!((found.table.auroc[0], found.table.u[0]), (0.0, 0.0));
    let expected = welch_test(Sample::of([0.0; 3].into_iter()), Sample::of(gene[3..].iter().map(|&x| f64::from(x))));
    assert_near(found.table.t[0], expected.t, "t");
    assert!(found.table.z[0] < 0.0);
    // The same the other way round: what is left of the rest when positives are taken off is exactly nothing.
    let turned: Vec<f32> = gene.iter().rev().copied().collect();
    let found = Made::new(&[&turned], &[&first(4, 7)], &[]).outcome(&params());
    assert_eq!((found.table.mean_negative[0], found.table.fraction_negative[0]), (0.0, 0.0));
    assert_eq!(found.table.auroc[0], 1.0);
    assert_near(found.table.t[0], -expected.t, "t");
}

#[test]
fn a_group_of_one_cell_is_ranked_but_has_no_variance() {
    let gene = [5.0_f32, 1.0, 0.0, 2.0, 2.0, 5.0, 0.0];
    let made = Made::new(&[&gene, &[0.0; 7]], &[&first(1, 7), &first(6, 7)], &[]);
    let ranks = average_ranks(&gene.map(f64::from));
    for (found, group) in made.outcomes(&params()).into_iter().zip([&ranks[..1], &ranks[..6]]) {
        let found = found.unwrap();
        assert!(found.table.t.iter().all(|t| t.is_nan()));
        let twice_rank_sum = (2.0 * group.iter().sum::<f64>()) as u64;
        // Ties of two: 0, 2 and 5.
        let expected = rank_sum_test(twice_rank_sum, group.len(), 7 - group.len(), 18.0, RankSumOptions::default());
        assert_eq!((found.table.u[0], found.table.z[0]), (expected.u, expected.z));
    }
    // With Welch's test choosing there is nothing to choose from.
    let by_welch = with(|sound| sound.tests = vec![GeneTest::Welch, GeneTest::Wilcoxon]);
    assert!(made.outcomes(&by_welch).into_iter().all(|found| found.unwrap().findings.n_selected == [0, 0]));
}

#[test]
fn features_active_nowhere_or_everywhere_are_left_out_with_the_count() {
    let gene = first(2, 5);
    let scores: [&[f32]; 4] = [&[0.0; 5], &[1.0; 5], &[-1.0; 5], &[0.5, 0.25, 0.125, 2.0, 1.0]];
    let made = Made::new(&[&gene], &scores, &[]);
    let reasons = |params: &AnalysisParams| -> Vec<Option<Exclusion>> {
        made.outcomes(params).into_iter().map(Result::err).collect()
    };
    let (nowhere, everywhere) = (Some(Exclusion::FewPositive(0)), Some(Exclusion::FewNegative(0)));
    assert_eq!(reasons(&params()), [nowhere, everywhere, nowhere, everywhere]);
    assert_eq!(reasons(&with(|sound| sound.negatives = Negatives::Sample(3)))[..3], [nowhere, everywhere, nowhere]);
    // Of a dense feature the largest are positive; all of a constant one are tied.
    for positives in [Positives::Percentile(80.0), Positives::Top(1)] {
        let found = reasons(&with(|sound| sound.positives = positives));
        assert_eq!(found, [nowhere, everywhere, nowhere, None], "{positives:?}");
    }
}

#[test]
fn negative_values_rank_below_zero_and_change_by_difference() {
    let gene = [-3.0_f32, 0.0, 0.5, -3.0, 0.0, 2.0, -0.5, 0.0];
    let made = Made::new(&[&gene], &[&first(3, 8)], &[]);
    let plan = made.plan(&params());
    assert_eq!(plan.normaliser.scale(), ValueScale::Signed);
    let found = made.outcome(&params());
    let ranks = average_ranks(&gene.map(f64::from));
    assert_eq!(found.table.u[0], ranks[..3].iter().sum::<f64>() - 6.0);
    assert_near(found.table.log2_fold_change[0], -2.5 / 3.0 + 1.5 / 5.0, "difference of means");
    let normalised = AnalysisParams { values: ExpressionValues::LogNormalized, ..params() };
    let refused = ShardPlan::new(&made.expression(), &[], &normalised).unwrap_err();
    assert_eq!(refused, LensError::Scaled);
}

#[test]
fn values_that_are_no_numbers_are_refused_in_both_modes() {
    for value in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
        let made = Made::new(&[&first(2, 4), &[1.0, 0.0, value, 2.0]], &[&first(2, 4)], &[]);
        for values in [ExpressionValues::Raw, ExpressionValues::LogNormalized] {
            let params = AnalysisParams { values, ..params() };
            let sound = ShardPlan::new(&made.expression(), &[], &params).unwrap_err();
            let paper = Lens::new(&made.expression(), &[], &params).unwrap_err();
            for refused in [sound, paper] {
                assert!(matches!(&refused, LensError::NotFinite { gene, cell: 2, .. } if gene == "g1"), "{refused:?}");
            }
        }
    }
}

#[test]
fn a_million_cells_of_one_value_and_one_that_differs() {
    const N: usize = 1_000_000;
    let all: Vec<u32> = (0..N as u32).collect();
    let mut values = vec![1.5_f32; 2 * N];
    values[N] = 2.5;
    let by_gene = SparseMatrix::new(N, vec![0, N, 2 * N], [&all[..], &all].concat(), values).unwrap();
    let names = ["same", "one more"].map(str::to_owned).to_vec();
    let expression = Expression::new(names, by_gene);
    let normaliser = Normaliser::new(&expression, ExpressionValues::Raw).unwrap();
    let groups = [FeatureGroups { positive: all[..N / 2].to_vec(), negative: NegativeCells::Rest }];
    let params = params().sound;
    let table = GeneTableMaker::new(&expression.by_gene, &normaliser, &groups, &params).finish().swap_remove(0);
    let half = N as f64 / 2.0;
    assert!(table.t[0].is_nan());
    assert_eq!((table.z[0], table.auroc[0], table.z_ln_p_value[0]), (0.0, 0.5, 0.0));
    // The one cell beats every other cell of the rest; by Welch it is a mean of 1/half apart with variance 1/half.
    assert_eq!(table.u[1], 0.5 * half * half + 0.5 * half);
    assert_near(table.mean_positive[1], 1.5 + 1.0 / half, "mean");
    assert!((table.t[1] - 1.0).abs() < 1e-9, "{}", table.t[1]);
    // σ² = n₁n₂/12·3, so z = ½(half − 1)/√(half²/4).
    assert!((table.z[1] - (half - 1.0) / half).abs() < 1e-9, "{}", table.z[1]);
}
