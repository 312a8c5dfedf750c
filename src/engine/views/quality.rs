//! How good the sparse autoencoder in use is: on all cells, on those it was trained on and those held out.
//!
//! Computed when first asked for and kept with the features. Decoder rows are compared in steps that hand the thread
//! back; above 10¹¹ products they are not compared.

use std::rc::Rc;

use crate::data::FeatureId;
use crate::engine::EngineError;
use crate::engine::model::Model;
use crate::engine::session::Inner;
use crate::engine::state::OpenData;
use crate::protocol::{CellQuality, DeadInTraining, SaeOrigin, SaeQuality, ViewResult};
use crate::sae::metrics::{CosineSearch, DensityHistogram, Directions, SaeMetrics, densities, evaluate, evaluate_rows};

/// Products that comparing all decoder rows may take.
const MOST_PRODUCTS: f64 = 1e11;

/// The quality of the features in use.
///
/// # Errors
/// [`EngineError::NoSae`], [`EngineError::UnknownEmbedding`], [`EngineError::Sae`].
pub(super) async fn quality(inner: &Rc<Inner>, data: &OpenData) -> Result<ViewResult, EngineError> {
    let features = inner.state.borrow().features()?;
    if let Some(known) = features.quality.get() {
        return Ok(ViewResult::Quality(Box::new(known.clone())));
    }
    let found = measure(inner, data, &features.model).await?;
    Ok(ViewResult::Quality(Box::new(features.quality.get_or_init(|| found).clone())))
}

async fn measure(inner: &Inner, data: &OpenData, model: &Model) -> Result<SaeQuality, EngineError> {
    let inputs = &data.embedding(&model.summary.embedding)?.values;
    let n_features = model.sae.n_features();
    let on_all = on_cells(&evaluate(&model.sae, inputs, &model.activations)?, n_features);
    inner.host.yield_now().await;
    let (mut training, mut held_out) = (None, None);
    if model.is_held_out.contains(&true) {
        for (part, wanted) in [(&mut training, false), (&mut held_out, true)] {
            let rows: Vec<u32> = rows_where(&model.is_held_out, wanted);
            *part = Some(on_cells(&evaluate_rows(&model.sae, inputs, &model.activations, &rows)?, n_features));
            inner.host.yield_now().await;
        }
    }
    let density = DensityHistogram::new(&densities(&model.activations));
    let nearest = nearest_cosines(inner, model).await;
    Ok(SaeQuality {
        all: on_all,
        training,
        held_out,
        dead_in_training: dead_in_training(&model.summary.origin),
        density_edges: DensityHistogram::edges(),
        density_counts: density.counts,
        n_silent: density.n_zero,
        max_decoder_cosine: nearest.as_ref().and_then(|sorted| sorted.last().copied()),
        median_decoder_cosine: nearest.as_ref().and_then(|sorted| median(sorted)),
        encoder_decoder_cosine: encoder_decoder_cosine(model),
    })
}

fn on_cells(metrics: &SaeMetrics, n_features: usize) -> CellQuality {
    CellQuality {
        n_cells: metrics.n_cells,
        fvu: metrics.fvu,
        explained_variance: metrics.explained_variance,
        mse_per_value: metrics.mse,
        mse_per_cell: metrics.squared_error,
        l0: metrics.l0,
        l1: metrics.l1,
        cosine: metrics.cosine,
        n_dead: n_features - metrics.n_live,
        dead_share: metrics.dead_share,
    }
}

fn rows_where(is_held_out: &[bool], wanted: bool) -> Vec<u32> {
    let rows = is_held_out.iter().enumerate().filter(|(_, held_out)| **held_out == wanted);
    rows.map(|(row, _)| row as u32).collect()
}

fn dead_in_training(origin: &SaeOrigin) -> Option<DeadInTraining> {
    match origin {
        SaeOrigin::Trained { params, last, .. } => {
            Some(DeadInTraining { share: last.dead_share, window_epochs: params.dead_epochs })
        }
        SaeOrigin::Columns | SaeOrigin::Loaded { .. } => None,
    }
}

/// Of every feature with a direction, the cosine with the most similar other decoder row, ascending.
async fn nearest_cosines(inner: &Inner, model: &Model) -> Option<Vec<f64>> {
    let (h, d) = (model.sae.n_features() as f64, model.sae.d_in() as f64);
    if h * h * d / 2.0 > MOST_PRODUCTS {
        return None;
    }
    let directions = Directions::new(&model.sae.weights().w_dec);
    let mut search = CosineSearch::within(&directions);
    while search.advance() {
        inner.host.yield_now().await;
    }
    let mut cosines: Vec<f64> =
        search.finish().iter().map(|best| best.cosine).filter(|cosine| !cosine.is_nan()).collect();
    cosines.sort_by(f64::total_cmp);
    Some(cosines)
}

fn median(sorted: &[f64]) -> Option<f64> {
    let middle = sorted.len() / 2;
    match sorted.len() {
        0 => None,
        n if n.is_multiple_of(2) => Some(f64::midpoint(sorted[middle - 1], sorted[middle])),
        _ => Some(sorted[middle]),
    }
}

/// Mean over features with two directions; NaN if there is none.
fn encoder_decoder_cosine(model: &Model) -> f64 {
    let weights = model.sae.weights();
    let encoder_rows = weights.w_enc.transposed();
    let (encoder, decoder) = (Directions::new(&encoder_rows), Directions::new(&weights.w_dec));
    let (mut sum, mut n) = (0.0, 0.0);
    for feature in (0..model.sae.n_features() as u32).map(FeatureId) {
        let cosine = encoder.cosine(feature, &decoder, feature);
        if !cosine.is_nan() {
            sum += cosine;
            n += 1.0;
        }
    }
    sum / n
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_is_between_the_two_in_the_middle() {
        assert_eq!(median(&[]), None);
        assert_eq!(median(&[0.5]), Some(0.5));
        assert_eq!(median(&[0.0, 0.5, 1.0, 9.0]), Some(0.75));
    }
}
