//! An ontology: which terms are kinds (or parts) of which, and where each stands.
//!
//! Terms in use are kept in the file's order with their parents; obsolete terms are only remembered for what replaces
//! them. Ancestors are all terms reached upwards, the term itself left out. The level of a term is the length of its
//! shortest path to a term without parents, its depth that of its longest; a term without parents has 0 of both (as
//! goatools' `level` and `depth`). A parent that is not there, or is obsolete, is left out with a notice; a circle is an
//! error that names it. Everything comes in the file's order or in an order stated, nothing depends on chance.

mod annotated;
mod build;
mod error;
mod groups;
mod names;

pub use annotated::Annotated;
pub use error::OntologyError;
pub use groups::{GroupedBy, TermGroup, TermGrouper};

use std::collections::{BTreeMap, BTreeSet};

/// A term in use, by position.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TermId(pub u32);

impl TermId {
    /// The id as an index into a slice.
    pub fn index(self) -> usize {
        self.0 as usize
    }
}

/// Which relations lead from a term to its parents.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Relations {
    /// `is_a` alone.
    IsA,
    /// `is_a` and `part_of`, as the Gene Ontology's annotations are propagated.
    #[default]
    IsAAndPartOf,
}

/// The terms in use with their parents.
///
/// # Examples
/// ```
/// use featurescope::data::OntologyTerm;
/// use featurescope::enrich::{Ontology, Relations};
/// let term = |id: &str, name: &str, parents: &[&str]| OntologyTerm {
///     id: id.into(),
///     name: name.into(),
///     is_a: parents.iter().map(|&parent| parent.into()).collect(),
///     ..OntologyTerm::default()
/// };
/// let terms = [
///     term("GO:0008150", "biological_process", &[]),
///     term("GO:0002376", "immune system process", &["GO:0008150"]),
///     term("GO:0006955", "immune response", &["GO:0002376", "GO:0008150"]),
/// ];
/// let (ontology, notices) = Ontology::new(&terms, Relations::IsA)?;
/// assert!(notices.is_empty());
/// let response = ontology.term_of_set("IMMUNE_RESPONSE", "").unwrap();
/// assert_eq!((ontology.level(response), ontology.depth(response)), (1, 2));
/// assert_eq!(ontology.ancestors(response).len(), 2);
/// # Ok::<(), featurescope::enrich::OntologyError>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct Ontology {
    ids: Vec<String>,
    names: Vec<String>,
    namespaces: Vec<String>,
    subsets: Vec<Vec<String>>,
    parents: Vec<Vec<TermId>>,
    levels: Vec<u32>,
    depths: Vec<u32>,
    /// Ids, alternative ids and replaced ids.
    by_id: BTreeMap<String, TermId>,
    /// Plain names; `None` where two terms share one.
    by_name: BTreeMap<String, Option<TermId>>,
}

impl Ontology {
    /// Number of terms in use.
    pub fn len(&self) -> usize {
        self.ids.len()
    }

    /// Whether there is no term.
    pub fn is_empty(&self) -> bool {
        self.ids.is_empty()
    }

    /// All terms in use, in the file's order.
    pub fn terms(&self) -> impl ExactSizeIterator<Item = TermId> + use<> {
        (0..self.ids.len() as u32).map(TermId)
    }

    /// A term's accession.
    pub fn id(&self, term: TermId) -> &str {
        &self.ids[term.index()]
    }

    /// A term's name; may be empty.
    pub fn name(&self, term: TermId) -> &str {
        &self.names[term.index()]
    }

    /// The part of the ontology a term is in; may be empty.
    pub fn namespace(&self, term: TermId) -> &str {
        &self.namespaces[term.index()]
    }

    /// Whether a term is marked for a subset.
    pub fn is_in_subset(&self, term: TermId, subset: &str) -> bool {
        self.subsets[term.index()].iter().any(|known| known == subset)
    }

    /// The terms a term is directly below, ascending.
    pub fn parents(&self, term: TermId) -> &[TermId] {
        &self.parents[term.index()]
    }

    /// All terms above a term, ascending by position.
    #[must_use]
    pub fn ancestors(&self, term: TermId) -> BTreeSet<TermId> {
        let mut above = BTreeSet::new();
        let mut open = self.parents(term).to_vec();
        while let Some(next) = open.pop() {
            if above.insert(next) {
                open.extend_from_slice(self.parents(next));
            }
        }
        above
    }

    /// Length of the shortest path to a term without parents.
    pub fn level(&self, term: TermId) -> u32 {
        self.levels[term.index()]
    }

    /// Length of the longest path to a term without parents.
    pub fn depth(&self, term: TermId) -> u32 {
        self.depths[term.index()]
    }

    /// The term of an accession, also an alternative one or one that a term in use replaces.
    pub fn find(&self, id: &str) -> Option<TermId> {
        self.by_id.get(id).copied()
    }
}

#[cfg(test)]
mod tests;
