//! Which cells are meant.

use serde::{Deserialize, Serialize};

use super::{CellTable, MISSING_CODE};

/// A choice of cells.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CellSelection {
    /// Every cell.
    All,
    /// Cells whose label is one of the listed categories in every listed column: OR within a column, AND over columns.
    Labels(Vec<LabelChoice>),
    /// Cells by row, from a lasso.
    Rows(Vec<u32>),
}

/// One condition on a label column.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LabelChoice {
    /// The column.
    pub column: String,
    /// The category.
    pub category: String,
}

impl CellSelection {
    /// The rows meant, ascending and without duplicates; rows and labels the table does not have are left out.
    #[must_use]
    pub fn rows(&self, cells: &CellTable) -> Vec<u32> {
        let n_cells = cells.n_cells() as u32;
        match self {
            Self::All => (0..n_cells).collect(),
            Self::Rows(rows) => {
                let mut rows: Vec<u32> = rows.iter().copied().filter(|&row| row < n_cells).collect();
                rows.sort_unstable();
                rows.dedup();
                rows
            }
            Self::Labels(choices) => (0..n_cells).filter(|&row| is_meant(choices, cells, row)).collect(),
        }
    }
}

/// Whether the cell has one of the categories listed for each column.
fn is_meant(choices: &[LabelChoice], cells: &CellTable, row: u32) -> bool {
    choices
        .iter()
        .all(|condition| choices.iter().any(|choice| choice.column == condition.column && choice.matches(cells, row)))
}

impl LabelChoice {
    fn matches(&self, cells: &CellTable, row: u32) -> bool {
        let Some((codes, categories)) = cells.column(&self.column).and_then(|column| column.categorical()) else {
            return false;
        };
        let code = codes[row as usize];
        code != MISSING_CODE && categories[code as usize] == self.category
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::LabelColumn;

    #[test]
    fn columns_narrow_each_other() {
        let mut cells = CellTable::without_ids(3);
        cells.add_column(LabelColumn::from_texts("type", &["B", "T", "T"])).unwrap();
        cells.add_column(LabelColumn::from_texts("condition", &["ctrl", "ctrl", "stim"])).unwrap();
        let choice = |column: &str, category: &str| LabelChoice { column: column.into(), category: category.into() };
        let selection = CellSelection::Labels(vec![choice("type", "T"), choice("condition", "ctrl")]);
        assert_eq!(selection.rows(&cells), [1]);
        assert_eq!(CellSelection::Rows(vec![2, 9, 0, 2]).rows(&cells), [0, 2]);
    }

    #[test]
    fn categories_of_a_column_add_up() {
        let mut cells = CellTable::without_ids(4);
        cells.add_column(LabelColumn::from_texts("type", &["B", "T", "NK", "T"])).unwrap();
        cells.add_column(LabelColumn::from_texts("condition", &["ctrl", "ctrl", "ctrl", "stim"])).unwrap();
        let choice = |column: &str, category: &str| LabelChoice { column: column.into(), category: category.into() };
        let either = vec![choice("type", "B"), choice("condition", "ctrl"), choice("type", "T")];
        assert_eq!(CellSelection::Labels(either).rows(&cells), [0, 1]);
    }
}
