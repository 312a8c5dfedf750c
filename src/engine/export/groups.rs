//! Files of features between two groups of cells, and along a path of categories.
//!
//! Adjusted p-values that underflow are written as the smallest number above 0, for they are not 0; NaN is an empty
//! field.

use super::sound::{Sink, log10, positive_exp};
use crate::engine::EngineError;
use crate::engine::compare::{compare, lineage};
use crate::engine::model::Features;
use crate::engine::state::OpenData;
use crate::lens::association::{DifferentialFeature, LineageFeature};
use crate::lens::tables::{Column, ColumnValues, Table, TableError};
use crate::protocol::{CompareQuery, ExportedFile, LineageQuery, TableFormat};

/// `differential_features`: live features, a row each.
///
/// # Errors
/// As [`compare`], and where the table can't be written.
pub(super) fn differential_features(
    data: &OpenData,
    features: &Features,
    query: &CompareQuery,
    format: TableFormat,
) -> Result<ExportedFile, EngineError> {
    let found = compare(data, features, query)?;
    one_batch("differential_features", format, &difference_table(&found.features)?)
}

fn difference_table(rows: &[DifferentialFeature]) -> Result<Table, TableError> {
    let numbers = |of: fn(&DifferentialFeature) -> f64| ColumnValues::F64(rows.iter().map(of).collect());
    Table::new(
        "differential_features",
        vec![
            Column::new("feature", ColumnValues::U32(rows.iter().map(|row| row.feature.0).collect())),
            Column::new("mean_a", numbers(|row| row.mean_first)),
            Column::new("mean_b", numbers(|row| row.mean_second)),
            Column::new("frac_a", numbers(|row| row.fraction_first)),
            Column::new("frac_b", numbers(|row| row.fraction_second)),
            Column::new("difference", numbers(DifferentialFeature::difference)),
            Column::new("t", numbers(|row| row.t)),
            Column::new("df", numbers(|row| row.df)),
            Column::new("log10_p", numbers(|row| log10(row.ln_p_value))),
            Column::new("padj", numbers(|row| positive_exp(row.ln_padj))),
            Column::new("cohens_d", numbers(|row| row.cohens_d)),
        ],
    )
}

/// `lineage`: features that rise, then those that fall, with the mean of every step.
///
/// # Errors
/// As [`lineage`](fn@lineage), and where the table can't be written.
pub(super) fn lineage_table(
    data: &OpenData,
    features: &Features,
    query: &LineageQuery,
    format: TableFormat,
) -> Result<ExportedFile, EngineError> {
    let rows = lineage(data, features, query)?;
    let numbers = |of: fn(&LineageFeature) -> f64| ColumnValues::F64(rows.iter().map(of).collect());
    let direction = |row: &LineageFeature| if row.rise() > 0.0 { "rises" } else { "falls" }.to_owned();
    let mut columns = vec![
        Column::new("feature", ColumnValues::U32(rows.iter().map(|row| row.feature.0).collect())),
        Column::new("direction", ColumnValues::Text(rows.iter().map(direction).collect())),
        Column::new("change", numbers(LineageFeature::rise)),
        Column::new("mean_lineage", numbers(|row| row.mean_lineage)),
        Column::new("mean_others", numbers(|row| row.mean_others)),
    ];
    columns.extend(query.path.iter().enumerate().map(|(step, category)| {
        let means = rows.iter().map(|row| row.means[step]).collect();
        Column::new(format!("mean {category}"), ColumnValues::F64(means))
    }));
    one_batch("lineage", format, &Table::new("lineage", columns)?)
}

pub(super) fn one_batch(name: &str, format: TableFormat, table: &Table) -> Result<ExportedFile, EngineError> {
    let mut sink = Sink::new(name, format);
    sink.write(table)?;
    sink.finish()
}
