//! The page opens, empty and on its demo, and asks nothing of the network once it has.

use std::time::Duration;

use crate::tab::{Gpu, LATER, SOON, TRAIN, Tab};

#[tokio::test]
async fn an_empty_page_offers_the_demo_and_promises_privacy() {
    let tab = Tab::open(Gpu::None, "?empty").await;
    tab.says("Your data never leaves this browser.", SOON).await;
    tab.button("Open the demo", SOON).await;
    tab.screenshot("empty").await;
    assert_eq!(tab.run("return document.title", Vec::new()).await, "FeatureScope");
    assert_eq!(tab.accessibility_mistakes().await, Vec::<String>::new());
    assert_eq!(tab.errors().await, Vec::<String>::new());
    tab.close().await;
}

#[tokio::test]
async fn the_demo_opens_by_itself_and_then_asks_nothing_of_the_network() {
    let tab = Tab::open(Gpu::Software, "").await;
    tab.says("13,576", SOON).await;
    tab.screenshot("demo-preview").await;
    tab.find(TRAIN, LATER).await;
    tab.screenshot("demo-open").await;
    let before = tab.requests();
    tab.press("Analyse", SOON).await;
    tab.button("Analyse again", LATER).await;
    tokio::time::sleep(Duration::from_secs(3)).await;
    assert_eq!(tab.requests(), before, "the page went on asking its own server");
    assert_eq!(tab.went_outside(), Vec::<String>::new());
    assert_eq!(tab.accessibility_mistakes().await, Vec::<String>::new());
    assert_eq!(tab.errors().await, Vec::<String>::new());
    tab.close().await;
}
