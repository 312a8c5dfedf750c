//! Integration tests.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test that fails panics")]

mod architecture;
mod demo;
mod io;
mod lens;
mod sae;
mod steer;
