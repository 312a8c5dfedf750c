//! Parameters before the first step, a function of the seed alone.
//!
//! The paper's variants: what PyTorch's `nn.Linear` starts from, every weight and bias uniform on ±1/√fan_in (fan_in d
//! for the encoder, h for the decoder); a bias of the input starts at 0. The others: decoder rows uniform on the unit
//! sphere, the encoder a copy of them, b_dec at the middle of the inputs, log θ at its setting, all else 0 (SAE.md).
//! ChaCha8, stream 0.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;

use super::state::{ByParameter, Sizes};
use crate::sae::{SaeParams, Variant};
use crate::stats::{draw_normal, draw_unit};

/// The parameters a run starts from; `middle` is that of the inputs as the autoencoder sees them, `[d_in]`.
pub(super) fn initial_parameters(params: &SaeParams, middle: &[f64]) -> ByParameter<Vec<f32>> {
    let mut rng = ChaCha8Rng::seed_from_u64(params.seed);
    let sizes = Sizes { d_in: middle.len(), n_features: params.n_features };
    let start = if params.variant.is_of_the_paper() { linear(&mut rng, sizes) } else { tied(&mut rng, sizes, middle) };
    let theta = if let Variant::JumpRelu { threshold, .. } = params.variant { threshold } else { 1.0 };
    let n = ByParameter::sizes(params.variant, sizes);
    ByParameter {
        b_pre: vec![0.0; n.b_pre],
        log_threshold: vec![libm::log(theta) as f32; n.log_threshold],
        r_mag: vec![0.0; n.r_mag],
        b_mag: vec![0.0; n.b_mag],
        ..start
    }
}

fn linear(rng: &mut ChaCha8Rng, sizes: Sizes) -> ByParameter<Vec<f32>> {
    let Sizes { d_in, n_features } = sizes;
    let mut draw = |n: usize, fan_in: usize| -> Vec<f32> {
        let bound = 1.0 / (fan_in as f64).sqrt();
        (0..n).map(|_| ((2.0 * draw_unit(rng) - 1.0) * bound) as f32).collect()
    };
    ByParameter {
        encoder: draw(n_features * d_in, d_in),
        b_enc: draw(n_features, d_in),
        decoder: draw(n_features * d_in, n_features),
        b_dec: draw(d_in, n_features),
        ..ByParameter::default()
    }
}

fn tied(rng: &mut ChaCha8Rng, sizes: Sizes, middle: &[f64]) -> ByParameter<Vec<f32>> {
    let mut decoder = Vec::with_capacity(sizes.n_features * sizes.d_in);
    for _ in 0..sizes.n_features {
        let direction: Vec<f64> = (0..sizes.d_in).map(|_| draw_normal(rng)).collect();
        let norm = direction.iter().map(|x| x * x).sum::<f64>().sqrt();
        decoder.extend(direction.into_iter().map(|x| (x / norm) as f32));
    }
    ByParameter {
        encoder: decoder.clone(),
        b_enc: vec![0.0; sizes.n_features],
        decoder,
        b_dec: middle.iter().map(|&mu| mu as f32).collect(),
        ..ByParameter::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sae::{L0Penalty, LossConvention};

    #[test]
    fn vanilla_fills_the_interval_of_a_linear_layer() {
        let variant = Variant::Vanilla { l1: 0.0, loss: LossConvention::AsCoded };
        let params = SaeParams { variant, n_features: 400, ..SaeParams::default() };
        let start = initial_parameters(&params, &[0.0; 16]);
        for (values, bound) in [(&start.encoder, 0.25), (&start.b_enc, 0.25), (&start.decoder, 0.05)] {
            let largest = values.iter().fold(0.0_f32, |most, value| most.max(value.abs()));
            let mean = values.iter().sum::<f32>() / values.len() as f32;
            assert!(largest <= bound && largest > 0.98 * bound && mean.abs() < 0.1 * bound);
        }
        assert_eq!(start.b_dec.len(), 16);
    }

    #[test]
    fn topk_starts_tied_with_unit_rows_at_the_mean() {
        let start = initial_parameters(&SaeParams::default(), &[3.0, -1.0, 0.5]);
        assert_eq!(start.encoder, start.decoder);
        assert_eq!(start.b_dec, [3.0, -1.0, 0.5]);
        for row in start.decoder.chunks(3) {
            approx::assert_relative_eq!(row.iter().map(|x| x * x).sum::<f32>(), 1.0, max_relative = 1e-5);
        }
    }

    #[test]
    fn parameters_of_other_variants_start_where_they_do_nothing() {
        let penalty = L0Penalty::Step { weight: 1.0 };
        let variant = Variant::JumpRelu { bandwidth: 0.1, threshold: 0.5, penalty };
        let start = initial_parameters(&SaeParams { variant, n_features: 3, ..SaeParams::default() }, &[0.0; 2]);
        assert_eq!((start.log_threshold, start.b_pre.len()), (vec![0.5_f32.ln(); 3], 0));
        let variant = Variant::Gated { l1: 1.0 };
        let start = initial_parameters(&SaeParams { variant, n_features: 3, ..SaeParams::default() }, &[0.0; 2]);
        assert_eq!((start.r_mag, start.b_mag), (vec![0.0; 3], vec![0.0; 3]));
        let variant = Variant::TopKShare { percent: 5.0 };
        let start = initial_parameters(&SaeParams { variant, n_features: 3, ..SaeParams::default() }, &[0.0; 2]);
        assert_eq!(start.b_pre, [0.0; 2]);
    }

    #[test]
    fn the_seed_decides() {
        let other = SaeParams { seed: 1, ..SaeParams::default() };
        let start = initial_parameters(&SaeParams::default(), &[0.0; 4]);
        assert_eq!(start, initial_parameters(&SaeParams::default(), &[0.0; 4]));
        assert_ne!(start.decoder, initial_parameters(&other, &[0.0; 4]).decoder);
    }
}
