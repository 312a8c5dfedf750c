//! Count matrices in 10x Genomics' layouts, against what scanpy and SciPy read from the same files.

use std::io::Read;

use featurescope::data::{Expression, Silent};
use featurescope::io::{Assembled, FileKind, Imported, MemorySource, assemble, sniff};
use serde_json::Value;

use super::{by_cell, names, read_bytes, rows};

const V3: [&str; 3] = ["v3/matrix.mtx.gz", "v3/barcodes.tsv.gz", "v3/features.tsv.gz"];
const V2: [&str; 3] = ["v2/genes.tsv", "v2/matrix.mtx", "v2/barcodes.tsv"];

fn bytes(name: &str) -> Vec<u8> {
    super::bytes(&format!("../ten_x/{name}"))
}

fn expected() -> Value {
    serde_json::from_slice(&bytes("expected.json")).unwrap()
}

fn hdf5(name: &str) -> Vec<u8> {
    let mut unpacked = Vec::new();
    flate2::read::GzDecoder::new(&bytes(&format!("{name}.h5.gz"))[..]).read_to_end(&mut unpacked).unwrap();
    unpacked
}

fn imported(name: &str) -> (String, Imported) {
    let file = name.rsplit('/').next().unwrap().to_owned();
    let content = read_bytes(&file, bytes(name), &Silent).unwrap();
    (file, content)
}

fn open(files: &[&str]) -> Assembled {
    assemble(None, files.iter().map(|name| imported(name)).collect(), &Silent).unwrap()
}

fn refusal(files: Vec<(String, Imported)>) -> String {
    assemble(None, files, &Silent).unwrap_err().to_string()
}

fn check(expression: &Expression, cells: &[String], wanted: &Value) {
    assert_eq!(cells, names(&wanted["cells"]));
    assert_eq!(expression.gene_names, names(&wanted["genes"]));
    assert_eq!(expression.gene_columns[0].name, "gene_ids");
    assert_eq!(expression.gene_columns[0].values, names(&wanted["gene_ids"]));
    assert_eq!(by_cell(expression), rows(&wanted["X"]));
}

#[test]
fn hdf5_of_both_versions_gives_scanpy_s_values() {
    for name in ["v3", "v2"] {
        let Imported::AnnData(file) = read_bytes(&format!("{name}.h5"), hdf5(name), &Silent).unwrap() else {
            panic!("{name}")
        };
        check(file.expression.as_ref().unwrap(), file.cell_ids.as_ref().unwrap(), &expected()[name]);
        let told = |part: &str| file.notices.iter().any(|notice| notice.text.contains(part));
        assert_eq!(told("1 of the 6 features are not of type"), name == "v3", "{:?}", file.notices);
        assert!(told("such as \"ISG15\""), "{:?}", file.notices);
    }
}

#[test]
fn two_genomes_are_refused_with_what_to_do() {
    let error = read_bytes("two.h5", hdf5("two_genomes"), &Silent).unwrap_err().to_string();
    assert!(error.contains("[\"hg19\", \"mm10\"]") && error.contains("scanpy.read_10x_h5"), "{error}");
}

#[test]
fn folders_of_both_versions_in_any_order_give_scanpy_s_values() {
    for (files, name) in [(V3, "folder_v3"), (V2, "folder_v2")] {
        for turn in 0..3 {
            let mut files = files;
            files.rotate_left(turn);
            let done = open(&files);
            let cells = done.dataset.cells.ids().unwrap();
            check(done.dataset.expression.as_ref().unwrap(), cells, &expected()[name]);
        }
    }
}

#[test]
fn a_matrix_of_cells_by_genes_is_turned() {
    let done = open(&["cells_by_genes.mtx", "v3/barcodes.tsv.gz", "v3/features.tsv.gz"]);
    check(done.dataset.expression.as_ref().unwrap(), done.dataset.cells.ids().unwrap(), &expected()["folder_v3"]);
}

#[test]
fn every_matrix_of_scipy_is_read() {
    for name in ["real", "by_row", "pattern", "cells_by_genes", "shuffled"] {
        let (_, Imported::CountMatrix(matrix)) = imported(&format!("{name}.mtx")) else { panic!("{name}") };
        let found: Vec<Vec<f32>> = (0..matrix.n_major()).map(|row| matrix.dense_row(row)).collect();
        assert_eq!(found, rows(&expected()[name]), "{name}");
    }
}

#[test]
fn a_missing_part_is_named() {
    for (files, found, missing) in [
        (&V3[..1], "matrix.mtx.gz", "barcodes.tsv and features.tsv (or genes.tsv)"),
        (&V3[1..], "barcodes.tsv.gz", "matrix.mtx"),
        (&V3[2..], "features.tsv.gz", "matrix.mtx and barcodes.tsv"),
    ] {
        let text = refusal(files.iter().map(|name| imported(name)).collect());
        let wanted =
            format!("\"{found}\" is one part of a count matrix; open it together with {missing} of the same folder");
        assert_eq!(text, wanted);
    }
    let twice = vec![imported(V3[0]), imported(V2[1])];
    assert!(refusal(twice).contains("are both the values of a count matrix"));
    let mixed = [V3[0], V3[1], V2[0]].map(imported).to_vec();
    let text = refusal(mixed);
    assert!(text.contains("a matrix of 6 × 9, but there are 5 features in \"genes.tsv\" and 9 cells"), "{text}");
    let both = [V3[0], V3[1], V3[2]].map(imported).into_iter();
    let anndata = ("v3.h5".to_owned(), read_bytes("v3.h5", hdf5("v3"), &Silent).unwrap());
    assert!(refusal(both.chain([anndata]).collect()).contains("open one at a time"));
}

#[test]
fn barcodes_without_a_matrix_name_the_rows_of_an_embedding() {
    let barcodes = "a\nb\nc\nd\n".as_bytes().to_vec();
    let barcodes = ("barcodes.tsv".to_owned(), read_bytes("barcodes.tsv", barcodes, &Silent).unwrap());
    let embedding = ("f4.npy".to_owned(), read_bytes("f4.npy", super::bytes("f4.npy"), &Silent).unwrap());
    let done = assemble(None, vec![barcodes, embedding], &Silent).unwrap();
    assert_eq!(done.dataset.cells.ids().unwrap(), ["a", "b", "c", "d"]);
}

#[test]
fn the_parts_are_known_by_content() {
    for (name, kind) in [(V3[0], FileKind::CountMatrix), (V3[1], FileKind::Barcodes), (V2[0], FileKind::Features)] {
        assert_eq!(sniff(name, &MemorySource(bytes(name))).unwrap(), kind);
    }
    assert_eq!(sniff("x.txt", &MemorySource(bytes("real.mtx"))).unwrap(), FileKind::CountMatrix);
}

#[test]
fn damage_is_an_error_and_no_panic() {
    for (name, whole) in [("v3.h5", hdf5("v3")), ("m.mtx.gz", bytes(V3[0]))] {
        for length in (4..whole.len()).step_by(1 + whole.len() / 200) {
            assert!(read_bytes(name, whole[..length].to_vec(), &Silent).is_err(), "{name} {length}");
        }
        for at in (0..whole.len()).step_by(1 + whole.len() / 500) {
            let mut bytes = whole.clone();
            bytes[at] ^= 0xff;
            drop(read_bytes(name, bytes, &Silent));
        }
    }
}
