//! Ontologies in OBO (format 1.2 and 1.4), such as the Gene Ontology's `go-basic.obo`, gzip or not.
//!
//! Of every `[Term]` are read: `id`, `name`, `namespace` (else the header's `default-namespace`), `alt_id`, `is_a`,
//! `relationship: part_of`, `subset`, `is_obsolete`, `replaced_by`. Other tags and stanzas are passed over. A value ends
//! before `{qualifiers}` and before ` ! comment`; backslash escapes are undone (OBO Flat File Format 1.4). Values that
//! stand twice are kept once. Read line by line: memory holds the terms and one line, and a line may not be longer than
//! a megabyte. Lines end with LF or CRLF. What terms say of each other is not checked here.

use std::collections::BTreeSet;
use std::io::{BufRead, BufReader, Read};
use std::sync::Arc;

use super::reader::TextReader;
use super::{ByteSource, ImportError};
use crate::data::{Observer, OntologyTerm, shortened};

/// No line of an ontology is longer; definitions have a few thousand bytes.
const MAX_LINE: u64 = 1 << 20;
/// Lines between two looks at whether to stop.
const LINES_PER_LOOK: u64 = 1 << 14;

/// Reads the terms of an OBO file, in the file's order, obsolete ones among them.
///
/// # Errors
/// [`ImportError::Line`] for a line that has no tag or is too long, a term without an id, an id or name that stands
/// twice, and an `is_obsolete` that is neither true nor false; [`ImportError::NoContent`] if no term is there;
/// [`ImportError::Cancelled`], and what reading can give.
pub fn import_obo(
    name: &str,
    source: Arc<dyn ByteSource>,
    observer: &dyn Observer,
) -> Result<Vec<OntologyTerm>, ImportError> {
    observer.progress(0.0, &format!("Reading the ontology {name}"));
    let mut lines = BufReader::new(TextReader::open(name, source)?);
    let mut parser = Parser::new(name);
    let mut bytes = Vec::new();
    while parser.next_line(&mut lines, &mut bytes)? {
        if parser.line.is_multiple_of(LINES_PER_LOOK) && observer.is_cancelled() {
            return Err(ImportError::Cancelled { file: name.to_owned() });
        }
        parser.read(&String::from_utf8_lossy(&bytes))?;
    }
    parser.finish()
}

/// Which stanza the present line is in.
enum Stanza {
    Header,
    /// A term, and the line it began at.
    Term(Box<OntologyTerm>, u64),
    Other,
}

struct Parser<'a> {
    file: &'a str,
    /// The present line (1-based).
    line: u64,
    default_namespace: String,
    stanza: Stanza,
    ids: BTreeSet<String>,
    terms: Vec<OntologyTerm>,
}

impl<'a> Parser<'a> {
    fn new(file: &'a str) -> Self {
        let (ids, terms) = Default::default();
        Self { file, line: 0, default_namespace: String::new(), stanza: Stanza::Header, ids, terms }
    }

    /// Takes the next line into `bytes`; whether there was one.
    fn next_line(&mut self, lines: &mut impl BufRead, bytes: &mut Vec<u8>) -> Result<bool, ImportError> {
        bytes.clear();
        self.line += 1;
        let n = lines.by_ref().take(MAX_LINE + 1).read_until(b'\n', bytes);
        let n = n.map_err(|source| TextReader::error(self.file, source))?;
        if n as u64 > MAX_LINE {
            return Err(self.error(format!("more than {MAX_LINE} bytes"), "a line of tag and value"));
        }
        Ok(n > 0)
    }

    fn error(&self, found: String, expected: &str) -> ImportError {
        ImportError::Line { file: self.file.to_owned(), line: self.line, found, expected: expected.to_owned() }
    }

    fn read(&mut self, line: &str) -> Result<(), ImportError> {
        let line = line.trim_start_matches('\u{feff}').trim();
        if line.is_empty() || line.starts_with('!') {
            return Ok(());
        }
        if line.starts_with('[') {
            return self.begin(line);
        }
        if matches!(self.stanza, Stanza::Other) {
            return Ok(());
        }
        let Some((tag, value)) = line.split_once(':') else {
            return Err(self.error(format!("{:?} without a colon", shortened(line)), "`tag: value`"));
        };
        let value = clean(value);
        match (&mut self.stanza, tag.trim_end()) {
            (Stanza::Header, "default-namespace") => self.default_namespace = value,
            (Stanza::Term(..), tag) => self.read_tag(tag, value)?,
            _ => {}
        }
        Ok(())
    }

    fn begin(&mut self, line: &str) -> Result<(), ImportError> {
        self.end_stanza()?;
        let is_term = line.starts_with("[Term]");
        self.stanza = if is_term { Stanza::Term(Box::default(), self.line) } else { Stanza::Other };
        Ok(())
    }

    fn read_tag(&mut self, tag: &str, value: String) -> Result<(), ImportError> {
        let Stanza::Term(term, _) = &mut self.stanza else { return Ok(()) };
        let single = match tag {
            "id" => Some(&mut term.id),
            "name" => Some(&mut term.name),
            "namespace" => Some(&mut term.namespace),
            _ => None,
        };
        if let Some(slot) = single {
            if !slot.is_empty() {
                return Err(self.error(format!("a second {tag} {:?} in one term", shortened(&value)), "one"));
            }
            *slot = value;
            return Ok(());
        }
        match tag {
            "alt_id" => push(&mut term.alt_ids, value),
            "is_a" => push(&mut term.is_a, value),
            "subset" => push(&mut term.subsets, value),
            "replaced_by" => push(&mut term.replaced_by, value),
            "relationship" => {
                if let Some(("part_of", whole)) = value.split_once(char::is_whitespace) {
                    push(&mut term.part_of, whole.trim().to_owned());
                }
            }
            "is_obsolete" => {
                let known = value.parse().ok();
                let Some(is_obsolete) = known else {
                    return Err(self.error(format!("is_obsolete {:?}", shortened(&value)), "true or false"));
                };
                term.is_obsolete = is_obsolete;
            }
            _ => {}
        }
        Ok(())
    }

    /// Keeps the term that ends here, if one does.
    fn end_stanza(&mut self) -> Result<(), ImportError> {
        let Stanza::Term(mut term, began_at) = std::mem::replace(&mut self.stanza, Stanza::Other) else {
            return Ok(());
        };
        let refuse = |found: String, expected: &str| {
            let (file, expected) = (self.file.to_owned(), expected.to_owned());
            Err(ImportError::Line { file, line: began_at, found, expected })
        };
        if term.id.is_empty() {
            return refuse("a term without an id".to_owned(), "`id: …` in every term");
        }
        if !self.ids.insert(term.id.clone()) {
            return refuse(format!("a second term {:?}", shortened(&term.id)), "every id once");
        }
        if term.namespace.is_empty() {
            term.namespace.clone_from(&self.default_namespace);
        }
        let OntologyTerm { alt_ids, is_a, part_of, subsets, replaced_by, .. } = &mut *term;
        [alt_ids, is_a, part_of, subsets, replaced_by].into_iter().for_each(keep_once);
        self.terms.push(*term);
        Ok(())
    }

    fn finish(mut self) -> Result<Vec<OntologyTerm>, ImportError> {
        self.end_stanza()?;
        if self.terms.is_empty() {
            return Err(ImportError::NoContent {
                file: self.file.to_owned(),
                what: "term",
                found: "no [Term] is in it".to_owned(),
                hint: "an ontology in OBO format lists its terms under [Term], each with an id".to_owned(),
            });
        }
        Ok(self.terms)
    }
}

/// Keeps a value that is not empty.
fn push(values: &mut Vec<String>, value: String) {
    if !value.is_empty() {
        values.push(value);
    }
}

/// Keeps the first of values that are there more than once.
fn keep_once(values: &mut Vec<String>) {
    let mut seen = BTreeSet::new();
    let is_first: Vec<bool> = values.iter().map(|value| seen.insert(value.as_str())).collect();
    let mut is_first = is_first.into_iter();
    values.retain(|_| is_first.next().unwrap_or(false));
}

/// A value without qualifiers, comment and escapes.
fn clean(value: &str) -> String {
    let mut cleaned = String::with_capacity(value.len());
    let mut characters = value.trim().chars();
    while let Some(character) = characters.next() {
        match character {
            '\\' => match characters.next() {
                Some('n') => cleaned.push('\n'),
                Some('t') => cleaned.push('\t'),
                Some('W') => cleaned.push(' '),
                Some(escaped) => cleaned.push(escaped),
                None => {}
            },
            '{' => break,
            '!' if cleaned.is_empty() || cleaned.ends_with(char::is_whitespace) => break,
            _ => cleaned.push(character),
        }
    }
    cleaned.truncate(cleaned.trim_end().len());
    cleaned
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::Silent;
    use crate::io::MemorySource;
    use crate::io::reader::tests::gzip;

    fn import(text: &str) -> Result<Vec<OntologyTerm>, ImportError> {
        import_obo("go.obo", Arc::new(MemorySource(text.as_bytes().to_vec())), &Silent)
    }

    const SMALL: &str = "\
format-version: 1.2\nsubsetdef: goslim_generic \"Generic GO slim\"\ndefault-namespace: gene_ontology\n
[Term]\nid: GO:0000002\nname: mitochondrial genome\\: maintenance ! said\nnamespace: biological_process\nalt_id: GO:9\n\
alt_id: GO:9\ndef: \"A: b\" [x]\nis_a: GO:0000001 {source=\"x\"} ! process\nrelationship: part_of GO:0000003 ! whole\n\
relationship: regulates GO:0000004\nsubset: goslim_generic\n
[Typedef]\nid: part_of\nnonsense in another stanza\n
[Term]\nid: GO:0000001\nname: odd!name\nis_obsolete: true\nreplaced_by: GO:0000002\n";

    #[test]
    fn tags_are_read_and_others_passed_over() {
        let terms = import(SMALL).unwrap();
        let first = OntologyTerm {
            id: "GO:0000002".to_owned(),
            name: "mitochondrial genome: maintenance".to_owned(),
            namespace: "biological_process".to_owned(),
            alt_ids: vec!["GO:9".to_owned()],
            is_a: vec!["GO:0000001".to_owned()],
            part_of: vec!["GO:0000003".to_owned()],
            subsets: vec!["goslim_generic".to_owned()],
            ..OntologyTerm::default()
        };
        let second = OntologyTerm {
            id: "GO:0000001".to_owned(),
            name: "odd!name".to_owned(),
            namespace: "gene_ontology".to_owned(),
            is_obsolete: true,
            replaced_by: vec!["GO:0000002".to_owned()],
            ..OntologyTerm::default()
        };
        assert_eq!(terms, [first, second]);
    }

    #[test]
    fn a_term_with_very_many_values_is_read_in_a_moment() {
        let many: Vec<String> = (0..200_000).map(|at| format!("alt_id: X:{}", at % 150_000)).collect();
        let many = many.join("\n");
        let terms = import(&format!("[Term]\nid: X:0\n{many}")).unwrap();
        assert_eq!((terms[0].alt_ids.len(), terms[0].alt_ids[149_999].as_str()), (150_000, "X:149999"));
    }

    #[test]
    fn crlf_a_byte_order_mark_and_gzip_change_nothing() {
        let expected = import(SMALL).unwrap();
        assert_eq!(import(&format!("\u{feff}{}", SMALL.replace('\n', "\r\n"))).unwrap(), expected);
        let packed = Arc::new(MemorySource(gzip(SMALL.as_bytes())));
        assert_eq!(import_obo("go.obo.gz", packed, &Silent).unwrap(), expected);
    }

    #[test]
    fn what_is_wrong_is_named_by_its_line() {
        let refused = |text: &str, line: &str, what: &str| {
            let message = import(text).unwrap_err().to_string();
            assert!(message.contains(line) && message.contains(what), "{message}");
        };
        refused("a: b\n[Term]\nid: X:1\nno tag here\n", "line 4", "no tag here");
        refused("[Term]\nname: x\n\n[Term]\nid: X:1\n", "line 1", "without an id");
        refused("[Term]\nid: X:1\nid: X:2\n", "line 3", "a second id \"X:2\"");
        refused("[Term]\nid: X:1\n[Term]\nid: X:1\n", "line 3", "a second term \"X:1\"");
        refused("[Term]\nid: X:1\nis_obsolete: maybe\n", "line 3", "\"maybe\"");
        refused(&format!("[Term]\nid: X:1\ndef: {}\n", "x".repeat(1 << 20)), "line 3", "more than 1048576 bytes");
        assert!(matches!(import("format-version: 1.2\n"), Err(ImportError::NoContent { .. })));
    }

    #[test]
    fn a_person_can_stop_it() {
        struct Stopped;
        impl Observer for Stopped {
            fn progress(&self, _fraction: f64, _message: &str) {}
            fn warn(&self, _message: &str) {}
            fn is_cancelled(&self) -> bool {
                true
            }
        }
        let text = format!("{}[Term]\nid: X:1\n", "! comment\n".repeat(1 << 14));
        let stopped = import_obo("go.obo", Arc::new(MemorySource(text.into_bytes())), &Stopped);
        assert!(matches!(stopped, Err(ImportError::Cancelled { .. })));
    }
}
