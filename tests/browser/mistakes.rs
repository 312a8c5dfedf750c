//! Typical mistakes with files: what the page says of each, and that what is open stays.
//!
//! The sentences themselves are held by `src/io/mistakes.rs`; here they must reach a person, with a way on.

use std::path::{Path, PathBuf};

use serde_json::json;

use crate::files::{ADD_FILES, CHOOSE_FILES};
use crate::made::{npy, own_folder};
use crate::tab::{Gpu, LATER, SOON, TRAIN, Tab};

/// The text of the page's error, once it names the file.
const ERROR: &str = "const text = document.querySelector('.banner-error')?.innerText ?? '';\
    return text.includes(arguments[0]) && text";

fn fixture(path: &str) -> Vec<u8> {
    std::fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures").join(path)).unwrap()
}

/// Files that a person might drop onto twelve cells `cell0-1` to `cell11-1`, and words of what they are told.
fn mistakes() -> Vec<(&'static str, Vec<u8>, [&'static str; 2])> {
    let whole = fixture("io/csr_gzip.h5ad");
    let labels = |id: &dyn Fn(usize) -> String| {
        let rows: Vec<String> = (0..12).map(|cell| format!("{},{}", id(cell), ["T", "B"][cell % 2])).collect();
        format!("cell,type\n{}\n", rows.join("\n")).into_bytes()
    };
    let genes_by_cells = format!("gene{}\nISG15{}\n", header(","), ",high".repeat(12)).into_bytes();
    vec![
        ("markers.xlsx", fixture("zip/workbook.xlsx"), ["an Excel workbook", "CSV UTF-8"]),
        (
            "seurat.rds",
            b"X\n\0\0\0\x03\0\x04\x03\x01\0\x03\x05\0\0\0\0\x05UTF-8".to_vec(),
            ["an R data file", "writeH5AD"],
        ),
        ("brain.loom", fixture("mistakes/small.loom"), ["a Loom file", "read_loom"]),
        ("cut.h5ad", whole[..whole.len() / 2].to_vec(), ["ends too early", "copy or download it again"]),
        ("atlas.h5ad", b"<!DOCTYPE html><html>403</html>".to_vec(), ["is a web page", "download the file again"]),
        ("other.csv", labels(&|cell| format!("TTTG{cell}")), ["of the 12 cell ids", "another data set"]),
        (
            "short.csv",
            labels(&|cell| format!("cell{cell}")),
            ["without \"-1\" at the end", "join them by the shortened ids"],
        ),
        ("scvi.npy", npy(13, 4), ["13 rows but the data set has 12 cells", "without the header"]),
        ("turned.csv", genes_by_cells, ["cells in its header", "turn it round"]),
        (
            "series_matrix.txt",
            b"!Series_title\t\"PBMC\"\n!Series_status\t\"Public\"\n".to_vec(),
            ["is a series matrix of GEO", "supplementary files"],
        ),
    ]
}

fn header(delimiter: &str) -> String {
    let cells: Vec<String> = (0..12).map(|cell| format!("{delimiter}cell{cell}-1")).collect();
    cells.concat()
}

#[tokio::test]
async fn each_typical_mistake_is_named_with_a_way_on_and_the_cells_stay() {
    let folder = own_folder("mistakes");
    let open = folder.join("pbmc.h5ad");
    std::fs::write(&open, fixture("io/csr_gzip.h5ad")).unwrap();
    let tab = Tab::open(Gpu::None, "?empty").await;
    tab.upload(CHOOSE_FILES, &[open]).await;
    tab.find(TRAIN, LATER).await;
    for (name, bytes, words) in mistakes() {
        let file: PathBuf = folder.join(name);
        std::fs::write(&file, bytes).unwrap();
        tab.upload(ADD_FILES, &[file]).await;
        let said = tab.until(ERROR, vec![json!(name)], &format!("what is wrong with {name}"), SOON).await;
        let said = said.as_str().unwrap().replace('\n', " ");
        assert!(words.iter().all(|word| said.contains(word)), "{name}: {said}");
        tab.screenshot(&format!("mistake-{}", name.replace('.', "-"))).await;
        tab.find(TRAIN, SOON).await;
    }
    assert_eq!(tab.accessibility_mistakes().await, Vec::<String>::new());
    assert_eq!(tab.errors().await, Vec::<String>::new());
    tab.close().await;
    std::fs::remove_dir_all(folder).unwrap();
}
