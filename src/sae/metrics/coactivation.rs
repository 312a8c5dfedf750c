//! Features that are active together: counts of shared cells, Jaccard, cosine and Pearson over cells.
//!
//! One feature is measured against all others by one pass over its active cells: Σ z_f z_g comes from the cells where
//! both are active alone. Pearson r = (Σ z_f z_g − n m_f m_g) / (n s_f s_g) over all cells, zeros included, from sums in
//! f64. A cell counts as shared if both activations are stored, that is not 0.
//!
//! Rules: a feature that is never active, or whose variance is below 10⁻¹² of its mean square (constant to f32's
//! rounding), has no Pearson (NaN); one never active no cosine. Two features never active have no Jaccard. NaN
//! activations spread.

use super::similarity::{self, Moments};
use crate::data::{FeatureId, SparseActivations};

/// How two features' activations are compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ActivationMeasure {
    /// Pearson correlation over cells.
    Pearson,
    /// Cosine over cells, not centred.
    Cosine,
    /// Shared active cells over cells where either is active.
    Jaccard,
}

/// Another feature beside one.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ActivationNeighbour {
    /// The other feature.
    pub feature: FeatureId,
    /// Cells where both are active.
    pub n_both: u32,
    /// `n_both` over cells where either is active, 0 to 1; NaN if there are none.
    pub jaccard: f64,
    /// Cosine over cells, −1 to 1; NaN if either is never active.
    pub cosine: f64,
    /// Pearson correlation over cells, −1 to 1; NaN if either does not vary.
    pub pearson: f64,
}

impl ActivationNeighbour {
    fn value(&self, measure: ActivationMeasure) -> f64 {
        match measure {
            ActivationMeasure::Pearson => self.pearson,
            ActivationMeasure::Cosine => self.cosine,
            ActivationMeasure::Jaccard => self.jaccard,
        }
    }
}

/// Activations with each feature's sums, ready to compare.
#[derive(Clone, Debug)]
pub struct ActivationSimilarity<'a> {
    activations: &'a SparseActivations,
    moments: Moments,
}

impl<'a> ActivationSimilarity<'a> {
    /// Sums every feature's activations.
    #[must_use]
    pub fn new(activations: &'a SparseActivations) -> Self {
        Self { activations, moments: Moments::new(activations) }
    }

    /// A feature against all features, itself included, `[n_features]`.
    ///
    /// # Panics
    /// If there is no such feature.
    #[must_use]
    pub fn of(&self, feature: FeatureId) -> Vec<ActivationNeighbour> {
        let overlaps = similarity::overlaps(self.activations, feature, self.activations);
        let n_active = |other: FeatureId| self.activations.feature(other).0.len() as u32;
        let measure = |(at, &(n_both, product)): (usize, &(u32, f64))| {
            let other = FeatureId::from_index(at);
            let n_either = n_active(feature) + n_active(other) - n_both;
            ActivationNeighbour {
                feature: other,
                n_both,
                jaccard: f64::from(n_both) / f64::from(n_either),
                cosine: self.moments.cosine(feature.index(), &self.moments, at, product),
                pearson: self.moments.pearson(feature.index(), &self.moments, at, product),
            }
        };
        overlaps.iter().enumerate().map(measure).collect()
    }

    /// The `n` other features most like one, most similar first, of equal ones the lower first; features without the
    /// measure (never active) are left out.
    ///
    /// # Panics
    /// If there is no such feature.
    #[must_use]
    pub fn nearest(&self, feature: FeatureId, n: usize, measure: ActivationMeasure) -> Vec<ActivationNeighbour> {
        let mut others = self.of(feature);
        others.retain(|other| other.feature != feature && !other.value(measure).is_nan());
        others.sort_by(|a, b| b.value(measure).total_cmp(&a.value(measure)).then(a.feature.cmp(&b.feature)));
        others.truncate(n);
        others
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::{DenseMatrix, SparseMatrix};

    const TOLERANCE: f64 = 1e-14; // five numbers in f64

    fn activations() -> SparseActivations {
        // Columns: a feature, its double, one opposite, a constant, a dead one.
        let rows = [
            [1.0, 2.0, 0.0, 3.0, 0.0],
            [2.0, 4.0, 0.0, 3.0, 0.0],
            [0.0, 0.0, 1.0, 3.0, 0.0],
            [0.0, 0.0, 5.0, 3.0, 0.0],
        ];
        let matrix = DenseMatrix::new(4, 5, rows.concat()).unwrap();
        SparseActivations::from_cells(SparseMatrix::from_dense(&matrix))
    }

    #[test]
    fn overlaps_are_those_of_dense_columns() {
        let activations = activations();
        let of = ActivationSimilarity::new(&activations).of(FeatureId(0));
        let counts: Vec<u32> = of.iter().map(|other| other.n_both).collect();
        assert_eq!(counts, [2, 2, 0, 2, 0]);
        assert!((of[1].pearson - 1.0).abs() < TOLERANCE && (of[1].cosine - 1.0).abs() < TOLERANCE);
        // By hand: deviations [.25, 1.25, −.75, −.75] and [−1.5, −1.5, −.5, 3.5].
        let expected = -4.5 / (2.75_f64 * 17.0).sqrt();
        assert!((of[2].pearson - expected).abs() < TOLERANCE);
        assert_eq!((of[2].cosine, of[2].jaccard, of[3].jaccard, of[4].jaccard), (0.0, 0.0, 0.5, 0.0));
        assert!((of[3].cosine - 9.0 / (5.0_f64 * 36.0).sqrt()).abs() < TOLERANCE);
    }

    #[test]
    fn constant_and_dead_features_have_no_correlation() {
        let activations = activations();
        let of = ActivationSimilarity::new(&activations).of(FeatureId(4));
        assert!(of.iter().all(|other| other.pearson.is_nan() && other.cosine.is_nan()));
        assert!(of[4].jaccard.is_nan() && of[0].jaccard == 0.0);
        assert!(ActivationSimilarity::new(&activations).of(FeatureId(3))[0].pearson.is_nan());
    }

    #[test]
    fn neighbours_leave_out_the_feature_and_what_has_no_measure() {
        let activations = activations();
        let similarity = ActivationSimilarity::new(&activations);
        let ids = |measure, n| {
            similarity.nearest(FeatureId(0), n, measure).iter().map(|near| near.feature.0).collect::<Vec<u32>>()
        };
        assert_eq!(ids(ActivationMeasure::Pearson, 9), [1, 2]);
        assert_eq!(ids(ActivationMeasure::Cosine, 9), [1, 3, 2]);
        assert_eq!(ids(ActivationMeasure::Jaccard, 3), [1, 3, 2]);
        assert_eq!(ids(ActivationMeasure::Cosine, 1), [1]);
    }

    #[test]
    fn the_relation_is_the_same_both_ways() {
        let activations = activations();
        let similarity = ActivationSimilarity::new(&activations);
        let (there, back) = (similarity.of(FeatureId(0))[2], similarity.of(FeatureId(2))[0]);
        assert_eq!((there.n_both, there.jaccard, there.cosine), (back.n_both, back.jaccard, back.cosine));
        assert!((there.pearson - back.pearson).abs() < TOLERANCE);
    }
}
