//! A whole step: all shards through its phases, here or with a peer.

use std::ops::Range;
use std::rc::Rc;
use std::sync::Arc;

use futures::FutureExt;
use futures::future::LocalBoxFuture;

use super::part::{Part, total};
use super::server::{ShardAnswer, ShardCall, ShardStart};
use super::shard::{Aim, Shard};
use crate::data::DenseMatrix;
use crate::sae::train::config::StepConfig;
use crate::sae::train::loss::Tally;
use crate::sae::train::state::TrainState;

/// From so many multiplications of the encoder on, a step's features are dealt out: some 5 ms of one thread.
const SHARED_FROM: usize = 100_000_000;

/// What is said of a peer that answers another question.
const UNEXPECTED: &str = "it answered what was not asked";

/// Someone who works out a shard of every step, one call after the other.
pub(crate) trait ShardPeer {
    /// The answer to a call, which is on its way once the future was polled.
    ///
    /// # Errors
    /// A sentence where there will be no answer.
    fn ask(&self, call: ShardCall) -> LocalBoxFuture<'_, Result<ShardAnswer, String>>;
}

/// The CPU's side of a training run.
pub(crate) struct CpuStepper {
    config: StepConfig,
    inputs: Arc<DenseMatrix>,
    /// The shards that are here, the first ones.
    shards: Vec<Shard>,
    /// Who has the last one, where it is not here.
    peer: Option<Rc<dyn ShardPeer>>,
    x: Vec<f32>,
    tally: Tally,
    /// Features not dead.
    n_alive: f64,
}

impl std::fmt::Debug for CpuStepper {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("CpuStepper").field("config", &self.config).field("shards", &self.shards).finish_non_exhaustive()
    }
}

impl CpuStepper {
    /// For batches of `batch_size` cells; `inputs` are as training sees them, `[n_cells, d_in]`.
    pub(crate) fn new(config: StepConfig, inputs: Arc<DenseMatrix>, state: &TrainState, batch_size: usize) -> Self {
        let products = config.sizes.d_in.saturating_mul(config.sizes.n_features).saturating_mul(batch_size);
        Self::with_shards(config, inputs, state, if products < SHARED_FROM { 1 } else { 2 })
    }

    pub(in crate::sae::train) fn with_shards(
        config: StepConfig,
        inputs: Arc<DenseMatrix>,
        state: &TrainState,
        n_shards: usize,
    ) -> Self {
        let ranges = ranges(config.sizes.n_features, n_shards).enumerate();
        let shards = ranges
            .map(|(number, range)| {
                Shard::new(config, state.of_features(range.clone(), config.sizes.n_features), range, number)
            })
            .collect();
        Self { config, inputs, shards, peer: None, x: Vec::new(), tally: Tally::default(), n_alive: 0.0 }
    }

    /// Gives the last shard away, if there are two; whether it did.
    ///
    /// # Errors
    /// What the peer says; the shard stays here then.
    pub(crate) async fn share(
        &mut self,
        peer: Rc<dyn ShardPeer>,
        start: impl FnOnce(Range<usize>, TrainState) -> ShardStart,
    ) -> Result<bool, String> {
        let [_, last] = &*self.shards else {
            return Ok(false);
        };
        peer.ask(ShardCall::Begin(Box::new(start(last.range(), last.state().clone())))).await?;
        self.shards.truncate(1);
        self.peer = Some(peer);
        Ok(true)
    }

    /// One step of gradient descent on these cells.
    ///
    /// # Errors
    /// What the peer says when it fails; the run can't go on then.
    pub(crate) async fn step(&mut self, rows: &[u32]) -> Result<(), String> {
        self.read(rows);
        let decoded = self.decode(Aim::Learn).await?;
        let Self { shards, peer, x, tally, n_alive, .. } = self;
        let away = Away::ask(peer.as_deref(), || ShardCall::Differentiate(decoded[..shards.len()].to_vec()));
        let mut parts = Vec::new();
        for (number, shard) in shards.iter_mut().enumerate() {
            let (part, of_batch) = shard.differentiate(x, &decoded);
            parts.push(part);
            if number == 0 {
                *tally += of_batch;
            }
        }
        parts.extend(away.part().await?);
        *n_alive = total(&parts, 1);
        let away = Away::ask(peer.as_deref(), || ShardCall::Update(parts[..shards.len()].to_vec()));
        for shard in shards.iter_mut() {
            shard.update(&parts);
        }
        away.answer().await.map(drop)
    }

    /// Squared error and active features on these cells by the rule of the finished autoencoder; nothing is learnt.
    ///
    /// # Errors
    /// As [`Self::step`].
    pub(crate) async fn measure(&mut self, rows: &[u32]) -> Result<Tally, String> {
        self.read(rows);
        let decoded = self.decode(Aim::Measure).await?;
        Ok(self.shards.first_mut().map(|shard| shard.compare(&self.x, &decoded)).unwrap_or_default())
    }

    /// Gathers the cells of a batch.
    fn read(&mut self, rows: &[u32]) {
        self.x.clear();
        for &row in rows {
            self.x.extend_from_slice(self.inputs.row(row as usize));
        }
    }

    /// The first two phases of a step; what all shards decoded.
    async fn decode(&mut self, aim: Aim) -> Result<Vec<Part>, String> {
        let Self { shards, peer, x, .. } = self;
        let away = Away::ask(peer.as_deref(), || ShardCall::Encode { x: x.clone(), aim });
        let mut encoded: Vec<Part> = shards.iter_mut().map(|shard| shard.encode(x, aim)).collect();
        encoded.extend(away.part().await?);
        let away = Away::ask(peer.as_deref(), || ShardCall::Decode(encoded[..shards.len()].to_vec()));
        let mut decoded: Vec<Part> = shards.iter_mut().map(|shard| shard.decode(&encoded)).collect();
        decoded.extend(away.part().await?);
        Ok(decoded)
    }

    /// The sums since the last call, and the number of features not dead.
    pub(crate) fn take_tally(&mut self) -> (Tally, f64) {
        (std::mem::take(&mut self.tally), self.n_alive)
    }

    /// All the run remembers.
    ///
    /// # Errors
    /// As [`Self::step`].
    pub(crate) async fn state(&self) -> Result<TrainState, String> {
        let mut states: Vec<TrainState> = self.shards.iter().map(|shard| shard.state().clone()).collect();
        if let Some(peer) = &self.peer {
            match peer.ask(ShardCall::State).await? {
                ShardAnswer::State(state) => states.push(*state),
                _ => return Err(UNEXPECTED.to_owned()),
            }
        }
        TrainState::joined(states).ok_or_else(|| "the run has no features".to_owned())
    }

    #[cfg(test)]
    pub(in crate::sae::train) fn deal(&mut self, state: &TrainState, n_shards: usize) {
        *self = Self::with_shards(self.config, Arc::clone(&self.inputs), state, n_shards);
    }

    #[cfg(test)]
    pub(in crate::sae::train) fn set_dense_from(&mut self, share: f64) {
        self.shards.iter_mut().for_each(|shard| shard.dense_from = share);
    }
}

/// The features of each of `n_shards`.
fn ranges(n_features: usize, n_shards: usize) -> impl Iterator<Item = Range<usize>> {
    (0..n_shards).map(move |shard| shard * n_features / n_shards..(shard + 1) * n_features / n_shards)
}

/// A call that a peer works on meanwhile.
struct Away<'a>(Option<LocalBoxFuture<'a, Result<ShardAnswer, String>>>);

impl<'a> Away<'a> {
    /// Sends a call, if there is someone to send it to.
    fn ask(peer: Option<&'a dyn ShardPeer>, call: impl FnOnce() -> ShardCall) -> Self {
        let Some(peer) = peer else {
            return Self(None);
        };
        let mut answer = peer.ask(call());
        Self(Some(match (&mut answer).now_or_never() {
            Some(answer) => std::future::ready(answer).boxed_local(),
            None => answer,
        }))
    }

    async fn answer(self) -> Result<Option<ShardAnswer>, String> {
        match self.0 {
            Some(answer) => answer.await.map(Some),
            None => Ok(None),
        }
    }

    async fn part(self) -> Result<Option<Part>, String> {
        match self.answer().await? {
            None => Ok(None),
            Some(ShardAnswer::Part(part)) => Ok(Some(part)),
            Some(_) => Err(UNEXPECTED.to_owned()),
        }
    }
}
