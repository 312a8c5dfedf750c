//! Gradients against Burn's automatic differentiation.

use burn::tensor::activation::relu;
use burn::tensor::{Tensor, TensorData};

use super::*;
use crate::sae::select;

/// The exact mask of topk, `[batch, n_features]`.
fn exact_mask(pre: &[f32], n_features: usize, k: usize) -> Vec<f32> {
    let mut mask = vec![0.0; pre.len()];
    let mut active = Vec::new();
    for (row, pre) in pre.chunks(n_features).enumerate() {
        select::largest(pre, k, &mut active);
        for pair in &active {
            mask[row * n_features + pair.0 as usize] = 1.0;
        }
    }
    mask
}

fn autodiff_gradient(params: &SaeParams, inputs: &DenseMatrix, start: &Values) -> Values {
    let (n, d, h) = (inputs.n_rows(), inputs.n_cols(), params.n_features);
    let device = Device::flex().autodiff();
    let place = |values: &[f32], n_rows: usize| {
        Tensor::<2>::from_data(TensorData::new(values.to_vec(), [n_rows, values.len() / n_rows]), &device)
    };
    let x = place(inputs.values(), n);
    let encoder = place(&start.encoder, h).require_grad();
    let b_enc = place(&start.b_enc, 1).require_grad();
    let decoder = place(&start.decoder, h).require_grad();
    let b_dec = place(&start.b_dec, 1).require_grad();
    let read = if matches!(params.variant, Variant::TopK { .. }) { x.clone() - b_dec.clone() } else { x.clone() };
    let pre = read.matmul(encoder.clone().transpose()) + b_enc.clone();
    let z = match params.variant {
        Variant::Vanilla { .. } | Variant::ReluL1 { .. } => relu(pre),
        Variant::TopK { k, .. } => {
            let host = pre.clone().inner().into_data().try_into_vec::<f32>().unwrap();
            relu(pre) * place(&exact_mask(&host, h, k), n)
        }
        _ => unreachable!("compared with PyTorch alone"),
    };
    let error = z.clone().matmul(decoder.clone()) + b_dec.clone() - x;
    let squared = (error.clone() * error).sum();
    let scales = Scales::of(params.variant, Sizes { d_in: d, n_features: h }, n, 1.0);
    let penalised = match params.variant {
        Variant::ReluL1 { .. } => z * (decoder.clone() * decoder.clone()).sum_dim(1).sqrt().transpose(),
        _ => z,
    };
    let gradients = (squared * scales.error + penalised.sum() * scales.penalty).backward();
    let of = |tensor: &Tensor<2>| tensor.grad(&gradients).unwrap().into_data().try_into_vec::<f32>().unwrap();
    ByParameter {
        encoder: of(&encoder),
        b_enc: of(&b_enc),
        decoder: of(&decoder),
        b_dec: of(&b_dec),
        ..ByParameter::default()
    }
}

#[test]
fn gradients_agree_with_autodiff_at_two_shapes() {
    for variant in [CODED, PRINTED, TOPK, Variant::ReluL1 { l1: 0.05 }] {
        for (n, d) in [(20, 8), (7, 13)] {
            let (inputs, params) = (cells(n, d), params(variant));
            let start = start(&params, d);
            let expected = autodiff_gradient(&params, &inputs, &start);
            for stepper in steppers(&params, &inputs, &start) {
                assert_all_close(&format!("{variant:?}"), gradient(stepper, &rows(n)), expected.clone(), ROUNDING);
            }
        }
    }
}
