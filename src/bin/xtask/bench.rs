//! `cargo xtask bench`: training times on the machine's processor, by the command line's own `bench`.

use crate::error::Outcome;
use crate::places::Places;
use crate::process;

/// Builds the command line as it is shipped and lets it time training steps.
///
/// # Errors
/// The build or the timing fails.
pub(crate) fn bench(places: &Places) -> Outcome {
    let mut cargo = process::command(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo
        .args(["run", "--release", "--features", "cli", "--bin", "featurescope", "--", "bench"])
        .env("CARGO_TARGET_DIR", places.target("native"))
        .current_dir(places.checkout());
    process::run("timing native training", &mut cargo)
}
