//! A matrix times the transpose of another, both row by row: the encoder's product.
//!
//! Register-blocked: a workgroup makes 64 × 64 of the product, a thread 4 × 4. f32 sums in the order of the columns.

use burn::tensor::Tensor;

use super::Source;
use super::launch::Launch;

const TILE: usize = 64;

pub(super) static MATMUL: Source = Source { name: "matmul_transposed", text: include_str!("matmul.wgsl") };

/// `left · rightᵀ`.
///
/// # Shapes
/// `[m, k]` and `[n, k]` give `[m, n]`.
///
/// # Panics
/// If the columns disagree or operands are not contiguous.
pub(crate) fn matmul_transposed(left: &Tensor<2>, right: &Tensor<2>) -> Tensor<2> {
    let ([m, k], [n, columns]) = (left.dims(), right.dims());
    assert_eq!(k, columns, "both have as many columns");
    let Some(launch) = Launch::near(&MATMUL, left) else { return left.clone().matmul(right.clone().transpose()) };
    let product = Tensor::empty([m, n], &left.device());
    let launch = launch.float(left).float(right).float(&product).word(m).word(n).word(k);
    launch.dispatch(m.div_ceil(TILE) * n.div_ceil(TILE));
    product
}
