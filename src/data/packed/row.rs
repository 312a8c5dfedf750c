//! One packed row: how its entries are written and read.

use super::{SparseRow, ValueKind};
use crate::data::DataError;

/// Whole numbers up to here are exact in an f32.
const LARGEST_COUNT: u32 = 1 << 24;
/// Rows grow by this many bytes and a quarter of their length.
pub(super) const GROWTH: usize = 64;
/// Bytes that an entry takes at most.
const LONGEST_ENTRY: usize = 10;

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

impl PackedRow {
    /// A row without entries.
    pub(super) fn new() -> Self {
        let kind = ValueKind::Counts;
        Self { n: 0, last: 0, is_counts: true, kind, is_finite: true, largest: 0.0, bytes: Vec::new() }
    }

    /// Appends a value that is not 0; `major` is the row's number for messages.
    ///
    /// # Errors
    /// [`DataError::StoredTwice`], [`DataError::Sparse`] for an index below the last one, [`DataError::OutOfMemory`].
    #[inline]
    pub(super) fn push(&mut self, major: usize, index: u32, value: f32) -> Result<(), DataError> {
        if self.n > 0 && index <= self.last {
            return Err(self.out_of_order(major, index));
        }
        let is_converted = self.is_counts && count_of(value).is_none();
        self.reserve(if is_converted { 4 * self.n as usize } else { 0 } + LONGEST_ENTRY)?;
        self.encode(index, value);
        Ok(())
    }

    #[cold]
    fn out_of_order(&self, major: usize, minor: u32) -> DataError {
        if minor == self.last {
            return DataError::StoredTwice { major, minor };
        }
        DataError::Sparse { reason: format!("index {minor} comes after {} in row {major}", self.last) }
    }

    #[inline]
    fn reserve(&mut self, n_new: usize) -> Result<(), DataError> {
        if self.bytes.capacity() - self.bytes.len() >= n_new {
            return Ok(());
        }
        let wanted = n_new + self.bytes.len() / 4 + GROWTH;
        let failed = |_| DataError::OutOfMemory { what: "the expression matrix", bytes: wanted };
        self.bytes.try_reserve_exact(wanted).map_err(failed)
    }

    /// Appends an entry; indices ascend, and there is room where that matters.
    #[inline]
    pub(super) fn encode(&mut self, index: u32, value: f32) {
        let count = count_of(value);
        if count.is_none() {
            self.kind = self.kind.with(value);
            self.is_finite &= value.is_finite();
            if self.is_counts {
                self.become_floats();
            }
        }
        self.largest = self.largest.max(value);
        let gap = if self.n == 0 { index } else { index - self.last - 1 };
        push_number(&mut self.bytes, gap);
        match count.filter(|_| self.is_counts) {
            Some(count) => push_number(&mut self.bytes, count),
            None => self.bytes.extend_from_slice(&value.to_le_bytes()),
        }
        (self.n, self.last) = (self.n + 1, index);
    }

    #[cold]
    fn become_floats(&mut self) {
        let mut row = SparseRow::default();
        let rest = decode(&self.bytes, self.n as usize, true, &mut row);
        debug_assert!(rest.is_some_and(<[u8]>::is_empty), "a row is packed as `encode` does it");
        self.is_counts = false;
        (self.n, self.last) = (0, 0);
        self.bytes.clear();
        for (index, value) in row.indices.into_iter().zip(row.values) {
            self.encode(index, value);
        }
    }
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

/// Writes a number in seven bits a byte, least first.
#[inline]
pub(super) fn push_number(bytes: &mut Vec<u8>, mut number: u32) {
    while number >= 0x80 {
        bytes.push(number as u8 | 0x80);
        number >>= 7;
    }
    bytes.push(number as u8);
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
