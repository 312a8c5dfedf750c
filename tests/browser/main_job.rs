//! The main job on the demo: train, look at features, find terms, steer, save; on the processor and on WebGPU.

use std::time::Duration;

use serde_json::json;

use crate::tab::{Gpu, LATER, SOON, TRAIN, Tab};

pub(crate) const STOP: &str = "Stop and keep";
/// Longer than the engine waits between two checkpoints.
const AFTER_A_CHECKPOINT: Duration = Duration::from_secs(15);
/// The step of the run as the page shows it.
pub(crate) const STEP: &str = "return document.body.innerText.match(/step ([\\d\\s]+) of/i)?.[1] ?? null";

/// Starts to train a small TopK autoencoder on the demo.
pub(crate) async fn start_training(tab: &Tab, n_features: &str, n_epochs: &str) {
    tab.find(TRAIN, LATER).await;
    tab.fill("Features h", n_features).await;
    tab.fill("Active k", "4").await;
    tab.fill("Epochs", n_epochs).await;
    tab.click(TRAIN, SOON).await;
}

/// Waits until the autoencoder in use has this many features.
pub(crate) async fn trained(tab: &Tab, n_features: &str) {
    let script =
        "return [...document.querySelectorAll('.facts dd')].some(dd => dd.innerText.endsWith(' of ' + arguments[0]))";
    tab.until(script, vec![json!(n_features)], "the trained autoencoder", LATER).await;
    tab.find(TRAIN, LATER).await;
}

#[tokio::test]
async fn a_feature_is_trained_looked_at_explained_steered_and_saved() {
    let tab = Tab::open(Gpu::None, "").await;
    start_training(&tab, "48", "3").await;
    trained(&tab, "48").await;
    tab.screenshot("trained").await;

    tab.click("#feature-table tbody tr[role=row]", SOON).await;
    tab.says("Histogram as a table", SOON).await;
    assert!(tab.text(".card-title", SOON).await.starts_with("Feature "));
    tab.screenshot("feature").await;

    tab.press("Analyse", SOON).await;
    tab.button("Analyse again", LATER).await;
    let genes = "return document.querySelector('#feature-table tbody tr[role=row] td:nth-child(6)').innerText !== ''";
    tab.until(genes, Vec::new(), "the table to name top genes", SOON).await;
    let terms = "return [...document.querySelectorAll('.feature-card h3')].some(h => h.innerText === 'Gene sets')";
    tab.until(terms, Vec::new(), "the card to show gene sets", SOON).await;
    tab.says("Sound mode · cells above percentile 99 (at least 10) against all the rest", SOON).await;
    tab.press("More choices", SOON).await;
    tab.says("A universe is the genes a hit could have been", SOON).await;
    tab.screenshot("analysed").await;
    assert_eq!(tab.accessibility_mistakes().await, Vec::<String>::new());

    tab.click(".card [role=tab]:nth-of-type(2)", SOON).await;
    tab.choose("Percentile").await;
    tab.fill("Percentile", "99").await;
    tab.click(".steer .button-primary", SOON).await;
    tab.says("Nearest label", LATER).await;
    tab.screenshot("steered").await;

    tab.click("button[aria-label^='Save tables as CSV']", SOON).await;
    tab.press("Gene set enrichment", SOON).await;
    let table = String::from_utf8(tab.downloaded("enrichment.csv", LATER).await).unwrap();
    assert!(table.lines().next().is_some_and(|head| head.contains("odds_ratio")), "{table:.200}");
    assert!(table.lines().count() > 1, "no term was saved");
    assert_eq!(tab.accessibility_mistakes().await, Vec::<String>::new());
    assert_eq!(tab.errors().await, Vec::<String>::new());
    tab.close().await;
}

#[tokio::test]
async fn training_pauses_goes_on_and_ends_early_on_wish() {
    let tab = Tab::open(Gpu::None, "").await;
    start_training(&tab, "500", "500").await;
    tab.press("Pause", LATER).await;
    tab.says("Paused.", SOON).await;
    let paused_at = tab.until(STEP, Vec::new(), "the step to be shown", SOON).await;
    tokio::time::sleep(Duration::from_secs(2)).await;
    assert_eq!(tab.run(STEP, Vec::new()).await, paused_at, "training went on while paused");
    tab.screenshot("paused").await;
    tab.press("Continue", SOON).await;
    let goes_on =
        "const at = document.body.innerText.match(/step ([\\d\\s]+) of/i)?.[1]; return at && at !== arguments[0]";
    tab.until(goes_on, vec![paused_at], "training to go on", SOON).await;
    tab.press(STOP, SOON).await;
    trained(&tab, "500").await;
    assert_eq!(tab.errors().await, Vec::<String>::new());
    tab.close().await;
}

#[tokio::test]
async fn a_reload_in_mid_training_does_not_lose_the_run() {
    let tab = Tab::open(Gpu::None, "").await;
    start_training(&tab, "500", "500").await;
    tab.until(STEP, Vec::new(), "training to begin", LATER).await;
    tokio::time::sleep(AFTER_A_CHECKPOINT).await;
    tab.reload().await;
    tab.press("Go on training", LATER).await;
    let step = tab.until(STEP, Vec::new(), "training to go on", LATER).await;
    assert!(step.as_str().is_some_and(|step| step.len() > 1), "it began anew, at step {step}");
    tab.press(STOP, LATER).await;
    trained(&tab, "500").await;
    tab.close().await;
}

#[tokio::test]
async fn training_runs_on_webgpu_when_it_is_chosen() {
    let tab = Tab::open(Gpu::Software, "").await;
    tab.find(TRAIN, LATER).await;
    tab.choose_gpu().await;
    tab.fill("Batch size", "2048").await;
    start_training(&tab, "32", "1").await;
    trained(&tab, "32").await;
    tab.screenshot("trained-on-webgpu").await;
    assert_eq!(tab.errors().await, Vec::<String>::new());
    tab.close().await;
}
