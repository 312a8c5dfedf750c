//! Gene sets matched with the genes of the data.
//!
//! A set's gene is present if a [`GeneLookup`] finds it, by exactly its name unless another lookup is given. A set's size
//! is its number of distinct genes present that are in the universe. Sets outside the size limits are not kept.

use std::collections::BTreeSet;

use super::GeneLookup;
use crate::data::{GeneId, GeneSet};

const N_UNMATCHED_EXAMPLES: usize = 10;

/// A kept gene set, by position.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct GeneSetId(pub u32);

impl GeneSetId {
    /// The id as an index into a slice.
    pub fn index(self) -> usize {
        self.0 as usize
    }
}

/// How gene sets and the data's genes match.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MatchSummary {
    /// Sets given.
    pub n_sets: usize,
    /// Sets with at least one gene in the data.
    pub n_sets_matched: usize,
    /// Sets of eligible size, which are kept.
    pub n_sets_eligible: usize,
    /// Distinct genes in the sets.
    pub n_genes: usize,
    /// Of those, genes in the data.
    pub n_genes_matched: usize,
    /// A few set genes the data does not have, in alphabetical order.
    pub unmatched_examples: Vec<String>,
}

/// The gene sets of eligible size, in file order, with the way back from genes to sets.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct MatchedGeneSets {
    names: Vec<String>,
    genes_by_set: Lists,
    sets_by_gene: Lists,
    n_universe: usize,
    summary: MatchSummary,
}

/// Lists of numbers one after the other.
#[derive(Clone, Debug, Default, PartialEq)]
struct Lists {
    starts: Vec<usize>,
    members: Vec<u32>,
}

impl Lists {
    fn new() -> Self {
        Self { starts: vec![0], members: Vec::new() }
    }

    fn push(&mut self, members: impl IntoIterator<Item = u32>) {
        self.members.extend(members);
        self.starts.push(self.members.len());
    }

    fn get(&self, list: usize) -> &[u32] {
        &self.members[self.starts[list]..self.starts[list + 1]]
    }

    fn len(&self) -> usize {
        self.starts.len().saturating_sub(1)
    }

    /// For each of `n` members, the lists it is in.
    fn inverted(&self, n: usize) -> Self {
        let mut lists_by_member = vec![Vec::new(); n];
        for list in 0..self.len() {
            for &member in self.get(list) {
                lists_by_member[member as usize].push(list as u32);
            }
        }
        let mut inverted = Self::new();
        for lists in lists_by_member {
            inverted.push(lists);
        }
        inverted
    }
}

impl MatchedGeneSets {
    /// Matches sets with genes by exact name and keeps those with `min_size` to `max_size` genes present.
    #[must_use]
    pub fn new(gene_names: &[String], sets: &[GeneSet], min_size: usize, max_size: usize) -> Self {
        Self::within(gene_names, sets, min_size, max_size, |_| true)
    }

    /// As [`new`](Self::new), counting only the genes of a universe, named by their position in the data.
    #[must_use]
    pub fn within(
        gene_names: &[String],
        sets: &[GeneSet],
        min_size: usize,
        max_size: usize,
        is_in_universe: impl Fn(usize) -> bool,
    ) -> Self {
        Self::looked_up(&GeneLookup::exact(gene_names), sets, min_size, max_size, is_in_universe)
    }

    /// As [`within`](Self::within), with genes found by a lookup.
    #[must_use]
    pub fn looked_up(
        genes: &GeneLookup,
        sets: &[GeneSet],
        min_size: usize,
        max_size: usize,
        is_in_universe: impl Fn(usize) -> bool,
    ) -> Self {
        let n_universe = (0..genes.n_genes()).filter(|&gene| is_in_universe(gene)).count();
        let mut kept = Self { genes_by_set: Lists::new(), n_universe, ..Self::default() };
        let mut n_sets_matched = 0;
        for set in sets {
            let found = set.genes.iter().filter_map(|gene| genes.position(gene));
            let present: BTreeSet<u32> = found.filter(|&gene| is_in_universe(gene as usize)).collect();
            n_sets_matched += usize::from(!present.is_empty());
            if (min_size..=max_size).contains(&present.len()) {
                kept.names.push(set.name.clone());
                kept.genes_by_set.push(present);
            }
        }
        kept.sets_by_gene = kept.genes_by_set.inverted(genes.n_genes());
        kept.summary = summarise(genes, sets, n_sets_matched, kept.names.len());
        kept
    }

    /// Sets without names, as another thread needs them: `members[starts[set]..starts[set + 1]]` are a set's genes.
    ///
    /// # Panics
    /// If the lists are not those of [`lists`](Self::lists) or a gene is not below `n_genes`.
    #[must_use]
    pub fn from_lists(starts: Vec<usize>, members: Vec<u32>, n_genes: usize, n_universe: usize) -> Self {
        assert_eq!(starts.last(), Some(&members.len()), "lists and their starts differ");
        let names = vec![String::new(); starts.len() - 1];
        let genes_by_set = Lists { starts, members };
        let sets_by_gene = genes_by_set.inverted(n_genes);
        Self { names, genes_by_set, sets_by_gene, n_universe, summary: MatchSummary::default() }
    }

    /// The genes of all sets, one set after the other: starts and members.
    pub fn lists(&self) -> (&[usize], &[u32]) {
        (&self.genes_by_set.starts, &self.genes_by_set.members)
    }

    /// Number of kept sets.
    pub fn len(&self) -> usize {
        self.names.len()
    }

    /// Whether no set was kept.
    pub fn is_empty(&self) -> bool {
        self.names.is_empty()
    }

    /// All kept sets.
    pub fn ids(&self) -> impl Iterator<Item = GeneSetId> + use<> {
        (0..self.names.len() as u32).map(GeneSetId)
    }

    /// The name of a set.
    pub fn name(&self, set: GeneSetId) -> &str {
        &self.names[set.index()]
    }

    /// The positions of a set's genes present in the data, ascending.
    pub fn genes(&self, set: GeneSetId) -> &[u32] {
        self.genes_by_set.get(set.index())
    }

    /// The sets a gene is in, ascending.
    pub fn sets_of(&self, gene: GeneId) -> impl ExactSizeIterator<Item = GeneSetId> + '_ {
        self.sets_by_gene.get(gene.index()).iter().copied().map(GeneSetId)
    }

    /// Number of genes in the data, in sets or not.
    pub fn n_data_genes(&self) -> usize {
        self.sets_by_gene.len()
    }

    /// Number of genes hits are counted among.
    pub fn n_universe(&self) -> usize {
        self.n_universe
    }

    /// How the sets and the data match.
    pub fn summary(&self) -> &MatchSummary {
        &self.summary
    }
}

fn summarise(lookup: &GeneLookup, sets: &[GeneSet], n_sets_matched: usize, n_sets_eligible: usize) -> MatchSummary {
    let genes: BTreeSet<&str> = sets.iter().flat_map(|set| set.genes.iter().map(String::as_str)).collect();
    let unmatched = || genes.iter().filter(|gene| lookup.position(gene).is_none());
    MatchSummary {
        n_sets: sets.len(),
        n_sets_matched,
        n_sets_eligible,
        n_genes: genes.len(),
        n_genes_matched: genes.len() - unmatched().count(),
        unmatched_examples: unmatched().take(N_UNMATCHED_EXAMPLES).map(|&gene| gene.to_owned()).collect(),
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    pub(crate) fn set(name: &str, genes: &[&str]) -> GeneSet {
        let genes = genes.iter().map(|&gene| gene.to_owned()).collect();
        GeneSet { name: name.to_owned(), description: String::new(), genes }
    }

    fn names(names: &[&str]) -> Vec<String> {
        names.iter().map(|&name| name.to_owned()).collect()
    }

    #[test]
    fn size_counts_distinct_genes_present() {
        let sets = [set("two", &["B", "A", "X"]), set("one", &["A", "Y", "A"]), set("none", &["X"])];
        let matched = MatchedGeneSets::new(&names(&["A", "B", "C"]), &sets, 2, 3);
        assert_eq!(matched.len(), 1);
        assert_eq!(matched.name(GeneSetId(0)), "two");
        assert_eq!(matched.genes(GeneSetId(0)), [0, 1]);
        assert_eq!(matched.sets_of(GeneId(1)).collect::<Vec<_>>(), [GeneSetId(0)]);
        assert_eq!(matched.sets_of(GeneId(2)).len(), 0);
    }

    #[test]
    fn of_duplicate_names_the_first_gene_counts() {
        let matched = MatchedGeneSets::new(&names(&["B", "A", "A"]), &[set("s", &["A"])], 1, 9);
        assert_eq!(matched.genes(GeneSetId(0)), [1]);
        assert_eq!(matched.n_data_genes(), 3);
    }

    #[test]
    fn genes_outside_the_universe_do_not_count() {
        let sets = [set("two", &["A", "B", "C"]), set("one", &["A"])];
        let matched = MatchedGeneSets::within(&names(&["A", "B", "C"]), &sets, 1, 9, |gene| gene > 0);
        assert_eq!((matched.len(), matched.genes(GeneSetId(0))), (1, &[1, 2][..]));
        assert_eq!((matched.n_universe(), matched.n_data_genes(), matched.summary().n_sets_matched), (2, 3, 1));
    }

    #[test]
    fn summary_counts_what_is_missing() {
        let sets = [set("s", &["A", "Z"]), set("t", &["Z", "Y"])];
        let matched = MatchedGeneSets::new(&names(&["A"]), &sets, 1, 9);
        let summary = matched.summary();
        assert_eq!((summary.n_sets, summary.n_sets_matched, summary.n_sets_eligible), (2, 1, 1));
        assert_eq!((summary.n_genes, summary.n_genes_matched), (3, 1));
        assert_eq!(summary.unmatched_examples, ["Y", "Z"]);
    }
}
