//! Sweeps: several configurations trained on one embedding, one after the other, and what came of each.
//!
//! A row is told as soon as its run ends. A run that diverges becomes a row that says so and the sweep goes on; a device
//! that fails ends it. A cancel ends it, too, and what had ended stays. All rows are measured the same way: activations
//! of all cells in f64, training and held-out cells apart, each around their own mean, so that baselines and runs
//! compare. The autoencoder in use is not touched.
//!
//! What is held out depends on the seed, so seeds of a configuration differ in that, too, while configurations of one
//! seed are measured on the same cells. Time left is what the runs so far took by [`relative_cost`].

mod baselines;
mod kept;
mod measure;
mod run;
mod seeds;

use std::cell::Cell;
use std::rc::Rc;
use std::sync::Arc;

use self::kept::Trained;
pub(super) use self::kept::{Stability, Sweep};
use super::EngineError;
use super::jobs::RunningJob;
use super::model;
use super::session::{Inner, sentence};
use super::train::{device_for, held_out_by};
use crate::data::{DenseMatrix, Observer};
use crate::protocol::{Event, Job, RequestId, SaeParams, SweepKind, SweepOutcome, SweepParams, SweepRow, SweepSummary};
use crate::sae::baselines::shuffled;
use crate::sae::{Device, SweepRun, relative_cost};

/// Share of the job's progress that training takes where baselines follow.
const TRAINING_SHARE: f64 = 0.9;

/// Sweeps over an embedding of the open data.
///
/// # Errors
/// [`EngineError`] for an unknown embedding, parameters that do not fit, or a failing device; a cancel is none unless
/// the data are gone.
pub(super) async fn start(
    inner: &Rc<Inner>,
    id: RequestId,
    embedding: String,
    params: SweepParams,
) -> Result<(), EngineError> {
    let job = inner.jobs.start(Job::Sweep, id, &inner.host)?;
    let data = inner.state.borrow().data()?;
    let inputs = Arc::new(data.embedding(&embedding)?.values.clone());
    params.check(inputs.n_rows(), inputs.n_cols())?;
    let categories = held_out_by(&data, &params.base)?;
    let mut device = None;
    for configuration in params.configurations() {
        device = Some(device_for(inner, id, &configuration, inputs.n_cols()).await?);
    }
    let device = match device {
        Some(device) => device,
        None => inner.device(id).await?,
    };
    let running = Running::new(inner, job, (embedding, inputs), params, categories, device);
    running.until_ended().await
}

/// Takes a run of the last sweep as the autoencoder in use.
///
/// # Errors
/// [`EngineError::NoSweep`], [`EngineError::NoSweepRun`], and as [`model::infer`].
pub(super) async fn use_run(inner: &Rc<Inner>, id: RequestId, run: u32) -> Result<(), EngineError> {
    let job = inner.jobs.start(Job::Train, id, &inner.host)?;
    let (data, embedding, trained) = {
        let state = inner.state.borrow();
        let sweep = state.sweep.as_ref().ok_or(EngineError::NoSweep)?;
        let trained = sweep.trained(run).ok_or_else(|| EngineError::NoSweepRun { run, why: sweep.why_not(run) })?;
        (state.data()?, sweep.summary.embedding.clone(), trained)
    };
    let device = inner.device_without_race();
    let origin = trained.origin();
    let mut model = model::infer((*trained.sae).clone(), origin, &data, &embedding, &device, &job).await?;
    model.is_held_out.clone_from(&trained.is_held_out);
    model.stability.clone_from(&trained.stability.borrow());
    let n_other_seeds = |of_all: &Stability| of_all.iter().flatten().map(|seeds| seeds.n_others).max();
    model.summary.n_other_seeds = model.stability.as_ref().and_then(n_other_seeds).unwrap_or(0);
    job.check_cancelled()?;
    inner.put_model(model, &job);
    Ok(())
}

/// A sweep that is going on.
struct Running<'a> {
    inner: &'a Rc<Inner>,
    job: RunningJob,
    inputs: Arc<DenseMatrix>,
    params: SweepParams,
    runs: Vec<SweepRun>,
    categories: Option<Vec<Option<u32>>>,
    device: Device,
    /// Relative cost of all training and of what is done.
    cost: f64,
    cost_done: Cell<f64>,
    began: f64,
}

impl<'a> Running<'a> {
    fn new(
        inner: &'a Rc<Inner>,
        job: RunningJob,
        (embedding, inputs): (String, Arc<DenseMatrix>),
        params: SweepParams,
        categories: Option<Vec<Option<u32>>>,
        device: Device,
    ) -> Self {
        let runs = params.runs();
        let cost_of = |params: &SaeParams| relative_cost(params, inputs.n_rows(), inputs.n_cols());
        let shuffled = if params.baselines { params.configurations() } else { Vec::new() };
        let cost = runs.iter().map(|run| cost_of(&run.params)).chain(shuffled.iter().map(cost_of)).sum();
        let n_planned = runs.len() + shuffled.len();
        inner.state.borrow_mut().sweep = Some(Sweep::new(embedding, params.clone(), n_planned));
        let began = inner.host.now_secs();
        Self { inner, job, inputs, params, runs, categories, device, cost, cost_done: Cell::new(0.0), began }
    }

    async fn until_ended(self) -> Result<(), EngineError> {
        self.tell();
        let ended = self.all().await;
        if self.job.is_outdated() {
            return ended;
        }
        let was_cancelled = matches!(ended, Err(EngineError::Cancelled { .. }));
        self.with(|sweep| {
            sweep.is_running = false;
            sweep.summary.was_cancelled = was_cancelled;
        });
        match ended {
            Err(error) if !was_cancelled => {
                self.tell();
                Err(error)
            }
            _ => {
                let summary = self.with(|sweep| sweep.summary.clone());
                if let Some(summary) = summary {
                    self.job.emit(Event::Swept(summary));
                }
                Ok(())
            }
        }
    }

    /// All runs, the comparison of seeds, and the baselines.
    async fn all(&self) -> Result<(), EngineError> {
        self.job.set_share(0.0, if self.params.baselines { TRAINING_SHARE } else { 1.0 });
        for (at, run) in self.runs.iter().enumerate() {
            let row = self.row(SweepKind::Trained, run);
            self.train(row, &run.params, &self.inputs).await?;
            let is_last_seed = self.runs.get(at + 1).is_none_or(|next| next.configuration != run.configuration);
            if is_last_seed && self.params.n_seeds > 1 {
                seeds::compare(self, run.configuration).await?;
                self.tell();
            }
        }
        if self.params.baselines {
            self.on_shuffled_data().await?;
            self.job.set_share(TRAINING_SHARE, 1.0);
            baselines::measure_all(self).await?;
        }
        Ok(())
    }

    /// Every configuration with the first seed on shuffled data.
    async fn on_shuffled_data(&self) -> Result<(), EngineError> {
        let inputs = Arc::new(shuffled(&self.inputs, self.params.base.seed));
        for (configuration, params) in self.params.configurations().into_iter().enumerate() {
            let run = SweepRun { configuration, params };
            let row = self.row(SweepKind::Shuffled, &run);
            self.train(row, &run.params, &inputs).await?;
        }
        Ok(())
    }

    /// One training run, put into the table however it ends; only a cancel and a failing device end the sweep.
    async fn train(&self, mut row: SweepRow, params: &SaeParams, inputs: &Arc<DenseMatrix>) -> Result<(), EngineError> {
        let ended = run::train(self, &row, params, inputs).await;
        self.cost_done.set(self.cost_done.get() + self.cost_of(params));
        let trained = match ended {
            Ok((scores, trained)) => {
                row.outcome = SweepOutcome::Done(scores);
                Some(trained).filter(|_| row.kind == SweepKind::Trained)
            }
            Err(error) if matches!(error, EngineError::Cancelled { .. }) || error.is_of_the_device() => {
                return Err(error);
            }
            Err(error) => {
                row.outcome = failed_because(&error.to_string());
                None
            }
        };
        self.put(row, trained);
        Ok(())
    }

    /// A row for a run, not yet ended.
    fn row(&self, kind: SweepKind, run: &SweepRun) -> SweepRow {
        SweepRow {
            run: self.with(|sweep| sweep.summary.rows.len() as u32).unwrap_or(0),
            kind,
            label: self.params.label(&run.params),
            configuration: Some(run.configuration as u32),
            n_features: run.params.n_features,
            k: run.params.variant.k(run.params.n_features),
            params: Some(run.params.clone()),
            outcome: SweepOutcome::Failed { reason: String::new() },
            is_kept: false,
        }
    }

    fn put(&self, row: SweepRow, trained: Option<Trained>) {
        self.with(|sweep| sweep.put(row, trained));
        self.tell();
    }

    /// Reads or changes the table, unless its data are gone.
    fn with<T>(&self, act: impl FnOnce(&mut Sweep) -> T) -> Option<T> {
        let mut state = self.inner.state.borrow_mut();
        state.sweep.as_mut().filter(|_| !self.job.is_outdated()).map(act)
    }

    fn summary(&self) -> Option<SweepSummary> {
        self.with(|sweep| sweep.summary.clone())
    }

    fn tell(&self) {
        if let Some(summary) = self.summary() {
            self.job.emit(Event::SweepSoFar(summary));
        }
    }

    fn cost_of(&self, params: &SaeParams) -> f64 {
        relative_cost(params, self.inputs.n_rows(), self.inputs.n_cols())
    }

    /// Says how far the sweep is when `share` of the run at hand is done.
    fn progress(&self, row: &SweepRow, params: &SaeParams, share: f64) {
        let done = self.cost_done.get() + share * self.cost_of(params);
        let elapsed = self.inner.host.now_secs() - self.began;
        let left = if done > 0.0 { elapsed * (self.cost - done).max(0.0) / done } else { f64::INFINITY };
        let n_planned = self.runs.len() + if self.params.baselines { self.params.n_configurations() } else { 0 };
        let what = if row.kind == SweepKind::Shuffled { ", shuffled data" } else { "" };
        let left = if share > 0.05 || row.run > 0 { time_left(left) } else { String::new() };
        let message = format!("Run {} of {n_planned}: {}, seed {}{what}{left}", row.run + 1, row.label, params.seed);
        self.job.progress(done / self.cost, &message);
    }
}

fn failed_because(reason: &str) -> SweepOutcome {
    SweepOutcome::Failed { reason: sentence(reason) }
}

/// ", 40 s left", in whole minutes from two on.
fn time_left(secs: f64) -> String {
    if !secs.is_finite() {
        String::new()
    } else if secs < 120.0 {
        format!(", {} s left", secs.ceil())
    } else {
        format!(", {} min left", (secs / 60.0).round())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_left_is_said_in_few_digits() {
        assert_eq!(time_left(3.2), ", 4 s left");
        assert_eq!(time_left(150.0), ", 3 min left");
        assert_eq!(time_left(f64::INFINITY), "");
    }
}
