//! A training step in plain Rust around Burn's matrix products, for the CPU.
//!
//! Bias, activation, penalty, masks and the optimiser are each one pass over memory; as separate tensor operations
//! their traffic would cost more than the products. Vanilla multiplies dense matrices. TopK multiplies once, picks the
//! active features of every cell, and does the rest on those alone. Everything is in a fixed order: the same steps give
//! the same bits on one machine.

use burn::tensor::{Device, Tensor, TensorData};

use super::adam::{AdamStep, Moments};
use super::state::{ByParameter, Sizes, TrainState};
use super::stepper::{StepConfig, StepInputs};
use super::tally::{Scales, Tally};
use super::trainer::TrainError;
use crate::sae::{Variant, select};

/// The CPU's side of a training run.
#[derive(Debug)]
pub(crate) struct CpuStepper {
    config: StepConfig,
    inputs: StepInputs,
    state: TrainState,
    tally: Tally,
    device: Device,
    /// Kept between steps of topk, so that only the rows of active features have to be cleared.
    gradient: ByParameter<Vec<f32>>,
}

impl CpuStepper {
    pub(super) fn new(config: StepConfig, inputs: StepInputs, state: TrainState, device: &Device) -> Self {
        let gradient = match config.variant {
            Variant::TopK { .. } => state.parameters.as_ref().map(|values| vec![0.0; values.len()]),
            Variant::Vanilla { .. } => ByParameter::default(),
        };
        Self { config, inputs, state, tally: Tally::default(), device: device.clone(), gradient }
    }

    pub(super) async fn step(&mut self, rows: &[u32]) -> Result<(), TrainError> {
        self.state.step += 1;
        self.tally.n_cells += rows.len();
        match self.config.variant {
            Variant::Vanilla { .. } => self.dense_step(rows).await,
            Variant::TopK { k } => self.sparse_step(rows, k).await,
        }
    }

    pub(super) fn end_epoch(&mut self) {
        self.state.fired.end_epoch();
    }

    pub(super) fn take_tally(&mut self) -> (Tally, f64) {
        (std::mem::take(&mut self.tally), self.state.fired.n_alive())
    }

    pub(super) fn state(&self) -> TrainState {
        self.state.clone()
    }

    async fn dense_step(&mut self, rows: &[u32]) -> Result<(), TrainError> {
        let Sizes { n_features, .. } = self.config.sizes;
        let scales = self.config.scales(rows.len());
        let cells = self.inputs.gather(rows.iter().map(|&row| row as usize));
        let x = matrix(cells.clone(), rows.len(), &self.device);
        // The parameters become tensors and come back without a copy.
        let encoder = matrix(std::mem::take(&mut self.state.parameters.encoder), n_features, &self.device);
        let decoder = matrix(std::mem::take(&mut self.state.parameters.decoder), n_features, &self.device);

        let mut z = read(x.clone().matmul(encoder.clone().transpose())).await?;
        self.rectify(slice_mut(&mut z)?);
        let z = Tensor::<2>::from_data(z, &self.device);

        let mut error = read(z.clone().matmul(decoder.clone())).await?;
        let b_dec = self.reconstruction_gradient(slice_mut(&mut error)?, &cells, scales);
        let error = Tensor::<2>::from_data(error, &self.device);

        let for_decoder = read(z.clone().transpose().matmul(error.clone())).await?;
        let mut da = read(error.matmul(decoder.clone().transpose())).await?;
        let z = read(z).await?;
        let b_enc = mask_gradient(slice_mut(&mut da)?, slice(&z)?, scales.penalty as f32, n_features);
        let for_encoder = read(Tensor::<2>::from_data(da, &self.device).transpose().matmul(x)).await?;

        self.state.parameters.encoder = values(encoder).await?;
        self.state.parameters.decoder = values(decoder).await?;
        let gradient =
            ByParameter { encoder: slice(&for_encoder)?, b_enc: &b_enc, decoder: slice(&for_decoder)?, b_dec: &b_dec };
        update(self.config.learning_rate, &mut self.state, &gradient);
        Ok(())
    }

    /// Pre-activations without bias become activations; counts them.
    fn rectify(&mut self, z: &mut [f32]) {
        let (bias, fired) = (&self.state.parameters.b_enc, &mut self.state.fired.this_epoch);
        for cell in z.chunks_exact_mut(bias.len()) {
            let (mut sum, mut count) = (0.0_f32, 0_u32);
            for ((value, bias), fired) in cell.iter_mut().zip(bias).zip(fired.iter_mut()) {
                let active = (*value + bias).max(0.0);
                *value = active;
                sum += active;
                count += u32::from(active > 0.0);
                *fired |= active > 0.0;
            }
            self.tally.activation += f64::from(sum);
            self.tally.n_active += f64::from(count);
        }
    }

    /// Reconstructions without bias become the gradient by reconstruction; returns its sum over cells.
    fn reconstruction_gradient(&mut self, error: &mut [f32], cells: &[f32], scales: Scales) -> Vec<f32> {
        let bias = &self.state.parameters.b_dec;
        let mut b_dec = vec![0.0_f32; bias.len()];
        let cells = cells.chunks_exact(bias.len());
        for (error, cell) in error.chunks_exact_mut(bias.len()).zip(cells) {
            self.tally.squared_error += error_gradient(error, bias, cell, scales.error as f32);
            add_to(&mut b_dec, 1.0, error);
        }
        b_dec
    }

    async fn sparse_step(&mut self, rows: &[u32], k: usize) -> Result<(), TrainError> {
        let Sizes { d_in, n_features } = self.config.sizes;
        let cells = self.inputs.gather(rows.iter().map(|&row| row as usize));
        let shifted = self.shifted(&cells);
        let encoder = matrix(std::mem::take(&mut self.state.parameters.encoder), n_features, &self.device);
        let x = matrix(shifted.clone(), rows.len(), &self.device);
        let mut pre = read(x.matmul(encoder.clone().transpose())).await?;
        self.state.parameters.encoder = values(encoder).await?;

        let scale = self.config.scales(rows.len()).error as f32;
        let (mut active, mut error) = (Vec::new(), vec![0.0_f32; d_in]);
        let pre = slice_mut(&mut pre)?;
        for ((pre, cell), shifted) in
            pre.chunks_exact_mut(n_features).zip(cells.chunks_exact(d_in)).zip(shifted.chunks_exact(d_in))
        {
            add_to(pre, 1.0, &self.state.parameters.b_enc);
            select::largest(pre, k, &mut active);
            self.cell_gradient(&active, cell, shifted, &mut error, scale);
        }
        self.bias_gradient_through_input();
        update(self.config.learning_rate, &mut self.state, &self.gradient.as_ref().map(Vec::as_slice));
        for gradient in [&mut self.gradient.encoder, &mut self.gradient.b_enc, &mut self.gradient.decoder] {
            gradient.fill(0.0);
        }
        self.gradient.b_dec.fill(0.0);
        Ok(())
    }

    /// The encoder's input: cells with the decoder's bias taken off.
    fn shifted(&self, cells: &[f32]) -> Vec<f32> {
        let mut shifted = cells.to_vec();
        for cell in shifted.chunks_exact_mut(self.config.sizes.d_in) {
            add_to(cell, -1.0, &self.state.parameters.b_dec);
        }
        shifted
    }

    /// Adds one cell's gradient, but for what reaches b_dec through the encoder's input.
    fn cell_gradient(&mut self, active: &[(u32, f32)], cell: &[f32], shifted: &[f32], error: &mut [f32], scale: f32) {
        let d_in = cell.len();
        let row = |feature: u32| feature as usize * d_in..(feature as usize + 1) * d_in;
        let ByParameter { decoder, b_dec, .. } = &self.state.parameters;
        error.fill(0.0);
        for &(feature, activation) in active {
            add_to(error, activation, &decoder[row(feature)]);
            self.tally.activation += f64::from(activation);
            self.state.fired.this_epoch[feature as usize] = true;
        }
        self.tally.n_active += active.len() as f64;
        self.tally.squared_error += error_gradient(error, b_dec, cell, scale);
        add_to(&mut self.gradient.b_dec, 1.0, error);
        for &(feature, activation) in active {
            let da = dot(error, &decoder[row(feature)]);
            add_to(&mut self.gradient.decoder[row(feature)], activation, error);
            add_to(&mut self.gradient.encoder[row(feature)], da, shifted);
            self.gradient.b_enc[feature as usize] += da;
        }
    }

    /// x − b_dec is what the encoder reads, so b_dec also gets −Σ_f W_enc[f]·∂b_enc[f].
    fn bias_gradient_through_input(&mut self) {
        let encoder = self.state.parameters.encoder.chunks_exact(self.config.sizes.d_in);
        for (direction, &da) in encoder.zip(&self.gradient.b_enc) {
            if da != 0.0 {
                add_to(&mut self.gradient.b_dec, -da, direction);
            }
        }
    }
}

/// Reconstruction without bias in, gradient by reconstruction out; returns Σ (x̂ − x)².
fn error_gradient(error: &mut [f32], bias: &[f32], cell: &[f32], scale: f32) -> f64 {
    let mut squared = 0.0;
    for ((error, bias), value) in error.iter_mut().zip(bias).zip(cell) {
        let difference = *error + bias - value;
        squared += f64::from(difference) * f64::from(difference);
        *error = difference * scale;
    }
    squared
}

/// Gradient by activation in, by pre-activation out (0 where inactive); returns its sum over cells.
fn mask_gradient(da: &mut [f32], z: &[f32], penalty: f32, n_features: usize) -> Vec<f32> {
    let mut b_enc = vec![0.0_f32; n_features];
    for (da, z) in da.chunks_exact_mut(n_features).zip(z.chunks_exact(n_features)) {
        for ((da, z), sum) in da.iter_mut().zip(z).zip(&mut b_enc) {
            *da = if *z > 0.0 { *da + penalty } else { 0.0 };
            *sum += *da;
        }
    }
    b_enc
}

fn update(learning_rate: f64, state: &mut TrainState, gradient: &ByParameter<&[f32]>) {
    let adam = AdamStep::at(learning_rate, state.step);
    let (parameters, moments) = (&mut state.parameters, &mut state.moments);
    let apply = |parameter: &mut Vec<f32>, gradient: &[f32], moments: &mut Moments| {
        adam.apply(parameter, gradient, moments);
    };
    apply(&mut parameters.encoder, gradient.encoder, &mut moments.encoder);
    apply(&mut parameters.b_enc, gradient.b_enc, &mut moments.b_enc);
    apply(&mut parameters.decoder, gradient.decoder, &mut moments.decoder);
    apply(&mut parameters.b_dec, gradient.b_dec, &mut moments.b_dec);
}

/// out += factor · values
fn add_to(out: &mut [f32], factor: f32, values: &[f32]) {
    for (out, value) in out.iter_mut().zip(values) {
        *out += factor * value;
    }
}

/// Σ a·b in eight running sums, which lets the compiler use SIMD without changing the order from run to run.
fn dot(a: &[f32], b: &[f32]) -> f32 {
    let (a, b) = (a.as_chunks::<8>(), b.as_chunks::<8>());
    let mut sums = [0.0_f32; 8];
    for (a, b) in a.0.iter().zip(b.0) {
        for lane in 0..8 {
            sums[lane] += a[lane] * b[lane];
        }
    }
    let rest: f32 = a.1.iter().zip(b.1).map(|(a, b)| a * b).sum();
    sums.iter().sum::<f32>() + rest
}

fn matrix(values: Vec<f32>, n_rows: usize, device: &Device) -> Tensor<2> {
    let n_cols = values.len() / n_rows;
    Tensor::from_data(TensorData::new(values, [n_rows, n_cols]), device)
}

async fn read(tensor: Tensor<2>) -> Result<TensorData, TrainError> {
    tensor.into_data_async().await.map_err(TrainError::device)
}

async fn values(tensor: Tensor<2>) -> Result<Vec<f32>, TrainError> {
    read(tensor).await?.try_into_vec::<f32>().map_err(TrainError::device)
}

fn slice(data: &TensorData) -> Result<&[f32], TrainError> {
    data.as_slice::<f32>().map_err(TrainError::device)
}

fn slice_mut(data: &mut TensorData) -> Result<&mut [f32], TrainError> {
    data.as_mut_slice::<f32>().map_err(TrainError::device)
}
