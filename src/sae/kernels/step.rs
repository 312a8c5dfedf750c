//! A whole step of a topk autoencoder out of these kernels; all it needs stays on the device.
//!
//! a = (x − b_dec)W_enc + b_enc, z = the k largest of relu(a) of a cell, or k·B of the batch, x̂ = zW_dec + b_dec, loss
//! ∝ Σe². In order: gradients, the
//! part along each decoder row taken out, clipping by the norm over all parameters, Adam, decoder rows back to norm 1.

use burn::tensor::{Device, Int, Tensor};

use super::{
    BatchThreshold, KernelError, Moving, RowRule, Traces, adam, batch_top_k, by_feature, decode, finish, gather,
    matmul_transposed, top_k,
};

use crate::sae::train::AdamStep;

/// What a step does besides.
#[derive(Clone, Copy, Debug)]
pub(crate) struct StepRules {
    /// Active features a cell, or on average over the batch where there is a threshold.
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
    pub(crate) rules: StepRules,
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
    /// Where features are picked over the batch.
    pub(crate) threshold: Option<BatchThreshold>,
    /// Steps done.
    pub(crate) n_steps: usize,
}

impl TopKStep {
    /// One step on the rows of `cells`, `[n_cells, d_in]`, at `positions`, `[1, batch]`.
    ///
    /// # Errors
    /// [`KernelError`] if a device without our kernels can't be read.
    pub(crate) fn step(
        &mut self,
        cells: &Tensor<2>,
        positions: &Tensor<2, Int>,
        learning_rate: f64,
    ) -> Result<(), KernelError> {
        let StepRules { k, error_scale, has_unit_decoder, clip } = self.rules;
        let scale = error_scale / positions.dims()[1] as f64;
        let rule = if has_unit_decoder { RowRule::Tangent } else { RowRule::Free };
        let (encoder, decoder) = (&self.encoder.value, &self.decoder.value);

        let shifted = gather(cells, positions, &self.b_dec.value)?;
        let product = matmul_transposed(&shifted, encoder);
        let active = match &mut self.threshold {
            None => top_k(&product, &self.b_enc.value, k)?,
            Some(threshold) => {
                let picked = batch_top_k(&product, &self.b_enc.value, k * positions.dims()[1])?;
                threshold.follow(&picked.edge)?;
                picked.active
            }
        };
        let decoded = decode(&active, decoder, &shifted, scale)?;
        let for_decoder = by_feature(&active, &active.values, &decoded.error, decoder, rule)?;
        let for_encoder = by_feature(&active, &decoded.gradient, &shifted, encoder, RowRule::Free)?;
        let finished = finish(&decoded, &for_decoder, &for_encoder, encoder, clip, &mut self.traces)?;

        self.n_steps += 1;
        let scalars = AdamStep::at(learning_rate, self.n_steps);
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
