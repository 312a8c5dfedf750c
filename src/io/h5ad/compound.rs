//! Compound arrays: rows of named fields, as anndata before 0.7 wrote `obs`, `var` and `obsm`.
//!
//! Fields read: whole numbers, IEEE floats of 2, 4 and 8 bytes, booleans as h5py writes them, texts of fixed and of
//! variable length, and vectors of numbers. A field of another type is kept as the name of its type.

use half::f16;
use hdf5_pure::{Datatype, DatatypeByteOrder, StringPadding};

use super::archive::{Archive, Array};
use super::heap::{GlobalHeap, REFERENCE};
use crate::io::ImportError;

/// The values of one field over all rows.
pub(crate) enum FieldValues {
    Texts(Vec<String>),
    Booleans(Vec<bool>),
    Integers(Vec<i64>),
    Numbers(Vec<f64>),
    /// Row after row.
    Vectors {
        width: usize,
        values: Vec<f32>,
    },
    /// What type it has.
    Odd(String),
}

/// Reads all fields of a compound array, in their order.
///
/// # Errors
/// [`ImportError::Layout`] where a field lies outside its row or a text outside the file, and what reading can give.
pub(crate) fn read_fields(archive: &Archive, array: &Array) -> Result<Vec<(String, FieldValues)>, ImportError> {
    let mut fields = fields_of(archive, array)?;
    let row_size = archive.element_size(array)?;
    // Fields may lie over each other, so that they take more together than their rows.
    let width = fields.iter().fold(0_u64, |sum, field| sum.saturating_add((field.size + size_of::<String>()) as u64));
    archive.spend_bytes(array, array.n_values().saturating_mul(width))?;
    let mut heap = archive.heap();
    for window in archive.windows(array)? {
        let bytes = archive.bytes_in(array, &window)?;
        for row in bytes.chunks_exact(row_size) {
            for field in &mut fields {
                let taken = field.take(row, &mut heap);
                taken.map_err(|found| archive.layout(&array.path, &found, "rows of named fields"))?;
            }
        }
    }
    Ok(fields.into_iter().map(|field| (field.name, field.values)).collect())
}

struct Field {
    name: String,
    start: usize,
    size: usize,
    kind: Kind,
    values: FieldValues,
}

#[derive(Clone, Copy)]
enum Kind {
    FixedText { is_space_padded: bool },
    HeapText,
    Boolean { truth: u8 },
    Number(NumberKind),
    Vector { element: NumberKind, element_size: usize },
    Odd,
}

#[derive(Clone, Copy)]
struct NumberKind {
    is_float: bool,
    is_signed: bool,
    is_big_endian: bool,
}

fn fields_of(archive: &Archive, array: &Array) -> Result<Vec<Field>, ImportError> {
    let (Datatype::Compound { members, .. }, 1) = (archive.datatype(array)?, array.shape.len()) else {
        let found = format!("has shape {:?} and type {}", array.shape, array.type_name());
        return Err(archive.layout(&array.path, &found, "one compound value a row"));
    };
    let field = |member: &hdf5_pure::CompoundMember| {
        let kind = Kind::of(&member.datatype);
        let start = usize::try_from(member.byte_offset).unwrap_or(usize::MAX);
        let size = member.datatype.type_size() as usize;
        let type_name = || format!("{:?}", member.datatype).chars().take_while(|c| c.is_alphanumeric()).collect();
        Field { name: member.name.clone(), start, size, kind, values: kind.empty(size, type_name) }
    };
    Ok(members.iter().map(field).collect())
}

impl Kind {
    fn of(datatype: &Datatype) -> Self {
        match datatype {
            Datatype::String { padding, .. } => {
                Self::FixedText { is_space_padded: matches!(padding, StringPadding::SpacePad) }
            }
            Datatype::VariableLength { is_string: true, .. } if datatype.type_size() as usize == REFERENCE => {
                Self::HeapText
            }
            Datatype::Enumeration { members, .. } if datatype.type_size() == 1 => {
                let truth = members.iter().find(|member| member.name == "TRUE").and_then(|member| member.value.first());
                truth.map_or(Self::Odd, |&truth| Self::Boolean { truth })
            }
            Datatype::Array { base_type, .. } => match Self::of(base_type) {
                Self::Number(element) => Self::Vector { element, element_size: base_type.type_size() as usize },
                _ => Self::Odd,
            },
            other => NumberKind::of(other).map_or(Self::Odd, Self::Number),
        }
    }

    fn empty(self, size: usize, type_name: impl Fn() -> String) -> FieldValues {
        match self {
            Self::FixedText { .. } | Self::HeapText => FieldValues::Texts(Vec::new()),
            Self::Boolean { .. } => FieldValues::Booleans(Vec::new()),
            Self::Number(kind) if kind.is_float => FieldValues::Numbers(Vec::new()),
            Self::Number(_) => FieldValues::Integers(Vec::new()),
            Self::Vector { element_size, .. } => {
                FieldValues::Vectors { width: size / element_size.max(1), values: Vec::new() }
            }
            Self::Odd => FieldValues::Odd(type_name()),
        }
    }
}

impl NumberKind {
    fn of(datatype: &Datatype) -> Option<Self> {
        let is_big_endian = |order: &DatatypeByteOrder| matches!(order, DatatypeByteOrder::BigEndian);
        match datatype {
            Datatype::FixedPoint { size, byte_order, layout }
                if *size <= 8 && layout.bit_offset == 0 && u32::from(layout.bit_precision) == size * 8 =>
            {
                Some(Self { is_float: false, is_signed: layout.signed, is_big_endian: is_big_endian(byte_order) })
            }
            Datatype::FloatingPoint { size, byte_order, layout }
                if matches!(
                    (size, layout.exponent_size, layout.mantissa_size),
                    (2, 5, 10) | (4, 8, 23) | (8, 11, 52)
                ) =>
            {
                Some(Self { is_float: true, is_signed: true, is_big_endian: is_big_endian(byte_order) })
            }
            _ => None,
        }
    }

    /// The bits of a number of up to eight bytes, the lowest first.
    fn bits(self, bytes: &[u8]) -> u64 {
        let push = |bits: u64, &byte: &u8| bits << 8 | u64::from(byte);
        if self.is_big_endian { bytes.iter().fold(0, push) } else { bytes.iter().rev().fold(0, push) }
    }

    fn integer(self, bytes: &[u8]) -> i64 {
        let unused = 64_u32.saturating_sub(bytes.len() as u32 * 8);
        let bits = self.bits(bytes);
        if self.is_signed { (bits << unused).cast_signed() >> unused } else { i64::try_from(bits).unwrap_or(i64::MAX) }
    }

    fn number(self, bytes: &[u8]) -> f64 {
        let bits = self.bits(bytes);
        match (self.is_float, bytes.len()) {
            (false, _) => self.integer(bytes) as f64,
            (true, 2) => f64::from(f16::from_bits(bits as u16)),
            (true, 4) => f64::from(f32::from_bits(bits as u32)),
            (true, _) => f64::from_bits(bits),
        }
    }
}

impl Field {
    /// Appends the field's value of one row.
    fn take(&mut self, row: &[u8], heap: &mut GlobalHeap) -> Result<(), String> {
        let outside = || format!("has the field {:?} outside its rows", self.name);
        let end = self.start.checked_add(self.size).ok_or_else(outside)?;
        let bytes = row.get(self.start..end).ok_or_else(outside)?;
        match (&mut self.values, self.kind) {
            (FieldValues::Texts(texts), Kind::FixedText { is_space_padded }) => {
                texts.push(fixed_text(bytes, is_space_padded));
            }
            (FieldValues::Texts(texts), _) => {
                let reference = bytes.first_chunk().ok_or_else(outside)?;
                texts.push(heap.text(reference)?);
            }
            (FieldValues::Booleans(values), Kind::Boolean { truth }) => values.push(bytes.first() == Some(&truth)),
            (FieldValues::Integers(values), Kind::Number(kind)) => values.push(kind.integer(bytes)),
            (FieldValues::Numbers(values), Kind::Number(kind)) => values.push(kind.number(bytes)),
            (FieldValues::Vectors { values, .. }, Kind::Vector { element, element_size }) => {
                values.extend(bytes.chunks_exact(element_size.max(1)).map(|bytes| element.number(bytes) as f32));
            }
            _ => {}
        }
        Ok(())
    }
}

fn fixed_text(bytes: &[u8], is_space_padded: bool) -> String {
    let end = bytes.iter().position(|&byte| byte == 0).unwrap_or(bytes.len());
    let text = String::from_utf8_lossy(&bytes[..end]);
    if is_space_padded { text.trim_end_matches(' ').to_owned() } else { text.into_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_of_both_byte_orders_and_signs_are_read() {
        let kind = |is_float, is_signed, is_big_endian| NumberKind { is_float, is_signed, is_big_endian };
        assert_eq!(kind(false, true, false).integer(&(-2_i16).to_le_bytes()), -2);
        assert_eq!(kind(false, true, true).integer(&(-2_i64).to_be_bytes()), -2);
        assert_eq!(kind(false, false, false).integer(&[254]), 254);
        assert_eq!(kind(false, false, false).integer(&u64::MAX.to_le_bytes()), i64::MAX);
        assert_eq!(kind(true, true, true).number(&(-0.5_f32).to_be_bytes()), -0.5);
        assert_eq!(kind(true, true, false).number(&1e300_f64.to_le_bytes()), 1e300);
    }

    #[test]
    fn fixed_texts_end_where_their_padding_begins() {
        assert_eq!(fixed_text(b"ab \0\0", false), "ab ");
        assert_eq!(fixed_text(b"ab   ", true), "ab");
    }
}
