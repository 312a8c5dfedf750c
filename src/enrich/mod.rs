//! Gene sets: matching them with the data, over-representation, rank tests.
//!
//! Knows genes by position and ranks; where selected genes and ranks come from is not its concern.

mod gene_sets;
mod over_representation;
mod rank_test;

pub use gene_sets::{GeneSetId, MatchSummary, MatchedGeneSets};
pub use over_representation::{HitCounter, OverRepresentation};
pub use rank_test::rank_test;
