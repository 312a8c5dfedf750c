//! What a training run remembers between two steps, in one layout for every device.
//!
//! Encoder and decoder are both `[n_features, d_in]`, so that a feature is a contiguous row in each. Parameters a
//! variant does not have are empty.

use std::ops::Range;

use super::adam::Moments;
use crate::data::DenseMatrix;
use crate::sae::{Architecture, SaeError, SaeWeights, Variant};

/// Sizes of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Sizes {
    pub(crate) d_in: usize,
    pub(crate) n_features: usize,
}

/// One value of a kind for each of the parameters.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct ByParameter<T> {
    /// Of the encoder, `[n_features, d_in]`.
    pub(crate) encoder: T,
    /// Of the encoder's bias (the gate's in gated), `[n_features]`.
    pub(crate) b_enc: T,
    /// Of the decoder, `[n_features, d_in]`.
    pub(crate) decoder: T,
    /// Of the decoder's bias, `[d_in]`.
    pub(crate) b_dec: T,
    /// Of the bias added to the input, `[d_in]` (bricken, topk by share).
    pub(crate) b_pre: T,
    /// Of log θ, `[n_features]` (jumprelu).
    pub(crate) log_threshold: T,
    /// Of the logarithm of the magnitude's gain, `[n_features]` (gated).
    pub(crate) r_mag: T,
    /// Of the magnitude's bias, `[n_features]` (gated).
    pub(crate) b_mag: T,
}

/// The parameters' names, in the order of their fields.
pub(crate) const NAMES: [&str; 8] =
    ["encoder", "b_enc", "decoder", "b_dec", "b_pre", "log_threshold", "r_mag", "b_mag"];

/// Whether a parameter belongs to no feature.
const IS_SHARED: ByParameter<bool> = ByParameter {
    encoder: false,
    b_enc: false,
    decoder: false,
    b_dec: true,
    b_pre: true,
    log_threshold: false,
    r_mag: false,
    b_mag: false,
};

impl<T> ByParameter<T> {
    /// From values in the order of [`NAMES`].
    pub(crate) fn from_array(values: [T; 8]) -> Self {
        let [encoder, b_enc, decoder, b_dec, b_pre, log_threshold, r_mag, b_mag] = values;
        Self { encoder, b_enc, decoder, b_dec, b_pre, log_threshold, r_mag, b_mag }
    }

    /// The values in the order of [`NAMES`].
    pub(crate) fn into_array(self) -> [T; 8] {
        let Self { encoder, b_enc, decoder, b_dec, b_pre, log_threshold, r_mag, b_mag } = self;
        [encoder, b_enc, decoder, b_dec, b_pre, log_threshold, r_mag, b_mag]
    }

    pub(crate) fn zip<U>(self, other: ByParameter<U>) -> ByParameter<(T, U)> {
        let Self { encoder, b_enc, decoder, b_dec, b_pre, log_threshold, r_mag, b_mag } = self;
        ByParameter {
            encoder: (encoder, other.encoder),
            b_enc: (b_enc, other.b_enc),
            decoder: (decoder, other.decoder),
            b_dec: (b_dec, other.b_dec),
            b_pre: (b_pre, other.b_pre),
            log_threshold: (log_threshold, other.log_threshold),
            r_mag: (r_mag, other.r_mag),
            b_mag: (b_mag, other.b_mag),
        }
    }

    pub(crate) fn map<U>(self, f: impl FnMut(T) -> U) -> ByParameter<U> {
        ByParameter::from_array(self.into_array().map(f))
    }

    pub(crate) fn as_ref(&self) -> ByParameter<&T> {
        let Self { encoder, b_enc, decoder, b_dec, b_pre, log_threshold, r_mag, b_mag } = self;
        ByParameter { encoder, b_enc, decoder, b_dec, b_pre, log_threshold, r_mag, b_mag }
    }

    pub(crate) fn as_mut(&mut self) -> ByParameter<&mut T> {
        let Self { encoder, b_enc, decoder, b_dec, b_pre, log_threshold, r_mag, b_mag } = self;
        ByParameter { encoder, b_enc, decoder, b_dec, b_pre, log_threshold, r_mag, b_mag }
    }
}

impl ByParameter<usize> {
    /// Values of every parameter of a variant, 0 for those it does not have.
    pub(crate) fn sizes(variant: Variant, sizes: Sizes) -> Self {
        let Sizes { d_in, n_features } = sizes;
        let only = |is_there: bool, n: usize| if is_there { n } else { 0 };
        let is_gated = matches!(variant, Variant::Gated { .. });
        Self {
            encoder: n_features * d_in,
            b_enc: n_features,
            decoder: n_features * d_in,
            b_dec: d_in,
            b_pre: only(variant.has_input_bias(), d_in),
            log_threshold: only(matches!(variant, Variant::JumpRelu { .. }), n_features),
            r_mag: only(is_gated, n_features),
            b_mag: only(is_gated, n_features),
        }
    }
}

/// A training run between two steps.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct TrainState {
    /// Steps done.
    pub(crate) step: usize,
    pub(crate) parameters: ByParameter<Vec<f32>>,
    pub(crate) moments: ByParameter<Moments>,
    /// Steps since every feature fired last, `[n_features]`; since the start for those that never did.
    pub(crate) since_fired: Vec<u32>,
    /// Mean of the smallest activation kept in a batch, where features are picked over the batch; `None` before any.
    pub(crate) batch_threshold: Option<f32>,
}

impl TrainState {
    /// A run before its first step.
    pub(crate) fn start(parameters: ByParameter<Vec<f32>>) -> Self {
        let moments = parameters.as_ref().map(|values| Moments::zeros(values.len()));
        let since_fired = vec![0; parameters.b_enc.len()];
        Self { step: 0, parameters, moments, since_fired, batch_threshold: None }
    }

    /// The part of the features `range` of `n_features`, and what belongs to no feature.
    pub(crate) fn of_features(&self, range: Range<usize>, n_features: usize) -> Self {
        let of = |values: &[f32], is_shared: bool| {
            let n = values.len() / n_features;
            let own = if is_shared { values } else { &values[range.start * n..range.end * n] };
            own.to_vec()
        };
        let parameters = self.parameters.as_ref().zip(IS_SHARED).map(|(values, is_shared)| of(values, is_shared));
        let moments = self.moments.as_ref().zip(IS_SHARED).map(|(moments, is_shared)| Moments {
            first: of(&moments.first, is_shared),
            second: of(&moments.second, is_shared),
        });
        let since_fired = self.since_fired[range.clone()].to_vec();
        Self { step: self.step, parameters, moments, since_fired, batch_threshold: self.batch_threshold }
    }

    /// The whole from the parts of all features, in their order; `None` from none.
    pub(crate) fn joined(parts: impl IntoIterator<Item = Self>) -> Option<Self> {
        let join = |mut whole: Self, part: Self| {
            let values = whole.parameters.as_mut().zip(part.parameters.as_ref()).zip(IS_SHARED).into_array();
            let moments = whole.moments.as_mut().zip(part.moments.as_ref()).zip(IS_SHARED).into_array();
            for ((values, more), _) in values.into_iter().filter(|(_, is_shared)| !is_shared) {
                values.extend_from_slice(more);
            }
            for ((moments, more), _) in moments.into_iter().filter(|(_, is_shared)| !is_shared) {
                moments.first.extend_from_slice(&more.first);
                moments.second.extend_from_slice(&more.second);
            }
            whole.since_fired.extend_from_slice(&part.since_fired);
            whole
        };
        parts.into_iter().reduce(join)
    }

    /// The autoencoder as it stands, on inputs as training sees them: how it activates, its weights, and whether b_dec
    /// is taken off the input.
    ///
    /// # Errors
    /// [`SaeError`] where sizes disagree.
    pub(crate) fn into_weights(
        self,
        variant: Variant,
        sizes: Sizes,
    ) -> Result<(Architecture, SaeWeights, bool), SaeError> {
        let Sizes { d_in, n_features } = sizes;
        let values = self.parameters;
        let (encoder, b_enc) = match variant {
            Variant::Gated { .. } => magnitude(values.encoder, &values.r_mag, values.b_mag.clone()),
            _ => (values.encoder, values.b_enc.clone()),
        };
        let threshold = match variant {
            Variant::BatchTopK { .. } | Variant::Matryoshka { .. } => {
                Some(vec![self.batch_threshold.unwrap_or(0.0); n_features])
            }
            Variant::JumpRelu { .. } => Some(values.log_threshold.iter().map(|log| libm::expf(*log)).collect()),
            Variant::Gated { .. } => Some(gate(&values.b_enc, &values.r_mag, &values.b_mag)),
            _ => None,
        };
        let architecture = match (&threshold, variant.k(n_features)) {
            (Some(_), _) => Architecture::JumpRelu,
            (None, Some(k)) => Architecture::TopK { k },
            (None, None) => Architecture::Standard,
        };
        let mut weights = SaeWeights {
            w_enc: DenseMatrix::new(n_features, d_in, encoder)?.transposed(),
            b_enc,
            w_dec: DenseMatrix::new(n_features, d_in, values.decoder)?,
            b_dec: values.b_dec,
            threshold,
        };
        let input_bias: Vec<f64> = values.b_pre.iter().map(|&bias| -f64::from(bias)).collect();
        weights.take_off_input(&input_bias);
        Ok((architecture, weights, variant.reads_decoder_bias()))
    }
}

/// Gated as JumpReLU: the encoder of the magnitude, W·exp(r), and its bias.
fn magnitude(mut encoder: Vec<f32>, r_mag: &[f32], b_mag: Vec<f32>) -> (Vec<f32>, Vec<f32>) {
    let d_in = encoder.len() / r_mag.len().max(1);
    for (row, r) in encoder.chunks_exact_mut(d_in.max(1)).zip(r_mag) {
        let gain = libm::expf(*r);
        for weight in row.iter_mut() {
            *weight *= gain;
        }
    }
    (encoder, b_mag)
}

/// The threshold at which the gate opens, in terms of the magnitude: b_mag − b_gate·exp(r).
fn gate(b_gate: &[f32], r_mag: &[f32], b_mag: &[f32]) -> Vec<f32> {
    let of = |((gate, r), mag): ((&f32, &f32), &f32)| {
        (f64::from(*mag) - f64::from(*gate) * f64::from(libm::expf(*r))) as f32
    };
    b_gate.iter().zip(r_mag).zip(b_mag).map(of).collect()
}

/// Features that fired within the window, which is shorter before so many steps were made.
pub(crate) fn n_alive(since_fired: &[u32], step: usize, window: usize) -> usize {
    since_fired.iter().filter(|&&since| (since as usize) < window.min(step)).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_feature_is_alive_if_it_fired_within_the_window() {
        assert_eq!(n_alive(&[0, 1, 5, 20], 30, 20), 3);
        assert_eq!(n_alive(&[0, 1, 5, 20], 30, 2), 2);
        assert_eq!(n_alive(&[3, 3, 0], 3, 20), 1);
    }

    #[test]
    fn names_follow_the_fields() {
        let names = ByParameter::from_array(NAMES);
        assert_eq!((names.b_pre, names.b_mag, names.decoder), ("b_pre", "b_mag", "decoder"));
    }

    #[test]
    fn parameters_a_variant_lacks_are_empty() {
        let sizes = Sizes { d_in: 3, n_features: 7 };
        let gated = ByParameter::sizes(Variant::Gated { l1: 1.0 }, sizes);
        assert_eq!((gated.b_mag, gated.r_mag, gated.b_pre, gated.log_threshold), (7, 7, 0, 0));
        let share = ByParameter::sizes(Variant::TopKShare { percent: 5.0 }, sizes);
        assert_eq!((share.b_pre, share.b_mag, share.encoder), (3, 0, 21));
    }
}
