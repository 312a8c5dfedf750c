//! FeatureScope: single-cell embeddings through sparse features, in a browser tab.
//!
//! It trains (or loads) a sparse autoencoder on exported embeddings, says for every feature which cells, genes
//! and gene sets it stands for, and steers cells along a feature. `src/README.md` is the map of this crate;
//! `tests/architecture.rs` holds its rules of who may import whom.

#[cfg(feature = "cli")]
pub mod cli;
pub mod data;
#[cfg(feature = "burn")]
pub mod engine;
pub mod enrich;
pub mod io;
pub mod lens;
pub mod platform;
pub mod plot;
pub mod pool;
pub mod protocol;
pub mod sae;
pub mod stats;
pub mod steer;
pub mod ui;
