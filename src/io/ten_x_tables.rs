//! The tables beside a count matrix of 10x Genomics: `barcodes.tsv` and `features.tsv` (`genes.tsv` before version 3).
//!
//! They have no header. Barcodes stand one a line; a feature has its id, and after tabs its symbol, type and more. An empty
//! symbol is the id. Empty lines at the end are passed over.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::reader::TextLines;
use super::ten_x_features::Features;
use super::{ByteSource, FileKind, ImportError};

/// Most tabs in a line of features: 10x writes up to five more columns for peaks.
const MAX_FIELDS: usize = 8;
/// Lines looked at to know a table.
const N_LOOKED_AT: usize = 20;
/// What the first field is called where there is a header after all, lower case.
const HEADERS: [&str; 14] = [
    "barcode",
    "barcodes",
    "gene",
    "gene_id",
    "gene_name",
    "feature",
    "feature_id",
    "id",
    "set",
    "term",
    "gs_name",
    "name",
    "symbol",
    "cell",
];

/// Whether text is one of the two tables, by its name and first lines.
pub(crate) fn kind_of(name: &str, text: &str) -> Option<FileKind> {
    let base = name.rsplit(['/', '\\']).next().unwrap_or(name).to_lowercase();
    let (stem, _) = base.rsplit_once('.').filter(|(_, ending)| ["tsv", "txt", "tab"].contains(ending))?;
    let rows: Vec<Vec<&str>> = text.lines().take(N_LOOKED_AT).map(|line| line.split('\t').collect()).collect();
    let first = rows.first()?;
    let has_header = HEADERS.contains(&first[0].trim().to_lowercase().as_str());
    let is_even = rows.iter().all(|fields| fields.len() == first.len() || *fields == [""]);
    let names: BTreeSet<&str> = rows.iter().map(|fields| fields[0]).filter(|name| !name.is_empty()).collect();
    if first[0].trim().is_empty() || has_header || !is_even || names.is_empty() {
        return None;
    }
    let is_number = |field: &&str| field.trim().parse::<f64>().is_ok();
    if stem.ends_with("barcodes") && first.len() == 1 {
        Some(FileKind::Barcodes)
    } else if (stem.ends_with("features") || stem.ends_with("genes"))
        && first.len() <= MAX_FIELDS
        && !first.iter().take(3).any(is_number)
        && names.len() == rows.iter().filter(|fields| !fields[0].is_empty()).count()
    {
        Some(FileKind::Features)
    } else {
        None
    }
}

/// Reads barcodes.
///
/// # Errors
/// [`ImportError::Line`] for an empty line between others, [`ImportError::NoContent`] for no line at all, and what
/// reading can give.
pub(crate) fn import_barcodes(name: &str, source: Arc<dyn ByteSource>) -> Result<Vec<String>, ImportError> {
    let rows = rows_of(name, source)?;
    Ok(rows.into_iter().map(|mut fields| fields.swap_remove(0)).collect())
}

/// Reads features.
///
/// # Errors
/// As [`import_barcodes`].
pub(crate) fn import_features(name: &str, source: Arc<dyn ByteSource>) -> Result<Features, ImportError> {
    let rows = rows_of(name, source)?;
    let has_kinds = rows.iter().all(|fields| fields.get(2).is_some_and(|kind| !kind.is_empty()));
    let mut features = Features::default();
    for mut fields in rows.into_iter().map(Vec::into_iter) {
        let id = fields.next().unwrap_or_default();
        features.names.push(fields.next().filter(|name| !name.is_empty()).unwrap_or_else(|| id.clone()));
        features.ids.push(id);
        if has_kinds {
            features.kinds.extend(fields.next());
        }
    }
    Ok(features)
}

/// The first three fields of every line, at least one.
fn rows_of(name: &str, source: Arc<dyn ByteSource>) -> Result<Vec<Vec<String>>, ImportError> {
    let mut lines = TextLines::open(name, source)?;
    let mut rows: Vec<Vec<String>> = Vec::new();
    let mut has_ended = false;
    while let Some(line) = lines.next()? {
        let text = String::from_utf8_lossy(line).trim_start_matches('\u{feff}').trim_end().to_owned();
        if text.is_empty() {
            has_ended = true;
        } else if has_ended {
            return Err(lines.error("text after an empty line", "no empty line between others"));
        } else {
            rows.push(text.split('\t').take(3).map(|field| field.trim_matches('"').to_owned()).collect());
        }
    }
    if rows.is_empty() {
        let (found, hint) = ("it has no line".to_owned(), "copy it again from the folder of the matrix".to_owned());
        return Err(ImportError::NoContent { file: name.to_owned(), what: "barcode or feature", found, hint });
    }
    Ok(rows)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::io::MemorySource;

    fn source(text: &str) -> Arc<dyn ByteSource> {
        Arc::new(MemorySource(text.as_bytes().to_vec()))
    }

    #[test]
    fn tables_are_known_by_name_and_first_line() {
        for (name, text, kind) in [
            ("barcodes.tsv", "AAAC-1\nAAAG-1\n", Some(FileKind::Barcodes)),
            ("d/GSM1_barcodes.tsv", "AAAC-1", Some(FileKind::Barcodes)),
            ("barcodes.tsv", "barcode\ttype\nAAAC-1\tB\n", None),
            ("barcodes.tsv", "AAAC-1\tB\n", None),
            ("features.tsv", "ENSG1\tISG15\tGene Expression\n", Some(FileKind::Features)),
            ("genes.tsv", "ENSG1\tISG15\n", Some(FileKind::Features)),
            ("genes.tsv", "gene_id\tname\n", None),
            ("features.tsv", "0.5\t1.5\n", None),
            ("labels.tsv", "AAAC-1\tB\n", None),
            ("genes.gmt", "SET\tabout\tISG15\n", None),
            ("set_genes.tsv", "A\tISG15\nA\tIFIT1\nB\tLYZ\n", None),
        ] {
            assert_eq!(kind_of(name, text), kind, "{name} {text:?}");
        }
    }

    #[test]
    fn features_without_symbol_are_called_by_id() {
        let features = import_features("f.tsv", source("E1\tG1\r\nE2\t\r\nE3\r\n\r\n")).unwrap();
        assert_eq!(features.names, ["G1", "E2", "E3"]);
        assert_eq!((features.ids.len(), features.kinds.len()), (3, 0));
        let typed = import_features("f.tsv", source("E1\tG1\tPeaks\tchr1\n")).unwrap();
        assert_eq!(typed.kinds, ["Peaks"]);
    }

    #[test]
    fn gaps_and_emptiness_are_errors() {
        let error = import_barcodes("b.tsv", source("A\n\nB\n")).unwrap_err().to_string();
        assert!(error.contains("line 3: found text after an empty line"), "{error}");
        assert!(matches!(import_barcodes("b.tsv", source("\n")), Err(ImportError::NoContent { .. })));
    }
}
