//! `featurescope bench`: how long a training step takes on this machine's CPU, on one thread.

use std::io::Write;
use std::time::Instant;

use futures::executor::block_on;

use super::Ending;
use super::error::CliError;
use crate::sae::bench::bench;
use crate::sae::device::cpu;

/// Prints a line of JSON for every size.
///
/// # Errors
/// [`CliError::Failed`] if the device fails or standard output is closed.
pub(super) fn run() -> Result<Ending, CliError> {
    let started = Instant::now();
    let rows = block_on(bench(&cpu(), &|| started.elapsed().as_secs_f64(), async || {}));
    let rows = rows.map_err(|error| CliError::Failed(error.to_string()))?;
    let lines: String = rows.iter().map(|row| row.report() + "\n").collect();
    let written = std::io::stdout().write_all(lines.as_bytes());
    written.map_err(|error| CliError::Failed(format!("the table can't be printed: {error}")))?;
    Ok(Ending::Complete)
}
