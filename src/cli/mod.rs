//! The command line: the engine in process, for data a browser tab can't hold, and for scripts.
//!
//! It parses options, sends the same requests a page sends, shows progress on the error stream and writes what comes
//! back as files. Exit codes: 0 done, 1 a fault of ours, 2 usage or input, 130 interrupted (what was done is written).

mod analysis_args;
mod args;
mod bench;
mod checks;
mod driver;
mod error;
mod groups;
mod gsea_args;
mod inputs;
mod open;
mod outputs;
mod progress;
mod quality;
mod run;
mod sweep;
mod sweep_args;
mod timings;
mod training_args;

use std::io::Write;
use std::process::ExitCode;

use clap::Parser;

use args::{Arguments, Command};

/// Exit code of a run that was interrupted, as shells have it for SIGINT.
const INTERRUPTED: u8 = 130;

/// Parses the command line and does what it says.
pub fn main() -> ExitCode {
    std::panic::set_hook(Box::new(|panic| {
        fail(&format!("internal error: {panic}"));
        std::process::exit(1);
    }));
    let done = match Arguments::parse().command {
        Command::Run(options) => run::run(&options),
        Command::Bench => bench::run(),
    };
    match done {
        Ok(Ending::Complete) => ExitCode::SUCCESS,
        Ok(Ending::Interrupted) => ExitCode::from(INTERRUPTED),
        Err(error) => {
            fail(&format!("error: {error}"));
            ExitCode::from(error.exit_code())
        }
    }
}

fn fail(message: &str) {
    // Where even the error stream is closed, the exit code says enough.
    let _ = writeln!(std::io::stderr(), "{message}");
}

/// How a run that did not fail ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Ending {
    Complete,
    Interrupted,
}
