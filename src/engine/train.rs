//! Training, from the request to activations on all cells.
//!
//! The thread is handed back every few steps. A run is kept in storage every few seconds and when it is paused; how
//! often depends on how long keeping takes. Stopping ends training early and uses what was learnt; cancelling
//! throws it away.

use std::rc::Rc;
use std::sync::Arc;

use futures::StreamExt;
use futures::channel::mpsc::{UnboundedReceiver, unbounded};

use super::EngineError;
use super::checkpoint::{self, Facts, Kept};
use super::jobs::RunningJob;
use super::model;
use super::pool::SharedTraining;
use super::session::{Inner, sentence};
use super::state::OpenData;
use crate::data::{LabelColumn, MISSING_CODE, Notice};
use crate::platform::HostError;
use crate::protocol::{Event, Job, RequestId, SaeOrigin, SaeParams, TrainProgress};
use crate::sae::{Checkpoint, Device, TrainError, Trainer};

/// Seconds of steps between two turns of the event loop.
const TURN_SECS: f64 = 0.025;
/// Seconds between two reports.
pub(super) const REPORT_SECS: f64 = 0.25;
/// Seconds of training between two checkpoints.
const KEEP_SECS: f64 = 5.0;
/// Keeping may take this share of the time at most.
const KEEP_SHARE: f64 = 0.05;

/// What a running training can be told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Command {
    /// Wait.
    Pause,
    /// Go on after a pause.
    Continue,
    /// End now and use what was learnt.
    Stop,
    /// Look at the cancel flag.
    Look,
}

/// Trains on an embedding of the open data.
///
/// # Errors
/// [`EngineError`] for an unknown embedding, parameters that do not fit, a failing device, or a cancel.
pub(super) async fn start(
    inner: &Rc<Inner>,
    id: RequestId,
    embedding: String,
    params: SaeParams,
) -> Result<(), EngineError> {
    let job = inner.jobs.start(Job::Train, id, &inner.host)?;
    let data = inner.state.borrow().data()?;
    let inputs = Arc::new(data.embedding(&embedding)?.values.clone());
    let categories = held_out_by(&data, &params)?;
    let device = device_for(inner, id, &params, inputs.n_cols()).await?;
    let trainer = Trainer::new(params, inputs, categories.as_deref(), &device)?;
    Run::new(inner, job, data, embedding, trainer).until_ready().await
}

/// Every cell's category by the label that cells are held out by, if they are.
pub(super) fn held_out_by(data: &OpenData, params: &SaeParams) -> Result<Option<Vec<Option<u32>>>, EngineError> {
    let Some(label) = params.hold_out.label.as_deref().filter(|_| params.hold_out.share > 0.0) else {
        return Ok(None);
    };
    let column = data.dataset.cells.column(label).and_then(LabelColumn::categorical);
    let (codes, _) = column.ok_or_else(|| EngineError::HoldOutLabel { label: label.to_owned() })?;
    Ok(Some(codes.iter().map(|&code| (code != MISSING_CODE).then_some(code)).collect()))
}

/// The device to train on, if the run fits this place and the device.
pub(super) async fn device_for(
    inner: &Rc<Inner>,
    id: RequestId,
    params: &SaeParams,
    d_in: usize,
) -> Result<Device, EngineError> {
    check_memory(params, d_in, inner.host.memory_limit())?;
    let device = inner.device(id).await?;
    check_matrices(params, d_in, inner.max_matrix_bytes())?;
    Ok(device)
}

fn check_memory(params: &SaeParams, d_in: usize, limit: Option<u64>) -> Result<(), EngineError> {
    let needed = params.memory_bytes(d_in);
    match limit.filter(|limit| needed > *limit) {
        Some(limit) => Err(EngineError::TooMuchMemory { run: described(params, d_in), needed, limit }),
        None => Ok(()),
    }
}

fn check_matrices(params: &SaeParams, d_in: usize, limit: Option<u64>) -> Result<(), EngineError> {
    let needed = params.largest_matrix_bytes(d_in);
    match limit.filter(|limit| needed > *limit) {
        Some(limit) => Err(EngineError::TooLargeForGpu { run: described(params, d_in), needed, limit }),
        None => Ok(()),
    }
}

fn described(params: &SaeParams, d_in: usize) -> String {
    let SaeParams { n_features, batch_size, .. } = params;
    format!("training {n_features} features on {d_in} dimensions in batches of {batch_size}")
}

/// Goes on with the run kept in storage.
///
/// # Errors
/// As [`start`], and where nothing is kept or it is of other data.
pub(super) async fn resume(inner: &Rc<Inner>, id: RequestId) -> Result<(), EngineError> {
    let job = inner.jobs.start(Job::Train, id, &inner.host)?;
    let data = inner.state.borrow().data()?;
    let kept = checkpoint::load(inner.host.store()).await?.ok_or(EngineError::NoCheckpoint)?;
    let run = Checkpoint::from_bytes(&kept.body).map_err(TrainError::from)?;
    let found = fitting_embedding(&data, &kept.facts, &run);
    let embedding = found.ok_or_else(|| EngineError::OtherCheckpoint {
        dataset: kept.facts.dataset_name.clone(),
        embedding: kept.facts.embedding.clone(),
    })?;
    let inputs = Arc::new(data.embedding(&embedding)?.values.clone());
    let device = device_for(inner, id, &kept.facts.params, inputs.n_cols()).await?;
    let trainer = Trainer::from_checkpoint(run, inputs, &device)?;
    let run = Run { is_kept: true, ..Run::new(inner, job, data, embedding, trainer) };
    run.until_ready().await
}

/// The embedding of the open data a kept run was made on: the one of its name, or else any with its very values.
pub(super) fn fitting_embedding(data: &OpenData, facts: &Facts, run: &Checkpoint) -> Option<String> {
    let embeddings = &data.dataset.embeddings;
    let named = embeddings.iter().filter(|embedding| embedding.name == facts.embedding);
    let others = embeddings.iter().filter(|embedding| embedding.name != facts.embedding);
    named.chain(others).find(|embedding| run.fits(&embedding.values)).map(|embedding| embedding.name.clone())
}

/// A training run that is going on.
struct Run<'a> {
    inner: &'a Rc<Inner>,
    job: RunningJob,
    data: Rc<OpenData>,
    embedding: String,
    trainer: Trainer,
    commands: UnboundedReceiver<Command>,
    /// Seconds spent on steps, pauses left out.
    trained_secs: f64,
    last: TrainProgress,
    reported_at: f64,
    kept_at: f64,
    /// Seconds between two checkpoints; `None` once storage has failed.
    keep_secs: Option<f64>,
    /// Whether storage holds this run.
    is_kept: bool,
    is_stopped: bool,
}

impl<'a> Run<'a> {
    fn new(inner: &'a Rc<Inner>, job: RunningJob, data: Rc<OpenData>, embedding: String, trainer: Trainer) -> Self {
        let (sender, commands) = unbounded();
        *inner.training.borrow_mut() = Some((sender, embedding.clone()));
        Self {
            inner,
            job,
            data,
            embedding,
            trainer,
            commands,
            trained_secs: 0.0,
            last: TrainProgress::default(),
            reported_at: f64::NEG_INFINITY,
            kept_at: inner.host.now_secs(),
            keep_secs: Some(KEEP_SECS),
            is_kept: false,
            is_stopped: false,
        }
    }

    /// Trains to the end, then computes activations and puts the result in place.
    async fn until_ready(mut self) -> Result<(), EngineError> {
        let shared = SharedTraining::begin(self.inner, &mut self.trainer).await;
        let ended = self.train_and_infer().await;
        shared.end().await;
        ended
    }

    async fn train_and_infer(&mut self) -> Result<(), EngineError> {
        let trained = self.train().await;
        *self.inner.training.borrow_mut() = None;
        if let Err(EngineError::Cancelled { .. } | EngineError::Train(TrainError::Diverged { .. })) = &trained {
            self.discard_checkpoint().await;
        }
        let last = trained?;
        let sae = self.trainer.finish().await?;
        let ran_out_of_patience = self.trainer.stopped_early();
        let origin = SaeOrigin::Trained { params: self.trainer.params().clone(), last, ran_out_of_patience };
        let device = self.inner.device(0).await?;
        let mut model = model::infer(sae, origin, &self.data, &self.embedding, &device, &self.job).await?;
        model.is_held_out = self.trainer.is_held_out().to_vec();
        self.discard_checkpoint().await;
        self.job.check_cancelled()?;
        self.inner.put_model(model, &self.job);
        Ok(())
    }

    /// Steps until the end, a stop or a cancel.
    async fn train(&mut self) -> Result<TrainProgress, EngineError> {
        while !self.trainer.is_done() && !self.is_stopped {
            self.steps().await?;
            if self.inner.host.now_secs() - self.reported_at >= REPORT_SECS {
                self.report().await?;
            }
            if self.is_keeping_due() {
                self.keep().await?;
            }
            self.inner.host.yield_now().await;
            self.obey().await?;
        }
        self.report().await
    }

    /// Steps for one turn.
    async fn steps(&mut self) -> Result<(), EngineError> {
        let began = self.inner.host.now_secs();
        let mut now = began;
        while now - began < TURN_SECS && !self.trainer.is_done() {
            self.trainer.step().await?;
            now = self.inner.host.now_secs();
        }
        self.trained_secs += now - began;
        Ok(())
    }

    async fn report(&mut self) -> Result<TrainProgress, EngineError> {
        self.measure().await?;
        self.tell(false);
        Ok(self.last.clone())
    }

    async fn measure(&mut self) -> Result<(), EngineError> {
        let began = self.inner.host.now_secs();
        self.last = self.trainer.progress(self.trained_secs).await?;
        self.reported_at = self.inner.host.now_secs();
        // On a GPU the steps before are waited for here.
        self.trained_secs += self.reported_at - began;
        Ok(())
    }

    fn tell(&self, paused: bool) {
        self.job.emit(Event::Training { progress: self.last.clone(), paused });
    }

    /// Follows the commands that have come, waiting while paused.
    async fn obey(&mut self) -> Result<(), EngineError> {
        let mut is_paused = false;
        loop {
            self.job.check_cancelled()?;
            let command = if is_paused { self.commands.next().await } else { self.commands.try_recv().ok() };
            match command {
                Some(Command::Pause) if !is_paused => {
                    is_paused = true;
                    self.measure().await?;
                    // Whoever reads that it is paused may close the tab.
                    self.keep().await?;
                    self.tell(true);
                }
                Some(Command::Continue) if is_paused => {
                    is_paused = false;
                    self.report().await?;
                }
                Some(Command::Stop) => {
                    self.is_stopped = true;
                    return Ok(());
                }
                Some(_) => {}
                None => return Ok(()),
            }
        }
    }

    fn is_keeping_due(&self) -> bool {
        self.keep_secs.is_some_and(|secs| self.inner.host.now_secs() - self.kept_at >= secs)
    }

    /// Keeps the run in storage; a storage that fails is said once and not tried again.
    async fn keep(&mut self) -> Result<(), EngineError> {
        if self.keep_secs.is_none() {
            return Ok(());
        }
        let began = self.inner.host.now_secs();
        let body = self.trainer.checkpoint(self.trained_secs).await?.to_bytes().map_err(TrainError::from)?;
        let facts = Facts {
            dataset_name: self.data.dataset.name.clone(),
            embedding: self.embedding.clone(),
            params: self.trainer.params().clone(),
            progress: finite(&self.last),
        };
        let number = self.inner.next_checkpoint_number();
        let kept = Kept { number, facts, body };
        let saved = checkpoint::save(self.inner.host.store(), &kept).await;
        self.kept_at = self.inner.host.now_secs();
        self.keep_secs = Some(KEEP_SECS.max((self.kept_at - began) / KEEP_SHARE));
        match saved {
            Ok(()) => {
                self.is_kept = true;
                self.inner.tell_checkpoint(0, Some((kept.facts, true)));
            }
            Err(error) => {
                self.keep_secs = None;
                self.warn(&error);
            }
        }
        Ok(())
    }

    /// Throws away what was kept of this run; where that fails the person is told.
    async fn discard_checkpoint(&self) {
        if self.is_kept
            && let Err(error) = self.inner.discard_checkpoint(0).await
        {
            self.warn(&error);
        }
    }

    fn warn(&self, error: &HostError) {
        self.inner.emit(0, Event::Noticed(Notice::warning(sentence(&error.to_string()))));
    }
}

/// The progress without values JSON does not have; they say nothing a person needs when they resume.
fn finite(progress: &TrainProgress) -> TrainProgress {
    let number = |value: f64| if value.is_finite() { value } else { 0.0 };
    TrainProgress {
        loss: number(progress.loss),
        mse: number(progress.mse),
        l0: number(progress.l0),
        dead_share: number(progress.dead_share),
        explained_variance: number(progress.explained_variance),
        held_out: progress.held_out.filter(|value| value.is_finite()),
        elapsed_secs: number(progress.elapsed_secs),
        remaining_secs: number(progress.remaining_secs),
        ..*progress
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_that_does_not_fit_is_refused_with_both_numbers() {
        let params = SaeParams { n_features: 1_000_000, batch_size: 512, ..SaeParams::default() };
        assert!(check_memory(&params, 512, None).is_ok());
        let error = check_memory(&params, 512, Some(3 << 30)).unwrap_err().to_string();
        assert!(error.contains("49.2 GB") && error.contains("3.2 GB"), "{error}");
        let error = check_matrices(&params, 512, Some(128 << 20)).unwrap_err().to_string();
        assert!(error.contains("2.05 GB") && error.contains("0.13 GB"), "{error}");
        assert!(check_matrices(&SaeParams::default(), 50, Some(128 << 20)).is_ok());
    }
}
