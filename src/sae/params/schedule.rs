//! How rates change during a training run, in shares of its steps.
//!
//! With n steps in all and t counted from 0: the learning rate is multiplied by min(1, (t+1)/w), w = round(warm_up·n),
//! and from step s = n − round(decay·n) on by (n − t)/(n − s), which ends at 1/(n − s). Penalties are multiplied by
//! min(1, (t+1)/round(sparsity_warm_up·n)). The k of top-k goes down from min(h, max(k, d)) in a straight line over
//! k_anneal·n steps. A share of 0 switches its part off. `tests/fixtures/sae/training/schedules.json` compares.

use serde::{Deserialize, Serialize};

/// How rates change during the run; every value is a share of all steps.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Schedule {
    /// The learning rate rises over this share.
    pub warm_up: f64,
    /// The learning rate falls over this share, at the end.
    pub decay: f64,
    /// The penalty rises over this share.
    pub sparsity_warm_up: f64,
    /// k falls to its value over this share.
    pub k_anneal: f64,
}

impl Default for Schedule {
    /// Warm-up 5 %, decay 20 % (Anthropic, April 2024; SAE.md), k as it is.
    fn default() -> Self {
        Self { warm_up: 0.05, decay: 0.2, sparsity_warm_up: 0.05, k_anneal: 0.0 }
    }
}

impl Schedule {
    /// Nothing changes.
    pub fn constant() -> Self {
        Self { warm_up: 0.0, decay: 0.0, sparsity_warm_up: 0.0, k_anneal: 0.0 }
    }

    /// What the learning rate is multiplied by in step `t` of `n_steps`.
    pub fn learning_rate(&self, t: usize, n_steps: usize) -> f64 {
        let n_falling = part(self.decay, n_steps).min(n_steps);
        let start = n_steps - n_falling;
        let fall = if t >= start && n_falling > 0 { (n_steps - t) as f64 / n_falling as f64 } else { 1.0 };
        rise(t, part(self.warm_up, n_steps)) * fall
    }

    /// What penalties are multiplied by in step `t` of `n_steps`.
    pub fn sparsity(&self, t: usize, n_steps: usize) -> f64 {
        rise(t, part(self.sparsity_warm_up, n_steps))
    }

    /// k in step `t` of `n_steps`, on its way from `first` to `k`.
    pub fn k(&self, t: usize, n_steps: usize, first: usize, k: usize) -> usize {
        let n_annealed = self.k_anneal * n_steps as f64;
        let way = if n_annealed > 0.0 { (t as f64 / n_annealed).min(1.0) } else { 1.0 };
        (first as f64 + (k as f64 - first as f64) * way).round() as usize
    }
}

fn part(share: f64, n_steps: usize) -> usize {
    (share * n_steps as f64).round() as usize
}

fn rise(t: usize, n_rising: usize) -> f64 {
    if n_rising == 0 { 1.0 } else { ((t + 1) as f64 / n_rising as f64).min(1.0) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_learning_rate_rises_stays_and_falls() {
        let schedule = Schedule::default();
        let at = |t| schedule.learning_rate(t, 1000);
        assert_eq!([at(0), at(1), at(48), at(49), at(50)], [0.02, 0.04, 0.98, 1.0, 1.0]);
        assert_eq!([at(799), at(800), at(900), at(999)], [1.0, 1.0, 0.5, 0.005]);
    }

    #[test]
    fn factors_are_those_of_pytorchs_schedulers() {
        let all: serde_json::Value =
            serde_json::from_slice(include_bytes!("../../../tests/fixtures/sae/training/schedules.json")).unwrap();
        let (runs, annealed) = (all["runs"].as_array().unwrap(), all["annealed"].as_array().unwrap());
        assert!(runs.len() >= 5 && annealed.len() >= 4);
        for run in runs {
            let share = |name: &str| run[name].as_f64().unwrap();
            let n_steps = run["n_steps"].as_u64().unwrap() as usize;
            let schedule = Schedule {
                warm_up: share("warm_up"),
                decay: share("decay"),
                sparsity_warm_up: share("sparsity_warm_up"),
                k_anneal: 0.0,
            };
            for (at, t) in run["t"].as_array().unwrap().iter().enumerate() {
                let t = t.as_u64().unwrap() as usize;
                let expected = |name: &str| run[name][at].as_f64().unwrap();
                approx::assert_relative_eq!(schedule.learning_rate(t, n_steps), expected("lr"), max_relative = 1e-11);
                approx::assert_relative_eq!(schedule.sparsity(t, n_steps), expected("sparsity"), max_relative = 1e-11);
            }
        }
        for run in annealed {
            let size = |name: &str| run[name].as_u64().unwrap() as usize;
            let schedule = Schedule { k_anneal: run["k_annealing"].as_f64().unwrap(), ..Schedule::constant() };
            let first = size("n_features").min(size("k").max(size("n_dims")));
            for (t, k) in run["t"].as_array().unwrap().iter().zip(run["k_at"].as_array().unwrap()) {
                let found = schedule.k(t.as_u64().unwrap() as usize, size("n_steps"), first, size("k"));
                assert_eq!(found as u64, k.as_u64().unwrap(), "{run} {t}");
            }
        }
    }

    #[test]
    fn a_constant_schedule_changes_nothing() {
        let schedule = Schedule::constant();
        for t in [0, 1, 5, 9] {
            assert_eq!(
                (schedule.learning_rate(t, 10), schedule.sparsity(t, 10), schedule.k(t, 10, 64, 8)),
                (1.0, 1.0, 8)
            );
        }
    }

    #[test]
    fn k_falls_in_a_straight_line() {
        let schedule = Schedule { k_anneal: 0.5, ..Schedule::constant() };
        let at = |t| schedule.k(t, 100, 60, 10);
        assert_eq!([at(0), at(10), at(25), at(50), at(99)], [60, 50, 35, 10, 10]);
    }

    #[test]
    fn rates_stay_above_zero_whatever_the_shares() {
        for (warm_up, decay) in [(1.0, 0.0), (0.0, 1.0), (0.5, 0.5), (0.9, 0.9)] {
            let schedule = Schedule { warm_up, decay, ..Schedule::default() };
            for n_steps in [1, 2, 3, 10] {
                assert!((0..n_steps).all(|t| schedule.learning_rate(t, n_steps) > 0.0));
            }
        }
    }
}
