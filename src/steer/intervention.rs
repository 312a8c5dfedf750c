//! Setting a feature in chosen cells and decoding: the cells before and after.
//!
//! Source: scFeatureLens, `predict_embedding_change`: z_f ← target, decode the whole z. It compares reconstructions,
//! so the part of a cell the autoencoder does not explain is lost; with `keep_error` it is kept instead:
//! x + (target − z_f)·D_f. Both move a cell by (target − z_f)·D_f. Decoding is f32, as in inference.

use super::SteerParams;
use crate::data::{CellId, DenseMatrix, FeatureId, SparseActivations};
use crate::sae::Sae;

/// The steered cells before and after.
///
/// # Shapes
/// Both `[rows, d]`.
pub(super) struct Intervention {
    pub(super) before: DenseMatrix,
    pub(super) after: DenseMatrix,
}

/// Sets the feature of `params` to `target` in `rows`.
pub(super) fn intervene(
    sae: &Sae,
    embedding: &DenseMatrix,
    activations: &SparseActivations,
    params: &SteerParams,
    rows: &[u32],
    target: f64,
) -> Intervention {
    let mut before = embedding.select_rows(rows.iter().map(|&row| row as usize));
    let mut after = before.clone();
    for (at, &row) in rows.iter().enumerate() {
        let (features, values) = activations.cell(CellId(row));
        if params.keep_error {
            let own = features.binary_search(&params.feature.0).map_or(0.0, |found| f64::from(values[found]));
            for (slot, &direction) in after.row_mut(at).iter_mut().zip(sae.decoder_row(params.feature)) {
                *slot = (f64::from(*slot) + (target - own) * f64::from(direction)) as f32;
            }
        } else {
            let active = || features.iter().copied().zip(values.iter().copied());
            sae.decode_into(active(), before.row_mut(at));
            sae.decode_into(with_feature_set(active(), params.feature, target as f32), after.row_mut(at));
        }
    }
    Intervention { before, after }
}

fn with_feature_set(
    active: impl Iterator<Item = (u32, f32)>,
    feature: FeatureId,
    target: f32,
) -> impl Iterator<Item = (u32, f32)> {
    active.filter(move |pair| pair.0 != feature.0).chain([(feature.0, target)])
}
