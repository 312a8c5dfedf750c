//! The rows of a table of text, one after the other, each within bounds that the file's size sets.
//!
//! The CSV reader takes a whole row, however long, so what it is handed is counted: a row may have 100,000 fields or one
//! for every four bytes of the file, and 16 MB or as many bytes as the file. A quotation that does not end is an error.

use std::cell::Cell;
use std::io::{self, Cursor, Read};
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use csv::{ByteRecord, Position, Reader, ReaderBuilder};

use crate::io::reader::TextReader;
use crate::io::text_table::{END, delimiter_of, is_end};
use crate::io::{ByteSource, ImportError};

/// Any file may have rows of so many fields and bytes.
const FIELDS_ALLOWED: u64 = 100_000;
const ROW_ALLOWED: u64 = 16 << 20;
/// Names and values take more bytes than this for each column.
const BYTES_PER_FIELD: u64 = 4;
/// First bytes the delimiter is found from.
const HEAD: u64 = 64 << 10;
/// Bytes parsed at once.
const BUFFER: usize = 64 << 10;

/// A source that knows how far it was read.
struct Counted {
    inner: Arc<dyn ByteSource>,
    end: AtomicU64,
}

impl ByteSource for Counted {
    fn size(&self) -> u64 {
        self.inner.size()
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<()> {
        self.end.store(offset.saturating_add(buffer.len() as u64), Ordering::Relaxed);
        self.inner.read_at(offset, buffer)
    }
}

/// What was handed out since the last row, and what may be.
#[derive(Clone, Copy)]
struct Bounds {
    n_delimiters: u64,
    n_bytes: u64,
    max_fields: u64,
    max_bytes: u64,
}

struct Bounded<R> {
    inner: R,
    delimiter: u8,
    bounds: Rc<Cell<Bounds>>,
}

impl<R: Read> Read for Bounded<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let n = self.inner.read(buffer)?;
        let mut bounds = self.bounds.get();
        let n_delimiters: usize = buffer[..n].iter().map(|&byte| usize::from(byte == self.delimiter)).sum();
        bounds.n_delimiters += n_delimiters as u64;
        bounds.n_bytes += n as u64;
        self.bounds.set(bounds);
        // What was read ahead, or stands in quotation marks, has delimiters, too.
        let is_within = bounds.n_delimiters <= 2 * bounds.max_fields && bounds.n_bytes <= bounds.max_bytes;
        if is_within { Ok(n) } else { Err(io::Error::other(RowTooLong(bounds.max_fields, bounds.max_bytes))) }
    }
}

#[derive(Debug, thiserror::Error)]
#[error("more than {0} fields or {1} bytes")]
struct RowTooLong(u64, u64);

type Text = Bounded<io::Chain<io::Chain<Cursor<Vec<u8>>, Box<dyn Read>>, &'static [u8]>>;

/// The rows of a table, its header the first.
pub(super) struct Rows {
    name: String,
    source: Option<Arc<Counted>>,
    reader: Reader<Text>,
    delimiter: u8,
    bounds: Rc<Cell<Bounds>>,
    n_read: u64,
}

impl Rows {
    /// Starts at the header.
    ///
    /// # Errors
    /// As reading.
    pub(super) fn open(name: &str, source: Arc<dyn ByteSource>) -> Result<Self, ImportError> {
        let size = source.size();
        let source = Arc::new(Counted { inner: source, end: AtomicU64::new(0) });
        let mut reader = TextReader::open_streaming(name, Arc::clone(&source) as Arc<dyn ByteSource>)?;
        let mut start = Vec::new();
        let read = Read::by_ref(&mut reader).take(HEAD).read_to_end(&mut start);
        read.map_err(|error| TextReader::error(name, error))?;
        Ok(Self { source: Some(source), ..Self::of(name, start, Box::new(reader), size) })
    }

    /// The rows of text of which the first bytes were read already.
    pub(super) fn of(name: &str, mut start: Vec<u8>, rest: Box<dyn Read>, size: u64) -> Self {
        if start.starts_with("\u{feff}".as_bytes()) {
            start.drain(..3);
        }
        let delimiter = delimiter_of(&start);
        let max_fields = FIELDS_ALLOWED.max(size / BYTES_PER_FIELD);
        let bounds = Bounds { n_delimiters: 0, n_bytes: 0, max_fields, max_bytes: ROW_ALLOWED.max(size) };
        let bounds = Rc::new(Cell::new(bounds));
        let inner = Cursor::new(start).chain(rest).chain(END);
        let text = Bounded { inner, delimiter, bounds: Rc::clone(&bounds) };
        let mut builder = ReaderBuilder::new();
        builder.delimiter(delimiter).flexible(true).has_headers(false).buffer_capacity(BUFFER);
        Self { name: name.to_owned(), source: None, reader: builder.from_reader(text), delimiter, bounds, n_read: 0 }
    }

    /// Reads the next row; whether there was one.
    ///
    /// # Errors
    /// [`ImportError::Line`] for a row that is too long or a quotation that does not end, and what reading can give.
    pub(super) fn next(&mut self, record: &mut ByteRecord) -> Result<bool, ImportError> {
        // Without quoted line ends, that is.
        let next_line = self.n_read + 1;
        if !self.reader.read_byte_record(record).map_err(|error| self.error(next_line, error))? {
            return Ok(false);
        }
        self.bounds.set(Bounds { n_delimiters: 0, n_bytes: 0, ..self.bounds.get() });
        self.n_read += 1;
        if is_end(&self.name, record, line_of(record))? {
            return Ok(false);
        }
        let (found, most) = (record.len() as u64, self.bounds.get().max_fields);
        if found > most {
            let line = line_of(record);
            let found = format!("{found} fields");
            return Err(ImportError::Line {
                file: self.name.clone(),
                line,
                found,
                expected: format!("at most {most}"),
            });
        }
        Ok(true)
    }

    /// What separates fields.
    pub(super) fn delimiter(&self) -> u8 {
        self.delimiter
    }

    /// The share of the file that was read.
    pub(super) fn fraction(&self) -> f64 {
        let read = |source: &Arc<Counted>| source.end.load(Ordering::Relaxed) as f64 / source.size().max(1) as f64;
        self.source.as_ref().map_or(0.0, read).min(1.0)
    }

    fn error(&self, next_line: u64, error: csv::Error) -> ImportError {
        let line = error.position().map_or(next_line, Position::line);
        let file = self.name.clone();
        match error.into_kind() {
            csv::ErrorKind::Io(error) => match error.get_ref().and_then(|inner| inner.downcast_ref()) {
                Some(RowTooLong(fields, bytes)) => {
                    let found = format!("a row of more than {fields} fields or {bytes} bytes");
                    let expected = "no more than a file of this size can have".to_owned();
                    ImportError::Line { file, line, found, expected }
                }
                None => TextReader::error(&file, error),
            },
            kind => {
                let expected = "a row of delimited fields".to_owned();
                ImportError::Line { file, line, found: format!("{kind:?}"), expected }
            }
        }
    }
}

/// The line a row begins at.
pub(super) fn line_of(record: &ByteRecord) -> u64 {
    record.position().map_or(0, Position::line)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(start: &[u8], rest: Box<dyn Read>) -> String {
        let mut rows = Rows::of("t.csv", start.to_vec(), rest, 1000);
        let mut record = ByteRecord::new();
        loop {
            match rows.next(&mut record) {
                Ok(true) => {}
                Ok(false) => panic!("no error"),
                Err(error) => return error.to_string(),
            }
        }
    }

    #[test]
    fn rows_that_never_end_are_refused_by_their_line() {
        assert!(error(b"a,b\n", Box::new(io::repeat(b','))).contains("line 2: found a row of more than 100000 fields"));
        assert!(error(b"a,b\n1,2\n", Box::new(io::repeat(b'x'))).contains("line 3"));
        let fields = "a".to_owned() + &",".repeat(150_000);
        assert!(
            error(fields.as_bytes(), Box::new(io::empty())).contains("found 150001 fields, expected at most 100000")
        );
    }

    #[test]
    fn a_quotation_that_does_not_end_is_named() {
        assert!(error(b"a,b\n1,\"2\n3,4\n", Box::new(io::empty())).contains("a quotation mark"));
    }

    #[test]
    fn many_rows_do_not_add_up() {
        let text = "a,b,c\n".to_owned() + &"1,2,3\n".repeat(200_000);
        let mut rows = Rows::of("t.csv", text.into_bytes(), Box::new(io::empty()), 1000);
        let mut record = ByteRecord::new();
        let mut n_rows = 0;
        while rows.next(&mut record).unwrap() {
            n_rows += 1;
        }
        assert_eq!(n_rows, 200_001);
    }
}
