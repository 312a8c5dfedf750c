//! Cells, genes, sets and features in another order: the same numbers.
//!
//! Ranks are whole numbers, so Wilcoxon's test keeps every bit; means and variances are sums, and cells in another order
//! may change their last digits. A gene, a set or a feature does not depend on where it stands at all.

use std::collections::BTreeMap;

use featurescope::lens::sound::{Direction, Findings, GeneTable, GeneTest, ShardPlan};
use proptest::prelude::*;
use proptest::test_runner::Config;

use super::{Made, Outcome, TOLERANCE, any_data, assert_near_t, bits, params, scale};

/// A data set and an order to put so many things into.
fn with_order(n: fn(&Made) -> usize) -> impl Strategy<Value = (Made, Vec<usize>)> {
    any_data().prop_flat_map(move |made| {
        let order = Just((0..n(&made)).collect::<Vec<usize>>()).prop_shuffle();
        (Just(made), order)
    })
}

fn moved<T: Clone>(things: &[T], order: &[usize]) -> Vec<T> {
    order.iter().map(|&at| things[at].clone()).collect()
}

fn columns(table: &GeneTable) -> [&[f64]; 14] {
    [
        &table.u,
        &table.auroc,
        &table.z,
        &table.z_ln_p_value,
        &table.z_ln_padj,
        &table.fraction_positive,
        &table.fraction_negative,
        &table.mean_positive,
        &table.mean_negative,
        &table.log2_fold_change,
        &table.t,
        &table.df,
        &table.t_ln_p_value,
        &table.t_ln_padj,
    ]
}

/// How many of the columns keep their bits whatever the order of cells.
const N_BY_RANK: usize = 7;
/// How many after them are means or of means.
const N_MEANS: usize = 3;

/// The numbers of the terms by the names of their sets.
fn terms(plan: &ShardPlan, findings: &Findings) -> BTreeMap<(String, Direction), Vec<u64>> {
    let numbers = findings.terms.iter().map(|term| {
        let numbers = [term.ln_p_value, term.ln_padj, term.rank_z, term.rank_ln_p_value, term.rank_ln_padj];
        ((plan.sets.name(term.set).to_owned(), term.direction), bits(&numbers))
    });
    numbers.collect()
}

fn pairs(made: &Made, other: &Made) -> Vec<(Outcome, Outcome)> {
    let (a, b) = (made.outcomes(&params()), other.outcomes(&params()));
    let both = a.into_iter().zip(b).map(|pair| match pair {
        (Ok(a), Ok(b)) => Some((a, b)),
        (a, b) => {
            assert_eq!(a.err(), b.err());
            None
        }
    });
    both.flatten().collect()
}

proptest! {
    #![proptest_config(Config { cases: 200, failure_persistence: None, ..Config::default() })]

    #[test]
    fn of_cells((made, order) in with_order(Made::n_cells)) {
        let turned = |rows: &[Vec<f32>]| rows.iter().map(|row| moved(row, &order)).collect::<Vec<_>>();
        let other = Made { genes: turned(&made.genes), scores: turned(&made.scores), ..made.clone() };
        for (a, b) in pairs(&made, &other) {
            for (a, b) in columns(&a.table)[..N_BY_RANK].iter().zip(columns(&b.table)) {
                prop_assert_eq!(bits(a), bits(b));
            }
            for (a, b) in columns(&a.table)[N_BY_RANK + N_MEANS..].iter().zip(&columns(&b.table)[N_BY_RANK + N_MEANS..]) {
                a.iter().zip(*b).for_each(|(&a, &b)| assert_near_t(a, b, "cells in another order"));
            }
            for at in N_BY_RANK..N_BY_RANK + N_MEANS {
                for (gene, (a, b)) in columns(&a.table)[at].iter().zip(columns(&b.table)[at]).enumerate() {
                    prop_assert!((a - b).abs() <= TOLERANCE * scale(&made.genes[gene]), "{} is not {}", a, b);
                }
            }
            // Genes are chosen by ranks here; their fold changes only have to keep their sign.
            let plan = made.plan(&params());
            let changes = a.table.log2_fold_change.iter().zip(&b.table.log2_fold_change);
            if changes.into_iter().all(|(a, b)| a.abs() > 1e-7 || (*a == 0.0 && *b == 0.0)) {
                prop_assert_eq!(terms(&plan, &a.findings), terms(&plan, &b.findings));
            }
        }
    }

    #[test]
    fn of_genes((made, order) in with_order(|made| made.genes.len())) {
        let (genes, gene_names) = (moved(&made.genes, &order), moved(&made.gene_names, &order));
        let other = Made { genes, gene_names, ..made.clone() };
        for (a, b) in pairs(&made, &other) {
            for (a, b) in columns(&a.table).iter().zip(columns(&b.table)) {
                prop_assert_eq!(bits(&moved(a, &order)), bits(b));
            }
            prop_assert_eq!(terms(&made.plan(&params()), &a.findings), terms(&other.plan(&params()), &b.findings));
        }
    }

    #[test]
    fn of_sets((made, order) in with_order(|made| made.sets.len())) {
        let other = Made { sets: moved(&made.sets, &order), ..made.clone() };
        for (a, b) in pairs(&made, &other) {
            prop_assert_eq!(&a.findings.genes_up, &b.findings.genes_up);
            prop_assert_eq!(terms(&made.plan(&params()), &a.findings), terms(&other.plan(&params()), &b.findings));
        }
    }

    #[test]
    fn of_features((made, order) in with_order(|made| made.scores.len())) {
        let other = Made { scores: moved(&made.scores, &order), ..made.clone() };
        let (a, b) = (made.outcomes(&params()), other.outcomes(&params()));
        for (&at, b) in order.iter().zip(&b) {
            match (&a[at], b) {
                (Ok(a), Ok(b)) => {
                    prop_assert_eq!(&a.findings, &b.findings);
                    prop_assert_eq!(columns(&a.table).map(bits), columns(&b.table).map(bits));
                }
                (a, b) => prop_assert_eq!(a.as_ref().err(), b.as_ref().err()),
            }
        }
    }

    #[test]
    fn of_tests_changes_what_selects_and_no_number(made in any_data()) {
        let mut by_welch = params();
        by_welch.sound.tests = vec![GeneTest::Welch, GeneTest::Wilcoxon];
        for (a, b) in made.outcomes(&params()).into_iter().zip(made.outcomes(&by_welch)) {
            let (Ok(a), Ok(b)) = (a, b) else { continue };
            prop_assert_eq!(columns(&a.table).map(bits), columns(&b.table).map(bits));
        }
    }
}
