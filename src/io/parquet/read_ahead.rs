//! A source read in blocks: headers of pages and short columns stand one after the other, and each read of a browser File
//! costs a fixed time.

use std::io;
use std::sync::{Arc, Mutex, PoisonError};

use crate::io::ByteSource;

/// Bytes read at once; longer reads go past the block.
const BLOCK: usize = 256 << 10;

/// A source with the block that was read last.
pub(super) struct ReadAhead {
    inner: Arc<dyn ByteSource>,
    /// Where the block begins, and the block.
    block: Mutex<(u64, Vec<u8>)>,
}

impl ReadAhead {
    pub(super) fn new(inner: Arc<dyn ByteSource>) -> Self {
        Self { inner, block: Mutex::default() }
    }
}

impl ByteSource for ReadAhead {
    fn size(&self) -> u64 {
        self.inner.size()
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<()> {
        if buffer.len() >= BLOCK {
            return self.inner.read_at(offset, buffer);
        }
        let mut block = self.block.lock().unwrap_or_else(PoisonError::into_inner);
        if part(&block, offset, buffer.len()).is_none() {
            let left = usize::try_from(self.size().saturating_sub(offset)).unwrap_or(usize::MAX);
            // Nothing is kept of a read that fails.
            let mut bytes = std::mem::take(&mut block.1);
            bytes.resize(left.min(BLOCK), 0);
            self.inner.read_at(offset, &mut bytes)?;
            *block = (offset, bytes);
        }
        let found = part(&block, offset, buffer.len()).ok_or(io::ErrorKind::UnexpectedEof)?;
        buffer.copy_from_slice(found);
        Ok(())
    }
}

/// Bytes of the block, if they are there.
fn part((start, bytes): &(u64, Vec<u8>), offset: u64, length: usize) -> Option<&[u8]> {
    let first = usize::try_from(offset.checked_sub(*start)?).ok()?;
    bytes.get(first..first.checked_add(length)?)
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    struct Counting(Vec<u8>, Arc<AtomicUsize>);

    impl ByteSource for Counting {
        fn size(&self) -> u64 {
            self.0.len() as u64
        }
        fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<()> {
            self.1.fetch_add(1, Ordering::Relaxed);
            crate::io::MemorySource(self.0.clone()).read_at(offset, buffer)
        }
    }

    #[test]
    fn many_short_reads_are_one_and_hold_the_right_bytes() {
        let bytes: Vec<u8> = (0..600_000_u32).map(|at| (at % 251) as u8).collect();
        let n_reads = Arc::new(AtomicUsize::new(0));
        let source = ReadAhead::new(Arc::new(Counting(bytes.clone(), Arc::clone(&n_reads))));
        let mut found = [0; 100];
        for offset in (0..200_000).step_by(1000).chain([599_900, 5, 262_100]) {
            source.read_at(offset, &mut found).unwrap();
            assert_eq!(found, bytes[offset as usize..offset as usize + 100]);
        }
        assert_eq!(n_reads.load(Ordering::Relaxed), 4);
        let mut all = vec![0; 600_000];
        source.read_at(0, &mut all).unwrap();
        assert_eq!(all, bytes);
        assert!(source.read_at(599_901, &mut found).is_err() && source.read_at(u64::MAX, &mut found).is_err());
    }
}
