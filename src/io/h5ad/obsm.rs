//! The embeddings of an AnnData file: its `obsm`.
//!
//! Read are two-dimensional arrays of numbers, sparse ones that are not too large (`obsm_sparse`), the number columns of
//! data frames, and the vectors of the compound array that anndata before 0.7 wrote. Others, and those with a value that
//! is not finite, are left out with a warning.

use super::archive::{Archive, Array, Folder, Node, found_encoding};
use super::compound::{FieldValues, read_fields};
use super::left_out::LeftOut;
use super::obsm_sparse::read_dense;
use super::table::Table;
use super::values::Values;
use crate::data::{DenseMatrix, Observer, printable};
use crate::io::reader::reserved;
use crate::io::tensor::quoted_list;
use crate::io::{ImportError, MemoryLimit};

/// The embeddings of a file, by key; what is none is left out with a warning.
///
/// # Errors
/// [`ImportError::Cancelled`], [`ImportError::Truncated`], [`ImportError::OutOfMemory`] and what listing can give.
pub(super) fn read_obsm(
    archive: &Archive,
    n_cells: usize,
    memory: Option<MemoryLimit>,
    observer: &dyn Observer,
) -> Result<Vec<(String, DenseMatrix)>, ImportError> {
    let reader = ObsmReader { archive, n_cells, memory, observer };
    let mut embeddings = Vec::new();
    let mut left_out = LeftOut::new(observer);
    let mut keep = |key: String, read: Result<DenseMatrix, ImportError>| match read {
        Ok(values) => {
            embeddings.push((key, values));
            Ok(())
        }
        Err(
            error @ (ImportError::Cancelled { .. } | ImportError::Truncated { .. } | ImportError::OutOfMemory { .. }),
        ) => Err(error),
        Err(error) => {
            left_out.tell(&format!("obsm/{key}"), &error);
            Ok(())
        }
    };
    match archive.node("obsm")? {
        Some(Node::Folder(folder)) => {
            for key in archive.members(&folder)? {
                observer.progress(1.0, &format!("Reading obsm/{key}"));
                keep(key.clone(), reader.read(&format!("obsm/{key}")))?;
            }
        }
        Some(Node::Array(array)) if array.is_compound() => {
            for (key, values) in read_fields(archive, &array)? {
                let read = reader.legacy(&format!("obsm/{key}"), values);
                keep(key, read)?;
            }
        }
        Some(Node::Array(_)) => return Err(archive.layout("obsm", "is an array", "a group")),
        None => {}
    }
    left_out.finish();
    Ok(embeddings)
}

struct ObsmReader<'a> {
    archive: &'a Archive,
    n_cells: usize,
    memory: Option<MemoryLimit>,
    observer: &'a dyn Observer,
}

impl ObsmReader<'_> {
    fn read(&self, path: &str) -> Result<DenseMatrix, ImportError> {
        match self.archive.node(path)? {
            Some(Node::Array(array)) => self.array(&array),
            Some(Node::Folder(folder)) if folder.text_attr("encoding-type") == Some("dataframe") => self.frame(path),
            Some(Node::Folder(folder)) if is_sparse(&folder) => {
                let (width, values) = read_dense(self.archive, &folder, self.n_cells, self.memory, self.observer)?;
                self.matrix(path, width, values)
            }
            Some(Node::Folder(folder)) => {
                let found = found_encoding(folder.text_attr("encoding-type"));
                Err(self.archive.layout(path, &found, "an array, a sparse array or a dataframe"))
            }
            None => Err(self.archive.layout(path, "is missing", "an array")),
        }
    }

    fn array(&self, array: &Array) -> Result<DenseMatrix, ImportError> {
        check_embedding(self.archive, array, self.n_cells)?;
        self.archive.spend(array, array.n_values())?;
        let mut values: Vec<f32> = reserved(self.archive.name(), &array.path, array.n_values())?;
        for window in self.archive.windows(array)? {
            self.archive.check_cancelled(self.observer)?;
            values.extend(self.archive.floats_in(array, &window)?);
        }
        self.matrix(&array.path, array.row_length() as usize, values)
    }

    /// The columns of numbers of a data frame, in its order.
    fn frame(&self, path: &str) -> Result<DenseMatrix, ImportError> {
        let table = Table::open(self.archive, path)?;
        let mut columns = Vec::new();
        let mut others = Vec::new();
        for name in table.column_names()? {
            self.archive.check_cancelled(self.observer)?;
            match table.values(&name)? {
                Values::Numbers(values) if values.len() == self.n_cells => columns.push(values),
                _ => others.push(name),
            }
        }
        if columns.is_empty() {
            let found = format!("has no column of numbers among {others:?}");
            return Err(self.archive.layout(path, &found, "numbers for each cell of obs"));
        }
        if !others.is_empty() {
            let names = quoted_list(others.iter().map(String::as_str));
            self.observer.warn(&format!("Columns [{names}] of {} are no numbers and were left out.", printable(path)));
        }
        let rows = (0..self.n_cells).flat_map(|row| columns.iter().map(move |values| values[row] as f32));
        self.matrix(path, columns.len(), rows.collect())
    }

    /// A field of anndata before 0.7; one number a row is an embedding of one dimension.
    fn legacy(&self, path: &str, values: FieldValues) -> Result<DenseMatrix, ImportError> {
        let (width, values) = match values {
            FieldValues::Vectors { width, values } => (width, values),
            FieldValues::Numbers(values) => (1, values.into_iter().map(|value| value as f32).collect()),
            FieldValues::Integers(values) => (1, values.into_iter().map(|value| value as f32).collect()),
            _ => return Err(self.archive.layout(path, "holds no numbers", "numbers for each cell of obs")),
        };
        self.matrix(path, width, values)
    }

    fn matrix(&self, path: &str, width: usize, values: Vec<f32>) -> Result<DenseMatrix, ImportError> {
        let file = || self.archive.name().to_owned();
        let data_error = |source| ImportError::Data { file: file(), place: path.to_owned(), source };
        let matrix = DenseMatrix::new(self.n_cells, width, values).map_err(data_error)?;
        matrix.check_finite(path).map_err(data_error)?;
        Ok(matrix)
    }
}

fn is_sparse(folder: &Folder) -> bool {
    matches!(folder.text_attr("encoding-type"), Some("csr_matrix" | "csc_matrix"))
        || folder.text_attr("h5sparse_format").is_some()
}

fn check_embedding(archive: &Archive, array: &Array, n_cells: usize) -> Result<(), ImportError> {
    let is_matrix = matches!(array.shape.as_slice(), [n, d] if *n == n_cells as u64 && *d > 0);
    if is_matrix && array.is_numeric() {
        return Ok(());
    }
    let found = format!("has shape {:?} and type {}", array.shape, array.type_name());
    Err(archive.layout(&array.path, &found, &format!("[{n_cells}, d] numbers, one row for each cell of obs")))
}
