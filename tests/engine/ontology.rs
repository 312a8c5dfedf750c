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
    desk.ask(Request::Open { files: vec![file], embedding: None, trims: Vec::new() })
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
