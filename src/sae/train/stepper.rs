//! One training step on either device, behind one face.

use std::sync::Arc;

use burn::tensor::Device;

use super::cpu::CpuStepper;
use super::state::{Sizes, TrainState};
use super::tally::{Scales, Tally};
use super::tensor::TensorStepper;
use super::trainer::TrainError;
use crate::data::DenseMatrix;
use crate::sae::{SaeParams, Variant};

/// What the arithmetic of a step depends on.
#[derive(Clone, Copy, Debug)]
pub(crate) struct StepConfig {
    pub(super) variant: Variant,
    pub(super) sizes: Sizes,
    pub(super) learning_rate: f64,
}

impl StepConfig {
    pub(crate) fn new(params: &SaeParams, d_in: usize) -> Self {
        let sizes = Sizes { d_in, n_features: params.n_features };
        Self { variant: params.variant, sizes, learning_rate: params.learning_rate }
    }

    pub(super) fn scales(&self, n_cells: usize) -> Scales {
        Scales::of(self.variant, self.sizes, n_cells)
    }
}

/// The inputs of a run: as they are in their file, and what is taken off every cell.
#[derive(Clone, Debug)]
pub(crate) struct StepInputs {
    pub(super) values: Arc<DenseMatrix>,
    /// `[d_in]`, zeros where inputs are not centred.
    pub(super) center: Vec<f32>,
}

impl StepInputs {
    /// Cells with the centre taken off, `[rows, d_in]`.
    pub(super) fn gather(&self, rows: impl ExactSizeIterator<Item = usize>) -> Vec<f32> {
        let mut out = Vec::with_capacity(rows.len() * self.center.len());
        for row in rows {
            out.extend(self.values.row(row).iter().zip(&self.center).map(|(value, center)| value - center));
        }
        out
    }
}

/// A training run's arithmetic on a device.
#[derive(Debug)]
pub(crate) enum Stepper {
    /// Plain Rust around Burn's matrix products.
    Cpu(Box<CpuStepper>),
    /// Burn operations only.
    Tensor(Box<TensorStepper>),
}

impl Stepper {
    /// The way of stepping that suits the device: plain Rust on the CPU, tensors elsewhere.
    pub(crate) fn new(config: StepConfig, inputs: StepInputs, state: TrainState, device: &Device) -> Self {
        if *device == Device::flex() {
            Self::Cpu(Box::new(CpuStepper::new(config, inputs, state, device)))
        } else {
            Self::Tensor(Box::new(TensorStepper::new(config, inputs, state, device)))
        }
    }

    /// One step of gradient descent on these cells.
    pub(crate) async fn step(&mut self, rows: &[u32]) -> Result<(), TrainError> {
        match self {
            Self::Cpu(stepper) => stepper.step(rows).await,
            Self::Tensor(stepper) => stepper.step(rows).await,
        }
    }

    /// An epoch is over: the features that fired in it are the last whole epoch's.
    pub(super) fn end_epoch(&mut self) {
        match self {
            Self::Cpu(stepper) => stepper.end_epoch(),
            Self::Tensor(stepper) => stepper.end_epoch(),
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
            Self::Cpu(stepper) => Ok(stepper.state()),
            Self::Tensor(stepper) => stepper.state().await,
        }
    }
}
