//! Gene sets of annotations: for every term in use the genes annotated to it or to a term below it.
//!
//! By the true path rule a gene of a term is one of all its ancestors; which relations lead there is the ontology's
//! choice, and a path may lead from one namespace into another (a function that is part of a process). Alternative ids are
//! their term's. Annotations to obsolete terms and to terms that are not there are left out and counted, so are those of
//! evidence `ND` (no data), which say that nothing is known; all other evidence is kept and told. As goatools'
//! `update_association` with `part_of` has it. Sets are in the ontology's order, genes alphabetical.

use std::collections::{BTreeMap, BTreeSet};

use super::{Ontology, TermId};
use crate::data::{GeneAnnotations, GeneSet, Notice, OntologyTerm};

/// No biological data available.
const NO_DATA: &str = "ND";
/// Evidence codes named in a notice.
const N_EVIDENCE: usize = 6;

/// What became of annotations.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Annotated {
    /// The sets, each named `name (accession)`, with namespace, level and depth as its description.
    pub sets: Vec<GeneSet>,
    /// Annotations used.
    pub n_used: usize,
    /// Annotations that deny (`NOT`).
    pub n_denied: usize,
    /// Annotations of evidence `ND`.
    pub n_no_data: usize,
    /// Annotations to obsolete terms.
    pub n_obsolete: usize,
    /// Annotations to terms that the ontology does not have.
    pub n_unknown: usize,
    /// Used annotations by evidence code, most frequent first, then by code.
    pub by_evidence: Vec<(String, usize)>,
}

impl Ontology {
    /// Makes the gene sets of annotations; `terms` are those the ontology was made of.
    #[must_use]
    pub fn annotated(&self, terms: &[OntologyTerm], annotations: &GeneAnnotations) -> Annotated {
        let obsolete: BTreeSet<&str> =
            terms.iter().filter(|term| term.is_obsolete).map(|term| term.id.as_str()).collect();
        let mut found = Annotated { n_denied: annotations.n_denied, ..Annotated::default() };
        let mut n_by_evidence: BTreeMap<&str, usize> = BTreeMap::new();
        let mut terms_by_gene = vec![BTreeSet::new(); annotations.genes.len()];
        for row in &annotations.rows {
            let term = annotations.terms[row.term as usize].as_str();
            let evidence = annotations.evidence[row.evidence as usize].as_str();
            if evidence == NO_DATA {
                found.n_no_data += 1;
            } else if obsolete.contains(term) {
                found.n_obsolete += 1;
            } else if let Some(term) = self.find(term) {
                found.n_used += 1;
                *n_by_evidence.entry(evidence).or_default() += 1;
                terms_by_gene[row.gene as usize].insert(term);
            } else {
                found.n_unknown += 1;
            }
        }
        found.by_evidence = n_by_evidence.into_iter().map(|(code, n)| (code.to_owned(), n)).collect();
        found.by_evidence.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
        found.sets = self.sets_of(&annotations.genes, &terms_by_gene);
        found
    }

    /// The sets of genes with the terms they are annotated to.
    fn sets_of(&self, genes: &[String], terms_by_gene: &[BTreeSet<TermId>]) -> Vec<GeneSet> {
        let mut genes_by_term: Vec<Vec<&str>> = vec![Vec::new(); self.len()];
        let mut above: BTreeMap<TermId, BTreeSet<TermId>> = BTreeMap::new();
        for (gene, terms) in genes.iter().zip(terms_by_gene) {
            let mut all = terms.clone();
            for &term in terms {
                all.extend(above.entry(term).or_insert_with(|| self.ancestors(term)).iter().copied());
            }
            for term in all {
                genes_by_term[term.index()].push(gene);
            }
        }
        let with_genes = self.terms().zip(genes_by_term).filter(|(_, genes)| !genes.is_empty());
        with_genes.map(|(term, genes)| self.set_of(term, genes)).collect()
    }

    fn set_of(&self, term: TermId, mut genes: Vec<&str>) -> GeneSet {
        genes.sort_unstable();
        let (id, name) = (self.id(term), self.name(term));
        GeneSet {
            name: if name.is_empty() { id.to_owned() } else { format!("{name} ({id})") },
            description: format!("{}, level {}, depth {}", self.namespace(term), self.level(term), self.depth(term)),
            genes: genes.into_iter().map(str::to_owned).collect(),
        }
    }
}

impl Annotated {
    /// What a person should know; `file` is where the annotations came from.
    pub fn notice(&self, file: &str) -> Notice {
        let mut evidence: Vec<String> =
            self.by_evidence.iter().take(N_EVIDENCE).map(|(code, n)| format!("{code} {n}")).collect();
        evidence.extend((self.by_evidence.len() > N_EVIDENCE).then(|| "…".to_owned()));
        let left_out: Vec<String> = [
            (self.n_denied, "that deny (NOT)"),
            (self.n_no_data, "without data (ND)"),
            (self.n_obsolete, "to obsolete terms"),
            (self.n_unknown, "to terms the ontology does not have"),
        ]
        .into_iter()
        .filter(|(n, _)| *n > 0)
        .map(|(n, what)| format!("{n} {what}"))
        .collect();
        let left_out = if left_out.is_empty() { "none".to_owned() } else { left_out.join(", ") };
        let text = format!(
            "{file:?} has {} annotations in use, which make {} gene sets: each term with the genes of all terms below it \
             (is_a, part_of). All evidence counts ({}). Left out: {left_out}.",
            self.n_used,
            self.sets.len(),
            evidence.join(", ")
        );
        let is_of_another_time = 20 * self.n_unknown > self.n_used;
        if is_of_another_time { Notice::warning(text) } else { Notice::info(text) }
    }
}
