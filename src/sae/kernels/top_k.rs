//! The k largest positive pre-activations of every cell.
//!
//! Exact, by radix selection on the bits of the values (positive floats are ordered as their bits are), one workgroup a
//! cell: three counts of 2,048 bins, then one ordered pass that writes. No sort, no subgroups, no read-back. Ties at the
//! edge go to the lowest features; zero, negative and NaN values are never kept, infinity is.

use burn::tensor::Tensor;

use super::active::{Active, BITS};
use super::host::{floats, int_matrix, matrix};
use super::launch::Launch;
use super::{KernelError, Source};
use crate::sae::select;

pub(super) static TOP_K: Source = Source { name: "top_k", text: include_str!("top_k.wgsl") };

/// The `k` largest positive entries of every row of `pre + bias`, ascending by feature.
///
/// # Shapes
/// `pre` is `[batch, n_features]`, `bias` `[1, n_features]`; every cell has room for k entries.
///
/// # Errors
/// [`KernelError`] if a device without our kernels can't be read.
///
/// # Panics
/// If shapes disagree, k is 0, or operands are not contiguous.
pub(crate) fn top_k(pre: &Tensor<2>, bias: &Tensor<2>, k: usize) -> Result<Active, KernelError> {
    let [n_cells, n_features] = pre.dims();
    assert_eq!(bias.dims(), [1, n_features], "a bias for each feature");
    assert!(k > 0, "k is at least 1");
    let Some(launch) = Launch::near(&TOP_K, pre) else { return on_host(pre, bias, k) };
    let active = Active::with_room(n_cells, n_features, n_cells * k, &pre.device());
    let launch = launch.float(pre).float(bias).int(&active.starts).int(&active.features);
    let launch = launch.float(&active.values).int(&active.cells);
    let launch = launch.word(n_cells).word(n_features).word(k).word(n_cells.div_ceil(BITS));
    launch.dispatch(n_cells);
    Ok(active)
}

fn on_host(pre: &Tensor<2>, bias: &Tensor<2>, k: usize) -> Result<Active, KernelError> {
    let ([n_cells, n_features], device) = (pre.dims(), pre.device());
    let (mut pre, bias) = (floats(pre)?, floats(bias)?);
    let mut found = Found::new(n_cells, n_features);
    let mut active = Vec::new();
    for row in pre.chunks_exact_mut(n_features) {
        row.iter_mut().zip(&bias).for_each(|(value, bias)| *value += bias);
        select::largest(row, k, &mut active);
        found.push(&active, k);
    }
    Ok(found.into_active(&device))
}

/// Entries as they are found on the host, cell by cell.
pub(super) struct Found {
    n_features: usize,
    n_words: usize,
    starts: Vec<u32>,
    features: Vec<u32>,
    values: Vec<f32>,
    cells: Vec<u32>,
}

impl Found {
    pub(super) fn new(n_cells: usize, n_features: usize) -> Self {
        let n_words = n_cells.div_ceil(BITS);
        let cells = vec![0; n_features * n_words];
        Self { n_features, n_words, starts: vec![0], features: Vec::new(), values: Vec::new(), cells }
    }

    /// Appends the next cell, padded to at least `room` entries.
    pub(super) fn push(&mut self, active: &[(u32, f32)], room: usize) {
        let cell = self.starts.len() - 1;
        for &(feature, value) in active {
            self.features.push(feature);
            self.values.push(value);
            self.cells[feature as usize * self.n_words + cell / BITS] |= 1 << (cell % BITS);
        }
        self.pad(room.saturating_sub(active.len()));
        self.starts.push(self.features.len() as u32);
    }

    /// Appends entries that stand for nothing.
    pub(super) fn pad(&mut self, n: usize) {
        self.features.resize(self.features.len() + n, self.n_features as u32);
        self.values.resize(self.features.len(), 0.0);
    }

    pub(super) fn into_active(self, device: &burn::tensor::Device) -> Active {
        Active {
            starts: int_matrix(self.starts.clone(), self.starts.len(), device),
            features: int_matrix(self.features.clone(), self.features.len(), device),
            values: matrix(self.values.clone(), self.values.len(), device),
            cells: int_matrix(self.cells, self.n_words, device),
        }
    }
}
