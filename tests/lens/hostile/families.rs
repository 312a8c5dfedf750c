//! Adjusted p-values by hand: within a feature, and over features × sets, against the definition.

use featurescope::enrich::SetRanker;
use featurescope::lens::AnalysisParams;
use featurescope::lens::sound::{Direction, GlobalFamily};
use featurescope::stats::{LnFactorials, RankSumTest, ln_hypergeometric_sf};
use proptest::prelude::*;
use proptest::test_runner::Config;

use super::{Made, Outcome, any_data, assert_near, params};

/// Benjamini–Hochberg by its definition, min over all p_j ≥ p_i of p_j·m/#{p ≤ p_j}; the unlisted have p = 1.
fn by_hand(p_values: &[f64], n_family: usize) -> Vec<f64> {
    let scaled = |p: f64| p * n_family as f64 / p_values.iter().filter(|&&other| other <= p).count() as f64;
    let adjusted = |&p: &f64| p_values.iter().filter(|&&other| other >= p).map(|&p| scaled(p)).fold(1.0, f64::min);
    p_values.iter().map(adjusted).collect()
}

fn loose(alpha: f64) -> AnalysisParams {
    let mut params = params();
    params.sound.alpha = alpha;
    params
}

/// Every set's hypergeometric p in both directions, ln, from the full table of genes.
fn all_sets(found: &Outcome, made: &Made, alpha: f64) -> Vec<f64> {
    let plan = made.plan(&loose(alpha));
    let padj = by_hand(&exponentials(&found.table.z_ln_p_value), made.genes.len());
    let factorials = LnFactorials::new(made.genes.len());
    let selected = |direction| {
        let is_meant = move |gene: &usize, change: f64| padj[*gene] < alpha && change > 0.0;
        let sign = if direction == Direction::Up { 1.0 } else { -1.0 };
        let changes = &found.table.log2_fold_change;
        (0..made.genes.len()).filter(|gene| is_meant(gene, sign * changes[*gene])).collect::<Vec<usize>>()
    };
    let both = [selected.clone()(Direction::Up), selected(Direction::Down)];
    assert_eq!([both[0].len(), both[1].len()], found.findings.n_selected.map(|n| n as usize));
    let test = |set, selected: &[usize]| {
        let genes = plan.sets.genes(set);
        let n_hits = selected.iter().filter(|gene| genes.contains(&(**gene as u32))).count();
        ln_hypergeometric_sf(&factorials, n_hits, genes.len(), selected.len(), made.genes.len())
    };
    both.iter().flat_map(|selected| plan.sets.ids().map(|set| test(set, selected))).collect()
}

fn exponentials(ln: &[f64]) -> Vec<f64> {
    ln.iter().map(|ln| ln.exp()).collect()
}

/// Whether no selection hangs on the last digit.
fn is_clear(found: &Outcome, made: &Made, alpha: f64) -> bool {
    let padj = by_hand(&exponentials(&found.table.z_ln_p_value), made.genes.len());
    padj.iter().all(|padj| (padj - alpha).abs() > 1e-9)
}

proptest! {
    #![proptest_config(Config { cases: 400, failure_persistence: None, ..Config::default() })]

    #[test]
    fn within_features_and_over_all(made in any_data(), alpha in prop::sample::select(vec![0.02, 0.2, 0.5])) {
        let found: Vec<Outcome> = made.outcomes(&loose(alpha)).into_iter().flatten().collect();
        if !found.iter().all(|found| is_clear(found, &made, alpha)) {
            return Ok(());
        }
        let of_feature: Vec<Vec<f64>> = found.iter().map(|found| all_sets(found, &made, alpha)).collect();
        let n_tests = of_feature.concat().len();
        let small = found.iter().flat_map(|found| found.findings.ln_p_values.iter().copied()).collect();
        let family = GlobalFamily::new(small, n_tests);
        let global = by_hand(&exponentials(&of_feature.concat()), n_tests);
        let n_sets = made.plan(&loose(alpha)).sets.len();
        for (at, (found, ln_p)) in found.iter().zip(&of_feature).enumerate() {
            let padj = by_hand(&exponentials(ln_p), ln_p.len());
            let mut n_kept = 0;
            for (place, &padj) in padj.iter().enumerate() {
                let (set, direction) = (place % n_sets, [Direction::Up, Direction::Down][place / n_sets]);
                let term = found.findings.terms.iter().find(|term| (term.set.index(), term.direction) == (set, direction));
                prop_assert!((padj - alpha).abs() < 1e-12 || term.is_some() == (padj < alpha));
                let Some(term) = term else { continue };
                n_kept += 1;
                assert_near(term.ln_p_value, ln_p[place], "ln p");
                assert_near(term.ln_padj.exp(), padj, "adjusted in the feature");
                let expected = global[at * padj_len(n_sets) + place];
                let over_all = family.ln_padj(term.ln_p_value);
                prop_assert!(over_all >= term.ln_p_value);
                if expected < alpha.max(0.05) - 1e-12 {
                    assert_near(over_all.exp(), expected, "adjusted over all");
                } else {
                    prop_assert!(over_all.exp() >= alpha.max(0.05) - 1e-9);
                }
            }
            prop_assert_eq!(n_kept, found.findings.terms.len());
        }
    }

    #[test]
    fn of_genes_and_of_ranked_sets(made in any_data()) {
        let plan = made.plan(&params());
        for found in made.outcomes(&params()).into_iter().flatten() {
            let tests = [(&found.table.t_ln_p_value, &found.table.t_ln_padj), (&found.table.z_ln_p_value, &found.table.z_ln_padj)];
            for (ln_p, ln_padj) in tests {
                // Untested genes are in the family as p = 1.
                let tested: Vec<usize> = (0..ln_p.len()).filter(|&gene| !ln_p[gene].is_nan()).collect();
                let p: Vec<f64> = tested.iter().map(|&gene| ln_p[gene].exp()).collect();
                for (&gene, expected) in tested.iter().zip(by_hand(&p, ln_p.len())) {
                    assert_near(ln_padj[gene].exp(), expected, "genes");
                }
            }
            let ranked = SetRanker::default().test(&plan.sets, &found.table.z, |_| true);
            let ln_p: Vec<f64> = ranked.iter().map(RankSumTest::ln_p_value).collect();
            let tested: Vec<f64> = exponentials(&ln_p).into_iter().filter(|p| !p.is_nan()).collect();
            let padj = by_hand(&tested, tested.len());
            for term in found.findings.terms.iter().filter(|term| !term.rank_z.is_nan()) {
                let place = ln_p[..term.set.index()].iter().filter(|ln_p| !ln_p.is_nan()).count();
                assert_near(term.rank_ln_padj.exp(), padj[place], "ranked sets");
            }
        }
    }
}

/// Tests of one feature: every set in both directions.
fn padj_len(n_sets: usize) -> usize {
    2 * n_sets
}
