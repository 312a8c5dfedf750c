//! Sparse autoencoders: configuration, training, inference, weight formats.
//!
//! [`Sae`], its metrics and its file format are plain Rust. Training and inference of whole data sets run on Burn and
//! exist with the feature `burn`.

pub mod baselines;
#[cfg(feature = "burn")]
pub mod bench;
#[cfg(feature = "burn")]
pub mod device;
mod fold;
mod formats;
#[cfg(feature = "burn")]
mod inference;
#[cfg(any(test, feature = "burn"))]
mod inputs;
#[cfg(feature = "burn")]
mod kernels;
pub mod metrics;
mod model;
mod params;
mod select;
mod sweep;
mod tensors;
mod train;
mod weight_format;

/// The type of a compute device.
#[cfg(feature = "burn")]
pub use burn::tensor::Device;
pub use formats::{
    CONFIG_FILE, LoadedSae, MeanFile, NamedTensors, SaeLensFolder, WEIGHTS_FILE, WeightFile, WeightFiles, WeightsError,
    from_saelens, read_weights, to_saelens, write_weights,
};
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
pub use sweep::{
    MAX_SWEEP_AXES, MAX_SWEEP_RUNS, MAX_SWEEP_SEEDS, Sparsity, SweepAxis, SweepError, SweepParams, SweepRun,
    VARIANT_NAMES, relative_cost, usual_variant, variant_name, with_variant,
};
#[cfg(feature = "burn")]
pub(crate) use train::ShardPeer;
pub(crate) use train::{Aim, ByParameter, Moments, Part, ShardAnswer, ShardCall, ShardServer, ShardStart, TrainState};
#[cfg(feature = "burn")]
pub use train::{Checkpoint, CheckpointError, TrainError, Trainer};
pub use weight_format::WeightFormat;
