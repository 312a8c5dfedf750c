//! What a steering experiment is asked to do.

use serde::{Deserialize, Serialize};

use crate::data::{CellSelection, FeatureId};

/// What the feature's activation is set to.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "kind")]
pub enum SteerTarget {
    /// This activation.
    Value {
        /// The activation, 0 or more.
        value: f64,
    },
    /// A percentile over all cells, zeros included, linear interpolation.
    Percentile {
        /// 0 to 100.
        percentile: f64,
    },
    /// The mean activation of other cells (zeros included), times a factor.
    GroupMean {
        /// The cells whose mean it is.
        group: CellSelection,
        /// Multiplies the mean; 1 or, as the paper also does, 1.5.
        factor: f64,
    },
}

/// A steering experiment on one feature.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SteerParams {
    /// The feature set.
    pub feature: FeatureId,
    /// The cells it is set in.
    pub cells: CellSelection,
    /// What it is set to.
    pub target: SteerTarget,
    /// Whether the reconstruction error of each cell is kept: x + (target − z_f)·D_f instead of decode(z).
    pub keep_error: bool,
}
