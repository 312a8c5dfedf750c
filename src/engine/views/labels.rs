//! Label columns as heat maps and tables, once features were measured against them.
//!
//! Live features only. A table of each feature's best category has NaN where every category is too small to be best.

use crate::data::{FeatureId, MISSING_CODE};
use crate::engine::EngineError;
use crate::engine::associate::Association;
use crate::engine::state::{OpenData, State};
use crate::lens::association::HeatMap;
use crate::protocol::{
    AssociatedColumn, F64Column, HeatMapOrder, HeatMapValue, LabelMap, LabelMapQuery, LabelTable, LabelTableQuery,
    U32Column, ViewResult,
};

/// Features that a heat map shows at most.
const MOST_FEATURES: usize = 600;

/// A column that was measured.
struct Measured<'a> {
    association: &'a Association,
    column: &'a AssociatedColumn,
    /// Its position in the data.
    at: usize,
}

/// A label column as a heat map.
///
/// # Errors
/// [`EngineError::NoSae`], [`EngineError::NoAssociation`], [`EngineError::NotMeasured`].
pub(super) fn map(state: &State, data: &OpenData, mut query: LabelMapQuery) -> Result<ViewResult, EngineError> {
    let association = state.features()?.association()?;
    let measured = Measured::find(&association, data, &query.column)?;
    let whole = measured.heat_map(query.value, HeatMapOrder::BestCategory)?;
    let categories = measured.column.categories.clone();
    query.per_label = query.per_label.min(MOST_FEATURES / categories.len().max(1)).max(1);
    let mut map = whole.first_of_each(query.per_label);
    if query.order == HeatMapOrder::Feature {
        map = in_order_of_ids(map);
    }
    Ok(ViewResult::LabelMap(Box::new(LabelMap {
        query,
        categories,
        features: ids(&map.features),
        values: F64Column(map.values),
        n_live: whole.features.len(),
    })))
}

fn ids(features: &[FeatureId]) -> U32Column {
    U32Column(features.iter().map(|feature| feature.0).collect())
}

fn in_order_of_ids(map: HeatMap) -> HeatMap {
    let mut places: Vec<usize> = (0..map.features.len()).collect();
    places.sort_by_key(|&place| map.features[place]);
    let lines = map.values.chunks(places.len().max(1));
    HeatMap {
        values: lines.flat_map(|line| places.iter().map(|&place| line[place])).collect(),
        features: places.iter().map(|&place| map.features[place]).collect(),
        best_category: places.iter().map(|&place| map.best_category[place]).collect(),
        categories: map.categories,
    }
}

/// A label column as a table.
///
/// # Errors
/// As [`map`], and [`EngineError::UnknownCategory`].
pub(super) fn table(state: &State, data: &OpenData, query: LabelTableQuery) -> Result<ViewResult, EngineError> {
    let association = state.features()?.association()?;
    let measured = Measured::find(&association, data, &query.column)?;
    let rows = measured.rows(query.category.as_deref())?;
    Ok(ViewResult::LabelTable(Box::new(measured.table(&rows, query))))
}

/// A feature by its position and the category it is held against, if there is one.
struct Row {
    feature: usize,
    category: Option<usize>,
}

impl<'a> Measured<'a> {
    fn find(association: &'a Association, data: &OpenData, name: &str) -> Result<Self, EngineError> {
        let columns = &association.summary.columns;
        let column = columns.iter().find(|column| column.name == name);
        let at = data.dataset.cells.columns().iter().position(|column| column.name == name);
        let (column, at) = column.zip(at).ok_or_else(|| not_measured(association, name))?;
        Ok(Self { association, column, at })
    }

    fn heat_map(&self, value: HeatMapValue, order: HeatMapOrder) -> Result<HeatMap, EngineError> {
        let map = self.association.table.heat_map(self.at, value, order);
        map.ok_or_else(|| not_measured(self.association, &self.column.name))
    }

    /// Every live feature with the category wanted, or its best.
    fn rows(&self, wanted: Option<&str>) -> Result<Vec<Row>, EngineError> {
        let table = &self.association.table;
        let position = |name: &str| {
            let found = self.column.categories.iter().position(|(known, _)| known == name);
            let (column, category) = (self.column.name.clone(), name.to_owned());
            found.ok_or(EngineError::UnknownCategory { column, category })
        };
        let wanted = wanted.map(position).transpose()?;
        let best = self.heat_map(HeatMapValue::Auroc, HeatMapOrder::Feature)?.best_category;
        let active = (0..table.features.len()).filter(|&at| table.n_active[at] > 0);
        Ok(active.zip(best).map(|(feature, best)| Row { feature, category: wanted.or(best) }).collect())
    }

    fn table(&self, rows: &[Row], query: LabelTableQuery) -> LabelTable {
        let table = &self.association.table;
        let first = table.labels.iter().position(|label| label.label.column == self.at).unwrap_or_default();
        let slot = |row: &Row, category: usize| row.feature * table.labels.len() + first + category;
        let numbers = |values: &[f64]| {
            let value = |row: &Row| row.category.map_or(f64::NAN, |category| values[slot(row, category)]);
            F64Column(rows.iter().map(value).collect())
        };
        LabelTable {
            query,
            categories: self.column.categories.iter().map(|(name, _)| name.clone()).collect(),
            features: U32Column(rows.iter().map(|row| table.features[row.feature].0).collect()),
            category: U32Column(rows.iter().map(|row| row.category.map_or(MISSING_CODE, |at| at as u32)).collect()),
            auroc: numbers(&table.auroc),
            f1: numbers(&table.f1),
            threshold: numbers(&table.threshold),
            mean_in: numbers(&table.mean_in),
            mean_out: numbers(&table.mean_out),
            // The class of a column stands in every row of the feature.
            class: rows.iter().map(|row| table.class[slot(row, 0)]).collect(),
            is_confounded: rows.iter().map(|row| table.is_confounded[row.feature]).collect(),
        }
    }
}

fn not_measured(association: &Association, name: &str) -> EngineError {
    let known = association.summary.columns.iter().map(|column| column.name.clone()).collect();
    EngineError::NotMeasured { name: name.to_owned(), known }
}
