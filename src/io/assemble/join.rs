//! Matching the rows of one file with the cells of a data set: by id where both have ids, else by order.

use std::collections::HashMap;

use super::AssembleError;
use crate::data::{DenseMatrix, JoinMethod, LabelColumn, LabelValues, MISSING_CODE};

/// Ids shown in messages.
const N_EXAMPLES: usize = 3;

/// For each cell the row that belongs to it.
#[derive(Debug, PartialEq)]
pub(super) struct Matches {
    /// `[n_cells]`; `None` where the file has no row for the cell.
    pub(super) row_by_cell: Vec<Option<usize>>,
    /// Cells with a row.
    pub(super) n_matched: usize,
    /// Rows in the file.
    pub(super) n_rows: usize,
    /// How they were matched.
    pub(super) method: JoinMethod,
}

impl Matches {
    /// Matches by id.
    ///
    /// # Errors
    /// [`AssembleError::RepeatedId`] if an id of the file occurs twice, [`AssembleError::NoOverlap`] if no id is
    /// common.
    pub(super) fn by_id(file: &str, row_ids: &[String], cell_ids: &[String]) -> Result<Self, AssembleError> {
        let mut row_by_id = HashMap::with_capacity(row_ids.len());
        for (second, id) in row_ids.iter().enumerate() {
            if let Some(first) = row_by_id.insert(id.as_str(), second) {
                return Err(AssembleError::RepeatedId { file: file.to_owned(), id: id.clone(), first, second });
            }
        }
        let row_by_cell: Vec<Option<usize>> = cell_ids.iter().map(|id| row_by_id.get(id.as_str()).copied()).collect();
        let n_matched = row_by_cell.iter().flatten().count();
        if n_matched == 0 {
            return Err(AssembleError::NoOverlap {
                file: file.to_owned(),
                n_rows: row_ids.len(),
                row_examples: examples(row_ids),
                n_cells: cell_ids.len(),
                cell_examples: examples(cell_ids),
            });
        }
        Ok(Self { row_by_cell, n_matched, n_rows: row_ids.len(), method: JoinMethod::Id })
    }

    /// Matches by order.
    ///
    /// # Errors
    /// [`AssembleError::CountMismatch`] if the counts differ; `reason` says why ids could not help.
    pub(super) fn by_order(
        file: &str,
        n_rows: usize,
        n_cells: usize,
        reason: &'static str,
    ) -> Result<Self, AssembleError> {
        if n_rows != n_cells {
            return Err(AssembleError::CountMismatch { file: file.to_owned(), n_rows, n_cells, reason });
        }
        let row_by_cell = (0..n_cells).map(Some).collect();
        Ok(Self { row_by_cell, n_matched: n_cells, n_rows, method: JoinMethod::Order })
    }

    /// Cells without a row.
    pub(super) fn n_missing(&self) -> usize {
        self.row_by_cell.len() - self.n_matched
    }

    /// A column in the order of the cells, missing where the file has no row.
    pub(super) fn column(&self, column: &LabelColumn) -> LabelColumn {
        let values = match &column.values {
            LabelValues::Numeric(values) => LabelValues::Numeric(
                self.row_by_cell.iter().map(|row| row.map_or(f64::NAN, |row| values[row])).collect(),
            ),
            LabelValues::Categorical { codes, categories } => LabelValues::Categorical {
                codes: self.row_by_cell.iter().map(|row| row.map_or(MISSING_CODE, |row| codes[row])).collect(),
                categories: categories.clone(),
            },
        };
        LabelColumn { name: column.name.clone(), values }
    }

    /// A matrix in the order of the cells.
    ///
    /// # Errors
    /// [`AssembleError::MissingCells`] if a cell has no row: an embedding must place every cell.
    pub(super) fn matrix(
        &self,
        file: &str,
        matrix: DenseMatrix,
        cell_ids: Option<&[String]>,
    ) -> Result<DenseMatrix, AssembleError> {
        if self.method == JoinMethod::Order {
            return Ok(matrix);
        }
        let rows: Vec<usize> = self.row_by_cell.iter().copied().flatten().collect();
        if rows.len() == self.row_by_cell.len() {
            return Ok(matrix.select_rows(rows.into_iter()));
        }
        let first = self.row_by_cell.iter().position(Option::is_none).unwrap_or_default();
        Err(AssembleError::MissingCells {
            file: file.to_owned(),
            n_missing: self.n_missing(),
            n_cells: self.row_by_cell.len(),
            example: cell_ids.and_then(|ids| ids.get(first)).cloned().unwrap_or_default(),
        })
    }
}

fn examples(ids: &[String]) -> String {
    let shown: Vec<String> = ids.iter().take(N_EXAMPLES).map(|id| format!("{id:?}")).collect();
    shown.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ids(names: &[&str]) -> Vec<String> {
        names.iter().map(|&name| name.to_owned()).collect()
    }

    #[test]
    fn ids_reorder_and_leave_gaps() {
        let matches = Matches::by_id("l.csv", &ids(&["c", "a", "x"]), &ids(&["a", "b", "c"])).unwrap();
        assert_eq!(matches.row_by_cell, [Some(1), None, Some(0)]);
        let column = LabelColumn::from_texts("type", &["T", "B", "B"]);
        assert_eq!(matches.column(&column).categorical().unwrap().0, [0, MISSING_CODE, 1]);
        let matrix = DenseMatrix::zeros(3, 1);
        let error = matches.matrix("e.npy", matrix, Some(&ids(&["a", "b", "c"]))).unwrap_err();
        assert!(matches!(error, AssembleError::MissingCells { n_missing: 1, example, .. } if example == "b"));
    }

    #[test]
    fn a_repeated_id_in_the_file_is_refused_even_if_no_cell_has_it() {
        assert!(Matches::by_id("l.csv", &ids(&["x", "x", "a"]), &ids(&["a"])).is_err());
    }

    #[test]
    fn no_common_id_shows_both_heads() {
        let message = Matches::by_id("l.csv", &ids(&["A.1"]), &ids(&["A-1"])).unwrap_err().to_string();
        assert!(message.contains("A.1") && message.contains("A-1"), "{message}");
    }
}
