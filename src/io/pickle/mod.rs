//! Python pickles, protocols 2 to 5, read without running anything.
//!
//! A pickle is a program for a small stack machine (CPython's `Lib/pickletools.py` describes it). This machine knows
//! the instructions that plain values, tensors and arrays are written with, and builds only these: None, booleans,
//! numbers, texts, bytes, tuples, lists, dicts, `collections.OrderedDict`, `torch` tensors (their storages stay in the
//! archive) and numpy arrays, types and scalars. A name of anything else is an error that quotes it, also where the
//! object would not be used. Whole numbers beyond 64 bits become f64. Sets become lists; what `BUILD` adds to a dict
//! (as PyTorch's `_metadata`) is left out.
//!
//! Every instruction makes at most one value and moves what is on the stack, so time and memory are bounded by the
//! length of the pickle. Values refer to each other by position and may form cycles; whoever walks them must bound
//! the walk.

mod error;
mod machine;
mod objects;

use std::ops::Range;

pub use error::PickleError;
pub(crate) use machine::load;

use super::scalar::Scalar;

/// Where a value is among all values of a pickle.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct ValueId(pub(super) usize);

/// A value of a pickle.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Value {
    None,
    Bool(bool),
    Int(i64),
    Float(f64),
    Text(String),
    Bytes(Vec<u8>),
    Tuple(Vec<ValueId>),
    List(Vec<ValueId>),
    Dict(Vec<(ValueId, ValueId)>),
    /// A class or function that is known here.
    Global(String),
    Storage(StorageRef),
    Tensor(TensorRef),
    Dtype(ArrayType),
    Array(NumpyArray),
}

/// Numbers that tensors are views of, kept in another member of the archive.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct StorageRef {
    /// The member's name below `data/`.
    pub(crate) key: String,
    /// `None` for bytes without a type.
    pub(crate) scalar: Option<Scalar>,
}

/// A strided view of a storage.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct TensorRef {
    pub(crate) storage: StorageRef,
    pub(crate) scalar: Scalar,
    /// In numbers, as are the strides.
    pub(crate) offset: u64,
    pub(crate) shape: Vec<u64>,
    pub(crate) strides: Vec<u64>,
}

/// The type of a numpy array's items.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct ArrayType {
    /// As numpy writes it, without byte order: `f4`.
    pub(crate) kind: String,
    pub(crate) is_big_endian: bool,
}

/// A numpy array with its bytes.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct NumpyArray {
    pub(crate) shape: Vec<u64>,
    pub(crate) dtype: ArrayType,
    pub(crate) is_fortran: bool,
    /// A [`Value::Bytes`], or [`Value::List`] of objects.
    pub(crate) data: ValueId,
}

/// All values of a pickle.
#[derive(Debug)]
pub(crate) struct Pickle {
    values: Vec<Value>,
    root: ValueId,
}

impl Pickle {
    /// What was pickled.
    pub(crate) fn root(&self) -> ValueId {
        self.root
    }

    /// A value.
    pub(crate) fn get(&self, id: ValueId) -> &Value {
        &self.values[id.0]
    }

    /// A value that is a text.
    pub(crate) fn text(&self, id: ValueId) -> Option<&str> {
        match self.get(id) {
            Value::Text(text) => Some(text),
            _ => None,
        }
    }
}

/// The bytes of a pickle and how far they are read.
struct Input<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Input<'a> {
    fn take(&mut self, length: usize) -> Result<&'a [u8], PickleError> {
        let end = self.at.checked_add(length).filter(|&end| end <= self.bytes.len());
        let Some(end) = end else { return Err(PickleError::Truncated { at: self.at, needed: length }) };
        let range: Range<usize> = self.at..end;
        self.at = end;
        Ok(&self.bytes[range])
    }

    /// An unsigned little-endian number of `width` bytes, at most 8.
    fn number(&mut self, width: usize) -> Result<u64, PickleError> {
        let mut word = [0; 8];
        word[..width].copy_from_slice(self.take(width)?);
        Ok(u64::from_le_bytes(word))
    }

    /// As many bytes as a number of `width` bytes before them says.
    fn counted(&mut self, width: usize) -> Result<&'a [u8], PickleError> {
        let length = self.number(width)?;
        self.take(usize::try_from(length).unwrap_or(usize::MAX))
    }

    fn line(&mut self) -> Result<&'a [u8], PickleError> {
        let rest = &self.bytes[self.at..];
        let length = rest.iter().position(|&byte| byte == b'\n');
        let length = length.ok_or(PickleError::Truncated { at: self.at, needed: rest.len() + 1 })?;
        let line = self.take(length)?;
        self.at += 1;
        Ok(line)
    }
}
