//! The threshold of a batch's top-k: θ ← βθ + (1 − β)·(smallest activation kept), from the first one on.
//!
//! A batch that keeps nothing leaves θ as it is.

use burn::tensor::{Int, Tensor};

use super::host::{floats, ints, matrix};
use super::launch::Launch;
use super::{KernelError, Source};

pub(super) static THRESHOLD: Source = Source { name: "batch_threshold", text: include_str!("threshold.wgsl") };

/// θ, and how slowly it follows.
#[derive(Clone, Debug)]
pub(crate) struct BatchThreshold {
    /// Below 0 before any batch, `[1, 1]`.
    pub(crate) mean: Tensor<2>,
    /// β.
    pub(crate) decay: f64,
}

impl BatchThreshold {
    /// Takes a batch's edge, in place on a GPU: clones of the tensor share the change.
    ///
    /// # Errors
    /// [`KernelError`] if a device without our kernels can't be read.
    pub(super) fn follow(&mut self, edge: &Tensor<2, Int>) -> Result<(), KernelError> {
        let Some(launch) = Launch::near(&THRESHOLD, &self.mean) else { return self.on_host(edge) };
        launch.int(edge).float(&self.mean).real(self.decay).dispatch(1);
        Ok(())
    }

    fn on_host(&mut self, edge: &Tensor<2, Int>) -> Result<(), KernelError> {
        let (smallest, before) = (f32::from_bits(ints(edge)[2] as u32), floats(&self.mean)?[0]);
        let decay = self.decay as f32;
        let after = if before < 0.0 { smallest } else { decay * before + (1.0 - decay) * smallest };
        if smallest.is_finite() {
            self.mean = matrix(vec![after], 1, &self.mean.device());
        }
        Ok(())
    }
}
