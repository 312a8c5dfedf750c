//! Preranked gene set enrichment analysis (GSEA): whether a set's genes stand together at one end of a ranking.
//!
//! Enrichment scores, leading edges, NES and p as fgsea has them (Subramanian et al., PNAS 2005; Korotkevich et al.,
//! bioRxiv 060012v3), p down to `eps` by multilevel splitting. Null: a random set of as many genes; p is one-sided
//! given the sign of the score. [`gsea`] does one ranking, [`GseaRun`] the same in steps, [`RankNull`] many rankings
//! against one null. Sets are corrected together by Benjamini–Hochberg; sets without p (too few null scores of their
//! sign) are NaN and not counted.

mod chain;
mod error;
mod multilevel;
mod null;
mod params;
mod precision;
mod random;
mod rank_null;
mod ranking;
mod run;
mod score;
#[cfg(test)]
mod tests;

use super::{GeneSetId, MatchedGeneSets};
use crate::data::{GeneId, Observer};

pub use error::GseaError;
pub use params::GseaParams;
use params::{MAX_PERMUTATIONS, MAX_SAMPLE_SIZE, MAX_WEIGHT, MIN_EPS, MIN_PERMUTATIONS, MIN_SAMPLE_SIZE};
pub use rank_null::{RankNull, RankNullMaker, RankScore};
pub use ranking::Ranking;
pub use run::GseaRun;
pub use score::{enrichment_score, leading_edge, running_sum};

/// One set in a ranking.
#[derive(Clone, Debug, PartialEq)]
pub struct GseaResult {
    /// The set.
    pub set: GeneSetId,
    /// Its ranked genes.
    pub size: usize,
    /// The enrichment score, −1 to 1; positive if its genes stand high.
    pub es: f64,
    /// ES over the mean score of random sets of its size and sign; `None` with fewer than 10 of them.
    pub nes: Option<f64>,
    /// ln of p, at most 0 and at least ln `eps`; NaN with fewer than 10 random scores of its sign.
    pub ln_p_value: f64,
    /// Standard deviation of log2 p; `None` without p, below `eps`, and where p is likely too large.
    pub log2_error: Option<f64>,
    /// p adjusted over the sets of this analysis (Benjamini–Hochberg), NaN without p.
    pub padj: f64,
    /// The genes that make the score, from the end of the ranking inwards.
    pub leading_edge: Vec<GeneId>,
}

impl GseaResult {
    /// p, one-sided given the sign of the score, 0 to 1.
    pub fn p_value(&self) -> f64 {
        libm::exp(self.ln_p_value)
    }
}

/// Tests all sets of eligible size in one ranking, in the order of the sets.
///
/// Tied statistics and sets without p are told to the observer as warnings.
///
/// # Errors
/// [`GseaError`] for parameters out of range, sets matched with other genes, or when cancelled.
pub fn gsea(
    ranking: &Ranking,
    sets: &MatchedGeneSets,
    params: &GseaParams,
    observer: &dyn Observer,
) -> Result<Vec<GseaResult>, GseaError> {
    let mut run = GseaRun::new(ranking, sets, params)?;
    if ranking.n_tied() > 0 {
        let share = 100.0 * ranking.n_tied() as f64 / ranking.n_ranked() as f64;
        observer.warn(&format!("{share:.2} % of the ranked genes tie with another; their order is arbitrary"));
    }
    while !run.is_done() {
        if observer.is_cancelled() {
            return Err(GseaError::Cancelled);
        }
        observer.progress(run.step(), "Gene set enrichment");
    }
    let results = run.finish();
    let n_without = results.iter().filter(|result| result.ln_p_value.is_nan()).count();
    if n_without > 0 {
        observer.warn(&format!(
            "{n_without} gene sets have no p value: too few random sets score on their side; more permutations may help"
        ));
    }
    Ok(results)
}
