//! Terms, levels and groups in hand-made ontologies; `tests/lens/ontology.rs` compares larger ones with goatools.

use super::*;
use crate::data::OntologyTerm;

/// `id: is_a parents; part_of parents`.
fn term(text: &str) -> OntologyTerm {
    let (id, rest) = text.split_once(':').unwrap_or((text, ""));
    let (is_a, part_of) = rest.split_once(';').unwrap_or((rest, ""));
    let ids = |text: &str| text.split_whitespace().map(|id| format!("X:{id}")).collect();
    OntologyTerm {
        id: format!("X:{id}"),
        name: format!("term {id}"),
        is_a: ids(is_a),
        part_of: ids(part_of),
        ..OntologyTerm::default()
    }
}

fn terms(texts: &[&str]) -> Vec<OntologyTerm> {
    texts.iter().map(|text| term(text)).collect()
}

fn ontology(terms: &[OntologyTerm]) -> Ontology {
    let (ontology, notices) = Ontology::new(terms, Relations::IsAAndPartOf).unwrap();
    assert_eq!(notices, []);
    ontology
}

fn ids(ontology: &Ontology, found: impl IntoIterator<Item = TermId>) -> Vec<&str> {
    found.into_iter().map(|term| &ontology.id(term)[2..]).collect()
}

const DIAMOND: [&str; 6] = ["0", "1:0", "2:0", "3:1 2", "4:3;0", "5"];

#[test]
fn levels_are_shortest_and_depths_longest_paths() {
    let ontology = ontology(&terms(&DIAMOND));
    let of = |id: &str| {
        let term = ontology.find(id).unwrap();
        (ontology.level(term), ontology.depth(term), ids(&ontology, ontology.ancestors(term)))
    };
    assert_eq!(of("X:0"), (0, 0, vec![]));
    assert_eq!(of("X:3"), (2, 2, vec!["0", "1", "2"]));
    assert_eq!(of("X:4"), (1, 3, vec!["0", "1", "2", "3"]));
    let (is_a, _) = Ontology::new(&terms(&DIAMOND), Relations::IsA).unwrap();
    let four = is_a.find("X:4").unwrap();
    assert_eq!((is_a.level(four), ids(&is_a, is_a.parents(four).to_vec())), (3, vec!["3"]));
}

#[test]
fn a_circle_is_an_error_that_names_it() {
    let error = |texts: &[&str]| Ontology::new(&terms(texts), Relations::IsAAndPartOf).unwrap_err();
    let path = ["X:3", "X:2", "X:1"].map(str::to_owned).to_vec();
    assert_eq!(error(&["0", "4:3", "1:0 3", "2:1", "3:2"]), OntologyError::Cycle { path });
    assert!(error(&["1:1"]).to_string().contains("X:1 → X:1;"));
    // By part_of alone: is_a has no circle then.
    assert!(matches!(error(&["1:2", "2:;1"]), OntologyError::Cycle { .. }));
    assert!(Ontology::new(&terms(&["1:2", "2:;1"]), Relations::IsA).is_ok());
    let ring: Vec<String> = (0..50_000).map(|at| format!("{at}:{}", (at + 1) % 50_000)).collect();
    let ring: Vec<&str> = ring.iter().map(String::as_str).collect();
    assert!(error(&ring).to_string().contains("X:7 → … → X:0"));
}

#[test]
fn a_long_chain_ends() {
    let chain: Vec<OntologyTerm> = (0..50_000).map(|at| term(&format!("{at}:{}", at + 1))).collect();
    let (ontology, notices) = Ontology::new(&chain, Relations::IsA).unwrap();
    assert_eq!((ontology.depth(TermId(0)), ontology.ancestors(TermId(0)).len(), notices.len()), (49_999, 49_999, 1));
}

#[test]
fn parents_that_are_missing_are_left_out_and_named() {
    let mut given = terms(&["0", "1:0 8 9", "2:8", "3:old"]);
    given.push(OntologyTerm { is_obsolete: true, ..term("old") });
    let (ontology, notices) = Ontology::new(&given, Relations::IsA).unwrap();
    assert_eq!((ontology.len(), ontology.level(TermId(2)), notices.len()), (4, 0, 1));
    assert!(notices[0].text.contains("names 3 parents") && notices[0].text.contains("(X:8, X:9, X:old)"));
    let twice = Ontology::new(&terms(&["0", "0"]), Relations::IsA).unwrap_err();
    assert_eq!(twice, OntologyError::DuplicateId { id: "X:0".to_owned() });
}

#[test]
fn other_ids_lead_to_the_term_in_use() {
    let obsolete = |id: &str, by: &[&str]| OntologyTerm {
        is_obsolete: true,
        replaced_by: by.iter().map(|&id| id.to_owned()).collect(),
        ..term(id)
    };
    let mut given = terms(&["0", "1", "2:7"]);
    given[0].alt_ids = vec!["X:7".to_owned(), "X:1".to_owned()];
    given[1].alt_ids = vec!["X:7".to_owned()];
    given.extend([obsolete("20", &["X:21"]), obsolete("21", &["X:7"]), obsolete("22", &["X:0", "X:1"])]);
    given.extend([obsolete("23", &["X:24"]), obsolete("24", &["X:23"]), obsolete("25", &[])]);
    let ontology = ontology(&given);
    let find = |id: &str| ontology.find(id).map(|term| ontology.id(term));
    assert_eq!([find("X:7"), find("X:1")], [Some("X:0"), Some("X:1")]);
    assert_eq!([find("X:20"), find("X:21")], [Some("X:0"); 2]);
    assert_eq!([find("X:22"), find("X:23"), find("X:25"), find("X:99")], [None; 4]);
    assert_eq!(ids(&ontology, ontology.parents(TermId(2)).to_vec()), ["0"]);
}

#[test]
fn gene_sets_find_their_term_by_accession_or_name() {
    let named =
        |id: &str, name: &str| OntologyTerm { id: id.to_owned(), name: name.to_owned(), ..OntologyTerm::default() };
    let given = [
        named("GO:0006955", "immune response"),
        named("GO:0045087", "innate immune response"),
        named("GO:0000001", "twice"),
        named("GO:0000002", "Twice"),
        named("GO:0000003", "3'-5' exonuclease (type II) activity"),
        named("GO:0000004", ""),
    ];
    let ontology = ontology(&given);
    let of = |name: &str, description: &str| ontology.term_of_set(name, description).map(|term| ontology.id(term));
    let innate = Some("GO:0045087");
    assert_eq!(of("innate immune response (GO:0045087)", "GO:0006955"), innate);
    assert_eq!(of("anything", "http://purl.obolibrary.org/obo/GO_0045087"), innate);
    assert_eq!(of("GO:9999999 is unknown, GO:0045087 is not", ""), innate);
    assert_eq!(of("GOBP_INNATE_IMMUNE_RESPONSE", "https://www.gsea-msigdb.org/x:80/é:1"), innate);
    assert_eq!(of("Innate immune response (mouse)", ""), innate);
    assert_eq!(of("3_5_EXONUCLEASE_TYPE_II_ACTIVITY", ""), Some("GO:0000003"));
    assert_eq!([of("twice", ""), of("", ""), of("HALLMARK_HYPOXIA", "§:1 GO: :7 _5")], [None; 3]);
}

fn marked(texts: &[&str], slim: &[usize]) -> Ontology {
    let mut given = terms(texts);
    for &at in slim {
        given[at].subsets.push("slim".to_owned());
    }
    ontology(&given)
}

#[test]
fn groups_are_the_nearest_slim_terms() {
    let ontology = marked(&["0", "1:0", "2:0", "3:1 2", "4:3 0", "5:4", "6"], &[0, 1, 4]);
    let grouper = TermGrouper::new(&ontology, "slim", 1);
    let of = |at: u32| ids(&ontology, grouper.groups_of(TermId(at)));
    // 0 is above 1 and covered by it, though 3 has a path through 2, too.
    assert_eq!(of(3), ["1"]);
    assert_eq!([of(2), of(4), of(5), of(6)], [vec!["0"], vec!["4"], vec!["4"], vec![]]);
}

#[test]
fn the_shown_group_is_nearest_then_deepest_then_first_by_id() {
    let near = marked(&["0", "1:0", "2:1", "3:2", "8:0", "9:3 8"], &[1, 4]);
    assert_eq!(ids(&near, TermGrouper::new(&near, "slim", 1).groups_of(TermId(5))), ["8", "1"]);
    let deep = marked(&["0", "1:0", "8:7", "7:0", "9:1 8"], &[1, 2]);
    assert_eq!(ids(&deep, TermGrouper::new(&deep, "slim", 1).groups_of(TermId(4))), ["8", "1"]);
    let even = marked(&["0", "8:0", "1:0", "9:8 1"], &[1, 2]);
    assert_eq!(ids(&even, TermGrouper::new(&even, "slim", 1).groups_of(TermId(3))), ["1", "8"]);
}

#[test]
fn without_a_slim_terms_of_a_level_are_groups() {
    let ontology = ontology(&terms(&["0", "1:0", "2:1", "3:2 1", "4:3"]));
    let grouper = TermGrouper::new(&ontology, "slim", 2);
    assert_eq!(grouper.by(), &GroupedBy::Level(2));
    let of = |at: u32| ids(&ontology, grouper.groups_of(TermId(at)));
    // 3 is of level 2, too, and below 2; 0 and 1 are above the level.
    assert_eq!([of(0), of(1), of(2), of(3), of(4)], [["0"], ["1"], ["2"], ["3"], ["3"]]);
}

#[test]
fn a_list_is_grouped_in_the_order_of_first_members() {
    let ontology = marked(&["0", "1:0", "2:0", "3:1", "4:2"], &[1, 2]);
    let grouper = TermGrouper::new(&ontology, "slim", 1);
    let list = [None, Some(TermId(4)), Some(TermId(3)), Some(TermId(0)), Some(TermId(2))];
    let found = grouper.group(&list);
    let shown: Vec<(Option<TermId>, &[usize])> = found.iter().map(|group| (group.group, &group.members[..])).collect();
    assert_eq!(shown, [(Some(TermId(2)), &[1, 4][..]), (Some(TermId(1)), &[2]), (None, &[0, 3])]);
    assert!(grouper.group(&[]).is_empty());
}
