//! Tables as text (CSV, TSV, gzip or not), and which column of one has the cell ids.
//!
//! The first row is the header. The delimiter is the one of tab, comma and semicolon that the header has most of.
//! Empty, `NA`, `NaN`, `nan`, `<NA>`, `N/A`, `null` and `None` mean no value, as in pandas. A delimiter at the end of
//! the rows makes no column. More than 100,000 columns are refused. Where semicolons delimit, a column all of whose
//! values are numbers with decimal commas is read as such and a warning says so.
//!
//! Cell ids are the first column, wherever it stands, whose header is a name such ids go by and whose values differ;
//! else the very first column, if its values are distinct texts or its header is such a name.

use std::cell::Cell;
use std::collections::BTreeSet;
use std::io::{self, Read};
use std::rc::Rc;
use std::sync::Arc;

use csv::{ByteRecord, ReaderBuilder};

use super::reader::TextReader;
use super::{ByteSource, ImportError};
use crate::data::{Observer, shortened};

/// No table of cells has more; each column takes memory however short its line is.
const MAX_COLUMNS: usize = 100_000;
/// Delimiters in one row: those between columns, and as many in what was read ahead or stands in quotation marks.
const MAX_DELIMITERS: usize = 2 * MAX_COLUMNS;
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
/// Stands after the table, so that a quotation mark still open at its end is found.
pub(crate) const END: &[u8] = b"\n\x04end of table\x04";
const MISSING: [&str; 9] = ["", "NA", "NaN", "nan", "<NA>", "N/A", "null", "NULL", "None"];

/// Reads a table.
///
/// # Errors
/// [`ImportError::Line`] for a row with another number of fields, a quotation that does not end or text that is not
/// UTF-8, [`ImportError::NoContent`] for a table without rows, and what reading can give.
pub(crate) fn open_table(
    name: &str,
    source: Arc<dyn ByteSource>,
    observer: &dyn Observer,
) -> Result<Table, ImportError> {
    let mut reader = TextReader::open(name, source)?;
    let mut start = Vec::new();
    let read = Read::by_ref(&mut reader).take(HEAD as u64).read_to_end(&mut start);
    read.map_err(|error| TextReader::error(name, error))?;
    table_of(name, start, reader, observer)
}

/// Reads a table of which the first bytes were read already.
pub(crate) fn table_of(
    name: &str,
    mut start: Vec<u8>,
    rest: impl Read,
    observer: &dyn Observer,
) -> Result<Table, ImportError> {
    if start.starts_with("\u{feff}".as_bytes()) {
        start.drain(..3);
    }
    let delimiter = delimiter_of(&start);
    read_table(name, io::Cursor::new(start).chain(rest).chain(END), delimiter, observer)
}

/// One column as it is written: all texts in one string.
#[derive(Default)]
pub(crate) struct TextColumn {
    text: String,
    ends: Vec<usize>,
}

impl TextColumn {
    fn push(&mut self, value: &str) {
        self.text.push_str(value);
        self.ends.push(self.text.len());
    }

    pub(crate) fn values(&self) -> impl Iterator<Item = &str> {
        let starts = std::iter::once(0).chain(self.ends.iter().copied());
        starts.zip(&self.ends).map(|(start, &end)| &self.text[start..end])
    }

    /// Makes decimal points of decimal commas if all values are numbers then; whether there were some.
    fn read_decimal_commas(&mut self) -> bool {
        let has_comma = self.text.contains(',');
        let is_number = |value: &str| {
            let n_commas = value.matches(',').count();
            is_missing(value) || (n_commas <= 1 && value.replace(',', ".").parse::<f64>().is_ok())
        };
        let is_changed = has_comma && self.values().all(is_number);
        if is_changed {
            self.text = self.text.replace(',', ".");
        }
        is_changed
    }

    /// Whether no value is missing or there twice, and each is `as_wanted`.
    fn has_distinct(&self, as_wanted: impl Fn(&str) -> bool) -> bool {
        let mut seen = BTreeSet::new();
        self.values().all(|value| !is_missing(value) && as_wanted(value) && seen.insert(value))
    }
}

/// A table as it is written.
pub(crate) struct Table {
    /// The header, empty where a column has no name.
    pub(crate) names: Vec<String>,
    /// As many as names, each `[n_rows]`.
    pub(crate) columns: Vec<TextColumn>,
    /// Rows below the header.
    pub(crate) n_rows: usize,
}

/// Hands bytes on and counts their delimiters: the CSV reader takes a whole row, however many fields it has, and a line
/// of a billion commas would take eight billion bytes.
struct Delimiters<R> {
    inner: R,
    delimiter: u8,
    /// Those since the row that was read last, and a few of it.
    n_found: Rc<Cell<usize>>,
}

impl<R: Read> Read for Delimiters<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let n = self.inner.read(buffer)?;
        let n_new = buffer[..n].iter().map(|&byte| usize::from(byte == self.delimiter)).sum::<usize>();
        self.n_found.set(self.n_found.get() + n_new);
        if self.n_found.get() > MAX_DELIMITERS { Err(io::Error::other(TooManyFields)) } else { Ok(n) }
    }
}

#[derive(Debug, thiserror::Error)]
#[error("more than {MAX_COLUMNS} fields")]
struct TooManyFields;

fn read_table(name: &str, reader: impl Read, delimiter: u8, observer: &dyn Observer) -> Result<Table, ImportError> {
    let n_found = Rc::new(Cell::new(0));
    let reader = Delimiters { inner: reader, delimiter, n_found: Rc::clone(&n_found) };
    let mut reader = ReaderBuilder::new().delimiter(delimiter).flexible(true).has_headers(false).from_reader(reader);
    let mut record = ByteRecord::new();
    let mut names: Option<Vec<String>> = None;
    let mut columns: Vec<TextColumn> = Vec::new();
    let mut n_rows = 0_usize;
    loop {
        // Without quoted line ends, that is.
        let next_line = if names.is_none() { 1 } else { n_rows as u64 + 2 };
        if !reader.read_byte_record(&mut record).map_err(|error| csv_error(name, next_line, error))? {
            break;
        }
        n_found.set(0);
        let line = record.position().map_or(0, csv::Position::line);
        if is_end(name, &record, line)? {
            break;
        }
        let Some(names) = &mut names else {
            names = Some(fields_of(name, &record, line)?.into_iter().map(str::to_owned).collect());
            continue;
        };
        if (n_rows as u64).is_multiple_of(ROWS_PER_LOOK) && observer.is_cancelled() {
            return Err(ImportError::Cancelled { file: name.to_owned() });
        }
        let fields = fields_of(name, &record, line)?;
        if names.len().max(fields.len()) > MAX_COLUMNS {
            return Err(ImportError::Line {
                file: name.to_owned(),
                line,
                found: format!("{} fields", names.len().max(fields.len())),
                expected: format!("at most {MAX_COLUMNS} columns, one row for each cell"),
            });
        }
        if columns.is_empty() {
            let has_extra = fields.len() == names.len() + 1;
            columns.resize_with(names.len() + usize::from(has_extra), TextColumn::default);
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
    let mut names = names.unwrap_or_default();
    if n_rows == 0 {
        let found = format!("only a header with {} columns", names.len());
        let hint = "such a table has a header and one row per cell".to_owned();
        return Err(ImportError::NoContent { file: name.to_owned(), what: "row", found, hint });
    }
    align_header(&mut names, &mut columns);
    if delimiter == b';' {
        let changed = columns.iter_mut().map(|column| usize::from(column.read_decimal_commas())).sum::<usize>();
        if changed > 0 {
            observer.warn(&format!(
                "{name:?} has decimal commas, as Excel writes them in some languages: 0,5 was read as 0.5 in {changed} \
                 columns"
            ));
        }
    }
    Ok(Table { names, columns, n_rows })
}

/// Whether the record is [`END`]; an error if a quotation swallowed it.
pub(crate) fn is_end(name: &str, record: &ByteRecord, line: u64) -> Result<bool, ImportError> {
    if !record.iter().next_back().is_some_and(|field| field.ends_with(&END[1..])) {
        return Ok(false);
    }
    if record.len() == 1 && record[0] == END[1..] {
        return Ok(true);
    }
    Err(ImportError::Line {
        file: name.to_owned(),
        line,
        found: "a quotation mark (\") with none to close it".to_owned(),
        expected: "a closing one at the end of the field".to_owned(),
    })
}

/// Gives every column a name where rows have one field more than the header, and drops what only a delimiter at the
/// end of the rows made.
fn align_header(names: &mut Vec<String>, columns: &mut Vec<TextColumn>) {
    let is_last_unnamed = columns.len() > names.len() || names.last().is_some_and(String::is_empty);
    if columns.len() > 1 && is_last_unnamed && columns.last().is_some_and(|column| column.text.is_empty()) {
        columns.pop();
        names.truncate(columns.len());
    }
    // R's write.table leaves the name of the row names out.
    if columns.len() > names.len() {
        names.insert(0, String::new());
    }
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

fn csv_error(name: &str, next_line: u64, error: csv::Error) -> ImportError {
    let line = error.position().map_or(next_line, csv::Position::line);
    match error.into_kind() {
        csv::ErrorKind::Io(error)
            if error.get_ref().is_some_and(<dyn std::error::Error + Send + Sync>::is::<TooManyFields>) =>
        {
            let found = format!("a row of more than {MAX_COLUMNS} fields");
            ImportError::Line { file: name.to_owned(), line, found, expected: format!("at most {MAX_COLUMNS}") }
        }
        csv::ErrorKind::Io(error) => TextReader::error(name, error),
        kind => ImportError::Line {
            file: name.to_owned(),
            line,
            found: format!("{kind:?}"),
            expected: "a row of delimited fields".to_owned(),
        },
    }
}

/// The delimiter the header has most of, quotations aside.
pub(crate) fn delimiter_of(start: &[u8]) -> u8 {
    let header = start.split(|&byte| byte == b'\n' || byte == b'\r').next().unwrap_or_default();
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

/// Where the cell ids are: under a name they go by if all differ, else in a first column of distinct texts, else in a
/// first column of such a name.
pub(crate) fn id_position(names: &[String], columns: &[TextColumn]) -> Option<usize> {
    let named: Vec<usize> =
        (0..names.len()).filter(|&at| is_id_name(at, &names[at]) && !is_counter(&columns[at])).collect();
    let distinct = named.iter().copied().find(|&at| columns[at].has_distinct(|_| true));
    let is_text = |value: &str| value.parse::<f64>().is_err();
    let first = || columns.first().filter(|column| column.has_distinct(is_text)).map(|_| 0);
    distinct.or_else(first).or_else(|| named.first().copied().filter(|&at| at == 0))
}

/// Whether cell ids go by that name; a column without one holds them only in the first place.
pub(crate) fn is_id_name(at: usize, name: &str) -> bool {
    ID_NAMES.contains(&name.to_lowercase().as_str()) && (at == 0 || !name.is_empty())
}

/// Whether the column is 0, 1, 2… or 1, 2, 3…: row numbers, as pandas and R write them, identify nothing.
pub(crate) fn is_counter(column: &TextColumn) -> bool {
    let counts_from = |first: usize| {
        column.values().enumerate().all(|(row, value)| value.parse::<usize>().is_ok_and(|found| found == row + first))
    };
    counts_from(0) || counts_from(1)
}

/// Whether a text stands for no value.
pub(crate) fn is_missing(value: &str) -> bool {
    MISSING.contains(&value)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::Silent;

    #[test]
    fn a_row_that_never_ends_is_refused_by_its_line() {
        for (start, line) in [("", "line 1"), ("a,b\n1,2\n", "line 3")] {
            let table = table_of("t.csv", start.as_bytes().to_vec(), io::repeat(b','), &Silent);
            let message = table.err().unwrap().to_string();
            assert!(message.contains(line) && message.contains("more than 100000 fields"), "{message}");
        }
    }

    #[test]
    fn delimiters_of_many_rows_do_not_add_up() {
        let text = "a,b,c\n".to_owned() + &"1,2,3\n".repeat(MAX_DELIMITERS);
        let table = table_of("t.csv", text.into_bytes(), io::empty(), &Silent).unwrap();
        assert_eq!((table.n_rows, table.columns.len()), (MAX_DELIMITERS, 3));
    }
}
