//! All that a training run remembers, on the host: parameters, moments, which features fired.
//!
//! Encoder and decoder are both kept with one row per feature, `[n_features, d_in]`: the layout of PyTorch's
//! `Linear(d, h).weight` for the encoder, and the transpose of `Linear(h, d).weight` for the decoder.

use super::adam::Moments;
use crate::data::DenseMatrix;
use crate::sae::{SaeError, SaeWeights};

/// Sizes of a training run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Sizes {
    pub(crate) d_in: usize,
    pub(crate) n_features: usize,
}

/// One value of a kind for each of the four parameters.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct ByParameter<T> {
    /// Of the encoder, `[n_features, d_in]`.
    pub(crate) encoder: T,
    /// Of the encoder's bias, `[n_features]`.
    pub(crate) b_enc: T,
    /// Of the decoder, `[n_features, d_in]`.
    pub(crate) decoder: T,
    /// Of the decoder's bias, `[d_in]`.
    pub(crate) b_dec: T,
}

impl<T> ByParameter<T> {
    pub(crate) fn map<U>(self, mut f: impl FnMut(T) -> U) -> ByParameter<U> {
        ByParameter { encoder: f(self.encoder), b_enc: f(self.b_enc), decoder: f(self.decoder), b_dec: f(self.b_dec) }
    }

    pub(crate) fn as_ref(&self) -> ByParameter<&T> {
        ByParameter { encoder: &self.encoder, b_enc: &self.b_enc, decoder: &self.decoder, b_dec: &self.b_dec }
    }
}

impl ByParameter<Vec<f32>> {
    /// The parameters as weights, `[d_in, n_features]` and `[n_features, d_in]`.
    pub(crate) fn into_weights(self, sizes: Sizes) -> Result<SaeWeights, SaeError> {
        let Sizes { d_in, n_features } = sizes;
        Ok(SaeWeights {
            w_enc: DenseMatrix::new(n_features, d_in, self.encoder)?.transposed(),
            b_enc: self.b_enc,
            w_dec: DenseMatrix::new(n_features, d_in, self.decoder)?,
            b_dec: self.b_dec,
            threshold: None,
        })
    }
}

/// Which features fired.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Fired {
    /// In the epoch that runs.
    pub(crate) this_epoch: Vec<bool>,
    /// In the last whole epoch; empty before one is over.
    pub(crate) last_epoch: Vec<bool>,
}

impl Fired {
    pub(crate) fn none(n_features: usize) -> Self {
        Self { this_epoch: vec![false; n_features], last_epoch: Vec::new() }
    }

    /// The running epoch is over and becomes the last whole one.
    pub(crate) fn end_epoch(&mut self) {
        let n_features = self.this_epoch.len();
        self.last_epoch = std::mem::replace(&mut self.this_epoch, vec![false; n_features]);
    }

    /// Features that fired in the last whole epoch, before one is over since the start.
    pub(crate) fn n_alive(&self) -> f64 {
        let window = if self.last_epoch.is_empty() { &self.this_epoch } else { &self.last_epoch };
        window.iter().filter(|fired| **fired).count() as f64
    }
}

/// A training run between two steps.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct TrainState {
    /// Steps done.
    pub(crate) step: usize,
    pub(crate) parameters: ByParameter<Vec<f32>>,
    pub(crate) moments: ByParameter<Moments>,
    pub(crate) fired: Fired,
}

impl TrainState {
    /// A run before its first step.
    pub(crate) fn start(parameters: ByParameter<Vec<f32>>) -> Self {
        let moments = parameters.as_ref().map(|values| Moments::zeros(values.len()));
        let fired = Fired::none(parameters.b_enc.len());
        Self { step: 0, parameters, moments, fired }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_dead_window_is_the_last_whole_epoch_once_there_is_one() {
        let mut fired = Fired::none(3);
        fired.this_epoch = vec![true, false, false];
        approx::assert_relative_eq!(fired.n_alive(), 1.0);
        fired.this_epoch[1] = true;
        fired.end_epoch();
        approx::assert_relative_eq!(fired.n_alive(), 2.0);
        assert!(!fired.this_epoch.contains(&true));
        fired.end_epoch();
        approx::assert_relative_eq!(fired.n_alive(), 0.0);
    }
}
