//! The main job on the demo: train, look at features, find terms, steer, save; on the processor and on WebGPU.

use std::time::Duration;

use crate::tab::{Gpu, LATER, SOON, Tab};

/// Opens the demo and trains a small TopK autoencoder for some epochs.
async fn trained(gpu: Gpu, n_features: &str, n_epochs: &str) -> Tab {
    let tab = Tab::open(gpu, "").await;
    tab.button("Train", LATER).await;
    tab.fill("Features h", n_features).await;
    tab.fill("Active k", "8").await;
    tab.fill("Epochs", n_epochs).await;
    tab.press("Train", SOON).await;
    tab
}

#[tokio::test]
async fn a_feature_is_trained_looked_at_explained_steered_and_saved() {
    let tab = trained(Gpu::None, "64", "3").await;
    tab.button("Train again", LATER).await;
    tab.says("Explained variance", SOON).await;
    tab.screenshot("trained").await;

    tab.click("#feature-table tbody tr", SOON).await;
    tab.find(".card-title", SOON).await;
    tab.says("Feature ", SOON).await;
    tab.screenshot("feature").await;

    tab.press("Analyse", SOON).await;
    tab.button("Analyse again", LATER).await;
    tab.says("With terms", SOON).await;
    tab.screenshot("analysed").await;

    tab.click("button[aria-label='Save tables as CSV']", SOON).await;
    tab.press("Gene set enrichment", SOON).await;
    let table = tab.downloaded("go_enrichment_results.csv", LATER).await;
    let text = String::from_utf8(table).unwrap();
    assert!(text.lines().next().unwrap().contains("go_name"), "{}", text.lines().next().unwrap());
    assert!(text.lines().count() > 1, "no term was saved");
    assert_eq!(tab.accessibility_mistakes().await, Vec::<String>::new());
    assert_eq!(tab.errors().await, Vec::<String>::new());
    tab.close().await;
}

#[tokio::test]
async fn training_pauses_goes_on_and_ends_early_on_wish() {
    let tab = trained(Gpu::None, "512", "200").await;
    tab.press("Pause", LATER).await;
    tab.says("Paused.", SOON).await;
    let step = "return document.body.innerText.match(/step ([\\d,]+) of/i)?.[1] ?? null";
    let paused_at = tab.until(step, Vec::new(), "the step to be shown", SOON).await;
    tokio::time::sleep(Duration::from_secs(2)).await;
    assert_eq!(tab.run(step, Vec::new()).await, paused_at, "training went on while paused");
    tab.screenshot("paused").await;
    tab.press("Continue", SOON).await;
    let on =
        format!("const at = document.body.innerText.match(/step ([\\d,]+) of/i)?.[1]; return at && at !== {paused_at}");
    tab.until(&on, Vec::new(), "training to go on", SOON).await;
    tab.press("End training now and keep what was learnt", SOON).await;
    tab.button("Train again", LATER).await;
    assert_eq!(tab.errors().await, Vec::<String>::new());
    tab.close().await;
}

#[tokio::test]
async fn a_reload_in_mid_training_does_not_lose_the_run() {
    let tab = trained(Gpu::None, "512", "200").await;
    tab.button("Pause", LATER).await;
    // Checkpoints are kept every few seconds.
    tokio::time::sleep(Duration::from_secs(30)).await;
    tab.reload().await;
    tab.press("Go on training", LATER).await;
    tab.press("End training now and keep what was learnt", LATER).await;
    tab.button("Train again", LATER).await;
    tab.close().await;
}

#[tokio::test]
async fn training_runs_on_webgpu_when_it_is_chosen() {
    let tab = Tab::open(Gpu::Software, "").await;
    tab.button("Train", LATER).await;
    tab.click("button[aria-label='Compute device']", SOON).await;
    tab.choose("GPU").await;
    tab.until("return document.querySelector('.header').innerText.includes('GPU')", Vec::new(), "the GPU", LATER).await;
    tab.fill("Features h", "32").await;
    tab.fill("Active k", "4").await;
    tab.fill("Epochs", "1").await;
    tab.fill("Batch size", "2048").await;
    tab.press("Train", SOON).await;
    tab.button("Train again", LATER).await;
    tab.screenshot("trained-on-webgpu").await;
    assert_eq!(tab.errors().await, Vec::<String>::new());
    tab.close().await;
}
