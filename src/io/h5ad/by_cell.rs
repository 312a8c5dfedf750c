//! A matrix that the file holds cell by cell, sparse or dense, read window after window, all of it or a share.

use super::archive::{Array, Window};
use super::matrix::{GeneRows, MatrixReader};
use super::matrix_packer::{Entries, Packer};
use super::matrix_progress::Progress;
use super::sparse_parts::SparseParts;
use crate::data::PackedMatrix;
use crate::io::ImportError;

/// One of several shares of a matrix, each some of its windows in their order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Share {
    /// Which, from 0.
    pub number: usize,
    /// Of how many at most; a share has one window at least.
    pub of: usize,
}

impl Share {
    /// All of it.
    pub const WHOLE: Self = Self { number: 0, of: 1 };

    /// This share of windows, and how many shares there are.
    fn take(self, windows: &[Window]) -> (Vec<Window>, usize) {
        let n_shares = self.of.clamp(1, windows.len().max(1));
        let bound = |number: usize| number.min(n_shares) * windows.len() / n_shares;
        (windows[bound(self.number)..bound(self.number + 1)].to_vec(), n_shares)
    }
}

/// A matrix that is being read.
pub(super) struct ByCell {
    stored: Stored,
    n_shares: usize,
    windows: std::vec::IntoIter<Window>,
    /// Where the next window begins or before.
    cell: usize,
    packer: Packer,
    progress: Progress,
}

/// How the file holds it.
enum Stored {
    Sparse(String, Box<SparseParts>),
    Dense(Array),
}

impl ByCell {
    /// A share of the sparse matrix at `path`, compressed by cell.
    ///
    /// # Errors
    /// As [`SparseParts::open`].
    pub(super) fn sparse(reader: &MatrixReader<'_>, path: &str, share: Share) -> Result<Self, ImportError> {
        let parts = SparseParts::open(reader.archive, path, reader.n_cells)?;
        let (windows, n_shares) = share.take(&parts.windows);
        let n_here = windows.iter().map(|window| window.length).sum();
        let (packer, progress) = (Packer::new(reader.empty(path)?), Progress::new(n_here, parts.n_values()));
        let stored = Stored::Sparse(path.to_owned(), Box::new(parts));
        Ok(Self { stored, n_shares, windows: windows.into_iter(), cell: 0, packer, progress })
    }

    /// A share of a dense array.
    ///
    /// # Errors
    /// [`ImportError::Layout`] where it holds no numbers.
    pub(super) fn dense(reader: &MatrixReader<'_>, array: Array, share: Share) -> Result<Self, ImportError> {
        if !array.is_numeric() && !array.is_bool() {
            return Err(reader.archive.layout(&array.path, &format!("has type {}", array.type_name()), "numbers"));
        }
        let (windows, n_shares) = share.take(&reader.archive.windows(&array)?);
        let n_here = windows.iter().map(|window| window.length * array.row_length()).sum();
        let (packer, progress) = (Packer::new(reader.empty(&array.path)?), Progress::new(n_here, array.n_values()));
        Ok(Self { stored: Stored::Dense(array), n_shares, windows: windows.into_iter(), cell: 0, packer, progress })
    }

    /// How many shares there are, at most as many as were asked for.
    pub(super) fn n_shares(&self) -> usize {
        self.n_shares
    }

    /// Reads all windows.
    ///
    /// # Errors
    /// As [`MatrixReader::read`].
    pub(super) fn read(mut self, reader: &MatrixReader<'_>, genes: GeneRows<'_>) -> Result<PackedMatrix, ImportError> {
        while self.step(reader, genes)? {}
        self.finish(reader)
    }

    /// Reads the next window; `false` where there is none, or no more can be packed, as [`Self::finish`] will say.
    ///
    /// # Errors
    /// As [`MatrixReader::read`].
    pub(super) fn step(&mut self, reader: &MatrixReader<'_>, genes: GeneRows<'_>) -> Result<bool, ImportError> {
        let Some(window) = self.windows.next() else { return Ok(false) };
        let (entries, n_values) = match &self.stored {
            Stored::Sparse(_, parts) => {
                let n_columns = genes.n_columns(reader.n_genes);
                let (columns, values) = parts.read(reader.archive, &window, n_columns)?;
                self.progress.begin_sparse(reader, &parts.data.path, &values)?;
                let cells = parts.majors(&window, &mut self.cell);
                (Entries { genes: columns, cells, values }, window.length)
            }
            Stored::Dense(array) => {
                let values = reader.archive.floats_in(array, &window)?;
                self.progress.begin_dense(reader, &array.path, &values)?;
                let entries = Entries::of_dense(window.start as usize, reader.n_genes, &values);
                (entries, window.length * array.row_length())
            }
        };
        let entries = match genes {
            GeneRows::All => entries,
            GeneRows::Some(genes) => entries.of_genes(genes),
        };
        if let Some(at) = entries.values.iter().position(|value| !value.is_finite()) {
            let place = (entries.cells[at] as usize, entries.genes[at] as usize);
            return Err(reader.not_finite(self.path(), entries.values[at], place));
        }
        let goes_on = self.packer.push(entries);
        if goes_on {
            self.progress.advance(reader, n_values)?;
        }
        Ok(goes_on)
    }

    /// What was read, gene-major.
    ///
    /// # Errors
    /// As [`MatrixReader::read`].
    pub(super) fn finish(self, reader: &MatrixReader<'_>) -> Result<PackedMatrix, ImportError> {
        let Self { stored, packer, .. } = self;
        packer.finish().map_err(|error| reader.data_error(stored.path(), error))
    }

    /// Where in the file the matrix is.
    pub(super) fn path(&self) -> &str {
        self.stored.path()
    }
}

impl Stored {
    fn path(&self) -> &str {
        match self {
            Self::Sparse(path, _) => path,
            Self::Dense(array) => &array.path,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_are_all_windows_in_their_order() {
        for n_windows in 0..9_u64 {
            let windows: Vec<Window> = (0..n_windows).map(|start| Window { start, length: 1 }).collect();
            for of in 1..6 {
                let shares: Vec<(Vec<Window>, usize)> =
                    (0..of).map(|number| Share { number, of }.take(&windows)).collect();
                assert!(shares.iter().all(|share| share.1 == shares[0].1 && share.1 <= of), "{n_windows} {of}");
                let n_filled = shares.iter().filter(|share| !share.0.is_empty()).count();
                assert_eq!(n_filled, of.min(n_windows as usize), "{n_windows} {of}");
                assert_eq!(shares.into_iter().flat_map(|share| share.0).collect::<Vec<_>>(), windows);
            }
        }
    }
}
