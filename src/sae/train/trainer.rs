//! A training run: epochs, batches, progress and checkpoints.
//!
//! The caller owns the loop, the clock and the pauses: it awaits [`Trainer::step`] until [`Trainer::is_done`], asks
//! for [`Trainer::progress`] a few times a second and yields to its event loop in between. Nothing here blocks.

use std::sync::Arc;

use burn::tensor::Device;

use super::checkpoint::{Checkpoint, CheckpointError};
use super::initial::initial_parameters;
use super::order::epoch_order;
use super::state::TrainState;
use super::stepper::{StepConfig, StepInputs, Stepper};
use crate::data::{DataError, DenseMatrix};
use crate::sae::inputs::InputMap;
use crate::sae::metrics::{column_means, squared_distance};
use crate::sae::{Architecture, InputScaling, Sae, SaeError, SaeParams, SaeParamsError, TrainProgress, Variant};

/// Why training can't start or go on.
#[derive(Debug, thiserror::Error)]
pub enum TrainError {
    /// The parameters are refused.
    #[error(transparent)]
    Params(#[from] SaeParamsError),
    /// The inputs are not finite.
    #[error(transparent)]
    Inputs(#[from] DataError),
    /// The checkpoint is damaged or of other data.
    #[error(transparent)]
    Checkpoint(#[from] CheckpointError),
    /// The GPU is gone: a reset of its driver, a computer that slept.
    #[error("the graphics processor was lost; go on from the last checkpoint, or train again: the CPU takes over")]
    GpuLost,
    /// The device failed, such as for lack of memory.
    #[error("the compute device failed: {reason}; go on from the last checkpoint, on the CPU if it happens again")]
    Device {
        /// What it says.
        reason: String,
    },
    /// The loss or the weights are not finite any more.
    #[error(
        "training diverged before step {step}: the loss is not finite; use a smaller learning rate than {learning_rate}"
    )]
    Diverged {
        /// Steps done when it was noticed.
        step: usize,
        /// The learning rate used.
        learning_rate: f64,
    },
    /// The trained weights are refused.
    #[error(transparent)]
    Weights(#[from] SaeError),
}

impl TrainError {
    /// What a device says when it fails; Burn calls one that was lost poisoned.
    pub(super) fn device(reason: impl ToString) -> Self {
        let reason = reason.to_string();
        if reason.contains("device is poisoned") { Self::GpuLost } else { Self::Device { reason } }
    }
}

/// A training run on one device.
#[derive(Debug)]
pub struct Trainer {
    params: SaeParams,
    inputs: Arc<DenseMatrix>,
    /// Mean of every input dimension, `[d_in]`.
    mean: Vec<f64>,
    /// ‖x − x̄‖² of every cell, `[n_cells]`.
    variation: Vec<f64>,
    stepper: Stepper,
    order: Vec<u32>,
    step: usize,
    /// Σ‖x − x̄‖² over the cells since the last report.
    variation_seen: f64,
    start: Start,
    last: TrainProgress,
}

/// Where this trainer took up the run.
#[derive(Clone, Copy, Debug, Default)]
struct Start {
    step: usize,
    elapsed_secs: f64,
}

impl Trainer {
    /// Starts a run on `inputs`, `[n_cells, d_in]`.
    ///
    /// # Errors
    /// [`TrainError::Params`] for parameters that do not fit the inputs, [`TrainError::Inputs`] for a value that is
    /// not finite.
    pub fn new(params: SaeParams, inputs: Arc<DenseMatrix>, device: &Device) -> Result<Self, TrainError> {
        check(&params, &inputs)?;
        let seen_mean = if params.center_inputs { vec![0.0; inputs.n_cols()] } else { column_means(&inputs) };
        let state = TrainState::start(initial_parameters(&params, &seen_mean));
        Ok(Self::with_state(params, inputs, device, state, 0.0))
    }

    /// Goes on with a run that was kept.
    ///
    /// # Errors
    /// [`TrainError::Checkpoint`] if it was made on other inputs.
    pub fn from_checkpoint(
        checkpoint: Checkpoint,
        inputs: Arc<DenseMatrix>,
        device: &Device,
    ) -> Result<Self, TrainError> {
        checkpoint.check_inputs(&inputs)?;
        let params = checkpoint.params().clone();
        check(&params, &inputs)?;
        let elapsed_secs = checkpoint.elapsed_secs();
        Ok(Self::with_state(params, inputs, device, checkpoint.into_state(), elapsed_secs))
    }

    fn with_state(
        params: SaeParams,
        inputs: Arc<DenseMatrix>,
        device: &Device,
        state: TrainState,
        elapsed_secs: f64,
    ) -> Self {
        let mean = column_means(&inputs);
        let center = mean.iter().map(|&mu| if params.center_inputs { mu as f32 } else { 0.0 }).collect();
        let variation = (0..inputs.n_rows()).map(|row| squared_distance(inputs.row(row), mean.iter().copied()));
        let variation = variation.collect();
        let step = state.step;
        let config = StepConfig::new(&params, inputs.n_cols());
        let stepper = Stepper::new(config, StepInputs { values: Arc::clone(&inputs), center }, state, device);
        let epoch = step / params.steps_per_epoch(inputs.n_rows());
        Self {
            order: epoch_order(params.seed, epoch, inputs.n_rows()),
            last: TrainProgress { step, elapsed_secs, ..TrainProgress::default() },
            start: Start { step, elapsed_secs },
            variation_seen: 0.0,
            params,
            inputs,
            mean,
            variation,
            stepper,
            step,
        }
    }

    /// What is being trained.
    pub fn params(&self) -> &SaeParams {
        &self.params
    }

    /// Steps in all.
    pub fn n_steps(&self) -> usize {
        self.steps_per_epoch() * self.params.n_epochs
    }

    /// Whether all steps are done.
    pub fn is_done(&self) -> bool {
        self.step >= self.n_steps()
    }

    fn steps_per_epoch(&self) -> usize {
        self.params.steps_per_epoch(self.inputs.n_rows())
    }

    /// One step on the next batch; does nothing once [`Self::is_done`].
    ///
    /// # Errors
    /// [`TrainError::Device`] if the device fails.
    pub async fn step(&mut self) -> Result<(), TrainError> {
        if self.is_done() {
            return Ok(());
        }
        let start = self.step % self.steps_per_epoch() * self.params.batch_size;
        let end = (start + self.params.batch_size).min(self.order.len());
        let rows = &self.order[start..end];
        self.variation_seen += rows.iter().map(|&row| self.variation[row as usize]).sum::<f64>();
        self.stepper.step(rows).await?;
        self.step += 1;
        if end == self.order.len() {
            self.stepper.end_epoch();
            self.order = epoch_order(self.params.seed, self.step / self.steps_per_epoch(), self.order.len());
        }
        Ok(())
    }

    /// Where the run stands; metrics are means over the cells since the last call, or the last ones if there were none.
    /// `trained_secs` is the time this trainer has spent on its steps, pauses left out.
    ///
    /// # Errors
    /// [`TrainError::Device`] if the device fails, [`TrainError::Diverged`] if the loss is not finite.
    pub async fn progress(&mut self, trained_secs: f64) -> Result<TrainProgress, TrainError> {
        let sizes = StepConfig::new(&self.params, self.inputs.n_cols()).sizes;
        let (tally, n_alive) = self.stepper.take_tally().await?;
        let mut progress = self.timing(trained_secs);
        progress.dead_share = 1.0 - n_alive / sizes.n_features as f64;
        if tally.n_cells > 0 {
            progress.loss = tally.loss(self.params.variant, sizes);
            progress.mse = tally.mse(sizes);
            progress.l0 = tally.l0();
            progress.explained_variance = 1.0 - tally.squared_error / std::mem::take(&mut self.variation_seen);
            if !progress.loss.is_finite() {
                return Err(self.diverged());
            }
        }
        self.last = progress.clone();
        Ok(progress)
    }

    /// The last progress with step, epoch and times as they are now.
    fn timing(&self, trained_secs: f64) -> TrainProgress {
        let n_done = (self.step - self.start.step).max(1);
        let n_left = self.n_steps() - self.step;
        TrainProgress {
            step: self.step,
            n_steps: self.n_steps(),
            epoch: self.step / self.steps_per_epoch(),
            elapsed_secs: self.start.elapsed_secs + trained_secs,
            remaining_secs: trained_secs / n_done as f64 * n_left as f64,
            ..self.last.clone()
        }
    }

    fn diverged(&self) -> TrainError {
        TrainError::Diverged { step: self.step, learning_rate: self.params.learning_rate }
    }

    /// The run as it stands, to be kept; `trained_secs` as in [`Self::progress`].
    ///
    /// # Errors
    /// [`TrainError::Device`] if the device fails.
    pub async fn checkpoint(&self, trained_secs: f64) -> Result<Checkpoint, TrainError> {
        let elapsed_secs = self.start.elapsed_secs + trained_secs;
        Ok(Checkpoint::new(&self.params, &self.inputs, elapsed_secs, self.stepper.state().await?))
    }

    /// The autoencoder as it stands, centring folded into its biases.
    ///
    /// # Errors
    /// [`TrainError::Device`] if the device fails, [`TrainError::Diverged`] if a weight is not finite.
    pub async fn finish(&self) -> Result<Sae, TrainError> {
        let state = self.stepper.state().await?;
        let sizes = StepConfig::new(&self.params, self.inputs.n_cols()).sizes;
        let mut weights = state.parameters.into_weights(sizes)?;
        let (architecture, reads_bias) = match self.params.variant {
            Variant::Vanilla { .. } => (Architecture::Standard, false),
            Variant::TopK { k } => (Architecture::TopK { k }, true),
        };
        if self.params.center_inputs {
            weights.fold_inputs(&InputMap::fit(&self.inputs, true, InputScaling::None), reads_bias);
        }
        match Sae::new(architecture, weights, reads_bias) {
            Err(SaeError::Data(DataError::NotFinite { .. })) => Err(self.diverged()),
            other => Ok(other?),
        }
    }
}

fn check(params: &SaeParams, inputs: &DenseMatrix) -> Result<(), TrainError> {
    params.check(inputs.n_rows(), inputs.n_cols())?;
    Ok(inputs.check_finite("the embedding")?)
}
