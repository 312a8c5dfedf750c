//! The browser: messages between page and worker, files, storage and tasks of the worker.

#[cfg(feature = "engine")]
mod files;
pub mod message;
#[cfg(feature = "engine")]
mod store;
#[cfg(feature = "engine")]
mod worker;

#[cfg(feature = "engine")]
pub use worker::{WebHost, report_panics};
