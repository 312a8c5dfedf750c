//! Training on WebGPU in a browser, against PyTorch.

use wasm_bindgen_test::{console_log, wasm_bindgen_test};

use super::pytorch::Cases;
use super::*;
use crate::sae::device::gpu;

/// What the GPU may round otherwise.
const DEVICES: f32 = 1e-3;

/// One case of every variant with all that can be switched on, at the first shape.
const CASES: [&str; 10] = [
    "vanilla_full.a",
    "bricken_as_coded.a",
    "topk_share.a",
    "relu_l1_unit.a",
    "topk_aux.a",
    "batch_topk_aux.a",
    "jump_relu_step.a",
    "jump_relu_target.a",
    "matryoshka_aux.a",
    "gated.a",
];

/// Ten steps: SwiftShader takes hundreds of times as long as the CPU.
async fn check(names: &[&str]) {
    let (cases, gpu) = (Cases::load(), gpu().await.unwrap().device);
    let way = |config, inputs: &Arc<DenseMatrix>, state| Stepper::new(config, Arc::clone(inputs), state, 64, &gpu);
    let mut n_cases = 0;
    for mut case in cases.all().filter(|case| names.contains(&case.name)) {
        case.check_gradients(&way, DEVICES).await;
        let gradients = std::mem::take(&mut case.worst);
        case.check_steps(&way, 10, DEVICES).await;
        console_log!("{}: gradients {gradients:.1e}, ten steps {:.1e}", case.name, case.worst);
        n_cases += 1;
    }
    assert_eq!(n_cases, names.len());
}

#[wasm_bindgen_test]
async fn batch_topk_trains_on_the_gpu_as_in_pytorch() {
    check(&["batch_topk_aux.a"]).await;
}

#[wasm_bindgen_test]
#[ignore = "takes minutes on a software adapter"]
async fn every_variant_trains_on_the_gpu_as_in_pytorch() {
    check(&CASES).await;
}
