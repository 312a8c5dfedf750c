//! Why terms make no ontology.

/// Terms contradict each other.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OntologyError {
    /// Two terms have one id.
    #[error(
        "the ontology has two terms with the id {id:?}; every term needs its own, so correct the file or download it again"
    )]
    DuplicateId {
        /// The id.
        id: String,
    },
    /// A term is above itself.
    #[error(
        "the ontology goes round in a circle: {}; use a file without circles, such as go-basic.obo, or follow is_a alone",
        shown(path)
    )]
    Cycle {
        /// The ids of the circle, each a parent of the one before it; the first is a parent of the last.
        path: Vec<String>,
    },
}

/// Ids of a circle shown in full; longer ones are cut.
const N_SHOWN: usize = 8;

/// `A → B → A`, or the beginning of a long one.
fn shown(path: &[String]) -> String {
    let mut ids: Vec<&str> = path.iter().take(N_SHOWN).map(String::as_str).collect();
    if path.len() > N_SHOWN {
        ids.push("…");
    }
    ids.extend(path.first().map(String::as_str));
    ids.join(" → ")
}
