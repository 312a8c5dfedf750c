//! What sound mode is asked to do: which cells, which tests, which family, which thresholds.

use serde::{Deserialize, Serialize};

use super::columns::ALWAYS_EXACT;
use super::{SumsWanted, ValueScale};
use crate::lens::LensError;
use crate::stats::FoldChangeFormula;

/// Which cells a feature's positive group is. Only cells with an activation above 0 are ever positive.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Positives {
    /// All cells in which the feature is active.
    Active,
    /// Cells strictly above this percentile of the activation over all cells, zeros included (linear interpolation);
    /// where those are fewer than the smallest group, so many with the largest activations.
    Percentile(f64),
    /// So many cells with the largest activations; cells tied with the last of them are taken too.
    Top(usize),
}

impl Default for Positives {
    /// The paper's percentile.
    fn default() -> Self {
        Self::Percentile(99.0)
    }
}

/// Which cells the positive group is compared with. No cell is in both groups, none is in one twice.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Negatives {
    /// All other cells.
    #[default]
    Rest,
    /// A seeded random sample of the other cells; all of them where there are fewer.
    Sample(usize),
    /// In every category of this label column as many negative as positive cells: where one side has more, a seeded
    /// random sample of it. Cells without a label are left out.
    Matched(String),
}

/// A test of one gene between two groups.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum GeneTest {
    /// Welch's t test, two-sided.
    Welch,
    /// Wilcoxon's rank sum test, two-sided, normal approximation with tie and continuity correction.
    Wilcoxon,
}

/// The genes that selected genes and gene sets are counted among.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Universe {
    /// All genes of the data.
    #[default]
    Measured,
    /// Genes of the data that are in at least one gene set.
    Annotated,
    /// Genes of the data that are in a list of one's own.
    Listed {
        /// What the list is called.
        name: String,
        /// Gene names.
        genes: Vec<String>,
    },
}

/// What sound mode does.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SoundParams {
    /// The positive group.
    pub positives: Positives,
    /// The negative group.
    pub negatives: Negatives,
    /// A feature with fewer cells in either group is left out, and listed.
    pub min_cells: usize,
    /// The tests; the first selects genes and orders them for the rank test of the sets.
    pub tests: Vec<GeneTest>,
    /// Formula of log2 fold changes, where values are logarithms.
    pub fold_change: FoldChangeFormula,
    /// What hits are counted among.
    pub universe: Universe,
    /// Genes and terms with an adjusted p below this are significant.
    pub alpha: f64,
    /// Selected genes have at least this log2 fold change, up or down.
    pub min_log2_fold_change: f64,
    /// Seed of sampled negative groups.
    pub seed: u64,
}

impl Default for SoundParams {
    fn default() -> Self {
        let (positives, negatives, fold_change, universe) = Default::default();
        Self {
            positives,
            negatives,
            min_cells: 10,
            tests: vec![GeneTest::Wilcoxon, GeneTest::Welch],
            fold_change,
            universe,
            alpha: 0.05,
            min_log2_fold_change: 0.5,
            seed: 0,
        }
    }
}

impl SoundParams {
    /// Whether the same groups and tests come of both, so that they differ in nothing but what is made of the tests:
    /// thresholds, universe.
    #[must_use]
    pub fn tests_as(&self, other: &Self) -> bool {
        let tests_of = |params: &Self| Self {
            alpha: params.alpha.max(ALWAYS_EXACT),
            min_log2_fold_change: 0.0,
            universe: Universe::Measured,
            ..params.clone()
        };
        tests_of(self) == tests_of(other)
    }

    /// Checks each value by itself; whether a column or a gene exists is known only with the data.
    ///
    /// # Errors
    /// [`LensError::Percentile`], [`LensError::NoCellsAskedFor`], [`LensError::MinCells`],
    /// [`LensError::FewerThanSmallest`], [`LensError::Tests`], [`LensError::Alpha`], [`LensError::MinFoldChange`].
    pub fn check(&self) -> Result<(), LensError> {
        match self.positives {
            Positives::Percentile(q) if !(0.0..100.0).contains(&q) => return Err(LensError::Percentile { found: q }),
            Positives::Top(0) => return Err(LensError::NoCellsAskedFor { group: "positive" }),
            _ => {}
        }
        if self.negatives == Negatives::Sample(0) {
            return Err(LensError::NoCellsAskedFor { group: "negative" });
        }
        if self.min_cells == 0 {
            return Err(LensError::MinCells);
        }
        let asked = [
            ("positive", if let Positives::Top(n) = self.positives { n } else { usize::MAX }),
            ("negative", if let Negatives::Sample(n) = self.negatives { n } else { usize::MAX }),
        ];
        if let Some((group, asked)) = asked.into_iter().find(|(_, n)| *n < self.min_cells) {
            return Err(LensError::FewerThanSmallest { group, asked, min: self.min_cells });
        }
        if !matches!(self.tests[..], [_]) && !matches!(self.tests[..], [a, b] if a != b) {
            return Err(LensError::Tests);
        }
        if !(self.alpha > 0.0 && self.alpha <= MAX_ALPHA) {
            return Err(LensError::Alpha { found: self.alpha });
        }
        let limit = self.min_log2_fold_change;
        if limit >= 0.0 && limit.is_finite() { Ok(()) } else { Err(LensError::MinFoldChange { found: limit }) }
    }

    /// What is summed for these tests.
    pub(super) fn sums_wanted(&self, tests: &[GeneTest], scale: ValueScale) -> SumsWanted {
        SumsWanted {
            ranks: tests.contains(&GeneTest::Wilcoxon),
            linear: scale == ValueScale::Log1p && self.fold_change.reads_linear_means(),
        }
    }

    /// The test that selects genes.
    pub fn primary(&self) -> GeneTest {
        self.tests.first().copied().unwrap_or(GeneTest::Wilcoxon)
    }
}

/// The largest threshold for adjusted p-values.
pub(crate) const MAX_ALPHA: f64 = 0.5;

#[cfg(test)]
mod tests {
    use super::*;

    fn check(change: impl FnOnce(&mut SoundParams)) -> Result<(), LensError> {
        let mut params = SoundParams::default();
        change(&mut params);
        params.check()
    }

    #[test]
    fn each_senseless_value_is_refused_by_name() {
        assert_eq!(check(|_| {}), Ok(()));
        assert_eq!(
            check(|params| params.positives = Positives::Percentile(100.0)),
            Err(LensError::Percentile { found: 100.0 })
        );
        assert!(check(|params| params.positives = Positives::Percentile(f64::NAN)).is_err());
        assert_eq!(
            check(|params| params.positives = Positives::Top(0)),
            Err(LensError::NoCellsAskedFor { group: "positive" })
        );
        assert_eq!(
            check(|params| params.negatives = Negatives::Sample(0)),
            Err(LensError::NoCellsAskedFor { group: "negative" })
        );
        assert_eq!(check(|params| params.min_cells = 0), Err(LensError::MinCells));
        assert_eq!(
            check(|params| params.positives = Positives::Top(9)),
            Err(LensError::FewerThanSmallest { group: "positive", asked: 9, min: 10 })
        );
        assert!(check(|params| params.negatives = Negatives::Sample(9)).is_err());
        assert_eq!(check(|params| params.tests.clear()), Err(LensError::Tests));
        assert_eq!(check(|params| params.tests = vec![GeneTest::Welch; 2]), Err(LensError::Tests));
        assert_eq!(check(|params| params.alpha = 0.0), Err(LensError::Alpha { found: 0.0 }));
        assert!(check(|params| params.alpha = f64::NAN).is_err());
        assert!(check(|params| params.min_log2_fold_change = f64::INFINITY).is_err());
    }
}
