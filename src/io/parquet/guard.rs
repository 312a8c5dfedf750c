//! What a Parquet file claims, held against its size before the Parquet crate reads it.
//!
//! Pages may not decompress further than their codec can, dictionaries hold no more values than bytes. Repeated values
//! take hardly any room in Parquet, so rows and values, those of dictionaries among them, have limits of their own: one
//! row for each byte or a million, 64 values for each byte or four million. Texts are limited in [`max_text`].

use parquet::basic::Compression;
use parquet::file::metadata::{ColumnChunkMetaData, ParquetMetaData};

use super::codec::{CODECS, is_known, max_ratio};
use super::thrift::{PageClaim, is_sound, page_claim};
use crate::io::reader::reserved;
use crate::io::{ByteSource, ImportError};

/// First and last bytes of a file.
pub(crate) const PARQUET_MAGIC: [u8; 4] = *b"PAR1";
const FOOTER_LENGTH: u64 = 8;
/// Codecs go further only as far as values take room.
const MAX_RATIO: u64 = 1032;
/// Bytes of a number with its level, at most.
const WIDEST_VALUE: u64 = 9;
const ALWAYS_ALLOWED: u64 = 64 << 10;
const ROWS_ALLOWED: u64 = 1 << 20;
const VALUES_ALLOWED: u64 = 1 << 22;
const VALUES_PER_BYTE: u64 = 64;
/// Bytes of text that a row may have on average, the same text each time it occurs.
const TEXT_PER_ROW: u64 = 128;
const MAX_COLUMNS: usize = 100_000;
const MAX_PAGES: usize = 1 << 20;
/// Bytes looked at for a page header: most are short, statistics make some long.
const HEADER_WINDOWS: [u64; 2] = [256, 64 << 10];

/// The footer, checked.
///
/// # Errors
/// [`ImportError::Format`] if it is not whole or claims what is not there.
pub(super) fn checked_footer(name: &str, source: &dyn ByteSource) -> Result<Vec<u8>, ImportError> {
    let size = source.size();
    let end = bytes_at(name, source, size.saturating_sub(FOOTER_LENGTH), FOOTER_LENGTH.min(size))?;
    let length = match end.as_slice() {
        [a, b, c, d, magic @ ..] if *magic == PARQUET_MAGIC => u64::from(u32::from_le_bytes([*a, *b, *c, *d])),
        _ => return Err(damaged(name, "its end", "is not PAR1".to_owned(), "the end of a Parquet file")),
    };
    let Some(start) = size.checked_sub(FOOTER_LENGTH).and_then(|end| end.checked_sub(length)) else {
        let found = format!("claims {length} bytes");
        return Err(damaged(name, "its footer", found, &format!("at most the file's {size} bytes")));
    };
    let footer = bytes_at(name, source, start, length)?;
    if is_sound(&footer) {
        return Ok(footer);
    }
    Err(damaged(name, "its footer", "claims more than its bytes hold".to_owned(), "the metadata of a Parquet file"))
}

/// Bytes that the texts of one column may have together, for a file of `size` bytes.
pub(super) fn max_text(size: u64) -> u64 {
    size.max(ROWS_ALLOWED).saturating_mul(TEXT_PER_ROW)
}

/// Checks rows, columns, codecs and every page header.
///
/// # Errors
/// [`ImportError::Format`] with the column.
pub(super) fn check_pages(
    name: &str,
    source: &dyn ByteSource,
    metadata: &ParquetMetaData,
    columns: &[usize],
) -> Result<(), ImportError> {
    let size = source.size();
    let n_rows = metadata.file_metadata().num_rows();
    let n_columns = metadata.file_metadata().schema_descr().num_columns();
    let most = size.max(ROWS_ALLOWED);
    if u64::try_from(n_rows).is_ok_and(|n| n > most) || n_rows < 0 || n_columns > MAX_COLUMNS {
        let found = format!("claims {n_rows} rows and {n_columns} columns");
        return Err(damaged(name, "its footer", found, &format!("at most {most} rows and {MAX_COLUMNS} columns")));
    }
    let (mut n_pages, mut n_values) = (0, 0);
    for group in metadata.row_groups() {
        for &column in columns {
            let Some(chunk) = group.columns().get(column) else {
                let found = format!("lacks column {}", column + 1);
                return Err(damaged(name, "a row group", found, "every column"));
            };
            check_chunk(name, source, chunk, &mut n_pages, &mut n_values)?;
        }
    }
    Ok(())
}

fn check_chunk(
    name: &str,
    source: &dyn ByteSource,
    chunk: &ColumnChunkMetaData,
    n_pages: &mut usize,
    n_values: &mut u64,
) -> Result<(), ImportError> {
    let place = format!("column {:?}", chunk.column_path().string());
    let codec = chunk.compression();
    if !is_known(codec) {
        return Err(ImportError::Format {
            file: name.to_owned(),
            place,
            found: format!("is compressed with {codec}"),
            expected: CODECS.to_owned(),
            advice: "write it again with compression='snappy'".to_owned(),
        });
    }
    let size = source.size();
    let first = chunk.dictionary_page_offset().unwrap_or_else(|| chunk.data_page_offset());
    let (first, length) = (u64::try_from(first), u64::try_from(chunk.compressed_size()));
    let outside = || {
        let found = format!("claims {} bytes at byte {}", chunk.compressed_size(), chunk.data_page_offset());
        damaged(name, &place, found, &format!("a part of the file's {size} bytes"))
    };
    let (Ok(mut at), Ok(length)) = (first, length) else { return Err(outside()) };
    let end = at.checked_add(length).filter(|&end| end <= size).ok_or_else(outside)?;
    let most_values = size.saturating_mul(VALUES_PER_BYTE).max(VALUES_ALLOWED);
    while at < end {
        let claim = read_claim(name, source, at, end)?;
        let page = claim.filter(|page| is_possible(page, codec, size)).ok_or_else(|| {
            let found = "has a damaged page or one that claims more than it can hold".to_owned();
            damaged(name, &place, found, &format!("a page at byte {at}"))
        })?;
        *n_pages += 1;
        *n_values += page.n_values.cast_unsigned() + page.n_dictionary.cast_unsigned();
        if *n_pages > MAX_PAGES || *n_values > most_values {
            let found = format!("claims {n_values} values in {n_pages} pages");
            return Err(damaged(name, &place, found, &format!("at most {most_values} in {MAX_PAGES}")));
        }
        at = at.saturating_add(page.length as u64).saturating_add(page.compressed.cast_unsigned());
    }
    Ok(())
}

/// Whether a page of a file of `size` bytes can unpack to as much as it claims: it is no further than its codec goes, and,
/// where that goes far, no further than its values, or those of as many rows as there may be, take.
pub(super) fn is_possible(page: &PageClaim, codec: Compression, size: u64) -> bool {
    let numbers = [page.uncompressed, page.compressed, page.n_dictionary, page.n_values];
    let by_codec = |ratio| page.compressed.cast_unsigned().saturating_mul(ratio).saturating_add(ALWAYS_ALLOWED);
    let n_values = page.n_values.max(page.n_dictionary).cast_unsigned().min(size.max(ROWS_ALLOWED));
    let by_values = n_values.saturating_mul(WIDEST_VALUE).saturating_add(ALWAYS_ALLOWED);
    let most = by_codec(max_ratio(codec)).min(by_values.max(by_codec(MAX_RATIO)));
    numbers.iter().all(|number| (0..=i64::from(i32::MAX)).contains(number))
        && page.uncompressed.cast_unsigned() <= most
        && page.n_dictionary <= page.uncompressed
}

fn read_claim(name: &str, source: &dyn ByteSource, at: u64, end: u64) -> Result<Option<PageClaim>, ImportError> {
    for window in HEADER_WINDOWS {
        let claim = page_claim(&bytes_at(name, source, at, window.min(end - at))?);
        if claim.is_some() {
            return Ok(claim);
        }
    }
    Ok(None)
}

fn bytes_at(name: &str, source: &dyn ByteSource, start: u64, length: u64) -> Result<Vec<u8>, ImportError> {
    let mut bytes = reserved(name, "Parquet's metadata", length)?;
    bytes.resize(length as usize, 0);
    let read = source.read_at(start, &mut bytes);
    read.map_err(|source| ImportError::Read { file: name.to_owned(), source })?;
    Ok(bytes)
}

pub(super) fn damaged(name: &str, place: &str, found: String, expected: &str) -> ImportError {
    ImportError::Format {
        file: name.to_owned(),
        place: place.to_owned(),
        found,
        expected: expected.to_owned(),
        advice: "the file is damaged, so copy it or write it again".to_owned(),
    }
}
