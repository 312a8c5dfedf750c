//! The total counts of cells, where `obs` states them.
//!
//! A file that ships only some genes still normalises by the whole library. Totals that are not finite or fall below
//! the matrix's own sums are not taken.

use crate::data::{Expression, LabelColumn, LabelValues, Notice, ValueKind};

/// Columns of `obs` that state a cell's total counts.
const LIBRARY_SIZE_COLUMNS: [&str; 2] = ["total_counts", "n_counts"];
/// A stated total may be this far below the matrix's own sum: totals are often kept as rounded f32.
const LIBRARY_SIZE_TOLERANCE: f64 = 0.5;

/// Takes stated total counts as library sizes where they are never below the sums over the genes in the file.
pub(super) fn set_library_sizes(expression: &mut Expression, columns: &[LabelColumn]) -> Option<Notice> {
    if expression.kind != ValueKind::Counts {
        return None;
    }
    let stated = LIBRARY_SIZE_COLUMNS.iter().filter_map(|&name| {
        let column = columns.iter().find(|column| column.name == name)?;
        Some((name, numbers_of(column)?))
    });
    let stated: Vec<(&str, Vec<f64>)> = stated.collect();
    if stated.is_empty() {
        return None;
    }
    let totals = expression.cell_totals();
    let covers = |(stated, total): (&f64, &f64)| stated.is_finite() && *stated >= total - LIBRARY_SIZE_TOLERANCE;
    let (name, sizes) = stated
        .into_iter()
        .find(|(_, stated)| stated.len() == totals.len() && stated.iter().zip(&totals).all(covers))?;
    expression.library_sizes = Some(sizes.into_iter().map(|size| size as f32).collect());
    Some(Notice::info(format!(
        "Library sizes are the obs column {name:?}, which counts all genes measured, also those that are not in the file."
    )))
}

/// The numbers of a column, also of one whose few distinct numbers were read as labels; NaN where missing.
fn numbers_of(column: &LabelColumn) -> Option<Vec<f64>> {
    match &column.values {
        LabelValues::Numeric(values) => Some(values.clone()),
        LabelValues::Categorical { codes, categories } => {
            let numbers: Vec<f64> = categories.iter().map(|text| text.parse().ok()).collect::<Option<_>>()?;
            Some(codes.iter().map(|&code| numbers.get(code as usize).copied().unwrap_or(f64::NAN)).collect())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::{DenseMatrix, SparseMatrix};

    fn counts() -> Expression {
        let dense = DenseMatrix::new(1, 3, vec![5.0, 0.0, 2.0]).unwrap();
        Expression::new(vec!["G".to_owned()], SparseMatrix::from_dense(&dense))
    }

    fn stated(name: &str, values: &[f64]) -> LabelColumn {
        LabelColumn { name: name.to_owned(), values: LabelValues::Numeric(values.to_vec()) }
    }

    #[test]
    fn stated_totals_below_the_sums_are_not_library_sizes() {
        for values in [[4.0, 1.0, 2.0], [5.0, f64::NAN, 2.0]] {
            let mut expression = counts();
            assert!(set_library_sizes(&mut expression, &[stated("total_counts", &values)]).is_none());
            assert!(expression.library_sizes.is_none());
        }
    }

    #[test]
    fn the_first_column_that_covers_all_cells_is_taken() {
        let mut expression = counts();
        let columns = [stated("n_counts", &[9.0, 1.0, 1.5]), stated("total_counts", &[0.0, 1.0, 2.0])];
        let notice = set_library_sizes(&mut expression, &columns).unwrap();
        assert!(notice.text.contains("n_counts"));
        assert_eq!(expression.library_sizes, Some(vec![9.0, 1.0, 1.5]));
    }

    #[test]
    fn totals_read_as_labels_are_library_sizes_all_the_same() {
        let mut expression = counts();
        let column = LabelColumn::from_texts("n_counts", &["5.5", "1", "12"]);
        assert!(set_library_sizes(&mut expression, &[column]).is_some());
        assert_eq!(expression.library_sizes, Some(vec![5.5, 1.0, 12.0]));
        assert!(set_library_sizes(&mut counts(), &[LabelColumn::from_texts("n_counts", &["many"; 3])]).is_none());
    }

    #[test]
    fn normalised_values_have_no_library_sizes() {
        let dense = DenseMatrix::new(1, 2, vec![0.5, 1.0]).unwrap();
        let mut expression = Expression::new(vec!["G".to_owned()], SparseMatrix::from_dense(&dense));
        assert!(set_library_sizes(&mut expression, &[stated("total_counts", &[9.0, 9.0])]).is_none());
    }
}
