//! What a training run remembers between two steps, in one layout for every device.
//!
//! Encoder and decoder are both `[n_features, d_in]`, so that a feature is a contiguous row in each. Parameters a
//! variant does not have are empty.

use super::adam::Moments;
use crate::sae::Variant;

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

impl<T> ByParameter<T> {
    /// From values in the order of the fields.
    pub(crate) fn from_array(values: [T; 8]) -> Self {
        let [encoder, b_enc, decoder, b_dec, b_pre, log_threshold, r_mag, b_mag] = values;
        Self { encoder, b_enc, decoder, b_dec, b_pre, log_threshold, r_mag, b_mag }
    }

    /// The values in the order of the fields.
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
    fn parameters_a_variant_lacks_are_empty() {
        let sizes = Sizes { d_in: 3, n_features: 7 };
        let gated = ByParameter::sizes(Variant::Gated { l1: 1.0 }, sizes);
        assert_eq!((gated.b_mag, gated.r_mag, gated.b_pre, gated.log_threshold), (7, 7, 0, 0));
        let share = ByParameter::sizes(Variant::TopKShare { percent: 5.0 }, sizes);
        assert_eq!((share.b_pre, share.b_mag, share.encoder), (3, 0, 21));
    }
}
