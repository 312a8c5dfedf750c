//! Annotations read and propagated, against goatools (`fixtures/go/README.md`).

use std::collections::BTreeMap;
use std::sync::Arc;

use featurescope::data::{GeneAnnotations, NoticeLevel, OntologyTerm, Silent};
use featurescope::enrich::{Annotated, Ontology, Relations};
use featurescope::io::{Imported, MemorySource, import};

#[derive(serde::Deserialize)]
struct Reference {
    sets: BTreeMap<String, ReferenceSet>,
}

#[derive(serde::Deserialize)]
struct ReferenceSet {
    genes: Vec<String>,
    namespace: String,
}

fn bytes(name: &str) -> Vec<u8> {
    std::fs::read(format!("{}/tests/fixtures/go/{name}", env!("CARGO_MANIFEST_DIR"))).unwrap()
}

fn opened(name: &str) -> Imported {
    import(name, Arc::new(MemorySource(bytes(name))), &Silent).unwrap()
}

fn terms() -> Vec<OntologyTerm> {
    match opened("small.obo") {
        Imported::Ontology(terms) => terms,
        other => panic!("{other:?}"),
    }
}

fn annotations(name: &str) -> GeneAnnotations {
    match opened(name) {
        Imported::Annotations(annotations) => annotations,
        other => panic!("{other:?}"),
    }
}

fn annotated(relations: Relations) -> (Ontology, Annotated) {
    let terms = terms();
    let (ontology, notices) = Ontology::new(&terms, relations).unwrap();
    assert_eq!(notices, []);
    let annotated = ontology.annotated(&terms, &annotations("small.gaf"));
    (ontology, annotated)
}

#[test]
fn genes_of_every_term_are_those_of_goatools() {
    let (ontology, annotated) = annotated(Relations::IsAAndPartOf);
    let reference: Reference = serde_json::from_slice(&bytes("reference.json")).unwrap();
    assert_eq!(annotated.sets.len(), reference.sets.len());
    for set in &annotated.sets {
        let term = ontology.term_of_set(&set.name, &set.description).unwrap();
        let expected = &reference.sets[ontology.id(term)];
        assert_eq!(set.genes, expected.genes, "{}", set.name);
        assert!(set.description.starts_with(&expected.namespace), "{}", set.description);
    }
    assert_eq!(annotated.sets[1].name, "immune system process (GO:0002376)");
    assert_eq!(annotated.sets[1].description, "biological_process, level 1, depth 1");
}

#[test]
fn what_is_left_out_is_counted_and_told() {
    let (_, annotated) = annotated(Relations::IsAAndPartOf);
    let text = String::from_utf8(bytes("small.gaf")).unwrap();
    let n_lines = text.lines().filter(|line| !line.starts_with('!')).count();
    let n_denied = text.lines().filter(|line| line.contains("\tNOT|")).count();
    assert_eq!(
        (annotated.n_denied, annotated.n_no_data, annotated.n_obsolete, annotated.n_unknown),
        (n_denied, 1, 2, 1)
    );
    assert_eq!(annotated.n_used, n_lines - n_denied - 4);
    assert_eq!(annotated.by_evidence.iter().map(|(_, n)| n).sum::<usize>(), annotated.n_used);
    let notice = annotated.notice("small.gaf");
    assert_eq!(notice.level, NoticeLevel::Info);
    let end = format!(
        "Left out: {n_denied} that deny (NOT), 1 without data (ND), 2 to obsolete terms, 1 to terms the ontology does not \
         have."
    );
    assert!(notice.text.ends_with(&end), "{}", notice.text);
}

#[test]
fn part_of_brings_genes_only_where_it_is_followed() {
    let n_genes = |relations| {
        let (_, annotated) = annotated(relations);
        annotated.sets.iter().map(|set| set.genes.len()).sum::<usize>()
    };
    assert!(n_genes(Relations::IsA) < n_genes(Relations::IsAAndPartOf));
}

#[test]
fn gzip_changes_nothing() {
    assert_eq!(annotations("small.gaf.gz"), annotations("small.gaf"));
}
