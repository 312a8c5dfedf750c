//! Over-representation of gene sets among selected genes by the hypergeometric test, one-sided.
//!
//! P(X ≥ k) for k of the n selected genes in a set of K genes, drawn without putting back from a universe of N genes.
//! Null: the selected genes are a random draw. Genes outside the universe count neither as selected nor in a set. A
//! set without a hit has p = 1 and is not listed, but is part of every family: see
//! [`crate::stats::benjamini_hochberg_ln_into`].

use super::{GeneSetId, MatchedGeneSets};
use crate::data::GeneId;
use crate::stats::{LnFactorials, ln_hypergeometric_sf};

/// One set with at least one hit.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SetHits {
    /// The set.
    pub set: GeneSetId,
    /// Selected genes in the set, at least 1.
    pub n_hits: u32,
    /// ln of P(X ≥ k).
    pub ln_p_value: f64,
}

/// Tests all sets; its tables and counters serve any number of selections.
#[derive(Clone, Debug)]
pub struct HypergeometricTester {
    factorials: LnFactorials,
    n_hits: Vec<u32>,
}

impl HypergeometricTester {
    /// Makes the tables for the universe these sets were matched in.
    #[must_use]
    pub fn new(sets: &MatchedGeneSets) -> Self {
        Self { factorials: LnFactorials::new(sets.n_universe()), n_hits: Vec::new() }
    }

    /// Every set with at least one of the selected genes, sets in file order. `selected` are genes of the universe,
    /// each once.
    ///
    /// # Panics
    /// If a gene is not of the data the sets were matched with.
    pub fn test(&mut self, sets: &MatchedGeneSets, selected: &[GeneId]) -> Vec<SetHits> {
        self.n_hits.clear();
        self.n_hits.resize(sets.len(), 0);
        for set in selected.iter().flat_map(|&gene| sets.sets_of(gene)) {
            self.n_hits[set.index()] += 1;
        }
        let hit = sets.ids().filter(|set| self.n_hits[set.index()] > 0);
        hit.map(|set| {
            let (n_hits, size) = (self.n_hits[set.index()], sets.genes(set).len());
            let (n, universe) = (selected.len(), sets.n_universe());
            let ln_p_value = ln_hypergeometric_sf(&self.factorials, n_hits as usize, size, n, universe);
            SetHits { set, n_hits, ln_p_value }
        })
        .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::enrich::gene_sets::tests::set;

    #[test]
    fn golden_set_through_sparse_counts() {
        let genes: Vec<String> = (0..20_000).map(|at| format!("g{at}")).collect();
        let members: Vec<&str> = genes[..200].iter().map(String::as_str).collect();
        let sets = MatchedGeneSets::new(&genes, &[set("none", &["g19999"]), set("s", &members)], 1, 500);
        let selected: Vec<GeneId> = (170..470).map(GeneId).collect();
        let found = HypergeometricTester::new(&sets).test(&sets, &selected);
        assert_eq!((found.len(), found[0].set, found[0].n_hits), (1, GeneSetId(1), 30));
        assert!((libm::exp(found[0].ln_p_value) / 1.896_666_95e-21 - 1.0).abs() < 1e-8);
    }

    #[test]
    fn a_set_equal_to_the_universe_tells_nothing() {
        let genes: Vec<String> = ["A", "B", "C"].map(str::to_owned).to_vec();
        let sets = MatchedGeneSets::new(&genes, &[set("all", &["A", "B", "C"])], 1, 9);
        let found = HypergeometricTester::new(&sets).test(&sets, &[GeneId(0), GeneId(2)]);
        assert_eq!(found, [SetHits { set: GeneSetId(0), n_hits: 2, ln_p_value: 0.0 }]);
    }
}
