//! The pages of a column in a row group, read and unpacked one after the other.
//!
//! The chunk is read at once, its pages as `guard` checked them. An index between pages is passed over.

use parquet::basic::{Compression, Encoding};
use parquet::column::page::Page;
use parquet::file::metadata::ColumnChunkMetaData;

use super::codec::unpacked;
use super::guard::is_possible;
use super::thrift::{PageClaim, page_claim};
use crate::io::ByteSource;

const DATA: i64 = 0;
const INDEX: i64 = 1;
const DICTIONARY: i64 = 2;
const DATA_V2: i64 = 3;

/// The pages of a chunk.
pub(super) struct ChunkPages {
    bytes: Vec<u8>,
    at: usize,
    codec: Compression,
    /// Bytes of the file.
    size: u64,
}

impl ChunkPages {
    /// Reads a chunk.
    ///
    /// # Errors
    /// What is wrong, as a sentence: the chunk is not in the file, or can't be read.
    pub(super) fn read(source: &dyn ByteSource, chunk: &ColumnChunkMetaData) -> Result<Self, String> {
        let size = source.size();
        let first = chunk.dictionary_page_offset().unwrap_or_else(|| chunk.data_page_offset());
        let range = u64::try_from(first).ok().zip(u64::try_from(chunk.compressed_size()).ok());
        let range = range.filter(|(first, length)| first.checked_add(*length).is_some_and(|end| end <= size));
        let (first, length) = range.ok_or("it is not in the file")?;
        let length = usize::try_from(length).map_err(|error| error.to_string())?;
        let mut bytes = Vec::new();
        bytes.try_reserve_exact(length).map_err(|_| format!("it needs {length} bytes of memory"))?;
        bytes.resize(length, 0);
        source.read_at(first, &mut bytes).map_err(|error| error.to_string())?;
        Ok(Self { bytes, at: 0, codec: chunk.compression(), size })
    }

    /// The next page, if there is one.
    ///
    /// # Errors
    /// What is wrong with it, as a sentence.
    pub(super) fn next_page(&mut self) -> Result<Option<Page>, String> {
        loop {
            if self.at >= self.bytes.len() {
                return Ok(None);
            }
            let claim = page_claim(&self.bytes[self.at..]).filter(|page| is_possible(page, self.codec, self.size));
            let claim = claim.ok_or("a page has a damaged header")?;
            let start = self.at + claim.length;
            let end = start.checked_add(size(claim.compressed)?).filter(|&end| end <= self.bytes.len());
            let end = end.ok_or("a page is longer than its column")?;
            self.at = end;
            if claim.kind != INDEX {
                return self.page(&claim, &self.bytes[start..end]).map(Some);
            }
        }
    }

    /// Whether the next page begins with a row, as far as it says.
    pub(super) fn is_at_row(&self) -> bool {
        let next = self.bytes.get(self.at..).filter(|rest| !rest.is_empty());
        next.and_then(page_claim).is_none_or(|claim| claim.kind == DATA_V2)
    }

    fn page(&self, claim: &PageClaim, packed: &[u8]) -> Result<Page, String> {
        let length = size(claim.uncompressed)?;
        let encoding = encoding(claim.encoding)?;
        match claim.kind {
            DICTIONARY => Ok(Page::DictionaryPage {
                buf: unpacked(self.codec, packed, length)?.into(),
                num_values: count(claim.n_dictionary)?,
                encoding,
                is_sorted: false,
            }),
            DATA => Ok(Page::DataPage {
                buf: unpacked(self.codec, packed, length)?.into(),
                num_values: count(claim.n_values)?,
                encoding,
                def_level_encoding: self::encoding(claim.definitions)?,
                rep_level_encoding: self::encoding(claim.repetitions)?,
                statistics: None,
            }),
            DATA_V2 => {
                let (definitions, repetitions) = (count(claim.definition_bytes)?, count(claim.repetition_bytes)?);
                let n_levels = definitions as usize + repetitions as usize;
                let (levels, values) = packed.split_at_checked(n_levels).ok_or("levels are longer than their page")?;
                let left = length.checked_sub(n_levels).ok_or("levels are longer than their page")?;
                let codec = if claim.is_unpacked { Compression::UNCOMPRESSED } else { self.codec };
                Ok(Page::DataPageV2 {
                    buf: [levels, &unpacked(codec, values, left)?].concat().into(),
                    num_values: count(claim.n_values)?,
                    encoding,
                    num_nulls: count(claim.n_nulls)?,
                    num_rows: count(claim.n_rows)?,
                    def_levels_byte_len: definitions,
                    rep_levels_byte_len: repetitions,
                    is_compressed: false,
                    statistics: None,
                })
            }
            other => Err(format!("a page is of the unknown type {other}")),
        }
    }
}

fn size(number: i64) -> Result<usize, String> {
    count(number).map(|number| number as usize)
}

fn count(number: i64) -> Result<u32, String> {
    u32::try_from(number).map_err(|_| format!("a page claims a number of {number}"))
}

/// An encoding by its number in the format.
fn encoding(number: i64) -> Result<Encoding, String> {
    match number {
        0 => Ok(Encoding::PLAIN),
        2 => Ok(Encoding::PLAIN_DICTIONARY),
        3 => Ok(Encoding::RLE),
        4 => Err("the encoding BIT_PACKED, which is no longer used".to_owned()),
        5 => Ok(Encoding::DELTA_BINARY_PACKED),
        6 => Ok(Encoding::DELTA_LENGTH_BYTE_ARRAY),
        7 => Ok(Encoding::DELTA_BYTE_ARRAY),
        8 => Ok(Encoding::RLE_DICTIONARY),
        9 => Ok(Encoding::BYTE_STREAM_SPLIT),
        other => Err(format!("the unknown encoding {other}")),
    }
}
