//! What each bench does, the same in the command line and in the page.

use std::path::{Path, PathBuf};

use serde_json::json;

use super::{Bench, Desk, native};
use crate::error::Outcome;

/// Features of the sparse autoencoder of Kang's cells.
const N_FEATURES: &str = "512";
/// Shape of the counts at the paper's scale.
const PAPER_SHAPE: [&str; 10] =
    ["--cells", "56714", "--genes", "13431", "--density", "0.1", "--features", "5318", "--active", "0.035"];
/// Shape of the made-up counts that are only opened.
const LARGE_SHAPE: [&str; 6] = ["--cells", "40000", "--genes", "20000", "--per-cell", "1900"];
/// Threads that analyse at the paper's scale.
const PAPER_THREADS: &str = "2";

/// One bench with its files.
pub(super) struct Job {
    /// Which.
    pub(super) bench: Bench,
    /// Expression.
    pub(super) expression: PathBuf,
    /// The embedding, as `--embedding` has it.
    pub(super) embedding: &'static str,
    /// Gene sets, if they take part.
    pub(super) gene_sets: Option<PathBuf>,
    /// The folder of the sparse autoencoder; without one the embedding's columns are the features.
    pub(super) sae: Option<PathBuf>,
    /// Data the reference reads, and gene sets.
    pub(super) source: Option<PathBuf>,
}

impl Job {
    /// Finds or makes the files; the sentence is what to say where that can't be done.
    ///
    /// # Errors
    /// The command line fails to train.
    pub(super) fn prepare(desk: &Desk, bench: Bench) -> Outcome<Result<Self, String>> {
        match bench {
            Bench::Analysis => Self::kang(desk),
            Bench::Paper => Ok(Self::paper(desk)),
            Bench::Opening => Ok(desk.inputs.kang().map(|kang| Self::opening(bench, kang, "obsm/X_pca"))),
            Bench::OpeningLarge => Ok(Self::large(desk)),
            _ => Ok(Self::two_groups(desk, bench)),
        }
    }

    /// Kang's cells with a TopK autoencoder on their PCA, trained the first time.
    fn kang(desk: &Desk) -> Outcome<Result<Self, String>> {
        let (kang, sets) = match (desk.inputs.kang(), desk.inputs.gene_sets()) {
            (Ok(kang), Ok(sets)) => (kang, sets),
            (Err(missing), _) | (_, Err(missing)) => return Ok(Err(missing)),
        };
        let out = desk.inputs.folder().join("kang");
        if !out.join("sae/sae_weights.safetensors").is_file() {
            println!("training on {}", kang.display());
            native::train_once(desk.places, &kang, "obsm/X_pca", N_FEATURES, &out)?;
        }
        let (sae, source) = (Some(out.join("sae")), Some(kang.clone()));
        Ok(Ok(Self {
            bench: Bench::Analysis,
            expression: kang,
            embedding: "obsm/X_pca",
            gene_sets: Some(sets),
            sae,
            source,
        }))
    }

    /// Made-up counts of the paper's shape, with genes that gene sets know.
    fn paper(desk: &Desk) -> Result<Self, String> {
        let sets = desk.inputs.gene_sets()?;
        let mut script = desk.inputs.script("make_shape.py");
        script.args(PAPER_SHAPE).arg("--gene-names").arg(&sets);
        let folder = desk.inputs.made("paper", &mut script)?;
        Ok(Self {
            bench: Bench::Paper,
            expression: folder.join("counts.h5ad"),
            embedding: "obsm/X_latent",
            gene_sets: Some(sets),
            sae: Some(folder.join("sae")),
            source: None,
        })
    }

    /// Made-up counts of which only the opening is timed.
    fn large(desk: &Desk) -> Result<Self, String> {
        let file = desk.inputs.made("large.h5ad", desk.inputs.script("make_h5ad.py").args(LARGE_SHAPE))?;
        Ok(Self::opening(Bench::OpeningLarge, file, "obsm/X_one"))
    }

    fn opening(bench: Bench, file: PathBuf, embedding: &'static str) -> Self {
        Self { bench, expression: file.clone(), embedding, gene_sets: None, sae: None, source: Some(file) }
    }

    /// One cell type of Kang's, and whether a cell was stimulated as its one feature.
    fn two_groups(desk: &Desk, bench: Bench) -> Result<Self, String> {
        let kang = desk.inputs.kang()?;
        let gene_sets = (bench == Bench::Gsea).then(|| desk.inputs.gene_sets()).transpose()?;
        let mut script = desk.inputs.script("make_two_groups.py");
        let expression = desk.inputs.made("two_groups.h5ad", script.arg("--expression").arg(&kang))?;
        Ok(Self { bench, expression, embedding: "obsm/X_stimulated", gene_sets, sae: None, source: Some(kang) })
    }

    /// Options of `featurescope run` without those for what it writes.
    pub(super) fn run_options(&self) -> Vec<String> {
        let text = |path: &Path| path.display().to_string();
        let mut options = vec!["--expression".to_owned(), text(&self.expression)];
        options.extend(["--embedding".to_owned(), self.embedding.to_owned()]);
        options.extend(self.gene_sets.iter().flat_map(|sets| ["--gene-sets".to_owned(), text(sets)]));
        options.push("--weights".to_owned());
        options.push(self.sae.as_deref().map_or_else(|| "identity".to_owned(), text));
        let more: &[&str] = match self.bench {
            Bench::Paper => &["--threads", PAPER_THREADS],
            Bench::Wilcoxon => &["--positives", "active"],
            Bench::Gsea => &["--positives", "active", "--gsea", "0"],
            Bench::Analysis | Bench::Opening | Bench::OpeningLarge | Bench::Training => &[],
        };
        options.extend(more.iter().map(|word| (*word).to_owned()));
        options
    }

    /// The files a person would open in the page.
    fn files(&self) -> Vec<PathBuf> {
        let sae = self.sae.iter().flat_map(|sae| [sae.join("cfg.json"), sae.join("sae_weights.safetensors")]);
        [self.expression.clone()].into_iter().chain(self.gene_sets.clone()).chain(sae).collect()
    }
}

/// The jobs as the browser tests' program reads them.
pub(super) fn as_json(jobs: &[Job]) -> String {
    let job = |job: &Job| {
        let takes_columns = job.sae.is_none();
        json!({
            "bench": job.bench.name(),
            "files": job.files(),
            "only_opens": job.bench.is_opening(),
            "takes_columns": takes_columns,
            "all_active": takes_columns,
            "gsea": job.bench == Bench::Gsea,
        })
    };
    serde_json::Value::from(jobs.iter().map(job).collect::<Vec<_>>()).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn job(bench: Bench, sae: Option<PathBuf>) -> Job {
        let gene_sets = (bench != Bench::Wilcoxon).then(|| "s.gmt".into());
        Job { bench, expression: "x.h5ad".into(), embedding: "obsm/E", gene_sets, sae, source: None }
    }

    #[test]
    fn page_and_command_line_are_given_the_same() {
        let options = job(Bench::Gsea, None).run_options().join(" ");
        let expected = "--expression x.h5ad --embedding obsm/E --gene-sets s.gmt --weights identity";
        assert_eq!(options, format!("{expected} --positives active --gsea 0"));
        let plan = as_json(&[job(Bench::Gsea, None), job(Bench::Paper, Some("sae".into()))]);
        let plan: serde_json::Value = serde_json::from_str(&plan).unwrap();
        assert_eq!(plan[0]["files"], json!(["x.h5ad", "s.gmt"]));
        assert_eq!(
            (&plan[0]["takes_columns"], &plan[0]["all_active"], &plan[0]["gsea"]),
            (&json!(true), &json!(true), &json!(true))
        );
        assert_eq!(plan[1]["files"], json!(["x.h5ad", "s.gmt", "sae/cfg.json", "sae/sae_weights.safetensors"]));
        assert_eq!((&plan[1]["takes_columns"], &plan[1]["gsea"]), (&json!(false), &json!(false)));
    }

    #[test]
    fn wilcoxon_alone_has_no_gene_sets() {
        assert!(!job(Bench::Wilcoxon, None).run_options().contains(&"--gene-sets".to_owned()));
    }
}
