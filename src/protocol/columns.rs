//! Numeric columns that cross threads as typed arrays.
//!
//! They serialise as one byte string (little endian), which the browser transport turns into a transferred
//! `ArrayBuffer`; nothing is boxed number by number.

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

macro_rules! column {
    ($(#[$doc:meta])* $name:ident, $number:ty) => {
        $(#[$doc])*
        #[derive(Clone, Debug, Default, PartialEq)]
        pub struct $name(pub Vec<$number>);

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_bytes(bytemuck::cast_slice(&self.0))
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let bytes = deserializer.deserialize_byte_buf(BytesVisitor)?;
                let width = size_of::<$number>();
                if bytes.len() % width != 0 {
                    return Err(de::Error::invalid_length(bytes.len(), &"a whole number of values"));
                }
                Ok(Self(bytemuck::allocation::pod_collect_to_vec(&bytes)))
            }
        }

        impl From<Vec<$number>> for $name {
            fn from(values: Vec<$number>) -> Self {
                Self(values)
            }
        }

        impl std::ops::Deref for $name {
            type Target = [$number];
            fn deref(&self) -> &[$number] {
                &self.0
            }
        }
    };
}

column!(
    /// A column of f32.
    F32Column,
    f32
);
column!(
    /// A column of f64.
    F64Column,
    f64
);
column!(
    /// A column of u32.
    U32Column,
    u32
);
column!(
    /// Bytes of a file.
    Bytes,
    u8
);

struct BytesVisitor;

impl<'de> de::Visitor<'de> for BytesVisitor {
    type Value = Vec<u8>;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("bytes")
    }

    fn visit_bytes<E: de::Error>(self, bytes: &[u8]) -> Result<Vec<u8>, E> {
        Ok(bytes.to_vec())
    }

    fn visit_byte_buf<E: de::Error>(self, bytes: Vec<u8>) -> Result<Vec<u8>, E> {
        Ok(bytes)
    }

    fn visit_seq<A: de::SeqAccess<'de>>(self, mut seq: A) -> Result<Vec<u8>, A::Error> {
        let mut bytes = Vec::with_capacity(seq.size_hint().unwrap_or(0).min(1 << 20));
        while let Some(byte) = seq.next_element()? {
            bytes.push(byte);
        }
        Ok(bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_survive_a_round_trip() {
        let column = F32Column(vec![1.5, -0.0, f32::MAX]);
        let text = serde_json::to_string(&column).unwrap();
        assert_eq!(serde_json::from_str::<F32Column>(&text).unwrap(), column);
        assert!(serde_json::from_str::<U32Column>("[1,2,3]").is_err());
    }
}
