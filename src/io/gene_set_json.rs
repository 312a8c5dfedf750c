//! Gene sets in JSON: a dictionary from set name to genes, or MSigDB's JSON, in which each set is an object.
//!
//! `{"SET": ["G1", "G2"]}` as GSEApy and others write it; of MSigDB's objects `geneSymbols` and, as the description,
//! `msigdbURL` or `externalDetailsURL` are taken. Sets stay in file order; a name twice, blanks and duplicates are
//! treated as in GMT. Nesting is bounded by the JSON reader.

use std::fmt;
use std::sync::Arc;

use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, Visitor};

use super::gmt::{distinct_genes, finished};
use super::reader::TextReader;
use super::{ByteSource, ImportError};
use crate::data::{GeneSet, Observer};

/// What stands under a set's name.
#[derive(Deserialize)]
#[serde(untagged)]
enum Entry {
    Genes(Vec<String>),
    Msigdb(MsigdbEntry),
}

#[derive(Deserialize)]
struct MsigdbEntry {
    #[serde(rename = "geneSymbols")]
    gene_symbols: Vec<String>,
    #[serde(rename = "msigdbURL", default)]
    msigdb_url: Option<String>,
    #[serde(rename = "externalDetailsURL", default)]
    external_url: Option<String>,
}

struct Sets(Vec<(String, Entry)>);

struct SetsVisitor;

impl<'de> Deserialize<'de> for Sets {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(SetsVisitor)
    }
}

impl<'de> Visitor<'de> for SetsVisitor {
    type Value = Sets;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object of gene sets")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Sets, A::Error> {
        let mut sets = Vec::new();
        while let Some(entry) = map.next_entry()? {
            sets.push(entry);
        }
        Ok(Sets(sets))
    }
}

impl Entry {
    fn into_set(self, name: String) -> GeneSet {
        let (genes, description) = match self {
            Self::Genes(genes) => (genes, String::new()),
            Self::Msigdb(entry) => {
                let urls = [entry.msigdb_url, entry.external_url];
                (entry.gene_symbols, urls.into_iter().flatten().find(|url| !url.is_empty()).unwrap_or_default())
            }
        };
        GeneSet { name, description, genes: distinct_genes(genes.iter().map(String::as_str)) }
    }
}

/// Whether JSON is gene sets, by its beginning: the first value is a list of texts, or an object with gene symbols.
pub(crate) fn is_gene_sets(start: &str) -> bool {
    let Some(inside) = start.trim_start().strip_prefix('{') else { return false };
    let mut values = serde_json::Deserializer::from_str(inside).into_iter::<String>();
    let is_named = matches!(values.next(), Some(Ok(_)));
    let Some(value) = inside[values.byte_offset()..].trim_start().strip_prefix(':') else { return false };
    let value = value.trim_start();
    let is_list = value.strip_prefix('[').is_some_and(|rest| rest.trim_start().starts_with(['"', ']']));
    is_named && (is_list || (value.starts_with('{') && start.contains("\"geneSymbols\"")))
}

/// Reads the gene sets of a JSON file, gzip or not.
///
/// # Errors
/// [`ImportError::Format`] with line and column where the JSON is no gene sets, [`ImportError::NoContent`], and what
/// reading can give.
pub(crate) fn import_gene_set_json(
    name: &str,
    source: Arc<dyn ByteSource>,
    observer: &dyn Observer,
) -> Result<Vec<GeneSet>, ImportError> {
    observer.progress(0.0, &format!("Reading gene sets from {name}"));
    let text = TextReader::open(name, source)?.into_text()?;
    parse_json(name, &text, observer)
}

fn parse_json(name: &str, text: &str, observer: &dyn Observer) -> Result<Vec<GeneSet>, ImportError> {
    let found: Sets =
        serde_json::from_str(text.trim_start_matches('\u{feff}')).map_err(|error| ImportError::Format {
            file: name.to_owned(),
            place: format!("line {}, column {}", error.line(), error.column()),
            found: format!("is no gene set ({error})"),
            expected: "{\"SET\": [\"GENE\", …]} or the JSON of MSigDB".to_owned(),
            advice: "correct it or export the sets again, for example as .gmt".to_owned(),
        })?;
    let n_found = found.0.len();
    let sets = found.0.into_iter().map(|(name, entry)| entry.into_set(name));
    let sets: Vec<GeneSet> = sets.filter(|set| !set.genes.is_empty() && !set.name.trim().is_empty()).collect();
    let n_without_genes = n_found - sets.len();
    finished(name, sets, n_without_genes, "a set in JSON is {\"SET\": [\"GENE\", …]}", observer)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::Silent;

    #[test]
    fn dictionaries_and_msigdb_give_the_same_sets() {
        let plain =
            parse_json("s.json", r#"{"B": ["G2", "G1", "G2", ""], "A": ["G3"], "empty": []}"#, &Silent).unwrap();
        let msigdb = r#"{"B": {"systematicName": "M1", "geneSymbols": ["G2", "G1"], "msigdbURL": "u", "pmid": 3},
                         "A": {"geneSymbols": ["G3"], "nested": {"x": [1, {}]}}}"#;
        let msigdb = parse_json("s.json", msigdb, &Silent).unwrap();
        let genes = |sets: &[GeneSet]| sets.iter().map(|set| (set.name.clone(), set.genes.clone())).collect::<Vec<_>>();
        assert_eq!(genes(&plain), genes(&msigdb));
        assert_eq!((plain[0].genes.join(" ").as_str(), msigdb[0].description.as_str()), ("G2 G1", "u"));
    }

    #[test]
    fn a_name_twice_is_kept_twice() {
        let sets = parse_json("s.json", r#"{"A": ["G1"], "A": ["G2"]}"#, &Silent).unwrap();
        assert_eq!(sets[1].name, "A (2)");
    }

    #[test]
    fn what_is_no_set_is_named_by_its_place_and_deep_nesting_ends() {
        let message = parse_json("s.json", "{\"A\": [\"G1\"],\n\"B\": 3}", &Silent).unwrap_err().to_string();
        assert!(message.contains("line 2"), "{message}");
        assert!(parse_json("s.json", &format!("{{\"A\":{}", "[".repeat(100_000)), &Silent).is_err());
    }

    #[test]
    fn other_json_is_told_from_gene_sets() {
        assert!(is_gene_sets("{ \"A\\\"b\" : [ \"G1\""));
        assert!(is_gene_sets("{\"A\": {\"geneSymbols\": [\"G1\"]}}"));
        for text in ["{\"A\": [1]}", "{\"A\": {\"x\": 1}}", "{\"A\": \"b\"}", "{}", "[\"A\"]", "{\"A", "{\"A\""] {
            assert!(!is_gene_sets(text), "{text}");
        }
    }
}
