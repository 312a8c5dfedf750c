//! Making an ontology of a file's terms.
//!
//! An alternative id that two terms claim, or that is a term's own id, is the first's, or the owner's. An obsolete term
//! leads to the term in use that replaces it if it names exactly one, over at most [`MAX_REPLACEMENTS`] obsolete ones in
//! between.

use std::collections::BTreeMap;

use super::names::plain;
use super::{Ontology, OntologyError, Relations, TermId};
use crate::data::{Notice, OntologyTerm};

/// Terms that replaced each other one after the other; real chains have one or two.
const MAX_REPLACEMENTS: usize = 32;
/// Missing parents named in a notice.
const N_EXAMPLES: usize = 5;

impl Ontology {
    /// Joins terms; notices say what was left out.
    ///
    /// # Errors
    /// [`OntologyError::DuplicateId`], [`OntologyError::Cycle`].
    pub fn new(terms: &[OntologyTerm], relations: Relations) -> Result<(Self, Vec<Notice>), OntologyError> {
        let in_use: Vec<&OntologyTerm> = terms.iter().filter(|term| !term.is_obsolete).collect();
        let texts = |of: fn(&OntologyTerm) -> &String| in_use.iter().map(|term| of(term).clone()).collect();
        let mut ontology = Self {
            ids: texts(|term| &term.id),
            names: texts(|term| &term.name),
            namespaces: texts(|term| &term.namespace),
            subsets: in_use.iter().map(|term| term.subsets.clone()).collect(),
            by_id: positions(&in_use)?,
            by_name: names(&in_use),
            ..Self::default()
        };
        let missing = ontology.link(&in_use, relations);
        ontology.add_replaced(terms);
        ontology.measure()?;
        Ok((ontology, missing_notice(&missing).into_iter().collect()))
    }

    /// Finds every term's parents; hands back those that are not there.
    fn link<'a>(&mut self, in_use: &[&'a OntologyTerm], relations: Relations) -> Vec<&'a str> {
        let mut missing = Vec::new();
        for term in in_use {
            let part_of = if relations == Relations::IsA { &[][..] } else { &term.part_of };
            let named: Vec<&String> = term.is_a.iter().chain(part_of).collect();
            let mut parents: Vec<TermId> = named.iter().filter_map(|id| self.find(id)).collect();
            missing.extend(named.into_iter().map(String::as_str).filter(|id| self.find(id).is_none()));
            parents.sort_unstable();
            parents.dedup();
            self.parents.push(parents);
        }
        missing
    }

    /// Lets ids of obsolete terms lead to what replaces them.
    fn add_replaced(&mut self, terms: &[OntologyTerm]) {
        let obsolete: BTreeMap<&str, &OntologyTerm> =
            terms.iter().filter(|term| term.is_obsolete).map(|term| (term.id.as_str(), term)).collect();
        let replacement = |term: &OntologyTerm| {
            let mut at = term;
            for _ in 0..MAX_REPLACEMENTS {
                let [next] = &at.replaced_by[..] else { return None };
                if let Some(&found) = self.by_id.get(next) {
                    return Some(found);
                }
                at = obsolete.get(next.as_str())?;
            }
            None
        };
        let found: Vec<(String, TermId)> =
            obsolete.values().filter_map(|term| Some((term.id.clone(), replacement(term)?))).collect();
        for (id, term) in found {
            self.by_id.entry(id).or_insert(term);
        }
    }

    /// Levels and depths, from the terms without parents downwards.
    fn measure(&mut self) -> Result<(), OntologyError> {
        let mut children = vec![Vec::new(); self.len()];
        for term in self.terms() {
            for parent in self.parents(term) {
                children[parent.index()].push(term);
            }
        }
        let mut n_open: Vec<usize> = self.parents.iter().map(Vec::len).collect();
        let mut ready: Vec<TermId> = self.terms().filter(|term| n_open[term.index()] == 0).collect();
        self.levels = n_open.iter().map(|&n| if n == 0 { 0 } else { u32::MAX }).collect();
        self.depths = vec![0; self.len()];
        let mut n_measured = 0;
        while let Some(term) = ready.pop() {
            n_measured += 1;
            let (level, depth) = (self.level(term) + 1, self.depth(term) + 1);
            for child in &children[term.index()] {
                let at = child.index();
                self.levels[at] = self.levels[at].min(level);
                self.depths[at] = self.depths[at].max(depth);
                n_open[at] -= 1;
                if n_open[at] == 0 {
                    ready.push(*child);
                }
            }
        }
        if n_measured < self.len() { Err(self.cycle(&n_open)) } else { Ok(()) }
    }

    /// The circle met first on the way up from the first term that is below one.
    fn cycle(&self, n_open: &[usize]) -> OntologyError {
        let is_open = |term: &TermId| n_open[term.index()] > 0;
        let mut path: Vec<TermId> = Vec::new();
        let mut place = vec![None; self.len()];
        let mut next = self.terms().find(is_open);
        while let Some(term) = next {
            if let Some(start) = place[term.index()].replace(path.len()) {
                path.drain(..start);
                break;
            }
            path.push(term);
            next = self.parents(term).iter().copied().find(is_open);
        }
        OntologyError::Cycle { path: path.into_iter().map(|term| self.id(term).to_owned()).collect() }
    }
}

/// Where ids and alternative ids are.
fn positions(in_use: &[&OntologyTerm]) -> Result<BTreeMap<String, TermId>, OntologyError> {
    let mut by_id = BTreeMap::new();
    for (at, term) in (0..).map(TermId).zip(in_use) {
        if by_id.insert(term.id.clone(), at).is_some() {
            return Err(OntologyError::DuplicateId { id: term.id.clone() });
        }
    }
    for (at, term) in (0..).map(TermId).zip(in_use) {
        for id in &term.alt_ids {
            by_id.entry(id.clone()).or_insert(at);
        }
    }
    Ok(by_id)
}

fn names(in_use: &[&OntologyTerm]) -> BTreeMap<String, Option<TermId>> {
    let mut by_name = BTreeMap::new();
    for (at, term) in (0..).map(TermId).zip(in_use) {
        by_name.entry(plain(&term.name)).and_modify(|known| *known = None).or_insert(Some(at));
    }
    by_name.remove("");
    by_name
}

fn missing_notice(missing: &[&str]) -> Option<Notice> {
    let mut examples = missing.to_vec();
    examples.sort_unstable();
    examples.dedup();
    let n = examples.len();
    examples.truncate(N_EXAMPLES);
    (n > 0).then(|| {
        let examples = examples.join(", ");
        Notice::warning(format!(
            "The ontology names {n} parents that it does not hold, or only as obsolete ({examples}{}); they were left \
             out, so that some terms have fewer ancestors.",
            if n > N_EXAMPLES { ", …" } else { "" }
        ))
    })
}
