//! Over-representation of gene sets among selected genes by the exact two-sided binomial test.
//!
//! The paper's form (arXiv 2410.11468, scFeatureLens): n selected genes, k of them in the set, chance p0 = |S|/G of
//! a draw to be in the set, with G all genes of the data. Null: selected genes are drawn at random. Sets without a
//! hit are not listed; nothing is corrected for the number of sets. The result is the same in any order of the
//! selected genes.

use super::{GeneSetId, MatchedGeneSets};
use crate::data::GeneId;
use crate::stats::ln_binomial_test;

/// One set with at least one hit.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct OverRepresentation {
    /// The set.
    pub set: GeneSetId,
    /// Selected genes in the set, at least 1.
    pub n_hits: usize,
    /// n·p0.
    pub expected: f64,
    /// k over expected.
    pub fold: f64,
    /// (n − k)/n: what the paper's table calls `fdr`.
    pub miss_share: f64,
    /// ln of the two-sided p.
    pub ln_p_value: f64,
}

impl OverRepresentation {
    /// The two-sided p, 0 to 1.
    pub fn p_value(&self) -> f64 {
        libm::exp(self.ln_p_value)
    }

    /// Whether there are more hits than expected.
    pub fn is_over(&self) -> bool {
        self.n_hits as f64 > self.expected
    }
}

/// Counts hits by set; kept from feature to feature so that nothing is allocated anew.
#[derive(Clone, Debug, Default)]
pub struct HitCounter {
    n_hits: Vec<u32>,
    sets_hit: Vec<GeneSetId>,
}

impl HitCounter {
    /// Tests every set with at least one of the selected genes, sets in file order.
    ///
    /// # Panics
    /// If a gene is not of the data the sets were matched with.
    #[must_use]
    pub fn over_representation(&mut self, sets: &MatchedGeneSets, selected: &[GeneId]) -> Vec<OverRepresentation> {
        self.n_hits.clear();
        self.n_hits.resize(sets.len(), 0);
        self.sets_hit.clear();
        for set in selected.iter().flat_map(|&gene| sets.sets_of(gene)) {
            if self.n_hits[set.index()] == 0 {
                self.sets_hit.push(set);
            }
            self.n_hits[set.index()] += 1;
        }
        self.sets_hit.sort_unstable();
        self.sets_hit.iter().map(|&set| self.test(sets, set, selected.len())).collect()
    }

    fn test(&self, sets: &MatchedGeneSets, set: GeneSetId, n_selected: usize) -> OverRepresentation {
        let n_hits = self.n_hits[set.index()] as usize;
        let chance = sets.genes(set).len() as f64 / sets.n_data_genes() as f64;
        let n = n_selected as f64;
        let expected = n * chance;
        OverRepresentation {
            set,
            n_hits,
            expected,
            fold: n_hits as f64 / expected,
            miss_share: (n - n_hits as f64) / n,
            ln_p_value: ln_binomial_test(n_hits, n_selected, chance),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::enrich::gene_sets::tests::set;

    #[test]
    fn golden_numbers_of_the_paper() {
        let genes: Vec<String> = (0..13_431).map(|at| format!("g{at}")).collect();
        let members: Vec<&str> = genes[..22].iter().map(String::as_str).collect();
        let sets = MatchedGeneSets::new(&genes, &[set("s", &members)], 10, 500);
        let selected: Vec<GeneId> = (18..74).map(GeneId).collect();
        let result = HitCounter::default().over_representation(&sets, &selected);
        assert_eq!((result.len(), result[0].n_hits), (1, 4));
        assert!((result[0].p_value() / 2.469_990_747e-6 - 1.0).abs() < 1e-9);
        assert!((result[0].expected - 0.091_728_091_73).abs() < 1e-11);
        assert!((result[0].fold - 43.607_142_86).abs() < 1e-8);
        assert!(result[0].is_over());
        assert!((result[0].miss_share - 52.0 / 56.0).abs() < 1e-15);
    }

    #[test]
    fn sets_without_hits_are_not_listed_and_the_counter_forgets() {
        let genes: Vec<String> = ["A", "B", "C"].map(str::to_owned).to_vec();
        let sets = MatchedGeneSets::new(&genes, &[set("s", &["A"]), set("t", &["B", "C"])], 1, 9);
        let mut counter = HitCounter::default();
        assert_eq!(counter.over_representation(&sets, &[GeneId(2), GeneId(1)])[0].n_hits, 2);
        assert_eq!(counter.over_representation(&sets, &[GeneId(0)])[0].set, GeneSetId(0));
        assert!(counter.over_representation(&sets, &[]).is_empty());
    }
}
