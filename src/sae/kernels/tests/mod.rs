//! The plain Rust twins against other code, and, in the browser, every kernel against its twin.
//!
//! Sizes are ragged on purpose: no multiples of 32, 64 or 128, and widths on both sides of a workgroup's.

mod dense;
#[cfg(target_arch = "wasm32")]
mod gpu;
mod twins;

use std::sync::Arc;

use burn::tensor::{Device, Int, Tensor, TensorData};

use super::*;
use crate::data::DenseMatrix;
use crate::sae::{SaeParams, SaeWeights, Trainer, Variant};
use dense::Dense;

/// f32 against f64, and sums in another order, over twenty Adam steps.
const STEPS: f64 = 1e-3;
const N_STEPS: usize = 20;
const LEARNING_RATE: f64 = 1e-3;

/// A run small enough for a software GPU.
#[derive(Clone, Copy)]
struct Sizes {
    n_cells: usize,
    d: usize,
    h: usize,
}

const RAGGED: Sizes = Sizes { n_cells: 37, d: 70, h: 130 };

/// Reproducible numbers from −1 to 1, some of them equal.
fn numbers(n: usize, seed: usize) -> Vec<f32> {
    (0..n).map(|at| (((at + 1) * 7919 + seed * 104_729) % 2003) as f32 / 1001.0 - 1.0).collect()
}

fn from_vec(values: Vec<f32>, n_columns: usize, device: &Device) -> Tensor<2> {
    host::matrix(values, n_columns, device)
}

fn matrix(n_rows: usize, n_columns: usize, seed: usize, device: &Device) -> Tensor<2> {
    from_vec(numbers(n_rows * n_columns, seed), n_columns, device)
}

fn positions(rows: &[u32], device: &Device) -> Tensor<2, Int> {
    host::int_matrix(rows.to_vec(), rows.len(), device)
}

async fn floats(tensor: &Tensor<2>) -> Vec<f32> {
    tensor.clone().into_data_async().await.unwrap().try_into_vec().unwrap()
}

/// Bits of u32.
async fn ints(tensor: &Tensor<2, Int>) -> Vec<u32> {
    let data: TensorData = tensor.clone().into_data_async().await.unwrap();
    data.iter::<i64>().map(|word| word as u32).collect()
}

fn assert_close(found: &[f32], expected: &[f32], tolerance: f64, what: &str) {
    assert_eq!(found.len(), expected.len(), "{what}");
    for (at, (found, expected)) in found.iter().zip(expected).enumerate() {
        let difference = f64::from((found - expected).abs());
        assert!(difference <= tolerance, "{what}[{at}] is {found}, expected {expected}");
    }
}

/// Weights to start from; decoder rows have norm 1.
struct Weights {
    encoder: Vec<f32>,
    b_enc: Vec<f32>,
    decoder: Vec<f32>,
    b_dec: Vec<f32>,
}

impl Weights {
    fn new(Sizes { d, h, .. }: Sizes) -> Self {
        let mut decoder = numbers(h * d, 3);
        for row in decoder.chunks_exact_mut(d) {
            let norm = row.iter().map(|w| w * w).sum::<f32>().sqrt();
            for w in row.iter_mut() {
                *w /= norm;
            }
        }
        let b_enc = numbers(h, 5).into_iter().map(|b| b * 0.1).collect();
        Self { encoder: decoder.clone(), b_enc, decoder, b_dec: numbers(d, 7).into_iter().map(|b| b * 0.1).collect() }
    }

    fn stepper(&self, rules: StepRules, device: &Device) -> TopKStep {
        let (d, h) = (self.b_dec.len(), self.b_enc.len());
        let [encoder, decoder] = [&self.encoder, &self.decoder].map(|values| from_vec(values.clone(), d, device));
        let [b_enc, b_dec] =
            [(&self.b_enc, h), (&self.b_dec, d)].map(|(values, n)| from_vec(values.clone(), n, device));
        start(rules, [encoder, b_enc, decoder, b_dec])
    }
}

/// A run before its first step, from encoder, b_enc, decoder and b_dec.
fn start(rules: StepRules, parameters: [Tensor<2>; 4]) -> TopKStep {
    let traces = Traces::none(parameters[1].dims()[1], &parameters[0].device());
    let moving = |value: Tensor<2>| Moving { first: value.zeros_like(), second: value.zeros_like(), value };
    let [encoder, b_enc, decoder, b_dec] = parameters.map(moving);
    TopKStep { rules, encoder, b_enc, decoder, b_dec, traces, threshold: None, n_steps: 0 }
}

/// The cells of step `t`.
fn batch(step: usize, Sizes { n_cells, .. }: Sizes) -> Vec<u32> {
    (0..33).map(|at| ((at * 5 + step * 11) % n_cells) as u32).collect()
}

fn resident(sizes: Sizes, device: &Device) -> Tensor<2> {
    matrix(sizes.n_cells, sizes.d, 11, device)
}

fn run(mut stepper: TopKStep, sizes: Sizes, device: &Device) -> TopKStep {
    let inputs = resident(sizes, device);
    for step in 0..N_STEPS {
        stepper.step(&inputs, &positions(&batch(step, sizes), device), LEARNING_RATE).unwrap();
    }
    stepper
}

/// Twenty steps with all the rules on, against dense arithmetic in f64.
async fn steps_agree_with_dense_arithmetic(device: &Device) {
    let sizes = RAGGED;
    let weights = Weights::new(sizes);
    let rules = StepRules { k: 5, error_scale: 2.0, has_unit_decoder: true, clip: Some(1.0) };
    let found = run(weights.stepper(rules, device), sizes, device);
    let inputs = numbers(sizes.n_cells * sizes.d, 11);
    let mut expected = Dense::new(rules, &weights);
    for step in 0..N_STEPS {
        expected.step(&inputs, &batch(step, sizes), LEARNING_RATE);
    }
    assert!(expected.n_clipped > 0, "clipping is not tested otherwise");
    for ((name, values), found) in expected.parameters().into_iter().zip(parameters(&found)) {
        assert_close(&floats(found).await, &values, STEPS, name);
    }
    let tally = floats(&found.traces.tally).await;
    for (found, expected) in tally.iter().zip(expected.tally) {
        approx::assert_relative_eq!(f64::from(*found), expected, max_relative = STEPS);
    }
    assert_eq!(ints(&found.traces.steps_since_fired).await, expected.steps_since_fired);
}

fn parameters(stepper: &TopKStep) -> [&Tensor<2>; 4] {
    [&stepper.encoder, &stepper.b_enc, &stepper.decoder, &stepper.b_dec].map(|parameter| &parameter.value)
}

/// Twenty steps on all cells against the trainer on the CPU.
async fn steps_agree_with_the_trainer(device: &Device) {
    let sizes = RAGGED;
    let params = SaeParams {
        variant: Variant::TopK { k: 5, aux: 0.0 },
        n_features: sizes.h,
        batch_size: sizes.n_cells,
        n_epochs: N_STEPS,
        learning_rate: LEARNING_RATE,
        ..SaeParams::default().plain()
    };
    let inputs = DenseMatrix::new(sizes.n_cells, sizes.d, numbers(sizes.n_cells * sizes.d, 11)).unwrap();
    let mut trainer = Trainer::new(params, Arc::new(inputs), None, &Device::flex()).unwrap();
    let start = trainer.finish().await.unwrap().weights().clone();
    while !trainer.is_done() {
        trainer.step().await.unwrap();
    }
    let expected = trainer.finish().await.unwrap().weights().clone();

    let rules = StepRules { k: 5, error_scale: 2.0, has_unit_decoder: false, clip: None };
    let mut found = of_weights(&start).stepper(rules, device);
    let (inputs, all) = (resident(sizes, device), (0..sizes.n_cells as u32).collect::<Vec<_>>());
    for _ in 0..N_STEPS {
        found.step(&inputs, &positions(&all, device), LEARNING_RATE).unwrap();
    }
    let Weights { encoder, b_enc, decoder, b_dec } = of_weights(&expected);
    for (expected, found) in [encoder, b_enc, decoder, b_dec].into_iter().zip(parameters(&found)) {
        assert_close(&floats(found).await, &expected, STEPS, "parameter");
    }
}

fn of_weights(weights: &SaeWeights) -> Weights {
    Weights {
        encoder: weights.w_enc.clone().transposed().values().to_vec(),
        b_enc: weights.b_enc.clone(),
        decoder: weights.w_dec.values().to_vec(),
        b_dec: weights.b_dec.clone(),
    }
}
