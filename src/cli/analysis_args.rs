//! The options of an analysis of features.

use std::path::{Path, PathBuf};
use std::str::FromStr;

use clap::{Args, ValueEnum};

use super::error::CliError;
use crate::lens::LensError;
use crate::protocol::{
    AnalysisMode, AnalysisParams, AssociationParams, ExpressionValues, FoldChangeFormula, GeneTest, Negatives,
    Positives, SoundParams, Universe,
};

/// Options of the analysis.
#[derive(Args, Debug)]
pub(super) struct AnalysisOptions {
    /// How features are analysed.
    #[arg(long, value_enum, default_value = "sound")]
    mode: Mode,
    /// The expression values that are compared.
    #[arg(long, value_enum, default_value = "lognorm")]
    values: Values,
    /// Sets with fewer genes in the data are left out.
    #[arg(long, default_value_t = 10, allow_negative_numbers = true)]
    pub(super) min_genes: usize,
    /// Sets with more genes in the data are left out.
    #[arg(long, default_value_t = 500, allow_negative_numbers = true)]
    pub(super) max_genes: usize,
    #[command(flatten)]
    sound: SoundOptions,
}

/// Options that only sound mode has.
#[derive(Args, Debug)]
#[command(next_help_heading = "Options of --mode sound")]
struct SoundOptions {
    /// Cells in which a feature is on: all active ones, those above a percentile of all cells, or so many of the
    /// largest [default: percentile:99].
    #[arg(long, value_name = "active|percentile:Q|top:N")]
    positives: Option<PositivesArg>,
    /// Cells they are compared with: all others, a sample of them, or as many in every category of a label column
    /// [default: rest].
    #[arg(long, value_name = "rest|sample:N|matched:COLUMN")]
    negatives: Option<NegativesArg>,
    /// Features with fewer cells in either group are left out [default: 10].
    #[arg(long, value_name = "N", allow_negative_numbers = true)]
    min_cells: Option<usize>,
    /// Tests of genes; the first selects genes [default: wilcoxon,welch].
    #[arg(long, value_enum, value_delimiter = ',', value_name = "TESTS")]
    tests: Option<Vec<TestName>>,
    /// Genes that hits are counted among: measured, annotated, or a file with one gene a line [default: measured].
    #[arg(long, value_name = "measured|annotated|FILE")]
    universe: Option<String>,
    /// Adjusted p-values below this are significant [default: 0.05].
    #[arg(long, value_name = "Q", allow_hyphen_values = true)]
    alpha: Option<f64>,
    /// Selected genes change by at least this log2 fold change, up or down [default: 0.5].
    #[arg(long, value_name = "X", allow_hyphen_values = true)]
    min_log2fc: Option<f64>,
    /// Formula of log2 fold changes [default: scanpy].
    #[arg(long, value_enum)]
    fold_change: Option<FoldChangeName>,
    /// Label columns that features are measured against [default: all]; can be given more than once.
    #[arg(long, value_name = "NAME")]
    labels_column: Vec<String>,
    /// Label columns that tell how cells were made, such as batches [default: by name]; can be given more than once.
    #[arg(long, value_name = "NAME")]
    nuisance_column: Vec<String>,
    /// Choose F1's threshold on one half of this column's categories, such as donors, and report F1 on the other.
    #[arg(long, value_name = "NAME")]
    split_by: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, ValueEnum)]
enum Mode {
    /// Every cell once, families named, up and down apart.
    Sound,
    /// scFeatureLens as its authors coded it.
    Paper,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Values {
    /// As the file holds them.
    Raw,
    /// Counts per 10,000, then ln(1 + x).
    Lognorm,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum TestName {
    /// Welch's t.
    Welch,
    /// Wilcoxon's rank sum.
    Wilcoxon,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum FoldChangeName {
    /// log2 of the ratio of expm1 of means, 1e-9 added.
    Scanpy,
    /// log2 of the ratio of means of linear values, 1e-9 added.
    LinearMean,
    /// Seurat 5.
    SeuratV5,
    /// Seurat 4.
    SeuratV4,
}

#[derive(Clone, Debug, PartialEq)]
struct PositivesArg(Positives);

#[derive(Clone, Debug, PartialEq)]
struct NegativesArg(Negatives);

impl FromStr for PositivesArg {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let found = match text.split_once(':') {
            None if text == "active" => Some(Positives::Active),
            Some(("percentile", q)) => q.parse().ok().map(Positives::Percentile),
            Some(("top", n)) => n.parse().ok().map(Positives::Top),
            _ => None,
        };
        found.map(Self).ok_or_else(|| "expected active, percentile:Q such as percentile:99, or top:N".to_owned())
    }
}

impl FromStr for NegativesArg {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let found = match text.split_once(':') {
            None if text == "rest" => Some(Negatives::Rest),
            Some(("sample", n)) => n.parse().ok().map(Negatives::Sample),
            Some(("matched", column)) if !column.is_empty() => Some(Negatives::Matched(column.to_owned())),
            _ => None,
        };
        found.map(Self).ok_or_else(|| "expected rest, sample:N such as sample:1000, or matched:COLUMN".to_owned())
    }
}

impl AnalysisOptions {
    /// How to analyse; the seed is that of the run.
    ///
    /// # Errors
    /// [`CliError::Usage`] for an option that belongs to the other mode; [`CliError::Input`] for a universe that can't
    /// be read; [`CliError::Usage`] for values that make no sense.
    pub(super) fn params(&self, seed: Option<u64>) -> Result<AnalysisParams, CliError> {
        let mode = match self.mode {
            Mode::Sound => AnalysisMode::Sound,
            Mode::Paper => AnalysisMode::Paper,
        };
        if mode == AnalysisMode::Paper
            && let Some(option) = self.sound.first_given()
        {
            return Err(CliError::Usage(format!("{option} belongs to --mode sound; paper mode has no such choice")));
        }
        let values = match self.values {
            Values::Raw => ExpressionValues::Raw,
            Values::Lognorm => ExpressionValues::LogNormalized,
        };
        let sound = self.sound.params(seed)?;
        let params = AnalysisParams { mode, values, min_set_size: self.min_genes, max_set_size: self.max_genes, sound };
        let (min, max) = (self.min_genes, self.max_genes);
        params.check().map_err(|error| match error {
            LensError::SetSizes { .. } => CliError::Usage(format!("--min-genes {min} --max-genes {max}: {error}")),
            _ => CliError::Usage(error.to_string()),
        })?;
        Ok(params)
    }
}

impl AnalysisOptions {
    pub(super) fn is_sound(&self) -> bool {
        self.mode == Mode::Sound
    }

    /// Label columns that options name, each with its option.
    pub(super) fn label_columns(&self) -> Vec<(&'static str, String)> {
        let sound = &self.sound;
        let matched = sound.negatives.iter().filter_map(|found| match &found.0 {
            Negatives::Matched(column) => Some(("--negatives", column.clone())),
            Negatives::Rest | Negatives::Sample(_) => None,
        });
        let listed = |option, columns: &Vec<String>| columns.iter().map(|column| (option, column.clone())).collect();
        let lists: [Vec<(&'static str, String)>; 2] =
            [listed("--labels-column", &sound.labels_column), listed("--nuisance-column", &sound.nuisance_column)];
        let split = sound.split_by.iter().map(|column| ("--split-by", column.clone()));
        matched.chain(lists.into_iter().flatten()).chain(split).collect()
    }

    /// How features are measured against labels.
    pub(super) fn association_params(&self) -> AssociationParams {
        let named = |names: &Vec<String>| (!names.is_empty()).then(|| names.clone());
        AssociationParams {
            columns: named(&self.sound.labels_column),
            nuisance_columns: named(&self.sound.nuisance_column),
            split_column: self.sound.split_by.clone(),
        }
    }
}

impl SoundOptions {
    fn first_given(&self) -> Option<&'static str> {
        let given = [
            (self.positives.is_some(), "--positives"),
            (self.negatives.is_some(), "--negatives"),
            (self.min_cells.is_some(), "--min-cells"),
            (self.tests.is_some(), "--tests"),
            (self.universe.is_some(), "--universe"),
            (self.alpha.is_some(), "--alpha"),
            (self.min_log2fc.is_some(), "--min-log2fc"),
            (self.fold_change.is_some(), "--fold-change"),
            (!self.labels_column.is_empty(), "--labels-column"),
            (!self.nuisance_column.is_empty(), "--nuisance-column"),
            (self.split_by.is_some(), "--split-by"),
        ];
        given.into_iter().find_map(|(is_given, option)| is_given.then_some(option))
    }

    fn params(&self, seed: Option<u64>) -> Result<SoundParams, CliError> {
        let defaults = SoundParams::default();
        let test = |name: &TestName| match name {
            TestName::Welch => GeneTest::Welch,
            TestName::Wilcoxon => GeneTest::Wilcoxon,
        };
        Ok(SoundParams {
            positives: self.positives.as_ref().map_or(defaults.positives, |found| found.0),
            negatives: self.negatives.as_ref().map_or(defaults.negatives, |found| found.0.clone()),
            min_cells: self.min_cells.unwrap_or(defaults.min_cells),
            tests: self.tests.as_ref().map_or(defaults.tests, |names| names.iter().map(test).collect()),
            fold_change: self.fold_change.map_or(defaults.fold_change, |name| match name {
                FoldChangeName::Scanpy => FoldChangeFormula::Scanpy,
                FoldChangeName::LinearMean => FoldChangeFormula::LinearMean,
                FoldChangeName::SeuratV5 => FoldChangeFormula::SeuratV5,
                FoldChangeName::SeuratV4 => FoldChangeFormula::SeuratV4,
            }),
            universe: self.universe.as_deref().map_or(Ok(defaults.universe), universe)?,
            alpha: self.alpha.unwrap_or(defaults.alpha),
            min_log2_fold_change: self.min_log2fc.unwrap_or(defaults.min_log2_fold_change),
            seed: seed.unwrap_or(defaults.seed),
        })
    }
}

fn universe(text: &str) -> Result<Universe, CliError> {
    match text {
        "measured" => Ok(Universe::Measured),
        "annotated" => Ok(Universe::Annotated),
        path => {
            let path = PathBuf::from(path);
            let genes = genes_of(&path).map_err(|source| CliError::Input {
                option: "--universe",
                path: path.clone(),
                source,
                way_on: "give measured, annotated, or a text file with one gene a line".to_owned(),
            })?;
            let name = path.file_name().unwrap_or(path.as_os_str()).to_string_lossy().into_owned();
            Ok(Universe::Listed { name, genes })
        }
    }
}

fn genes_of(path: &Path) -> std::io::Result<Vec<String>> {
    let text = std::fs::read_to_string(path)?;
    let text = text.trim_start_matches('\u{feff}');
    Ok(text
        .lines()
        .map(str::trim)
        .filter(|line| !line.is_empty() && !line.starts_with('#'))
        .map(str::to_owned)
        .collect())
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Parser)]
    struct Line {
        #[command(flatten)]
        options: AnalysisOptions,
    }

    fn params(line: &[&str]) -> Result<AnalysisParams, String> {
        let parsed = Line::try_parse_from(["x"].iter().chain(line)).map_err(|error| error.to_string())?;
        parsed.options.params(Some(3)).map_err(|error| error.to_string())
    }

    #[test]
    fn groups_are_read_as_they_are_documented() {
        let found = params(&["--positives", "percentile:99", "--negatives", "matched:cell:type"]).unwrap().sound;
        assert_eq!(found.positives, Positives::Percentile(99.0));
        assert_eq!(found.negatives, Negatives::Matched("cell:type".to_owned()));
        assert_eq!(found.seed, 3);
        assert_eq!(params(&["--positives", "top:50"]).unwrap().sound.positives, Positives::Top(50));
        assert_eq!(params(&["--negatives", "sample:20"]).unwrap().sound.negatives, Negatives::Sample(20));
        assert!(params(&["--positives", "percentile"]).unwrap_err().contains("percentile:99"));
        assert!(params(&["--negatives", "matched:"]).is_err());
    }

    #[test]
    fn the_first_test_selects() {
        let found = params(&["--tests", "welch,wilcoxon"]).unwrap().sound;
        assert_eq!((found.primary(), found.tests.len()), (GeneTest::Welch, 2));
        assert!(params(&["--tests", "welch,welch"]).unwrap_err().contains("each once"));
    }

    #[test]
    fn options_of_sound_mode_are_refused_in_paper_mode() {
        assert!(params(&["--mode", "paper"]).is_ok());
        assert!(
            params(&["--mode", "paper", "--alpha", "0.1"]).unwrap_err().contains("--alpha belongs to --mode sound")
        );
    }

    #[test]
    fn senseless_values_are_refused_before_anything_is_read() {
        assert!(params(&["--alpha", "-1"]).unwrap_err().contains("-1"));
        assert!(params(&["--positives", "percentile:100"]).unwrap_err().contains("below 100"));
        assert!(params(&["--universe", "/no/such/file"]).unwrap_err().contains("one gene a line"));
        assert!(params(&["--min-genes", "0"]).unwrap_err().contains("at least 1"));
    }
}
