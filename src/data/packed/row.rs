//! One packed row: how its entries are written and read.

use super::{SparseRow, ValueKind};
use crate::data::DataError;

/// Whole numbers up to here are exact in an f32.
const LARGEST_COUNT: u32 = 1 << 24;
/// Rows grow by this many bytes and a quarter of their length.
pub(super) const GROWTH: usize = 64;
/// Bytes that an entry takes at most.
const LONGEST_ENTRY: usize = 10;
/// Bytes that are written before they go to their row.
const WRITTEN: usize = 128;

/// A row as it is kept.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct PackedRow {
    /// Entries.
    pub(super) n: u32,
    /// The index of the last entry.
    last: u32,
    /// Whether all values are whole numbers from 1 to 2²⁴.
    pub(super) is_counts: bool,
    pub(super) kind: ValueKind,
    pub(super) is_finite: bool,
    /// The largest value, at least 0.
    pub(super) largest: f32,
    pub(super) bytes: Vec<u8>,
}

/// What a row is, its bytes somewhere else.
#[derive(Clone, Copy, Debug)]
pub(super) struct RowPart<'a> {
    pub(super) n: u32,
    pub(super) last: u32,
    pub(super) is_counts: bool,
    pub(super) kind: ValueKind,
    pub(super) is_finite: bool,
    pub(super) largest: f32,
    pub(super) bytes: &'a [u8],
}

impl PackedRow {
    /// A row without entries.
    pub(super) fn new() -> Self {
        let kind = ValueKind::Counts;
        Self { n: 0, last: 0, is_counts: true, kind, is_finite: true, largest: 0.0, bytes: Vec::new() }
    }

    /// Appends entries whose indices ascend beyond those so far; zeros are dropped, and what came before an error
    /// stays. `major` is the row's number for messages.
    ///
    /// # Errors
    /// [`DataError::StoredTwice`], [`DataError::Sparse`] for an index below the last one, [`DataError::OutOfMemory`].
    pub(super) fn append(
        &mut self,
        major: usize,
        entries: impl IntoIterator<Item = (u32, f32)>,
    ) -> Result<(), DataError> {
        let mut written = Written::new();
        for (index, value) in entries {
            if value == 0.0 {
                continue;
            }
            if self.n > 0 && index <= self.last {
                self.take(&mut written)?;
                return Err(self.out_of_order(major, index));
            }
            let count = count_of(value);
            if count.is_none() {
                self.kind = self.kind.with(value);
                self.is_finite &= value.is_finite();
                if self.is_counts {
                    self.take(&mut written)?;
                    self.become_floats()?;
                }
            }
            if !written.has_room() {
                self.take(&mut written)?;
            }
            let gap = if self.n == 0 { index } else { index - self.last - 1 };
            if let Some(count) = count.filter(|_| self.is_counts) {
                written.push_numbers(gap, count);
            } else {
                written.push_number(gap);
                written.push_float(value);
            }
            self.largest = self.largest.max(value);
            (self.n, self.last) = (self.n + 1, index);
        }
        self.take(&mut written)
    }

    /// Appends the entries of another row, whose indices are all beyond those so far. `major` is the row's number for
    /// messages.
    ///
    /// # Errors
    /// As [`Self::append`].
    pub(super) fn append_row(&mut self, major: usize, other: RowPart<'_>) -> Result<(), DataError> {
        let damaged = || not_whole(major);
        if other.n == 0 {
            return Ok(());
        }
        if other.is_counts != self.is_counts && self.n > 0 {
            let mut row = SparseRow::default();
            decode(other.bytes, other.n as usize, other.is_counts, &mut row).ok_or_else(damaged)?;
            return self.append(major, row.indices.into_iter().zip(row.values));
        }
        let (first, rest) = take_number(other.bytes).ok_or_else(damaged)?;
        if self.n > 0 && first <= self.last {
            return Err(self.out_of_order(major, first));
        }
        let mut gap = Written::new();
        gap.push_number(if self.n == 0 { first } else { first - self.last - 1 });
        let bytes = gap.n + rest.len();
        let failed = |_| DataError::OutOfMemory { what: "the expression matrix", bytes };
        self.bytes.try_reserve_exact(bytes).map_err(failed)?;
        self.bytes.extend_from_slice(gap.as_slice());
        self.bytes.extend_from_slice(rest);
        self.n = self.n.checked_add(other.n).ok_or_else(damaged)?;
        (self.last, self.is_counts) = (other.last, other.is_counts);
        (self.kind, self.is_finite) = (self.kind.and(other.kind), self.is_finite && other.is_finite);
        self.largest = self.largest.max(other.largest);
        Ok(())
    }

    /// The row as it travels.
    pub(super) fn part(&self) -> RowPart<'_> {
        let &Self { n, last, is_counts, kind, is_finite, largest, ref bytes } = self;
        RowPart { n, last, is_counts, kind, is_finite, largest, bytes }
    }

    fn take(&mut self, written: &mut Written) -> Result<(), DataError> {
        self.reserve(written.n)?;
        self.bytes.extend_from_slice(written.as_slice());
        written.n = 0;
        Ok(())
    }

    #[cold]
    fn out_of_order(&self, major: usize, minor: u32) -> DataError {
        if minor == self.last {
            return DataError::StoredTwice { major, minor };
        }
        DataError::Sparse { reason: format!("index {minor} comes after {} in row {major}", self.last) }
    }

    fn reserve(&mut self, n_new: usize) -> Result<(), DataError> {
        if self.bytes.capacity() - self.bytes.len() >= n_new {
            return Ok(());
        }
        let wanted = n_new + self.bytes.len() / 4 + GROWTH;
        let failed = |_| DataError::OutOfMemory { what: "the expression matrix", bytes: wanted };
        self.bytes.try_reserve_exact(wanted).map_err(failed)
    }

    /// Writes the counts so far as floats.
    #[cold]
    fn become_floats(&mut self) -> Result<(), DataError> {
        let mut row = SparseRow::default();
        let rest = decode(&self.bytes, self.n as usize, true, &mut row);
        debug_assert!(rest.is_some_and(<[u8]>::is_empty), "a row is packed as `append` does it");
        self.is_counts = false;
        self.reserve(3 * self.n as usize)?;
        (self.n, self.last) = (0, 0);
        self.bytes.clear();
        self.append(0, row.indices.into_iter().zip(row.values))
    }
}

/// Bytes on their way into a row, so that its room is looked at once for many entries.
pub(super) struct Written {
    bytes: [u8; WRITTEN],
    n: usize,
}

impl Written {
    pub(super) fn new() -> Self {
        Self { bytes: [0; WRITTEN], n: 0 }
    }

    pub(super) fn as_slice(&self) -> &[u8] {
        &self.bytes[..self.n]
    }

    /// Whether one more entry fits.
    #[inline]
    fn has_room(&self) -> bool {
        self.n + LONGEST_ENTRY <= WRITTEN
    }

    /// Writes a number in seven bits a byte, least first.
    #[inline]
    pub(super) fn push_number(&mut self, mut number: u32) {
        while number >= 0x80 {
            self.push_byte(number as u8 | 0x80);
            number >>= 7;
        }
        self.push_byte(number as u8);
    }

    /// Writes two numbers; mostly both are small.
    #[inline]
    fn push_numbers(&mut self, first: u32, second: u32) {
        if (first | second) < 0x80 {
            self.bytes[self.n..self.n + 2].copy_from_slice(&[first as u8, second as u8]);
            self.n += 2;
        } else {
            self.push_number(first);
            self.push_number(second);
        }
    }

    #[inline]
    fn push_float(&mut self, value: f32) {
        value.to_le_bytes().into_iter().for_each(|byte| self.push_byte(byte));
    }

    #[inline]
    fn push_byte(&mut self, byte: u8) {
        self.bytes[self.n] = byte;
        self.n += 1;
    }
}

/// Bytes that are no packed row, or only a part of one.
pub(super) fn not_whole(row: usize) -> DataError {
    DataError::Sparse { reason: format!("packed row {row} is not whole") }
}

/// The value, if it is a whole number from 1 to 2²⁴.
#[inline]
pub(super) fn count_of(value: f32) -> Option<u32> {
    // Saturates, so that every other value differs from its whole number.
    let count = value as u32;
    ((1..=LARGEST_COUNT).contains(&count) && count as f32 == value).then_some(count)
}

/// Appends `n` entries to a row; what comes after them, or `None` where the bytes end early or indices overflow.
pub(super) fn decode<'a>(mut bytes: &'a [u8], n: usize, is_counts: bool, row: &mut SparseRow) -> Option<&'a [u8]> {
    // An entry has at least two bytes, so a false `n` can't ask for more room than the bytes justify.
    row.indices.reserve(n.min(bytes.len() / 2));
    row.values.reserve(n.min(bytes.len() / 2));
    let mut next = 0_u32;
    for _ in 0..n {
        let (gap, rest) = take_number(bytes)?;
        let (value, rest) = if is_counts {
            let (count, rest) = take_number(rest)?;
            (count as f32, rest)
        } else {
            let (value, rest) = rest.split_first_chunk()?;
            (f32::from_le_bytes(*value), rest)
        };
        let index = next.checked_add(gap)?;
        next = index.checked_add(1)?;
        row.indices.push(index);
        row.values.push(value);
        bytes = rest;
    }
    Some(bytes)
}

/// The number at the beginning of bytes, and what comes after it.
#[inline]
pub(super) fn take_number(bytes: &[u8]) -> Option<(u32, &[u8])> {
    let (&first, mut rest) = bytes.split_first()?;
    let mut number = u32::from(first & 0x7f);
    let (mut byte, mut shift) = (first, 7);
    while byte >= 0x80 {
        (byte, rest) = rest.split_first().map(|(&byte, rest)| (byte, rest)).filter(|_| shift < 32)?;
        number |= u32::from(byte & 0x7f) << shift;
        shift += 7;
    }
    Some((number, rest))
}
