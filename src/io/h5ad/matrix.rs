//! The expression matrix of an AnnData file, made gene-major while it is read.
//!
//! A matrix is read once in windows, each value appended to its gene's packed row, so that only the result (about two
//! bytes a non-zero for counts, five for other values) and one window are in memory, never a second copy. Stored zeros
//! are dropped; a place stored twice, an index outside and a value that is not finite are errors.

use super::archive::{Archive, Array, Folder, Node, Window, found_encoding};
use crate::data::{DataError, Observer, PackedMatrix};
use crate::io::ImportError;
use crate::io::reader::reserved;

/// Bytes that a packed value takes at least.
const SMALLEST_ENTRY: usize = 2;

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

/// Which of a matrix's columns are genes.
#[derive(Clone, Copy)]
pub(crate) enum GeneRows<'a> {
    All,
    /// The gene of each column, if it is one.
    Some(&'a [Option<usize>]),
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
    pub(crate) fn read(&self, node: &Node) -> Result<PackedMatrix, ImportError> {
        match node {
            Node::Array(array) => self.read_dense(array),
            Node::Folder(folder) => self.read_sparse(folder),
        }
    }

    fn check_shape(&self, path: &str, shape: &[u64]) -> Result<(), ImportError> {
        if shape == [self.n_cells as u64, self.n_genes as u64] {
            return Ok(());
        }
        let expected = format!("[{}, {}] as obs and var say", self.n_cells, self.n_genes);
        Err(self.archive.layout(path, &format!("has shape {shape:?}"), &expected))
    }

    fn read_dense(&self, array: &Array) -> Result<PackedMatrix, ImportError> {
        self.check_shape(&array.path, &array.shape)?;
        if !array.is_numeric() && !array.is_bool() {
            return Err(self.archive.layout(&array.path, &format!("has type {}", array.type_name()), "numbers"));
        }
        let mut out = self.empty(&array.path)?;
        let mut progress = Progress::new(self, array.n_values());
        for window in &self.archive.windows(array)? {
            let values = self.archive.floats_in(array, window)?;
            for (row, values) in values.chunks_exact(self.n_genes.max(1)).enumerate() {
                let cell = window.start as usize + row;
                for (gene, &value) in values.iter().enumerate() {
                    self.put(&array.path, &mut out, (cell, gene), value)?;
                }
            }
            progress.advance(window.length * array.row_length())?;
        }
        out.shrink();
        Ok(out)
    }

    fn empty(&self, path: &str) -> Result<PackedMatrix, ImportError> {
        PackedMatrix::empty(self.n_genes, self.n_cells).map_err(|error| self.data_error(path, error))
    }

    #[inline]
    fn put(
        &self,
        path: &str,
        out: &mut PackedMatrix,
        (cell, gene): (usize, usize),
        value: f32,
    ) -> Result<(), ImportError> {
        if value.is_finite() {
            return out.push(gene, cell as u32, value).map_err(|error| self.data_error(path, error));
        }
        let advice = "replace such values, or leave their cells or genes out, and save again";
        Err(self.value_error(path, &format!("is {value}"), (cell, gene), advice))
    }

    fn read_sparse(&self, folder: &Folder) -> Result<PackedMatrix, ImportError> {
        let format = self.format_of(folder)?;
        let shape = folder.integers_attr("shape").or_else(|| folder.integers_attr("h5sparse_shape"));
        let shape: Vec<u64> = shape.unwrap_or_default().iter().map(|&size| size.unsigned_abs()).collect();
        self.check_shape(&folder.path, &shape)?;
        match format {
            SparseFormat::ByCell => self.read_by_cell(&folder.path, GeneRows::All),
            SparseFormat::ByGene => self.read_by_gene(&folder.path),
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

    fn read_by_gene(&self, path: &str) -> Result<PackedMatrix, ImportError> {
        let parts = SparseParts::open(self, path, self.n_genes)?;
        let mut out = self.empty(path)?;
        // Cells need not ascend in the file.
        let mut column: Vec<(u32, f32)> = Vec::new();
        self.for_each(&parts, self.n_cells, |gene, (cell, value), is_last| {
            column.push((cell, value));
            if is_last {
                column.sort_by_key(|entry| entry.0);
                for (cell, value) in column.drain(..) {
                    self.put(path, &mut out, (cell as usize, gene), value)?;
                }
            }
            Ok(())
        })?;
        out.shrink();
        Ok(out)
    }

    /// Reads `data`, `indices` and `indptr` below `path`, compressed by cell; columns that are no genes are passed over.
    ///
    /// # Errors
    /// As [`Self::read`].
    pub(crate) fn read_by_cell(&self, path: &str, genes: GeneRows<'_>) -> Result<PackedMatrix, ImportError> {
        let parts = SparseParts::open(self, path, self.n_cells)?;
        let mut out = self.empty(path)?;
        match genes {
            GeneRows::All => self.for_each(&parts, self.n_genes, |cell, (gene, value), _| {
                self.put(path, &mut out, (cell, gene as usize), value)
            }),
            GeneRows::Some(genes) => self.for_each(&parts, genes.len(), |cell, (column, value), _| {
                genes[column as usize].map_or(Ok(()), |gene| self.put(path, &mut out, (cell, gene), value))
            }),
        }?;
        out.shrink();
        Ok(out)
    }

    /// Calls `take(major, (minor, value), whether it is the major row's last)` for every stored value; minors are below
    /// `n_minor`.
    fn for_each(
        &self,
        parts: &SparseParts,
        n_minor: usize,
        mut take: impl FnMut(usize, (u32, f32), bool) -> Result<(), ImportError>,
    ) -> Result<(), ImportError> {
        let mut progress = Progress::new(self, parts.n_values());
        let mut major = 0;
        for window in &parts.windows {
            let minors = self.archive.indices_in(&parts.indices, window, n_minor)?;
            let values = self.archive.floats_in(&parts.data, window)?;
            for (at, entry) in (window.start as usize..).zip(minors.into_iter().zip(values)) {
                while parts.indptr[major + 1] <= at {
                    major += 1;
                }
                take(major, entry, parts.indptr[major + 1] == at + 1)?;
            }
            progress.advance(window.length)?;
        }
        Ok(())
    }

    /// What is wrong with a gene-major matrix.
    fn data_error(&self, path: &str, source: DataError) -> ImportError {
        if let DataError::StoredTwice { major: gene, minor: cell } = source {
            let advice = format!("call adata.{}.sum_duplicates() and save again", path.replace('/', "."));
            return self.value_error(path, "holds more than one value", (cell as usize, gene), &advice);
        }
        if let DataError::OutOfMemory { what, bytes } = source {
            let (file, what, bytes) = (self.archive.name().to_owned(), what.to_owned(), bytes as u64);
            return ImportError::OutOfMemory { file, what, bytes };
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
        // Fails at once, not after reading values that will never fit.
        drop(reserved::<[u8; SMALLEST_ENTRY]>(archive.name(), "the expression matrix", n_values)?);
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

/// Tells the observer how many values of how many are read.
struct Progress<'a> {
    reader: &'a MatrixReader<'a>,
    n_done: u64,
    n_values: u64,
}

impl<'a> Progress<'a> {
    fn new(reader: &'a MatrixReader<'a>, n_values: u64) -> Self {
        Self { reader, n_done: 0, n_values }
    }

    fn advance(&mut self, n: u64) -> Result<(), ImportError> {
        self.reader.archive.check_cancelled(self.reader.observer)?;
        self.n_done += n;
        let fraction = self.n_done as f64 / self.n_values.max(1) as f64;
        let millions = self.n_values as f64 / 1e6;
        let message = format!("Reading expression: {:.1} of {millions:.1} million values", fraction * millions);
        self.reader.observer.progress(fraction, &message);
        Ok(())
    }
}
