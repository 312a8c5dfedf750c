//! Every kernel on the browser's WebGPU against its twin on the CPU.

use wasm_bindgen_test::wasm_bindgen_test;

use super::super::active::Active;
use super::*;
use crate::sae::device::{cpu, gpu};

/// The same few sums in another order.
const SUMS: f64 = 1e-5;

async fn devices() -> [Device; 2] {
    [gpu().await.unwrap().device, cpu()]
}

async fn assert_same(found: &Active, expected: &Active) {
    let n_entries = *ints(&expected.starts).await.last().unwrap() as usize;
    assert_eq!(ints(&found.starts).await, ints(&expected.starts).await);
    assert_eq!(ints(&found.features).await[..n_entries], ints(&expected.features).await[..n_entries]);
    assert_eq!(floats(&found.values).await[..n_entries], floats(&expected.values).await[..n_entries]);
    assert_eq!(ints(&found.cells).await, ints(&expected.cells).await);
}

/// Pre-activations with ties, zeros, infinity and NaN, and a bias of zeros.
fn special(n_cells: usize, n_features: usize, device: &Device) -> [Tensor<2>; 2] {
    let mut values: Vec<f32> = numbers(n_cells * n_features, 1).into_iter().map(|v| (v * 8.0).round()).collect();
    for (at, value) in values.iter_mut().enumerate() {
        match at % 41 {
            3 => *value = f32::NAN,
            7 => *value = f32::INFINITY,
            11 => *value = -0.0,
            13 => *value = 1e-30,
            _ => {}
        }
    }
    [from_vec(values, n_features, device), Tensor::zeros([1, n_features], device)]
}

#[wasm_bindgen_test]
async fn top_k_is_its_twins() {
    let [gpu, cpu] = devices().await;
    for (n_cells, n_features, k) in [(3, 5, 2), (40, 300, 7), (2, 1025, 1025), (33, 64, 1)] {
        let on = |device: &Device| {
            top_k(&matrix(n_cells, n_features, 1, device), &matrix(1, n_features, 2, device), k).unwrap()
        };
        assert_same(&on(&gpu), &on(&cpu)).await;
        let special = |device: &Device| {
            let [pre, bias] = special(n_cells, n_features, device);
            top_k(&pre, &bias, k).unwrap()
        };
        assert_same(&special(&gpu), &special(&cpu)).await;
    }
}

#[wasm_bindgen_test]
async fn batch_top_k_is_its_twins() {
    let [gpu, cpu] = devices().await;
    for (n_cells, n_features, n_kept) in [(3, 5, 4), (40, 300, 200), (140, 70, 9000), (33, 64, 1)] {
        let on = |device: &Device| {
            batch_top_k(&matrix(n_cells, n_features, 1, device), &matrix(1, n_features, 2, device), n_kept).unwrap()
        };
        let special = |device: &Device| {
            let [pre, bias] = special(n_cells, n_features, device);
            batch_top_k(&pre, &bias, n_kept).unwrap()
        };
        for (found, expected) in [(on(&gpu), on(&cpu)), (special(&gpu), special(&cpu))] {
            assert_same(&found.active, &expected.active).await;
            assert_eq!(ints(&found.edge).await, ints(&expected.edge).await);
        }
    }
}

#[wasm_bindgen_test]
async fn the_product_is_burns() {
    let [gpu, cpu] = devices().await;
    for (m, n, k) in [(1, 1, 1), (65, 130, 37), (64, 64, 16)] {
        let on = |device: &Device| matmul_transposed(&matrix(m, k, 1, device), &matrix(n, k, 2, device));
        assert_close(&floats(&on(&gpu)).await, &floats(&on(&cpu)).await, SUMS, "product");
    }
}

/// Sparse activations with more than one workgroup's entries in a cell.
fn active(device: &Device) -> Active {
    batch_top_k(&matrix(37, 300, 1, device), &matrix(1, 300, 2, device), 1200).unwrap().active
}

#[wasm_bindgen_test]
async fn decode_and_gradients_are_their_twins() {
    let [gpu, cpu] = devices().await;
    let on = |device: &Device| {
        let (active, decoder) = (active(device), matrix(300, 270, 3, device));
        let decoded = decode(&active, &decoder, &matrix(37, 270, 4, device), 0.01).unwrap();
        let free = by_feature(&active, &active.values, &decoded.error, &decoder, RowRule::Free).unwrap();
        let tangent = by_feature(&active, &decoded.gradient, &decoded.error, &decoder, RowRule::Tangent).unwrap();
        [decoded.error, decoded.gradient, decoded.sums, free.gradient, free.sums, tangent.gradient, tangent.sums]
    };
    for (found, expected) in on(&gpu).iter().zip(on(&cpu)) {
        let (found, expected) = (floats(found).await, floats(&expected).await);
        let largest = expected.iter().fold(1.0, |largest, value| value.abs().max(largest));
        assert_close(
            &found[..expected.len().min(1200)],
            &expected[..expected.len().min(1200)],
            SUMS * f64::from(largest),
            "sum",
        );
    }
}

#[wasm_bindgen_test]
async fn gathering_is_its_twins() {
    let [gpu, cpu] = devices().await;
    for d in [6, 7] {
        let on = |device: &Device| {
            gather(&matrix(50, d, 1, device), &positions(&[3, 0, 49, 3], device), &matrix(1, d, 3, device)).unwrap()
        };
        assert_close(&floats(&on(&gpu)).await, &floats(&on(&cpu)).await, 1e-6, "cell");
    }
}

#[wasm_bindgen_test]
async fn twenty_steps_are_those_of_dense_arithmetic() {
    let [gpu, _] = devices().await;
    steps_agree_with_dense_arithmetic(&gpu).await;
}

#[wasm_bindgen_test]
async fn twenty_steps_are_those_of_the_trainer_on_the_cpu() {
    let [gpu, _] = devices().await;
    steps_agree_with_the_trainer(&gpu).await;
}

#[wasm_bindgen_test]
async fn the_same_steps_give_the_same_bits() {
    let [gpu, _] = devices().await;
    let rules = StepRules { k: 5, error_scale: 2.0, has_unit_decoder: true, clip: Some(1.0) };
    let [first, second] = [(), ()].map(|()| run(Weights::new(RAGGED).stepper(rules, &gpu), RAGGED, &gpu));
    for (first, second) in parameters(&first).into_iter().zip(parameters(&second)) {
        assert_eq!(floats(first).await, floats(second).await);
    }
}

#[wasm_bindgen_test]
async fn thresholds_follow_as_their_twins() {
    let [gpu, cpu] = devices().await;
    let follow = async |device: &Device| {
        let mut threshold = BatchThreshold { mean: from_vec(vec![-1.0], 1, device), decay: 0.75 };
        let mut seen = Vec::new();
        for smallest in [f32::INFINITY, 0.5, f32::INFINITY, 0.25] {
            threshold.follow(&host::int_matrix(vec![0, 0, smallest.to_bits()], 3, device)).unwrap();
            seen.extend(floats(&threshold.mean).await);
        }
        seen
    };
    assert_eq!(follow(&gpu).await, [-1.0, 0.5, 0.5, 0.4375]);
    assert_eq!(follow(&cpu).await, [-1.0, 0.5, 0.5, 0.4375]);
}
