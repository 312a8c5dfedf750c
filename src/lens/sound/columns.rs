//! What the tests of a block of features leave behind: a statistic for every gene and feature, p and fold change where
//! p is small.

use super::gene_sums::GenePair;
use super::gene_tests::Cut;
use super::normaliser::ValueScale;
use super::params::{GeneTest, SoundParams};
use crate::stats::FoldChangeFormula;

/// p-values up to this are worked out whatever the threshold: families need them.
pub(super) const ALWAYS_EXACT: f64 = 0.05;

/// One feature's tests of all genes by the test that selects.
///
/// # Shapes
/// `[n_genes]` each.
#[derive(Clone, Copy, Debug)]
pub(super) struct FeatureColumns<'a> {
    /// t or z; NaN where not tested.
    pub(super) statistic: &'a [f64],
    /// ln of the two-sided p; NaN where it is larger than anything of interest.
    pub(super) ln_p_value: &'a [f64],
    /// NaN where `ln_p_value` is.
    pub(super) log2_fold_change: &'a [f64],
}

/// The same of a block of features; p and fold change are kept for those genes alone that have them.
#[derive(Clone, Debug)]
pub(super) struct BlockColumns {
    n_genes: usize,
    n_filled: usize,
    test: GeneTest,
    scale: ValueScale,
    formula: FoldChangeFormula,
    cut: Cut,
    /// `[n_features, n_genes]`
    statistic: Vec<f64>,
    /// By feature.
    small: Vec<SmallPValues>,
}

/// Genes of one feature with a small p: gene, ln p and log2 fold change of each.
#[derive(Clone, Debug, Default)]
struct SmallPValues {
    genes: Vec<u32>,
    numbers: Vec<[f64; 2]>,
}

/// Room for one feature's columns.
#[derive(Clone, Debug, Default)]
pub(super) struct ColumnRoom {
    ln_p_value: Vec<f64>,
    log2_fold_change: Vec<f64>,
}

impl BlockColumns {
    pub(super) fn new(n_features: usize, n_genes: usize, params: &SoundParams, scale: ValueScale) -> Self {
        Self {
            n_genes,
            n_filled: 0,
            test: params.primary(),
            scale,
            formula: params.fold_change,
            cut: Cut::at(params.alpha.max(ALWAYS_EXACT)),
            statistic: vec![f64::NAN; n_features * n_genes],
            small: vec![SmallPValues::default(); n_features],
        }
    }

    /// Enters the present gene of one feature.
    pub(super) fn enter(&mut self, feature: usize, pair: &GenePair) {
        let (statistic, ln_p_value) = match self.test {
            GeneTest::Welch => {
                let test = pair.welch();
                (test.t, self.cut.allows(test.t).then(|| test.ln_p_value()))
            }
            GeneTest::Wilcoxon => {
                let test = pair.wilcoxon();
                (test.z, self.cut.allows(test.z).then(|| test.ln_p_value()))
            }
        };
        self.statistic[feature * self.n_genes + self.n_filled] = statistic;
        if let Some(ln_p_value) = ln_p_value.filter(|&ln_p_value| ln_p_value <= self.cut.ln_p) {
            let small = &mut self.small[feature];
            small.genes.push(self.n_filled as u32);
            small.numbers.push([ln_p_value, pair.log2_fold_change(self.scale, self.formula)]);
        }
    }

    /// The next gene comes.
    pub(super) fn next_gene(&mut self) {
        self.n_filled += 1;
    }

    /// Whether every gene has been entered.
    pub(super) fn is_full(&self) -> bool {
        self.n_filled == self.n_genes
    }

    /// Gives back room that is not used.
    pub(super) fn shrink(&mut self) {
        for small in &mut self.small {
            small.genes.shrink_to_fit();
            small.numbers.shrink_to_fit();
        }
    }

    pub(super) fn of<'a>(&'a self, feature: usize, room: &'a mut ColumnRoom) -> FeatureColumns<'a> {
        for column in [&mut room.ln_p_value, &mut room.log2_fold_change] {
            column.clear();
            column.resize(self.n_genes, f64::NAN);
        }
        let small = &self.small[feature];
        for (&gene, &[ln_p_value, log2_fold_change]) in small.genes.iter().zip(&small.numbers) {
            room.ln_p_value[gene as usize] = ln_p_value;
            room.log2_fold_change[gene as usize] = log2_fold_change;
        }
        FeatureColumns {
            statistic: &self.statistic[feature * self.n_genes..(feature + 1) * self.n_genes],
            ln_p_value: &room.ln_p_value,
            log2_fold_change: &room.log2_fold_change,
        }
    }
}
