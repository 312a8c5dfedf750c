//! Packed rows on their way to another thread: one after the other, each with what is known of it and its length.

use super::row::{RowPart, decode, not_whole};
use super::{PackedMatrix, PackedRow, SparseRow, ValueKind};
use crate::data::DataError;

/// Bytes before those of a row: entries, last index, largest value and length, four each, and its flags.
const HEAD: usize = 17;
/// Flags of a row; the other two bits are the kind of its values.
const IS_COUNTS: u8 = 4;
const IS_FINITE: u8 = 8;

impl PackedMatrix {
    /// Bytes of rows `start..end` one after the other, for [`Self::read_bytes`] and [`Self::append_bytes`] on another
    /// thread.
    ///
    /// # Panics
    /// If there are no such rows: the caller's bug.
    #[must_use]
    pub fn to_bytes(&self, start: usize, end: usize) -> Vec<u8> {
        let rows = &self.rows[start..end];
        let mut bytes = Vec::with_capacity(rows.iter().map(|row| HEAD + row.bytes.len()).sum());
        for row in rows {
            write(row, &mut bytes);
        }
        bytes
    }

    /// As [`Self::to_bytes`], of as many rows from `start` on as make about `n_bytes`, at least one; they are left empty.
    /// Also the first row that was not taken.
    #[must_use]
    pub fn take_bytes(&mut self, start: usize, n_bytes: usize) -> (Vec<u8>, usize) {
        let mut bytes = Vec::new();
        let mut next = start;
        while next < self.rows.len() && (next == start || bytes.len() < n_bytes) {
            let row = std::mem::replace(&mut self.rows[next], PackedRow::new());
            self.n_nonzero -= row.n as usize;
            write(&row, &mut bytes);
            next += 1;
        }
        (bytes, next)
    }

    /// Hands the rows in `bytes` to `look`, one after the other; how many there were.
    ///
    /// # Errors
    /// [`DataError::Sparse`] where the bytes are no rows of that length; rows before that were handed out.
    pub fn read_bytes(bytes: &[u8], n_minor: usize, mut look: impl FnMut(&SparseRow)) -> Result<usize, DataError> {
        let mut row = SparseRow::default();
        for_each_part(bytes, |number, part| {
            row.clear();
            let rest = decode(part.bytes, part.n as usize, part.is_counts, &mut row);
            let fits = row.indices.last().is_none_or(|&last| (last as usize) < n_minor);
            if !fits || rest.is_none_or(|rest| !rest.is_empty()) {
                return Err(not_whole(number));
            }
            look(&row);
            Ok(())
        })
    }

    /// Appends to the rows from `start` on those in `bytes`, whose indices are all beyond those so far; how many there
    /// were. What was appended before an error stays.
    ///
    /// # Errors
    /// As [`Self::push`]; [`DataError::Sparse`] where the bytes are no rows.
    pub fn append_bytes(&mut self, start: usize, bytes: &[u8]) -> Result<usize, DataError> {
        let (n_major, n_minor) = (self.rows.len(), self.n_minor);
        for_each_part(bytes, |number, part| {
            let major = start + number;
            let Some(row) = self.rows.get_mut(major).filter(|_| part.n == 0 || (part.last as usize) < n_minor) else {
                let reason = format!("index {} in row {major} is outside {n_minor} × {n_major}", part.last);
                return Err(DataError::Sparse { reason });
            };
            let n_before = row.n;
            let appended = row.append_row(major, part);
            self.n_nonzero += (row.n - n_before) as usize;
            appended
        })
    }
}

fn write(row: &PackedRow, bytes: &mut Vec<u8>) {
    let kind = match row.kind {
        ValueKind::Counts => 0,
        ValueKind::NonNegative => 1,
        ValueKind::Scaled => 2,
    };
    let flag = |is_set: bool, flag: u8| if is_set { flag } else { 0 };
    let part = row.part();
    for number in [part.n, part.last, part.largest.to_bits(), part.bytes.len() as u32] {
        bytes.extend_from_slice(&number.to_le_bytes());
    }
    bytes.push(kind | flag(part.is_counts, IS_COUNTS) | flag(part.is_finite, IS_FINITE));
    bytes.extend_from_slice(part.bytes);
}

fn for_each_part(
    mut bytes: &[u8],
    mut look: impl FnMut(usize, RowPart<'_>) -> Result<(), DataError>,
) -> Result<usize, DataError> {
    let mut number = 0;
    while !bytes.is_empty() {
        let (part, rest) = read(bytes).ok_or_else(|| not_whole(number))?;
        look(number, part)?;
        bytes = rest;
        number += 1;
    }
    Ok(number)
}

/// The first row of bytes, and what comes after it.
fn read(bytes: &[u8]) -> Option<(RowPart<'_>, &[u8])> {
    let (head, rest) = bytes.split_first_chunk::<HEAD>()?;
    let (numbers, _) = head.as_chunks::<4>();
    let [n, last, largest, length] = [0, 1, 2, 3].map(|at| u32::from_le_bytes(numbers[at]));
    let flags = head[HEAD - 1];
    let kind = match flags & 3 {
        0 => ValueKind::Counts,
        1 => ValueKind::NonNegative,
        _ => ValueKind::Scaled,
    };
    let (bytes, rest) = rest.split_at_checked(length as usize)?;
    let (is_counts, is_finite) = (flags & IS_COUNTS != 0, flags & IS_FINITE != 0);
    Some((RowPart { n, last, is_counts, kind, is_finite, largest: f32::from_bits(largest), bytes }, rest))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::DenseMatrix;

    fn packed(rows: &[&[f32]]) -> PackedMatrix {
        (&DenseMatrix::new(rows.len(), rows[0].len(), rows.concat()).unwrap()).into()
    }

    #[test]
    fn rows_travel_as_bytes_and_damage_is_found() {
        let matrix = packed(&[&[0.0, 300.0, 1.0], &[0.0; 3], &[0.5, 0.0, -1.0]]);
        let bytes = matrix.to_bytes(0, 3);
        let mut rows = Vec::new();
        assert_eq!(PackedMatrix::read_bytes(&bytes, 3, |row| rows.push(row.clone())), Ok(3));
        assert_eq!(rows, [matrix.row(0), matrix.row(1), matrix.row(2)]);
        assert!(PackedMatrix::read_bytes(&bytes, 2, |_| {}).is_err());
        for end in 1..bytes.len() {
            let found = PackedMatrix::read_bytes(&bytes[..end], 3, |_| {});
            assert!(found.is_err() || found.is_ok_and(|n| n < 3), "{end}");
        }
        assert!(PackedMatrix::read_bytes(&[0xff; 40], 3, |_| {}).is_err());
    }

    #[test]
    fn parts_put_together_are_the_matrix() {
        let rows: [&[f32]; 6] = [
            &[1.0, 2.0, 0.0, 300.0, 0.0, 4.0],
            &[0.0, 0.0, 0.0, 7.0, 0.0, 1.0],
            &[7.0, 0.0, 1.0, 0.0, 0.0, 0.0],
            &[1.0, 2.0, 0.0, 0.5, -1.0, 4.0],
            &[0.5, -1.0, 3.0, 1.0, 0.0, 2.0],
            &[0.0; 6],
        ];
        let whole = packed(&rows);
        for cut in 0..=6 {
            let part = |columns: std::ops::Range<usize>| {
                let mut part = PackedMatrix::empty(6, 6).unwrap();
                for (major, row) in rows.iter().enumerate() {
                    columns.clone().for_each(|minor| part.push(major, minor as u32, row[minor]).unwrap());
                }
                part
            };
            let (mut left, mut right) = (part(0..cut), part(cut..6));
            let mut next = 0;
            while next < 6 {
                let (bytes, end) = right.take_bytes(next, 60);
                assert_eq!(left.append_bytes(next, &bytes), Ok(end - next));
                next = end;
            }
            assert_eq!((&left, right.n_nonzero()), (&whole, 0), "{cut}");
        }
    }

    #[test]
    fn parts_that_lie_over_each_other_are_refused() {
        let matrix = packed(&[&[0.0, 3.0, 1.0]]);
        let appended = |columns: &[f32], bytes: &[u8]| packed(&[columns]).append_bytes(0, bytes);
        let bytes = matrix.to_bytes(0, 1);
        assert_eq!(appended(&[1.0, 0.0, 0.0], &bytes), Ok(1));
        assert_eq!(appended(&[1.0, 5.0, 0.0], &bytes), Err(DataError::StoredTwice { major: 0, minor: 1 }));
        assert!(matches!(appended(&[1.0, 0.0, 2.0], &bytes), Err(DataError::Sparse { .. })));
        assert!(matches!(appended(&[1.0, 0.0], &bytes), Err(DataError::Sparse { .. })));
        assert!(matches!(appended(&[0.0; 3], &bytes[..bytes.len() - 1]), Err(DataError::Sparse { .. })));
        assert!(packed(&[&[0.0; 3]]).append_bytes(1, &bytes).is_err());
    }
}
