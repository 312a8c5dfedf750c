//! Sums over cells that say how similar two features' activations are.
//!
//! Shared by [`super::coactivation`], [`super::redundancy`] and the matching of two autoencoders over the same cells.

use crate::data::{CellId, FeatureId, SparseActivations};

/// A variance below this share of the mean square is rounding.
const CONSTANT_BELOW: f64 = 1e-12;

/// First and second moments of every feature over all cells.
#[derive(Clone, Debug)]
pub(super) struct Moments {
    n_cells: f64,
    sums: Vec<f64>,
    squares: Vec<f64>,
    /// Σ (z − z̄)², 0 where it is rounding.
    variations: Vec<f64>,
}

impl Moments {
    pub(super) fn new(activations: &SparseActivations) -> Self {
        let n_cells = activations.n_cells() as f64;
        let mut moments = Self { n_cells, sums: Vec::new(), squares: Vec::new(), variations: Vec::new() };
        for feature in 0..activations.n_features() as u32 {
            let (_, values) = activations.feature(FeatureId(feature));
            let sum: f64 = values.iter().map(|&value| f64::from(value)).sum();
            let squares: f64 = values.iter().map(|&value| f64::from(value) * f64::from(value)).sum();
            let variation = squares - sum * sum / n_cells;
            moments.sums.push(sum);
            moments.squares.push(squares);
            moments.variations.push(if variation <= CONSTANT_BELOW * squares { 0.0 } else { variation });
        }
        moments
    }

    /// Pearson r of a feature here and one there, given Σ z z'; NaN if either does not vary.
    pub(super) fn pearson(&self, here: usize, other: &Self, there: usize, product: f64) -> f64 {
        let covariation = product - self.sums[here] * other.sums[there] / self.n_cells;
        ratio(covariation, self.variations[here] * other.variations[there])
    }

    /// Cosine over cells, given Σ z z'; NaN if either is all zeros.
    pub(super) fn cosine(&self, here: usize, other: &Self, there: usize, product: f64) -> f64 {
        ratio(product, self.squares[here] * other.squares[there])
    }
}

fn ratio(product: f64, squared_lengths: f64) -> f64 {
    if squared_lengths == 0.0 { f64::NAN } else { (product / squared_lengths.sqrt()).clamp(-1.0, 1.0) }
}

/// Cells a feature shares with every feature of `others` (the same autoencoder or another) and Σ z z' over them,
/// `[n_features of others]`.
pub(super) fn overlaps(
    activations: &SparseActivations,
    feature: FeatureId,
    others: &SparseActivations,
) -> Vec<(u32, f64)> {
    let mut overlaps = vec![(0, 0.0); others.n_features()];
    let (cells, values) = activations.feature(feature);
    for (&cell, &value) in cells.iter().zip(values) {
        let (active, other_values) = others.cell(CellId(cell));
        for (&other, &other_value) in active.iter().zip(other_values) {
            let (n_both, product) = &mut overlaps[other as usize];
            *n_both += 1;
            *product += f64::from(value) * f64::from(other_value);
        }
    }
    overlaps
}
