//! What an analysis of features is asked to do.

use serde::{Deserialize, Serialize};

/// How groups are formed and tests done.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AnalysisMode {
    /// scFeatureLens exactly as its authors coded it, oddities included.
    #[default]
    Paper,
}

/// Which numbers differential expression compares.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ExpressionValues {
    /// As the file holds them.
    Raw,
    /// Counts scaled to 10,000 a cell, then ln(1 + x) (scanpy `normalize_total(1e4)`, `log1p`).
    #[default]
    LogNormalized,
}

/// An analysis of all live features.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct AnalysisParams {
    /// Groups and tests.
    pub mode: AnalysisMode,
    /// Raw or normalised expression.
    pub values: ExpressionValues,
    /// Sets with fewer genes present in the data are left out.
    pub min_set_size: usize,
    /// Sets with more genes present in the data are left out.
    pub max_set_size: usize,
}

impl Default for AnalysisParams {
    fn default() -> Self {
        Self { mode: AnalysisMode::Paper, values: ExpressionValues::LogNormalized, min_set_size: 10, max_set_size: 500 }
    }
}
