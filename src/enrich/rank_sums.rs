//! Whether a gene set's genes rank high or low among all genes of the universe: Mann-Whitney, two-sided, with ties.
//!
//! All sets are tested against one order of the genes: U over the set's genes against all other genes of the
//! universe, normal approximation with tie correction, without continuity correction; z > 0 where the set ranks high.
//! Null: the set's genes are a random draw. Genes are known to go together, so that real sets are called more often
//! than chance would: the test orders sets, its p is no proof. A statistic of NaN (a gene not tested) ranks as 0. A set
//! equal to the universe has z = NaN, p = NaN.

use super::MatchedGeneSets;
use crate::stats::{RankSumOptions, RankSumTest, rank_sum_test};

/// Ranks all genes of the universe and tests all sets; room is kept from feature to feature.
#[derive(Clone, Debug, Default)]
pub struct SetRanker {
    order: Vec<(f64, u32)>,
    twice_ranks: Vec<u64>,
}

impl SetRanker {
    /// Tests every set, in file order.
    ///
    /// # Shapes
    /// `statistics` is `[n_genes]` of the data; genes that `is_in_universe` denies are not looked at.
    ///
    /// # Panics
    /// If there is another number of statistics than genes the sets were matched with.
    pub fn test(
        &mut self,
        sets: &MatchedGeneSets,
        statistics: &[f64],
        is_in_universe: impl Fn(usize) -> bool,
    ) -> Vec<RankSumTest> {
        assert_eq!(statistics.len(), sets.n_data_genes(), "statistics and genes differ in number");
        let tie_term = self.rank(statistics, is_in_universe);
        let options = RankSumOptions { tie_correction: true, continuity: false };
        let test = |set| {
            let genes = sets.genes(set);
            let twice_rank_sum = genes.iter().map(|&gene| self.twice_ranks[gene as usize]).sum();
            rank_sum_test(twice_rank_sum, genes.len(), sets.n_universe() - genes.len(), tie_term, options)
        };
        sets.ids().map(test).collect()
    }

    /// Ranks the genes and gives the tie term.
    fn rank(&mut self, statistics: &[f64], is_in_universe: impl Fn(usize) -> bool) -> f64 {
        let value = |statistic: f64| if statistic.is_nan() { 0.0 } else { statistic + 0.0 };
        self.order.clear();
        let universe = statistics.iter().enumerate().filter(|(gene, _)| is_in_universe(*gene));
        self.order.extend(universe.map(|(gene, &statistic)| (value(statistic), gene as u32)));
        self.order.sort_unstable_by(|a, b| a.0.total_cmp(&b.0));
        self.twice_ranks.clear();
        self.twice_ranks.resize(statistics.len(), 0);
        let (mut n_before, mut tie_term) = (0, 0.0);
        for tie in self.order.chunk_by(|a, b| a.0 == b.0) {
            for &(_, gene) in tie {
                self.twice_ranks[gene as usize] = (2 * n_before + tie.len() + 1) as u64;
            }
            n_before += tie.len();
            let t = tie.len() as f64;
            tie_term += t * t * t - t;
        }
        tie_term
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::enrich::gene_sets::tests::set;

    fn genes(n: usize) -> Vec<String> {
        (0..n).map(|at| format!("g{at}")).collect()
    }

    #[test]
    fn golden_set_of_the_paper_has_the_other_sign() {
        let sets = MatchedGeneSets::new(&genes(20), &[set("s", &["g15", "g17", "g18", "g19"])], 1, 9);
        let statistics: Vec<f64> = (0..20).map(f64::from).collect();
        let found = SetRanker::default().test(&sets, &statistics, |_| true);
        assert!((found[0].z - 2.929_224_665_821_511).abs() < 1e-14);
        assert!((found[0].auroc - (1.0 - 0.015_625)).abs() < 1e-15);
    }

    #[test]
    fn untested_genes_tie_at_zero_and_others_are_outside() {
        let sets = MatchedGeneSets::within(&genes(6), &[set("s", &["g0", "g5"])], 1, 9, |gene| gene != 5);
        let statistics = [f64::NAN, -1.0, 0.0, -0.0, 2.0, 9.0];
        let found = SetRanker::default().test(&sets, &statistics, |gene| gene != 5);
        assert_eq!((found[0].u, found[0].z), (2.0, 0.0));
    }

    #[test]
    fn a_set_equal_to_the_universe_has_no_test() {
        let sets = MatchedGeneSets::new(&genes(3), &[set("s", &["g0", "g1", "g2"])], 1, 9);
        assert!(SetRanker::default().test(&sets, &[1.0, 2.0, 3.0], |_| true)[0].ln_p_value().is_nan());
    }
}
