//! How an autoencoder does on training and held-out cells, the same way for every row of a sweep.
//!
//! Activations of all cells are computed once; a cell counts where the split puts it.

use crate::data::{DenseMatrix, FeatureId, Observer};
use crate::engine::EngineError;
use crate::engine::jobs::RunningJob;
use crate::engine::model::VALUES_PER_BATCH;
use crate::protocol::{SweepFit, SweepScores};
use crate::sae::metrics::{SaeMetrics, evaluate_rows, live_features};
use crate::sae::{Device, Sae, encode_all};

/// Rows of the cells trained on and of those held out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Split {
    pub(super) trained: Vec<u32>,
    pub(super) held_out: Vec<u32>,
}

impl Split {
    pub(super) fn new(is_held_out: &[bool]) -> Self {
        let (held_out, trained) = (0..is_held_out.len() as u32).partition(|&row| is_held_out[row as usize]);
        Self { trained, held_out }
    }
}

/// Scores without time and steps, and the live features.
///
/// # Errors
/// [`EngineError::Inference`], [`EngineError::Sae`], [`EngineError::Cancelled`].
pub(super) async fn measure(
    sae: &Sae,
    inputs: &DenseMatrix,
    split: &Split,
    device: &Device,
    job: &RunningJob,
) -> Result<(SweepScores, Vec<FeatureId>), EngineError> {
    let batch = (VALUES_PER_BATCH / sae.n_features()).clamp(1, 4096);
    let encoded = encode_all(sae, inputs, device, batch, &Quiet(job), async || job.breathe().await).await;
    job.check_cancelled()?;
    let activations = encoded?;
    let training = fit(&evaluate_rows(sae, inputs, &activations, &split.trained)?);
    job.checkpoint().await?;
    let held_out = match split.held_out.as_slice() {
        [] => None,
        rows => Some(fit(&evaluate_rows(sae, inputs, &activations, rows)?)),
    };
    job.checkpoint().await?;
    let live = live_features(&activations);
    let scores = SweepScores {
        secs: 0.0,
        n_steps: 0,
        stopped_early: false,
        training,
        held_out,
        n_live: live.len(),
        dead_share: 1.0 - live.len() as f64 / sae.n_features() as f64,
        seeds: None,
    };
    Ok((scores, live))
}

fn fit(metrics: &SaeMetrics) -> SweepFit {
    SweepFit { n_cells: metrics.n_cells, l0: metrics.l0, fvu: metrics.fvu }
}

/// A job whose own progress is not told: measuring is a small part of a run.
struct Quiet<'a>(&'a RunningJob);

impl Observer for Quiet<'_> {
    fn progress(&self, _fraction: f64, _message: &str) {}

    fn warn(&self, message: &str) {
        self.0.warn(message);
    }

    fn is_cancelled(&self) -> bool {
        self.0.is_cancelled()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_cell_is_on_one_side() {
        let split = Split::new(&[true, false, false, true]);
        assert_eq!((split.trained, split.held_out), (vec![1, 2], vec![0, 3]));
    }
}
