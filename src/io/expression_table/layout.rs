//! What the columns of a table of expression are, by its header and first rows.
//!
//! A column is of texts if at least half of what its first rows have in it is no number, else of numbers. The names of
//! the rows stand in the first column of texts that all differ and whose header is a name such columns go by, else in the
//! first column of texts that all differ, else in one with such a header or of which nine tenths differ, else in the very
//! first column if it has such a header; there, numbers that only count the rows are passed over. A delimiter at the end
//! of the rows makes no column.

use std::collections::BTreeSet;

use csv::ByteRecord;

use super::value::number;
use crate::io::expression_kind::is_gene_column;
use crate::io::text_table::{is_id_name, is_missing};

/// What a column is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Role {
    /// The names of the rows.
    Names,
    Number,
    Text,
    /// Row numbers.
    Counter,
}

/// The columns of a table.
pub(super) struct Layout {
    /// The header, with a name for each column.
    pub(super) names: Vec<String>,
    /// As many as names.
    pub(super) roles: Vec<Role>,
    /// Fields of a row: as many as columns, and one more where rows end with a delimiter.
    pub(super) n_fields: usize,
}

impl Layout {
    pub(super) fn of(mut names: Vec<String>, sample: &[ByteRecord], may_have_comma: bool) -> Self {
        let first = sample.first().map_or(names.len(), ByteRecord::len);
        let is_empty_last =
            |row: &ByteRecord| row.len() == first && row.iter().next_back().is_some_and(<[u8]>::is_empty);
        let is_unnamed = first == names.len() + 1 || names.last().is_some_and(String::is_empty);
        let is_dropped = first > 1 && is_unnamed && !sample.is_empty() && sample.iter().all(is_empty_last);
        if is_dropped {
            names.truncate(first - 1);
        }
        let is_from_r = first == names.len() + 1 + usize::from(is_dropped);
        if is_from_r {
            // R's write.table leaves the name of the row names out.
            names.insert(0, String::new());
        }
        let columns: Vec<Sampled> = (0..names.len()).map(|at| Sampled::of(sample, at, may_have_comma)).collect();
        let mut roles: Vec<Role> = columns.iter().map(|column| column.role).collect();
        let may_be_names = |at: usize| is_id_name(at, &names[at]) || (at == 0 && is_gene_column(&names[at]));
        if columns.first().is_some_and(|column| column.is_counter) && may_be_names(0) {
            roles[0] = Role::Counter;
        }
        let is_text = |at: &usize| roles[*at] == Role::Text && columns[*at].is_distinct;
        let named = (0..names.len()).find(|at| is_text(at) && may_be_names(*at));
        let text = named.or_else(|| (0..names.len()).find(is_text));
        // Genes may occur twice; cells that do are refused when files are joined.
        let repeated = || {
            (0..names.len()).find(|&at| roles[at] == Role::Text && (may_be_names(at) || columns[at].is_nearly_distinct))
        };
        let first = || Some(0).filter(|_| roles.first() == Some(&Role::Number) && may_be_names(0));
        if let Some(at) = text.or_else(repeated).or_else(first) {
            roles[at] = Role::Names;
        }
        Self { n_fields: names.len() + usize::from(is_dropped), names, roles }
    }

    /// The names of the columns of a role.
    pub(super) fn named(&self, wanted: Role) -> impl Iterator<Item = &str> {
        let columns = self.names.iter().zip(&self.roles);
        columns.filter(move |(_, role)| **role == wanted).map(|(name, _)| name.as_str())
    }

    /// Where the names of the rows are.
    pub(super) fn names_at(&self) -> Option<usize> {
        self.roles.iter().position(|role| *role == Role::Names)
    }
}

/// A column by its first rows.
struct Sampled {
    role: Role,
    is_distinct: bool,
    /// Whether nine tenths are texts that differ.
    is_nearly_distinct: bool,
    is_counter: bool,
}

impl Sampled {
    fn of(sample: &[ByteRecord], at: usize, may_have_comma: bool) -> Self {
        let (mut n_numbers, mut n_texts) = (0, 0);
        let (mut from_0, mut from_1) = (true, true);
        let mut distinct = BTreeSet::new();
        for (row, field) in sample.iter().enumerate().filter_map(|(row, record)| Some((row, record.get(at)?))) {
            let text = String::from_utf8_lossy(field);
            let (text, value) = (text.trim(), number(field, may_have_comma));
            from_0 &= value == Some(row as f32);
            from_1 &= value == Some((row + 1) as f32);
            n_numbers += usize::from(value.is_some());
            n_texts += usize::from(value.is_none() && !is_missing(text));
            if !is_missing(text) && value.is_none() {
                distinct.insert(field);
            }
        }
        let role = if n_texts > 0 && n_texts >= n_numbers { Role::Text } else { Role::Number };
        let is_distinct = distinct.len() == sample.len();
        let is_nearly_distinct = 10 * distinct.len() >= 9 * sample.len();
        Self { role, is_distinct, is_nearly_distinct, is_counter: !sample.is_empty() && (from_0 || from_1) }
    }
}

#[cfg(test)]
mod tests {
    use super::Role::{Counter, Names, Number, Text};
    use super::*;

    fn layout(header: &[&str], rows: &[&[&str]]) -> Layout {
        let rows: Vec<ByteRecord> = rows.iter().map(|row| ByteRecord::from(row.to_vec())).collect();
        Layout::of(header.iter().map(|&name| name.to_owned()).collect(), &rows, false)
    }

    #[test]
    fn names_of_rows_are_found_where_they_stand() {
        let roles = |header: &[&str], rows: &[&[&str]]| layout(header, rows).roles;
        assert_eq!(roles(&["", "A", "B"], &[&["c1", "0", "1"], &["c2", "2", "0"]]), [Names, Number, Number]);
        assert_eq!(roles(&["A", "B"], &[&["c1", "0", "1"], &["c2", "2", "0"]]), [Names, Number, Number]);
        assert_eq!(roles(&["type", "A", "cell"], &[&["T", "0", "c1"], &["B", "2", "c2"]]), [Text, Number, Names]);
        assert_eq!(roles(&["type", "cell", "A"], &[&["T", "c1", "0"], &["T", "c2", "2"]]), [Text, Names, Number]);
        assert_eq!(roles(&["", "A", "B"], &[&["0", "0", "1"], &["1", "2", "0"]]), [Counter, Number, Number]);
        assert_eq!(roles(&["gene", "A"], &[&["7157", "0"], &["672", "2"]]), [Names, Number]);
        assert_eq!(roles(&["A", "B"], &[&["0", "1"], &["2", "0"]]), [Number, Number]);
        assert_eq!(roles(&["", "id", "A"], &[&["1", "c1", "0"], &["2", "c2", "2"]]), [Counter, Names, Number]);
    }

    #[test]
    fn a_delimiter_at_the_end_of_the_rows_makes_no_column() {
        for header in [&["cell", "A"][..], &["cell", "A", ""]] {
            let found = layout(header, &[&["c1", "0", ""], &["c2", "1", ""]]);
            assert_eq!((found.names.len(), found.n_fields), (2, 3));
        }
        let short = layout(&["cell", "A", "B", "C"], &[&["c1", "0"]]);
        assert_eq!((short.names.len(), short.n_fields), (4, 4));
    }
}
