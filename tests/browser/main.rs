//! End-to-end tests: the built site in Chromium, driven from outside as a person would.
//!
//! `cargo xtask test` builds the site, finds the browser and passes both in the environment; without them every
//! test fails with a word about that. Tests run one at a time, each in its own browser with its own profile.
//! Screenshots of what was seen go to the folder `FEATURESCOPE_SCREENSHOTS`.

#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a broken harness should fail the test loudly")]

mod bench;
mod columns;
#[path = "../../src/bin/xtask/file_server.rs"]
mod file_server;
mod files;
mod gsea;
mod labels;
#[path = "../large_h5ad.rs"]
mod large_h5ad;
mod looking;
mod made;
mod main_job;
mod matrices;
mod mistakes;
mod opening;
mod spy;
mod sweep;
mod tab;
mod training;
mod trouble;
