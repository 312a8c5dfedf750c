//! Sparse matrices as text: the Matrix Market exchange format, as 10x Genomics, R and SciPy write count matrices.
//!
//! Read is what such matrices are: `coordinate`, `general`, of type `integer`, `real` or `pattern` (each entry 1); rows and
//! columns count from 1. The format is NIST's ("The Matrix Market Exchange Formats", Boisvert et al. 1996). Entries in
//! order of rows or of columns are packed as they are read; in any other order they are sorted first, at 12 bytes each.
//! What that will take is told, and refused where it is more than there is, once some entries are seen. Zeros are dropped;
//! NaN, infinity and a place that occurs twice are errors.

use std::sync::Arc;

use super::memory::{check_room, told};
use super::reader::{TextLines, reserved};
use super::{ByteSource, ImportError, MemoryLimit};
use crate::data::{DataError, Observer, PackedMatrix, packed_size, shortened};

/// How a Matrix Market file begins.
pub(crate) const MTX_MAGIC: &[u8] = b"%%MatrixMarket";
/// Entries between two looks at the observer.
const ENTRIES_PER_LOOK: u64 = 500_000;
/// Entries that are looked at to tell how much memory all will take.
const SAMPLE: u64 = 10_000;
/// No entry is shorter: `1 1` and the end of the line.
const SMALLEST_ENTRY: u64 = 4;
/// Text compresses no further.
const MAX_RATIO: u64 = 1032;
/// Files of any size may have this many rows and columns, larger ones more.
const ALWAYS_ALLOWED: u64 = 100_000;
/// Rows or columns for each byte of the file at most: most have entries.
const LINES_PER_BYTE: u64 = 8;

/// Reads a matrix, compressed by the rows of the file.
///
/// # Shapes
/// `[n_rows, n_columns]` as the file says.
///
/// # Errors
/// [`ImportError::Line`] with the first line that is not as it should be, [`ImportError::TooLarge`],
/// [`ImportError::OutOfMemory`], and what reading can give.
pub(crate) fn import_mtx(
    name: &str,
    source: Arc<dyn ByteSource>,
    memory: Option<MemoryLimit>,
    observer: &dyn Observer,
) -> Result<PackedMatrix, ImportError> {
    let open = |bytes_an_entry| Entries::open(name, Arc::clone(&source), Room::new(memory, bytes_an_entry), observer);
    let mut entries = open(0)?;
    let mut out = entries.empty()?;
    while let Some(entry) = entries.next()? {
        match out.push(entry.row as usize, entry.column, entry.value) {
            Ok(()) => {}
            Err(DataError::Sparse { .. }) => return sorted(open(size_of::<Entry>() as u64)?),
            Err(error) => return Err(entries.push_error(entry, error)),
        }
    }
    out.shrink();
    Ok(out)
}

/// Reads a matrix whose entries come in no order.
fn sorted(mut entries: Entries<'_>) -> Result<PackedMatrix, ImportError> {
    let mut all: Vec<Entry> = reserved(entries.lines.name(), "sorting the matrix", entries.size.n_entries)?;
    while let Some(entry) = entries.next()? {
        all.push(entry);
    }
    all.sort_by_key(|entry| (entry.row, entry.column));
    let mut out = entries.empty()?;
    for entry in all {
        let pushed = out.push(entry.row as usize, entry.column, entry.value);
        pushed.map_err(|error| entries.push_error(entry, error))?;
    }
    out.shrink();
    Ok(out)
}

#[derive(Clone, Copy)]
struct Entry {
    row: u32,
    column: u32,
    value: f32,
}

#[derive(Clone, Copy)]
#[expect(clippy::struct_field_names, reason = "counts are called n_")]
struct Size {
    n_rows: u32,
    n_columns: u32,
    n_entries: u64,
}

/// What the matrix will take, once that is known.
struct Room {
    memory: Option<MemoryLimit>,
    /// Bytes that each entry takes before it is packed.
    bytes_an_entry: u64,
    sample: Vec<f32>,
    needed: Option<u64>,
}

impl Room {
    fn new(memory: Option<MemoryLimit>, bytes_an_entry: u64) -> Self {
        Self { memory, bytes_an_entry, sample: Vec::new(), needed: None }
    }
}

/// The entries of a file, one after the other.
struct Entries<'a> {
    lines: TextLines,
    observer: &'a dyn Observer,
    room: Room,
    is_pattern: bool,
    size: Size,
    n_read: u64,
}

impl<'a> Entries<'a> {
    fn open(
        name: &str,
        source: Arc<dyn ByteSource>,
        room: Room,
        observer: &'a dyn Observer,
    ) -> Result<Self, ImportError> {
        let n_bytes = source.size();
        let mut lines = TextLines::open(name, source)?;
        let banner = lines.next()?.map(|line| String::from_utf8_lossy(line).to_lowercase()).unwrap_or_default();
        let is_pattern =
            field_of(&banner).map_err(|expected| lines.error(&shown(banner.as_bytes()), &expected))? == "pattern";
        let size = loop {
            let line = lines.next()?.map(<[u8]>::to_vec);
            match line {
                None => return Err(lines.error("the end of the file", "the number of rows, columns and entries")),
                Some(line) if line.starts_with(b"%") || line.trim_ascii().is_empty() => {}
                Some(line) => break size_of_matrix(&line, n_bytes).map_err(|why| lines.error(&shown(&line), &why))?,
            }
        };
        Ok(Self { lines, observer, room, is_pattern, size, n_read: 0 })
    }

    fn empty(&self) -> Result<PackedMatrix, ImportError> {
        PackedMatrix::empty(self.size.n_rows as usize, self.size.n_columns as usize)
            .map_err(|source| self.data_error(source))
    }

    fn next(&mut self) -> Result<Option<Entry>, ImportError> {
        loop {
            if self.n_read.is_multiple_of(ENTRIES_PER_LOOK) {
                self.look()?;
            }
            let (is_pattern, size) = (self.is_pattern, self.size);
            let parsed = match self.lines.next()? {
                None => break,
                Some(line) if line.trim_ascii().is_empty() => continue,
                Some(line) => entry_of(line, is_pattern, size).map_err(|why| (shown(line), why)),
            };
            let entry = parsed.map_err(|(found, expected)| self.lines.error(&found, &expected))?;
            self.n_read += 1;
            if self.n_read > self.size.n_entries {
                let expected = format!("the end after {} entries, as the size line says", self.size.n_entries);
                return Err(self.lines.error("another entry", &expected));
            }
            if self.room.needed.is_none() {
                self.sample(entry.value)?;
            }
            return Ok(Some(entry));
        }
        if self.n_read == self.size.n_entries {
            return Ok(None);
        }
        let found = format!("the end of the file after {} entries", self.n_read);
        Err(self.lines.error(&found, &format!("{} entries, as the size line says", self.size.n_entries)))
    }

    /// Looks at the first values, and then whether there is room for all.
    fn sample(&mut self, value: f32) -> Result<(), ImportError> {
        self.room.sample.push(value);
        let Size { n_rows, n_columns, n_entries } = self.size;
        if self.n_read < SAMPLE.min(n_entries) {
            return Ok(());
        }
        let packed = packed_size((n_rows as usize, n_columns as usize), n_entries, &self.room.sample);
        let needed = packed.saturating_add(n_entries.saturating_mul(self.room.bytes_an_entry));
        check_room(self.lines.name(), self.room.memory, needed, || {
            format!("The matrix, with {:.1} million values,", n_entries as f64 / 1e6)
        })?;
        self.room = Room { sample: Vec::new(), needed: Some(needed), ..self.room };
        self.look()
    }

    fn look(&self) -> Result<(), ImportError> {
        if self.observer.is_cancelled() {
            return Err(ImportError::Cancelled { file: self.lines.name().to_owned() });
        }
        let fraction = self.n_read as f64 / self.size.n_entries.max(1) as f64;
        self.observer.progress(fraction, &told(fraction, self.size.n_entries, self.room.needed));
        Ok(())
    }

    fn push_error(&self, entry: Entry, error: DataError) -> ImportError {
        if matches!(error, DataError::StoredTwice { .. }) {
            let place = format!("row {}, column {}", entry.row + 1, entry.column + 1);
            return self.lines.error(&format!("a second value for {place}"), "one value for each place");
        }
        self.data_error(error)
    }

    fn data_error(&self, source: DataError) -> ImportError {
        ImportError::of_data(self.lines.name(), "the matrix", source)
    }
}

/// A line as messages show it.
fn shown(line: &[u8]) -> String {
    format!("{:?}", shortened(&String::from_utf8_lossy(line)))
}

/// The type of the values, by the first line in lower case.
fn field_of(banner: &str) -> Result<&str, String> {
    let words: Vec<&str> = banner.split_ascii_whitespace().collect();
    match words.as_slice() {
        ["%%matrixmarket", "matrix", "coordinate", field @ ("integer" | "real" | "pattern"), "general"] => Ok(field),
        ["%%matrixmarket", "matrix", "array", ..] => {
            Err("a sparse matrix (\"coordinate\"): write it with scipy.io.mmwrite of a sparse matrix".to_owned())
        }
        _ => Err("\"%%MatrixMarket matrix coordinate integer general\" (or real or pattern)".to_owned()),
    }
}

fn size_of_matrix(line: &[u8], n_bytes: u64) -> Result<Size, String> {
    let numbers: Option<Vec<u64>> = words(line).map(|word| std::str::from_utf8(word).ok()?.parse().ok()).collect();
    let Some([n_rows, n_columns, n_entries]) = numbers.and_then(|numbers| <[u64; 3]>::try_from(numbers).ok()) else {
        return Err("three whole numbers: rows, columns and entries".to_owned());
    };
    let most = ALWAYS_ALLOWED.max(n_bytes.saturating_mul(LINES_PER_BYTE)).min(u64::from(u32::MAX) - 1);
    let most_entries = n_bytes.saturating_mul(MAX_RATIO) / SMALLEST_ENTRY;
    if n_rows > most || n_columns > most || n_entries > most_entries {
        return Err(format!("no more than a file of {n_bytes} bytes can hold"));
    }
    Ok(Size { n_rows: n_rows as u32, n_columns: n_columns as u32, n_entries })
}

fn words(line: &[u8]) -> impl Iterator<Item = &[u8]> {
    line.split(u8::is_ascii_whitespace).filter(|word| !word.is_empty())
}

/// An entry, or what was expected instead.
fn entry_of(line: &[u8], is_pattern: bool, size: Size) -> Result<Entry, String> {
    let mut words = words(line);
    let row = words.next().and_then(whole).filter(|row| (1..=size.n_rows).contains(row));
    let row = row.ok_or_else(|| format!("a row from 1 to {}", size.n_rows))?;
    let column = words.next().and_then(whole).filter(|column| (1..=size.n_columns).contains(column));
    let column = column.ok_or_else(|| format!("a column from 1 to {} after the row", size.n_columns))?;
    let value = if is_pattern { Some(1.0) } else { words.next().and_then(value_of) };
    let value = value.ok_or_else(|| "a number after the row and the column".to_owned())?;
    if words.next().is_some() {
        return Err("nothing after the entry".to_owned());
    }
    Ok(Entry { row: row - 1, column: column - 1, value })
}

/// A whole number of up to nine digits.
pub(crate) fn whole(word: &[u8]) -> Option<u32> {
    let digits = (1..=9).contains(&word.len()) && word.iter().all(u8::is_ascii_digit);
    digits.then(|| word.iter().fold(0, |number, &digit| number * 10 + u32::from(digit - b'0')))
}

fn value_of(word: &[u8]) -> Option<f32> {
    if let Some(count) = whole(word) {
        return Some(count as f32);
    }
    let value: f64 = std::str::from_utf8(word).ok()?.parse().ok()?;
    Some(value as f32).filter(|value| value.is_finite())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::Silent;
    use crate::io::MemorySource;

    const BANNER: &str = "%%MatrixMarket matrix coordinate integer general\n";

    fn read(text: &str) -> Result<PackedMatrix, ImportError> {
        read_within(text, None)
    }

    fn read_within(text: &str, bytes: Option<u64>) -> Result<PackedMatrix, ImportError> {
        let memory = bytes.map(|bytes| MemoryLimit { bytes, taken: 0 });
        import_mtx("m.mtx", Arc::new(MemorySource(text.as_bytes().to_vec())), memory, &Silent)
    }

    fn error(text: &str) -> String {
        read(text).unwrap_err().to_string()
    }

    #[test]
    fn entries_in_any_order_give_the_same_rows() {
        let of = |entries: &str| read(&format!("{BANNER}% note\n\n2 3 3\n{entries}")).unwrap();
        let by_row = of("1 1 5\n1 3 2\n2 2 7\n");
        assert_eq!(by_row.dense_row(0), [5.0, 0.0, 2.0]);
        assert_eq!(by_row.dense_row(1), [0.0, 7.0, 0.0]);
        assert_eq!(by_row, of("1 1 5\r\n2 2 7\r\n1 3 2"));
        assert_eq!(by_row, of("1 3 2\n2 2 7\n1 1 5\n\n"));
    }

    #[test]
    fn zeros_are_dropped_and_patterns_are_ones() {
        let text = "%%MatrixMarket matrix coordinate pattern general\n1 2 1\n1 2\n";
        assert_eq!(read(text).unwrap().dense_row(0), [0.0, 1.0]);
        assert_eq!(read(&format!("{BANNER}1 2 2\n1 1 0\n1 2 3\n")).unwrap().n_nonzero(), 1);
    }

    #[test]
    fn what_does_not_fit_is_refused_with_what_it_would_take() {
        let needed = |text: &str| match read_within(text, Some(0)) {
            Err(ImportError::TooLarge { needed, .. }) => needed,
            other => panic!("{other:?}"),
        };
        let (in_order, unordered) =
            (format!("{BANNER}9 9 3\n1 1 5\n1 3 2\n2 2 7\n"), format!("{BANNER}9 9 3\n2 2 7\n1 3 2\n1 1 5\n"));
        let packed = needed(&in_order);
        assert!(read_within(&in_order, Some(packed)).is_ok() && read_within(&in_order, Some(packed - 1)).is_err());
        // Sorting takes twelve bytes an entry.
        assert!(
            read_within(&unordered, Some(packed + 35)).is_err() && read_within(&unordered, Some(packed + 36)).is_ok()
        );
        let text = read_within(&in_order, Some(1)).unwrap_err().to_string();
        assert!(text.contains("The matrix, with 0.0 million values, would take up to"), "{text}");
    }

    #[test]
    fn what_is_wrong_is_named_with_its_line() {
        let cases = [
            (format!("{BANNER}2 3 1\n0 1 5\n"), "line 3: found \"0 1 5\", expected a row from 1 to 2"),
            (format!("{BANNER}2 3 1\n1 4 5\n"), "line 3: found \"1 4 5\", expected a column from 1 to 3"),
            (format!("{BANNER}2 3 1\n1 1\n"), "expected a number after the row and the column"),
            (format!("{BANNER}2 3 1\n1 1 nan\n"), "expected a number"),
            (format!("{BANNER}2 3 1\n1 1 1 1\n"), "expected nothing after the entry"),
            (format!("{BANNER}2 3 2\n1 1 1\n"), "found the end of the file after 1 entries, expected 2 entries"),
            (format!("{BANNER}2 3 1\n1 1 1\n1 2 1\n"), "line 4: found another entry, expected the end after 1 entries"),
            (format!("{BANNER}2 3 2\n1 1 1\n1 1 2\n"), "line 4: found a second value for row 1, column 1"),
            (format!("{BANNER}2 3 3\n1 2 1\n1 1 2\n1 2 3\n"), "a second value for row 1, column 2"),
            (format!("{BANNER}2 x 2\n"), "line 2: found \"2 x 2\", expected three whole numbers"),
            (format!("{BANNER}4000000000 3 1\n1 1 1\n"), "no more than a file of"),
            (format!("{BANNER}2 3 4000000000\n1 1 1\n"), "no more than a file of"),
            (BANNER.to_owned(), "found the end of the file, expected the number of rows"),
            ("%%MatrixMarket matrix array real general\n2 2\n".to_owned(), "scipy.io.mmwrite"),
            ("%%MatrixMarket matrix coordinate real symmetric\n2 2 1\n".to_owned(), "coordinate integer general"),
            (format!("{BANNER}{}", "1".repeat(5000)), "longer than"),
        ];
        for (text, expected) in cases {
            assert!(error(&text).contains(expected), "{} not in {}", expected, error(&text));
        }
    }
}
