//! Gene sets: matching them with the data, over-representation, rank tests, enrichment along a ranking, and the
//! ontology their terms are of.
//!
//! Knows genes by position and ranks; where selected genes and ranks come from is not its concern.

mod gene_names;
mod gene_sets;
mod gsea;
mod hypergeometric;
mod ontology;
mod over_representation;
mod rank_sums;
mod rank_test;
mod redundancy;

pub use gene_names::{GeneLookup, NameKind, NameMatch, NameRule};
pub use gene_sets::{GeneSetId, MatchSummary, MatchedGeneSets};
pub use gsea::{
    GseaError, GseaParams, GseaResult, GseaRun, RankNull, RankNullMaker, RankScore, Ranking, enrichment_score, gsea,
    leading_edge, running_sum,
};
pub use hypergeometric::{HypergeometricTester, SetHits};
pub use ontology::{Annotated, GroupedBy, Ontology, OntologyError, Relations, TermGroup, TermGrouper, TermId};
pub use over_representation::{HitCounter, OverRepresentation};
pub use rank_sums::SetRanker;
pub use rank_test::rank_test;
pub use redundancy::representatives;
