//! The feature table: its question, and the window of rows that is there.

use crate::data::FeatureId;
use crate::protocol::{FeatureRow, FeatureSort, TableQuery};

/// Rows asked for at once; the window moves in steps of half of it.
pub(super) const WINDOW_ROWS: usize = 200;

/// The feature table.
#[derive(Clone, Debug, PartialEq)]
pub struct Table {
    /// The question behind the rows, or the one under way.
    pub query: TableQuery,
    /// Rows that match in all.
    pub n_rows: usize,
    /// Position of the first row that is there.
    pub offset: usize,
    /// The rows that are there.
    pub rows: Vec<FeatureRow>,
    /// A row to look at once it is there.
    pub(super) awaited: Option<usize>,
    /// Whether an answer is on its way.
    pub is_loading: bool,
    /// Why the last question failed.
    pub error: Option<String>,
    /// Counts answers: other rows may be there when it changes.
    pub revision: u64,
    /// Counts questions other than those of scrolling: the table starts at its top when it changes.
    pub question: u64,
}

/// A change of the table's question.
#[derive(Clone, Debug, PartialEq)]
pub enum TableEdit {
    /// Look for this text.
    Search(String),
    /// Sort by this column; the same column again turns the order round.
    SortBy(FeatureSort),
    /// List dead features too, or not.
    IncludeDead(bool),
    /// The first row on screen is this one.
    ScrollTo(usize),
}

impl Default for Table {
    fn default() -> Self {
        Self {
            query: TableQuery::best(WINDOW_ROWS),
            n_rows: 0,
            offset: 0,
            rows: Vec::new(),
            awaited: None,
            is_loading: false,
            error: None,
            revision: 0,
            question: 0,
        }
    }
}

impl Table {
    /// The row at a position of the whole table, if it is there.
    pub fn row(&self, position: usize) -> Option<&FeatureRow> {
        position.checked_sub(self.offset).and_then(|at| self.rows.get(at))
    }

    /// The position of a feature among the rows that are there.
    pub fn position_of(&self, feature: FeatureId) -> Option<usize> {
        self.rows.iter().position(|row| row.feature == feature).map(|at| at + self.offset)
    }

    /// Changes the question; whether it has to be asked again.
    pub(super) fn edit(&mut self, edit: TableEdit) -> bool {
        let before = self.query.clone();
        match edit {
            TableEdit::Search(text) => {
                self.query.search = text;
                self.query.offset = 0;
            }
            TableEdit::SortBy(sort) => {
                self.query.descending =
                    if self.query.sort == sort { !self.query.descending } else { is_high_first(sort) };
                self.query.sort = sort;
                self.query.offset = 0;
            }
            TableEdit::IncludeDead(include_dead) => {
                self.query.include_dead = include_dead;
                self.query.offset = 0;
            }
            TableEdit::ScrollTo(first) => {
                self.query.offset = window_for(first);
                return self.query != before;
            }
        }
        self.question += 1;
        self.awaited = None;
        self.query != before
    }

    /// Takes an answer.
    pub(super) fn fill(&mut self, query: &TableQuery, n_rows: usize, rows: Vec<FeatureRow>) {
        self.offset = query.offset;
        self.n_rows = n_rows;
        self.rows = rows;
        self.revision += 1;
        self.is_loading = false;
        self.error = None;
    }
}

/// Ids and p-values are read from the smallest up, everything else from the largest down.
fn is_high_first(sort: FeatureSort) -> bool {
    !matches!(sort, FeatureSort::Id | FeatureSort::BestTerm)
}

/// First row of the window that keeps a quarter of itself above `first`.
fn window_for(first: usize) -> usize {
    let step = WINDOW_ROWS / 2;
    first.saturating_sub(WINDOW_ROWS / 4) / step * step
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_header_again_turns_the_order_round() {
        let mut table = Table::default();
        assert!(table.edit(TableEdit::SortBy(FeatureSort::Id)));
        assert!(!table.query.descending);
        assert!(table.edit(TableEdit::SortBy(FeatureSort::Id)));
        assert!(table.query.descending);
        assert!(table.edit(TableEdit::SortBy(FeatureSort::NActive)));
        assert!(table.query.descending);
    }

    #[test]
    fn scrolling_within_the_window_asks_nothing() {
        let mut table = Table::default();
        assert!(!table.edit(TableEdit::ScrollTo(100)));
        assert!(table.edit(TableEdit::ScrollTo(151)));
        assert_eq!(table.query.offset, 100);
        assert!(!table.edit(TableEdit::ScrollTo(240)));
    }

    #[test]
    fn a_search_starts_at_the_top_and_scrolling_does_not() {
        let mut table = Table::default();
        table.edit(TableEdit::ScrollTo(500));
        assert_eq!(table.question, 0);
        table.edit(TableEdit::Search("isg15".to_owned()));
        assert_eq!((table.question, table.query.offset), (1, 0));
    }

    #[test]
    fn every_visible_row_is_inside_its_window() {
        for first in 0..2000 {
            let offset = window_for(first);
            assert!(offset <= first && first + 50 <= offset + WINDOW_ROWS, "{first} {offset}");
        }
    }
}
