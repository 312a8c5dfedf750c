//! Runs other programs: with cargo's own variables removed, with a time limit, quietly or for all to see.
//!
//! `cargo run` hands its child a library path and package variables that belong to this task runner; another
//! compiler that inherits them would mix two toolchains, so every command starts from [`command`].

use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::error::{Outcome, TaskError};

const OWN_VARIABLES: [&str; 8] = [
    "LD_LIBRARY_PATH",
    "DYLD_FALLBACK_LIBRARY_PATH",
    "CARGO",
    "CARGO_BIN_NAME",
    "CARGO_CRATE_NAME",
    "CARGO_PRIMARY_PACKAGE",
    "OUT_DIR",
    "RUST_RECURSION_COUNT",
];
const OWN_PREFIXES: [&str; 2] = ["CARGO_PKG_", "CARGO_MANIFEST_"];

/// A command for `program` without the variables cargo set for this task runner.
///
/// Where `CI` is set, nothing is compiled incrementally: a run that is not repeated in place gains nothing from it.
pub(crate) fn command(program: impl AsRef<std::ffi::OsStr>) -> Command {
    let mut command = Command::new(program);
    for (name, _) in std::env::vars_os() {
        let name = name.to_string_lossy();
        if OWN_VARIABLES.contains(&name.as_ref()) || OWN_PREFIXES.iter().any(|p| name.starts_with(p)) {
            command.env_remove(name.as_ref());
        }
    }
    if std::env::var_os("CI").is_some() {
        command.env("CARGO_INCREMENTAL", "0");
    }
    command
}

/// The cargo that runs this task, with a subcommand.
pub(crate) fn cargo(subcommand: &str) -> Command {
    let mut cargo = command(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo.arg(subcommand);
    cargo
}

/// Runs a command whose output the person sees.
///
/// # Errors
/// The program cannot be started, or ends with another status than success.
pub(crate) fn run(what: &str, command: &mut Command) -> Outcome {
    let status = command.status().map_err(not_started(what, command))?;
    if status.success() { Ok(()) } else { Err(failed(what, command, status)) }
}

/// What a command prints; what it complains of goes to the terminal.
///
/// # Errors
/// The program cannot be started, or ends with another status than success.
pub(crate) fn output(what: &str, command: &mut Command) -> Outcome<String> {
    let output = command.stderr(Stdio::inherit()).output().map_err(not_started(what, command))?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    if output.status.success() { Ok(text) } else { Err(failed(what, command, output.status)) }
}

/// What a command prints when it succeeds; nothing when it fails or does not exist.
pub(crate) fn probe(command: &mut Command) -> Option<String> {
    let output = command.stdin(Stdio::null()).stderr(Stdio::null()).output().ok()?;
    output.status.success().then(|| String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

/// Runs a command in silence and tells whether it succeeded within `limit`; what it said otherwise.
pub(crate) fn succeeds_within(command: &mut Command, limit: Duration) -> Result<(), String> {
    let started = Instant::now();
    let mut child = command
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(|source| source.to_string())?;
    loop {
        match child.try_wait() {
            Ok(Some(status)) if status.success() => return Ok(()),
            Ok(Some(_)) => return Err(reason_of(&mut child)),
            Ok(None) if started.elapsed() < limit => std::thread::sleep(Duration::from_millis(50)),
            Ok(None) => {
                stop(&mut child);
                return Err(format!("no answer within {} s", limit.as_secs()));
            }
            Err(source) => return Err(source.to_string()),
        }
    }
}

/// Ends a child process and waits for it, so that none is left behind.
pub(crate) fn stop(child: &mut Child) {
    // Both fail only for a process that has ended already, which is what is wanted.
    let _ = child.kill();
    let _ = child.wait();
}

/// The command as a person could type it.
pub(crate) fn shown(command: &Command) -> String {
    let words = std::iter::once(command.get_program()).chain(command.get_args());
    words.map(|word| word.to_string_lossy().into_owned()).collect::<Vec<_>>().join(" ")
}

/// Where `program` is found in `PATH`.
pub(crate) fn find(program: &str) -> Option<PathBuf> {
    std::env::split_paths(&std::env::var_os("PATH")?).map(|dir| dir.join(program)).find(|path| is_program(path))
}

fn is_program(path: &Path) -> bool {
    path.is_file()
}

fn reason_of(child: &mut Child) -> String {
    let mut said = String::new();
    if let Some(stderr) = &mut child.stderr {
        // An unreadable message is no worse than none: the caller goes on to the next way either way.
        let _ = stderr.read_to_string(&mut said);
    }
    reason_in(&said).to_owned()
}

/// What a program calls its error, else its last line.
fn reason_in(said: &str) -> &str {
    let error = said.lines().find_map(|line| line.trim().strip_prefix("error: "));
    let last = || said.lines().rev().map(str::trim).find(|line| !line.is_empty());
    error.or_else(last).unwrap_or("no reason given")
}

fn not_started(what: &str, command: &Command) -> impl FnOnce(std::io::Error) -> TaskError {
    let (what, program) = (what.to_owned(), command.get_program().to_string_lossy().into_owned());
    move |source| TaskError::NotStarted { what, program, advice: "`cargo xtask setup` says what is missing", source }
}

fn failed(what: &str, command: &Command, status: std::process::ExitStatus) -> TaskError {
    TaskError::Failed { what: what.to_owned(), command: shown(command), status }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_is_shown_as_typed() {
        let mut built = command("cargo");
        built.args(["build", "--bin", "app"]);
        assert_eq!(shown(&built), "cargo build --bin app");
    }

    #[test]
    fn the_reason_is_the_error_or_else_the_last_line() {
        assert_eq!(reason_in("info: a\nerror: no such part\n\nCaused by:\n   0: b\n"), "no such part");
        assert_eq!(reason_in("one\ntwo\n\n"), "two");
        assert_eq!(reason_in(""), "no reason given");
    }

    #[test]
    fn a_missing_program_probes_to_nothing() {
        assert_eq!(probe(&mut command("featurescope-no-such-program")), None);
    }

    #[test]
    fn a_command_past_its_limit_is_ended() {
        let said = succeeds_within(command("sleep").arg("20"), Duration::from_millis(100));
        assert!(said.unwrap_err().starts_with("no answer within"));
    }
}
