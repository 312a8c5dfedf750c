//! The committed demo: what the page reads first must be what is there, and it must open.

use std::path::PathBuf;
use std::sync::Arc;

use featurescope::data::{
    CellSelection, CellTable, DenseMatrix, Expression, FeatureId, LabelChoice, LabelColumn, Silent, SparseActivations,
    SparseBuilder, ValueKind,
};
use featurescope::io::{AnnDataFile, Imported, MemorySource, import};
use featurescope::sae::{Sae, from_saelens};
use featurescope::stats::{Pca, Ridge, RidgeFit, RidgeParams};
use featurescope::steer::{self, SteerInputs, SteerParams, SteerTarget};
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
    assert_eq!(file.cell_ids.as_ref().unwrap()[0], "GCTAGAACCAATCG.1");
    let expression = file.expression.unwrap();
    assert_eq!((expression.n_genes(), expression.n_cells()), (manifest.n_genes, manifest.n_cells));
    assert_eq!(expression.kind, ValueKind::Counts);
    for gene in ["ISG15", "IFIT1", "IFIT2", "IFIT3", "RSAD2", "CXCL10", "CD14", "CD3D", "MS4A1", "NKG7"] {
        assert!(expression.gene_id(gene).is_some(), "{gene}");
    }
    assert_eq!(expression.library_sizes.unwrap()[..2], [1762.0, 2588.0]);
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

fn autoencoder() -> Sae {
    let read = |name: &str| std::fs::read(folder().join("sae").join(name)).unwrap();
    from_saelens(&read("cfg.json"), &read("sae_weights.safetensors")).unwrap()
}

fn encode(sae: &Sae, latents: &DenseMatrix) -> SparseActivations {
    let mut by_cell = SparseBuilder::new(sae.n_features());
    for row in 0..latents.n_rows() {
        by_cell.push_major(sae.encode_cell(latents.row(row)));
    }
    SparseActivations::from_cells(by_cell.finish())
}

fn decoder(latents: &DenseMatrix, expression: &Expression) -> Ridge {
    let library = expression.library_sizes.as_ref().unwrap();
    let mut genes = expression.by_gene.unpacked();
    genes.map_values(|_, cell, count| (count / library[cell as usize] * 1e4).ln_1p());
    let mut fit = RidgeFit::new(latents, &genes, &RidgeParams::default()).unwrap();
    while fit.step(latents, &genes) {}
    fit.finish()
}

fn monocytes(condition: &str) -> CellSelection {
    let choice = |column: &str, category: &str| LabelChoice { column: column.into(), category: category.into() };
    CellSelection::Labels(vec![choice("condition", condition), choice("cell_type", "CD14+ Monocytes")])
}

/// The feature whose share of active cells differs most between stimulated and control CD14+ monocytes.
fn interferon_feature(activations: &SparseActivations, cells: &CellTable) -> (FeatureId, f64) {
    let groups = [monocytes("stimulated"), monocytes("control")].map(|group| group.rows(cells));
    let active_share = |feature: FeatureId, rows: &[u32]| {
        let active = activations.feature(feature).0.iter().filter(|cell| rows.binary_search(cell).is_ok());
        active.count() as f64 / rows.len() as f64
    };
    let features = (0..activations.n_features()).map(FeatureId::from_index);
    let gaps = features.map(|feature| (feature, active_share(feature, &groups[0]) - active_share(feature, &groups[1])));
    gaps.max_by(|a, b| a.1.total_cmp(&b.1)).unwrap()
}

#[test]
fn steering_control_monocytes_along_the_interferon_feature_raises_interferon_genes() {
    let (manifest, file, sae) = (manifest(), cells(), autoencoder());
    let latents = &file.embeddings.iter().find(|found| found.0 == manifest.embedding).unwrap().1;
    let mut cells = CellTable::with_ids(file.cell_ids.clone().unwrap()).unwrap();
    for column in &file.columns {
        cells.add_column(column.clone()).unwrap();
    }
    let expression = file.expression.as_ref().unwrap();
    let activations = encode(&sae, latents);
    let (feature, gap) = interferon_feature(&activations, &cells);
    assert!(gap > 0.8, "feature {feature} is active in {gap} more of the stimulated monocytes");

    let (pca, decoder) = (Pca::fit(latents, 2).unwrap(), decoder(latents, expression));
    let inputs = SteerInputs {
        cells: &cells,
        embedding: latents,
        sae: &sae,
        activations: &activations,
        pca: &pca,
        decoder: Some(&decoder),
    };
    let target = SteerTarget::GroupMean { group: monocytes("stimulated"), factor: 1.0 };
    let params = SteerParams { feature, cells: monocytes("control"), target, keep_error: true };
    let outcome = steer::run(&inputs, &params).unwrap();
    let top: Vec<&str> =
        outcome.genes_up.iter().take(20).map(|effect| expression.gene_names[effect.gene.index()].as_str()).collect();
    for gene in ["ISG15", "IFIT1", "IFIT3", "RSAD2", "CXCL10"] {
        assert!(top.contains(&gene), "{gene} is not among {top:?}");
    }
}
