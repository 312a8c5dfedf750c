//! One training run of a sweep.

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;

use super::Running;
use super::kept::Trained;
use super::measure::{Split, measure};
use crate::data::DenseMatrix;
use crate::engine::EngineError;
use crate::engine::jobs::TURN_SECS;
use crate::engine::pool::SharedTraining;
use crate::engine::train::REPORT_SECS;
use crate::protocol::{SaeParams, SweepRow, SweepScores, TrainProgress};
use crate::sae::{Sae, Trainer};

/// Trains to the end and measures.
///
/// # Errors
/// [`EngineError`] where training or measuring fails, or the sweep was cancelled.
pub(super) async fn train(
    sweep: &Running<'_>,
    row: &SweepRow,
    params: &SaeParams,
    inputs: &Arc<DenseMatrix>,
) -> Result<(SweepScores, Trained), EngineError> {
    sweep.progress(row, params, 0.0);
    let categories = sweep.categories.as_deref();
    let mut trainer = Trainer::new(params.clone(), Arc::clone(inputs), categories, &sweep.device)?;
    let shared = SharedTraining::begin(sweep.inner, &mut trainer).await;
    let trained = finish(sweep, row, params, &mut trainer).await;
    shared.end().await;
    let (secs, last, sae) = trained?;
    let split = Split::new(trainer.is_held_out());
    let (mut scores, live) = measure(&sae, inputs, &split, &sweep.device, &sweep.job).await?;
    scores.secs = secs;
    scores.n_steps = last.step;
    scores.stopped_early = trainer.stopped_early();
    let params = params.clone();
    let (is_held_out, stability) = (Rc::new(trainer.is_held_out().to_vec()), Rc::new(RefCell::new(None)));
    let (sae, live, ran_out_of_patience) = (Rc::new(sae), Rc::new(live), scores.stopped_early);
    Ok((scores, Trained { sae, params, last, ran_out_of_patience, is_held_out, live, stability }))
}

/// All steps; the seconds they took, the last progress and what was learnt.
async fn finish(
    sweep: &Running<'_>,
    row: &SweepRow,
    params: &SaeParams,
    trainer: &mut Trainer,
) -> Result<(f64, TrainProgress, Sae), EngineError> {
    let secs = steps(sweep, row, params, trainer).await?;
    let last = trainer.progress(secs).await?;
    Ok((secs, last, trainer.finish().await?))
}

/// All steps; the seconds they took. Metrics are looked at from time to time, so that a run that diverges ends.
async fn steps(
    sweep: &Running<'_>,
    row: &SweepRow,
    params: &SaeParams,
    trainer: &mut Trainer,
) -> Result<f64, EngineError> {
    let host = &sweep.inner.host;
    let (mut secs, mut n_steps) = (0.0, 0_usize);
    let mut looked_at = host.now_secs();
    while !trainer.is_done() {
        let began = host.now_secs();
        let mut now = began;
        while now - began < TURN_SECS && !trainer.is_done() {
            trainer.step().await?;
            n_steps += 1;
            now = host.now_secs();
        }
        if now - looked_at >= REPORT_SECS {
            trainer.progress(secs).await?;
            now = host.now_secs();
            looked_at = now;
        }
        secs += now - began;
        sweep.progress(row, params, n_steps as f64 / trainer.n_steps() as f64);
        host.yield_now().await;
        sweep.job.check_cancelled()?;
    }
    Ok(secs)
}
