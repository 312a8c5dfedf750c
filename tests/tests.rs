//! Integration tests.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test that fails panics")]

mod architecture;
#[cfg(feature = "cli")]
mod cli;
mod demo;
#[cfg(feature = "burn")]
mod engine;
mod io;
#[cfg(feature = "burn")]
mod large_h5ad;
mod lens;
mod robustness;
mod sae;
mod steer;
