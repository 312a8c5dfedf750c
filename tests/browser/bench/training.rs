//! Times of training steps in the tab.
//!
//! Each size trains on made-up cells through the page, as a person would. The page says its step four times a second;
//! the time of a step is the slope between the first and the last step that were seen, so that loading, start-up and
//! inference are left out. Where these are less than half a second apart, ten times as many epochs are trained.

use std::path::Path;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::report;
use crate::made::{npy, own_folder};
use crate::tab::{Gpu, LATER, SOON, TRAIN, Tab};

/// How long one size may take.
const PATIENCE: Duration = Duration::from_mins(10);
/// Steps of an epoch.
const N_STEPS: usize = 60;
/// Epochs that are tried in turn until the steps seen lie far enough apart.
const N_EPOCHS: [&str; 3] = ["1", "10", "100"];
/// How far that is.
const LEAST_SECS: f64 = 0.5;
/// The step and whether training is over, as the page shows them.
const PROGRESS: &str = "const text = document.body.innerText; const step = text.match(/step ([\\d\\s]+) of/i);\
    return [step ? Number(step[1].replaceAll(/\\s/g, '')) : null, text.includes('Train again')]";

struct Size {
    d_in: usize,
    n_features: usize,
    batch: usize,
    k: Option<usize>,
}

const SIZES: [Size; 4] = [
    Size { d_in: 20, n_features: 10_000, batch: 128, k: None },
    Size { d_in: 512, n_features: 4_096, batch: 128, k: None },
    Size { d_in: 50, n_features: 1_024, batch: 512, k: Some(16) },
    Size { d_in: 512, n_features: 4_096, batch: 1_024, k: Some(32) },
];

#[tokio::test]
#[ignore = "a measurement, run by `cargo xtask bench`"]
async fn step_times_in_the_tab() {
    for size in SIZES {
        let secs = step_secs(&size).await;
        let Size { d_in, n_features, batch, k } = size;
        let variant = if k.is_some() { "topk" } else { "vanilla" };
        let k = k.map_or_else(|| "-".to_owned(), |k| k.to_string());
        let step = format!("{variant}, d {d_in}, h {n_features}, B {batch}, k {k}");
        report(&json!({ "bench": "training", "step": step, "secs": secs }));
    }
}

async fn step_secs(size: &Size) -> f64 {
    let folder = own_folder("bench");
    let file = folder.join("made_up.npy");
    std::fs::write(&file, npy(size.batch * N_STEPS, size.d_in)).unwrap();
    let mut secs = None;
    for n_epochs in N_EPOCHS {
        secs = train(size, &file, n_epochs).await;
        if secs.is_some() {
            break;
        }
    }
    std::fs::remove_dir_all(folder).unwrap();
    secs.expect("training showed no two steps far enough apart")
}

/// Seconds a step of a training run of its own, if it took long enough to tell.
async fn train(size: &Size, file: &Path, n_epochs: &str) -> Option<f64> {
    let tab = Tab::open(Gpu::None, "?empty").await;
    tab.upload("input[type=file][aria-label='Choose files']", &[file.to_owned()]).await;
    tab.find(TRAIN, LATER).await;
    match size.k {
        Some(k) => tab.fill("Active k", &k.to_string()).await,
        None => tab.choose("Vanilla").await,
    }
    tab.fill("Features h", &size.n_features.to_string()).await;
    tab.fill("Batch size", &size.batch.to_string()).await;
    tab.fill("Epochs", n_epochs).await;
    tab.click(TRAIN, SOON).await;
    let secs = watch(&tab).await;
    tab.close().await;
    secs
}

/// Seconds a step, from the steps the page shows until training is over, if they lie far enough apart.
async fn watch(tab: &Tab) -> Option<f64> {
    let started = Instant::now();
    let mut seen: Vec<(f64, f64)> = Vec::new();
    while started.elapsed() < PATIENCE {
        let shown = tab.run(PROGRESS, Vec::new()).await;
        let (step, is_over) = (shown[0].as_f64(), shown[1] == Value::Bool(true));
        if let Some(step) = step.filter(|step| seen.last().is_none_or(|last| last.1 < *step)) {
            seen.push((started.elapsed().as_secs_f64(), step));
        }
        if is_over {
            break;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let (first, last) = (seen.first()?, seen.last()?);
    let secs = last.0 - first.0;
    (secs >= LEAST_SECS).then(|| secs / (last.1 - first.1))
}
