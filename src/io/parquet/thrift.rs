//! A look over Thrift's compact encoding before the Parquet crate reads it, so that no claim of a file is allocated
//! for unless its bytes are there.
//!
//! Follows Thrift's `thrift-compact-protocol.md`. Values are stepped over; lists and texts must fit in what is left,
//! nesting is bounded. Of a page header the sizes and counts are kept, of the footer the tree of the schema's elements
//! is checked (`parquet.thrift`: `PageHeader`, `FileMetaData`, `SchemaElement`): the crate makes room for as many children
//! as an element claims, and goes down the tree by recursion.

/// Structs in Parquet's metadata are nested less deep.
const MAX_DEPTH: usize = 16;

/// Groups in a schema are nested less deep.
const MAX_SCHEMA_DEPTH: usize = 64;
/// The version, before the schema, and the schema in the footer; the number of children in an element of it.
const VERSION: i64 = 1;
const SCHEMA: i64 = 2;
const N_CHILDREN: i64 = 5;
const LIST: u8 = 9;

/// What a field holds. The crate reads the fields it knows as what they should be, whatever type stands before them: with
/// another type it would go on at another byte.
enum Holds {
    Bool,
    Byte,
    Whole,
    Text,
    Fields(Known),
}

/// The fields of a struct that the crate knows.
type Known = &'static [(i64, Holds)];

const NOTHING: Holds = Holds::Fields(&[]);
/// `SchemaElement`.
const ELEMENT: Known = &[
    (1, Holds::Whole),
    (2, Holds::Whole),
    (3, Holds::Whole),
    (4, Holds::Text),
    (N_CHILDREN, Holds::Whole),
    (6, Holds::Whole),
    (7, Holds::Whole),
    (8, Holds::Whole),
    (9, Holds::Whole),
    (10, Holds::Fields(LOGICAL_TYPE)),
];
const LOGICAL_TYPE: Known = &[
    (1, NOTHING),
    (2, NOTHING),
    (3, NOTHING),
    (4, NOTHING),
    (5, Holds::Fields(&[(1, Holds::Whole), (2, Holds::Whole)])),
    (6, NOTHING),
    (7, Holds::Fields(TIME)),
    (8, Holds::Fields(TIME)),
    (10, Holds::Fields(&[(1, Holds::Byte), (2, Holds::Bool)])),
    (11, NOTHING),
    (12, NOTHING),
    (13, NOTHING),
    (14, NOTHING),
    (15, NOTHING),
    (16, Holds::Fields(&[(1, Holds::Byte)])),
    (17, Holds::Fields(&[(1, Holds::Text)])),
    (18, Holds::Fields(&[(1, Holds::Text), (2, Holds::Whole)])),
    (19, NOTHING),
];
/// `TimeType` and `TimestampType`, with their unit.
const TIME: Known = &[(1, Holds::Bool), (2, Holds::Fields(&[(1, NOTHING), (2, NOTHING), (3, NOTHING)]))];

impl Holds {
    /// Whether a field of that type holds this.
    fn is(&self, kind: u8) -> bool {
        match self {
            Self::Bool => matches!(kind, 1 | 2),
            Self::Byte => kind == 3,
            Self::Whole => matches!(kind, 4..=6),
            Self::Text => kind == 8,
            Self::Fields(_) => kind == 12,
        }
    }
}

/// What a page header claims.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct PageClaim {
    pub(super) uncompressed: i64,
    pub(super) compressed: i64,
    /// Values in a dictionary page.
    pub(super) n_dictionary: i64,
    /// Values in a data page, nulls included.
    pub(super) n_values: i64,
    /// Bytes of the header itself.
    pub(super) length: usize,
    /// `PageType`: 0 data, 2 dictionary, 3 data of version 2.
    pub(super) kind: i64,
    /// `Encoding` of the values.
    pub(super) encoding: i64,
    /// `Encoding` of the levels, version 1.
    pub(super) definitions: i64,
    pub(super) repetitions: i64,
    /// Version 2.
    pub(super) n_nulls: i64,
    pub(super) n_rows: i64,
    /// Bytes of the levels, version 2.
    pub(super) definition_bytes: i64,
    pub(super) repetition_bytes: i64,
    /// Whether a page of version 2 says that it is not compressed.
    pub(super) is_unpacked: bool,
}

/// Whether bytes begin with a struct whose lists and texts are all there, and whose schema has the children it claims.
pub(super) fn is_sound(bytes: &[u8]) -> bool {
    Cursor { rest: bytes }.footer().is_some()
}

/// Whether numbers of children, each element before its children, make trees that are not too deep.
fn is_forest(n_children: &[i64]) -> bool {
    let mut n_left: Vec<i64> = Vec::new();
    let mut n_claimed = 0_i64;
    for &n in n_children {
        while n_left.last() == Some(&0) {
            n_left.pop();
        }
        if let Some(parent) = n_left.last_mut() {
            *parent -= 1;
        }
        n_left.push(n);
        n_claimed = n_claimed.saturating_add(n);
        if n < 0 || n_left.len() > MAX_SCHEMA_DEPTH {
            return false;
        }
    }
    u64::try_from(n_claimed).is_ok_and(|n| n < n_children.len().max(1) as u64)
}

/// The page header that bytes begin with; `None` if it is damaged or not whole.
pub(super) fn page_claim(bytes: &[u8]) -> Option<PageClaim> {
    let mut claim = PageClaim::default();
    let mut cursor = Cursor { rest: bytes };
    cursor.fields(MAX_DEPTH, &mut |path, value| match path {
        [1] => claim.kind = value,
        [2] => claim.uncompressed = value,
        [3] => claim.compressed = value,
        [5 | 8, 1] => claim.n_values = value,
        [7, 1] => claim.n_dictionary = value,
        [5 | 7, 2] | [8, 4] => claim.encoding = value,
        [5, 3] => claim.definitions = value,
        [5, 4] => claim.repetitions = value,
        [8, 2] => claim.n_nulls = value,
        [8, 3] => claim.n_rows = value,
        [8, 5] => claim.definition_bytes = value,
        [8, 6] => claim.repetition_bytes = value,
        [8, 7] => claim.is_unpacked = value == 0,
        _ => (),
    })?;
    claim.length = bytes.len() - cursor.rest.len();
    Some(claim)
}

struct Cursor<'a> {
    rest: &'a [u8],
}

impl Cursor<'_> {
    fn byte(&mut self) -> Option<u8> {
        let (first, rest) = self.rest.split_first()?;
        self.rest = rest;
        Some(*first)
    }

    fn skip(&mut self, length: u64) -> Option<()> {
        self.rest = self.rest.get(usize::try_from(length).ok()?..)?;
        Some(())
    }

    fn varint(&mut self) -> Option<u64> {
        let mut number = 0;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            number |= u64::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                return Some(number);
            }
        }
        None
    }

    fn zigzag(&mut self) -> Option<i64> {
        let number = self.varint()?;
        Some((number >> 1).cast_signed() ^ -(number & 1).cast_signed())
    }

    /// The id and the type of the field after the one of that id; the type is 0 where the struct ends. Ids take 16 bits: the
    /// crate would cut a larger one to another.
    fn field(&mut self, id: i64) -> Option<(i64, u8)> {
        let header = self.byte()?;
        let id = match header >> 4 {
            _ if header == 0 => id,
            0 => self.zigzag()?,
            delta => id.checked_add(i64::from(delta))?,
        };
        i16::try_from(id).ok()?;
        Some((id, header & 0xf))
    }

    /// Steps over the footer; `None` if its schema claims children that are not there.
    fn footer(&mut self) -> Option<()> {
        let mut id = 0;
        let mut has_schema = false;
        loop {
            let kind;
            (id, kind) = self.field(id)?;
            match (id, kind) {
                (_, 0) => return Some(()),
                (SCHEMA, LIST) => {
                    self.schema()?;
                    has_schema = true;
                }
                (VERSION, kind) if Holds::Whole.is(kind) => drop(self.zigzag()?),
                _ if !has_schema => return None,
                (_, 1 | 2) => (),
                (_, kind) => self.value(kind, MAX_DEPTH)?,
            }
        }
    }

    fn schema(&mut self) -> Option<()> {
        let (n_elements, kind) = self.list_start()?;
        let mut n_children = Vec::new();
        for _ in 0..n_elements {
            if kind != 12 {
                return None;
            }
            n_children.push(self.known(ELEMENT)?);
        }
        is_forest(&n_children).then_some(())
    }

    /// Steps over a struct whose known fields hold what they should; the last whole number of field 5, or 0.
    fn known(&mut self, fields: Known) -> Option<i64> {
        let mut n_children = 0;
        let mut id = 0;
        loop {
            let kind;
            (id, kind) = self.field(id)?;
            let known = fields.iter().find(|(known, _)| *known == id).map(|(_, holds)| holds);
            match (known, kind) {
                (_, 0) => return Some(n_children),
                (Some(holds), kind) if !holds.is(kind) => return None,
                (_, 1 | 2) => (),
                (Some(Holds::Fields(inner)), _) => drop(self.known(inner)?),
                (_, 4..=6) => {
                    let value = self.zigzag()?;
                    n_children = if id == N_CHILDREN { value } else { n_children };
                }
                (_, kind) => self.value(kind, MAX_DEPTH)?,
            }
        }
    }

    /// Steps over a struct, telling `seen` of every whole number and boolean with the ids of the fields that lead to it.
    fn fields(&mut self, depth: usize, seen: &mut dyn FnMut(&[i64], i64)) -> Option<()> {
        let depth = depth.checked_sub(1)?;
        let mut id = 0_i64;
        loop {
            let kind;
            (id, kind) = self.field(id)?;
            match kind {
                0 => return Some(()),
                // A boolean is its type: 1 is true, 2 false.
                1 | 2 => seen(&[id], i64::from(kind == 1)),
                3 => self.skip(1)?,
                4..=6 => {
                    let value = self.zigzag()?;
                    seen(&[id], value);
                }
                12 => self.fields(depth, &mut |path, value| {
                    if let [inner] = path {
                        seen(&[id, *inner], value);
                    }
                })?,
                kind => self.value(kind, depth)?,
            }
        }
    }

    /// Steps over a value that is not a field of whole numbers.
    fn value(&mut self, kind: u8, depth: usize) -> Option<()> {
        match kind {
            1..=3 => self.skip(1),
            4..=6 => self.zigzag().map(|_| ()),
            7 => self.skip(8),
            8 => {
                let length = self.varint()?;
                self.skip(length)
            }
            9 | 10 => self.list(depth),
            12 => self.fields(depth, &mut |_, _| ()),
            _ => None,
        }
    }

    fn list(&mut self, depth: usize) -> Option<()> {
        let depth = depth.checked_sub(1)?;
        let (n_items, kind) = self.list_start()?;
        (0..n_items).try_for_each(|_| self.value(kind, depth))
    }

    /// How many items a list has, and of what type.
    fn list_start(&mut self) -> Option<(u64, u8)> {
        let header = self.byte()?;
        let n_items = match header >> 4 {
            15 => self.varint()?,
            n => u64::from(n),
        };
        // The smallest item takes a byte.
        (n_items <= self.rest.len() as u64).then_some((n_items, header & 0xf))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_and_counts_of_a_page_are_found() {
        // type 0, uncompressed 24, compressed 20, data page header { 4 values, … }
        let bytes = [0x15, 0, 0x15, 48, 0x15, 40, 0x2c, 0x15, 8, 0x15, 0, 0, 0, 99];
        let claim = page_claim(&bytes).unwrap();
        let expected = PageClaim { uncompressed: 24, compressed: 20, n_values: 4, length: 13, ..PageClaim::default() };
        assert_eq!(claim, expected);
        for length in 0..13 {
            assert_eq!(page_claim(&bytes[..length]), None, "{length}");
        }
    }

    #[test]
    fn lists_and_texts_that_are_not_there_are_found() {
        // After the version and a schema without elements.
        let sound = |rest: &[u8]| is_sound(&[&[0x15, 2, 0x19, 0x0c], rest].concat());
        assert!(sound(&[0x39, 0x25, 2, 4, 0]));
        assert!(!sound(&[0x39, 0xf5, 0xff, 0xff, 0xff, 0x7f, 2, 4, 0]));
        assert!(!sound(&[0x19, 0xf5, 0xff, 0xff, 0xff, 0x7f, 2, 4, 0]));
        assert!(!sound(&[0x18, 9, b'a', 0]));
        assert!(!sound(&[0x1c; 64]));
    }

    #[test]
    fn fields_of_other_types_than_they_should_have_are_found() {
        // A footer with a schema of one element with these fields.
        let sound = |fields: &[u8]| is_sound(&[&[0x29, 0x1c], fields, &[0, 0]].concat());
        // type 1 (i32), name "a" (text), logical type: integer of 8 bits with a sign
        assert!(sound(&[0x15, 2, 0x38, 1, b'a', 0x6c, 0xac, 0x13, 8, 0x11, 0, 0]));
        assert!(sound(&[0xd5, 1]), "an unknown field");
        for fields in [
            &[0x11][..],
            &[0x18, 1, b'a'],
            &[0x15, 2, 0x21],
            &[0x05, 20, 2],
            // Field 65,541, which is field 5 in 16 bits.
            &[0x05, 0x8a, 0x80, 0x08, 0],
            &[0x05, 20, 0x15, 2, 0],
            &[0xac, 0x15, 2, 0],
            &[0xac, 0x8c, 0x15, 2, 0, 0],
        ] {
            assert!(!sound(fields), "{fields:x?}");
        }
        assert!(!is_sound(&[0x11, 0x19, 0x0c, 0]) && !is_sound(&[0x25, 2, 0]) && !is_sound(&[0x39, 0x05, 0]));
    }

    #[test]
    fn a_schema_has_the_children_it_claims_and_is_not_deep() {
        // A footer with a schema of three elements, of which the first claims `n` children.
        let schema = |n: u8| [&[0x29, 0x3c, 0x55, n << 1, 0][..], &[0, 0, 0]].concat();
        assert!(is_sound(&schema(2)));
        assert!(!is_sound(&schema(3)));
        assert!(!is_sound(&[0x29, 0x1c, 0x55, 0xfe, 0xff, 0xff, 0xff, 0x0f, 0, 0]));
        assert!(is_forest(&[2, 0, 1, 0]) && is_forest(&[]) && is_forest(&[0]));
        assert!(!is_forest(&[-1, 0]) && !is_forest(&[1, 1]));
        let chain = |n: usize| [vec![1; n], vec![0]].concat();
        assert!(is_forest(&chain(MAX_SCHEMA_DEPTH - 1)) && !is_forest(&chain(MAX_SCHEMA_DEPTH)));
    }
}
