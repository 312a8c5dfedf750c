//! What an AnnData file's `uns` says of labels: their colours.
//!
//! Colours are the `NAME_colors` scanpy writes for the categories of an `obs` column, `#rrggbb` or `#rrggbbaa`, one for
//! each category at least; others (names of colours, too few) are not taken.

use super::archive::{Archive, Node};
use super::table::texts_of;
use crate::data::LabelColumn;
use crate::io::ImportError;

/// The colours of each categorical column that has any: the column's name and `#rrggbb` for each category.
pub(super) fn label_colours(
    archive: &Archive,
    columns: &[LabelColumn],
) -> Result<Vec<(String, Vec<String>)>, ImportError> {
    let mut found = Vec::new();
    for column in columns {
        let Some((_, categories)) = column.categorical() else { continue };
        let Some(Node::Array(array)) = archive.node(&format!("uns/{}_colors", column.name))? else { continue };
        let texts = if array.is_text() { texts_of(archive, &array).unwrap_or_default() } else { Vec::new() };
        let colours: Option<Vec<String>> = texts.iter().take(categories.len()).map(|text| colour(text)).collect();
        if let Some(colours) = colours.filter(|colours| !colours.is_empty() && colours.len() == categories.len()) {
            found.push((column.name.clone(), colours));
        }
    }
    Ok(found)
}

/// A colour as `#rrggbb`, lower case.
fn colour(text: &str) -> Option<String> {
    let digits = text.strip_prefix('#')?;
    let is_colour = matches!(digits.len(), 6 | 8) && digits.bytes().all(|byte| byte.is_ascii_hexdigit());
    is_colour.then(|| text[..7].to_lowercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_written_out_colours_are_taken() {
        assert_eq!(colour("#1F77b4").as_deref(), Some("#1f77b4"));
        assert_eq!(colour("#1f77b4ff").as_deref(), Some("#1f77b4"));
        for text in ["red", "#fff", "#1f77b4f", "#1f77bé", "", "#gggggg"] {
            assert_eq!(colour(text), None, "{text}");
        }
    }
}
