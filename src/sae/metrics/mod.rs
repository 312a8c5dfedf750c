//! How good a sparse autoencoder is, and how two dictionaries compare.
//!
//! Reconstruction and sparsity over cells (`evaluate`, `density`), the dictionary's shape (`geometry`), features that
//! say the same (`coactivation`, `redundancy`), features found again in another dictionary (`matching`). No number
//! here ranks autoencoders alone: the highest explained variance often goes with the least readable features.

mod coactivation;
mod cosines;
mod density;
mod evaluate;
mod geometry;
mod greedy;
mod matching;
mod recovery;
mod redundancy;
mod seed_group;
mod similarity;
mod stability;
mod top_cells;

pub use coactivation::{ActivationMeasure, ActivationNeighbour, ActivationSimilarity};
pub use cosines::{BestCosine, CosineSearch, Directions, SignRule};
pub use density::{DensityHistogram, densities, densities_of_rows};
pub use evaluate::{SaeMetrics, evaluate, evaluate_rows};
#[cfg(any(test, feature = "burn"))]
pub(crate) use evaluate::{column_means, squared_distance};
pub use geometry::{DecoderNeighbour, FeatureGeometry, dictionary_geometry, nearest_by_decoder};
pub use matching::{FeatureMatch, MAX_EXACT_MATCHING, Matching, match_activations, match_decoders};
pub use recovery::{VariableRecovery, recovery};
pub use redundancy::{REDUNDANT_ABOVE, Redundancy, redundancy};
pub use seed_group::{FOUND_FROM, FeatureSeeds, RunSeeds, SeedGroup, SeedMember};
pub use stability::{FeatureStability, SeedStability, mmcs, seed_stability};
pub use top_cells::{CellActivation, top_cells};

use crate::data::{FeatureId, SparseActivations};

/// Above this an activation counts when features are called live (the paper's value).
const LIVE_ABOVE: f32 = 1e-10;

/// Whether any cell's activation of the feature exceeds 1e-10, the paper's rule for "live".
///
/// # Panics
/// If there is no such feature.
pub fn is_live(activations: &SparseActivations, feature: FeatureId) -> bool {
    activations.feature(feature).1.iter().any(|&value| value > LIVE_ABOVE)
}

/// The live features, ascending.
#[must_use]
pub fn live_features(activations: &SparseActivations) -> Vec<FeatureId> {
    (0..activations.n_features() as u32).map(FeatureId).filter(|&feature| is_live(activations, feature)).collect()
}
