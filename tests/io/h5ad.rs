//! AnnData files of four versions of anndata, and of h5py in every storage, against what the libraries read themselves.
//!
//! Numbers are compared exactly: what anndata reads as f64 is rounded to f32 once, as the reader does.

use std::io::Read;

use featurescope::data::{Expression, LabelValues, Silent};
use featurescope::io::{AnnDataFile, Imported, assemble};
use serde_json::Value;

use super::{Listener, as_imported, by_cell, column_json, names, read_bytes, rows};

pub(crate) const VERSIONS: [&str; 4] = ["anndata_0_6", "anndata_0_7", "anndata_0_10", "anndata_0_12"];

pub(crate) fn unpacked(name: &str) -> Vec<u8> {
    let mut bytes = Vec::new();
    let packed = super::bytes(&format!("../h5ad/{name}.h5ad.gz"));
    flate2::read::GzDecoder::new(&packed[..]).read_to_end(&mut bytes).unwrap();
    bytes
}

pub(crate) fn json(name: &str) -> Value {
    serde_json::from_slice(&super::bytes(&format!("../h5ad/{name}.json"))).unwrap()
}

fn read(name: &str, listener: &Listener) -> AnnDataFile {
    match read_bytes(&format!("{name}.h5ad"), unpacked(name), listener) {
        Ok(Imported::AnnData(file)) => *file,
        other => panic!("{name}: {other:?}"),
    }
}

/// Calls `check` with every file a version of anndata wrote and what it read from it.
fn for_each_file(check: impl Fn(&str, &AnnDataFile, &Value, &[String])) {
    for version in VERSIONS {
        for (kind, expected) in json(version).as_object().unwrap() {
            let name = format!("{version}_{kind}");
            let listener = Listener::default();
            let file = read(&name, &listener);
            check(&name, &file, expected, &listener.warnings.into_inner().unwrap());
        }
    }
}

fn gene_column<'a>(expression: &'a Expression, name: &str) -> Option<&'a [String]> {
    expression.gene_columns.iter().find(|column| column.name == name).map(|column| &column.values[..])
}

#[test]
fn cells_genes_and_values_are_anndata_s_own() {
    for_each_file(|name, file, expected, _| {
        assert_eq!(file.cell_ids.as_deref(), Some(&names(&expected["cells"])[..]), "{name}");
        let expression = file.expression.as_ref().unwrap();
        assert_eq!(expression.gene_names, names(&expected["genes"]), "{name}");
        let values = if expected["X"].is_null() { &expected["layers"]["counts"] } else { &expected["X"] };
        let is_log2 = name.ends_with("csc_f64");
        let natural = |value: f32| if is_log2 { (f64::from(value) * std::f64::consts::LN_2) as f32 } else { value };
        let wanted: Vec<Vec<f32>> =
            rows(values).into_iter().map(|row| row.into_iter().map(natural).collect()).collect();
        assert_eq!(by_cell(expression), wanted, "{name}");
    });
}

#[test]
fn every_column_of_obs_has_anndata_s_values() {
    for_each_file(|name, file, expected, warnings| {
        let expected = expected["obs"].as_object().unwrap();
        assert_eq!(file.columns.len(), expected.len(), "{name}: {warnings:?}");
        for column in &file.columns {
            let is_numeric = matches!(column.values, LabelValues::Numeric(_));
            let wanted = expected[&column.name].as_array().unwrap();
            let wanted: Vec<Value> = wanted.iter().map(|value| as_imported(value, is_numeric)).collect();
            assert_eq!(column_json(&column.values), wanted, "{name}: {}", column.name);
        }
    });
}

#[test]
fn the_texts_of_var_stay_with_the_genes() {
    for_each_file(|name, file, expected, _| {
        let expression = file.expression.as_ref().unwrap();
        for column in ["gene_ids", "biotype"] {
            let wanted = names(&expected["var"][column]);
            assert_eq!(gene_column(expression, column), Some(&wanted[..]), "{name}: {column}");
        }
        assert!(gene_column(expression, "means").is_none());
    });
}

#[test]
fn obsm_arrays_and_the_numbers_of_data_frames_are_embeddings() {
    for_each_file(|name, file, expected, warnings| {
        let expected = expected["obsm"].as_object().unwrap();
        let keys: Vec<&str> = file.embeddings.iter().map(|(key, _)| key.as_str()).collect();
        assert_eq!(keys, expected.keys().collect::<Vec<_>>(), "{name}: {warnings:?}");
        for (key, matrix) in &file.embeddings {
            let found: Vec<Vec<f32>> = (0..matrix.n_rows()).map(|row| matrix.row(row).to_vec()).collect();
            assert_eq!(found, rows(&expected[key]), "{name}: {key}");
        }
        let told = warnings.iter().any(|warning| warning.contains("Columns [\"who\"] of obsm/frame"));
        assert_eq!(told, keys.contains(&"frame"), "{name}: {warnings:?}");
    });
}

#[test]
fn colours_and_the_base_of_logarithms_come_from_uns() {
    for_each_file(|name, file, expected, _| {
        let wanted = vec![("cell_type".to_owned(), names(&expected["colours"]))];
        assert_eq!(file.label_colours, wanted, "{name}");
        let told = file.notices.iter().any(|notice| notice.text.contains("to the base 2 (uns/log1p/base)"));
        assert_eq!(told, name.ends_with("csc_f64"), "{name}: {:?}", file.notices);
    });
}

#[test]
fn colours_reach_the_cells_of_the_data_set() {
    let listener = Listener::default();
    let file = read("anndata_0_12_csr_raw", &listener);
    let wanted = file.label_colours[0].1.clone();
    let cells = vec![("cells.h5ad".to_owned(), Imported::AnnData(Box::new(file)))];
    let done = assemble(None, cells, &Silent).unwrap();
    assert_eq!(done.dataset.cells.colours("cell_type"), Some(&wanted[..]));
    assert_eq!(done.dataset.cells.colours("donor"), None);
}

#[test]
fn a_matrix_that_is_not_x_is_told() {
    for_each_file(|name, file, _, _| {
        let told = file.notices.iter().any(|notice| notice.text.contains("the values of layers/counts are used"));
        assert_eq!(told, name.ends_with("layers_only"), "{name}: {:?}", file.notices);
    });
}

#[test]
fn every_storage_and_number_type_gives_the_same_matrix() {
    let expected = json("h5py");
    let files = expected["files"].as_object().unwrap();
    assert_eq!(files.len(), 43);
    for (name, matrix) in files {
        let file = read(&format!("h5py_{name}"), &Listener::default());
        let found = by_cell(file.expression.as_ref().unwrap());
        assert_eq!(found, rows(&expected[matrix.as_str().unwrap()]), "{name}");
    }
}

#[test]
fn a_compound_table_cut_short_or_damaged_is_an_error_or_warned_of_but_no_panic() {
    let whole = unpacked("anndata_0_6_csr_raw");
    for length in (8..whole.len()).step_by(997) {
        assert!(read_bytes("cut.h5ad", whole[..length].to_vec(), &Silent).is_err(), "{length}");
    }
    for at in (0..whole.len()).step_by(61) {
        let mut bytes = whole.clone();
        bytes[at] ^= 0xff;
        drop(read_bytes("damaged.h5ad", bytes, &Silent));
    }
}
