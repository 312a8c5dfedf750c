//! Pages held against their own content before the Parquet crate decodes them.
//!
//! The crate trusts some of what a page says and would panic: a dictionary that never came, levels longer than the
//! page or encoded in another way, runs whose length does not end. Here each is an error. Values may be plain, from a
//! dictionary or, as booleans are, in runs; the delta encodings and split bytes are made plain (`plain`); other encodings are
//! refused by name.

use bytes::Bytes;
use parquet::basic::{Encoding, Type as Physical};
use parquet::column::page::{Page, PageMetadata, PageReader};
use parquet::errors::{ParquetError, Result};
use parquet::schema::types::ColumnDescriptor;

use super::chunk::ChunkPages;
use super::plain::plain;

/// Bytes of the longest run length that fits 32 bits.
const MAX_VARINT: usize = 5;
/// Indices and levels have at most 32 bits.
const MAX_BITS: u8 = 32;

/// The pages of a column, checked.
pub(super) struct CheckedPages {
    pages: ChunkPages,
    /// Highest levels of the column, 0 where it has none.
    max_repetition: i16,
    max_definition: i16,
    has_dictionary: bool,
    /// The type of values, and its bytes where it says.
    physical: (Physical, usize),
}

impl CheckedPages {
    pub(super) fn new(pages: ChunkPages, column: &ColumnDescriptor) -> Self {
        let (max_repetition, max_definition) = (column.max_rep_level(), column.max_def_level());
        let length = if column.physical_type() == Physical::FIXED_LEN_BYTE_ARRAY { column.type_length() } else { 0 };
        let physical = (column.physical_type(), usize::try_from(length).unwrap_or(0));
        Self { pages, max_repetition, max_definition, has_dictionary: false, physical }
    }

    /// Checks a page and makes its values plain where the crate should not decode them.
    fn checked(&mut self, mut page: Page) -> Result<Page> {
        let made_plain = self.check(&page)?;
        if let (Some(content), Page::DataPage { buf, encoding, .. } | Page::DataPageV2 { buf, encoding, .. }) =
            (made_plain, &mut page)
        {
            (*buf, *encoding) = (content, Encoding::PLAIN);
        }
        Ok(page)
    }

    /// The content of the page with plain values, where they were encoded in a way that is rewritten.
    fn check(&mut self, page: &Page) -> Result<Option<Bytes>> {
        match page {
            Page::DictionaryPage { buf, num_values, .. } => {
                self.has_dictionary = true;
                check(*num_values as usize <= buf.len(), "a dictionary claims more values than it has bytes")?;
                self.check_plain(buf, *num_values as usize)?;
                Ok(None)
            }
            Page::DataPage { buf, num_values, encoding, def_level_encoding, rep_level_encoding, .. } => {
                let mut n_present = *num_values as usize;
                let levels = [(self.max_repetition, rep_level_encoding), (self.max_definition, def_level_encoding)];
                let mut rest: &[u8] = buf;
                for (max, encoding) in levels.into_iter().filter(|(max, _)| *max > 0) {
                    check(*encoding == Encoding::RLE, "levels are not encoded in runs")?;
                    let (runs, after) = counted(rest)?;
                    check_runs(runs, n_bits(max))?;
                    // Definitions come last, and only they say what is there.
                    n_present = count_runs(runs, max, *num_values as usize);
                    rest = after;
                }
                if self.max_definition == 0 {
                    n_present = *num_values as usize;
                }
                self.check_values(*encoding, buf, rest, n_present)
            }
            Page::DataPageV2 { buf, num_values, encoding, def_levels_byte_len, rep_levels_byte_len, .. } => {
                let mut n_present = *num_values as usize;
                let levels = [(self.max_repetition, rep_levels_byte_len), (self.max_definition, def_levels_byte_len)];
                let mut rest: &[u8] = buf;
                for (max, length) in levels {
                    let Some((runs, after)) = rest.split_at_checked(*length as usize) else {
                        return Err(ParquetError::General("levels are longer than their page".to_owned()));
                    };
                    if max > 0 {
                        check_runs(runs, n_bits(max))?;
                        n_present = count_runs(runs, max, *num_values as usize);
                    }
                    rest = after;
                }
                if self.max_definition == 0 {
                    n_present = *num_values as usize;
                }
                self.check_values(*encoding, buf, rest, n_present)
            }
        }
    }

    /// Texts must be as long as they say, as many as there are to be.
    fn check_plain(&self, mut values: &[u8], n_present: usize) -> Result<()> {
        if self.physical.0 == Physical::BYTE_ARRAY {
            for _ in 0..n_present {
                values = counted(values)?.1;
            }
        }
        Ok(())
    }

    /// Checks the values at the end of a page, or makes a page of it with plain ones.
    fn check_values(&self, encoding: Encoding, page: &[u8], values: &[u8], n_present: usize) -> Result<Option<Bytes>> {
        let damaged = |found| ParquetError::General(format!("values encoded with {encoding}: {found}"));
        if let Some(plain) = plain(encoding, self.physical, values, n_present).map_err(damaged)? {
            let levels = &page[..page.len() - values.len()];
            return Ok(Some([levels, &plain].concat().into()));
        }
        self.check_encoded(encoding, values, n_present).map(|()| None)
    }

    fn check_encoded(&self, encoding: Encoding, values: &[u8], n_present: usize) -> Result<()> {
        match encoding {
            Encoding::PLAIN => self.check_plain(values, n_present),
            Encoding::RLE => check_runs(counted(values)?.0, 1),
            Encoding::RLE_DICTIONARY | Encoding::PLAIN_DICTIONARY => {
                check(self.has_dictionary, "values refer to a dictionary that is not there")?;
                match values.split_first() {
                    Some((&bits, runs)) if bits <= MAX_BITS => check_runs(runs, bits),
                    Some(_) => check(false, "indices have more than 32 bits"),
                    // Nulls only: there is nothing to decode.
                    None => Ok(()),
                }
            }
            other => Err(ParquetError::NYI(format!("values encoded with {other}, write them plain or by dictionary"))),
        }
    }
}

/// How many of the first `n_levels` levels are `max`.
fn count_runs(mut bytes: &[u8], max: i16, n_levels: usize) -> usize {
    let (bits, wanted) = (usize::from(n_bits(max)), u64::from(max.cast_unsigned()));
    let (mut left, mut n_found) = (n_levels, 0);
    while left > 0 {
        let Some(last) = bytes.iter().take(MAX_VARINT).position(|byte| byte & 0x80 == 0) else { break };
        let (length, rest) = bytes.split_at(last + 1);
        let length = varint(length);
        let n_bytes = if length & 1 == 1 { (length >> 1) * bits as u64 } else { bits.div_ceil(8) as u64 };
        let n_bytes = usize::try_from(n_bytes).unwrap_or(usize::MAX).min(rest.len());
        let (run, after) = rest.split_at(n_bytes);
        if length & 1 == 1 {
            let n = (8 * run.len() / bits).min(left);
            n_found += (0..n).filter(|at| level_at(run, at * bits, bits) == wanted).count();
            left -= n;
        } else {
            let n = usize::try_from(length >> 1).unwrap_or(usize::MAX).min(left);
            let value = run.iter().rev().fold(0, |sum, &byte| sum << 8 | u64::from(byte));
            n_found += if value == wanted { n } else { 0 };
            left -= n;
        }
        bytes = after;
    }
    // Levels that are missing may yet be taken for values.
    n_found + left
}

/// The number in `bits` bits from a place, lowest first.
fn level_at(bytes: &[u8], start: usize, bits: usize) -> u64 {
    (0..bits).fold(0, |sum, bit| {
        let at = start + bit;
        sum | u64::from(bytes[at / 8] >> (at % 8) & 1) << bit
    })
}

fn varint(bytes: &[u8]) -> u64 {
    bytes.iter().rev().fold(0, |sum, &byte| sum << 7 | u64::from(byte & 0x7f))
}

fn check(holds: bool, what: &str) -> Result<()> {
    if holds { Ok(()) } else { Err(ParquetError::General(what.to_owned())) }
}

/// As many bytes as the four before them say, and what follows.
fn counted(bytes: &[u8]) -> Result<(&[u8], &[u8])> {
    let parts = bytes.split_first_chunk::<4>();
    let parts = parts.and_then(|(length, rest)| rest.split_at_checked(u32::from_le_bytes(*length) as usize));
    parts.ok_or_else(|| ParquetError::General("runs are longer than their page".to_owned()))
}

/// Bits that hold a level up to `max`.
fn n_bits(max: i16) -> u8 {
    (16 - max.cast_unsigned().leading_zeros()) as u8
}

/// Steps over runs of the hybrid encoding; each length must end within 32 bits, the last run may be cut.
fn check_runs(mut bytes: &[u8], bits: u8) -> Result<()> {
    while !bytes.is_empty() {
        let Some(last) = bytes.iter().take(MAX_VARINT).position(|byte| byte & 0x80 == 0) else {
            // A length that the page cuts off ends the runs.
            return check(bytes.len() < MAX_VARINT, "a run has a length beyond 32 bits");
        };
        let (length, rest) = bytes.split_at(last + 1);
        let length = varint(length);
        let is_packed = length & 1 == 1;
        let n_bytes = if is_packed { (length >> 1) * u64::from(bits) } else { u64::from(bits.div_ceil(8)) };
        bytes = usize::try_from(n_bytes).ok().and_then(|n| rest.get(n..)).unwrap_or_default();
    }
    Ok(())
}

impl PageReader for CheckedPages {
    fn get_next_page(&mut self) -> Result<Option<Page>> {
        let page = self.pages.next_page().map_err(ParquetError::General)?;
        page.map(|page| self.checked(page)).transpose()
    }

    fn peek_next_page(&mut self) -> Result<Option<PageMetadata>> {
        Err(ParquetError::NYI("looking at a page before it is read".to_owned()))
    }

    fn skip_next_page(&mut self) -> Result<()> {
        Err(ParquetError::NYI("skipping a page".to_owned()))
    }

    fn at_record_boundary(&mut self) -> Result<bool> {
        Ok(self.pages.is_at_row())
    }
}

impl Iterator for CheckedPages {
    type Item = Result<Page>;

    fn next(&mut self) -> Option<Self::Item> {
        self.get_next_page().transpose()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn run_lengths_that_do_not_end_are_refused() {
        assert!(check_runs(&[0xff; 12], 1).is_err());
        assert!(check_runs(&[0xff; 3], 1).is_ok());
        // Eight packed values of one bit, then a run of four ones.
        assert!(check_runs(&[3, 0b1010_1010, 8, 1], 1).is_ok());
        assert!(check_runs(&[8, 1, 0xff, 0xff, 0xff, 0xff, 0xff], 1).is_err());
    }

    #[test]
    fn levels_are_counted_in_both_kinds_of_runs() {
        // Eight packed levels of one bit, four of them 1, then a run of four ones, of which two are asked for.
        assert_eq!(count_runs(&[3, 0b1010_1010, 8, 1], 1, 10), 6);
        assert_eq!(count_runs(&[8, 0], 1, 4), 0);
        // Two bits each: 3, 2, 1, 0, 3, 3, 3, 3.
        assert_eq!(count_runs(&[3, 0b0001_1011, 0xff], 3, 8), 5);
        assert_eq!(count_runs(&[], 1, 3), 3);
    }

    #[test]
    fn levels_have_the_bits_they_need() {
        assert_eq!([1, 2, 3, 4].map(n_bits), [1, 2, 2, 3]);
    }

    #[test]
    fn counts_beyond_the_page_are_refused() {
        assert_eq!(counted(&[1, 0, 0, 0, 7, 8]).unwrap(), (&[7][..], &[8][..]));
        assert!(counted(&[2, 0, 0, 0, 7]).is_err());
        assert!(counted(&[0xff; 8]).is_err());
    }
}
