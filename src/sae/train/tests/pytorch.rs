//! Every variant against PyTorch: losses, gradients by autograd, and a hundred steps with all that belongs to a step.
//!
//! `tests/fixtures/sae/training` says what the numbers are and how they were made.

use serde_json::Value;

use super::*;
use crate::sae::{L0Penalty, Schedule};

/// f32 sums in another order, relative to the largest value of a tensor.
const ROUNDING: f32 = 1e-5;
/// The same amplified by a hundred steps of Adam; f32 differs from f64 by up to 1e-6 in PyTorch itself.
const HUNDRED_STEPS: f32 = 5e-5;

/// What PyTorch says, and the largest relative differences seen so far.
struct Case<'data> {
    facts: &'data Value,
    file: &'data SafeTensors<'data>,
    name: &'data str,
    worst: f32,
}

impl Case<'_> {
    fn tensor(&self, name: &str) -> Option<Vec<f32>> {
        tensors::read(self.file, &format!("{}.{name}", self.name)).map(|tensor| tensor.unwrap().values)
    }

    fn parameters(&self, group: &str) -> Values {
        ByParameter::from_array(NAMES).map(|part| self.tensor(&format!("{group}.{part}")).unwrap_or_default())
    }

    fn number(&self, name: &str) -> f64 {
        self.facts[name].as_f64().unwrap()
    }

    fn size(&self, name: &str) -> usize {
        self.facts[name].as_u64().unwrap() as usize
    }

    fn variant(&self) -> Variant {
        let of = &self.facts["variant"];
        let number = |name: &str| of[name].as_f64().unwrap();
        let size = |name: &str| of[name].as_u64().unwrap() as usize;
        let loss = if of["loss"] == "as_printed" { LossConvention::AsPrinted } else { LossConvention::AsCoded };
        match of["kind"].as_str().unwrap() {
            "vanilla" => Variant::Vanilla { l1: number("l1"), loss },
            "bricken" => Variant::Bricken { l1: number("l1"), loss },
            "topk_share" => Variant::TopKShare { percent: number("percent") },
            "relu_l1" => Variant::ReluL1 { l1: number("l1") },
            "topk" => Variant::TopK { k: size("k"), aux: number("aux") },
            "batch_topk" => Variant::BatchTopK { k: size("k"), aux: number("aux") },
            "matryoshka" => Variant::Matryoshka { k: size("k"), n_prefixes: size("n_prefixes"), aux: number("aux") },
            "gated" => Variant::Gated { l1: number("l1") },
            "jump_relu" => {
                let penalty = &of["penalty"];
                let (l0, weight) = (penalty["l0"].as_f64().unwrap(), penalty["weight"].as_f64());
                let penalty = match weight {
                    Some(weight) => L0Penalty::Target { l0, weight },
                    None => L0Penalty::Step { weight: l0 },
                };
                Variant::JumpRelu { bandwidth: number("bandwidth"), threshold: 1.0, penalty }
            }
            other => panic!("{other}"),
        }
    }

    fn config(&self) -> StepConfig {
        StepConfig {
            variant: self.variant(),
            sizes: Sizes { d_in: self.size("n_dims"), n_features: self.size("n_features") },
            learning_rate: self.number("lr"),
            schedule: Schedule {
                warm_up: self.number("warm_up"),
                decay: self.number("decay"),
                sparsity_warm_up: self.number("sparsity_warm_up"),
                k_anneal: self.number("k_annealing"),
            },
            n_steps: self.size("n_steps"),
            unit_decoder: self.facts["unit_decoder"].as_bool().unwrap(),
            clip: self.facts["clip"].as_f64(),
            dead_window: self.size("dead_window"),
            threshold_decay: self.number("threshold_beta"),
        }
    }

    /// Asserts that parameters or gradients are PyTorch's.
    fn compare(&mut self, what: &str, found: Values, expected: Values, tolerance: f32) {
        for ((name, found), (_, expected)) in named(found).into_iter().zip(named(expected)) {
            assert_eq!(found.len(), expected.len(), "{} {what} {name}", self.name);
            let scale = expected.iter().fold(1e-6_f32, |most, value| most.max(value.abs()));
            for (at, (a, b)) in found.iter().zip(&expected).enumerate() {
                let off = (a - b).abs() / scale;
                assert!(off <= tolerance, "{} {what} {name}[{at}]: found {a}, expected {b}, scale {scale}", self.name);
                self.worst = self.worst.max(off);
            }
        }
    }
}

/// Runs `check` on every case, with its inputs and batches, once for every way of stepping.
fn for_every_case(check: impl Fn(&mut Case<'_>, &Arc<DenseMatrix>, &[Vec<u32>], usize)) {
    let bytes = include_bytes!("../../../../tests/fixtures/sae/training/training.safetensors");
    let file = SafeTensors::deserialize(bytes).unwrap();
    let cases: Vec<Value> =
        serde_json::from_slice(include_bytes!("../../../../tests/fixtures/sae/training/cases.json")).unwrap();
    assert_eq!(cases.len(), 38);
    for facts in &cases {
        let shape = facts["inputs"].as_str().unwrap();
        let read = |name: &str| tensors::read(&file, &format!("{shape}.{name}")).unwrap().unwrap();
        let inputs = read("inputs");
        let inputs = Arc::new(DenseMatrix::new(inputs.shape[0], inputs.shape[1], inputs.values).unwrap());
        let order = read("order");
        let batches = order.values.chunks(order.shape[1]).map(|rows| rows.iter().map(|&row| row as u32).collect());
        let batches: Vec<Vec<u32>> = batches.collect();
        for way in 0..2 {
            let name = facts["name"].as_str().unwrap();
            check(&mut Case { facts, file: &file, name, worst: 0.0 }, &inputs, &batches, way);
        }
    }
}

fn stepper(way: usize, config: StepConfig, inputs: &Arc<DenseMatrix>, state: TrainState) -> Stepper {
    let [cpu, tensor] = both(config, inputs, state);
    if way == 0 { cpu } else { tensor }
}

#[test]
fn losses_and_gradients_of_every_variant_are_those_of_pytorch() {
    for_every_case(|case, inputs, batches, way| {
        for group in ["gradient", "gradient_few_dead", "gradient_many_dead"] {
            let facts = &case.facts["first_batch"][group];
            if facts.is_null() {
                continue;
            }
            let mut state = TrainState::start(case.parameters("start"));
            for feature in facts["dead"].as_array().unwrap() {
                state.since_fired[feature.as_u64().unwrap() as usize] = case.size("dead_window") as u32;
            }
            let config = StepConfig { unit_decoder: false, clip: None, ..case.config() };
            let mut stepper = stepper(way, config, inputs, state);
            block_on(stepper.step(&batches[0])).unwrap();
            let (tally, _) = block_on(stepper.take_tally()).unwrap();
            approx::assert_relative_eq!(tally.loss(), facts["total"].as_f64().unwrap(), max_relative = 1e-5);
            let moments = block_on(stepper.state()).unwrap().moments;
            let found = moments.map(|moments| moments.first.into_iter().map(|value| value / 0.1).collect());
            case.compare(group, found, case.parameters(group), ROUNDING);
        }
    });
}

#[test]
fn a_hundred_steps_of_every_variant_are_those_of_pytorch() {
    for_every_case(|case, inputs, batches, way| {
        let state = TrainState::start(case.parameters("start"));
        let mut stepper = stepper(way, case.config(), inputs, state);
        let [losses, l0, n_dead] = ["losses", "l0", "n_dead"].map(|name| case.tensor(name).unwrap());
        let n_features = case.size("n_features");
        for (step, rows) in batches.iter().enumerate() {
            let since_fired = block_on(stepper.state()).unwrap().since_fired;
            let dead = since_fired.iter().filter(|&&since| since as usize >= case.size("dead_window")).count();
            assert_eq!(dead as f32, n_dead[step], "{} dead before step {step}", case.name);
            block_on(stepper.step(rows)).unwrap();
            let (tally, n_alive) = block_on(stepper.take_tally()).unwrap();
            approx::assert_relative_eq!(tally.loss() as f32, losses[step], max_relative = HUNDRED_STEPS);
            approx::assert_relative_eq!(tally.l0() as f32, l0[step], max_relative = 1e-6);
            assert!(n_alive <= n_features as f64);
            if [1, 10, 100].contains(&(step + 1)) {
                let state = block_on(stepper.state()).unwrap();
                let what = format!("after_{}", step + 1);
                let tolerance = if step + 1 == 100 { HUNDRED_STEPS } else { ROUNDING };
                case.compare(&what, state.parameters, case.parameters(&what), tolerance);
                if let Some(theta) = case.facts["thresholds"][(step + 1).to_string()].as_f64() {
                    let found = f64::from(state.batch_threshold.unwrap());
                    approx::assert_relative_eq!(found, theta, max_relative = 1e-5);
                }
            }
        }
    });
}
