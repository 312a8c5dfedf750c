//! Steering experiments, with the gene decoder they need fitted once per embedding.

use std::rc::Rc;

use crate::engine::EngineError;
use crate::engine::session::Inner;
use crate::engine::state::OpenData;
use crate::protocol::{F32Column, GeneChange, MapSource, SteerParams, SteerResult, U32Column, ViewResult};
use crate::steer::{self, GeneEffect, SteerInputs, SteerOutcome};

/// Runs an experiment.
///
/// # Errors
/// [`EngineError`] where nothing is open or trained, and as [`steer::run`].
pub(in crate::engine) async fn steer(inner: &Rc<Inner>, params: SteerParams) -> Result<ViewResult, EngineError> {
    let (data, features) = {
        let state = inner.state.borrow();
        (state.data()?, state.features()?)
    };
    let model = &features.model;
    let name = &model.summary.embedding;
    let map = data.principal_map(name)?;
    let decoder = match &data.dataset.expression {
        Some(_) => Some(data.decoder(name, &inner.host).await?),
        None => None,
    };
    let inputs = SteerInputs {
        cells: &data.dataset.cells,
        embedding: &data.embedding(name)?.values,
        sae: &model.sae,
        activations: &model.activations,
        pca: &map.pca,
        decoder: decoder.as_deref(),
    };
    let outcome = steer::run(&inputs, &params)?;
    Ok(ViewResult::Steer(Box::new(result(params, outcome, MapSource::Pca(name.clone()), &data))))
}

fn result(params: SteerParams, outcome: SteerOutcome, map: MapSource, data: &OpenData) -> SteerResult {
    let changes = |effects: Vec<GeneEffect>| effects.iter().map(|effect| change(effect, data)).collect();
    let [before_x, before_y] = outcome.before.map(F32Column);
    let [after_x, after_y] = outcome.after.map(F32Column);
    let nearest = outcome.nearest_labels.into_iter().map(|label| (label.column, label.before, label.after));
    SteerResult {
        params,
        rows: U32Column(outcome.rows),
        target_value: outcome.target_value,
        mean_before: outcome.mean_before,
        mean_shift: outcome.mean_shift,
        typical_distance: outcome.typical_distance,
        map,
        before_x,
        before_y,
        after_x,
        after_y,
        genes_up: changes(outcome.genes_up),
        genes_down: changes(outcome.genes_down),
        median_r2: outcome.median_r2,
        nearest_labels: nearest.collect(),
    }
}

fn change(effect: &GeneEffect, data: &OpenData) -> GeneChange {
    GeneChange {
        gene: effect.gene,
        name: data.gene_name(effect.gene),
        change: effect.change,
        before: effect.before,
        after: effect.after,
        r2: effect.r2,
    }
}
