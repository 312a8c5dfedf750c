//! The HDF5 file under an AnnData file: finding objects (here), reading arrays (`reading`), saying what went wrong where.

mod array;
mod reading;

use std::collections::HashMap;
use std::io;
use std::sync::Arc;

pub(crate) use array::{Array, Window};
use hdf5_pure::{AttrValue, Datatype, Error, File, FileAccessProperties, FormatError, Group, MetadataCacheConfig};

use super::guard::{Allowance, Budget, check_claim};
use super::heap::GlobalHeap;
use super::watched::{SoftLinks, WatchedSource};
use crate::data::Observer;
use crate::io::{ByteSource, ImportError};

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
        // What is read is counted, so nothing is kept on the way.
        let properties = FileAccessProperties::new().with_metadata_cache(MetadataCacheConfig::disabled());
        let watched = WatchedSource::new(Arc::clone(&source));
        let (soft_links, allowance) = (watched.soft_links(), watched.allowance());
        let file = File::from_source_with_options(watched, properties)
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

    /// How the values of an array are stored.
    pub(crate) fn datatype(&self, array: &Array) -> Result<Datatype, ImportError> {
        array.dataset.datatype().map_err(|error| self.error(&array.path, error))
    }

    /// The heap where texts of variable length stand.
    pub(crate) fn heap(&self) -> GlobalHeap {
        GlobalHeap::new(Arc::clone(&self.source), self.file.superblock().base_address.get())
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
