//! Annotations of genes in GAF (versions 1.0 to 2.2), such as the Gene Ontology's `goa_human.gaf`, gzip or not.
//!
//! Of every line are read, by the GO Annotation File Format 2.2: the symbol (column 3), the qualifier (4), the term (5) and
//! the evidence code (7). A qualifier one of whose parts (`NOT|involved_in`) is `NOT` denies the annotation; such lines are
//! counted and left out. Lines that begin with `!` are comments. Genes are named by their symbols, as gene sets are; what
//! the terms mean is not looked at here. Read line by line: memory holds every text once and three numbers a line.

use std::collections::HashMap;
use std::io::{BufRead, BufReader, Read};
use std::sync::Arc;

use super::reader::TextReader;
use super::{ByteSource, ImportError};
use crate::data::{GeneAnnotation, GeneAnnotations, Observer, shortened};

/// What a GAF file begins with.
pub(crate) const GAF_START: &str = "!gaf-version";
/// No line is longer; real ones have some hundred bytes.
const MAX_LINE: u64 = 1 << 20;
/// Lines between two looks at whether to stop.
const LINES_PER_LOOK: u64 = 1 << 14;
/// Columns of the oldest version.
const MIN_COLUMNS: usize = 15;

/// Reads the annotations of a GAF file.
///
/// # Errors
/// [`ImportError::Line`] for a line that is too long, has fewer than 15 columns, no symbol, no term or no evidence;
/// [`ImportError::NoContent`] if there is no annotation; [`ImportError::Cancelled`], and what reading can give.
pub(crate) fn import_gaf(
    name: &str,
    source: Arc<dyn ByteSource>,
    observer: &dyn Observer,
) -> Result<GeneAnnotations, ImportError> {
    observer.progress(0.0, &format!("Reading annotations from {name}"));
    let mut lines = BufReader::new(TextReader::open(name, source)?);
    let (mut table, mut bytes) = (Table::default(), Vec::new());
    for line in 1_u64.. {
        bytes.clear();
        let n = lines.by_ref().take(MAX_LINE + 1).read_until(b'\n', &mut bytes);
        let n = n.map_err(|source| TextReader::error(name, source))?;
        if n == 0 {
            break;
        }
        if line.is_multiple_of(LINES_PER_LOOK) && observer.is_cancelled() {
            return Err(ImportError::Cancelled { file: name.to_owned() });
        }
        let text = String::from_utf8_lossy(&bytes);
        let read = if n as u64 > MAX_LINE { Err(TOO_LONG.to_owned()) } else { table.read(&text) };
        let expected = "the 15 to 17 columns of GAF, separated by tabs".to_owned();
        read.map_err(|found| ImportError::Line { file: name.to_owned(), line, found, expected })?;
    }
    table.finish(name)
}

const TOO_LONG: &str = "a line of more than a megabyte";

#[derive(Default)]
struct Table {
    found: GeneAnnotations,
    genes: HashMap<String, u32>,
    terms: HashMap<String, u32>,
    evidence: HashMap<String, u32>,
}

impl Table {
    /// Takes a line; what is wrong with it otherwise.
    fn read(&mut self, line: &str) -> Result<(), String> {
        let line = line.trim_start_matches('\u{feff}').trim_end_matches(['\r', '\n']);
        if line.trim().is_empty() || line.starts_with('!') {
            return Ok(());
        }
        let columns: Vec<&str> = line.split('\t').map(str::trim).collect();
        let [_, _, symbol, qualifier, term, _, evidence, ..] = columns[..] else { return Err(too_few(&columns)) };
        if columns.len() < MIN_COLUMNS {
            return Err(too_few(&columns));
        }
        for (text, what) in
            [(symbol, "symbol (column 3)"), (term, "term (column 5)"), (evidence, "evidence (column 7)")]
        {
            if text.is_empty() {
                return Err(format!("no {what}"));
            }
        }
        if qualifier.split('|').any(|part| part.eq_ignore_ascii_case("NOT")) {
            self.found.n_denied += 1;
            return Ok(());
        }
        self.found.rows.push(GeneAnnotation {
            gene: number(&mut self.found.genes, &mut self.genes, symbol),
            term: number(&mut self.found.terms, &mut self.terms, term),
            evidence: number(&mut self.found.evidence, &mut self.evidence, evidence),
        });
        Ok(())
    }

    fn finish(self, name: &str) -> Result<GeneAnnotations, ImportError> {
        if self.found.rows.is_empty() {
            return Err(ImportError::NoContent {
                file: name.to_owned(),
                what: "annotation",
                found: format!("{} of its lines deny one (NOT), no line makes one", self.found.n_denied),
                hint: "download the annotations of your species from the Gene Ontology, such as goa_human.gaf.gz"
                    .to_owned(),
            });
        }
        Ok(self.found)
    }
}

fn too_few(columns: &[&str]) -> String {
    format!("{} columns ({:?})", columns.len(), shortened(columns.first().copied().unwrap_or_default()))
}

/// The position of a text, which is added if it is new.
fn number(texts: &mut Vec<String>, known: &mut HashMap<String, u32>, text: &str) -> u32 {
    if let Some(&at) = known.get(text) {
        return at;
    }
    let at = texts.len() as u32;
    texts.push(text.to_owned());
    known.insert(text.to_owned(), at);
    at
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::Silent;
    use crate::io::MemorySource;
    use crate::io::fixtures::survives_damage;
    use crate::io::reader::tests::gzip;

    fn import(text: &str) -> Result<GeneAnnotations, ImportError> {
        import_gaf("a.gaf", Arc::new(MemorySource(text.as_bytes().to_vec())), &Silent)
    }

    fn line(symbol: &str, qualifier: &str, term: &str, evidence: &str) -> String {
        format!(
            "DB\tX1\t{symbol}\t{qualifier}\t{term}\tPMID:1\t{evidence}\t\tP\t\t\tprotein\ttaxon:9606\t20200101\tDB\t\t\n"
        )
    }

    #[test]
    fn symbols_terms_and_evidence_are_read_and_denials_left_out() {
        let text = format!(
            "!gaf-version: 2.2\n! comment\n{}{}{}\n{}",
            line("A", "involved_in", "GO:1", "IDA"),
            line("B", "NOT|involved_in", "GO:1", "IDA"),
            line("C", "not", "GO:1", "IDA"),
            line("A", "", "GO:2", "IEA")
        );
        let found = import(&text).unwrap();
        assert_eq!((found.genes.join(" "), found.terms.join(" "), found.n_denied), ("A".into(), "GO:1 GO:2".into(), 2));
        assert_eq!(found.rows[1], GeneAnnotation { gene: 0, term: 1, evidence: 1 });
        let packed = Arc::new(MemorySource(gzip(text.replace('\n', "\r\n").as_bytes())));
        assert_eq!(import_gaf("a.gaf.gz", packed, &Silent).unwrap(), found);
    }

    #[test]
    fn what_is_wrong_is_named_by_its_line() {
        let refused = |text: &str, what: &str| {
            let message = import(text).unwrap_err().to_string();
            assert!(message.contains(what), "{message}");
        };
        refused("!gaf-version: 2.2\nDB\tX\n", "line 2: found 2 columns (\"DB\")");
        refused(&line("", "", "GO:1", "IDA"), "line 1: found no symbol");
        refused(&line("A", "", "", "IDA"), "no term");
        refused(&line("A", "", "GO:1", ""), "no evidence");
        refused(&format!("!{}\n", "x".repeat(1 << 20)), "more than a megabyte");
        refused(&line("A", "NOT", "GO:1", "IDA"), "has no annotation: 1 of its lines deny one");
    }

    #[test]
    fn damage_is_an_error_or_harmless() {
        for file in ["go/small.gaf", "go/small.gaf.gz"] {
            survives_damage(file, 500);
        }
    }
}
