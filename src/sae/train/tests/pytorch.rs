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
pub(super) struct Case<'data> {
    facts: &'data Value,
    file: &'data SafeTensors<'data>,
    pub(super) name: &'data str,
    pub(super) worst: f32,
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
        for ((name, found), (_, expected)) in named(found).zip(named(expected)) {
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

/// The cases of a shape, or of both, with their inputs and batches.
pub(super) struct Cases<'data> {
    file: SafeTensors<'data>,
    facts: Vec<Value>,
}

impl Cases<'static> {
    pub(super) fn load() -> Self {
        let bytes = include_bytes!("../../../../tests/fixtures/sae/training/training.safetensors");
        let facts = include_bytes!("../../../../tests/fixtures/sae/training/cases.json");
        let facts: Vec<Value> = serde_json::from_slice(facts).unwrap();
        assert_eq!(facts.len(), 38);
        Self { file: SafeTensors::deserialize(bytes).unwrap(), facts }
    }
}

impl Cases<'_> {
    pub(super) fn all(&self) -> impl Iterator<Item = Case<'_>> {
        self.facts.iter().map(|facts| Case {
            facts,
            file: &self.file,
            name: facts["name"].as_str().unwrap(),
            worst: 0.0,
        })
    }
}

/// A way of stepping.
pub(super) type Way<'a> = &'a dyn Fn(StepConfig, &Arc<DenseMatrix>, TrainState) -> Stepper;

impl Case<'_> {
    fn shared(&self, name: &str) -> tensors::ReadTensor {
        let shape = self.facts["inputs"].as_str().unwrap();
        tensors::read(self.file, &format!("{shape}.{name}")).unwrap().unwrap()
    }

    fn inputs(&self) -> Arc<DenseMatrix> {
        let inputs = self.shared("inputs");
        Arc::new(DenseMatrix::new(inputs.shape[0], inputs.shape[1], inputs.values).unwrap())
    }

    fn batches(&self) -> Vec<Vec<u32>> {
        let order = self.shared("order");
        order.values.chunks(order.shape[1]).map(|rows| rows.iter().map(|&row| row as u32).collect()).collect()
    }

    /// Loss and gradients of the first batch, without dead features, with few and with many.
    pub(super) async fn check_gradients(&mut self, way: Way<'_>, tolerance: f32) {
        let (inputs, batches) = (self.inputs(), self.batches());
        for group in ["gradient", "gradient_few_dead", "gradient_many_dead"] {
            let facts = &self.facts["first_batch"][group];
            if facts.is_null() {
                continue;
            }
            let mut state = TrainState::start(self.parameters("start"));
            for feature in facts["dead"].as_array().unwrap() {
                state.since_fired[feature.as_u64().unwrap() as usize] = self.size("dead_window") as u32;
            }
            let config = StepConfig { unit_decoder: false, clip: None, ..self.config() };
            let mut stepper = way(config, &inputs, state);
            stepper.step(&batches[0]).await.unwrap();
            let (tally, _) = stepper.take_tally().await.unwrap();
            let expected = facts["total"].as_f64().unwrap();
            approx::assert_relative_eq!(tally.loss(), expected, max_relative = f64::from(tolerance));
            let moments = stepper.state().await.unwrap().moments;
            let found = moments.map(|moments| moments.first.into_iter().map(|value| value / 0.1).collect());
            self.compare(group, found, self.parameters(group), tolerance);
        }
    }

    /// The first `n_steps` steps with all that belongs to them, looked at after 1, 10 and 100; `tolerance` is that of the
    /// hundredth, a fifth of it that of the others.
    pub(super) async fn check_steps(&mut self, way: Way<'_>, n_steps: usize, tolerance: f32) {
        let [losses, l0] = ["losses", "l0"].map(|name| self.tensor(name).unwrap());
        let mut stepper = way(self.config(), &self.inputs(), TrainState::start(self.parameters("start")));
        let batches = self.batches();
        let mut done = 0;
        for n in [1, 10, 100].into_iter().filter(|n| *n <= n_steps) {
            for rows in &batches[done..n] {
                stepper.step(rows).await.unwrap();
            }
            let mean = |values: &[f32]| values[done..n].iter().sum::<f32>() / (n - done) as f32;
            let (tally, _) = stepper.take_tally().await.unwrap();
            approx::assert_relative_eq!(tally.loss() as f32, mean(&losses), max_relative = tolerance);
            approx::assert_relative_eq!(tally.l0() as f32, mean(&l0), max_relative = 1e-5);
            let state = stepper.state().await.unwrap();
            let tolerance = if n == 100 { tolerance } else { tolerance / 5.0 };
            if let Some(theta) = self.facts["thresholds"][n.to_string()].as_f64() {
                let found = f64::from(state.batch_threshold.unwrap());
                approx::assert_relative_eq!(found, theta, max_relative = f64::from(tolerance));
            }
            let what = format!("after_{n}");
            self.compare(&what, state.parameters, self.parameters(&what), tolerance);
            done = n;
        }
    }

    /// How many features are dead before every step.
    fn check_dead(&self, way: Way<'_>) {
        let n_dead = self.tensor("n_dead").unwrap();
        let mut stepper = way(self.config(), &self.inputs(), TrainState::start(self.parameters("start")));
        for (step, rows) in self.batches().iter().enumerate() {
            let since_fired = block_on(stepper.state()).unwrap().since_fired;
            let dead = since_fired.iter().filter(|&&since| since as usize >= self.size("dead_window")).count();
            assert_eq!(dead as f32, n_dead[step], "{} dead before step {step}", self.name);
            block_on(stepper.step(rows)).unwrap();
        }
    }
}

fn for_every_way(check: impl Fn(&mut Case<'_>, Way<'_>)) {
    let cases = Cases::load();
    for way in 0..4 {
        let stepper = |config, inputs: &Arc<DenseMatrix>, state| {
            if way == 3 {
                return Stepper::Cpu(Box::new(CpuStepper::with_shards(config, Arc::clone(inputs), &state, 2)));
            }
            let [cpu, tensor] = both(config, inputs, state);
            match (way, tensor) {
                (0, _) => cpu,
                (1, Stepper::Tensor(mut tensor)) => {
                    tensor.uses_kernels = false;
                    Stepper::Tensor(tensor)
                }
                (_, tensor) => tensor,
            }
        };
        cases.all().for_each(|mut case| check(&mut case, &stepper));
    }
}

#[test]
fn losses_and_gradients_of_every_variant_are_those_of_pytorch() {
    for_every_way(|case, way| block_on(case.check_gradients(way, ROUNDING)));
}

#[test]
fn a_hundred_steps_of_every_variant_are_those_of_pytorch() {
    for_every_way(|case, way| block_on(case.check_steps(way, 100, HUNDRED_STEPS)));
}

#[test]
fn features_are_dead_when_they_are_in_pytorch() {
    for_every_way(|case, way| case.check_dead(way));
}
