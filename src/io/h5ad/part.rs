//! Some of a file's expression, for one of several threads that read it at once.
//!
//! Only matrices that the file holds cell by cell are read in parts. Each thread opens the file for itself and reads a
//! range of windows; the parts put together in their order are the matrix. Names of cells and genes are not read here,
//! so where anything is wrong, reading the file as a whole says it better.

use std::sync::Arc;

use super::archive::{Archive, Node};
use super::by_cell::{ByCell, Share};
use super::expression::chosen;
use super::guard::most_read;
use super::matrix::{GeneRows, MatrixReader, SparseFormat};
use super::ten_x;
use crate::data::{Observer, PackedMatrix, Silent};
use crate::io::{ByteSource, ImportError, ImportOptions};

/// Bytes that an empty column may take while it is read.
const BYTES_PER_COLUMN: u64 = 256;

/// A share of the expression that is being read.
pub struct PartReader {
    archive: Archive,
    options: ImportOptions,
    n_cells: usize,
    n_columns: usize,
    by_cell: ByCell,
}

impl PartReader {
    /// Begins with a share of an AnnData file's or a 10x `.h5` file's expression; `None` where that is not read in parts
    /// or has no such share.
    ///
    /// # Errors
    /// As [`super::import_h5ad`]; not all that is wrong is found.
    pub fn open(
        name: &str,
        source: Arc<dyn ByteSource>,
        options: &ImportOptions,
        share: Share,
    ) -> Result<Option<Self>, ImportError> {
        let size = source.size();
        let archive = Archive::open(name, source)?;
        let Some((place, shape, array)) = find(&archive, options)? else { return Ok(None) };
        // Names of genes, which the file would have to hold, are not read here.
        let fits = shape[1].saturating_mul(BYTES_PER_COLUMN) <= most_read(size);
        let [Ok(n_cells), Ok(n_columns)] = shape.map(usize::try_from) else { return Ok(None) };
        if !fits {
            return Ok(None);
        }
        let reader = reader(&archive, options, &Silent, (n_cells, n_columns));
        let by_cell = match array {
            Some(array) => ByCell::dense(&reader, array, share)?,
            None => ByCell::sparse(&reader, &place, share)?,
        };
        let is_there = share.number < by_cell.n_shares();
        let options = options.clone();
        Ok(is_there.then_some(Self { archive, options, n_cells, n_columns, by_cell }))
    }

    /// How many shares there are.
    pub fn n_shares(&self) -> usize {
        self.by_cell.n_shares()
    }

    /// Where in the file the matrix is.
    pub fn place(&self) -> &str {
        self.by_cell.path()
    }

    /// Reads some more; `false` where there is no more, or no more can be packed, as [`Self::finish`] will say.
    ///
    /// # Errors
    /// As [`super::import_h5ad`]; [`ImportError::TooLarge`] from the first step where the whole matrix would be.
    pub fn step(&mut self, observer: &dyn Observer) -> Result<bool, ImportError> {
        let Self { archive, options, by_cell, .. } = self;
        by_cell.step(&reader(archive, options, observer, (self.n_cells, self.n_columns)), GeneRows::All)
    }

    /// What was read, gene-major.
    ///
    /// # Shapes
    /// `[n_columns, n_cells]`, as the whole matrix; cells of other shares are empty.
    ///
    /// # Errors
    /// As [`super::import_h5ad`].
    pub fn finish(self) -> Result<PackedMatrix, ImportError> {
        let reader = reader(&self.archive, &self.options, &Silent, (self.n_cells, self.n_columns));
        self.by_cell.finish(&reader)
    }
}

fn reader<'a>(
    archive: &'a Archive,
    options: &'a ImportOptions,
    observer: &'a dyn Observer,
    (n_cells, n_genes): (usize, usize),
) -> MatrixReader<'a> {
    MatrixReader { archive, observer, n_cells, n_genes, cell_ids: None, gene_names: &[], options }
}

/// Where the expression is, its shape `[n_cells, n_columns]`, and the array if it is dense; `None` where the file does not
/// hold it cell by cell.
#[expect(clippy::type_complexity, reason = "it is taken apart at once")]
fn find(
    archive: &Archive,
    options: &ImportOptions,
) -> Result<Option<(String, [u64; 2], Option<super::archive::Array>)>, ImportError> {
    if archive.node("obs")?.is_none()
        && let Some(group) = ten_x::find(archive)?
    {
        let is_wanted = options.matrix.as_ref().is_none_or(|wanted| *wanted == group);
        let shape = archive.integers(&archive.array(&format!("{group}/shape"))?)?;
        return Ok(match shape[..] {
            [n_columns, n_cells] if is_wanted => {
                Some((group, [n_cells.unsigned_abs(), n_columns.unsigned_abs()], None))
            }
            _ => None,
        });
    }
    let Some((node, place)) = chosen(archive, options)? else { return Ok(None) };
    let (shape, array) = match node {
        Node::Array(array) => (array.shape.clone(), Some(array)),
        Node::Folder(folder) if SparseFormat::of(archive, &folder)? == SparseFormat::ByCell => {
            (folder.matrix_shape(), None)
        }
        Node::Folder(_) => return Ok(None),
    };
    Ok(<[u64; 2]>::try_from(shape).ok().map(|shape| (place, shape, array)))
}
