//! Tensors to vectors and back, for the plain Rust twins of the kernels, which run where there is no GPU.

use burn::tensor::{Device, Int, Tensor, TensorData};

use super::KernelError;

/// A matrix as a vector, row by row.
pub(super) fn floats(tensor: &Tensor<2>) -> Result<Vec<f32>, KernelError> {
    tensor.to_data().try_into_vec::<f32>().map_err(KernelError::read)
}

/// Whole numbers as a vector, row by row.
pub(super) fn ints<const D: usize>(tensor: &Tensor<D, Int>) -> Vec<i64> {
    tensor.to_data().iter::<i64>().collect()
}

/// A vector as a matrix of `n_columns`.
pub(super) fn matrix(values: Vec<f32>, n_columns: usize, device: &Device) -> Tensor<2> {
    let n_rows = values.len() / n_columns.max(1);
    Tensor::from_data(TensorData::new(values, [n_rows, n_columns]), device)
}

/// A vector of whole numbers as a matrix of `n_columns`; bit patterns of u32 are kept.
pub(super) fn int_matrix(values: Vec<u32>, n_columns: usize, device: &Device) -> Tensor<2, Int> {
    let n_rows = values.len() / n_columns.max(1);
    let values: Vec<i32> = values.into_iter().map(u32::cast_signed).collect();
    Tensor::from_data(TensorData::new(values, [n_rows, n_columns]), device)
}
