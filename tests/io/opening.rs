//! Time and peak memory of opening a file, beside `tests/bench/reference_h5ad.py`.
//!
//! Run alone: `OPEN_FILE=… cargo test --release --test tests io::opening -- --ignored --nocapture`.

use std::fs::File;
use std::io;
use std::sync::Arc;
use std::time::Instant;

use featurescope::data::Silent;
use featurescope::io::{ByteSource, Imported, import};

struct OnDisk(File, u64);

impl ByteSource for OnDisk {
    fn size(&self) -> u64 {
        self.1
    }
    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<()> {
        std::os::unix::fs::FileExt::read_exact_at(&self.0, buffer, offset)
    }
}

/// The line of `/proc/self/status` with the largest memory so far.
fn peak_memory() -> String {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    status.lines().find(|line| line.starts_with("VmHWM")).unwrap_or_default().to_owned()
}

#[test]
#[ignore = "a measurement of the file OPEN_FILE"]
fn a_file_is_opened() {
    let path = std::env::var("OPEN_FILE").unwrap();
    let file = File::open(&path).unwrap();
    let size = file.metadata().unwrap().len();
    let start = Instant::now();
    let opened = import(&path, Arc::new(OnDisk(file, size)), &Silent).unwrap();
    let elapsed_secs = start.elapsed().as_secs_f64();
    let Imported::AnnData(file) = opened else { panic!("{path} holds no cells") };
    let n_nonzero = file.expression.unwrap().by_gene.n_nonzero();
    println!("{path}: {n_nonzero} non-zeros in {elapsed_secs:.3} s, {}", peak_memory());
}
