//! Requests under way: their ids, what they were for, and which answers are still wanted.

use std::collections::BTreeMap;

use crate::protocol::{Call, Job, Request, RequestId, ViewQuery};

/// The kinds of views; of each kind only the newest answer counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum ViewKind {
    /// Coordinates.
    Map,
    /// Values to colour by.
    Color,
    /// Label codes fetched for a selection.
    LabelCodes,
    /// Names of all genes.
    GeneNames,
    /// Name of the cell under the pointer.
    CellName,
    /// A page of the feature table.
    Table,
    /// A feature card.
    Card,
    /// What GSEA found for the feature.
    Gsea,
    /// A running sum.
    GseaCurve,
    /// A heat map of a label column.
    LabelMap,
    /// A table of a label column.
    LabelTable,
    /// Two groups of cells compared.
    Comparison,
    /// A path of categories.
    Lineage,
    /// How good the sparse autoencoder is.
    Quality,
    /// A steering experiment.
    Steer,
}

/// What a request was for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Purpose {
    View(ViewKind),
    Job(Job),
    Other,
}

/// The requests that were not answered yet.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Requests {
    last_id: RequestId,
    purposes: BTreeMap<RequestId, Purpose>,
    newest: BTreeMap<ViewKind, RequestId>,
}

impl Requests {
    /// A call for a request that is a job's or none's.
    pub(super) fn call(&mut self, request: Request) -> Call {
        let purpose = match &request {
            Request::Open { .. } => Purpose::Job(Job::Open),
            Request::Train { .. }
            | Request::UseColumns { .. }
            | Request::UseSweepRun { .. }
            | Request::ResumeCheckpoint => Purpose::Job(Job::Train),
            Request::Sweep { .. } => Purpose::Job(Job::Sweep),
            Request::Analyse { .. } => Purpose::Job(Job::Analyse),
            Request::Gsea { .. } => Purpose::Job(Job::Gsea),
            Request::Associate { .. } => Purpose::Job(Job::Associate),
            Request::Export { .. } => Purpose::Job(Job::Export),
            _ => Purpose::Other,
        };
        self.register(request, purpose)
    }

    /// A call for a view; older questions of its kind are no longer wanted (label codes add up instead).
    pub(super) fn view(&mut self, kind: ViewKind, query: ViewQuery) -> Call {
        let call = self.register(Request::View { query }, Purpose::View(kind));
        self.newest.insert(kind, call.id);
        call
    }

    /// What the request was for; `None` for messages nobody asked for and views that a newer one replaced.
    pub(super) fn purpose(&self, id: RequestId) -> Option<Purpose> {
        let purpose = *self.purposes.get(&id)?;
        match purpose {
            Purpose::View(ViewKind::LabelCodes) => Some(purpose),
            Purpose::View(kind) if self.newest.get(&kind) != Some(&id) => None,
            _ => Some(purpose),
        }
    }

    /// Forgets an answered request. Jobs answer more than once; they are forgotten when they end.
    pub(super) fn settle(&mut self, id: RequestId) {
        self.purposes.remove(&id);
    }

    /// Forgets all requests: the engine that had them is gone. Ids are never used twice.
    pub(super) fn clear(&mut self) {
        self.purposes.clear();
        self.newest.clear();
    }

    fn register(&mut self, request: Request, purpose: Purpose) -> Call {
        self.last_id += 1;
        self.purposes.insert(self.last_id, purpose);
        Call { id: self.last_id, request }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::FeatureId;

    #[test]
    fn only_the_newest_view_of_a_kind_is_wanted() {
        let mut requests = Requests::default();
        let old = requests.view(ViewKind::Card, ViewQuery::FeatureCard(FeatureId(1)));
        let names = requests.view(ViewKind::GeneNames, ViewQuery::GeneNames);
        let new = requests.view(ViewKind::Card, ViewQuery::FeatureCard(FeatureId(2)));
        assert_eq!(requests.purpose(old.id), None);
        assert_eq!(requests.purpose(new.id), Some(Purpose::View(ViewKind::Card)));
        assert_eq!(requests.purpose(names.id), Some(Purpose::View(ViewKind::GeneNames)));
    }

    #[test]
    fn ids_go_on_after_a_clear() {
        let mut requests = Requests::default();
        let first = requests.call(Request::Close);
        requests.clear();
        assert_eq!(requests.purpose(first.id), None);
        assert!(requests.call(Request::Close).id > first.id);
    }
}
