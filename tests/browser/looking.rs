//! Looking at cells: a lasso and a picture of the map, files that are dropped, and the page inside another page.

use serde_json::json;

use crate::files::CHOOSE_FILES;
use crate::made::{npy, own_folder};
use crate::tab::{Gpu, LATER, SOON, TRAIN, Tab};

/// The number of chosen cells as the page says it.
const CHOSEN: &str = "const found = document.body.innerText.match(/([\\d\\s]+) cells chosen/);\
    return found && Number(found[1].replaceAll(/\\s/g, ''))";

#[tokio::test]
async fn a_lasso_chooses_cells_and_the_map_is_saved_as_a_picture() {
    let folder = own_folder("lasso");
    let file = folder.join("latent.npy");
    std::fs::write(&file, npy(2000, 6)).unwrap();
    let tab = Tab::open(Gpu::None, "?empty").await;
    tab.upload(CHOOSE_FILES, &[file]).await;
    tab.find(TRAIN, LATER).await;
    tab.click(".map-tool[aria-label^='Choose cells with a lasso']", SOON).await;
    tab.draw(".map-surface", &[(-100, -250), (200, -250), (200, 250), (-100, 250)]).await;
    let n_chosen = tab.until(CHOSEN, Vec::new(), "cells to be chosen", SOON).await.as_u64();
    assert!(n_chosen.is_some_and(|n| (1..2000).contains(&n)), "{n_chosen:?} cells");
    tab.screenshot("lasso").await;
    tab.click(".map-tool[aria-label='Save the map as a picture']", SOON).await;
    let picture = tab.downloaded("latent.png", SOON).await;
    assert!(picture.starts_with(b"\x89PNG"), "{:?}", &picture[..8]);
    assert_eq!(tab.errors().await, Vec::<String>::new());
    tab.close().await;
    std::fs::remove_dir_all(folder).unwrap();
}

#[tokio::test]
async fn dropped_files_open() {
    let tab = Tab::open(Gpu::None, "?empty").await;
    tab.button("Open the demo", SOON).await;
    let drop = "const files = new DataTransfer();\
        files.items.add(new File([Uint8Array.from(arguments[0])], 'dropped.npy'));\
        for (const kind of ['dragover', 'drop'])\
            document.body.dispatchEvent(new DragEvent(kind, { dataTransfer: files, bubbles: true, cancelable: true }))";
    tab.run(drop, vec![json!(npy(60, 4))]).await;
    tab.find(TRAIN, LATER).await;
    tab.says("dropped", SOON).await;
    assert_eq!(tab.errors().await, Vec::<String>::new());
    tab.close().await;
}

#[tokio::test]
async fn the_demo_runs_inside_another_page() {
    let tab = Tab::open(Gpu::None, "?empty").await;
    tab.button("Open the demo", SOON).await;
    let embed = "const frame = document.createElement('iframe');\
        frame.style = 'position: fixed; inset: 0; width: 900px; height: 640px; z-index: 9';\
        frame.src = '.'; document.body.append(frame)";
    tab.run(embed, Vec::new()).await;
    let has_features = "return document.querySelector('iframe').contentDocument\
        .querySelector('#feature-table tbody tr[role=row]') !== null";
    tab.until(has_features, Vec::new(), "the page in the frame to list features", LATER).await;
    tab.screenshot("iframe").await;
    assert_eq!(tab.errors().await, Vec::<String>::new());
    tab.close().await;
}
