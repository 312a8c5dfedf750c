//! A native process: files by path, one thread, storage in memory.
//!
//! [`Session`] drives an engine in process: requests go in as calls, answers come out one by one. The command line
//! and the integration tests use it in place of a browser.

mod files;
mod session;

pub use files::PathSource;
pub use session::{Clock, Interrupt, NativeHost, Session, Turn};
