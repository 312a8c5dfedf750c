//! How good a sparse autoencoder is, as numbers to look at and to write down.
//!
//! A number that does not exist (nothing varies, no cell, no direction) is NaN and becomes null in JSON.

use serde::{Deserialize, Serialize};

/// How it does on some cells.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CellQuality {
    /// Cells measured.
    pub n_cells: usize,
    /// Σ‖x − x̂‖² / Σ‖x − x̄‖², x̄ the mean of these very cells; 0 is perfect.
    pub fvu: f64,
    /// 1 − FVU.
    pub explained_variance: f64,
    /// Mean squared error over cells × dimensions, as the paper codes it.
    pub mse_per_value: f64,
    /// Mean over cells of the error summed over dimensions, as the paper prints it.
    pub mse_per_cell: f64,
    /// Mean number of active features per cell.
    pub l0: f64,
    /// Mean sum of activations per cell.
    pub l1: f64,
    /// Mean cosine of x and x̂, −1 to 1.
    pub cosine: f64,
    /// Features active in none of these cells.
    pub n_dead: usize,
    /// Their share, 0 to 1.
    pub dead_share: f64,
}

/// Features that no cell activated during training's last window.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DeadInTraining {
    /// Their share, 0 to 1.
    pub share: f64,
    /// The window in epochs (20 steps at least).
    pub window_epochs: f64,
}

/// How good the sparse autoencoder in use is on the open data.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SaeQuality {
    /// All cells.
    pub all: CellQuality,
    /// Cells it was trained on, where others were held out.
    pub training: Option<CellQuality>,
    /// Cells it never saw.
    pub held_out: Option<CellQuality>,
    /// What training itself counted.
    pub dead_in_training: Option<DeadInTraining>,
    /// Edges of bins in log10 of the share of all cells a feature is active in, one more than bins.
    pub density_edges: Vec<f64>,
    /// Features in each bin.
    pub density_counts: Vec<u32>,
    /// Features active in no cell.
    pub n_silent: u32,
    /// The largest cosine of any two decoder rows; `None` where there are too many to compare.
    pub max_decoder_cosine: Option<f64>,
    /// Median over features of the cosine with the most similar other decoder row.
    pub median_decoder_cosine: Option<f64>,
    /// Mean cosine of a feature's encoder and decoder.
    pub encoder_decoder_cosine: f64,
}
