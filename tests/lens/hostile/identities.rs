//! What holds whatever the data: ranges, order, sums.

use featurescope::data::GeneId;
use featurescope::enrich::HypergeometricTester;
use featurescope::lens::sound::{
    FeatureGroups, GeneTable, GeneTableMaker, NegativeCells, Negatives, Positives, SoundParams, ValueScale,
};
use featurescope::lens::{AnalysisParams, ExpressionValues, FoldChangeFormula};
use proptest::prelude::*;
use proptest::test_runner::Config;

use super::{Made, Outcome, TOLERANCE, any_data, assert_near_t, bits, params, scale};

const FORMULAS: [FoldChangeFormula; 5] = [
    FoldChangeFormula::Scanpy,
    FoldChangeFormula::LinearMean,
    FoldChangeFormula::SeuratV5,
    FoldChangeFormula::SeuratV4,
    FoldChangeFormula::MeanDifference,
];

fn other_cells(groups: &FeatureGroups, n_cells: usize) -> Vec<u32> {
    (0..n_cells as u32).filter(|cell| !groups.positive.contains(cell)).collect()
}

fn table_of(made: &Made, groups: FeatureGroups) -> GeneTable {
    let (expression, plan) = (made.expression(), made.plan(&params()));
    GeneTableMaker::new(&expression.by_gene, &plan.normaliser, &[groups], &plan.params).finish().swap_remove(0)
}

/// p at most 1, adjusted p not below it and in its order; NaN in all three at once.
fn assert_family(statistic: &[f64], ln_p: &[f64], ln_padj: &[f64]) {
    for at in 0..statistic.len() {
        assert_eq!(statistic[at].is_nan(), ln_p[at].is_nan());
        assert_eq!(statistic[at].is_nan(), ln_padj[at].is_nan());
        if statistic[at].is_nan() {
            continue;
        }
        assert!(ln_p[at] <= ln_padj[at] && ln_padj[at] <= 0.0, "{} {}", ln_p[at], ln_padj[at]);
        for other in 0..statistic.len() {
            assert!(
                ln_p[at].is_nan() || ln_p[other].is_nan() || ln_p[at] > ln_p[other] || ln_padj[at] <= ln_padj[other]
            );
        }
    }
}

fn assert_ranges(found: &Outcome, made: &Made) {
    let table = &found.table;
    assert_family(&table.t, &table.t_ln_p_value, &table.t_ln_padj);
    assert_family(&table.z, &table.z_ln_p_value, &table.z_ln_padj);
    let [n_positive, n_negative] = table.n_cells.map(|n| n as f64);
    for gene in 0..made.genes.len() {
        let values: Vec<f64> = made.genes[gene].iter().map(|&value| f64::from(value)).collect();
        let total: f64 = values.iter().sum();
        let largest = values.iter().fold(0.0_f64, |largest, value| largest.max(value.abs()));
        let sum = n_positive * table.mean_positive[gene] + n_negative * table.mean_negative[gene];
        assert!((sum - total).abs() <= 1e-13 * largest * values.len() as f64, "{sum} is not {total}");
        let n_nonzero = n_positive * table.fraction_positive[gene] + n_negative * table.fraction_negative[gene];
        assert_eq!(n_nonzero.round() as usize, values.iter().filter(|value| **value != 0.0).count());
        assert!((0.0..=n_positive * n_negative).contains(&table.u[gene]) && !table.z[gene].is_nan());
        assert_eq!(table.auroc[gene], table.u[gene] / (n_positive * n_negative));
        assert!(table.log2_fold_change[gene].is_finite());
        assert!(table.t[gene].is_nan() || table.df[gene] > 0.0);
    }
}

fn assert_terms(found: &Outcome, made: &Made) {
    let plan = made.plan(&params());
    let mut tester = HypergeometricTester::new(&plan.sets);
    for selected in [&found.report.selected_up, &found.report.selected_down] {
        let hits = tester.test(&plan.sets, selected);
        let n_hits: usize = hits.iter().map(|hits| hits.n_hits as usize).sum();
        assert_eq!(n_hits, selected.iter().map(|&gene| plan.sets.sets_of(gene).len()).sum::<usize>());
        assert!(hits.iter().all(|hits| hits.ln_p_value <= 0.0 && hits.n_hits >= 1));
        assert!(selected.is_sorted_by(|a: &GeneId, b: &GeneId| a < b));
    }
    assert!(found.report.selected_up.iter().all(|gene| !found.report.selected_down.contains(gene)));
    for term in &found.findings.terms {
        let counts = found.report.term_counts(&plan, term);
        assert_eq!(counts.hits.len(), term.n_hits as usize);
        assert!(term.ln_p_value <= term.ln_padj && term.ln_padj < 0.5_f64.ln());
        assert!(term.rank_z.is_nan() || (term.rank_ln_p_value <= term.rank_ln_padj && term.rank_ln_padj <= 0.0));
        assert!(counts.fold > 0.0 && counts.odds_ratio > 0.0 && counts.odds_ratio.is_finite());
    }
}

/// Against listed cells, and with the groups swapped.
fn assert_turned(found: &Outcome, made: &Made) {
    let (positive, negative) = (found.groups.positive.clone(), other_cells(&found.groups, made.n_cells()));
    let listed = |positive: &[u32], negative: &[u32]| FeatureGroups {
        positive: positive.to_vec(),
        negative: NegativeCells::Listed(negative.to_vec()),
    };
    let same = table_of(made, listed(&positive, &negative));
    let turned = table_of(made, listed(&negative, &positive));
    let rest = table_of(made, FeatureGroups { positive: negative.clone(), negative: NegativeCells::Rest });
    let table = &found.table;
    let n_pairs = (positive.len() * negative.len()) as f64;
    assert_eq!((bits(&same.z), bits(&same.u)), (bits(&table.z), bits(&table.u)));
    assert_eq!((bits(&rest.z), bits(&rest.u)), (bits(&turned.z), bits(&turned.u)));
    assert_eq!(bits(&turned.z_ln_padj), bits(&table.z_ln_padj));
    for gene in 0..made.genes.len() {
        assert_eq!(turned.u[gene] + table.u[gene], n_pairs);
        assert!((turned.auroc[gene] - (1.0 - table.auroc[gene])).abs() <= 2.0 * f64::EPSILON);
        assert_eq!(turned.z[gene] + table.z[gene], 0.0);
        assert_near_t(same.t[gene], table.t[gene], "t of listed cells");
        assert_near_t(turned.t[gene], -table.t[gene], "t of swapped groups");
        assert_near_t(rest.t[gene], -table.t[gene], "t of the rest");
        assert_near_t(rest.df[gene], table.df[gene], "df of the rest");
        assert_near_t(rest.t_ln_p_value[gene], table.t_ln_p_value[gene], "ln p of the rest");
        let mean = turned.mean_positive[gene] - table.mean_negative[gene];
        let change = turned.log2_fold_change[gene] + table.log2_fold_change[gene];
        let largest = TOLERANCE * scale(&made.genes[gene]);
        assert!(mean.abs() <= largest && change.abs() <= largest, "mean {mean}, fold change {change}");
    }
}

proptest! {
    #![proptest_config(Config { cases: 400, failure_persistence: None, ..Config::default() })]

    #[test]
    fn ranges_sums_and_signs_hold_for_any_data(made in any_data()) {
        for found in made.outcomes(&params()).into_iter().flatten() {
            assert_ranges(&found, &made);
            assert_terms(&found, &made);
            assert_turned(&found, &made);
        }
    }

    #[test]
    fn normalised_counts_have_families_too(made in any_data(), formula in prop::sample::select(FORMULAS.to_vec())) {
        let mut made = made;
        made.genes.iter_mut().flatten().for_each(|value| *value = value.abs().ceil());
        let mut params = AnalysisParams { values: ExpressionValues::LogNormalized, ..params() };
        params.sound.fold_change = formula;
        prop_assert_eq!(made.plan(&params).normaliser.scale(), ValueScale::Log1p);
        for found in made.outcomes(&params).into_iter().flatten() {
            assert_family(&found.table.t, &found.table.t_ln_p_value, &found.table.t_ln_padj);
            assert_family(&found.table.z, &found.table.z_ln_p_value, &found.table.z_ln_padj);
            prop_assert!(found.table.log2_fold_change.iter().all(|change| change.is_finite()));
        }
    }

    #[test]
    fn groups_hold_every_cell_at_most_once(
        made in any_data(),
        positives in prop::sample::select(vec![Positives::Active, Positives::Percentile(70.0), Positives::Top(2)]),
        negatives in prop::sample::select(vec![Negatives::Rest, Negatives::Sample(3)]),
        min_cells in 1_usize..3,
    ) {
        let mut params = params();
        params.sound = SoundParams { positives, negatives, min_cells, ..params.sound };
        for (scores, found) in made.scores.iter().zip(made.outcomes(&params)) {
            let Ok(found) = found else { continue };
            let mut cells = found.groups.positive.clone();
            prop_assert!(cells.iter().all(|&cell| scores[cell as usize] > 0.0));
            match &found.groups.negative {
                NegativeCells::Rest => cells.extend(other_cells(&found.groups, made.n_cells())),
                NegativeCells::Listed(listed) => cells.extend(listed),
            }
            let n_cells = cells.len();
            prop_assert_eq!(n_cells, found.table.n_cells.iter().sum::<usize>());
            prop_assert!(found.table.n_cells.iter().all(|&n| n >= params.sound.min_cells));
            cells.sort_unstable();
            cells.dedup();
            prop_assert_eq!(cells.len(), n_cells);
            assert_family(&found.table.t, &found.table.t_ln_p_value, &found.table.t_ln_padj);
            assert_family(&found.table.z, &found.table.z_ln_p_value, &found.table.z_ln_padj);
        }
    }
}
