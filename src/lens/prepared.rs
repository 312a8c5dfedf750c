//! Expression made ready for tests: raw or log-normalised, cell-major.
//!
//! Log-normalised is ln(1 + 10,000·x/total), computed in f64 and kept as f32 (scanpy `normalize_total(1e4)`, `log1p`,
//! which computes in f32). The total is the file's library size where it states one, else the sum over the genes at
//! hand; a cell with total 0 stays 0. Values that are not counts but not negative are taken as normalised already
//! and used as they are, with a notice; values with negatives are refused. NaN and infinity are refused.
//!
//! Cell-major because the paper compares small groups (about 1 % of the cells against 1,000): only those cells are
//! read.

use super::{ExpressionValues, LensError};
use crate::data::{Expression, Notice, SparseMatrix, ValueKind};

pub(super) const TARGET_TOTAL: f64 = 10_000.0;
/// ln(1 + x) of anything that is counted stays below this.
const LARGEST_LOGARITHM: f32 = 30.0;

/// Expression values as tests use them.
///
/// # Shapes
/// `by_cell` is `[n_cells, n_genes]`.
#[derive(Clone, Debug)]
pub struct PreparedExpression {
    by_cell: SparseMatrix,
    notices: Vec<Notice>,
}

impl PreparedExpression {
    /// Prepares the values asked for.
    ///
    /// # Errors
    /// [`LensError::NotFinite`] for NaN or infinity, [`LensError::Scaled`] if scaled values are to be
    /// log-normalised, [`LensError::LibrarySize`] and [`LensError::LibrarySizeCount`] for senseless totals.
    pub fn new(expression: &Expression, values: ExpressionValues) -> Result<Self, LensError> {
        check_finite(expression)?;
        let as_they_are = |notices| Ok(Self { by_cell: expression.by_gene.transposed(), notices });
        match (values, expression.kind) {
            (ExpressionValues::Raw, _) => as_they_are(Vec::new()),
            (ExpressionValues::LogNormalized, ValueKind::NonNegative) => {
                as_they_are(normalised_already_notice(expression, values).into_iter().collect())
            }
            (ExpressionValues::LogNormalized, ValueKind::Scaled) => Err(LensError::Scaled),
            (ExpressionValues::LogNormalized, ValueKind::Counts) => {
                Ok(Self { by_cell: log_normalised(expression)?, notices: Vec::new() })
            }
        }
    }

    /// The values of one cell: gene positions (ascending) and values.
    pub fn cell(&self, cell: u32) -> (&[u32], &[f32]) {
        self.by_cell.major(cell as usize)
    }

    /// Number of cells.
    pub fn n_cells(&self) -> usize {
        self.by_cell.n_major()
    }

    /// Number of genes.
    pub fn n_genes(&self) -> usize {
        self.by_cell.n_minor()
    }

    /// What a person should know about the values used.
    pub fn notices(&self) -> &[Notice] {
        &self.notices
    }
}

/// Says so where values that were to be log-normalised are used as they are.
pub(super) fn normalised_already_notice(expression: &Expression, values: ExpressionValues) -> Option<Notice> {
    let is_taken_so = values == ExpressionValues::LogNormalized && expression.kind == ValueKind::NonNegative;
    if !is_taken_so {
        return None;
    }
    let largest = expression.largest;
    Some(if largest > LARGEST_LOGARITHM {
        Notice::warning(format!(
            "The expression values have fractions and go up to {largest}: they are not counts, and no logarithms either. \
             They are used as they are, and fold changes, which take them for logarithms, are wrong. Open raw counts, or \
             choose the values as the file holds them."
        ))
    } else {
        Notice::info(
            "The expression values have fractions, so they are taken as normalised already and used as they are.",
        )
    })
}

pub(super) fn check_finite(expression: &Expression) -> Result<(), LensError> {
    let Some((gene, cell)) = expression.not_finite else { return Ok(()) };
    let name = expression.gene_names.get(gene.index()).cloned().unwrap_or_default();
    let value = expression.by_gene.dense_row(gene.index())[cell.index()];
    Err(LensError::NotFinite { gene: name, cell: cell.index(), value })
}

fn log_normalised(expression: &Expression) -> Result<SparseMatrix, LensError> {
    let totals = totals(expression)?;
    let mut by_cell = expression.by_gene.transposed();
    by_cell.map_values(|cell, _, value| match totals[cell] {
        0.0 => 0.0,
        total => libm::log1p(f64::from(value) * (TARGET_TOTAL / total)) as f32,
    });
    Ok(by_cell)
}

pub(super) fn totals(expression: &Expression) -> Result<Vec<f64>, LensError> {
    let Some(sizes) = &expression.library_sizes else {
        return Ok(expression.cell_totals());
    };
    let (expected, found) = (expression.n_cells(), sizes.len());
    if expected != found {
        return Err(LensError::LibrarySizeCount { expected, found });
    }
    match sizes.iter().position(|size| !size.is_finite() || *size < 0.0) {
        Some(cell) => Err(LensError::LibrarySize { cell, value: sizes[cell] }),
        None => Ok(sizes.iter().map(|&size| f64::from(size)).collect()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::DenseMatrix;

    fn expression(values: [f32; 4]) -> Expression {
        let by_gene = SparseMatrix::from_dense(&DenseMatrix::new(2, 2, values.to_vec()).unwrap());
        Expression::new(vec!["A".to_owned(), "B".to_owned()], by_gene)
    }

    #[test]
    fn counts_are_normalised_by_cell_and_an_empty_cell_stays_zero() {
        let prepared = PreparedExpression::new(&expression([1.0, 0.0, 3.0, 0.0]), ExpressionValues::LogNormalized);
        let prepared = prepared.unwrap();
        assert_eq!(prepared.cell(0), (&[0, 1][..], &[2501.0_f64.ln() as f32, 7501.0_f64.ln() as f32][..]));
        assert_eq!(prepared.cell(1).0.len(), 0);
    }

    #[test]
    fn stated_library_sizes_are_used() {
        let mut data = expression([1.0, 0.0, 3.0, 0.0]);
        data.library_sizes = Some(vec![40_000.0, 0.0]);
        let prepared = PreparedExpression::new(&data, ExpressionValues::LogNormalized).unwrap();
        assert_eq!(prepared.cell(0).1[0], 1.25_f64.ln() as f32);
        data.library_sizes = Some(vec![f32::NAN, 0.0]);
        assert!(matches!(totals(&data), Err(LensError::LibrarySize { cell: 0, .. })));
        data.library_sizes = Some(vec![1.0]);
        assert_eq!(totals(&data), Err(LensError::LibrarySizeCount { expected: 2, found: 1 }));
    }

    #[test]
    fn normalised_values_are_kept_with_a_notice_and_scaled_ones_refused() {
        let normalised = expression([0.5, 0.0, 3.0, 0.0]);
        let prepared = PreparedExpression::new(&normalised, ExpressionValues::LogNormalized).unwrap();
        assert_eq!((prepared.cell(0).1[0], prepared.notices().len()), (0.5, 1));
        let not_logarithms = expression([0.5, 0.0, 900.0, 0.0]);
        let prepared = PreparedExpression::new(&not_logarithms, ExpressionValues::LogNormalized).unwrap();
        assert!(prepared.notices()[0].text.contains("up to 900"));
        let scaled = expression([-0.5, 0.0, 3.0, 0.0]);
        assert!(matches!(PreparedExpression::new(&scaled, ExpressionValues::LogNormalized), Err(LensError::Scaled)));
        assert_eq!(PreparedExpression::new(&scaled, ExpressionValues::Raw).unwrap().cell(0).1[0], -0.5);
    }

    #[test]
    fn nan_is_refused_with_its_place() {
        let error = PreparedExpression::new(&expression([1.0, f32::INFINITY, 3.0, 0.0]), ExpressionValues::Raw);
        assert!(matches!(error, Err(LensError::NotFinite { cell: 1, .. })));
    }
}
