//! What the arithmetic of a step depends on, worked out once a run and once a step.

use super::adam::AdamStep;
use super::loss::Scales;
use super::state::Sizes;
use crate::sae::{SaeParams, Schedule, Variant};

/// A dead window has at least this many steps (SAE.md).
const LEAST_DEAD_WINDOW: usize = 20;
/// The batch threshold is a mean over about this many steps …
const THRESHOLD_STEPS: f64 = 1000.0;
/// … or over this share of a short run.
const THRESHOLD_SHARE: f64 = 0.05;

/// What the arithmetic of all steps depends on.
#[derive(Clone, Copy, Debug)]
pub(crate) struct StepConfig {
    pub(crate) variant: Variant,
    pub(crate) sizes: Sizes,
    pub(super) learning_rate: f64,
    pub(super) schedule: Schedule,
    pub(super) n_steps: usize,
    pub(super) unit_decoder: bool,
    pub(super) clip: Option<f64>,
    /// Steps without firing after which a feature is dead.
    pub(super) dead_window: usize,
    /// β of the batch threshold.
    pub(super) threshold_decay: f64,
}

/// What the arithmetic of one step depends on.
#[derive(Clone, Copy, Debug)]
pub(crate) struct StepRates {
    pub(super) adam: AdamStep,
    #[cfg(feature = "burn")]
    pub(super) learning_rate: f64,
    pub(super) scales: Scales,
    /// What the schedule makes of penalties.
    pub(super) warmth: f64,
    /// Features kept per cell; 0 where the variant keeps no fixed number.
    pub(super) k: usize,
}

impl StepConfig {
    /// For `params` on inputs of `d_in` dimensions, `steps_per_epoch` steps in an epoch.
    pub(crate) fn new(params: &SaeParams, d_in: usize, steps_per_epoch: usize) -> Self {
        let n_steps = steps_per_epoch * params.n_epochs;
        let dead_window = (params.dead_epochs * steps_per_epoch as f64).ceil() as usize;
        Self {
            variant: params.variant,
            sizes: Sizes { d_in, n_features: params.n_features },
            learning_rate: params.learning_rate,
            schedule: params.schedule,
            n_steps,
            unit_decoder: params.unit_decoder,
            clip: params.clip,
            dead_window: dead_window.max(LEAST_DEAD_WINDOW),
            threshold_decay: 1.0 - (1.0 / THRESHOLD_STEPS).max(1.0 / (THRESHOLD_SHARE * n_steps as f64)).min(1.0),
        }
    }

    /// The rates of step `t`, counted from 0, on `n_cells` cells.
    pub(super) fn at(&self, t: usize, n_cells: usize) -> StepRates {
        let warmth = self.schedule.sparsity(t, self.n_steps);
        let factor = self.schedule.learning_rate(t.min(self.n_steps.saturating_sub(1)), self.n_steps);
        let Sizes { d_in, n_features } = self.sizes;
        let k = self.variant.k(n_features).unwrap_or(0);
        StepRates {
            adam: AdamStep::at(self.learning_rate * factor, t + 1),
            #[cfg(feature = "burn")]
            learning_rate: self.learning_rate * factor,
            scales: Scales::of(self.variant, self.sizes, n_cells, warmth),
            warmth,
            k: self.schedule.k(t, self.n_steps, n_features.min(k.max(d_in)), k),
        }
    }

    /// Dead features a cell uses at most to explain what the others leave (SAE.md); 0 where none are dead.
    pub(super) fn k_aux(&self, n_dead: usize) -> usize {
        if n_dead == 0 { 0 } else { (self.sizes.d_in / 2).clamp(1, n_dead) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn windows_follow_the_run() {
        let params = SaeParams { n_epochs: 100, dead_epochs: 0.5, ..SaeParams::default() };
        let long = StepConfig::new(&params, 8, 100);
        assert_eq!((long.dead_window, long.n_steps, long.threshold_decay), (50, 10_000, 0.998));
        let longer = StepConfig::new(&params, 8, 1000);
        approx::assert_relative_eq!(longer.threshold_decay, 0.999);
        let short = StepConfig::new(&SaeParams { n_epochs: 1, ..params }, 8, 10);
        assert_eq!((short.dead_window, short.threshold_decay), (20, 0.0));
    }

    #[test]
    fn few_dead_features_are_all_used() {
        let config = StepConfig::new(&SaeParams::default(), 8, 10);
        assert_eq!([0, 1, 3, 100].map(|n_dead| config.k_aux(n_dead)), [0, 1, 3, 4]);
        assert_eq!(StepConfig::new(&SaeParams::default(), 1, 10).k_aux(5), 1);
    }
}
