//! Types inside types: how deep they lie in metadata, before the HDF5 reader follows them by recursion.
//!
//! A type of two thousand levels fits in a message of a file and not on the stack of a browser, and each compound level
//! may claim 65,535 members. The reader gives no way to see a type before it is read, so every piece of metadata is looked
//! through for a chain of type headers ("Datatype Message" in the HDF5 file format specification): arrays, lists of
//! variable length, enumerations, and compounds by the first member that is none of the plain types. Real types nest three
//! or four deep.

/// Levels that are let through.
const MAX_LEVELS: usize = 16;
/// Class, version, bits and size.
const HEADER: usize = 8;
/// Member names here are words.
const MAX_NAME: usize = 256;

/// Whether somewhere in the bytes types lie deeper than any real ones.
pub(super) fn is_too_deep(bytes: &[u8]) -> bool {
    (0..bytes.len()).any(|at| {
        let inner = |at: &usize| bytes.get(*at..).and_then(inner).map(|step| at + step);
        std::iter::successors(Some(at), inner).nth(MAX_LEVELS).is_some()
    })
}

/// Where in the bytes of a type the type inside it begins; `None` if they are no such type.
fn inner(bytes: &[u8]) -> Option<usize> {
    let (&[head, bits0, bits1, bits2, ref size @ ..], rest) = bytes.split_first_chunk::<HEADER>()?;
    let (class, version) = (head & 0xf, head >> 4);
    let size = u32::from_le_bytes(*size);
    if !(1..=5).contains(&version) || bits2 != 0 {
        return None;
    }
    let skip = match class {
        6 | 11 => member(rest, version, size, u16::from_le_bytes([bits0, bits1]))?,
        8 => 0,
        // A length, an address and a number.
        9 if bits0 & 0xf <= 1 && matches!(size, 12 | 16) => 0,
        10 if version == 2 => 4 + 8 * usize::from(*rest.first()?),
        10 => 1 + 4 * usize::from(*rest.first()?),
        _ => return None,
    };
    Some(HEADER + skip)
}

/// Where the type of the first member begins that is none of the plain types.
fn member(bytes: &[u8], version: u8, size: u32, n_members: u16) -> Option<usize> {
    let mut at = 0;
    for _ in 0..n_members {
        let name = bytes.get(at..)?.iter().take(MAX_NAME).position(|&byte| byte == 0)? + 1;
        at += match version {
            1 => name.next_multiple_of(8) + 32,
            2 => name.next_multiple_of(8) + 4,
            _ => name + [1, 2, 4][usize::from(size > 0xff) + usize::from(size > 0xffff)],
        };
        at += match bytes.get(at)? & 0xf {
            0 | 4 => 12,
            1 => 20,
            3 | 7 => 8,
            _ => return Some(at),
        };
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn header(head: u8, bits: u8, size: u32) -> Vec<u8> {
        [&[head, bits, 0, 0][..], &size.to_le_bytes()].concat()
    }

    /// A number in so many levels of a type.
    fn nested(level: &[u8], n_levels: usize) -> Vec<u8> {
        [b"some metadata before".to_vec(), level.repeat(n_levels), header(0x10, 8, 4), vec![0, 0, 32, 0]].concat()
    }

    #[test]
    fn chains_of_every_kind_are_found_and_short_ones_are_not() {
        let number = [&header(0x30, 8, 4)[..], &[0, 0, 32, 0]].concat();
        let levels = [
            header(0x19, 0, 16),
            header(0x38, 3, 1),
            [&header(0x3a, 0, 4)[..], &[1, 1, 0, 0, 0]].concat(),
            [&header(0x2a, 0, 4)[..], &[1, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0]].concat(),
            [&header(0x36, 1, 4)[..], b"name\0\0"].concat(),
            [&header(0x36, 2, 300)[..], b"first\0\0\0", &number, b"b\0\x04\0"].concat(),
            [&header(0x26, 1, 4)[..], b"name\0\0\0\0", &[0; 4]].concat(),
            [&header(0x16, 1, 4)[..], b"name\0\0\0\0", &[0; 32]].concat(),
        ];
        for level in levels {
            assert!(!is_too_deep(&nested(&level, MAX_LEVELS - 1)), "{level:?}");
            // A compound of a number is no level.
            assert!(is_too_deep(&nested(&level, MAX_LEVELS + 1)), "{level:?}");
        }
    }

    #[test]
    fn other_bytes_are_no_chain() {
        assert!(!is_too_deep(&[]) && !is_too_deep(&[0x19; 4]));
        for text in ["9", ")", "JJJJJJJ6", "\0", "a"] {
            assert!(!is_too_deep(text.repeat(5000).as_bytes()), "{text}");
        }
        assert!(!is_too_deep(&header(0x36, 1, 0)) && !is_too_deep(&[header(0x36, 1, 0), b"a\0\0".to_vec()].concat()));
    }
}
