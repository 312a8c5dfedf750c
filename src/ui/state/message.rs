//! What can happen to the page, and what it then does to the world.

use super::{LabelAsk, Preview, TableEdit};
use crate::data::{CellSelection, FeatureId, LabelChoice};
use crate::protocol::{
    AnalysisParams, Answer, Call, CellColor, DeviceChoice, ExportKind, ExportedFile, FeatureGseaParams, FileHandle,
    Job, MapSource, NoticeLevel, SaeParams, SteerParams, SweepParams,
};

/// Something that happened.
#[derive(Clone, Debug, PartialEq)]
pub enum Msg {
    /// The engine said something.
    Answer(Answer),
    /// The engine's worker died without a word, or can't be loaded.
    EngineLost(String),
    /// The demo's preview arrived.
    PreviewLoaded(Preview),
    /// The demo's files are on their way.
    DemoProgress {
        /// Share of the bytes, 0 to 1.
        fraction: f64,
        /// What is being fetched.
        message: String,
    },
    /// The demo can't be fetched.
    DemoFailed(String),
    /// Files were dropped, picked or fetched.
    Open(Vec<FileHandle>),
    /// Open the refused files again, their cell ids cut as was offered.
    AcceptIdOffer,
    /// Open the same files again, this matrix as expression.
    ChooseMatrix(String),
    /// Close what is open.
    Close,
    /// Start the engine before anything is asked of it: a person is about to open files.
    StartEngine,
    /// Start the engine again and reopen what was open.
    Restart,
    /// Use another compute device.
    ChooseDevice(DeviceChoice),
    /// Train.
    Train {
        /// On this embedding.
        embedding: String,
        /// With these parameters.
        params: SaeParams,
    },
    /// The training form changed: the embedding and parameters it stands for, if all of it is right.
    Settings(Option<(String, SaeParams)>),
    /// Train several configurations.
    Sweep {
        /// On this embedding.
        embedding: String,
        /// What to train.
        params: SweepParams,
    },
    /// Use a run of the last sweep.
    UseSweepRun(u32),
    /// Take the columns of this embedding as features.
    UseColumns(String),
    /// Go on with the kept training run.
    ResumeCheckpoint,
    /// Throw the kept training run away.
    DiscardCheckpoint,
    /// Pause the training.
    Pause,
    /// Go on after a pause.
    Continue,
    /// End the training and keep what was learnt.
    Stop,
    /// Analyse all live features.
    Analyse(AnalysisParams),
    /// Run GSEA of the chosen feature.
    RunGsea(FeatureGseaParams),
    /// Look at the running sum of a gene set, or of none.
    ChooseGseaSet(Option<u32>),
    /// Cancel a job.
    Cancel(Job),
    /// Write a table.
    Export(ExportKind),
    /// Colour the map.
    ColorBy(CellColor),
    /// Show other coordinates.
    ShowMap(MapSource),
    /// Look at a feature, or at none.
    SelectFeature(Option<FeatureId>),
    /// Look at the feature some rows further in the table; if the chosen one is not among the rows that are there, at
    /// the first of those.
    StepFeature(isize),
    /// Choose cells on the map, or all.
    SelectCells(CellSelection),
    /// Tick or clear a label's box.
    ToggleLabel(LabelChoice),
    /// The pointer is over a cell, or over none.
    HoverCell(Option<u32>),
    /// Change the feature table's question.
    Table(TableEdit),
    /// Ask something about features and labels.
    Labels(LabelAsk),
    /// Steer.
    Steer(SteerParams),
    /// Forget the steering result.
    ClearSteer,
    /// Tell the person something.
    Say {
        /// How serious.
        level: NoticeLevel,
        /// A sentence.
        text: String,
    },
    /// A toast was read.
    DismissToast(u32),
    /// A job's error was read.
    DismissError(Job),
}

/// What the outside world should do.
#[derive(Clone, Debug, PartialEq)]
#[allow(clippy::large_enum_variant, reason = "a few a second, moved once; only where pointers have 64 bits")]
pub enum Effect {
    /// Start the engine's worker if it does not run.
    StartEngine,
    /// End the worker and start a new one.
    RestartEngine,
    /// Send a call to the engine, once it is ready.
    Send(Call),
    /// Let the person save files.
    Save(Vec<ExportedFile>),
}
