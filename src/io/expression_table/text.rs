//! Expression in CSV or TSV, gzip or not, read row by row.
//!
//! The sides of the table are told from the header and the first rows (50, or 1 MB of them).

use std::sync::Arc;

use csv::ByteRecord;

use super::layout::{Layout, Role};
use super::rows::{Rows, line_of};
use super::value::number;
use super::{A_NUMBER, ExpressionTable, Sides, matrix_error};
use crate::data::{Observer, PackedMatrix, shortened};
use crate::io::expression_kind::{CellsIn, is_expression};
use crate::io::h5ad::AnnDataFile;
use crate::io::text_table::delimiter_of;
use crate::io::{ByteSource, ImportError};

/// Rows by which the table is understood, and their bytes.
const SAMPLED_ROWS: usize = 50;
const SAMPLED_BYTES: usize = 1 << 20;
/// Fields between two looks at the observer.
const FIELDS_PER_LOOK: usize = 2_000_000;
/// Memory that names and texts may take: this, or some times the size of the file.
const TEXT_ALLOWED: u64 = 32 << 20;
const TEXT_PER_BYTE: u64 = 16;

/// Whether the beginning of a table is that of expression; `is_whole` if it is all of the table.
pub(crate) fn is_csv_expression(start: &[u8], is_whole: bool) -> bool {
    let has_row = is_whole || start.contains(&b'\n');
    // What may be cut is left out: the last row, or the last name of a header that is longer than the beginning.
    let last = if has_row { b'\n' } else { delimiter_of(start) };
    let end = if is_whole { Some(start.len()) } else { start.iter().rposition(|&byte| byte == last) };
    let Some(start) = end.map(|end| &start[..end]) else { return false };
    understood(start).is_some_and(|(layout, rows)| {
        let names: Vec<&str> = layout.named(Role::Number).collect();
        let rows: Vec<&str> = rows.iter().map(String::as_str).collect();
        10 * names.len() >= 9 * layout.names.len() && is_expression(&names, &rows)
    })
}

/// The layout and the names of the rows of the beginning of a table.
fn understood(start: &[u8]) -> Option<(Layout, Vec<String>)> {
    let mut rows = Rows::of("", start.to_vec(), Box::new(std::io::empty()), start.len() as u64);
    let mut record = ByteRecord::new();
    let header = if rows.next(&mut record).ok()? { texts("", &record).ok()? } else { return None };
    let sample = sample(&mut rows).ok()?;
    let layout = Layout::of(header, &sample, rows.delimiter() == b';');
    let row_names = row_names("", &layout, &sample).ok()?;
    Some((layout, row_names))
}

/// Reads expression.
///
/// # Errors
/// [`ImportError::Line`] with the place of a value that is no finite number, for a row of another length or one that can't
/// be of this file, [`ImportError::NoContent`] without rows or columns of numbers, [`ImportError::OutOfMemory`],
/// [`ImportError::Cancelled`], and what reading can give.
pub(crate) fn import_csv_expression(
    name: &str,
    source: Arc<dyn ByteSource>,
    observer: &dyn Observer,
) -> Result<AnnDataFile, ImportError> {
    observer.progress(0.0, &format!("Reading expression from {name}"));
    let size = source.size();
    let mut rows = Rows::open(name, source)?;
    let mut record = ByteRecord::new();
    let header = if rows.next(&mut record)? { texts(name, &record)? } else { Vec::new() };
    let first = sample(&mut rows)?;
    let mut filling = Filling::new(name, header, &first, rows.delimiter(), size)?;
    for record in &first {
        filling.push(record)?;
    }
    drop(first);
    let n_fields = filling.layout.n_fields.max(1);
    let mut n_since = FIELDS_PER_LOOK;
    while rows.next(&mut record)? {
        n_since += n_fields;
        if n_since >= FIELDS_PER_LOOK {
            n_since = 0;
            if observer.is_cancelled() {
                return Err(ImportError::Cancelled { file: name.to_owned() });
            }
            observer.progress(rows.fraction(), &format!("Reading expression: {} rows so far", filling.n_rows));
        }
        filling.push(&record)?;
    }
    filling.finish(observer)
}

/// The first rows after the header.
fn sample(rows: &mut Rows) -> Result<Vec<ByteRecord>, ImportError> {
    let (mut found, mut n_bytes) = (Vec::new(), 0);
    let mut record = ByteRecord::new();
    while found.len() < SAMPLED_ROWS && n_bytes < SAMPLED_BYTES && rows.next(&mut record)? {
        n_bytes += record.as_slice().len();
        found.push(record.clone());
    }
    Ok(found)
}

fn row_names(name: &str, layout: &Layout, rows: &[ByteRecord]) -> Result<Vec<String>, ImportError> {
    let Some(at) = layout.names_at() else { return Ok(Vec::new()) };
    rows.iter().map(|row| text(name, row.get(at).unwrap_or_default(), line_of(row))).collect()
}

fn texts(name: &str, record: &ByteRecord) -> Result<Vec<String>, ImportError> {
    record.iter().map(|field| text(name, field, line_of(record))).collect()
}

fn text(name: &str, field: &[u8], line: u64) -> Result<String, ImportError> {
    std::str::from_utf8(field).map(|text| text.trim().to_owned()).map_err(|_| ImportError::Line {
        file: name.to_owned(),
        line,
        found: format!("{:?}, which is not UTF-8", shortened(&String::from_utf8_lossy(field))),
        expected: "text saved as UTF-8".to_owned(),
    })
}

/// A table that takes row after row.
struct Filling<'a> {
    name: &'a str,
    layout: Layout,
    sides: Sides,
    delimiter: u8,
    n_columns: usize,
    n_rows: usize,
    by_gene: PackedMatrix,
    row_names: Vec<String>,
    texts: Vec<(String, Vec<String>)>,
    /// Bytes that names and texts may yet take.
    room: u64,
    has_comma: bool,
}

impl<'a> Filling<'a> {
    fn new(
        name: &'a str,
        header: Vec<String>,
        first: &[ByteRecord],
        delimiter: u8,
        size: u64,
    ) -> Result<Self, ImportError> {
        let layout = Layout::of(header, first, delimiter == b';');
        let row_names = row_names(name, &layout, first)?;
        let (columns, rows): (Vec<&str>, Vec<&str>) =
            (layout.named(Role::Number).collect(), row_names.iter().map(String::as_str).collect());
        let missing = match (first.is_empty(), columns.is_empty()) {
            (true, _) => Some(("row", "only a header")),
            (_, true) => Some(("column of numbers", "only columns of texts")),
            _ => None,
        };
        if let Some((what, found)) = missing {
            let hint = "expression has cells as rows and genes as columns, or the other way round".to_owned();
            let found = format!("{found}, {} columns", layout.names.len());
            return Err(ImportError::NoContent { file: name.to_owned(), what, found, hint });
        }
        let (sides, n_columns) = (Sides::of(&columns, &rows), columns.len());
        let texts = layout.named(Role::Text).map(|name| (name.to_owned(), Vec::new())).collect();
        Ok(Self {
            name,
            sides,
            delimiter,
            n_columns,
            n_rows: 0,
            by_gene: PackedMatrix::default(),
            row_names: Vec::new(),
            texts,
            room: TEXT_ALLOWED.max(size.saturating_mul(TEXT_PER_BYTE)),
            has_comma: false,
            layout,
        })
    }

    fn push(&mut self, record: &ByteRecord) -> Result<(), ImportError> {
        let (row, line) = (self.n_rows, line_of(record));
        if record.len() != self.layout.n_fields {
            let (found, delimiter) = (format!("{} fields", record.len()), char::from(self.delimiter));
            let expected = format!("{} as in the header (separated by {delimiter:?})", self.layout.n_fields);
            return Err(ImportError::Line { file: self.name.to_owned(), line, found, expected });
        }
        let (n_genes, n_cells) = match self.sides.cells_in {
            CellsIn::Rows => (self.n_columns, row + 1),
            CellsIn::Columns => (row + 1, self.n_columns),
        };
        self.by_gene.grow(n_genes, n_cells).map_err(|error| matrix_error(self.name, error))?;
        let may_have_comma = self.delimiter == b';';
        let (mut column, mut n_texts) = (0, 0);
        for (at, field) in record.iter().enumerate().take(self.layout.roles.len()) {
            match self.layout.roles[at] {
                Role::Number => {
                    let value = number(field, may_have_comma).ok_or_else(|| self.value_error(record, at))?;
                    self.has_comma |= may_have_comma && field.contains(&b',');
                    let (gene, cell) = self.sides.gene_and_cell(row, column);
                    let pushed = self.by_gene.push(gene, cell as u32, value);
                    pushed.map_err(|error| matrix_error(self.name, error))?;
                    column += 1;
                }
                Role::Names => {
                    let text = self.kept(field, line)?;
                    self.row_names.push(text);
                }
                Role::Text => {
                    let text = self.kept(field, line)?;
                    self.texts[n_texts].1.push(text);
                    n_texts += 1;
                }
                Role::Counter => {}
            }
        }
        self.n_rows += 1;
        Ok(())
    }

    /// A text that stays in memory.
    fn kept(&mut self, field: &[u8], line: u64) -> Result<String, ImportError> {
        let text = text(self.name, field, line)?;
        let bytes = (text.len() + size_of::<String>()) as u64;
        self.room = self.room.checked_sub(bytes).ok_or_else(|| ImportError::Line {
            file: self.name.to_owned(),
            line,
            found: "more names and texts than a file of this size should hold".to_owned(),
            expected: "a table of numbers".to_owned(),
        })?;
        Ok(text)
    }

    fn value_error(&self, record: &ByteRecord, at: usize) -> ImportError {
        let line = line_of(record);
        let shown = |at: usize| shortened(&String::from_utf8_lossy(record.get(at).unwrap_or_default()));
        let row = self.layout.names_at().map_or_else(|| format!("row {}", self.n_rows + 1), shown);
        let found = format!("{:?} for {}", shown(at), self.sides.place(&row, &self.layout.names[at]));
        ImportError::Line { file: self.name.to_owned(), line, found, expected: A_NUMBER.to_owned() }
    }

    fn finish(self, observer: &dyn Observer) -> Result<AnnDataFile, ImportError> {
        if self.has_comma {
            let name = self.name;
            observer.warn(&format!(
                "{name:?} has decimal commas, as Excel writes them in some languages: 0,5 was read as 0.5"
            ));
        }
        let column_names = self.layout.named(Role::Number).map(str::to_owned).collect();
        let row_names = self.layout.names_at().map(|_| self.row_names);
        let (sides, by_gene, texts) = (self.sides, self.by_gene, self.texts);
        ExpressionTable { sides, row_names, column_names, by_gene, texts }.into_cells(self.name)
    }
}
