//! How many cells each feature is active in.
//!
//! A feature's density is the share of cells with an activation above 1e-10. The histogram counts log10 of it in bins
//! of a quarter from −6 to 0, the same for every data set, so that runs can be compared; features of density 0 are
//! counted apart, those below 10⁻⁶ in the first bin. A density on an edge belongs to the bin above it, density 1 to the
//! last. Rule: no cells give densities of NaN, which are counted nowhere but in `n_undefined`.

use super::LIVE_ABOVE;
use crate::data::{CellId, FeatureId, SparseActivations};

/// log10 of the lowest edge.
const LOWEST: f64 = -6.0;
/// Width of a bin in log10.
const WIDTH: f64 = 0.25;
const N_BINS: usize = 24;

/// Share of all cells each feature is active in, 0 to 1, `[n_features]`.
#[must_use]
pub fn densities(activations: &SparseActivations) -> Vec<f64> {
    let n_cells = activations.n_cells() as f64;
    let density = |feature| {
        let (_, values) = activations.feature(FeatureId(feature));
        values.iter().filter(|&&value| value > LIVE_ABOVE).count() as f64 / n_cells
    };
    (0..activations.n_features() as u32).map(density).collect()
}

/// Share of the cells in `rows` each feature is active in, 0 to 1, `[n_features]`.
///
/// # Panics
/// If a row does not exist.
#[must_use]
pub fn densities_of_rows(activations: &SparseActivations, rows: &[u32]) -> Vec<f64> {
    let mut n_active = vec![0_u32; activations.n_features()];
    for &row in rows {
        let (features, values) = activations.cell(CellId(row));
        for (&feature, &value) in features.iter().zip(values) {
            n_active[feature as usize] += u32::from(value > LIVE_ABOVE);
        }
    }
    n_active.into_iter().map(|n| f64::from(n) / rows.len() as f64).collect()
}

/// Features by log10 of their density.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DensityHistogram {
    /// Features in each bin; see [`Self::edges`].
    pub counts: Vec<u32>,
    /// Features active in no cell.
    pub n_zero: u32,
    /// Features without a density, as there is no cell.
    pub n_undefined: u32,
}

impl DensityHistogram {
    /// Counts densities.
    #[must_use]
    pub fn new(densities: &[f64]) -> Self {
        let mut histogram = Self { counts: vec![0; N_BINS], n_zero: 0, n_undefined: 0 };
        for &density in densities {
            if density.is_nan() {
                histogram.n_undefined += 1;
            } else if density <= 0.0 {
                histogram.n_zero += 1;
            } else {
                histogram.counts[bin(density)] += 1;
            }
        }
        histogram
    }

    /// The edges of the bins in log10 of the density, one more than bins.
    #[must_use]
    pub fn edges() -> Vec<f64> {
        (0..=N_BINS).map(|at| LOWEST + at as f64 * WIDTH).collect()
    }
}

fn bin(density: f64) -> usize {
    let at = ((libm::log10(density) - LOWEST) / WIDTH).floor();
    at.clamp(0.0, (N_BINS - 1) as f64) as usize
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::{DenseMatrix, SparseMatrix};

    fn activations() -> SparseActivations {
        let values = vec![1.0, 0.0, 1e-12, 2.0, 0.0, 0.0, 3.0, 0.5, 0.0, 4.0, 0.0, 0.0];
        SparseActivations::from_cells(SparseMatrix::from_dense(&DenseMatrix::new(4, 3, values).unwrap()))
    }

    #[test]
    fn a_density_is_a_share_of_cells_and_traces_do_not_count() {
        assert_eq!(densities(&activations()), [1.0, 0.25, 0.0]);
        assert_eq!(densities_of_rows(&activations(), &[0, 2]), [1.0, 0.5, 0.0]);
        assert_eq!(densities_of_rows(&activations(), &[0, 1, 2, 3]), densities(&activations()));
    }

    #[test]
    fn zero_and_one_have_their_places() {
        let histogram = DensityHistogram::new(&[0.0, 1.0, 0.1, 1e-9, 0.099, f64::NAN]);
        assert_eq!((histogram.n_zero, histogram.n_undefined, histogram.counts.iter().sum::<u32>()), (1, 1, 4));
        assert_eq!(
            (histogram.counts[23], histogram.counts[20], histogram.counts[19], histogram.counts[0]),
            (1, 1, 1, 1)
        );
        let edges = DensityHistogram::edges();
        assert_eq!((edges.len(), edges[0], edges[20], edges[24]), (25, -6.0, -1.0, 0.0));
    }

    #[test]
    fn no_cells_leave_densities_undefined() {
        let densities = densities_of_rows(&activations(), &[]);
        assert!(densities.iter().all(|density| density.is_nan()));
        assert_eq!(DensityHistogram::new(&densities).n_undefined, 3);
    }
}
