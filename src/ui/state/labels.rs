//! Features against labels: what was measured, and the tables and heat maps that are looked at.

use super::{Effect, JobState, Remote, Shared, State, ViewKind};
use crate::protocol::{
    AssociatedColumn, AssociationParams, AssociationSummary, CompareQuery, Comparison, HeatMapOrder, HeatMapValue,
    LabelMap, LabelMapQuery, LabelTable, LabelTableQuery, LineageQuery, LineageTable, Request, ViewQuery, ViewResult,
};

/// Features shown for each category of a heat map before a person chooses.
pub const PER_LABEL: usize = 5;

/// What is known of features against labels.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct LabelViews {
    /// What measuring came to.
    pub association: Option<Shared<AssociationSummary>>,
    /// The heat map's question.
    pub map_query: Option<LabelMapQuery>,
    /// The heat map.
    pub map: Remote<Shared<LabelMap>>,
    /// The table's question.
    pub table_query: Option<LabelTableQuery>,
    /// The table.
    pub table: Remote<Shared<LabelTable>>,
    /// Two groups of cells compared.
    pub comparison: Remote<Shared<Comparison>>,
    /// A path of categories.
    pub lineage: Remote<Shared<LineageTable>>,
}

/// Something a person asks of features and labels.
#[derive(Clone, Debug, PartialEq)]
pub enum LabelAsk {
    /// Measure features against labels.
    Measure(AssociationParams),
    /// Draw a heat map.
    Map(LabelMapQuery),
    /// List a column.
    Table(LabelTableQuery),
    /// Compare two groups of cells.
    Compare(CompareQuery),
    /// Follow a path of categories.
    Lineage(LineageQuery),
}

impl State {
    pub(super) fn ask_labels(&mut self, ask: LabelAsk) -> Vec<Effect> {
        let views = &mut self.labels;
        let (kind, query) = match ask {
            LabelAsk::Measure(params) => {
                self.jobs.associate = JobState::Running { fraction: 0.0, message: "Counting labels".to_owned() };
                return vec![self.send(Request::Associate { params })];
            }
            LabelAsk::Map(query) => {
                views.map_query = Some(query.clone());
                views.map.ask();
                (ViewKind::LabelMap, ViewQuery::LabelMap(query))
            }
            LabelAsk::Table(query) => {
                views.table_query = Some(query.clone());
                views.table.ask();
                (ViewKind::LabelTable, ViewQuery::LabelTable(query))
            }
            LabelAsk::Compare(query) => {
                views.comparison.ask();
                (ViewKind::Comparison, ViewQuery::Compare(query))
            }
            LabelAsk::Lineage(query) => {
                views.lineage.ask();
                (ViewKind::Lineage, ViewQuery::Lineage(query))
            }
        };
        vec![self.view(kind, query)]
    }

    /// Takes what was measured: looks at the column that was looked at, or at the richest.
    pub(super) fn associated(&mut self, summary: AssociationSummary) -> Vec<Effect> {
        self.jobs.associate = JobState::Idle;
        let is_there = |name: &String| summary.columns.iter().any(|column| column.name == *name);
        let known = self.labels.map_query.take().filter(|query| is_there(&query.column));
        let map = known.or_else(|| first_look(&summary));
        self.labels.association = Some(Shared::new(summary));
        let Some(map) = map else { return Vec::new() };
        let table = LabelTableQuery { column: map.column.clone(), category: None };
        let mut effects = self.ask_labels(LabelAsk::Map(map));
        effects.extend(self.ask_labels(LabelAsk::Table(table)));
        effects.extend(self.ask_card());
        effects
    }

    /// Takes an answer about labels; gives back any other.
    pub(super) fn labels_viewed(&mut self, view: ViewResult) -> Option<ViewResult> {
        match view {
            ViewResult::LabelMap(map) => self.labels.map.set(Shared::new(*map)),
            ViewResult::LabelTable(table) => self.labels.table.set(Shared::new(*table)),
            ViewResult::Compare(found) => self.labels.comparison.set(Shared::new(*found)),
            ViewResult::Lineage(found) => self.labels.lineage.set(Shared::new(*found)),
            other => return Some(other),
        }
        None
    }
}

/// The column with the most categories up to 30 that is no nuisance column; else the first.
fn first_look(summary: &AssociationSummary) -> Option<LabelMapQuery> {
    let richness = |column: &&AssociatedColumn| match column.categories.len() {
        n if n <= 30 && !column.is_nuisance => n,
        _ => 0,
    };
    // `max_by_key` keeps the last of equals; reversed, that is the first in file order.
    let column = summary.columns.iter().rev().max_by_key(richness)?;
    Some(LabelMapQuery {
        column: column.name.clone(),
        value: HeatMapValue::Auroc,
        order: HeatMapOrder::BestCategory,
        per_label: PER_LABEL,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn summary(columns: &[(&str, usize, bool)]) -> AssociationSummary {
        let column = |&(name, n, is_nuisance): &(&str, usize, bool)| AssociatedColumn {
            name: name.to_owned(),
            categories: (0..n).map(|at| (at.to_string(), 10)).collect(),
            is_nuisance,
        };
        AssociationSummary {
            params: AssociationParams::default(),
            columns: columns.iter().map(column).collect(),
            n_features: 3,
            n_confounded: 0,
            notices: Vec::new(),
        }
    }

    #[test]
    fn the_richest_column_of_biology_is_looked_at_first() {
        let found = first_look(&summary(&[("donor", 8, true), ("type", 5, false), ("leiden", 90, false)])).unwrap();
        assert_eq!((found.column.as_str(), found.per_label), ("type", PER_LABEL));
        assert_eq!(first_look(&summary(&[])), None);
    }

    #[test]
    fn measuring_anew_keeps_the_column_that_was_looked_at() {
        let mut state = State::default();
        state.associated(summary(&[("type", 5, false), ("stim", 2, false)]));
        let mut query = state.labels.map_query.clone().unwrap();
        query.column = "stim".to_owned();
        state.ask_labels(LabelAsk::Map(query.clone()));
        let effects = state.associated(summary(&[("type", 5, false), ("stim", 2, false)]));
        assert_eq!((state.labels.map_query.as_ref(), effects.len()), (Some(&query), 2));
        assert_eq!(state.labels.table_query.as_ref().map(|query| query.column.as_str()), Some("stim"));
        state.associated(summary(&[("type", 5, false)]));
        assert_eq!(state.labels.map_query.unwrap().column, "type");
    }

    #[test]
    fn answers_about_labels_are_taken_and_others_given_back() {
        let mut state = State::default();
        state.labels.lineage.ask();
        let query = LineageQuery { column: "type".into(), path: Vec::new() };
        let table = LineageTable {
            query,
            n_live: 0,
            features: Vec::new().into(),
            rise: Vec::new().into(),
            mean_lineage: Vec::new().into(),
            mean_others: Vec::new().into(),
            means: Vec::new().into(),
        };
        assert_eq!(state.labels_viewed(ViewResult::Lineage(Box::new(table))), None);
        assert!(state.labels.lineage.value.is_some() && !state.labels.lineage.is_loading);
        assert!(state.labels_viewed(ViewResult::GeneNames(Vec::new())).is_some());
    }
}
