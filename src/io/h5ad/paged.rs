//! A [`ByteSource`] as the HDF5 reader wants it, with a cache of pages.
//!
//! The reader asks for thousands of small pieces (headers, string heaps, chunks of a few kilobytes), and each read
//! of a browser File costs a fixed time; pages make them few. Large reads go past the cache.
//!
//! The reader takes a soft link in an old-style group for an object at an undefined address, and then can't list
//! the group at all. So soft links are taken out of the nodes of a group's symbol table on their way in ("Symbol
//! Table Node" in the HDF5 file format specification), and counted.

use std::collections::{BTreeSet, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};

use hdf5_pure::{FormatError, Source};

use super::guard::{Allowance, is_absurd_index};
use super::nesting::is_too_deep;
use crate::io::ByteSource;

const PAGE: u64 = 256 << 10;
const MAX_PAGES: usize = 32;

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

/// A file read by pages.
pub(crate) struct PagedSource {
    source: Arc<dyn ByteSource>,
    /// Page numbers and bytes, the most recently used first.
    pages: Mutex<VecDeque<(u64, Arc<[u8]>)>>,
    soft_links: SoftLinks,
    allowance: Allowance,
}

impl PagedSource {
    /// Starts with no page in memory.
    pub(crate) fn new(source: Arc<dyn ByteSource>) -> Self {
        let allowance = Allowance::new(source.size());
        Self { source, pages: Mutex::new(VecDeque::new()), soft_links: SoftLinks::default(), allowance }
    }

    /// The soft links met while the file is read.
    pub(crate) fn soft_links(&self) -> SoftLinks {
        self.soft_links.clone()
    }

    /// What may yet be read.
    pub(crate) fn allowance(&self) -> Allowance {
        self.allowance.clone()
    }

    fn page(&self, number: u64) -> Result<Arc<[u8]>, FormatError> {
        let mut pages = self.pages.lock().unwrap_or_else(PoisonError::into_inner);
        let known = pages.iter().position(|(known, _)| *known == number).and_then(|at| pages.remove(at));
        let entry = match known {
            Some(entry) => entry,
            None => (number, self.fetch(number)?),
        };
        let page = Arc::clone(&entry.1);
        pages.push_front(entry);
        pages.truncate(MAX_PAGES);
        Ok(page)
    }

    fn fetch(&self, number: u64) -> Result<Arc<[u8]>, FormatError> {
        let start = number * PAGE;
        let length = PAGE.min(self.source.size().saturating_sub(start));
        let mut bytes = vec![0; length as usize];
        self.source.read_at(start, &mut bytes).map_err(|error| FormatError::Source(error.to_string()))?;
        Ok(bytes.into())
    }
}

impl Source for PagedSource {
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
        if length >= PAGE {
            return self.source.read_at(offset, buffer).map_err(|error| FormatError::Source(error.to_string()));
        }
        let mut at = offset;
        let mut rest = &mut *buffer;
        while !rest.is_empty() {
            let page = self.page(at / PAGE)?;
            let inside = (at % PAGE) as usize;
            let n = rest.len().min(page.len() - inside);
            let (now, later) = rest.split_at_mut(n);
            now.copy_from_slice(&page[inside..inside + n]);
            rest = later;
            at += n as u64;
        }
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
    fn reads_across_pages_give_the_bytes_of_the_file() {
        let bytes: Vec<u8> = (0..3 * PAGE + 17).map(|at| (at % 251) as u8).collect();
        let paged = PagedSource::new(Arc::new(MemorySource(bytes.clone())));
        for (offset, length) in [(0, 8), (PAGE - 3, 9), (2 * PAGE, PAGE), (3 * PAGE, 17), (0, 3 * PAGE + 17)] {
            let mut buffer = vec![0; length as usize];
            Source::read_at(&paged, offset, &mut buffer).unwrap();
            assert_eq!(buffer, bytes[offset as usize..(offset + length) as usize]);
        }
        let mut buffer = [0; 18];
        assert!(Source::read_at(&paged, 3 * PAGE, &mut buffer).is_err());
        assert!(Source::read_at(&paged, u64::MAX, &mut buffer).is_err());
    }

    #[test]
    fn soft_links_are_taken_out_of_a_symbol_table_node() {
        let hard = [1; ENTRY];
        let mut soft = [7; ENTRY];
        soft[ADDRESS].fill(u8::MAX);
        soft[CACHE_TYPE].copy_from_slice(&SOFT_LINK);
        let node = [NODE_START, &[0, 3, 0], &hard[..], &soft[..], &[3; ENTRY]].concat();
        let paged = PagedSource::new(Arc::new(MemorySource(node.clone())));
        let mut buffer = vec![0; node.len()];
        for _ in 0..2 {
            Source::read_at(&paged, 0, &mut buffer).unwrap();
            assert_eq!(buffer[6..8], [2, 0]);
            assert_eq!(buffer[NODE_HEADER..NODE_HEADER + 2 * ENTRY], [&hard[..], &[3; ENTRY]].concat());
            assert_eq!(paged.soft_links().n_found(), 1);
        }
    }
}
