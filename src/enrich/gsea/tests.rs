//! The analysis as a whole: against fgsea and GSEApy, against exact p (`exact`), and what must not matter.

mod exact;

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;

use proptest::prelude::*;
use serde::Deserialize;

use super::*;
use crate::data::{GeneSet, Silent};

/// Sums of up to 300 weights differ in rounding only.
const ES_TOLERANCE: f64 = 1e-12;
/// Standard deviations two estimates may be apart; 107 sets are compared.
const MAX_SIGMA: f64 = 4.0;

#[derive(Deserialize)]
struct Reference {
    statistics: Vec<f64>,
    sets: BTreeMap<String, ReferenceSet>,
}

#[derive(Deserialize)]
struct ReferenceSet {
    genes: Vec<u32>,
    size: usize,
    es: f64,
    nes: f64,
    p: f64,
    log2_error: f64,
    leading_edge: Vec<u32>,
    es_by_exponent: [f64; 4],
    gseapy_es: f64,
    gseapy_nes: f64,
}

fn reference() -> Reference {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/gsea/fgsea.json");
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

fn matched(n_genes: usize, sets: &[(String, Vec<u32>)]) -> MatchedGeneSets {
    let names: Vec<String> = (0..n_genes).map(|gene| format!("g{gene}")).collect();
    let gene_set = |(name, genes): &(String, Vec<u32>)| GeneSet {
        name: name.clone(),
        description: String::new(),
        genes: genes.iter().map(|&gene| names[gene as usize].clone()).collect(),
    };
    MatchedGeneSets::new(&names, &sets.iter().map(gene_set).collect::<Vec<_>>(), 1, n_genes)
}

fn small(n_permutations: usize) -> GseaParams {
    GseaParams { min_size: 1, n_permutations, ..GseaParams::default() }
}

#[test]
fn scores_and_leading_edges_are_those_of_fgsea_and_gseapy() {
    let reference = reference();
    let ranking = Ranking::new(&reference.statistics).unwrap();
    for (name, set) in &reference.sets {
        let ranks = ranking.ranks_of(&set.genes);
        for (exponent, expected) in [0.0, 0.5, 1.0, 2.0].into_iter().zip(set.es_by_exponent) {
            let found = enrichment_score(&ranking.weights(exponent).unwrap(), &ranks);
            assert!((found - expected).abs() < ES_TOLERANCE, "{name}, exponent {exponent}: {found} is not {expected}");
        }
        let weights = ranking.weights(1.0).unwrap();
        let found = enrichment_score(&weights, &ranks);
        assert!((found - set.es).abs() < ES_TOLERANCE && (found - set.gseapy_es).abs() < ES_TOLERANCE, "{name}");
        let edge: Vec<u32> = leading_edge(&weights, &ranks).into_iter().map(|rank| ranking.gene(rank).0).collect();
        assert_eq!((ranks.len(), edge), (set.size, set.leading_edge.clone()), "{name}");
    }
}

#[test]
fn p_and_nes_are_those_of_fgsea_within_their_errors() {
    let reference = reference();
    let ranking = Ranking::new(&reference.statistics).unwrap();
    let sets: Vec<_> = reference.sets.iter().map(|(name, set)| (name.clone(), set.genes.clone())).collect();
    let params = GseaParams { min_size: 5, n_permutations: 5000, eps: 1e-100, seed: 2, ..GseaParams::default() };
    let results = gsea(&ranking, &matched(2000, &sets), &params, &Silent).unwrap();
    assert_eq!(results.len(), reference.sets.len());
    for (result, (name, set)) in results.iter().zip(&reference.sets) {
        let nes = result.nes.unwrap();
        assert!((nes / set.nes - 1.0).abs() < 0.03, "{name}: NES {nes} is not {}", set.nes);
        assert!((nes / set.gseapy_nes - 1.0).abs() < 0.1, "{name}: NES {nes} is not {}", set.gseapy_nes);
        let sigma = result.log2_error.unwrap().hypot(set.log2_error).max(0.03);
        let apart = (result.ln_p_value / std::f64::consts::LN_2 - set.p.log2()) / sigma;
        assert!(apart.abs() < MAX_SIGMA, "{name}: p {:e} is not {:e}", result.p_value(), set.p);
    }
}

/// C(n, k).
fn n_subsets(n: u32, k: u32) -> f64 {
    (1..=k).map(|j| f64::from(n - k + j) / f64::from(j)).product()
}

#[test]
fn the_deepest_tail_is_one_set_in_all() {
    let reference = reference();
    let ranking = Ranking::new(&reference.statistics).unwrap();
    let of = |name: &str| (name.to_owned(), reference.sets[name].genes.clone());
    let sets = matched(2000, &[of("bottom_30"), of("top_10")]);
    let params = GseaParams { n_permutations: 20_000, eps: 1e-100, ..small(1000) };
    let results = gsea(&ranking, &sets, &params, &Silent).unwrap();
    // No other set of the size scores 1; about half of all have that sign, more precisely by fgsea's 100,000.
    for (result, (k, share)) in results.iter().zip([(30, 0.5), (10, 0.46)]) {
        let expected = -(n_subsets(2000, k) * share).log2();
        let found = result.ln_p_value / std::f64::consts::LN_2;
        assert!((found - expected).abs() < 3.0 * result.log2_error.unwrap() + 0.2, "{found} is not {expected}");
    }
}

#[test]
fn without_random_sets_on_its_side_a_set_has_no_p() {
    let statistics: Vec<f64> = (0..50).map(|gene| libm::exp(-f64::from(gene))).collect();
    let sets = [("first".to_owned(), (0..20).collect()), ("last".to_owned(), (30..50).collect())];
    let results = gsea(&Ranking::new(&statistics).unwrap(), &matched(50, &sets), &small(500), &Silent).unwrap();
    let [first, last] = &results[..] else { panic!("{results:?}") };
    assert!(last.es < 0.0 && last.ln_p_value.is_nan() && last.padj.is_nan());
    assert_eq!((last.nes, last.log2_error), (None, None));
    assert_eq!(first.padj, first.p_value());
}

#[test]
fn without_the_multilevel_method_p_is_a_count() {
    let statistics: Vec<f64> = (0..400).map(|gene| 200.5 - f64::from(gene)).collect();
    let sets = matched(400, &[("first".to_owned(), (0..30).collect())]);
    let of = |is_multilevel| {
        let params = GseaParams { is_multilevel, ..small(1000) };
        gsea(&Ranking::new(&statistics).unwrap(), &sets, &params, &Silent).unwrap().remove(0)
    };
    let (counted, multilevel) = (of(false), of(true));
    assert_eq!((counted.es, counted.nes), (multilevel.es, multilevel.nes));
    let p = counted.p_value();
    assert!(p > 1.0 / 1001.0 && p < 1.0 / 400.0 && multilevel.p_value() < 1e-20, "{p}");
}

#[test]
fn below_eps_p_is_eps() {
    let statistics: Vec<f64> = (0..400).map(|gene| 200.5 - f64::from(gene)).collect();
    let sets = matched(400, &[("first".to_owned(), (0..30).collect())]);
    let params = GseaParams { eps: 1e-6, ..small(1000) };
    let result = gsea(&Ranking::new(&statistics).unwrap(), &sets, &params, &Silent).unwrap().remove(0);
    assert_eq!((result.ln_p_value, result.log2_error), (libm::log(1e-6), None));
}

#[test]
fn sets_of_all_genes_or_of_the_wrong_size_are_left_out() {
    let ranking = Ranking::of_genes(&[3.0, 2.0, 1.0, 9.0], &[true, true, true, false]).unwrap();
    let sets = [("all".to_owned(), vec![0, 1, 2]), ("two".to_owned(), vec![0, 2, 3]), ("none".to_owned(), vec![3])];
    let results = gsea(&ranking, &matched(4, &sets), &small(100), &Silent).unwrap();
    assert_eq!(results.iter().map(|result| (result.set.0, result.size)).collect::<Vec<_>>(), [(1, 2)]);
    assert!(gsea(&ranking, &matched(4, &[]), &small(100), &Silent).unwrap().is_empty());
    let other = gsea(&ranking, &matched(5, &sets), &small(100), &Silent);
    assert_eq!(other, Err(GseaError::GeneCount { n_genes: 4, n_matched: 5 }));
}

#[derive(Default)]
struct Listening {
    fractions: RefCell<Vec<f64>>,
    warnings: RefCell<Vec<String>>,
    n_steps_left: Cell<Option<usize>>,
}

impl Observer for Listening {
    fn progress(&self, fraction: f64, _message: &str) {
        self.fractions.borrow_mut().push(fraction);
    }
    fn warn(&self, message: &str) {
        self.warnings.borrow_mut().push(message.to_owned());
    }
    fn is_cancelled(&self) -> bool {
        let left = self.n_steps_left.get();
        self.n_steps_left.set(left.map(|n| n.saturating_sub(1)));
        left == Some(0)
    }
}

#[test]
fn progress_rises_to_one_and_cancelling_ends_it() {
    let statistics: Vec<f64> = (0..1000).map(|gene| f64::from(500 - gene / 2)).collect();
    let ranking = Ranking::new(&statistics).unwrap();
    let sets: Vec<_> = (20..60_u32).map(|size| (size.to_string(), (size..2 * size).collect())).collect();
    let sets = matched(1000, &sets);
    let listening = Listening::default();
    gsea(&ranking, &sets, &small(1000), &listening).unwrap();
    let fractions = listening.fractions.take();
    assert!(fractions.len() > 10 && fractions.is_sorted() && fractions.last() == Some(&1.0), "{fractions:?}");
    assert!(listening.warnings.take()[0].starts_with("50.00 % of the ranked genes tie"));
    listening.n_steps_left.set(Some(3));
    assert_eq!(gsea(&ranking, &sets, &small(1000), &listening), Err(GseaError::Cancelled));
    assert_eq!(listening.fractions.take().len(), 3);
}

/// Distinct statistics of up to 60 genes and a few sets of them, by position.
fn study() -> impl Strategy<Value = (Vec<f64>, Vec<Vec<u32>>, Vec<usize>)> {
    (12_usize..60).prop_flat_map(|n| {
        let order = Just((0..n).collect::<Vec<usize>>()).prop_shuffle();
        let statistics = order.clone().prop_map(move |order| {
            order.iter().map(|&rank| libm::pow(rank as f64 - 0.4 * n as f64, 3.0)).collect::<Vec<f64>>()
        });
        let sets = prop::collection::vec(prop::collection::btree_set(0..n as u32, 1..10), 1..6);
        let sets = sets.prop_map(|sets| sets.into_iter().map(|set| set.into_iter().collect()).collect());
        (statistics, sets, order)
    })
}

fn by_name(statistics: &[f64], sets: &[(String, Vec<u32>)]) -> BTreeMap<String, GseaResult> {
    let sets = matched(statistics.len(), sets);
    let params = GseaParams { n_permutations: 200, sample_size: 21, eps: 1e-12, ..small(200) };
    let results = gsea(&Ranking::new(statistics).unwrap(), &sets, &params, &Silent).unwrap();
    results.into_iter().map(|result| (sets.name(result.set).to_owned(), result)).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]

    #[test]
    fn the_order_of_genes_and_sets_and_other_sets_change_nothing((statistics, sets, order) in study()) {
        let named: Vec<_> = sets.iter().enumerate().map(|(at, set)| (at.to_string(), set.clone())).collect();
        let first = by_name(&statistics, &named);
        let mut moved = vec![0.0; statistics.len()];
        for (&to, &statistic) in order.iter().zip(&statistics) {
            moved[to] = statistic;
        }
        let to = |set: &[u32]| set.iter().map(|&gene| order[gene as usize] as u32).collect::<Vec<u32>>();
        let turned: Vec<_> = named.iter().rev().map(|(name, set)| (name.clone(), to(set))).collect();
        let second = by_name(&moved, &turned);
        prop_assert_eq!(first.len(), second.len());
        for (name, result) in &first {
            let alone = by_name(&statistics, &[(name.clone(), sets[name.parse::<usize>().unwrap()].clone())]);
            for other in [&second[name], &alone[name]] {
                prop_assert_eq!((result.es, result.nes, result.log2_error), (other.es, other.nes, other.log2_error));
                prop_assert_eq!(result.ln_p_value.to_bits(), other.ln_p_value.to_bits());
            }
            prop_assert_eq!(to(&result.leading_edge.iter().map(|gene| gene.0).collect::<Vec<_>>()),
                second[name].leading_edge.iter().map(|gene| gene.0).collect::<Vec<_>>());
        }
    }

    #[test]
    fn results_are_in_range((statistics, sets, _) in study()) {
        let named: Vec<_> = sets.into_iter().enumerate().map(|(at, set)| (at.to_string(), set)).collect();
        for result in by_name(&statistics, &named).values() {
            prop_assert!(result.es.abs() <= 1.0 + 1e-12);
            prop_assert!(result.ln_p_value.is_nan() || (1e-12_f64.ln()..=0.0).contains(&result.ln_p_value));
            prop_assert!(result.padj.is_nan() == result.ln_p_value.is_nan());
            prop_assert!(result.nes.is_none_or(|nes| nes * result.es >= 0.0));
            prop_assert!(result.leading_edge.is_empty() == (result.es == 0.0));
        }
    }
}
