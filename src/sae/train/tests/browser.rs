//! Training on WebGPU in a browser, against PyTorch.

use wasm_bindgen_test::{console_log, wasm_bindgen_test};

use super::pytorch::Cases;
use super::*;
use crate::sae::device::gpu;

/// What the GPU may round otherwise.
const DEVICES: f32 = 1e-3;

/// SwiftShader takes a hundred times the CPU's time: gradients and ten steps of the first shape, and a hundred steps
/// of a few.
#[wasm_bindgen_test]
async fn every_variant_trains_on_the_gpu_as_in_pytorch() {
    let (cases, gpu) = (Cases::load(), gpu().await.unwrap().device);
    let way = |config, inputs: &Arc<DenseMatrix>, state| Stepper::new(config, Arc::clone(inputs), state, &gpu);
    for mut case in cases.all().filter(|case| case.name.ends_with(".a")) {
        case.check_gradients(&way, DEVICES).await;
        let gradients = std::mem::take(&mut case.worst);
        let n_steps = if ["topk_aux.a", "vanilla_as_coded.a"].contains(&case.name) { 100 } else { 10 };
        case.check_steps(&way, n_steps, DEVICES).await;
        console_log!("{}: gradients {gradients:.1e}, {n_steps} steps {:.1e}", case.name, case.worst);
    }
}
