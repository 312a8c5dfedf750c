//! What an analysis found, and running the method of [`crate::lens`] on the open data.

use std::collections::BTreeMap;

use super::EngineError;
use super::state::OpenData;
use crate::data::FeatureId;
use crate::enrich::MatchedGeneSets;
use crate::lens::{FeatureAnalysis, Lens, LensError};
use crate::protocol::{AnalysisParams, AnalysisSummary};

/// The results of an analysis.
pub(super) struct Analysis {
    pub(super) summary: AnalysisSummary,
    /// The sets the terms are positions in.
    pub(super) sets: MatchedGeneSets,
    pub(super) by_feature: BTreeMap<FeatureId, FeatureAnalysis>,
}

impl Analysis {
    pub(super) fn of(&self, feature: FeatureId) -> Option<&FeatureAnalysis> {
        self.by_feature.get(&feature)
    }
}

impl OpenData {
    /// Hands `work` the lens for these parameters, prepared once as long as the parameters stay the same.
    ///
    /// # Errors
    /// [`EngineError::NoExpression`], [`EngineError::Lens`].
    pub(super) fn with_lens<T>(
        &self,
        params: &AnalysisParams,
        work: impl FnOnce(&mut Lens) -> Result<T, LensError>,
    ) -> Result<T, EngineError> {
        let expression = self.expression()?;
        let mut slot = self.lens.borrow_mut();
        let mut lens = match slot.take() {
            Some((known, lens)) if known == *params => lens,
            _ => Lens::new(expression, &self.dataset.gene_sets, params)?,
        };
        let done = work(&mut lens);
        *slot = Some((params.clone(), lens));
        Ok(done?)
    }

    /// The parameters single features are looked at with: those of the analysis, else those prepared last.
    pub(super) fn lens_params(&self, analysis: Option<&Analysis>) -> AnalysisParams {
        let prepared = || self.lens.borrow().as_ref().map(|(params, _)| params.clone());
        analysis.map(|analysis| analysis.summary.params.clone()).or_else(prepared).unwrap_or_default()
    }
}
