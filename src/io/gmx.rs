//! Gene sets in GMX: one set a column, its name in the first row, its description in the second, then its genes.
//!
//! As GSEA describes the format. Columns may have different lengths; blanks, weights, duplicates and line ends are
//! treated as in GMT. A column with genes but no name is an error.

use std::sync::Arc;

use super::gmt::{distinct_genes, finished, lines_of};
use super::reader::TextReader;
use super::{ByteSource, ImportError};
use crate::data::{GeneSet, Observer, shortened};

/// Far more sets than any collection has.
const MAX_SETS: usize = 100_000;

/// Reads the gene sets of a GMX file, gzip or not.
///
/// # Errors
/// [`ImportError::Line`] for genes without a set name and for too many columns, [`ImportError::NoContent`] if no set
/// is there, and what reading can give.
pub(crate) fn import_gmx(
    name: &str,
    source: Arc<dyn ByteSource>,
    observer: &dyn Observer,
) -> Result<Vec<GeneSet>, ImportError> {
    observer.progress(0.0, &format!("Reading gene sets from {name}"));
    let text = TextReader::open(name, source)?.into_text()?;
    parse_gmx(name, &text, observer)
}

fn parse_gmx(name: &str, text: &str, observer: &dyn Observer) -> Result<Vec<GeneSet>, ImportError> {
    let mut lines = lines_of(text).map(|line| line.trim_end_matches('\r').split('\t').map(str::trim));
    let mut next_row = || lines.next().map(|row| row.take(MAX_SETS + 1).collect::<Vec<&str>>()).unwrap_or_default();
    let (names, descriptions) = (next_row(), next_row());
    let error = |line: u64, found: String, expected: &str| ImportError::Line {
        file: name.to_owned(),
        line,
        found,
        expected: expected.to_owned(),
    };
    if names.len() > MAX_SETS {
        return Err(error(1, format!("more than {MAX_SETS} columns"), "at most 100000, one for each set"));
    }
    let mut genes: Vec<Vec<&str>> = vec![Vec::new(); names.len()];
    for (at, fields) in lines.enumerate() {
        for (column, gene) in fields.enumerate().filter(|(_, gene)| !gene.is_empty()) {
            let Some(genes) = genes.get_mut(column).filter(|_| !names[column].is_empty()) else {
                let found = format!("{:?} in column {}, which has no name", shortened(gene), column + 1);
                return Err(error(at as u64 + 3, found, "genes below the name of their set"));
            };
            genes.push(gene);
        }
    }
    let named = names.iter().enumerate().filter(|(_, name)| !name.is_empty());
    let sets: Vec<GeneSet> = named
        .map(|(at, set)| GeneSet {
            name: (*set).to_owned(),
            description: descriptions.get(at).copied().unwrap_or_default().to_owned(),
            genes: distinct_genes(genes[at].iter().copied()),
        })
        .collect();
    let n_named = sets.len();
    let sets: Vec<GeneSet> = sets.into_iter().filter(|set| !set.genes.is_empty()).collect();
    let n_without_genes = n_named - sets.len();
    finished(name, sets, n_without_genes, "a GMX column is a set's name, its description and its genes", observer)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::Silent;

    #[test]
    fn columns_of_different_length_are_sets() {
        let text = "A\tB\t\r\nfirst\t\t\r\nG1\tG3\t\r\nG2,0.5\tG3\r\n\tG4\r\n";
        let sets = parse_gmx("s.gmx", text, &Silent).unwrap();
        assert_eq!(
            (sets[0].name.as_str(), sets[0].description.as_str(), sets[0].genes.join(" ").as_str()),
            ("A", "first", "G1 G2")
        );
        assert_eq!((sets[1].description.as_str(), sets[1].genes.join(" ").as_str()), ("", "G3 G4"));
    }

    #[test]
    fn a_gene_without_a_set_is_named_by_line_and_column() {
        let message = parse_gmx("s.gmx", "A\n-\nG1\tG2\n", &Silent).unwrap_err().to_string();
        assert!(message.contains("line 3") && message.contains("\"G2\" in column 2"), "{message}");
        assert!(matches!(parse_gmx("s.gmx", "A\n", &Silent), Err(ImportError::NoContent { .. })));
    }
}
