//! The cells of a batch, picked from all of them where they lie on the device, with the decoder's bias taken off.

use burn::tensor::{Int, Tensor};

use super::host::{floats, ints, matrix};
use super::launch::Launch;
use super::{KernelError, Source};

const THREADS: usize = 256;

pub(super) static GATHER: Source = Source { name: "gather_cells", text: include_str!("gather.wgsl") };

/// The rows of `stored` at `positions`, with `b_dec` taken off.
///
/// # Shapes
/// `stored` is `[n_cells, d_in]`, `positions` `[1, batch]`, `b_dec` `[1, d_in]`; the result `[batch, d_in]`.
///
/// # Errors
/// [`KernelError`] if a device without our kernels can't be read.
///
/// # Panics
/// If shapes disagree; a position out of range is undefined on a GPU.
pub(super) fn gather(
    stored: &Tensor<2>,
    positions: &Tensor<2, Int>,
    b_dec: &Tensor<2>,
) -> Result<Tensor<2>, KernelError> {
    let (n_cells, d) = (positions.dims()[1], stored.dims()[1]);
    assert_eq!(b_dec.dims(), [1, d], "a bias for each column");
    let Some(launch) = Launch::near(&GATHER, b_dec) else { return on_host(stored, positions, b_dec) };
    let cells = Tensor::empty([n_cells, d], &b_dec.device());
    let launch = launch.float(stored).int(positions).float(b_dec).float(&cells).word(n_cells * d).word(d);
    launch.dispatch((n_cells * d).div_ceil(THREADS));
    Ok(cells)
}

fn on_host(stored: &Tensor<2>, positions: &Tensor<2, Int>, b_dec: &Tensor<2>) -> Result<Tensor<2>, KernelError> {
    let (d, device) = (stored.dims()[1], b_dec.device());
    let (stored, b_dec) = (floats(stored)?, floats(b_dec)?);
    let mut cells = Vec::new();
    for position in ints(positions) {
        let row = &stored[position as usize * d..][..d];
        cells.extend(row.iter().zip(&b_dec).map(|(value, b_dec)| value - b_dec));
    }
    Ok(matrix(cells, d, &device))
}
