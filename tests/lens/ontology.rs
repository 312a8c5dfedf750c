//! An ontology file read, linked and grouped, against goatools (`fixtures/ontology/README.md`).

use std::sync::Arc;

use featurescope::data::{OntologyTerm, Silent};
use featurescope::enrich::{GroupedBy, Ontology, Relations, TermGrouper, TermId};
use featurescope::io::{MemorySource, import_obo};

/// Level, depth, ancestors and direct slim terms of one term, terms by number.
type Described = (u32, u32, Vec<u32>, Vec<u32>);

#[derive(serde::Deserialize)]
struct Reference {
    is_a: Vec<Described>,
    is_a_and_part_of: Vec<Described>,
}

fn bytes(name: &str) -> Vec<u8> {
    std::fs::read(format!("{}/tests/fixtures/ontology/{name}", env!("CARGO_MANIFEST_DIR"))).unwrap()
}

fn terms() -> Vec<OntologyTerm> {
    import_obo("ontology.obo", Arc::new(MemorySource(bytes("ontology.obo"))), &Silent).unwrap()
}

fn ontology(relations: Relations) -> Ontology {
    let (ontology, notices) = Ontology::new(&terms(), relations).unwrap();
    assert_eq!(notices, []);
    ontology
}

/// Positions are numbers here: terms in use come first in the file.
fn numbers(terms: impl IntoIterator<Item = TermId>) -> Vec<u32> {
    let mut numbers: Vec<u32> = terms.into_iter().map(|term| term.0).collect();
    numbers.sort_unstable();
    numbers
}

#[test]
fn levels_ancestors_and_slim_terms_match_goatools() {
    let reference: Reference = serde_json::from_slice(&bytes("reference.json")).unwrap();
    let both = [(Relations::IsA, reference.is_a), (Relations::IsAAndPartOf, reference.is_a_and_part_of)];
    for (relations, expected) in both {
        let ontology = ontology(relations);
        let grouper = TermGrouper::new(&ontology, "goslim_generic", 1);
        assert_eq!(grouper.by(), &GroupedBy::Subset("goslim_generic".to_owned()));
        assert_eq!(ontology.len(), expected.len());
        for (term, (level, depth, ancestors, groups)) in ontology.terms().zip(expected) {
            let place = ontology.id(term);
            assert_eq!((ontology.level(term), ontology.depth(term)), (level, depth), "{place}");
            assert_eq!(numbers(ontology.ancestors(term)), ancestors, "{place}");
            assert_eq!(numbers(grouper.groups_of(term)), groups, "{place}");
            assert_eq!(grouper.shown(term).is_some(), !groups.is_empty(), "{place}");
        }
    }
}

#[test]
fn other_ids_of_the_file_are_known() {
    let ontology = ontology(Relations::IsA);
    let find = |id: &str| ontology.find(id).map(|term| term.0);
    assert_eq!([find("GO:0005014"), find("GO:0009003"), find("GO:0007777")], [Some(14), Some(3), None]);
    assert_eq!(ontology.term_of_set("process number 21 (GO:0000021)", ""), Some(TermId(21)));
    assert_eq!(ontology.term_of_set("GOBP_PROCESS_NUMBER_21", ""), Some(TermId(21)));
    assert_eq!(ontology.namespace(TermId(1)), "biological_process");
}

#[test]
fn by_level_every_term_below_it_has_a_group_of_that_level() {
    let ontology = ontology(Relations::IsAAndPartOf);
    for level in 0..8 {
        let grouper = TermGrouper::new(&ontology, "no such subset", level);
        for term in ontology.terms() {
            let groups = grouper.groups_of(term);
            assert!(!groups.is_empty());
            if ontology.level(term) < level {
                assert_eq!(groups, [term]);
            } else {
                assert!(groups.iter().all(|&group| ontology.level(group) == level));
            }
        }
    }
}

#[test]
fn the_order_of_terms_in_the_file_changes_no_group() {
    let shown = |mut terms: Vec<OntologyTerm>, turn: usize| {
        terms.rotate_left(turn);
        let (ontology, _) = Ontology::new(&terms, Relations::IsAAndPartOf).unwrap();
        let grouper = TermGrouper::new(&ontology, "goslim_generic", 1);
        let ids = |term: TermId| {
            let groups = grouper.groups_of(term).into_iter().map(|group| ontology.id(group).to_owned());
            (ontology.id(term).to_owned(), groups.collect())
        };
        ontology.terms().map(ids).collect::<std::collections::BTreeMap<String, Vec<String>>>()
    };
    let expected = shown(terms(), 0);
    assert_eq!(expected.len(), 180);
    for turn in [1, 77, 150] {
        assert_eq!(shown(terms(), turn), expected);
    }
}
