//! The largest positive pre-activations of a whole batch, wherever they are.
//!
//! Exact, by radix selection on the bits of the values: three counts over the batch give the edge, one pass counts what
//! each cell keeps, a scan places the cells, one pass writes. Nine dispatches, five readings of the pre-activations, no
//! read-back. Ties at the edge go to the lowest cells, in a cell to the lowest features; zero, negative and NaN values
//! are never kept.

use burn::tensor::{Int, Tensor};

use super::active::{Active, BITS};
use super::host::{floats, int_matrix};
use super::launch::Launch;
use super::top_k::Found;
use super::{KernelError, Source};
use crate::sae::select;

const BINS: usize = 2048;
/// Lowest bit and number of bits of the three digits.
const DIGITS: [(usize, usize); 3] = [(20, 11), (10, 10), (0, 10)];
/// Workgroups that count; each goes through the batch in strides.
const MOST_COUNTERS: usize = 512;
const COUNTER_THREADS: usize = 256;
const INFINITY_BITS: u32 = 0x7f80_0000;

pub(super) static COUNT: Source = Source { name: "batch_count", text: include_str!("batch_count.wgsl") };
pub(super) static DIGIT: Source = Source { name: "batch_digit", text: include_str!("batch_digit.wgsl") };
pub(super) static ROWS: Source = Source { name: "batch_rows", text: include_str!("batch_rows.wgsl") };
pub(super) static STARTS: Source = Source { name: "batch_starts", text: include_str!("batch_starts.wgsl") };
pub(super) static FILL: Source = Source { name: "batch_fill", text: include_str!("batch_fill.wgsl") };

/// What a batch keeps.
#[derive(Clone, Debug)]
pub(crate) struct BatchActive {
    /// The entries; those from the last start on are undefined and belong to no cell.
    pub(crate) active: Active,
    /// The value at the edge, how many on it were kept, and the smallest value kept (∞ if none), all three as the bits
    /// of u32 or f32, `[1, 3]`.
    pub(crate) edge: Tensor<2, Int>,
}

/// The `n_kept` largest positive entries of `pre + bias`, ascending by feature in each cell.
///
/// # Shapes
/// `pre` is `[batch, n_features]`, `bias` `[1, n_features]`.
///
/// # Errors
/// [`KernelError`] if a device without our kernels can't be read.
///
/// # Panics
/// If shapes disagree, `n_kept` is 0, or operands are not contiguous.
pub(crate) fn batch_top_k(pre: &Tensor<2>, bias: &Tensor<2>, n_kept: usize) -> Result<BatchActive, KernelError> {
    let [n_cells, n_features] = pre.dims();
    assert_eq!(bias.dims(), [1, n_features], "a bias for each feature");
    assert!(n_kept > 0, "at least one entry is kept");
    if Launch::near(&COUNT, pre).is_none() {
        return on_host(pre, bias, n_kept);
    }
    let device = pre.device();
    let n_kept = n_kept.min(n_cells * n_features);
    let state = int_matrix(vec![0, n_kept as u32, INFINITY_BITS], 3, &device);
    let active = Active::with_room(n_cells, n_features, n_kept, &device);
    find_edge(pre, bias, &state);
    write(pre, bias, &state, &active);
    Ok(BatchActive { active, edge: state })
}

fn find_edge(pre: &Tensor<2>, bias: &Tensor<2>, state: &Tensor<2, Int>) {
    let [n_cells, n_features] = pre.dims();
    let n = n_cells * n_features;
    let counts: Tensor<2, Int> = Tensor::zeros([1, BINS], &pre.device());
    for (shift, width) in DIGITS {
        let Some(count) = Launch::near(&COUNT, pre) else { continue };
        let count = count.float(pre).float(bias).int(state).int(&counts);
        let count = count.word(n).word(n_features).word(shift).word(width);
        count.dispatch(n.div_ceil(COUNTER_THREADS).min(MOST_COUNTERS));
        let Some(digit) = Launch::near(&DIGIT, pre) else { continue };
        digit.int(state).int(&counts).word(shift).dispatch(1);
    }
}

fn write(pre: &Tensor<2>, bias: &Tensor<2>, state: &Tensor<2, Int>, active: &Active) {
    let [n_cells, n_features] = pre.dims();
    let rows: Tensor<2, Int> = Tensor::empty([n_cells, 2], &pre.device());
    if let Some(count) = Launch::near(&ROWS, pre) {
        let count = count.float(pre).float(bias).int(state).int(&rows);
        count.word(n_cells).word(n_features).dispatch(n_cells);
    }
    if let Some(place) = Launch::near(&STARTS, pre) {
        place.int(state).int(&rows).int(&active.starts).word(n_cells).dispatch(1);
    }
    if let Some(fill) = Launch::near(&FILL, pre) {
        let fill = fill.float(pre).float(bias).int(state).int(&rows).int(&active.starts).int(&active.features);
        let fill = fill.float(&active.values).int(&active.cells);
        fill.word(n_cells).word(n_features).word(n_cells.div_ceil(BITS)).dispatch(n_cells);
    }
}

/// The batch as one long cell.
fn on_host(pre: &Tensor<2>, bias: &Tensor<2>, n_kept: usize) -> Result<BatchActive, KernelError> {
    let ([n_cells, n_features], device) = (pre.dims(), pre.device());
    let (mut all, bias) = (floats(pre)?, floats(bias)?);
    for row in all.chunks_exact_mut(n_features) {
        row.iter_mut().zip(&bias).for_each(|(value, bias)| *value += bias);
    }
    let mut kept = Vec::new();
    select::largest(&all, n_kept, &mut kept);
    let smallest = kept.iter().map(|entry| entry.1).fold(f32::INFINITY, f32::min);
    let is_full = kept.len() == n_kept;
    let n_on_edge = kept.iter().filter(|entry| is_full && entry.1 == smallest).count() as u32;
    let edge = if is_full { smallest.to_bits() } else { 0 };
    let mut found = Found::new(n_cells, n_features);
    for cell in 0..n_cells as u32 {
        let width = n_features as u32;
        let own = kept.iter().filter(|entry| entry.0 / width == cell);
        found.push(&own.map(|&(at, value)| (at % width, value)).collect::<Vec<_>>(), 0);
    }
    found.pad(n_kept.min(n_cells * n_features) - kept.len());
    let edge = int_matrix(vec![edge, n_on_edge, smallest.to_bits()], 3, &device);
    Ok(BatchActive { active: found.into_active(&device), edge })
}
