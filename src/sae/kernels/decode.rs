//! Reconstruction from active features alone, its error, and the gradient of every active entry.
//!
//! With x − b_dec as the target, e = Σ_j z_j·W_dec[f_j] − (x − b_dec) = x̂ − x. Entries without a feature are passed
//! over and get gradient 0. Sums follow the order of the features.

use burn::tensor::Tensor;

use super::active::{Active, Entry};
use super::host::{floats, matrix};
use super::launch::Launch;
use super::{KernelError, Source};

/// Columns of [`Decoded::sums`].
pub(super) const N_SUMS: usize = 3;

pub(super) static DECODE: Source = Source { name: "sparse_decode", text: include_str!("decode.wgsl") };

/// What a batch's reconstruction leaves for its gradients.
#[derive(Clone, Debug)]
pub(crate) struct Decoded {
    /// e times the scale, `[batch, d_in]`.
    pub(crate) error: Tensor<2>,
    /// e·W_dec[f] times the scale for every entry: the gradient by its activation, `[1, n_entries]`.
    pub(crate) gradient: Tensor<2>,
    /// Σe² (not scaled), Σz and the number of active features of every cell, `[batch, 3]`.
    pub(crate) sums: Tensor<2>,
}

/// Reconstructs a batch.
///
/// # Shapes
/// `decoder` is `[n_features, d_in]`, `target` (cells with b_dec taken off) `[batch, d_in]`.
///
/// # Errors
/// [`KernelError`] if a device without our kernels can't be read.
///
/// # Panics
/// If shapes disagree or operands are not contiguous.
pub(crate) fn decode(
    active: &Active,
    decoder: &Tensor<2>,
    target: &Tensor<2>,
    scale: f64,
) -> Result<Decoded, KernelError> {
    let [n_cells, d] = target.dims();
    assert_eq!((active.n_cells(), decoder.dims()[1]), (n_cells, d), "a target for each cell");
    let Some(launch) = Launch::near(&DECODE, decoder) else { return on_host(active, decoder, target, scale as f32) };
    let device = decoder.device();
    let decoded = Decoded {
        error: Tensor::empty([n_cells, d], &device),
        gradient: Tensor::empty(active.values.dims(), &device),
        sums: Tensor::empty([n_cells, N_SUMS], &device),
    };
    let launch = launch.int(&active.starts).int(&active.features).float(&active.values).float(decoder).float(target);
    let launch = launch.float(&decoded.error).float(&decoded.gradient).float(&decoded.sums);
    launch.word(n_cells).word(d).real(scale).dispatch(n_cells);
    Ok(decoded)
}

fn on_host(active: &Active, decoder: &Tensor<2>, target: &Tensor<2>, scale: f32) -> Result<Decoded, KernelError> {
    let ([_, d], device) = (target.dims(), target.device());
    let (decoder, mut error) = (floats(decoder)?, floats(target)?);
    let n_entries = active.values.dims()[1];
    let (mut gradient, mut sums) = (vec![0.0; n_entries], Vec::new());
    for (entries, error) in active.on_host()?.iter().zip(error.chunks_exact_mut(d)) {
        sums.extend(cell(entries, &decoder, error, scale, &mut gradient));
    }
    Ok(Decoded {
        error: matrix(error, d, &device),
        gradient: matrix(gradient, n_entries, &device),
        sums: matrix(sums, N_SUMS, &device),
    })
}

/// One cell's target becomes its scaled error; returns its sums.
fn cell(entries: &[Entry], decoder: &[f32], error: &mut [f32], scale: f32, gradient: &mut [f32]) -> [f32; N_SUMS] {
    let d = error.len();
    let row = |entry: &Entry| &decoder[entry.feature * d..(entry.feature + 1) * d];
    let mut squared_error = 0.0;
    for (column, error) in error.iter_mut().enumerate() {
        let reconstruction: f32 = entries.iter().map(|entry| entry.value * row(entry)[column]).sum();
        let difference = reconstruction - *error;
        squared_error += difference * difference;
        *error = difference * scale;
    }
    for entry in entries {
        gradient[entry.at] = error.iter().zip(row(entry)).map(|(error, weight)| error * weight).sum();
    }
    [squared_error, entries.iter().map(|entry| entry.value).sum(), entries.len() as f32]
}
