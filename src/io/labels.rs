//! Labels of cells from CSV or TSV, gzip or not.
//!
//! The first row is the header. The delimiter is the one of tab, comma and semicolon that the header has most of.
//! Empty, `NA`, `NaN`, `nan`, `<NA>`, `N/A`, `null` and `None` mean no value, as in pandas. A column is numeric if
//! every value there is a number and more than 20 differ; else it is categorical, categories sorted.

use std::collections::BTreeSet;
use std::io::{self, Read};
use std::sync::Arc;

use csv::{ByteRecord, ReaderBuilder};

use super::gmt::shortened;
use super::reader::TextReader;
use super::{ByteSource, ImportError};
use crate::data::{LabelColumn, LabelValues, Observer};

/// More distinct numbers than this are a measurement, fewer are labels.
const MAX_NUMERIC_CATEGORIES: usize = 20;
/// Rows between two looks at the observer.
const ROWS_PER_LOOK: u64 = 20_000;
/// First bytes the delimiter is found from.
const HEAD: usize = 64 << 10;
/// Names a column of cell ids goes by, lower case.
const ID_NAMES: [&str; 19] = [
    "",
    "index",
    "_index",
    "id",
    "ids",
    "cell",
    "cells",
    "cell_id",
    "cell_ids",
    "cellid",
    "cell id",
    "cell_name",
    "cell_barcode",
    "barcode",
    "barcodes",
    "obs_names",
    "obs_name",
    "rownames",
    "unnamed: 0",
];
const MISSING: [&str; 9] = ["", "NA", "NaN", "nan", "<NA>", "N/A", "null", "NULL", "None"];

/// Labels of cells, one row a cell.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct LabelsFile {
    /// Number of rows.
    pub n_rows: usize,
    /// Cell ids, `[n_rows]`, if a column has them.
    pub ids: Option<Vec<String>>,
    /// The other columns.
    pub columns: Vec<LabelColumn>,
}

/// Reads a table of labels.
///
/// # Errors
/// [`ImportError::Line`] for a row with another number of fields or text that is not UTF-8,
/// [`ImportError::NoContent`] for a table without rows, and what reading can give.
pub(crate) fn import_labels(
    name: &str,
    source: Arc<dyn ByteSource>,
    observer: &dyn Observer,
) -> Result<LabelsFile, ImportError> {
    observer.progress(0.0, &format!("Reading labels from {name}"));
    let mut reader = TextReader::open(name, source)?;
    let mut start = Vec::new();
    let read = Read::by_ref(&mut reader).take(HEAD as u64).read_to_end(&mut start);
    read.map_err(|error| TextReader::error(name, error))?;
    if start.starts_with("\u{feff}".as_bytes()) {
        start.drain(..3);
    }
    let delimiter = delimiter_of(&start);
    let table = read_table(name, io::Cursor::new(start).chain(reader), delimiter, observer)?;
    labels_of(name, table, observer)
}

/// One column as it is written: all texts in one string.
#[derive(Default)]
struct TextColumn {
    text: String,
    ends: Vec<usize>,
}

impl TextColumn {
    fn push(&mut self, value: &str) {
        self.text.push_str(value);
        self.ends.push(self.text.len());
    }

    fn values(&self) -> impl Iterator<Item = &str> {
        let starts = std::iter::once(0).chain(self.ends.iter().copied());
        starts.zip(&self.ends).map(|(start, &end)| &self.text[start..end])
    }
}

struct Table {
    names: Vec<String>,
    columns: Vec<TextColumn>,
    n_rows: usize,
}

fn read_table(name: &str, reader: impl Read, delimiter: u8, observer: &dyn Observer) -> Result<Table, ImportError> {
    let mut reader = ReaderBuilder::new().delimiter(delimiter).flexible(true).has_headers(false).from_reader(reader);
    let mut record = ByteRecord::new();
    let mut names: Option<Vec<String>> = None;
    let mut columns: Vec<TextColumn> = Vec::new();
    let mut n_rows = 0_usize;
    while reader.read_byte_record(&mut record).map_err(|error| csv_error(name, error))? {
        let line = record.position().map_or(0, csv::Position::line);
        let Some(names) = &mut names else {
            names = Some(fields_of(name, &record, line)?.into_iter().map(str::to_owned).collect());
            continue;
        };
        if (n_rows as u64).is_multiple_of(ROWS_PER_LOOK) && observer.is_cancelled() {
            return Err(ImportError::Cancelled { file: name.to_owned() });
        }
        let fields = fields_of(name, &record, line)?;
        if columns.is_empty() {
            // R's write.table leaves the name of the row names out.
            if fields.len() == names.len() + 1 {
                names.insert(0, String::new());
            }
            columns.resize_with(names.len(), TextColumn::default);
        }
        if fields.len() != columns.len() {
            return Err(ImportError::Line {
                file: name.to_owned(),
                line,
                found: format!("{} fields", fields.len()),
                expected: format!("{} as in the header (separated by {:?})", columns.len(), char::from(delimiter)),
            });
        }
        columns.iter_mut().zip(fields).for_each(|(column, field)| column.push(field));
        n_rows += 1;
    }
    let names = names.unwrap_or_default();
    if n_rows == 0 {
        let found = format!("only a header with {} columns", names.len());
        let hint = "a labels table has a header and one row per cell".to_owned();
        return Err(ImportError::NoContent { file: name.to_owned(), what: "row", found, hint });
    }
    Ok(Table { names, columns, n_rows })
}

fn fields_of<'a>(name: &str, record: &'a ByteRecord, line: u64) -> Result<Vec<&'a str>, ImportError> {
    let field = |bytes: &'a [u8]| {
        std::str::from_utf8(bytes).map(str::trim).map_err(|_| ImportError::Line {
            file: name.to_owned(),
            line,
            found: format!("{:?}, which is not UTF-8", shortened(&String::from_utf8_lossy(bytes))),
            expected: "text saved as UTF-8".to_owned(),
        })
    };
    record.iter().map(field).collect()
}

fn csv_error(name: &str, error: csv::Error) -> ImportError {
    let line = error.position().map_or(0, csv::Position::line);
    match error.into_kind() {
        csv::ErrorKind::Io(error) => TextReader::error(name, error),
        kind => ImportError::Line {
            file: name.to_owned(),
            line,
            found: format!("{kind:?}"),
            expected: "a row of delimited fields".to_owned(),
        },
    }
}

fn delimiter_of(start: &[u8]) -> u8 {
    let header = start.split(|&byte| byte == b'\n').next().unwrap_or_default();
    let mut is_quoted = false;
    let mut counts = [(b'\t', 0_usize), (b',', 0), (b';', 0)];
    for &byte in header {
        if byte == b'"' {
            is_quoted = !is_quoted;
        }
        if let Some((_, n)) = counts.iter_mut().find(|(delimiter, _)| *delimiter == byte && !is_quoted) {
            *n += 1;
        }
    }
    counts.into_iter().rev().max_by_key(|&(_, n)| n).filter(|&(_, n)| n > 0).map_or(b',', |(delimiter, _)| delimiter)
}

fn labels_of(name: &str, table: Table, observer: &dyn Observer) -> Result<LabelsFile, ImportError> {
    let Table { names, columns, n_rows } = table;
    let mut ids = None;
    let mut labels: Vec<LabelColumn> = Vec::with_capacity(names.len());
    for (at, (column_name, column)) in names.into_iter().zip(columns).enumerate() {
        if at == 0 && is_counter(&column) && ID_NAMES.contains(&column_name.to_lowercase().as_str()) {
            continue;
        }
        if at == 0 && has_ids(&column_name, &column) {
            ids = Some(column.values().map(str::to_owned).collect());
            continue;
        }
        let column_name = if column_name.is_empty() { format!("column {}", at + 1) } else { column_name };
        if labels.iter().any(|known| known.name == column_name) {
            observer.warn(&format!(
                "{name:?}: column {column_name:?} occurs more than once in the header; only the first is used"
            ));
            continue;
        }
        labels.push(label_column(column_name, &column));
    }
    if ids.is_none() && labels.is_empty() {
        let found = "one column that only counts the rows".to_owned();
        let hint = "add columns with labels, or cell ids".to_owned();
        return Err(ImportError::NoContent { file: name.to_owned(), what: "label column", found, hint });
    }
    Ok(LabelsFile { n_rows, ids, columns: labels })
}

/// Whether the column is 0, 1, 2… or 1, 2, 3…: row numbers, as pandas and R write them, identify nothing.
fn is_counter(column: &TextColumn) -> bool {
    let counts_from = |first: usize| {
        column.values().enumerate().all(|(row, value)| value.parse::<usize>().is_ok_and(|found| found == row + first))
    };
    counts_from(0) || counts_from(1)
}

fn has_ids(column_name: &str, column: &TextColumn) -> bool {
    if ID_NAMES.contains(&column_name.to_lowercase().as_str()) {
        return true;
    }
    let mut seen = BTreeSet::new();
    column.values().all(|value| !is_missing(value) && value.parse::<f64>().is_err() && seen.insert(value))
}

fn is_missing(value: &str) -> bool {
    MISSING.contains(&value)
}

fn label_column(name: String, column: &TextColumn) -> LabelColumn {
    if let Some(values) = numbers_of(column) {
        return LabelColumn { name, values: LabelValues::Numeric(values) };
    }
    let texts: Vec<&str> = column.values().map(|value| if is_missing(value) { "" } else { value }).collect();
    LabelColumn::from_texts(name, &texts)
}

/// The column as numbers, if all are and more than [`MAX_NUMERIC_CATEGORIES`] differ; NaN where missing.
fn numbers_of(column: &TextColumn) -> Option<Vec<f64>> {
    let mut distinct = BTreeSet::new();
    let mut numbers = Vec::with_capacity(column.ends.len());
    for value in column.values() {
        if is_missing(value) {
            numbers.push(f64::NAN);
            continue;
        }
        let number: f64 = value.parse().ok()?;
        if distinct.len() <= MAX_NUMERIC_CATEGORIES {
            distinct.insert(number.to_bits());
        }
        numbers.push(number);
    }
    (distinct.len() > MAX_NUMERIC_CATEGORIES).then_some(numbers)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::{MISSING_CODE, Silent};
    use crate::io::MemorySource;

    fn read(text: &str) -> Result<LabelsFile, ImportError> {
        import_labels("labels.csv", Arc::new(MemorySource(text.as_bytes().to_vec())), &Silent)
    }

    fn categories(file: &LabelsFile, column: usize) -> Vec<&str> {
        file.columns[column].categorical().unwrap().1.iter().map(String::as_str).collect()
    }

    #[test]
    fn ids_are_found_by_an_unnamed_first_column() {
        let file = read(",type,n\nc1,B,1\nc2,\"T, naive\",2\n").unwrap();
        assert_eq!(file.ids.as_deref(), Some(&["c1".to_owned(), "c2".to_owned()][..]));
        assert_eq!(categories(&file, 0), ["B", "T, naive"]);
        assert_eq!((file.n_rows, file.columns.len()), (2, 2));
    }

    #[test]
    fn ids_are_found_by_distinct_texts_but_not_by_numbers_or_repeats() {
        assert!(read("droplet,type\nAAC-1,B\nAAG-1,B\n").unwrap().ids.is_some());
        assert!(read("score,type\n0.5,B\n0.7,B\n").unwrap().ids.is_none());
        assert!(read("type,donor\nB,1\nB,2\n").unwrap().ids.is_none());
    }

    #[test]
    fn row_numbers_are_no_ids_and_no_label() {
        let file = read(",type\n0,B\n1,T\n").unwrap();
        assert_eq!((file.ids, file.columns.len()), (None, 1));
    }

    #[test]
    fn many_distinct_numbers_are_numeric_and_few_are_labels() {
        let rows: Vec<String> = (0..21).map(|n| format!("{n}.5,{}", n % 3)).collect();
        let file = read(&format!("score,batch\n{}", rows.join("\n"))).unwrap();
        let expected: Vec<f64> = (0..21).map(|n| f64::from(n) + 0.5).collect();
        assert_eq!(file.columns[0].values, LabelValues::Numeric(expected));
        assert_eq!(categories(&file, 1), ["0", "1", "2"]);
    }

    #[test]
    fn missing_values_have_no_label() {
        let file = read("type,donor\nB,NA\n,d1\n").unwrap();
        assert_eq!(file.columns[0].categorical().unwrap().0, [0, MISSING_CODE]);
        assert_eq!(file.columns[1].categorical().unwrap().0, [MISSING_CODE, 0]);
    }

    #[test]
    fn tabs_semicolons_bom_crlf_and_r_headers_are_understood() {
        assert_eq!(read("\u{feff}cell\ttype, fine\r\nc1\tB\r\n").unwrap().columns[0].name, "type, fine");
        assert_eq!(read("cell;type\nc1;B,C\n").unwrap().columns.len(), 1);
        let from_r = read("type\tbatch\nc1\tB\t1\nc2\tT\t2\n").unwrap();
        assert_eq!(from_r.ids.unwrap(), ["c1", "c2"]);
    }

    #[test]
    fn a_short_row_is_named_by_its_line() {
        let message = read("cell,type\nc1,B\nc2\n").unwrap_err().to_string();
        assert!(message.contains("line 3") && message.contains("1 fields") && message.contains("2 as"), "{message}");
    }

    #[test]
    fn a_table_without_rows_is_refused() {
        assert!(matches!(read("cell,type\n"), Err(ImportError::NoContent { .. })));
    }

    #[test]
    fn text_in_another_encoding_is_named_by_its_line() {
        let source = MemorySource(b"cell,type\nc1,caf\xe9\n".to_vec());
        let message = import_labels("l.csv", Arc::new(source), &Silent).unwrap_err().to_string();
        assert!(message.contains("line 2") && message.contains("UTF-8"), "{message}");
    }
}
