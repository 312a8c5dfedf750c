//! A native process: files by path, storage in memory, one thread and, if asked for, a pool of others.
//!
//! [`Session`] drives an engine in process: requests go in as calls, answers come out one by one. The command line
//! and the integration tests use it in place of a browser.

mod files;
mod pool;
mod session;

pub use files::PathSource;
pub use pool::ThreadPool;
pub use session::{Clock, Interrupt, NativeHost, OpenFiles, Session, Turn};
