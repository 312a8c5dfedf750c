//! Files written by anndata, h5py and numpy, read back and compared with what Python put in.

#![allow(clippy::float_cmp, reason = "files are read exactly")]

mod choice;
mod h5ad;
mod odd;
#[cfg(unix)]
mod ten_x;

use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use featurescope::data::{Expression, LabelValues, MISSING_CODE, Observer, Silent, ValueKind};
use featurescope::io::{AnnDataFile, ByteSource, ImportError, Imported, MemorySource, assemble, import};
use serde_json::Value;

fn path(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/io").join(name)
}

fn bytes(name: &str) -> Vec<u8> {
    std::fs::read(path(name)).unwrap()
}

fn expected() -> Value {
    serde_json::from_slice(&bytes("expected.json")).unwrap()
}

fn read_bytes(name: &str, bytes: Vec<u8>, observer: &dyn Observer) -> Result<Imported, ImportError> {
    import(name, Arc::new(MemorySource(bytes)), observer)
}

fn read_h5ad(name: &str, observer: &dyn Observer) -> AnnDataFile {
    match read_bytes(name, bytes(name), observer).unwrap() {
        Imported::AnnData(file) => *file,
        other => panic!("{other:?}"),
    }
}

fn rows(value: &Value) -> Vec<Vec<f32>> {
    serde_json::from_value(value.clone()).unwrap()
}

/// The matrix back in the file's orientation, cell after cell.
fn by_cell(expression: &Expression) -> Vec<Vec<f32>> {
    let by_cell = expression.by_gene.transposed();
    (0..expression.n_cells()).map(|cell| by_cell.dense_major(cell)).collect()
}

fn names(value: &Value) -> Vec<String> {
    serde_json::from_value(value.clone()).unwrap()
}

#[derive(Default)]
struct Listener {
    warnings: Mutex<Vec<String>>,
    fractions: Mutex<Vec<f64>>,
    cancels: bool,
}

impl Observer for Listener {
    fn progress(&self, fraction: f64, _message: &str) {
        self.fractions.lock().unwrap().push(fraction);
    }
    fn warn(&self, message: &str) {
        self.warnings.lock().unwrap().push(message.to_owned());
    }
    fn is_cancelled(&self) -> bool {
        self.cancels
    }
}

/// A column as JSON would have it: texts of categories, numbers, null where missing.
fn column_json(values: &LabelValues) -> Vec<Value> {
    match values {
        LabelValues::Numeric(values) => values.iter().map(|&v| Value::from(v)).collect(),
        LabelValues::Categorical { codes, categories } => codes
            .iter()
            .map(
                |&code| if code == MISSING_CODE { Value::Null } else { Value::from(categories[code as usize].clone()) },
            )
            .collect(),
    }
}

/// Python's booleans and numbers as they look after import: categories are texts, numbers are f64.
fn as_imported(value: &Value, is_numeric: bool) -> Value {
    match value {
        Value::Bool(true) => "True".into(),
        Value::Bool(false) => "False".into(),
        Value::Number(number) if is_numeric => number.as_f64().unwrap().into(),
        Value::Number(number) => number.as_f64().unwrap().to_string().into(),
        other => other.clone(),
    }
}

#[test]
fn a_csr_file_gives_cells_genes_and_counts() {
    let listener = Listener::default();
    let file = read_h5ad("csr_gzip.h5ad", &listener);
    let expected = expected();
    assert_eq!(file.n_cells, 12);
    assert_eq!(file.cell_ids.unwrap(), names(&expected["cells"]));
    let expression = file.expression.unwrap();
    assert_eq!(expression.gene_names, names(&expected["genes"]));
    assert_eq!(by_cell(&expression), rows(&expected["counts"]));
    assert_eq!(expression.kind, ValueKind::Counts);
    let fractions = listener.fractions.into_inner().unwrap();
    assert!(fractions.contains(&1.0) && fractions.iter().all(|f| (0.0..=1.0).contains(f)));
}

#[test]
fn every_kind_of_obs_column_is_read() {
    let file = read_h5ad("csr_gzip.h5ad", &Silent);
    let expected = expected();
    let expected = expected["obs"].as_object().unwrap();
    assert_eq!(file.columns.len(), expected.len());
    for column in &file.columns {
        let is_numeric = matches!(column.values, LabelValues::Numeric(_));
        let wanted = expected[&column.name].as_array().unwrap();
        let wanted: Vec<Value> = wanted.iter().map(|value| as_imported(value, is_numeric)).collect();
        assert_eq!(column_json(&column.values), wanted, "{}", column.name);
    }
    let types = file.columns.iter().find(|column| column.name == "cell_type").unwrap();
    assert_eq!(types.categorical().unwrap().1, ["T", "B", "NK", "unused"]);
}

#[test]
fn obsm_arrays_are_embeddings_and_bad_ones_are_left_out_with_a_warning() {
    let listener = Listener::default();
    let file = read_h5ad("csr_gzip.h5ad", &listener);
    let expected = expected();
    let keys: Vec<&str> = file.embeddings.iter().map(|(key, _)| key.as_str()).collect();
    assert_eq!(keys, ["X_pca", "X_umap", "table"]);
    assert_eq!(file.embeddings[2].1.values(), (0..12_u8).map(f32::from).collect::<Vec<_>>());
    for (key, matrix) in &file.embeddings[..2] {
        let found: Vec<Vec<f32>> = (0..matrix.n_rows()).map(|row| matrix.row(row).to_vec()).collect();
        assert_eq!(found, rows(&expected[key.as_str()]), "{key}");
    }
    let warnings = listener.warnings.into_inner().unwrap();
    assert_eq!(warnings.len(), 1, "{warnings:?}");
    assert!(warnings[0].contains("obsm/X_with_nan") && warnings[0].contains("row 5, column 2"), "{warnings:?}");
}

#[test]
fn stated_total_counts_become_library_sizes() {
    let file = read_h5ad("csr_gzip.h5ad", &Silent);
    let expression = file.expression.unwrap();
    let sizes = expression.library_sizes.as_ref().unwrap();
    for (size, total) in sizes.iter().zip(expression.cell_totals()) {
        assert_eq!(f64::from(*size), total + 10.0);
    }
    assert!(file.notices.iter().any(|notice| notice.text.contains("total_counts")));
}

#[test]
fn a_csc_file_with_64_bit_numbers_gives_the_same() {
    let expression = read_h5ad("csc_f64.h5ad", &Silent).expression.unwrap();
    let quarters: Vec<Vec<f32>> =
        rows(&expected()["counts"]).iter().map(|row| row.iter().map(|count| count / 4.0).collect()).collect();
    assert_eq!(by_cell(&expression), quarters);
    assert_eq!(expression.kind, ValueKind::NonNegative);
}

#[test]
fn a_scaled_dense_file_keeps_x_and_says_that_raw_is_there() {
    let file = read_h5ad("dense_raw_v110.h5ad", &Silent);
    let opened = vec![("cells.h5ad".to_owned(), Imported::AnnData(Box::new(file.clone())))];
    let notices = assemble(None, opened, &Silent).unwrap().notices;
    assert!(
        notices.iter().any(|notice| notice.text.contains("matrices (\"raw/X\") has them, choose it")),
        "{notices:?}"
    );
    let expression = file.expression.unwrap();
    let shifted: Vec<Vec<f32>> =
        rows(&expected()["counts"]).iter().map(|row| row.iter().map(|count| count - 1.0).collect()).collect();
    assert_eq!(by_cell(&expression), shifted);
    assert_eq!(expression.kind, ValueKind::Scaled);
    let others = file.matrices.as_ref().map(|matrices| matrices.others().map(str::to_owned).collect::<Vec<_>>());
    assert_eq!(others.unwrap(), ["raw/X"]);
}

#[test]
fn without_x_raw_is_used_and_categories_of_anndata_0_7_are_read() {
    let file = read_h5ad("raw_only_v07.h5ad", &Silent);
    assert_eq!(by_cell(file.expression.as_ref().unwrap()), rows(&expected()["counts"]));
    assert!(file.notices.iter().any(|notice| notice.text.contains("no X")));
    let (codes, categories) = file.columns[0].categorical().unwrap();
    assert_eq!((&codes[..3], categories), (&[0, 1, MISSING_CODE][..], &["B".to_owned(), "T".to_owned()][..]));
}

#[test]
fn compound_tables_with_texts_of_fixed_length_are_read() {
    let file = read_h5ad("legacy_compound.h5ad", &Silent);
    let expected = expected();
    assert_eq!(file.cell_ids.unwrap(), names(&expected["cells"]));
    assert_eq!(file.columns[0].name, "n_counts");
    let expression = file.expression.unwrap();
    assert_eq!(expression.gene_names, names(&expected["genes"]));
    assert_eq!(by_cell(&expression), rows(&expected["counts"]));
}

#[test]
fn cancelling_ends_the_import() {
    let listener = Listener { cancels: true, ..Listener::default() };
    let result = read_bytes("a.h5ad", bytes("csr_gzip.h5ad"), &listener);
    assert!(matches!(result, Err(ImportError::Cancelled { .. })));
}

#[test]
fn a_truncated_h5ad_is_an_error_at_every_length() {
    for name in ["csr_gzip.h5ad", "dense_raw_v110.h5ad"] {
        let whole = bytes(name);
        for length in (8..1024).chain((1024..whole.len()).step_by(331)) {
            let result = read_bytes(name, whole[..length].to_vec(), &Silent);
            assert!(result.is_err(), "{name} cut to {length} of {} bytes was read", whole.len());
        }
    }
}

/// A file whose bytes can't be read any more after the first ones.
struct Vanishing(MemorySource);

impl ByteSource for Vanishing {
    fn size(&self) -> u64 {
        self.0.size()
    }
    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> std::io::Result<()> {
        if offset > 0 || buffer.len() > 100_000 {
            return Err(std::io::Error::other("the device is gone"));
        }
        self.0.read_at(offset, buffer)
    }
}

#[test]
fn a_file_that_can_t_be_read_is_told_from_a_damaged_one() {
    let mut bytes = bytes("csr_gzip.h5ad");
    bytes.resize(400_000, 0);
    let error = import("a.h5ad", Arc::new(Vanishing(MemorySource(bytes))), &Silent).unwrap_err();
    assert!(matches!(error, ImportError::Read { .. }) && error.to_string().contains("the device is gone"), "{error}");
}

#[test]
fn numpy_arrays_of_every_type_and_order_give_python_s_values() {
    let expected = expected();
    for (name, wanted) in expected["npy"].as_object().unwrap() {
        let file = format!("{name}.npy");
        let Imported::Embedding { name: found, values, .. } = read_bytes(&file, bytes(&file), &Silent).unwrap() else {
            panic!("{file} is not an embedding");
        };
        let found_rows: Vec<Vec<f32>> = (0..values.n_rows()).map(|row| values.row(row).to_vec()).collect();
        assert_eq!(found_rows, rows(wanted), "{file}");
        assert_eq!(&found, name);
    }
}
