//! The committed demo: what the page reads first must be what is there, and it must open.

use std::path::PathBuf;
use std::sync::Arc;

use featurescope::data::{LabelColumn, Silent, ValueKind};
use featurescope::io::{AnnDataFile, Imported, MemorySource, import};
use serde::Deserialize;

/// What a visitor downloads for the demo stays below this.
const MAX_TOTAL_BYTES: u64 = 5_000_000;

#[derive(Deserialize)]
struct Manifest {
    name: String,
    citation: String,
    licence: String,
    embedding: String,
    map: String,
    n_cells: usize,
    n_genes: usize,
    n_gene_sets: usize,
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
    offset: usize,
    #[serde(flatten)]
    values: Values,
}

#[derive(Deserialize)]
#[serde(tag = "dtype", rename_all = "snake_case")]
enum Values {
    U16 { min: f64, max: f64 },
    U8 { categories: Vec<String> },
}

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("public/demo")
}

fn manifest() -> Manifest {
    serde_json::from_slice(&std::fs::read(folder().join("manifest.json")).unwrap()).unwrap()
}

fn opened(name: &str) -> Imported {
    let bytes = std::fs::read(folder().join(name)).unwrap();
    import(name, Arc::new(MemorySource(bytes)), &Silent).unwrap()
}

fn cells() -> AnnDataFile {
    match opened("kang.h5ad") {
        Imported::AnnData(file) => *file,
        other => panic!("{other:?}"),
    }
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
fn cells_open_with_counts_library_sizes_labels_and_latents() {
    let (manifest, file) = (manifest(), cells());
    assert_eq!(file.n_cells, manifest.n_cells);
    assert_eq!(file.cell_ids.as_ref().unwrap()[0], "AAACATACATTTCC.1");
    let expression = file.expression.unwrap();
    assert_eq!((expression.n_genes(), expression.n_cells()), (manifest.n_genes, manifest.n_cells));
    assert_eq!(expression.kind, ValueKind::Counts);
    for gene in ["ISG15", "IFIT1", "IFIT2", "IFIT3", "RSAD2", "CXCL10", "CD14", "CD3D", "MS4A1", "NKG7"] {
        assert!(expression.gene_id(gene).is_some(), "{gene}");
    }
    assert_eq!(expression.library_sizes.unwrap()[..2], [3017.0, 2481.0]);
    let dims_of = |name: &str| file.embeddings.iter().find(|found| found.0 == name).unwrap().1.n_cols();
    assert_eq!((dims_of(&manifest.embedding), dims_of(&manifest.map)), (32, 2));
}

#[test]
fn gene_sets_hold_only_genes_of_the_demo_ten_to_five_hundred_each() {
    let genes = cells().expression.unwrap().gene_names;
    let Imported::GeneSets(sets) = opened("gene_sets.gmt.gz") else { panic!("not gene sets") };
    assert_eq!(sets.len(), manifest().n_gene_sets);
    assert!(sets.iter().any(|set| set.name == "HALLMARK_INTERFERON_ALPHA_RESPONSE"));
    for set in &sets {
        assert!((10..=500).contains(&set.genes.len()), "{}", set.name);
        assert!(set.genes.iter().all(|gene| genes.contains(gene)), "{}", set.name);
    }
}

#[test]
fn the_preview_is_the_map_and_the_labels_of_the_cells() {
    let (manifest, file) = (manifest(), cells());
    let bytes = std::fs::read(folder().join(&manifest.preview.path)).unwrap();
    let map = &file.embeddings.iter().find(|found| found.0 == manifest.map).unwrap().1;
    assert_eq!(manifest.preview.n_cells, file.n_cells);
    let mut end = 0;
    for (at, column) in manifest.preview.columns.iter().enumerate() {
        assert_eq!(column.offset, end, "{}", column.name);
        let rest = &bytes[column.offset..];
        match &column.values {
            Values::U16 { min, max } => {
                let coordinates = map.column(at);
                assert_coordinates(&rest[..2 * file.n_cells], *min, *max, &coordinates);
                end += 2 * file.n_cells;
            }
            Values::U8 { categories } => {
                let labels = file.columns.iter().find(|found| found.name == column.name).unwrap();
                assert_codes(&rest[..file.n_cells], categories, labels);
                end += file.n_cells;
            }
        }
    }
    assert_eq!(end, bytes.len());
}

fn assert_coordinates(bytes: &[u8], min: f64, max: f64, coordinates: &[f32]) {
    let step = (max - min) / 65535.0;
    for (pair, &expected) in bytes.chunks_exact(2).zip(coordinates) {
        let found = min + f64::from(u16::from_le_bytes([pair[0], pair[1]])) * step;
        assert!((found - f64::from(expected)).abs() < step, "{found} against {expected}");
    }
}

fn assert_codes(bytes: &[u8], categories: &[String], labels: &LabelColumn) {
    let (codes, names) = labels.categorical().unwrap();
    assert_eq!(names, categories);
    assert!(bytes.iter().zip(codes).all(|(&found, &code)| u32::from(found) == code), "{}", labels.name);
}
