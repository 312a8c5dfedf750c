//! Reading a [`ByteSource`] from start to end, decompressing gzip on the way.
//!
//! Decompression is bounded: a small file that would fill the memory is refused.

use std::io::{self, BufRead, Read};
use std::sync::Arc;

use flate2::read::MultiGzDecoder;

use super::{ByteSource, ImportError};

/// First bytes of a gzip stream.
pub(crate) const GZIP_MAGIC: [u8; 2] = [0x1f, 0x8b];
/// No text compresses better than this, but for one of zeros, or nearly; deflate itself ends at 1032.
const MAX_RATIO: u64 = 200;
/// Small files may inflate to this much whatever their ratio.
const ALWAYS_ALLOWED: u64 = 4 << 20;
/// Nothing may inflate beyond this.
const MAX_INFLATED: u64 = 2 << 30;
/// Bytes fetched at once: large, because each fetch from a browser File has a fixed cost.
const BLOCK: usize = 1 << 20;
/// Lines of short fields are no longer than this.
const MAX_LINE: u64 = 4096;

/// Reads at most `limit` bytes from the start.
pub(crate) fn head(name: &str, source: &dyn ByteSource, limit: usize) -> Result<Vec<u8>, ImportError> {
    let length = usize::try_from(source.size()).unwrap_or(usize::MAX).min(limit);
    let mut bytes = vec![0; length];
    source.read_at(0, &mut bytes).map_err(|source| ImportError::Read { file: name.to_owned(), source })?;
    Ok(bytes)
}

/// Decompresses the start of a gzip stream; an incomplete tail is fine.
pub(crate) fn inflated_head(name: &str, compressed: &[u8], limit: usize) -> Result<Vec<u8>, ImportError> {
    let mut out = vec![0; limit];
    let mut filled = 0;
    let mut decoder = MultiGzDecoder::new(compressed);
    while filled < limit {
        match decoder.read(&mut out[filled..]) {
            Ok(0) => break,
            Ok(n) => filled += n,
            Err(_) if filled > 0 => break,
            Err(source) => return Err(ImportError::Gzip { file: name.to_owned(), source }),
        }
    }
    out.truncate(filled);
    Ok(out)
}

/// Reads the whole file as it is.
pub(crate) fn read_all(name: &str, source: &dyn ByteSource) -> Result<Vec<u8>, ImportError> {
    let size = source.size();
    let mut bytes = reserved(name, "the whole file", size)?;
    bytes.resize(size as usize, 0);
    source.read_at(0, &mut bytes).map_err(|source| ImportError::Read { file: name.to_owned(), source })?;
    Ok(bytes)
}

/// An empty vector with room for `length` items, or an error instead of an abort.
pub(crate) fn reserved<T>(name: &str, what: &str, length: u64) -> Result<Vec<T>, ImportError> {
    let mut items = Vec::new();
    let fits = usize::try_from(length).is_ok_and(|length| items.try_reserve_exact(length).is_ok());
    if fits {
        return Ok(items);
    }
    let bytes = length.saturating_mul(size_of::<T>() as u64);
    Err(ImportError::OutOfMemory { file: name.to_owned(), what: what.to_owned(), bytes })
}

/// The bytes of a file in order, decompressed if they are gzip.
pub(crate) struct TextReader {
    name: String,
    inner: Inner,
    n_out: u64,
    limit: u64,
}

enum Inner {
    Plain(io::BufReader<SequentialReader>),
    Gzip(Box<MultiGzDecoder<io::BufReader<SequentialReader>>>),
}

impl TextReader {
    /// Starts at the first byte.
    pub(crate) fn open(name: &str, source: Arc<dyn ByteSource>) -> Result<Self, ImportError> {
        Self::limited(name, source, MAX_INFLATED)
    }

    /// The same for a caller that keeps little of what it reads: the size of the file is the only bound.
    pub(crate) fn open_streaming(name: &str, source: Arc<dyn ByteSource>) -> Result<Self, ImportError> {
        Self::limited(name, source, u64::MAX)
    }

    fn limited(name: &str, source: Arc<dyn ByteSource>, most: u64) -> Result<Self, ImportError> {
        let size = source.size();
        let is_gzip = head(name, &*source, 2)? == GZIP_MAGIC;
        let blocks = io::BufReader::with_capacity(BLOCK.min(size as usize + 1), SequentialReader::new(source, 0));
        let (inner, limit) = if is_gzip {
            let limit = size.saturating_mul(MAX_RATIO).clamp(ALWAYS_ALLOWED, most);
            (Inner::Gzip(Box::new(MultiGzDecoder::new(blocks))), limit)
        } else {
            (Inner::Plain(blocks), u64::MAX)
        };
        Ok(Self { name: name.to_owned(), inner, n_out: 0, limit })
    }

    /// Says what a failed read means.
    pub(crate) fn error(name: &str, source: io::Error) -> ImportError {
        let file = name.to_owned();
        let inner = source.get_ref();
        if let Some(TooFar { limit }) = inner.and_then(|inner| inner.downcast_ref()) {
            return ImportError::InflatesTooFar { file, limit: *limit };
        }
        match inner.and_then(|inner| inner.downcast_ref()) {
            Some(BadGzip(_)) => ImportError::Gzip { file, source },
            None => ImportError::Read { file, source },
        }
    }

    /// Everything as text; bytes that are not UTF-8 become replacement characters.
    pub(crate) fn into_text(mut self) -> Result<String, ImportError> {
        let mut bytes = Vec::new();
        match self.read_to_end(&mut bytes) {
            Ok(_) => {
                Ok(String::from_utf8(bytes)
                    .unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned()))
            }
            Err(error) => Err(Self::error(&self.name, error)),
        }
    }
}

impl Read for TextReader {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let n = match &mut self.inner {
            Inner::Plain(reader) => reader.read(buffer)?,
            Inner::Gzip(decoder) => {
                decoder.read(buffer).map_err(|error| io::Error::new(error.kind(), BadGzip(error.to_string())))?
            }
        };
        self.n_out += n as u64;
        if self.n_out > self.limit {
            return Err(io::Error::other(TooFar { limit: self.limit }));
        }
        Ok(n)
    }
}

/// The lines of a text, one after the other, with their numbers.
pub(crate) struct TextLines {
    name: String,
    reader: io::BufReader<TextReader>,
    line: Vec<u8>,
    number: u64,
}

impl TextLines {
    /// Starts at the first line.
    ///
    /// # Errors
    /// As reading.
    pub(crate) fn open(name: &str, source: Arc<dyn ByteSource>) -> Result<Self, ImportError> {
        let reader = io::BufReader::with_capacity(BLOCK, TextReader::open(name, source)?);
        Ok(Self { name: name.to_owned(), reader, line: Vec::new(), number: 0 })
    }

    /// The file's name.
    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// The next line without its end.
    ///
    /// # Errors
    /// [`ImportError::Line`] for a line of more than 4,096 bytes, and what reading can give.
    pub(crate) fn next(&mut self) -> Result<Option<&[u8]>, ImportError> {
        self.line.clear();
        let read = Read::by_ref(&mut self.reader).take(MAX_LINE).read_until(b'\n', &mut self.line);
        if read.map_err(|source| TextReader::error(&self.name, source))? == 0 {
            return Ok(None);
        }
        self.number += 1;
        if self.line.len() as u64 == MAX_LINE && self.line.last() != Some(&b'\n') {
            return Err(self.error(&format!("a line longer than {MAX_LINE} bytes"), "short lines"));
        }
        let end = self.line.iter().rposition(|byte| !matches!(byte, b'\n' | b'\r')).map_or(0, |last| last + 1);
        Ok(Some(&self.line[..end]))
    }

    /// Something that is wrong with the line read last.
    pub(crate) fn error(&self, found: &str, expected: &str) -> ImportError {
        let (file, line) = (self.name.clone(), self.number.max(1));
        ImportError::Line { file, line, found: found.to_owned(), expected: expected.to_owned() }
    }
}

#[derive(Debug, thiserror::Error)]
#[error("more than {limit} bytes")]
struct TooFar {
    limit: u64,
}

#[derive(Debug, thiserror::Error)]
#[error("{0}")]
struct BadGzip(String);

/// The bytes of a source one after the other.
pub(crate) struct SequentialReader {
    source: Arc<dyn ByteSource>,
    at: u64,
}

impl SequentialReader {
    /// Starts at byte `at`.
    pub(crate) fn new(source: Arc<dyn ByteSource>, at: u64) -> Self {
        Self { source, at }
    }
}

impl Read for SequentialReader {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let left = self.source.size().saturating_sub(self.at);
        let n = buffer.len().min(usize::try_from(left).unwrap_or(usize::MAX));
        self.source.read_at(self.at, &mut buffer[..n])?;
        self.at += n as u64;
        Ok(n)
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use std::io::Write;

    use super::*;
    use crate::io::MemorySource;

    pub(crate) fn gzip(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    fn text_of(bytes: Vec<u8>) -> Result<String, ImportError> {
        TextReader::open("f", Arc::new(MemorySource(bytes)))?.into_text()
    }

    #[test]
    fn plain_and_gzip_give_the_same_text() {
        assert_eq!(text_of(b"a\tb\n".to_vec()).unwrap(), "a\tb\n");
        assert_eq!(text_of(gzip(b"a\tb\n")).unwrap(), "a\tb\n");
    }

    #[test]
    fn several_gzip_members_are_joined() {
        let mut bytes = gzip(b"one ");
        bytes.extend(gzip(b"two"));
        assert_eq!(text_of(bytes).unwrap(), "one two");
    }

    #[test]
    fn a_bomb_is_refused() {
        let once = gzip(&vec![b'a'; 64 << 20]);
        let result = text_of(once);
        assert!(matches!(result, Err(ImportError::InflatesTooFar { .. })), "{result:?}");
    }

    #[test]
    fn truncated_gzip_is_an_error_at_every_length() {
        let bytes = gzip(b"gene set\tdescription\tGENE1\tGENE2\n");
        for length in 2..bytes.len() {
            assert!(matches!(text_of(bytes[..length].to_vec()), Err(ImportError::Gzip { .. })), "{length}");
        }
    }
}
