//! The engine: it owns the data, runs jobs over it and answers questions, wherever it runs.
//!
//! One thread, any [`Host`](crate::platform::Host). [`Engine::call`] takes a [`Call`](crate::protocol::Call) and
//! starts its work beside what is running; answers leave through the host with the call's id. Jobs hand the thread
//! back every few hundredths of a second, so that questions, pauses and cancels are served in between. No browser
//! and no arithmetic of its own is in here: the science is in `sae`, `stats`, `enrich`, `lens` and `steer`.
//!
//! A request that fails changes nothing. What a job computes replaces the old only when it is complete.

mod analyse;
mod analysis;
mod associate;
mod checkpoint;
mod compare;
mod decoder;
mod device;
mod error;
mod export;
mod gsea;
mod jobs;
mod join;
mod load_sae;
mod model;
mod open;
mod parts;
mod pool;
mod session;
mod state;
mod summary;
mod sweep;
mod train;
mod views;

pub use error::EngineError;
pub use session::Engine;
