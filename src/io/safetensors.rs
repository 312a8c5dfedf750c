//! Embeddings in `.safetensors`: a JSON header, then the tensors (github.com/huggingface/safetensors, format section).
//!
//! Only the header and the chosen tensor are read. F16, BF16, F32, F64, integers and BOOL become f32; the format is
//! little-endian and row-major. The format has no texts, so there are no cell ids. NaN and infinite values are passed
//! on. The header must end within the file and within 16 MiB, each tensor's bytes must be its shape times its type.

use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, IgnoredAny, MapAccess, Visitor};

use super::npy::read_blocks;
use super::reader::{head, reserved};
use super::sae_names::are_weights;
use super::scalar::Scalar;
use super::tensor::{ArrayContent, Tensor, TensorInfo, embedding_of};
use super::{ByteSource, ImportError};
use crate::data::Observer;

/// Hundreds of thousands of tensors; the format allows 100 MB.
const MAX_HEADER: u64 = 16 << 20;

/// A tensor as the header describes it.
#[derive(Clone, Debug, Deserialize)]
struct Entry {
    dtype: String,
    shape: Vec<u64>,
    data_offsets: [u64; 2],
}

/// The tensors in the order of the header.
#[derive(Clone, Debug)]
pub(crate) struct Header {
    entries: Vec<(String, Entry)>,
    data_start: u64,
}

impl<'de> Deserialize<'de> for Entries {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(EntriesVisitor)
    }
}

struct Entries(Vec<(String, Entry)>);

struct EntriesVisitor;

impl<'de> Visitor<'de> for EntriesVisitor {
    type Value = Entries;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON object of tensors")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Entries, A::Error> {
        let mut entries = Vec::new();
        while let Some(name) = map.next_key::<String>()? {
            if name == "__metadata__" {
                map.next_value::<IgnoredAny>()?;
            } else {
                entries.push((name, map.next_value()?));
            }
        }
        Ok(Entries(entries))
    }
}

impl Header {
    /// Reads the header.
    ///
    /// # Errors
    /// [`ImportError::Format`] if it is longer than the file or no JSON object of tensors.
    pub(crate) fn read(name: &str, source: &dyn ByteSource) -> Result<Self, ImportError> {
        let size = source.size();
        let start = head(name, source, 8)?;
        let length = start.first_chunk::<8>().map_or(u64::MAX, |raw| u64::from_le_bytes(*raw));
        if length > MAX_HEADER || length + 8 > size {
            let found = format!("claims {length} bytes");
            return Err(error(name, "its header", found, &format!("at most {MAX_HEADER} in a file of {size} bytes")));
        }
        let bytes = head(name, source, (length + 8) as usize)?;
        let entries = serde_json::from_slice::<Entries>(&bytes[8..]).map_err(|source| {
            error(name, "its header", format!("can't be read ({source})"), "a JSON object of tensors")
        })?;
        Ok(Self { entries: entries.0, data_start: length + 8 })
    }

    /// Whether the tensors are those of a sparse autoencoder.
    pub(crate) fn is_sae(&self) -> bool {
        are_weights(&self.infos())
    }

    /// Whether a tensor has two dimensions.
    pub(crate) fn has_matrix(&self) -> bool {
        self.entries.iter().any(|(_, entry)| entry.shape.len() == 2)
    }

    fn infos(&self) -> Vec<TensorInfo> {
        let info = |(name, entry): &(String, Entry)| TensorInfo {
            name: name.clone(),
            shape: entry.shape.clone(),
            dtype: entry.dtype.clone(),
            is_numeric: scalar_of(&entry.dtype).is_some(),
            is_text: false,
        };
        self.entries.iter().map(info).collect()
    }
}

/// Reads the embedding of a safetensors file.
///
/// # Errors
/// [`ImportError::NotEmbedding`] if no tensor is one or several could be, [`ImportError::Format`] if the header
/// contradicts itself or the file.
pub(crate) fn import_safetensors(
    name: &str,
    source: &dyn ByteSource,
    observer: &dyn Observer,
) -> Result<ArrayContent, ImportError> {
    let header = Header::read(name, source)?;
    let infos = header.infos();
    let chosen = embedding_of(name, &infos)?;
    let Some((_, entry)) = header.entries.iter().find(|(tensor, _)| *tensor == chosen.name) else {
        return Err(error(name, "its header", "has lost a tensor".to_owned(), "the embedding"));
    };
    let (scalar, n_values) = check(name, source, &header, &chosen.name, entry)?;
    let mut values: Vec<f32> = reserved(name, "the embedding", n_values as u64)?;
    let start = header.data_start + entry.data_offsets[0];
    read_blocks(name, source, start, scalar, n_values, observer, |_, raw| values.push(scalar.decode(raw, false)))?;
    let shape = entry.shape.iter().map(|&size| size as usize).collect();
    Ok(ArrayContent { ids: None, values: Tensor { shape, values }.into_matrix(name)? })
}

/// Holds a tensor's claims against each other and the file, before anything is allocated.
fn check(
    name: &str,
    source: &dyn ByteSource,
    header: &Header,
    tensor: &str,
    entry: &Entry,
) -> Result<(Scalar, usize), ImportError> {
    let [start, end] = entry.data_offsets;
    let n_bytes = source.size() - header.data_start;
    let scalar = scalar_of(&entry.dtype);
    let n_values = entry.shape.iter().try_fold(1_u64, |product, &size| product.checked_mul(size));
    let expected = n_values.zip(scalar).and_then(|(n, scalar)| n.checked_mul(scalar.width() as u64));
    match (scalar, n_values.and_then(|n| usize::try_from(n).ok())) {
        (Some(scalar), Some(n)) if start <= end && end <= n_bytes && expected == Some(end - start) => Ok((scalar, n)),
        _ => {
            let found = format!("claims bytes {start} to {end}, shape {:?} and type {}", entry.shape, entry.dtype);
            Err(error(name, &format!("the tensor {tensor:?}"), found, &format!("what fits in {n_bytes} bytes")))
        }
    }
}

fn scalar_of(dtype: &str) -> Option<Scalar> {
    Some(match dtype {
        "F64" => Scalar::Float(8),
        "F32" => Scalar::Float(4),
        "F16" => Scalar::Float(2),
        "BF16" => Scalar::Bfloat16,
        "I64" => Scalar::Signed(8),
        "I32" => Scalar::Signed(4),
        "I16" => Scalar::Signed(2),
        "I8" => Scalar::Signed(1),
        "U64" => Scalar::Unsigned(8),
        "U32" => Scalar::Unsigned(4),
        "U16" => Scalar::Unsigned(2),
        "U8" => Scalar::Unsigned(1),
        "BOOL" => Scalar::Bool,
        _ => return None,
    })
}

fn error(name: &str, place: &str, found: String, expected: &str) -> ImportError {
    ImportError::Format {
        file: name.to_owned(),
        place: place.to_owned(),
        found,
        expected: expected.to_owned(),
        advice: "the file is damaged, so copy it or save it again with safetensors".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::Silent;
    use crate::io::fixtures::{self, embedding, json, rows, survives_damage_with};
    use crate::io::{FileKind, MemorySource, sniff};

    fn made(header: &str, data: &[u8]) -> Vec<u8> {
        let mut bytes = (header.len() as u64).to_le_bytes().to_vec();
        bytes.extend(header.bytes());
        bytes.extend(data);
        bytes
    }

    #[test]
    fn every_type_has_the_numbers_of_the_library() {
        let expected = json("safetensors/expected.json");
        for (dtype, wanted) in expected.as_object().unwrap() {
            let (ids, values) = embedding(&format!("safetensors/{dtype}.safetensors"));
            let (n_rows, numbers) = rows(wanted);
            assert_eq!((values.n_rows(), values.values(), ids), (n_rows, numbers.as_slice(), None), "{dtype}");
        }
        assert_eq!(expected.as_object().unwrap().len(), 8);
    }

    #[test]
    fn weights_of_a_sparse_autoencoder_are_told_from_an_embedding() {
        for (path, is_sae) in
            [("safetensors/float32.safetensors", false), ("sae/saelens/topk/sae_weights.safetensors", true)]
        {
            let kind = sniff("w.safetensors", &MemorySource(fixtures::bytes(path))).unwrap();
            assert_eq!(kind == FileKind::SaeWeights, is_sae, "{path}");
        }
    }

    #[test]
    fn claims_that_do_not_fit_are_named_before_allocation() {
        for entry in [
            r#"{"dtype":"F32","shape":[4000000000,4000000000],"data_offsets":[0,16]}"#,
            r#"{"dtype":"F32","shape":[2,2],"data_offsets":[16,0]}"#,
            r#"{"dtype":"F32","shape":[2,2],"data_offsets":[4,20]}"#,
            r#"{"dtype":"F32","shape":[2,2],"data_offsets":[0,8]}"#,
        ] {
            let bytes = made(&format!("{{\"x\":{entry}}}"), &[0; 16]);
            let message = fixtures::open("e.safetensors", bytes).unwrap_err().to_string();
            assert!(message.contains("tensor \"x\""), "{message}");
        }
        let negative = made(r#"{"x":{"dtype":"F32","shape":[-2,2],"data_offsets":[0,16]}}"#, &[0; 16]);
        assert!(Header::read("e.safetensors", &MemorySource(negative)).is_err());
        assert!(Header::read("e.safetensors", &MemorySource(u64::MAX.to_le_bytes().to_vec())).is_err());
    }

    #[test]
    fn damage_is_an_error_or_harmless() {
        let refuses = |bytes| import_safetensors("e.safetensors", &MemorySource(bytes), &Silent).is_err();
        assert!(survives_damage_with("safetensors/two.safetensors", 3000, refuses) > 300);
    }
}
