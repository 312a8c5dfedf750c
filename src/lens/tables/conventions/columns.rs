//! Columns out of rows.

use std::sync::Arc;

use crate::data::FeatureId;
use crate::lens::tables::{Column, ColumnValues};

/// Names of one convention's columns over rows of one kind.
pub(super) struct Columns<'a, R> {
    rows: &'a [R],
    columns: Vec<Column>,
}

impl<'a, R> Columns<'a, R> {
    pub(super) fn of(rows: &'a [R]) -> Self {
        Self { rows, columns: Vec::new() }
    }

    pub(super) fn finish(self) -> Vec<Column> {
        self.columns
    }

    fn with(mut self, name: &'static str, values: ColumnValues) -> Self {
        self.columns.push(Column::new(name, values));
        self
    }

    pub(super) fn number(self, name: &'static str, value: impl Fn(&R) -> f64) -> Self {
        let values = self.rows.iter().map(value).collect();
        self.with(name, ColumnValues::F64(values))
    }

    /// p, given its log10.
    pub(super) fn p(self, name: &'static str, log10_p: impl Fn(&R) -> f64) -> Self {
        let values = self.rows.iter().map(log10_p).collect();
        self.with(name, ColumnValues::Log10P(values))
    }

    pub(super) fn count(self, name: &'static str, value: impl Fn(&R) -> u32) -> Self {
        let values = self.rows.iter().map(value).collect();
        self.with(name, ColumnValues::U32(values))
    }

    pub(super) fn text(self, name: &'static str, value: impl Fn(&R) -> String) -> Self {
        let values = self.rows.iter().map(value).collect();
        self.with(name, ColumnValues::Text(values))
    }

    pub(super) fn named(self, name: &'static str, names: &Arc<[String]>, code: impl Fn(&R) -> u32) -> Self {
        let codes = self.rows.iter().map(code).collect();
        self.with(name, ColumnValues::Category { codes, names: Arc::clone(names) })
    }

    /// Features as text; rows of one feature stand together.
    pub(super) fn feature_names(self, name: &'static str, feature: impl Fn(&R) -> FeatureId) -> Self {
        let (mut codes, mut names) = (Vec::with_capacity(self.rows.len()), Vec::<String>::new());
        let mut last = None;
        for id in self.rows.iter().map(feature) {
            if last != Some(id) {
                names.push(id.0.to_string());
                last = Some(id);
            }
            codes.push(names.len() as u32 - 1);
        }
        self.with(name, ColumnValues::Category { codes, names: names.into() })
    }
}
