//! Sparse autoencoders: configuration, training, inference, weight formats.
//!
//! [`Sae`], its metrics and its file format are plain Rust. Training and inference of whole data sets run on Burn and
//! exist with the feature `burn`.

pub mod baselines;
#[cfg(feature = "burn")]
pub mod bench;
#[cfg(feature = "burn")]
pub mod device;
mod field;
mod fold;
#[cfg(feature = "burn")]
mod inference;
mod inputs;
mod kind;
pub mod metrics;
mod model;
mod numbers;
mod params;
mod saelens;
mod schedule;
mod select;
mod suggest;
mod tensors;
#[cfg(feature = "burn")]
mod train;

/// The type of a compute device.
#[cfg(feature = "burn")]
pub use burn::tensor::Device;
pub use field::SaeField;
#[cfg(feature = "burn")]
pub use inference::{InferenceError, encode_all};
pub use inputs::{InputScaling, offset_ratio};
pub use kind::VariantKind;
pub use metrics::SaeMetrics;
pub use model::{Architecture, Sae, SaeError, SaeWeights};
pub use params::{
    BiasStart, HoldOut, L0Penalty, LossConvention, SaeParams, SaeParamsError, TrainProgress, USUAL_AUX, Variant,
};
pub use saelens::{CONFIG_FILE, SaeLensError, SaeLensFolder, WEIGHTS_FILE, from_saelens, to_saelens};
pub use schedule::Schedule;
pub use suggest::{DataShape, Suggestion, Wishes, donor_label, suggest};
#[cfg(feature = "burn")]
pub use train::{Checkpoint, CheckpointError, TrainError, Trainer};
