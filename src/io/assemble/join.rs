//! Matching the rows of one file with the cells of a data set: by id where both have ids, else by order.
//!
//! Ids are compared as they are, unless a person asked that parts of them be left out. An id twice in the file is an
//! error; cells without a row and rows without a cell are counted, with the first of each.

use std::collections::{HashMap, HashSet};

use super::AssembleError;
use super::error::IdHint;
use super::trim::{left_out, rows_by_cell, shortened_ids};
use crate::data::{DenseMatrix, IdTrim, JoinMethod, LabelColumn, LabelValues, MISSING_CODE, shortened};

/// Ids shown in messages.
const N_EXAMPLES: usize = 3;

/// The cells that rows are matched with.
#[derive(Clone, Copy)]
pub(super) struct Known<'a> {
    /// Their ids.
    pub(super) ids: &'a [String],
    /// The genes measured in them.
    pub(super) genes: &'a [String],
}

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
    /// What of the ids was left out, as a phrase.
    pub(super) left_out: Option<String>,
    /// Ids of the first cells without a row.
    pub(super) missing: String,
    /// Ids of the first rows without a cell.
    pub(super) unused: String,
}

impl Matches {
    /// Matches by id, shortened as `trim` says.
    ///
    /// # Errors
    /// [`AssembleError::RepeatedId`] if an id of the file occurs twice, [`AssembleError::NoOverlap`] if no id is
    /// common, [`AssembleError::TrimRepeats`].
    pub(super) fn by_id(
        file: &str,
        row_ids: &[String],
        cells: Known<'_>,
        trim: Option<&IdTrim>,
    ) -> Result<Self, AssembleError> {
        let mut row_by_id = HashMap::with_capacity(row_ids.len());
        for (second, id) in row_ids.iter().enumerate() {
            if let Some(first) = row_by_id.insert(id.as_str(), second) {
                return Err(AssembleError::RepeatedId { file: file.to_owned(), id: shortened(id), first, second });
            }
        }
        let row_by_cell: Vec<Option<usize>> = match trim {
            None => cells.ids.iter().map(|id| row_by_id.get(id.as_str()).copied()).collect(),
            Some(trim) => rows_by_cell(trim, row_ids, cells.ids)
                .map_err(|found| AssembleError::TrimRepeats { file: file.to_owned(), found })?,
        };
        if row_by_cell.iter().all(Option::is_none) {
            return Err(no_overlap(file, row_ids, cells));
        }
        let left_out = trim.map(|trim| left_out(trim, row_ids, cells.ids));
        Ok(Self::told(row_by_cell, row_ids, cells.ids, left_out))
    }

    fn told(
        row_by_cell: Vec<Option<usize>>,
        row_ids: &[String],
        cell_ids: &[String],
        left_out: Option<String>,
    ) -> Self {
        let used: HashSet<usize> = row_by_cell.iter().copied().flatten().collect();
        let missing = cell_ids.iter().zip(&row_by_cell).filter(|(_, row)| row.is_none()).map(|(id, _)| id);
        let unused = row_ids.iter().enumerate().filter(|(row, _)| !used.contains(row)).map(|(_, id)| id);
        Self {
            missing: examples(missing),
            unused: examples(unused),
            n_matched: used.len(),
            n_rows: row_ids.len(),
            method: JoinMethod::Id,
            left_out,
            row_by_cell,
        }
    }

    /// Matches by order.
    ///
    /// # Errors
    /// [`AssembleError::CountMismatch`] if the counts differ; `reason` says why ids could not help.
    pub(super) fn by_order(
        file: &str,
        n_rows: usize,
        (n_cells, n_genes): (usize, usize),
        reason: &'static str,
    ) -> Result<Self, AssembleError> {
        if n_rows != n_cells {
            return Err(AssembleError::CountMismatch { file: file.to_owned(), n_rows, n_cells, n_genes, reason });
        }
        let (method, row_by_cell) = (JoinMethod::Order, (0..n_cells).map(Some).collect());
        let (left_out, missing, unused) = Default::default();
        Ok(Self { row_by_cell, n_matched: n_cells, n_rows, method, left_out, missing, unused })
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
        row_ids: Option<&[String]>,
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
            example: cell_ids.and_then(|ids| ids.get(first)).map(|id| shortened(id)).unwrap_or_default(),
            hint: row_ids
                .zip(cell_ids)
                .and_then(|(row_ids, cell_ids)| all_cells(file, row_ids, cell_ids))
                .map(Box::new),
        })
    }
}

/// How shortened ids have a row for every cell, if they do.
fn all_cells(file: &str, row_ids: &[String], cell_ids: &[String]) -> Option<IdHint> {
    let hint = IdHint::of(shortened_ids(file, row_ids, cell_ids), cell_ids.len())?;
    matches!(hint, IdHint::Shorten { n_matched, n_cells, .. } if n_matched == n_cells).then_some(hint)
}

fn no_overlap(file: &str, row_ids: &[String], cells: Known<'_>) -> AssembleError {
    let genes: HashSet<&str> = cells.genes.iter().map(String::as_str).collect();
    let are_genes = 2 * row_ids.iter().filter(|id| genes.contains(id.as_str())).count() > row_ids.len();
    let hint = if are_genes {
        IdHint::Genes
    } else {
        IdHint::of(shortened_ids(file, row_ids, cells.ids), cells.ids.len()).unwrap_or(IdHint::Other)
    };
    AssembleError::NoOverlap {
        file: file.to_owned(),
        n_rows: row_ids.len(),
        row_examples: examples(row_ids.iter()),
        n_cells: cells.ids.len(),
        cell_examples: examples(cells.ids.iter()),
        hint: Box::new(hint),
    }
}

/// The first few ids, quoted.
pub(super) fn examples<'a>(ids: impl Iterator<Item = &'a String>) -> String {
    let shown: Vec<String> = ids.take(N_EXAMPLES).map(|id| format!("{:?}", shortened(id))).collect();
    shown.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ids(names: &[&str]) -> Vec<String> {
        names.iter().map(|&name| name.to_owned()).collect()
    }

    #[test]
    fn examples_are_cut() {
        let long = "c".repeat(41);
        assert_eq!(examples(ids(&["a", &long, "b", "c"]).iter()), format!("\"a\", \"{}…\", \"b\"", &long[..40]));
    }

    fn by_id(rows: &[&str], cells: &[&str]) -> Result<Matches, AssembleError> {
        Matches::by_id("l.csv", &ids(rows), Known { ids: &ids(cells), genes: &ids(&["CD3E", "CD4"]) }, None)
    }

    #[test]
    fn ids_reorder_and_leave_gaps() {
        let matches = by_id(&["c", "a", "x"], &["a", "b", "c"]).unwrap();
        assert_eq!((matches.n_matched, matches.missing.as_str(), matches.unused.as_str()), (2, "\"b\"", "\"x\""));
        assert_eq!(matches.row_by_cell, [Some(1), None, Some(0)]);
        let column = LabelColumn::from_texts("type", &["T", "B", "B"]);
        assert_eq!(matches.column(&column).categorical().unwrap().0, [0, MISSING_CODE, 1]);
        let matrix = DenseMatrix::zeros(3, 1);
        let error = matches.matrix("e.npy", matrix, None, Some(&ids(&["a", "b", "c"]))).unwrap_err();
        assert!(matches!(error, AssembleError::MissingCells { n_missing: 1, example, .. } if example == "b"));
    }

    #[test]
    fn a_repeated_id_in_the_file_is_refused_even_if_no_cell_has_it() {
        assert!(by_id(&["x", "x", "a"], &["a"]).is_err());
    }

    #[test]
    fn no_common_id_shows_both_heads_and_what_may_be_the_matter() {
        let message = |rows: &[&str], cells: &[&str]| by_id(rows, cells).unwrap_err().to_string();
        let text = message(&["AC.1"], &["AC-1"]);
        assert!(text.contains("\"AC.1\"") && text.contains("\"AC-1\"") && text.contains("shortened ids"), "{text}");
        assert!(message(&["CD4", "CD3E"], &["a"]).contains("genes of the data set"));
        assert!(message(&["b"], &["a"]).contains("another data set"));
    }

    #[test]
    fn what_a_person_asked_to_leave_out_is_left_out() {
        let error = by_id(&["a-1", "b-1"], &["b", "a"]).unwrap_err();
        let offer = error.offer().unwrap();
        let (cells, genes) = (ids(&["b", "a"]), Vec::new());
        let known = Known { ids: &cells, genes: &genes };
        let matches = Matches::by_id("l.csv", &ids(&["a-1", "b-1"]), known, Some(offer)).unwrap();
        assert_eq!(matches.row_by_cell, [Some(1), Some(0)]);
        assert_eq!(matches.left_out.as_deref(), Some("\"-1\" at the end of the file's ids"));
        let refused = Matches::by_id("l.csv", &ids(&["a-1", "a-2"]), known, Some(offer)).unwrap_err().to_string();
        assert!(refused.contains("\"a-1\" and \"a-2\" would be the same"), "{refused}");
    }

    #[test]
    fn an_embedding_that_lacks_cells_by_its_full_ids_may_have_all_by_shorter_ones() {
        let (rows, cells) = (["a-1", "b-1"], ["a-1", "b-2"]);
        let matches = by_id(&rows, &cells).unwrap();
        let matrix = |rows: &[&str], cells: &[&str]| {
            matches.matrix("e.npz", DenseMatrix::zeros(2, 1), Some(&ids(rows)), Some(&ids(cells))).unwrap_err()
        };
        let error = matrix(&rows, &cells);
        assert!(error.offer().is_some() && error.to_string().contains("2 of the 2 cells"), "{error}");
        assert_eq!(matrix(&["a-1", "x-1"], &cells).offer(), None);
    }
}
