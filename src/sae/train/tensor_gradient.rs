//! Loss and gradients of a batch in Burn operations, by the formulas of [`super`]; see `cpu::gradient` for the same
//! on active features alone.

use burn::tensor::activation::relu;
use burn::tensor::{Bool, Tensor};

use super::config::{StepConfig, StepRates};
use super::state::ByParameter;
use super::top_mask::top_mask;
use crate::sae::{L0Penalty, Variant};

/// Parameters on the device.
pub(super) type Values = ByParameter<Option<Tensor<2>>>;

/// What a batch's forward pass leaves behind.
#[derive(Debug)]
pub(super) struct Forward {
    variant: Variant,
    rates: StepRates,
    /// Sizes of the nested dictionaries.
    prefixes: Vec<usize>,
    /// Dead features explain with at most so many.
    k_aux: usize,
    parameters: Present,
    x: Tensor<2>,
    read: Tensor<2>,
    /// Pre-activations without bias in gated, with it elsewhere.
    pre: Tensor<2>,
    z: Tensor<2>,
    /// Where z is above 0.
    active: Tensor<2, Bool>,
    /// Features that are dead, `[1, n_features]`.
    dead: Tensor<2, Bool>,
}

/// The parameters every variant has, and those of a few.
#[derive(Debug)]
struct Present {
    encoder: Tensor<2>,
    b_enc: Tensor<2>,
    decoder: Tensor<2>,
    b_dec: Tensor<2>,
    /// log θ, or r_mag and b_mag.
    log_threshold: Option<Tensor<2>>,
    magnitude: Option<(Tensor<2>, Tensor<2>)>,
}

/// A batch's loss `[1]` and its gradients.
#[derive(Debug)]
pub(super) struct BatchGradient {
    pub(super) loss: Tensor<1>,
    pub(super) by: Values,
}

/// Gradients by decoder and activations of one reconstruction.
struct Decoded {
    loss: Tensor<1>,
    by_decoder: Tensor<2>,
    by_z: Tensor<2>,
    by_bias: Tensor<2>,
}

impl Forward {
    /// # Panics
    /// If one of the four parameters every variant has is missing.
    #[expect(clippy::expect_used, reason = "every variant has them")]
    pub(super) fn new(
        config: &StepConfig,
        rates: StepRates,
        values: Values,
        x: Tensor<2>,
        dead: Tensor<2, Bool>,
    ) -> Self {
        const PRESENT: &str = "every variant has encoder, decoder and their biases";
        let variant = config.variant;
        let magnitude = values.r_mag.zip(values.b_mag);
        let parameters = Present {
            encoder: values.encoder.expect(PRESENT),
            b_enc: values.b_enc.expect(PRESENT),
            decoder: values.decoder.expect(PRESENT),
            b_dec: values.b_dec.expect(PRESENT),
            log_threshold: values.log_threshold,
            magnitude,
        };
        let read = match values.b_pre {
            Some(bias) => x.clone() + bias,
            None if variant.reads_decoder_bias() => x.clone() - parameters.b_dec.clone(),
            None => x.clone(),
        };
        let u = read.clone().matmul(parameters.encoder.clone().transpose());
        let is_gated = parameters.magnitude.is_some();
        let pre = if is_gated { u } else { u + parameters.b_enc.clone() };
        let (z, active) = activate(variant, &parameters, &pre, rates.k);
        Self {
            variant,
            rates,
            prefixes: variant.prefixes(config.sizes.n_features),
            k_aux: (config.sizes.d_in / 2).max(1),
            parameters,
            x,
            read,
            pre,
            z,
            active,
            dead,
        }
    }

    /// Picks activations as the finished autoencoder will, by `threshold`, `[1, 1]`, where the variant picks over the
    /// batch, and with its final k.
    pub(super) fn finish_selection(&mut self, threshold: Tensor<2>, config: &StepConfig) {
        let k = self.variant.k(config.sizes.n_features).unwrap_or(0);
        (self.z, self.active) = if self.variant.is_over_the_batch() {
            keep(&self.pre, self.pre.clone().greater(threshold.clamp_min(0.0).expand(self.pre.dims())))
        } else {
            activate(self.variant, &self.parameters, &self.pre, k)
        };
    }

    /// Σ (x̂ − x)², `[1]`.
    pub(super) fn squared_error(&self) -> Tensor<1> {
        let error = self.difference(self.prefixes[self.prefixes.len() - 1]);
        (error.clone() * error).sum()
    }

    /// Number of z above 0, `[1]`.
    pub(super) fn n_active(&self) -> Tensor<1> {
        self.active.clone().float().sum()
    }

    /// Features active in any cell, `[1, n_features]`.
    pub(super) fn fired(&self) -> Tensor<2, Bool> {
        self.active.clone().float().max_dim(0).greater_elem(0.0)
    }

    /// The smallest activation, `[1, 1]`; the largest f32 without any.
    pub(super) fn smallest(&self) -> Tensor<2> {
        self.z.clone().mask_fill(self.active.clone().bool_not(), f32::MAX).min().unsqueeze()
    }

    /// x̂ − x by the first `prefix` features.
    fn difference(&self, prefix: usize) -> Tensor<2> {
        let Present { decoder, b_dec, .. } = &self.parameters;
        let n_cells = self.z.dims()[0];
        let (z, rows) = if prefix == self.z.dims()[1] {
            (self.z.clone(), decoder.clone())
        } else {
            (self.z.clone().slice([0..n_cells, 0..prefix]), decoder.clone().slice([0..prefix, 0..decoder.dims()[1]]))
        };
        z.matmul(rows) + b_dec.clone() - self.x.clone()
    }

    /// Loss and gradients of the batch.
    pub(super) fn gradient(&self) -> BatchGradient {
        let Decoded { mut loss, mut by_decoder, mut by_z, mut by_bias } = self.decoded();
        let by_log_threshold = self.parameters.log_threshold.as_ref().map(|log| {
            let (penalty, by_log) = self.by_threshold(log, &by_z);
            loss = loss.clone() + penalty;
            by_log
        });
        if let Some((penalty, by_norm)) = self.activation_penalty(&mut by_z) {
            loss = loss + penalty;
            by_decoder = by_norm.map_or_else(|| by_decoder.clone(), |by_norm| by_decoder.clone() + by_norm);
        }
        let masked = by_z.mask_fill(self.active.clone().bool_not(), 0.0);
        let mut by = Values::default();
        let (du, by_b_enc) = if let Some((r_mag, b_mag)) = &self.parameters.magnitude {
            let gate = self.gated(&masked, r_mag, b_mag);
            loss = loss + gate.loss;
            (by.r_mag, by.b_mag) = (Some(gate.by_r_mag), Some(gate.by_b_mag));
            (gate.by_u, gate.by_bias)
        } else {
            let mut da = masked;
            if self.variant.aux() > 0.0 {
                let revived = self.revived();
                loss = loss + revived.loss;
                by_decoder = by_decoder + revived.by_decoder;
                da = da + revived.by_z;
            }
            let by_bias = da.clone().sum_dim(0);
            (da, by_bias)
        };
        let through_input = du.clone().sum_dim(0).matmul(self.parameters.encoder.clone());
        if self.variant.has_input_bias() {
            by.b_pre = Some(through_input);
        } else if self.variant.reads_decoder_bias() {
            by_bias = by_bias - through_input;
        }
        by.encoder = Some(du.transpose().matmul(self.read.clone()));
        (by.b_enc, by.decoder, by.b_dec) = (Some(by_b_enc), Some(by_decoder), Some(by_bias));
        by.log_threshold = by_log_threshold;
        BatchGradient { loss, by }
    }

    /// The reconstructions of all nested dictionaries.
    fn decoded(&self) -> Decoded {
        let scale = self.rates.scales.error as f32;
        let errors: Vec<Tensor<2>> = self.prefixes.iter().map(|&prefix| self.difference(prefix)).collect();
        let squared = errors.iter().map(|error| (error.clone() * error.clone()).sum());
        let loss = Tensor::cat(squared.collect(), 0).sum() * scale;
        // A feature of a small dictionary takes part in the larger ones, too.
        let mut by_error: Vec<Tensor<2>> = errors.into_iter().map(|error| error * (2.0 * scale)).collect();
        for at in (1..by_error.len()).rev() {
            by_error[at - 1] = by_error[at - 1].clone() + by_error[at].clone();
        }
        let starts = std::iter::once(0).chain(self.prefixes.iter().copied());
        let groups = starts.zip(self.prefixes.iter().copied()).zip(&by_error).filter(|((start, end), _)| start < end);
        let (mut by_decoder, mut by_z) = (Vec::new(), Vec::new());
        for ((start, end), error) in groups {
            let z = self.z.clone().slice([0..self.z.dims()[0], start..end]);
            let rows = self.parameters.decoder.clone().slice([start..end, 0..self.x.dims()[1]]);
            by_decoder.push(z.transpose().matmul(error.clone()));
            by_z.push(error.clone().matmul(rows.transpose()));
        }
        let by_bias = by_error[0].clone().sum_dim(0);
        Decoded { loss, by_decoder: Tensor::cat(by_decoder, 0), by_z: Tensor::cat(by_z, 1), by_bias }
    }

    /// The penalty on activations, `[1]`, and what it adds to the decoder's gradient; adds to `by_z`.
    fn activation_penalty(&self, by_z: &mut Tensor<2>) -> Option<(Tensor<1>, Option<Tensor<2>>)> {
        let scale = self.rates.scales.penalty as f32;
        match self.variant {
            Variant::Vanilla { .. } | Variant::Bricken { .. } => {
                *by_z = by_z.clone() + scale;
                Some((self.z.clone().sum() * scale, None))
            }
            Variant::ReluL1 { .. } => {
                let decoder = self.parameters.decoder.clone();
                let norms = (decoder.clone() * decoder.clone()).sum_dim(1).sqrt();
                *by_z = by_z.clone() + norms.clone().transpose() * scale;
                let totals = self.z.clone().sum_dim(0).transpose();
                let loss = (totals.clone() * norms.clone()).sum() * scale;
                Some((loss, Some(decoder * (totals / norms * scale))))
            }
            _ => None,
        }
    }

    /// jumprelu: the penalty, `[1]`, and the gradient by log θ.
    fn by_threshold(&self, log_threshold: &Tensor<2>, by_z: &Tensor<2>) -> (Tensor<1>, Tensor<2>) {
        let Variant::JumpRelu { bandwidth, penalty, .. } = self.variant else {
            return (self.n_active() * 0.0, log_threshold.zeros_like());
        };
        let (per_cell, warmth) = (self.rates.scales.per_cell as f32, self.rates.warmth as f32);
        let l0 = self.n_active() * per_cell;
        let (loss, by_l0) = match penalty {
            L0Penalty::Step { weight } => {
                let weight = weight as f32 * warmth;
                (l0.clone() * weight, l0 * 0.0 + weight)
            }
            L0Penalty::Target { l0: target, weight } => {
                let (off, weight) = (l0 * (1.0 / target as f32) - 1.0, weight as f32 * warmth);
                (off.clone() * off.clone() * weight, off * (2.0 * weight / target as f32))
            }
        };
        let theta = log_threshold.clone().exp();
        let near = ((self.pre.clone() - theta.clone()) / bandwidth as f32).abs().lower_elem(0.5);
        let by_count: Tensor<2> = (by_l0 * per_cell).unsqueeze();
        let by_theta = (by_z.clone() * theta.clone() + by_count) * (-1.0 / bandwidth as f32);
        (loss, by_theta.mask_fill(near.bool_not(), 0.0).sum_dim(0) * theta)
    }

    /// What dead features make of the error that is left.
    fn revived(&self) -> Decoded {
        let weight = self.variant.aux() as f32;
        let rectified = relu(self.pre.clone());
        let dead = self.dead.clone().expand(rectified.dims());
        let (z, kept) = keep(&rectified, top_mask(&rectified.clone().mask_fill(dead.bool_not(), 0.0), self.k_aux));
        let left = -self.difference(self.z.dims()[1]);
        let off = left.clone() - left.clone().mean_dim(0);
        let variation: Tensor<2> = (off.clone() * off).sum().unsqueeze();
        let counts = self.dead.clone().float().max().unsqueeze::<2>() * variation.clone().greater_elem(0.0).float();
        let scale = counts / variation.clamp_min(f32::MIN_POSITIVE) * weight;
        let error = z.clone().matmul(self.parameters.decoder.clone()) - left;
        let loss = (error.clone() * error.clone()).sum() * scale.clone().reshape([1]);
        let error = error * (scale * 2.0);
        let by_z = error.clone().matmul(self.parameters.decoder.clone().transpose()).mask_fill(kept.bool_not(), 0.0);
        Decoded { loss, by_decoder: z.transpose().matmul(error.clone()), by_z, by_bias: error.sum_dim(0) }
    }

    /// gated: gradients by the encoder's product and by what is the variant's own, from those by active magnitudes.
    fn gated(&self, by_magnitude: &Tensor<2>, r_mag: &Tensor<2>, b_mag: &Tensor<2>) -> Gated {
        let Present { decoder, b_dec, b_enc, .. } = &self.parameters;
        let (scale, penalty) = (self.rates.scales.error as f32, self.rates.scales.penalty as f32);
        let gain = r_mag.clone().exp();
        let gate = relu(self.pre.clone() + b_enc.clone());
        let error = gate.clone().matmul(decoder.clone()) + b_dec.clone() - self.x.clone();
        let loss = (error.clone() * error.clone()).sum() * scale + gate.clone().sum() * penalty;
        let by_gate = (error * (2.0 * scale)).matmul(decoder.clone().transpose()) + penalty;
        let by_gate = by_gate.mask_fill(gate.lower_equal_elem(0.0), 0.0);
        Gated {
            loss,
            by_u: by_magnitude.clone() * gain + by_gate.clone(),
            by_bias: by_gate.sum_dim(0),
            by_r_mag: (by_magnitude.clone() * (self.z.clone() - b_mag.clone())).sum_dim(0),
            by_b_mag: by_magnitude.clone().sum_dim(0),
        }
    }
}

struct Gated {
    loss: Tensor<1>,
    by_u: Tensor<2>,
    by_bias: Tensor<2>,
    by_r_mag: Tensor<2>,
    by_b_mag: Tensor<2>,
}

/// Activations and where they are above 0.
fn activate(variant: Variant, parameters: &Present, pre: &Tensor<2>, k: usize) -> (Tensor<2>, Tensor<2, Bool>) {
    if let Some((r_mag, b_mag)) = &parameters.magnitude {
        let magnitude = pre.clone() * r_mag.clone().exp() + b_mag.clone();
        let open = (pre.clone() + parameters.b_enc.clone()).greater_elem(0.0);
        return keep(&magnitude, open.bool_and(magnitude.clone().greater_elem(0.0)));
    }
    if let Some(log_threshold) = &parameters.log_threshold {
        return keep(pre, pre.clone().greater(log_threshold.clone().exp().expand(pre.dims())));
    }
    let rectified = relu(pre.clone());
    let [n_cells, n_features] = pre.dims();
    let mask = match variant {
        Variant::TopK { .. } | Variant::TopKShare { .. } => top_mask(&rectified, k),
        Variant::BatchTopK { .. } | Variant::Matryoshka { .. } => {
            let all = rectified.clone().reshape([1, n_cells * n_features]);
            top_mask(&all, k * n_cells).reshape([n_cells, n_features])
        }
        _ => rectified.clone().greater_elem(0.0),
    };
    keep(&rectified, mask)
}

fn keep(values: &Tensor<2>, mask: Tensor<2, Bool>) -> (Tensor<2>, Tensor<2, Bool>) {
    (values.clone().mask_fill(mask.clone().bool_not(), 0.0), mask)
}
