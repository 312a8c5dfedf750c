//! What the map is drawn from.

use super::Shared;
use crate::data::{CellSelection, LabelChoice, MISSING_CODE};
use crate::plot::color::Rgb;
use crate::protocol::{CellColor, F32Column, LabelInfo, LabelKind, MapSource, U32Column};

/// Coordinates of all cells.
#[derive(Clone, Debug, PartialEq)]
pub struct MapPoints {
    /// Where they come from.
    pub source: MapSource,
    /// Horizontal, `[n_cells]`.
    pub x: F32Column,
    /// Vertical, `[n_cells]`.
    pub y: F32Column,
}

/// What a coloring knows of each cell.
#[derive(Clone, Debug, PartialEq)]
pub enum ColoringValues {
    /// A category per cell; `u32::MAX` for none.
    Categories {
        /// `[n_cells]`
        codes: U32Column,
        /// Names of the codes.
        categories: Vec<String>,
        /// Colours of the codes, if their file has any; otherwise empty.
        colors: Vec<Rgb>,
    },
    /// A number per cell; NaN for none. `[n_cells]`
    Numbers(F32Column),
}

/// Values of all cells to colour by.
#[derive(Clone, Debug, PartialEq)]
pub struct CellColoring {
    /// What they stand for.
    pub color: CellColor,
    /// The values.
    pub values: ColoringValues,
}

/// What the demo shows before the engine has read it.
#[derive(Clone, Debug, PartialEq)]
pub struct Preview {
    /// Name of the data set.
    pub name: String,
    /// A sentence about it.
    pub description: String,
    /// Its cells on a map.
    pub points: Shared<MapPoints>,
    /// Their labels.
    pub coloring: Shared<CellColoring>,
}

/// The cell under the pointer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hover {
    /// Its row.
    pub row: u32,
    /// Its id, once the engine has said it.
    pub name: Option<String>,
}

impl CellColoring {
    /// Number of cells.
    pub fn n_cells(&self) -> usize {
        match &self.values {
            ColoringValues::Categories { codes, .. } => codes.len(),
            ColoringValues::Numbers(values) => values.len(),
        }
    }

    /// The categories with their cell counts, if this is a label's coloring.
    pub fn label_info(&self) -> Option<LabelInfo> {
        let (CellColor::Label(name), ColoringValues::Categories { codes, categories, .. }) =
            (&self.color, &self.values)
        else {
            return None;
        };
        let mut counts = vec![0; categories.len()];
        let mut n_missing = 0;
        for &code in codes.iter() {
            match counts.get_mut(code as usize) {
                Some(count) => *count += 1,
                None => n_missing += 1,
            }
        }
        let categories = categories.iter().cloned().zip(counts).collect();
        Some(LabelInfo { name: name.clone(), kind: LabelKind::Categorical { categories, n_missing } })
    }

    /// Whether the cell has the category; false for numbers and unknown names.
    fn has(&self, row: usize, code: u32) -> bool {
        match &self.values {
            ColoringValues::Categories { codes, .. } => codes.get(row) == Some(&code),
            ColoringValues::Numbers(_) => false,
        }
    }

    fn code_of(&self, category: &str) -> u32 {
        match &self.values {
            ColoringValues::Categories { categories, .. } => {
                categories.iter().position(|name| name == category).map_or(MISSING_CODE, |code| code as u32)
            }
            ColoringValues::Numbers(_) => MISSING_CODE,
        }
    }
}

/// The rows a selection means, ascending; `None` while the codes of a column are not known yet, or if every cell is
/// meant. Categories of one column add up, columns narrow each other down.
pub(super) fn selected_rows(
    selection: &CellSelection,
    n_cells: usize,
    codes_of: impl Fn(&str) -> Option<Shared<CellColoring>>,
) -> Option<Vec<u32>> {
    let choices = match selection {
        CellSelection::All => return None,
        CellSelection::Rows(rows) => return Some(rows.clone()),
        CellSelection::Labels(choices) => choices,
    };
    let conditions = choices
        .chunk_by(|a, b| a.column == b.column)
        .map(|group| {
            let coloring = codes_of(&group[0].column)?;
            let codes: Vec<u32> = group.iter().map(|choice| coloring.code_of(&choice.category)).collect();
            Some((coloring, codes))
        })
        .collect::<Option<Vec<_>>>()?;
    let is_meant = |row: &usize| {
        conditions
            .iter()
            .all(|(coloring, codes)| codes.iter().any(|&code| code != MISSING_CODE && coloring.has(*row, code)))
    };
    Some((0..n_cells).filter(is_meant).map(|row| row as u32).collect())
}

/// The selection after a label's box was ticked or cleared; choices stay ordered by column and category. A lasso
/// gives way to labels, and clearing the last box means no selection.
pub(super) fn toggle_label(selection: &CellSelection, choice: LabelChoice) -> CellSelection {
    let mut choices = match selection {
        CellSelection::Labels(choices) => choices.clone(),
        CellSelection::All | CellSelection::Rows(_) => Vec::new(),
    };
    if let Some(at) = choices.iter().position(|known| *known == choice) {
        choices.remove(at);
    } else {
        choices.push(choice);
        choices.sort_by(|a, b| (&a.column, &a.category).cmp(&(&b.column, &b.category)));
    }
    if choices.is_empty() { CellSelection::All } else { CellSelection::Labels(choices) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn choice(column: &str, category: &str) -> LabelChoice {
        LabelChoice { column: column.to_owned(), category: category.to_owned() }
    }

    fn column(name: &str, codes: &[u32]) -> Shared<CellColoring> {
        Shared::new(CellColoring {
            color: CellColor::Label(name.to_owned()),
            values: ColoringValues::Categories {
                codes: codes.to_vec().into(),
                categories: vec!["a".to_owned(), "b".to_owned(), "c".to_owned()],
                colors: Vec::new(),
            },
        })
    }

    #[test]
    fn categories_of_a_column_add_up_and_columns_narrow() {
        let codes_of = |name: &str| match name {
            "x" => Some(column("x", &[0, 1, 2, 1, MISSING_CODE])),
            "y" => Some(column("y", &[0, 0, 0, 1, 0])),
            _ => None,
        };
        let rows = |choices: Vec<LabelChoice>| selected_rows(&CellSelection::Labels(choices), 5, codes_of);
        assert_eq!(rows(vec![choice("x", "a"), choice("x", "b")]), Some(vec![0, 1, 3]));
        assert_eq!(rows(vec![choice("x", "a"), choice("x", "b"), choice("y", "a")]), Some(vec![0, 1]));
        assert_eq!(rows(vec![choice("x", "none of them")]), Some(vec![]));
        assert_eq!(rows(vec![choice("unknown", "a")]), None);
        assert_eq!(selected_rows(&CellSelection::All, 5, codes_of), None);
    }

    #[test]
    fn a_coloring_counts_its_categories() {
        let info = column("x", &[0, 1, 1, MISSING_CODE]).label_info().unwrap();
        let LabelKind::Categorical { categories, n_missing } = info.kind else { panic!("no categories") };
        let counts: Vec<usize> = categories.into_iter().map(|(_, count)| count).collect();
        assert_eq!((counts, n_missing), (vec![1, 2, 0], 1));
    }

    #[test]
    fn clearing_the_last_box_clears_the_selection() {
        let one = toggle_label(&CellSelection::Rows(vec![1]), choice("x", "b"));
        assert_eq!(one, CellSelection::Labels(vec![choice("x", "b")]));
        let two = toggle_label(&one, choice("x", "a"));
        assert_eq!(two, CellSelection::Labels(vec![choice("x", "a"), choice("x", "b")]));
        assert_eq!(toggle_label(&one, choice("x", "b")), CellSelection::All);
    }
}
