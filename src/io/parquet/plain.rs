//! Values of the delta and byte-stream encodings rewritten as plain ones, which is all that the Parquet crate is given.
//!
//! Follows "Parquet encoding definitions" of the format: DELTA_BINARY_PACKED (5), DELTA_LENGTH_BYTE_ARRAY (6),
//! DELTA_BYTE_ARRAY (7) and BYTE_STREAM_SPLIT (9). There must be as many values as the page has that are not null. Sums wrap
//! as in the format. Texts that share beginnings may grow to 64 times the bytes of their page.

use parquet::basic::{Encoding, Type as Physical};

/// Times that texts which share their beginnings may grow, beside a constant.
const MAX_GROWTH: usize = 64;
const ALWAYS_ALLOWED: usize = 1 << 20;
/// Values of a small page, and how many more for each byte.
const VALUES_ALLOWED: usize = 1 << 20;
const VALUES_PER_BYTE: usize = 64;
/// Values that come after one header; writers use 128.
const MAX_BLOCK: u64 = 1 << 16;

/// The values of a page as plain ones; `None` where the encoding is none of these.
///
/// # Errors
/// What is wrong, as a sentence.
pub(super) fn plain(
    encoding: Encoding,
    (physical, type_length): (Physical, usize),
    values: &[u8],
    n: usize,
) -> Result<Option<Vec<u8>>, String> {
    if is_rewritten(encoding) && n > VALUES_ALLOWED.max(values.len().saturating_mul(VALUES_PER_BYTE)) {
        return Err(format!("{n} values in a page of {} bytes", values.len()));
    }
    match (encoding, physical) {
        (Encoding::DELTA_BINARY_PACKED, Physical::INT32) => {
            Ok(Some(integers(values, n)?.0.iter().flat_map(|&value| (value as i32).to_le_bytes()).collect()))
        }
        (Encoding::DELTA_BINARY_PACKED, Physical::INT64) => {
            Ok(Some(integers(values, n)?.0.iter().flat_map(|value| value.to_le_bytes()).collect()))
        }
        (Encoding::DELTA_LENGTH_BYTE_ARRAY, Physical::BYTE_ARRAY) => texts(values, n).map(Some),
        (Encoding::DELTA_BYTE_ARRAY, Physical::BYTE_ARRAY) => texts_with_prefixes(values, n).map(Some),
        (Encoding::BYTE_STREAM_SPLIT, physical) => match (physical, type_length) {
            (Physical::INT32 | Physical::FLOAT, _) => joined(values, n, 4).map(Some),
            (Physical::INT64 | Physical::DOUBLE, _) => joined(values, n, 8).map(Some),
            (Physical::FIXED_LEN_BYTE_ARRAY, 1..) => joined(values, n, type_length).map(Some),
            _ => Ok(None),
        },
        _ => Ok(None),
    }
}

fn is_rewritten(encoding: Encoding) -> bool {
    matches!(
        encoding,
        Encoding::DELTA_BINARY_PACKED
            | Encoding::DELTA_LENGTH_BYTE_ARRAY
            | Encoding::DELTA_BYTE_ARRAY
            | Encoding::BYTE_STREAM_SPLIT
    )
}

/// Values whose first bytes come first, then their second bytes, and so on.
fn joined(values: &[u8], n: usize, width: usize) -> Result<Vec<u8>, String> {
    if n.checked_mul(width) != Some(values.len()) {
        return Err(format!("{} bytes for {n} values of {width}", values.len()));
    }
    Ok((0..n).flat_map(|at| (0..width).map(move |byte| values[byte * n + at])).collect())
}

/// `n` integers as differences in blocks, and what follows them.
fn integers(bytes: &[u8], n: usize) -> Result<(Vec<i64>, &[u8]), String> {
    let mut cursor = Cursor(bytes);
    let (block, n_parts) = (cursor.number()?, cursor.number()?);
    let n_found = cursor.number()?;
    let first = cursor.signed()?;
    if n_found != n as u64 {
        return Err(format!("{n_found} values for {n}"));
    }
    let is_sound = n_parts > 0 && block > 0 && block <= MAX_BLOCK && block % n_parts == 0;
    let part = if is_sound { (block / n_parts) as usize } else { 0 };
    if part == 0 || part % 8 != 0 {
        return Err(format!("blocks of {block} differences in {n_parts} parts"));
    }
    let mut out: Vec<i64> = Vec::new();
    // A block of equal differences takes hardly a byte; the page's values are bounded.
    out.try_reserve_exact(n).map_err(|_| format!("{n} values need more memory than there is"))?;
    out.extend((n > 0).then_some(first));
    let mut last = first;
    while out.len() < n {
        let least = cursor.signed()?;
        let widths = cursor.bytes(n_parts as usize)?;
        for &width in widths {
            if out.len() == n {
                break;
            }
            if width > 64 {
                return Err(format!("differences of {width} bits"));
            }
            let packed = cursor.bytes(part / 8 * usize::from(width))?;
            for at in 0..part.min(n - out.len()) {
                let difference = bits(packed, at * usize::from(width), usize::from(width));
                last = last.wrapping_add(least).wrapping_add(difference.cast_signed());
                out.push(last);
            }
        }
    }
    Ok((out, cursor.0))
}

/// A number of up to 64 bits, lowest first.
fn bits(bytes: &[u8], start: usize, width: usize) -> u64 {
    let (mut found, mut n_bits) = (0, 0);
    while n_bits < width {
        let at = start + n_bits;
        let n = (8 - at % 8).min(width - n_bits);
        let part = u64::from(bytes[at / 8] >> (at % 8)) & ((1 << n) - 1);
        found |= part << n_bits;
        n_bits += n;
    }
    found
}

/// Lengths, then the texts one after the other.
fn texts(values: &[u8], n: usize) -> Result<Vec<u8>, String> {
    let (lengths, rest) = integers(values, n)?;
    let mut cursor = Cursor(rest);
    let mut out = Vec::with_capacity(rest.len());
    for length in lengths {
        let text = cursor.bytes(size(length)?)?;
        push(&mut out, &[text]);
    }
    Ok(out)
}

/// How much of the text before each begins with, then the rests as texts.
fn texts_with_prefixes(values: &[u8], n: usize) -> Result<Vec<u8>, String> {
    let (shared, rest) = integers(values, n)?;
    let (lengths, rest) = integers(rest, n)?;
    let most = values.len().saturating_mul(MAX_GROWTH).saturating_add(ALWAYS_ALLOWED);
    let mut cursor = Cursor(rest);
    let mut out: Vec<u8> = Vec::new();
    let mut before = 0..0;
    for (shared, length) in shared.into_iter().zip(lengths) {
        let end = cursor.bytes(size(length)?)?;
        let shared = size(shared)?;
        if shared > before.len() {
            return Err(format!("a text shares {shared} bytes with one of {}", before.len()));
        }
        let text = [&out[before.start..before.start + shared], end].concat();
        if out.len().saturating_add(text.len()) > most {
            return Err(format!("its texts have more than {most} bytes"));
        }
        push(&mut out, &[&text]);
        before = out.len() - text.len()..out.len();
    }
    Ok(out)
}

/// Appends a plain text: its length and its parts.
fn push(out: &mut Vec<u8>, parts: &[&[u8]]) {
    let length: usize = parts.iter().map(|part| part.len()).sum();
    out.extend_from_slice(&(length as u32).to_le_bytes());
    for part in parts {
        out.extend_from_slice(part);
    }
}

fn size(length: i64) -> Result<usize, String> {
    let length = u32::try_from(length).map_err(|_| format!("a text of {length} bytes"))?;
    Ok(length as usize)
}

struct Cursor<'a>(&'a [u8]);

impl<'a> Cursor<'a> {
    fn bytes(&mut self, n: usize) -> Result<&'a [u8], String> {
        let (found, rest) = self.0.split_at_checked(n).ok_or_else(|| format!("{} bytes for {n}", self.0.len()))?;
        self.0 = rest;
        Ok(found)
    }

    fn number(&mut self) -> Result<u64, String> {
        let mut number = 0;
        for shift in (0..64).step_by(7) {
            let byte = self.bytes(1)?[0];
            number |= u64::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                return Ok(number);
            }
        }
        Err("a number of more than 64 bits".to_owned())
    }

    fn signed(&mut self) -> Result<i64, String> {
        let number = self.number()?;
        Ok((number >> 1).cast_signed() ^ -(number & 1).cast_signed())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The format's own example: 7, 5, 3, 1, 2, 3, 4, 5 in a block of 128 in four parts.
    fn example() -> Vec<u8> {
        let mut bytes = vec![128, 1, 4, 8, 14, 3, 2, 0, 0, 0, 0b1100_0000, 0b0011_1111];
        bytes.extend([0; 6]);
        bytes
    }

    #[test]
    fn differences_add_up_as_in_the_format_s_example() {
        let mut bytes = example();
        bytes.push(99);
        assert_eq!(integers(&bytes, 8).unwrap(), (vec![7, 5, 3, 1, 2, 3, 4, 5], &[99][..]));
        assert!(integers(&bytes, 7).is_err() && integers(&bytes, 9).is_err());
        for end in 0..bytes.len() - 1 {
            assert!(integers(&bytes[..end], 8).is_err(), "{end}");
        }
        for (at, hostile) in [(0, 127), (2, 0), (2, 3), (6, 65)] {
            let mut bytes = example();
            bytes[at] = hostile;
            assert!(integers(&bytes, 8).is_err(), "{at}");
        }
        assert!(integers(&[128, 1, 4, 0, 0], 0).unwrap().0.is_empty());
    }

    #[test]
    fn numbers_of_any_width_are_found_between_bytes() {
        let bytes = u128::from_le_bytes(*b"0123456789abcdef");
        for width in 1..=64 {
            let expected = (bytes >> 3) & ((1 << width) - 1);
            assert_eq!(u128::from(bits(&bytes.to_le_bytes(), 3, width)), expected, "{width}");
        }
    }

    #[test]
    fn bytes_that_were_split_come_together() {
        assert_eq!(joined(&[1, 2, 3, 4, 5, 6], 2, 3).unwrap(), [1, 3, 5, 2, 4, 6]);
        assert!(joined(&[1, 2, 3], 2, 2).is_err() && joined(&[], usize::MAX, 8).is_err());
    }

    #[test]
    fn texts_share_beginnings_with_the_one_before() {
        // A first number, then one that differs by a constant.
        let pair = |first: u8, difference: u8| vec![128, 1, 4, 2, 2 * first, difference, 0, 0, 0, 0];
        let (up_2, down_2) = (4, 3);
        let of = |shared: u8| [pair(0, shared), pair(3, down_2), b"abcd".to_vec()].concat();
        assert_eq!(texts_with_prefixes(&of(up_2), 2).unwrap(), b"\x03\0\0\0abc\x03\0\0\0abd");
        assert_eq!(texts_with_prefixes(&of(8), 2).unwrap_err(), "a text shares 4 bytes with one of 3");
        let lengths = [pair(3, down_2), b"abcd".to_vec()].concat();
        assert_eq!(texts(&lengths, 2).unwrap(), b"\x03\0\0\0abc\x01\0\0\0d");
        assert!(texts(&lengths[..lengths.len() - 1], 2).is_err());
        assert!(texts(&[pair(0, down_2), b"abcd".to_vec()].concat(), 2).is_err());
    }

    #[test]
    fn more_values_than_a_small_page_should_have_are_refused() {
        let most = plain(Encoding::DELTA_BINARY_PACKED, (Physical::INT64, 0), &example(), 2 << 20);
        assert!(most.unwrap_err().contains("2097152 values in a page of"));
    }
}
