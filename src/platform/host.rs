//! What the engine needs of the place it runs in.

use std::rc::Rc;
use std::sync::Arc;

use futures::future::LocalBoxFuture;

use crate::io::ByteSource;
use crate::protocol::{Answer, FileHandle, PoolAnswer, PoolCall};

/// Work that stays on its thread.
pub type LocalTask<'a, T> = LocalBoxFuture<'a, T>;

/// What the place the engine runs in can't do.
#[derive(Debug, thiserror::Error, PartialEq)]
pub enum HostError {
    /// A file can't be opened.
    #[error("{name:?} can't be opened: {reason}; choose the file again")]
    File {
        /// The file.
        name: String,
        /// What the system says.
        reason: String,
    },
    /// A worker that computes beside the engine has stopped.
    #[error("a worker that computes beside the engine stopped: {reason}")]
    Worker {
        /// What is known of it.
        reason: String,
    },
    /// Storage for checkpoints is missing, full or refused.
    #[error("storage for training checkpoints can't be used: {reason}; training itself goes on")]
    Storage {
        /// What the system says.
        reason: String,
    },
}

/// The place the engine runs in: a browser worker, or a native process.
pub trait Host {
    /// Opens a file that came with a request; until it is released that, and calls of the pool that name it, can go on.
    ///
    /// # Errors
    /// [`HostError::File`] if the transport does not hold it or the system refuses.
    fn open(&self, file: &FileHandle) -> Result<Arc<dyn ByteSource>, HostError>;

    /// Forgets files; their sources stay.
    fn release(&self, files: &[FileHandle]);

    /// Sends an answer to the other side.
    fn emit(&self, answer: Answer);

    /// Starts work beside what is running.
    fn spawn(&self, task: LocalTask<'static, ()>);

    /// Lets waiting messages and timers have their turn.
    fn yield_now(&self) -> LocalTask<'static, ()>;

    /// Seconds since some fixed moment.
    fn now_secs(&self) -> f64;

    /// Bytes one piece of work may take here; `None` where only the machine sets a limit.
    fn memory_limit(&self) -> Option<u64>;

    /// Storage that outlives the session.
    fn store(&self) -> &dyn Store;

    /// Workers on other threads; `None` where there are none and the engine does their work itself.
    fn pool(&self) -> Option<Rc<dyn Pool>>;
}

/// Workers that compute beside the engine, each on its own thread with its own memory.
pub trait Pool {
    /// How many there are, at least 1.
    fn n_workers(&self) -> usize;

    /// Asks a worker and waits for its answer; a worker takes one call at a time. One that stopped starts anew with its
    /// next call, knowing nothing. A file that the call names is lent to the worker.
    ///
    /// # Errors
    /// [`HostError::Worker`] if it can't be started or stops before it answers.
    fn call(&self, worker: usize, call: PoolCall) -> LocalTask<'_, Result<PoolAnswer, HostError>>;
}

/// Bytes by key, kept beyond the session.
pub trait Store {
    /// The bytes under `key`; `None` if there are none.
    ///
    /// # Errors
    /// [`HostError::Storage`] if the storage can't be read.
    fn get<'a>(&'a self, key: &'a str) -> LocalTask<'a, Result<Option<Vec<u8>>, HostError>>;

    /// Replaces the bytes under `key`.
    ///
    /// # Errors
    /// [`HostError::Storage`] if the storage is missing, full or refused.
    fn put<'a>(&'a self, key: &'a str, bytes: &'a [u8]) -> LocalTask<'a, Result<(), HostError>>;

    /// Forgets `key`; nothing happens if it is not there.
    ///
    /// # Errors
    /// [`HostError::Storage`] if the storage can't be written.
    fn delete<'a>(&'a self, key: &'a str) -> LocalTask<'a, Result<(), HostError>>;
}
