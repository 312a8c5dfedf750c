//! Embeddings in numpy's `.npy`, format versions 1 to 3 (numpy's `lib/format.py` describes them).
//!
//! Two-dimensional arrays of float16/32/64, integers and booleans in either byte order, in C or Fortran order, become
//! f32, row-major. Structured arrays are described in `records`. NaN and infinite values are passed on: the data set
//! refuses them with their place. Texts of ids must be valid Unicode without NUL inside.

mod header;
mod literal;
mod records;

pub(crate) use header::{Header, ItemType};

use header::{TextType, refused};

use super::pickle::{self, Value};
use super::reader::reserved;
use super::scalar::Scalar;
use super::tensor::{ArrayContent, Tensor};
use super::{ByteSource, ImportError};
use crate::data::{DataError, Observer};

/// First bytes of a numpy file.
pub(crate) const NPY_MAGIC: [u8; 6] = *b"\x93NUMPY";
/// Values decoded between two looks at the observer.
const BLOCK_VALUES: usize = 1 << 20;

/// Reads an embedding.
///
/// # Shapes
/// `[n_rows, n_cols]`, one row per cell; ids only from a structured array.
///
/// # Errors
/// [`ImportError::NotEmbedding`] for another shape or type, [`ImportError::Truncated`] if the file is shorter than its
/// header says.
pub(crate) fn import_npy(
    name: &str,
    source: &dyn ByteSource,
    observer: &dyn Observer,
) -> Result<ArrayContent, ImportError> {
    let header = Header::read(name, source)?;
    if let ItemType::Record { fields, .. } = &header.item {
        return records::read_records(name, source, &header, fields, observer);
    }
    check_is_embedding(name, &header)?;
    let values = read_numbers(name, source, &header, observer)?.into_matrix(name)?;
    Ok(ArrayContent { ids: None, values })
}

/// Whether the array is the mean of activations: numbers of one dimension in a file with "mean" in its name.
pub(crate) fn is_mean(name: &str, source: &dyn ByteSource) -> bool {
    let file = name.rsplit(['/', '\\']).next().unwrap_or(name).to_lowercase();
    file.contains("mean")
        && Header::read(name, source).is_ok_and(|header| {
            matches!(header.item, ItemType::Number { .. }) && matches!(header.shape.as_slice(), [n] | [1, n] if *n > 0)
        })
}

/// Reads the mean of activations.
///
/// # Errors
/// As [`read_numbers`].
pub(crate) fn import_mean(
    name: &str,
    source: &dyn ByteSource,
    observer: &dyn Observer,
) -> Result<Vec<f32>, ImportError> {
    let header = Header::read(name, source)?;
    read_numbers(name, source, &header, observer).map(|tensor| tensor.values)
}

fn check_is_embedding(name: &str, header: &Header) -> Result<(), ImportError> {
    let shape = &header.shape;
    if !matches!(header.item, ItemType::Number { .. }) {
        let hint = "convert it with array.astype('float32') before numpy.save";
        return Err(refused(name, header.item.describe(), hint));
    }
    match shape.as_slice() {
        [0, _] | [_, 0] => {
            let hint = "export an array that has cells and dimensions";
            Err(refused(name, format!("an array without values, shape {shape:?}"), hint))
        }
        [_, _] => Ok(()),
        [n] => {
            let hint = "if it is one coordinate per cell, save array.reshape(-1, 1); labels belong into a .csv";
            Err(refused(name, format!("a 1-D array of {n} values"), hint))
        }
        _ => {
            let hint = "save one row per cell, for example array.reshape(n_cells, -1)";
            Err(refused(name, format!("a {}-D array of shape {shape:?}", shape.len()), hint))
        }
    }
}

/// Reads an array of numbers of any shape.
///
/// # Errors
/// [`ImportError::NotEmbedding`] if it has no numbers, [`ImportError::Truncated`], [`ImportError::Read`].
pub(crate) fn read_numbers(
    name: &str,
    source: &dyn ByteSource,
    header: &Header,
    observer: &dyn Observer,
) -> Result<Tensor, ImportError> {
    let ItemType::Number { scalar, is_big_endian } = header.item else {
        return Err(refused(name, header.item.describe(), "save numbers"));
    };
    let n_values = header.check_size(name, source)?;
    let shape: Vec<usize> = header.shape.iter().map(|&size| size as usize).collect();
    let mut values: Vec<f32> = reserved(name, "the embedding", n_values as u64)?;
    values.resize(n_values, 0.0);
    let order = Order::of(&shape, header.is_fortran);
    read_blocks(name, source, header.data_start, scalar, n_values, observer, |at, raw| {
        values[order.place_of(at)] = scalar.decode(raw, is_big_endian);
    })?;
    Ok(Tensor { shape, values })
}

/// Reads `n_values` numbers that follow each other, handing each to `each` with its position.
///
/// # Errors
/// [`ImportError::Read`], [`ImportError::Cancelled`].
pub(crate) fn read_blocks(
    name: &str,
    source: &dyn ByteSource,
    start_at: u64,
    scalar: Scalar,
    n_values: usize,
    observer: &dyn Observer,
    mut each: impl FnMut(usize, &[u8]),
) -> Result<(), ImportError> {
    let width = scalar.width();
    let mut bytes = vec![0; n_values.min(BLOCK_VALUES) * width];
    for start in (0..n_values).step_by(BLOCK_VALUES) {
        look(name, start, n_values, observer)?;
        let n = BLOCK_VALUES.min(n_values - start);
        let block = &mut bytes[..n * width];
        let read = source.read_at(start_at + (start * width) as u64, block);
        read.map_err(|source| ImportError::Read { file: name.to_owned(), source })?;
        for (at, raw) in block.chunks_exact(width).enumerate() {
            each(start + at, raw);
        }
    }
    Ok(())
}

/// Tells the observer how far reading is, and stops if it was cancelled.
pub(crate) fn look(name: &str, at: usize, n: usize, observer: &dyn Observer) -> Result<(), ImportError> {
    if observer.is_cancelled() {
        return Err(ImportError::Cancelled { file: name.to_owned() });
    }
    observer.progress(at as f64 / n as f64, &format!("Reading {name}"));
    Ok(())
}

/// Where a value that stands at some place in the file belongs in row-major order.
enum Order {
    Same,
    /// Sizes, first dimension first, of an array whose first dimension runs fastest.
    Fortran(Vec<usize>),
}

impl Order {
    fn of(shape: &[usize], is_fortran: bool) -> Self {
        if is_fortran && shape.len() > 1 { Self::Fortran(shape.to_vec()) } else { Self::Same }
    }

    fn place_of(&self, at: usize) -> usize {
        let Self::Fortran(shape) = self else { return at };
        let (mut rest, mut place, mut stride) = (at, 0, shape.iter().product::<usize>());
        for size in shape {
            stride /= size;
            place += rest % size * stride;
            rest /= size;
        }
        place
    }
}

/// Reads an array of texts.
///
/// # Errors
/// [`ImportError::Format`] for a text that is not Unicode, [`ImportError::NotEmbedding`] if it has no texts,
/// [`ImportError::Truncated`].
pub(crate) fn read_texts(name: &str, source: &dyn ByteSource, header: &Header) -> Result<Vec<String>, ImportError> {
    let text = match &header.item {
        ItemType::Text(text) => *text,
        item if item.is_objects() => return pickled_texts(name, source, header),
        item => return Err(refused(name, item.describe(), "save texts")),
    };
    let n_texts = header.check_size(name, source)?;
    let mut bytes: Vec<u8> = reserved(name, "the ids", (n_texts * text.width) as u64)?;
    bytes.resize(n_texts * text.width, 0);
    let read = source.read_at(header.data_start, &mut bytes);
    read.map_err(|source| ImportError::Read { file: name.to_owned(), source })?;
    bytes.chunks_exact(text.width).enumerate().map(|(row, raw)| text_of(name, raw, text, row)).collect()
}

/// An array of Python objects, which numpy pickles, if all are texts.
fn pickled_texts(name: &str, source: &dyn ByteSource, header: &Header) -> Result<Vec<String>, ImportError> {
    let mut bytes: Vec<u8> = reserved(name, "the ids", source.size())?;
    bytes.resize(source.size() as usize, 0);
    source.read_at(0, &mut bytes).map_err(|source| ImportError::Read { file: name.to_owned(), source })?;
    let content = bytes.get(header.data_start as usize..).unwrap_or_default();
    let pickle = pickle::load(content).map_err(|source| ImportError::Pickle { file: name.to_owned(), source })?;
    let items = match pickle.get(pickle.root()) {
        Value::Array(array) => match pickle.get(array.data) {
            Value::List(items) => items.as_slice(),
            _ => &[],
        },
        _ => &[],
    };
    let texts: Option<Vec<String>> = items.iter().map(|&id| pickle.text(id).map(str::to_owned)).collect();
    let texts = texts.filter(|texts| Some(texts.len() as u64) == header.n_items());
    texts.ok_or_else(|| refused(name, "an array of Python objects that are not all texts".to_owned(), "save texts"))
}

/// One text without the zeros that pad it.
fn text_of(name: &str, raw: &[u8], kind: TextType, row: usize) -> Result<String, ImportError> {
    let text: Option<String> = if kind.is_wide {
        let chars = raw.as_chunks::<4>().0.iter().map(|&raw| {
            char::from_u32(if kind.is_big_endian { u32::from_be_bytes(raw) } else { u32::from_le_bytes(raw) })
        });
        chars.collect()
    } else {
        String::from_utf8(raw.to_vec()).ok()
    };
    let text = text.map(|text| text.trim_end_matches('\0').to_owned());
    text.filter(|text| !text.contains('\0')).ok_or_else(|| ImportError::Format {
        file: name.to_owned(),
        place: format!("the text in row {}", row + 1),
        found: "is not Unicode, or has a NUL character inside".to_owned(),
        expected: "a cell id".to_owned(),
        advice: "save the ids as str".to_owned(),
    })
}

fn data_error(name: &str, source: DataError) -> ImportError {
    ImportError::Data { file: name.to_owned(), place: "the array".to_owned(), source }
}

#[cfg(test)]
mod tests;
