//! The HDF5 file under an AnnData file: finding objects, reading arrays, saying what went wrong where.

use std::collections::HashMap;
use std::io;
use std::sync::Arc;

use half::f16;
use hdf5_pure::{
    AttrValue, DType, Dataset, Datatype, DatatypeByteOrder, Error, File, FileAccessProperties, FormatError, Group,
    MetadataCacheConfig,
};

use super::guard::{Allowance, Budget, check_claim};
use super::heap::GlobalHeap;
use super::paged::{PagedSource, SoftLinks};
use crate::data::Observer;
use crate::io::reader::reserved;
use crate::io::{ByteSource, ImportError};

/// Values read at once.
const WINDOW_VALUES: u64 = 1 << 20;

/// An open HDF5 file.
pub(crate) struct Archive {
    name: String,
    size: u64,
    source: Arc<dyn ByteSource>,
    file: File,
    soft_links: SoftLinks,
    budget: Budget,
    allowance: Allowance,
}

/// An array and where it is.
pub(crate) struct Array {
    pub(crate) path: String,
    pub(crate) shape: Vec<u64>,
    pub(crate) dtype: DType,
    dataset: Dataset,
}

/// A group and where it is.
pub(crate) struct Folder {
    pub(crate) path: String,
    pub(crate) attrs: HashMap<String, AttrValue>,
    group: Group,
}

/// What is at a path.
pub(crate) enum Node {
    Folder(Folder),
    Array(Array),
}

impl Archive {
    /// Opens the file.
    ///
    /// # Errors
    /// [`ImportError::Truncated`] if it is shorter than it says, [`ImportError::Hdf5`] if it can't be understood.
    pub(crate) fn open(name: &str, source: Arc<dyn ByteSource>) -> Result<Self, ImportError> {
        let size = source.size();
        // Pages are kept by us, and reads counted.
        let properties = FileAccessProperties::new().with_metadata_cache(MetadataCacheConfig::disabled());
        let paged = PagedSource::new(Arc::clone(&source));
        let (soft_links, allowance) = (paged.soft_links(), paged.allowance());
        let file = File::from_source_with_options(paged, properties)
            .map_err(|error| hdf5_error(name, size, "its start", error))?;
        let expected = file.superblock().eof_address;
        if expected > size {
            let place = "the HDF5 content".to_owned();
            return Err(ImportError::Truncated { file: name.to_owned(), place, expected, found: size });
        }
        Ok(Self { name: name.to_owned(), size, source, file, soft_links, budget: Budget::new(size), allowance })
    }

    /// The file's name.
    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// What is at `path`, or nothing.
    pub(crate) fn node(&self, path: &str) -> Result<Option<Node>, ImportError> {
        let error = |error| self.error(path, error);
        self.allowance.begin_step();
        match self.file.group(path) {
            Ok(group) => {
                let attrs = group.attrs().map_err(error)?;
                Ok(Some(Node::Folder(Folder { path: path.to_owned(), attrs, group })))
            }
            Err(Error::NotAGroup(_)) => {
                let dataset = self.file.dataset(path).map_err(error)?;
                let shape = dataset.shape().map_err(error)?;
                let dtype = dataset.dtype().map_err(error)?;
                let element = dataset.element_size().map_err(error)?;
                check_claim(&dataset, &shape, element, self.size).map_err(|found| self.too_much(path, &found))?;
                Ok(Some(Node::Array(Array { path: path.to_owned(), shape, dtype, dataset })))
            }
            Err(Error::Format(FormatError::PathNotFound(_))) => Ok(None),
            Err(other) => Err(error(other)),
        }
    }

    fn too_much(&self, path: &str, found: &str) -> ImportError {
        self.layout(path, found, &format!("no more than a file of {} bytes can hold", self.size))
    }

    /// Takes what reading `n` values of an array keeps in memory out of what the file may give.
    pub(crate) fn spend(&self, array: &Array, n: u64) -> Result<(), ImportError> {
        self.spend_bytes(array, n.saturating_mul(size_of::<f64>() as u64))
    }

    /// The same for a number of bytes.
    pub(crate) fn spend_bytes(&self, array: &Array, n_bytes: u64) -> Result<(), ImportError> {
        self.budget.take(n_bytes).map_err(|found| self.too_much(&array.path, &found))
    }

    /// The array at `path`, which must be there.
    pub(crate) fn array(&self, path: &str) -> Result<Array, ImportError> {
        match self.node(path)? {
            Some(Node::Array(array)) => Ok(array),
            Some(Node::Folder(_)) => Err(self.layout(path, "is a group", "an array")),
            None => Err(self.layout(path, "is missing", "an array")),
        }
    }

    /// Soft links met so far in the groups that were looked into; they are not followed.
    pub(crate) fn n_soft_links(&self) -> usize {
        self.soft_links.n_found()
    }

    /// Names in a group, sorted.
    pub(crate) fn members(&self, folder: &Folder) -> Result<Vec<String>, ImportError> {
        let error = |error| self.error(&folder.path, error);
        self.allowance.begin_step();
        let mut names = folder.group.datasets().map_err(error)?;
        names.extend(folder.group.groups().map_err(error)?);
        names.sort();
        Ok(names)
    }

    /// Names at the top of the file, sorted.
    pub(crate) fn top_members(&self) -> Result<Vec<String>, ImportError> {
        let group = self.file.root();
        self.members(&Folder { path: "/".to_owned(), attrs: HashMap::new(), group })
    }

    /// All numbers of an array as f64.
    pub(crate) fn numbers(&self, array: &Array) -> Result<Vec<f64>, ImportError> {
        self.all(array, |rows| match array.half_order() {
            Some(order) => Ok(halves(&array.raw(rows)?, order).map(f64::from).collect()),
            None => array.dataset.read_f64_rows(rows.start, rows.length),
        })
    }

    /// All numbers of an array as i64.
    pub(crate) fn integers(&self, array: &Array) -> Result<Vec<i64>, ImportError> {
        self.all(array, |rows| array.dataset.read_i64_rows(rows.start, rows.length))
    }

    /// All texts of an array.
    pub(crate) fn texts(&self, array: &Array) -> Result<Vec<String>, ImportError> {
        let mut texts = reserved(&self.name, &array.path, array.n_values())?;
        for window in self.windows(array)? {
            self.allowance.begin_step();
            self.spend_bytes(array, self.n_text_bytes(array, &window)?)?;
            let part = array.dataset.read_string_rows(window.start, window.length);
            texts.extend(self.complete(array, &window, part.map_err(|error| self.error(&array.path, error))?)?);
        }
        Ok(texts)
    }

    /// Bytes that texts take in memory; those of variable length say it before they are read.
    fn n_text_bytes(&self, array: &Array, rows: &Window) -> Result<u64, ImportError> {
        let n_values = rows.length.saturating_mul(array.row_length());
        let element = self.element_size(array)?;
        let n_inside = if array.dtype == DType::VariableLengthString {
            let references = array.raw(rows).map_err(|error| self.error(&array.path, error))?;
            let lengths = references.chunks_exact(element.max(4));
            lengths.map(|raw| u64::from(u32::from_le_bytes([raw[0], raw[1], raw[2], raw[3]]))).sum()
        } else {
            n_values.saturating_mul(element as u64)
        };
        Ok(n_values.saturating_mul(size_of::<String>() as u64).saturating_add(n_inside))
    }

    /// Rows of an array as they are stored.
    pub(crate) fn bytes_in(&self, array: &Array, rows: &Window) -> Result<Vec<u8>, ImportError> {
        self.allowance.begin_step();
        let bytes = array.raw(rows).map_err(|error| self.error(&array.path, error))?;
        let expected = rows.length.saturating_mul(array.row_length()).saturating_mul(self.element_size(array)? as u64);
        if bytes.len() as u64 == expected {
            return Ok(bytes);
        }
        Err(self.layout(&array.path, &format!("gave {} bytes", bytes.len()), &format!("{expected}")))
    }

    /// Bytes of one value, at least 1.
    pub(crate) fn element_size(&self, array: &Array) -> Result<usize, ImportError> {
        let size = array.dataset.element_size().map_err(|error| self.error(&array.path, error))?;
        Ok(usize::try_from(size).unwrap_or(usize::MAX).max(1))
    }

    /// How the values of an array are stored.
    pub(crate) fn datatype(&self, array: &Array) -> Result<Datatype, ImportError> {
        array.dataset.datatype().map_err(|error| self.error(&array.path, error))
    }

    /// The heap where texts of variable length stand.
    pub(crate) fn heap(&self) -> GlobalHeap {
        GlobalHeap::new(Arc::clone(&self.source), self.file.superblock().base_address.get())
    }

    /// Reads window after window, so that only the result is held.
    fn all<T>(&self, array: &Array, read: impl Fn(&Window) -> Result<Vec<T>, Error>) -> Result<Vec<T>, ImportError> {
        self.spend(array, array.n_values())?;
        let mut values = reserved(&self.name, &array.path, array.n_values())?;
        for window in self.windows(array)? {
            self.allowance.begin_step();
            let part = read(&window).map_err(|error| self.error(&array.path, error))?;
            values.extend(self.complete(array, &window, part)?);
        }
        Ok(values)
    }

    /// Rows of an array as f32.
    pub(crate) fn floats_in(&self, array: &Array, rows: &Window) -> Result<Vec<f32>, ImportError> {
        self.allowance.begin_step();
        let read = match array.half_order() {
            Some(order) => array.raw(rows).map(|bytes| halves(&bytes, order).map(f32::from).collect()),
            None => array.dataset.read_f32_rows(rows.start, rows.length),
        };
        self.complete(array, rows, read.map_err(|error| self.error(&array.path, error))?)
    }

    /// Rows of an array of indices, each below `limit`.
    ///
    /// # Errors
    /// [`ImportError::Layout`] with the first index that is negative or not below `limit`.
    pub(crate) fn indices_in(&self, array: &Array, rows: &Window, limit: usize) -> Result<Vec<u32>, ImportError> {
        self.allowance.begin_step();
        let read = array.dataset.read_i64_rows(rows.start, rows.length);
        let values = self.complete(array, rows, read.map_err(|error| self.error(&array.path, error))?)?;
        let is_inside = |value: i64| usize::try_from(value).is_ok_and(|value| value < limit);
        let Some(at) = values.iter().position(|&value| !is_inside(value)) else {
            return Ok(values.into_iter().map(|value| value as u32).collect());
        };
        let found = format!("holds {} at position {}", values[at], rows.start + at as u64);
        let expected = if limit == 0 { "no value".to_owned() } else { format!("0 to {}", limit - 1) };
        Err(self.layout(&array.path, &found, &expected))
    }

    fn complete<T>(&self, array: &Array, rows: &Window, values: Vec<T>) -> Result<Vec<T>, ImportError> {
        let expected = rows.length.saturating_mul(array.row_length());
        if values.len() as u64 == expected {
            return Ok(values);
        }
        let found = format!("gave {} values for rows {} to {}", values.len(), rows.start, rows.start + rows.length);
        Err(self.layout(&array.path, &found, &format!("{expected}")))
    }

    /// The windows an array is read in, whole storage chunks each.
    pub(crate) fn windows(&self, array: &Array) -> Result<Vec<Window>, ImportError> {
        // Without columns a row takes no byte, so a damaged file can claim any number of them.
        if array.n_values() == 0 {
            return Ok(Vec::new());
        }
        // One value that is no array counts as one row.
        let n_rows = array.shape.first().copied().unwrap_or(1);
        let chunk = array.dataset.chunk_shape().map_err(|error| self.error(&array.path, error))?;
        let chunk_rows = chunk.and_then(|shape| shape.first().copied()).unwrap_or(1).max(1);
        let width = (self.element_size(array)? as u64).div_ceil(8);
        let wanted = (WINDOW_VALUES / array.row_length().saturating_mul(width).max(1)).max(1);
        let step = (wanted / chunk_rows).max(1).saturating_mul(chunk_rows);
        let starts = (0..n_rows).step_by(usize::try_from(step).unwrap_or(usize::MAX));
        Ok(starts.map(|start| Window { start, length: step.min(n_rows - start) }).collect())
    }

    /// An error of the HDF5 reader at `path`.
    fn error(&self, path: &str, error: Error) -> ImportError {
        hdf5_error(&self.name, self.size, path, error)
    }

    /// Something that is not as AnnData's layout says.
    pub(crate) fn layout(&self, path: &str, found: &str, expected: &str) -> ImportError {
        ImportError::Layout {
            file: self.name.clone(),
            place: path.to_owned(),
            found: found.to_owned(),
            expected: expected.to_owned(),
        }
    }

    /// An error if the person asked to stop.
    pub(crate) fn check_cancelled(&self, observer: &dyn Observer) -> Result<(), ImportError> {
        if observer.is_cancelled() { Err(ImportError::Cancelled { file: self.name.clone() }) } else { Ok(()) }
    }
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
    fn half_order(&self) -> Option<DatatypeByteOrder> {
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

    fn raw(&self, rows: &Window) -> Result<Vec<u8>, Error> {
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

impl Folder {
    /// An attribute that is a text.
    pub(crate) fn text_attr(&self, key: &str) -> Option<&str> {
        self.attrs.get(key).and_then(AttrValue::as_str)
    }

    /// An attribute that is a list of texts.
    pub(crate) fn texts_attr(&self, key: &str) -> Option<&[String]> {
        self.attrs.get(key).and_then(AttrValue::as_strings)
    }

    /// The shape of the sparse matrix that the group is; empty where it states none.
    pub(crate) fn matrix_shape(&self) -> Vec<u64> {
        let shape = self.integers_attr("shape").or_else(|| self.integers_attr("h5sparse_shape"));
        shape.unwrap_or_default().iter().map(|&size| size.unsigned_abs()).collect()
    }

    /// An attribute that is a list of whole numbers.
    pub(crate) fn integers_attr(&self, key: &str) -> Option<Vec<i64>> {
        self.attrs.get(key).and_then(AttrValue::to_i64s)
    }
}

/// What an `encoding-type` is, as a predicate.
pub(crate) fn found_encoding(encoding: Option<&str>) -> String {
    encoding.map_or_else(|| "has no encoding-type".to_owned(), |name| format!("has the encoding {name:?}"))
}

fn halves(bytes: &[u8], order: DatatypeByteOrder) -> impl Iterator<Item = f16> {
    bytes.chunks_exact(2).map(move |pair| match order {
        DatatypeByteOrder::BigEndian => f16::from_be_bytes([pair[0], pair[1]]),
        _ => f16::from_le_bytes([pair[0], pair[1]]),
    })
}

fn hdf5_error(name: &str, size: u64, place: &str, error: Error) -> ImportError {
    match error {
        Error::Format(FormatError::Source(message)) => {
            ImportError::Read { file: name.to_owned(), source: io::Error::other(message) }
        }
        Error::Format(FormatError::UnexpectedEof { expected, .. }) if expected as u64 > size => {
            ImportError::Truncated {
                file: name.to_owned(),
                place: place.to_owned(),
                expected: expected as u64,
                found: size,
            }
        }
        other => ImportError::Hdf5 { file: name.to_owned(), place: place.to_owned(), source: Box::new(other) },
    }
}
