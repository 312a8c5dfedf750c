//! What an analysis of features is asked to do.

use serde::{Deserialize, Serialize};

use super::LensError;
pub use super::association::{AssociationParams, HeatMapOrder, HeatMapValue, LabelClass};
pub use super::sound::{
    Direction, FeatureGseaParams, GeneTest, GseaMethod, GseaWeight, Negatives, Positives, RankBy, SoundParams,
    Universe, ValueScale,
};
pub use super::tables::Convention;
pub use crate::stats::FoldChangeFormula;

/// How groups are formed and tests done.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AnalysisMode {
    /// Every cell counted once, tests and families named, up and down apart: see [`SoundParams`].
    #[default]
    Sound,
    /// scFeatureLens exactly as its authors coded it, oddities included.
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
    /// What sound mode does; paper mode has no choices.
    pub sound: SoundParams,
}

impl Default for AnalysisParams {
    fn default() -> Self {
        let (mode, values, sound) = Default::default();
        Self { mode, values, min_set_size: 10, max_set_size: 500, sound }
    }
}

impl AnalysisParams {
    /// Whether cells are matched by their labels.
    pub fn matches_labels(&self) -> bool {
        self.mode == AnalysisMode::Sound && matches!(self.sound.negatives, Negatives::Matched(_))
    }

    /// Checks that the parameters make sense.
    ///
    /// # Errors
    /// [`LensError::SetSizes`] if no set could be of eligible size; in sound mode as [`SoundParams::check`].
    pub fn check(&self) -> Result<(), LensError> {
        let (min, max) = (self.min_set_size, self.max_set_size);
        if min == 0 || min > max {
            return Err(LensError::SetSizes { min, max });
        }
        match self.mode {
            AnalysisMode::Sound => self.sound.check(),
            AnalysisMode::Paper => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn impossible_set_sizes_are_refused() {
        let of =
            |min_set_size, max_set_size| AnalysisParams { min_set_size, max_set_size, ..AnalysisParams::default() };
        assert_eq!(AnalysisParams::default().check(), Ok(()));
        assert_eq!(of(0, 5).check(), Err(LensError::SetSizes { min: 0, max: 5 }));
        assert_eq!(of(6, 5).check(), Err(LensError::SetSizes { min: 6, max: 5 }));
    }
}
