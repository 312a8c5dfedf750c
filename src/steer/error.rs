//! Why a steering experiment is refused.

use crate::data::FeatureId;
use crate::sae::SaeError;

/// Why a steering experiment is refused; nothing was computed.
#[derive(Debug, thiserror::Error, PartialEq)]
pub enum SteerError {
    /// There is no such feature.
    #[error("there is no feature {feature}; this autoencoder has {n_features}, numbered from 0")]
    Feature {
        /// The feature asked for.
        feature: FeatureId,
        /// Features there are.
        n_features: usize,
    },
    /// The choice of cells is empty.
    #[error("no cell is chosen to be steered; choose a label that has cells, or draw around some on the map")]
    NoCells,
    /// The group whose mean is the target is empty.
    #[error("the group whose mean activation is the target has no cells; choose another group")]
    EmptyGroup,
    /// An activation that is negative or no number.
    #[error("the activation to set must be a number of 0 or more, not {found}")]
    Value {
        /// The value given.
        found: f64,
    },
    /// A percentile outside 0 to 100.
    #[error("the percentile must be between 0 and 100, not {found}")]
    Percentile {
        /// The value given.
        found: f64,
    },
    /// A factor that is negative or no number.
    #[error("the factor of a group's mean must be a number of 0 or more, not {found}")]
    Factor {
        /// The value given.
        found: f64,
    },
    /// The embedding is not the one the autoencoder reads.
    #[error(transparent)]
    Sae(#[from] SaeError),
}
