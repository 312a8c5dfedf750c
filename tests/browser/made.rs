//! Files that tests write for themselves.

use std::path::PathBuf;

/// A folder for files that a test writes.
pub(crate) fn own_folder(name: &str) -> PathBuf {
    let folder = std::env::temp_dir().join(format!("featurescope-files-{}-{name}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    folder
}

/// A `.npy` file with `n` rows of `d` small numbers that differ from each other.
pub(crate) fn npy(n: usize, d: usize) -> Vec<u8> {
    npy_of(n, d, (0..).map(|i| (i * 7919 % 1000) as f32 / 500.0 - 1.0))
}

/// A `.npy` file with `n` rows of `d` of these values.
pub(crate) fn npy_of(n: usize, d: usize, values: impl Iterator<Item = f32>) -> Vec<u8> {
    let mut header = format!("{{'descr': '<f4', 'fortran_order': False, 'shape': ({n}, {d}), }}");
    while (10 + header.len() + 1) % 64 != 0 {
        header.push(' ');
    }
    header.push('\n');
    let mut bytes = b"\x93NUMPY\x01\x00".to_vec();
    bytes.extend(u16::try_from(header.len()).unwrap().to_le_bytes());
    bytes.extend(header.bytes());
    bytes.extend(values.take(n * d).flat_map(f32::to_le_bytes));
    bytes
}
