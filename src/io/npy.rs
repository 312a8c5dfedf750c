//! Embeddings in numpy's `.npy`, format versions 1 to 3 (numpy's `lib/format.py` describes them).
//!
//! Two-dimensional arrays of float16/32/64, integers and booleans in either byte order, in C or Fortran order, become
//! f32, row-major. NaN and infinite values are passed on: the data set refuses them with their place.

use half::f16;

use super::reader::{head, reserved};
use super::{ByteSource, ImportError};
use crate::data::{DenseMatrix, Observer};

/// Values decoded between two looks at the observer.
const BLOCK_VALUES: usize = 1 << 20;
/// A header longer than this is not numpy's.
const MAX_HEADER: u64 = 1 << 20;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Scalar {
    Bool,
    Float(usize),
    Signed(usize),
    Unsigned(usize),
}

#[derive(Debug, PartialEq)]
struct Header {
    scalar: Scalar,
    is_big_endian: bool,
    is_fortran: bool,
    n_rows: usize,
    n_cols: usize,
    data_start: u64,
}

/// Reads a two-dimensional array.
///
/// # Shapes
/// `[n_rows, n_cols]`, one row per cell.
///
/// # Errors
/// [`ImportError::Npy`] for another shape or type, [`ImportError::Truncated`] if the file is shorter than its
/// header says.
pub(crate) fn import_npy(
    name: &str,
    source: &dyn ByteSource,
    observer: &dyn Observer,
) -> Result<DenseMatrix, ImportError> {
    let header = read_header(name, source)?;
    let n_values = check_size(name, source, &header)?;
    let mut values: Vec<f32> = reserved(name, "the embedding", n_values as u64)?;
    values.resize(n_values, 0.0);
    let width = header.scalar.width();
    let mut bytes = vec![0; n_values.min(BLOCK_VALUES) * width];
    for start in (0..n_values).step_by(BLOCK_VALUES) {
        if observer.is_cancelled() {
            return Err(ImportError::Cancelled { file: name.to_owned() });
        }
        observer.progress(start as f64 / n_values as f64, &format!("Reading {name}"));
        let n = BLOCK_VALUES.min(n_values - start);
        let block = &mut bytes[..n * width];
        let offset = header.data_start + (start * width) as u64;
        source.read_at(offset, block).map_err(|source| ImportError::Read { file: name.to_owned(), source })?;
        for (at, raw) in block.chunks_exact(width).enumerate() {
            values[header.place_of(start + at)] = header.scalar.decode(raw, header.is_big_endian);
        }
    }
    DenseMatrix::new(header.n_rows, header.n_cols, values).map_err(|source| ImportError::Data {
        file: name.to_owned(),
        place: "the array".to_owned(),
        source,
    })
}

impl Header {
    /// Where the value that the file stores at `at` belongs in row-major order.
    fn place_of(&self, at: usize) -> usize {
        if self.is_fortran { (at % self.n_rows) * self.n_cols + at / self.n_rows } else { at }
    }
}

impl Scalar {
    fn width(self) -> usize {
        match self {
            Self::Bool => 1,
            Self::Float(width) | Self::Signed(width) | Self::Unsigned(width) => width,
        }
    }

    fn decode(self, raw: &[u8], is_big_endian: bool) -> f32 {
        let mut word = [0; 8];
        for (at, &byte) in raw.iter().enumerate() {
            word[if is_big_endian { raw.len() - 1 - at } else { at }] = byte;
        }
        let bits = u64::from_le_bytes(word);
        let unused = 64 - 8 * raw.len() as u32;
        match self {
            Self::Bool => f32::from(u8::from(bits != 0)),
            Self::Float(2) => f16::from_bits(bits as u16).to_f32(),
            Self::Float(4) => f32::from_bits(bits as u32),
            Self::Float(_) => f64::from_bits(bits) as f32,
            Self::Signed(_) => ((bits << unused).cast_signed() >> unused) as f32,
            Self::Unsigned(_) => bits as f32,
        }
    }
}

/// Holds the header's claim against the size of the file, before anything is allocated.
fn check_size(name: &str, source: &dyn ByteSource, header: &Header) -> Result<usize, ImportError> {
    let n_values = (header.n_rows as u64).checked_mul(header.n_cols as u64);
    let n_bytes = n_values.and_then(|n| n.checked_mul(header.scalar.width() as u64)).unwrap_or(u64::MAX);
    let found = source.size().saturating_sub(header.data_start);
    if n_bytes > found {
        let place = format!("its array of {} × {} values", header.n_rows, header.n_cols);
        return Err(ImportError::Truncated { file: name.to_owned(), place, expected: n_bytes, found });
    }
    n_values.and_then(|n| usize::try_from(n).ok()).ok_or_else(|| ImportError::OutOfMemory {
        file: name.to_owned(),
        what: "the embedding".to_owned(),
        bytes: n_bytes,
    })
}

fn read_header(name: &str, source: &dyn ByteSource) -> Result<Header, ImportError> {
    let truncated = |expected| ImportError::Truncated {
        file: name.to_owned(),
        place: "its header".to_owned(),
        expected,
        found: source.size(),
    };
    let start = head(name, source, 12)?;
    let (length, text_start) = match start.as_slice() {
        [_, _, _, _, _, _, 1, _, a, b, ..] => (u64::from(u16::from_le_bytes([*a, *b])), 10),
        [_, _, _, _, _, _, 2 | 3, _, a, b, c, d] => (u64::from(u32::from_le_bytes([*a, *b, *c, *d])), 12),
        [_, _, _, _, _, _, version, ..] if !matches!(version, 1..=3) => {
            let hint = "save it again with numpy.save".to_owned();
            return Err(refused(name, format!("a numpy file of unknown version {version}"), hint));
        }
        _ => return Err(truncated(12)),
    };
    let data_start = text_start + length;
    if length > MAX_HEADER || data_start > source.size() {
        return Err(truncated(data_start));
    }
    let bytes = head(name, source, data_start as usize)?;
    let text = String::from_utf8_lossy(&bytes[text_start as usize..]);
    parse_header(name, &text, data_start)
}

fn refused(name: &str, found: String, hint: String) -> ImportError {
    ImportError::Npy { file: name.to_owned(), found, hint }
}

fn parse_header(name: &str, text: &str, data_start: u64) -> Result<Header, ImportError> {
    let part = |key: &str| {
        value_of(text, key).ok_or_else(|| {
            let found = format!("a numpy header without {key:?}");
            refused(name, found, "save it again with numpy.save".to_owned())
        })
    };
    let (scalar, is_big_endian) = parse_descr(name, part("descr")?)?;
    let is_fortran = part("fortran_order")?.starts_with("True");
    let (n_rows, n_cols) = parse_shape(name, part("shape")?)?;
    Ok(Header { scalar, is_big_endian, is_fortran, n_rows, n_cols, data_start })
}

/// The text after `'key':` in a Python dict literal.
fn value_of<'a>(text: &'a str, key: &str) -> Option<&'a str> {
    let after = ['\'', '"'].into_iter().find_map(|quote| {
        let quoted = format!("{quote}{key}{quote}");
        text.find(&quoted).map(|at| &text[at + quoted.len()..])
    })?;
    Some(after.trim_start().strip_prefix(':')?.trim_start())
}

fn parse_descr(name: &str, text: &str) -> Result<(Scalar, bool), ImportError> {
    let unsupported = |descr: &str| {
        let found = match descr.trim_start_matches(['<', '>', '|', '=']).chars().next() {
            Some('O') => "pickled Python objects".to_owned(),
            Some('U' | 'S') => "an array of texts".to_owned(),
            Some('c') => "complex numbers".to_owned(),
            Some('[') => "a structured array".to_owned(),
            _ => format!("numbers of type {descr:?}"),
        };
        refused(name, found, "convert it with array.astype('float32') before numpy.save".to_owned())
    };
    let descr = text.strip_prefix(['\'', '"']).and_then(|rest| rest.split(['\'', '"']).next());
    let Some(descr) = descr else { return Err(unsupported("[")) };
    let is_big_endian = descr.starts_with('>');
    let kind = descr.trim_start_matches(['<', '>', '|', '=']);
    let scalar = match kind {
        "b1" => Scalar::Bool,
        "f2" => Scalar::Float(2),
        "f4" => Scalar::Float(4),
        "f8" => Scalar::Float(8),
        "i1" => Scalar::Signed(1),
        "i2" => Scalar::Signed(2),
        "i4" => Scalar::Signed(4),
        "i8" => Scalar::Signed(8),
        "u1" => Scalar::Unsigned(1),
        "u2" => Scalar::Unsigned(2),
        "u4" => Scalar::Unsigned(4),
        "u8" => Scalar::Unsigned(8),
        _ => return Err(unsupported(descr)),
    };
    Ok((scalar, is_big_endian))
}

fn parse_shape(name: &str, text: &str) -> Result<(usize, usize), ImportError> {
    let inside = text.strip_prefix('(').and_then(|rest| rest.split_once(')')).map(|(inside, _)| inside);
    let sizes: Option<Vec<usize>> = inside.and_then(|inside| {
        inside.split(',').map(str::trim).filter(|part| !part.is_empty()).map(|part| part.parse().ok()).collect()
    });
    let Some(sizes) = sizes else {
        let hint = "save it again with numpy.save".to_owned();
        return Err(refused(name, "a numpy header without a readable shape".to_owned(), hint));
    };
    match sizes.as_slice() {
        [0, _] | [_, 0] => {
            let hint = "export an array that has cells and dimensions".to_owned();
            Err(refused(name, format!("an array without values, shape {sizes:?}"), hint))
        }
        &[n_rows, n_cols] => Ok((n_rows, n_cols)),
        [n] => {
            let hint = "if it is one coordinate per cell, save array.reshape(-1, 1); labels belong into a .csv";
            Err(refused(name, format!("a 1-D array of {n} values"), hint.to_owned()))
        }
        _ => {
            let hint = "save one row per cell, for example array.reshape(n_cells, -1)".to_owned();
            Err(refused(name, format!("a {}-D array of shape {sizes:?}", sizes.len()), hint))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::Silent;
    use crate::io::MemorySource;

    fn npy(descr: &str, fortran: &str, shape: &str, data: &[u8]) -> Vec<u8> {
        let text = format!("{{'descr': {descr}, 'fortran_order': {fortran}, 'shape': {shape}, }}\n");
        let mut bytes = b"\x93NUMPY\x01\0".to_vec();
        bytes.extend((text.len() as u16).to_le_bytes());
        bytes.extend(text.bytes());
        bytes.extend(data);
        bytes
    }

    fn read(bytes: Vec<u8>) -> Result<DenseMatrix, ImportError> {
        import_npy("e.npy", &MemorySource(bytes), &Silent)
    }

    #[test]
    fn integers_keep_their_sign_in_both_byte_orders() {
        let little = read(npy("'<i2'", "False", "(2, 1)", &[0xfe, 0xff, 3, 0])).unwrap();
        assert_eq!(little.values(), [-2.0, 3.0]);
        let big = read(npy("'>i2'", "False", "(2, 1)", &[0xff, 0xfe, 0, 3])).unwrap();
        assert_eq!(big.values(), [-2.0, 3.0]);
        assert_eq!(read(npy("'|u1'", "False", "(1, 2)", &[255, 1])).unwrap().values(), [255.0, 1.0]);
        assert_eq!(read(npy("'|b1'", "False", "(1, 2)", &[1, 0])).unwrap().values(), [1.0, 0.0]);
    }

    #[test]
    fn fortran_order_is_turned() {
        let matrix = read(npy("'|i1'", "True", "(2, 3)", &[1, 4, 2, 5, 3, 6])).unwrap();
        assert_eq!(matrix.values(), [1.0, 2.0, 3.0, 4.0, 5.0, 6.0]);
    }

    #[test]
    fn other_shapes_and_types_are_refused_with_what_they_are() {
        for (descr, shape, expected) in [
            ("'<f4'", "(3,)", "1-D array of 3"),
            ("'<f4'", "(1, 2, 3)", "3-D array"),
            ("'<f4'", "(0, 3)", "without values"),
            ("'|O'", "(1, 1)", "pickled"),
            ("'<U4'", "(1, 1)", "texts"),
            ("'<c8'", "(1, 1)", "complex"),
            ("[('a', '<f4')]", "(1, 1)", "structured"),
        ] {
            let message = read(npy(descr, "False", shape, &[0; 64])).unwrap_err().to_string();
            assert!(message.contains(expected), "{message}");
        }
    }

    #[test]
    fn a_claim_larger_than_the_file_is_refused_before_allocation() {
        let bytes = npy("'<f8'", "False", "(4000000000, 4000000000)", &[0; 16]);
        assert!(matches!(read(bytes), Err(ImportError::Truncated { found: 16, .. })));
    }

    #[test]
    fn every_truncation_is_an_error() {
        let bytes = npy("'<f4'", "False", "(2, 2)", &[0; 16]);
        for length in 6..bytes.len() {
            assert!(matches!(read(bytes[..length].to_vec()), Err(ImportError::Truncated { .. })), "{length}");
        }
        assert!(read(bytes).is_ok());
    }
}
