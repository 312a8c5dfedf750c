//! A block of features taken through the whole of sound mode, gene by gene and then feature by feature.
//!
//! Shards know nothing of each other: a feature's findings are the same, bit for bit, whatever block it is in and
//! however many blocks there are.

use super::annotator::Annotator;
use super::columns::{BlockColumns, ColumnRoom};
use super::counted_family::FamilyCounts;
use super::findings::Findings;
use super::gene_sums::GeneSummer;
use super::members::Members;
use super::normaliser::Normaliser;
use super::params::SoundParams;
use crate::enrich::MatchedGeneSets;

/// What all shards of an analysis share.
#[derive(Clone, Debug, Default)]
pub struct ShardPlan {
    /// Genes of the data.
    pub n_genes: usize,
    /// How raw values become what is tested.
    pub normaliser: Normaliser,
    /// Tests, thresholds.
    pub params: SoundParams,
    /// The sets, matched within the universe.
    pub sets: MatchedGeneSets,
    /// Whether each gene is in the universe, `[n_genes]`.
    pub is_in_universe: Vec<bool>,
}

/// One block of features at work: gene after gene is tested.
#[derive(Clone, Debug)]
pub struct Shard {
    summer: GeneSummer,
    normaliser: Normaliser,
    columns: BlockColumns,
    values: Vec<f32>,
}

impl Shard {
    /// Takes up a block of features.
    #[must_use]
    pub fn new(plan: &ShardPlan, members: Members) -> Self {
        let columns = BlockColumns::new(members.len(), plan.n_genes, &plan.params, plan.normaliser.scale());
        let wanted = plan.params.sums_wanted(&[plan.params.primary()], plan.normaliser.scale());
        let summer = GeneSummer::new(members, wanted);
        Self { summer, normaliser: plan.normaliser.clone(), columns, values: Vec::new() }
    }

    /// Tests the next gene, genes coming in the data's order.
    ///
    /// # Shapes
    /// `cells` ascend; `values` are the file's, none of them 0.
    ///
    /// # Panics
    /// If more genes come than the plan says, or a cell is outside the data: the caller's bugs.
    pub fn add_gene(&mut self, cells: &[u32], values: &[f32]) {
        assert!(!self.columns.is_full(), "a gene after the last");
        self.values.clear();
        self.values.extend_from_slice(values);
        self.normaliser.apply(cells, &mut self.values);
        self.summer.sum(cells, &self.values, |feature, pair| self.columns.enter(feature, &pair));
        self.columns.next_gene();
    }

    /// Number of features.
    pub fn n_features(&self) -> usize {
        self.summer.members().len()
    }

    /// The block with all its genes tested.
    ///
    /// # Panics
    /// If genes are missing.
    #[must_use]
    pub fn finish(mut self) -> TestedBlock {
        assert!(self.columns.is_full(), "genes are missing");
        self.columns.shrink();
        TestedBlock { n_features: self.summer.members().len(), columns: self.columns }
    }
}

/// The tests of a block of features: what thresholds, universe and sets are then applied to, as often as one likes.
#[derive(Clone, Debug)]
pub struct TestedBlock {
    n_features: usize,
    columns: BlockColumns,
}

impl TestedBlock {
    /// Number of features.
    pub fn n_features(&self) -> usize {
        self.n_features
    }

    /// What a feature of the block stands for.
    ///
    /// # Panics
    /// If there is no such feature.
    pub fn findings(&self, feature: usize, annotator: &mut Annotator) -> Findings {
        let mut room = std::mem::take(&mut annotator.room);
        let findings = annotator.annotate(self.columns.of(feature, &mut room));
        annotator.room = room;
        findings
    }

    /// Counts the genes of all features for the family of all features and genes.
    ///
    /// p-values above alpha or .05, whichever is larger, are not worked out and count as 1.
    pub fn count_genes(&self, counts: &mut FamilyCounts) {
        let mut room = ColumnRoom::default();
        (0..self.n_features).for_each(|feature| counts.add(self.columns.of(feature, &mut room).ln_p_value));
    }

    /// What each feature stands for, in the block's order.
    pub fn all_findings(&self, annotator: &mut Annotator) -> Vec<Findings> {
        (0..self.n_features).map(|feature| self.findings(feature, annotator)).collect()
    }
}
