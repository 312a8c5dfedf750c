//! The columns of a Parquet file as numbers or texts.
//!
//! Booleans, 32- and 64-bit integers, floating-point numbers of 16 to 64 bits and texts (UTF-8, also dictionaries, as
//! pandas' categories are written), null as NaN or an empty text; lists of numbers, all of one length and without
//! nulls, as matrices. Decimals, times, maps, structs and deeper lists are not read.

use std::cell::Cell;

use half::f16;
use parquet::basic::{ConvertedType, LogicalType, Type as Physical};
use parquet::column::reader::{ColumnReader, ColumnReaderImpl, get_column_reader};
use parquet::data_type::DataType;
use parquet::errors::ParquetError;
use parquet::file::metadata::ParquetMetaData;
use parquet::schema::types::ColumnDescriptor;

use super::chunk::ChunkPages;
use super::pages::CheckedPages;
use crate::io::ByteSource;

/// Rows read at once.
const BATCH: usize = 16 << 10;

/// An open file.
#[derive(Clone, Copy)]
pub(super) struct File<'a> {
    pub(super) metadata: &'a ParquetMetaData,
    pub(super) source: &'a dyn ByteSource,
}

/// What can be read of a column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Bool,
    Whole,
    Float,
    Half,
    Text,
}

/// A column, read.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Values {
    /// `[n_rows]`, NaN where null.
    Numbers(Vec<f64>),
    /// `[n_rows]`, empty where null.
    Texts(Vec<String>),
}

/// The kind of a column, and whether it is a list; `None` if it is not read here.
pub(super) fn kind_of(column: &ColumnDescriptor) -> Option<(Kind, bool)> {
    let is_list = match (column.max_rep_level(), column.path().parts().len()) {
        (0, 1) => false,
        (1, 3) => true,
        _ => return None,
    };
    let logical = column.logical_type_ref();
    let kind = match (column.physical_type(), logical) {
        (Physical::BOOLEAN, _) => Kind::Bool,
        (Physical::INT32 | Physical::INT64, None | Some(LogicalType::Integer(_))) => match column.converted_type() {
            ConvertedType::NONE
            | ConvertedType::INT_8
            | ConvertedType::INT_16
            | ConvertedType::INT_32
            | ConvertedType::INT_64
            | ConvertedType::UINT_8
            | ConvertedType::UINT_16
            | ConvertedType::UINT_32
            | ConvertedType::UINT_64 => Kind::Whole,
            _ => return None,
        },
        (Physical::FLOAT | Physical::DOUBLE, _) => Kind::Float,
        (Physical::FIXED_LEN_BYTE_ARRAY, Some(LogicalType::Float16)) if column.type_length() == 2 => Kind::Half,
        (Physical::BYTE_ARRAY, Some(LogicalType::String | LogicalType::Enum) | None)
            if !matches!(column.converted_type(), ConvertedType::DECIMAL) =>
        {
            Kind::Text
        }
        _ => return None,
    };
    (!is_list || !matches!(kind, Kind::Text | Kind::Bool)).then_some((kind, is_list))
}

/// Reads a flat column; its texts may have `max_text` bytes together.
///
/// # Errors
/// What the Parquet crate says, or that a text is not UTF-8, texts are too long or rows are missing.
pub(super) fn read_flat(
    file: File<'_>,
    column: usize,
    kind: Kind,
    n_rows: usize,
    max_text: u64,
) -> Result<Values, String> {
    let mut texts = Vec::new();
    let mut numbers = Vec::new();
    let n_left = Cell::new(max_text);
    for group in 0..file.metadata.num_row_groups() {
        let taken = match (kind, checked_reader(file, group, column)?) {
            (Kind::Text, ColumnReader::ByteArrayColumnReader(reader)) => {
                let text = |raw: &parquet::data_type::ByteArray| {
                    // A text stands once in a dictionary however often it is repeated.
                    let left = n_left.get().checked_sub(raw.len() as u64);
                    n_left.set(left.ok_or_else(|| format!("its texts have more than {max_text} bytes"))?);
                    String::from_utf8(raw.data().to_vec()).map_err(|_| "a text is not UTF-8".to_owned())
                };
                read(reader, text, String::new, &mut texts)
            }
            (_, reader) => read_numbers(reader, kind, &mut numbers).map(|_| ()),
        };
        taken?;
    }
    let values = if kind == Kind::Text { Values::Texts(texts) } else { Values::Numbers(numbers) };
    let found = match &values {
        Values::Numbers(numbers) => numbers.len(),
        Values::Texts(texts) => texts.len(),
    };
    if found == n_rows { Ok(values) } else { Err(format!("it has {found} values for {n_rows} rows")) }
}

/// Reads a column of lists of numbers; the values one after the other, as many for each row.
///
/// # Errors
/// What the Parquet crate says, or that the lists are of different lengths or have nulls.
pub(super) fn read_lists(file: File<'_>, column: usize, kind: Kind, n_rows: usize) -> Result<Vec<f64>, String> {
    let mut numbers = Vec::new();
    let mut lengths: Vec<usize> = Vec::new();
    for group in 0..file.metadata.num_row_groups() {
        let starts = read_numbers(checked_reader(file, group, column)?, kind, &mut numbers)?;
        for is_start in starts {
            match lengths.last_mut() {
                Some(length) if !is_start => *length += 1,
                _ => lengths.push(1),
            }
        }
    }
    let is_even = lengths.len() == n_rows && lengths.iter().all(|length| Some(length) == lengths.first());
    if is_even && numbers.iter().all(|number| !number.is_nan()) {
        return Ok(numbers);
    }
    Err("its lists are of different lengths, empty, or have missing values".to_owned())
}

/// The reader of a column in a row group, behind checks of every page.
fn checked_reader(file: File<'_>, group: usize, column: usize) -> Result<ColumnReader, String> {
    let descriptor = file.metadata.file_metadata().schema_descr().column(column);
    let chunk = file.metadata.row_group(group).columns().get(column).ok_or("it is not in every row group")?;
    let pages = CheckedPages::new(ChunkPages::read(file.source, chunk)?, &descriptor);
    Ok(get_column_reader(descriptor, Box::new(pages)))
}

/// Appends the numbers of a column; for each whether it starts a row.
fn read_numbers(reader: ColumnReader, kind: Kind, numbers: &mut Vec<f64>) -> Result<Vec<bool>, String> {
    let mut starts = Vec::new();
    match (reader, kind) {
        (ColumnReader::BoolColumnReader(reader), _) => {
            read_levels(reader, |&is| Ok(f64::from(u8::from(is))), || f64::NAN, numbers, &mut starts)
        }
        (ColumnReader::Int32ColumnReader(reader), _) => {
            read_levels(reader, |&n| Ok(f64::from(n)), || f64::NAN, numbers, &mut starts)
        }
        (ColumnReader::Int64ColumnReader(reader), _) => {
            read_levels(reader, |&n| Ok(n as f64), || f64::NAN, numbers, &mut starts)
        }
        (ColumnReader::FloatColumnReader(reader), _) => {
            read_levels(reader, |&n| Ok(f64::from(n)), || f64::NAN, numbers, &mut starts)
        }
        (ColumnReader::DoubleColumnReader(reader), _) => {
            read_levels(reader, |&n| Ok(n), || f64::NAN, numbers, &mut starts)
        }
        (ColumnReader::FixedLenByteArrayColumnReader(reader), Kind::Half) => {
            let half = |raw: &parquet::data_type::FixedLenByteArray| match raw.data() {
                &[low, high] => Ok(f16::from_le_bytes([low, high]).to_f64()),
                other => Err(format!("a half has {} bytes", other.len())),
            };
            read_levels(reader, half, || f64::NAN, numbers, &mut starts)
        }
        _ => Err("its type is not the one the schema says".to_owned()),
    }?;
    Ok(starts)
}

fn read<T: DataType, V>(
    reader: ColumnReaderImpl<T>,
    value: impl Fn(&T::T) -> Result<V, String>,
    missing: impl Fn() -> V,
    out: &mut Vec<V>,
) -> Result<(), String> {
    read_levels(reader, value, missing, out, &mut Vec::new())
}

/// Reads a column to its end, missing values included.
fn read_levels<T: DataType, V>(
    mut reader: ColumnReaderImpl<T>,
    value: impl Fn(&T::T) -> Result<V, String>,
    missing: impl Fn() -> V,
    out: &mut Vec<V>,
    starts: &mut Vec<bool>,
) -> Result<(), String> {
    // A value that is there has the highest level; a batch without values has only nulls, whatever their levels.

    let (mut values, mut definitions, mut repetitions) = (Vec::new(), Vec::new(), Vec::new());
    loop {
        values.clear();
        definitions.clear();
        repetitions.clear();
        let taken = reader.read_records(BATCH, Some(&mut definitions), Some(&mut repetitions), &mut values);
        let (n_records, n_values, n_levels) = taken.map_err(|error: ParquetError| error.to_string())?;
        if n_records == 0 && n_levels == 0 && n_values == 0 {
            return Ok(());
        }
        let most = definitions.iter().max().copied().filter(|_| n_values > 0);
        let mut found = values.iter();
        if definitions.is_empty() {
            for raw in found {
                out.push(value(raw)?);
            }
        } else {
            for &definition in &definitions {
                let raw = if Some(definition) == most { found.next() } else { None };
                out.push(raw.map_or_else(|| Ok(missing()), &value)?);
            }
        }
        starts.extend(repetitions.iter().map(|&level| level == 0));
    }
}
