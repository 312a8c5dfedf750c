//! Tensors of a file that holds several by name: what they are, which one is the embedding, reading them as f32.

use super::ImportError;
use crate::data::{DataError, DenseMatrix, shortened};

/// Names an embedding goes by in a file with several arrays, best first; compared without case and folders.
const EMBEDDING_NAMES: [&str; 12] = [
    "embeddings",
    "embedding",
    "emb",
    "latent",
    "latents",
    "z",
    "x",
    "features",
    "hidden_states",
    "activations",
    "data",
    "arr_0",
];
/// Names cell ids go by in such a file, best first.
const ID_NAMES: [&str; 12] = [
    "ids",
    "id",
    "cell_ids",
    "cell_id",
    "cells",
    "cell",
    "barcodes",
    "barcode",
    "obs_names",
    "index",
    "names",
    "cell_names",
];
/// Arrays listed in a message.
const N_LISTED: usize = 8;

/// What a file of arrays gives: the embedding, and the ids of its rows if it has them.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct ArrayContent {
    /// `[n_rows]`
    pub(crate) ids: Option<Vec<String>>,
    /// `[n_rows, n_cols]`
    pub(crate) values: DenseMatrix,
}

/// A tensor, read.
///
/// # Shapes
/// `values` has the product of `shape` numbers, row-major (the last dimension runs fastest).
#[derive(Clone, Debug, PartialEq)]
pub struct Tensor {
    /// Sizes of the dimensions; empty for a single number.
    pub shape: Vec<usize>,
    /// The numbers, rounded to f32.
    pub values: Vec<f32>,
}

/// What an array of a file is, before it is read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TensorInfo {
    /// Its name in the file; empty if the file holds only one.
    pub name: String,
    /// Sizes of the dimensions.
    pub shape: Vec<u64>,
    /// The type of its items, as the format calls it.
    pub dtype: String,
    /// Whether the items are numbers that can be read here.
    pub is_numeric: bool,
    /// Whether the items are texts.
    pub is_text: bool,
}

impl TensorInfo {
    fn describe(&self) -> String {
        format!("{:?} {:?} {}", shortened(&self.name), self.shape, self.dtype)
    }

    /// The last part of the name, lower case.
    fn key(&self) -> String {
        self.name.rsplit(['/', '.']).next().unwrap_or_default().to_lowercase()
    }

    fn is_matrix(&self) -> bool {
        self.is_numeric && matches!(self.shape.as_slice(), [n, d] if *n > 0 && *d > 0)
    }
}

/// Which array is the embedding: the only matrix, else the matrix of the best name.
///
/// # Errors
/// [`ImportError::NotEmbedding`] if there is no matrix, or several of which none has a name embeddings go by.
pub(crate) fn embedding_of<'a>(file: &str, arrays: &'a [TensorInfo]) -> Result<&'a TensorInfo, ImportError> {
    let matrices: Vec<&TensorInfo> = arrays.iter().filter(|array| array.is_matrix()).collect();
    let refused = |found: String, hint: &str| {
        Err(ImportError::NotEmbedding { file: file.to_owned(), found, hint: hint.to_owned() })
    };
    let named = || EMBEDDING_NAMES.iter().find_map(|name| matrices.iter().find(|array| array.key() == **name));
    match matrices.as_slice() {
        [only] => Ok(only),
        [] if arrays.is_empty() => refused("no array".to_owned(), "save the embedding with one row per cell"),
        [] => refused(
            format!("no such array: {}", listed(arrays.iter())),
            "save the embedding with one row per cell, for example array.reshape(n_cells, -1)",
        ),
        several => match named() {
            Some(array) => Ok(array),
            None => refused(
                format!("{} 2-D arrays: {}", several.len(), listed(several.iter().copied())),
                "name the one to open \"embeddings\", or save it in a file of its own",
            ),
        },
    }
}

/// Whether the array is a matrix with a name embeddings go by.
pub(crate) fn has_embedding_name(array: &TensorInfo) -> bool {
    array.is_matrix() && EMBEDDING_NAMES.contains(&array.key().as_str())
}

/// Whether ids go by that name.
pub(crate) fn is_id_name(name: &str) -> bool {
    ID_NAMES.contains(&name.to_lowercase().as_str())
}

/// Names in quotation marks, the first eight and how many more.
pub(crate) fn quoted_list<'a>(names: impl Iterator<Item = &'a str>) -> String {
    listed_texts(names.map(|name| format!("{:?}", shortened(name))).collect())
}

/// Which array has the ids of the rows: 1-D texts, as many as rows, best name first.
pub(crate) fn ids_of(arrays: &[TensorInfo], n_rows: u64) -> Option<&TensorInfo> {
    let fits = |array: &&TensorInfo| array.is_text && array.shape == [n_rows];
    let named = ID_NAMES.iter().find_map(|name| arrays.iter().filter(fits).find(|array| array.key() == *name));
    let mut all = arrays.iter().filter(fits);
    named.or_else(|| all.next().filter(|_| all.next().is_none()))
}

/// Ids that can be joined by: none empty, none twice.
pub(crate) fn distinct_ids(ids: Vec<String>) -> Option<Vec<String>> {
    let mut seen = std::collections::BTreeSet::new();
    let is_good = ids.iter().all(|id| !id.is_empty() && seen.insert(id.as_str()));
    is_good.then_some(ids)
}

fn listed<'a>(arrays: impl Iterator<Item = &'a TensorInfo>) -> String {
    listed_texts(arrays.map(TensorInfo::describe).collect())
}

/// The first eight texts and how many more.
pub(crate) fn listed_texts(mut texts: Vec<String>) -> String {
    let n_more = texts.len().saturating_sub(N_LISTED);
    texts.truncate(N_LISTED);
    if n_more > 0 {
        texts.push(format!("{n_more} more"));
    }
    texts.join(", ")
}

impl Tensor {
    /// The tensor as a matrix, one row per cell.
    ///
    /// # Errors
    /// [`ImportError::Data`] if it has not two dimensions or too many rows.
    pub(crate) fn into_matrix(self, file: &str) -> Result<DenseMatrix, ImportError> {
        let (n_rows, n_cols) = match self.shape.as_slice() {
            &[n_rows, n_cols] => (n_rows, n_cols),
            shape => (shape.iter().product(), 1),
        };
        let error =
            |source: DataError| ImportError::Data { file: file.to_owned(), place: "the array".to_owned(), source };
        DenseMatrix::new(n_rows, n_cols, self.values).map_err(error)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn array(name: &str, shape: &[u64], is_text: bool) -> TensorInfo {
        let dtype = if is_text { "<U4" } else { "<f4" }.to_owned();
        TensorInfo { name: name.to_owned(), shape: shape.to_vec(), dtype, is_numeric: !is_text, is_text }
    }

    #[test]
    fn the_only_matrix_is_the_embedding_whatever_its_name() {
        let arrays = [array("mean", &[4], false), array("weird", &[3, 2], false), array("X", &[3, 2, 1], false)];
        assert_eq!(embedding_of("f", &arrays).unwrap().name, "weird");
    }

    #[test]
    fn of_several_matrices_the_best_name_wins_and_none_is_an_error_that_lists_them() {
        let arrays =
            [array("a/latent", &[3, 2], false), array("Embeddings", &[3, 2], false), array("z", &[3, 2], false)];
        assert_eq!(embedding_of("f", &arrays).unwrap().name, "Embeddings");
        let arrays = [array("pca", &[3, 2], false), array("umap", &[3, 2], false)];
        let message = embedding_of("f", &arrays).unwrap_err().to_string();
        assert!(message.contains("\"pca\" [3, 2] <f4, \"umap\"") && message.contains("\"embeddings\""), "{message}");
        assert!(embedding_of("f", &[array("flat", &[9], false)]).unwrap_err().to_string().contains("\"flat\" [9]"));
    }

    #[test]
    fn ids_are_texts_of_the_right_number() {
        let arrays = [array("batch", &[3], true), array("barcodes", &[3], true), array("ids", &[2], true)];
        assert_eq!(ids_of(&arrays, 3).unwrap().name, "barcodes");
        assert_eq!(ids_of(&arrays[..1], 3).unwrap().name, "batch");
        assert!(ids_of(&[array("a", &[3], true), array("b", &[3], true)], 3).is_none());
        assert!(distinct_ids(vec!["a".to_owned(), "a".to_owned()]).is_none());
    }
}
