//! Which matrix of an AnnData file is read, what becomes of logarithms to another base and of sparse embeddings, and files
//! that are too large, against what anndata, scanpy and NumPy make of the same files.

use std::sync::{Arc, Mutex};

use featurescope::data::{MatrixChoice, Observer, Silent, ValueKind};
use featurescope::io::{AnnDataFile, ImportError, ImportOptions, Imported, MemoryLimit, MemorySource};
use serde_json::Value;

use super::h5ad::{VERSIONS, json, unpacked};
use super::{by_cell, names, rows};

/// X of the fixture was f32 when NumPy took its logarithms in f64: a rounding before and after.
const TOLERANCE: f32 = 1e-6;

#[derive(Default)]
struct Messages {
    progress: Mutex<Vec<String>>,
    warnings: Mutex<Vec<String>>,
}

impl Observer for Messages {
    fn progress(&self, _fraction: f64, message: &str) {
        self.progress.lock().unwrap().push(message.to_owned());
    }
    fn warn(&self, message: &str) {
        self.warnings.lock().unwrap().push(message.to_owned());
    }
    fn is_cancelled(&self) -> bool {
        false
    }
}

fn choosing(matrix: &str) -> ImportOptions {
    ImportOptions { matrix: Some(matrix.to_owned()), ..ImportOptions::default() }
}

fn limited(bytes: u64, taken: u64) -> ImportOptions {
    ImportOptions { memory: Some(MemoryLimit { bytes, taken }), ..ImportOptions::default() }
}

fn try_read(name: &str, options: &ImportOptions, observer: &dyn Observer) -> Result<AnnDataFile, ImportError> {
    let source = Arc::new(MemorySource(unpacked(name)));
    options.import(&format!("{name}.h5ad"), source, observer).map(|found| match found {
        Imported::AnnData(file) => *file,
        other => panic!("{other:?}"),
    })
}

fn read(name: &str, options: &ImportOptions) -> AnnDataFile {
    try_read(name, options, &Silent).unwrap()
}

fn listed(choice: &MatrixChoice) -> Vec<(&str, usize)> {
    choice.known.iter().map(|matrix| (matrix.name.as_str(), matrix.n_genes)).collect()
}

fn says(file: &AnnDataFile, text: &str) -> bool {
    file.notices.iter().any(|notice| notice.text.contains(text))
}

fn assert_close(found: &[Vec<f32>], expected: &Value) {
    let expected = rows(expected);
    assert_eq!(found.len(), expected.len());
    let largest = found.concat().iter().zip(expected.concat()).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
    assert!(largest < TOLERANCE, "{largest:e}");
}

#[test]
fn raw_has_the_genes_and_values_anndata_gives_it_in_every_version() {
    for version in VERSIONS {
        let (name, expected) = (format!("{version}_csr_raw"), &json(version)["csr_raw"]);
        let raw = if version == "anndata_0_6" { "raw.X" } else { "raw/X" };
        for wanted in ["raw/X", "raw.X", "raw"] {
            let file = read(&name, &choosing(wanted));
            let expression = file.expression.as_ref().unwrap();
            assert_eq!(expression.gene_names, names(&expected["raw"]["genes"]), "{name}");
            assert_eq!(by_cell(expression), rows(&expected["raw"]["X"]), "{name}");
            let biotypes = expression.gene_columns.iter().find(|column| column.name == "biotype").unwrap();
            assert_eq!(biotypes.values[..2], ["protein_coding", "lncRNA"], "{name}");
            let matrices = file.matrices.as_ref().unwrap();
            assert_eq!(matrices.read, raw, "{name}");
            assert_eq!(listed(matrices), [("X", 6), (raw, 8), ("layers/counts", 6)], "{name}");
            assert!(says(&file, &format!("The expression is read from {raw}, as you asked.")), "{:?}", file.notices);
        }
    }
}

#[test]
fn x_is_read_where_nothing_is_asked_for_or_x_is() {
    let (name, expected) = ("anndata_0_12_csr_raw", &json("anndata_0_12")["csr_raw"]);
    let (unasked, asked) = (read(name, &ImportOptions::default()), read(name, &choosing("X")));
    assert_eq!(by_cell(unasked.expression.as_ref().unwrap()), rows(&expected["X"]));
    assert_eq!((asked.expression, asked.matrices), (unasked.expression, unasked.matrices.clone()));
    assert_eq!(unasked.matrices.unwrap().read, "X");
}

#[test]
fn a_layer_is_read_where_it_is_asked_for() {
    let expected = &json("choice")["scanpy_log2"];
    let file = read("scanpy_log2", &choosing("layers/scaled"));
    let expression = file.expression.as_ref().unwrap();
    assert_eq!(by_cell(expression), rows(&expected["layers"]["scaled"]));
    assert_eq!(expression.kind, ValueKind::Scaled);
    let known = [("X", 7), ("raw/X", 8), ("layers/log10", 7), ("layers/scaled", 7)];
    assert_eq!(listed(&file.matrices.unwrap()), known);
}

#[test]
fn a_matrix_that_is_not_there_is_refused_with_those_that_are() {
    let text = try_read("anndata_0_12_csr_raw", &choosing("layers/spliced"), &Silent).unwrap_err().to_string();
    let expected = "\"anndata_0_12_csr_raw.h5ad\" has no matrix \"layers/spliced\"; choose one of those it has: \"X\", \
                    \"raw/X\", \"layers/counts\"";
    assert_eq!(text, expected);
}

#[test]
fn without_x_the_raw_of_anndata_0_6_is_used() {
    let file = read("anndata_0_6_raw_only", &ImportOptions::default());
    let expected = &json("anndata_0_6")["csr_raw"]["raw"];
    let expression = file.expression.as_ref().unwrap();
    assert_eq!(expression.gene_names, names(&expected["genes"]));
    assert_eq!(by_cell(expression), rows(&expected["X"]));
    assert!(says(&file, "The file has no X; the values of raw.X are used."), "{:?}", file.notices);
    assert_eq!(listed(file.matrices.as_ref().unwrap()), [("raw.X", 8)]);
}

#[test]
fn logarithms_of_x_to_another_base_become_natural_ones() {
    let expected = &json("choice")["scanpy_log2"];
    assert_eq!(expected["base"], 2.0);
    let file = read("scanpy_log2", &ImportOptions::default());
    let expression = file.expression.as_ref().unwrap();
    assert_close(&by_cell(expression), &expected["natural"]);
    let largest = rows(&expected["natural"]).concat().into_iter().fold(0.0, f32::max);
    assert!((expression.largest - largest).abs() < TOLERANCE);
    assert_eq!(expression.gene_names, names(&expected["genes"]));
    let said = "The values of X were logarithms to the base 2 (uns/log1p/base); they were turned into natural ones.";
    assert!(says(&file, said), "{:?}", file.notices);
}

#[test]
fn values_beside_x_stay_as_they_are() {
    let expected = &json("choice")["scanpy_log2"];
    for (wanted, values) in [("raw/X", &expected["raw"]["X"]), ("layers/log10", &expected["layers"]["log10"])] {
        let file = read("scanpy_log2", &choosing(wanted));
        assert_eq!(by_cell(file.expression.as_ref().unwrap()), rows(values), "{wanted}");
        assert!(says(&file, &format!("(uns/log1p/base). {wanted} is taken as it is")), "{:?}", file.notices);
    }
}

#[test]
fn sparse_embeddings_are_read_and_those_too_large_are_left_out() {
    let expected = &json("choice")["scanpy_log2"]["obsm"];
    let messages = Messages::default();
    let file = try_read("scanpy_log2", &ImportOptions::default(), &messages).unwrap();
    let keys: Vec<&str> = file.embeddings.iter().map(|(key, _)| key.as_str()).collect();
    assert_eq!(keys, ["csc", "csr"]);
    for (key, matrix) in &file.embeddings {
        let found: Vec<Vec<f32>> = (0..matrix.n_rows()).map(|row| matrix.row(row).to_vec()).collect();
        assert_eq!(found, rows(&expected[key]), "{key}");
    }
    let warning = "obsm/wide was left out: \"scanpy_log2.h5ad\": obsm/wide is sparse, and with 30000000 dimensions would take \
                   1.4 GB of memory, expected at most 1.1 GB; to use it as an embedding, reduce its dimensions first \
                   (sklearn.decomposition.TruncatedSVD)";
    assert_eq!(messages.warnings.into_inner().unwrap(), [warning]);
}

#[test]
fn the_memory_is_told_before_the_first_value_is_kept() {
    for (name, told) in [
        ("anndata_0_12_csr_raw", "Reading expression: 0.0 of 0.0 million values, up to 1 kB of memory"),
        ("anndata_0_12_dense_lzf", "Reading expression: 0.0 of 0.0 million values, up to 2 kB of memory"),
    ] {
        let messages = Messages::default();
        try_read(name, &ImportOptions::default(), &messages).unwrap();
        let progress = messages.progress.into_inner().unwrap();
        assert!(progress.iter().any(|message| message == told), "{progress:?}");
    }
}

#[test]
fn a_matrix_that_does_not_fit_is_refused_with_the_ways_on() {
    let text = try_read("anndata_0_12_csr_raw", &limited(500, 0), &Silent).unwrap_err().to_string();
    let expected = "\"anndata_0_12_csr_raw.h5ad\": X, with 0.0 million values, would take up to 1 kB of memory, and a browser \
                    tab has 1 kB for it; open fewer genes (adata[:, adata.var.highly_variable].write_h5ad(…)) or fewer cells \
                    (sc.pp.subsample(adata, n_obs=…)), or use the command line tool, which has no such limit";
    assert_eq!(text, expected);
    let dense = try_read("anndata_0_12_dense_lzf", &limited(500, 0), &Silent).unwrap_err().to_string();
    assert!(
        dense.contains(" million values of which ") && dense.contains(" % are not 0 in its first rows,"),
        "{dense}"
    );
}

#[test]
fn the_limit_counts_what_is_open_and_not_less_than_is_needed() {
    let name = "anndata_0_12_csr_raw";
    let Err(ImportError::TooLarge { needed, .. }) = try_read(name, &limited(0, 0), &Silent) else {
        panic!("nothing fits in no memory");
    };
    assert!(try_read(name, &limited(needed, 0), &Silent).is_ok());
    assert!(try_read(name, &limited(needed - 1, 0), &Silent).is_err());
    let with_open = try_read(name, &limited(needed, 1), &Silent).unwrap_err().to_string();
    assert!(with_open.contains("of which the data that is open takes 1 kB; close that first"), "{with_open}");
    let raw = ImportOptions { matrix: Some("raw/X".to_owned()), ..limited(needed, 0) };
    assert!(matches!(try_read(name, &raw, &Silent), Err(ImportError::TooLarge { .. })), "raw has more genes");
}

#[test]
fn damage_is_an_error_or_harmless_whatever_is_asked_for() {
    for (name, wanted) in [("anndata_0_6_csr_raw", "raw/X"), ("scanpy_log2", "X"), ("scanpy_log2", "layers/log10")] {
        let (whole, options) = (unpacked(name), choosing(wanted));
        for at in (0..whole.len()).step_by(61) {
            let mut bytes = whole.clone();
            bytes[at] ^= 0xff;
            drop(options.import("damaged.h5ad", Arc::new(MemorySource(bytes)), &Silent));
        }
    }
}
