//! Which genes of a feature count as changed: the paper's thresholds with their fallbacks.
//!
//! arXiv 2410.11468, scFeatureLens: padj < 1e-5, or < 0.05 if the smallest padj is above 1e-5; and fold change > 2 or
//! < ½, up and down pooled, a rule dropped when the largest fold change of all genes is below 2. NaN fold changes
//! (an empty group) never count.

use super::GeneTests;
use crate::data::GeneId;

const STRICT_PADJ: f64 = 1e-5;
const LOOSE_PADJ: f64 = 0.05;
const FOLD_CHANGE: f64 = 2.0;

/// The genes selected for the gene sets, and by which thresholds.
#[derive(Clone, Debug, PartialEq)]
pub struct SelectedGenes {
    /// padj is below this.
    pub p_threshold: f64,
    /// Fold change is above this or below its inverse; `None` if the rule was dropped.
    pub fold_change_threshold: Option<f64>,
    /// The genes, in the data's order.
    pub genes: Vec<GeneId>,
}

impl SelectedGenes {
    /// Selects among all genes.
    #[must_use]
    pub fn new(tests: &GeneTests) -> Self {
        let smallest_padj = tests.padj.iter().copied().fold(f64::INFINITY, f64::min);
        let largest_fold = tests.fold_change.iter().copied().fold(f64::NAN, f64::max);
        let p_threshold = if smallest_padj > STRICT_PADJ { LOOSE_PADJ } else { STRICT_PADJ };
        let fold_change_threshold = if largest_fold < FOLD_CHANGE { None } else { Some(FOLD_CHANGE) };
        let is_changed = |fold: f64| fold_change_threshold.is_none_or(|limit| fold > limit || fold < 1.0 / limit);
        let genes = (0..tests.n_genes())
            .filter(|&gene| tests.padj[gene] < p_threshold && is_changed(tests.fold_change[gene]))
            .map(GeneId::from_index)
            .collect();
        Self { p_threshold, fold_change_threshold, genes }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn select(padj: &[f64], fold_change: &[f64]) -> (f64, Option<f64>, Vec<u32>) {
        let rank = vec![0; padj.len()];
        let tests = GeneTests { padj: padj.to_vec(), fold_change: fold_change.to_vec(), rank, ..GeneTests::default() };
        let selected = SelectedGenes::new(&tests);
        let genes = selected.genes.iter().map(|gene| gene.0).collect();
        (selected.p_threshold, selected.fold_change_threshold, genes)
    }

    #[test]
    fn up_and_down_are_pooled_and_thresholds_strict() {
        let found = select(&[1e-6, 1e-6, 1e-6, 1e-5, 1e-9], &[2.0, 2.1, 0.4, 9.0, 0.5]);
        assert_eq!(found, (1e-5, Some(2.0), vec![1, 2]));
    }

    #[test]
    fn without_a_strict_gene_the_loose_threshold_holds() {
        assert_eq!(select(&[2e-5, 0.06], &[3.0, 3.0]), (0.05, Some(2.0), vec![0]));
        assert_eq!(select(&[1e-5, 0.01], &[3.0, 3.0]), (1e-5, Some(2.0), vec![]));
    }

    #[test]
    fn small_fold_changes_drop_the_fold_rule() {
        assert_eq!(select(&[1e-6, 1.0, 1e-6], &[1.9, 0.1, 1.0]), (1e-5, None, vec![0, 2]));
    }

    #[test]
    fn nan_fold_changes_select_nothing() {
        assert_eq!(select(&[1.0, 1.0], &[f64::NAN, f64::NAN]), (0.05, Some(2.0), vec![]));
    }
}
