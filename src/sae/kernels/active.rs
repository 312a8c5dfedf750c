//! The active features of a batch, sparse: where every cell's entries begin, which features, how strongly.
//!
//! Entries of a cell ascend by feature; a cell with fewer than its room ends in entries with feature h and value 0,
//! which every kernel passes over. `cells` says the same from the features' side, one bit for each cell, so that a
//! feature finds its cells in a fixed order without sorting.

use burn::tensor::{Device, Int, Tensor};

use super::KernelError;
use super::host::{floats, ints};

/// Cells in a word of [`Active::cells`].
pub(super) const BITS: usize = 32;

/// Sparse activations of a batch of cells.
#[derive(Clone, Debug)]
pub(crate) struct Active {
    /// Where the entries of a cell begin, `[1, batch + 1]`.
    pub(crate) starts: Tensor<2, Int>,
    /// The features, ascending within a cell, h where there is none, `[1, n_entries]`.
    pub(crate) features: Tensor<2, Int>,
    /// The activations, above 0 or 0 where there is none, `[1, n_entries]`.
    pub(crate) values: Tensor<2>,
    /// Bit b % 32 of word b / 32 is set where the feature is active in cell b, `[n_features, ⌈batch / 32⌉]`.
    pub(crate) cells: Tensor<2, Int>,
}

impl Active {
    /// Room for `n_entries` entries of a batch of `n_cells`; no bit is set, all else is undefined.
    pub(super) fn with_room(n_cells: usize, n_features: usize, n_entries: usize, device: &Device) -> Self {
        Self {
            starts: Tensor::empty([1, n_cells + 1], device),
            features: Tensor::empty([1, n_entries], device),
            values: Tensor::empty([1, n_entries], device),
            cells: Tensor::zeros([n_features, n_cells.div_ceil(BITS)], device),
        }
    }

    pub(super) fn n_cells(&self) -> usize {
        self.starts.dims()[1] - 1
    }

    /// All entries with a value above 0, by cell, read on a device that can be read at once.
    pub(super) fn on_host(&self) -> Result<Vec<Vec<Entry>>, KernelError> {
        let (starts, features, values) = (ints(&self.starts), ints(&self.features), floats(&self.values)?);
        let entries = |pair: &[i64]| {
            let range = pair[0] as usize..pair[1] as usize;
            let all = range.map(|at| Entry { at, feature: features[at] as usize, value: values[at] });
            all.filter(|entry| entry.value > 0.0).collect()
        };
        Ok(starts.windows(2).map(entries).collect())
    }
}

/// One active feature of one cell.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Entry {
    /// Its place among all entries.
    pub(super) at: usize,
    pub(super) feature: usize,
    pub(super) value: f32,
}
