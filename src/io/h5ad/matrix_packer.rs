//! Entries on their way from the file into a gene-major matrix.
//!
//! Reading (inflating, mostly) and packing take about as long, so where there are threads one packs while the other reads:
//! two windows may wait. The browser's worker has one thread, which does both in turn. The result is the same.

use crate::data::{DataError, PackedBatch, PackedMatrix};

/// Entries of a window in the file's order.
#[derive(Debug)]
pub(super) struct Entries {
    pub(super) genes: Vec<u32>,
    pub(super) cells: Vec<u32>,
    pub(super) values: Vec<f32>,
}

impl Entries {
    /// What is not 0 in rows of a dense matrix, the first that of `first_cell`.
    pub(super) fn of_dense(first_cell: usize, n_genes: usize, values: &[f32]) -> Self {
        let mut entries = Self { genes: Vec::new(), cells: Vec::new(), values: Vec::new() };
        for (cell, row) in (first_cell..).zip(values.chunks_exact(n_genes.max(1))) {
            for (gene, &value) in row.iter().enumerate().filter(|(_, value)| **value != 0.0) {
                entries.push(gene, cell as u32, value);
            }
        }
        entries
    }

    /// The entries of columns that are genes, by the gene of each column.
    pub(super) fn of_genes(self, genes: &[Option<usize>]) -> Self {
        let mut entries = Self { genes: Vec::new(), cells: Vec::new(), values: Vec::new() };
        for ((column, cell), value) in self.genes.into_iter().zip(self.cells).zip(self.values) {
            if let Some(gene) = genes[column as usize] {
                entries.push(gene, cell, value);
            }
        }
        entries
    }

    fn push(&mut self, gene: usize, cell: u32, value: f32) {
        self.genes.push(gene as u32);
        self.cells.push(cell);
        self.values.push(value);
    }
}

/// A matrix that grows by windows.
struct Growing {
    matrix: PackedMatrix,
    batch: PackedBatch,
}

impl Growing {
    fn push(&mut self, entries: &Entries) -> Result<(), DataError> {
        self.matrix.push_batch(&mut self.batch, &entries.genes, &entries.cells, &entries.values)
    }

    fn finish(mut self) -> PackedMatrix {
        self.matrix.shrink();
        self.matrix
    }
}

#[cfg(target_arch = "wasm32")]
pub(super) use one_thread::Packer;
#[cfg(not(target_arch = "wasm32"))]
pub(super) use two_threads::Packer;

#[cfg(target_arch = "wasm32")]
mod one_thread {
    use super::{DataError, Entries, Growing, PackedBatch, PackedMatrix};

    /// Packs at once.
    pub(in crate::io::h5ad) struct Packer {
        growing: Growing,
        failed: Option<DataError>,
    }

    impl Packer {
        pub(in crate::io::h5ad) fn new(matrix: PackedMatrix) -> Self {
            Self { growing: Growing { matrix, batch: PackedBatch::default() }, failed: None }
        }

        /// Takes the entries of the next window; where it can't go on it says `false`, and [`Self::finish`] why.
        pub(in crate::io::h5ad) fn push(&mut self, entries: Entries) -> bool {
            self.failed = self.growing.push(&entries).err();
            self.failed.is_none()
        }

        /// The matrix.
        ///
        /// # Errors
        /// As [`PackedMatrix::push_batch`].
        pub(in crate::io::h5ad) fn finish(self) -> Result<PackedMatrix, DataError> {
            self.failed.map_or_else(|| Ok(self.growing.finish()), Err)
        }
    }
}

#[cfg(not(target_arch = "wasm32"))]
mod two_threads {
    use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
    use std::thread::{self, JoinHandle};

    use super::{DataError, Entries, Growing, PackedBatch, PackedMatrix};

    /// Windows that may wait.
    const WAITING: usize = 2;

    /// Packs on another thread.
    pub(in crate::io::h5ad) struct Packer {
        windows: SyncSender<Entries>,
        thread: JoinHandle<Result<PackedMatrix, DataError>>,
    }

    impl Packer {
        pub(in crate::io::h5ad) fn new(matrix: PackedMatrix) -> Self {
            let (windows, received) = sync_channel(WAITING);
            Self { windows, thread: thread::spawn(move || pack(matrix, &received)) }
        }

        /// Takes the entries of the next window; where it can't go on it says `false`, and [`Self::finish`] why.
        pub(in crate::io::h5ad) fn push(&mut self, entries: Entries) -> bool {
            self.windows.send(entries).is_ok()
        }

        /// The matrix, once everything is packed.
        ///
        /// # Errors
        /// As [`PackedMatrix::push_batch`].
        ///
        /// # Panics
        /// If packing did: a bug.
        pub(in crate::io::h5ad) fn finish(self) -> Result<PackedMatrix, DataError> {
            drop(self.windows);
            self.thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
        }
    }

    fn pack(matrix: PackedMatrix, windows: &Receiver<Entries>) -> Result<PackedMatrix, DataError> {
        let mut growing = Growing { matrix, batch: PackedBatch::default() };
        while let Ok(entries) = windows.recv() {
            growing.push(&entries)?;
        }
        Ok(growing.finish())
    }
}
