//! What a person reads of how rows and cells were matched: how many, how, and the first of what is missing.

use super::join::Matches;
use crate::data::{JoinMethod, Notice};

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
