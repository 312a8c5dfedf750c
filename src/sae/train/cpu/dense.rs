//! Steps of ReLU variants while most features are active: five dense products, as a GPU would do it.

use super::kernels::{add_to, squared_norm};
use super::product::{View, multiply};
use super::{BatchMemory, CpuStepper, reads_bias};
use crate::sae::Variant;
use crate::sae::train::config::StepRates;
use crate::sae::train::state::Sizes;

/// From this share of active features on, dense products are faster (measured, `cargo xtask bench --only training`).
pub(super) const DENSE_FROM: f64 = 0.12;

impl CpuStepper {
    /// Whether this step is dense; pre-activations of ReLU variants get their bias, and are counted, on the way.
    pub(super) fn is_dense(&mut self) -> bool {
        if !matches!(self.config.variant, Variant::Vanilla { .. } | Variant::Bricken { .. } | Variant::ReluL1 { .. }) {
            return false;
        }
        let bias = &self.state.parameters.b_enc;
        let mut n_active = 0;
        for cell in self.batch.pre.chunks_exact(bias.len()) {
            n_active += cell.iter().zip(bias).filter(|(value, bias)| **value + **bias > 0.0).count();
        }
        n_active as f64 > self.dense_from * self.batch.pre.len() as f64
    }

    /// Loss and gradient by dense products; returns the loss.
    pub(super) fn dense(&mut self, rates: &StepRates) -> f64 {
        let Sizes { d_in, n_features } = self.config.sizes;
        let weights = self.penalty_weights();
        let (n_active, sum) = self.rectify(&weights);
        let parameters = &self.state.parameters;
        let BatchMemory { x, shifted, pre: z, da, .. } = &mut self.batch;
        let error = &mut self.errors.reconstruction;
        error.resize(x.len(), 0.0);
        multiply(error, View::new(z, n_features), View::new(&parameters.decoder, d_in));
        let mut squared = 0.0;
        let scale = (2.0 * rates.scales.error) as f32;
        for (error, x) in error.chunks_exact_mut(d_in).zip(x.chunks_exact(d_in)) {
            add_to(error, 1.0, &parameters.b_dec);
            add_to(error, -1.0, x);
            squared += squared_norm(error);
            for value in error.iter_mut() {
                *value *= scale;
            }
        }
        da.resize(z.len(), 0.0);
        multiply(da, View::new(error, d_in), View::new(&parameters.decoder, d_in).t());
        mask(da, z, rates.scales.penalty as f32, &weights);
        let read = if reads_bias(self.config.variant) { &*shifted } else { &*x };
        multiply(&mut self.gradient.by.decoder, View::new(z, n_features).t(), View::new(error, d_in));
        multiply(&mut self.gradient.by.encoder, View::new(da, n_features).t(), View::new(read, d_in));
        self.gradient.by_dense(self.config.variant, da, error, &parameters.encoder);
        self.by_decoder_norms(&weights, rates.scales.penalty as f32);
        self.tally.squared_error += squared;
        self.tally.n_active += n_active;
        rates.scales.error * squared + rates.scales.penalty * sum
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
        let Sizes { d_in, n_features } = self.config.sizes;
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
