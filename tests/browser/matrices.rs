//! A file with more than one matrix: another is chosen on the page, by keyboard, and read.

use std::fs::File;
use std::path::Path;

use serde_json::json;
use thirtyfour::prelude::*;

use crate::files::CHOOSE_FILES;
use crate::made::own_folder;
use crate::tab::{Gpu, LATER, SOON, TRAIN, Tab};

/// The list, found by what its label says.
const SELECT: &str = "const label = [...document.querySelectorAll('label')].find(label => \
                      label.innerText === 'Expression from'); const select = document.getElementById(label?.htmlFor);";

async fn waits_for_genes(tab: &Tab, n_genes: &str) {
    let script = "return [...document.querySelectorAll('dt')].some(term => \
                  term.innerText === 'Genes' && term.nextElementSibling.innerText === arguments[0])";
    tab.until(script, vec![json!(n_genes)], "the number of genes", LATER).await;
}

#[tokio::test]
async fn another_matrix_of_the_file_is_chosen_and_read() {
    let folder = own_folder("matrices");
    let file = folder.join("cells.h5ad");
    let packed = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/h5ad/anndata_0_12_csr_raw.h5ad.gz");
    let mut unpacked = flate2::read::GzDecoder::new(File::open(packed).unwrap());
    std::io::copy(&mut unpacked, &mut File::create(&file).unwrap()).unwrap();
    let tab = Tab::open(Gpu::None, "?empty").await;
    tab.upload(CHOOSE_FILES, &[file]).await;
    tab.find(TRAIN, LATER).await;
    waits_for_genes(&tab, "6").await;
    let listed = tab.run(&format!("{SELECT} return [...select.options].map(option => option.text)"), Vec::new()).await;
    assert_eq!(listed, json!(["X (6 genes)", "raw/X (8 genes)", "layers/counts (6 genes)"]));
    tab.screenshot("matrix-x").await;
    tab.run(&format!("{SELECT} select.focus()"), Vec::new()).await;
    tab.key(Key::Down).await;
    waits_for_genes(&tab, "8").await;
    let value = format!("{SELECT} return [select.value, select.disabled]");
    assert_eq!(tab.run(&value, Vec::new()).await, json!(["raw/X", false]));
    tab.says("The expression is read from raw/X, as you asked.", SOON).await;
    tab.screenshot("matrix-raw").await;
    assert_eq!(tab.accessibility_mistakes().await, Vec::<String>::new());
    assert_eq!(tab.errors().await, Vec::<String>::new());
    tab.close().await;
    std::fs::remove_dir_all(folder).unwrap();
}
