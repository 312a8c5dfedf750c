//! A training run: epochs, batches, progress and checkpoints.
//!
//! The caller owns the loop, the clock and the pauses: it awaits [`Trainer::step`] until [`Trainer::is_done`], asks
//! for [`Trainer::progress`] a few times a second and yields to its event loop in between. Nothing here blocks.

use std::rc::Rc;
use std::sync::Arc;

use burn::tensor::Device;

use super::checkpoint::{Checkpoint, CheckpointError, RunFacts};
use super::config::StepConfig;
use super::cpu::{ShardPeer, ShardStart};
use super::early_stop::EarlyStop;
use super::initial::initial_parameters;
use super::order::epoch_order;
use super::split;
use super::state::{Sizes, TrainState};
use super::stepper::Stepper;
use crate::data::{DataError, DenseMatrix};
use crate::sae::inputs::InputMap;
use crate::sae::metrics::{column_means, squared_distance};
use crate::sae::{BiasStart, Sae, SaeError, SaeParams, SaeParamsError, TrainProgress};
use crate::stats::{WhiteningError, geometric_median};

/// Held-out cells are looked at when an epoch ends, but not more often than once in so many steps.
const STEPS_PER_LOOK: usize = 20;
/// The geometric median that training starts from is of so many evenly spaced cells at most.
const MOST_MEDIAN_CELLS: usize = 5000;

/// Why training can't start or go on.
#[derive(Debug, thiserror::Error)]
pub enum TrainError {
    /// The parameters are refused.
    #[error(transparent)]
    Params(#[from] SaeParamsError),
    /// The inputs are not finite.
    #[error(transparent)]
    Inputs(#[from] DataError),
    /// The inputs can't be whitened.
    #[error(transparent)]
    Whitening(#[from] WhiteningError),
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
    /// A worker that trained some of the features is gone.
    #[error("a worker that trained half of the features stopped ({reason}); go on from the last checkpoint")]
    Worker {
        /// What is known of it.
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
    ///
    /// What was being read when it was lost fails a moment before Burn knows. Too little memory would have shown when
    /// the buffer was made.
    pub(super) fn device(reason: impl ToString) -> Self {
        let reason = reason.to_string();
        let is_lost = ["device is poisoned", "could not be mapped"].iter().any(|sign| reason.contains(sign));
        if is_lost { Self::GpuLost } else { Self::Device { reason } }
    }

    pub(super) fn worker(reason: String) -> Self {
        Self::Worker { reason }
    }
}

/// A training run on one device.
#[derive(Debug)]
pub struct Trainer {
    params: SaeParams,
    /// As they are in their file, `[n_cells, d_in]`.
    raw: Arc<DenseMatrix>,
    cells: Cells,
    map: InputMap,
    stepper: Stepper,
    order: Vec<u32>,
    step: usize,
    /// Σ‖x − x̄‖² over the cells since the last report.
    variation_seen: f64,
    early_stop: EarlyStop,
    start: Start,
    last: TrainProgress,
}

/// Which cells are trained on, and how far every cell lies from the middle, as training sees them.
#[derive(Debug)]
struct Cells {
    is_held_out: Vec<bool>,
    trained: Vec<u32>,
    held_out: Vec<u32>,
    /// ‖x − x̄‖² of every cell, x̄ being the mean of those it is trained or held out with.
    variation: Vec<f64>,
}

/// Where this trainer took up the run.
#[derive(Clone, Copy, Debug, Default)]
struct Start {
    step: usize,
    elapsed_secs: f64,
}

impl Trainer {
    /// Starts a run on `inputs`, `[n_cells, d_in]`; `categories` are those of every cell by the label that cells are
    /// held out by, where they are.
    ///
    /// # Errors
    /// [`TrainError::Params`] for parameters that do not fit the inputs, [`TrainError::Inputs`] for a value that is
    /// not finite.
    pub fn new(
        params: SaeParams,
        inputs: Arc<DenseMatrix>,
        categories: Option<&[Option<u32>]>,
        device: &Device,
    ) -> Result<Self, TrainError> {
        check(&params, &inputs)?;
        let is_held_out = split::held_out(params.seed, params.hold_out.share, inputs.n_rows(), categories);
        let (seen, map) = seen(&params, &inputs, &is_held_out)?;
        let trained = rows_where(&is_held_out, false);
        let middle = match params.bias_start {
            BiasStart::Mean => column_means(&rows(&seen, &trained)),
            BiasStart::GeometricMedian => {
                let every = trained.len().div_ceil(MOST_MEDIAN_CELLS);
                let some: Vec<u32> = trained.into_iter().step_by(every).collect();
                geometric_median(&rows(&seen, &some))
            }
        };
        let state = TrainState::start(initial_parameters(&params, &middle));
        Ok(Self::with_state((params, inputs), (seen, map), is_held_out, device, state))
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
        let (params, elapsed_secs) = (checkpoint.params().clone(), checkpoint.elapsed_secs());
        check(&params, &inputs)?;
        let (state, is_held_out, early_stop) = checkpoint.into_parts();
        let seen = seen(&params, &inputs, &is_held_out)?;
        let step = state.step;
        Ok(Self {
            early_stop,
            start: Start { step, elapsed_secs },
            last: TrainProgress { step, elapsed_secs, ..TrainProgress::default() },
            ..Self::with_state((params, inputs), seen, is_held_out, device, state)
        })
    }

    pub(super) fn with_state(
        (params, raw): (SaeParams, Arc<DenseMatrix>),
        (seen, map): (DenseMatrix, InputMap),
        is_held_out: Vec<bool>,
        device: &Device,
        state: TrainState,
    ) -> Self {
        let cells = Cells::new(&seen, is_held_out);
        let steps_per_epoch = params.steps_per_epoch(cells.trained.len());
        let config = StepConfig::new(&params, raw.n_cols(), steps_per_epoch);
        let step = state.step;
        Self {
            order: epoch_order(params.seed, step / steps_per_epoch, cells.trained.len()),
            stepper: Stepper::new(config, Arc::new(seen), state, params.batch_size, device),
            params,
            raw,
            cells,
            map,
            step,
            variation_seen: 0.0,
            early_stop: EarlyStop::default(),
            start: Start::default(),
            last: TrainProgress::default(),
        }
    }

    /// Lets someone else work out half of the features of every step, if the run is on the CPU and large enough for it
    /// to pay; whether it does. No bit of the result depends on it.
    ///
    /// # Errors
    /// [`TrainError::Worker`] if the peer refuses; the run can go on without it.
    pub(crate) async fn share(&mut self, peer: Rc<dyn ShardPeer>) -> Result<bool, TrainError> {
        let (params, d_in, steps_per_epoch) = (self.params.clone(), self.raw.n_cols(), self.steps_per_epoch());
        let Stepper::Cpu(stepper) = &mut self.stepper else {
            return Ok(false);
        };
        let start = |range, state| ShardStart { params, d_in, steps_per_epoch, range, state };
        stepper.share(peer, start).await.map_err(TrainError::worker)
    }

    /// What is being trained.
    pub fn params(&self) -> &SaeParams {
        &self.params
    }

    /// Whether every cell is held out, `[n_cells]`.
    pub fn is_held_out(&self) -> &[bool] {
        &self.cells.is_held_out
    }

    #[cfg(test)]
    pub(super) fn stepper_mut(&mut self) -> &mut Stepper {
        &mut self.stepper
    }

    /// Steps in all.
    pub fn n_steps(&self) -> usize {
        self.steps_per_epoch() * self.params.n_epochs
    }

    /// Whether all steps are done, or patience has ended.
    pub fn is_done(&self) -> bool {
        self.step >= self.n_steps() || self.early_stop.is_over(self.params.patience)
    }

    /// Whether the run ended before its last step because held-out cells were not described better any more.
    pub fn stopped_early(&self) -> bool {
        self.step < self.n_steps() && self.early_stop.is_over(self.params.patience)
    }

    fn steps_per_epoch(&self) -> usize {
        self.params.steps_per_epoch(self.cells.trained.len())
    }

    fn sizes(&self) -> Sizes {
        Sizes { d_in: self.raw.n_cols(), n_features: self.params.n_features }
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
        let rows: Vec<u32> = self.order[start..end].iter().map(|&at| self.cells.trained[at as usize]).collect();
        self.variation_seen += rows.iter().map(|&row| self.cells.variation[row as usize]).sum::<f64>();
        self.stepper.step(&rows).await?;
        self.step += 1;
        if end == self.order.len() {
            self.end_epoch().await?;
        }
        Ok(())
    }

    async fn end_epoch(&mut self) -> Result<(), TrainError> {
        let epoch = self.step / self.steps_per_epoch();
        self.order = epoch_order(self.params.seed, epoch, self.order.len());
        if epoch.is_multiple_of(STEPS_PER_LOOK.div_ceil(self.steps_per_epoch())) || self.step == self.n_steps() {
            self.look().await?;
        }
        Ok(())
    }

    /// Measures the held-out cells.
    async fn look(&mut self) -> Result<(), TrainError> {
        if self.cells.held_out.is_empty() {
            return Ok(());
        }
        let (mut error, mut variation) = (0.0, 0.0);
        for rows in self.cells.held_out.chunks(self.params.batch_size) {
            error += self.stepper.measure(rows).await?.squared_error;
            variation += rows.iter().map(|&row| self.cells.variation[row as usize]).sum::<f64>();
        }
        let explained = 1.0 - error / variation;
        self.early_stop.look(explained);
        self.last.held_out = Some(explained);
        Ok(())
    }

    /// Where the run stands; metrics are means over the cells since the last call, or the last ones if there were none.
    /// `trained_secs` is the time this trainer has spent on its steps, pauses left out.
    ///
    /// # Errors
    /// [`TrainError::Device`] if the device fails, [`TrainError::Diverged`] if the loss is not finite.
    pub async fn progress(&mut self, trained_secs: f64) -> Result<TrainProgress, TrainError> {
        let sizes = self.sizes();
        let (tally, n_alive) = self.stepper.take_tally().await?;
        let mut progress = self.timing(trained_secs);
        progress.dead_share = 1.0 - n_alive / sizes.n_features as f64;
        if tally.n_cells > 0 {
            progress.loss = tally.loss();
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
        let run = RunFacts {
            params: &self.params,
            inputs: &self.raw,
            is_held_out: &self.cells.is_held_out,
            elapsed_secs: self.start.elapsed_secs + trained_secs,
            early_stop: self.early_stop,
        };
        Ok(Checkpoint::new(run, self.stepper.state().await?))
    }

    /// The autoencoder as it stands, reading inputs as they are in their file: centring and scaling are folded in, and
    /// decoder rows have length 1 where that changes no reconstruction.
    ///
    /// # Errors
    /// [`TrainError::Device`] if the device fails, [`TrainError::Diverged`] if a weight is not finite.
    pub async fn finish(&self) -> Result<Sae, TrainError> {
        let state = self.stepper.state().await?;
        let (architecture, mut weights, reads_bias) = state.into_weights(self.params.variant, self.sizes())?;
        weights.fold_inputs(&self.map, reads_bias);
        if !self.params.variant.is_of_the_paper() {
            weights.unit_decoder(architecture);
        }
        match Sae::new(architecture, weights, reads_bias) {
            Err(SaeError::Data(DataError::NotFinite { .. })) => Err(self.diverged()),
            other => Ok(other?),
        }
    }
}

impl Cells {
    fn new(seen: &DenseMatrix, is_held_out: Vec<bool>) -> Self {
        let (trained, held_out) = (rows_where(&is_held_out, false), rows_where(&is_held_out, true));
        let mut variation = vec![0.0; seen.n_rows()];
        for part in [&trained, &held_out] {
            let mean = column_means(&rows(seen, part));
            for &row in part {
                variation[row as usize] = squared_distance(seen.row(row as usize), mean.iter().copied());
            }
        }
        Self { is_held_out, trained, held_out, variation }
    }
}

fn rows_where(is_held_out: &[bool], wanted: bool) -> Vec<u32> {
    let rows = is_held_out.iter().enumerate().filter(|(_, held_out)| **held_out == wanted);
    rows.map(|(row, _)| row as u32).collect()
}

fn rows(matrix: &DenseMatrix, rows: &[u32]) -> DenseMatrix {
    matrix.select_rows(rows.iter().map(|&row| row as usize))
}

/// The inputs as training sees them, by a map found from the cells that are trained on.
fn seen(
    params: &SaeParams,
    inputs: &DenseMatrix,
    is_held_out: &[bool],
) -> Result<(DenseMatrix, InputMap), WhiteningError> {
    let trained = rows(inputs, &rows_where(is_held_out, false));
    let map = InputMap::fit(&trained, params.center_inputs, params.scaling)?;
    Ok((map.apply(inputs), map))
}

fn check(params: &SaeParams, inputs: &DenseMatrix) -> Result<(), TrainError> {
    params.check(inputs.n_rows(), inputs.n_cols())?;
    Ok(inputs.check_finite("the embedding")?)
}
