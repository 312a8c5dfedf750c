//! The command line, built as it is shipped, timed by its own report.

use std::path::Path;
use std::process::Command;

use serde_json::Value;

use super::measured::{self, Place, Sizes};
use super::plan::Job;
use super::{Bench, Desk};
use crate::error::{Outcome, TaskError};
use crate::places::Places;
use crate::process;

/// What takes less is repeated.
const SHORT_SECS: f64 = 5.0;
/// Times a short job is done.
const N_REPEATS: usize = 3;

/// Builds the command line with optimisation.
///
/// # Errors
/// The build fails.
pub(super) fn build(places: &Places) -> Outcome {
    let mut cargo = process::cargo("build");
    cargo
        .args(["--release", "--features", "cli", "--bin", "featurescope"])
        .env("CARGO_TARGET_DIR", places.target("native"))
        .current_dir(places.checkout());
    process::run("building the command line", &mut cargo)
}

/// Trains a TopK autoencoder and leaves it in `out/sae`.
///
/// # Errors
/// The command line fails.
pub(super) fn train_once(places: &Places, expression: &Path, embedding: &str, n_features: &str, out: &Path) -> Outcome {
    let mut run = featurescope(places);
    run.args(["run", "--embedding", embedding, "--hidden", n_features, "--no-tables"]);
    process::run("training", run.arg("--expression").arg(expression).arg("--out").arg(out))
}

/// Times a job, short ones three times, each in a process of its own.
///
/// # Errors
/// The command line fails, or its report can't be read.
pub(super) fn run(desk: &mut Desk, job: &Job) -> Outcome {
    let first = run_once(desk, job)?;
    for _ in 1..if first < SHORT_SECS { N_REPEATS } else { 1 } {
        run_once(desk, job)?;
    }
    Ok(())
}

/// Seconds of one analysis and GSEA.
fn run_once(desk: &mut Desk, job: &Job) -> Outcome<f64> {
    let out = desk.inputs.folder().join(format!("out-{}", job.bench.name()));
    let timings = desk.inputs.folder().join("native.jsonl");
    let mut run = featurescope(desk.places);
    run.arg("run").args(job.run_options()).args(["--no-tables", "--timings"]).arg(&timings).arg("--out").arg(&out);
    process::run("the command line", &mut run)?;
    let lines = read(&timings)?;
    if job.bench.is_opening() {
        let lines = lines_of("open", &lines);
        desk.measured.take_lines(Place::Native, Some(job.bench), &lines);
        return Ok(step_secs(&lines, &["open"]));
    }
    desk.measured.take_lines(Place::Native, Some(job.bench), &lines);
    let summary: Value = serde_json::from_str(&read(&out.join("summary.json"))?).unwrap_or_default();
    desk.measured.sizes.insert(job.bench, sizes(&summary));
    Ok(step_secs(&lines, &["analyse", "gsea"]))
}

/// The lines of one step.
fn lines_of(step: &str, lines: &str) -> String {
    let is_wanted = |line: &&str| measured::rows(line).iter().any(|row| row["step"] == step);
    lines.lines().filter(is_wanted).flat_map(|line| [line, "\n"]).collect()
}

/// Seconds of some steps together.
fn step_secs(lines: &str, steps: &[&str]) -> f64 {
    let counts = |row: &&Value| row["step"].as_str().is_some_and(|step| steps.contains(&step));
    measured::rows(lines).iter().filter(counts).filter_map(|row| row["secs"].as_f64()).sum()
}

/// What `summary.json` says of sizes.
fn sizes(summary: &Value) -> Sizes {
    let count = |part: &str, name: &str| summary[part][name].as_u64().unwrap_or_default();
    Sizes {
        cells: count("dataset", "n_cells"),
        features: count("analysis", "n_done"),
        genes: count("analysis", "n_genes"),
        sets: count("analysis", "n_sets"),
    }
}

/// Times steps of training.
///
/// # Errors
/// The command line fails.
pub(super) fn train(desk: &mut Desk) -> Outcome {
    let lines = process::output("timing training", featurescope(desk.places).arg("bench"))?;
    desk.measured.take_lines(Place::Native, Some(Bench::Training), &lines);
    Ok(())
}

fn featurescope(places: &Places) -> Command {
    let name = format!("featurescope{}", std::env::consts::EXE_SUFFIX);
    process::command(places.target("native").join("release").join(name))
}

fn read(path: &Path) -> Outcome<String> {
    std::fs::read_to_string(path).map_err(TaskError::file("read", path))
}

#[cfg(test)]
mod tests {
    use super::*;

    const LINES: &str =
        "{\"step\":\"open\",\"secs\":9}\n{\"step\":\"analyse\",\"secs\":1}\n{\"step\":\"gsea\",\"secs\":2}\n";

    #[test]
    fn opening_and_writing_are_not_the_analysis() {
        assert_eq!(step_secs(LINES, &["analyse", "gsea"]), 3.0);
    }

    #[test]
    fn an_opening_is_what_was_measured_until_then() {
        assert_eq!(lines_of("open", LINES), "{\"step\":\"open\",\"secs\":9}\n");
    }
}
