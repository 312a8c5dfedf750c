//! The expression matrix of an AnnData file, made gene-major while it is read.
//!
//! A matrix stored by cell (CSR or dense) is read twice in windows: once to count each gene's values, once to put
//! them in their place. So only the result (8 bytes a non-zero) and one window are in memory, never a second copy.
//! Stored zeros are dropped; a place stored twice, an index outside and a value that is not finite are errors.

use super::archive::{Archive, Array, Folder, Node, Window, found_encoding};
use crate::data::{DataError, Observer, SparseMatrix};
use crate::io::ImportError;
use crate::io::reader::reserved;

/// A matrix in the file, `[n_cells, n_genes]`, with what is needed to read it.
pub(crate) struct MatrixReader<'a> {
    pub(crate) archive: &'a Archive,
    pub(crate) observer: &'a dyn Observer,
    pub(crate) n_cells: usize,
    pub(crate) n_genes: usize,
    /// Cell ids and gene names, for messages.
    pub(crate) cell_ids: Option<&'a [String]>,
    pub(crate) gene_names: &'a [String],
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum SparseFormat {
    ByCell,
    ByGene,
}

impl MatrixReader<'_> {
    /// Reads the matrix at a node.
    ///
    /// # Shapes
    /// In the file `[n_cells, n_genes]`; the result is compressed by gene.
    ///
    /// # Errors
    /// [`ImportError::Layout`] where shape or encoding are not as they should be, [`ImportError::Data`] where the
    /// sparse parts contradict each other, [`ImportError::Value`] for a value that is not finite or stored twice,
    /// and what reading can give.
    pub(crate) fn read(&self, node: &Node) -> Result<SparseMatrix, ImportError> {
        let (path, matrix) = match node {
            Node::Array(array) => (&array.path, self.read_dense(array)?),
            Node::Folder(folder) => (&folder.path, self.read_sparse(folder)?),
        };
        let Some(at) = matrix.values().iter().position(|value| !value.is_finite()) else {
            return Ok(matrix);
        };
        let gene = matrix.indptr().partition_point(|&start| start <= at) - 1;
        let cell = matrix.major(gene).0[at - matrix.indptr()[gene]] as usize;
        let advice = "replace such values, or leave their cells or genes out, and save again";
        Err(self.value_error(path, &format!("is {}", matrix.values()[at]), (cell, gene), advice))
    }

    fn check_shape(&self, path: &str, shape: &[u64]) -> Result<(), ImportError> {
        if shape == [self.n_cells as u64, self.n_genes as u64] {
            return Ok(());
        }
        let expected = format!("[{}, {}] as obs and var say", self.n_cells, self.n_genes);
        Err(self.archive.layout(path, &format!("has shape {shape:?}"), &expected))
    }

    fn read_dense(&self, array: &Array) -> Result<SparseMatrix, ImportError> {
        self.check_shape(&array.path, &array.shape)?;
        if !array.is_numeric() {
            return Err(self.archive.layout(&array.path, &format!("has type {}", array.type_name()), "numbers"));
        }
        let windows = self.archive.windows(array)?;
        let mut progress = Progress::new(self, 2 * array.n_values(), array.n_values());
        let mut starts = vec![0_usize; self.n_genes + 1];
        for window in &windows {
            for row in self.archive.floats_in(array, window)?.chunks_exact(self.n_genes.max(1)) {
                for (gene, _) in row.iter().enumerate().filter(|(_, value)| **value != 0.0) {
                    starts[gene + 1] += 1;
                }
            }
            progress.advance(window.length * array.row_length())?;
        }
        let mut out = Scatter::new(self.archive.name(), starts)?;
        for window in &windows {
            let values = self.archive.floats_in(array, window)?;
            for (row, values) in values.chunks_exact(self.n_genes.max(1)).enumerate() {
                let cell = window.start as u32 + row as u32;
                for (gene, &value) in values.iter().enumerate().filter(|(_, value)| **value != 0.0) {
                    out.put(gene, cell, value);
                }
            }
            progress.advance(window.length * array.row_length())?;
        }
        out.finish(self.n_cells).map_err(|error| self.data_error(&array.path, error))
    }

    fn read_sparse(&self, folder: &Folder) -> Result<SparseMatrix, ImportError> {
        let format = self.format_of(folder)?;
        let shape = folder.integers_attr("shape").or_else(|| folder.integers_attr("h5sparse_shape"));
        let shape: Vec<u64> = shape.unwrap_or_default().iter().map(|&size| size.unsigned_abs()).collect();
        self.check_shape(&folder.path, &shape)?;
        let n_major = if format == SparseFormat::ByCell { self.n_cells } else { self.n_genes };
        let parts = SparseParts::open(self, &folder.path, n_major)?;
        match format {
            SparseFormat::ByCell => self.read_by_cell(&folder.path, &parts),
            SparseFormat::ByGene => self.read_by_gene(&folder.path, parts),
        }
    }

    fn format_of(&self, folder: &Folder) -> Result<SparseFormat, ImportError> {
        match folder.text_attr("encoding-type").or_else(|| folder.text_attr("h5sparse_format")) {
            Some("csr_matrix" | "csr") => Ok(SparseFormat::ByCell),
            Some("csc_matrix" | "csc") => Ok(SparseFormat::ByGene),
            other => {
                let expected = "csr_matrix, csc_matrix or a dense array";
                Err(self.archive.layout(&folder.path, &found_encoding(other), expected))
            }
        }
    }

    fn read_by_gene(&self, path: &str, parts: SparseParts) -> Result<SparseMatrix, ImportError> {
        let n_values = parts.n_values();
        let mut cells: Vec<u32> = reserved(self.archive.name(), "the expression matrix", n_values)?;
        let mut values: Vec<f32> = reserved(self.archive.name(), "the expression matrix", n_values)?;
        let mut progress = Progress::new(self, n_values, n_values);
        for window in &parts.windows {
            cells.extend(self.archive.indices_in(&parts.indices, window, self.n_cells)?);
            values.extend(self.archive.floats_in(&parts.data, window)?);
            progress.advance(window.length)?;
        }
        SparseMatrix::new(self.n_cells, parts.indptr, cells, values).map_err(|error| self.data_error(path, error))
    }

    fn read_by_cell(&self, path: &str, parts: &SparseParts) -> Result<SparseMatrix, ImportError> {
        let mut progress = Progress::new(self, 2 * parts.n_values(), parts.n_values());
        let mut starts = vec![0_usize; self.n_genes + 1];
        for window in &parts.windows {
            for gene in self.archive.indices_in(&parts.indices, window, self.n_genes)? {
                starts[gene as usize + 1] += 1;
            }
            progress.advance(window.length)?;
        }
        let mut out = Scatter::new(self.archive.name(), starts)?;
        let mut cell = 0;
        for window in &parts.windows {
            let genes = self.archive.indices_in(&parts.indices, window, self.n_genes)?;
            let values = self.archive.floats_in(&parts.data, window)?;
            for (at, (gene, value)) in (window.start as usize..).zip(genes.into_iter().zip(values)) {
                while parts.indptr[cell + 1] <= at {
                    cell += 1;
                }
                out.put(gene as usize, cell as u32, value);
            }
            progress.advance(window.length)?;
        }
        out.finish(self.n_cells).map_err(|error| self.data_error(path, error))
    }

    /// What is wrong with a gene-major matrix.
    fn data_error(&self, path: &str, source: DataError) -> ImportError {
        if let DataError::StoredTwice { major: gene, minor: cell } = source {
            let advice = format!("call adata.{}.sum_duplicates() and save again", path.replace('/', "."));
            return self.value_error(path, "holds more than one value", (cell as usize, gene), &advice);
        }
        ImportError::Data { file: self.archive.name().to_owned(), place: path.to_owned(), source }
    }

    fn value_error(&self, path: &str, found: &str, (cell, gene): (usize, usize), advice: &str) -> ImportError {
        let cell_id = self.cell_ids.and_then(|ids| ids.get(cell));
        let cell = cell_id.map_or_else(|| format!("cell {}", cell + 1), |id| format!("cell {id:?}"));
        let gene =
            self.gene_names.get(gene).map_or_else(|| format!("gene {}", gene + 1), |name| format!("gene {name:?}"));
        ImportError::Value {
            file: self.archive.name().to_owned(),
            place: path.to_owned(),
            found: format!("{found} for {cell}, {gene}"),
            advice: advice.to_owned(),
        }
    }
}

/// The three arrays of a compressed matrix; `indptr` is checked against the others.
struct SparseParts {
    indptr: Vec<usize>,
    indices: Array,
    data: Array,
    windows: Vec<Window>,
}

impl SparseParts {
    fn open(reader: &MatrixReader, path: &str, n_major: usize) -> Result<Self, ImportError> {
        let archive = reader.archive;
        let indices = archive.array(&format!("{path}/indices"))?;
        let data = archive.array(&format!("{path}/data"))?;
        let pointers = archive.array(&format!("{path}/indptr"))?;
        for array in [&indices, &pointers] {
            if !array.is_integer() {
                return Err(archive.layout(&array.path, &format!("has type {}", array.type_name()), "whole numbers"));
            }
        }
        let indptr = archive.integers(&pointers)?;
        let n_values = data.shape.first().copied().unwrap_or(0);
        let damaged = |reason: String| reader.data_error(path, DataError::Sparse { reason });
        // Fails at once, not after a first pass over values that will never fit.
        drop(reserved::<(u32, f32)>(archive.name(), "the expression matrix", n_values)?);
        if data.shape.len() != 1 || indices.shape != data.shape {
            return Err(damaged(format!("data has shape {:?} but indices {:?}", data.shape, indices.shape)));
        }
        if indptr.len() != n_major + 1 {
            return Err(damaged(format!("indptr has {} entries, expected {}", indptr.len(), n_major + 1)));
        }
        // There are n_major + 1 entries, so the defaults are never used.
        let (first, last) = (indptr.first().copied().unwrap_or(0), indptr.last().copied().unwrap_or(0));
        if first != 0 || u64::try_from(last).ok() != Some(n_values) {
            return Err(damaged(format!("indptr runs from {first} to {last} but there are {n_values} values")));
        }
        if let Some(at) = indptr.windows(2).position(|pair| pair[0] > pair[1]) {
            return Err(damaged(format!("indptr falls from {} to {} at position {at}", indptr[at], indptr[at + 1])));
        }
        let indptr = indptr.into_iter().map(|start| start.unsigned_abs() as usize).collect();
        let windows = archive.windows(&data)?;
        Ok(Self { indptr, indices, data, windows })
    }

    fn n_values(&self) -> u64 {
        self.data.n_values()
    }
}

/// Places values of known count per gene; cells must come in ascending order.
struct Scatter {
    starts: Vec<usize>,
    next: Vec<usize>,
    cells: Vec<u32>,
    values: Vec<f32>,
}

impl Scatter {
    /// `counts[gene + 1]` values will come for each gene.
    fn new(file: &str, counts: Vec<usize>) -> Result<Self, ImportError> {
        let mut starts = counts;
        for at in 1..starts.len() {
            starts[at] += starts[at - 1];
        }
        let n_values = starts.last().copied().unwrap_or(0);
        let mut cells: Vec<u32> = reserved(file, "the expression matrix", n_values as u64)?;
        let mut values: Vec<f32> = reserved(file, "the expression matrix", n_values as u64)?;
        cells.resize(n_values, 0);
        values.resize(n_values, 0.0);
        Ok(Self { next: starts.clone(), starts, cells, values })
    }

    /// Values that were not counted go nowhere; `finish` finds them.
    #[inline]
    fn put(&mut self, gene: usize, cell: u32, value: f32) {
        let Some(next) = self.next.get_mut(gene) else { return };
        if let (Some(cell_slot), Some(value_slot)) = (self.cells.get_mut(*next), self.values.get_mut(*next)) {
            (*cell_slot, *value_slot) = (cell, value);
        }
        *next += 1;
    }

    fn finish(self, n_cells: usize) -> Result<SparseMatrix, DataError> {
        if self.next.iter().zip(&self.starts[1..]).any(|(next, end)| next != end) {
            return Err(DataError::Sparse { reason: "the file changed while it was read".to_owned() });
        }
        SparseMatrix::new(n_cells, self.starts, self.cells, self.values)
    }
}

/// Tells the observer how many values of how many are read, over all passes.
struct Progress<'a> {
    reader: &'a MatrixReader<'a>,
    n_done: u64,
    n_work: u64,
    n_values: u64,
}

impl<'a> Progress<'a> {
    fn new(reader: &'a MatrixReader<'a>, n_work: u64, n_values: u64) -> Self {
        Self { reader, n_done: 0, n_work, n_values }
    }

    fn advance(&mut self, n: u64) -> Result<(), ImportError> {
        self.reader.archive.check_cancelled(self.reader.observer)?;
        self.n_done += n;
        let fraction = self.n_done as f64 / self.n_work.max(1) as f64;
        let millions = self.n_values as f64 / 1e6;
        let message = format!("Reading expression: {:.1} of {millions:.1} million values", fraction * millions);
        self.reader.observer.progress(fraction, &message);
        Ok(())
    }
}
