//! A [`ByteSource`] as the HDF5 reader wants it: what it reads is counted, and looked at before it can do harm.
//!
//! The reader takes a soft link in an old-style group for an object at an undefined address, and then can't list
//! the group at all. So soft links are taken out of the nodes of a group's symbol table on their way in ("Symbol
//! Table Node" in the HDF5 file format specification), and counted.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};

use hdf5_pure::{FormatError, Source};

use super::guard::{Allowance, is_absurd_index};
use super::nesting::is_too_deep;
use crate::io::ByteSource;

/// The start of a symbol table node: its signature and version; one more byte and the number of entries follow.
const NODE_START: &[u8] = b"SNOD\x01";
const NODE_HEADER: usize = 8;
/// Bytes of an entry where offsets and lengths take eight, as in every file h5py writes.
const ENTRY: usize = 40;
/// Where in an entry its object's address and the type of its cache stand.
const ADDRESS: std::ops::Range<usize> = 8..16;
const CACHE_TYPE: std::ops::Range<usize> = 16..20;
/// The cache type of a soft link.
const SOFT_LINK: [u8; 4] = [2, 0, 0, 0];

/// The soft links met in a file.
#[derive(Clone, Default)]
pub(crate) struct SoftLinks {
    /// Where their entries are in the file.
    places: Arc<Mutex<BTreeSet<u64>>>,
}

impl SoftLinks {
    /// How many there were so far.
    pub(crate) fn n_found(&self) -> usize {
        self.places.lock().unwrap_or_else(PoisonError::into_inner).len()
    }

    /// Takes soft links out of `bytes` if they are a whole symbol table node.
    fn take_out(&self, offset: u64, bytes: &mut [u8]) {
        if !bytes.starts_with(NODE_START) || bytes.len() <= NODE_HEADER {
            return;
        }
        let n_entries = usize::from(u16::from_le_bytes([bytes[6], bytes[7]]));
        if bytes.len() != NODE_HEADER + n_entries * ENTRY {
            return;
        }
        let mut n_kept = 0;
        for at in 0..n_entries {
            let start = NODE_HEADER + at * ENTRY;
            if is_soft_link(&bytes[start..start + ENTRY]) {
                self.places.lock().unwrap_or_else(PoisonError::into_inner).insert(offset + start as u64);
            } else {
                bytes.copy_within(start..start + ENTRY, NODE_HEADER + n_kept * ENTRY);
                n_kept += 1;
            }
        }
        bytes[6..8].copy_from_slice(&(n_kept as u16).to_le_bytes());
    }
}

fn is_soft_link(entry: &[u8]) -> bool {
    entry[CACHE_TYPE] == SOFT_LINK && entry[ADDRESS].iter().all(|&byte| byte == u8::MAX)
}

/// A file, and what was met in it.
pub(crate) struct WatchedSource {
    source: Arc<dyn ByteSource>,
    soft_links: SoftLinks,
    allowance: Allowance,
}

impl WatchedSource {
    /// Starts with nothing read.
    pub(crate) fn new(source: Arc<dyn ByteSource>) -> Self {
        let allowance = Allowance::new(source.size());
        Self { source, soft_links: SoftLinks::default(), allowance }
    }

    /// The soft links met while the file is read.
    pub(crate) fn soft_links(&self) -> SoftLinks {
        self.soft_links.clone()
    }

    /// What may yet be read.
    pub(crate) fn allowance(&self) -> Allowance {
        self.allowance.clone()
    }
}

impl Source for WatchedSource {
    fn len(&self) -> u64 {
        self.source.size()
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> Result<(), FormatError> {
        let length = buffer.len() as u64;
        let end = offset.checked_add(length).ok_or(FormatError::OffsetOverflow { offset, length })?;
        if end > self.len() {
            let clamp = |place: u64| usize::try_from(place).unwrap_or(usize::MAX);
            return Err(FormatError::UnexpectedEof { expected: clamp(end), available: clamp(self.len()) });
        }
        if !self.allowance.take(length) {
            return Err(FormatError::NestingDepthExceeded);
        }
        self.source.read_at(offset, buffer).map_err(|error| FormatError::Source(error.to_string()))?;
        if is_absurd_index(buffer) {
            return Err(FormatError::ChunkedReadError("the index of chunks claims what no array needs".into()));
        }
        self.soft_links.take_out(offset, buffer);
        Ok(())
    }

    fn read_metadata_at(&self, offset: u64, length: usize) -> Result<Vec<u8>, FormatError> {
        let bytes = self.read_exact_at(offset, length)?;
        if is_too_deep(&bytes) { Err(FormatError::NestingDepthExceeded) } else { Ok(bytes) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::io::MemorySource;

    #[test]
    fn what_lies_beyond_the_file_is_refused() {
        let source = WatchedSource::new(Arc::new(MemorySource((0..100).collect())));
        let mut buffer = [0; 9];
        Source::read_at(&source, 91, &mut buffer).unwrap();
        assert_eq!(buffer, [91, 92, 93, 94, 95, 96, 97, 98, 99]);
        assert!(matches!(Source::read_at(&source, 92, &mut buffer), Err(FormatError::UnexpectedEof { .. })));
        assert!(matches!(Source::read_at(&source, u64::MAX, &mut buffer), Err(FormatError::OffsetOverflow { .. })));
    }

    #[test]
    fn soft_links_are_taken_out_of_a_symbol_table_node() {
        let hard = [1; ENTRY];
        let mut soft = [7; ENTRY];
        soft[ADDRESS].fill(u8::MAX);
        soft[CACHE_TYPE].copy_from_slice(&SOFT_LINK);
        let node = [NODE_START, &[0, 3, 0], &hard[..], &soft[..], &[3; ENTRY]].concat();
        let source = WatchedSource::new(Arc::new(MemorySource(node.clone())));
        let mut buffer = vec![0; node.len()];
        for _ in 0..2 {
            Source::read_at(&source, 0, &mut buffer).unwrap();
            assert_eq!(buffer[6..8], [2, 0]);
            assert_eq!(buffer[NODE_HEADER..NODE_HEADER + 2 * ENTRY], [&hard[..], &[3; ENTRY]].concat());
            assert_eq!(source.soft_links().n_found(), 1);
        }
    }
}
