//! The page opens, in a browser with WebGPU and in one without, below a sub-path, and asks nothing of the network.

use std::time::Duration;

use crate::tab::{Gpu, SOON, Tab};

#[tokio::test]
async fn the_page_opens_without_an_error() {
    let tab = Tab::open(Gpu::None, "").await;
    tab.find("body *", SOON).await;
    tab.screenshot("opening").await;
    assert_eq!(tab.errors().await, Vec::<String>::new());
    assert_eq!(tab.run("return document.title", Vec::new()).await, "FeatureScope");
    tab.close().await;
}

#[tokio::test]
async fn nothing_is_asked_of_the_network_after_loading() {
    let tab = Tab::open(Gpu::Software, "").await;
    tab.find("body *", SOON).await;
    tokio::time::sleep(Duration::from_secs(5)).await;
    let before = tab.requests();
    tokio::time::sleep(Duration::from_secs(10)).await;
    assert_eq!(tab.requests(), before, "the page went on asking its own server");
    assert_eq!(tab.went_outside(), Vec::<String>::new());
    tab.close().await;
}
