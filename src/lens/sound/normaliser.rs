//! Expression values as tests use them, gene by gene: the same numbers as [`PreparedExpression`], never all at once.
//!
//! Log-normalised is ln(1 + 10,000·x/total), computed in f64 and rounded to f32. Most counts are small, so each cell's
//! values for the counts 1 to 4 are kept.
//!
//! [`PreparedExpression`]: crate::lens::PreparedExpression

use serde::{Deserialize, Serialize};

use crate::data::{Expression, ValueKind};
use crate::lens::prepared::{TARGET_TOTAL, check_finite, totals};
use crate::lens::{ExpressionValues, LensError};

/// Counts up to this have their value looked up.
const N_KEPT: usize = 4;

/// What the tested values are: the formula of log2 fold changes hangs on it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ValueScale {
    /// Natural logarithms of 1 + x.
    #[default]
    Log1p,
    /// Not logarithms, none negative.
    Linear,
    /// Some are negative.
    Signed,
}

/// How raw values become the values that are tested.
///
/// # Shapes
/// One factor a cell.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Normaliser {
    scale: ValueScale,
    /// 10,000 over the cell's total, 0 for an empty cell; `None` where values are used as they are.
    factors: Option<Vec<f64>>,
    /// ln(1 + count·factor) for the counts 1 to 4 of each cell.
    kept: Vec<[f32; N_KEPT]>,
}

impl Normaliser {
    /// Looks at all values and finds what is to be done with them.
    ///
    /// # Errors
    /// [`LensError::NotFinite`], [`LensError::Scaled`], [`LensError::LibrarySize`], [`LensError::LibrarySizeCount`].
    pub fn new(expression: &Expression, values: ExpressionValues) -> Result<Self, LensError> {
        check_finite(expression)?;
        match (values, expression.kind) {
            (ExpressionValues::LogNormalized, ValueKind::Scaled) => Err(LensError::Scaled),
            (ExpressionValues::LogNormalized, ValueKind::NonNegative) => Ok(Self::unchanged(ValueScale::Log1p)),
            (ExpressionValues::Raw, ValueKind::Scaled) => Ok(Self::unchanged(ValueScale::Signed)),
            (ExpressionValues::Raw, _) => Ok(Self::unchanged(ValueScale::Linear)),
            (ExpressionValues::LogNormalized, ValueKind::Counts) => {
                let factor = |total: f64| if total == 0.0 { 0.0 } else { TARGET_TOTAL / total };
                Ok(Self::from_factors(totals(expression)?.into_iter().map(factor).collect()))
            }
        }
    }

    /// Values stay as they are.
    #[must_use]
    pub fn unchanged(scale: ValueScale) -> Self {
        Self { scale, ..Self::default() }
    }

    /// Values become ln(1 + x·factor).
    #[must_use]
    pub fn from_factors(factors: Vec<f64>) -> Self {
        let kept = factors.iter().map(|&factor| [1.0, 2.0, 3.0, 4.0].map(|count| log_normal(count, factor))).collect();
        Self { scale: ValueScale::Log1p, factors: Some(factors), kept }
    }

    /// The factors, if values are log-normalised.
    pub fn factors(&self) -> Option<&[f64]> {
        self.factors.as_deref()
    }

    /// What the values are after it.
    pub fn scale(&self) -> ValueScale {
        self.scale
    }

    /// Replaces one gene's values.
    ///
    /// # Panics
    /// If a cell has no factor.
    pub fn apply(&self, cells: &[u32], values: &mut [f32]) {
        let Some(factors) = &self.factors else { return };
        for (&cell, value) in cells.iter().zip(values) {
            let count = *value as usize;
            *value = match self.kept[cell as usize].get(count.wrapping_sub(1)) {
                Some(&kept) if count as f32 == *value => kept,
                _ => log_normal(f64::from(*value), factors[cell as usize]),
            };
        }
    }
}

fn log_normal(value: f64, factor: f64) -> f32 {
    libm::log1p(value * factor) as f32
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::{DenseMatrix, SparseMatrix};
    use crate::lens::PreparedExpression;

    fn expression(values: Vec<f32>) -> Expression {
        let by_gene = SparseMatrix::from_dense(&DenseMatrix::new(2, values.len() / 2, values).unwrap());
        Expression::new(vec!["A".to_owned(), "B".to_owned()], by_gene)
    }

    #[test]
    fn values_are_those_of_the_prepared_expression_bit_for_bit() {
        let data = expression(vec![1.0, 2.0, 3.0, 4.0, 5.0, 0.0, 17.0, 300.0, 0.0, 1.0, 9.0, 0.0]);
        let prepared = PreparedExpression::new(&data, ExpressionValues::LogNormalized).unwrap();
        let normaliser = Normaliser::new(&data, ExpressionValues::LogNormalized).unwrap();
        for gene in 0..2 {
            let mut row = data.by_gene.row(gene);
            normaliser.apply(&row.indices, &mut row.values);
            for (&cell, value) in row.indices.iter().zip(row.values) {
                let (genes, expected) = prepared.cell(cell);
                let at = genes.iter().position(|&other| other as usize == gene).unwrap();
                assert_eq!(value.to_bits(), expected[at].to_bits());
            }
        }
    }

    #[test]
    fn what_the_values_are_is_known() {
        const LOG: ExpressionValues = ExpressionValues::LogNormalized;
        const RAW: ExpressionValues = ExpressionValues::Raw;
        let scale = |values: Vec<f32>, wanted| Normaliser::new(&expression(values), wanted).map(|found| found.scale());
        assert_eq!(scale(vec![1.0, 2.0, 0.0, 1.0], LOG), Ok(ValueScale::Log1p));
        assert_eq!(scale(vec![1.0, 2.0, 0.0, 1.0], RAW), Ok(ValueScale::Linear));
        assert_eq!(scale(vec![1.5, 2.0, 0.0, 1.0], LOG), Ok(ValueScale::Log1p));
        assert_eq!(scale(vec![-1.5, 2.0, 0.0, 1.0], RAW), Ok(ValueScale::Signed));
        assert_eq!(scale(vec![-1.5, 2.0, 0.0, 1.0], LOG), Err(LensError::Scaled));
    }
}
