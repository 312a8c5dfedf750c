//! Whether a dictionary comes out again: from another seed, or beside a known one.
//!
//! MMCS (mean max cosine similarity, Sharkey, Braun & Millidge 2022) is the mean over the features of one dictionary of
//! the largest cosine with any of the other: several may share a partner, and the other direction gives another number.
//! MCC is the mean cosine of the best one-to-one matching ([`super::Matching`]). Dead features keep the direction they
//! started with, so they are best left out: the caller says which features count.
//!
//! Rules as in `cosines` and `matching`; means of nothing are NaN.

use super::cosines::{BestCosine, CosineSearch, Directions, SignRule};
use super::matching::match_decoders;
use crate::data::FeatureId;
use crate::sae::{Sae, SaeError};

/// Mean over the features of `from` of the largest cosine with a feature of `to`; those of length 0 are left out.
///
/// # Panics
/// If they have different numbers of dimensions.
///
/// # Example
/// ```
/// use featurescope::data::DenseMatrix;
/// use featurescope::sae::metrics::{Directions, SignRule, mmcs};
///
/// let found = DenseMatrix::new(2, 2, vec![1.0, 0.0, -1.0, 0.0])?;
/// let known = DenseMatrix::new(1, 2, vec![5.0, 0.0])?;
/// let (found, known) = (Directions::new(&found), Directions::new(&known));
/// assert_eq!(mmcs(&found, &known, SignRule::Signed), 0.0);
/// assert_eq!(mmcs(&known, &found, SignRule::Signed), 1.0);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[must_use]
pub fn mmcs(from: &Directions<'_>, to: &Directions<'_>, sign: SignRule) -> f64 {
    mean_strength(&CosineSearch::between(from, to, sign).finish(), sign)
}

fn mean_strength(best: &[BestCosine], sign: SignRule) -> f64 {
    let strengths: Vec<f64> =
        best.iter().map(|best| sign.strength(best.cosine)).filter(|strength| !strength.is_nan()).collect();
    strengths.iter().sum::<f64>() / strengths.len() as f64
}

/// A feature as another seed has it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct FeatureStability {
    /// The feature.
    pub feature: FeatureId,
    /// The most similar feature of the other seed.
    pub best: BestCosine,
    /// The feature of the other seed it is matched with one to one, if there was one left, and their cosine.
    pub matched: BestCosine,
}

/// A dictionary beside that of another seed.
#[derive(Clone, Debug, PartialEq)]
pub struct SeedStability {
    /// One entry per feature compared, in the order given.
    pub features: Vec<FeatureStability>,
    /// Mean of the best cosines.
    pub mmcs: f64,
    /// Mean of the matched cosines.
    pub mcc: f64,
    /// No matching has a larger MCC; equal to it where `is_exact`.
    pub mcc_upper_bound: f64,
    /// Whether the matching is certainly the best; see [`super::MAX_EXACT_MATCHING`].
    pub is_exact: bool,
}

/// Compares features of `one` with features of `other` by the signed cosine of their decoder rows.
///
/// # Errors
/// [`SaeError::InputDims`] if the two read different numbers of dimensions.
///
/// # Panics
/// If a feature does not exist.
pub fn seed_stability(
    (one, features): (&Sae, &[FeatureId]),
    (other, partners): (&Sae, &[FeatureId]),
) -> Result<SeedStability, SaeError> {
    if one.d_in() != other.d_in() {
        return Err(SaeError::InputDims { found: other.d_in(), expected: one.d_in() });
    }
    let rows = |sae: &Sae, ids: &[FeatureId]| sae.weights().w_dec.select_rows(ids.iter().map(|id| id.index()));
    let (from, to) = (rows(one, features), rows(other, partners));
    let (from, to) = (Directions::new(&from), Directions::new(&to));
    let best = CosineSearch::between(&from, &to, SignRule::Signed).finish();
    let matching = match_decoders(&from, &to, SignRule::Signed);
    let name = |at: Option<FeatureId>, cosine| BestCosine { feature: at.map(|at| partners[at.index()]), cosine };
    let pairs = features.iter().zip(&best).zip(&matching.matches);
    let stability = |((&feature, best), found): ((&FeatureId, &BestCosine), &super::FeatureMatch)| FeatureStability {
        feature,
        best: name(best.feature, best.cosine),
        matched: name(found.partner, found.similarity),
    };
    Ok(SeedStability {
        features: pairs.map(stability).collect(),
        mmcs: mean_strength(&best, SignRule::Signed),
        mcc: matching.mean,
        mcc_upper_bound: matching.upper_bound,
        is_exact: matching.is_exact,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::DenseMatrix;
    use crate::sae::{Architecture, SaeWeights};

    fn sae(n_features: usize, decoder: Vec<f32>) -> Sae {
        let weights = SaeWeights {
            w_enc: DenseMatrix::zeros(2, n_features),
            b_enc: vec![0.0; n_features],
            w_dec: DenseMatrix::new(n_features, 2, decoder).unwrap(),
            b_dec: vec![0.0; 2],
            threshold: None,
        };
        Sae::new(Architecture::Standard, weights, false).unwrap()
    }

    fn ids(ids: &[u32]) -> Vec<FeatureId> {
        ids.iter().copied().map(FeatureId).collect()
    }

    #[test]
    fn two_features_may_share_a_best_but_not_a_match() {
        let one = sae(3, vec![1.0, 0.0, 9.0, 9.0, 3.0, 0.0]);
        let other = sae(3, vec![0.0, 1.0, 2.0, 0.0, 9.0, 9.0]);
        let found = seed_stability((&one, &ids(&[0, 2])), (&other, &ids(&[0, 1]))).unwrap();
        let best: Vec<_> = found.features.iter().map(|feature| (feature.best.feature, feature.best.cosine)).collect();
        assert_eq!(best, [(Some(FeatureId(1)), 1.0), (Some(FeatureId(1)), 1.0)]);
        let mut matched: Vec<_> = found.features.iter().map(|feature| feature.matched.feature.unwrap().0).collect();
        matched.sort_unstable();
        assert_eq!((matched, found.mmcs, found.mcc, found.is_exact), (vec![0, 1], 1.0, 0.5, true));
        assert_eq!(found.features[1].feature, FeatureId(2));
    }

    #[test]
    fn no_live_features_have_no_stability() {
        let one = sae(1, vec![1.0, 0.0]);
        let found = seed_stability((&one, &[]), (&one, &ids(&[0]))).unwrap();
        assert!(found.features.is_empty() && found.mmcs.is_nan() && found.mcc.is_nan());
    }

    #[test]
    fn autoencoders_of_other_dimensions_are_refused() {
        let error = seed_stability((&Sae::identity(3).unwrap(), &[]), (&sae(1, vec![1.0, 0.0]), &[])).unwrap_err();
        assert_eq!(error, SaeError::InputDims { found: 2, expected: 3 });
    }
}
