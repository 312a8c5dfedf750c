//! The settings of a training run by name, so that a mistake, a reason and a field of a form find each other.

use serde::{Deserialize, Serialize};

/// A setting of [`super::SaeParams`] or of its variant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SaeField {
    /// What is trained on.
    Inputs,
    /// The kind of autoencoder.
    Variant,
    /// Number of features h.
    Features,
    /// Features kept per cell.
    K,
    /// Share of the features kept per cell.
    Percent,
    /// Weight of a penalty on activations.
    L1,
    /// How squared error and penalty are averaged.
    Loss,
    /// Number of active features aimed at.
    L0,
    /// Weight of a penalty on the number of active features.
    L0Weight,
    /// Width of JumpReLU's window.
    Bandwidth,
    /// JumpReLU's first threshold.
    Threshold,
    /// Number of nested dictionaries.
    Prefixes,
    /// Weight of the loss that revives dead features.
    Aux,
    /// Adam's learning rate.
    LearningRate,
    /// Cells per step.
    Batch,
    /// Passes over the cells.
    Epochs,
    /// Seed.
    Seed,
    /// Whether the inputs' mean is taken off.
    Center,
    /// How the inputs' spread is changed.
    Scaling,
    /// What the decoder's bias starts from.
    BiasStart,
    /// Whether decoder rows keep length 1.
    UnitDecoder,
    /// Largest norm of a gradient.
    Clip,
    /// Share of the run over which the learning rate rises.
    WarmUp,
    /// Share of the run over which it falls.
    Decay,
    /// Share of the run over which the penalty rises.
    SparsityWarmUp,
    /// Share of the run over which k falls.
    KAnneal,
    /// Epochs without firing after which a feature is dead.
    DeadEpochs,
    /// Share of the cells held out.
    HoldOut,
    /// The label that cells are held out by.
    HoldOutBy,
    /// Looks without a better result before training ends.
    Patience,
}

impl SaeField {
    /// What an error calls it in the middle of a sentence.
    pub fn phrase(self) -> &'static str {
        match self {
            Self::Inputs => "the embedding",
            Self::Variant => "the variant",
            Self::Features => "the number of features",
            Self::K => "k",
            Self::Percent => "the share of features kept, in percent,",
            Self::L1 => "the L1 weight",
            Self::Loss => "the loss convention",
            Self::L0 => "the number of active features aimed at",
            Self::L0Weight => "the weight of the penalty on active features",
            Self::Bandwidth => "the bandwidth of JumpReLU",
            Self::Threshold => "the first threshold of JumpReLU",
            Self::Prefixes => "the number of nested dictionaries",
            Self::Aux => "the weight of the loss for dead features",
            Self::LearningRate => "the learning rate",
            Self::Batch => "the batch size",
            Self::Epochs => "the number of epochs",
            Self::Seed => "the seed",
            Self::Center => "centring",
            Self::Scaling => "the scaling of inputs",
            Self::BiasStart => "the start of the decoder's bias",
            Self::UnitDecoder => "the length of decoder rows",
            Self::Clip => "the largest norm of a gradient",
            Self::WarmUp => "the warm-up share",
            Self::Decay => "the decay share",
            Self::SparsityWarmUp => "the warm-up share of sparsity",
            Self::KAnneal => "the share over which k falls",
            Self::DeadEpochs => "the number of epochs after which a feature is dead",
            Self::HoldOut => "the held-out share",
            Self::HoldOutBy => "the label that cells are held out by",
            Self::Patience => "patience",
        }
    }

    /// Whether the value is a share of the whole, which people give in percent.
    pub fn is_share(self) -> bool {
        matches!(self, Self::WarmUp | Self::Decay | Self::SparsityWarmUp | Self::KAnneal | Self::HoldOut)
    }
}
