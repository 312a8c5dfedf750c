//! GSEA of the selected feature: asked for, there, and which set's running sum is looked at.

use super::reduce::running;
use super::{Effect, Remote, Shared, State, ViewKind};
use crate::data::FeatureId;
use crate::protocol::{
    FeatureGseaParams, GseaCurve, GseaFeatures, GseaQuery, GseaSummary, GseaTable, Notice, Request, ViewQuery,
};

/// Sets listed on the page up and down each; the saved table has all.
pub(super) const MOST_SETS: usize = 100;

/// GSEA of the selected feature.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Gsea {
    /// What was found; nothing inside if it has not run for the feature.
    pub table: Remote<Option<Shared<GseaTable>>>,
    /// The set whose running sum is looked at.
    pub chosen: Option<u32>,
    /// Its running sum.
    pub curve: Remote<Shared<GseaCurve>>,
    /// What the last run said.
    pub notices: Vec<Notice>,
    /// The feature of the run that goes on, or of the last one.
    pub feature: Option<FeatureId>,
}

impl State {
    pub(super) fn run_gsea(&mut self, params: FeatureGseaParams) -> Vec<Effect> {
        let Some(feature) = self.selected_feature else { return Vec::new() };
        self.gsea.feature = Some(feature);
        self.gsea.notices.clear();
        self.jobs.gsea = running("Preparing");
        vec![self.send(Request::Gsea { features: GseaFeatures::These(vec![feature]), params })]
    }

    pub(super) fn gsea_ready(&mut self, summary: GseaSummary) -> Vec<Effect> {
        self.jobs.gsea = super::JobState::Idle;
        if self.gsea.feature != self.selected_feature {
            return Vec::new();
        }
        let effects = self.ask_gsea();
        self.gsea.notices = summary.notices;
        effects
    }

    /// Forgets what was found, not what is running.
    pub(super) fn forget_gsea(&mut self) {
        self.gsea = Gsea { feature: self.gsea.feature, ..Gsea::default() };
    }

    /// Asks what GSEA found for the selected feature.
    pub(super) fn ask_gsea(&mut self) -> Vec<Effect> {
        self.forget_gsea();
        let Some(feature) = self.selected_feature else { return Vec::new() };
        self.gsea.table.ask();
        vec![self.view(ViewKind::Gsea, ViewQuery::Gsea(GseaQuery { feature, limit: MOST_SETS }))]
    }

    /// Takes what was found and looks at the first set.
    pub(super) fn gsea_viewed(&mut self, table: Option<GseaTable>) -> Vec<Effect> {
        let first = table.as_ref().and_then(|table| table.terms.first()).map(|term| term.set);
        self.gsea.table.set(table.map(Shared::new));
        first.map_or_else(Vec::new, |set| self.choose_gsea_set(Some(set)))
    }

    pub(super) fn choose_gsea_set(&mut self, set: Option<u32>) -> Vec<Effect> {
        self.gsea.chosen = set;
        self.gsea.curve = Remote::default();
        let Some((set, feature)) = set.zip(self.selected_feature) else { return Vec::new() };
        self.gsea.curve.ask();
        vec![self.view(ViewKind::GseaCurve, ViewQuery::GseaCurve { feature, set })]
    }
}
