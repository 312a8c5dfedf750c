//! What a person reads of how rows and cells were matched: how many, how, and the first of what is missing; and of data
//! that are probably not what they should be.
//!
//! A barcode is a name with a part of at least 12 letters, all A, C, G or T, as all droplet methods have them.

use super::join::{Matches, examples};
use crate::data::{Dataset, JoinMethod, MatrixChoice, Notice, ValueKind};
use crate::io::tensor::quoted_list;

/// How labels were joined.
pub(super) fn labels(file: &str, matches: &Matches) -> Notice {
    let (n_cells, n_rows) = (matches.row_by_cell.len(), matches.n_rows);
    if matches.method == JoinMethod::Order {
        return Notice::warning(format!(
            "The {n_rows} rows of {file:?} were joined with the cells by order, because one side has no cell ids; they \
             are trusted to be in the order of the cells."
        ));
    }
    let (n_missing, n_unused) = (matches.n_missing(), n_rows - matches.n_matched);
    if n_missing == 0 && n_unused == 0 {
        return all_by_id(file, matches);
    }
    Notice::warning(format!(
        "{file:?} was joined with the cells by {}: {} of {n_cells} cells have labels from it, {n_missing} have none{}, and \
         {n_unused} of its {n_rows} rows belong to no cell{}.",
        id(matches),
        matches.n_matched,
        such_as(&matches.missing),
        such_as(&matches.unused)
    ))
}

/// How an embedding with ids was joined.
pub(super) fn embedding(file: &str, matches: &Matches) -> Notice {
    let n_unused = matches.n_rows - matches.n_matched;
    if n_unused == 0 {
        return all_by_id(file, matches);
    }
    Notice::warning(format!(
        "{file:?} was joined with the cells by {}; {n_unused} of its rows belong to no cell{}.",
        id(matches),
        such_as(&matches.unused)
    ))
}

/// How an embedding was joined that was given the ids of a labels file.
pub(super) fn lent_ids(file: &str, labels_file: &str, matches: &Matches) -> Notice {
    Notice::info(format!(
        "{file:?} has no cell ids; it was given those of {labels_file:?}, which has as many rows, and was joined with the \
         cells by {}.",
        id(matches)
    ))
}

/// What still holds of files opened before.
pub(super) fn still_by_order(files: &[String]) -> Option<Notice> {
    let names: Vec<String> = files.iter().map(|file| format!("{file:?}")).collect();
    (!names.is_empty()).then(|| {
        let names = names.join(", ");
        Notice::warning(format!(
            "Opened before without cell ids: {names}. The rows are still trusted to be in the order of the cells."
        ))
    })
}

/// Says so where cells look like genes and genes like cells.
pub(super) fn turned(dataset: &Dataset) -> Option<Notice> {
    let (cells, genes) = (dataset.cells.ids()?, &dataset.expression.as_ref()?.gene_names);
    if !are_barcodes(genes) || are_barcodes(cells) {
        return None;
    }
    Some(Notice::warning(format!(
        "The genes of {:?} are named like cells (such as {}) and its cells perhaps like genes (such as {}), so its matrix is \
         probably genes × cells. Turn it round in Python and open it again: adata.T.write_h5ad(\"turned.h5ad\").",
        dataset.name,
        examples(genes.iter()),
        examples(cells.iter())
    )))
}

/// Says so where values are scaled.
pub(super) fn scaled(dataset: &Dataset) -> Option<Notice> {
    dataset.expression.as_ref().filter(|expression| expression.kind == ValueKind::Scaled)?;
    let others: Vec<&str> = dataset.matrices.iter().flat_map(MatrixChoice::others).collect();
    let way_on = if others.is_empty() {
        "Better open counts or log-normalised values, as they were before scaling.".to_owned()
    } else {
        let others = quoted_list(others.into_iter());
        format!(
            "Counts or log-normalised values suit tests of genes better: if one of the file's other matrices ({others}) has \
             them, choose it (\"Expression from\" on the page, --matrix on the command line)."
        )
    };
    Some(Notice::warning(format!(
        "The expression of {:?} has negative values, so it is scaled (z-scores): genes can be compared as they are, but fold \
         changes mean nothing and no gene is off. {way_on}",
        dataset.name
    )))
}

fn are_barcodes(names: &[String]) -> bool {
    let is_base = |byte: u8| matches!(byte, b'A' | b'C' | b'G' | b'T');
    let is_barcode = |name: &&String| {
        let mut parts = name.split(|letter: char| !letter.is_ascii_alphanumeric());
        parts.any(|part| part.len() >= 12 && part.bytes().all(is_base))
    };
    2 * names.iter().filter(is_barcode).count() > names.len()
}

fn all_by_id(file: &str, matches: &Matches) -> Notice {
    let text = format!("The {} rows of {file:?} were joined with the cells by {}.", matches.n_rows, id(matches));
    // A comparison by parts of the ids is to be seen.
    if matches.left_out.is_some() { Notice::warning(text) } else { Notice::info(text) }
}

fn id(matches: &Matches) -> String {
    matches.left_out.as_ref().map_or_else(|| "id".to_owned(), |left_out| format!("id without {left_out}, as you asked"))
}

fn such_as(examples: &str) -> String {
    if examples.is_empty() { String::new() } else { format!(" (such as {examples})") }
}
