//! A person's own files: an AnnData file, separate embeddings, labels and gene sets, and files that are wrong.

use std::path::{Path, PathBuf};

use serde_json::json;

use crate::large_h5ad::{self, Layout};
use crate::made::{npy, own_folder};
use crate::tab::{Gpu, LATER, SOON, TRAIN, Tab};

pub(crate) const CHOOSE_FILES: &str = "input[type=file][aria-label='Choose files']";
pub(crate) const ADD_FILES: &str = "input[type=file][aria-label='Add files']";

fn demo_file(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("public/demo").join(name)
}

#[tokio::test]
async fn an_anndata_file_and_gene_sets_open() {
    let tab = Tab::open(Gpu::None, "?empty").await;
    tab.upload(CHOOSE_FILES, &[demo_file("kang.h5ad"), demo_file("gene_sets.gmt.gz")]).await;
    tab.find(TRAIN, LATER).await;
    tab.says("Sets matched", SOON).await;
    tab.screenshot("own-h5ad").await;
    assert_eq!(tab.errors().await, Vec::<String>::new());
    tab.close().await;
}

#[tokio::test]
async fn an_embedding_and_labels_open_without_expression() {
    let folder = own_folder("npy");
    std::fs::write(folder.join("latent.npy"), npy(300, 8)).unwrap();
    let rows: Vec<String> = (0..300).map(|cell| format!("cell{cell},{}", ["T", "B", "NK"][cell % 3])).collect();
    std::fs::write(folder.join("labels.csv"), format!("cell,type\n{}\n", rows.join("\n"))).unwrap();
    std::fs::write(folder.join("sets.gmt"), "SET_A\tx\tISG15\tIFIT1\n").unwrap();
    let tab = Tab::open(Gpu::None, "?empty").await;
    let files = ["latent.npy", "labels.csv", "sets.gmt"].map(|name| folder.join(name));
    tab.upload(CHOOSE_FILES, &files).await;
    tab.find(TRAIN, LATER).await;
    tab.says("300", SOON).await;
    tab.says("latent", SOON).await;
    tab.screenshot("own-npy").await;
    assert_eq!(tab.errors().await, Vec::<String>::new());
    tab.close().await;
    std::fs::remove_dir_all(folder).unwrap();
}

#[tokio::test]
async fn a_broken_file_is_named_and_what_was_open_stays() {
    let folder = own_folder("broken");
    std::fs::write(folder.join("latent.npy"), npy(50, 4)).unwrap();
    let whole = npy(50, 4);
    std::fs::write(folder.join("cut.npy"), &whole[..whole.len() - 100]).unwrap();
    let tab = Tab::open(Gpu::None, "?empty").await;
    tab.upload(CHOOSE_FILES, &[folder.join("latent.npy")]).await;
    tab.find(TRAIN, LATER).await;
    tab.upload(ADD_FILES, &[folder.join("cut.npy")]).await;
    let error = tab.text(".banner-error", SOON).await;
    assert!(error.contains("cut.npy"), "{error}");
    tab.screenshot("broken-file").await;
    tab.says("latent", SOON).await;
    tab.find(TRAIN, SOON).await;
    assert_eq!(tab.errors().await, Vec::<String>::new());
    tab.close().await;
    std::fs::remove_dir_all(folder).unwrap();
}

#[tokio::test]
async fn large_files_are_read_by_workers_too() {
    let folder = own_folder("large");
    let tab = Tab::open(Gpu::None, "?empty").await;
    for (layout, name, n_genes) in [
        (Layout::Csr, "by_cell.h5ad", "1500"),
        (Layout::TenX, "ten_x.h5", "1350"),
        (Layout::Dense, "dense.h5ad", "1500"),
        (Layout::Csc, "by_gene.h5ad", "1500"),
    ] {
        std::fs::write(folder.join(name), large_h5ad::file(layout, |_, _| {})).unwrap();
        let chooser = if layout == Layout::Csr { CHOOSE_FILES } else { ADD_FILES };
        tab.upload(chooser, &[folder.join(name)]).await;
        let is_open = "return document.querySelector('.header-name').innerText == arguments[0]";
        let stem = name.split('.').next().unwrap();
        tab.until(is_open, vec![json!(stem)], &format!("{stem} to be open"), LATER).await;
        tab.says("2200", SOON).await;
        tab.says(n_genes, SOON).await;
        tab.says("These data have no embedding to train on. Add one", SOON).await;
        let page = tab.run("return document.body.innerText", Vec::new()).await;
        assert!(!page.to_string().contains("was read by one thread"), "{page}");
    }
    tab.screenshot("large-files").await;
    assert_eq!(tab.errors().await, Vec::<String>::new());
    tab.close().await;
    std::fs::remove_dir_all(folder).unwrap();
}
