//! `cargo xtask bench`: times of training steps, on the machine's processor and in the browser's tab.

use crate::error::Outcome;
use crate::places::Places;
use crate::process;
use crate::site::DESK_PROFILE;
use crate::test;

/// Lets the command line, built as it is shipped, time training, then the page in Chromium, built as for tests.
///
/// # Errors
/// Something needed is missing, or a build or a run fails.
pub(crate) fn bench(places: &Places) -> Outcome {
    let mut cargo = process::cargo("run");
    cargo
        .args(["--release", "--features", "cli", "--bin", "featurescope", "--", "bench"])
        .env("CARGO_TARGET_DIR", places.target("native"))
        .current_dir(places.checkout());
    process::run("timing native training", &mut cargo)?;
    test::bench_in_the_tab(places, DESK_PROFILE)
}
