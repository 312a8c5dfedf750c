//! From a feature's tests of all genes to its selected genes and gene sets.
//!
//! Selected are genes with p, adjusted over all genes of the data (Benjamini–Hochberg, untested genes as p = 1), below
//! alpha and a fold change of at least the limit, up and down apart. Sets are tested by the hypergeometric upper tail
//! in both directions, a family of 2 × sets for each feature, and by Mann-Whitney on the selecting statistic, a family
//! of sets. Selected genes outside the universe do not count for sets.

use super::columns::{ALWAYS_EXACT, ColumnRoom, FeatureColumns};
use super::findings::{Direction, Findings, GeneFinding, TermFinding};
use super::shard::ShardPlan;
use crate::data::GeneId;
use crate::enrich::{HypergeometricTester, MatchedGeneSets, SetHits, SetRanker};
use crate::lens::N_TOP_GENES;
use crate::stats::{RankSumTest, benjamini_hochberg_ln_into};

/// Annotates feature after feature by a plan's thresholds, universe and sets; its tables and room serve all.
#[derive(Clone, Debug)]
pub struct Annotator {
    ln_alpha: f64,
    min_log2_fold_change: f64,
    sets: MatchedGeneSets,
    is_in_universe: Vec<bool>,
    hits: HypergeometricTester,
    ranker: SetRanker,
    order: Vec<u32>,
    ln_padj: Vec<f64>,
    pub(super) room: ColumnRoom,
}

impl Annotator {
    /// Makes tables for the plan's sets.
    #[must_use]
    pub fn new(plan: &ShardPlan) -> Self {
        let (ranker, order, ln_padj, room) = Default::default();
        Self {
            ln_alpha: libm::log(plan.params.alpha),
            min_log2_fold_change: plan.params.min_log2_fold_change,
            sets: plan.sets.clone(),
            is_in_universe: plan.is_in_universe.clone(),
            hits: HypergeometricTester::new(&plan.sets),
            ranker,
            order,
            ln_padj,
            room,
        }
    }

    /// What a feature stands for.
    pub(super) fn annotate(&mut self, columns: FeatureColumns<'_>) -> Findings {
        self.annotate_with_genes(columns).0
    }

    /// What a feature stands for, and its selected genes up and down.
    pub(super) fn annotate_with_genes(&mut self, columns: FeatureColumns<'_>) -> (Findings, [Vec<GeneId>; 2]) {
        let n_genes = columns.statistic.len();
        benjamini_hochberg_ln_into(columns.ln_p_value, Some(n_genes), &mut self.order, &mut self.ln_padj);
        let [up, down] = [Direction::Up, Direction::Down].map(|direction| self.select(&columns, direction));
        let mut findings = Findings {
            n_selected: [up.len() as u32, down.len() as u32],
            genes_up: self.top(&columns, &up),
            genes_down: self.top(&columns, &down),
            ..Findings::default()
        };
        if !self.sets.is_empty() {
            let ranked = self.ranker.test(&self.sets, columns.statistic, |gene| self.is_in_universe[gene]);
            self.find_terms([&up, &down], &ranked, &mut findings);
        }
        (findings, [up, down])
    }

    /// Genes selected in one direction, in the data's order.
    fn select(&self, columns: &FeatureColumns<'_>, direction: Direction) -> Vec<GeneId> {
        let is_meant = |gene: usize| {
            let change = columns.log2_fold_change[gene];
            let change = if direction == Direction::Up { change } else { -change };
            self.ln_padj[gene] < self.ln_alpha && change > 0.0 && change >= self.min_log2_fold_change
        };
        (0..columns.statistic.len()).filter(|&gene| is_meant(gene)).map(GeneId::from_index).collect()
    }

    fn top(&self, columns: &FeatureColumns<'_>, selected: &[GeneId]) -> Vec<GeneFinding> {
        let mut genes = selected.to_vec();
        let strength = |gene: &GeneId| columns.statistic[gene.index()].abs();
        genes.sort_by(|a, b| strength(b).total_cmp(&strength(a)).then(a.cmp(b)));
        let found = genes.into_iter().take(N_TOP_GENES).map(|gene| GeneFinding {
            gene,
            statistic: columns.statistic[gene.index()],
            log2_fold_change: columns.log2_fold_change[gene.index()],
            ln_p_value: columns.ln_p_value[gene.index()],
            ln_padj: self.ln_padj[gene.index()],
        });
        found.collect()
    }

    fn find_terms(&mut self, selected: [&[GeneId]; 2], ranked: &[RankSumTest], findings: &mut Findings) {
        let rank_ln_p: Vec<f64> = ranked.iter().map(RankSumTest::ln_p_value).collect();
        let mut rank_ln_padj = Vec::new();
        benjamini_hochberg_ln_into(&rank_ln_p, None, &mut self.order, &mut rank_ln_padj);
        let mut hits: Vec<(Direction, SetHits)> = Vec::new();
        for (direction, genes) in [Direction::Up, Direction::Down].into_iter().zip(selected) {
            let inside: Vec<GeneId> = genes.iter().copied().filter(|gene| self.is_in_universe[gene.index()]).collect();
            hits.extend(self.hits.test(&self.sets, &inside).into_iter().map(|hits| (direction, hits)));
        }
        let ln_p: Vec<f64> = hits.iter().map(|(_, hits)| hits.ln_p_value).collect();
        benjamini_hochberg_ln_into(&ln_p, Some(2 * self.sets.len()), &mut self.order, &mut self.ln_padj);
        let limit = self.ln_alpha.max(libm::log(ALWAYS_EXACT));
        findings.ln_p_values.extend(ln_p.iter().copied().filter(|&ln_p| ln_p <= limit));
        let kept = hits.into_iter().zip(&self.ln_padj).filter(|(_, ln_padj)| **ln_padj < self.ln_alpha);
        findings.terms.extend(kept.map(|((direction, hits), &ln_padj)| TermFinding {
            set: hits.set,
            direction,
            n_hits: hits.n_hits,
            ln_p_value: hits.ln_p_value,
            ln_padj,
            rank_z: ranked[hits.set.index()].z,
            rank_ln_p_value: rank_ln_p[hits.set.index()],
            rank_ln_padj: rank_ln_padj[hits.set.index()],
        }));
        findings.terms.sort_by(|a, b| {
            a.direction.cmp(&b.direction).then(a.ln_p_value.total_cmp(&b.ln_p_value)).then(a.set.cmp(&b.set))
        });
    }
}
