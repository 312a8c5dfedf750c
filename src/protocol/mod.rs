//! All that passes between the page (or the command line) and the engine.
//!
//! [`Request`]s go in, [`Event`]s come out. Each request carries an id of the sender's choosing and every answer
//! repeats it. Numeric columns travel as [`F32Column`] and friends: in a browser they become typed arrays whose
//! buffers are transferred, in process they are moved. Files travel as handles, never as bytes.

mod columns;
mod event;
mod gsea;
mod labels;
mod pool;
mod quality;
mod request;
mod shape;
mod shard;
mod sweep;
mod view;

pub use crate::data::{IdTrim, MatrixChoice, MatrixInfo, Notice, NoticeLevel};
pub use crate::lens::{
    AnalysisMode, AnalysisParams, AssociationParams, Convention, Direction, ExpressionValues, FeatureGseaParams,
    FoldChangeFormula, GeneTest, GseaMethod, GseaWeight, HeatMapOrder, HeatMapValue, LabelClass, Negatives, Positives,
    RankBy, SoundParams, Universe, ValueScale,
};
pub use crate::sae::{
    BiasStart, DataShape, HoldOut, InputScaling, L0Penalty, LossConvention, MAX_SWEEP_AXES, MAX_SWEEP_RUNS,
    MAX_SWEEP_SEEDS, SaeField, SaeParams, SaeParamsError, Schedule, Sparsity, Suggestion, SweepAxis, SweepError,
    SweepParams, TrainProgress, USUAL_AUX, VARIANT_NAMES, Variant, VariantKind, WeightFormat, Wishes, relative_cost,
    suggest, usual_variant, variant_name,
};
pub use crate::steer::{SteerParams, SteerTarget};
pub use columns::{Bytes, F32Column, F64Column, U32Column};
pub use event::{
    AnalysisSummary, Answer, Call, CheckpointInfo, ComputeDevice, DatasetSummary, DeviceReport, EmbeddingInfo, Event,
    ExportedFile, GeneSetSummary, Job, LabelInfo, LabelKind, SaeOrigin, SaeSummary,
};
pub use gsea::{GseaCurve, GseaFeatures, GseaQuery, GseaSummary, GseaTable, GseaTerm};
pub use labels::{
    AssociatedColumn, AssociationSummary, CardConfounding, CompareQuery, Comparison, LabelMap, LabelMapQuery,
    LabelTable, LabelTableQuery, LineageQuery, LineageTable,
};
pub use pool::{
    Lists, PoolAnswer, PoolCall, PoolFamilyCounts, PoolFindings, PoolGenes, PoolGsea, PoolGseaState, PoolGseaTests,
    PoolPlan, PoolReading, PoolTerms,
};
pub use quality::{CellQuality, DeadInTraining, SaeQuality};
pub use request::{DeviceChoice, ExportKind, FileHandle, Request, RequestId, TableFormat, TableStyle};
pub use shard::{PoolPart, PoolShardCall, PoolShardStart, PoolShardState};
pub use sweep::{SeedScores, SweepFit, SweepKind, SweepOutcome, SweepRow, SweepScores, SweepSummary};
pub use view::{
    CardGene, CardGeneSound, CardTerm, CellColor, FeatureCard, FeatureRow, FeatureSort, FoundAgain, GeneChange,
    HistogramData, LabelAssociation, MapSource, SteerResult, TableQuery, TermTests, TopCell, ViewQuery, ViewResult,
    Volcano,
};

/// Version of this protocol; page and engine refuse to talk across versions.
pub const PROTOCOL_VERSION: u32 = 7;
