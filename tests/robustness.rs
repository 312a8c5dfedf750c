//! Files of any bytes: whatever they are, a reader ends soon, takes memory in proportion, and says what is wrong.
//!
//! What is done with bytes, and how much memory it may take, is shared with the fuzz targets (`tests/fuzz`), whose corpus
//! is read here as it is and with seeded changes. `hostile` holds files made by hand.

#[path = "fuzz/src/entry.rs"]
mod entry;
#[path = "fuzz/src/envelope.rs"]
mod envelope;
mod hostile;
#[path = "fuzz/src/meter.rs"]
mod meter;

use std::path::{Path, PathBuf};

use rand::{Rng, RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use entry::{TARGETS, Target};
use envelope::Envelope;
use meter::measured;

#[global_allocator]
static METER: meter::Meter = meter::Meter;

/// Memory that any file may take, and how often its size more; as in the fuzz targets.
const BASE: usize = 64 << 20;
const PER_BYTE: usize = 3000;
/// Changed copies of all files of a target.
const N_CHANGED: usize = 1500;
/// Larger fixtures take long to change.
const MAX_BYTES: u64 = 16 << 10;

/// Endings of the fixtures that a target is for.
fn endings(target: &str) -> &'static [&'static str] {
    match target {
        "hdf5" => &[".h5ad", ".h5", ".h5ad.gz"],
        "arrays" => &[".npy", ".npz", ".safetensors", ".pt", "cfg.json", "config.json"],
        "parquet" => &[".parquet"],
        "text" => &[".csv", ".tsv", ".gmt", ".gmx", ".json", ".obo", ".gz", ".yaml", ".gaf", ".mtx"],
        _ => &[""],
    }
}

/// Does what a target does, within bounds.
fn run((name, work): Target, bytes: &[u8], origin: &str) {
    let ((), taken) = measured(BASE + PER_BYTE * bytes.len(), || work(bytes));
    assert!(!taken.was_refused, "{name}, {origin}: {} bytes asked for too much", bytes.len());
}

/// The files below a folder, in the order of their names.
fn files_below(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).into_iter().flatten() {
        let path = entry.unwrap().path();
        if path.is_dir() { found.extend(files_below(&path)) } else { found.push(path) }
    }
    found.sort();
    found
}

/// The corpus of a target and the small fixtures it is for.
fn seeds(target: &str) -> Vec<(String, Vec<u8>)> {
    let tests = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests");
    let is_seed = |path: &PathBuf| {
        let is_small = path.metadata().is_ok_and(|file| file.len() <= MAX_BYTES);
        is_small && endings(target).iter().any(|ending| path.to_string_lossy().ends_with(ending))
    };
    let corpus = files_below(&tests.join("fuzz/corpus").join(target));
    let fixtures = files_below(&tests.join("fixtures")).into_iter().filter(is_seed);
    let read = |path: PathBuf| {
        let bytes = std::fs::read(&path).unwrap();
        let is_packed = target == "hdf5" && path.extension().is_some_and(|ending| ending == "gz");
        (path.display().to_string(), if is_packed { Envelope::open(&bytes).parts.swap_remove(0) } else { bytes })
    };
    corpus.into_iter().chain(fixtures).map(read).collect()
}

/// Changes a part of a file inside its envelope, or now and then any byte of it.
fn changed(bytes: &[u8], rng: &mut ChaCha8Rng) -> Vec<u8> {
    let mut file = Envelope::open(bytes);
    if rng.random_range(0..4) == 0 {
        let mut whole = bytes.to_vec();
        change(&mut whole, rng);
        return whole;
    }
    let n_parts = file.parts.len();
    change(&mut file.parts[rng.random_range(0..n_parts)], rng);
    file.close()
}

fn change(part: &mut Vec<u8>, rng: &mut ChaCha8Rng) {
    for _ in 0..rng.random_range(1..=4) {
        let at = rng.random_range(0..part.len() + 1);
        let end = part.len().min(at + rng.random_range(1..32));
        match rng.next_u32() % 8 {
            0 => part.truncate(at),
            1 => drop(part.drain(at..end)),
            2 => part.splice(at..at, [rng.next_u32() as u8]).for_each(drop),
            3 => {
                let again = part[at..end].to_vec();
                part.splice(at..at, again).for_each(drop);
            }
            4 => part[at..end].fill(0xff),
            5 => part[at..end].fill(0),
            6 => part[at..end].iter_mut().take(1).for_each(|byte| *byte ^= 1 << rng.random_range(0..8)),
            _ => part[at..end].iter_mut().take(1).for_each(|byte| *byte = rng.next_u32() as u8),
        }
    }
}

fn hold(target: &str) {
    let target = TARGETS.into_iter().find(|(name, _)| *name == target).unwrap();
    let seeds = seeds(target.0);
    assert!(seeds.len() >= 5, "{} has {} files to start from", target.0, seeds.len());
    for (origin, bytes) in &seeds {
        run(target, bytes, origin);
    }
    let mut rng = ChaCha8Rng::seed_from_u64(5);
    for at in 0..N_CHANGED {
        let (origin, bytes) = &seeds[at % seeds.len()];
        run(target, &changed(bytes, &mut rng), &format!("change {at} of {origin}"));
    }
}

#[test]
fn hdf5_of_any_bytes_ends_in_bounds() {
    hold("hdf5");
}

#[test]
fn arrays_of_any_bytes_end_in_bounds() {
    hold("arrays");
}

#[test]
fn parquet_of_any_bytes_ends_in_bounds() {
    hold("parquet");
}

#[test]
fn text_of_any_bytes_ends_in_bounds() {
    hold("text");
}

#[test]
fn any_file_under_any_name_ends_in_bounds() {
    hold("any");
}

#[test]
fn envelopes_close_around_what_they_held() {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures");
    for (file, n_parts) in [
        ("numpy/packed.npz", 2),
        ("numpy/fields.npy", 2),
        ("torch/dict.pt", 5),
        ("safetensors/two.safetensors", 2),
        ("parquet/snappy.parquet", 2),
        ("gene_sets/sets.gmt.gz", 1),
    ] {
        let opened = Envelope::open(&std::fs::read(folder.join(file)).unwrap());
        assert!(opened.parts.len() >= n_parts && !opened.is_plain(), "{file}: {} parts", opened.parts.len());
        let closed = opened.close();
        assert_eq!(Envelope::open(&closed).parts, opened.parts, "{file}");
        let name = file.rsplit('/').next().unwrap();
        assert!(entry::opens(name, &closed), "{file} opens once it is closed again");
    }
}

#[test]
fn memory_beyond_the_limit_is_refused_and_told() {
    let (room, taken) = measured(1 << 20, || Vec::<u8>::new().try_reserve_exact(2 << 20).is_ok());
    assert!(!room && taken.was_refused);
    let (kept, taken) = measured(1 << 20, || vec![1_u8; 1000]);
    assert!((1000..2000).contains(&taken.peak) && !taken.was_refused && kept.len() == 1000);
}
