//! What the values of a packed matrix are, kept while it is filled: looking at hundreds of millions again takes seconds.

use serde::{Deserialize, Serialize};

use super::PackedMatrix;

/// What the numbers of an expression matrix are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ValueKind {
    /// Non-negative whole numbers: raw counts.
    Counts,
    /// Non-negative with fractions: normalised, probably log1p'd.
    NonNegative,
    /// Some are negative: scaled.
    Scaled,
}

impl ValueKind {
    /// What values of both kinds together are.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        match (self, other) {
            (Self::Scaled, _) | (_, Self::Scaled) => Self::Scaled,
            (Self::NonNegative, _) | (_, Self::NonNegative) => Self::NonNegative,
            (Self::Counts, Self::Counts) => Self::Counts,
        }
    }

    /// What values of this kind and one more are; NaN counts as a fraction.
    #[inline]
    pub(super) fn with(self, value: f32) -> Self {
        match self {
            _ if value < 0.0 => Self::Scaled,
            Self::Counts if value.fract() != 0.0 => Self::NonNegative,
            _ => self,
        }
    }
}

impl PackedMatrix {
    /// What the values are.
    pub fn kind(&self) -> ValueKind {
        self.rows.iter().fold(ValueKind::Counts, |kind, row| kind.and(row.kind))
    }

    /// The largest value, at least 0; NaN is passed over.
    pub fn largest(&self) -> f32 {
        self.rows.iter().map(|row| row.largest).fold(0.0, f32::max)
    }

    /// The row and the index of the first value that is NaN or infinite.
    pub fn first_not_finite(&self) -> Option<(usize, u32)> {
        let major = self.rows.iter().position(|row| !row.is_finite)?;
        let row = self.row(major);
        let at = row.values.iter().position(|value| !value.is_finite())?;
        Some((major, row.indices[at]))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::DenseMatrix;

    #[test]
    fn kinds_are_told_apart() {
        let of = |rows: [[f32; 3]; 2]| {
            let matrix = PackedMatrix::from(&DenseMatrix::new(2, 3, rows.concat()).unwrap());
            (matrix.kind(), matrix.largest(), matrix.first_not_finite())
        };
        let large = 1e20;
        assert_eq!(of([[1.0, 0.0, 2.0], [3.0, 1.0, 0.0]]), (ValueKind::Counts, 3.0, None));
        assert_eq!(of([[1.0, 0.0, 2.0], [3.0, large, 1.0]]), (ValueKind::Counts, large, None));
        assert_eq!(of([[1.0, 0.0, 2.0], [3.0, 0.5, 1.0]]), (ValueKind::NonNegative, 3.0, None));
        assert_eq!(of([[0.5, 0.0, -3.0], [3.0, 0.5, 1.0]]), (ValueKind::Scaled, 3.0, None));
        assert_eq!(of([[-1.0, 0.0, -3.0], [0.0; 3]]), (ValueKind::Scaled, 0.0, None));
        assert_eq!(
            of([[1.0; 3], [2.0, f32::NAN, f32::INFINITY]]),
            (ValueKind::NonNegative, f32::INFINITY, Some((1, 1)))
        );
    }

    #[test]
    fn scaling_changes_what_values_are() {
        let mut matrix = PackedMatrix::from(&DenseMatrix::new(1, 2, vec![1.0, 4.0]).unwrap());
        matrix.scale(0.5).unwrap();
        assert_eq!((matrix.kind(), matrix.largest()), (ValueKind::NonNegative, 2.0));
    }
}
