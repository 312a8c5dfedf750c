//! Embeddings, labels and expression in Parquet, through the `parquet` crate, columns by slices.
//!
//! Which tables are expression `expression_kind` says, which embeddings `table_kind`, where floating-point columns count
//! as fractions; a column with lists of numbers is an embedding, too. Cell ids are found as in a CSV; pandas'
//! `__index_level_0__` is a name of theirs. Columns that are neither are listed in a warning. Pages may be plain or packed
//! with Snappy, gzip, zstd or LZ4 (`codec`); others are refused. What the file claims is held against its size first
//! (`guard`), and every page against its content (`pages`).

mod chunk;
mod codec;
mod columns;
mod expression;
mod guard;
mod pages;
mod plain;
mod thrift;

use std::sync::Arc;

use parquet::file::metadata::{ParquetMetaData, ParquetMetaDataReader};
use parquet::schema::types::SchemaDescriptor;

use columns::{File, Kind, Values, kind_of, read_flat, read_lists};
use expression::are_expression;
pub(crate) use expression::import_parquet_expression;
pub(crate) use guard::PARQUET_MAGIC;
use guard::{check_pages, checked_footer, damaged, max_text};

use super::labels::{LabelsFile, number_values};
use super::npy::look;
use super::reader::reserved;
use super::table_kind::{ColumnKind, dimensions};
use super::tensor::{ArrayContent, distinct_ids, is_id_name, quoted_list};
use super::{ByteSource, EmbeddingFormat, ExpressionFormat, FileKind, ImportError, LabelsFormat};
use crate::data::{DenseMatrix, LabelColumn, LabelValues, Observer};

/// How pandas names an index without a name.
const PANDAS_INDEX: &str = "__index_level_";

/// A column that can be read.
struct Column {
    at: usize,
    name: String,
    kind: Kind,
    is_list: bool,
}

/// An open file.
struct Table {
    name: String,
    metadata: ParquetMetaData,
    source: Arc<dyn ByteSource>,
    n_rows: usize,
    columns: Vec<Column>,
    /// Names of columns that can't be read.
    unread: Vec<String>,
}

impl Table {
    fn open(name: &str, source: Arc<dyn ByteSource>) -> Result<Self, ImportError> {
        let metadata = ParquetMetaDataReader::decode_metadata(&checked_footer(name, &*source)?)
            .map_err(|error| damaged(name, "its footer", format!("can't be read ({error})"), "Parquet's metadata"))?;
        let (columns, unread) = columns_of(metadata.file_metadata().schema_descr());
        let used: Vec<usize> = columns.iter().map(|column| column.at).collect();
        check_pages(name, &*source, &metadata, &used)?;
        let n_rows = metadata.file_metadata().num_rows() as usize;
        if n_rows == 0 {
            let found = format!("only {} columns", columns.len());
            let hint = "write the table again with its rows".to_owned();
            return Err(ImportError::NoContent { file: name.to_owned(), what: "row", found, hint });
        }
        Ok(Self { name: name.to_owned(), metadata, source, n_rows, columns, unread })
    }

    fn file(&self) -> File<'_> {
        File { metadata: &self.metadata, source: &*self.source }
    }

    fn error(&self, column: &Column, found: &str) -> ImportError {
        damaged(&self.name, &format!("column {:?}", column.name), format!("can't be read: {found}"), "its values")
    }

    fn values(&self, column: &Column) -> Result<Values, ImportError> {
        let values = read_flat(self.file(), column.at, column.kind, self.n_rows, max_text(self.source.size()));
        values.map_err(|found| self.error(column, &found))
    }

    /// The cell ids and their column: of a name ids go by, else a first column of distinct texts.
    fn ids(&self) -> Result<Option<(usize, Vec<String>)>, ImportError> {
        let is_text = |column: &&Column| column.kind == Kind::Text;
        let named = self.columns.iter().filter(|column| is_id(&column.name));
        let first = self.columns.first().filter(|column| !is_id(&column.name));
        for column in named.chain(first).filter(is_text) {
            if let Values::Texts(texts) = self.values(column)?
                && let Some(ids) = distinct_ids(texts)
            {
                return Ok(Some((column.at, ids)));
            }
        }
        Ok(None)
    }

    fn matrix(&self, columns: &[&Column], observer: &dyn Observer) -> Result<DenseMatrix, ImportError> {
        let data_error = |source| ImportError::Data { file: self.name.clone(), place: "the table".to_owned(), source };
        if let [list] = columns
            && list.is_list
        {
            let numbers = read_lists(self.file(), list.at, list.kind, self.n_rows);
            let numbers = numbers.map_err(|found| self.error(list, &found))?;
            let values = numbers.iter().map(|&number| number as f32).collect();
            return DenseMatrix::new(self.n_rows, numbers.len() / self.n_rows, values).map_err(data_error);
        }
        let n_cols = columns.len();
        let n_values = (self.n_rows as u64).saturating_mul(n_cols as u64);
        let mut values: Vec<f32> = reserved(&self.name, "the embedding", n_values)?;
        values.resize(self.n_rows * n_cols, 0.0);
        for (at, column) in columns.iter().enumerate() {
            look(&self.name, at, n_cols, observer)?;
            if let Values::Numbers(numbers) = self.values(column)? {
                for (row, number) in numbers.into_iter().enumerate() {
                    values[row * n_cols + at] = number as f32;
                }
            }
        }
        DenseMatrix::new(self.n_rows, n_cols, values).map_err(data_error)
    }
}

/// The columns that can be read, and the names of the others.
fn columns_of(schema: &SchemaDescriptor) -> (Vec<Column>, Vec<String>) {
    let (mut columns, mut unread) = (Vec::new(), Vec::new());
    for (at, column) in schema.columns().iter().enumerate() {
        let name = column.path().parts().first().cloned().unwrap_or_default();
        match kind_of(column) {
            Some((kind, is_list)) => columns.push(Column { at, name, kind, is_list }),
            None => unread.push(name),
        }
    }
    (columns, unread)
}

/// The columns of the embedding; `None` if the table is labels.
fn dimensions_of(columns: &[Column]) -> Option<Vec<&Column>> {
    if let Some(list) = columns.iter().find(|column| column.is_list) {
        return Some(vec![list]);
    }
    // Texts may be the ids, which only their values tell: those of a name ids go by, else the first, are left out.
    let texts = || columns.iter().filter(|column| column.kind == Kind::Text);
    let ids = texts().find(|column| is_id(&column.name)).or_else(|| texts().next()).map(|column| column.at);
    let is_other = |column: &&Column| Some(column.at) != ids && !is_row_number(column);
    let others: Vec<&Column> = columns.iter().filter(is_other).collect();
    let kinds: Vec<(&str, ColumnKind)> =
        others.iter().map(|column| (column.name.as_str(), column.kind.as_table_kind())).collect();
    Some(dimensions(&kinds)?.into_iter().map(|at| others[at]).collect())
}

impl Kind {
    fn as_table_kind(self) -> ColumnKind {
        match self {
            Self::Text | Self::Bool => ColumnKind::Text,
            Self::Whole => ColumnKind::Whole,
            Self::Float | Self::Half => ColumnKind::Fractional,
        }
    }
}

fn is_id(name: &str) -> bool {
    name.starts_with(PANDAS_INDEX) || is_id_name(name)
}

/// Whole numbers under a name of ids count the rows.
fn is_row_number(column: &Column) -> bool {
    column.kind == Kind::Whole && is_id(&column.name)
}

/// What a Parquet file is, by its columns; what can't be read is left to the reader of labels.
pub(crate) fn kind_of_file(name: &str, source: &dyn ByteSource) -> FileKind {
    let metadata =
        checked_footer(name, source).ok().and_then(|footer| ParquetMetaDataReader::decode_metadata(&footer).ok());
    let columns = metadata.map(|metadata| columns_of(metadata.file_metadata().schema_descr()).0).unwrap_or_default();
    if are_expression(&columns) {
        FileKind::Expression(ExpressionFormat::Parquet)
    } else if dimensions_of(&columns).is_some() {
        FileKind::Embedding(EmbeddingFormat::Parquet)
    } else {
        FileKind::Labels(LabelsFormat::Parquet)
    }
}

/// Reads an embedding.
///
/// # Errors
/// [`ImportError::NoContent`] without columns of numbers, [`ImportError::Format`] with the column for what is damaged
/// or packed in another way.
pub(crate) fn import_parquet_embedding(
    name: &str,
    source: Arc<dyn ByteSource>,
    observer: &dyn Observer,
) -> Result<ArrayContent, ImportError> {
    let table = Table::open(name, source)?;
    let ids = table.ids()?;
    let id_at = ids.as_ref().map(|(at, _)| *at);
    let numbers =
        || table.columns.iter().filter(|column| column.kind != Kind::Text && !is_row_number(column)).collect();
    let columns: Vec<&Column> = dimensions_of(&table.columns).unwrap_or_else(numbers);
    if columns.is_empty() {
        return Err(ImportError::NoContent {
            file: name.to_owned(),
            what: "column of numbers",
            found: format!("the columns are {}", quoted_list(table.columns.iter().map(|column| column.name.as_str()))),
            hint: "an embedding has one row per cell and one column per dimension".to_owned(),
        });
    }
    let is_used = |column: &&Column| Some(column.at) == id_at || columns.iter().any(|used| used.at == column.at);
    let rest = table.columns.iter().filter(|column| !is_used(column)).map(|column| column.name.as_str());
    let rest: Vec<&str> = rest.chain(table.unread.iter().map(String::as_str)).collect();
    if !rest.is_empty() {
        let names = quoted_list(rest.into_iter());
        observer.warn(&format!("{name:?}: the columns {names} are not part of the embedding and were set aside"));
    }
    let values = table.matrix(&columns, observer)?;
    Ok(ArrayContent { ids: ids.map(|(_, ids)| ids), values })
}

/// Reads a table of labels.
///
/// # Errors
/// [`ImportError::Format`] with the column for what is damaged or packed in another way.
pub(crate) fn import_parquet_labels(
    name: &str,
    source: Arc<dyn ByteSource>,
    observer: &dyn Observer,
) -> Result<LabelsFile, ImportError> {
    let table = Table::open(name, source)?;
    let (id_at, ids) = table.ids()?.unzip();
    let mut labels = LabelsFile { n_rows: table.n_rows, ids, ..LabelsFile::default() };
    let mut unread = table.unread.clone();
    for (at, column) in table.columns.iter().enumerate() {
        look(name, at, table.columns.len(), observer)?;
        if Some(column.at) == id_at {
            labels.id_column = Some(column.name.clone());
        } else if column.is_list {
            unread.push(column.name.clone());
        } else if !is_row_number(column) {
            labels.columns.push(label_column(column, table.values(column)?));
        }
    }
    if !unread.is_empty() {
        let names = quoted_list(unread.iter().map(String::as_str));
        observer.warn(&format!("{name:?}: the columns {names} hold no texts or numbers and were left out"));
    }
    Ok(labels)
}

fn label_column(column: &Column, values: Values) -> LabelColumn {
    let name = column.name.clone();
    match values {
        Values::Texts(texts) => LabelColumn::from_texts(name, &texts),
        Values::Numbers(numbers) if column.kind == Kind::Bool => {
            let text = |number: &f64| match number {
                number if number.is_nan() => "",
                0.0 => "False",
                _ => "True",
            };
            LabelColumn::from_texts(name, &numbers.iter().map(text).collect::<Vec<_>>())
        }
        Values::Numbers(numbers) => {
            let values: LabelValues = number_values(numbers);
            LabelColumn { name, values }
        }
    }
}

#[cfg(test)]
mod tests;
