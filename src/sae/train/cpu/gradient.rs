//! Gradients by parameters, feature by feature.
//!
//! All that a feature's parameters need lies in its own rows and in the cells where it is active, so one pass over
//! features sorted from the batch gives every gradient in a fixed order, and rows of features that were not active are
//! not touched. With g the gradient by a reconstruction: ∂z = g·W_dec, ∂W_dec = Σ z g, ∂W_enc = Σ ∂a x.

use super::codes::ByFeature;
use super::encode::Encoded;
use super::errors::Errors;
use super::kernels::{add_to, dot, squared_norm};
use crate::sae::Variant;
use crate::sae::train::config::{StepConfig, StepRates};
use crate::sae::train::state::ByParameter;

/// Gradients of a batch's loss by the parameters.
#[derive(Clone, Debug, Default)]
pub(super) struct Gradient {
    pub(super) by: ByParameter<Vec<f32>>,
    /// Whether a feature's rows of encoder and decoder have a gradient; others hold what they held before.
    pub(super) has_rows: Vec<bool>,
    /// Σ over cells of the gradient by x W_enc, `[n_features]`: how the input's bias is reached.
    through_input: Vec<f32>,
    active: ByFeature,
    near: ByFeature,
    open: ByFeature,
    revived: ByFeature,
}

/// What a batch's gradient is made of.
#[derive(Clone, Copy, Debug)]
pub(super) struct Batch<'data> {
    pub(super) config: &'data StepConfig,
    pub(super) rates: &'data StepRates,
    pub(super) parameters: &'data ByParameter<Vec<f32>>,
    pub(super) encoded: &'data Encoded,
    pub(super) errors: &'data Errors,
    /// What the encoder read, `[n_cells, d_in]`.
    pub(super) read: &'data [f32],
    pub(super) prefixes: &'data [usize],
    /// jumprelu: the penalty's gradient by the number of active features of the batch.
    pub(super) by_count: f32,
}

impl Gradient {
    pub(super) fn new(sizes: ByParameter<usize>) -> Self {
        let n_features = sizes.b_enc;
        Self {
            by: sizes.map(|n| vec![0.0; n]),
            has_rows: vec![false; n_features],
            through_input: vec![0.0; n_features],
            ..Self::default()
        }
    }

    /// Whether a feature was active in the batch whose sparse activations came last.
    pub(super) fn is_active(&self, feature: usize) -> bool {
        !self.active.is_empty(feature)
    }

    /// All gradients from sparse activations.
    pub(super) fn by_feature(&mut self, batch: Batch<'_>) {
        let n_features = self.has_rows.len();
        let Encoded { active, near, open, revived, .. } = batch.encoded;
        for (sorted, codes) in
            [(&mut self.active, active), (&mut self.near, near), (&mut self.open, open), (&mut self.revived, revived)]
        {
            sorted.sort(codes, n_features);
        }
        let mut group = 0;
        for feature in 0..n_features {
            while feature >= batch.prefixes[group] {
                group += 1;
            }
            self.feature(batch, feature, group);
        }
    }

    /// Gradients by the parameters of one feature, which takes part in the nested dictionaries from `group` on.
    fn feature(&mut self, batch: Batch<'_>, feature: usize, group: usize) {
        let d_in = batch.config.sizes.d_in;
        let rows = feature * d_in..(feature + 1) * d_in;
        let has_rows =
            !(self.active.is_empty(feature) && self.open.is_empty(feature) && self.revived.is_empty(feature));
        self.has_rows[feature] = has_rows;
        if has_rows {
            self.by.encoder[rows.clone()].fill(0.0);
            self.by.decoder[rows.clone()].fill(0.0);
        }
        let decoder = &batch.parameters.decoder[rows.clone()];
        let mut row = Row {
            decoder,
            d_in,
            read: batch.read,
            for_encoder: &mut self.by.encoder[rows.clone()],
            for_decoder: &mut self.by.decoder[rows],
            through_input: 0.0,
        };
        let n = batch.read.len();
        let error = &batch.errors.reconstruction[group * n..(group + 1) * n];
        let mut bias = match batch.config.variant {
            Variant::Gated { .. } => {
                let [gate, r_mag, b_mag] = row.gated(batch, (&self.active, &self.open), feature);
                (self.by.r_mag[feature], self.by.b_mag[feature]) = (r_mag, b_mag);
                gate
            }
            Variant::ReluL1 { .. } => {
                row.norm_weighted(&self.active, feature, error, batch.rates.scales.penalty as f32)
            }
            _ => row.plain(self.active.feature(feature), error, batch.rates.scales.penalty as f32),
        };
        if let Variant::JumpRelu { bandwidth, .. } = batch.config.variant {
            self.by.log_threshold[feature] =
                row.threshold(batch, self.near.feature(feature), feature, bandwidth as f32);
        }
        if !self.revived.is_empty(feature) {
            bias += row.plain(self.revived.feature(feature), &batch.errors.revived, 0.0);
        }
        self.through_input[feature] = row.through_input;
        self.by.b_enc[feature] = bias;
    }

    /// All gradients by what features own but the rows', where those come from dense products: `da` is the gradient by
    /// pre-activations, `[n_cells, n_features]`.
    pub(super) fn by_dense(&mut self, da: &[f32]) {
        self.has_rows.fill(true);
        self.by.b_enc.fill(0.0);
        da.chunks_exact(self.has_rows.len()).for_each(|row| add_to(&mut self.by.b_enc, 1.0, row));
        self.through_input.copy_from_slice(&self.by.b_enc);
    }

    /// Gradients by the decoder's bias, and 0 by what is added to the input; `error` is the gradient by reconstructions,
    /// `[n_cells, d_in]`.
    pub(super) fn by_biases(&mut self, variant: Variant, error: &[f32]) {
        self.by.b_dec.fill(0.0);
        error.chunks_exact(self.by.b_dec.len()).for_each(|row| add_to(&mut self.by.b_dec, 1.0, row));
        if variant.has_input_bias() {
            self.by.b_pre.fill(0.0);
        }
    }

    /// What reaches the encoder's input through these features, Σ W_enc·Σ∂a, `[d_in]`; empty where no bias is there.
    pub(super) fn through_input_bias(&self, variant: Variant, encoder: &[f32]) -> Vec<f32> {
        if !variant.has_input_bias() && !variant.reads_decoder_bias() {
            return Vec::new();
        }
        let mut out = vec![0.0; self.by.b_dec.len()];
        for (row, &sum) in encoder.chunks_exact(out.len()).zip(&self.through_input) {
            if sum != 0.0 {
                add_to(&mut out, sum, row);
            }
        }
        out
    }

    /// Adds what reaches the encoder's input to the gradient of the bias that is added to it or taken off.
    pub(super) fn add_through_input_bias(&mut self, variant: Variant, values: &[f32]) {
        if variant.has_input_bias() {
            add_to(&mut self.by.b_pre, 1.0, values);
        } else {
            add_to(&mut self.by.b_dec, -1.0, values);
        }
    }

    /// Takes out of every decoder row's gradient what points along the row.
    pub(super) fn project(&mut self, decoder: &[f32]) {
        let d_in = self.by.b_dec.len();
        let rows = self.by.decoder.chunks_exact_mut(d_in).zip(decoder.chunks_exact(d_in));
        for ((gradient, row), _) in rows.zip(&self.has_rows).filter(|(_, has_rows)| **has_rows) {
            let along = dot(gradient, row) / dot(row, row).max(f32::MIN_POSITIVE);
            add_to(gradient, -along, row);
        }
    }

    /// Σ of squares over all that features own.
    pub(super) fn squared_norm_by_feature(&self) -> f64 {
        let d_in = self.by.b_dec.len();
        let rows = |values: &[f32]| -> f64 {
            let rows = values.chunks_exact(d_in).zip(&self.has_rows).filter(|(_, has_rows)| **has_rows);
            rows.map(|(row, _)| squared_norm(row)).sum()
        };
        let ByParameter { encoder, b_enc, decoder, log_threshold, r_mag, b_mag, .. } = &self.by;
        let vectors = [b_enc, log_threshold, r_mag, b_mag];
        rows(encoder) + rows(decoder) + vectors.iter().map(|values| squared_norm(values)).sum::<f64>()
    }

    /// Σ of squares over what belongs to no feature.
    pub(super) fn squared_norm_of_shared(&self) -> f64 {
        squared_norm(&self.by.b_dec) + squared_norm(&self.by.b_pre)
    }
}

/// One feature's rows.
struct Row<'a> {
    decoder: &'a [f32],
    d_in: usize,
    read: &'a [f32],
    for_encoder: &'a mut [f32],
    for_decoder: &'a mut [f32],
    through_input: f32,
}

impl Row<'_> {
    fn at<'b>(&self, rows: &'b [f32], cell: usize) -> &'b [f32] {
        &rows[cell * self.d_in..(cell + 1) * self.d_in]
    }

    /// z = a: both rows; returns Σ∂a, the bias' gradient.
    fn plain(&mut self, entries: impl Iterator<Item = (usize, f32)>, error: &[f32], penalty: f32) -> f32 {
        let mut bias = 0.0;
        for (cell, z) in entries {
            let error = self.at(error, cell);
            let da = dot(error, self.decoder) + penalty;
            add_to(self.for_decoder, z, error);
            add_to(self.for_encoder, da, self.at(self.read, cell));
            bias += da;
        }
        self.through_input += bias;
        bias
    }

    /// As [`Self::plain`] with a penalty on z‖W_dec‖.
    fn norm_weighted(&mut self, active: &ByFeature, feature: usize, error: &[f32], penalty: f32) -> f32 {
        let norm = squared_norm(self.decoder).sqrt() as f32;
        let bias = self.plain(active.feature(feature), error, penalty * norm);
        let total: f32 = active.feature(feature).map(|entry| entry.1).sum();
        if norm > 0.0 {
            add_to(self.for_decoder, penalty * total / norm, self.decoder);
        }
        bias
    }

    /// The gradient by log θ: θ·Σ −(θ·∂z + penalty)/ε over cells near the threshold.
    fn threshold(
        &self,
        batch: Batch<'_>,
        near: impl Iterator<Item = (usize, f32)>,
        feature: usize,
        bandwidth: f32,
    ) -> f32 {
        let theta = libm::expf(batch.parameters.log_threshold[feature]);
        let of = |cell| {
            -(theta * dot(self.at(&batch.errors.reconstruction, cell), self.decoder) + batch.by_count) / bandwidth
        };
        theta * near.map(|(cell, _)| of(cell)).sum::<f32>()
    }

    /// Both rows of gated; returns the gradients by gate bias, r_mag and b_mag.
    fn gated(&mut self, batch: Batch<'_>, (active, open): (&ByFeature, &ByFeature), feature: usize) -> [f32; 3] {
        let gain = libm::expf(batch.parameters.r_mag[feature]);
        let b_mag = batch.parameters.b_mag[feature];
        let (mut gate, mut by_gain, mut by_bias) = (0.0, 0.0, 0.0);
        for (cell, z) in active.feature(feature) {
            let error = self.at(&batch.errors.reconstruction, cell);
            let da = dot(error, self.decoder);
            add_to(self.for_decoder, z, error);
            add_to(self.for_encoder, da * gain, self.at(self.read, cell));
            by_bias += da;
            by_gain += da * (z - b_mag);
        }
        for (cell, _) in open.feature(feature) {
            let da = dot(self.at(&batch.errors.gate, cell), self.decoder) + batch.rates.scales.penalty as f32;
            add_to(self.for_encoder, da, self.at(self.read, cell));
            gate += da;
        }
        self.through_input += by_bias * gain + gate;
        [gate, by_gain, by_bias]
    }
}
