//! What an HDF5 file claims, held against its size before the HDF5 reader allocates for it.
//!
//! The reader takes the extent of neighbouring chunks as the file states it and makes room for it before it reads, and
//! room for every place in the grid of chunks. Names may lead to one array many times (hard links), references to one
//! text: what is read of a file altogether has a limit, too. Arrays of fill values take no room in a file, so a small
//! file may hold some.
//!
//! The reader bounds how deep it goes down a tree, but not how often it comes by: ten nodes that each name the next a
//! hundred times lead to 10²⁰ ends. So what is read in one step is counted, and the reader's own cache, which would hide
//! it, is off.

use std::cell::Cell;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use hdf5_pure::Dataset;

/// No filter compresses further (deflate ends at 1032), so a larger claim is damage and nothing is allocated for it.
const MAX_COMPRESSION: u64 = 1100;
/// Claims up to this many bytes are let through: tiny files may hold arrays of fill values.
const ALWAYS_ALLOWED: u64 = 1 << 20;
/// Small files may give values of this many bytes together, once they are read.
const READ_ALLOWED: u64 = 32 << 20;
/// A chunk takes a few bytes at least, and some have none yet.
const CHUNKS_ALLOWED: u64 = 1 << 12;

/// Holds the size an array claims, and the places of its chunks, against what a file of `size` bytes can hold.
///
/// # Errors
/// What is wrong, as a predicate of the array.
pub(super) fn check_claim(dataset: &Dataset, shape: &[u64], element: u64, size: u64) -> Result<(), String> {
    let most = size.saturating_mul(MAX_COMPRESSION).max(ALWAYS_ALLOWED);
    let n_bytes = |shape: &[u64]| shape.iter().try_fold(element, |product, &length| product.checked_mul(length));
    if n_bytes(shape).is_none_or(|claimed| claimed > most) {
        return Err(format!("claims the shape {shape:?}"));
    }
    let Ok(Some(chunk)) = dataset.chunk_shape() else { return Ok(()) };
    if n_bytes(&chunk).is_none_or(|claimed| claimed > most) {
        return Err(format!("claims chunks of the shape {chunk:?}"));
    }
    let along = |(length, chunk): (&u64, &u64)| length.div_ceil((*chunk).max(1));
    let n_chunks = shape.iter().zip(&chunk).map(along).try_fold(1_u64, u64::checked_mul);
    if n_chunks.is_none_or(|n| n > size.saturating_add(CHUNKS_ALLOWED)) {
        return Err(format!("claims the shape {shape:?} in chunks of {chunk:?}"));
    }
    // Where chunks can't be listed, they can't be read: reading says why.
    let chunks = dataset.chunks().unwrap_or_default();
    let end = |chunk: &hdf5_pure::Chunk| chunk.address.saturating_add(chunk.storage_size);
    match chunks.iter().find(|chunk| end(chunk) > size) {
        Some(chunk) => Err(format!("claims a chunk of {} bytes at byte {}", chunk.storage_size, chunk.address)),
        None => Ok(()),
    }
}

/// The headers of the indices of chunks that grow and that do not ("Extensible Array" and "Fixed Array" in the HDF5 file
/// format specification), with the places in them that the reader takes as they are, and the largest sound value: the
/// number of the first blocks, of which every second doubles what room is made for (the HDF5 library writes 4), and
/// the bits of the number of chunks in a page (the library writes 10).
const INDEX_LIMITS: [(&[u8], usize, u8); 3] = [(b"EAHD", 10, 32), (b"EAHD", 11, 31), (b"FAHD", 7, 31)];

/// Whether bytes are the header of an index of chunks that claims what no array needs.
pub(super) fn is_absurd_index(bytes: &[u8]) -> bool {
    INDEX_LIMITS
        .iter()
        .any(|(header, at, most)| bytes.starts_with(header) && bytes.get(*at).is_some_and(|claim| claim > most))
}

/// Bytes that a file of `size` bytes may give altogether, once they are read.
pub(super) fn most_read(size: u64) -> u64 {
    size.saturating_mul(MAX_COMPRESSION).max(READ_ALLOWED)
}

/// Bytes that a file may yet give, once they are read.
pub(super) struct Budget {
    n_left: Cell<u64>,
}

impl Budget {
    /// What a file of `size` bytes may give.
    pub(super) fn new(size: u64) -> Self {
        Self { n_left: Cell::new(most_read(size)) }
    }

    /// Takes bytes out of it.
    ///
    /// # Errors
    /// What is wrong, as a predicate of what is read.
    pub(super) fn take(&self, n_bytes: u64) -> Result<(), String> {
        let left = self.n_left.get().checked_sub(n_bytes);
        self.n_left.set(left.ok_or_else(|| format!("gives {n_bytes} bytes, after much else"))?);
        Ok(())
    }
}

/// How often one step may read the size of the file, and bytes that it may always read.
const READS_PER_STEP: u64 = 16;
const ALWAYS_READ: u64 = 4 << 20;
/// The same for all steps together; each looks up its place from the top of the file.
const READS_PER_FILE: u64 = 1000;
const ALWAYS_READ_OF_FILE: u64 = 1 << 30;
/// Even the smallest read takes as long as one of so many bytes.
const SMALLEST_READ: u64 = 64;

/// Bytes that may yet be read of a file, shared by who reads and who begins a step.
#[derive(Clone)]
pub(super) struct Allowance {
    size: u64,
    of_step: Arc<AtomicU64>,
    of_file: Arc<AtomicU64>,
}

impl Allowance {
    /// What may be read of a file of `size` bytes.
    pub(super) fn new(size: u64) -> Self {
        let of_file = size.saturating_mul(READS_PER_FILE).saturating_add(ALWAYS_READ_OF_FILE);
        let allowance = Self { size, of_step: Arc::default(), of_file: Arc::new(AtomicU64::new(of_file)) };
        allowance.begin_step();
        allowance
    }

    /// Begins a step: looking up a place, listing a group, reading a window.
    pub(super) fn begin_step(&self) {
        let of_step = self.size.saturating_mul(READS_PER_STEP).saturating_add(ALWAYS_READ);
        self.of_step.store(of_step, Ordering::Relaxed);
    }

    /// Takes a read out of it; whether it was allowed.
    pub(super) fn take(&self, n_bytes: u64) -> bool {
        let n = n_bytes.max(SMALLEST_READ);
        let take = |left: &AtomicU64| {
            left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(n)).is_ok()
        };
        take(&self.of_step) && take(&self.of_file)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_step_may_read_so_much_and_all_steps_together_more() {
        let allowance = Allowance::new(0);
        let n_reads = (ALWAYS_READ / SMALLEST_READ) as usize;
        assert!((0..n_reads).all(|_| allowance.take(1)) && !allowance.take(1));
        allowance.begin_step();
        assert!(allowance.take(ALWAYS_READ) && !allowance.take(1));
        let n_steps = (0..).take_while(|_| {
            allowance.begin_step();
            allowance.take(ALWAYS_READ)
        });
        assert_eq!(n_steps.count() as u64, ALWAYS_READ_OF_FILE / ALWAYS_READ - 2);
    }

    #[test]
    fn an_index_of_chunks_claims_what_it_may() {
        // version, client, bytes of an element, bits of their number, in the index itself, in a block, first blocks, bits
        let growing = |n_first: u8, bits: u8| [&b"EAHD"[..], &[0, 0, 8, 32, 4, 16, n_first, bits]].concat();
        assert!(!is_absurd_index(&growing(4, 10)));
        assert!(is_absurd_index(&growing(60, 10)) && is_absurd_index(&growing(4, 32)));
        assert!(!is_absurd_index(&growing(60, 99)[..10]) && !is_absurd_index(&growing(60, 99)[1..]));
        // version, client, bytes of an element, bits
        let fixed = |bits: u8| [&b"FAHD"[..], &[0, 0, 8, bits]].concat();
        assert!(!is_absurd_index(&fixed(10)) && is_absurd_index(&fixed(64)));
    }

    #[test]
    fn a_budget_ends_and_stays_as_it_was_where_it_is_too_small() {
        let budget = Budget::new(1);
        assert!(budget.take(READ_ALLOWED - 1).is_ok());
        assert!(budget.take(2).is_err());
        assert!(budget.take(1).is_ok());
        assert!(budget.take(1).is_err());
        assert!(Budget::new(1 << 40).take(MAX_COMPRESSION << 40).is_ok());
    }
}
