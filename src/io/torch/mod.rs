//! PyTorch files (`.pt`, `.pth`) in the ZIP format of PyTorch 1.6 and later: tensors by name, nothing executed.
//!
//! The archive holds `data.pkl`, a pickle that [`pickle`](super::pickle) reads, and a member for each storage. The file
//! may be a tensor, or a dict (also nested, also a `state_dict`) of tensors, numpy arrays and lists of texts; nested
//! names are joined by dots. Half, bfloat16, single and double precision, integers and booleans, any strides and
//! offsets, become f32, row-major. Values of other kinds (settings, numbers) are passed over. A view is held against
//! its storage before anything is allocated. NaN and infinite values are passed on.

mod weights;

pub use weights::SaeWeightsFile;
pub(crate) use weights::{has_weights, import_sae_weights};

use std::collections::BTreeSet;
use std::sync::Arc;

use super::npy::{self, Header, ItemType};
use super::pickle::{self, NumpyArray, Pickle, TensorRef, Value, ValueId};
use super::reader::{read_all, reserved};
use super::tensor::{ArrayContent, Tensor, TensorInfo, distinct_ids, embedding_of, ids_of};
use super::zip::{ZipArchive, ZipMember};
use super::{ByteSource, ImportError, MemorySource};
use crate::data::{Observer, Silent};

/// How PyTorch before 1.6 began its files: a pickled magic number.
pub(crate) const LEGACY_MAGIC: [u8; 15] = *b"\x80\x02\x8a\x0al\xfc\x9cF\xf9 j\xa8P\x19.";
/// The pickle describes the tensors and does not hold them.
const MAX_PICKLE: u64 = 256 << 20;
/// Names longer than this, those of the dicts around among it, name nothing here.
const MAX_NAME: usize = 256;
/// Dicts are looked into this deep.
const MAX_DEPTH: usize = 8;
/// A view that repeats its storage may have this many values; any other has at most as many as the storage.
const MAX_REPEATED: u64 = 1 << 20;

/// An open PyTorch file: what it holds, by name.
///
/// # Examples
/// ```no_run
/// use std::sync::Arc;
/// use featurescope::io::{MemorySource, TorchFile};
/// let bytes = std::fs::read("embeddings.pt")?;
/// let file = TorchFile::open("embeddings.pt", Arc::new(MemorySource(bytes)))?;
/// let names: Vec<&str> = file.tensors().iter().map(|info| info.name.as_str()).collect();
/// let tensor = file.read(names[0])?;
/// assert_eq!(tensor.values.len(), tensor.shape.iter().product::<usize>());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct TorchFile {
    name: String,
    archive: ZipArchive,
    /// The folder in the archive that holds everything, with its slash.
    folder: String,
    is_big_endian: bool,
    pickle: Pickle,
    tensors: Vec<TensorInfo>,
    /// Where each of `tensors` is in the pickle.
    places: Vec<ValueId>,
}

impl TorchFile {
    /// Reads what the file holds, but no tensor yet.
    ///
    /// # Errors
    /// [`ImportError::Format`] for a damaged archive, [`ImportError::Pickle`] for one that would have to be executed,
    /// and what reading can give.
    pub fn open(name: &str, source: Arc<dyn ByteSource>) -> Result<Self, ImportError> {
        let archive = ZipArchive::open(name, source)?;
        let Some((member, folder)) = pickle_of(archive.members()) else {
            let expected = "a member data.pkl, as torch.save writes it";
            return Err(format_error(name, "the archive", "is no PyTorch file".to_owned(), expected));
        };
        let is_big_endian = match archive.member(&format!("{folder}byteorder")) {
            Some(member) => small_member(name, &archive, member)? == b"big",
            None => false,
        };
        let pickle = pickle::load(&small_member(name, &archive, member)?)
            .map_err(|source| ImportError::Pickle { file: name.to_owned(), source })?;
        let found = Walk::new(&pickle).all();
        let (tensors, places) = found.into_iter().unzip();
        Ok(Self { name: name.to_owned(), folder: folder.to_owned(), archive, is_big_endian, pickle, tensors, places })
    }

    /// What the file holds: tensors, numpy arrays and lists of texts, in file order.
    pub fn tensors(&self) -> &[TensorInfo] {
        &self.tensors
    }

    /// Reads one tensor or numpy array.
    ///
    /// # Shapes
    /// As [`TensorInfo::shape`] says, row-major.
    ///
    /// # Errors
    /// [`ImportError::Format`] if there is none of that name, if it has no numbers, or if its storage is missing or too
    /// short; [`ImportError::OutOfMemory`].
    pub fn read(&self, tensor: &str) -> Result<Tensor, ImportError> {
        self.read_watched(tensor, &Silent)
    }

    fn read_watched(&self, tensor: &str, observer: &dyn Observer) -> Result<Tensor, ImportError> {
        self.read_at(tensor, self.place(tensor), observer)
    }

    fn read_at(&self, tensor: &str, place: Option<ValueId>, observer: &dyn Observer) -> Result<Tensor, ImportError> {
        match place.map(|id| self.pickle.get(id)) {
            Some(Value::Tensor(view)) => self.read_view(tensor, view, observer),
            Some(Value::Array(array)) => {
                let (source, header) = self.numpy(tensor, array)?;
                npy::read_numbers(&self.name, &source, &header, observer)
            }
            _ => Err(self.error(tensor, "is missing or has no numbers".to_owned(), "a tensor")),
        }
    }

    /// A list or numpy array of texts.
    ///
    /// # Errors
    /// [`ImportError::Format`] if there is none of that name or a text is not Unicode.
    pub fn read_texts(&self, name: &str) -> Result<Vec<String>, ImportError> {
        match self.place(name).map(|id| self.pickle.get(id)) {
            Some(Value::List(items) | Value::Tuple(items)) => {
                let texts = items.iter().map(|&id| self.pickle.text(id).map(str::to_owned));
                texts.collect::<Option<_>>().ok_or_else(|| self.error(name, "has no texts".to_owned(), "texts"))
            }
            Some(Value::Array(array)) => {
                let (source, header) = self.numpy(name, array)?;
                npy::read_texts(&self.name, &source, &header)
            }
            _ => Err(self.error(name, "is missing or has no texts".to_owned(), "texts")),
        }
    }

    fn place(&self, name: &str) -> Option<ValueId> {
        let at = self.tensors.iter().position(|info| info.name == name)?;
        self.places.get(at).copied()
    }

    /// A pickled numpy array as the file numpy would write.
    fn numpy(&self, name: &str, array: &NumpyArray) -> Result<(MemorySource, Header), ImportError> {
        let Value::Bytes(bytes) = self.pickle.get(array.data) else {
            return Err(self.error(name, "is an array of Python objects".to_owned(), "numbers or texts"));
        };
        Ok((MemorySource(bytes.clone()), header_of(array)))
    }

    fn read_view(&self, name: &str, view: &TensorRef, observer: &dyn Observer) -> Result<Tensor, ImportError> {
        let key = format!("{}data/{}", self.folder, view.storage.key);
        let Some(member) = self.archive.member(&key) else {
            return Err(self.error(name, format!("has its values in {key:?}, which is not there"), "that member"));
        };
        let storage = self.archive.open_member(member)?;
        let shape: Option<Vec<usize>> = view.shape.iter().map(|&size| usize::try_from(size).ok()).collect();
        let (Some(shape), Some(n_values), Some(span)) =
            (shape, n_values(view, storage.size()), span(view, storage.size()))
        else {
            let found = format!(
                "claims shape {:?}, strides {:?} and offset {} of a storage of {} bytes",
                view.shape,
                view.strides,
                view.offset,
                storage.size()
            );
            return Err(self.error(name, found, "a view that fits its storage"));
        };
        let mut values: Vec<f32> = reserved(&self.name, name, n_values)?;
        values.resize(n_values as usize, 0.0);
        if n_values > 0 {
            let start = view.offset * view.scalar.width() as u64;
            self.gather(view, &*storage, start, span, &mut values, observer)?;
        }
        Ok(Tensor { shape, values })
    }

    /// Reads the part of the storage a view covers and puts its values in row-major order.
    fn gather(
        &self,
        view: &TensorRef,
        storage: &dyn ByteSource,
        start: u64,
        span: u64,
        values: &mut [f32],
        observer: &dyn Observer,
    ) -> Result<(), ImportError> {
        let big = self.is_big_endian;
        if is_contiguous(view) {
            return npy::read_blocks(&self.name, storage, start, view.scalar, values.len(), observer, |at, raw| {
                values[at] = view.scalar.decode(raw, big);
            });
        }
        let mut covered: Vec<f32> = reserved(&self.name, "a view of a tensor", span)?;
        let n = span as usize;
        npy::read_blocks(&self.name, storage, start, view.scalar, n, observer, |_, raw| {
            covered.push(view.scalar.decode(raw, big));
        })?;
        let mut position = vec![0_u64; view.shape.len()];
        let mut from = 0_u64;
        for value in values {
            *value = covered[from as usize];
            for dim in (0..position.len()).rev() {
                position[dim] += 1;
                // Beyond the end for a moment, where the stride of a single item may be anything.
                from = from.wrapping_add(view.strides[dim]);
                if position[dim] < view.shape[dim] {
                    break;
                }
                from = from.wrapping_sub(view.strides[dim].wrapping_mul(position[dim]));
                position[dim] = 0;
            }
        }
        Ok(())
    }

    fn error(&self, place: &str, found: String, expected: &str) -> ImportError {
        format_error(&self.name, &format!("the tensor {place:?}"), found, expected)
    }
}

/// Reads the embedding of a PyTorch file, with its ids if there is a list of as many distinct texts.
///
/// # Errors
/// [`ImportError::NotEmbedding`] if no tensor is one, and what [`TorchFile::open`] and [`TorchFile::read`] give.
pub(crate) fn import_torch(
    name: &str,
    source: Arc<dyn ByteSource>,
    observer: &dyn Observer,
) -> Result<ArrayContent, ImportError> {
    let file = TorchFile::open(name, source)?;
    let chosen = embedding_of(name, file.tensors())?;
    let values = file.read_watched(&chosen.name, observer)?.into_matrix(name)?;
    let ids = ids_of(file.tensors(), values.n_rows() as u64).map(|info| file.read_texts(&info.name)).transpose()?;
    Ok(ArrayContent { ids: ids.and_then(distinct_ids), values })
}

/// The member with the pickle, and the folder it is in.
pub(crate) fn pickle_of(members: &[ZipMember]) -> Option<(&ZipMember, &str)> {
    members.iter().find_map(|member| {
        let folder = member.name.strip_suffix("data.pkl")?;
        (folder.is_empty() || folder.ends_with('/')).then_some((member, folder))
    })
}

fn small_member(name: &str, archive: &ZipArchive, member: &ZipMember) -> Result<Vec<u8>, ImportError> {
    let content = archive.open_member(member)?;
    if content.size() > MAX_PICKLE {
        let found = format!("has {} bytes", content.size());
        let place = format!("the archive's member {:?}", member.name);
        return Err(format_error(name, &place, found, &format!("at most {MAX_PICKLE}; tensors are kept beside it")));
    }
    read_all(name, &*content)
}

fn format_error(name: &str, place: &str, found: String, expected: &str) -> ImportError {
    ImportError::Format {
        file: name.to_owned(),
        place: place.to_owned(),
        found,
        expected: expected.to_owned(),
        advice: "save it again with torch.save(tensor, path)".to_owned(),
    }
}

/// How many values a view has, if that fits its storage.
fn n_values(view: &TensorRef, storage_bytes: u64) -> Option<u64> {
    let n = view.shape.iter().try_fold(1, |product: u64, &size| product.checked_mul(size))?;
    let n_stored = storage_bytes / view.scalar.width() as u64;
    (n <= n_stored.max(MAX_REPEATED)).then_some(n)
}

/// How many values of the storage a view covers, if they are there.
fn span(view: &TensorRef, storage_bytes: u64) -> Option<u64> {
    if view.shape.contains(&0) {
        return Some(0);
    }
    let last = view
        .shape
        .iter()
        .zip(&view.strides)
        .try_fold(0_u64, |last, (&size, &stride)| last.checked_add((size - 1).checked_mul(stride)?))?;
    let span = last.checked_add(1)?;
    let end = span.checked_add(view.offset)?.checked_mul(view.scalar.width() as u64)?;
    (end <= storage_bytes).then_some(span)
}

fn is_contiguous(view: &TensorRef) -> bool {
    let mut expected = 1;
    view.shape.iter().zip(&view.strides).rev().all(|(&size, &stride)| {
        let fits = size == 1 || stride == expected;
        expected *= size;
        fits
    })
}

fn header_of(array: &NumpyArray) -> Header {
    let order = if array.dtype.is_big_endian { '>' } else { '<' };
    let item = ItemType::from_descr(&format!("{order}{}", array.dtype.kind));
    Header { item, is_fortran: array.is_fortran, shape: array.shape.clone(), data_start: 0 }
}

/// The name of what stands under a key of a dict with a name; `None` for what has none or a long one.
fn path_of(pickle: &Pickle, name: &str, key: ValueId) -> Option<String> {
    let key = pickle.text(key).filter(|key| name.len() + key.len() < MAX_NAME)?;
    Some(if name.is_empty() { key.to_owned() } else { format!("{name}.{key}") })
}

/// Finds what a pickle holds by name, each dict once, however often it is referred to.
struct Walk<'p> {
    pickle: &'p Pickle,
    seen: BTreeSet<ValueId>,
    found: Vec<(TensorInfo, ValueId)>,
}

impl<'p> Walk<'p> {
    fn new(pickle: &'p Pickle) -> Self {
        Self { pickle, seen: BTreeSet::new(), found: Vec::new() }
    }

    fn all(mut self) -> Vec<(TensorInfo, ValueId)> {
        self.visit("", self.pickle.root(), MAX_DEPTH);
        self.found
    }

    fn visit(&mut self, name: &str, id: ValueId, depth: usize) {
        let info = match self.pickle.get(id) {
            Value::Tensor(view) => Some((view.shape.clone(), format!("{:?}", view.scalar), true, false)),
            Value::Array(array) => {
                let info = header_of(array).info(name);
                Some((info.shape, info.dtype, info.is_numeric, info.is_text))
            }
            Value::List(items) | Value::Tuple(items) => {
                // A list is looked through once, or one list under many names would take long.
                let is_new = self.seen.insert(id);
                let is_text = is_new && !items.is_empty() && items.iter().all(|&id| self.pickle.text(id).is_some());
                is_text.then(|| (vec![items.len() as u64], "list of str".to_owned(), false, true))
            }
            Value::Dict(pairs) => {
                if depth > 0 && self.seen.insert(id) {
                    for &(key, value) in pairs {
                        if let Some(path) = path_of(self.pickle, name, key) {
                            self.visit(&path, value, depth - 1);
                        }
                    }
                }
                None
            }
            _ => None,
        };
        if let Some((shape, dtype, is_numeric, is_text)) = info {
            self.found.push((TensorInfo { name: name.to_owned(), shape, dtype, is_numeric, is_text }, id));
        }
    }
}

#[cfg(test)]
mod tests;
