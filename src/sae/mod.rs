//! Sparse autoencoders: configuration, training, inference, weight formats.
//!
//! [`Sae`], its metrics and its file format are plain Rust. Training and inference of whole data sets run on Burn and
//! exist with the feature `burn`.

pub mod baselines;
#[cfg(feature = "burn")]
pub mod bench;
#[cfg(feature = "burn")]
pub mod device;
#[cfg(any(test, feature = "burn"))]
mod fold;
#[cfg(feature = "burn")]
mod inference;
#[cfg(any(test, feature = "burn"))]
mod inputs;
pub mod metrics;
mod model;
mod params;
mod saelens;
mod select;
mod tensors;
#[cfg(feature = "burn")]
mod train;

/// The type of a compute device.
#[cfg(feature = "burn")]
pub use burn::tensor::Device;
#[cfg(feature = "burn")]
pub use inference::{InferenceError, encode_all};
#[cfg(feature = "burn")]
pub use inputs::offset_ratio;
pub use metrics::SaeMetrics;
pub use model::{Architecture, Sae, SaeError, SaeWeights};
pub use params::{
    BiasStart, DataShape, HoldOut, InputScaling, L0Penalty, LossConvention, SaeField, SaeParams, SaeParamsError,
    Schedule, Suggestion, TrainProgress, USUAL_AUX, Variant, VariantKind, Wishes, donor_label, suggest,
};
pub use saelens::{CONFIG_FILE, SaeLensError, SaeLensFolder, WEIGHTS_FILE, from_saelens, to_saelens};
#[cfg(feature = "burn")]
pub use train::{Checkpoint, CheckpointError, TrainError, Trainer};
