//! GSEA of a feature of the demo: run, looked at by keyboard, cancelled, saved.

use serde_json::json;
use thirtyfour::prelude::*;

use crate::tab::{Gpu, LATER, SOON, TRAIN, Tab};

const ROW: &str = "#feature-table tbody tr[role=row]";
const RUN: &str = "#gsea-run button";
/// Texts of the first set's numbers.
const NUMBERS: &str = "return [...document.querySelectorAll('#gsea-table tbody:first-of-type tr:nth-child(2) td')]\
    .map(cell => cell.innerText)";
/// The name of the set whose running sum is open, and the chart's title.
const OPEN: &str = "const set = document.querySelector('.gsea-set[aria-expanded=true]'); \
    const chart = document.querySelector('#gsea-chart svg title'); \
    return set && chart && chart.textContent === set.innerText && set.innerText";

/// The demo with its features analysed and the first of the table looked at.
async fn analysed() -> Tab {
    let tab = Tab::open(Gpu::None, "").await;
    tab.find(TRAIN, LATER).await;
    tab.press("Analyse", LATER).await;
    tab.button("Analyse again", LATER).await;
    tab.click(ROW, SOON).await;
    tab.find(RUN, LATER).await;
    tab
}

#[tokio::test]
async fn the_sets_of_a_feature_are_ranked_drawn_and_saved() {
    let tab = analysed().await;
    assert_eq!(tab.accessibility_mistakes().await, Vec::<String>::new());
    tab.click(RUN, SOON).await;
    tab.find("#gsea-table .gsea-set", LATER).await;
    tab.says("GSEA, preranked · ", SOON).await;
    let first = tab.until(OPEN, Vec::new(), "the running sum of the first set", SOON).await;
    let numbers = tab.run(NUMBERS, Vec::new()).await;
    let nes = numbers[1].as_str().unwrap().replace('\u{2212}', "-").parse::<f64>().unwrap();
    assert!(nes.abs() > 1.0 && numbers.as_array().unwrap().len() == 5, "{numbers}");
    tab.screenshot("gsea").await;
    assert_eq!(tab.accessibility_mistakes().await, Vec::<String>::new());

    // The second set by keyboard alone; the first one closes.
    let focus = "document.querySelectorAll('.gsea-set')[1].focus(); return document.activeElement.innerText";
    let second = tab.run(focus, Vec::new()).await;
    tab.key(Key::Enter).await;
    let is_open = "return document.querySelector('.gsea-set[aria-expanded=true]')?.innerText === arguments[0]";
    tab.until(is_open, vec![second.clone()], "the second set to open", SOON).await;
    let found = tab.until(OPEN, Vec::new(), "the running sum of the second set", SOON).await;
    assert!(found == second && found != first, "{found} after {first}");

    tab.choose("Up").await;
    let ways = "const found = [...document.querySelectorAll('#gsea-table tbody tr:nth-child(2) td:first-child')]; \
        return found.length > 0 && found.every(cell => cell.innerText.includes('up'))";
    tab.until(ways, Vec::new(), "only sets that go up", SOON).await;

    tab.click("#gsea-save button", SOON).await;
    let feature = tab.text(".card-title", SOON).await.replace("Feature ", "");
    let table = tab.downloaded(&format!("gsea_feature_{feature}.csv"), LATER).await;
    let table = String::from_utf8(table).unwrap();
    assert!(table.starts_with("feature,set,size,es,nes,log10_p,padj,log2err,leading_edge"), "{table:.200}");
    assert!(table.lines().nth(1).is_some_and(|line| line.contains(first.as_str().unwrap())), "{table:.400}");
    assert_eq!(tab.errors().await, Vec::<String>::new());
    tab.close().await;
}

#[tokio::test]
async fn a_cancelled_gsea_can_be_run_again_and_is_kept_with_its_feature() {
    let tab = analysed().await;
    // A run takes a second, so it is cancelled as soon as it can be.
    let cancel = "const timer = setInterval(() => { const button = document.querySelector('#gsea-cancel button'); \
        if (button) { clearInterval(timer); button.click(); window.hasCancelled = true } }, 1); \
        document.querySelector('#gsea-run button').click()";
    tab.run(cancel, Vec::new()).await;
    tab.until("return window.hasCancelled === true", Vec::new(), "the run to be cancelled", SOON).await;
    tab.find(RUN, LATER).await;
    let tables = "return document.querySelectorAll('#gsea-table').length";
    assert_eq!(tab.run(tables, Vec::new()).await, json!(0));
    tab.click(RUN, SOON).await;
    tab.find("#gsea-table", LATER).await;
    let title = tab.text(".card-title", SOON).await;
    tab.press("Next feature of the table (j)", SOON).await;
    tab.until(&format!("{tables} === 0"), Vec::new(), "the next feature to have no GSEA", LATER).await;
    tab.press("Previous feature of the table (k)", SOON).await;
    tab.find("#gsea-table", LATER).await;
    assert_eq!(tab.text(".card-title", SOON).await, title);
    assert_eq!(tab.errors().await, Vec::<String>::new());
    tab.close().await;
}
