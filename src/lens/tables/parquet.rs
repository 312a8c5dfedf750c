//! Tables as Parquet, batch by batch, in row groups.
//!
//! Columns are required (no nulls): f64 `PLAIN`, since test statistics hardly repeat; counts and text by dictionary,
//! where a feature or gene that repeats over a row group costs a few bits; pages with Snappy; no statistics. Rules: NaN
//! stays NaN and is not null; [`ColumnValues::Log10P`] keeps log10 p under the name `log10_…`, because f64 can't hold
//! p; u32 is `UINT_32`; text is UTF-8. Equal rows give equal bytes, whatever batches they come in.

use std::io::Write;
use std::sync::Arc;

use parquet::basic::{Compression, LogicalType, Repetition, Type as Physical};
use parquet::data_type::{BoolType, ByteArray, ByteArrayType, DoubleType, Int32Type};
use parquet::errors::ParquetError;
use parquet::file::properties::{EnabledStatistics, WriterProperties};
use parquet::file::writer::{SerializedColumnWriter, SerializedFileWriter};
use parquet::schema::types::{ColumnPath, Type};

use super::{ColumnKind, ColumnValues, Schema, Table, TableError};

const CREATED_BY: &str = "featurescope";
/// Dictionaries stay below the size of the column they shorten, so a row group is limit enough.
const DICTIONARY_BYTES: usize = 1 << 30;

/// How Parquet files are laid out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ParquetOptions {
    /// Rows of a row group, at least 1. The writer holds at most so many: 131,072 rows of the 16 columns of
    /// differential expression are 17 MB.
    pub row_group_rows: usize,
}

impl Default for ParquetOptions {
    fn default() -> Self {
        Self { row_group_rows: 131_072 }
    }
}

/// Rows of one column that wait for their row group.
#[derive(Debug)]
enum Pending {
    F64(Vec<f64>),
    I32(Vec<i32>),
    Bool(Vec<bool>),
    Bytes { values: Vec<ByteArray>, known: Option<KnownNames> },
}

/// The last batch's names in the form the encoder takes; batches mostly share them.
#[derive(Debug)]
struct KnownNames {
    names: Arc<[String]>,
    bytes: Vec<ByteArray>,
}

impl KnownNames {
    fn new(names: &Arc<[String]>) -> Self {
        Self { names: Arc::clone(names), bytes: names.iter().map(|name| ByteArray::from(name.as_str())).collect() }
    }
}

impl Pending {
    fn new(kind: ColumnKind) -> Self {
        match kind {
            ColumnKind::F64 | ColumnKind::Log10P => Self::F64(Vec::new()),
            ColumnKind::U32 => Self::I32(Vec::new()),
            ColumnKind::Bool => Self::Bool(Vec::new()),
            ColumnKind::Text | ColumnKind::Category => Self::Bytes { values: Vec::new(), known: None },
        }
    }

    /// Takes some rows of a column of the same kind.
    fn extend(&mut self, from: &ColumnValues, rows: std::ops::Range<usize>) {
        match (self, from) {
            (Self::F64(to), ColumnValues::F64(from) | ColumnValues::Log10P(from)) => to.extend_from_slice(&from[rows]),
            (Self::I32(to), ColumnValues::U32(from)) => to.extend(from[rows].iter().map(|&value| value.cast_signed())),
            (Self::Bool(to), ColumnValues::Bool(from)) => to.extend_from_slice(&from[rows]),
            (Self::Bytes { values, .. }, ColumnValues::Text(from)) => {
                values.extend(from[rows].iter().map(|text| ByteArray::from(text.as_str())));
            }
            (Self::Bytes { values, known }, ColumnValues::Category { codes, names }) => {
                let last = known.take().filter(|known| Arc::ptr_eq(&known.names, names));
                let known = known.insert(last.unwrap_or_else(|| KnownNames::new(names)));
                values.extend(codes[rows].iter().map(|&code| known.bytes[code as usize].clone()));
            }
            _ => unreachable!("a batch has the columns of its file's schema"),
        }
    }

    fn write_to(&mut self, column: &mut SerializedColumnWriter<'_>) -> Result<(), ParquetError> {
        match self {
            Self::F64(values) => column.typed::<DoubleType>().write_batch(values, None, None)?,
            Self::I32(values) => column.typed::<Int32Type>().write_batch(values, None, None)?,
            Self::Bool(values) => column.typed::<BoolType>().write_batch(values, None, None)?,
            Self::Bytes { values, .. } => column.typed::<ByteArrayType>().write_batch(values, None, None)?,
        };
        Ok(())
    }

    fn clear(&mut self) {
        match self {
            Self::F64(values) => values.clear(),
            Self::I32(values) => values.clear(),
            Self::Bool(values) => values.clear(),
            Self::Bytes { values, .. } => values.clear(),
        }
    }
}

/// Writes tables of the same columns one after the other as one Parquet file.
///
/// Holds one row group and its dictionaries. A file that is not finished can't be read.
///
/// # Examples
/// ```
/// use featurescope::lens::tables::{Column, ColumnValues, ParquetOptions, Table, TableParquet};
/// let batch = |t| Table::new("de", vec![Column::new("t", ColumnValues::F64(vec![t]))]);
/// let mut file = TableParquet::new(Vec::new(), batch(0.0)?.schema(), ParquetOptions::default())?;
/// file.write(&batch(0.5)?)?;
/// file.write(&batch(-2.0)?)?;
/// assert!(file.finish()?.starts_with(b"PAR1"));
/// # Ok::<(), featurescope::lens::tables::TableError>(())
/// ```
pub struct TableParquet<W: Write + Send> {
    writer: SerializedFileWriter<W>,
    schema: Schema,
    pending: Vec<Pending>,
    n_pending: usize,
    row_group_rows: usize,
}

impl<W: Write + Send> TableParquet<W> {
    /// Starts a file.
    ///
    /// # Errors
    /// Where two columns have one name in the file, or `out` can't be written.
    pub fn new(out: W, schema: Schema, options: ParquetOptions) -> Result<Self, TableError> {
        schema.check_names(stored_name)?;
        let fields = schema.columns().map(|(name, kind)| field(name, kind)).collect::<Result<Vec<_>, _>>()?;
        let root = Type::group_type_builder("schema").with_fields(fields).build()?;
        let writer = SerializedFileWriter::new(out, Arc::new(root), Arc::new(properties(&schema)))?;
        let pending = schema.columns().map(|(_, kind)| Pending::new(kind)).collect();
        Ok(Self { writer, schema, pending, n_pending: 0, row_group_rows: options.row_group_rows.max(1) })
    }

    /// Adds all rows of a batch; writes the row groups that are full.
    ///
    /// # Errors
    /// Where the batch has other columns than the file, or the output can't be written.
    pub fn write(&mut self, batch: &Table) -> Result<(), TableError> {
        self.schema.check(batch)?;
        let mut start = 0;
        while start < batch.n_rows() {
            let end = batch.n_rows().min(start + self.row_group_rows - self.n_pending);
            for (pending, column) in self.pending.iter_mut().zip(batch.columns()) {
                pending.extend(&column.values, start..end);
            }
            self.n_pending += end - start;
            start = end;
            if self.n_pending == self.row_group_rows {
                self.write_row_group()?;
            }
        }
        Ok(())
    }

    /// Writes what is left and the footer, and gives the output back.
    ///
    /// # Errors
    /// Where the output can't be written.
    pub fn finish(mut self) -> Result<W, TableError> {
        if self.n_pending > 0 {
            self.write_row_group()?;
        }
        Ok(self.writer.into_inner()?)
    }

    fn write_row_group(&mut self) -> Result<(), TableError> {
        let mut group = self.writer.next_row_group()?;
        for pending in &mut self.pending {
            if let Some(mut column) = group.next_column()? {
                pending.write_to(&mut column)?;
                column.close()?;
            }
            pending.clear();
        }
        group.close()?;
        self.n_pending = 0;
        Ok(())
    }
}

/// A column's name in the file: log10 p doesn't pass for p.
fn stored_name(name: &str, kind: ColumnKind) -> String {
    match kind {
        ColumnKind::Log10P => format!("log10_{name}"),
        _ => name.to_owned(),
    }
}

fn field(name: &str, kind: ColumnKind) -> Result<Arc<Type>, ParquetError> {
    let (physical, logical) = match kind {
        ColumnKind::F64 | ColumnKind::Log10P => (Physical::DOUBLE, None),
        ColumnKind::U32 => (Physical::INT32, Some(LogicalType::integer(32, false))),
        ColumnKind::Bool => (Physical::BOOLEAN, None),
        ColumnKind::Text | ColumnKind::Category => (Physical::BYTE_ARRAY, Some(LogicalType::String)),
    };
    let name = stored_name(name, kind);
    let field = Type::primitive_type_builder(&name, physical).with_repetition(Repetition::REQUIRED);
    Ok(Arc::new(field.with_logical_type(logical).build()?))
}

fn properties(schema: &Schema) -> WriterProperties {
    let start = WriterProperties::builder()
        .set_created_by(CREATED_BY.to_owned())
        .set_compression(Compression::SNAPPY)
        .set_statistics_enabled(EnabledStatistics::None)
        .set_offset_index_disabled(true)
        .set_dictionary_page_size_limit(DICTIONARY_BYTES);
    let plain = schema.columns().filter(|(_, kind)| matches!(kind, ColumnKind::F64 | ColumnKind::Log10P));
    plain
        .fold(start, |properties, (name, kind)| {
            let path = ColumnPath::new(vec![stored_name(name, kind)]);
            properties.set_column_dictionary_enabled(path, false)
        })
        .build()
}

#[cfg(test)]
mod tests;
