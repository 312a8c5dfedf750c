//! A run that starts as sparse as training would make it, for benches: what a step costs depends on how many features
//! are active.

use std::sync::Arc;

use burn::tensor::Device;

use super::initial::initial_parameters;
use super::state::TrainState;
use super::trainer::{TrainError, Trainer};
use crate::data::DenseMatrix;
use crate::sae::SaeParams;
use crate::sae::inputs::InputMap;

impl Trainer {
    /// As [`Self::new`] on inputs as they are, with every bias of the encoder moved to where its feature is active in
    /// `share` of the cells.
    ///
    /// # Errors
    /// As [`Self::new`].
    pub(crate) fn thinned(
        params: SaeParams,
        inputs: Arc<DenseMatrix>,
        share: f64,
        device: &Device,
    ) -> Result<Self, TrainError> {
        params.check(inputs.n_rows(), inputs.n_cols())?;
        let mut start = initial_parameters(&params, &vec![0.0; inputs.n_cols()]);
        let off = ((1.0 - share) * inputs.n_rows() as f64) as usize;
        for (row, bias) in start.encoder.chunks_exact(inputs.n_cols()).zip(&mut start.b_enc) {
            let product = |cell: usize| inputs.row(cell).iter().zip(row).map(|(x, weight)| x * weight).sum::<f32>();
            let mut products: Vec<f32> = (0..inputs.n_rows()).map(product).collect();
            products.sort_unstable_by(f32::total_cmp);
            *bias = -products[off.clamp(1, inputs.n_rows() - 1) - 1];
        }
        let map = InputMap::fit(&inputs, false, params.scaling)?;
        let held_out = vec![false; inputs.n_rows()];
        let seen = (*inputs).clone();
        Ok(Self::with_state((params, inputs), (seen, map), held_out, device, TrainState::start(start)))
    }
}
