//! What a numpy file says of its array: types, order and shape.

use super::literal::Literal;
use crate::io::reader::head;
use crate::io::scalar::Scalar;
use crate::io::tensor::TensorInfo;
use crate::io::{ByteSource, ImportError};

/// A header longer than this is not numpy's.
const MAX_HEADER: u64 = 1 << 20;
/// As numpy allows.
const MAX_DIMENSIONS: usize = 64;
const AGAIN: &str = "save it again with numpy.save";

/// The type of an array's items.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum ItemType {
    Number { scalar: Scalar, is_big_endian: bool },
    Text(TextType),
    Record { fields: Vec<Field>, width: usize },
    Other(String),
}

/// Texts of a fixed width, padded with zeros.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct TextType {
    /// Bytes of one text, never 0.
    pub(crate) width: usize,
    /// Whether a character takes four bytes (`U`) or the text is bytes (`S`), which must be UTF-8.
    pub(crate) is_wide: bool,
    pub(crate) is_big_endian: bool,
}

/// A part of each item of a structured array.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Field {
    pub(crate) name: String,
    pub(crate) item: ItemType,
    /// How many items of the type it has.
    pub(crate) n_items: usize,
    /// First byte in the record.
    pub(crate) start: usize,
}

/// An array as its header describes it.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Header {
    pub(crate) item: ItemType,
    pub(crate) is_fortran: bool,
    pub(crate) shape: Vec<u64>,
    pub(crate) data_start: u64,
}

impl ItemType {
    /// The type that numpy writes as `descr`.
    pub(crate) fn from_descr(descr: &str) -> Self {
        let is_big_endian = descr.starts_with('>');
        let kind = descr.trim_start_matches(['<', '>', '|', '=']);
        if let Some(scalar) = Scalar::from_numpy(kind) {
            return Self::Number { scalar, is_big_endian };
        }
        let is_wide = kind.starts_with('U');
        let length = kind.strip_prefix(['U', 'S']).and_then(|digits| digits.parse::<u32>().ok());
        let width = length.and_then(|n| usize::try_from(u64::from(n) * if is_wide { 4 } else { 1 }).ok());
        match width {
            Some(width) if width > 0 => Self::Text(TextType { width, is_wide, is_big_endian }),
            _ => Self::Other(descr.chars().take(40).collect()),
        }
    }

    /// Whether the items are Python objects, which may be texts.
    pub(crate) fn is_objects(&self) -> bool {
        matches!(self, Self::Other(descr) if descr == "|O")
    }

    /// Bytes of one item, if it can be read.
    pub(crate) fn width(&self) -> Option<usize> {
        match self {
            Self::Number { scalar, .. } => Some(scalar.width()),
            Self::Text(text) => Some(text.width),
            Self::Record { width, .. } => Some(*width).filter(|&width| width > 0),
            Self::Other(_) => None,
        }
    }

    /// What it is, in a sentence.
    pub(crate) fn describe(&self) -> String {
        match self {
            Self::Number { scalar, .. } => format!("{scalar:?}"),
            Self::Text(_) => "an array of texts".to_owned(),
            Self::Record { .. } => "a structured array".to_owned(),
            Self::Other(descr) => match descr.trim_start_matches(['<', '>', '|', '=']).chars().next() {
                Some('O') => "pickled Python objects".to_owned(),
                Some('c') => "complex numbers".to_owned(),
                _ => format!("numbers of type {descr:?}"),
            },
        }
    }

    fn parse(descr: &Literal) -> Self {
        match descr {
            Literal::Text(descr) => Self::from_descr(descr),
            Literal::Items(fields) => {
                let record = record(fields).map(|(fields, width)| Self::Record { fields, width });
                record.unwrap_or_else(|| Self::Other("nested fields".to_owned()))
            }
            _ => Self::Other("of no known kind".to_owned()),
        }
    }
}

impl Field {
    fn end(&self) -> Option<usize> {
        self.item.width()?.checked_mul(self.n_items)?.checked_add(self.start)
    }
}

/// `[(name, type), (name, type, shape), …]` and the bytes of all; padding (`|V4`) only takes room.
fn record(literals: &[Literal]) -> Option<(Vec<Field>, usize)> {
    let (mut fields, mut start) = (Vec::<Field>::new(), 0_usize);
    for literal in literals {
        let (name, item, n_items) = match literal.items()? {
            [name, descr] => (name, ItemType::from_descr(descr.text()?), 1),
            [name, descr, shape] => {
                let n_items = shape.sizes()?.into_iter().try_fold(1_u64, u64::checked_mul)?;
                (name, ItemType::from_descr(descr.text()?), usize::try_from(n_items).ok()?)
            }
            _ => return None,
        };
        let field = Field { name: name.text()?.to_owned(), item, n_items, start };
        start = match (&field.item, field.end()) {
            (_, Some(end)) => end,
            (ItemType::Other(padding), None) => {
                start.checked_add(padding.strip_prefix("|V")?.parse::<usize>().ok()?.checked_mul(n_items)?)?
            }
            _ => return None,
        };
        fields.push(field);
    }
    Some((fields, start))
}

impl Header {
    /// How many items.
    pub(crate) fn n_items(&self) -> Option<u64> {
        self.shape.iter().try_fold(1, |product: u64, &size| product.checked_mul(size))
    }

    /// The array as a part of a file that holds several.
    pub(crate) fn info(&self, name: &str) -> TensorInfo {
        TensorInfo {
            name: name.to_owned(),
            shape: self.shape.clone(),
            dtype: self.item.describe(),
            is_numeric: matches!(self.item, ItemType::Number { .. }),
            is_text: matches!(self.item, ItemType::Text(_)) || self.item.is_objects(),
        }
    }

    /// Holds the claim against the size of the file, before anything is allocated; the number of items.
    pub(crate) fn check_size(&self, name: &str, source: &dyn ByteSource) -> Result<usize, ImportError> {
        let n_items = self.n_items();
        let width = self.item.width().unwrap_or(usize::MAX) as u64;
        let n_bytes = n_items.and_then(|n| n.checked_mul(width)).unwrap_or(u64::MAX);
        let found = source.size().saturating_sub(self.data_start);
        if n_bytes > found {
            let sizes: Vec<String> = self.shape.iter().map(u64::to_string).collect();
            let place = format!("its array of {} values", sizes.join(" × "));
            return Err(ImportError::Truncated { file: name.to_owned(), place, expected: n_bytes, found });
        }
        n_items.and_then(|n| usize::try_from(n).ok()).ok_or_else(|| ImportError::OutOfMemory {
            file: name.to_owned(),
            what: "the embedding".to_owned(),
            bytes: n_bytes,
        })
    }

    /// Reads the header.
    ///
    /// # Errors
    /// [`ImportError::Truncated`] if the file ends before it does, [`ImportError::NotEmbedding`] if it can't be
    /// understood.
    pub(crate) fn read(name: &str, source: &dyn ByteSource) -> Result<Self, ImportError> {
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
                return Err(refused(name, format!("a numpy file of unknown version {version}"), AGAIN));
            }
            _ => return Err(truncated(12)),
        };
        let data_start = text_start + length;
        if length > MAX_HEADER || data_start > source.size() {
            return Err(truncated(data_start));
        }
        let bytes = head(name, source, data_start as usize)?;
        let text = String::from_utf8_lossy(&bytes[text_start as usize..]);
        let literal = Literal::parse(&text);
        let part = |key: &str| literal.as_ref().and_then(|header| header.get(key));
        let unreadable = |key: &str| refused(name, format!("a numpy header without a readable {key:?}"), AGAIN);
        let shape = part("shape").and_then(Literal::sizes).ok_or_else(|| unreadable("shape"))?;
        if shape.len() > MAX_DIMENSIONS {
            return Err(refused(name, format!("an array of {} dimensions", shape.len()), AGAIN));
        }
        let item = part("descr").map(ItemType::parse).ok_or_else(|| unreadable("descr"))?;
        let is_fortran = match part("fortran_order") {
            Some(Literal::Bool(is_fortran)) => *is_fortran,
            _ => return Err(unreadable("fortran_order")),
        };
        Ok(Self { item, is_fortran, shape, data_start })
    }
}

pub(super) fn refused(name: &str, found: String, hint: &str) -> ImportError {
    ImportError::NotEmbedding { file: name.to_owned(), found, hint: hint.to_owned() }
}
