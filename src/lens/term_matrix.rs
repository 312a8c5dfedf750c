//! Gene sets × features as sparse numbers: what lays features out by what they stand for.
//!
//! A number is −log10 of p adjusted over a feature's sets, its sign the direction: positive where the set is among the
//! genes up in positive cells, negative where it is among those down. Only the terms that findings keep are there; other
//! places are empty, which means "not significant", not 0. A set found in both directions of one feature has the
//! stronger one, up if both are equal. Terms with an adjusted p of NaN are left out.

use std::collections::BTreeSet;

use super::sound::{Direction, TermFinding};
use crate::data::{FeatureId, SparseBuilder, SparseMatrix};
use crate::enrich::GeneSetId;

/// One number of a [`TermMatrix`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TermValue {
    /// The set.
    pub set: GeneSetId,
    /// The feature.
    pub feature: FeatureId,
    /// The direction whose number it is.
    pub direction: Direction,
    /// ln of the adjusted p, at most 0.
    pub ln_padj: f64,
}

impl TermValue {
    /// −log10 of the adjusted p, negative where the direction is down.
    pub fn signed(&self) -> f64 {
        let strength = -self.ln_padj / std::f64::consts::LN_10;
        if self.direction == Direction::Up { strength } else { -strength }
    }
}

/// The kept terms of many features, set by set.
///
/// # Shapes
/// `[n_terms, n_features]`, where terms are the sets that at least one feature has.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TermMatrix {
    sets: Vec<GeneSetId>,
    features: Vec<FeatureId>,
    starts: Vec<usize>,
    values: Vec<TermValue>,
}

impl TermMatrix {
    /// Joins the terms of features, given in any order; a feature without terms has an empty column.
    ///
    /// Rows are sets by position in their file, columns features by id, whatever order they come in; what is given twice
    /// counts once.
    ///
    /// # Examples
    /// ```
    /// use featurescope::data::FeatureId;
    /// use featurescope::enrich::GeneSetId;
    /// use featurescope::lens::TermMatrix;
    /// use featurescope::lens::sound::{Direction, TermFinding};
    /// let finding = TermFinding {
    ///     set: GeneSetId(7),
    ///     direction: Direction::Down,
    ///     n_hits: 12,
    ///     ln_p_value: 1e-9_f64.ln(),
    ///     ln_padj: 1e-6_f64.ln(),
    ///     rank_z: -5.0,
    ///     rank_ln_p_value: -14.4,
    ///     rank_ln_padj: -11.0,
    /// };
    /// let matrix = TermMatrix::new([(FeatureId(3), &[finding][..]), (FeatureId(1), &[])]);
    /// assert_eq!((matrix.sets(), matrix.features()), (&[GeneSetId(7)][..], &[FeatureId(1), FeatureId(3)][..]));
    /// assert!((matrix.row(0)[0].signed() + 6.0).abs() < 1e-12);
    /// ```
    #[must_use]
    pub fn new<'a>(terms_by_feature: impl IntoIterator<Item = (FeatureId, &'a [TermFinding])>) -> Self {
        let (mut features, mut values) = (BTreeSet::new(), Vec::new());
        for (feature, terms) in terms_by_feature {
            features.insert(feature);
            let known = terms.iter().filter(|term| !term.ln_padj.is_nan());
            values.extend(known.map(|term| {
                let (set, direction, ln_padj) = (term.set, term.direction, term.ln_padj);
                TermValue { set, feature, direction, ln_padj }
            }));
        }
        values.sort_unstable_by(|a: &TermValue, b: &TermValue| {
            let place = (a.set, a.feature).cmp(&(b.set, b.feature));
            place.then(a.ln_padj.total_cmp(&b.ln_padj)).then(a.direction.cmp(&b.direction))
        });
        values.dedup_by_key(|value| (value.set, value.feature));
        let mut matrix = Self { sets: Vec::new(), features: features.into_iter().collect(), starts: vec![0], values };
        for row in matrix.values.chunk_by(|a, b| a.set == b.set) {
            matrix.sets.push(row[0].set);
            matrix.starts.push(matrix.starts[matrix.starts.len() - 1] + row.len());
        }
        matrix
    }

    /// The sets of the rows, ascending.
    pub fn sets(&self) -> &[GeneSetId] {
        &self.sets
    }

    /// The features of the columns, ascending.
    pub fn features(&self) -> &[FeatureId] {
        &self.features
    }

    /// All numbers, row after row, within a row by feature.
    pub fn values(&self) -> &[TermValue] {
        &self.values
    }

    /// The numbers of one row, by feature.
    ///
    /// # Panics
    /// If there is no such row.
    pub fn row(&self, row: usize) -> &[TermValue] {
        &self.values[self.starts[row]..self.starts[row + 1]]
    }

    /// The signed numbers as f32 for drawing and laying out, `[n_terms, n_features]` compressed by term; a number that
    /// is 0 (an adjusted p of 1) is not stored.
    #[must_use]
    pub fn to_sparse(&self) -> SparseMatrix {
        let mut builder = SparseBuilder::new(self.features.len());
        let column = |value: &TermValue| self.features.partition_point(|&feature| feature < value.feature) as u32;
        for row in 0..self.sets.len() {
            builder.push_major(self.row(row).iter().map(|value| (column(value), value.signed() as f32)));
        }
        builder.finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn term(set: u32, direction: Direction, log10_padj: f64) -> TermFinding {
        TermFinding {
            set: GeneSetId(set),
            direction,
            n_hits: 1,
            ln_p_value: f64::NAN,
            ln_padj: log10_padj * std::f64::consts::LN_10,
            rank_z: f64::NAN,
            rank_ln_p_value: f64::NAN,
            rank_ln_padj: f64::NAN,
        }
    }

    const UP: Direction = Direction::Up;
    const DOWN: Direction = Direction::Down;

    fn dense(matrix: &TermMatrix) -> Vec<Vec<f32>> {
        let sparse = matrix.to_sparse();
        (0..sparse.n_major()).map(|row| sparse.dense_major(row)).collect()
    }

    #[test]
    fn rows_and_columns_ascend_whatever_the_order_given() {
        let (first, second) = ([term(5, UP, -3.0), term(2, DOWN, -4.0)], [term(5, DOWN, -2.0)]);
        let matrix = TermMatrix::new([(FeatureId(9), &first[..]), (FeatureId(4), &second), (FeatureId(6), &[])]);
        assert_eq!(matrix.sets(), [GeneSetId(2), GeneSetId(5)]);
        assert_eq!(matrix.features(), [4, 6, 9].map(FeatureId));
        assert_eq!(dense(&matrix), [[0.0, 0.0, -4.0], [-2.0, 0.0, 3.0]]);
        let turned = [term(2, DOWN, -4.0), term(5, UP, -3.0)];
        let other = TermMatrix::new([(FeatureId(6), &[][..]), (FeatureId(4), &second), (FeatureId(9), &turned)]);
        assert_eq!(other, matrix);
    }

    #[test]
    fn of_two_directions_the_stronger_counts_and_up_if_equal() {
        let terms = [term(1, UP, -2.0), term(1, DOWN, -5.0), term(2, DOWN, -3.0), term(2, UP, -3.0)];
        let matrix = TermMatrix::new([(FeatureId(0), &terms[..]), (FeatureId(0), &terms[..1])]);
        assert_eq!(dense(&matrix), [[-5.0], [3.0]]);
    }

    #[test]
    fn what_underflows_stays_and_what_is_unknown_goes() {
        let terms = [term(1, UP, -2000.0), term(2, UP, f64::NAN), term(3, DOWN, 0.0)];
        let matrix = TermMatrix::new([(FeatureId(0), &terms[..])]);
        assert_eq!(matrix.sets(), [GeneSetId(1), GeneSetId(3)]);
        assert!((matrix.row(0)[0].signed() - 2000.0).abs() < 1e-9);
        assert_eq!((matrix.row(1)[0].signed(), matrix.to_sparse().n_nonzero()), (0.0, 1));
        assert_eq!(TermMatrix::new([]).to_sparse().n_major(), 0);
    }
}
