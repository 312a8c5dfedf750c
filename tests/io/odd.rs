//! AnnData files with one oddity each: read where their meaning is clear, else refused with what to do.

use std::time::{Duration, Instant};

use featurescope::data::{DenseMatrix, LabelValues, MISSING_CODE, Silent};
use featurescope::io::AnnDataFile;

use super::{Listener, by_cell, bytes, read_bytes, read_h5ad};

fn read(name: &str) -> AnnDataFile {
    read_h5ad(&format!("odd/{name}.h5ad"), &Silent)
}

fn refusal(name: &str) -> String {
    let file = format!("{name}.h5ad");
    read_bytes(&file, bytes(&format!("odd/{file}")), &Silent).unwrap_err().to_string()
}

fn wanted_x() -> Vec<Vec<f32>> {
    (0..6_u8).map(|cell| (0..4).map(|gene| f32::from((cell * 4 + gene) % 5)).collect()).collect()
}

fn wanted_pca() -> Vec<f32> {
    (0..12_u8).map(|at| f32::from(at) / 4.0).collect()
}

#[test]
fn nullable_string_indexes_name_cells_and_genes() {
    for name in ["nullable_index", "nullable_index_raw"] {
        let file = read(name);
        assert_eq!(file.cell_ids.unwrap(), ["c0-1", "c1-1", "c2-1", "c3-1", "c4-1", "c5-1"], "{name}");
        let expression = file.expression.unwrap();
        assert_eq!(expression.gene_names, ["G0", "G1", "G2", "G3"], "{name}");
        assert_eq!(by_cell(&expression), wanted_x(), "{name}");
    }
}

#[test]
fn indices_that_name_nothing_are_refused_with_their_place() {
    for (name, expected) in [
        ("negative_index_csr", "X/indices holds -1 at position 5, expected 0 to 3;"),
        ("negative_index_csc", "X/indices holds -1 at position 5, expected 0 to 5;"),
        ("index_outside", "X/indices holds 4 at position 5, expected 0 to 3;"),
        ("float_indices", "X/indices has type float32, expected whole numbers;"),
    ] {
        let message = refusal(name);
        assert!(message.contains(expected), "{message}");
    }
}

#[test]
fn half_precision_is_read_in_both_byte_orders() {
    for name in ["half_dense", "half_sparse"] {
        assert_eq!(by_cell(read(name).expression.as_ref().unwrap()), wanted_x(), "{name}");
    }
    let file = read("half_dense");
    let embeddings: Vec<(&str, &DenseMatrix)> =
        file.embeddings.iter().map(|(key, values)| (key.as_str(), values)).collect();
    assert_eq!(embeddings.iter().map(|(key, _)| *key).collect::<Vec<_>>(), ["X_big", "X_pca"]);
    assert!(embeddings.iter().all(|(_, values)| values.values() == wanted_pca()));
    let (codes, categories) = file.columns[1].categorical().unwrap();
    assert_eq!((codes, categories.join(" ").as_str()), (&[0, MISSING_CODE, 2, 0, 1, 1][..], "0.5 1 2"));
}

#[test]
fn soft_links_are_left_out_and_told() {
    let listener = Listener::default();
    let file = read_h5ad("odd/soft_links.h5ad", &listener);
    let keys: Vec<&str> = file.embeddings.iter().map(|(key, _)| key.as_str()).collect();
    assert_eq!(keys, ["X_pca"]);
    assert_eq!(file.columns.iter().map(|column| column.name.as_str()).collect::<Vec<_>>(), ["leiden"]);
    assert!(listener.warnings.into_inner().unwrap()[0].contains("\"linked\""));
    assert!(file.notices.iter().any(|notice| notice.text.contains("soft links (3)")), "{:?}", file.notices);
}

#[test]
fn bad_values_are_named_by_cell_and_gene() {
    let message = refusal("nan");
    assert!(message.contains("X is NaN for cell \"c1-1\", gene \"G0\"; "), "{message}");
    let message = refusal("stored_twice");
    assert!(message.contains("X holds more than one value for cell \"c0-1\", gene \"G1\"; "), "{message}");
    assert!(message.contains("adata.X.sum_duplicates()"), "{message}");
}

#[test]
fn messages_quote_what_was_found() {
    let message = refusal("foreign_encoding");
    assert!(message.contains("X has the encoding \"csr_foo\""), "{message}");
    let message = refusal("index_of_two_columns");
    assert!(message.contains("obs/_index has shape [3, 2]"), "{message}");
}

#[test]
fn rows_that_take_no_byte_take_no_time() {
    let start = Instant::now();
    let listener = Listener::default();
    read_h5ad("odd/tall_codes.h5ad", &listener);
    assert!(listener.warnings.into_inner().unwrap()[0].contains("\"tall\""));
    assert!(start.elapsed() < Duration::from_secs(10));
}

#[test]
fn few_distinct_numbers_are_labels_as_in_a_csv() {
    let expected = LabelValues::Categorical {
        codes: vec![0, 2, 1, 0, 2, 1],
        categories: ["0", "2", "10"].map(str::to_owned).to_vec(),
    };
    assert_eq!(read("half_sparse").columns[0].values, expected);
}
