//! log2 fold change between two groups of cells from log-normalised expression, by the formula's name.
//!
//! Tools disagree. With v = log_b(1 + x), m the mean of v, x̄ the mean of x = b^v − 1, n the cells of a group:
//!
//! | name | log2 of the ratio of | source |
//! |---|---|---|
//! | `scanpy` | b^m − 1 + 1e-9 | scanpy `rank_genes_groups` |
//! | `linear_mean` | x̄ + 1e-9 | the mean taken before the logarithm |
//! | `seurat_v5` | (Σx + 1)/n | Seurat 5 `FoldChange` |
//! | `seurat_v4` | x̄ + 1 | Seurat 4 `FoldChange` |
//! | `mean_difference` | b^m, the geometric mean of 1 + x | difference of means |
//!
//! Rules: positive if the first group is higher. An empty group or NaN gives NaN, and so does a formula whose ratio is
//! not positive: on scaled data, with negative values, only `mean_difference` is right.

use std::f64::consts::LN_2;

use serde::{Deserialize, Serialize};
use thiserror::Error;

const PSEUDOCOUNT: f64 = 1e-9;

/// Which log2 fold change is meant.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FoldChangeFormula {
    /// Of the means of logarithms, made linear, each with 1e-9 more: scanpy's.
    #[default]
    Scanpy,
    /// Of the means of linear values, each with 1e-9 more.
    LinearMean,
    /// Of the sums of linear values, each with 1 more, by the group's size: Seurat 5's.
    SeuratV5,
    /// Of the means of linear values, each with 1 more: Seurat 4's.
    SeuratV4,
    /// The difference of the means of logarithms, in units of log 2.
    MeanDifference,
}

impl FoldChangeFormula {
    /// Whether the formula reads [`GroupMeans::linear`]; otherwise it need not be there.
    pub fn reads_linear_means(self) -> bool {
        matches!(self, Self::LinearMean | Self::SeuratV5 | Self::SeuratV4)
    }
}

/// Why a base of logarithms is refused.
#[derive(Clone, Debug, PartialEq, Error)]
pub enum FoldChangeError {
    /// Not a base that keeps the order of values.
    #[error("uns/log1p/base is {found}, expected a number above 1; leave it out if the logarithm is natural")]
    Base {
        /// The base given.
        found: f64,
    },
}

/// The base of the data's logarithms, e unless the file says otherwise (`uns/log1p/base`).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LogBase {
    ln: f64,
}

impl Default for LogBase {
    fn default() -> Self {
        Self { ln: 1.0 }
    }
}

impl LogBase {
    /// A base above 1.
    ///
    /// # Errors
    /// If it is not, or not finite.
    pub fn new(base: f64) -> Result<Self, FoldChangeError> {
        if base > 1.0 && base.is_finite() {
            Ok(Self { ln: libm::log(base) })
        } else {
            Err(FoldChangeError::Base { found: base })
        }
    }

    /// x of a value log_b(1 + x).
    pub fn to_linear(self, value: f64) -> f64 {
        libm::expm1(value * self.ln)
    }
}

/// One gene in one group of cells.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct GroupMeans {
    /// Number of cells, those at zero included.
    pub n: usize,
    /// Mean of the values as they are, log_b(1 + x).
    pub log: f64,
    /// Mean of x ([`LogBase::to_linear`] of each value).
    pub linear: f64,
}

/// log2 fold change of the first group over the second; uncapped, so a gene absent from one group may have ±30.
///
/// # Examples
/// ```
/// use featurescope::stats::{FoldChangeFormula, GroupMeans, LogBase, log2_fold_change};
/// // Three counts in each of 10 cells against one in each of 10.
/// let first = GroupMeans { n: 10, log: 4.0_f64.ln(), linear: 3.0 };
/// let second = GroupMeans { n: 10, log: 2.0_f64.ln(), linear: 1.0 };
/// let by = |formula| log2_fold_change(first, second, formula, LogBase::default());
/// assert!((by(FoldChangeFormula::Scanpy) - 3.0_f64.log2()).abs() < 1e-8);
/// assert!((by(FoldChangeFormula::SeuratV4) - 1.0).abs() < 1e-15);
/// ```
pub fn log2_fold_change(first: GroupMeans, second: GroupMeans, formula: FoldChangeFormula, base: LogBase) -> f64 {
    if first.n == 0 || second.n == 0 {
        return f64::NAN;
    }
    let log2_ratio = |level: &dyn Fn(GroupMeans) -> f64| libm::log2(level(first) / level(second));
    match formula {
        FoldChangeFormula::Scanpy => log2_ratio(&|group| base.to_linear(group.log) + PSEUDOCOUNT),
        FoldChangeFormula::LinearMean => log2_ratio(&|group| group.linear + PSEUDOCOUNT),
        FoldChangeFormula::SeuratV5 => log2_ratio(&|group| group.linear + 1.0 / group.n as f64),
        FoldChangeFormula::SeuratV4 => log2_ratio(&|group| group.linear + 1.0),
        FoldChangeFormula::MeanDifference => (first.log - second.log) * base.ln / LN_2,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::oracle;

    const FORMULAS: [(FoldChangeFormula, &str, f64); 5] = [
        (FoldChangeFormula::Scanpy, "scanpy", 0.227_634_761_030_955_26),
        (FoldChangeFormula::LinearMean, "linear_mean", 0.378_235_535_478_945_84),
        (FoldChangeFormula::SeuratV5, "seurat_v5", 0.379_748_749_275_704_46),
        (FoldChangeFormula::SeuratV4, "seurat_v4", 0.207_997_340_302_703_78),
        (FoldChangeFormula::MeanDifference, "mean_difference", 0.094_176_896_830_380_97),
    ];

    /// The oracle's counts as logarithms of that base.
    fn means(counts: &[f64], ln_base: f64, base: LogBase) -> GroupMeans {
        let logs: Vec<f64> = counts.iter().map(|count| count.ln_1p() / ln_base).collect();
        let mean = |values: &mut dyn Iterator<Item = f64>| values.sum::<f64>() / counts.len() as f64;
        GroupMeans {
            n: counts.len(),
            log: mean(&mut logs.iter().copied()),
            linear: mean(&mut logs.iter().map(|&value| base.to_linear(value))),
        }
    }

    #[test]
    fn oracle_counts_match_scanpy_and_seurat_in_any_base() {
        let (x, y) = oracle::sample();
        let bases = [(1.0, LogBase::default()), (2.0_f64.ln(), LogBase::new(2.0).unwrap())];
        for (ln_base, base) in bases {
            let (first, second) = (means(&x, ln_base, base), means(&y, ln_base, base));
            for (formula, name, expected) in FORMULAS {
                let found = log2_fold_change(first, second, formula, base);
                assert!((found - expected).abs() < 1e-14, "{name}: {found} is not {expected}");
                let swapped = log2_fold_change(second, first, formula, base);
                assert!((found + swapped).abs() < 1e-15, "{name}");
            }
        }
    }

    #[test]
    fn names_are_those_of_the_documentation() {
        for (formula, name, _) in FORMULAS {
            assert_eq!(serde_json::to_string(&formula).unwrap(), format!("\"{name}\""));
            assert_eq!(serde_json::from_str::<FoldChangeFormula>(&format!("\"{name}\"")).unwrap(), formula);
        }
        assert_eq!(FoldChangeFormula::default(), FoldChangeFormula::Scanpy);
        assert!(FoldChangeFormula::SeuratV5.reads_linear_means() && !FoldChangeFormula::Scanpy.reads_linear_means());
    }

    #[test]
    fn absent_genes_are_finite_and_empty_groups_nan() {
        let zero = GroupMeans { n: 5, log: 0.0, linear: 0.0 };
        let one = GroupMeans { n: 5, log: 2.0_f64.ln(), linear: 1.0 };
        let nobody = GroupMeans { n: 0, log: f64::NAN, linear: f64::NAN };
        for (formula, name, _) in FORMULAS {
            let by = |first, second| log2_fold_change(first, second, formula, LogBase::default());
            assert_eq!(by(zero, zero), 0.0, "{name}");
            assert!(by(one, zero).is_finite() && by(one, zero) > 0.0, "{name}");
            assert!(by(one, nobody).is_nan() && by(nobody, one).is_nan(), "{name}");
        }
    }

    #[test]
    fn scaled_data_have_a_mean_difference_only() {
        let (low, high) = (GroupMeans { n: 5, log: -1.0, linear: -0.6 }, GroupMeans { n: 5, log: 1.0, linear: 2.0 });
        let by = |formula| log2_fold_change(high, low, formula, LogBase::default());
        assert!(by(FoldChangeFormula::Scanpy).is_nan());
        assert_eq!(by(FoldChangeFormula::MeanDifference), 2.0 / LN_2);
    }

    #[test]
    fn bases_that_turn_the_order_are_refused() {
        for base in [0.5, 1.0, 0.0, -2.0, f64::INFINITY] {
            assert_eq!(LogBase::new(base), Err(FoldChangeError::Base { found: base }));
        }
        assert!(LogBase::new(f64::NAN).unwrap_err().to_string().starts_with("uns/log1p/base is NaN"));
    }
}
