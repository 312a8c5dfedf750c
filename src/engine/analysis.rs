//! What an analysis found, and running the methods of [`crate::lens`] on the open data.

use std::collections::BTreeMap;
use std::rc::Rc;

use super::EngineError;
use super::state::{OpenData, SoundPlan};
use crate::data::{FeatureId, GeneId};
use crate::enrich::{GeneSetId, MatchedGeneSets};
use crate::lens::sound::{CountedFamily, Exclusion, Findings, GlobalFamily, ShardPlan};
use crate::lens::{FeatureAnalysis, Lens, LensError};
use crate::protocol::{AnalysisParams, AnalysisSummary};

/// The results of an analysis.
pub(super) struct Analysis {
    pub(super) summary: AnalysisSummary,
    /// The sets the terms are positions in.
    pub(super) sets: MatchedGeneSets,
    pub(super) results: Results,
}

/// What was found, by mode.
pub(super) enum Results {
    Paper(BTreeMap<FeatureId, FeatureAnalysis>),
    Sound(SoundResults),
}

/// What sound mode found.
#[derive(Clone, Default)]
pub(super) struct SoundResults {
    pub(super) by_feature: BTreeMap<FeatureId, Rc<Findings>>,
    pub(super) excluded: BTreeMap<FeatureId, Exclusion>,
    /// p-values of all features' sets, once all features are done.
    pub(super) family: Option<GlobalFamily>,
    /// p-values of all features' genes, likewise.
    pub(super) gene_family: Option<Rc<CountedFamily>>,
}

impl Results {
    /// Features analysed.
    pub(super) fn n_done(&self) -> usize {
        match self {
            Self::Paper(by_feature) => by_feature.len(),
            Self::Sound(sound) => sound.by_feature.len(),
        }
    }

    /// Features left out for the size of their groups.
    pub(super) fn n_excluded(&self) -> usize {
        match self {
            Self::Paper(_) => 0,
            Self::Sound(sound) => sound.excluded.len(),
        }
    }

    /// Features with at least one term.
    pub(super) fn n_with_terms(&self) -> usize {
        match self {
            Self::Paper(by_feature) => by_feature.values().filter(|found| !found.terms.is_empty()).count(),
            Self::Sound(sound) => sound.by_feature.values().filter(|found| !found.terms.is_empty()).count(),
        }
    }
}

impl Analysis {
    /// The genes of a feature above their background, best first; `None` if it was not analysed.
    pub(super) fn genes_up(&self, feature: FeatureId) -> Option<Vec<GeneId>> {
        Some(match &self.results {
            Results::Paper(found) => found.get(&feature)?.genes_up.iter().map(|result| result.gene).collect(),
            Results::Sound(found) => found.by_feature.get(&feature)?.genes_up.iter().map(|found| found.gene).collect(),
        })
    }

    /// The sets of a feature, best first; `None` if it was not analysed.
    pub(super) fn terms(&self, feature: FeatureId) -> Option<Vec<GeneSetId>> {
        Some(match &self.results {
            Results::Paper(found) => found.get(&feature)?.terms.iter().map(|term| term.set).collect(),
            Results::Sound(found) => found.by_feature.get(&feature)?.terms.iter().map(|term| term.set).collect(),
        })
    }

    /// The features analysed, if it was in sound mode.
    pub(super) fn analysed_in_sound_mode(&self) -> Option<Vec<FeatureId>> {
        match &self.results {
            Results::Sound(sound) => Some(sound.by_feature.keys().copied().collect()),
            Results::Paper(_) => None,
        }
    }

    /// ln p of a feature's first set, if it has one.
    pub(super) fn best_ln_p_value(&self, feature: FeatureId) -> Option<f64> {
        match &self.results {
            Results::Paper(found) => Some(found.get(&feature)?.terms.first()?.mann_whitney.ln_p_value),
            Results::Sound(found) => Some(found.by_feature.get(&feature)?.terms.first()?.ln_p_value),
        }
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

    /// The plan of sound mode for these parameters with its notices, made once as long as they stay the same.
    ///
    /// # Errors
    /// [`EngineError::NoExpression`], [`EngineError::Lens`].
    pub(super) fn sound_plan(&self, params: &AnalysisParams) -> Result<SoundPlan, EngineError> {
        if let Some((known, plan)) = &*self.plan.borrow()
            && known == params
        {
            return Ok(plan.clone());
        }
        let (plan, notices) = ShardPlan::new(self.expression()?, &self.dataset.gene_sets, params)?;
        let plan = (Rc::new(plan), notices);
        *self.plan.borrow_mut() = Some((params.clone(), plan.clone()));
        Ok(plan)
    }

    /// The parameters single features are looked at with: those of the analysis, else the defaults.
    pub(super) fn card_params(analysis: Option<&Analysis>) -> AnalysisParams {
        analysis.map(|analysis| analysis.summary.params.clone()).unwrap_or_default()
    }
}
