//! Sparse autoencoders: configuration, training, inference, weight formats.

mod params;

pub use params::{LossConvention, SaeParams, SaeParamsError, TrainProgress, Variant};
