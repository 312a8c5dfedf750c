//! A step's arithmetic on a range of features, in phases.
//!
//! Rows of encoder and decoder, their moments and all that is counted by feature belong to one shard. What shards must
//! agree on passes between the phases as [`Part`]s: which candidates are among the largest, reconstructions, the
//! gradient that reaches the input's bias, its norm. Biases of the input and the decoder every shard keeps for itself,
//! and moves them alike. Sums over shards are taken in the shards' order, so that it does not matter where each is.

mod dense;

use std::ops::Range;

use serde::{Deserialize, Serialize};

use super::encode::Encoded;
use super::errors::{Decoder, Errors};
use super::gradient::{Batch, Gradient};
use super::kernels::{add_to, dot};
use super::part::{Part, total};
use super::product::{View, multiply};
use crate::sae::Variant;
use crate::sae::train::config::{StepConfig, StepRates};
use crate::sae::train::loss::Tally;
use crate::sae::train::state::{ByParameter, Sizes, TrainState, n_alive};

/// What a step is for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Aim {
    /// To learn.
    #[default]
    Learn,
    /// To see how the finished autoencoder would do on these cells.
    Measure,
}

/// The features `range` of a training run.
#[derive(Debug)]
pub(crate) struct Shard {
    config: StepConfig,
    range: Range<usize>,
    /// Its place among the shards.
    number: usize,
    /// Rows and values of its own features, and what belongs to no feature.
    state: TrainState,
    /// Sizes of nested dictionaries, as far as they lie in the range.
    prefixes: Vec<usize>,
    batch: BatchMemory,
    encoded: Encoded,
    errors: Errors,
    gradient: Gradient,
    now: Now,
    /// From this share of active features on, steps of ReLU variants are dense.
    pub(super) dense_from: f64,
}

/// The matrices of a batch.
#[derive(Clone, Debug, Default)]
struct BatchMemory {
    /// Cells as the encoder reads them, `[n_cells, d_in]`, where a bias changes them.
    shifted: Vec<f32>,
    /// Pre-activations, `[n_cells, n_features]`; in dense steps activations.
    pre: Vec<f32>,
    /// In dense steps the gradient by pre-activations.
    da: Vec<f32>,
    /// Whether a feature fired, `[n_features]`.
    fired: Vec<bool>,
}

/// What is known of the step at hand.
#[derive(Clone, Copy, Debug, Default)]
struct Now {
    aim: Aim,
    n_cells: usize,
    is_dense: bool,
    has_dead: bool,
}

impl Shard {
    /// The shard of that number, with a state of its features alone.
    pub(crate) fn new(config: StepConfig, state: TrainState, range: Range<usize>, number: usize) -> Self {
        let Sizes { d_in, n_features } = config.sizes;
        let prefixes = config.variant.prefixes(n_features);
        let own = Sizes { d_in, n_features: range.len() };
        Self {
            gradient: Gradient::new(ByParameter::sizes(config.variant, own)),
            prefixes: prefixes.into_iter().map(|prefix| prefix.clamp(range.start, range.end) - range.start).collect(),
            config,
            range,
            number,
            state,
            batch: BatchMemory::default(),
            encoded: Encoded::default(),
            errors: Errors::default(),
            now: Now::default(),
            dense_from: dense::DENSE_FROM,
        }
    }

    pub(crate) fn state(&self) -> &TrainState {
        &self.state
    }

    /// Whether it has all features, so that there is nobody to talk to.
    fn is_whole(&self) -> bool {
        self.range.len() == self.config.sizes.n_features
    }

    fn rates(&self) -> StepRates {
        self.config.at(self.state.step, self.now.n_cells)
    }

    /// First phase: pre-activations of `x`, `[n_cells, d_in]`, and the features picked here.
    pub(crate) fn encode(&mut self, x: &[f32], aim: Aim) -> Part {
        let StepConfig { variant, sizes: Sizes { d_in, n_features }, dead_window, .. } = self.config;
        self.now = Now { aim, n_cells: x.len() / d_in, ..Now::default() };
        self.pre_activate(x);
        let mut part = Part::default();
        let (pre, parameters) = (&mut self.batch.pre, &self.state.parameters);
        match aim {
            Aim::Measure => {
                let k = variant.k(n_features).unwrap_or(0);
                self.encoded.select_finished(pre, variant, &self.state, k);
            }
            Aim::Learn if may_be_dense(variant) => part.sums[0] = dense::n_positive(pre, &parameters.b_enc),
            Aim::Learn => {
                let k = self.config.at(self.state.step, self.now.n_cells).k;
                self.encoded.select(pre, variant, parameters, k);
                if variant.aux() > 0.0 {
                    let k_aux = |n_dead| self.config.k_aux(n_dead);
                    part.sums[1] = self.encoded.revive(pre, &self.state.since_fired, dead_window, k_aux) as f64;
                }
            }
        }
        if self.is_narrowed() {
            self.encoded.offer(&mut part);
        }
        part
    }

    /// Whether what is active depends on other shards' pre-activations.
    fn is_narrowed(&self) -> bool {
        let variant = self.config.variant;
        let is_by_threshold = self.now.aim == Aim::Measure && variant.is_over_the_batch();
        !self.is_whole() && variant.k(self.config.sizes.n_features).is_some() && !is_by_threshold
    }

    /// x W_enc.
    fn pre_activate(&mut self, x: &[f32]) {
        let d_in = self.config.sizes.d_in;
        let BatchMemory { shifted, pre, .. } = &mut self.batch;
        let ByParameter { encoder, b_dec, b_pre, .. } = &self.state.parameters;
        let (bias, sign) = if b_pre.is_empty() { (b_dec, -1.0) } else { (b_pre, 1.0) };
        let is_shifted = reads_bias(self.config.variant);
        if is_shifted {
            shifted.clear();
            shifted.extend_from_slice(x);
            shifted.chunks_exact_mut(d_in).for_each(|cell| add_to(cell, sign, bias));
        }
        pre.resize(self.now.n_cells * self.range.len(), 0.0);
        multiply(pre, View::new(if is_shifted { shifted } else { x }, d_in), View::new(encoder, d_in).t());
    }

    /// Second phase: what was picked in all shards, and what its own features add to reconstructions. `parts` are what
    /// all shards found in the first.
    pub(crate) fn decode(&mut self, parts: &[Part]) -> Part {
        let variant = self.config.variant;
        self.now.has_dead = total(parts, 1) > 0.0;
        if self.now.aim == Aim::Learn && may_be_dense(variant) {
            let n_values = self.now.n_cells * self.config.sizes.n_features;
            self.now.is_dense = total(parts, 0) > self.dense_from * n_values as f64;
            if self.now.is_dense {
                return self.decode_dense();
            }
            self.encoded.select(&mut self.batch.pre, variant, &self.state.parameters, 0);
        } else if self.is_narrowed() {
            let k = match self.now.aim {
                Aim::Learn => self.rates().k,
                Aim::Measure => variant.k(self.config.sizes.n_features).unwrap_or(0),
            };
            self.encoded.narrow(parts, self.number, (variant, k), |n_dead| self.config.k_aux(n_dead));
        }
        let decoder = Decoder::new(&self.state.parameters, &self.prefixes);
        self.errors.decode(&self.encoded.active, decoder);
        if self.has_gates() {
            self.errors.decode_gates(&self.encoded.open, decoder);
        }
        if self.now.has_dead {
            self.errors.decode_revived(&self.encoded.revived, decoder);
        }
        self.decoded([self.encoded.active.len() as f64, self.penalised()])
    }

    /// The second phase's part.
    fn decoded(&self, sums: [f64; 2]) -> Part {
        let values = if self.is_whole() { Vec::new() } else { self.errors.share(self.blocks()) };
        Part { counts: Vec::new(), values, sums }
    }

    fn has_gates(&self) -> bool {
        self.now.aim == Aim::Learn && matches!(self.config.variant, Variant::Gated { .. })
    }

    /// What is decoded beside reconstructions: gates, and what dead features make of the error.
    fn blocks(&self) -> [bool; 2] {
        [self.has_gates(), self.now.has_dead]
    }

    /// The sum that the variant's penalty is on.
    fn penalised(&self) -> f64 {
        let Encoded { active, open, .. } = &self.encoded;
        match self.config.variant {
            Variant::Gated { .. } => open.sum(),
            Variant::ReluL1 { .. } => active.weighted_sum(&self.decoder_norms()),
            _ => active.sum(),
        }
    }

    fn decoder_norms(&self) -> Vec<f32> {
        self.state.parameters.decoder.chunks_exact(self.config.sizes.d_in).map(|row| dot(row, row).sqrt()).collect()
    }

    fn take_decoded(&mut self, parts: &[Part]) {
        if !self.is_whole() {
            self.errors.take_sums(parts, self.blocks());
        }
    }

    /// Third phase: the loss, and gradients as far as they are its own. `parts` are what all shards decoded.
    pub(crate) fn differentiate(&mut self, x: &[f32], parts: &[Part]) -> (Part, Tally) {
        self.take_decoded(parts);
        let rates = self.rates();
        let mut tally = Tally { n_cells: self.now.n_cells, n_active: total(parts, 0), ..Tally::default() };
        let (penalty, by_count) = self.penalty(&rates, tally.n_active, total(parts, 1));
        let (squared_error, loss) = self.compare_to_learn(x, &rates);
        tally.squared_error = squared_error;
        tally.loss = (loss + penalty) * self.now.n_cells as f64;
        if self.now.is_dense {
            self.dense_gradient(x, &rates);
        } else {
            self.sparse_gradient(x, &rates, by_count);
        }
        self.gradient.by_biases(self.config.variant, &self.errors.reconstruction[..x.len()]);
        if self.config.unit_decoder {
            self.gradient.project(&self.state.parameters.decoder);
        }
        self.note();
        let n_alive = n_alive(&self.state.since_fired, self.state.step + 1, self.config.dead_window);
        let sums = [self.gradient.squared_norm_by_feature(), n_alive as f64];
        let values = self.gradient.through_input_bias(self.config.variant, &self.state.parameters.encoder);
        (Part { counts: Vec::new(), values, sums }, tally)
    }

    /// The penalty and its derivative by the number of active features where it counts them.
    fn penalty(&self, rates: &StepRates, n_active: f64, penalised: f64) -> (f64, f32) {
        match self.config.variant {
            Variant::JumpRelu { penalty, .. } => {
                let (loss, by_l0) = penalty.at(n_active * rates.scales.per_cell, rates.warmth);
                (loss, (by_l0 * rates.scales.per_cell) as f32)
            }
            _ => (rates.scales.penalty * penalised, 0.0),
        }
    }

    /// Squared error, and the loss without penalty.
    fn compare_to_learn(&mut self, x: &[f32], rates: &StepRates) -> (f64, f64) {
        let Sizes { d_in, .. } = self.config.sizes;
        let (bias, scale) = (&self.state.parameters.b_dec, rates.scales.error);
        let sums = self.errors.compare(x, bias, scale);
        let mut loss = scale * sums.nested;
        if self.now.has_dead {
            loss += self.errors.compare_revived(d_in, rates, self.config.variant.aux());
        }
        if self.has_gates() {
            loss += scale * self.errors.compare_gates(x, bias, scale);
        }
        (sums.full, loss)
    }

    fn sparse_gradient(&mut self, x: &[f32], rates: &StepRates, by_count: f32) {
        self.gradient.by_feature(Batch {
            config: &self.config,
            rates,
            parameters: &self.state.parameters,
            encoded: &self.encoded,
            errors: &self.errors,
            read: if reads_bias(self.config.variant) { &self.batch.shifted } else { x },
            prefixes: &self.prefixes,
            by_count,
        });
        self.batch.fired.clear();
        self.batch.fired.extend((0..self.range.len()).map(|feature| self.gradient.is_active(feature)));
    }

    /// Adds a step to what is known of dead features and thresholds.
    fn note(&mut self) {
        for (since, fired) in self.state.since_fired.iter_mut().zip(&self.batch.fired) {
            *since = if *fired { 0 } else { since.saturating_add(1) };
        }
        if let Some(smallest) = self.encoded.smallest {
            let decay = self.config.threshold_decay as f32;
            let mean = |before: f32| decay * before + (1.0 - decay) * smallest;
            self.state.batch_threshold = Some(self.state.batch_threshold.map_or(smallest, mean));
        }
    }

    /// Last phase: clipping, Adam and renormalisation. `parts` are what all shards found in the third.
    pub(crate) fn update(&mut self, parts: &[Part]) {
        let rates = self.rates();
        let Self { gradient, state, config, .. } = self;
        for part in parts {
            gradient.add_through_input_bias(config.variant, &part.values);
        }
        let norm = || (total(parts, 0) + gradient.squared_norm_of_shared()).sqrt();
        let factor = config.clip.map_or(1.0, |clip| (clip / (norm() + 1e-6)).min(1.0)) as f32;
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
            for row in state.parameters.decoder.chunks_exact_mut(config.sizes.d_in) {
                let norm = dot(row, row).sqrt().max(f32::MIN_POSITIVE);
                for value in row.iter_mut() {
                    *value /= norm;
                }
            }
        }
        state.step += 1;
    }
}

/// What only the one who leads a run asks.
#[cfg(feature = "burn")]
impl Shard {
    /// Its features.
    pub(crate) fn range(&self) -> Range<usize> {
        self.range.clone()
    }

    /// The last phase of measuring: squared error and active features. `parts` are what all shards decoded.
    pub(crate) fn compare(&mut self, x: &[f32], parts: &[Part]) -> Tally {
        self.take_decoded(parts);
        let sums = self.errors.compare(x, &self.state.parameters.b_dec, 1.0);
        Tally { n_cells: self.now.n_cells, squared_error: sums.full, n_active: total(parts, 0), loss: 0.0 }
    }
}

/// Whether steps are dense while most features are active.
fn may_be_dense(variant: Variant) -> bool {
    matches!(variant, Variant::Vanilla { .. } | Variant::Bricken { .. } | Variant::ReluL1 { .. })
}

/// Whether a bias changes what the encoder reads.
fn reads_bias(variant: Variant) -> bool {
    variant.reads_decoder_bias() || variant.has_input_bias()
}
