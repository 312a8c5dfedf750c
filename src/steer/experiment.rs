//! A steering experiment from its parameters to its outcome.

use super::effect::{self, GeneEffect, NearestLabel};
use super::intervention::{Intervention, intervene};
use super::target::{mean_activation, target_value};
use super::{SteerError, SteerParams};
use crate::data::{CellTable, DenseMatrix, SparseActivations};
use crate::sae::Sae;
use crate::stats::{Pca, Ridge};

/// Genes listed in each direction.
pub const MAX_GENES_LISTED: usize = 50;

/// What steering reads.
///
/// # Shapes
/// `embedding` `[n_cells, d]` is what `sae` reads and `activations` (`[n_cells, h]`) were computed from; `pca` was
/// fitted on it with two components or more, `decoder` predicts all genes from it.
#[derive(Clone, Copy)]
pub struct SteerInputs<'a> {
    /// The cells and their labels.
    pub cells: &'a CellTable,
    /// The embedding.
    pub embedding: &'a DenseMatrix,
    /// The sparse autoencoder.
    pub sae: &'a Sae,
    /// Its activations in all cells.
    pub activations: &'a SparseActivations,
    /// Principal components of the embedding, fitted on all cells.
    pub pca: &'a Pca,
    /// The gene decoder; `None` without expression.
    pub decoder: Option<&'a Ridge>,
}

/// What steering did to the chosen cells.
#[derive(Clone, Debug, PartialEq)]
pub struct SteerOutcome {
    /// Steered rows, ascending.
    pub rows: Vec<u32>,
    /// The activation that was set.
    pub target_value: f64,
    /// Mean activation of those cells before, inactive cells counted as 0.
    pub mean_before: f64,
    /// Mean Euclidean length of the shift in the embedding.
    pub mean_shift: f64,
    /// Median distance of a cell to the centre of the embedding, for scale.
    pub typical_distance: f64,
    /// First two principal components before, `[rows]`: the cell as it is with the error kept, else its
    /// reconstruction.
    pub before: [Vec<f32>; 2],
    /// First two principal components after, `[rows]`.
    pub after: [Vec<f32>; 2],
    /// Genes that rise most, largest change first; at most [`MAX_GENES_LISTED`], empty without a decoder.
    pub genes_up: Vec<GeneEffect>,
    /// Genes that fall most, most negative change first.
    pub genes_down: Vec<GeneEffect>,
    /// Median cross-validated R² of the decoder over the genes that vary.
    pub median_r2: Option<f64>,
    /// Nearest label centre before and after, per categorical column.
    pub nearest_labels: Vec<NearestLabel>,
}

/// Sets a feature in chosen cells, decodes, and says where the cells go and which genes follow.
///
/// # Errors
/// [`SteerError`], one kind per mistake, before anything is computed.
///
/// # Panics
/// If the inputs are not of one data set (cell counts differ) or `pca` has fewer than two components: the caller's bug.
pub fn run(inputs: &SteerInputs<'_>, params: &SteerParams) -> Result<SteerOutcome, SteerError> {
    inputs.assert_consistent();
    inputs.sae.check_input(inputs.embedding)?;
    let n_features = inputs.sae.n_features();
    if params.feature.index() >= n_features {
        return Err(SteerError::Feature { feature: params.feature, n_features });
    }
    let rows = params.cells.rows(inputs.cells);
    if rows.is_empty() {
        return Err(SteerError::NoCells);
    }
    let target = target_value(&params.target, params.feature, inputs.cells, inputs.activations)?;
    let moved = intervene(inputs.sae, inputs.embedding, inputs.activations, params, &rows, target);
    Ok(inputs.describe(params, rows, target, &moved))
}

impl SteerInputs<'_> {
    fn assert_consistent(&self) {
        let n_cells = self.cells.n_cells();
        let found = (self.embedding.n_rows(), self.activations.n_cells());
        assert_eq!(found, (n_cells, n_cells), "rows of embedding and activations against {n_cells} cells");
        assert!(self.pca.n_components() >= 2, "a map needs two components");
    }

    fn describe(&self, params: &SteerParams, rows: Vec<u32>, target: f64, moved: &Intervention) -> SteerOutcome {
        let mean_before = effect::mean_row(&moved.before);
        let mean_after = effect::mean_row(&moved.after);
        let (genes_up, genes_down) = self.decoder.map_or_else(Default::default, |decoder| {
            effect::gene_effects(decoder, &mean_before, &mean_after, MAX_GENES_LISTED)
        });
        SteerOutcome {
            mean_before: mean_activation(self.activations, params.feature, &rows),
            rows,
            target_value: target,
            mean_shift: effect::mean_shift(&moved.before, &moved.after),
            typical_distance: effect::typical_distance(self.embedding),
            before: self.coordinates(&moved.before),
            after: self.coordinates(&moved.after),
            genes_up,
            genes_down,
            median_r2: self.decoder.and_then(Ridge::median_r2),
            nearest_labels: effect::nearest_labels(self.cells, self.embedding, &mean_before, &mean_after),
        }
    }

    fn coordinates(&self, cells: &DenseMatrix) -> [Vec<f32>; 2] {
        let scores = self.pca.project(cells);
        [scores.column(0), scores.column(1)]
    }
}
