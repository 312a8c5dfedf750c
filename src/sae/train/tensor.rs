//! A training step in Burn operations only: nothing is read back, so it suits a GPU and never blocks a browser.
//!
//! Dense throughout; topk multiplies by a mask. The sums of a report stay on the device until they are asked for. Once
//! in [`STEPS_PER_WAIT`] steps one number is awaited, because in a browser nothing else keeps the queue from growing.

use burn::tensor::activation::relu;
use burn::tensor::{Bool, Device, Int, Tensor, TensorData};

use super::adam::{AdamStep, BETA1, BETA2, EPSILON, Moments};
use super::state::{ByParameter, Fired, Sizes, TrainState};
use super::stepper::{StepConfig, StepInputs};
use super::tally::Tally;
use super::top_mask::top_mask;
use super::trainer::TrainError;
use crate::sae::Variant;

const STEPS_PER_WAIT: usize = 16;
/// WebGPU promises bindings of 128 MiB and no more; larger inputs are sent batch by batch.
const LARGEST_RESIDENT_BYTES: usize = 128 << 20;

/// A parameter on the device with its moments; vectors are `[1, n]`, the encoder `[d_in, n_features]`.
#[derive(Clone, Debug)]
struct Parameter {
    value: Tensor<2>,
    first: Tensor<2>,
    second: Tensor<2>,
}

/// The sums since the last report: Σe², Σz and the number of z above 0, `[1]` each.
#[derive(Clone, Debug)]
struct Sums {
    squared_error: Tensor<1>,
    activation: Tensor<1>,
    n_active: Tensor<1>,
}

/// A GPU's side of a training run.
#[derive(Debug)]
pub(crate) struct TensorStepper {
    config: StepConfig,
    device: Device,
    inputs: StepInputs,
    /// All cells with the centre taken off, `[n_cells, d_in]`, where one buffer holds them.
    resident: Option<Tensor<2>>,
    step: usize,
    parameters: ByParameter<Parameter>,
    sums: Sums,
    n_cells: usize,
    /// Above 0 where a feature fired in the epoch that runs, `[1, n_features]`.
    this_epoch: Tensor<2>,
    last_epoch: Option<Tensor<2>>,
}

impl TensorStepper {
    pub(super) fn new(config: StepConfig, inputs: StepInputs, state: TrainState, device: &Device) -> Self {
        let Sizes { d_in, n_features } = config.sizes;
        let n_cells = inputs.values.n_rows();
        let is_small = size_of_val(inputs.values.values()) <= LARGEST_RESIDENT_BYTES;
        let fired = |fired: Vec<bool>| matrix(fired.into_iter().map(|on| f32::from(u8::from(on))).collect(), 1, device);
        let last_epoch = state.fired.last_epoch;
        Self {
            config,
            resident: is_small.then(|| matrix(inputs.gather(0..n_cells), n_cells, device)),
            inputs,
            step: state.step,
            parameters: ByParameter {
                encoder: upload(state.parameters.encoder, state.moments.encoder, |values| {
                    matrix(transposed(&values, n_features, d_in), d_in, device)
                }),
                b_enc: upload(state.parameters.b_enc, state.moments.b_enc, |values| matrix(values, 1, device)),
                decoder: upload(state.parameters.decoder, state.moments.decoder, |values| {
                    matrix(values, n_features, device)
                }),
                b_dec: upload(state.parameters.b_dec, state.moments.b_dec, |values| matrix(values, 1, device)),
            },
            sums: Sums::zeros(device),
            n_cells: 0,
            this_epoch: fired(state.fired.this_epoch),
            last_epoch: if last_epoch.is_empty() { None } else { Some(fired(last_epoch)) },
            device: device.clone(),
        }
    }

    pub(super) async fn step(&mut self, rows: &[u32]) -> Result<(), TrainError> {
        self.step += 1;
        self.n_cells += rows.len();
        let gradient = self.gradient(self.batch(rows));
        self.update(gradient);
        if self.step.is_multiple_of(STEPS_PER_WAIT) {
            self.sums.n_active.clone().into_data_async().await.map_err(TrainError::device)?;
        }
        Ok(())
    }

    /// The cells of a batch, `[batch, d_in]`.
    fn batch(&self, rows: &[u32]) -> Tensor<2> {
        let Some(resident) = &self.resident else {
            return matrix(self.inputs.gather(rows.iter().map(|&row| row as usize)), rows.len(), &self.device);
        };
        let positions: Vec<i32> = rows.iter().map(|row| row.cast_signed()).collect();
        resident.clone().select(0, Tensor::<1, Int>::from_data(TensorData::new(positions, [rows.len()]), &self.device))
    }

    /// Forward and backward; adds to the sums and marks the features that fired.
    fn gradient(&mut self, cells: Tensor<2>) -> ByParameter<Tensor<2>> {
        let ByParameter { encoder, b_enc, decoder, b_dec } = self.parameters.as_ref().map(|it| it.value.clone());
        let scales = self.config.scales(cells.dims()[0]);
        let reads_bias = matches!(self.config.variant, Variant::TopK { .. });
        let x = if reads_bias { cells.clone() - b_dec.clone() } else { cells.clone() };

        let rectified = relu(x.clone().matmul(encoder.clone()) + b_enc);
        let (z, active) = self.activate(rectified);
        let error = z.clone().matmul(decoder.clone()) + b_dec - cells;
        self.add_to_sums(&z, &active, &error);

        let error = error * scales.error as f32;
        let for_decoder = z.transpose().matmul(error.clone());
        let da = error.clone().matmul(decoder.transpose()) + scales.penalty as f32;
        let da = da.mask_fill(active.bool_not(), 0.0);
        let for_b_enc = da.clone().sum_dim(0);
        let mut for_b_dec = error.sum_dim(0);
        if reads_bias {
            for_b_dec = for_b_dec - for_b_enc.clone().matmul(encoder.transpose());
        }
        ByParameter { encoder: x.transpose().matmul(da), b_enc: for_b_enc, decoder: for_decoder, b_dec: for_b_dec }
    }

    /// Activations and where they are above 0.
    fn activate(&self, rectified: Tensor<2>) -> (Tensor<2>, Tensor<2, Bool>) {
        match self.config.variant {
            Variant::Vanilla { .. } => {
                let active = rectified.clone().greater_elem(0.0);
                (rectified, active)
            }
            Variant::TopK { k } => {
                let active = top_mask(&rectified, k);
                (rectified.mask_fill(active.clone().bool_not(), 0.0), active)
            }
        }
    }

    fn add_to_sums(&mut self, z: &Tensor<2>, active: &Tensor<2, Bool>, error: &Tensor<2>) {
        let active = active.clone().float();
        self.sums.squared_error = self.sums.squared_error.clone() + (error.clone() * error.clone()).sum();
        self.sums.activation = self.sums.activation.clone() + z.clone().sum();
        self.sums.n_active = self.sums.n_active.clone() + active.clone().sum();
        self.this_epoch = self.this_epoch.clone().max_pair(active.max_dim(0));
    }

    fn update(&mut self, gradient: ByParameter<Tensor<2>>) {
        let adam = AdamStep::at(self.config.learning_rate, self.step);
        let parameters = &mut self.parameters;
        parameters.encoder.update(adam, gradient.encoder);
        parameters.b_enc.update(adam, gradient.b_enc);
        parameters.decoder.update(adam, gradient.decoder);
        parameters.b_dec.update(adam, gradient.b_dec);
    }

    pub(super) fn end_epoch(&mut self) {
        let fresh = self.this_epoch.zeros_like();
        self.last_epoch = Some(std::mem::replace(&mut self.this_epoch, fresh));
    }

    pub(super) async fn take_tally(&mut self) -> Result<(Tally, f64), TrainError> {
        let Sums { squared_error, activation, n_active } = std::mem::replace(&mut self.sums, Sums::zeros(&self.device));
        let window = self.last_epoch.as_ref().unwrap_or(&self.this_epoch).clone();
        let all = Tensor::cat(vec![squared_error, activation, n_active, window.sum()], 0);
        let sums: Vec<f32> = host_vector(all).await?;
        let n_cells = std::mem::take(&mut self.n_cells);
        let tally = Tally {
            n_cells,
            squared_error: f64::from(sums[0]),
            activation: f64::from(sums[1]),
            n_active: f64::from(sums[2]),
        };
        Ok((tally, f64::from(sums[3])))
    }

    pub(super) async fn state(&self) -> Result<TrainState, TrainError> {
        let Sizes { d_in, n_features } = self.config.sizes;
        let encoder = self.parameters.encoder.download().await?;
        let b_enc = self.parameters.b_enc.download().await?;
        let decoder = self.parameters.decoder.download().await?;
        let b_dec = self.parameters.b_dec.download().await?;
        let by_feature = |values: Vec<f32>| transposed(&values, d_in, n_features);
        let last_epoch = match &self.last_epoch {
            Some(fired) => host_fired(fired).await?,
            None => Vec::new(),
        };
        Ok(TrainState {
            step: self.step,
            parameters: ByParameter {
                encoder: by_feature(encoder.0),
                b_enc: b_enc.0,
                decoder: decoder.0,
                b_dec: b_dec.0,
            },
            moments: ByParameter {
                encoder: Moments { first: by_feature(encoder.1.first), second: by_feature(encoder.1.second) },
                b_enc: b_enc.1,
                decoder: decoder.1,
                b_dec: b_dec.1,
            },
            fired: Fired { this_epoch: host_fired(&self.this_epoch).await?, last_epoch },
        })
    }
}

impl Sums {
    fn zeros(device: &Device) -> Self {
        let zero = || Tensor::<1>::zeros([1], device);
        Self { squared_error: zero(), activation: zero(), n_active: zero() }
    }
}

impl Parameter {
    fn update(&mut self, adam: AdamStep, gradient: Tensor<2>) {
        let first = self.first.clone() + (gradient.clone() - self.first.clone()) * (1.0 - BETA1) as f32;
        let second = self.second.clone() * BETA2 as f32 + gradient.clone() * gradient * (1.0 - BETA2) as f32;
        let scale = second.clone().sqrt() / adam.second_scale as f32 + EPSILON as f32;
        self.value = self.value.clone() - first.clone() / scale * adam.step_size as f32;
        self.first = first;
        self.second = second;
    }

    async fn download(&self) -> Result<(Vec<f32>, Moments), TrainError> {
        let first = host(self.first.clone()).await?;
        let second = host(self.second.clone()).await?;
        Ok((host(self.value.clone()).await?, Moments { first, second }))
    }
}

fn upload(values: Vec<f32>, moments: Moments, place: impl Fn(Vec<f32>) -> Tensor<2>) -> Parameter {
    Parameter { value: place(values), first: place(moments.first), second: place(moments.second) }
}

fn matrix(values: Vec<f32>, n_rows: usize, device: &Device) -> Tensor<2> {
    let n_cols = values.len() / n_rows;
    Tensor::from_data(TensorData::new(values, [n_rows, n_cols]), device)
}

/// A row-major `[n_rows, n_cols]` matrix as `[n_cols, n_rows]`.
fn transposed(values: &[f32], n_rows: usize, n_cols: usize) -> Vec<f32> {
    (0..n_cols).flat_map(|column| (0..n_rows).map(move |row| values[row * n_cols + column])).collect()
}

async fn host(tensor: Tensor<2>) -> Result<Vec<f32>, TrainError> {
    let n = tensor.dims().iter().product::<usize>();
    host_vector(tensor.reshape([n])).await
}

async fn host_vector(tensor: Tensor<1>) -> Result<Vec<f32>, TrainError> {
    let data = tensor.into_data_async().await.map_err(TrainError::device)?;
    data.try_into_vec::<f32>().map_err(TrainError::device)
}

async fn host_fired(fired: &Tensor<2>) -> Result<Vec<bool>, TrainError> {
    Ok(host(fired.clone()).await?.into_iter().map(|value| value > 0.0).collect())
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::super::initial::initial_parameters;
    use super::*;
    use crate::data::DenseMatrix;
    use crate::sae::SaeParams;

    #[test]
    fn batches_are_the_same_whether_kept_on_the_device_or_sent() {
        let params = SaeParams { n_features: 4, variant: Variant::TopK { k: 1 }, ..SaeParams::default() };
        let values = DenseMatrix::new(3, 2, vec![1.0, 2.0, 3.0, 4.0, 5.0, 6.0]).unwrap();
        let inputs = StepInputs { values: Arc::new(values), center: vec![0.5, 1.0] };
        let state = TrainState::start(initial_parameters(&params, &[0.0; 2]));
        let mut stepper = TensorStepper::new(StepConfig::new(&params, 2), inputs, state, &Device::flex());
        let batch = |stepper: &TensorStepper| stepper.batch(&[2, 0]).into_data().try_into_vec::<f32>().unwrap();
        assert_eq!(batch(&stepper), [4.5, 5.0, 0.5, 1.0]);
        stepper.resident = None;
        assert_eq!(batch(&stepper), [4.5, 5.0, 0.5, 1.0]);
    }
}
