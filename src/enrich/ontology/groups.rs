//! Few groups for many terms: the nearest terms above each that stand for a group.
//!
//! Groups are the terms of a slim (a subset such as `goslim_generic`); where the ontology marks none, all terms of one
//! level. A term's groups are the group terms among itself and its ancestors that have no other of them below them
//! (the direct ancestors of map2slim and of goatools' `mapslim`), so a term that is a group itself has no other. Of
//! several the shown one is the fewest steps away, of equals the deepest, of those the one with the smallest id. A term
//! above the level is a group of its own; a term without a group, or not in the ontology, goes with the others, last.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use super::{Ontology, TermId};

/// What the groups are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum GroupedBy {
    /// Terms marked for this subset.
    Subset(String),
    /// Terms of this level (shortest path to a term without parents).
    Level(u32),
}

/// Some terms of a list that share the group they are shown in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TermGroup {
    /// The group; `None` for the terms without one.
    pub group: Option<TermId>,
    /// Places in the list, ascending.
    pub members: Vec<usize>,
}

/// Finds the groups of terms.
///
/// # Examples
/// ```
/// use featurescope::data::OntologyTerm;
/// use featurescope::enrich::{GroupedBy, Ontology, Relations, TermGrouper};
/// let term = |id: &str, is_a: &[&str], subsets: &[&str]| OntologyTerm {
///     id: id.into(),
///     is_a: is_a.iter().map(|&id| id.into()).collect(),
///     subsets: subsets.iter().map(|&subset| subset.into()).collect(),
///     ..OntologyTerm::default()
/// };
/// let terms = [term("X:1", &[], &[]), term("X:2", &["X:1"], &["slim"]), term("X:3", &["X:2"], &[])];
/// let (ontology, _) = Ontology::new(&terms, Relations::IsA)?;
/// let grouper = TermGrouper::new(&ontology, "slim", 1);
/// assert_eq!(grouper.by(), &GroupedBy::Subset("slim".into()));
/// let [root, group, below] = ["X:1", "X:2", "X:3"].map(|id| ontology.find(id).unwrap());
/// assert_eq!((grouper.shown(below), grouper.shown(group), grouper.shown(root)), (Some(group), Some(group), None));
/// # Ok::<(), featurescope::enrich::OntologyError>(())
/// ```
#[derive(Clone, Debug)]
pub struct TermGrouper<'a> {
    ontology: &'a Ontology,
    by: GroupedBy,
}

impl<'a> TermGrouper<'a> {
    /// Groups by a subset, or by a level where no term is marked for the subset.
    #[must_use]
    pub fn new(ontology: &'a Ontology, subset: &str, else_level: u32) -> Self {
        let is_marked = ontology.terms().any(|term| ontology.is_in_subset(term, subset));
        let by = if is_marked { GroupedBy::Subset(subset.to_owned()) } else { GroupedBy::Level(else_level) };
        Self { ontology, by }
    }

    /// What the groups are.
    pub fn by(&self) -> &GroupedBy {
        &self.by
    }

    fn is_group(&self, term: TermId) -> bool {
        match &self.by {
            GroupedBy::Subset(subset) => self.ontology.is_in_subset(term, subset),
            GroupedBy::Level(level) => self.ontology.level(term) == *level,
        }
    }

    /// A term's groups, the shown one first.
    #[must_use]
    pub fn groups_of(&self, term: TermId) -> Vec<TermId> {
        if matches!(self.by, GroupedBy::Level(level) if self.ontology.level(term) < level) {
            return vec![term];
        }
        let steps = self.steps_up(term);
        let candidates: Vec<TermId> = steps.keys().copied().filter(|&above| self.is_group(above)).collect();
        let covered: BTreeSet<TermId> =
            candidates.iter().flat_map(|&candidate| self.ontology.ancestors(candidate)).collect();
        let mut groups: Vec<TermId> = candidates.into_iter().filter(|group| !covered.contains(group)).collect();
        let depth = |group: &TermId| Reverse(self.ontology.depth(*group));
        groups.sort_by(|a, b| {
            let by_nearness = (steps[a], depth(a)).cmp(&(steps[b], depth(b)));
            by_nearness.then_with(|| self.ontology.id(*a).cmp(self.ontology.id(*b)))
        });
        groups
    }

    /// The group a term is shown in.
    pub fn shown(&self, term: TermId) -> Option<TermId> {
        self.groups_of(term).first().copied()
    }

    /// Puts a list of terms (best first; `None` where a gene set is no term) into the groups they are shown in, groups
    /// in the order of their first members, those without a group last.
    #[must_use]
    pub fn group(&self, terms: &[Option<TermId>]) -> Vec<TermGroup> {
        let mut groups: Vec<TermGroup> = Vec::new();
        let mut place_by_group = BTreeMap::new();
        for (at, term) in terms.iter().enumerate() {
            let group = term.and_then(|term| self.shown(term));
            let place = *place_by_group.entry(group).or_insert(groups.len());
            match groups.get_mut(place) {
                Some(known) => known.members.push(at),
                None => groups.push(TermGroup { group, members: vec![at] }),
            }
        }
        groups.sort_by_key(|group| group.group.is_none());
        groups
    }

    /// The term and all above it, with the fewest steps to each.
    fn steps_up(&self, term: TermId) -> BTreeMap<TermId, u32> {
        let mut steps = BTreeMap::from([(term, 0)]);
        let (mut n_steps, mut layer) = (0, vec![term]);
        while !layer.is_empty() {
            n_steps += 1;
            let above = layer.iter().flat_map(|&term| self.ontology.parents(term)).copied();
            let new: BTreeSet<TermId> = above.filter(|term| !steps.contains_key(term)).collect();
            steps.extend(new.iter().map(|&term| (term, n_steps)));
            layer = new.into_iter().collect();
        }
        steps
    }
}
