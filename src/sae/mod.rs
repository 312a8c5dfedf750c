//! Sparse autoencoders: configuration, training, inference, weight formats.
//!
//! [`Sae`], its metrics and its file format are plain Rust. Training and inference of whole data sets run on Burn and
//! exist with the feature `burn`.

pub mod metrics;
mod model;
mod params;
mod saelens;
mod select;
mod tensors;

pub use metrics::SaeMetrics;
pub use model::{Architecture, Sae, SaeError, SaeWeights};
pub use params::{LossConvention, SaeParams, SaeParamsError, TrainProgress, Variant};
pub use saelens::{CONFIG_FILE, SaeLensError, SaeLensFolder, WEIGHTS_FILE, from_saelens, to_saelens};
