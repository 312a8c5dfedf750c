//! Measurements in the tab, run by name by `cargo xtask bench`; nothing is asserted but that they come to their end.
//!
//! What is to be measured comes as a file (`FEATURESCOPE_BENCH_PLAN`), what was found goes as JSON lines into another
//! (`FEATURESCOPE_BENCH_RESULTS`, standard output without it): `bench`, `step`, `secs` and, where it is known,
//! `peak_bytes`.

mod analysis;
mod memory;
mod training;

use std::io::Write;

use serde_json::Value;

/// Appends one measurement to the file of results, or prints it.
fn report(row: &Value) {
    let mut results: Box<dyn Write> = match std::env::var_os("FEATURESCOPE_BENCH_RESULTS") {
        Some(path) => Box::new(std::fs::OpenOptions::new().create(true).append(true).open(path).unwrap()),
        None => Box::new(std::io::stdout()),
    };
    writeln!(results, "{row}").unwrap();
}
