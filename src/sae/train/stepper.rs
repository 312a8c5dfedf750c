//! One training step on either device, behind one face.

use std::sync::Arc;

use burn::tensor::Device;

use super::config::StepConfig;
use super::cpu::CpuStepper;
use super::loss::Tally;
use super::state::TrainState;
use super::tensor::TensorStepper;
use super::trainer::TrainError;
use crate::data::DenseMatrix;

/// A training run's arithmetic on a device.
#[derive(Debug)]
pub(crate) enum Stepper {
    /// Plain Rust.
    Cpu(Box<CpuStepper>),
    /// Burn operations only.
    Tensor(Box<TensorStepper>),
}

impl Stepper {
    /// The way of stepping that suits the device: plain Rust on the CPU, tensors elsewhere. `inputs` are as training
    /// sees them, `[n_cells, d_in]`; batches have `batch_size` cells at most.
    pub(crate) fn new(
        config: StepConfig,
        inputs: Arc<DenseMatrix>,
        state: TrainState,
        batch_size: usize,
        device: &Device,
    ) -> Self {
        if *device == Device::flex() {
            Self::Cpu(Box::new(CpuStepper::new(config, inputs, &state, batch_size)))
        } else {
            Self::Tensor(Box::new(TensorStepper::new(config, inputs, state, device)))
        }
    }

    /// One step of gradient descent on these cells.
    pub(crate) async fn step(&mut self, rows: &[u32]) -> Result<(), TrainError> {
        match self {
            Self::Cpu(stepper) => stepper.step(rows).await.map_err(TrainError::worker),
            Self::Tensor(stepper) => stepper.step(rows).await,
        }
    }

    /// Squared error and active features on these cells as the finished autoencoder will have them.
    pub(crate) async fn measure(&mut self, rows: &[u32]) -> Result<Tally, TrainError> {
        match self {
            Self::Cpu(stepper) => stepper.measure(rows).await.map_err(TrainError::worker),
            Self::Tensor(stepper) => stepper.measure(rows).await,
        }
    }

    /// The sums since the last call, and the number of features not dead.
    pub(crate) async fn take_tally(&mut self) -> Result<(Tally, f64), TrainError> {
        match self {
            Self::Cpu(stepper) => Ok(stepper.take_tally()),
            Self::Tensor(stepper) => stepper.take_tally().await,
        }
    }

    /// A copy of all the run remembers.
    pub(super) async fn state(&self) -> Result<TrainState, TrainError> {
        match self {
            Self::Cpu(stepper) => stepper.state().await.map_err(TrainError::worker),
            Self::Tensor(stepper) => stepper.state().await,
        }
    }
}
