//! One feature by itself, from its table of genes: the same findings as an analysis of all features gives.

use super::annotator::Annotator;
use super::columns::FeatureColumns;
use super::findings::{Direction, Findings, TermFinding};
use super::gene_table::GeneTable;
use super::params::GeneTest;
use super::shard::ShardPlan;
use crate::data::GeneId;
use crate::stats::haldane_odds_ratio;

/// A feature's findings with the genes behind them.
#[derive(Clone, Debug, PartialEq)]
pub struct FeatureReport {
    /// What an analysis says of it.
    pub findings: Findings,
    /// All genes selected up, in the data's order.
    pub selected_up: Vec<GeneId>,
    /// All genes selected down, in the data's order.
    pub selected_down: Vec<GeneId>,
}

/// What a term's test counted.
#[derive(Clone, Debug, PartialEq)]
pub struct TermCounts {
    /// Genes of the set in the universe.
    pub set_size: usize,
    /// Selected genes of the universe in the term's direction.
    pub n_selected: usize,
    /// Hits expected by chance: selected × set size / universe.
    pub expected: f64,
    /// Hits over expected hits.
    pub fold: f64,
    /// Odds ratio, half a count added to each cell.
    pub odds_ratio: f64,
    /// The selected genes in the set, in the data's order.
    pub hits: Vec<GeneId>,
}

impl GeneTable {
    /// Statistic, ln p and ln adjusted p of a test.
    pub fn of_test(&self, test: GeneTest) -> [&[f64]; 3] {
        match test {
            GeneTest::Welch => [&self.t, &self.t_ln_p_value, &self.t_ln_padj],
            GeneTest::Wilcoxon => [&self.z, &self.z_ln_p_value, &self.z_ln_padj],
        }
    }
}

impl FeatureReport {
    /// Selects and annotates from a table whose columns hold the plan's selecting test.
    #[must_use]
    pub fn new(plan: &ShardPlan, table: &GeneTable) -> Self {
        let [statistic, ln_p_value, _] = table.of_test(plan.params.primary());
        let columns = FeatureColumns { statistic, ln_p_value, log2_fold_change: &table.log2_fold_change };
        let mut annotator = Annotator::new(plan);
        let (findings, [selected_up, selected_down]) = annotator.annotate_with_genes(columns);
        Self { findings, selected_up, selected_down }
    }

    /// The numbers behind a term of the findings.
    ///
    /// # Panics
    /// If the term is of another plan.
    #[must_use]
    pub fn term_counts(&self, plan: &ShardPlan, term: &TermFinding) -> TermCounts {
        let selected = match term.direction {
            Direction::Up => &self.selected_up,
            Direction::Down => &self.selected_down,
        };
        let genes = plan.sets.genes(term.set);
        let inside = || selected.iter().filter(|gene| plan.is_in_universe[gene.index()]);
        let (n_selected, n_universe) = (inside().count(), plan.sets.n_universe());
        let expected = n_selected as f64 * genes.len() as f64 / n_universe as f64;
        TermCounts {
            set_size: genes.len(),
            n_selected,
            expected,
            fold: f64::from(term.n_hits) / expected,
            odds_ratio: haldane_odds_ratio(term.n_hits as usize, genes.len(), n_selected, n_universe),
            hits: inside().filter(|gene| genes.binary_search(&gene.0).is_ok()).copied().collect(),
        }
    }
}
