//! Sweeps: a grid of configurations and seeds, their chart and table, the run taken, and what seeds say of its features.

use serde_json::json;
use thirtyfour::Key;

use crate::main_job::{start_training, trained};
use crate::tab::{Gpu, LATER, SOON, Tab};

/// The last drawer tab, by keyboard.
async fn go_to_sweeps(tab: &Tab) {
    tab.click("#drawer-tab-0", SOON).await;
    tab.type_keys(".drawer [role=tab]:focus", &[Key::End]).await;
    tab.find("form[aria-label='What to sweep']", SOON).await;
}

/// Chooses in the list with this label.
async fn select(tab: &Tab, label: &str, key: &str) {
    let script = "const label = [...document.querySelectorAll('label')]\
            .find(label => label.innerText.trim() === arguments[0] && label.offsetParent !== null);\
        const list = label && document.getElementById(label.htmlFor);\
        if (!list) return false;\
        list.value = arguments[1];\
        list.dispatchEvent(new Event('change', { bubbles: true }));\
        return true";
    tab.until(script, vec![json!(label), json!(key)], &format!("{key:?} in {label:?}"), SOON).await;
}

#[tokio::test]
async fn a_grid_is_swept_looked_at_and_a_run_taken_with_its_seeds() {
    let tab = Tab::open(Gpu::None, "").await;
    start_training(&tab, "48", "2").await;
    trained(&tab, "48").await;
    go_to_sweeps(&tab).await;
    tab.fill("Values", "2, 4").await;
    select(&tab, "And vary", "features").await;
    tab.fill("Values of the second", "24, 32").await;
    tab.fill("Seeds", "two").await;
    tab.says("The number of seeds must be a whole number, not \"two\".", SOON).await;
    tab.fill("Seeds", "2").await;
    tab.says("8 runs: 4 configurations, 2 seeds each; about", SOON).await;
    tab.press("Start the sweep", SOON).await;
    tab.says("8 of 8 runs", LATER).await;
    tab.button("Start the sweep", SOON).await;
    tab.says("k 2, h 24: MCC", SOON).await;

    tab.type_keys("#sweep-chart", &[Key::Home]).await;
    let status = tab.text(".heat-status", SOON).await;
    assert!(status.starts_with("k ") && status.contains("FVU"), "{status}");
    let chosen = "return document.querySelectorAll('#sweep-table tr[aria-current]').length === 1";
    tab.until(chosen, Vec::new(), "the run under the cursor to be marked in the table", SOON).await;
    tab.screenshot("sweep").await;
    assert_eq!(tab.accessibility_mistakes().await, Vec::<String>::new());

    // Sorted by L0: runs of k 2 come first.
    tab.click("#sweep-table th:nth-child(3) button", SOON).await;
    let first = "return document.querySelector('#sweep-table tbody tr td:nth-child(2)').innerText.startsWith('k 2')";
    tab.until(first, Vec::new(), "the smallest L0 first", SOON).await;
    tab.click("#drawer-panel-4 .look-bar button[aria-label^='Save']", SOON).await;
    tab.click("#drawer-panel-4 .menu-panel .button:nth-of-type(1)", SOON).await;
    let table = String::from_utf8(tab.downloaded("sweep.csv", LATER).await).unwrap();
    assert_eq!(table.lines().count(), 9, "{table}");

    tab.click("#sweep-table tbody tr:first-child button", SOON).await;
    let taken = "return [...document.querySelectorAll('.facts dd')].some(dd => / of (24|32)$/.test(dd.innerText))";
    tab.until(taken, Vec::new(), "the run to be in use", LATER).await;
    tab.click("#drawer-tab-0", SOON).await;
    let column =
        "return [...document.querySelectorAll('#feature-table th')].some(th => th.innerText.trim() === 'Stability')";
    tab.until(column, Vec::new(), "the column of seeds", LATER).await;
    tab.click("#feature-table tbody tr[role=row]", SOON).await;
    tab.says("other seed, cosine", SOON).await;
    tab.screenshot("sweep-stability").await;
    assert_eq!(tab.accessibility_mistakes().await, Vec::<String>::new());
    assert_eq!(tab.errors().await, Vec::<String>::new());
    tab.close().await;
}
