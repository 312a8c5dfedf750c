//! The columns of an embedding as features, without training.

use serde_json::json;

use crate::main_job::trained;
use crate::tab::{Gpu, LATER, SOON, TRAIN, Tab};

#[tokio::test]
async fn columns_of_the_demo_become_features_and_can_be_analysed() {
    let tab = Tab::open(Gpu::None, "").await;
    tab.find(TRAIN, LATER).await;
    tab.says("Each of the 32 columns of X_scVI becomes a feature", SOON).await;
    tab.press("Use columns as features", SOON).await;
    trained(&tab, "32").await;
    tab.says("The embedding's own columns", SOON).await;
    tab.press("Analyse", SOON).await;
    tab.button("Analyse again", LATER).await;
    let rows = "return document.querySelector('#feature-table tbody tr[role=row] td:nth-child(6)')?.innerText !== ''";
    assert_eq!(tab.until(rows, Vec::new(), "top genes of a column", SOON).await, json!(true));
    tab.screenshot("columns").await;
    assert_eq!(tab.accessibility_mistakes().await, Vec::<String>::new());
    assert_eq!(tab.errors().await, Vec::<String>::new());
    tab.close().await;
}
