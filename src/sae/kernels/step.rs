//! A whole step of a topk autoencoder out of these kernels; all it needs stays on the device.
//!
//! a = (x − b_dec)W_enc + b_enc, z = the k largest of relu(a), x̂ = zW_dec + b_dec, loss ∝ Σe². In order: gradients, the
//! part along each decoder row taken out, clipping by the norm over all parameters, Adam, decoder rows back to norm 1.

use burn::tensor::{Device, Int, Tensor};

use super::{
    AdamScalars, KernelError, Moving, Resident, RowRule, Traces, adam, by_feature, decode, finish, matmul_transposed,
    top_k,
};

/// What a step does besides.
#[derive(Clone, Copy, Debug)]
pub(crate) struct StepRules {
    /// Active features a cell.
    pub(crate) k: usize,
    /// The gradient of the loss by e is this times e over the batch: 2 for Σe²/B, 2/d for Σe²/(B·d).
    pub(crate) error_scale: f64,
    /// Decoder rows have norm 1 and stay so.
    pub(crate) has_unit_decoder: bool,
    /// The largest norm of the gradient, if any.
    pub(crate) clip: Option<f64>,
}

/// A topk autoencoder being trained.
#[derive(Clone, Debug)]
pub(crate) struct TopKStep {
    rules: StepRules,
    /// `[n_features, d_in]`, W_encᵀ.
    pub(crate) encoder: Moving,
    /// `[1, n_features]`.
    pub(crate) b_enc: Moving,
    /// `[n_features, d_in]`.
    pub(crate) decoder: Moving,
    /// `[1, d_in]`.
    pub(crate) b_dec: Moving,
    /// The sums over the batches so far, and who fired.
    pub(crate) traces: Traces,
    n_steps: usize,
}

impl TopKStep {
    /// A run before its first step.
    ///
    /// # Shapes
    /// `encoder` and `decoder` are `[n_features, d_in]`, `b_enc` `[1, n_features]`, `b_dec` `[1, d_in]`.
    ///
    /// # Panics
    /// If shapes disagree.
    pub(crate) fn new(
        rules: StepRules,
        encoder: Tensor<2>,
        b_enc: Tensor<2>,
        decoder: Tensor<2>,
        b_dec: Tensor<2>,
    ) -> Self {
        let [n_features, d] = encoder.dims();
        let shapes = (decoder.dims(), b_enc.dims(), b_dec.dims());
        assert_eq!(shapes, ([n_features, d], [1, n_features], [1, d]), "one shape for all parameters");
        let traces = Traces::none(n_features, &encoder.device());
        let [encoder, b_enc, decoder, b_dec] = [encoder, b_enc, decoder, b_dec].map(Moving::start);
        Self { rules, encoder, b_enc, decoder, b_dec, traces, n_steps: 0 }
    }

    /// One step on the cells at `positions`, `[1, batch]`.
    ///
    /// # Errors
    /// [`KernelError`] if a device without our kernels can't be read.
    pub(crate) fn step(
        &mut self,
        inputs: &Resident,
        positions: &Tensor<2, Int>,
        learning_rate: f64,
    ) -> Result<(), KernelError> {
        let StepRules { k, error_scale, has_unit_decoder, clip } = self.rules;
        let scale = error_scale / positions.dims()[1] as f64;
        let rule = if has_unit_decoder { RowRule::Tangent } else { RowRule::Free };
        let (encoder, decoder) = (&self.encoder.value, &self.decoder.value);

        let shifted = inputs.gather(positions, &self.b_dec.value)?;
        let active = top_k(&matmul_transposed(&shifted, encoder), &self.b_enc.value, k)?;
        let decoded = decode(&active, decoder, &shifted, scale)?;
        let for_decoder = by_feature(&active, &active.values, &decoded.error, decoder, rule)?;
        let for_encoder = by_feature(&active, &decoded.gradient, &shifted, encoder, RowRule::Free)?;
        let finished = finish(&decoded, &for_decoder, &for_encoder, encoder, clip, &mut self.traces)?;

        self.n_steps += 1;
        let scalars = AdamScalars::at(learning_rate, self.n_steps);
        let clip = &finished.clip;
        adam(&mut self.encoder, &for_encoder.gradient, clip, scalars, false)?;
        adam(&mut self.decoder, &for_decoder.gradient, clip, scalars, has_unit_decoder)?;
        adam(&mut self.b_enc, &for_encoder.sums, clip, scalars, false)?;
        adam(&mut self.b_dec, &finished.b_dec, clip, scalars, false)
    }
}

impl Traces {
    /// Nothing seen yet.
    pub(crate) fn none(n_features: usize, device: &Device) -> Self {
        Self { tally: Tensor::zeros([1, 3], device), steps_since_fired: Tensor::zeros([1, n_features], device) }
    }
}
