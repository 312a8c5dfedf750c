//! The device that computes: the CPU (Burn Flex) or, in a browser, WebGPU.
//!
//! A GPU is used only if a self-test with known answers passes and, unless a person insists, if it beats the CPU in a
//! short race: browsers can offer adapters that compute wrongly or in software, a hundred times slower than the CPU. One
//! that says it is software does not enter. The race is a training step of a middling size; very small models may run
//! faster on the CPU all the same.
//!
//! This is the one place outside `platform` that looks at the target: native builds carry no WebGPU.

#[cfg(target_arch = "wasm32")]
#[path = "untimed.rs"]
mod untimed;

use std::sync::Arc;

use burn::tensor::{Device, Tensor, TensorData};

use super::train::{TrainError, Trainer, top_mask};
use super::{HoldOut, LossConvention, SaeParams, Variant};
use crate::data::{DataError, DenseMatrix};

/// What a person wants.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum DeviceRule {
    /// The GPU if it passes the self-test and wins the race, else the CPU.
    #[default]
    Auto,
    /// The CPU.
    Cpu,
    /// The GPU; an error if there is none.
    Gpu,
}

/// A kind of device.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DeviceKind {
    /// Burn Flex.
    Cpu,
    /// Burn on WebGPU.
    Gpu,
}

/// The device in use and why.
#[derive(Clone, Debug)]
pub struct ChosenDevice {
    /// The device.
    pub device: Device,
    /// Its kind.
    pub kind: DeviceKind,
    /// Its name.
    pub name: String,
    /// Whether there is a GPU that can be chosen.
    pub gpu_available: bool,
    /// Bytes a matrix may have at most; `None` where only the memory sets a limit.
    pub max_matrix_bytes: Option<u64>,
    /// One sentence: how the choice was made.
    pub reason: String,
}

/// A GPU that could be opened.
#[derive(Clone, Debug)]
pub struct GpuDevice {
    /// The device.
    pub device: Device,
    /// Its name as far as the browser tells.
    pub name: String,
    /// Whether the browser says that it is emulated on the CPU.
    pub is_software: bool,
    /// Bytes one buffer can bind; a matrix on the device can't be larger.
    pub max_binding_bytes: u64,
}

/// Why a device can't be used.
#[derive(Clone, Debug, thiserror::Error, PartialEq)]
pub enum DeviceError {
    /// A native build.
    #[error("this build computes on the CPU only; WebGPU is used in the browser")]
    NotInThisBuild,
    /// The browser has no adapter.
    #[error("the browser offers no WebGPU adapter; the CPU is used")]
    NoAdapter,
    /// The browser has an adapter but does not open it.
    #[error("the browser's WebGPU adapter can't be opened ({reason}); the CPU is used")]
    NotOpened {
        /// What the browser says.
        reason: String,
    },
    /// Its answers are wrong.
    #[error(
        "the device computed a wrong {what} in its self-test (found {found:?}, expected {expected:?}); the CPU is used"
    )]
    SelfTest {
        /// The operation.
        what: &'static str,
        /// First values found.
        found: Vec<f32>,
        /// First values expected.
        expected: Vec<f32>,
    },
    /// It fails while computing.
    #[error("the device failed in its self-test or race: {reason}")]
    Failed {
        /// What it says.
        reason: String,
    },
}

impl From<TrainError> for DeviceError {
    fn from(error: TrainError) -> Self {
        Self::Failed { reason: error.to_string() }
    }
}

impl From<DataError> for DeviceError {
    fn from(error: DataError) -> Self {
        Self::Failed { reason: error.to_string() }
    }
}

/// The CPU.
pub fn cpu() -> Device {
    Device::flex()
}

/// The browser's GPU. Opened once; later calls give the same device or the same error.
///
/// # Errors
/// [`DeviceError`]: a native build, no adapter, or one that lacks what is needed.
#[cfg(not(target_arch = "wasm32"))]
#[expect(clippy::unused_async, reason = "the browser's version waits for the adapter")]
pub async fn gpu() -> Result<GpuDevice, DeviceError> {
    Err(DeviceError::NotInThisBuild)
}

/// The browser's GPU. Opened once; later calls give the same device or the same error.
///
/// # Errors
/// [`DeviceError`]: a native build, no adapter, or one that lacks what is needed.
#[cfg(target_arch = "wasm32")]
pub async fn gpu() -> Result<GpuDevice, DeviceError> {
    static OPENED: std::sync::OnceLock<Result<GpuDevice, DeviceError>> = std::sync::OnceLock::new();
    if let Some(opened) = OPENED.get() {
        return opened.clone();
    }
    let opened = open_webgpu().await;
    OPENED.get_or_init(|| opened).clone()
}

#[cfg(target_arch = "wasm32")]
async fn open_webgpu() -> Result<GpuDevice, DeviceError> {
    use burn::tensor::wgpu::WgpuInitError;
    use burn::tensor::wgpu::wgpu::{DeviceType, Features};

    let failed = |error| match error {
        WgpuInitError::AdapterUnavailable { .. } => DeviceError::NoAdapter,
        other => DeviceError::NotOpened { reason: other.to_string() },
    };
    let (mut device, setup) = Device::wgpu_options().init_with_setup_async().await.map_err(failed)?;
    if !setup.adapter.features().contains(Features::TIMESTAMP_QUERY) {
        device = Device::wgpu_options().setup(untimed::without_timestamps(setup.clone())).init().map_err(failed)?;
    }
    let info = setup.adapter.get_info();
    let name = if info.name.is_empty() { "WebGPU".to_owned() } else { info.name };
    Ok(GpuDevice {
        device,
        name,
        is_software: info.device_type == DeviceType::Cpu,
        max_binding_bytes: setup.device.limits().max_storage_buffer_binding_size,
    })
}

/// Computes a matrix product, a sum and a top-k selection with known answers, and trains two steps as the CPU does.
///
/// # Errors
/// [`DeviceError::SelfTest`] for a wrong answer, [`DeviceError::Failed`] for none.
pub async fn self_test(device: &Device) -> Result<(), DeviceError> {
    let (m, k, n) = (17, 40, 33);
    let left: Vec<f32> = (0..m * k).map(|at| (at % 7) as f32 - 3.0).collect();
    let right: Vec<f32> = (0..k * n).map(|at| (at % 5) as f32 - 2.0).collect();
    let product = |row: usize, column: usize| (0..k).map(|i| left[row * k + i] * right[i * n + column]).sum::<f32>();
    let expected: Vec<f32> = (0..m * n).map(|at| product(at / n, at % n)).collect();
    let matrix = |values: &[f32], rows: usize| {
        Tensor::<2>::from_data(TensorData::new(values.to_vec(), [rows, values.len() / rows]), device)
    };
    let found = matrix(&left, m).matmul(matrix(&right, k));
    compare("matrix product", found.clone(), &expected).await?;
    let sums: Vec<f32> = expected.chunks_exact(n).map(|row| row.iter().sum()).collect();
    compare("sum", found.sum_dim(1), &sums).await?;
    let rows = [0.0, 3.0, 1.0, 2.0, 0.5, 0.0, 9.0, 0.0, 0.0, 8.0];
    let expected = [0.0, 1.0, 0.0, 1.0, 0.0, 0.0, 1.0, 0.0, 0.0, 1.0];
    compare("top-k selection", top_mask(&matrix(&rows, 2), 2).float(), &expected).await?;
    for variant in [Variant::TopK { k: 3, aux: 0.0 }, Variant::BatchTopK { k: 3, aux: 0.0 }] {
        let (found, expected) = (trained_decoder(variant, device).await?, trained_decoder(variant, &cpu()).await?);
        compare_values("training step", &found, &expected, TRAINED)?;
    }
    Ok(())
}

/// What devices may round otherwise in two steps; decoder rows have length 1.
const TRAINED: f32 = 1e-3;

/// The decoder after two steps, which on a GPU are those of our own kernels: a browser that refuses one of them only
/// logs it and goes on without.
async fn trained_decoder(variant: Variant, device: &Device) -> Result<Vec<f32>, DeviceError> {
    let (n_cells, d) = (20, 7);
    let values = (0..n_cells * d).map(|at| ((at * 7919 + 13) % 1013) as f32 / 500.0 - 1.0).collect();
    let params = SaeParams { variant, n_features: 24, batch_size: n_cells, n_epochs: 2, ..SaeParams::default() };
    let params = SaeParams { hold_out: HoldOut { share: 0.0, label: None }, learning_rate: 0.01, ..params };
    let mut trainer = Trainer::new(params, Arc::new(DenseMatrix::new(n_cells, d, values)?), None, device)?;
    while !trainer.is_done() {
        trainer.step().await?;
    }
    Ok(trainer.finish().await?.weights().w_dec.values().to_vec())
}

/// All values are small whole numbers, so the answer must be exact.
async fn compare(what: &'static str, found: Tensor<2>, expected: &[f32]) -> Result<(), DeviceError> {
    let failed = |reason: String| DeviceError::Failed { reason };
    let data = found.into_data_async().await.map_err(|error| failed(error.to_string()))?;
    let found = data.as_slice::<f32>().map_err(|error| failed(error.to_string()))?;
    compare_values(what, found, expected, 0.0)
}

/// Equal but for `tolerance`; NaN never is.
fn compare_values(what: &'static str, found: &[f32], expected: &[f32], tolerance: f32) -> Result<(), DeviceError> {
    let is_off = |(a, b): (&f32, &f32)| (a - b).abs() > tolerance || a.is_nan() != b.is_nan();
    let off = found.iter().zip(expected).position(is_off);
    if found.len() == expected.len() && off.is_none() {
        return Ok(());
    }
    let at = off.unwrap_or(0);
    let some = |values: &[f32]| values.iter().skip(at).take(4).copied().collect();
    Err(DeviceError::SelfTest { what, found: some(found), expected: some(expected) })
}

/// How long a training step took on each device.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RaceResult {
    /// Seconds on the CPU.
    pub cpu_secs: f64,
    /// Seconds on the GPU.
    pub gpu_secs: f64,
}

/// Times a training step on both devices, first a small one, and a middling one only if the GPU is not hopeless.
/// `now` gives seconds.
///
/// # Errors
/// [`DeviceError::Failed`] if a device fails.
pub async fn race(cpu: &Device, gpu: &Device, now: &dyn Fn() -> f64) -> Result<RaceResult, DeviceError> {
    const HOPELESS_FACTOR: f64 = 10.0;
    const HOPELESS_SECS: f64 = 0.04;
    let small =
        RaceResult { cpu_secs: time_step(cpu, 256, 64, now).await?, gpu_secs: time_step(gpu, 256, 64, now).await? };
    if small.gpu_secs > HOPELESS_SECS.max(HOPELESS_FACTOR * small.cpu_secs) {
        return Ok(small);
    }
    Ok(RaceResult { cpu_secs: time_step(cpu, 2048, 256, now).await?, gpu_secs: time_step(gpu, 2048, 256, now).await? })
}

/// Seconds of a vanilla step on 64 dimensions, after one step to warm up; the faster of two.
async fn time_step(
    device: &Device,
    n_features: usize,
    batch: usize,
    now: &dyn Fn() -> f64,
) -> Result<f64, DeviceError> {
    const DIMS: usize = 64;
    let values = (0..batch * DIMS).map(|at| ((at * 7919) % 1009) as f32 / 1009.0 - 0.5).collect();
    let params = SaeParams {
        variant: Variant::Vanilla { l1: 1e-3, loss: LossConvention::AsCoded },
        n_features,
        batch_size: batch,
        n_epochs: 3,
        ..SaeParams::default()
    }
    .plain();
    let mut trainer = Trainer::new(params, Arc::new(DenseMatrix::new(batch, DIMS, values)?), None, device)?;
    let mut fastest = f64::INFINITY;
    for is_warm in [false, true, true] {
        let start = now();
        trainer.step().await?;
        trainer.progress(0.0).await?;
        if is_warm {
            fastest = fastest.min(now() - start);
        }
    }
    Ok(fastest)
}

/// Chooses a device by the rule; `now` gives seconds.
///
/// # Errors
/// [`DeviceError`] only where the GPU is insisted on and can't be used.
pub async fn choose(rule: DeviceRule, now: &dyn Fn() -> f64) -> Result<ChosenDevice, DeviceError> {
    match (rule, gpu().await) {
        (DeviceRule::Gpu, found) => {
            let gpu = found?;
            self_test(&gpu.device).await?;
            Ok(gpu_chosen(gpu, "Chosen by hand; the self-test passed.".to_owned()))
        }
        (DeviceRule::Cpu, found) => Ok(cpu_chosen(found.is_ok(), "Chosen by hand.".to_owned())),
        (DeviceRule::Auto, Err(error)) => Ok(cpu_chosen(false, capitalised(&error.to_string()))),
        // Compiling its kernels alone would take seconds.
        (DeviceRule::Auto, Ok(gpu)) if gpu.is_software => {
            Ok(cpu_chosen(true, "The browser emulates its GPU in software, which the CPU itself outruns.".to_owned()))
        }
        (DeviceRule::Auto, Ok(gpu)) => Ok(match contest(&gpu, now).await {
            Err(error) => cpu_chosen(false, capitalised(&error.to_string())),
            Ok(result) if result.gpu_secs < result.cpu_secs => {
                let reason = format!("The GPU won the race: {}.", times(result));
                gpu_chosen(gpu, reason)
            }
            Ok(result) => cpu_chosen(true, format!("The CPU won the race: {}.", times(result))),
        }),
    }
}

/// Self-test, then race.
async fn contest(gpu: &GpuDevice, now: &dyn Fn() -> f64) -> Result<RaceResult, DeviceError> {
    self_test(&gpu.device).await?;
    race(&cpu(), &gpu.device, now).await
}

fn times(result: RaceResult) -> String {
    let RaceResult { cpu_secs, gpu_secs } = result;
    format!("a training step takes {:.1} ms on the GPU and {:.1} ms on the CPU", gpu_secs * 1e3, cpu_secs * 1e3)
}

fn cpu_chosen(gpu_available: bool, reason: String) -> ChosenDevice {
    let name = "CPU (SIMD)".to_owned();
    ChosenDevice { device: cpu(), kind: DeviceKind::Cpu, name, gpu_available, max_matrix_bytes: None, reason }
}

fn gpu_chosen(gpu: GpuDevice, reason: String) -> ChosenDevice {
    let name = if gpu.is_software { format!("{} (software)", gpu.name) } else { gpu.name };
    let max_matrix_bytes = Some(gpu.max_binding_bytes);
    ChosenDevice { device: gpu.device, kind: DeviceKind::Gpu, name, gpu_available: true, max_matrix_bytes, reason }
}

fn capitalised(sentence: &str) -> String {
    let mut letters = sentence.chars();
    let first = letters.next().map(|letter| letter.to_uppercase().to_string());
    format!("{}{}.", first.unwrap_or_default(), letters.as_str())
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use futures::executor::block_on;

    use super::*;

    #[test]
    fn the_cpu_passes_the_self_test() {
        block_on(self_test(&cpu())).unwrap();
    }

    #[test]
    fn a_wrong_answer_is_reported_with_the_place_it_starts() {
        let found = Tensor::<2>::from_data([[1.0, 2.0, 3.0]], &cpu());
        let error = block_on(compare("sum", found, &[1.0, 5.0, 3.0])).unwrap_err();
        assert_eq!(error, DeviceError::SelfTest { what: "sum", found: vec![2.0, 3.0], expected: vec![5.0, 3.0] });
    }

    #[test]
    fn a_native_build_runs_on_the_cpu_and_says_why() {
        let chosen = block_on(choose(DeviceRule::Auto, &|| 0.0)).unwrap();
        assert_eq!((chosen.kind, chosen.gpu_available), (DeviceKind::Cpu, false));
        assert!(chosen.reason.contains("CPU only"), "{}", chosen.reason);
        let error = block_on(choose(DeviceRule::Gpu, &|| 0.0)).unwrap_err();
        assert_eq!(error, DeviceError::NotInThisBuild);
    }

    #[test]
    fn a_hopeless_device_stops_the_race_after_the_small_step() {
        let calls = Cell::new(0);
        let clock = || {
            calls.set(calls.get() + 1);
            // Reads 6 to 10 are those of the second device's small step.
            if calls.get() > 5 { f64::from(calls.get()) } else { f64::from(calls.get()) * 1e-3 }
        };
        let result = block_on(race(&cpu(), &cpu(), &clock)).unwrap();
        assert!(result.gpu_secs > 0.5 && result.cpu_secs < 0.01 && calls.get() == 10);
    }
}

#[cfg(all(test, target_arch = "wasm32"))]
mod browser_tests {
    use wasm_bindgen_test::wasm_bindgen_test;

    use super::*;
    use crate::data::Silent;
    use crate::sae::encode_all;

    /// Sums in another order and other roundings of square roots and quotients, over six Adam steps.
    const DEVICES: f64 = 1e-3;

    fn inputs() -> Arc<DenseMatrix> {
        let values = (0..40 * 6).map(|at| ((at * 7919 + 13) % 1013) as f32 / 500.0 - 0.7).collect();
        Arc::new(DenseMatrix::new(40, 6, values).unwrap())
    }

    async fn losses_and_l0(params: &SaeParams, device: &Device) -> (Vec<f64>, Trainer) {
        let mut trainer = Trainer::new(params.clone(), inputs(), None, device).unwrap();
        let mut seen = Vec::new();
        while !trainer.is_done() {
            trainer.step().await.unwrap();
            let progress = trainer.progress(0.0).await.unwrap();
            seen.extend([progress.loss, progress.l0, progress.explained_variance, progress.dead_share]);
        }
        (seen, trainer)
    }

    #[wasm_bindgen_test]
    async fn the_gpu_trains_as_the_cpu_does() {
        let gpu = gpu().await.unwrap().device;
        let vanilla = |loss| Variant::Vanilla { l1: 0.05, loss };
        let variants =
            [vanilla(LossConvention::AsCoded), vanilla(LossConvention::AsPrinted), Variant::TopK { k: 3, aux: 0.0 }];
        for variant in variants {
            let params = SaeParams { variant, n_features: 24, batch_size: 16, n_epochs: 2, ..SaeParams::default() };
            let (expected, on_cpu) = losses_and_l0(&params, &cpu()).await;
            let (found, on_gpu) = losses_and_l0(&params, &gpu).await;
            for (found, expected) in found.iter().zip(&expected) {
                approx::assert_relative_eq!(found, expected, max_relative = DEVICES, epsilon = DEVICES);
            }
            let (found, expected) = (on_gpu.finish().await.unwrap(), on_cpu.finish().await.unwrap());
            for (found, expected) in found.weights().w_dec.values().iter().zip(expected.weights().w_dec.values()) {
                assert!(f64::from((found - expected).abs()) < DEVICES, "{variant:?}: {found} {expected}");
            }
        }
    }

    #[wasm_bindgen_test]
    async fn the_gpu_encodes_as_the_cpu_does() {
        let gpu = gpu().await.unwrap().device;
        let params = SaeParams { n_features: 32, batch_size: 16, n_epochs: 1, ..SaeParams::default() };
        let sae = Trainer::new(params, inputs(), None, &cpu()).unwrap().finish().await.unwrap();
        let on_cpu = encode_all(&sae, &inputs(), &cpu(), 16, &Silent, async || {}).await.unwrap();
        let on_gpu = encode_all(&sae, &inputs(), &gpu, 16, &Silent, async || {}).await.unwrap();
        assert_eq!(on_gpu.by_cell().indptr(), on_cpu.by_cell().indptr());
        for (found, expected) in on_gpu.by_cell().values().iter().zip(on_cpu.by_cell().values()) {
            assert!(f64::from((found - expected).abs()) < DEVICES);
        }
    }

    #[wasm_bindgen_test]
    async fn a_software_adapter_passes_the_self_test_but_is_not_chosen_by_itself() {
        let gpu = gpu().await.unwrap();
        assert!(gpu.is_software);
        self_test(&gpu.device).await.unwrap();
        let chosen = choose(DeviceRule::Auto, &|| 0.0).await.unwrap();
        assert_eq!((chosen.kind, chosen.gpu_available), (DeviceKind::Cpu, true));
    }
}
