//! A training step on tensors: nothing is read back, so it suits a GPU and never blocks a browser.
//!
//! Top-k over a cell or a batch takes our own kernels ([`crate::sae::kernels`]) in steps where certainly no feature is
//! dead or dead ones get no loss. All else is Burn's operations, dense throughout; picking features multiplies by a mask. The sums of a report stay on the device until they are asked
//! for. Once in [`STEPS_PER_WAIT`] steps one number is awaited, because in a browser nothing else keeps the queue from
//! growing: the steps since the feature that was quiet longest fired, which says how soon one can be dead. What dead features may explain is limited to max(1, ⌊d/2⌋) of them, which leaves the limit by their number
//! to the fact that there are no more.

use std::sync::Arc;

use burn::tensor::{Device, Int, Tensor, TensorData};

use super::adam::{AdamStep, BETA1, BETA2, EPSILON, Moments};
use super::config::{StepConfig, StepRates};
use super::loss::Tally;
use super::state::{ByParameter, TrainState};
use super::tensor_gradient::Forward;
use super::trainer::TrainError;
use crate::data::DenseMatrix;
use crate::sae::Variant;
use crate::sae::kernels::{BatchThreshold, Moving, StepRules, TopKStep, Traces};

const STEPS_PER_WAIT: usize = 16;
/// WebGPU promises bindings of 128 MiB and no more; larger inputs are sent batch by batch.
const LARGEST_RESIDENT_BYTES: usize = 128 << 20;
/// Stands for "no threshold yet"; thresholds are above 0.
const NO_THRESHOLD: f32 = -1.0;

/// The sums since the last report, `[1]` each.
#[derive(Clone, Debug)]
struct Sums {
    squared_error: Tensor<1>,
    n_active: Tensor<1>,
    loss: Tensor<1>,
}

/// A GPU's side of a training run.
#[derive(Debug)]
pub(crate) struct TensorStepper {
    config: StepConfig,
    device: Device,
    inputs: Arc<DenseMatrix>,
    /// All cells, `[n_cells, d_in]`, where one buffer holds them.
    resident: Option<Tensor<2>>,
    step: usize,
    /// `None` for parameters the variant does not have.
    parameters: ByParameter<Option<Moving>>,
    sums: Sums,
    n_cells: usize,
    /// Steps since every feature fired, and what our own kernels add up.
    traces: Traces,
    /// Whether our own kernels are used where they can be.
    pub(super) uses_kernels: bool,
    /// Steps before which no feature can be dead.
    n_surely_alive: usize,
    /// [`TrainState::batch_threshold`], `[1, 1]`.
    batch_threshold: Tensor<2>,
}

impl TensorStepper {
    pub(super) fn new(config: StepConfig, inputs: Arc<DenseMatrix>, state: TrainState, device: &Device) -> Self {
        let is_small = size_of_val(inputs.values()) <= LARGEST_RESIDENT_BYTES;
        let longest = state.since_fired.iter().max().map_or(0, |since| *since as usize);
        let sizes = config.sizes;
        let place = |values: Vec<f32>| {
            let n_rows = if values.len() == sizes.d_in * sizes.n_features { sizes.n_features } else { 1 };
            matrix(values, n_rows, device)
        };
        let mut moments = state.moments.into_array().into_iter();
        let parameters = state.parameters.map(|values| {
            let Moments { first, second } = moments.next().unwrap_or_default();
            let is_there = !values.is_empty();
            is_there.then(|| Moving { value: place(values), first: place(first), second: place(second) })
        });
        Self {
            config,
            resident: is_small.then(|| matrix(inputs.values().to_vec(), inputs.n_rows(), device)),
            inputs,
            step: state.step,
            parameters,
            sums: Sums::zeros(device),
            n_cells: 0,
            traces: Traces {
                steps_since_fired: whole_numbers(state.since_fired, device),
                ..Traces::none(sizes.n_features, device)
            },
            uses_kernels: true,
            n_surely_alive: config.dead_window.saturating_sub(longest),
            batch_threshold: matrix(vec![state.batch_threshold.unwrap_or(NO_THRESHOLD)], 1, device),
            device: device.clone(),
        }
    }

    pub(super) async fn step(&mut self, rows: &[u32]) -> Result<(), TrainError> {
        let rates = self.config.at(self.step, rows.len());
        self.n_cells += rows.len();
        if self.can_use_kernels() {
            self.kernel_step(rows, &rates)?;
        } else {
            let forward = self.forward(rows, &rates);
            let gradient = forward.gradient();
            self.note(&forward, gradient.loss, rows.len());
            self.update(gradient.by, &rates);
        }
        self.step += 1;
        self.n_surely_alive = self.n_surely_alive.saturating_sub(1);
        if self.step.is_multiple_of(STEPS_PER_WAIT) {
            let longest = host(self.traces.steps_since_fired.clone().max().unsqueeze::<2>().float()).await?[0];
            self.n_surely_alive = self.config.dead_window.saturating_sub(longest as usize);
        }
        Ok(())
    }

    /// Whether this step is one our own kernels are made for.
    fn can_use_kernels(&self) -> bool {
        let variant = self.config.variant;
        let is_topk = matches!(variant, Variant::TopK { .. } | Variant::BatchTopK { .. });
        self.uses_kernels && is_topk && (variant.aux() == 0.0 || self.n_surely_alive > 0)
    }

    fn kernel_step(&mut self, rows: &[u32], rates: &StepRates) -> Result<(), TrainError> {
        let ByParameter {
            encoder: Some(encoder), b_enc: Some(b_enc), decoder: Some(decoder), b_dec: Some(b_dec), ..
        } = self.parameters.clone()
        else {
            return Ok(());
        };
        let mean = self.batch_threshold.clone();
        let decay = self.config.threshold_decay;
        let mut step = TopKStep {
            rules: StepRules {
                k: rates.k,
                error_scale: 2.0,
                has_unit_decoder: self.config.unit_decoder,
                clip: self.config.clip,
            },
            encoder,
            b_enc,
            decoder,
            b_dec,
            traces: self.traces.clone(),
            threshold: self.config.variant.is_over_the_batch().then(|| BatchThreshold { mean, decay }),
            n_steps: self.step,
        };
        let (cells, positions) = match &self.resident {
            Some(resident) => (resident.clone(), rows.to_vec()),
            None => (self.batch(rows), (0..rows.len() as u32).collect()),
        };
        let positions = whole_numbers(positions, &self.device);
        step.step(&cells, &positions, rates.learning_rate).map_err(TrainError::device)?;
        self.traces = step.traces;
        self.batch_threshold = step.threshold.map_or_else(|| self.batch_threshold.clone(), |threshold| threshold.mean);
        self.parameters.encoder = Some(step.encoder);
        self.parameters.b_enc = Some(step.b_enc);
        self.parameters.decoder = Some(step.decoder);
        self.parameters.b_dec = Some(step.b_dec);
        Ok(())
    }

    fn forward(&self, rows: &[u32], rates: &StepRates) -> Forward {
        let parameters = self.parameters.as_ref().map(|it| it.as_ref().map(|parameter| parameter.value.clone()));
        let dead = self.traces.steps_since_fired.clone().greater_equal_elem(self.config.dead_window as u32);
        Forward::new(&self.config, *rates, parameters, self.batch(rows), dead)
    }

    /// As [`super::cpu::CpuStepper::measure`].
    pub(super) async fn measure(&mut self, rows: &[u32]) -> Result<Tally, TrainError> {
        let rates = self.config.at(self.step, rows.len());
        let mut forward = self.forward(rows, &rates);
        forward.finish_selection(self.batch_threshold.clone(), &self.config);
        let sums = Tensor::cat(vec![forward.squared_error(), forward.n_active()], 0);
        let sums = host_vector(sums).await?;
        Ok(Tally { n_cells: rows.len(), squared_error: f64::from(sums[0]), n_active: f64::from(sums[1]), loss: 0.0 })
    }

    /// The cells of a batch, `[batch, d_in]`.
    fn batch(&self, rows: &[u32]) -> Tensor<2> {
        let Some(resident) = &self.resident else {
            let values = rows.iter().flat_map(|&row| self.inputs.row(row as usize)).copied().collect();
            return matrix(values, rows.len(), &self.device);
        };
        let positions: Vec<i32> = rows.iter().map(|row| row.cast_signed()).collect();
        resident.clone().select(0, Tensor::<1, Int>::from_data(TensorData::new(positions, [rows.len()]), &self.device))
    }

    fn note(&mut self, forward: &Forward, loss: Tensor<1>, n_cells: usize) {
        let Sums { squared_error, n_active, loss: total } = &self.sums;
        self.sums = Sums {
            squared_error: squared_error.clone() + forward.squared_error(),
            n_active: n_active.clone() + forward.n_active(),
            loss: total.clone() + loss * n_cells as f32,
        };
        let is_quiet = forward.fired().bool_not().int();
        self.traces.steps_since_fired = (self.traces.steps_since_fired.clone() + 1) * is_quiet;
        if self.config.variant.is_over_the_batch() {
            let (old, smallest) = (self.batch_threshold.clone(), forward.smallest());
            let decay = self.config.threshold_decay as f32;
            let mean = old.clone() * decay + smallest.clone() * (1.0 - decay);
            let new = mean.mask_where(old.clone().lower_elem(0.0), smallest.clone());
            self.batch_threshold = new.mask_where(smallest.greater_elem(f32::MAX / 2.0), old);
        }
    }

    /// Projection, clipping, Adam and renormalisation.
    fn update(&mut self, mut gradient: ByParameter<Option<Tensor<2>>>, rates: &StepRates) {
        if self.config.unit_decoder
            && let (Some(by_decoder), Some(decoder)) = (&mut gradient.decoder, &self.parameters.decoder)
        {
            let row = decoder.value.clone();
            let along = (by_decoder.clone() * row.clone()).sum_dim(1) / (row.clone() * row.clone()).sum_dim(1);
            *by_decoder = by_decoder.clone() - row * along;
        }
        let gradient = gradient.into_array();
        let factor = self.config.clip.map(|clip| clip_factor(&gradient, clip));
        for (parameter, gradient) in self.parameters.as_mut().into_array().into_iter().zip(gradient) {
            if let (Some(parameter), Some(gradient)) = (parameter, gradient) {
                let gradient = match &factor {
                    Some(factor) => gradient * factor.clone(),
                    None => gradient,
                };
                update(parameter, rates.adam, gradient);
            }
        }
        if self.config.unit_decoder
            && let Some(decoder) = &mut self.parameters.decoder
        {
            let row = decoder.value.clone();
            decoder.value = row.clone() / (row.clone() * row).sum_dim(1).sqrt();
        }
    }

    pub(super) async fn take_tally(&mut self) -> Result<(Tally, f64), TrainError> {
        let Sums { squared_error, n_active, loss } = std::mem::replace(&mut self.sums, Sums::zeros(&self.device));
        let window = self.config.dead_window.min(self.step);
        let alive = self.traces.steps_since_fired.clone().lower_elem(window as u32).float().sum();
        // Σe² is the loss of what our own kernels did, Σz is not asked for.
        let tally = std::mem::replace(&mut self.traces.tally, Tensor::zeros([1, 3], &self.device)).reshape([3]);
        let sums = host_vector(Tensor::cat(vec![squared_error, n_active, loss, alive, tally], 0)).await?;
        let tally = Tally {
            n_cells: std::mem::take(&mut self.n_cells),
            squared_error: f64::from(sums[0]) + f64::from(sums[4]),
            n_active: f64::from(sums[1]) + f64::from(sums[6]),
            loss: f64::from(sums[2]) + f64::from(sums[4]),
        };
        Ok((tally, f64::from(sums[3])))
    }

    pub(super) async fn state(&self) -> Result<TrainState, TrainError> {
        let mut parameters = ByParameter::<Vec<f32>>::default().into_array();
        let mut moments = ByParameter::<Moments>::default().into_array();
        for (at, parameter) in self.parameters.as_ref().into_array().into_iter().enumerate() {
            if let Some(parameter) = parameter {
                (parameters[at], moments[at]) = download(parameter).await?;
            }
        }
        let threshold = host(self.batch_threshold.clone()).await?[0];
        Ok(TrainState {
            step: self.step,
            parameters: ByParameter::from_array(parameters),
            moments: ByParameter::from_array(moments),
            since_fired: host(self.traces.steps_since_fired.clone().float())
                .await?
                .into_iter()
                .map(|since| since as u32)
                .collect(),
            batch_threshold: (threshold >= 0.0).then_some(threshold),
        })
    }
}

/// min(1, clip/(‖g‖ + 1e-6)) over all parameters, `[1, 1]`.
fn clip_factor(gradient: &[Option<Tensor<2>>; 8], clip: f64) -> Tensor<2> {
    let squares = gradient.iter().flatten().map(|values| (values.clone() * values.clone()).sum());
    let norm = Tensor::cat(squares.collect(), 0).sum().sqrt();
    ((norm + 1e-6).recip() * clip as f32).clamp_max(1.0).unsqueeze()
}

impl Sums {
    fn zeros(device: &Device) -> Self {
        let zero = || Tensor::<1>::zeros([1], device);
        Self { squared_error: zero(), n_active: zero(), loss: zero() }
    }
}

fn update(parameter: &mut Moving, adam: AdamStep, gradient: Tensor<2>) {
    let first = parameter.first.clone() + (gradient.clone() - parameter.first.clone()) * (1.0 - BETA1) as f32;
    let second = parameter.second.clone() * BETA2 as f32 + gradient.clone() * gradient * (1.0 - BETA2) as f32;
    let scale = second.clone().sqrt() / adam.second_scale as f32 + EPSILON as f32;
    parameter.value = parameter.value.clone() - first.clone() / scale * adam.step_size as f32;
    parameter.first = first;
    parameter.second = second;
}

async fn download(parameter: &Moving) -> Result<(Vec<f32>, Moments), TrainError> {
    let first = host(parameter.first.clone()).await?;
    let second = host(parameter.second.clone()).await?;
    Ok((host(parameter.value.clone()).await?, Moments { first, second }))
}

/// Counts as a row, `[1, n]`.
fn whole_numbers(values: Vec<u32>, device: &Device) -> Tensor<2, Int> {
    let n = values.len();
    let values: Vec<i32> = values.into_iter().map(u32::cast_signed).collect();
    Tensor::from_data(TensorData::new(values, [1, n]), device)
}

fn matrix(values: Vec<f32>, n_rows: usize, device: &Device) -> Tensor<2> {
    let n_cols = values.len() / n_rows;
    Tensor::from_data(TensorData::new(values, [n_rows, n_cols]), device)
}

async fn host(tensor: Tensor<2>) -> Result<Vec<f32>, TrainError> {
    let n = tensor.dims().iter().product::<usize>();
    host_vector(tensor.reshape([n])).await
}

async fn host_vector(tensor: Tensor<1>) -> Result<Vec<f32>, TrainError> {
    let data = tensor.into_data_async().await.map_err(TrainError::device)?;
    data.try_into_vec::<f32>().map_err(TrainError::device)
}

#[cfg(test)]
mod tests {
    use super::super::initial::initial_parameters;
    use super::*;
    use crate::sae::SaeParams;

    #[test]
    fn batches_are_the_same_whether_kept_on_the_device_or_sent() {
        let variant = Variant::TopK { k: 1, aux: 0.0 };
        let params = SaeParams { n_features: 4, variant, ..SaeParams::default() };
        let inputs = Arc::new(DenseMatrix::new(3, 2, vec![1.0, 2.0, 3.0, 4.0, 5.0, 6.0]).unwrap());
        let state = TrainState::start(initial_parameters(&params, &[0.0; 2]));
        let mut stepper = TensorStepper::new(StepConfig::new(&params, 2, 1), inputs, state, &Device::flex());
        let batch = |stepper: &TensorStepper| stepper.batch(&[2, 0]).into_data().try_into_vec::<f32>().unwrap();
        assert_eq!(batch(&stepper), [5.0, 6.0, 1.0, 2.0]);
        stepper.resident = None;
        assert_eq!(batch(&stepper), [5.0, 6.0, 1.0, 2.0]);
    }
}
