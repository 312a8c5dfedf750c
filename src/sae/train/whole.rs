//! The state of a whole run: how it starts, how features are dealt out and joined again, and what it is in the end.

use std::ops::Range;

use super::adam::Moments;
use super::state::{ByParameter, Sizes, TrainState};
use crate::data::DenseMatrix;
use crate::sae::{Architecture, SaeError, SaeWeights, Variant};

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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_follow_the_fields() {
        let names = ByParameter::from_array(NAMES);
        assert_eq!((names.b_pre, names.b_mag, names.decoder), ("b_pre", "b_mag", "decoder"));
    }

    #[test]
    fn what_is_dealt_out_is_joined_again() {
        let sizes = ByParameter::sizes(Variant::Gated { l1: 1.0 }, Sizes { d_in: 3, n_features: 7 });
        let mut next = 0.0;
        let parameters = sizes.map(|n| {
            let values = (0..n).map(|at| next + at as f32).collect();
            next += 100.0;
            values
        });
        let mut state = TrainState::start(parameters);
        state.moments.decoder.second[5] = 2.5;
        state.since_fired = (0..7).collect();
        let parts = [0..2, 2..7].map(|range| state.of_features(range, 7));
        assert_eq!((parts[0].parameters.encoder.len(), parts[1].parameters.r_mag.len()), (6, 5));
        assert_eq!(parts[1].parameters.b_dec, state.parameters.b_dec);
        assert_eq!(TrainState::joined(parts), Some(state));
        assert_eq!(TrainState::joined([]), None);
    }
}
