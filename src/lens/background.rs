//! Whether the paper's background is like the rest of the cells.

use super::MAX_CATEGORIES;
use super::groups::MAX_ZERO_CELLS;
use crate::data::{CellTable, Notice};

/// A category is said to fill the background if it has at least this share of its cells,
const FILLS: f64 = 0.9;
/// and this much more than of all cells.
const EXCESS: f64 = 0.3;

/// Warns where the first cells of the file, from which every feature's background is taken, are mostly of one category
/// that the others are not: its genes then show up in every feature.
pub fn background_notice(cells: &CellTable) -> Option<Notice> {
    let n_cells = cells.n_cells();
    if n_cells < 2 * MAX_ZERO_CELLS {
        return None;
    }
    let mut worst: Option<(f64, String)> = None;
    for column in cells.columns() {
        let Some((codes, categories)) = column.categorical().filter(|(_, names)| names.len() <= MAX_CATEGORIES) else {
            continue;
        };
        let (of_first, of_all) = (counts(&codes[..MAX_ZERO_CELLS], categories.len()), counts(codes, categories.len()));
        for ((category, n_first), n_all) in categories.iter().zip(of_first).zip(of_all) {
            let (first, all) = (n_first as f64 / MAX_ZERO_CELLS as f64, n_all as f64 / n_cells as f64);
            if first >= FILLS && first - all >= worst.as_ref().map_or(EXCESS, |(excess, _)| *excess) {
                worst = Some((first - all, sentence(&column.name, category, first, all)));
            }
        }
    }
    worst.map(|(_, text)| Notice::warning(text))
}

/// Cells of each category.
fn counts(codes: &[u32], n_categories: usize) -> Vec<usize> {
    let mut counts = vec![0; n_categories];
    for &code in codes {
        // Cells without a value have a code of their own.
        if let Some(count) = counts.get_mut(code as usize) {
            *count += 1;
        }
    }
    counts
}

fn sentence(column: &str, category: &str, first: f64, all: f64) -> String {
    format!(
        "The paper compares each feature with the first {MAX_ZERO_CELLS} cells of the file in which it is off. Of this \
         file's first {MAX_ZERO_CELLS} cells {:.0} % are {category:?} ({column}), of all cells {:.0} %: what sets \
         {category:?} apart shows up in the genes and gene sets of every feature. Save the cells in random order and open \
         the file again.",
        100.0 * first,
        100.0 * all
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::LabelColumn;

    fn notice(condition: impl Fn(usize) -> &'static str) -> Option<String> {
        let mut cells = CellTable::without_ids(3 * MAX_ZERO_CELLS);
        let texts: Vec<&str> = (0..cells.n_cells()).map(condition).collect();
        cells.add_column(LabelColumn::from_texts("condition", &texts)).unwrap();
        background_notice(&cells).map(|notice| notice.text)
    }

    #[test]
    fn a_file_sorted_by_condition_is_said() {
        let text = notice(|cell| if cell < 1500 { "control" } else { "treated" }).unwrap();
        assert!(text.contains("100 % are \"control\" (condition), of all cells 50 %"), "{text}");
    }

    #[test]
    fn mixed_cells_and_a_category_that_most_cells_have_are_not() {
        assert_eq!(notice(|cell| ["control", "treated"][cell % 2]), None);
        assert_eq!(notice(|cell| if cell < 2500 { "control" } else { "treated" }), None);
    }
}
