//! Matrix products into memory that is already there, by the kernels Burn's CPU backend uses (crate `gemm`).

use gemm::{Parallelism, gemm};

/// A row-major matrix, or its transpose, `[rows, cols]`.
#[derive(Clone, Copy, Debug)]
pub(super) struct View<'data> {
    values: &'data [f32],
    rows: usize,
    cols: usize,
    row_stride: usize,
    col_stride: usize,
}

impl<'data> View<'data> {
    /// `values` as rows of `cols` values.
    pub(super) fn new(values: &'data [f32], cols: usize) -> Self {
        Self { values, rows: values.len() / cols, cols, row_stride: cols, col_stride: 1 }
    }

    /// The transpose.
    pub(super) fn t(self) -> Self {
        let Self { values, rows, cols, row_stride, col_stride } = self;
        Self { values, rows: cols, cols: rows, row_stride: col_stride, col_stride: row_stride }
    }
}

/// out = left · right, row-major `[left.rows, right.cols]`, on one thread.
///
/// # Panics
/// If the shapes do not fit.
pub(super) fn multiply(out: &mut [f32], left: View<'_>, right: View<'_>) {
    assert_eq!(left.cols, right.rows, "inner dimensions agree");
    assert_eq!(out.len(), left.rows * right.cols, "the product has its place");
    for view in [left, right] {
        assert!(view.values.len() >= view.rows * view.cols, "a view covers its values");
    }
    let stride = |n: usize| n.cast_signed();
    #[expect(unsafe_code, reason = "gemm takes pointers; the shapes they stand for were just checked")]
    // SAFETY: every element (row, column) of a view lies within its slice, since rows · cols ≤ its length and one
    // stride is 1 and the other the length of a row; `out` is as large and not shared.
    unsafe {
        gemm(
            left.rows,
            right.cols,
            left.cols,
            out.as_mut_ptr(),
            1,
            stride(right.cols),
            false,
            left.values.as_ptr(),
            stride(left.col_stride),
            stride(left.row_stride),
            right.values.as_ptr(),
            stride(right.col_stride),
            stride(right.row_stride),
            0.0,
            1.0,
            false,
            false,
            false,
            Parallelism::None,
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn products_of_matrices_and_their_transposes() {
        let (a, b) = ([1.0, 2.0, 3.0, 4.0, 5.0, 6.0], [1.0, 0.0, -1.0, 2.0, 1.0, 0.0]);
        let mut out = [9.0; 4];
        multiply(&mut out, View::new(&a, 3), View::new(&b, 3).t());
        assert_eq!(out, [-2.0, 4.0, -2.0, 13.0]);
        multiply(&mut out, View::new(&a, 2).t(), View::new(&b, 2));
        assert_eq!(out, [3.0, 6.0, 4.0, 8.0]);
    }
}
