//! The paper's method, one feature after the other.

use std::collections::BTreeMap;

use super::{Outcome, Task};
use crate::data::Observer;
use crate::engine::EngineError;
use crate::engine::analysis::Results;

/// Analyses every live feature until the end or a cancel.
pub(super) async fn run(task: &Task<'_>) -> Result<Outcome, EngineError> {
    let Task { job, data, features, params, .. } = task;
    let (sets, mut notices) = data.with_lens(params, |lens| Ok((lens.sets().clone(), lens.notices().to_vec())))?;
    notices.extend(data.background_notice().cloned());
    let live = features.live();
    let mut by_feature = BTreeMap::new();
    for (n_done, &feature) in live.iter().enumerate() {
        if job.is_cancelled() {
            break;
        }
        let message = format!("Analysing features: {n_done} of {}", live.len());
        job.progress(n_done as f64 / live.len() as f64, &message);
        let found = data.with_lens(params, |lens| lens.analyse(&features.model.activations, feature))?;
        by_feature.insert(feature, found);
        job.breathe().await;
    }
    Ok(Outcome { results: Results::Paper(by_feature), sets, notices })
}
