//! Workers of the pool as jobs see them, and the engine's own thread in their place.

use std::cell::RefCell;
use std::rc::Rc;

use futures::FutureExt;
use futures::future::LocalBoxFuture;

use super::session::{Inner, sentence};
use crate::data::Notice;
use crate::platform::{HostError, LocalTask, Pool};
use crate::pool::{self, Worker};
use crate::protocol::{Event, PoolAnswer, PoolCall, PoolShardCall};
use crate::sae::{ShardAnswer, ShardCall, ShardPeer, Trainer};

/// The engine's own thread in place of a pool.
#[derive(Default)]
pub(super) struct OwnThread {
    worker: RefCell<Worker>,
}

impl Pool for OwnThread {
    fn n_workers(&self) -> usize {
        1
    }

    fn call(&self, _worker: usize, call: PoolCall) -> LocalTask<'_, Result<PoolAnswer, HostError>> {
        async move { Ok(self.worker.borrow_mut().answer(call)) }.boxed_local()
    }
}

/// A worker that answers, but not what it should.
pub(super) fn worker_fault(reason: &str) -> HostError {
    HostError::Worker { reason: reason.to_owned() }
}

/// Asks a worker for what has no other answer than that it is done.
///
/// # Errors
/// [`HostError::Worker`] if it stops or answers otherwise.
pub(super) async fn ask(pool: &dyn Pool, worker: usize, call: PoolCall) -> Result<(), HostError> {
    match pool.call(worker, call).await? {
        PoolAnswer::Done => Ok(()),
        PoolAnswer::Failed(reason) => Err(worker_fault(&reason)),
        _ => Err(worker_fault("it answered what was not asked")),
    }
}

/// The worker that takes part in a training run.
const TRAINING_WORKER: usize = 0;

/// A worker of the pool that takes part in a training run.
struct TrainingPeer(Rc<dyn Pool>);

impl ShardPeer for TrainingPeer {
    fn ask(&self, call: ShardCall) -> LocalBoxFuture<'_, Result<ShardAnswer, String>> {
        async move {
            let call = PoolCall::Shard(pool::to_message(call));
            match self.0.call(TRAINING_WORKER, call).await {
                Ok(message) => pool::answer(message),
                Err(HostError::Worker { reason }) => Err(reason),
                Err(error) => Err(error.to_string()),
            }
        }
        .boxed_local()
    }
}

/// A worker's part in a training run, until it is ended.
pub(super) struct SharedTraining(Option<Rc<dyn Pool>>);

impl SharedTraining {
    /// Lets a worker take part, if there is one and it pays; one that refuses is said and left out.
    pub(super) async fn begin(inner: &Inner, trainer: &mut Trainer) -> Self {
        let Some(pool) = inner.host.pool().filter(|pool| pool.n_workers() > 1) else {
            return Self(None);
        };
        match trainer.share(Rc::new(TrainingPeer(Rc::clone(&pool)))).await {
            Ok(shares) => Self(shares.then_some(pool)),
            Err(error) => {
                let text = format!("{}. Training goes on without it, at half the speed.", sentence(&error.to_string()));
                inner.emit(0, Event::Noticed(Notice::warning(text)));
                Self(None)
            }
        }
    }

    /// Lets the worker forget the run.
    pub(super) async fn end(self) {
        if let Some(pool) = self.0 {
            // One that stopped has nothing to forget.
            let _ = pool.call(TRAINING_WORKER, PoolCall::Shard(PoolShardCall::End)).await;
        }
    }
}
