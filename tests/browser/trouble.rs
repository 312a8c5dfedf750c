//! What a person sees when the engine dies or the GPU is lost in mid-training, and the way back.
//!
//! The GPU here is software, which is not chosen a second time; that a real one fails its self-test is not seen.

use std::path::{Path, PathBuf};

use serde_json::json;

use crate::files::CHOOSE_FILES;
use crate::made::{npy, own_folder};
use crate::main_job::{STEP, STOP, start_training, trained};
use crate::tab::{Gpu, LATER, SOON, TRAIN, Tab, setting};

/// Lets the page give orders to its worker: to throw an error that nobody catches, or to lose its GPU.
const RIGGING: &str = r#"
let device;
if (globalThis.GPUAdapter) {
  const request = GPUAdapter.prototype.requestDevice;
  GPUAdapter.prototype.requestDevice = async function (...options) {
    return (device = await request.apply(this, options));
  };
}
new BroadcastChannel("orders").onmessage = ({ data }) => {
  if (data === "fail") throw new Error("told to fail");
  device.destroy();
};
"#;

/// A copy of the built site, without its demo, whose engine takes orders.
fn rigged_site(folder: &Path) -> PathBuf {
    let site = folder.join("site");
    std::fs::create_dir_all(&site).unwrap();
    for entry in std::fs::read_dir(setting("FEATURESCOPE_SITE")).unwrap() {
        let entry = entry.unwrap();
        if entry.file_type().unwrap().is_file() {
            std::fs::copy(entry.path(), site.join(entry.file_name())).unwrap();
        }
    }
    let loader = site.join("engine-loader.js");
    let text = std::fs::read_to_string(&loader).unwrap();
    std::fs::write(loader, format!("{RIGGING}{text}")).unwrap();
    site
}

async fn order(tab: &Tab, what: &str) {
    tab.run("new BroadcastChannel('orders').postMessage(arguments[0])", vec![json!(what)]).await;
}

/// A page with made-up cells on which training was begun and paused, which keeps the run in storage.
async fn paused_training(folder: &Path, gpu: Gpu, n_cells: usize) -> Tab {
    let file = folder.join("latent.npy");
    std::fs::write(&file, npy(n_cells, 8)).unwrap();
    let tab = Tab::open_site(&rigged_site(folder), gpu, "?empty").await;
    tab.upload(CHOOSE_FILES, &[file]).await;
    tab.find(TRAIN, LATER).await;
    if gpu == Gpu::Software {
        tab.choose_gpu().await;
    }
    start_training(&tab, "32", "2000").await;
    tab.press("Pause", LATER).await;
    tab.says("Paused.", LATER).await;
    tab
}

#[tokio::test]
async fn an_engine_that_died_is_restarted_and_training_goes_on() {
    let folder = own_folder("died");
    let tab = paused_training(&folder, Gpu::None, 2000).await;
    order(&tab, "fail").await;
    tab.says("The engine stopped", SOON).await;
    tab.says("Your files are untouched", SOON).await;
    tab.screenshot("engine-died").await;
    assert_eq!(tab.accessibility_mistakes().await, Vec::<String>::new());
    tab.press("Restart and reopen the file", SOON).await;
    tab.press("Go on training", LATER).await;
    tab.until(STEP, Vec::new(), "training to go on", LATER).await;
    tab.press(STOP, LATER).await;
    trained(&tab, "32").await;
    tab.close().await;
    std::fs::remove_dir_all(folder).unwrap();
}

#[tokio::test]
async fn a_lost_gpu_is_said_and_training_goes_on_without_it() {
    let folder = own_folder("lost");
    let tab = paused_training(&folder, Gpu::Software, 64).await;
    order(&tab, "lose").await;
    tab.press("Continue", SOON).await;
    tab.says("The graphics processor was lost", LATER).await;
    tab.screenshot("gpu-lost").await;
    tab.press("Go on training", LATER).await;
    trained(&tab, "32").await;
    assert!(tab.text("button[aria-label^='Compute device']", SOON).await.contains("CPU"));
    tab.close().await;
    std::fs::remove_dir_all(folder).unwrap();
}
