//! An ontology beside gene sets: groups on the card, and files that make no sense.

use std::sync::Arc;

use featurescope::io::MemorySource;
use featurescope::protocol::{Event, Request, ViewQuery, ViewResult};

use super::{Desk, desk, find, params};

const RESPONSE_TERMS: &str = "format-version: 1.4

[Term]
id: GO:1
name: biological_process

[Term]
id: GO:2
name: immune system process
subset: goslim_generic
is_a: GO:1

[Term]
id: GO:3
name: response
is_a: GO:2
";

fn open_text(desk: &mut Desk, name: &str, text: &str) -> Vec<Event> {
    let file = desk.session.host().add_source(name, Arc::new(MemorySource(text.as_bytes().to_vec())));
    desk.ask(Request::Open { files: vec![file], embedding: None, trims: Vec::new(), matrix: None })
}

fn analysed_desk() -> Desk {
    let mut desk = desk();
    desk.open(&["small.h5ad", "sets.gmt"]);
    desk.train(params());
    desk.analyse();
    desk
}

#[test]
fn terms_of_a_card_are_in_the_groups_of_the_slim() {
    let mut desk = analysed_desk();
    let feature = desk.treated_feature();
    let group = |desk: &mut Desk| desk.card(feature).terms.unwrap()[0].group.clone();
    assert_eq!(group(&mut desk), None);
    let opened = find(open_text(&mut desk, "go.obo", RESPONSE_TERMS), |event| match event {
        Event::DatasetOpened(summary) => Some(summary),
        _ => None,
    });
    let said = |text: &str| opened.notices.iter().any(|notice| notice.text.contains(text));
    assert!(said("3 terms") && said("goslim_generic"), "{:?}", opened.notices);
    assert_eq!(group(&mut desk).as_deref(), Some("immune system process"));
}

#[test]
fn a_circle_is_refused_and_all_that_was_open_stays() {
    let mut desk = analysed_desk();
    let circle =
        "format-version: 1.4\n\n[Term]\nid: GO:1\nname: a\nis_a: GO:2\n\n[Term]\nid: GO:2\nname: b\nis_a: GO:1\n";
    let message = find(open_text(&mut desk, "circle.obo", circle), |event| match event {
        Event::Failed { message } => Some(message),
        _ => None,
    });
    assert!(message.contains("GO:1") && message.contains("GO:2"), "{message}");
    assert!(matches!(desk.view(ViewQuery::GeneNames), ViewResult::GeneNames(names) if !names.is_empty()));
}

#[test]
fn annotations_become_gene_sets_by_an_ontology_that_comes_along_or_is_open() {
    let mut desk = desk();
    let gene = match desk.open(&["small.h5ad"]).n_genes {
        0 => panic!("no genes"),
        _ => match desk.view(ViewQuery::GeneNames) {
            ViewResult::GeneNames(names) => names[0].clone(),
            other => panic!("{other:?}"),
        },
    };
    let gaf = format!(
        "!gaf-version: 2.2\nDB\tX1\t{gene}\tinvolved_in\tGO:3\tPMID:1\tIDA\t\tP\t\t\tprotein\ttaxon:1\t20200101\tDB\t\t\n"
    );
    let refused = find(open_text(&mut desk, "a.gaf", &gaf), |event| match event {
        Event::Failed { message } => Some(message),
        _ => None,
    });
    let expected = "\"a.gaf\" says which genes belong to which terms, but not how the terms hang together; open it together \
                    with the ontology (go-basic.obo of the Gene Ontology).";
    assert_eq!(refused, expected);
    open_text(&mut desk, "go.obo", RESPONSE_TERMS);
    let summary = find(open_text(&mut desk, "a.gaf", &gaf), |event| match event {
        Event::DatasetOpened(summary) => Some(summary),
        _ => None,
    });
    let sets = summary.gene_sets.unwrap();
    assert_eq!((sets.n_sets, sets.n_sets_matched, sets.n_genes, sets.n_genes_matched), (3, 3, 1, 1));
    assert!(summary.notices.iter().any(|notice| notice.text.contains("make 3 gene sets")), "{:?}", summary.notices);
}

#[test]
fn cell_ids_are_cut_only_when_it_is_asked_for() {
    let mut desk = desk();
    desk.open(&["small.h5ad"]);
    let names = match desk.view(ViewQuery::CellNames((0..240).collect::<Vec<u32>>().into())) {
        ViewResult::CellNames(names) => names,
        other => panic!("{other:?}"),
    };
    let rows: Vec<String> = names.iter().map(|name| format!("s1_{name},x\n")).collect();
    let text = format!("cell,batch\n{}", rows.concat());
    let events = open_text(&mut desk, "l.csv", &text);
    let (mut trims, mut messages) = (Vec::new(), Vec::new());
    for event in events {
        match event {
            Event::IdTrimOffered(trim) => trims.push(trim),
            Event::Failed { message } => messages.push(message),
            _ => {}
        }
    }
    assert!(messages[0].contains("join them by the shortened ids; nothing was joined yet"), "{messages:?}");
    let file = desk.session.host().add_source("l.csv", Arc::new(MemorySource(text.into_bytes())));
    let summary =
        find(
            desk.ask(Request::Open { files: vec![file], embedding: None, trims, matrix: None }),
            |event| match event {
                Event::DatasetOpened(summary) => Some(summary),
                _ => None,
            },
        );
    assert!(summary.labels.iter().any(|label| label.name == "batch"));
    assert!(summary.notices[0].text.contains("without \"s1_\" at the beginning of the file's ids, as you asked"));
}
