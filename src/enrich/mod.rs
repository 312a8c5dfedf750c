//! Gene sets: matching them with the data, over-representation, rank tests, enrichment along a ranking.
//!
//! Knows genes by position and ranks; where selected genes and ranks come from is not its concern.

mod gene_sets;
mod gsea;
mod over_representation;
mod rank_test;

pub use gene_sets::{GeneSetId, MatchSummary, MatchedGeneSets};
pub use gsea::{
    GseaError, GseaParams, GseaResult, GseaRun, RankNull, RankScore, Ranking, enrichment_score, gsea, leading_edge,
    running_sum,
};
pub use over_representation::{HitCounter, OverRepresentation};
pub use rank_test::rank_test;
