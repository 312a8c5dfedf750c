//! Every kernel against its plain Rust twin, at sizes a software GPU can do, and the twins against other code.

use burn::tensor::{Device, Tensor, TensorData};

/// Reproducible numbers from −1 to 1, some of them equal.
pub(super) fn numbers(n: usize, seed: usize) -> Vec<f32> {
    (0..n).map(|at| (((at + 1) * 7919 + seed * 104_729) % 2003) as f32 / 1001.0 - 1.0).collect()
}

pub(super) fn matrix(n_rows: usize, n_columns: usize, seed: usize, device: &Device) -> Tensor<2> {
    Tensor::from_data(TensorData::new(numbers(n_rows * n_columns, seed), [n_rows, n_columns]), device)
}

#[cfg(target_arch = "wasm32")]
mod browser {
    use burn::tensor::Int;
    use wasm_bindgen_test::{console_log, wasm_bindgen_test};

    use super::super::*;
    use super::*;
    use crate::sae::device::{cpu, gpu};

    async fn floats(tensor: &Tensor<2>) -> Vec<f32> {
        tensor.clone().into_data_async().await.unwrap().try_into_vec().unwrap()
    }

    async fn ints(tensor: &Tensor<2, Int>) -> Vec<i64> {
        tensor.clone().into_data_async().await.unwrap().iter::<i64>().collect()
    }

    async fn assert_same(found: &Active, expected: &Active) {
        assert_eq!(ints(&found.starts).await, ints(&expected.starts).await);
        assert_eq!(ints(&found.features).await, ints(&expected.features).await);
        assert_eq!(floats(&found.values).await, floats(&expected.values).await);
        let bits = |words: Vec<i64>| words.into_iter().map(|word| word as u32).collect::<Vec<_>>();
        assert_eq!(bits(ints(&found.cells).await), bits(ints(&expected.cells).await));
    }

    #[wasm_bindgen_test]
    async fn top_k_on_the_gpu_is_the_twins() {
        let gpu = gpu().await.unwrap().device;
        for (n_cells, n_features, k) in [(3, 5, 2), (40, 300, 7), (2, 1025, 1025), (33, 64, 1)] {
            let on = |device: &Device| {
                top_k(&matrix(n_cells, n_features, 1, device), &matrix(1, n_features, 2, device), k).unwrap()
            };
            assert_same(&on(&gpu), &on(&cpu())).await;
        }
    }

    #[wasm_bindgen_test]
    async fn the_product_is_burns() {
        let gpu = gpu().await.unwrap().device;
        for (m, n, k) in [(1, 1, 1), (65, 130, 37), (64, 64, 16)] {
            let found = matmul_transposed(&matrix(m, k, 1, &gpu), &matrix(n, k, 2, &gpu));
            let expected = matmul_transposed(&matrix(m, k, 1, &cpu()), &matrix(n, k, 2, &cpu()));
            for (found, expected) in floats(&found).await.iter().zip(floats(&expected).await) {
                approx::assert_abs_diff_eq!(*found, expected, epsilon = 1e-5);
            }
            console_log!("product of {m} x {n} x {k} is right");
        }
    }
}
