//! Gene sets in YAML: a dictionary from set name to a list of genes, or to a mapping with `genes` and perhaps
//! `description`.
//!
//! Read event by event with saphyr-parser (YAML 1.2), never as a tree. Scalars are taken as they are written: `1E5`, `NO`
//! and `0610007P14Rik` are names, only `~`, `null` and blanks name nothing. An alias stands for the list it names, as
//! PyYAML writes a list that two sets share; aliases may not bring more genes than the file has bytes. Several documents
//! are read one after the other. Sets stay in file order; a name twice, blanks and duplicates are treated as in GMT.
//! Anything nested deeper is an error that names its line.

use std::collections::BTreeMap;
use std::sync::Arc;

use saphyr_parser::{Event, Parser, ScalarStyle, Span};

use super::gmt::{distinct_genes, finished};
use super::reader::TextReader;
use super::{ByteSource, ImportError};
use crate::data::{GeneSet, Observer, shortened};

/// Bytes of memory that aliases may bring for each byte of the file.
const BY_ALIASES: usize = 32;
const EXPECTED: &str = "a set's name, a colon and its genes as a list";
/// Keys of a set's genes and description, where a set is a mapping.
const GENES_KEYS: [&str; 3] = ["genes", "geneSymbols", "gene_symbols"];
const DESCRIPTION_KEYS: [&str; 2] = ["description", "desc"];

/// Reads the gene sets of a YAML file, gzip or not.
///
/// # Errors
/// [`ImportError::Line`] where the YAML is broken or no gene sets, [`ImportError::NoContent`], and what reading can give.
pub(crate) fn import_gene_set_yaml(
    name: &str,
    source: Arc<dyn ByteSource>,
    observer: &dyn Observer,
) -> Result<Vec<GeneSet>, ImportError> {
    observer.progress(0.0, &format!("Reading gene sets from {name}"));
    let text = TextReader::open(name, source)?.into_text()?;
    parse_yaml(name, &text, observer)
}

fn parse_yaml(name: &str, text: &str, observer: &dyn Observer) -> Result<Vec<GeneSet>, ImportError> {
    let text = text.trim_start_matches('\u{feff}');
    let mut reader = Reader::new(text.len());
    let refuse = |line: usize, found: String| {
        let expected = EXPECTED.to_owned();
        Err(ImportError::Line { file: name.to_owned(), line: line as u64, found, expected })
    };
    for event in Parser::new_from_str(text) {
        match event {
            Err(error) => return refuse(error.marker().line(), error.info().to_owned()),
            Ok((event, Span { start, .. })) => {
                if let Err(found) = reader.take(event) {
                    return refuse(start.line(), found);
                }
            }
        }
    }
    let n_found = reader.sets.len();
    let sets: Vec<GeneSet> = reader.sets.into_iter().filter(|set| !set.genes.is_empty()).collect();
    let n_without_genes = n_found - sets.len();
    finished(name, sets, n_without_genes, "a set in YAML is `SET: [GENE, …]`", observer)
}

/// Where in the dictionary the reader is.
enum Place {
    /// Outside of a document's dictionary.
    Outside,
    /// Before a set's name.
    Sets,
    /// Before what a name stands for.
    Value,
    /// In the list of a set's genes; `true` if the set is a mapping.
    Genes(bool),
    /// In a set that is a mapping, before a key.
    Keys,
    /// After a key of such a set.
    Field(String),
}

struct Reader {
    place: Place,
    sets: Vec<GeneSet>,
    /// The set that is being read.
    set: GeneSet,
    /// Its genes as they are written.
    genes: Vec<String>,
    /// The anchor of the present list; 0 if it has none.
    anchor: usize,
    lists: BTreeMap<usize, Vec<String>>,
    /// Bytes of genes that aliases may still bring.
    n_left: usize,
}

impl Reader {
    fn new(n_bytes: usize) -> Self {
        let set = GeneSet { name: String::new(), description: String::new(), genes: Vec::new() };
        let (sets, genes, lists) = Default::default();
        Self { place: Place::Outside, sets, set, genes, anchor: 0, lists, n_left: n_bytes.saturating_mul(BY_ALIASES) }
    }

    /// Takes an event; what is there instead of a gene set otherwise.
    fn take(&mut self, event: Event<'_>) -> Result<(), String> {
        let place = std::mem::replace(&mut self.place, Place::Outside);
        self.place = match (place, event) {
            (place, Event::StreamStart | Event::StreamEnd | Event::DocumentStart(_) | Event::DocumentEnd) => place,
            (Place::Outside, Event::MappingStart(..)) => Place::Sets,
            // An empty document is a scalar without text.
            (Place::Outside, Event::Scalar(text, ..)) if text.is_empty() => Place::Outside,
            (Place::Sets, Event::MappingEnd) => Place::Outside,
            (Place::Sets, Event::Scalar(text, ..)) => {
                text.trim().clone_into(&mut self.set.name);
                Place::Value
            }
            (Place::Value, Event::SequenceStart(anchor, _)) => self.list(anchor, false),
            (Place::Value, Event::MappingStart(..)) => Place::Keys,
            (Place::Value, Event::Scalar(text, style, ..)) if is_null(&text, style) => self.end_set()?,
            (Place::Value, Event::Alias(anchor)) => {
                self.alias(anchor)?;
                self.end_set()?
            }
            (Place::Genes(is_field), Event::Scalar(text, style, ..)) => {
                if !is_null(&text, style) {
                    self.genes.push(text.into_owned());
                }
                Place::Genes(is_field)
            }
            (Place::Genes(is_field), Event::SequenceEnd) => {
                if self.anchor > 0 {
                    self.lists.insert(self.anchor, self.genes.clone());
                }
                if is_field { Place::Keys } else { self.end_set()? }
            }
            (Place::Keys, Event::MappingEnd) => self.end_set()?,
            (Place::Keys, Event::Scalar(text, ..)) => Place::Field(text.into_owned()),
            (Place::Field(key), event) => self.field(&key, event)?,
            (_, event) => return Err(describe(&event)),
        };
        Ok(())
    }

    /// Takes what stands under a key of a set that is a mapping; keys of no meaning here have a text.
    fn field(&mut self, key: &str, event: Event<'_>) -> Result<Place, String> {
        let is_genes = GENES_KEYS.contains(&key);
        match event {
            Event::SequenceStart(anchor, _) if is_genes => return Ok(self.list(anchor, true)),
            Event::Alias(anchor) if is_genes => self.alias(anchor)?,
            Event::Scalar(text, ..) if DESCRIPTION_KEYS.contains(&key) => self.set.description = text.into_owned(),
            Event::Scalar(..) if !is_genes => {}
            event => return Err(format!("{} under {:?}", describe(&event), shortened(key))),
        }
        Ok(Place::Keys)
    }

    fn list(&mut self, anchor: usize, is_field: bool) -> Place {
        self.anchor = anchor;
        self.genes.clear();
        Place::Genes(is_field)
    }

    fn alias(&mut self, anchor: usize) -> Result<(), String> {
        let list = self.lists.get(&anchor).ok_or("an alias (*) of something that is no list of genes")?;
        // The room of a text counts, too: an empty one may be there a million times.
        let n_bytes = list.iter().map(|gene| gene.len() + size_of::<String>()).sum();
        self.n_left = self.n_left.checked_sub(n_bytes).ok_or("more genes by aliases (*) than the file has bytes")?;
        self.genes.clone_from(list);
        Ok(())
    }

    fn end_set(&mut self) -> Result<Place, String> {
        if self.set.name.is_empty() {
            return Err("a set without a name".to_owned());
        }
        let genes = distinct_genes(self.genes.iter().map(String::as_str));
        self.genes.clear();
        let (name, description) = (std::mem::take(&mut self.set.name), std::mem::take(&mut self.set.description));
        self.sets.push(GeneSet { name, description, genes });
        Ok(Place::Sets)
    }
}

/// Whether a scalar names nothing; in quotation marks everything is a name.
fn is_null(text: &str, style: ScalarStyle) -> bool {
    style == ScalarStyle::Plain && ["", "~", "null", "Null", "NULL"].contains(&text.trim())
}

fn describe(event: &Event<'_>) -> String {
    match event {
        Event::Scalar(text, ..) => format!("{:?}", shortened(text)),
        Event::SequenceStart(..) => "a list".to_owned(),
        Event::MappingStart(..) => "a dictionary".to_owned(),
        Event::Alias(_) => "an alias (*)".to_owned(),
        _ => "the end of a list or dictionary".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::Silent;
    use crate::io::Imported;
    use crate::io::fixtures::{open, open_file, survives_damage};

    fn parse(text: &str) -> Result<Vec<GeneSet>, ImportError> {
        parse_yaml("s.yaml", text, &Silent)
    }

    fn plain(sets: &[GeneSet]) -> Vec<(&str, String)> {
        sets.iter().map(|set| (set.name.as_str(), set.genes.join(" "))).collect()
    }

    #[test]
    fn names_stay_as_they_are_written() {
        let text =
            "# sets\nB: [NO, 1E5, 0610007P14Rik, 'null', ~, NO]\n\"A set\":\n  - SEPT2\n  - 'Mt-co1'\nempty:\nC: []\n";
        let sets = parse(text).unwrap();
        assert_eq!(plain(&sets), [("B", "NO 1E5 0610007P14Rik null".to_owned()), ("A set", "SEPT2 Mt-co1".to_owned())]);
    }

    #[test]
    fn sets_may_be_mappings_and_lists_shared() {
        let text =
            "A: &x [G1, G2]\nB:\n  description: what it is\n  source: 7\n  genes: *x\nC: *x\n---\nD: {genes: [G3]}\n";
        let sets = parse(text).unwrap();
        assert_eq!(plain(&sets)[1..], [("B", "G1 G2".into()), ("C", "G1 G2".into()), ("D", "G3".to_owned())]);
        assert_eq!(sets[1].description, "what it is");
    }

    #[test]
    fn what_is_no_set_is_named_by_its_line() {
        let cases = [
            ("A: [G1]\nB: 7\n", "line 2: found \"7\""),
            ("A: [[G1]]\n", "line 1: found a list"),
            ("A:\n  genes: {x: y}\n", "line 2: found a dictionary under \"genes\""),
            ("- A\n", "line 1: found a list"),
            ("A: &a G1\nB: *a\n", "line 1"),
            ("A: [G1\n", "line"),
            ("'': [G1]\n", "without a name"),
            ("", "no gene set"),
        ];
        for (text, expected) in cases {
            let message = parse(text).unwrap_err().to_string();
            assert!(message.contains(expected), "{text:?}: {message}");
        }
    }

    #[test]
    fn depth_and_aliases_are_bounded() {
        for open in ["[", "{a: ", "- ", "a:\n "] {
            assert!(parse(&format!("A: {}", open.repeat(100_000))).is_err());
        }
        let genes: Vec<String> = (0..200).map(|n| format!("G{n}")).collect();
        let text = format!("A: &x [{}]\n{}", genes.join(","), "B: *x\n".repeat(100));
        assert!(parse(&text).unwrap_err().to_string().contains("more genes by aliases"), "{text}");
    }

    #[test]
    fn yaml_has_the_same_sets_as_other_formats() {
        let sets = |file: &str| match open_file(file).unwrap() {
            Imported::GeneSets(sets) => plain(&sets).into_iter().map(|(a, b)| (a.to_owned(), b)).collect::<Vec<_>>(),
            other => panic!("{other:?}"),
        };
        assert_eq!(sets("gene_sets/sets.yaml"), sets("gene_sets/sets.gmt"));
        assert!(matches!(open("s.yml", b"A: [G1]".to_vec()), Ok(Imported::GeneSets(_))));
        survives_damage("gene_sets/sets.yaml", 500);
    }
}
