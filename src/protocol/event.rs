//! What the engine tells the page.

use serde::{Deserialize, Serialize};

use super::{AssociationSummary, Bytes, GseaSummary, RequestId, SweepSummary, ViewResult};
use crate::data::{IdTrim, JoinMethod, MatrixChoice, Notice, ValueKind};
use crate::lens::AnalysisParams;
use crate::sae::{SaeParams, TrainProgress};

/// A long-running piece of work.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Job {
    /// Reading files.
    Open,
    /// Training.
    Train,
    /// Training several configurations.
    Sweep,
    /// Differential expression and gene sets.
    Analyse,
    /// Gene set enrichment along the ranking of a feature's genes.
    Gsea,
    /// Measuring features against labels.
    Associate,
    /// Writing a table.
    Export,
}

/// A device that computes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ComputeDevice {
    /// Burn Flex with wasm SIMD, or native.
    Cpu,
    /// Burn on WebGPU.
    Gpu,
}

/// Which device computes and why.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DeviceReport {
    /// The device in use.
    pub device: ComputeDevice,
    /// Its name: the adapter's, or "CPU (SIMD)".
    pub name: String,
    /// Whether a GPU can be chosen.
    pub gpu_available: bool,
    /// One sentence: how the choice was made, with the race's times.
    pub reason: String,
}

/// What kind of values a label column has.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LabelKind {
    /// Categories with their cell counts, in file order.
    Categorical {
        /// `(category, cells)`
        categories: Vec<(String, usize)>,
        /// Cells without a label.
        n_missing: usize,
    },
    /// Numbers between these bounds.
    Numeric {
        /// Smallest.
        min: f64,
        /// Largest.
        max: f64,
    },
}

/// A label column.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LabelInfo {
    /// Its name.
    pub name: String,
    /// Its values.
    pub kind: LabelKind,
}

/// An embedding or map.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct EmbeddingInfo {
    /// Its name.
    pub name: String,
    /// Its dimensions; 2 can be looked at as a map.
    pub n_dims: usize,
    /// How its rows found their cells.
    pub joined_by: JoinMethod,
    /// ‖μ‖/‖σ‖: how far the average cell lies from zero against how far cells lie from it; `None` if they do not vary.
    pub offset_ratio: Option<f64>,
}

/// How gene sets and the data's genes match.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GeneSetSummary {
    /// Sets read.
    pub n_sets: usize,
    /// Sets with at least one gene in the data.
    pub n_sets_matched: usize,
    /// Distinct genes in the sets.
    pub n_genes: usize,
    /// Of those, genes in the data.
    pub n_genes_matched: usize,
    /// A few set genes the data does not have.
    pub unmatched_examples: Vec<String>,
    /// A few genes as the data name them.
    pub gene_examples: Vec<String>,
    /// By what set genes were found: the names of the data, or a column of `var`.
    pub found_by: String,
}

/// What is open.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DatasetSummary {
    /// Its name.
    pub name: String,
    /// Cells.
    pub n_cells: usize,
    /// Genes, 0 without expression.
    pub n_genes: usize,
    /// What the expression values are.
    pub values: Option<ValueKind>,
    /// Which matrix of its file the expression is, and which others could be; `None` where the file can hold only one.
    pub matrices: Option<MatrixChoice>,
    /// Label columns.
    pub labels: Vec<LabelInfo>,
    /// Embeddings and maps.
    pub embeddings: Vec<EmbeddingInfo>,
    /// The embedding training would use unless told otherwise.
    pub default_embedding: Option<String>,
    /// The map shown first.
    pub default_map: Option<super::MapSource>,
    /// Gene sets, if a file had them.
    pub gene_sets: Option<GeneSetSummary>,
    /// What a person should know.
    pub notices: Vec<Notice>,
}

/// Where the weights came from.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(clippy::large_enum_variant, reason = "there is one at a time, and matching a box is clumsier")]
pub enum SaeOrigin {
    /// Trained here.
    Trained {
        /// With these parameters.
        params: SaeParams,
        /// Where it ended; earlier than planned if it was stopped.
        last: TrainProgress,
        /// Whether it ended because held-out cells gained nothing more.
        ran_out_of_patience: bool,
    },
    /// The embedding's own columns.
    Columns,
    /// Loaded from a file.
    Loaded {
        /// The file or folder name.
        name: String,
    },
}

/// The sparse autoencoder in use and how it does on the open data (all cells, f64, streaming).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SaeSummary {
    /// Where it came from.
    pub origin: SaeOrigin,
    /// Architecture name: `standard` (ReLU) or `topk`.
    pub architecture: String,
    /// The embedding it reads.
    pub embedding: String,
    /// Input dimensions.
    pub d_in: usize,
    /// Features.
    pub n_features: usize,
    /// Features active in at least one cell.
    pub n_live: usize,
    /// Mean active features per cell.
    pub l0: f64,
    /// 1 − Σe² / Σ(x − x̄)².
    pub explained_variance: f64,
    /// Runs of other seeds its features were looked for in; 0 unless it is of a sweep that had some.
    pub n_other_seeds: u32,
    /// What a person should know.
    pub notices: Vec<Notice>,
}

/// What an analysis found.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct AnalysisSummary {
    /// How it was done.
    pub params: AnalysisParams,
    /// Live features.
    pub n_live: usize,
    /// Of those, features analysed before the end or a cancel.
    pub n_done: usize,
    /// Whether it goes on: what is there can be looked at, but p-values adjusted over all features are not known yet.
    pub is_so_far: bool,
    /// Live features left out because their groups are too small.
    pub n_excluded: usize,
    /// Genes tested.
    pub n_genes: usize,
    /// Sets of eligible size.
    pub n_sets: usize,
    /// Genes that hits are counted among.
    pub n_universe: usize,
    /// Features with at least one kept term.
    pub n_features_with_terms: usize,
    /// What a person should know (values used, features left out).
    pub notices: Vec<Notice>,
}

/// A training run kept in browser storage.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CheckpointInfo {
    /// The data set's name when it was kept.
    pub dataset_name: String,
    /// The embedding trained on.
    pub embedding: String,
    /// What was being trained.
    pub params: SaeParams,
    /// Where it stood.
    pub progress: TrainProgress,
    /// Whether it fits the data that is open now (same cells, same values).
    pub fits_open_data: bool,
}

/// A file to be saved by the person.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ExportedFile {
    /// Its name.
    pub name: String,
    /// MIME type.
    pub mime: String,
    /// Its content.
    pub bytes: Bytes,
}

/// An answer or a message.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Event {
    /// The first message of a worker.
    Ready {
        /// [`super::PROTOCOL_VERSION`] of the engine.
        protocol_version: u32,
        /// A training run kept from before, if any.
        checkpoint: Option<CheckpointInfo>,
    },
    /// The device in use changed or was asked for.
    DeviceChosen(DeviceReport),
    /// A job goes on.
    Progress {
        /// Which.
        job: Job,
        /// Done share, 0 to 1.
        fraction: f64,
        /// What is being done, e.g. "Reading expression: 3.1 of 9.5 million values".
        message: String,
    },
    /// Files were opened: this is all that is open now. A sparse autoencoder or an analysis from before is gone,
    /// unless `SaeReady` or `Analysed` follow at once with the same id.
    DatasetOpened(DatasetSummary),
    /// Everything was forgotten.
    Closed,
    /// Training goes on, about four times a second.
    Training {
        /// Where it stands.
        progress: TrainProgress,
        /// Whether it is paused.
        paused: bool,
    },
    /// A checkpoint was written, found or (None) discarded.
    Checkpoint(Option<CheckpointInfo>),
    /// A sparse autoencoder is ready and its activations are computed; earlier analysis results are gone.
    SaeReady(SaeSummary),
    /// A sweep goes on: what has ended so far.
    SweepSoFar(SweepSummary),
    /// A sweep ended, or was cancelled; or what was swept before still stands after files were opened.
    Swept(SweepSummary),
    /// An analysis goes on; what it found so far can be looked at.
    AnalysedSoFar(AnalysisSummary),
    /// An analysis ended, or was cancelled with some features done.
    Analysed(AnalysisSummary),
    /// GSEA of some features ended, or was cancelled with some of them done.
    GseaReady(GseaSummary),
    /// Features were measured against labels; what was measured before is gone.
    Associated(AssociationSummary),
    /// What was asked to look at.
    View(ViewResult),
    /// The next bytes of a file that is too large to be sent at once; the last part comes with `Exported`.
    ExportedPart(ExportedFile),
    /// Files to save.
    Exported {
        /// The files.
        files: Vec<ExportedFile>,
    },
    /// A job was cancelled and left nothing.
    Cancelled {
        /// Which.
        job: Job,
    },
    /// Something is worth knowing.
    Noticed(Notice),
    /// Files are about to be refused because no cell id of one agrees; they would with this left out. The sentence of
    /// `Failed`, which follows, says what it means. Nothing is done of it until the files come again with it.
    IdTrimOffered(IdTrim),
    /// A request failed; everything is as it was before it.
    Failed {
        /// What, where, found against expected, what to do.
        message: String,
    },
    /// The engine can't go on (panic, lost GPU, out of memory); the page restarts it.
    Broken {
        /// What happened and the way on.
        message: String,
    },
}

/// An event with the id of the request it answers; 0 for messages nobody asked for.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Answer {
    /// The request.
    pub id: RequestId,
    /// The event.
    pub event: Event,
}

/// A request with its id.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Call {
    /// Chosen by the sender, not 0.
    pub id: RequestId,
    /// The request.
    pub request: super::Request,
}
