//! What the page asks of the engine.

use serde::{Deserialize, Serialize};

use super::{CompareQuery, GseaFeatures, LineageQuery, ViewQuery};
use crate::data::{FeatureId, IdTrim};
use crate::lens::{AnalysisParams, AssociationParams, Convention, FeatureGseaParams};
use crate::sae::{SaeParams, SweepParams, WeightFormat};

/// Chosen by the sender; every answer repeats it.
pub type RequestId = u32;

/// A file the sender holds; the engine reads slices of it through the transport.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileHandle {
    /// The transport's number for the file.
    pub handle: u32,
    /// Its name with extension.
    pub name: String,
    /// Its size in bytes.
    pub size: u64,
}

/// Which device computes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DeviceChoice {
    /// The GPU if it passes the self-test and wins the race, else the CPU.
    #[default]
    Auto,
    /// The CPU.
    Cpu,
    /// The GPU; an error if there is none.
    Gpu,
}

/// The kind of file a table becomes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TableFormat {
    /// Text, comma-separated.
    #[default]
    Csv,
    /// The same, compressed.
    CsvGz,
    /// Parquet.
    Parquet,
}

/// The form of a table.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TableStyle {
    /// The kind of file.
    pub format: TableFormat,
    /// Whose columns it has.
    pub convention: Convention,
}

/// A table to be written as a file.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ExportKind {
    /// `feature_statistics.csv`
    FeatureStatistics,
    /// Differential expression of one feature, or of all live ones.
    DifferentialExpression {
        /// One feature; `None` for all.
        feature: Option<FeatureId>,
        /// Genes of all features whose adjusted p is not below this are left out; `None` for all genes. All genes of one
        /// feature are always written, and in paper mode those of all features with padj < 0.05.
        below: Option<f64>,
        /// Its form in sound mode.
        style: TableStyle,
        /// Whether large files come in parts.
        in_parts: bool,
    },
    /// Gene sets of all features: in paper mode `go_enrichment_results.csv` in the paper's columns.
    Enrichment {
        /// Its form in sound mode.
        style: TableStyle,
    },
    /// GSEA of features for which it has run: `gsea`.
    Gsea {
        /// One feature; `None` for all of them.
        feature: Option<FeatureId>,
        /// Its form.
        style: TableStyle,
    },
    /// Live features against labels: `label_association`.
    LabelAssociation {
        /// Which columns, and how.
        params: AssociationParams,
        /// The kind of file.
        format: TableFormat,
    },
    /// Live features between two groups of cells: `differential_features`.
    DifferentialFeatures {
        /// The groups.
        query: CompareQuery,
        /// The kind of file.
        format: TableFormat,
    },
    /// Features that rise or fall along a path of categories: `lineage`.
    Lineage {
        /// The path.
        query: LineageQuery,
        /// The kind of file.
        format: TableFormat,
    },
    /// The training run kept in storage, to go on with here or elsewhere: `NAME.fsrun`.
    TrainingRun,
    /// The rows of the last sweep: `sweep`.
    Sweep {
        /// The kind of file.
        format: TableFormat,
    },
    /// The weights of the sparse autoencoder: a folder `sae`.
    Sae {
        /// The library it is for.
        format: WeightFormat,
    },
}

/// A request. A job (open, train, analyse, gsea) started while another of its kind runs is refused with a sentence.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Request {
    /// Open files; an expression file starts a new data set, others join the one that is open. Answers
    /// `Progress`…, `DatasetOpened` or `Failed` (what was open stays open), before it `IdTrimOffered` where cell ids would agree
    /// if cut; where all that came is a training run,
    /// `Checkpoint`.
    Open {
        /// The files, in any order. A SAELens folder comes as its two files.
        files: Vec<FileHandle>,
        /// The embedding a sparse autoencoder among the files shall read, unless its configuration names another that
        /// is open. Refused if there is none of that name; `None` leaves the choice to the engine.
        embedding: Option<String>,
        /// What a person accepted to be left out of the cell ids of some files, as `IdTrimOffered` proposed.
        trims: Vec<IdTrim>,
        /// The matrix of an AnnData file that is its expression, by a name of [`DatasetSummary::matrices`]; refused if it
        /// has none of that name. `None` takes the first there is.
        ///
        /// [`DatasetSummary::matrices`]: super::DatasetSummary::matrices
        matrix: Option<String>,
    },
    /// Forget everything that is open.
    Close,
    /// Choose the compute device. Answers `DeviceChosen`.
    ChooseDevice {
        /// The choice.
        choice: DeviceChoice,
    },
    /// Train on an embedding. Answers `Trained…` events, then `SaeReady` or `Failed`.
    Train {
        /// Name of the embedding.
        embedding: String,
        /// What to train.
        params: SaeParams,
    },
    /// Train several configurations on an embedding, one after the other. Answers `Progress` and `SweepSoFar`…, then
    /// `Swept`, also when it was cancelled, or `Failed`; what an earlier sweep found is gone. The autoencoder in use stays.
    Sweep {
        /// Name of the embedding.
        embedding: String,
        /// What to train.
        params: SweepParams,
    },
    /// Use a run of the last sweep from now on. Answers `SaeReady` or `Failed`.
    UseSweepRun {
        /// Its number.
        run: u32,
    },
    /// Take the columns of an embedding as features: scores, or one-hot labels; values below 0 count as 0. Answers
    /// `SaeReady` or `Failed`.
    UseColumns {
        /// Name of the embedding.
        embedding: String,
    },
    /// Go on with the training run kept as a checkpoint. Answers like `Train`.
    ResumeCheckpoint,
    /// Throw the kept checkpoint away.
    DiscardCheckpoint,
    /// Pause the running training.
    PauseTraining,
    /// Go on after a pause.
    ContinueTraining,
    /// End training now and keep what was learnt.
    StopTraining,
    /// Differential expression and gene sets for every live feature. Answers `Progress`…, `Analysed` or `Failed`.
    Analyse {
        /// How.
        params: AnalysisParams,
    },
    /// Gene set enrichment of all eligible sets along the ranking of each feature's genes, with the groups, values,
    /// universe and set sizes of the analysis (else the defaults). Results are kept until the analysis, the model or
    /// the data change. Answers `Progress`…, `GseaReady` or `Failed`; refused in the paper's mode.
    Gsea {
        /// Which features.
        features: GseaFeatures,
        /// How.
        params: FeatureGseaParams,
    },
    /// Measure every live feature against label columns. Answers `Progress`…, `Associated` or `Failed`.
    Associate {
        /// Which columns, and how.
        params: AssociationParams,
    },
    /// Cancel a job; what is done so far is kept where that makes sense, and said.
    Cancel {
        /// The job.
        job: super::Job,
    },
    /// Something to look at. Answers `View` or `Failed`.
    View {
        /// What.
        query: ViewQuery,
    },
    /// Write a table. Answers `Exported` or `Failed`.
    Export {
        /// Which.
        kind: ExportKind,
    },
}
