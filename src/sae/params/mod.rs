//! What a training run is asked to do, and what it reports.

mod field;
mod kind;
mod numbers;
mod schedule;
mod suggest;

use serde::{Deserialize, Serialize};

pub use self::field::SaeField;
pub use self::kind::VariantKind;
pub use self::schedule::Schedule;
pub use self::suggest::{DataShape, Suggestion, Wishes, donor_label, suggest};

/// Which sparse autoencoder. With e = x̂ − x, B cells in a batch, d dimensions, h features and row vectors; a are
/// pre-activations, z activations. x̂ = z W_dec + b_dec throughout.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "kind")]
pub enum Variant {
    /// z = ReLU(x W_enc + b_enc) with an L1 penalty (PAPER §1 "vanilla").
    Vanilla {
        /// Weight λ of the penalty.
        l1: f64,
        /// How squared error and penalty are averaged.
        loss: LossConvention,
    },
    /// As vanilla on x + b_pre, a bias that is learned (PAPER §1 "ReLU", after Bricken et al. 2023).
    Bricken {
        /// Weight λ of the penalty.
        l1: f64,
        /// How squared error and penalty are averaged.
        loss: LossConvention,
    },
    /// The k = max(1, ⌊h·percent/100⌋) largest of (x + b_pre) W_enc + b_enc, then ReLU; Σe²/(B·d) (PAPER §1 "TopK").
    TopKShare {
        /// Share of the features kept per cell, in percent.
        percent: f64,
    },
    /// z = ReLU(x W_enc + b_enc); Σe²/B + λ·Σ z‖W_dec‖/B (Anthropic, April 2024).
    ReluL1 {
        /// Weight λ of the penalty.
        l1: f64,
    },
    /// The k largest of ReLU((x − b_dec) W_enc + b_enc) of every cell; Σe²/B (Gao et al. 2024).
    TopK {
        /// Features kept per cell.
        k: usize,
        /// Weight of the loss that revives dead features, 0 for none.
        #[serde(default)]
        aux: f64,
    },
    /// As top-k, but the k·B largest of the whole batch; afterwards one threshold (Bussmann et al. 2024).
    BatchTopK {
        /// Features kept per cell on average.
        k: usize,
        /// Weight of the loss that revives dead features, 0 for none.
        #[serde(default)]
        aux: f64,
    },
    /// z = a where a exceeds the feature's learned threshold θ = exp(log θ), by straight-through gradients
    /// (Rajamanoharan et al. 2024b).
    JumpRelu {
        /// Width ε of the window around θ in which its gradient is seen.
        bandwidth: f64,
        /// θ at the start.
        threshold: f64,
        /// What keeps activations few.
        penalty: L0Penalty,
    },
    /// Batch top-k whose first p features reconstruct, too, for p = h/2^(m−1), …, h/2, h; the mean of the m losses
    /// (Bussmann et al. 2025).
    Matryoshka {
        /// Features kept per cell on average.
        k: usize,
        /// Number m of nested dictionaries.
        n_prefixes: usize,
        /// Weight of the loss that revives dead features, 0 for none.
        #[serde(default)]
        aux: f64,
    },
    /// A gate π > 0 with its own bias and a magnitude with its own gain; λ·Σ ReLU(π)/B and a second reconstruction by
    /// the gate (Rajamanoharan et al. 2024a).
    Gated {
        /// Weight λ of the penalty.
        l1: f64,
    },
}

/// What keeps the activations of JumpReLU few; L0 is the mean number of active features per cell.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "by")]
pub enum L0Penalty {
    /// weight · L0.
    Step {
        /// The weight.
        weight: f64,
    },
    /// weight · (L0/l0 − 1)².
    Target {
        /// The L0 aimed at.
        l0: f64,
        /// The weight.
        weight: f64,
    },
}

impl Variant {
    /// Whether it is one of the paper's, which are trained as the paper codes them: by plain Adam from PyTorch's
    /// initial values.
    pub fn is_of_the_paper(self) -> bool {
        matches!(self, Self::Vanilla { .. } | Self::Bricken { .. } | Self::TopKShare { .. })
    }

    /// Whether the decoder's bias is taken off the input.
    pub fn reads_decoder_bias(self) -> bool {
        !self.is_of_the_paper() && !matches!(self, Self::ReluL1 { .. })
    }

    /// Whether a bias of its own is added to the input.
    pub fn has_input_bias(self) -> bool {
        matches!(self, Self::Bricken { .. } | Self::TopKShare { .. })
    }

    /// Features kept per cell, or on average, where that is fixed; h is the number of features.
    pub fn k(self, h: usize) -> Option<usize> {
        match self {
            Self::TopKShare { percent } => Some(((h as f64 * percent / 100.0).floor() as usize).max(1)),
            Self::TopK { k, .. } | Self::BatchTopK { k, .. } | Self::Matryoshka { k, .. } => Some(k),
            _ => None,
        }
    }

    /// Weight of the loss that revives dead features, 0 where there is none.
    pub fn aux(self) -> f64 {
        match self {
            Self::TopK { aux, .. } | Self::BatchTopK { aux, .. } | Self::Matryoshka { aux, .. } => aux,
            _ => 0.0,
        }
    }

    /// Whether features are picked over the whole batch.
    pub fn is_over_the_batch(self) -> bool {
        matches!(self, Self::BatchTopK { .. } | Self::Matryoshka { .. })
    }

    /// Sizes of the nested dictionaries, ascending; the last has all `h` features.
    pub fn prefixes(self, h: usize) -> Vec<usize> {
        let n = if let Self::Matryoshka { n_prefixes, .. } = self { n_prefixes } else { 1 };
        (0..n as u32).rev().map(|halvings| (h >> halvings.min(63)).max(1)).collect()
    }
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

/// How the spread of inputs is changed before training.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum InputScaling {
    /// Not at all.
    #[default]
    None,
    /// One factor for all: E‖x‖² becomes the number of dimensions.
    Factor,
    /// The covariance becomes the identity.
    Whiten,
}

/// What the decoder's bias starts from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BiasStart {
    /// The mean of the inputs.
    #[default]
    Mean,
    /// Their geometric median, which outlying cells do not move.
    GeometricMedian,
}

/// Cells that training does not see, to measure it by.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct HoldOut {
    /// Their share, 0 for none.
    pub share: f64,
    /// The label whose categories (such as donors) are held out whole; by chance without one.
    #[serde(default)]
    pub label: Option<String>,
}

/// A training run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SaeParams {
    /// Variant and its own settings.
    pub variant: Variant,
    /// Number of features h.
    pub n_features: usize,
    /// Adam's learning rate at its highest.
    pub learning_rate: f64,
    /// Cells per step.
    pub batch_size: usize,
    /// Passes over the cells.
    pub n_epochs: usize,
    /// Seed of initialisation, shuffling and held-out cells.
    pub seed: u64,
    /// Whether the mean of every input dimension is taken off first (and folded back into the weights on export).
    pub center_inputs: bool,
    /// How the spread of the inputs is changed first (folded back, too).
    pub scaling: InputScaling,
    /// What the decoder's bias starts from; not with the paper's variants.
    pub bias_start: BiasStart,
    /// Whether decoder rows are kept at length 1 and gradients along them are left out.
    pub unit_decoder: bool,
    /// Largest norm of a step's gradient over all parameters; longer ones are shortened to it.
    pub clip: Option<f64>,
    /// How rates change during the run.
    pub schedule: Schedule,
    /// A feature is dead once it has fired for no cell during this many epochs (20 steps at least).
    pub dead_epochs: f64,
    /// Cells to measure the run by.
    pub hold_out: HoldOut,
    /// Looks at the held-out cells without a better result before training ends; `None`: it goes to its end.
    pub patience: Option<usize>,
}

impl Default for SaeParams {
    /// The field's usual settings for a small embedding (SAE.md).
    fn default() -> Self {
        let n_features = 512;
        Self {
            variant: Variant::TopK { k: 16, aux: USUAL_AUX },
            n_features,
            learning_rate: Self::usual_learning_rate(n_features),
            batch_size: 256,
            n_epochs: 40,
            seed: 0,
            center_inputs: true,
            scaling: InputScaling::Factor,
            bias_start: BiasStart::Mean,
            unit_decoder: true,
            clip: Some(1.0),
            schedule: Schedule::default(),
            dead_epochs: 1.0,
            hold_out: HoldOut { share: 0.1, label: None },
            patience: None,
        }
    }
}

/// Weight of the loss that revives dead features, where nothing else is said (Gao et al. 2024).
pub const USUAL_AUX: f64 = 1.0 / 32.0;

impl SaeParams {
    /// 2e-4/√(h/16,384), the usual rate for h features of length 1 (Gao et al. 2024), to two digits.
    pub fn usual_learning_rate(n_features: usize) -> f64 {
        let rate = 2e-4 / (n_features.max(1) as f64 / 16_384.0).sqrt();
        let unit = libm::pow(10.0, libm::log10(rate).floor() - 1.0);
        ((rate / unit).round() * unit).min(0.01)
    }

    /// Training as the paper codes it: plain Adam at one rate, inputs as they are, nothing held out.
    #[must_use]
    pub fn plain(self) -> Self {
        Self {
            center_inputs: false,
            scaling: InputScaling::None,
            unit_decoder: false,
            clip: None,
            schedule: Schedule::constant(),
            hold_out: HoldOut { share: 0.0, label: None },
            patience: None,
            ..self
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
    /// Batch of zero or more cells than are trained on.
    #[error("the batch size must be between 1 and the number of cells trained on ({n_cells}), not {found}")]
    Batch {
        /// The value given.
        found: usize,
        /// Cells that are not held out.
        n_cells: usize,
    },
    /// No epochs.
    #[error("the number of epochs must be between 1 and 100,000, not {found}")]
    Epochs {
        /// The value given.
        found: usize,
    },
    /// A number outside its range.
    #[error("{} must be between {least} and {most}, not {found}", field.phrase())]
    Range {
        /// The setting.
        field: SaeField,
        /// The value given.
        found: f64,
        /// The least allowed.
        least: f64,
        /// The most allowed.
        most: f64,
    },
    /// Patience without held-out cells.
    #[error("patience needs held-out cells to look at; hold out a share, or let training go to its end")]
    PatienceWithoutHoldOut,
    /// No input dimension.
    #[error("the embedding has no dimensions to train on")]
    NoInput,
}

impl SaeParamsError {
    /// The setting that is wrong.
    pub fn field(&self) -> SaeField {
        match self {
            Self::Features { .. } => SaeField::Features,
            Self::K { .. } => SaeField::K,
            Self::L1 { .. } => SaeField::L1,
            Self::LearningRate { .. } => SaeField::LearningRate,
            Self::Batch { .. } => SaeField::Batch,
            Self::Epochs { .. } => SaeField::Epochs,
            Self::Range { field, .. } => *field,
            Self::PatienceWithoutHoldOut => SaeField::Patience,
            Self::NoInput => SaeField::Inputs,
        }
    }
}

impl SaeParams {
    /// Checks the parameters against the data they are for: `n_cells` × `d_in` inputs.
    ///
    /// # Errors
    /// One [`SaeParamsError`] per kind of mistake, with the value found and the values allowed.
    pub fn check(&self, n_cells: usize, d_in: usize) -> Result<(), SaeParamsError> {
        in_range(SaeField::HoldOut, self.hold_out.share, 0.0, 0.9)?;
        let n_cells = self.n_trained(n_cells);
        if d_in == 0 {
            return Err(SaeParamsError::NoInput);
        }
        if self.n_features == 0 || self.n_features > 1_000_000 {
            return Err(SaeParamsError::Features { found: self.n_features });
        }
        self.check_variant()?;
        if !(self.learning_rate > 0.0 && self.learning_rate <= 1.0) {
            return Err(SaeParamsError::LearningRate { found: self.learning_rate });
        }
        if self.batch_size == 0 || self.batch_size > n_cells {
            return Err(SaeParamsError::Batch { found: self.batch_size, n_cells });
        }
        if self.n_epochs == 0 || self.n_epochs > 100_000 {
            return Err(SaeParamsError::Epochs { found: self.n_epochs });
        }
        self.check_shares()
    }

    fn check_variant(&self) -> Result<(), SaeParamsError> {
        let n_features = self.n_features;
        if let Some(k) = self.variant.k(n_features).filter(|k| *k == 0 || *k > n_features) {
            return Err(SaeParamsError::K { k, n_features });
        }
        in_range(SaeField::Aux, self.variant.aux(), 0.0, 100.0)?;
        let weight =
            |found: f64| if found >= 0.0 && found.is_finite() { Ok(()) } else { Err(SaeParamsError::L1 { found }) };
        match self.variant {
            Variant::Vanilla { l1, .. }
            | Variant::Bricken { l1, .. }
            | Variant::ReluL1 { l1 }
            | Variant::Gated { l1 } => weight(l1),
            Variant::TopKShare { percent } => in_range(SaeField::Percent, percent, 1e-6, 100.0),
            Variant::Matryoshka { n_prefixes, .. } => in_range(SaeField::Prefixes, n_prefixes as f64, 1.0, 16.0),
            Variant::JumpRelu { bandwidth, threshold, penalty } => {
                in_range(SaeField::Bandwidth, bandwidth, 1e-9, 1e6)?;
                in_range(SaeField::Threshold, threshold, 1e-9, 1e6)?;
                match penalty {
                    L0Penalty::Step { weight } => in_range(SaeField::L0Weight, weight, 0.0, 1e9),
                    L0Penalty::Target { l0, weight } => {
                        in_range(SaeField::L0, l0, 1e-3, n_features as f64)?;
                        in_range(SaeField::L0Weight, weight, 0.0, 1e9)
                    }
                }
            }
            Variant::TopK { .. } | Variant::BatchTopK { .. } => Ok(()),
        }
    }

    fn check_shares(&self) -> Result<(), SaeParamsError> {
        let Schedule { warm_up, decay, sparsity_warm_up, k_anneal } = self.schedule;
        in_range(SaeField::WarmUp, warm_up, 0.0, 1.0)?;
        in_range(SaeField::Decay, decay, 0.0, 1.0)?;
        in_range(SaeField::SparsityWarmUp, sparsity_warm_up, 0.0, 1.0)?;
        in_range(SaeField::KAnneal, k_anneal, 0.0, 1.0)?;
        in_range(SaeField::DeadEpochs, self.dead_epochs, 1e-3, 1e5)?;
        if let Some(clip) = self.clip {
            in_range(SaeField::Clip, clip, 1e-9, 1e9)?;
        }
        if self.patience.is_some() && self.hold_out.share == 0.0 {
            return Err(SaeParamsError::PatienceWithoutHoldOut);
        }
        Ok(())
    }

    /// Of `n_cells` cells those that are trained on, if they are held out by chance; by a label about so many are.
    pub fn n_trained(&self, n_cells: usize) -> usize {
        let n_held_out = (self.hold_out.share * n_cells as f64).round() as usize;
        n_cells - n_held_out.min(n_cells)
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

fn in_range(field: SaeField, found: f64, least: f64, most: f64) -> Result<(), SaeParamsError> {
    if (least..=most).contains(&found) { Ok(()) } else { Err(SaeParamsError::Range { field, found, least, most }) }
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
    /// Training loss in the variant's convention, with penalties.
    pub loss: f64,
    /// Mean squared error over batch × d.
    pub mse: f64,
    /// Mean number of active features per cell.
    pub l0: f64,
    /// Share of features that fired for no cell during the dead window (before one is over: since the start).
    pub dead_share: f64,
    /// 1 − Σe² / Σ(x − x̄)² over the cells since the last report, as training sees them (centred, scaled).
    pub explained_variance: f64,
    /// The same over the held-out cells, around their own mean, when they were last looked at.
    pub held_out: Option<f64>,
    /// Seconds spent training (pauses left out).
    pub elapsed_secs: f64,
    /// Seconds left at the present pace.
    pub remaining_secs: f64,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn jump(bandwidth: f64, threshold: f64, l0: f64) -> Variant {
        Variant::JumpRelu { bandwidth, threshold, penalty: L0Penalty::Target { l0, weight: 1.0 } }
    }

    #[test]
    fn the_usual_learning_rate_falls_with_the_features() {
        approx::assert_relative_eq!(SaeParams::usual_learning_rate(16_384), 2e-4, max_relative = 1e-12);
        approx::assert_relative_eq!(SaeParams::usual_learning_rate(512), 1.1e-3, max_relative = 1e-12);
    }

    #[test]
    fn k_and_prefixes_follow_their_definitions() {
        assert_eq!(Variant::TopKShare { percent: 1.0 }.k(512), Some(5));
        assert_eq!(Variant::TopKShare { percent: 1.0 }.k(20), Some(1));
        assert_eq!(Variant::Gated { l1: 1.0 }.k(20), None);
        assert_eq!(Variant::Matryoshka { k: 4, n_prefixes: 4, aux: 0.0 }.prefixes(20), [2, 5, 10, 20]);
        assert_eq!(Variant::TopK { k: 4, aux: 0.0 }.prefixes(20), [20]);
    }

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
        assert_eq!(
            check(|p| p.variant = Variant::TopK { k: 513, aux: 0.0 }),
            Err(SaeParamsError::K { k: 513, n_features: 512 })
        );
        let negative = |p: &mut SaeParams| p.variant = Variant::Vanilla { l1: -1.0, loss: LossConvention::AsCoded };
        assert_eq!(check(negative), Err(SaeParamsError::L1 { found: -1.0 }));
        assert_eq!(check(|p| p.learning_rate = 0.0), Err(SaeParamsError::LearningRate { found: 0.0 }));
        assert_eq!(check(|p| p.batch_size = 901), Err(SaeParamsError::Batch { found: 901, n_cells: 900 }));
        assert_eq!(check(|p| p.n_epochs = 0), Err(SaeParamsError::Epochs { found: 0 }));
        for change in [
            |p: &mut SaeParams| p.schedule.warm_up = 1.5,
            |p: &mut SaeParams| p.schedule.decay = -0.1,
            |p: &mut SaeParams| p.schedule.k_anneal = f64::NAN,
            |p: &mut SaeParams| (p.hold_out.share, p.batch_size) = (0.95, 40),
            |p: &mut SaeParams| p.clip = Some(0.0),
            |p: &mut SaeParams| p.dead_epochs = 0.0,
            |p: &mut SaeParams| p.variant = Variant::TopK { k: 4, aux: -1.0 },
            |p: &mut SaeParams| p.variant = Variant::TopKShare { percent: 0.0 },
            |p: &mut SaeParams| p.variant = Variant::Matryoshka { k: 4, n_prefixes: 0, aux: 0.0 },
            |p: &mut SaeParams| p.variant = jump(0.0, 0.1, 8.0),
            |p: &mut SaeParams| p.variant = jump(0.1, 0.0, 8.0),
            |p: &mut SaeParams| p.variant = jump(0.1, 0.1, 513.0),
        ] {
            assert!(matches!(check(change), Err(SaeParamsError::Range { .. })), "{:?}", check(change));
        }
        let impatient = |p: &mut SaeParams| (p.patience, p.hold_out.share) = (Some(3), 0.0);
        assert_eq!(check(impatient), Err(SaeParamsError::PatienceWithoutHoldOut));
        assert_eq!(good.check(1000, 0), Err(SaeParamsError::NoInput));
    }
}
