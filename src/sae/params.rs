//! What a training run is asked to do, and what it reports.

use serde::{Deserialize, Serialize};

/// Which sparse autoencoder.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "kind")]
pub enum Variant {
    /// z = ReLU(W x + b_e), x̂ = D z + b_d, with an L1 penalty (PAPER: "vanilla").
    Vanilla {
        /// Weight λ of the penalty.
        l1: f64,
        /// How squared error and penalty are averaged.
        loss: LossConvention,
    },
    /// z = the k largest of ReLU(W (x − b_d) + b_e), no penalty.
    TopK {
        /// Features kept per cell.
        k: usize,
    },
}

/// The paper prints sums and codes means; λ differs between the two by d/h.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LossConvention {
    /// mean over batch × d of e², plus λ · mean over batch × h of |z|.
    #[default]
    AsCoded,
    /// mean over the batch of Σe² plus λ · Σ|z|.
    AsPrinted,
}

/// A training run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SaeParams {
    /// Variant and its own settings.
    pub variant: Variant,
    /// Number of features h.
    pub n_features: usize,
    /// Adam's learning rate.
    pub learning_rate: f64,
    /// Cells per step.
    pub batch_size: usize,
    /// Passes over the cells.
    pub n_epochs: usize,
    /// Seed of initialisation and shuffling.
    pub seed: u64,
    /// Whether the mean of every input dimension is taken off first (and folded back into the weights on export).
    pub center_inputs: bool,
}

impl Default for SaeParams {
    fn default() -> Self {
        Self {
            variant: Variant::TopK { k: 16 },
            n_features: 512,
            learning_rate: 1e-3,
            batch_size: 256,
            n_epochs: 40,
            seed: 0,
            center_inputs: true,
        }
    }
}

/// Why training parameters are refused.
#[derive(Debug, thiserror::Error, PartialEq)]
pub enum SaeParamsError {
    /// h = 0 or absurd.
    #[error("the number of features must be between 1 and 1,000,000, not {found}")]
    Features {
        /// The value given.
        found: usize,
    },
    /// k outside 1..=h.
    #[error("k must be between 1 and the number of features ({n_features}), not {k}")]
    K {
        /// The value given.
        k: usize,
        /// Features.
        n_features: usize,
    },
    /// λ negative or not finite.
    #[error("the L1 weight must be 0 or more, not {found}")]
    L1 {
        /// The value given.
        found: f64,
    },
    /// Learning rate not positive.
    #[error("the learning rate must be above 0 and at most 1, not {found}")]
    LearningRate {
        /// The value given.
        found: f64,
    },
    /// Batch of zero or more cells than there are.
    #[error("the batch size must be between 1 and the number of cells ({n_cells}), not {found}")]
    Batch {
        /// The value given.
        found: usize,
        /// Cells.
        n_cells: usize,
    },
    /// No epochs.
    #[error("the number of epochs must be between 1 and 100,000, not {found}")]
    Epochs {
        /// The value given.
        found: usize,
    },
    /// No input dimension.
    #[error("the embedding has no dimensions to train on")]
    NoInput,
}

impl SaeParams {
    /// Checks the parameters against the data they are for: `n_cells` × `d_in` inputs.
    ///
    /// # Errors
    /// One [`SaeParamsError`] per kind of mistake, with the value found and the values allowed.
    pub fn check(&self, n_cells: usize, d_in: usize) -> Result<(), SaeParamsError> {
        if d_in == 0 {
            return Err(SaeParamsError::NoInput);
        }
        if self.n_features == 0 || self.n_features > 1_000_000 {
            return Err(SaeParamsError::Features { found: self.n_features });
        }
        match self.variant {
            Variant::TopK { k } if k == 0 || k > self.n_features => {
                return Err(SaeParamsError::K { k, n_features: self.n_features });
            }
            Variant::Vanilla { l1, .. } if !(l1 >= 0.0 && l1.is_finite()) => {
                return Err(SaeParamsError::L1 { found: l1 });
            }
            _ => {}
        }
        if !(self.learning_rate > 0.0 && self.learning_rate <= 1.0) {
            return Err(SaeParamsError::LearningRate { found: self.learning_rate });
        }
        if self.batch_size == 0 || self.batch_size > n_cells {
            return Err(SaeParamsError::Batch { found: self.batch_size, n_cells });
        }
        if self.n_epochs == 0 || self.n_epochs > 100_000 {
            return Err(SaeParamsError::Epochs { found: self.n_epochs });
        }
        Ok(())
    }

    /// Bytes a training run takes at most, roughly: parameters, gradients, both moments and a checkpoint being written,
    /// and what a batch leaves between encoder and decoder.
    pub fn memory_bytes(&self, d_in: usize) -> u64 {
        const COPIES_OF_PARAMETERS: u64 = 10;
        const COPIES_OF_ACTIVATIONS: u64 = 4;
        let (h, d, batch) = (self.n_features as u64, d_in as u64, self.batch_size as u64);
        let floats = (COPIES_OF_PARAMETERS * 2 * d).saturating_add(COPIES_OF_ACTIVATIONS * batch).saturating_mul(h);
        floats.saturating_mul(size_of::<f32>() as u64)
    }

    /// Bytes of the largest matrix of a step: the weights, or a batch's activations.
    pub fn largest_matrix_bytes(&self, d_in: usize) -> u64 {
        let widest = d_in.max(self.batch_size) as u64;
        (self.n_features as u64).saturating_mul(widest).saturating_mul(size_of::<f32>() as u64)
    }

    /// Steps in an epoch over `n_cells`: the last, smaller batch counts.
    pub fn steps_per_epoch(&self, n_cells: usize) -> usize {
        n_cells.div_ceil(self.batch_size)
    }
}

/// Where a training run stands; metrics are means since the last report.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct TrainProgress {
    /// Steps done.
    pub step: usize,
    /// Steps in all.
    pub n_steps: usize,
    /// Whole epochs done.
    pub epoch: usize,
    /// Training loss in the variant's convention.
    pub loss: f64,
    /// Mean squared error over batch × d.
    pub mse: f64,
    /// Mean number of active features per cell.
    pub l0: f64,
    /// Share of features that fired for no cell during the last whole epoch (before one is over: since the start).
    pub dead_share: f64,
    /// 1 − Σe² / Σ(x − x̄)² over the cells since the last report.
    pub explained_variance: f64,
    /// Seconds spent training (pauses left out).
    pub elapsed_secs: f64,
    /// Seconds left at the present pace.
    pub remaining_secs: f64,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_grows_with_features_dimensions_and_batch() {
        let params = SaeParams { n_features: 10_000, batch_size: 128, ..SaeParams::default() };
        assert_eq!(params.memory_bytes(20), 4 * 10_000 * (20 * 20 + 4 * 128));
        assert_eq!(params.largest_matrix_bytes(20), 4 * 10_000 * 128);
        assert_eq!(params.largest_matrix_bytes(512), 4 * 10_000 * 512);
    }

    #[test]
    fn each_invalid_value_has_its_own_error() {
        let good = SaeParams::default();
        assert_eq!(good.check(1000, 32), Ok(()));
        let check = |change: fn(&mut SaeParams)| {
            let mut params = good.clone();
            change(&mut params);
            params.check(1000, 32)
        };
        assert_eq!(check(|p| p.n_features = 0), Err(SaeParamsError::Features { found: 0 }));
        assert_eq!(check(|p| p.variant = Variant::TopK { k: 513 }), Err(SaeParamsError::K { k: 513, n_features: 512 }));
        let negative = |p: &mut SaeParams| p.variant = Variant::Vanilla { l1: -1.0, loss: LossConvention::AsCoded };
        assert_eq!(check(negative), Err(SaeParamsError::L1 { found: -1.0 }));
        assert_eq!(check(|p| p.learning_rate = 0.0), Err(SaeParamsError::LearningRate { found: 0.0 }));
        assert_eq!(check(|p| p.batch_size = 1001), Err(SaeParamsError::Batch { found: 1001, n_cells: 1000 }));
        assert_eq!(check(|p| p.n_epochs = 0), Err(SaeParamsError::Epochs { found: 0 }));
        assert_eq!(good.check(1000, 0), Err(SaeParamsError::NoInput));
    }
}
