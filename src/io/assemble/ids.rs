//! Cell ids in a labels file that its header does not tell, or tells wrongly, found by comparing with the open cells.

use std::collections::HashSet;

use super::AssembleError;
use crate::data::{LabelColumn, Notice, shortened};
use crate::io::LabelsFile;

/// Settles which column of a labels file holds the cell ids.
///
/// A column whose values are mostly ids of the open cells, none of them twice, is taken where the file has no ids or
/// none that the open cells share.
///
/// # Errors
/// [`AssembleError::NoHeader`] if what should be the header is the first cell, [`AssembleError::CellsInHeader`] if most of
/// the columns, at least two, are cells.
pub(super) fn settle_ids(
    file: &str,
    labels: &mut LabelsFile,
    cell_ids: &[String],
) -> Result<Option<Notice>, AssembleError> {
    let known: HashSet<&str> = cell_ids.iter().map(String::as_str).collect();
    check_header(file, labels, &known)?;
    if labels.ids.iter().flatten().any(|id| known.contains(id.as_str())) {
        return Ok(None);
    }
    let Some(at) = labels.columns.iter().position(|column| holds_ids(column, &known)) else {
        return Ok(None);
    };
    let column = labels.columns.remove(at);
    if is_cell(&column.name, &known) {
        return Err(AssembleError::NoHeader { file: file.to_owned(), header: shortened(&column.name) });
    }
    let text = format!("The cell ids of {file:?} were found in its column {:?}.", column.name);
    // What went for ids until now is a label like any other.
    let before = labels.ids.replace(texts_of(&column)).zip(labels.id_column.replace(column.name));
    labels.columns.extend(before.map(|(ids, name)| LabelColumn::from_texts(name, &ids)));
    Ok(Some(Notice::info(text)))
}

/// Whether a header is the id of a cell; numbers name columns and cells alike, and are not.
fn is_cell(header: &str, known: &HashSet<&str>) -> bool {
    known.contains(header) && header.parse::<f64>().is_err()
}

/// A header that is a cell id is a row.
fn check_header(file: &str, labels: &LabelsFile, known: &HashSet<&str>) -> Result<(), AssembleError> {
    let in_header: Vec<&LabelColumn> = labels.columns.iter().filter(|column| is_cell(&column.name, known)).collect();
    if let [first, _, ..] = in_header[..]
        && 2 * in_header.len() > labels.columns.len()
    {
        return Err(AssembleError::CellsInHeader { file: file.to_owned(), header: shortened(&first.name) });
    }
    let first = labels.columns.first().map(|column| &column.name);
    match labels.id_column.as_ref().into_iter().chain(first).find(|header| is_cell(header, known)) {
        None => Ok(()),
        Some(header) => Err(AssembleError::NoHeader { file: file.to_owned(), header: shortened(header) }),
    }
}

fn holds_ids(column: &LabelColumn, known: &HashSet<&str>) -> bool {
    column.categorical().is_some_and(|(codes, categories)| {
        let n_known = categories.iter().filter(|text| known.contains(text.as_str())).count();
        categories.len() == codes.len() && 2 * n_known > codes.len()
    })
}

fn texts_of(column: &LabelColumn) -> Vec<String> {
    let (codes, categories) = column.categorical().unwrap_or_default();
    codes.iter().map(|&code| categories.get(code as usize).cloned().unwrap_or_default()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ids(names: &[&str]) -> Vec<String> {
        names.iter().map(|&name| name.to_owned()).collect()
    }

    fn file(id_column: Option<(&str, &[&str])>, columns: &[(&str, &[&str])]) -> LabelsFile {
        LabelsFile {
            n_rows: columns[0].1.len(),
            ids: id_column.map(|(_, values)| ids(values)),
            id_column: id_column.map(|(name, _)| name.to_owned()),
            columns: columns.iter().map(|(name, texts)| LabelColumn::from_texts(*name, texts)).collect(),
        }
    }

    #[test]
    fn a_column_of_mostly_known_ids_is_taken() {
        let cells = ids(&["a", "b", "c"]);
        let mut labels = file(None, &[("type", &["T", "B", "B"]), ("who", &["c", "x", "a"])]);
        let notice = settle_ids("l.csv", &mut labels, &cells).unwrap().unwrap();
        assert!(notice.text.contains("\"who\""), "{}", notice.text);
        assert_eq!((labels.ids, labels.columns.len()), (Some(ids(&["c", "x", "a"])), 1));
        let mut foreign = file(Some(("droplet", &["d1", "d2", "d3"])), &[("who", &["c", "b", "a"])]);
        settle_ids("l.csv", &mut foreign, &cells).unwrap();
        assert_eq!((foreign.id_column.as_deref(), foreign.columns[0].name.as_str()), (Some("who"), "droplet"));
    }

    #[test]
    fn repeated_or_mostly_foreign_values_are_no_ids_and_shared_ids_stay() {
        let cells = ids(&["a", "b", "c"]);
        for texts in [["a", "a", "b"], ["a", "x", "y"]] {
            let mut labels = file(None, &[("neighbour", &texts)]);
            assert!(settle_ids("l.csv", &mut labels, &cells).unwrap().is_none());
            assert_eq!((labels.ids, labels.columns.len()), (None, 1));
        }
        let mut labels = file(Some(("cell", &["a", "x", "y"])), &[("who", &["c", "b", "a"])]);
        assert!(settle_ids("l.csv", &mut labels, &cells).unwrap().is_none());
        assert_eq!(labels.id_column.as_deref(), Some("cell"));
    }

    #[test]
    fn a_header_that_is_a_cell_is_refused() {
        let mut labels = file(Some(("a", &["b", "c"])), &[("T", &["B", "T"])]);
        let error = settle_ids("l.csv", &mut labels, &ids(&["a", "b", "c"])).unwrap_err();
        assert!(error.to_string().contains("has no header") && error.to_string().contains("\"a\""), "{error}");
        let mut swapped = file(None, &[("T", &["B", "T"]), ("c", &["a", "b"])]);
        let error = settle_ids("l.csv", &mut swapped, &ids(&["a", "b", "c"])).unwrap_err();
        assert!(error.to_string().contains("\"c\""), "{error}");
        let mut turned =
            file(Some(("gene", &["G1", "G2"])), &[("a", &["x", "y"]), ("b", &["x", "x"]), ("c", &["y", "y"])]);
        let error = settle_ids("l.csv", &mut turned, &ids(&["a", "b", "c"])).unwrap_err();
        assert!(error.to_string().contains("cells in its header (such as \"a\")"), "{error}");
        let mut numbered = file(None, &[("0", &["B", "T"])]);
        assert!(settle_ids("l.csv", &mut numbered, &ids(&["0", "1"])).is_ok());
    }
}
