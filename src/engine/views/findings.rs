//! Genes and terms of a feature card, in either mode.

use std::collections::BTreeMap;

use super::card::Turns;
use crate::data::{FeatureId, Notice};
use crate::engine::EngineError;
use crate::engine::analysis::{Analysis, Results, SoundResults};
use crate::engine::jobs::GENES_PER_STEP;
use crate::engine::model::Features;
use crate::engine::state::{OpenData, grouper};
use crate::enrich::{GeneSetId, MatchedGeneSets, representatives};
use crate::lens::sound::{
    Exclusion, FeatureReport, GeneFinding, GeneTable, GeneTableMaker, GroupMaker, ShardPlan, TermFinding,
};
use crate::lens::{FeatureAnalysis, GeneResult, TermResult};
use crate::protocol::{
    AnalysisMode, AnalysisParams, CardGene, CardGeneSound, CardTerm, Direction, FeatureCard, TermTests, Volcano,
};

/// Sets that share so many of all their genes (Jaccard) are near-copies.
pub(super) const LIKENESS: f64 = 0.5;

/// What the card's genes and terms are found with.
pub(super) struct Source<'a> {
    pub(super) data: &'a OpenData,
    pub(super) features: &'a Features,
    pub(super) analysis: Option<&'a Analysis>,
    pub(super) params: &'a AnalysisParams,
}

impl Source<'_> {
    /// Adds groups, genes and terms.
    ///
    /// # Errors
    /// [`EngineError::Lens`], [`EngineError::NoExpression`], [`EngineError::Superseded`].
    pub(super) async fn add_to(&self, card: &mut FeatureCard, turns: &Turns<'_>) -> Result<(), EngineError> {
        match self.params.mode {
            AnalysisMode::Paper => self.add_paper(card),
            AnalysisMode::Sound => self.add_sound(card, turns).await,
        }
    }

    fn add_paper(&self, card: &mut FeatureCard) -> Result<(), EngineError> {
        let feature = card.row.feature;
        if let Some(Analysis { results: Results::Paper(found), sets, .. }) = self.analysis
            && let Some(found) = found.get(&feature)
        {
            self.add_analysis(card, found, sets);
            return Ok(());
        }
        self.data.with_lens(self.params, |lens| {
            let found = lens.analyse(&self.features.model.activations, feature)?;
            self.add_analysis(card, &found, lens.sets());
            card.notices.extend_from_slice(lens.notices());
            card.notices.extend(self.data.background_notice().cloned());
            Ok(())
        })
    }

    fn add_analysis(&self, card: &mut FeatureCard, found: &FeatureAnalysis, sets: &MatchedGeneSets) {
        card.n_positive = found.n_positive;
        card.n_negative = found.n_negative;
        card.n_selected = vec![found.n_selected];
        card.genes_up = found.genes_up.iter().map(|result| self.paper_gene(result)).collect();
        card.genes_down = found.genes_down.iter().map(|result| self.paper_gene(result)).collect();
        if !self.data.dataset.gene_sets.is_empty() {
            let ordered: Vec<GeneSetId> = found.terms.iter().map(|term| term.set).collect();
            let terms = found.terms.iter().map(|result| self.paper_term(result, sets)).collect();
            card.terms = Some(self.with_groups(with_likeness(terms, sets, &ordered)));
        }
    }

    fn paper_gene(&self, result: &GeneResult) -> CardGene {
        CardGene {
            gene: result.gene,
            name: self.data.gene_name(result.gene),
            mean_positive: result.mean_positive,
            mean_negative: result.mean_negative,
            fold_change: result.fold_change,
            log10_p_value: log10(result.ln_p_value),
            log10_padj: libm::log10(result.padj),
            sound: None,
        }
    }

    fn paper_term(&self, result: &TermResult, sets: &MatchedGeneSets) -> CardTerm {
        let binomial = &result.over_representation;
        CardTerm {
            name: sets.name(result.set).to_owned(),
            set_size: result.set_size,
            n_hits: binomial.n_hits,
            expected: binomial.expected,
            fold: binomial.fold,
            tests: TermTests::Paper {
                binomial_p: binomial.p_value(),
                mann_whitney_p: result.mann_whitney.p_value,
                effect_size: result.mann_whitney.effect_size,
            },
            hits: result.hits.iter().map(|&gene| self.data.gene_name(gene)).collect(),
            like: None,
            group: None,
        }
    }

    async fn add_sound(&self, card: &mut FeatureCard, turns: &Turns<'_>) -> Result<(), EngineError> {
        let (plan, notices) = self.data.sound_plan(self.params)?;
        if self.analysis.is_none() {
            card.notices.extend(notices);
        }
        match self.gene_table(card.row.feature, &plan, turns).await? {
            Ok(table) => {
                let report = FeatureReport::new(&plan, &table);
                self.add_report(card, &report, &table, &plan);
            }
            Err(reason) => card.notices.push(exclusion_notice(reason, plan.params.min_cells)),
        }
        Ok(())
    }

    /// Every number of every gene, unless the feature's groups are too small.
    ///
    /// # Errors
    /// [`EngineError::Lens`], [`EngineError::NoExpression`], [`EngineError::Superseded`].
    async fn gene_table(
        &self,
        feature: FeatureId,
        plan: &ShardPlan,
        turns: &Turns<'_>,
    ) -> Result<Result<GeneTable, Exclusion>, EngineError> {
        let cells = &self.data.dataset.cells;
        let groups = GroupMaker::new(&plan.params, &self.features.model.activations, cells)?.of_feature(feature);
        let by_gene = &self.data.expression()?.by_gene;
        let groups = match groups {
            Ok(groups) => [groups],
            Err(reason) => return Ok(Err(reason)),
        };
        let mut tables = GeneTableMaker::new(by_gene, &plan.normaliser, &groups, &plan.params);
        while tables.step(GENES_PER_STEP) {
            turns.next().await?;
        }
        Ok(Ok(tables.finish().swap_remove(0)))
    }

    fn add_report(&self, card: &mut FeatureCard, report: &FeatureReport, table: &GeneTable, plan: &ShardPlan) {
        let findings = &report.findings;
        [card.n_positive, card.n_negative] = table.n_cells;
        card.n_selected = vec![report.selected_up.len(), report.selected_down.len()];
        let gene = |found: &GeneFinding| self.sound_gene(card.row.feature, found, table);
        let (genes_up, genes_down) =
            (findings.genes_up.iter().map(gene).collect(), findings.genes_down.iter().map(gene).collect());
        (card.genes_up, card.genes_down) = (genes_up, genes_down);
        if !self.data.dataset.gene_sets.is_empty() {
            let ordered: Vec<GeneSetId> = findings.terms.iter().map(|term| term.set).collect();
            let feature = card.row.feature;
            let terms = findings.terms.iter().map(|found| self.sound_term(feature, found, report, plan)).collect();
            card.terms = Some(self.with_groups(with_likeness(terms, &plan.sets, &ordered)));
        }
        card.volcano = Some(volcano(table, plan));
    }

    fn sound_gene(&self, feature: FeatureId, found: &GeneFinding, table: &GeneTable) -> CardGene {
        let at = found.gene.index();
        let family = self.sound_results(feature).and_then(|sound| sound.gene_family.as_ref());
        CardGene {
            gene: found.gene,
            name: self.data.gene_name(found.gene),
            mean_positive: table.mean_positive[at],
            mean_negative: table.mean_negative[at],
            fold_change: found.log2_fold_change,
            log10_p_value: log10(found.ln_p_value),
            log10_padj: log10(found.ln_padj),
            sound: Some(CardGeneSound {
                fraction_positive: table.fraction_positive[at],
                fraction_negative: table.fraction_negative[at],
                auroc: table.auroc[at],
                log10_padj_global: family.map(|family| log10(family.ln_padj(found.ln_p_value))),
            }),
        }
    }

    /// Says of each term which group of the ontology it is in.
    fn with_groups(&self, mut terms: Vec<CardTerm>) -> Vec<CardTerm> {
        let Some(ontology) = self.data.ontology() else { return terms };
        let descriptions: BTreeMap<&str, &str> =
            self.data.dataset.gene_sets.iter().map(|set| (set.name.as_str(), set.description.as_str())).collect();
        let grouper = grouper(ontology);
        for term in &mut terms {
            let description = descriptions.get(term.name.as_str()).copied().unwrap_or_default();
            let group = ontology.term_of_set(&term.name, description).and_then(|found| grouper.shown(found));
            term.group = group.map(|group| ontology.name(group).to_owned());
        }
        terms
    }

    /// What sound mode found, if the feature is among it.
    fn sound_results(&self, feature: FeatureId) -> Option<&SoundResults> {
        match &self.analysis?.results {
            Results::Sound(sound) => Some(sound).filter(|sound| sound.by_feature.contains_key(&feature)),
            Results::Paper(_) => None,
        }
    }

    fn sound_term(
        &self,
        feature: FeatureId,
        found: &TermFinding,
        report: &FeatureReport,
        plan: &ShardPlan,
    ) -> CardTerm {
        let counts = report.term_counts(plan, found);
        let family = self.sound_results(feature).and_then(|sound| sound.family.as_ref());
        CardTerm {
            name: plan.sets.name(found.set).to_owned(),
            set_size: counts.set_size,
            n_hits: found.n_hits as usize,
            expected: counts.expected,
            fold: counts.fold,
            tests: TermTests::Sound {
                direction: found.direction,
                odds_ratio: counts.odds_ratio,
                log10_p_value: log10(found.ln_p_value),
                log10_padj: log10(found.ln_padj),
                log10_padj_global: family.map(|family| log10(family.ln_padj(found.ln_p_value))),
                rank_z: found.rank_z,
                rank_log10_padj: log10(found.rank_ln_padj),
            },
            hits: counts.hits.iter().map(|&gene| self.data.gene_name(gene)).collect(),
            like: None,
            group: None,
        }
    }
}

/// Says of each term which one before it, in the same direction, has most of the same genes.
fn with_likeness(mut terms: Vec<CardTerm>, sets: &MatchedGeneSets, ordered: &[GeneSetId]) -> Vec<CardTerm> {
    let is_down = |term: &CardTerm| matches!(term.tests, TermTests::Sound { direction: Direction::Down, .. });
    let n_up = terms.partition_point(|term| !is_down(term));
    for (start, ordered) in [(0, &ordered[..n_up]), (n_up, &ordered[n_up..])] {
        for (at, first) in representatives(sets, ordered, LIKENESS).into_iter().enumerate() {
            terms[start + at].like = (first != at).then_some(start + first);
        }
    }
    terms
}

fn volcano(table: &GeneTable, plan: &ShardPlan) -> Volcano {
    let [_, ln_p, ln_padj] = table.of_test(plan.params.primary());
    let ln_alpha = libm::log(plan.params.alpha);
    let significant = ln_p.iter().zip(ln_padj).filter(|(_, ln_padj)| **ln_padj < ln_alpha).map(|(&ln_p, _)| ln_p);
    let largest = significant.fold(f64::NEG_INFINITY, f64::max);
    let narrow = |values: &[f64], factor: f64| values.iter().map(|value| (value * factor) as f32).collect::<Vec<f32>>();
    Volcano {
        log2_fold_change: narrow(&table.log2_fold_change, 1.0).into(),
        minus_log10_p: narrow(ln_p, -std::f64::consts::LOG10_E).into(),
        threshold: (largest > f64::NEG_INFINITY).then(|| -log10(largest)),
    }
}

/// What is said of a feature whose groups are too small.
fn exclusion_notice(reason: Exclusion, min: usize) -> Notice {
    let (n, group) = match reason {
        Exclusion::FewPositive(n) => (n, "positive"),
        Exclusion::FewNegative(n) => (n, "negative"),
    };
    Notice::info(format!(
        "Left out of the analysis: {n} {group} {}, where at least {min} are asked for.",
        if n == 1 { "cell" } else { "cells" }
    ))
}

pub(super) fn log10(ln: f64) -> f64 {
    ln * std::f64::consts::LOG10_E
}
