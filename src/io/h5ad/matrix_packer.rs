//! Entries on their way from the file into a gene-major matrix.
//!
//! Reading (inflating, mostly) and packing take about as long, so where there are threads one packs while the other reads:
//! two windows may wait. The browser's worker has one thread, which does both in turn. The result is the same.

use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::{self, JoinHandle};

use crate::data::{DataError, PackedBatch, PackedMatrix};

/// Windows that may wait.
const WAITING: usize = 2;

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

/// Packs windows in their order, on another thread where one can be had.
pub(super) enum Packer {
    /// The matrix, and what went wrong with it.
    Here(Growing, Option<DataError>),
    Beside(SyncSender<Entries>, JoinHandle<Result<PackedMatrix, DataError>>),
}

impl Packer {
    /// Begins with a matrix without values.
    pub(super) fn new(matrix: PackedMatrix) -> Self {
        let (windows, received) = sync_channel(WAITING);
        let (here, beside) = (Growing::new(matrix.clone()), Growing::new(matrix));
        match thread::Builder::new().spawn(move || beside.pack(&received)) {
            Ok(thread) => Self::Beside(windows, thread),
            Err(_) => Self::Here(here, None),
        }
    }

    /// Takes the entries of the next window; where it can't go on it says `false`, and [`Self::finish`] why.
    pub(super) fn push(&mut self, entries: Entries) -> bool {
        match self {
            Self::Here(growing, failed) => {
                *failed = growing.push(&entries).err();
                failed.is_none()
            }
            Self::Beside(windows, _) => windows.send(entries).is_ok(),
        }
    }

    /// The matrix, once everything is packed.
    ///
    /// # Errors
    /// As [`PackedMatrix::push_batch`].
    ///
    /// # Panics
    /// If packing did: a bug.
    pub(super) fn finish(self) -> Result<PackedMatrix, DataError> {
        match self {
            Self::Here(growing, failed) => failed.map_or_else(|| Ok(growing.finish()), Err),
            Self::Beside(windows, thread) => {
                drop(windows);
                thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
            }
        }
    }
}

/// A matrix that grows by windows.
pub(super) struct Growing {
    matrix: PackedMatrix,
    batch: PackedBatch,
}

impl Growing {
    fn new(matrix: PackedMatrix) -> Self {
        Self { matrix, batch: PackedBatch::default() }
    }

    fn push(&mut self, entries: &Entries) -> Result<(), DataError> {
        self.matrix.push_batch(&mut self.batch, &entries.genes, &entries.cells, &entries.values)
    }

    fn pack(mut self, windows: &Receiver<Entries>) -> Result<PackedMatrix, DataError> {
        while let Ok(entries) = windows.recv() {
            self.push(&entries)?;
        }
        Ok(self.finish())
    }

    fn finish(mut self) -> PackedMatrix {
        self.matrix.shrink();
        self.matrix
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_ways_of_packing_give_the_same() {
        let empty = || PackedMatrix::empty(2, 3).unwrap();
        let windows = || [(vec![1, 0], vec![0, 1]), (vec![1, 0], vec![1, 2])];
        for second in [1.5, 3.0] {
            let packers = [Packer::Here(Growing::new(empty()), None), Packer::new(empty())];
            let [here, beside] = packers.map(|mut packer| {
                for (genes, cells) in windows() {
                    assert!(packer.push(Entries { genes, cells, values: vec![1.0, second] }));
                }
                packer.finish().unwrap()
            });
            assert_eq!((here.dense_row(0), &here), (vec![0.0, second, second], &beside));
        }
    }

    #[test]
    fn what_goes_wrong_comes_out_at_the_end() {
        let twice = || Entries { genes: vec![1, 1], cells: vec![0, 0], values: vec![1.0, 2.0] };
        let empty = || PackedMatrix::empty(2, 3).unwrap();
        let mut here = Packer::Here(Growing::new(empty()), None);
        assert!(!here.push(twice()));
        let mut beside = Packer::new(empty());
        while beside.push(twice()) {}
        for packer in [here, beside] {
            assert_eq!(packer.finish(), Err(DataError::StoredTwice { major: 1, minor: 0 }));
        }
    }
}
