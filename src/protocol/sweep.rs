//! Several training runs on one embedding, and how each did.

use serde::{Deserialize, Serialize};

use crate::data::Notice;
use crate::sae::{SaeParams, SweepParams};

/// What a row of a sweep is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SweepKind {
    /// A training run.
    Trained,
    /// The same on data whose dimensions were shuffled each by itself, and measured on these.
    Shuffled,
    /// Principal components in both signs, the k largest of each cell.
    Pca,
    /// Independent components, likewise.
    Ica,
    /// Random directions, likewise.
    Random,
}

impl SweepKind {
    /// Its name in files.
    pub fn name(self) -> &'static str {
        match self {
            Self::Trained => "trained",
            Self::Shuffled => "shuffled",
            Self::Pca => "pca",
            Self::Ica => "ica",
            Self::Random => "random",
        }
    }
}

/// How well some cells are described.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct SweepFit {
    /// Cells measured.
    pub n_cells: usize,
    /// Mean active features per cell.
    pub l0: f64,
    /// Σ‖x − x̂‖² / Σ‖x − x̄‖² around these cells' own mean; 0 is perfect. NaN if they do not vary.
    pub fvu: f64,
}

impl SweepFit {
    /// 1 − FVU.
    pub fn explained_variance(&self) -> f64 {
        1.0 - self.fvu
    }
}

/// A run beside those that differ from it in seed alone.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct SeedScores {
    /// Other seeds.
    pub n_others: u32,
    /// Mean cosine of features matched one to one, over the other seeds, −1 to 1.
    pub mcc: f64,
    /// Share of live features found again (cosine at least .7) in every other seed, 0 to 1.
    pub found_share: f64,
    /// Whether the matchings are certainly the best ones.
    pub is_exact: bool,
}

/// How a run did.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct SweepScores {
    /// Seconds of training, or of fitting.
    pub secs: f64,
    /// Steps done; 0 where nothing is trained step by step.
    pub n_steps: usize,
    /// Whether it ended early because held-out cells were not described better any more.
    pub stopped_early: bool,
    /// On the cells it was trained on.
    pub training: SweepFit,
    /// On the cells held out, if there are any.
    pub held_out: Option<SweepFit>,
    /// Features active in at least one of all cells.
    pub n_live: usize,
    /// Share of features active in none of all cells, 0 to 1.
    pub dead_share: f64,
    /// Beside its other seeds, once all of them are done.
    pub seeds: Option<SeedScores>,
}

impl SweepScores {
    /// The fit to judge by: that of the held-out cells where there are any.
    pub fn judged(&self) -> &SweepFit {
        self.held_out.as_ref().unwrap_or(&self.training)
    }
}

/// What became of a run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SweepOutcome {
    /// It ended.
    Done(SweepScores),
    /// It diverged or could not be computed.
    Failed {
        /// A sentence.
        reason: String,
    },
}

/// A run or a baseline.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SweepRow {
    /// Its number, from 0.
    pub run: u32,
    /// What it is.
    pub kind: SweepKind,
    /// What sets it apart, seed left out: "h 512, k 16".
    pub label: String,
    /// Number of its configuration, from 0; `None` for baselines that belong to none.
    pub configuration: Option<u32>,
    /// What was trained; `None` where nothing is.
    pub params: Option<SaeParams>,
    /// Features.
    pub n_features: usize,
    /// Features kept per cell, where that is fixed.
    pub k: Option<usize>,
    /// What became of it.
    pub outcome: SweepOutcome,
    /// Whether its weights are still there, so that it can be used.
    pub is_kept: bool,
}

impl SweepRow {
    /// How it did, if it ended.
    pub fn scores(&self) -> Option<&SweepScores> {
        match &self.outcome {
            SweepOutcome::Done(scores) => Some(scores),
            SweepOutcome::Failed { .. } => None,
        }
    }
}

/// A sweep: what was asked and what came of it so far.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SweepSummary {
    /// What is trained on.
    pub embedding: String,
    /// What was asked.
    pub params: SweepParams,
    /// Training runs planned, those on shuffled data too.
    pub n_planned: usize,
    /// Rows so far, in the order they ended.
    pub rows: Vec<SweepRow>,
    /// Bytes of weights that are kept at most; the oldest give way.
    pub kept_bytes: u64,
    /// Whether it was cancelled before its end; what had ended is there.
    pub was_cancelled: bool,
    /// What a person should know.
    pub notices: Vec<Notice>,
}
