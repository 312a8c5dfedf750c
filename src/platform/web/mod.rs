//! The browser: messages between page and worker, files, storage and tasks of the worker.

#[cfg(any(feature = "engine", feature = "stats"))]
mod files;
pub mod message;
#[cfg(feature = "engine")]
mod pool;
#[cfg(feature = "stats")]
mod pool_worker;
#[cfg(feature = "engine")]
mod store;
#[cfg(feature = "engine")]
mod worker;

#[cfg(feature = "stats")]
pub use pool_worker::serve_pool;
#[cfg(feature = "engine")]
pub use worker::{WebHost, report_panics};
