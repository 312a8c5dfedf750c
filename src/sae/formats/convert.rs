//! Exact rewritings between the ways formats hold the same autoencoder. Computed in f64, rounded once.

use crate::sae::{Sae, SaeWeights};

impl SaeWeights {
    /// Turns the gate of a gated autoencoder into thresholds; b_enc is b_mag before and after.
    ///
    /// With u = (x − b_dec)W_enc the feature is on where u + b_gate > 0 and has the value u·exp(r_mag) + b_mag. exp is
    /// above 0, so that is where the value exceeds b_mag − b_gate·exp(r_mag).
    pub(super) fn gate(&mut self, b_gate: &[f32], r_mag: &[f32]) {
        let scales: Vec<f64> = r_mag.iter().map(|&r| libm::exp(f64::from(r))).collect();
        for dim in 0..self.w_enc.n_rows() {
            for (weight, scale) in self.w_enc.row_mut(dim).iter_mut().zip(&scales) {
                *weight = (f64::from(*weight) * scale) as f32;
            }
        }
        let gates = self.b_enc.iter().zip(b_gate).zip(&scales);
        let threshold = gates.map(|((&b_mag, &gate), scale)| (f64::from(b_mag) - f64::from(gate) * scale) as f32);
        self.threshold = Some(threshold.collect());
    }

    /// Multiplies a feature's column of the encoder and its bias.
    pub(super) fn scale_encoder(&mut self, feature: usize, factor: f64) {
        let scale = |value: &mut f32| *value = (f64::from(*value) * factor) as f32;
        scale(&mut self.b_enc[feature]);
        for dim in 0..self.w_enc.n_rows() {
            scale(&mut self.w_enc.row_mut(dim)[feature]);
        }
    }

    /// Inputs come without a mean that reconstructions get back: b_enc − μ·W_enc and b_dec + μ.
    ///
    /// For weights that do not take b_dec off the input.
    pub(super) fn fold_mean(&mut self, mean: &[f32]) {
        let mean: Vec<f64> = mean.iter().map(|&value| f64::from(value)).collect();
        self.take_off_input(&mean);
        for (bias, mean) in self.b_dec.iter_mut().zip(mean) {
            *bias = (f64::from(*bias) + mean) as f32;
        }
    }
}

/// The weights of an autoencoder, rewritten so that b_dec is taken off the input, or is not.
pub(super) fn with_b_dec_at_input(sae: &Sae, wanted: bool) -> SaeWeights {
    let mut weights = sae.weights().clone();
    if sae.applies_b_dec_to_input() != wanted {
        let sign = if wanted { -1.0 } else { 1.0 };
        let shift: Vec<f64> = weights.b_dec.iter().map(|&bias| sign * f64::from(bias)).collect();
        weights.take_off_input(&shift);
    }
    weights
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sae::Architecture;
    use crate::sae::model::tests::scattered_weights;

    const CELL: [f32; 3] = [0.7, -1.1, 0.4];

    #[test]
    fn taking_b_dec_off_the_input_or_not_is_the_same_autoencoder() {
        for applies in [true, false] {
            let sae = Sae::new(Architecture::Standard, scattered_weights(3, 7), applies).unwrap();
            let other = Sae::new(Architecture::Standard, with_b_dec_at_input(&sae, !applies), !applies).unwrap();
            let (found, wanted) = (other.encode_cell(&CELL), sae.encode_cell(&CELL));
            assert_eq!(found.len(), wanted.len());
            for (found, wanted) in found.iter().zip(&wanted) {
                assert_eq!(found.0, wanted.0);
                approx::assert_relative_eq!(found.1, wanted.1, max_relative = 1e-5);
            }
            assert_eq!(with_b_dec_at_input(&sae, applies), *sae.weights());
        }
    }

    #[test]
    fn a_gate_is_a_threshold() {
        let plain = scattered_weights(3, 7);
        let (b_gate, r_mag) = ([0.3, -0.2, 0.0, 0.5, -0.6, 0.1, -0.1], [0.2, -0.3, 0.0, 0.6, 0.1, -0.5, 0.4]);
        let mut gated = plain.clone();
        gated.gate(&b_gate, &r_mag);
        let active = Sae::new(Architecture::JumpRelu, gated, true).unwrap().encode_cell(&CELL);
        let mut expected = Vec::new();
        for feature in 0..7 {
            let u: f32 = (0..3).map(|dim| (CELL[dim] - plain.b_dec[dim]) * plain.w_enc.row(dim)[feature]).sum();
            let value = u * r_mag[feature].exp() + plain.b_enc[feature];
            if u + b_gate[feature] > 0.0 && value > 0.0 {
                expected.push((feature as u32, value));
            }
        }
        assert_eq!(active.len(), expected.len());
        for (found, wanted) in active.iter().zip(&expected) {
            assert_eq!(found.0, wanted.0);
            approx::assert_relative_eq!(found.1, wanted.1, max_relative = 1e-5);
        }
    }
}
