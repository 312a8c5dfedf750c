//! Workers of the pool as jobs see them, and the engine's own thread in their place.

use std::cell::RefCell;

use futures::FutureExt;

use crate::platform::{HostError, LocalTask, Pool};
use crate::pool::Worker;
use crate::protocol::{PoolAnswer, PoolCall};

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
        PoolAnswer::Findings(_) | PoolAnswer::Gsea(_) => Err(worker_fault("it answered what was not asked")),
    }
}
