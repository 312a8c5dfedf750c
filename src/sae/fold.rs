//! What training did to the inputs first, folded into the weights.
//!
//! Training may see x' = (x − μ)A with a centre μ and an invertible A (a number, or a whitening matrix). Folded,
//! W_enc = A·W'_enc, W_dec = W'_dec·A⁻¹ and b_dec = μ + b'_dec·A⁻¹ read raw inputs and give raw reconstructions with
//! the same activations (SAE.md). Decoder rows of length 1 are the field's habit; longer ones go to length 1 by scaling
//! the feature: z·n and W_dec/n are the same reconstruction. All sums in f64. A decoder row of length 0 stays as it is.

use super::inputs::InputMap;
use super::{Architecture, SaeWeights};
use crate::data::DenseMatrix;

/// Decoder norms closer to each other than this are equal but for rounding.
const EQUAL_NORMS: f64 = 1e-4;

impl SaeWeights {
    /// Folds the map of the inputs into weights that were trained behind it; `apply_b_dec_to_input` as in [`super::Sae::new`].
    ///
    /// # Panics
    /// If the map is of other dimensions.
    pub(crate) fn fold_inputs(&mut self, map: &InputMap, apply_b_dec_to_input: bool) {
        assert_eq!(map.center.len(), self.d_in(), "the map is of the inputs the weights read");
        self.w_enc = map.times_columns(&self.w_enc);
        self.w_dec = map.rows_times_inverse(&self.w_dec);
        if !apply_b_dec_to_input {
            self.take_off_input(&map.center);
        }
        let bias = map.rows_times_inverse(&row(&self.b_dec));
        self.b_dec = bias.values().iter().zip(&map.center).map(|(&bias, mu)| (f64::from(bias) + mu) as f32).collect();
    }

    /// Folds "this was taken off the input" into the encoder's bias: b_enc − μ·W_enc.
    pub(crate) fn take_off_input(&mut self, shift: &[f64]) {
        let mut sums: Vec<f64> = self.b_enc.iter().map(|&bias| f64::from(bias)).collect();
        for (dim, shift) in shift.iter().enumerate() {
            for (sum, &weight) in sums.iter_mut().zip(self.w_enc.row(dim)) {
                *sum -= shift * f64::from(weight);
            }
        }
        self.b_enc = sums.into_iter().map(|sum| sum as f32).collect();
    }

    /// Brings decoder rows to length 1 where that leaves reconstructions as they are: always but for top-k whose rows
    /// differ in length, since scaling features would change which are largest.
    pub(crate) fn unit_decoder(&mut self, architecture: Architecture) {
        let norms: Vec<f64> = (0..self.n_features()).map(|feature| norm(self.w_dec.row(feature))).collect();
        let (least, most) = norms.iter().fold((f64::INFINITY, 0.0_f64), |(a, b), &norm| (a.min(norm), b.max(norm)));
        if matches!(architecture, Architecture::TopK { .. }) && most - least > EQUAL_NORMS * most {
            return;
        }
        for (feature, &norm) in norms.iter().enumerate().filter(|(_, norm)| **norm > 0.0) {
            self.scale_feature(feature, norm);
        }
    }

    /// Multiplies a feature's activations by `factor`, above 0, and divides its decoder row by it.
    fn scale_feature(&mut self, feature: usize, factor: f64) {
        let scale = |value: &mut f32, factor: f64| *value = (f64::from(*value) * factor) as f32;
        self.w_dec.row_mut(feature).iter_mut().for_each(|value| scale(value, 1.0 / factor));
        for dim in 0..self.d_in() {
            scale(&mut self.w_enc.row_mut(dim)[feature], factor);
        }
        scale(&mut self.b_enc[feature], factor);
        if let Some(threshold) = &mut self.threshold {
            scale(&mut threshold[feature], factor);
        }
    }
}

fn row(values: &[f32]) -> DenseMatrix {
    let mut matrix = DenseMatrix::zeros(1, values.len());
    matrix.row_mut(0).copy_from_slice(values);
    matrix
}

fn norm(row: &[f32]) -> f64 {
    row.iter().map(|&value| f64::from(value).powi(2)).sum::<f64>().sqrt()
}

#[cfg(test)]
mod tests {
    use super::super::model::tests::scattered_weights;
    use super::super::{InputScaling, Sae};
    use super::*;

    const ARCHITECTURES: [Architecture; 3] =
        [Architecture::Standard, Architecture::TopK { k: 4 }, Architecture::JumpRelu];

    fn weights(architecture: Architecture) -> SaeWeights {
        let threshold = matches!(architecture, Architecture::JumpRelu).then(|| vec![0.1; 12]);
        SaeWeights { threshold, ..scattered_weights(3, 12) }
    }

    fn cells() -> DenseMatrix {
        let value = |at: usize| ((at * 7919 + 13) % 101) as f32 / 25.0 - 1.0;
        DenseMatrix::new(20, 3, (0..60).map(value).collect()).unwrap()
    }

    fn codes_and_reconstruction(sae: &Sae, cell: &[f32]) -> (Vec<(u32, f32)>, DenseMatrix) {
        let codes = sae.encode_cell(cell);
        let mut out = DenseMatrix::zeros(1, 3);
        sae.decode_into(codes.iter().copied(), out.row_mut(0));
        (codes, out)
    }

    #[test]
    fn folding_leaves_activations_and_reconstructions_unchanged() {
        let all = [InputScaling::None, InputScaling::Factor, InputScaling::Whiten];
        for (architecture, apply) in ARCHITECTURES.into_iter().flat_map(|it| [(it, false), (it, true)]) {
            for scaling in all {
                let map = InputMap::fit(&cells(), true, scaling).unwrap();
                let inner = Sae::new(architecture, weights(architecture), apply).unwrap();
                let mut folded = weights(architecture);
                folded.fold_inputs(&map, apply);
                let folded = Sae::new(architecture, folded, apply).unwrap();
                let mapped = map.apply(&cells());
                for row in 0..20 {
                    let (codes, out) = codes_and_reconstruction(&folded, cells().row(row));
                    let (expected, inner_out) = codes_and_reconstruction(&inner, mapped.row(row));
                    assert_eq!(codes.len(), expected.len());
                    for (found, wanted) in codes.iter().zip(&expected) {
                        assert_eq!(found.0, wanted.0);
                        approx::assert_abs_diff_eq!(found.1, wanted.1, epsilon = 2e-5);
                    }
                    let raw = map.rows_times_inverse(&inner_out);
                    for (dim, value) in out.row(0).iter().enumerate() {
                        let wanted = f64::from(raw.row(0)[dim]) + map.center[dim];
                        approx::assert_abs_diff_eq!(f64::from(*value), wanted, epsilon = 2e-5);
                    }
                }
            }
        }
    }

    #[test]
    fn unit_decoder_rows_leave_reconstructions_unchanged() {
        for architecture in [Architecture::Standard, Architecture::JumpRelu] {
            let mut unit = weights(architecture);
            unit.unit_decoder(architecture);
            (0..12).for_each(|row| approx::assert_relative_eq!(norm(unit.w_dec.row(row)), 1.0, max_relative = 1e-6));
            let (before, after) =
                (Sae::new(architecture, weights(architecture), true), Sae::new(architecture, unit, true));
            let (before, after) = (before.unwrap(), after.unwrap());
            for row in 0..20 {
                let expected = codes_and_reconstruction(&before, cells().row(row)).1;
                let found = codes_and_reconstruction(&after, cells().row(row)).1;
                approx::assert_abs_diff_eq!(found.values(), expected.values(), epsilon = 1e-5);
            }
        }
    }

    #[test]
    fn topk_with_rows_of_different_length_keeps_them() {
        let mut scattered = weights(Architecture::TopK { k: 4 });
        scattered.unit_decoder(Architecture::TopK { k: 4 });
        assert_eq!(scattered, weights(Architecture::TopK { k: 4 }));
        let mut even = scattered_weights(1, 4);
        even.w_dec = DenseMatrix::new(4, 1, vec![2.0, -2.0, 2.0, -2.0]).unwrap();
        let w_enc = even.w_enc.clone();
        even.unit_decoder(Architecture::TopK { k: 2 });
        assert_eq!(even.w_dec.values(), [1.0, -1.0, 1.0, -1.0]);
        assert_eq!(even.w_enc.values(), w_enc.values().iter().map(|value| value * 2.0).collect::<Vec<f32>>());
    }
}
