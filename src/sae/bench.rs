//! Times of a training step at the sizes this project watches.
//!
//! (d 20, h 10,000, batch 128) is the paper's model; (512, 4096, 128) a wide embedding; both as they start, with about
//! half of the features active, and as sparse as training makes them (the paper's: 186 of 10,000). The TopK sizes are a
//! common small and a large one. Each time is the median over groups of steps, each group ended by reading its sums, so
//! that a GPU's queue is empty when the clock is read.

use std::sync::Arc;

use burn::tensor::Device;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

use super::{LossConvention, SaeParams, TrainError, Trainer, Variant};
use crate::data::DenseMatrix;

const N_WARM_UP: usize = 2;
const N_GROUPS: usize = 5;
const STEPS_PER_GROUP: usize = 2;

/// The time of a training step at one size.
#[derive(Clone, Debug, PartialEq)]
pub struct BenchRow {
    /// `vanilla` or `topk`.
    pub variant: &'static str,
    /// Features kept per cell, for topk.
    pub k: Option<usize>,
    /// Input dimensions.
    pub d_in: usize,
    /// Features.
    pub n_features: usize,
    /// Cells per step.
    pub batch_size: usize,
    /// Share of the features that is active, where the bench set it.
    pub share: Option<f64>,
    /// Mean number of active features per cell.
    pub l0: f64,
    /// Steps timed.
    pub n_steps: usize,
    /// Median milliseconds of a step.
    pub median_ms: f64,
}

impl BenchRow {
    /// What was timed, as the tables of benches name it.
    pub fn step(&self) -> String {
        let Self { variant, k, d_in, n_features, batch_size, share, .. } = self;
        let k = k.map_or_else(|| "-".to_owned(), |k| k.to_string());
        let share = share.map(|share| format!(", {:.1} % active", 100.0 * share)).unwrap_or_default();
        format!("{variant}, d {d_in}, h {n_features}, B {batch_size}, k {k}{share}")
    }

    /// A line of JSON: what was timed, and the seconds of a step.
    pub fn report(&self) -> String {
        let secs = self.median_ms / 1e3;
        serde_json::json!({ "bench": "training", "step": self.step(), "secs": secs, "l0": self.l0 }).to_string()
    }
}

/// Times a step at every size; `now` gives seconds, `yield_now` is awaited between groups of steps.
///
/// # Errors
/// [`TrainError`] if the device fails.
pub async fn bench(
    device: &Device,
    now: &dyn Fn() -> f64,
    yield_now: impl AsyncFn(),
) -> Result<Vec<BenchRow>, TrainError> {
    let mut rows = Vec::new();
    for task in TASKS {
        rows.push(time_steps(device, task, now, &yield_now).await?);
    }
    Ok(rows)
}

/// What is timed.
#[derive(Clone, Copy, Debug)]
struct Task {
    d_in: usize,
    n_features: usize,
    batch_size: usize,
    /// For topk.
    k: Option<usize>,
    /// Share of the features that is active, where training has made them sparse.
    share: Option<f64>,
}

const TASKS: [Task; 6] = [
    Task { d_in: 20, n_features: 10_000, batch_size: 128, k: None, share: None },
    Task { d_in: 20, n_features: 10_000, batch_size: 128, k: None, share: Some(0.0186) },
    Task { d_in: 512, n_features: 4096, batch_size: 128, k: None, share: None },
    Task { d_in: 512, n_features: 4096, batch_size: 128, k: None, share: Some(0.0186) },
    Task { d_in: 50, n_features: 1024, batch_size: 512, k: Some(16), share: None },
    Task { d_in: 512, n_features: 4096, batch_size: 1024, k: Some(32), share: None },
];

async fn time_steps(
    device: &Device,
    task: Task,
    now: &dyn Fn() -> f64,
    yield_now: &impl AsyncFn(),
) -> Result<BenchRow, TrainError> {
    let Task { d_in, n_features, batch_size, k, share } = task;
    let variant = match k {
        Some(k) => Variant::TopK { k, aux: 0.0 },
        None => Variant::Vanilla { l1: 1e-3, loss: LossConvention::AsCoded },
    };
    let params = SaeParams { variant, n_features, batch_size, n_epochs: 100, ..SaeParams::default() }.plain();
    // Too slow to leave the density a bench starts with.
    let params = SaeParams { learning_rate: 1e-6, ..params };
    let inputs = Arc::new(noise(2 * batch_size, d_in)?);
    let mut trainer = match share {
        Some(share) => Trainer::thinned(params, inputs, share, device)?,
        None => Trainer::new(params, inputs, None, device)?,
    };
    for _ in 0..N_WARM_UP {
        trainer.step().await?;
    }
    let l0 = trainer.progress(0.0).await?.l0;
    let mut times = Vec::new();
    for _ in 0..N_GROUPS {
        let start = now();
        for _ in 0..STEPS_PER_GROUP {
            trainer.step().await?;
        }
        trainer.progress(0.0).await?;
        times.push((now() - start) * 1e3 / STEPS_PER_GROUP as f64);
        yield_now().await;
    }
    times.sort_by(f64::total_cmp);
    Ok(BenchRow {
        variant: if k.is_some() { "topk" } else { "vanilla" },
        k,
        d_in,
        n_features,
        batch_size,
        share,
        l0,
        n_steps: N_GROUPS * STEPS_PER_GROUP,
        median_ms: times[N_GROUPS / 2],
    })
}

/// Uniform on ±1, seeded.
fn noise(n_rows: usize, n_cols: usize) -> Result<DenseMatrix, TrainError> {
    let mut rng = ChaCha8Rng::seed_from_u64(0);
    let values = (0..n_rows * n_cols).map(|_| (f64::from(rng.next_u32()) / f64::from(1_u32 << 31) - 1.0) as f32);
    Ok(DenseMatrix::new(n_rows, n_cols, values.collect())?)
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use futures::executor::block_on;

    use super::*;

    #[test]
    fn the_median_is_per_step() {
        let ticks = Cell::new(0.0);
        let clock = || {
            ticks.set(ticks.get() + 0.25);
            ticks.get()
        };
        let yields = Cell::new(0);
        let task = Task { d_in: 4, n_features: 8, batch_size: 4, k: Some(2), share: None };
        let row = block_on(time_steps(&Device::flex(), task, &clock, &async || yields.set(yields.get() + 1)));
        let row = row.unwrap();
        assert_eq!((row.variant, row.median_ms, row.n_steps, yields.get()), ("topk", 125.0, 10, 5));
    }

    #[test]
    fn a_thinned_start_has_the_share_asked_for() {
        let task = Task { d_in: 8, n_features: 400, batch_size: 50, k: None, share: Some(0.05) };
        let row = block_on(time_steps(&Device::flex(), task, &|| 0.0, &async || {})).unwrap();
        approx::assert_relative_eq!(row.l0, 20.0, max_relative = 0.1);
    }
}

#[cfg(all(test, target_arch = "wasm32"))]
mod browser_tests {
    use wasm_bindgen_test::{console_log, wasm_bindgen_test};

    use super::*;

    #[wasm_bindgen_test]
    #[ignore = "a measurement, run by `cargo xtask bench`"]
    async fn step_times_in_the_tab() {
        let started = web_time::Instant::now();
        let rows = bench(&Device::flex(), &|| started.elapsed().as_secs_f64(), async || {}).await.unwrap();
        for row in rows {
            console_log!("{}", row.report());
        }
    }
}
