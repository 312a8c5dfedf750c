//! Times of opening, analysing and GSEA through the page, as a person sees them.
//!
//! Each job of the plan opens its files in a fresh browser. A clock in the page (`performance.now()`) runs from the
//! press of the button, or the choice of files where only that is wanted, to the change of the page that shows the
//! result. Files that are opened for an analysis are timed from outside, to the button that needs them, in ticks of a
//! tenth of a second. What takes under five seconds is done three times, each time from the start: a second analysis of
//! the same features would use what the first one has kept.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use serde::Deserialize;
use serde_json::{Value, json};

use super::{memory, report};
use crate::tab::{Gpu, LATER, SOON, TRAIN, Tab};

/// How long one step may take.
const PATIENCE: Duration = Duration::from_mins(30);
/// What a person takes at least to choose files; the engine starts meanwhile.
const CHOOSING: Duration = Duration::from_secs(2);
/// What takes less is repeated.
const SHORT_SECS: f64 = 5.0;
/// Times a short job is done.
const N_REPEATS: usize = 3;

const CHOOSE_FILES: &str = "input[type=file][aria-label='Choose files']";
const FILES_CHOSEN: &str =
    "document.querySelector(\"input[type=file][aria-label='Choose files']\").addEventListener('change', begin, true)";
const OPENED: &str = "document.querySelector(\"form[aria-label='Training settings'] .button-primary\") !== null";
const ANALYSE: &str =
    "begin(); [...document.querySelectorAll('button')].find(it => it.textContent.trim() === 'Analyse').click()";
const ANALYSED: &str = "[...document.querySelectorAll('button')].some(it => it.textContent.trim() === 'Analyse again')";
const ROW: &str = "#feature-table tbody tr[role=row]";
const RUN_GSEA: &str = "begin(); document.querySelector('#gsea-run button').click()";
const GSEA_READY: &str = "document.querySelector('#gsea-table .gsea-set') !== null";
const ALL_ACTIVE: &str = "const label = [...document.querySelectorAll('label')].find(it => it.textContent === 'Positive cells');\
    const select = label && document.getElementById(label.htmlFor);\
    if (!select) return false;\
    select.value = 'active';\
    select.dispatchEvent(new Event('change', { bubbles: true }));\
    return true";

/// What to time in one tab.
#[expect(clippy::struct_excessive_bools, reason = "each is asked for or not, as the plan says")]
#[derive(Debug, Deserialize)]
struct Job {
    /// What results are filed under.
    bench: String,
    /// Files to open together.
    files: Vec<PathBuf>,
    /// Whether opening the files is all.
    only_opens: bool,
    /// Whether the columns of the embedding are the features; otherwise a sparse autoencoder is among the files.
    takes_columns: bool,
    /// Whether all active cells are positive, in place of those above a percentile.
    all_active: bool,
    /// Whether GSEA of the first feature of the table is run, too.
    gsea: bool,
}

#[tokio::test]
#[ignore = "a measurement, run by `cargo xtask bench`"]
async fn analyses_in_the_tab() {
    let Some(plan) = std::env::var_os("FEATURESCOPE_BENCH_PLAN") else {
        println!("\nNo analysis was timed: FEATURESCOPE_BENCH_PLAN names no plan");
        return;
    };
    let jobs: Vec<Job> = serde_json::from_slice(&std::fs::read(plan).unwrap()).unwrap();
    for job in &jobs {
        let first = time(job).await;
        println!("{}: {first:.2} s", job.bench);
        for _ in 1..if first < SHORT_SECS { N_REPEATS } else { 1 } {
            time(job).await;
        }
    }
}

/// Does a job once and reports its steps; seconds of its analysis and GSEA, or of opening alone.
async fn time(job: &Job) -> f64 {
    let tab = Tab::open(Gpu::None, "?empty").await;
    let say = |step: &str, secs: f64| {
        let peak_bytes = memory::peak_bytes(tab.driver_pid());
        report(&json!({ "bench": job.bench, "step": step, "secs": secs, "peak_bytes": peak_bytes }));
    };
    let machine = tab.run("return [navigator.userAgent, navigator.hardwareConcurrency]", Vec::new()).await;
    report(&json!({ "bench": job.bench, "browser": machine[0], "processors": machine[1] }));
    if job.only_opens {
        tokio::time::sleep(CHOOSING).await;
        start_clock(&tab, FILES_CHOSEN, OPENED).await;
        tab.upload(CHOOSE_FILES, &job.files).await;
        let secs = stopped_clock(&tab).await;
        say("open", secs);
        tab.close().await;
        return secs;
    }
    let started = Instant::now();
    open(&tab, job).await;
    say("open", started.elapsed().as_secs_f64());
    start_clock(&tab, ANALYSE, ANALYSED).await;
    let mut total = stopped_clock(&tab).await;
    say("analyse", total);
    if job.gsea {
        tab.click(ROW, LATER).await;
        tab.find("#gsea-run button", LATER).await;
        start_clock(&tab, RUN_GSEA, GSEA_READY).await;
        let secs = stopped_clock(&tab).await;
        say("gsea", secs);
        total += secs;
    }
    tab.close().await;
    total
}

/// Opens the files, until features can be analysed and their table is there.
async fn open(tab: &Tab, job: &Job) {
    tab.upload(CHOOSE_FILES, &job.files).await;
    if job.takes_columns {
        tab.find(TRAIN, PATIENCE).await;
        tab.press("Use columns as features", SOON).await;
    }
    tab.button("Analyse", PATIENCE).await;
    tab.find(ROW, LATER).await;
    if job.all_active {
        tab.until(ALL_ACTIVE, Vec::new(), "the choice of positive cells", SOON).await;
    }
}

/// Makes a clock of the page's own that runs from the call of `begin` in the script `start` until `is_done` holds again.
async fn start_clock(tab: &Tab, start: &str, is_done: &str) {
    let script = format!(
        "const isDone = () => {is_done};\
         let begun = !isDone();\
         let started;\
         window.featurescopeBench = null;\
         const begin = () => {{ started = performance.now(); }};\
         const observer = new MutationObserver(() => {{\
             if (!isDone()) begun = true;\
             else if (begun) {{ observer.disconnect(); window.featurescopeBench = performance.now() - started; }}\
         }});\
         observer.observe(document.documentElement, {{ subtree: true, childList: true, characterData: true }});\
         {start};"
    );
    tab.run(&script, Vec::new()).await;
}

/// What the clock says once it stands, in seconds.
async fn stopped_clock(tab: &Tab) -> f64 {
    let shown = "return window.featurescopeBench || (document.querySelector('.banner-error')?.innerText ?? null)";
    match tab.until(shown, Vec::new(), "the result", PATIENCE).await {
        Value::Number(millis) => millis.as_f64().unwrap() / 1e3,
        other => panic!("the page says {other} in place of a result"),
    }
}
