//! What the tests of the readers share: files written by the real libraries, and damage to them.

use std::path::PathBuf;
use std::sync::Arc;

use rand::{Rng, RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use serde_json::Value;

use super::{ImportError, Imported, MemorySource, import};
use crate::data::{DenseMatrix, Silent};

/// Longest file of which every truncation is tried.
const MAX_TRUNCATED: usize = 4096;

/// The bytes of a file below `tests/fixtures`.
pub(super) fn bytes(path: &str) -> Vec<u8> {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures").join(path);
    std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// A JSON file below `tests/fixtures`.
pub(super) fn json(path: &str) -> Value {
    serde_json::from_slice(&bytes(path)).unwrap()
}

/// Opens bytes under a name.
pub(super) fn open(name: &str, bytes: Vec<u8>) -> Result<Imported, ImportError> {
    import(name, Arc::new(MemorySource(bytes)), &Silent)
}

/// Opens a file below `tests/fixtures`, under its own name.
pub(super) fn open_file(path: &str) -> Result<Imported, ImportError> {
    open(path.rsplit('/').next().unwrap(), bytes(path))
}

/// The embedding in a file below `tests/fixtures`.
pub(super) fn embedding(path: &str) -> (Option<Vec<String>>, DenseMatrix) {
    match open_file(path) {
        Ok(Imported::Embedding { ids, values, .. }) => (ids, values),
        other => panic!("{path}: {other:?}"),
    }
}

/// Rows of numbers in JSON, as f32, and how many rows.
pub(super) fn rows(value: &Value) -> (usize, Vec<f32>) {
    let rows: Vec<Vec<f32>> = serde_json::from_value(value.clone()).unwrap();
    (rows.len(), rows.concat())
}

/// Asserts that every table named in a folder's `expected.json` has the ids and numbers its library read; how many.
pub(super) fn compare_embeddings(folder: &str) -> usize {
    let expected = json(&format!("{folder}/expected.json"));
    let tables = expected.as_object().unwrap();
    for (file, wanted) in tables {
        let (ids, values) = embedding(&format!("{folder}/{file}"));
        let wanted_ids: Option<Vec<String>> = serde_json::from_value(wanted["ids"].clone()).unwrap();
        let (n_rows, numbers) = rows(&wanted["values"]);
        assert_eq!((values.n_rows(), values.values()), (n_rows, numbers.as_slice()), "{file}");
        assert_eq!(ids, wanted_ids, "{file}");
    }
    tables.len()
}

/// Opens every beginning of a file, then `n` copies with some bytes changed: an error or not, but never a panic.
///
/// Returns how many of the changed copies were refused.
pub(super) fn survives_damage(path: &str, n: usize) -> usize {
    let name = path.rsplit('/').next().unwrap();
    survives_damage_with(path, n, |bytes| open(name, bytes).is_err())
}

/// The same for another way to read, which says whether it refused.
pub(super) fn survives_damage_with(path: &str, n: usize, refuses: impl Fn(Vec<u8>) -> bool) -> usize {
    let whole = bytes(path);
    for length in 0..whole.len().min(MAX_TRUNCATED) {
        refuses(whole[..length].to_vec());
    }
    let mut rng = ChaCha8Rng::seed_from_u64(7);
    let mut n_refused = 0;
    for _ in 0..n {
        let mut damaged = whole.clone();
        for _ in 0..rng.random_range(1..=4) {
            let at = rng.random_range(0..damaged.len());
            damaged[at] = match rng.next_u32() % 4 {
                0 => 0,
                1 => 0xff,
                2 => damaged[at] ^ (1 << rng.random_range(0..8)),
                _ => rng.next_u32() as u8,
            };
        }
        n_refused += usize::from(refuses(damaged));
    }
    n_refused
}
