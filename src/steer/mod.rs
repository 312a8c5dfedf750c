//! Steering: set a feature in chosen cells, decode, and see where the cells go and which genes follow.
//!
//! What comes out is a prediction of two models in a row, the sparse autoencoder and a linear gene decoder
//! ([`crate::stats::Ridge`], fitted on the same embedding), not an experiment. Source: scFeatureLens'
//! hypothesis functions; `intervention` says where they are followed and where there is a choice.

mod effect;
mod error;
mod experiment;
mod intervention;
mod params;
mod target;

pub use effect::{GeneEffect, NearestLabel};
pub use error::SteerError;
pub use experiment::{MAX_GENES_LISTED, SteerInputs, SteerOutcome, run};
pub use params::{SteerParams, SteerTarget};
