//! Whether a gene set's genes rank high or low among all genes: Mann-Whitney in the paper's form.
//!
//! See [`crate::stats::mann_whitney`] for the formulas and what p means there. Ranks are 1..=G, each once, so rank
//! sums are exact; the caller's ranks decide how equal values are ordered.

use super::{GeneSetId, MatchedGeneSets};
use crate::stats::{MannWhitney, mann_whitney};

/// Tests one set among the ranks of all genes of the data.
///
/// # Shapes
/// `ranks` is `[n_genes]`, each of 1..=n_genes once.
///
/// # Panics
/// If there is another number of ranks than genes the sets were matched with.
#[must_use]
pub fn rank_test(sets: &MatchedGeneSets, set: GeneSetId, ranks: &[u32]) -> MannWhitney {
    assert_eq!(ranks.len(), sets.n_data_genes(), "ranks and genes differ in number");
    let genes = sets.genes(set);
    let rank_sum: u64 = genes.iter().map(|&gene| u64::from(ranks[gene as usize])).sum();
    mann_whitney(rank_sum as f64, genes.len(), ranks.len())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::enrich::gene_sets::tests::set;

    #[test]
    fn golden_set_of_the_paper() {
        let genes: Vec<String> = (0..20).map(|at| format!("g{at}")).collect();
        let sets = MatchedGeneSets::new(&genes, &[set("s", &["g15", "g17", "g18", "g19"])], 1, 9);
        let ranks: Vec<u32> = (1..=20).collect();
        let test = rank_test(&sets, GeneSetId(0), &ranks);
        assert!((test.z + 2.929_224_665_821_511).abs() < 1e-15);
        assert_eq!(test.effect_size, 0.015_625);
    }
}
