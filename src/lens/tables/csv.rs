//! Tables as CSV, batch by batch.
//!
//! A header, then a line a row, comma-separated, quoted where needed (RFC 4180, `\n` as line end). Rules: numbers are
//! the shortest text that reads back as the same f64; NaN is an empty field, as pandas writes it; infinities are `inf`
//! and `-inf`; booleans `true` and `false`; p values come from their log10 by [`p_text`], so none becomes 0. gzip has
//! no file name and no time, so equal tables give equal bytes.

use std::io::Write;

use csv::Writer;
use flate2::Compression;
use flate2::write::GzEncoder;
use serde::ser::{Serialize, SerializeSeq, Serializer};

use super::{ColumnValues, Schema, Table, TableError, p_text};

/// How a CSV file is packed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum CsvCompression {
    /// Plain text.
    #[default]
    None,
    /// gzip, for names that end in `.csv.gz`.
    Gzip,
}

#[derive(Debug)]
enum Sink<W: Write> {
    Plain(W),
    Gzip(Box<GzEncoder<W>>),
}

impl<W: Write> Sink<W> {
    fn finish(self) -> std::io::Result<W> {
        match self {
            Self::Plain(out) => Ok(out),
            Self::Gzip(encoder) => encoder.finish(),
        }
    }
}

impl<W: Write> Write for Sink<W> {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        match self {
            Self::Plain(out) => out.write(bytes),
            Self::Gzip(encoder) => encoder.write(bytes),
        }
    }

    /// Flushing an encoder would end its block, so it passes nothing on before the end.
    fn flush(&mut self) -> std::io::Result<()> {
        match self {
            Self::Plain(out) => out.flush(),
            Self::Gzip(_) => Ok(()),
        }
    }
}

/// One row, seen across the columns.
struct Row<'a> {
    table: &'a Table,
    row: usize,
}

struct Cell<'a> {
    values: &'a ColumnValues,
    row: usize,
}

impl Serialize for Row<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let columns = self.table.columns();
        let mut cells = serializer.serialize_seq(Some(columns.len()))?;
        for column in columns {
            cells.serialize_element(&Cell { values: &column.values, row: self.row })?;
        }
        cells.end()
    }
}

impl Serialize for Cell<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.values {
            ColumnValues::F64(values) if values[self.row].is_nan() => serializer.serialize_none(),
            ColumnValues::F64(values) => serializer.serialize_f64(values[self.row]),
            ColumnValues::Log10P(values) => serializer.serialize_str(&p_text(values[self.row])),
            ColumnValues::U32(values) => serializer.serialize_u32(values[self.row]),
            ColumnValues::Bool(values) => serializer.serialize_bool(values[self.row]),
            ColumnValues::Text(values) => serializer.serialize_str(&values[self.row]),
            ColumnValues::Category { codes, names } => serializer.serialize_str(&names[codes[self.row] as usize]),
        }
    }
}

/// Writes tables of the same columns one after the other as one CSV file.
///
/// # Examples
/// ```
/// use featurescope::lens::tables::{Column, ColumnValues, CsvCompression, Table, TableCsv};
/// let batch = |t| Table::new("de", vec![Column::new("t", ColumnValues::F64(vec![t]))]);
/// let mut csv = TableCsv::new(Vec::new(), batch(0.0)?.schema(), CsvCompression::None)?;
/// csv.write(&batch(0.5)?)?;
/// csv.write(&batch(-2.0)?)?;
/// assert_eq!(csv.finish()?, b"t\n0.5\n-2.0\n");
/// # Ok::<(), featurescope::lens::tables::TableError>(())
/// ```
#[derive(Debug)]
pub struct TableCsv<W: Write> {
    writer: Writer<Sink<W>>,
    schema: Schema,
}

impl<W: Write> TableCsv<W> {
    /// Writes the header.
    ///
    /// # Errors
    /// Where `out` can't be written.
    pub fn new(out: W, schema: Schema, compression: CsvCompression) -> Result<Self, TableError> {
        let sink = match compression {
            CsvCompression::None => Sink::Plain(out),
            CsvCompression::Gzip => Sink::Gzip(Box::new(GzEncoder::new(out, Compression::default()))),
        };
        let mut writer = csv::WriterBuilder::new().has_headers(false).from_writer(sink);
        writer.write_record(schema.columns().map(|(name, _)| name))?;
        Ok(Self { writer, schema })
    }

    /// Writes all rows of a batch.
    ///
    /// # Errors
    /// Where the batch has other columns than the file, or `out` can't be written.
    pub fn write(&mut self, batch: &Table) -> Result<(), TableError> {
        self.schema.check(batch)?;
        for row in 0..batch.n_rows() {
            self.writer.serialize(Row { table: batch, row })?;
        }
        Ok(())
    }

    /// Writes what is left and gives the output back.
    ///
    /// # Errors
    /// Where `out` can't be written.
    pub fn finish(mut self) -> Result<W, TableError> {
        self.writer.flush()?;
        let sink = self.writer.into_inner().map_err(|error| std::io::Error::other(error.to_string()))?;
        Ok(sink.finish()?)
    }
}

#[cfg(test)]
mod tests {
    use std::io::Read;
    use std::sync::Arc;

    use super::*;
    use crate::lens::tables::Column;

    fn batch() -> Table {
        let names: Arc<[String]> = vec!["A,B".to_owned(), "é\"".to_owned()].into();
        let columns = vec![
            Column::new("id", ColumnValues::U32(vec![0, u32::MAX])),
            Column::new("x", ColumnValues::F64(vec![f64::NAN, 0.1 + 0.2])),
            Column::new("p", ColumnValues::Log10P(vec![-412.0, f64::NAN])),
            Column::new("is_up", ColumnValues::Bool(vec![true, false])),
            Column::new("note", ColumnValues::Text(vec![String::new(), "two\nlines".to_owned()])),
            Column::new("gene", ColumnValues::Category { codes: vec![1, 0], names }),
        ];
        Table::new("mixed", columns).unwrap()
    }

    fn written(compression: CsvCompression, n_batches: usize) -> Vec<u8> {
        let mut csv = TableCsv::new(Vec::new(), batch().schema(), compression).unwrap();
        (0..n_batches).for_each(|_| csv.write(&batch()).unwrap());
        csv.finish().unwrap()
    }

    const HEADER: &str = "id,x,p,is_up,note,gene\n";
    const ROWS: &str = "0,,1e-412,true,,\"é\"\"\"\n4294967295,0.30000000000000004,,false,\"two\nlines\",\"A,B\"\n";

    #[test]
    fn batches_follow_one_header() {
        let text = String::from_utf8(written(CsvCompression::None, 2)).unwrap();
        assert_eq!(text, format!("{HEADER}{ROWS}{ROWS}"));
    }

    #[test]
    fn no_batch_leaves_the_header() {
        assert_eq!(written(CsvCompression::None, 0), HEADER.as_bytes());
    }

    #[test]
    fn gzip_holds_the_same_text() {
        let (plain, packed) = (written(CsvCompression::None, 3), written(CsvCompression::Gzip, 3));
        let mut read = Vec::new();
        flate2::read::GzDecoder::new(&packed[..]).read_to_end(&mut read).unwrap();
        assert_eq!(read, plain);
        assert_eq!(packed, written(CsvCompression::Gzip, 3));
    }

    #[test]
    fn other_columns_are_refused_and_write_nothing() {
        let mut csv = TableCsv::new(Vec::new(), batch().schema(), CsvCompression::None).unwrap();
        let other = Table::new("other", vec![Column::new("id", ColumnValues::U32(vec![1]))]).unwrap();
        assert!(
            csv.write(&other).unwrap_err().to_string().starts_with("table \"other\" has the columns id (U32), but")
        );
        assert_eq!(csv.finish().unwrap(), HEADER.as_bytes());
    }

    #[test]
    fn numbers_read_back_bit_for_bit() {
        let values = vec![1e-5, f64::MIN_POSITIVE / 8.0, -0.0, 1.0 / 3.0, 1e300, f64::INFINITY, f64::NEG_INFINITY];
        let table = Table::new("numbers", vec![Column::new("x", ColumnValues::F64(values.clone()))]).unwrap();
        let mut csv = TableCsv::new(Vec::new(), table.schema(), CsvCompression::None).unwrap();
        csv.write(&table).unwrap();
        let text = String::from_utf8(csv.finish().unwrap()).unwrap();
        let read: Vec<u64> = text.lines().skip(1).map(|line| line.parse::<f64>().unwrap().to_bits()).collect();
        assert_eq!(read, values.iter().map(|value| value.to_bits()).collect::<Vec<u64>>());
    }
}
