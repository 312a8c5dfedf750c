//! The expression matrix of an AnnData file, made gene-major while it is read.
//!
//! A matrix is read once in windows, whose values are appended to their genes' packed rows, so that only the result (about
//! two to three bytes a non-zero for counts, five to six for other values) and a few windows are in memory, never a second
//! copy. What that will take is told, and refused where it is more than there is, once the first window is seen. Stored
//! zeros are dropped; a place stored twice, an index outside and a value that is not finite are errors.

use super::archive::{Archive, Array, Folder, Node, found_encoding};
use super::by_cell::{ByCell, Share};
use super::matrix_progress::Progress;
use super::sparse_parts::SparseParts;
use crate::data::{DataError, Observer, PackedMatrix};
use crate::io::{ImportError, ImportOptions};

/// A matrix in the file, `[n_cells, n_genes]`, with what is needed to read it.
pub(crate) struct MatrixReader<'a> {
    pub(crate) archive: &'a Archive,
    pub(crate) observer: &'a dyn Observer,
    pub(crate) n_cells: usize,
    pub(crate) n_genes: usize,
    /// Cell ids and gene names, for messages.
    pub(crate) cell_ids: Option<&'a [String]>,
    pub(crate) gene_names: &'a [String],
    /// What the result may take, and whether it was read before.
    pub(crate) options: &'a ImportOptions,
}

/// Which of a matrix's columns are genes.
#[derive(Clone, Copy)]
pub(crate) enum GeneRows<'a> {
    All,
    /// The gene of each column, if it is one.
    Some(&'a [Option<usize>]),
}

impl GeneRows<'_> {
    /// Columns of a matrix with that many genes.
    pub(super) fn n_columns(self, n_genes: usize) -> usize {
        match self {
            Self::All => n_genes,
            Self::Some(genes) => genes.len(),
        }
    }
}

/// Along which axis a sparse matrix `[n_cells, n_genes]` is compressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum SparseFormat {
    ByCell,
    ByGene,
}

impl SparseFormat {
    /// The format of the matrix in a group.
    ///
    /// # Errors
    /// [`ImportError::Layout`] for a group that is no compressed matrix.
    pub(super) fn of(archive: &Archive, folder: &Folder) -> Result<Self, ImportError> {
        match folder.text_attr("encoding-type").or_else(|| folder.text_attr("h5sparse_format")) {
            Some("csr_matrix" | "csr") => Ok(Self::ByCell),
            Some("csc_matrix" | "csc") => Ok(Self::ByGene),
            other => {
                let expected = "csr_matrix, csc_matrix or a dense array";
                Err(archive.layout(&folder.path, &found_encoding(other), expected))
            }
        }
    }
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
    pub(crate) fn read(&self, node: Node) -> Result<PackedMatrix, ImportError> {
        match node {
            Node::Array(array) => self.read_dense(array),
            Node::Folder(folder) => self.read_sparse(&folder),
        }
    }

    fn check_shape(&self, path: &str, shape: &[u64]) -> Result<(), ImportError> {
        if shape == [self.n_cells as u64, self.n_genes as u64] {
            return Ok(());
        }
        let expected = format!("[{}, {}] as obs and var say", self.n_cells, self.n_genes);
        Err(self.archive.layout(path, &format!("has shape {shape:?}"), &expected))
    }

    fn read_dense(&self, array: Array) -> Result<PackedMatrix, ImportError> {
        self.check_shape(&array.path, &array.shape)?;
        match self.read_before(&array.path, self.n_genes) {
            Some(matrix) => Ok(matrix),
            None => ByCell::dense(self, array, Share::WHOLE)?.read(self, GeneRows::All),
        }
    }

    /// The matrix at a path, if it was read before its file.
    fn read_before(&self, path: &str, n_columns: usize) -> Option<PackedMatrix> {
        let read = self.options.read_before.take(path)?;
        ((read.n_major(), read.n_minor()) == (n_columns, self.n_cells)).then_some(read)
    }

    pub(super) fn empty(&self, path: &str) -> Result<PackedMatrix, ImportError> {
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
        Err(self.not_finite(path, value, (cell, gene)))
    }

    #[cold]
    pub(super) fn not_finite(&self, path: &str, value: f32, place: (usize, usize)) -> ImportError {
        let advice = "replace such values, or leave their cells or genes out, and save again";
        self.value_error(path, &format!("is {value}"), place, advice)
    }

    fn read_sparse(&self, folder: &Folder) -> Result<PackedMatrix, ImportError> {
        let format = SparseFormat::of(self.archive, folder)?;
        self.check_shape(&folder.path, &folder.matrix_shape())?;
        match format {
            SparseFormat::ByCell => self.read_by_cell(&folder.path, GeneRows::All),
            SparseFormat::ByGene => self.read_by_gene(&folder.path),
        }
    }

    fn read_by_gene(&self, path: &str) -> Result<PackedMatrix, ImportError> {
        let parts = SparseParts::open(self.archive, path, self.n_genes)?;
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
        match (self.read_before(path, genes.n_columns(self.n_genes)), genes) {
            (Some(matrix), GeneRows::All) => Ok(matrix),
            (Some(matrix), GeneRows::Some(genes)) => Ok(matrix.select(genes, self.n_genes)),
            (None, _) => ByCell::sparse(self, path, Share::WHOLE)?.read(self, genes),
        }
    }

    /// Calls `take(major, (minor, value), whether it is the major row's last)` for every stored value; minors are below
    /// `n_minor`.
    fn for_each(
        &self,
        parts: &SparseParts,
        n_minor: usize,
        mut take: impl FnMut(usize, (u32, f32), bool) -> Result<(), ImportError>,
    ) -> Result<(), ImportError> {
        let mut progress = Progress::new(parts.n_values(), parts.n_values());
        let mut major = 0;
        for window in &parts.windows {
            let entries = parts.read(self.archive, window, n_minor)?;
            progress.begin_sparse(self, &parts.data.path, &entries.1)?;
            parts.for_each(window, entries, &mut major, &mut take)?;
            progress.advance(self, window.length)?;
        }
        Ok(())
    }

    /// What is wrong with a gene-major matrix.
    pub(super) fn data_error(&self, path: &str, source: DataError) -> ImportError {
        if let DataError::StoredTwice { major: gene, minor: cell } = source {
            let advice = format!("call adata.{}.sum_duplicates() and save again", path.replace('/', "."));
            return self.value_error(path, "holds more than one value", (cell as usize, gene), &advice);
        }
        ImportError::of_data(self.archive.name(), path, source)
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
