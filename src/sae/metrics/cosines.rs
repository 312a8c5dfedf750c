//! The most similar direction of a dictionary, for every feature, by cosine.
//!
//! Blocks of features are multiplied in f32, which only picks candidates: a cosine that could be the largest, the
//! rounding of the product allowed for, is computed again in f64, and that number decides and is reported. So the
//! result does not depend on how a machine multiplies. Never features × features at once: one block of products, 256
//! × 256. Cost: h² d / 2 products within a dictionary, h₁ h₂ d between two.
//!
//! Rules: by [`SignRule::Signed`] the largest cosine is the best, as a feature is active on one side only, by
//! [`SignRule::Absolute`] the largest size; of equal ones the lower feature wins. A row of length 0 has no direction,
//! is nobody's best and has none (NaN).

use std::ops::Range;

use nalgebra::DMatrix;

use crate::data::{DenseMatrix, FeatureId};

const BLOCK: usize = 256;
/// Bounds the rounding of an f32 sum of products of unit vectors: (d + 8) u, u = 2⁻²⁴.
const UNIT_ROUNDING: f64 = 1.0 / (1_u64 << 24) as f64;

/// The rows of a dictionary as directions.
///
/// # Shapes
/// `[n_features, d_in]`.
#[derive(Clone, Debug)]
pub struct Directions<'a> {
    rows: &'a DenseMatrix,
    norms: Vec<f64>,
    /// A column is a feature's unit vector: `[d_in, n_features]`.
    unit: DMatrix<f32>,
}

impl<'a> Directions<'a> {
    /// Measures the rows, such as a decoder's.
    #[must_use]
    pub fn new(rows: &'a DenseMatrix) -> Self {
        let norms: Vec<f64> = (0..rows.n_rows()).map(|row| dot(rows.row(row), rows.row(row)).sqrt()).collect();
        let mut unit = Vec::with_capacity(rows.values().len());
        for (row, &norm) in norms.iter().enumerate() {
            let scale = if norm > 0.0 { norm.recip() } else { 0.0 };
            unit.extend(rows.row(row).iter().map(|&value| (f64::from(value) * scale) as f32));
        }
        Self { rows, norms, unit: DMatrix::from_vec(rows.n_cols(), rows.n_rows(), unit) }
    }

    /// Number of features.
    pub fn n_features(&self) -> usize {
        self.norms.len()
    }

    /// Number of dimensions.
    pub fn d_in(&self) -> usize {
        self.rows.n_cols()
    }

    /// Length of each row, `[n_features]`.
    pub fn norms(&self) -> &[f64] {
        &self.norms
    }

    /// Cosine of a feature with one of a dictionary (itself or another), −1 to 1; NaN if either row has length 0.
    ///
    /// # Panics
    /// If a feature does not exist.
    #[must_use]
    pub fn cosine(&self, feature: FeatureId, other: &Self, other_feature: FeatureId) -> f64 {
        let (here, there) = (feature.index(), other_feature.index());
        let product = dot(self.rows.row(here), other.rows.row(there));
        let lengths = self.norms[here] * other.norms[there];
        if lengths > 0.0 { (product / lengths).clamp(-1.0, 1.0) } else { f64::NAN }
    }

    /// Unit vectors of some features in f64, a feature a column, `[d_in, features]`; length 0 stays 0.
    pub(super) fn unit_columns(&self, features: &[FeatureId]) -> DMatrix<f64> {
        let mut values = Vec::with_capacity(features.len() * self.d_in());
        for feature in features {
            let norm = self.norms[feature.index()];
            let scale = if norm > 0.0 { norm.recip() } else { 0.0 };
            values.extend(self.rows.row(feature.index()).iter().map(|&value| f64::from(value) * scale));
        }
        DMatrix::from_vec(self.d_in(), features.len(), values)
    }
}

/// Σ aᵢ bᵢ in f64.
fn dot(a: &[f32], b: &[f32]) -> f64 {
    a.iter().zip(b).map(|(&x, &y)| f64::from(x) * f64::from(y)).sum()
}

/// Whether opposite directions count as similar.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SignRule {
    /// No: similarity is what it is, −1 to 1. Right for features behind a ReLU.
    Signed,
    /// Yes: its absolute value counts. Right for components without a sign of their own (PCA, ICA, known variables).
    Absolute,
}

impl SignRule {
    /// What counts of a similarity.
    #[must_use]
    pub fn strength(self, similarity: f64) -> f64 {
        match self {
            Self::Signed => similarity,
            Self::Absolute => similarity.abs(),
        }
    }
}

/// The most similar direction.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct BestCosine {
    /// Whose; `None` where there is no other direction.
    pub feature: Option<FeatureId>,
    /// The cosine with its sign, −1 to 1; NaN without a feature.
    pub cosine: f64,
}

impl BestCosine {
    const NONE: Self = Self { feature: None, cosine: f64::NAN };
}

/// A search that can be done block by block, so that a caller can do something else in between.
///
/// ```
/// use featurescope::data::DenseMatrix;
/// use featurescope::sae::metrics::{CosineSearch, Directions};
///
/// let decoder = DenseMatrix::new(3, 2, vec![1.0, 0.0, 0.0, 2.0, 3.0, 3.0])?;
/// let directions = Directions::new(&decoder);
/// let nearest = CosineSearch::within(&directions).finish();
/// assert!((nearest[0].cosine - 0.5_f64.sqrt()).abs() < 1e-7);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct CosineSearch<'a> {
    from: &'a Directions<'a>,
    /// Absent: within `from`, a feature with itself left out.
    to: Option<&'a Directions<'a>>,
    sign: SignRule,
    next: usize,
    best: Vec<BestCosine>,
    /// An f32 product below cannot be the largest cosine.
    floors: Vec<f32>,
}

impl<'a> CosineSearch<'a> {
    /// Looks for every feature's most similar other one in the same dictionary.
    #[must_use]
    pub fn within(dictionary: &'a Directions<'a>) -> Self {
        Self::new(dictionary, None, SignRule::Signed)
    }

    /// Looks for the most similar feature in `to` of every one in `from`.
    ///
    /// # Panics
    /// If they have different numbers of dimensions.
    #[must_use]
    pub fn between(from: &'a Directions<'a>, to: &'a Directions<'a>, sign: SignRule) -> Self {
        assert_eq!(from.d_in(), to.d_in(), "dictionaries that are compared have the same dimensions");
        Self::new(from, Some(to), sign)
    }

    fn new(from: &'a Directions<'a>, to: Option<&'a Directions<'a>>, sign: SignRule) -> Self {
        let n = from.n_features();
        Self { from, to, sign, next: 0, best: vec![BestCosine::NONE; n], floors: vec![f32::NEG_INFINITY; n] }
    }

    /// Features done so far.
    pub fn n_done(&self) -> usize {
        self.next
    }

    /// Takes on the next block of features; false if there was none left.
    pub fn advance(&mut self) -> bool {
        if self.next >= self.from.n_features() {
            return false;
        }
        let rows = self.next..(self.next + BLOCK).min(self.from.n_features());
        let left = self.from.unit.columns_range(rows.clone()).transpose();
        let (to, first) = self.to.map_or((self.from, self.next), |to| (to, 0));
        for start in (first..to.n_features()).step_by(BLOCK) {
            let columns = start..(start + BLOCK).min(to.n_features());
            let products = &left * to.unit.columns_range(columns.clone());
            self.take(&products, rows.clone(), columns);
        }
        self.next = rows.end;
        true
    }

    fn take(&mut self, products: &DMatrix<f32>, rows: Range<usize>, columns: Range<usize>) {
        for (column, values) in columns.zip(products.column_iter()) {
            for (row, &product) in rows.clone().zip(values.iter()) {
                let value = if self.sign == SignRule::Absolute { product.abs() } else { product };
                if value >= self.floors[row] {
                    self.offer(row, column);
                }
                // Within a dictionary a block above the diagonal stands for the one below, too.
                if self.to.is_none() && column >= rows.end && value >= self.floors[column] {
                    self.offer(column, row);
                }
            }
        }
    }

    fn offer(&mut self, feature: usize, candidate: usize) {
        if self.to.is_none() && feature == candidate {
            return;
        }
        let candidate_id = FeatureId::from_index(candidate);
        let cosine = self.from.cosine(FeatureId::from_index(feature), self.to.unwrap_or(self.from), candidate_id);
        let best = &mut self.best[feature];
        let strength = self.sign.strength(cosine);
        if strength > self.sign.strength(best.cosine) || (best.feature.is_none() && !cosine.is_nan()) {
            *best = BestCosine { feature: Some(candidate_id), cosine };
            // Nothing exceeds 1, so copies of a direction are not computed one by one.
            let slack = (self.from.d_in() + 8) as f64 * UNIT_ROUNDING;
            self.floors[feature] = if strength < 1.0 { (strength - slack) as f32 } else { f32::INFINITY };
        }
    }

    /// What was found, `[n_features of from]`; all of it once [`Self::advance`] has returned false.
    #[must_use]
    pub fn finish(mut self) -> Vec<BestCosine> {
        while self.advance() {}
        self.best
    }
}

#[cfg(test)]
mod tests {
    use rand_chacha::ChaCha8Rng;
    use rand_chacha::rand_core::SeedableRng;

    use super::*;
    use crate::sae::model::tests::scattered_weights;
    use crate::stats::draw_normal;

    /// The definition, pair by pair.
    fn brute(from: &Directions<'_>, to: &Directions<'_>, is_same: bool, sign: SignRule) -> Vec<BestCosine> {
        let mut found = Vec::new();
        for row in 0..from.n_features() as u32 {
            let mut best = BestCosine::NONE;
            for column in (0..to.n_features() as u32).filter(|&column| !is_same || column != row) {
                let cosine = from.cosine(FeatureId(row), to, FeatureId(column));
                let is_better = sign.strength(cosine) > sign.strength(best.cosine);
                if is_better || (best.feature.is_none() && !cosine.is_nan()) {
                    best = BestCosine { feature: Some(FeatureId(column)), cosine };
                }
            }
            found.push(best);
        }
        found
    }

    fn random(n: usize, d: usize, seed: u64) -> DenseMatrix {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        DenseMatrix::new(n, d, (0..n * d).map(|_| draw_normal(&mut rng) as f32).collect()).unwrap()
    }

    #[test]
    fn blocks_find_what_pairs_find() {
        // Scattered rows repeat, so that most have copies; random ones do not.
        let pairs = [
            (scattered_weights(7, 600).w_dec, scattered_weights(7, 300).w_enc.transposed()),
            (random(600, 24, 1), random(300, 24, 2)),
        ];
        for (one, two) in &pairs {
            let (one, two) = (Directions::new(one), Directions::new(two));
            assert_eq!(CosineSearch::within(&one).finish(), brute(&one, &one, true, SignRule::Signed));
            for sign in [SignRule::Signed, SignRule::Absolute] {
                assert_eq!(CosineSearch::between(&one, &two, sign).finish(), brute(&one, &two, false, sign));
                assert_eq!(CosineSearch::between(&two, &one, sign).finish(), brute(&two, &one, false, sign));
            }
        }
    }

    #[test]
    fn copies_go_to_the_lowest_and_signs_count() {
        let rows = DenseMatrix::new(4, 2, vec![1.0, 0.0, -1.0, 0.0, 2.0, 0.0, 3.0, 0.0]).unwrap();
        let best = CosineSearch::within(&Directions::new(&rows)).finish();
        let found: Vec<(u32, f64)> = best.iter().map(|best| (best.feature.unwrap().0, best.cosine)).collect();
        assert_eq!(found, [(2, 1.0), (0, -1.0), (0, 1.0), (0, 1.0)]);
    }

    #[test]
    fn a_row_of_zeros_is_nobodys_best() {
        let rows = DenseMatrix::new(3, 1, vec![0.0, -1.0, 2.0]).unwrap();
        let best = CosineSearch::within(&Directions::new(&rows)).finish();
        assert!(best[0].feature.is_none() && best[0].cosine.is_nan());
        assert_eq!((best[1].feature, best[1].cosine), (Some(FeatureId(2)), -1.0));
        let alone = DenseMatrix::new(1, 1, vec![1.0]).unwrap();
        assert!(CosineSearch::within(&Directions::new(&alone)).finish()[0].cosine.is_nan());
    }

    #[test]
    fn a_search_in_steps_is_the_same_search() {
        let rows = scattered_weights(3, 700).w_dec;
        let directions = Directions::new(&rows);
        let mut search = CosineSearch::within(&directions);
        let mut done = Vec::new();
        while search.advance() {
            done.push(search.n_done());
        }
        assert_eq!(done, [256, 512, 700]);
        assert_eq!(search.finish(), CosineSearch::within(&directions).finish());
    }
}
