//! One feature by itself, from its table of genes: the same findings as an analysis of all features gives.

use super::annotator::Annotator;
use super::columns::FeatureColumns;
use super::findings::{Direction, Findings};
use super::gene_table::GeneTable;
use super::params::GeneTest;
use super::shard::ShardPlan;
use crate::data::GeneId;

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
        let mut annotator = Annotator::new(plan.sets.clone(), plan.is_in_universe.clone(), &plan.params);
        let (findings, [selected_up, selected_down]) = annotator.annotate_with_genes(columns);
        Self { findings, selected_up, selected_down }
    }

    /// The genes selected in one direction.
    pub fn selected(&self, direction: Direction) -> &[GeneId] {
        match direction {
            Direction::Up => &self.selected_up,
            Direction::Down => &self.selected_down,
        }
    }
}
