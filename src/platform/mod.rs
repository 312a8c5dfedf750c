//! Where the program runs: files, clock, tasks and storage of a browser worker or of a native process.
//!
//! [`Host`] is what the engine needs of either; the only modules that know a browser or a target are in here and in
//! the binaries.

mod host;
mod memory;
#[cfg(not(target_arch = "wasm32"))]
pub mod native;
mod read_ahead;
#[cfg(feature = "web")]
pub mod web;

pub use host::{Host, HostError, LocalTask, Pool, Store};
pub use memory::MemoryStore;
pub use read_ahead::ReadAhead;
