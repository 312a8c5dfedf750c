//! Gene sets in GMT: one set a line, `name TAB description TAB gene TAB gene…`.
//!
//! Found in real files and handled here: CRLF, CR alone, trailing tabs, an empty description, weights after the gene
//! (`GENE,1.0`, dropped), a gene twice in a set (kept once), a set name twice (both kept, the later ones
//! renamed), empty lines and `#` comments. Gene names stay as they are written.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::reader::TextReader;
use super::{ByteSource, ImportError};
use crate::data::{GeneSet, Observer, shortened};

/// Reads the gene sets of a GMT file, gzip or not.
///
/// # Errors
/// [`ImportError::Line`] for a line without tabs or without a name, [`ImportError::NoContent`] if no set is there,
/// and what reading can give.
pub(crate) fn import_gmt(
    name: &str,
    source: Arc<dyn ByteSource>,
    observer: &dyn Observer,
) -> Result<Vec<GeneSet>, ImportError> {
    observer.progress(0.0, &format!("Reading gene sets from {name}"));
    let text = TextReader::open(name, source)?.into_text()?;
    parse_gmt(name, &text, observer)
}

fn parse_gmt(name: &str, text: &str, observer: &dyn Observer) -> Result<Vec<GeneSet>, ImportError> {
    let mut sets = Vec::new();
    let mut n_without_genes = 0;
    for (at, line) in lines_of(text).enumerate() {
        if line.trim().is_empty() || line.starts_with('#') {
            continue;
        }
        let set = parse_line(line).map_err(|found| ImportError::Line {
            file: name.to_owned(),
            line: at as u64 + 1,
            found,
            expected: "set name, description and genes separated by tabs".to_owned(),
        })?;
        if set.genes.is_empty() {
            n_without_genes += 1;
        } else {
            sets.push(set);
        }
    }
    let hint = "a GMT line is name, description and genes separated by tabs";
    finished(name, sets, n_without_genes, hint, observer)
}

/// Tells of sets without genes and of names that occur twice, and refuses a file without sets.
pub(crate) fn finished(
    name: &str,
    mut sets: Vec<GeneSet>,
    n_without_genes: usize,
    hint: &str,
    observer: &dyn Observer,
) -> Result<Vec<GeneSet>, ImportError> {
    if sets.is_empty() {
        return Err(ImportError::NoContent {
            file: name.to_owned(),
            what: "gene set",
            found: format!("{n_without_genes} sets have a name but no gene"),
            hint: hint.to_owned(),
        });
    }
    if n_without_genes > 0 {
        observer.warn(&format!("{name:?}: {n_without_genes} gene sets have no gene and were left out"));
    }
    if let Some(example) = make_names_distinct(&mut sets) {
        observer.warn(&format!(
            "{name:?}: some set names occur more than once; all sets are kept, later ones renamed like {example:?}"
        ));
    }
    Ok(sets)
}

/// The genes of a set from its fields: weights and blanks dropped, each gene once, in order.
pub(crate) fn distinct_genes<'a>(fields: impl Iterator<Item = &'a str>) -> Vec<String> {
    let mut seen = BTreeSet::new();
    let genes = fields.map(|field| without_weight(field.trim()));
    genes.filter(|gene| !gene.is_empty() && seen.insert(*gene)).map(str::to_owned).collect()
}

/// The lines of a text, also with the line ends of the old Mac, which Excel still writes.
pub(crate) fn lines_of(text: &str) -> impl Iterator<Item = &str> {
    let text = text.trim_start_matches('\u{feff}');
    text.split(if text.contains('\n') { '\n' } else { '\r' })
}

fn parse_line(line: &str) -> Result<GeneSet, String> {
    let mut fields = line.split('\t').map(str::trim);
    let name = fields.next().unwrap_or_default();
    let Some(description) = fields.next() else {
        return Err(format!("{:?} without a tab", shortened(line)));
    };
    if name.is_empty() {
        return Err("an empty set name".to_owned());
    }
    Ok(GeneSet { name: name.to_owned(), description: description.to_owned(), genes: distinct_genes(fields) })
}

/// `GENE,1.0` is `GENE`; a comma followed by anything but a number belongs to the name.
fn without_weight(field: &str) -> &str {
    match field.rsplit_once(',') {
        Some((gene, weight)) if weight.trim().parse::<f64>().is_ok() => gene.trim(),
        _ => field,
    }
}

/// Appends ` (2)`, ` (3)`… to names that were there before; returns the first new name.
pub(crate) fn make_names_distinct(sets: &mut [GeneSet]) -> Option<String> {
    let mut taken: BTreeSet<String> = sets.iter().map(|set| set.name.clone()).collect();
    let mut n_by_name: BTreeMap<String, usize> = BTreeMap::new();
    let mut example = None;
    for set in sets {
        let n = n_by_name.entry(set.name.clone()).or_insert(0);
        *n += 1;
        if *n == 1 {
            continue;
        }
        let mut renamed = format!("{} ({n})", set.name);
        while !taken.insert(renamed.clone()) {
            *n += 1;
            renamed = format!("{} ({n})", set.name);
        }
        example.get_or_insert_with(|| renamed.clone());
        set.name = renamed;
    }
    example
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::Silent;

    fn parse(text: &str) -> Result<Vec<GeneSet>, ImportError> {
        parse_gmt("sets.gmt", text, &Silent)
    }

    fn genes(set: &GeneSet) -> Vec<&str> {
        set.genes.iter().map(String::as_str).collect()
    }

    #[test]
    fn trailing_tabs_weights_blanks_and_crlf_are_cleaned() {
        let sets = parse("# comment\r\nA\t\tG1\tG2,1.0\tG1\t\t\r\n\r\nB\thttp://b\tG3\t G4 \r\n").unwrap();
        assert_eq!(sets.len(), 2);
        assert_eq!((sets[0].name.as_str(), sets[0].description.as_str()), ("A", ""));
        assert_eq!(genes(&sets[0]), ["G1", "G2"]);
        assert_eq!(genes(&sets[1]), ["G3", "G4"]);
    }

    #[test]
    fn lines_may_end_with_cr_alone() {
        let sets = parse("A\td\tG1\tG2\rB\td\tG3\r").unwrap();
        assert_eq!((genes(&sets[0]), genes(&sets[1])), (vec!["G1", "G2"], vec!["G3"]));
    }

    #[test]
    fn a_comma_that_is_no_weight_stays() {
        assert_eq!(genes(&parse("A\td\tG1,G2\n").unwrap()[0]), ["G1,G2"]);
    }

    #[test]
    fn duplicate_set_names_stay_distinct() {
        let sets = parse("A\t\tG1\nA\t\tG2\nA (2)\t\tG3\nA\t\tG4\n").unwrap();
        let names: Vec<&str> = sets.iter().map(|set| set.name.as_str()).collect();
        assert_eq!(names, ["A", "A (3)", "A (2)", "A (4)"]);
    }

    #[test]
    fn a_line_without_tabs_is_named_by_its_number() {
        let message = parse("A\td\tG\nno tabs here\n").unwrap_err().to_string();
        assert!(message.contains("line 2") && message.contains("no tabs here"), "{message}");
    }

    #[test]
    fn sets_without_genes_are_left_out_and_none_left_is_an_error() {
        assert_eq!(parse("A\td\nB\td\tG\n").unwrap().len(), 1);
        assert!(matches!(parse("A\td\n"), Err(ImportError::NoContent { .. })));
        assert!(matches!(parse("\n"), Err(ImportError::NoContent { .. })));
    }
}
