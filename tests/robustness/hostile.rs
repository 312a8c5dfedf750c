//! Files made to harm, by hand: what is said of each, and that memory stays in proportion.

use std::io::Write;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use featurescope::data::Observer;
use featurescope::io::{Imported, MemorySource, import};

use super::{BASE, PER_BYTE, measured};

#[derive(Default)]
struct Warnings(Mutex<Vec<String>>);

impl Observer for Warnings {
    fn progress(&self, _fraction: f64, _message: &str) {}

    fn warn(&self, message: &str) {
        self.0.lock().unwrap().push(message.to_owned());
    }

    fn is_cancelled(&self) -> bool {
        false
    }
}

/// Opens bytes within the bounds: what was read, or why not, and the warnings.
fn open(name: &str, bytes: Vec<u8>) -> (Result<Imported, String>, Vec<String>) {
    let warnings = Warnings::default();
    let limit = BASE + PER_BYTE * bytes.len();
    let source = Arc::new(MemorySource(bytes));
    let (read, taken) = measured(limit, || import(name, source, &warnings).map_err(|error| error.to_string()));
    assert!(!taken.was_refused, "{name} asked for more than {limit} bytes");
    (read, warnings.0.into_inner().unwrap())
}

fn open_hostile(name: &str) -> (Result<Imported, String>, Vec<String>) {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/hostile").join(name);
    open(name, std::fs::read(path).unwrap())
}

fn refused(name: &str) -> String {
    open_hostile(name).0.err().unwrap()
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

#[test]
fn claims_of_hdf5_are_held_against_the_size_of_the_file() {
    let message = refused("absurd_shape.h5ad");
    assert!(message.contains("obs/_index claims the shape [1099511627776]"), "{message}");
    let message = refused("repeated_text.h5ad");
    assert!(message.contains("obs/_index gives 3002400000 bytes"), "{message}");
    let (read, warnings) = open_hostile("absurd_chunks.h5ad");
    assert!(read.is_ok() && warnings[0].contains("in chunks of [1]"), "{warnings:?}");
}

#[test]
fn one_array_under_many_names_is_read_until_the_file_has_given_enough() {
    let (read, warnings) = open_hostile("many_links.h5ad");
    let Ok(Imported::AnnData(file)) = read else { panic!("{read:?}") };
    assert!((2..100).contains(&file.embeddings.len()), "{} embeddings", file.embeddings.len());
    assert!(warnings[0].contains("after much else") && warnings.len() <= 21, "{warnings:?}");
}

#[test]
fn a_chunk_that_inflates_without_end_is_left_out() {
    let (read, warnings) = open_hostile("bomb_chunk.h5ad");
    assert!(
        read.is_ok() && warnings[0].contains("Column \"n\" of obs was left out") && warnings[0].contains("deflate"),
        "{read:?} {warnings:?}"
    );
}

#[test]
fn cycles_of_groups_and_nodes_end() {
    let message = refused("cyclic_links.h5ad");
    assert!(message.contains("X has no encoding-type"), "{message}");
    let message = refused("cyclic_tree.h5ad");
    assert!(message.contains("obs can't be read") && message.contains("depth exceeded"), "{message}");
    let message = refused("wide_tree.h5ad");
    assert!(message.contains("obsm can't be read") && message.contains("depth exceeded"), "{message}");
}

#[test]
fn types_deeper_than_the_stack_are_left_out() {
    let (read, warnings) = open_hostile("deep_type.h5ad");
    assert!(read.is_ok() && warnings[0].contains("obs/deep can't be read"), "{read:?} {warnings:?}");
}

#[test]
fn odd_names_are_escaped_and_many_are_counted() {
    let (read, warnings) = open_hostile("odd_names.h5ad");
    let Ok(Imported::AnnData(file)) = read else { panic!("{read:?}") };
    assert_eq!(file.columns.iter().filter(|column| column.name == "n").count(), 1);
    assert!(warnings.iter().all(|warning| !warning.contains(char::is_control)), "{warnings:?}");
    assert!(warnings.iter().any(|warning| warning.contains("obsm/line\\nend")), "{warnings:?}");
    assert!(warnings.iter().map(String::len).max().unwrap() < 2000, "{warnings:?}");
    let (read, warnings) = open_hostile("missing_columns.h5ad");
    assert!(read.is_ok() && warnings.len() == 21 && warnings[20].contains("280 more"), "{warnings:?}");
}

#[test]
fn offsets_below_zero_are_named() {
    let message = refused("negative_offsets.h5ad");
    assert!(message.contains("indptr falls from 0 to -4611686018427387904"), "{message}");
}

#[test]
fn text_that_inflates_without_end_is_refused_in_every_format() {
    let line = |line: &str| gzip(line.repeat((256 << 20) / line.len()).as_bytes());
    for (name, content) in [
        ("t.csv.gz", "a,b\n"),
        ("t.tsv.gz", "source\ttarget\n"),
        ("t.gmt.gz", "SET\tof\tGENE\n"),
        ("t.gmx.gz", "A\tB\n"),
        ("t.json.gz", "{\"A\": [\"B\"]}\n"),
        ("t.obo.gz", "format-version: 1.2\n"),
    ] {
        let message = open(name, line(content)).0.err().unwrap();
        assert!(message.contains("decompresses to more than") || message.contains(name), "{message}");
    }
}

#[test]
fn deep_json_and_deep_literals_end() {
    let deep = format!("{{\"A\": {}", "[".repeat(1 << 20));
    assert!(open("deep.json", deep.into_bytes()).0.is_err());
    let header = format!("{{'descr': {}", "(".repeat(60_000));
    let length = (header.len() as u16).to_le_bytes();
    let npy = [b"\x93NUMPY\x01\0", &length[..], header.as_bytes()].concat();
    let message = open("deep.npy", npy).0.err().unwrap();
    assert!(message.contains("numpy header without a readable"), "{message}");
}

#[test]
fn shapes_whose_product_overflows_are_named() {
    let header = "{'descr': '<f4', 'fortran_order': False, 'shape': (4294967296, 4294967296), }\n";
    let length = (header.len() as u16).to_le_bytes();
    let npy = [b"\x93NUMPY\x01\0", &length[..], header.as_bytes(), &[0; 64]].concat();
    let message = open("wide.npy", npy).0.err().unwrap();
    assert!(message.contains("4294967296 × 4294967296"), "{message}");
}

#[test]
fn names_with_nul_and_other_bytes_do_not_reach_a_message_as_they_are() {
    let labels = b"cell,a\xff\xfeb\nc1,x\n".to_vec();
    let message = open("labels.csv", labels).0.err().unwrap();
    assert!(message.contains("line 1") && message.contains("not UTF-8"), "{message}");
    let sets = "SET\u{1}\u{7f}\nno tab\n".to_owned();
    let message = open("sets.gmt", sets.into_bytes()).0.err().unwrap();
    assert!(message.contains("line 1") && !message.contains(char::is_control), "{message}");
}
