//! What the tests of a block of features leave behind: three numbers a gene and feature.

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

/// The same of a block of features, one after the other.
#[derive(Clone, Debug)]
pub(super) struct BlockColumns {
    n_genes: usize,
    n_filled: usize,
    test: GeneTest,
    scale: ValueScale,
    formula: FoldChangeFormula,
    cut: Cut,
    statistic: Vec<f64>,
    ln_p_value: Vec<f64>,
    log2_fold_change: Vec<f64>,
}

impl BlockColumns {
    pub(super) fn new(n_features: usize, n_genes: usize, params: &SoundParams, scale: ValueScale) -> Self {
        let empty = || vec![f64::NAN; n_features * n_genes];
        Self {
            n_genes,
            n_filled: 0,
            test: params.primary(),
            scale,
            formula: params.fold_change,
            cut: Cut::at(params.alpha.max(ALWAYS_EXACT)),
            statistic: empty(),
            ln_p_value: empty(),
            log2_fold_change: empty(),
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
        let at = feature * self.n_genes + self.n_filled;
        self.statistic[at] = statistic;
        if let Some(ln_p_value) = ln_p_value.filter(|&ln_p_value| ln_p_value <= self.cut.ln_p) {
            self.ln_p_value[at] = ln_p_value;
            self.log2_fold_change[at] = pair.log2_fold_change(self.scale, self.formula);
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

    pub(super) fn of(&self, feature: usize) -> FeatureColumns<'_> {
        let range = feature * self.n_genes..(feature + 1) * self.n_genes;
        FeatureColumns {
            statistic: &self.statistic[range.clone()],
            ln_p_value: &self.ln_p_value[range.clone()],
            log2_fold_change: &self.log2_fold_change[range],
        }
    }
}
