//! The committed demo against its manifest: what the page reads first must be what is there.

use std::path::PathBuf;

use serde::Deserialize;

/// What a visitor downloads for the demo stays below this.
const MAX_TOTAL_BYTES: u64 = 5_000_000;

#[derive(Deserialize)]
struct Manifest {
    name: String,
    citation: String,
    licence: String,
    n_cells: usize,
    files: Vec<File>,
    preview: Preview,
}

#[derive(Deserialize)]
struct File {
    path: String,
    size: u64,
}

#[derive(Deserialize)]
struct Preview {
    path: String,
    n_cells: usize,
    columns: Vec<Column>,
}

#[derive(Deserialize)]
struct Column {
    name: String,
    dtype: String,
    offset: usize,
    #[serde(default)]
    categories: Vec<String>,
}

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("public/demo")
}

fn manifest() -> Manifest {
    serde_json::from_slice(&std::fs::read(folder().join("manifest.json")).unwrap()).unwrap()
}

#[test]
fn files_have_the_sizes_the_manifest_states() {
    let manifest = manifest();
    assert!(!manifest.name.is_empty() && manifest.citation.contains("10.1038/nbt.4042"));
    assert!(manifest.licence.contains("CC BY 4.0"));
    assert!(manifest.files.iter().any(|file| file.path == "kang.h5ad"));
    for file in &manifest.files {
        let found = std::fs::metadata(folder().join(&file.path)).unwrap().len();
        assert_eq!(found, file.size, "{}", file.path);
    }
    let total: u64 = manifest.files.iter().map(|file| file.size).sum();
    assert!(total < MAX_TOTAL_BYTES, "{total} bytes");
}

#[test]
fn preview_columns_fill_the_file_and_codes_have_categories() {
    let manifest = manifest();
    let bytes = std::fs::read(folder().join(&manifest.preview.path)).unwrap();
    let n = manifest.preview.n_cells;
    assert_eq!(n, manifest.n_cells);
    let mut end = 0;
    for column in &manifest.preview.columns {
        assert_eq!(column.offset, end, "{}", column.name);
        end += n * if column.dtype == "u16" { 2 } else { 1 };
        if column.dtype == "u8" {
            let codes = &bytes[column.offset..end];
            let largest = codes.iter().max().copied().unwrap();
            assert_eq!(usize::from(largest) + 1, column.categories.len(), "{}", column.name);
        } else {
            let values: Vec<u16> =
                bytes[column.offset..end].chunks_exact(2).map(|pair| u16::from_le_bytes([pair[0], pair[1]])).collect();
            assert!(values.contains(&0) && values.contains(&u16::MAX), "{} is not scaled to its range", column.name);
        }
    }
    assert_eq!(end, bytes.len());
}
