//! Genes of a feature as a ranking for gene set enrichment analysis (GSEA): by what, and how hits are weighted.
//!
//! Null of GSEA: a random set of as many ranked genes ([`crate::enrich::gsea`]). Genes outside the universe and genes
//! whose statistic is NaN (not tested, or without variance for Welch's t) are not ranked and belong to no set. Genes
//! that nothing separates have 0 (Wilcoxon) and stand, tied in the data's order, in the middle.

use serde::{Deserialize, Serialize};

use super::gene_table::GeneTable;
use super::params::GeneTest;
use crate::enrich::{GseaError, GseaParams, Ranking};

/// What genes are ranked by, positive where positive cells have more.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RankBy {
    /// Wilcoxon's z: how sure the change is; always finite.
    #[default]
    WilcoxonZ,
    /// Welch's t: how sure the change of means is.
    WelchT,
    /// Log2 fold change: how large the change is, sure or not.
    Log2FoldChange,
    /// AUROC − ½: how well the gene tells the groups apart, −½ to ½.
    Auroc,
}

impl RankBy {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::WilcoxonZ, Self::WelchT, Self::Log2FoldChange, Self::Auroc];

    /// Its name as it stands in tables and plots.
    pub fn name(self) -> &'static str {
        match self {
            Self::WilcoxonZ => "Wilcoxon z",
            Self::WelchT => "Welch t",
            Self::Log2FoldChange => "log2 fold change",
            Self::Auroc => "AUROC − 0.5",
        }
    }

    /// The test that has to be done for it; fold changes come with either.
    pub fn test(self) -> GeneTest {
        match self {
            Self::WilcoxonZ | Self::Auroc => GeneTest::Wilcoxon,
            Self::WelchT | Self::Log2FoldChange => GeneTest::Welch,
        }
    }

    /// The statistic of every gene, `[n_genes]`; NaN where it was not tested.
    pub fn statistic(self, table: &GeneTable) -> Vec<f64> {
        match self {
            Self::WilcoxonZ => table.z.clone(),
            Self::WelchT => table.t.clone(),
            Self::Log2FoldChange => table.log2_fold_change.clone(),
            Self::Auroc => table.auroc.iter().map(|auroc| auroc - 0.5).collect(),
        }
    }
}

/// What a hit weighs.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum GseaWeight {
    /// |statistic| to this power, 0 to 10; 0 is the unweighted statistic, 1 GSEA's.
    Statistic(f64),
    /// The distance of its rank from the middle: the same for every ranking of as many genes.
    Rank,
}

impl Default for GseaWeight {
    fn default() -> Self {
        Self::Statistic(1.0)
    }
}

/// How p is found.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum GseaMethod {
    /// Counting random sets, and multilevel splitting where they are too few, down to this p (fgsea).
    Multilevel {
        /// p below are given as this; 1e-300 to 1.
        eps: f64,
    },
    /// Counting random sets; no p is below 1 / (1 + their number).
    Simple,
}

impl Default for GseaMethod {
    fn default() -> Self {
        Self::Multilevel { eps: 1e-50 }
    }
}

/// A gene set enrichment analysis of features; the sizes of sets are those of the analysis.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FeatureGseaParams {
    /// What genes are ranked by.
    pub rank_by: RankBy,
    /// What a hit weighs.
    pub weight: GseaWeight,
    /// How p is found.
    pub method: GseaMethod,
    /// Random sets of each size; 100 to 1,000,000.
    pub n_permutations: usize,
    /// Seed of everything random.
    pub seed: u64,
}

impl Default for FeatureGseaParams {
    fn default() -> Self {
        let (rank_by, weight, method) = Default::default();
        Self { rank_by, weight, method, n_permutations: 1000, seed: 0 }
    }
}

impl FeatureGseaParams {
    /// The parameters of the method for sets of `min_size` to `max_size` ranked genes.
    pub fn for_sizes(&self, min_size: usize, max_size: usize) -> GseaParams {
        let mut params = GseaParams {
            min_size,
            max_size,
            n_permutations: self.n_permutations,
            seed: self.seed,
            ..GseaParams::default()
        };
        match self.method {
            GseaMethod::Multilevel { eps } => params.eps = eps,
            GseaMethod::Simple => (params.is_multilevel, params.eps) = (false, 1e-300),
        }
        match self.weight {
            GseaWeight::Statistic(exponent) => params.weight = exponent,
            GseaWeight::Rank => params.weight = 1.0,
        }
        params
    }

    /// Checks that the parameters make sense.
    ///
    /// # Errors
    /// As [`GseaParams::check`].
    pub fn check(&self) -> Result<(), GseaError> {
        self.for_sizes(1, usize::MAX).check()
    }

    /// Ranks the genes of the universe that have a statistic, highest first.
    ///
    /// # Shapes
    /// Both `[n_genes]`.
    ///
    /// # Errors
    /// [`GseaError::MaskLength`], [`GseaError::TooFewGenes`], [`GseaError::NotFinite`] for an infinite statistic.
    ///
    /// # Examples
    /// ```
    /// use featurescope::lens::FeatureGseaParams;
    ///
    /// let params = FeatureGseaParams::default();
    /// let ranking = params.rank(&[0.5, f64::NAN, 3.0, 9.0], &[true, true, true, false])?;
    /// assert_eq!((ranking.n_ranked(), ranking.gene(0).0), (2, 2));
    /// # Ok::<(), featurescope::enrich::GseaError>(())
    /// ```
    pub fn rank(&self, statistic: &[f64], is_in_universe: &[bool]) -> Result<Ranking, GseaError> {
        if statistic.len() != is_in_universe.len() {
            return Err(GseaError::MaskLength { n_statistics: statistic.len(), n_mask: is_in_universe.len() });
        }
        let is_ranked: Vec<bool> =
            statistic.iter().zip(is_in_universe).map(|(value, &is_in)| is_in && !value.is_nan()).collect();
        let ranking = Ranking::of_genes(statistic, &is_ranked)?;
        Ok(if self.weight == GseaWeight::Rank { ranking.of_ranks() } else { ranking })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_ranking_is_by_its_own_column() {
        let table = GeneTable {
            z: vec![1.0, -2.0],
            t: vec![3.0, f64::NAN],
            log2_fold_change: vec![0.25, -4.0],
            auroc: vec![0.75, 0.0],
            ..GeneTable::default()
        };
        assert_eq!(RankBy::WilcoxonZ.statistic(&table), [1.0, -2.0]);
        assert!(RankBy::WelchT.statistic(&table)[1].is_nan());
        assert_eq!(RankBy::Log2FoldChange.statistic(&table), [0.25, -4.0]);
        assert_eq!(RankBy::Auroc.statistic(&table), [0.25, -0.5]);
    }

    #[test]
    fn untested_genes_and_genes_outside_the_universe_are_not_ranked() {
        let params = FeatureGseaParams::default();
        let ranking = params.rank(&[1.0, f64::NAN, 2.0, 3.0], &[true, true, true, false]).unwrap();
        assert_eq!(ranking.ranks_of(&[0, 1, 2, 3]), [0, 1]);
        assert_eq!(params.rank(&[f64::NAN, 1.0], &[true; 2]), Err(GseaError::TooFewGenes { n_ranked: 1 }));
        assert!(matches!(params.rank(&[1.0], &[true; 2]), Err(GseaError::MaskLength { .. })));
    }

    #[test]
    fn ranks_weigh_the_same_whatever_the_statistic() {
        let params = FeatureGseaParams { weight: GseaWeight::Rank, ..FeatureGseaParams::default() };
        let weights = |statistic: &[f64]| params.rank(statistic, &[true; 3]).unwrap().weights(1.0).unwrap();
        assert_eq!(weights(&[9.0, 1.0, -5.0]), [1.0, 0.0, 1.0]);
        assert_eq!(weights(&[0.1, 0.2, 0.3]), [1.0, 0.0, 1.0]);
    }

    #[test]
    fn senseless_values_are_refused() {
        let check = |change: fn(&mut FeatureGseaParams)| {
            let mut params = FeatureGseaParams::default();
            change(&mut params);
            params.check()
        };
        assert_eq!(check(|_| ()), Ok(()));
        assert_eq!(check(|params| params.method = GseaMethod::Simple), Ok(()));
        let eps = check(|params| params.method = GseaMethod::Multilevel { eps: 0.0 });
        assert_eq!(eps, Err(GseaError::Eps { found: 0.0 }));
        assert_eq!(check(|params| params.n_permutations = 9), Err(GseaError::Permutations { found: 9 }));
        let weight = check(|params| params.weight = GseaWeight::Statistic(-1.0));
        assert_eq!(weight, Err(GseaError::Weight { found: -1.0 }));
    }
}
