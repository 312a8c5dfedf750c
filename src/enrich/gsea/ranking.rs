//! Genes from the highest statistic to the lowest, with the size each one's hit counts for.
//!
//! Rank 0 is the highest statistic. Equal statistics are ordered by position, and counted so that a person can be
//! warned (as fgsea does, zeros apart: they weigh nothing). A hit weighs |statistic| to a power given with the
//! analysis ([`super::GseaParams::weight`]); [`Ranking::of_ranks`] puts in the place of the statistic its distance
//! from the middle of the ranking, which is the same for every ranking of as many genes. Statistics that are not
//! finite are refused; genes that were not tested are left out by a mask and belong to no set.

use super::GseaError;
use crate::data::GeneId;

const NOT_RANKED: u32 = u32::MAX;

/// Genes of the data in descending order of a statistic.
///
/// # Examples
/// ```
/// use featurescope::{data::GeneId, enrich::Ranking};
///
/// let ranking = Ranking::new(&[0.5, 3.0, -2.0])?;
/// assert_eq!(ranking.gene(0), GeneId(1));
/// assert_eq!(ranking.ranks_of(&[0, 2]), [1, 2]);
/// # Ok::<(), featurescope::enrich::GseaError>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Ranking {
    genes: Vec<u32>,
    rank_by_gene: Vec<u32>,
    magnitudes: Vec<f64>,
    n_tied: usize,
}

impl Ranking {
    /// Ranks all genes by their statistics.
    ///
    /// # Shapes
    /// `statistics` is `[n_genes]`, in the order of the data's genes.
    ///
    /// # Errors
    /// [`GseaError::NotFinite`], [`GseaError::TooFewGenes`].
    pub fn new(statistics: &[f64]) -> Result<Self, GseaError> {
        Self::of_genes(statistics, &vec![true; statistics.len()])
    }

    /// Ranks the genes the mask names; the statistics of others may be NaN.
    ///
    /// # Shapes
    /// Both `[n_genes]`.
    ///
    /// # Errors
    /// [`GseaError::MaskLength`], [`GseaError::NotFinite`], [`GseaError::TooFewGenes`].
    pub fn of_genes(statistics: &[f64], is_ranked: &[bool]) -> Result<Self, GseaError> {
        if statistics.len() != is_ranked.len() {
            return Err(GseaError::MaskLength { n_statistics: statistics.len(), n_mask: is_ranked.len() });
        }
        let mut genes: Vec<u32> = (0..statistics.len() as u32).filter(|&gene| is_ranked[gene as usize]).collect();
        let of = |gene: u32| statistics[gene as usize];
        if let Some(&gene) = genes.iter().find(|&&gene| !of(gene).is_finite()) {
            return Err(GseaError::NotFinite { position: gene as usize, value: of(gene) });
        }
        if genes.len() < 2 {
            return Err(GseaError::TooFewGenes { n_ranked: genes.len() });
        }
        // A stable sort that holds −0 equal to 0 keeps ties in order of position.
        genes.sort_by(|&a, &b| (of(b) + 0.0).total_cmp(&(of(a) + 0.0)));
        let n_tied = genes.windows(2).filter(|pair| of(pair[0]) == of(pair[1]) && of(pair[0]) != 0.0).count();
        let mut rank_by_gene = vec![NOT_RANKED; statistics.len()];
        for (rank, &gene) in genes.iter().enumerate() {
            rank_by_gene[gene as usize] = rank as u32;
        }
        let magnitudes = scaled(genes.iter().map(|&gene| of(gene).abs()).collect());
        Ok(Self { genes, rank_by_gene, magnitudes, n_tied })
    }

    /// The same order, with hits weighted by their distance from the middle of the ranking and not by the statistic.
    #[must_use]
    pub fn of_ranks(mut self) -> Self {
        self.magnitudes = rank_magnitudes(self.n_ranked());
        self
    }

    /// Number of genes ranked.
    pub fn n_ranked(&self) -> usize {
        self.genes.len()
    }

    /// Number of genes of the data, ranked or left out.
    pub fn n_genes(&self) -> usize {
        self.rank_by_gene.len()
    }

    /// Genes with the same statistic, not 0, as the gene before them: their order is arbitrary.
    pub fn n_tied(&self) -> usize {
        self.n_tied
    }

    /// The gene at a rank, 0 the highest.
    ///
    /// # Panics
    /// If there is no such rank.
    pub fn gene(&self, rank: u32) -> GeneId {
        GeneId(self.genes[rank as usize])
    }

    /// The ranks of the ranked ones among some genes, ascending.
    ///
    /// # Panics
    /// If a gene is not of the data.
    #[must_use]
    pub fn ranks_of(&self, genes: &[u32]) -> Vec<u32> {
        let ranks = genes.iter().map(|&gene| self.rank_by_gene[gene as usize]);
        let mut ranks: Vec<u32> = ranks.filter(|&rank| rank != NOT_RANKED).collect();
        ranks.sort_unstable();
        ranks.dedup();
        ranks
    }

    /// What a hit at each rank weighs: (|statistic| / the largest)^exponent, 0 to 1; all 1 for exponent 0.
    ///
    /// # Errors
    /// [`GseaError::Weight`] for an exponent out of range.
    pub fn weights(&self, exponent: f64) -> Result<Vec<f64>, GseaError> {
        super::params::check_weight(exponent)?;
        Ok(powers(&self.magnitudes, exponent))
    }
}

/// Distance of every rank from the middle, the ends being 1.
pub(super) fn rank_magnitudes(n: usize) -> Vec<f64> {
    let middle = (n as f64 - 1.0) / 2.0;
    (0..n).map(|rank| (rank as f64 - middle).abs() / middle).collect()
}

pub(super) fn powers(magnitudes: &[f64], exponent: f64) -> Vec<f64> {
    if exponent == 1.0 {
        return magnitudes.to_vec();
    }
    magnitudes.iter().map(|&magnitude| libm::pow(magnitude, exponent)).collect()
}

/// Divided by the largest, so that no sum overflows; enrichment scores are ratios and stay the same.
fn scaled(mut magnitudes: Vec<f64>) -> Vec<f64> {
    let largest = magnitudes.iter().copied().fold(0.0, f64::max);
    if largest > 0.0 {
        for magnitude in &mut magnitudes {
            *magnitude /= largest;
        }
    }
    magnitudes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ties_stand_in_order_of_position_and_are_counted_without_zeros() {
        let ranking = Ranking::new(&[1.0, 0.0, 2.0, -0.0, 1.0, 0.0, 1.0]).unwrap();
        let order: Vec<u32> = (0..7).map(|rank| ranking.gene(rank).0).collect();
        assert_eq!(order, [2, 0, 4, 6, 1, 3, 5]);
        assert_eq!(ranking.n_tied(), 2);
    }

    #[test]
    fn genes_left_out_have_no_rank_and_may_be_nan() {
        let ranking = Ranking::of_genes(&[1.0, f64::NAN, 3.0], &[true, false, true]).unwrap();
        assert_eq!((ranking.n_ranked(), ranking.n_genes()), (2, 3));
        assert_eq!(ranking.ranks_of(&[0, 1, 2]), [0, 1]);
        assert_eq!(ranking.ranks_of(&[1]), [0_u32; 0]);
    }

    #[test]
    fn what_is_not_finite_or_too_little_is_refused() {
        assert_eq!(
            Ranking::new(&[0.0, f64::INFINITY]),
            Err(GseaError::NotFinite { position: 1, value: f64::INFINITY })
        );
        assert!(matches!(Ranking::new(&[f64::NAN, 0.0]), Err(GseaError::NotFinite { position: 0, .. })));
        assert_eq!(Ranking::new(&[1.0]), Err(GseaError::TooFewGenes { n_ranked: 1 }));
        assert_eq!(Ranking::of_genes(&[1.0, 2.0], &[true]), Err(GseaError::MaskLength { n_statistics: 2, n_mask: 1 }));
    }

    #[test]
    fn weights_are_powers_that_do_not_overflow() {
        let ranking = Ranking::new(&[1e308, -1e308, 0.5e308, 0.0]).unwrap();
        assert_eq!(ranking.weights(1.0).unwrap(), [1.0, 0.5, 0.0, 1.0]);
        assert_eq!(ranking.weights(2.0).unwrap(), [1.0, 0.25, 0.0, 1.0]);
        assert_eq!(ranking.weights(0.0).unwrap(), [1.0; 4]);
        assert!(ranking.weights(f64::NAN).is_err());
        assert_eq!(ranking.of_ranks().weights(1.0).unwrap(), [1.0, 1.0 / 3.0, 1.0 / 3.0, 1.0]);
    }
}
