//! Steps of ReLU variants while most features are active: five dense products, as a GPU would do it.

use super::super::kernels::add_to;
use super::super::part::Part;
use super::super::product::{View, multiply};
use super::{BatchMemory, Shard, reads_bias};
use crate::sae::Variant;
use crate::sae::train::config::StepRates;

/// From this share of active features on, dense products are faster (measured, `cargo xtask bench --only training`).
pub(super) const DENSE_FROM: f64 = 0.12;

/// Pre-activations above 0, counted; `pre` has no bias yet.
pub(super) fn n_positive(pre: &[f32], bias: &[f32]) -> f64 {
    let of = |cell: &[f32]| cell.iter().zip(bias).filter(|(value, bias)| **value + **bias > 0.0).count();
    pre.chunks_exact(bias.len()).map(of).sum::<usize>() as f64
}

impl Shard {
    /// Activations, and what they add to reconstructions.
    pub(super) fn decode_dense(&mut self) -> Part {
        let weights = self.penalty_weights();
        let (n_active, penalised) = self.rectify(&weights);
        let d_in = self.config.sizes.d_in;
        let (decoder, out) = (&self.state.parameters.decoder, &mut self.errors.reconstruction);
        out.resize(self.now.n_cells * d_in, 0.0);
        multiply(out, View::new(&self.batch.pre, self.range.len()), View::new(decoder, d_in));
        self.decoded([n_active, penalised])
    }

    /// Gradients by what features own.
    pub(super) fn dense_gradient(&mut self, x: &[f32], rates: &StepRates) {
        let (d_in, n_features) = (self.config.sizes.d_in, self.range.len());
        let weights = self.penalty_weights();
        let BatchMemory { shifted, pre: z, da, .. } = &mut self.batch;
        let error = &self.errors.reconstruction;
        da.resize(z.len(), 0.0);
        multiply(da, View::new(error, d_in), View::new(&self.state.parameters.decoder, d_in).t());
        mask(da, z, rates.scales.penalty as f32, &weights);
        let read = if reads_bias(self.config.variant) { shifted } else { x };
        multiply(&mut self.gradient.by.decoder, View::new(z, n_features).t(), View::new(error, d_in));
        multiply(&mut self.gradient.by.encoder, View::new(da, n_features).t(), View::new(read, d_in));
        self.gradient.by_dense(da);
        self.by_decoder_norms(&weights, rates.scales.penalty as f32);
    }

    /// What a unit of activation costs, per feature; empty where it is the same for all.
    fn penalty_weights(&self) -> Vec<f32> {
        if matches!(self.config.variant, Variant::ReluL1 { .. }) { self.decoder_norms() } else { Vec::new() }
    }

    /// Pre-activations without bias become activations; how many are above 0, and their sum as it is penalised.
    fn rectify(&mut self, weights: &[f32]) -> (f64, f64) {
        let bias = &self.state.parameters.b_enc;
        let BatchMemory { pre, fired, .. } = &mut self.batch;
        fired.clear();
        fired.resize(bias.len(), false);
        let (mut n_active, mut total) = (0.0, 0.0);
        for cell in pre.chunks_exact_mut(bias.len()) {
            let (mut sum, mut count) = (0.0_f32, 0_u32);
            for ((value, bias), fired) in cell.iter_mut().zip(bias).zip(fired.iter_mut()) {
                let active = (*value + bias).max(0.0);
                *value = active;
                sum += active;
                count += u32::from(active > 0.0);
                *fired |= active > 0.0;
            }
            n_active += f64::from(count);
            let weighted = || cell.iter().zip(weights).map(|(value, weight)| value * weight).sum();
            total += f64::from(if weights.is_empty() { sum } else { weighted() });
        }
        (n_active, total)
    }

    /// A penalty on z‖W_dec‖ has a gradient by the decoder, too.
    fn by_decoder_norms(&mut self, norms: &[f32], penalty: f32) {
        let (d_in, n_features) = (self.config.sizes.d_in, self.range.len());
        if norms.is_empty() {
            return;
        }
        let mut totals = vec![0.0_f32; n_features];
        self.batch.pre.chunks_exact(n_features).for_each(|cell| add_to(&mut totals, 1.0, cell));
        let rows =
            self.state.parameters.decoder.chunks_exact(d_in).zip(self.gradient.by.decoder.chunks_exact_mut(d_in));
        for (((row, gradient), norm), total) in rows.zip(norms).zip(totals).filter(|((_, norm), _)| **norm > 0.0) {
            add_to(gradient, penalty * total / norm, row);
        }
    }
}

/// Gradient by activation in, by pre-activation out: 0 where inactive, with the penalty elsewhere.
fn mask(da: &mut [f32], z: &[f32], penalty: f32, weights: &[f32]) {
    if weights.is_empty() {
        da.iter_mut().zip(z).for_each(|(da, z)| *da = if *z > 0.0 { *da + penalty } else { 0.0 });
        return;
    }
    for (da, z) in da.chunks_exact_mut(weights.len()).zip(z.chunks_exact(weights.len())) {
        for ((da, z), weight) in da.iter_mut().zip(z).zip(weights) {
            *da = if *z > 0.0 { *da + penalty * weight } else { 0.0 };
        }
    }
}
