//! A training step in plain Rust on the CPU, in memory that is taken once.
//!
//! The encoder is one dense product; what follows is done on active features alone: picking them, decoding,
//! gradients by a pass over features, one fused pass of the optimiser. Where most features are active (ReLU variants
//! before they have learnt to be sparse) four more dense products are faster, and the density of the batch at hand
//! decides. Everything is in a fixed order: the same steps give the same bits on one machine.

mod codes;
mod dense;
mod encode;
mod errors;
mod gradient;
mod kernels;
mod product;

use std::sync::Arc;

use self::encode::Encoded;
use self::errors::{Decoder, ErrorSums, Errors};
use self::gradient::{Batch, Gradient};
use self::kernels::{add_to, dot};
use self::product::{View, multiply};
use super::config::{StepConfig, StepRates};
use super::loss::Tally;
use super::state::{ByParameter, Sizes, TrainState, n_alive};
use crate::data::DenseMatrix;
use crate::sae::Variant;

/// The CPU's side of a training run.
#[derive(Debug)]
pub(crate) struct CpuStepper {
    config: StepConfig,
    inputs: Arc<DenseMatrix>,
    state: TrainState,
    tally: Tally,
    prefixes: Vec<usize>,
    batch: BatchMemory,
    encoded: Encoded,
    errors: Errors,
    gradient: Gradient,
    /// From this share of active features on, steps of ReLU variants are dense.
    pub(super) dense_from: f64,
}

/// The matrices of a batch.
#[derive(Clone, Debug, Default)]
struct BatchMemory {
    /// Cells, `[n_cells, d_in]`.
    x: Vec<f32>,
    /// Cells as the encoder reads them, where a bias changes them.
    shifted: Vec<f32>,
    /// Pre-activations, `[n_cells, n_features]`; in dense steps activations.
    pre: Vec<f32>,
    /// In dense steps the gradient by pre-activations.
    da: Vec<f32>,
    /// Whether a feature fired, `[n_features]`.
    fired: Vec<bool>,
}

impl CpuStepper {
    pub(super) fn new(config: StepConfig, inputs: Arc<DenseMatrix>, state: TrainState) -> Self {
        Self {
            gradient: Gradient::new(ByParameter::sizes(config.variant, config.sizes)),
            prefixes: config.variant.prefixes(config.sizes.n_features),
            config,
            inputs,
            state,
            tally: Tally::default(),
            batch: BatchMemory::default(),
            encoded: Encoded::default(),
            errors: Errors::default(),
            dense_from: dense::DENSE_FROM,
        }
    }

    /// One step of gradient descent on these cells.
    pub(super) fn step(&mut self, rows: &[u32]) {
        let rates = self.config.at(self.state.step, rows.len());
        self.read(rows);
        self.encode();
        let loss = if self.is_dense() { self.dense(&rates) } else { self.sparse(&rates) };
        self.note(rows.len(), loss);
        self.update(&rates);
        self.state.step += 1;
    }

    /// Squared error and active features on these cells by the rule of the finished autoencoder; nothing is learnt.
    pub(super) fn measure(&mut self, rows: &[u32]) -> Tally {
        let k = self.config.variant.k(self.config.sizes.n_features).unwrap_or(0);
        self.read(rows);
        self.encode();
        self.encoded.select_finished(&mut self.batch.pre, self.config.variant, &self.state, k);
        let sums = self.reconstruct(1.0);
        Tally { n_cells: rows.len(), squared_error: sums.full, n_active: self.encoded.active.len() as f64, loss: 0.0 }
    }

    pub(super) fn take_tally(&mut self) -> (Tally, f64) {
        let n_alive = n_alive(&self.state.since_fired, self.state.step, self.config.dead_window);
        (std::mem::take(&mut self.tally), n_alive as f64)
    }

    pub(super) fn state(&self) -> &TrainState {
        &self.state
    }

    /// Gathers the cells of a batch, and what the encoder reads of them.
    fn read(&mut self, rows: &[u32]) {
        let BatchMemory { x, shifted, .. } = &mut self.batch;
        x.clear();
        for &row in rows {
            x.extend_from_slice(self.inputs.row(row as usize));
        }
        let ByParameter { b_dec, b_pre, .. } = &self.state.parameters;
        let (bias, sign) = if b_pre.is_empty() { (b_dec, -1.0) } else { (b_pre, 1.0) };
        if reads_bias(self.config.variant) {
            shifted.clone_from(x);
            shifted.chunks_exact_mut(bias.len()).for_each(|cell| add_to(cell, sign, bias));
        }
    }

    /// x W_enc.
    fn encode(&mut self) {
        let Sizes { d_in, n_features } = self.config.sizes;
        let BatchMemory { x, shifted, pre, .. } = &mut self.batch;
        let read = if reads_bias(self.config.variant) { &*shifted } else { &*x };
        pre.resize(read.len() / d_in * n_features, 0.0);
        multiply(pre, View::new(read, d_in), View::new(&self.state.parameters.encoder, d_in).t());
    }

    fn reconstruct(&mut self, scale: f64) -> ErrorSums {
        let decoder = Decoder::new(&self.state.parameters, &self.prefixes);
        self.errors.reconstruct(&self.encoded.active, &self.batch.x, decoder, scale)
    }

    /// Loss and gradient on active features alone; returns the loss.
    fn sparse(&mut self, rates: &StepRates) -> f64 {
        let variant = self.config.variant;
        self.encoded.select(&mut self.batch.pre, variant, &self.state.parameters, rates.k);
        let weight = variant.aux();
        if weight > 0.0 {
            let since_fired = &self.state.since_fired;
            self.encoded.revive(&self.batch.pre, since_fired, self.config.dead_window, |n| self.config.k_aux(n));
        }
        let sums = self.reconstruct(rates.scales.error);
        self.tally.squared_error += sums.full;
        self.tally.n_active += self.encoded.active.len() as f64;
        let mut loss = rates.scales.error * sums.nested;
        let decoder = Decoder::new(&self.state.parameters, &self.prefixes);
        if weight > 0.0 && self.encoded.has_dead() {
            loss += self.errors.revive(&self.encoded, decoder, rates, weight);
        }
        if matches!(variant, Variant::Gated { .. }) {
            let squared = self.errors.through_gates(&self.encoded.open, &self.batch.x, decoder, rates.scales.error);
            loss += rates.scales.error * squared;
        }
        let (penalty, by_count) = self.penalty(rates);
        self.gradient.by_feature(Batch {
            config: &self.config,
            rates,
            parameters: &self.state.parameters,
            encoded: &self.encoded,
            errors: &self.errors,
            read: if reads_bias(variant) { &self.batch.shifted } else { &self.batch.x },
            prefixes: &self.prefixes,
            by_count,
        });
        self.batch.fired.clear();
        self.batch.fired.extend((0..self.config.sizes.n_features).map(|feature| self.gradient.is_active(feature)));
        loss + penalty
    }

    /// The variant's penalty, and its derivative by the number of active features where it counts them.
    fn penalty(&self, rates: &StepRates) -> (f64, f32) {
        let Encoded { active, open, .. } = &self.encoded;
        let sum = match self.config.variant {
            Variant::JumpRelu { penalty, .. } => {
                let (loss, by_l0) = penalty.at(active.len() as f64 * rates.scales.per_cell, rates.warmth);
                return (loss, (by_l0 * rates.scales.per_cell) as f32);
            }
            Variant::Gated { .. } => open.sum(),
            Variant::ReluL1 { .. } => active.weighted_sum(&self.decoder_norms()),
            _ => active.sum(),
        };
        (rates.scales.penalty * sum, 0.0)
    }

    fn decoder_norms(&self) -> Vec<f32> {
        self.state.parameters.decoder.chunks_exact(self.config.sizes.d_in).map(|row| dot(row, row).sqrt()).collect()
    }

    /// Adds a step to what is reported and to what is known of dead features and thresholds.
    fn note(&mut self, n_cells: usize, loss: f64) {
        self.tally.n_cells += n_cells;
        self.tally.loss += loss * n_cells as f64;
        for (since, fired) in self.state.since_fired.iter_mut().zip(&self.batch.fired) {
            *since = if *fired { 0 } else { since.saturating_add(1) };
        }
        if let Some(smallest) = self.encoded.smallest {
            let decay = self.config.threshold_decay as f32;
            let mean = |before: f32| decay * before + (1.0 - decay) * smallest;
            self.state.batch_threshold = Some(self.state.batch_threshold.map_or(smallest, mean));
        }
    }

    /// Projection, clipping, Adam and renormalisation.
    fn update(&mut self, rates: &StepRates) {
        let d_in = self.config.sizes.d_in;
        let Self { gradient, state, config, .. } = self;
        if config.unit_decoder {
            gradient.project(&state.parameters.decoder);
        }
        let factor = config.clip.map_or(1.0, |clip| (clip / (gradient.norm() + 1e-6)).min(1.0)) as f32;
        let (parameters, moments) = (state.parameters.as_mut().into_array(), state.moments.as_mut().into_array());
        let gradients = gradient.by.as_ref().into_array();
        for (at, ((parameter, gradient_of), moments)) in parameters.into_iter().zip(gradients).zip(moments).enumerate()
        {
            // Encoder and decoder.
            if at == 0 || at == 2 {
                rates.adam.apply_rows(parameter, gradient_of, moments, factor, &gradient.has_rows);
            } else {
                rates.adam.apply(parameter, gradient_of, moments, factor);
            }
        }
        if config.unit_decoder {
            for row in state.parameters.decoder.chunks_exact_mut(d_in) {
                let norm = dot(row, row).sqrt().max(f32::MIN_POSITIVE);
                for value in row.iter_mut() {
                    *value /= norm;
                }
            }
        }
    }
}

/// Whether a bias changes what the encoder reads.
fn reads_bias(variant: Variant) -> bool {
    variant.reads_decoder_bias() || variant.has_input_bias()
}
