//! The libraries whose weight files are read and written.

use serde::{Deserialize, Serialize};

use super::Architecture;

/// A format of weight files.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WeightFormat {
    /// `cfg.json` and `sae_weights.safetensors` of sae-lens 6.
    #[default]
    SaeLens,
    /// `cfg.json` and `sae.safetensors` of EleutherAI's sparsify.
    Sparsify,
    /// `config.json` and `ae.pt` of dictionary_learning.
    DictionaryLearning,
    /// A `state_dict` as scFeatureLens saves it.
    ScFeatureLens,
    /// A checkpoint as bio-sae saves it; read only.
    BioSae,
}

impl WeightFormat {
    /// The formats that can be written.
    pub const WRITTEN: [Self; 4] = [Self::SaeLens, Self::Sparsify, Self::DictionaryLearning, Self::ScFeatureLens];

    /// The format's name.
    pub fn name(self) -> &'static str {
        match self {
            Self::SaeLens => "SAELens",
            Self::Sparsify => "sparsify",
            Self::DictionaryLearning => "dictionary_learning",
            Self::ScFeatureLens => "scFeatureLens",
            Self::BioSae => "bio-sae",
        }
    }

    /// Whether it can say what an autoencoder of that architecture does and is written here.
    pub fn can_hold(self, architecture: Architecture) -> bool {
        match self {
            Self::SaeLens | Self::DictionaryLearning => true,
            Self::Sparsify => matches!(architecture, Architecture::TopK { .. }),
            Self::ScFeatureLens => architecture == Architecture::Standard,
            Self::BioSae => false,
        }
    }
}
