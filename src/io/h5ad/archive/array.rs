//! Arrays of an HDF5 file: what they hold, without their values.

use half::f16;
use hdf5_pure::{AttrValue, DType, Dataset, Datatype, DatatypeByteOrder, Error};

/// An array and where it is.
pub(crate) struct Array {
    pub(crate) path: String,
    pub(crate) shape: Vec<u64>,
    pub(crate) dtype: DType,
    pub(super) dataset: Dataset,
}

/// A range of rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Window {
    pub(crate) start: u64,
    pub(crate) length: u64,
}

impl Array {
    /// Values in one row.
    pub(crate) fn row_length(&self) -> u64 {
        self.shape.iter().skip(1).fold(1, |product, &size| product.saturating_mul(size))
    }

    /// Number of values.
    pub(crate) fn n_values(&self) -> u64 {
        self.shape.iter().fold(1, |product, &size| product.saturating_mul(size))
    }

    /// An attribute that is a text.
    pub(crate) fn text_attr(&self, key: &str) -> Option<String> {
        let attrs = self.dataset.attrs().ok()?;
        attrs.get(key).and_then(AttrValue::as_str).map(str::to_owned)
    }

    /// Whether there is such an attribute, of whatever type.
    pub(crate) fn has_attr(&self, key: &str) -> bool {
        self.dataset.attr_datatypes().is_ok_and(|types| types.contains_key(key))
    }

    /// Whether the values are rows of named fields.
    pub(crate) fn is_compound(&self) -> bool {
        matches!(self.dtype, DType::Compound(_))
    }

    /// Whether the values are numbers.
    pub(crate) fn is_numeric(&self) -> bool {
        matches!(self.dtype, DType::F32 | DType::F64) || self.is_integer() || self.half_order().is_some()
    }

    /// Whether the values are whole numbers.
    pub(crate) fn is_integer(&self) -> bool {
        use DType::{I8, I16, I32, I64, U8, U16, U32, U64};
        matches!(self.dtype, I8 | I16 | I32 | I64 | U8 | U16 | U32 | U64)
    }

    /// What the values are, for messages: `float16`, `i32`.
    pub(crate) fn type_name(&self) -> String {
        match &self.dtype {
            DType::F32 => "float32".to_owned(),
            DType::F64 => "float64".to_owned(),
            DType::Other(other) => match **other {
                Datatype::FloatingPoint { size, .. } => format!("float{}", size * 8),
                _ => self.dtype.to_string(),
            },
            known => known.to_string(),
        }
    }

    /// The byte order of IEEE half precision, which the HDF5 reader does not convert.
    pub(super) fn half_order(&self) -> Option<DatatypeByteOrder> {
        let DType::Other(other) = &self.dtype else { return None };
        match &**other {
            Datatype::FloatingPoint { size: 2, byte_order, layout }
                if (layout.exponent_size, layout.mantissa_size) == (5, 10) =>
            {
                Some(*byte_order)
            }
            _ => None,
        }
    }

    pub(super) fn raw(&self, rows: &Window) -> Result<Vec<u8>, Error> {
        self.dataset.read_raw_rows(rows.start, rows.length)
    }

    /// Whether the values are texts.
    pub(crate) fn is_text(&self) -> bool {
        matches!(self.dtype, DType::String | DType::VariableLengthString)
    }

    /// Whether the values are booleans as h5py writes them.
    pub(crate) fn is_bool(&self) -> bool {
        matches!(&self.dtype, DType::Enum(names) if names.iter().any(|name| name == "TRUE"))
    }
}

/// Half-precision numbers from their bytes.
pub(super) fn halves(bytes: &[u8], order: DatatypeByteOrder) -> impl Iterator<Item = f16> {
    bytes.chunks_exact(2).map(move |pair| match order {
        DatatypeByteOrder::BigEndian => f16::from_be_bytes([pair[0], pair[1]]),
        _ => f16::from_le_bytes([pair[0], pair[1]]),
    })
}
