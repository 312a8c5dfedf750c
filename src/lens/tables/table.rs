//! A batch of rows as named columns of equal length.
//!
//! Only holds and checks. Rules: NaN is a missing number, and the only one; integers, booleans and text have none.
//! A p value is held as its log10 (`Log10P`), since p itself underflows below 1e-308. Column order is kept.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::sync::Arc;

use super::TableError;

/// What a column holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ColumnKind {
    /// Numbers; NaN is missing.
    F64,
    /// p values as log10 p in [−∞, 0]; NaN is missing.
    Log10P,
    /// Counts and ids.
    U32,
    /// Yes or no.
    Bool,
    /// Free text.
    Text,
    /// Text out of a list.
    Category,
}

/// A column's values.
#[derive(Clone, Debug, PartialEq)]
pub enum ColumnValues {
    /// Numbers; NaN is missing.
    F64(Vec<f64>),
    /// p values as log10 p in [−∞, 0]; CSV shows p, Parquet keeps log10 p.
    Log10P(Vec<f64>),
    /// Counts and ids.
    U32(Vec<u32>),
    /// Yes or no.
    Bool(Vec<bool>),
    /// Free text.
    Text(Vec<String>),
    /// Text out of a list that batches share, such as gene names.
    Category {
        /// Positions in `names`, `[n_rows]`.
        codes: Vec<u32>,
        /// The list.
        names: Arc<[String]>,
    },
}

impl ColumnValues {
    /// Number of rows.
    pub fn len(&self) -> usize {
        match self {
            Self::F64(values) | Self::Log10P(values) => values.len(),
            Self::U32(values) => values.len(),
            Self::Bool(values) => values.len(),
            Self::Text(values) => values.len(),
            Self::Category { codes, .. } => codes.len(),
        }
    }

    /// Whether there is no row.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// What is held.
    pub fn kind(&self) -> ColumnKind {
        match self {
            Self::F64(_) => ColumnKind::F64,
            Self::Log10P(_) => ColumnKind::Log10P,
            Self::U32(_) => ColumnKind::U32,
            Self::Bool(_) => ColumnKind::Bool,
            Self::Text(_) => ColumnKind::Text,
            Self::Category { .. } => ColumnKind::Category,
        }
    }

    /// The first row whose code has no name, and that code.
    fn wrong_code(&self) -> Option<(usize, u32, usize)> {
        let Self::Category { codes, names } = self else { return None };
        let row = codes.iter().position(|&code| code as usize >= names.len())?;
        Some((row, codes[row], names.len()))
    }
}

/// A named column.
#[derive(Clone, Debug, PartialEq)]
pub struct Column {
    /// Its name in the file.
    pub name: Cow<'static, str>,
    /// Its values, `[n_rows]`.
    pub values: ColumnValues,
}

impl Column {
    /// Names values.
    pub fn new(name: impl Into<Cow<'static, str>>, values: ColumnValues) -> Self {
        Self { name: name.into(), values }
    }
}

/// Names and kinds of columns: what the batches of one file have in common.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Schema(Vec<(Cow<'static, str>, ColumnKind)>);

impl Schema {
    /// Every column's name and kind, in order.
    pub fn columns(&self) -> impl ExactSizeIterator<Item = (&str, ColumnKind)> {
        self.0.iter().map(|(name, kind)| (name.as_ref(), *kind))
    }

    /// Checks that a batch has these columns.
    pub(super) fn check(&self, batch: &Table) -> Result<(), TableError> {
        let found = batch.schema();
        if *self == found {
            return Ok(());
        }
        Err(TableError::OtherColumns { table: batch.name.clone(), found: found.listed(), expected: self.listed() })
    }

    /// Checks that columns still differ in name under the names a file gives them.
    pub(super) fn check_names(&self, stored_name: impl Fn(&str, ColumnKind) -> String) -> Result<(), TableError> {
        let mut seen = BTreeSet::new();
        for (name, kind) in self.columns() {
            let column = stored_name(name, kind);
            if seen.contains(&column) {
                return Err(TableError::DuplicateColumn { column });
            }
            seen.insert(column);
        }
        Ok(())
    }

    fn listed(&self) -> String {
        self.columns().fold(String::new(), |mut text, (name, kind)| {
            let separator = if text.is_empty() { "" } else { ", " };
            // Writing to a String can't fail.
            let _ = write!(text, "{separator}{name} ({kind:?})");
            text
        })
    }
}

/// Named columns of equal length, one batch of rows.
///
/// # Examples
/// ```
/// use featurescope::lens::tables::{Column, ColumnValues, Table};
/// let columns = vec![
///     Column::new("feature", ColumnValues::U32(vec![7, 7])),
///     Column::new("auroc", ColumnValues::F64(vec![0.5, f64::NAN])),
/// ];
/// let table = Table::new("scores", columns)?;
/// assert_eq!((table.n_rows(), table.columns().len()), (2, 2));
/// # Ok::<(), featurescope::lens::tables::TableError>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Table {
    name: String,
    columns: Vec<Column>,
}

impl Table {
    /// Puts columns together.
    ///
    /// # Errors
    /// Where columns differ in length, two have one name, or a code has no name.
    pub fn new(name: impl Into<String>, columns: Vec<Column>) -> Result<Self, TableError> {
        let table = Self { name: name.into(), columns };
        table.schema().check_names(|name, _| name.to_owned())?;
        for column in &table.columns {
            table.check_column(column)?;
        }
        Ok(table)
    }

    fn check_column(&self, column: &Column) -> Result<(), TableError> {
        let (first, found, expected) = (&self.columns[0], column.values.len(), self.n_rows());
        if found != expected {
            let (table, column, first) = (self.name.clone(), column.name.to_string(), first.name.to_string());
            return Err(TableError::ColumnLength { table, column, found, first, expected });
        }
        match column.values.wrong_code() {
            Some((row, code, n_names)) => {
                let (table, column) = (self.name.clone(), column.name.to_string());
                Err(TableError::CategoryCode { table, column, row, code, n_names })
            }
            None => Ok(()),
        }
    }

    /// What the table is called in messages.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The columns, in order.
    pub fn columns(&self) -> &[Column] {
        &self.columns
    }

    /// Number of rows; 0 where there is no column.
    pub fn n_rows(&self) -> usize {
        self.columns.first().map_or(0, |column| column.values.len())
    }

    /// Names and kinds of the columns.
    pub fn schema(&self) -> Schema {
        Schema(self.columns.iter().map(|column| (column.name.clone(), column.values.kind())).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(columns: Vec<Column>) -> String {
        Table::new("de", columns).unwrap_err().to_string()
    }

    #[test]
    fn columns_of_other_length_are_named() {
        let columns = vec![
            Column::new("a", ColumnValues::Bool(vec![true, false])),
            Column::new("b", ColumnValues::Text(vec!["x".to_owned()])),
        ];
        assert_eq!(error(columns), "column \"b\" of table \"de\" has 1 rows but column \"a\" has 2");
    }

    #[test]
    fn two_columns_of_one_name_are_refused() {
        let column = Column::new("p", ColumnValues::Log10P(Vec::new()));
        assert!(error(vec![column.clone(), column]).contains("two columns named \"p\""));
    }

    #[test]
    fn a_code_without_a_name_is_refused() {
        let names: Arc<[String]> = vec!["A".to_owned()].into();
        let columns = vec![Column::new("gene", ColumnValues::Category { codes: vec![0, 1], names })];
        assert!(
            error(columns).starts_with("row 1 of column \"gene\" in table \"de\" has code 1, but there are only 1")
        );
    }

    #[test]
    fn a_table_without_columns_has_no_rows() {
        assert_eq!(Table::new("nothing", Vec::new()).unwrap().n_rows(), 0);
    }

    #[test]
    fn kinds_are_part_of_the_columns() {
        let of = |values| Table::new("batch", vec![Column::new("p", values)]).unwrap();
        let started = of(ColumnValues::F64(Vec::new())).schema();
        assert!(started.check(&of(ColumnValues::F64(vec![1.0]))).is_ok());
        let refused = started.check(&of(ColumnValues::Log10P(vec![1.0]))).unwrap_err().to_string();
        assert_eq!(refused, "table \"batch\" has the columns p (Log10P), but the file was started with p (F64)");
    }
}
