//! Sound mode: every feature against every gene and every gene set, exact, in one pass over the genes.
//!
//! What differs from the paper's method: a cell is in one group at most and counts once; negative cells are all the
//! rest, a seeded sample, or matched within a label; the tests are Wilcoxon's and Welch's with log p-values; genes up
//! and down are kept apart; sets are tested by the hypergeometric upper tail in a declared universe; p-values are
//! adjusted within each feature and over all features; features whose groups are too small are listed with the reason.
//!
//! [`GroupMaker`] forms groups, [`Shard`] takes a block of features through all genes, [`Annotator`]
//! says what the tests stand for by thresholds and sets, [`GeneTable`] has
//! every number of one feature. A gene's values are read once for all features of a block.

mod annotator;
mod columns;
mod counted_family;
mod family;
mod findings;
mod gene_sums;
mod gene_table;
mod gene_tests;
mod groups;
mod gsea;
mod members;
mod normaliser;
mod params;
mod plan;
mod report;
mod shard;

pub use annotator::Annotator;
pub use counted_family::{CountedFamily, FamilyCounts};
pub use family::GlobalFamily;
pub use findings::{Direction, Findings, GeneFinding, TermFinding};
pub use gene_sums::{GenePair, GeneSummer, GroupSummary, SumsWanted};
pub use gene_table::{GeneTable, GeneTableMaker};
pub use groups::{Exclusion, FeatureGroups, GroupMaker, NegativeCells};
pub use gsea::{FeatureGseaParams, GseaMethod, GseaWeight, RankBy};
pub use members::{BLOCK, Members};
pub use normaliser::{Normaliser, ValueScale};
pub use params::{GeneTest, Negatives, Positives, SoundParams, Universe};
pub use report::{FeatureReport, TermCounts};
pub use shard::{Shard, ShardPlan, TestedBlock};
