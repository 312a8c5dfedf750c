//! Features of two dictionaries matched one to one, and the mean similarity of the pairs (MCC).
//!
//! The matching has the largest sum of similarities: cosines of decoder rows, or Pearson correlations of activations
//! over the same cells (mean correlation coefficient, Hyvärinen & Morioka 2016). [`SignRule`] says whether opposites
//! count. With n ≤ m features it is found exactly ([`max_assignment`]) where n² m ≤ 2000³ and n m ≤ 4 · 2000². Larger
//! ones are matched greedily from the most similar pair down (`greedy`), which gives a mean not above the largest one;
//! how much it can be below is said by `upper_bound`, the mean of the largest similarities.
//!
//! Rules: a feature without a direction, or which does not vary, has similarity 0 to all. The mean is over min(n, m)
//! pairs, NaN if there are none.

use nalgebra::DMatrix;

use super::cosines::{Directions, SignRule};
use super::greedy::Greedy;
use super::similarity::{Moments, overlaps};
use crate::data::{FeatureId, SparseActivations};
use crate::stats::max_assignment;

/// Two dictionaries of at most this many features are matched exactly.
pub const MAX_EXACT_MATCHING: usize = 2000;

/// A feature and the one it is matched with.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct FeatureMatch {
    /// The feature.
    pub feature: FeatureId,
    /// Its partner in the other dictionary; `None` if that has fewer features and none was left.
    pub partner: Option<FeatureId>,
    /// Their similarity with its sign, −1 to 1; NaN without a partner.
    pub similarity: f64,
}

/// Features matched one to one.
#[derive(Clone, Debug, PartialEq)]
pub struct Matching {
    /// One entry per feature of the first dictionary, in its order.
    pub matches: Vec<FeatureMatch>,
    /// Mean of what counts of the pairs' similarities (MCC), −1 to 1.
    pub mean: f64,
    /// No matching has a larger mean; equal to `mean` if the matching is exact.
    pub upper_bound: f64,
    /// Whether the sum of similarities is certainly the largest.
    pub is_exact: bool,
}

/// Matches decoder rows by cosine.
///
/// # Panics
/// If the dictionaries have different numbers of dimensions.
#[must_use]
pub fn match_decoders(from: &Directions<'_>, to: &Directions<'_>, sign: SignRule) -> Matching {
    assert_eq!(from.d_in(), to.d_in(), "dictionaries that are compared have the same dimensions");
    let all = |directions: &Directions<'_>| (0..directions.n_features() as u32).map(FeatureId).collect::<Vec<_>>();
    let (features, partners) = (all(from), all(to));
    let cosines = Cosines { from: from.unit_columns(&features), to: to.unit_columns(&partners).transpose() };
    named(&solve(&cosines, sign), &features, &partners)
}

/// Matches `features` of `from` with `partners` of `to` by the Pearson correlation of their activations.
///
/// # Panics
/// If the activations are of different numbers of cells, or a feature does not exist.
#[must_use]
pub fn match_activations(
    (from, features): (&SparseActivations, &[FeatureId]),
    (to, partners): (&SparseActivations, &[FeatureId]),
    sign: SignRule,
) -> Matching {
    assert_eq!(from.n_cells(), to.n_cells(), "activations that are compared are of the same cells");
    let pearsons = Pearsons { from, features, moments: Moments::new(from), to, partners, to_moments: Moments::new(to) };
    named(&solve(&pearsons, sign), features, partners)
}

/// Similarities by rows, so that features × features need not be there at once.
pub(super) trait Similarities {
    /// Rows and columns.
    fn shape(&self) -> (usize, usize);
    /// Some rows, one after the other, all columns; no NaN.
    fn rows(&self, rows: &[usize]) -> Vec<f64>;
}

struct Cosines {
    /// `[d, n_rows]`
    from: DMatrix<f64>,
    /// `[n_columns, d]`
    to: DMatrix<f64>,
}

impl Similarities for Cosines {
    fn shape(&self) -> (usize, usize) {
        (self.from.ncols(), self.to.nrows())
    }

    fn rows(&self, rows: &[usize]) -> Vec<f64> {
        // Stored by column, so a column of the product is a row asked for.
        let product = &self.to * self.from.select_columns(rows);
        product.iter().map(|value| value.clamp(-1.0, 1.0)).collect()
    }
}

pub(super) struct Pearsons<'a> {
    pub(super) from: &'a SparseActivations,
    pub(super) features: &'a [FeatureId],
    pub(super) moments: Moments,
    pub(super) to: &'a SparseActivations,
    pub(super) partners: &'a [FeatureId],
    pub(super) to_moments: Moments,
}

impl Similarities for Pearsons<'_> {
    fn shape(&self) -> (usize, usize) {
        (self.features.len(), self.partners.len())
    }

    fn rows(&self, rows: &[usize]) -> Vec<f64> {
        let mut values = Vec::with_capacity(rows.len() * self.partners.len());
        for &row in rows {
            let feature = self.features[row];
            let shared = overlaps(self.from, feature, self.to);
            values.extend(self.partners.iter().map(|partner| {
                let (there, product) = (partner.index(), shared[partner.index()].1);
                let pearson = self.moments.pearson(feature.index(), &self.to_moments, there, product);
                if pearson.is_nan() { 0.0 } else { pearson }
            }));
        }
        values
    }
}

/// Pairs by position.
pub(super) struct Pairs {
    /// Column and similarity of each row.
    pub(super) of_rows: Vec<Option<(usize, f64)>>,
    mean: f64,
    upper_bound: f64,
    is_exact: bool,
}

pub(super) fn fits_exact(n_rows: usize, n_columns: usize) -> bool {
    let (few, many) = (n_rows.min(n_columns), n_rows.max(n_columns));
    let limit = MAX_EXACT_MATCHING as u64;
    let area = few as u64 * many as u64;
    area <= 4 * limit * limit && area * few as u64 <= limit.pow(3)
}

fn solve(similarities: &impl Similarities, sign: SignRule) -> Pairs {
    let (n_rows, n_columns) = similarities.shape();
    let n_pairs = n_rows.min(n_columns) as f64;
    let sum_of = |of_rows: &[Option<(usize, f64)>]| -> f64 {
        of_rows.iter().flatten().map(|&(_, similarity)| sign.strength(similarity)).sum()
    };
    if fits_exact(n_rows, n_columns) {
        let (rows, columns): (Vec<usize>, Vec<usize>) = ((0..n_rows).collect(), (0..n_columns).collect());
        let of_rows = exact(similarities, &rows, &columns, sign);
        let mean = sum_of(&of_rows) / n_pairs;
        return Pairs { of_rows, mean, upper_bound: mean, is_exact: true };
    }
    let (of_rows, upper_bound) = Greedy::new(similarities, sign).pairs();
    let mean = sum_of(&of_rows) / n_pairs;
    Pairs { of_rows, mean, upper_bound: upper_bound.max(mean), is_exact: false }
}

/// The best matching of some rows with some columns: for each row its column and similarity.
pub(super) fn exact(
    similarities: &impl Similarities,
    rows: &[usize],
    columns: &[usize],
    sign: SignRule,
) -> Vec<Option<(usize, f64)>> {
    let (_, n_columns) = similarities.shape();
    let all = similarities.rows(rows);
    let mut values = Vec::with_capacity(rows.len() * columns.len());
    for row in all.chunks(n_columns.max(1)) {
        values.extend(columns.iter().map(|&column| row[column]));
    }
    let strengths: Vec<f64> = values.iter().map(|&value| sign.strength(value)).collect();
    let assigned = max_assignment(&strengths, rows.len(), columns.len());
    let pair = |(row, column): (usize, Option<u32>)| {
        column.map(|at| (columns[at as usize], values[row * columns.len() + at as usize]))
    };
    assigned.into_iter().enumerate().map(pair).collect()
}

fn named(pairs: &Pairs, features: &[FeatureId], partners: &[FeatureId]) -> Matching {
    let name = |(&feature, pair): (&FeatureId, &Option<(usize, f64)>)| FeatureMatch {
        feature,
        partner: pair.map(|(column, _)| partners[column]),
        similarity: pair.map_or(f64::NAN, |(_, similarity)| similarity),
    };
    Matching {
        matches: features.iter().zip(&pairs.of_rows).map(name).collect(),
        mean: pairs.mean,
        upper_bound: pairs.upper_bound,
        is_exact: pairs.is_exact,
    }
}

#[cfg(test)]
mod tests {
    use rand_chacha::ChaCha8Rng;
    use rand_chacha::rand_core::SeedableRng;

    use super::*;
    use crate::data::{DenseMatrix, SparseMatrix};
    use crate::stats::draw_normal;

    fn partners(matching: &Matching) -> Vec<Option<u32>> {
        matching.matches.iter().map(|found| found.partner.map(|partner| partner.0)).collect()
    }

    #[test]
    fn a_reordered_dictionary_is_matched_wholly() {
        let one = DenseMatrix::new(3, 3, vec![1.0, 0.0, 0.0, 0.0, 2.0, 0.0, 0.0, 0.0, 3.0]).unwrap();
        let other = one.select_rows([2, 0, 1].into_iter());
        let matching = match_decoders(&Directions::new(&one), &Directions::new(&other), SignRule::Signed);
        assert_eq!(partners(&matching), [Some(1), Some(2), Some(0)]);
        assert_eq!((matching.mean, matching.upper_bound, matching.is_exact), (1.0, 1.0, true));
    }

    #[test]
    fn opposites_match_only_where_the_sign_does_not_count() {
        let one = DenseMatrix::new(1, 2, vec![1.0, 0.0]).unwrap();
        let other = DenseMatrix::new(2, 2, vec![-1.0, 0.0, 0.0, 1.0]).unwrap();
        let (one, other) = (Directions::new(&one), Directions::new(&other));
        let signed = match_decoders(&one, &other, SignRule::Signed);
        assert_eq!((partners(&signed), signed.mean), (vec![Some(1)], 0.0));
        let absolute = match_decoders(&one, &other, SignRule::Absolute);
        assert_eq!((partners(&absolute), absolute.mean, absolute.matches[0].similarity), (vec![Some(0)], 1.0, -1.0));
        let more = match_decoders(&other, &one, SignRule::Absolute);
        assert_eq!(partners(&more), [Some(0), None]);
        assert_eq!(more.mean, 1.0);
        assert!(more.matches[1].similarity.is_nan());
    }

    #[test]
    fn activations_match_by_correlation_and_dead_features_by_none() {
        let matrix = |values| {
            let dense = DenseMatrix::new(4, 2, values).unwrap();
            SparseActivations::from_cells(SparseMatrix::from_dense(&dense))
        };
        let one = matrix(vec![1.0, 0.0, 2.0, 0.0, 0.0, 0.0, 0.0, 0.0]);
        let other = matrix(vec![0.0, 10.0, 0.0, 20.0, 7.0, 0.0, 0.0, 0.0]);
        let ids = [FeatureId(0), FeatureId(1)];
        let matching = match_activations((&one, &ids), (&other, &ids), SignRule::Signed);
        assert_eq!(partners(&matching), [Some(1), Some(0)]);
        assert_eq!((matching.matches[0].similarity, matching.matches[1].similarity), (1.0, 0.0));
        assert_eq!(matching.mean, 0.5);
    }

    #[test]
    fn a_dictionary_too_large_to_match_exactly_is_found_again_in_another_order() {
        let n = MAX_EXACT_MATCHING + 50;
        let mut rng = ChaCha8Rng::seed_from_u64(2);
        let one = DenseMatrix::new(n, 6, (0..n * 6).map(|_| draw_normal(&mut rng) as f32).collect()).unwrap();
        let other = one.select_rows((0..n).rev());
        let matching = match_decoders(&Directions::new(&one), &Directions::new(&other), SignRule::Signed);
        assert!(!matching.is_exact && matching.mean > 1.0 - 1e-12 && matching.upper_bound >= matching.mean);
        let is_found = |(at, partner): (usize, Option<u32>)| partner == Some((n - 1 - at) as u32);
        assert!(partners(&matching).into_iter().enumerate().all(is_found));
    }

    #[test]
    fn no_features_have_no_mean() {
        let none = DenseMatrix::zeros(0, 2);
        assert!(match_decoders(&Directions::new(&none), &Directions::new(&none), SignRule::Signed).mean.is_nan());
    }
}
