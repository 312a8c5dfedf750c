//! Named f32 tensors to and from safetensors bytes.
//!
//! Reads F32, F64, F16 and BF16 (all become f32); writes F32. Names keep their order out of the format's hands, so
//! the same tensors always give the same bytes.

use std::borrow::Cow;
use std::collections::HashMap;

use half::{bf16, f16};
use safetensors::tensor::{Dtype, SafeTensorError, SafeTensors, View};

/// One f32 tensor to be written.
#[derive(Debug)]
pub(crate) struct F32Tensor<'data> {
    shape: Vec<usize>,
    values: &'data [f32],
}

impl<'data> F32Tensor<'data> {
    pub(crate) fn new(shape: &[usize], values: &'data [f32]) -> Self {
        Self { shape: shape.to_vec(), values }
    }
}

impl View for F32Tensor<'_> {
    fn dtype(&self) -> Dtype {
        Dtype::F32
    }

    fn shape(&self) -> &[usize] {
        &self.shape
    }

    fn data(&self) -> Cow<'_, [u8]> {
        Cow::Owned(self.values.iter().flat_map(|value| value.to_le_bytes()).collect())
    }

    fn data_len(&self) -> usize {
        size_of_val(self.values)
    }
}

/// Writes tensors, and one text under `note` in the header if given.
pub(crate) fn write<'data>(
    tensors: impl IntoIterator<Item = (&'static str, F32Tensor<'data>)>,
    note: Option<(&str, String)>,
) -> Result<Vec<u8>, SafeTensorError> {
    let header = note.map(|(name, text)| HashMap::from([(name.to_owned(), text)]));
    safetensors::serialize(tensors, header)
}

/// A tensor that was read.
#[derive(Debug, PartialEq)]
pub(crate) struct ReadTensor {
    pub(crate) shape: Vec<usize>,
    pub(crate) values: Vec<f32>,
}

/// Reads one tensor as f32; `None` if its values are not floating-point numbers of a kind read here.
pub(crate) fn read(file: &SafeTensors<'_>, name: &str) -> Option<Result<ReadTensor, String>> {
    let view = file.tensor(name).ok()?;
    let bytes = view.data();
    let values = match view.dtype() {
        Dtype::F32 => convert(bytes, f32::from_le_bytes),
        Dtype::F64 => convert(bytes, |raw| f64::from_le_bytes(raw) as f32),
        Dtype::BF16 => convert(bytes, |raw| bf16::from_le_bytes(raw).to_f32()),
        Dtype::F16 => convert(bytes, |raw| f16::from_le_bytes(raw).to_f32()),
        other => return Some(Err(format!("{other:?}"))),
    };
    Some(Ok(ReadTensor { shape: view.shape().to_vec(), values }))
}

fn convert<const N: usize>(bytes: &[u8], number: impl Fn([u8; N]) -> f32) -> Vec<f32> {
    bytes.as_chunks::<N>().0.iter().map(|raw| number(*raw)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn other_float_types_become_f32() {
        assert_eq!(convert(&[0x00, 0xc1], |raw| f16::from_le_bytes(raw).to_f32()), [-2.5]);
        assert_eq!(convert(&[0x20, 0xc0], |raw| bf16::from_le_bytes(raw).to_f32()), [-2.5]);
    }

    #[test]
    fn what_is_written_is_read_and_its_bytes_are_stable() {
        let values = [1.0, -2.0, 3.5, 0.25];
        let write_both = || {
            let tensors = [("b", F32Tensor::new(&[2, 2], &values)), ("a", F32Tensor::new(&[4], &values))];
            write(tensors, Some(("note", "x".to_owned()))).unwrap()
        };
        let bytes = write_both();
        assert_eq!(bytes, write_both());
        let file = SafeTensors::deserialize(&bytes).unwrap();
        assert_eq!(read(&file, "b"), Some(Ok(ReadTensor { shape: vec![2, 2], values: values.to_vec() })));
        assert_eq!(read(&file, "c"), None);
    }
}
