//! p against the exact one, by scoring all 593,775 sets of 6 of 30 genes.

use super::super::multilevel::Ruler;
use super::super::null::TIE;
use super::super::precision::multilevel_log2_error;
use super::super::random::multilevel_rng;
use super::super::score::extremes;
use super::*;

/// S⁺ and ES of all sets of 6 of 30 genes.
fn all_sets(weights: &[f64]) -> Vec<(f64, f64)> {
    let mut found = Vec::new();
    let mut set: Vec<u32> = (0..6).collect();
    loop {
        let of_set = extremes(weights, &set);
        found.push((of_set.top(), of_set.es()));
        let Some(at) = (0..6).rev().find(|&at| set[at] < 24 + at as u32) else { return found };
        set[at] += 1;
        for later in at + 1..6 {
            set[later] = set[later - 1] + 1;
        }
    }
}

fn uneven_weights() -> Vec<f64> {
    (0..30).map(|rank| libm::pow((f64::from(rank) - 13.3).abs() / 16.7, 1.5)).collect()
}

/// Of 40 runs against exact chances down to a few sets in 593,775: each within its error, and none off on average.
#[test]
fn multilevel_tails_are_those_of_all_sets() {
    let forward = uneven_weights();
    let reversed: Vec<f64> = forward.iter().rev().copied().collect();
    for weights in [forward, reversed] {
        let mut all = all_sets(&weights);
        assert_eq!(all.len(), 593_775);
        all.sort_by(|a, b| b.0.total_cmp(&a.0));
        let targets: Vec<f64> = [30_000, 3000, 300, 30, 6].map(|n_above| all[n_above].0).to_vec();
        let rulers: Vec<Ruler> = (0..40)
            .map(|seed| {
                let mut ruler = Ruler::new(&weights, 6, 101, targets[4], -1e3, multilevel_rng(seed, 6, true));
                while !ruler.is_done() {
                    ruler.step(&weights);
                }
                ruler
            })
            .collect();
        for es in targets {
            let n = all.iter().filter(|set| set.0 >= es - TIE && set.1 > 0.0).count();
            let ln_p = libm::log(n as f64 / all.len() as f64);
            let sigma = multilevel_log2_error(ln_p, 101) * std::f64::consts::LN_2;
            let apart: Vec<f64> = rulers.iter().map(|ruler| (ruler.tail(es).ln_p - ln_p) / sigma).collect();
            let mean = apart.iter().sum::<f64>() / 40.0;
            assert!(apart.iter().all(|apart| apart.abs() < MAX_SIGMA), "{es}, {n} sets: {apart:?}");
            assert!(mean.abs() < 3.0 / libm::sqrt(40.0), "{es}, {n} sets: off by {mean} of its error");
        }
    }
}

#[test]
fn the_whole_p_is_that_of_all_sets() {
    let weights = uneven_weights();
    // Statistics with these weights, falling from the top to the bottom.
    let statistics: Vec<f64> =
        weights.iter().enumerate().map(|(rank, &weight)| if rank < 14 { weight } else { -weight }).collect();
    let ranking = Ranking::new(&statistics).unwrap();
    let all = all_sets(&ranking.weights(1.0).unwrap());
    let sets: [[u32; 6]; 6] = [
        [0, 1, 2, 3, 4, 7],
        [0, 1, 2, 5, 6, 20],
        [0, 3, 4, 9, 16, 25],
        [22, 24, 26, 27, 28, 29],
        [20, 25, 26, 27, 28, 29],
        [2, 8, 21, 22, 27, 28],
    ];
    let named: Vec<_> = sets.iter().map(|set| (format!("{set:?}"), set.to_vec())).collect();
    for seed in 0..5 {
        let params = GseaParams { seed, ..small(10_000) };
        for result in gsea(&ranking, &matched(30, &named), &params, &Silent).unwrap() {
            let is_extreme = |es: f64| if result.es > 0.0 { es >= result.es - TIE } else { es <= result.es + TIE };
            let is_same_sign = |es: f64| if result.es > 0.0 { es >= 0.0 } else { es <= 0.0 };
            let count = |of: &dyn Fn(f64) -> bool| all.iter().filter(|set| of(set.1)).count() as f64;
            let exact = libm::log2(count(&is_extreme) / count(&is_same_sign));
            let found = result.ln_p_value / std::f64::consts::LN_2;
            // The share of the sign is an estimate, too, good to about 0.02.
            let allowed = MAX_SIGMA * result.log2_error.unwrap().hypot(0.02);
            assert!(
                (found - exact).abs() < allowed,
                "seed {seed}, {:?}: {found} is not {exact}",
                sets[result.set.index()]
            );
        }
    }
}
