//! The whole of training against other implementations: Burn's autodiff, finite differences, PyTorch, itself.

#[cfg(feature = "autodiff")]
mod autodiff;
#[cfg(target_arch = "wasm32")]
mod browser;
mod pytorch;
mod shards;

use std::sync::Arc;

use burn::tensor::Device;
use futures::executor::block_on;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};
use safetensors::tensor::SafeTensors;

use super::config::StepConfig;
use super::cpu::CpuStepper;
use super::initial::initial_parameters;
use super::loss::Scales;
use super::state::{ByParameter, Sizes, TrainState};
use super::stepper::Stepper;
use super::tensor::TensorStepper;
use super::whole::NAMES;
use super::*;
use crate::data::{DenseMatrix, Silent};
use crate::sae::metrics::evaluate;
use crate::sae::{HoldOut, InputScaling, L0Penalty, LossConvention, SaeParams, Variant, encode_all, tensors};

/// f32 sums in another order; relative to the largest value of the tensor.
const ROUNDING: f32 = 1e-5;
/// Rounding amplified by twenty Adam steps.
const TWENTY_STEPS: f32 = 1e-4;

type Values = ByParameter<Vec<f32>>;

const CODED: Variant = Variant::Vanilla { l1: 0.05, loss: LossConvention::AsCoded };
const PRINTED: Variant = Variant::Vanilla { l1: 0.05, loss: LossConvention::AsPrinted };
const TOPK: Variant = Variant::TopK { k: 3, aux: 0.0 };
/// One of each kind, those with dead features to revive among them.
const ALL: [Variant; 12] = [
    CODED,
    PRINTED,
    Variant::Bricken { l1: 0.05, loss: LossConvention::AsPrinted },
    Variant::TopKShare { percent: 20.0 },
    Variant::ReluL1 { l1: 0.05 },
    TOPK,
    Variant::TopK { k: 3, aux: 1.0 / 32.0 },
    Variant::BatchTopK { k: 3, aux: 1.0 / 32.0 },
    Variant::Matryoshka { k: 3, n_prefixes: 3, aux: 1.0 / 32.0 },
    Variant::JumpRelu { bandwidth: 0.2, threshold: 0.1, penalty: L0Penalty::Step { weight: 0.02 } },
    Variant::JumpRelu { bandwidth: 0.2, threshold: 0.1, penalty: L0Penalty::Target { l0: 4.0, weight: 0.5 } },
    Variant::Gated { l1: 0.05 },
];

/// Cells with a mean far from 0 and no structure.
fn cells(n_cells: usize, d_in: usize) -> Arc<DenseMatrix> {
    let values = (0..n_cells * d_in).map(|at| ((at * 7919 + 13) % 1013) as f32 / 500.0 - 0.7);
    Arc::new(DenseMatrix::new(n_cells, d_in, values.collect()).unwrap())
}

/// Plain training of a small autoencoder.
fn params(variant: Variant) -> SaeParams {
    let params =
        SaeParams { variant, n_features: 24, batch_size: 20, n_epochs: 5, learning_rate: 3e-3, ..SaeParams::default() };
    SaeParams { center_inputs: true, ..params.plain() }
}

/// All that can be switched on.
fn full(variant: Variant) -> SaeParams {
    let SaeParams { scaling, unit_decoder, clip, schedule, .. } = SaeParams::default();
    let hold_out = HoldOut { share: 0.1, label: None };
    SaeParams { scaling, unit_decoder, clip, schedule, hold_out, ..params(variant) }
}

/// Both ways of stepping from the same state.
fn both(config: StepConfig, inputs: &Arc<DenseMatrix>, state: TrainState) -> [Stepper; 2] {
    [
        Stepper::Cpu(Box::new(CpuStepper::with_shards(config, Arc::clone(inputs), &state, 1))),
        Stepper::Tensor(Box::new(TensorStepper::new(config, Arc::clone(inputs), state, &Device::flex()))),
    ]
}

/// Both ways of stepping from the same start, on inputs as they are.
fn steppers(params: &SaeParams, inputs: &Arc<DenseMatrix>, start: &Values) -> [Stepper; 2] {
    let config = StepConfig::new(params, inputs.n_cols(), params.steps_per_epoch(inputs.n_rows()));
    both(config, inputs, TrainState::start(start.clone()))
}

fn rows(n: usize) -> Vec<u32> {
    (0..n as u32).collect()
}

/// The gradient of one step: Adam's first moment after it is a tenth of it.
fn gradient(mut stepper: Stepper, rows: &[u32]) -> Values {
    block_on(stepper.step(rows)).unwrap();
    let moments = block_on(stepper.state()).unwrap().moments;
    moments.map(|moments| moments.first.into_iter().map(|value| value / 0.1).collect())
}

fn named<T>(values: ByParameter<T>) -> impl Iterator<Item = (&'static str, T)> {
    NAMES.into_iter().zip(values.into_array())
}

fn assert_close(what: &str, found: &[f32], expected: &[f32], tolerance: f32) {
    assert_eq!(found.len(), expected.len(), "{what}");
    let scale = expected.iter().fold(1e-6_f32, |most, value| most.max(value.abs()));
    for (at, (a, b)) in found.iter().zip(expected).enumerate() {
        assert!((a - b).abs() <= tolerance * scale, "{what}[{at}]: found {a}, expected {b}, scale {scale}");
    }
}

fn assert_all_close(what: &str, found: Values, expected: Values, tolerance: f32) {
    for ((name, found), (_, expected)) in named(found).zip(named(expected)) {
        assert_close(&format!("{what} {name}"), &found, &expected, tolerance);
    }
}

/// The start of a run with every bias moved off 0, so that no gradient is trivially right.
fn start(params: &SaeParams, d_in: usize) -> Values {
    let mut start = initial_parameters(params, &vec![0.2; d_in]);
    start.b_enc.iter_mut().enumerate().for_each(|(at, bias)| *bias += (at % 5) as f32 * 0.02 - 0.03);
    start.b_dec.iter_mut().enumerate().for_each(|(at, bias)| *bias += at as f32 * 0.05);
    start.b_pre.iter_mut().enumerate().for_each(|(at, bias)| *bias += at as f32 * 0.03 - 0.05);
    start.r_mag.iter_mut().enumerate().for_each(|(at, gain)| *gain += (at % 7) as f32 * 0.05 - 0.1);
    start.b_mag.iter_mut().enumerate().for_each(|(at, bias)| *bias += (at % 3) as f32 * 0.04);
    start
}

/// The loss in f64, written down once more and plainly.
fn plain_loss(params: &SaeParams, inputs: &DenseMatrix, at: &ByParameter<Vec<f64>>) -> f64 {
    let (n, d, h) = (inputs.n_rows(), inputs.n_cols(), params.n_features);
    let (mut squared, mut activation) = (0.0, 0.0);
    let sizes = Sizes { d_in: d, n_features: h };
    for row in 0..n {
        let x: Vec<f64> = inputs.row(row).iter().map(|&value| f64::from(value)).collect();
        let reads_bias = matches!(params.variant, Variant::TopK { .. });
        let shift = |dim: usize| if reads_bias { at.b_dec[dim] } else { 0.0 };
        let pre = |f: usize| at.b_enc[f] + (0..d).map(|i| (x[i] - shift(i)) * at.encoder[f * d + i]).sum::<f64>();
        let mut z: Vec<f64> = (0..h).map(|feature| pre(feature).max(0.0)).collect();
        if let Variant::TopK { k, .. } = params.variant {
            let mut sorted = z.clone();
            sorted.sort_by(|a, b| b.total_cmp(a));
            z.iter_mut().filter(|value| **value < sorted[k - 1]).for_each(|value| *value = 0.0);
        }
        activation += z.iter().sum::<f64>();
        for (i, x) in x.iter().enumerate() {
            let reconstruction: f64 = at.b_dec[i] + (0..h).map(|f| z[f] * at.decoder[f * d + i]).sum::<f64>();
            squared += (reconstruction - x).powi(2);
        }
    }
    let scales = Scales::of(params.variant, sizes, n, 1.0);
    scales.error * squared + scales.penalty * activation
}

#[test]
fn gradients_agree_with_finite_differences() {
    const NUDGE: f64 = 1e-6;
    for variant in [CODED, PRINTED, TOPK] {
        let (inputs, params) = (cells(9, 5), params(variant));
        let start = start(&params, 5);
        let [stepper, _] = steppers(&params, &inputs, &start);
        let found = gradient(stepper, &rows(9));
        let wide = start.map(|values| values.into_iter().map(f64::from).collect::<Vec<f64>>());
        let slope = |pick: fn(&mut ByParameter<Vec<f64>>) -> &mut Vec<f64>, at: usize| {
            let loss = |by: f64| {
                let mut moved = wide.clone();
                pick(&mut moved)[at] += by;
                plain_loss(&params, &inputs, &moved)
            };
            (loss(NUDGE) - loss(-NUDGE)) / (2.0 * NUDGE)
        };
        for at in 0..24 {
            let close =
                |found: f32, expected: f64| (f64::from(found) - expected).abs() < 1e-4 * expected.abs().max(0.1);
            assert!(close(found.encoder[at * 5], slope(|p| &mut p.encoder, at * 5)), "{variant:?} encoder {at}");
            assert!(close(found.decoder[at * 5], slope(|p| &mut p.decoder, at * 5)), "{variant:?} decoder {at}");
            assert!(close(found.b_enc[at], slope(|p| &mut p.b_enc, at)), "{variant:?} b_enc {at}");
        }
        for (at, &found) in found.b_dec.iter().enumerate() {
            let expected = slope(|p| &mut p.b_dec, at);
            assert!((f64::from(found) - expected).abs() < 1e-4 * expected.abs().max(0.1), "{variant:?} b_dec {at}");
        }
    }
}

#[test]
fn the_two_ways_of_stepping_agree() {
    let edges = [Variant::TopK { k: 1, aux: 0.0 }, Variant::TopK { k: 24, aux: 0.0 }];
    for (variant, all_on) in ALL.into_iter().chain(edges).flat_map(|variant| [(variant, false), (variant, true)]) {
        let (inputs, params) = (cells(40, 6), if all_on { full(variant) } else { params(variant) });
        let [mut a, mut b] = steppers(&params, &inputs, &start(&params, 6));
        // Over a whole batch a near tie comes soon, and rounding decides it.
        let n_steps = if variant.is_over_the_batch() { 5 } else { 20 };
        for step in 0..n_steps {
            let rows: Vec<u32> = (0..17).map(|at| (at * 5 + step * 3) % 40).collect();
            block_on(a.step(&rows)).unwrap();
            block_on(b.step(&rows)).unwrap();
        }
        let (found, expected) = (block_on(b.state()).unwrap(), block_on(a.state()).unwrap());
        assert_eq!(found.since_fired, expected.since_fired, "{variant:?}");
        assert_all_close(&format!("{variant:?}"), found.parameters, expected.parameters, TWENTY_STEPS);
        match (found.batch_threshold, expected.batch_threshold) {
            (Some(a), Some(b)) => approx::assert_relative_eq!(a, b, max_relative = TWENTY_STEPS),
            (a, b) => assert_eq!(a, b),
        }
        let ((found, n_alive), (expected, n_expected)) =
            (block_on(b.take_tally()).unwrap(), block_on(a.take_tally()).unwrap());
        assert_eq!((found.n_cells, found.n_active, n_alive), (expected.n_cells, expected.n_active, n_expected));
        approx::assert_relative_eq!(found.squared_error, expected.squared_error, max_relative = 1e-4);
        approx::assert_relative_eq!(found.loss, expected.loss, max_relative = 1e-4);
        let (found, expected) = (block_on(b.measure(&rows(13))).unwrap(), block_on(a.measure(&rows(13))).unwrap());
        assert_eq!(found.n_active, expected.n_active);
        approx::assert_relative_eq!(found.squared_error, expected.squared_error, max_relative = 1e-4);
    }
}

/// Steps of ReLU variants take one of two ways by their density; both must say the same.
#[test]
fn dense_and_sparse_steps_agree() {
    for variant in [CODED, Variant::Bricken { l1: 0.05, loss: LossConvention::AsCoded }, Variant::ReluL1 { l1: 0.05 }] {
        let (inputs, params) = (cells(40, 6), params(variant));
        let start = start(&params, 6);
        let config = StepConfig::new(&params, 6, 2);
        let gradients = [0.0, 2.0].map(|dense_from| {
            let state = TrainState::start(start.clone());
            let mut stepper = CpuStepper::with_shards(config, Arc::clone(&inputs), &state, 1);
            stepper.set_dense_from(dense_from);
            gradient(Stepper::Cpu(Box::new(stepper)), &rows(40))
        });
        let [dense, sparse] = gradients;
        assert_all_close(&format!("{variant:?}"), sparse, dense, ROUNDING);
    }
}

fn run(trainer: &mut Trainer, n_steps: usize) {
    for _ in 0..n_steps {
        block_on(trainer.step()).unwrap();
    }
}

#[test]
fn resuming_gives_the_very_bits_of_an_uninterrupted_run() {
    for variant in ALL {
        let (inputs, device) = (cells(53, 6), Device::flex());
        let mut whole = Trainer::new(full(variant), Arc::clone(&inputs), None, &device).unwrap();
        run(&mut whole, 15);
        let mut part = Trainer::new(full(variant), Arc::clone(&inputs), None, &device).unwrap();
        run(&mut part, 7);
        let bytes = block_on(part.checkpoint(2.0)).unwrap().to_bytes().unwrap();
        let kept = Checkpoint::from_bytes(&bytes).unwrap();
        assert_eq!((kept.step(), kept.elapsed_secs()), (7, 2.0));
        let mut resumed = Trainer::from_checkpoint(kept, Arc::clone(&inputs), &device).unwrap();
        run(&mut resumed, 100);
        assert!(resumed.is_done() && whole.is_done());
        let (a, b) = (block_on(whole.checkpoint(9.0)).unwrap(), block_on(resumed.checkpoint(7.0)).unwrap());
        assert_eq!(a, b);
        assert_eq!(block_on(whole.finish()).unwrap(), block_on(resumed.finish()).unwrap());
    }
}

#[test]
fn a_checkpoint_moves_between_the_two_ways_of_stepping() {
    let (inputs, params) = (cells(40, 6), params(TOPK));
    let [mut cpu, mut tensor] = steppers(&params, &inputs, &start(&params, 6));
    for stepper in [&mut cpu, &mut tensor] {
        block_on(stepper.step(&rows(20))).unwrap();
        block_on(stepper.step(&rows(10))).unwrap();
    }
    let (a, b) = (block_on(cpu.state()).unwrap(), block_on(tensor.state()).unwrap());
    assert_eq!((a.step, &a.since_fired), (b.step, &b.since_fired));
    assert_all_close("parameters", b.parameters, a.parameters, ROUNDING);
    for ((name, a), (_, b)) in named(a.moments).zip(named(b.moments)) {
        assert_close(name, &b.first, &a.first, ROUNDING);
        assert_close(name, &b.second, &a.second, ROUNDING);
    }
}

#[test]
fn the_seed_decides_the_run() {
    let finish = |seed: u64| {
        let mut trainer =
            Trainer::new(SaeParams { seed, ..params(TOPK) }, cells(53, 6), None, &Device::flex()).unwrap();
        run(&mut trainer, 10);
        block_on(trainer.finish()).unwrap()
    };
    assert_eq!(finish(3), finish(3));
    assert_ne!(finish(3), finish(4));
}

#[test]
fn cells_that_activate_nothing_move_only_the_decoder_bias() {
    for variant in [CODED, TOPK] {
        let (inputs, params) = (cells(20, 6), params(variant));
        let mut start = start(&params, 6);
        start.b_enc.fill(-1e3);
        for stepper in steppers(&params, &inputs, &start) {
            let found = gradient(stepper, &rows(20));
            assert!([&found.encoder, &found.b_enc, &found.decoder].iter().all(|g| g.iter().all(|&value| value == 0.0)));
            assert!(found.b_dec.iter().all(|&value| value != 0.0));
        }
    }
}

#[test]
fn progress_reports_what_was_seen_since_the_last_call() {
    let inputs = cells(50, 6);
    let mut trainer = Trainer::new(params(TOPK), Arc::clone(&inputs), None, &Device::flex()).unwrap();
    assert_eq!(trainer.n_steps(), 15);
    run(&mut trainer, 3);
    let first = block_on(trainer.progress(3.0)).unwrap();
    assert_eq!((first.step, first.n_steps, first.epoch), (3, 15, 1));
    approx::assert_relative_eq!(first.remaining_secs, 12.0);
    assert!(first.l0 > 0.0 && first.l0 <= 3.0 && first.dead_share < 1.0);
    approx::assert_relative_eq!(first.loss, 6.0 * first.mse, max_relative = 1e-12);
    let again = block_on(trainer.progress(3.0)).unwrap();
    assert_eq!(again, first);
    run(&mut trainer, 100);
    let last = block_on(trainer.progress(4.0)).unwrap();
    assert!(trainer.is_done() && last.loss < first.loss && last.explained_variance > first.explained_variance);
    approx::assert_relative_eq!(last.remaining_secs, 0.0);
}

#[test]
fn explained_variance_of_an_epoch_agrees_with_the_metric_when_nothing_moves() {
    let inputs = cells(50, 6);
    for (center_inputs, scaling) in
        [(true, InputScaling::None), (false, InputScaling::None), (true, InputScaling::Factor)]
    {
        let params = SaeParams { learning_rate: 1e-12, center_inputs, scaling, ..params(TOPK) };
        let mut trainer = Trainer::new(params, Arc::clone(&inputs), None, &Device::flex()).unwrap();
        run(&mut trainer, 3);
        let progress = block_on(trainer.progress(1.0)).unwrap();
        let sae = block_on(trainer.finish()).unwrap();
        let device = Device::flex();
        let encoded = block_on(encode_all(&sae, &inputs, &device, 16, &Silent, async || {})).unwrap();
        let metrics = evaluate(&sae, &inputs, &encoded).unwrap();
        approx::assert_relative_eq!(progress.explained_variance, metrics.explained_variance, epsilon = 1e-4);
        if scaling == InputScaling::None {
            approx::assert_relative_eq!(progress.mse, metrics.mse, max_relative = 1e-4);
        }
        approx::assert_relative_eq!(progress.l0, metrics.l0, max_relative = 1e-6);
        approx::assert_relative_eq!(progress.dead_share, 1.0 - metrics.n_live as f64 / 24.0);
    }
}

#[test]
fn bad_input_is_refused_before_anything_runs() {
    let device = Device::flex();
    let error = Trainer::new(SaeParams { batch_size: 51, ..params(TOPK) }, cells(50, 6), None, &device).unwrap_err();
    assert!(matches!(error, TrainError::Params(_)), "{error}");
    let mut values = cells(50, 6).values().to_vec();
    values[13] = f32::NAN;
    let damaged = Arc::new(DenseMatrix::new(50, 6, values).unwrap());
    let error = Trainer::new(params(TOPK), Arc::clone(&damaged), None, &device).unwrap_err();
    assert!(error.to_string().contains("row 3, column 2"), "{error}");
    let trainer = Trainer::new(params(TOPK), cells(50, 6), None, &device).unwrap();
    let kept = block_on(trainer.checkpoint(0.0)).unwrap();
    let error = Trainer::from_checkpoint(kept, cells(51, 6), &device).unwrap_err();
    assert!(matches!(error, TrainError::Checkpoint(CheckpointError::OtherInputs { n_cells: 50, .. })), "{error}");
}

#[test]
fn inputs_out_of_range_are_reported_as_diverged() {
    let huge = Arc::new(DenseMatrix::new(20, 2, (0..40).map(|at| at as f32 * 8e36).collect()).unwrap());
    let mut trainer =
        Trainer::new(SaeParams { center_inputs: false, ..params(CODED) }, huge, None, &Device::flex()).unwrap();
    run(&mut trainer, 2);
    assert!(matches!(block_on(trainer.progress(1.0)), Err(TrainError::Diverged { step: 2, .. })));
}

/// Cells that are sparse sums of known directions: the autoencoder must find the directions.
#[test]
fn a_planted_dictionary_is_recovered() {
    let (d, n_true, n_cells) = (16, 20, 1500);
    let source = SaeParams { n_features: n_true, seed: 77, ..SaeParams::default() };
    let truth = initial_parameters(&source, &vec![0.0; d]).decoder;
    let mut values = vec![0.0_f32; n_cells * d];
    let mut rng = ChaCha8Rng::seed_from_u64(5);
    for out in values.chunks_mut(d) {
        for _ in 0..2 {
            let (direction, weight) = (rng.next_u32() as usize % n_true, 1.0 + (rng.next_u32() % 100) as f32 / 100.0);
            out.iter_mut().zip(&truth[direction * d..]).for_each(|(out, value)| *out += weight * value);
        }
    }
    let inputs = Arc::new(DenseMatrix::new(n_cells, d, values).unwrap());
    let variant = Variant::TopK { k: 2, aux: 0.0 };
    let params = SaeParams {
        variant,
        n_features: 40,
        batch_size: 100,
        n_epochs: 60,
        learning_rate: 3e-3,
        ..SaeParams::default()
    };
    let params = params.plain();
    let mut trainer = Trainer::new(params, inputs, None, &Device::flex()).unwrap();
    run(&mut trainer, 900);
    assert!(trainer.is_done());
    let decoder = block_on(trainer.finish()).unwrap().weights().w_dec.clone();
    let best = |direction: &[f32]| {
        let cosine = |row: &[f32]| {
            let norm = row.iter().map(|x| x * x).sum::<f32>().sqrt().max(1e-12);
            row.iter().zip(direction).map(|(a, b)| a * b).sum::<f32>() / norm
        };
        (0..decoder.n_rows()).map(|row| cosine(decoder.row(row))).fold(-1.0_f32, f32::max)
    };
    let mean = truth.chunks(d).map(best).sum::<f32>() / n_true as f32;
    assert!(mean > 0.9, "mean best cosine {mean}");
}

#[test]
fn held_out_cells_are_measured_and_end_a_run_that_gains_nothing() {
    let mut values = cells(60, 6).values().to_vec();
    values.iter_mut().enumerate().for_each(|(at, value)| *value += (at % 4) as f32);
    let inputs = Arc::new(DenseMatrix::new(60, 6, values).unwrap());
    for variant in [TOPK, Variant::BatchTopK { k: 3, aux: 0.0 }] {
        let params = SaeParams { n_epochs: 400, patience: Some(3), learning_rate: 0.05, ..full(variant) };
        let mut trainer = Trainer::new(params, Arc::clone(&inputs), None, &Device::flex()).unwrap();
        let held_out: Vec<usize> = (0..60).filter(|&cell| trainer.is_held_out()[cell]).collect();
        assert_eq!(held_out.len(), 6);
        run(&mut trainer, 10_000);
        assert!(trainer.is_done() && trainer.stopped_early());
        let progress = block_on(trainer.progress(1.0)).unwrap();
        let sae = block_on(trainer.finish()).unwrap();
        let held_out = inputs.select_rows(held_out.into_iter());
        let encoded = block_on(encode_all(&sae, &held_out, &Device::flex(), 16, &Silent, async || {})).unwrap();
        let expected = evaluate(&sae, &held_out, &encoded).unwrap().explained_variance;
        approx::assert_relative_eq!(progress.held_out.unwrap(), expected, epsilon = 1e-4);
    }
}

#[test]
fn the_finished_autoencoder_reads_raw_inputs_as_training_saw_them() {
    let inputs = cells(50, 6);
    for (variant, scaling) in
        ALL.into_iter().flat_map(|variant| [(variant, InputScaling::Factor), (variant, InputScaling::Whiten)])
    {
        let hold_out = HoldOut { share: 0.2, label: None };
        let params = SaeParams { scaling, hold_out, ..full(variant) };
        let mut trainer = Trainer::new(params, Arc::clone(&inputs), None, &Device::flex()).unwrap();
        run(&mut trainer, 10_000);
        let held_out: Vec<usize> = (0..50).filter(|&cell| trainer.is_held_out()[cell]).collect();
        let measured: Vec<u32> = held_out.iter().map(|&cell| cell as u32).collect();
        let n_active = block_on(trainer.stepper_mut().measure(&measured)).unwrap().n_active;
        let sae = block_on(trainer.finish()).unwrap();
        let held_out = inputs.select_rows(held_out.into_iter());
        let encoded = block_on(encode_all(&sae, &held_out, &Device::flex(), 16, &Silent, async || {})).unwrap();
        assert!(n_active > 0.0, "{variant:?}");
        assert_eq!(encoded.by_cell().n_nonzero() as f64, n_active, "{variant:?} {scaling:?}");
    }
}
