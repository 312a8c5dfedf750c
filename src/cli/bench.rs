//! `featurescope bench`: how long a training step takes on this machine's CPU.

use std::io::Write;
use std::time::Instant;

use futures::executor::block_on;

use super::Ending;
use super::error::CliError;
use crate::sae::bench::{BenchRow, bench};
use crate::sae::device::cpu;

/// Prints one line a size, tab-separated, under a header.
///
/// # Errors
/// [`CliError::Failed`] if the device fails or standard output is closed.
pub(super) fn run() -> Result<Ending, CliError> {
    let started = Instant::now();
    let rows = block_on(bench(&cpu(), &|| started.elapsed().as_secs_f64(), async || {}));
    let rows = rows.map_err(|error| CliError::Failed(error.to_string()))?;
    let lines: Vec<String> = rows.iter().map(line).collect();
    let table = format!("variant\td_in\tn_features\tbatch\tk\tl0\tn_steps\tmedian_ms\n{}\n", lines.join("\n"));
    let written = std::io::stdout().write_all(table.as_bytes());
    written.map_err(|error| CliError::Failed(format!("the table can't be printed: {error}")))?;
    Ok(Ending::Complete)
}

fn line(row: &BenchRow) -> String {
    let k = row.k.map_or_else(|| "-".to_owned(), |k| k.to_string());
    let BenchRow { variant, d_in, n_features, batch_size, l0, n_steps, median_ms, .. } = row;
    format!("{variant}\t{d_in}\t{n_features}\t{batch_size}\t{k}\t{l0:.0}\t{n_steps}\t{median_ms:.2}")
}
