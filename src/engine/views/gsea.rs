//! What GSEA found for a feature: its first sets, and the running sum of one.

use crate::engine::EngineError;
use crate::engine::gsea::{FeatureGsea, Ranked};
use crate::engine::state::{OpenData, State};
use crate::enrich::{GeneSetId, representatives, running_sum};
use crate::protocol::{GseaCurve, GseaQuery, GseaTable, GseaTerm, ViewResult};

use super::findings::{LIKENESS, log10};
use crate::data::FeatureId;

/// The first sets of a feature; nothing if GSEA has not run for it.
///
/// # Errors
/// [`EngineError::Gsea`].
pub(super) fn table(state: &State, data: &OpenData, query: GseaQuery) -> Result<ViewResult, EngineError> {
    let Some(found) = state.gsea.get(&query.feature) else { return Ok(ViewResult::Gsea(None)) };
    let ranked = found.ranked()?;
    let mut n_listed = [0; 2];
    let is_listed = |at: &usize| {
        let n_listed = &mut n_listed[usize::from(found.tests[*at].es > 0.0)];
        *n_listed += 1;
        *n_listed <= query.limit
    };
    let order: Vec<usize> = found.order().into_iter().filter(is_listed).collect();
    let mut terms: Vec<GseaTerm> = order.iter().map(|&at| term(found, &ranked, data, at)).collect();
    mark_near_copies(&mut terms, found);
    let alpha = found.plan.params.alpha;
    let count =
        |is_meant: fn(f64) -> bool| found.tests.iter().filter(|test| test.padj < alpha && is_meant(test.es)).count();
    Ok(ViewResult::Gsea(Some(Box::new(GseaTable {
        feature: found.feature,
        params: found.params.clone(),
        n_genes: ranked.ranking.n_ranked(),
        n_tied: ranked.ranking.n_tied(),
        size_limits: found.size_limits,
        n_sets: found.tests.len(),
        n_significant: [count(|es| es > 0.0), count(|es| es < 0.0)],
        alpha,
        terms,
        notices: found.notices.clone(),
    }))))
}

/// The running sum of one set.
///
/// # Errors
/// [`EngineError::NoGsea`], [`EngineError::UnknownGeneSet`], [`EngineError::Gsea`].
pub(super) fn curve(state: &State, data: &OpenData, feature: FeatureId, set: u32) -> Result<ViewResult, EngineError> {
    let no_gsea = || EngineError::NoGsea { what: format!("feature {feature}") };
    let found = state.gsea.get(&feature).ok_or_else(no_gsea)?;
    let at = found.tests.binary_search_by_key(&set, |test| test.set.0);
    let at = at.map_err(|_| EngineError::UnknownGeneSet { set, feature })?;
    let ranked = found.ranked()?;
    let hits = ranked.ranking.ranks_of(found.plan.sets.genes(found.tests[at].set));
    let corners = running_sum(&ranked.weights, &hits);
    let (passed, sum): (Vec<f64>, Vec<f64>) = corners.into_iter().unzip();
    let n_ranked = ranked.ranking.n_ranked() as u32;
    let statistic: Vec<f64> = (0..n_ranked).map(|rank| found.statistic[ranked.ranking.gene(rank).index()]).collect();
    Ok(ViewResult::GseaCurve(Box::new(GseaCurve {
        feature,
        params: found.params.clone(),
        term: term(found, &ranked, data, at),
        passed: passed.into(),
        sum: sum.into(),
        hits: hits.into(),
        statistic: statistic.into(),
    })))
}

fn term(found: &FeatureGsea, ranked: &Ranked, data: &OpenData, at: usize) -> GseaTerm {
    let test = &found.tests[at];
    let edge = ranked.leading_edge(found.plan.sets.genes(test.set));
    GseaTerm {
        set: test.set.0,
        name: found.plan.sets.name(test.set).to_owned(),
        size: test.size as usize,
        es: test.es,
        nes: test.nes,
        log10_p_value: log10(test.ln_p_value),
        log2_error: test.log2_error,
        log10_padj: libm::log10(test.padj),
        leading_edge: edge.into_iter().map(|gene| data.gene_name(gene)).collect(),
        like: None,
    }
}

/// Says of each set which one before it, with a score of the same sign, has most of the same genes.
fn mark_near_copies(terms: &mut [GseaTerm], found: &FeatureGsea) {
    for is_positive in [true, false] {
        let same: Vec<usize> = (0..terms.len()).filter(|&at| (terms[at].es > 0.0) == is_positive).collect();
        let ordered: Vec<GeneSetId> = same.iter().map(|&at| GeneSetId(terms[at].set)).collect();
        for (at, first) in representatives(&found.plan.sets, &ordered, LIKENESS).into_iter().enumerate() {
            terms[same[at]].like = (first != at).then_some(same[first]);
        }
    }
}
