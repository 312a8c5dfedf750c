//! Embeddings in numpy's `.npz`: a ZIP archive of `.npy` files, stored or deflated.
//!
//! The embedding is the only 2-D array of numbers, else the one whose name says so (`embeddings`, `latent`, …); ids
//! are a 1-D array of as many distinct texts, also of Python objects if all are str. Nothing pickled is run.

use std::sync::Arc;

use super::npy::{self, Header, NPY_MAGIC};
use super::tensor::{ArrayContent, TensorInfo, distinct_ids, embedding_of, ids_of};
use super::zip::{ZipArchive, ZipMember};
use super::{ByteSource, ImportError, MemorySource};
use crate::data::Observer;

/// Archives with more arrays are refused: each is looked into.
const MAX_ARRAYS: usize = 1000;
/// Bytes of each array looked at to learn what it is.
const HEAD: u64 = 64 << 10;

/// Reads the embedding of an archive, with ids if they are there.
///
/// # Errors
/// [`ImportError::NotEmbedding`] if no array is one or several could be, [`ImportError::Format`] for a damaged
/// archive, and what [`npy`] gives.
pub(crate) fn import_npz(
    name: &str,
    source: Arc<dyn ByteSource>,
    observer: &dyn Observer,
) -> Result<ArrayContent, ImportError> {
    let archive = ZipArchive::open(name, source)?;
    let arrays = arrays_of(name, &archive)?;
    let chosen = embedding_of(name, &arrays)?;
    let source = open_array(&archive, &chosen.name)?;
    let header = Header::read(name, &*source)?;
    let values = npy::read_numbers(name, &*source, &header, observer)?.into_matrix(name)?;
    let ids = match ids_of(&arrays, values.n_rows() as u64) {
        Some(info) => read_ids(name, &archive, &info.name, observer)?,
        None => None,
    };
    Ok(ArrayContent { ids, values })
}

/// Whether a member is an array, by its name.
pub(crate) fn is_array(member: &ZipMember) -> bool {
    member.name.strip_suffix(".npy").is_some()
}

fn arrays_of(name: &str, archive: &ZipArchive) -> Result<Vec<TensorInfo>, ImportError> {
    let members: Vec<&ZipMember> = archive.members().iter().filter(|member| is_array(member)).collect();
    if members.len() > MAX_ARRAYS {
        let found = format!("{} arrays", members.len());
        let hint = "save the embedding in a file of its own".to_owned();
        return Err(ImportError::NotEmbedding { file: name.to_owned(), found, hint });
    }
    let mut arrays = Vec::with_capacity(members.len());
    for member in members {
        let start = archive.head(member, HEAD)?;
        if start.starts_with(&NPY_MAGIC) {
            let header = Header::read(name, &MemorySource(start))?;
            arrays.push(header.info(member.name.strip_suffix(".npy").unwrap_or(&member.name)));
        }
    }
    Ok(arrays)
}

fn open_array(archive: &ZipArchive, array: &str) -> Result<Arc<dyn ByteSource>, ImportError> {
    match archive.member(&format!("{array}.npy")) {
        Some(member) => archive.open_member(member),
        None => Ok(Arc::new(MemorySource::default())),
    }
}

/// The ids; `None`, with a warning where they can't be read, if rows can't be told apart by them.
fn read_ids(
    name: &str,
    archive: &ZipArchive,
    array: &str,
    observer: &dyn Observer,
) -> Result<Option<Vec<String>>, ImportError> {
    let source = open_array(archive, array)?;
    let header = Header::read(name, &*source)?;
    match npy::read_texts(name, &*source, &header) {
        Ok(ids) => Ok(distinct_ids(ids)),
        Err(error @ (ImportError::NotEmbedding { .. } | ImportError::Format { .. } | ImportError::Pickle { .. })) => {
            observer.warn(&format!("the array {array:?} was not used as cell ids: {error}"));
            Ok(None)
        }
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use crate::io::fixtures::{embedding, json, open_file, rows, survives_damage};

    #[test]
    fn arrays_and_ids_are_those_of_numpy() {
        let expected = json("numpy/expected.json");
        for (file, wanted) in expected.as_object().unwrap() {
            let (ids, values) = embedding(&format!("numpy/{file}"));
            let wanted_ids: Option<Vec<String>> = serde_json::from_value(wanted["ids"].clone()).unwrap();
            let (n_rows, numbers) = rows(&wanted["values"]);
            assert_eq!((values.n_rows(), values.values()), (n_rows, numbers.as_slice()), "{file}");
            assert_eq!(ids, wanted_ids, "{file}");
        }
        assert_eq!(expected.as_object().unwrap().len(), 6);
    }

    #[test]
    fn two_matrices_without_a_telling_name_are_refused_with_their_names() {
        let message = open_file("numpy/two.npz").unwrap_err().to_string();
        assert!(message.contains("\"pca\" [4, 3]") && message.contains("\"umap\" [4, 2]"), "{message}");
    }

    #[test]
    fn damage_is_an_error_or_harmless() {
        for path in ["numpy/packed.npz", "numpy/plain.npz", "numpy/fields.npy", "numpy/aligned.npy"] {
            assert!(survives_damage(path, 2000) > 200, "{path}");
        }
    }
}
