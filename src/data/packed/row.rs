//! One packed row: the gap to the index before it and the value, entry after entry.

use super::SparseRow;
use crate::data::DataError;

/// Whole numbers up to here are exact in an f32.
const LARGEST_COUNT: f32 = 16_777_216.0;
/// Rows grow by this many bytes and a quarter of their length.
pub(super) const GROWTH: usize = 64;

/// A row as it is kept.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct PackedRow {
    pub(super) n: u32,
    pub(super) last: u32,
    pub(super) is_counts: bool,
    pub(super) bytes: Vec<u8>,
}

impl PackedRow {
    pub(super) fn push(&mut self, index: u32, value: f32) -> Result<(), DataError> {
        const LONGEST_ENTRY: usize = 10;
        let is_converted = self.is_counts && !is_count(value);
        let n_new = if is_converted { 4 * self.n as usize } else { 0 } + LONGEST_ENTRY;
        if self.bytes.capacity() - self.bytes.len() < n_new {
            let wanted = n_new + self.bytes.len() / 4 + GROWTH;
            let failed = |_| DataError::OutOfMemory { what: "the expression matrix", bytes: wanted };
            self.bytes.try_reserve_exact(wanted).map_err(failed)?;
        }
        self.encode(index, value);
        Ok(())
    }

    pub(super) fn encode(&mut self, index: u32, value: f32) {
        if self.is_counts && !is_count(value) {
            self.become_floats();
        }
        let gap = if self.n == 0 { index } else { index - self.last - 1 };
        push_number(&mut self.bytes, gap);
        if self.is_counts {
            push_number(&mut self.bytes, value as u32);
        } else {
            self.bytes.extend_from_slice(&value.to_le_bytes());
        }
        (self.n, self.last) = (self.n + 1, index);
    }

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

pub(super) fn is_count(value: f32) -> bool {
    value.fract() == 0.0 && (1.0..=LARGEST_COUNT).contains(&value)
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

pub(super) fn push_number(bytes: &mut Vec<u8>, mut number: u32) {
    while number >= 0x80 {
        bytes.push(number as u8 | 0x80);
        number >>= 7;
    }
    bytes.push(number as u8);
}

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
