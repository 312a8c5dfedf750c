//! Times of training steps through the page, where a worker takes half of the features of a large step.
//!
//! Steps are counted by what the page says of the run, from the first number it shows after a warm-up on, by the page's
//! own clock.

use std::time::Duration;

use serde_json::{Value, json};

use super::report;
use crate::files::CHOOSE_FILES;
use crate::labels::select;
use crate::made::{npy_of, own_folder};
use crate::main_job::STEP;
use crate::tab::{Gpu, LATER, SOON, TRAIN, Tab};

/// Before the clock starts.
const WARM_UP: Duration = Duration::from_secs(3);
/// How long steps are counted.
const COUNTED: Duration = Duration::from_secs(15);

/// A size that is timed.
struct Size {
    variant: &'static str,
    /// As `featurescope bench` names it.
    name: &'static str,
    k: Option<&'static str>,
    n_features: &'static str,
    n_cells: &'static str,
}

/// Leaves decoder rows at any length; true once they are.
const ANY_ROWS: &str = "const label = [...document.querySelectorAll('label')]\
        .find(label => label.innerText.trim().startsWith('Keep decoder rows at length 1'));\
    const box = label && (label.querySelector('input') ?? document.getElementById(label.htmlFor));\
    if (box?.checked) box.click();\
    return box?.checked === false";
const D_IN: usize = 512;
const N_CELLS: usize = 4096;
const SIZES: [Size; 2] = [
    Size {
        variant: "Vanilla",
        name: "vanilla, d 512, h 4096, B 128, k -",
        k: None,
        n_features: "4096",
        n_cells: "128",
    },
    Size {
        variant: "TopK",
        name: "topk, d 512, h 4096, B 1024, k 32",
        k: Some("32"),
        n_features: "4096",
        n_cells: "1024",
    },
];

#[tokio::test]
#[ignore = "a measurement, run by `cargo xtask bench`"]
async fn steps_through_the_page() {
    let path = own_folder("steps").join("noise.npy");
    let mut state = 1_u64;
    let noise = std::iter::repeat_with(|| {
        // The multiplier of Knuth's MMIX; the upper bits are good enough for noise.
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 40) as f32 / (1_u32 << 23) as f32 - 1.0
    });
    std::fs::write(&path, npy_of(N_CELLS, D_IN, noise)).unwrap();
    for size in &SIZES {
        let tab = Tab::open(Gpu::None, "?empty").await;
        tab.upload(CHOOSE_FILES, std::slice::from_ref(&path)).await;
        tab.find(TRAIN, LATER).await;
        select(&tab, "Variant", size.variant).await;
        tab.press("More settings", SOON).await;
        tab.fill("Features h", size.n_features).await;
        if let Some(k) = size.k {
            tab.fill("Active k", k).await;
        }
        tab.fill("Batch size", size.n_cells).await;
        tab.fill("Epochs", "10000").await;
        // Too slow to leave the density a run starts with.
        tab.fill("Learning rate", "0.000001").await;
        tab.fill("Hold out, %", "0").await;
        // PyTorch's steps have neither.
        tab.fill("Gradient clip", "").await;
        tab.until(ANY_ROWS, Vec::new(), "decoder rows of any length", SOON).await;
        tab.click(TRAIN, SOON).await;
        tab.until(STEP, Vec::new(), "the first step", LATER).await;
        tokio::time::sleep(WARM_UP).await;
        let (from, started) = step(&tab).await;
        tokio::time::sleep(COUNTED).await;
        let (to, ended) = step(&tab).await;
        let secs = (ended - started) / (to - from);
        println!("{}: {:.1} ms", size.name, 1e3 * secs);
        let name = format!("{}, through the page with a worker", size.name);
        report(&json!({ "bench": "training", "step": name, "secs": secs }));
        tab.close().await;
    }
}

/// The step when the page next shows another one, and the page's seconds then.
async fn step(tab: &Tab) -> (f64, f64) {
    let step = STEP.trim_start_matches("return ");
    let note = format!(
        "window.featurescopeStep = null;\
         const read = () => {step};\
         const first = read();\
         const observer = new MutationObserver(() => {{\
             const now = read();\
             if (now !== first) {{ observer.disconnect(); window.featurescopeStep = [now, performance.now()]; }}\
         }});\
         observer.observe(document.documentElement, {{ subtree: true, childList: true, characterData: true }});"
    );
    tab.run(&note, Vec::new()).await;
    match tab.until("return window.featurescopeStep", Vec::new(), "another step", SOON).await {
        Value::Array(found) => {
            let digits: String = found[0].as_str().unwrap().chars().filter(char::is_ascii_digit).collect();
            (digits.parse().unwrap(), found[1].as_f64().unwrap() / 1e3)
        }
        other => panic!("the page says {other} in place of a step"),
    }
}
