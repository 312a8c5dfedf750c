//! Is a table of cells an embedding or labels? One rule for CSV, TSV and Parquet.
//!
//! The column of cell ids aside, a table is an embedding if
//!
//! 1. more than half of its columns are numbers whose names differ only in the number they end with (`PC_1, PC_2`,
//!    `0, 1, 2`), two or more, and either one of them has fractions or there are eight; these are the dimensions; or
//! 2. at least two columns have numbers with fractions, they are more than half of all, and at most a quarter are
//!    texts; the columns with fractions are the dimensions.
//!
//! Everything else is labels. Counts and clusters are whole numbers, so the usual columns of `obs` stay labels. A
//! person who knows better says so by how the file is opened (`import_as`).

use std::collections::BTreeMap;

/// Whole numbers alone need a series of so many columns to be an embedding.
const MIN_WHOLE: usize = 8;

/// What the values of a column are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ColumnKind {
    Text,
    /// Numbers without fractions.
    Whole,
    /// Numbers of which one has a fraction.
    Fractional,
}

/// The positions of the dimensions, in order, if the table is an embedding; ids must be left out of `columns`.
pub(crate) fn dimensions(columns: &[(&str, ColumnKind)]) -> Option<Vec<usize>> {
    series(columns).or_else(|| fractional(columns))
}

/// The largest series of numbered names, by the first rule.
fn series(columns: &[(&str, ColumnKind)]) -> Option<Vec<usize>> {
    let mut by_stem: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    for (at, (name, kind)) in columns.iter().enumerate() {
        let stem = name.trim_end_matches(|c: char| c.is_ascii_digit());
        if *kind != ColumnKind::Text && stem.len() < name.len() {
            by_stem.entry(stem).or_default().push(at);
        }
    }
    let largest = by_stem.into_values().max_by_key(Vec::len)?;
    let has_fractions = largest.iter().any(|&at| columns[at].1 == ColumnKind::Fractional);
    let is_series = largest.len() >= 2 && 2 * largest.len() > columns.len();
    (is_series && (has_fractions || largest.len() >= MIN_WHOLE)).then_some(largest)
}

fn fractional(columns: &[(&str, ColumnKind)]) -> Option<Vec<usize>> {
    let positions = |wanted| (0..columns.len()).filter(move |&at| columns[at].1 == wanted);
    let found: Vec<usize> = positions(ColumnKind::Fractional).collect();
    let n_texts = positions(ColumnKind::Text).count();
    (found.len() >= 2 && 2 * found.len() > columns.len() && 4 * n_texts <= columns.len()).then_some(found)
}

/// The kind of a column from its values; texts that mean no value must be left out.
pub(crate) fn kind_of_texts<'a>(values: impl Iterator<Item = &'a str>) -> ColumnKind {
    let (mut is_empty, mut is_whole) = (true, true);
    for value in values {
        let Ok(number) = value.parse::<f64>() else { return ColumnKind::Text };
        is_empty = false;
        is_whole &= number.fract() == 0.0;
    }
    match (is_empty, is_whole) {
        (true, _) => ColumnKind::Text,
        (false, true) => ColumnKind::Whole,
        (false, false) => ColumnKind::Fractional,
    }
}

#[cfg(test)]
mod tests {
    use super::ColumnKind::{Fractional, Text, Whole};
    use super::*;

    #[test]
    fn series_and_tables_of_fractions_are_embeddings() {
        assert_eq!(dimensions(&[("UMAP_1", Fractional), ("leiden", Whole), ("UMAP_2", Fractional)]), Some(vec![0, 2]));
        assert_eq!(dimensions(&[("x", Fractional), ("y", Fractional)]), Some(vec![0, 1]));
        let names: Vec<String> = (0..8).map(|n| n.to_string()).collect();
        let whole: Vec<(&str, ColumnKind)> = names.iter().map(|name| (name.as_str(), Whole)).collect();
        assert_eq!(dimensions(&whole).map(|found| found.len()), Some(8));
        assert_eq!(dimensions(&whole[..7]), None);
    }

    #[test]
    fn the_usual_columns_of_obs_are_labels() {
        let obs = [("n_genes", Whole), ("total_counts", Whole), ("pct_counts_mt", Fractional), ("cell_type", Text)];
        assert_eq!(dimensions(&obs), None);
        assert_eq!(dimensions(&[("pct_mt", Fractional), ("score", Fractional), ("type", Text)]), None);
        assert_eq!(dimensions(&[("leiden_0.5", Whole), ("leiden_0.8", Whole)]), None);
        assert_eq!(dimensions(&[("pseudotime", Fractional)]), None);
        assert_eq!(dimensions(&[]), None);
    }

    #[test]
    fn kinds_follow_the_values() {
        assert_eq!(kind_of_texts(["1.0", "-2"].into_iter()), Whole);
        assert_eq!(kind_of_texts(["1", "2.5e0"].into_iter()), Fractional);
        assert_eq!(kind_of_texts(["1", "B"].into_iter()), Text);
        assert_eq!(kind_of_texts(std::iter::empty()), Text);
    }
}
