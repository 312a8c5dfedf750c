//! A [`ByteSource`] as the HDF5 reader wants it, with a cache of pages.
//!
//! The reader asks for thousands of small pieces (headers, string heaps, chunks of a few kilobytes), and each read
//! of a browser File costs a fixed time; pages make them few. Large reads go past the cache.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use hdf5_pure::{FormatError, Source};

use crate::io::ByteSource;

const PAGE: u64 = 256 << 10;
const MAX_PAGES: usize = 32;

/// A file read by pages.
pub(crate) struct PagedSource {
    source: Arc<dyn ByteSource>,
    /// Page numbers and bytes, the most recently used first.
    pages: Mutex<VecDeque<(u64, Arc<[u8]>)>>,
}

impl PagedSource {
    /// Starts with no page in memory.
    pub(crate) fn new(source: Arc<dyn ByteSource>) -> Self {
        Self { source, pages: Mutex::new(VecDeque::new()) }
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
        if length >= PAGE {
            return self.source.read_at(offset, buffer).map_err(|error| FormatError::Source(error.to_string()));
        }
        let mut at = offset;
        let mut rest = buffer;
        while !rest.is_empty() {
            let page = self.page(at / PAGE)?;
            let inside = (at % PAGE) as usize;
            let n = rest.len().min(page.len() - inside);
            let (now, later) = rest.split_at_mut(n);
            now.copy_from_slice(&page[inside..inside + n]);
            rest = later;
            at += n as u64;
        }
        Ok(())
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
}
