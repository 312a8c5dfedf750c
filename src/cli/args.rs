//! The options of the command line and the run they describe.

use std::path::{Path, PathBuf};

use clap::{Args, Parser, Subcommand, ValueEnum};

use super::analysis_args::AnalysisOptions;
use super::error::CliError;
use super::groups::Groups;
use super::gsea_args::GseaOptions;
use super::quality::QualityFormat;
use super::sweep_args::SweepOptions;
use super::training_args::TrainingOptions;
use crate::data::FeatureId;
use crate::protocol::{
    AnalysisParams, DataShape, ExportKind, FeatureGseaParams, GseaFeatures, SaeParams, TableFormat, TableStyle,
    WeightFormat,
};

/// Single-cell embeddings through sparse features.
#[derive(Debug, Parser)]
#[command(name = "featurescope", version, about)]
pub(super) struct Arguments {
    #[command(subcommand)]
    pub(super) command: Command,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Train or load a sparse autoencoder, analyse its features and write tables.
    Run(Box<RunOptions>),
    /// Print how long training steps take on this machine.
    Bench,
}

/// Options of `run`.
#[derive(Args, Debug)]
pub(super) struct RunOptions {
    /// Cells with gene expression (.h5ad), or a folder or .zip with it and what else is to be opened.
    #[arg(long, value_name = "F.h5ad|DIR|F.zip")]
    pub(super) expression: PathBuf,
    /// The matrix of the .h5ad that is its expression: X, raw/X or layers/NAME [default: X, or what there is without it].
    #[arg(long, value_name = "X|raw/X|layers/NAME")]
    pub(super) matrix: Option<String>,
    /// The embedding: obsm/NAME in the expression file, or a .npy file.
    #[arg(long, value_name = "obsm/NAME|FILE.npy")]
    pub(super) embedding: String,
    /// Gene sets (.gmt, .gmx, .json, .yaml, long .csv, .obo with .gaf), also gzip, or a folder or .zip of them; can be
    /// given more than once.
    #[arg(long, value_name = "G.gmt")]
    pub(super) gene_sets: Vec<PathBuf>,
    /// Labels of the cells (.csv).
    #[arg(long, value_name = "L.csv")]
    pub(super) labels: Option<PathBuf>,
    /// Where the cell ids of a file and of the cells agree only once cut, as "AAAC-1" and "s1_AAAC": compare them cut. What
    /// is left out is said.
    #[arg(long)]
    pub(super) trim_ids: bool,
    /// A folder of weights to load in place of training (SAELens, sparsify, `dictionary_learning`, scFeatureLens,
    /// bio-sae), or a lone .pt, or `identity`: the embedding's columns are the features.
    #[arg(long, value_name = "DIR|FILE|identity", conflicts_with = "TrainingOptions")]
    weights: Option<PathBuf>,
    /// The library to write the weights in use for; not every one can hold every variant.
    #[arg(long, value_enum, default_value = "saelens", value_name = "LIBRARY")]
    save_weights: WeightLibrary,
    /// A training run that was saved (.fsrun), to go on with.
    #[arg(long, value_name = "F.fsrun", conflicts_with_all = ["weights", "TrainingOptions"])]
    pub(super) resume: Option<PathBuf>,
    /// Seed of initialisation, shuffling and sampled cells [default: 0].
    #[arg(long, allow_negative_numbers = true)]
    seed: Option<u64>,
    /// Threads that analyse features [default: as many as the machine has].
    #[arg(long, value_name = "N", allow_negative_numbers = true)]
    pub(super) threads: Option<std::num::NonZeroUsize>,
    #[command(flatten)]
    training: TrainingOptions,
    #[command(flatten)]
    pub(super) sweep: SweepOptions,
    #[command(flatten)]
    analysis: AnalysisOptions,
    #[command(flatten)]
    gsea: GseaOptions,
    /// Write differential_expression.csv.gz beside the Parquet file of --mode sound.
    #[arg(long)]
    pub(super) csv: bool,
    /// Write differential_features.csv: features between categories A and B of a label column, or between A and all
    /// other cells. Names with a comma stand in double quotes.
    #[arg(long, value_name = "COLUMN:A[,B]")]
    compare: Option<Groups>,
    /// Write lineage.csv: features that rise or fall along categories of a label column, in this order; at least one
    /// category must be left out to compare with.
    #[arg(long, value_name = "COLUMN:A,B,…")]
    lineage: Option<Groups>,
    /// Write quality.json or quality.csv: error, explained variance, sparsity and dead features on cells trained on and
    /// held out, and the shape of the dictionary [json where no kind is given].
    #[arg(long, value_name = "json|csv", num_args = 0..=1, default_missing_value = "json")]
    pub(super) quality: Option<QualityFormat>,
    /// Write no tables of genes, gene sets and labels, which are large where there are many features.
    #[arg(long, conflicts_with = "csv")]
    no_tables: bool,
    /// Write how long each step took and how much memory the process had held by then, one JSON object a line.
    #[arg(long, value_name = "F.jsonl")]
    pub(super) timings: Option<PathBuf>,
    /// Folder for the results; made if it is not there.
    #[arg(long, value_name = "DIR")]
    pub(super) out: PathBuf,
}

/// A library that reads weights.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum WeightLibrary {
    /// cfg.json and sae_weights.safetensors.
    Saelens,
    /// cfg.json and sae.safetensors; `TopK`.
    Sparsify,
    /// config.json and ae.pt.
    DictionaryLearning,
    /// A .pt; the paper's vanilla and Bricken, and other ReLU variants.
    Scfeaturelens,
}

/// What `--weights` says where the embedding's columns are the features.
const IDENTITY: &str = "identity";

/// Where the embedding comes from.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum EmbeddingSource {
    /// `obsm` of the expression file, by key.
    Obsm(String),
    /// A file.
    File(PathBuf),
}

impl RunOptions {
    /// Label columns that options name, each with its option.
    pub(super) fn label_columns(&self) -> Vec<(&'static str, String)> {
        let held_out_by = self.training.hold_out_label().map(|label| ("--hold-out-by", label.to_owned()));
        held_out_by.into_iter().chain(self.analysis.label_columns()).collect()
    }

    /// The tables an analysis is written as.
    pub(super) fn tables(&self, has_gene_sets: bool) -> Vec<ExportKind> {
        if self.no_tables {
            return Vec::new();
        }
        let table = |format| ExportKind::DifferentialExpression {
            feature: None,
            below: None,
            style: TableStyle { format, ..TableStyle::default() },
            in_parts: true,
        };
        let is_sound = self.analysis.is_sound();
        let mut tables = vec![table(if is_sound { TableFormat::Parquet } else { TableFormat::Csv })];
        tables.extend((is_sound && self.csv).then(|| table(TableFormat::CsvGz)));
        tables.extend(has_gene_sets.then(|| ExportKind::Enrichment { style: TableStyle::default() }));
        tables.extend(is_sound.then(|| ExportKind::LabelAssociation {
            params: self.analysis.association_params(),
            format: TableFormat::Csv,
        }));
        tables
    }

    /// Categories that options name, each with its option.
    pub(super) fn groups(&self) -> impl Iterator<Item = (&'static str, &Groups)> {
        let given = [("--compare", &self.compare), ("--lineage", &self.lineage)];
        given.into_iter().filter_map(|(option, groups)| Some((option, groups.as_ref()?)))
    }

    /// The tables of groups of cells, which need no analysis.
    pub(super) fn group_tables(&self) -> Vec<ExportKind> {
        let format = TableFormat::Csv;
        let compare =
            self.compare.as_ref().map(|groups| ExportKind::DifferentialFeatures { query: groups.comparison(), format });
        let lineage = self.lineage.as_ref().map(|groups| ExportKind::Lineage { query: groups.path(), format });
        compare.into_iter().chain(lineage).collect()
    }

    /// Where the embedding comes from.
    pub(super) fn embedding_source(&self) -> EmbeddingSource {
        match self.embedding.strip_prefix("obsm/") {
            Some(name) => EmbeddingSource::Obsm(name.to_owned()),
            None => EmbeddingSource::File(self.embedding.clone().into()),
        }
    }

    /// Checks what can be known before files are read.
    ///
    /// # Errors
    /// [`CliError::Usage`] for an option that belongs to another variant or mode, or values that make no sense.
    pub(super) fn check(&self) -> Result<(), CliError> {
        // What options need of each other does not depend on the data, as long as there is enough of it.
        let shape = DataShape { n_cells: 10_000, d_in: 32, ..DataShape::default() };
        self.sweep.params(&self.sae_params(&shape)?, shape.d_in)?;
        self.check_groups()?;
        self.analysis_params()?;
        self.gsea()?;
        if !self.gsea.is_asked_for() {
            return Ok(());
        }
        if !self.analysis.is_sound() {
            return Err(CliError::Usage("--gsea belongs to --mode sound; paper mode ranks no genes".to_owned()));
        }
        if self.gene_sets.is_empty() {
            return Err(CliError::Usage("--gsea needs gene sets; give --gene-sets, too".to_owned()));
        }
        Ok(())
    }

    fn check_groups(&self) -> Result<(), CliError> {
        let n_compared = self.compare.as_ref().map_or(1, |groups| groups.categories.len());
        if n_compared > 2 {
            let text = format!("--compare names {n_compared} categories; name A and B, or A alone");
            return Err(CliError::Usage(text));
        }
        if self.lineage.as_ref().is_some_and(|groups| groups.categories.len() < 2) {
            return Err(CliError::Usage("--lineage needs at least 2 categories, in their order".to_owned()));
        }
        Ok(())
    }

    /// The format that weights are written in.
    pub(super) fn weight_format(&self) -> WeightFormat {
        match self.save_weights {
            WeightLibrary::Saelens => WeightFormat::SaeLens,
            WeightLibrary::Sparsify => WeightFormat::Sparsify,
            WeightLibrary::DictionaryLearning => WeightFormat::DictionaryLearning,
            WeightLibrary::Scfeaturelens => WeightFormat::ScFeatureLens,
        }
    }

    /// The folder or file of weights, if some are to be loaded.
    pub(super) fn weights(&self) -> Option<&Path> {
        self.weights.as_deref().filter(|_| !self.is_identity())
    }

    /// Whether the embedding's columns are the features.
    pub(super) fn is_identity(&self) -> bool {
        self.weights.as_deref() == Some(Path::new(IDENTITY))
    }

    /// What to train on data of this shape.
    ///
    /// # Errors
    /// As [`TrainingOptions::params`].
    pub(super) fn sae_params(&self, shape: &DataShape) -> Result<SaeParams, CliError> {
        self.training.params(shape, self.seed)
    }

    /// The features GSEA is asked for and how, if it is.
    ///
    /// # Errors
    /// As [`GseaOptions::request`].
    pub(super) fn gsea(&self) -> Result<Option<(GseaFeatures, FeatureGseaParams)>, CliError> {
        self.gsea.request(self.seed)
    }

    /// The table of GSEA.
    pub(super) fn gsea_table(&self) -> ExportKind {
        self.gsea.table()
    }

    /// The first feature asked for that a sparse autoencoder of so many features lacks.
    pub(super) fn unknown_feature(&self, n_features: usize) -> Option<FeatureId> {
        self.gsea.unknown_feature(n_features)
    }

    /// How to analyse.
    ///
    /// # Errors
    /// As [`AnalysisOptions::params`].
    pub(super) fn analysis_params(&self) -> Result<AnalysisParams, CliError> {
        self.analysis.params(self.seed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(extra: &[&str]) -> Result<RunOptions, clap::Error> {
        let needed = ["featurescope", "run", "--expression", "a.h5ad", "--embedding", "obsm/X_pca", "--out", "o"];
        let all = needed.iter().chain(extra);
        match Arguments::try_parse_from(all)?.command {
            Command::Run(options) => Ok(*options),
            Command::Bench => unreachable!("run was asked for"),
        }
    }

    #[test]
    fn defaults_are_those_of_the_params() {
        let options = parse(&[]).unwrap();
        assert!(options.check().is_ok());
        assert_eq!(options.analysis_params().unwrap(), AnalysisParams::default());
        assert_eq!(options.embedding_source(), EmbeddingSource::Obsm("X_pca".to_owned()));
    }

    #[test]
    fn options_of_the_other_variant_are_refused() {
        assert!(parse(&["--l1", "0.1"]).unwrap().check().is_err());
        assert!(parse(&["--variant", "vanilla", "--k", "4"]).unwrap().check().is_err());
    }

    #[test]
    fn set_sizes_nothing_can_have_are_refused() {
        let text = parse(&["--min-genes", "0"]).unwrap().check().unwrap_err().to_string();
        assert!(text.starts_with("--min-genes 0"), "{text}");
    }

    #[test]
    fn tables_can_be_left_out() {
        assert_eq!(parse(&[]).unwrap().tables(true).len(), 3);
        assert!(parse(&["--no-tables"]).unwrap().tables(true).is_empty());
        assert!(parse(&["--no-tables", "--csv"]).is_err());
    }

    #[test]
    fn negative_numbers_are_values() {
        assert_eq!(parse(&["--lr", "-1e-3"]).unwrap().sae_params(&DataShape::default()).unwrap().learning_rate, -1e-3);
        assert!(parse(&["--epochs", "-1"]).unwrap_err().to_string().contains("invalid value '-1'"));
    }

    #[test]
    fn weights_exclude_training_options() {
        for option in [&["--hidden", "8"][..], &["--plain"], &["--patience", "3"], &["--scaling", "none"]] {
            assert!(parse(&[&["--weights", "d"], option].concat()).is_err(), "{option:?}");
        }
        assert_eq!(parse(&["--weights", "d", "--seed", "3"]).unwrap().weights(), Some(Path::new("d")));
        let identity = parse(&["--weights", "identity"]).unwrap();
        assert_eq!((identity.is_identity(), identity.weights()), (true, None));
    }
}
