//! The Python programs of `tests/bench`, once each.

use std::path::Path;
use std::process::Command;

use serde_json::Value;

use super::measured::{Reference, rows};
use super::plan::Job;
use super::{Bench, Desk};
use crate::process;

/// Permutations GSEApy is asked for.
const N_PERMUTATIONS: &str = "1000";
/// Packages whose versions stand beside the table.
const PACKAGES: [&str; 11] =
    ["python", "anndata", "gseapy", "h5py", "illico", "numba", "numpy", "scanpy", "scipy", "statsmodels", "torch"];

/// Ways of opening an AnnData file, a process for each since memory is measured, too.
const OPENINGS: [&str; 3] = ["anndata", "tocsc", "h5py"];

/// Runs what a job is compared with; where it fails, that is said and left out.
pub(super) fn run(desk: &mut Desk, job: &Job) {
    if job.bench.is_opening() {
        for way in OPENINGS {
            let mut script = desk.inputs.script("reference_h5ad.py");
            script.arg("--expression").arg(&job.expression).args(["--way", way]);
            take(desk, job.bench, script);
        }
        return;
    }
    match script(desk, job) {
        Some(script) => take(desk, job.bench, script),
        None => println!("no other program is timed here"),
    }
}

/// Times PyTorch's training steps.
pub(super) fn train(desk: &mut Desk) {
    let mut script = desk.inputs.script("reference_sae.py");
    script.args(["--times", "--threads", "1,2"]);
    take(desk, Bench::Training, script);
}

fn take(desk: &mut Desk, bench: Bench, mut script: Command) {
    let said = match process::output("the reference", &mut script) {
        Ok(said) => said,
        Err(error) => {
            let name = bench.name();
            desk.measured.skip(format!(
                "The reference of `{name}` was left out: {error}; tests/bench/README.md says what it needs, and \
                 --python names another Python"
            ));
            return;
        }
    };
    let rows = rows(&said);
    desk.measured.references.extend(rows.iter().filter_map(|row| reference(bench, row)));
    desk.measured.versions.extend(rows.iter().flat_map(versions));
}

/// The program a job is compared with, if there is one.
fn script(desk: &Desk, job: &Job) -> Option<Command> {
    let source: &Path = job.source.as_deref()?;
    let name = match job.bench {
        Bench::Analysis => "reference_scflens.py",
        Bench::Wilcoxon => "reference_wilcoxon.py",
        Bench::Gsea => "reference_gsea.py",
        Bench::Paper | Bench::Opening | Bench::OpeningLarge | Bench::Training => return None,
    };
    let mut script = desk.inputs.script(name);
    script.arg("--expression").arg(source);
    if let Some(sets) = &job.gene_sets {
        script.arg("--gene-sets").arg(sets);
    }
    match job.bench {
        Bench::Analysis => script.args(["--scores", "obsm/X_nmf", "--features", "0,2,16"]),
        Bench::Gsea => script.args(["--permutations", N_PERMUTATIONS, "--threads", "1"]),
        _ => script.args(["--threads", "1,2"]),
    };
    Some(script)
}

/// What a line says, if it is a result.
fn reference(bench: Bench, row: &Value) -> Option<Reference> {
    let method = row["method"].as_str()?;
    let per_feature = row["secs_per_feature"].as_f64();
    let secs = per_feature.or_else(|| row["secs"].as_f64())?;
    let threads = match row["threads"].as_u64() {
        None | Some(1) => "1 thread".to_owned(),
        Some(n) => format!("{n} threads"),
    };
    let permutations = row["permutations"].as_u64().map(|n| format!(", {n} permutations")).unwrap_or_default();
    let what = format!("{method}{permutations}, {threads}");
    let step = row["step"].as_str().map(str::to_owned);
    let peak_bytes = row["peak_bytes"].as_u64();
    Some(Reference { bench, what, secs, is_per_feature: per_feature.is_some(), step, peak_bytes })
}

/// Versions in a line, as `numpy 2.4.6`.
fn versions(row: &Value) -> Vec<String> {
    PACKAGES.iter().filter_map(|name| Some(format!("{name} {}", row[*name].as_str()?))).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn results_are_told_from_other_lines() {
        let row = json!({ "method": "scanpy", "threads": 2, "secs": 3.5, "numpy": "2.4.6" });
        let found = reference(Bench::Wilcoxon, &row).unwrap();
        assert_eq!((found.what.as_str(), found.secs, found.is_per_feature), ("scanpy, 2 threads", 3.5, false));
        assert_eq!(versions(&row), ["numpy 2.4.6"]);
        assert_eq!(reference(Bench::Analysis, &json!({ "feature": 3, "secs": 1.0 })), None);
        let mean = json!({ "method": "scFeatureLens in Python", "secs_per_feature": 5.6 });
        assert!(reference(Bench::Analysis, &mean).unwrap().is_per_feature);
        let gsea = json!({ "method": "gseapy.prerank", "threads": 1, "permutations": 1000, "secs": 282 });
        assert_eq!(reference(Bench::Gsea, &gsea).unwrap().what, "gseapy.prerank, 1000 permutations, 1 thread");
    }
}
