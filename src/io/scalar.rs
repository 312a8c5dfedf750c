//! Numbers as files store them, and their value as f32.
//!
//! IEEE half, single and double precision, bfloat16, signed and unsigned integers of 1 to 8 bytes and booleans, in
//! either byte order. NaN and infinities pass; numbers beyond f32 round to nearest, or to infinity. A boolean is 1 if
//! its byte is not 0.

use half::{bf16, f16};

/// How one number is stored, but for its byte order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Scalar {
    Bool,
    Bfloat16,
    /// Of 2, 4 or 8 bytes.
    Float(usize),
    /// Of 1, 2, 4 or 8 bytes.
    Signed(usize),
    /// Of 1, 2, 4 or 8 bytes.
    Unsigned(usize),
}

impl Scalar {
    /// The type numpy calls `kind`, such as `f4`, without byte order.
    pub(crate) fn from_numpy(kind: &str) -> Option<Self> {
        Some(match kind {
            "b1" => Self::Bool,
            "f2" => Self::Float(2),
            "f4" => Self::Float(4),
            "f8" => Self::Float(8),
            "i1" => Self::Signed(1),
            "i2" => Self::Signed(2),
            "i4" => Self::Signed(4),
            "i8" => Self::Signed(8),
            "u1" => Self::Unsigned(1),
            "u2" => Self::Unsigned(2),
            "u4" => Self::Unsigned(4),
            "u8" => Self::Unsigned(8),
            _ => return None,
        })
    }

    /// Bytes of one number.
    pub(crate) fn width(self) -> usize {
        match self {
            Self::Bool => 1,
            Self::Bfloat16 => 2,
            Self::Float(width) | Self::Signed(width) | Self::Unsigned(width) => width,
        }
    }

    /// The number in `raw`, which has [`Self::width`] bytes, rounded to f32.
    pub(crate) fn decode(self, raw: &[u8], is_big_endian: bool) -> f32 {
        let mut word = [0; 8];
        for (at, &byte) in raw.iter().enumerate() {
            word[if is_big_endian { raw.len() - 1 - at } else { at }] = byte;
        }
        let bits = u64::from_le_bytes(word);
        let unused = 64 - 8 * raw.len() as u32;
        match self {
            Self::Bool => f32::from(u8::from(bits != 0)),
            Self::Bfloat16 => bf16::from_bits(bits as u16).to_f32(),
            Self::Float(2) => f16::from_bits(bits as u16).to_f32(),
            Self::Float(4) => f32::from_bits(bits as u32),
            Self::Float(_) => f64::from_bits(bits) as f32,
            Self::Signed(_) => ((bits << unused).cast_signed() >> unused) as f32,
            Self::Unsigned(_) => bits as f32,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_float_type_has_its_value_in_both_byte_orders() {
        for (scalar, raw) in [
            (Scalar::Float(2), &[0x00, 0xc1][..]),
            (Scalar::Bfloat16, &[0x20, 0xc0]),
            (Scalar::Float(4), &[0, 0, 0x20, 0xc0]),
            (Scalar::Float(8), &[0, 0, 0, 0, 0, 0, 0x04, 0xc0]),
        ] {
            assert_eq!(scalar.decode(raw, false), -2.5, "{scalar:?}");
            let reversed: Vec<u8> = raw.iter().rev().copied().collect();
            assert_eq!(scalar.decode(&reversed, true), -2.5, "{scalar:?}");
        }
    }

    #[test]
    fn integers_keep_their_sign() {
        assert_eq!(Scalar::Signed(1).decode(&[0xfe], false), -2.0);
        assert_eq!(Scalar::Signed(8).decode(&(-3_i64).to_le_bytes(), false), -3.0);
        assert_eq!(Scalar::Unsigned(8).decode(&u64::MAX.to_le_bytes(), false), u64::MAX as f32);
    }
}
