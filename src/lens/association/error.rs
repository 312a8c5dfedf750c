//! Why labels can't be measured against.

use crate::data::{CellTable, SparseActivations};
use crate::lens::MAX_CATEGORIES;

/// A question about labels that the data does not allow.
#[derive(Clone, Debug, thiserror::Error, PartialEq, Eq)]
pub enum AssociationError {
    /// No column has that name.
    #[error("there is no label column {name:?}; the columns are {known:?}")]
    UnknownColumn {
        /// The name asked for.
        name: String,
        /// The names there are.
        known: Vec<String>,
    },
    /// The column holds numbers.
    #[error("column {name:?} holds numbers, not labels; choose a column of categories")]
    NumericColumn {
        /// The column.
        name: String,
    },
    /// The column names cells rather than groups of them.
    #[error(
        "column {name:?} has {found} categories but at most {MAX_CATEGORIES} can be measured; choose a coarser column"
    )]
    TooManyCategories {
        /// The column.
        name: String,
        /// Its categories.
        found: usize,
    },
    /// A column to split by has all its cells in one category.
    #[error(
        "column {name:?} has {found} categories with cells, but splitting by it needs at least 2; choose another column, or none"
    )]
    NothingToSplit {
        /// The column.
        name: String,
        /// Categories with cells.
        found: usize,
    },
    /// The column has no such category.
    #[error("column {column:?} has no category {category:?}; its categories are {known:?}")]
    UnknownCategory {
        /// The column.
        column: String,
        /// The category asked for.
        category: String,
        /// The categories there are.
        known: Vec<String>,
    },
    /// A step of a path has no cells.
    #[error("category {category:?} of column {column:?} has no cells; leave it out of the path")]
    EmptyCategory {
        /// The column.
        column: String,
        /// The category.
        category: String,
    },
    /// A path goes through a category twice.
    #[error("the path names category {category:?} twice; name every step once")]
    RepeatedCategory {
        /// The category.
        category: String,
    },
    /// A path of no or one step has no direction.
    #[error("the path has {found} categories but needs at least 2, in their order along the lineage")]
    ShortPath {
        /// Categories given.
        found: usize,
    },
    /// A path leaves no cell to compare with.
    #[error(
        "the path takes in every labelled cell of column {column:?}; leave at least one category out to compare with"
    )]
    NoOtherCells {
        /// The column.
        column: String,
    },
    /// A selection has no cells.
    #[error("the {which} selection has no cells; choose at least one")]
    EmptySelection {
        /// "first" or "second".
        which: &'static str,
    },
    /// Two selections share cells.
    #[error(
        "the two selections share {n_shared} cells ({first_shared:?} is the first); a cell can be on one side only, so take the shared cells out of one"
    )]
    Overlap {
        /// Cells in both.
        n_shared: usize,
        /// Name of the first of them.
        first_shared: String,
    },
    /// Activations and labels are of different cells.
    #[error("the activations have {found} cells but the table has {expected}; compute them on the same data")]
    CellCount {
        /// Cells of the table.
        expected: usize,
        /// Cells of the activations.
        found: usize,
    },
}

/// A categorical column by name: its position, codes and categories.
pub(super) fn categorical<'a>(
    cells: &'a CellTable,
    name: &str,
) -> Result<(usize, &'a [u32], &'a [String]), AssociationError> {
    let Some(at) = cells.columns().iter().position(|column| column.name == name) else {
        let known = cells.columns().iter().map(|column| column.name.clone()).collect();
        return Err(AssociationError::UnknownColumn { name: name.to_owned(), known });
    };
    let Some((codes, categories)) = cells.columns()[at].categorical() else {
        return Err(AssociationError::NumericColumn { name: name.to_owned() });
    };
    if categories.len() > MAX_CATEGORIES {
        return Err(AssociationError::TooManyCategories { name: name.to_owned(), found: categories.len() });
    }
    Ok((at, codes, categories))
}

/// Refuses activations of other cells than the table's.
pub(super) fn check_cells(cells: &CellTable, activations: &SparseActivations) -> Result<(), AssociationError> {
    let (expected, found) = (cells.n_cells(), activations.n_cells());
    if expected == found { Ok(()) } else { Err(AssociationError::CellCount { expected, found }) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::{LabelColumn, LabelValues};

    #[test]
    fn columns_that_are_no_labels_are_refused_by_name() {
        let mut cells = CellTable::without_ids(300);
        let ids: Vec<String> = (0..300).map(|cell| cell.to_string()).collect();
        cells.add_column(LabelColumn::from_texts("id", &ids)).unwrap();
        let numbers = LabelValues::Numeric(vec![0.0; 300]);
        cells.add_column(LabelColumn { name: "n_counts".to_owned(), values: numbers }).unwrap();
        let text = |name: &str| categorical(&cells, name).unwrap_err().to_string();
        assert!(text("type").contains(r#""type"; the columns are ["id", "n_counts"]"#));
        assert!(text("n_counts").contains("holds numbers"));
        assert!(text("id").contains("300 categories but at most 200"));
    }
}
