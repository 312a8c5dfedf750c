//! Where bytes come from: a browser File read by slices, a native file, or memory.

use std::io;

/// A file that can be read at any place.
///
/// `Send + Sync` because the HDF5 reader asks for it; a browser File is wrapped so that it stays on its thread.
pub trait ByteSource: Send + Sync {
    /// Size in bytes.
    fn size(&self) -> u64;

    /// Fills `buffer` from `offset`.
    ///
    /// # Errors
    /// [`io::ErrorKind::UnexpectedEof`] past the end, and whatever the system reports.
    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<()>;
}

/// Bytes in memory.
#[derive(Clone, Debug, Default)]
pub struct MemorySource(pub Vec<u8>);

impl ByteSource for MemorySource {
    fn size(&self) -> u64 {
        self.0.len() as u64
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<()> {
        let found = usize::try_from(offset)
            .ok()
            .and_then(|start| self.0.get(start..start.checked_add(buffer.len())?))
            .ok_or_else(|| io::Error::from(io::ErrorKind::UnexpectedEof))?;
        buffer.copy_from_slice(found);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reading_past_the_end_is_an_error() {
        let source = MemorySource(vec![1, 2, 3]);
        let mut two = [0; 2];
        source.read_at(1, &mut two).unwrap();
        assert_eq!(two, [2, 3]);
        assert!(source.read_at(2, &mut two).is_err());
        assert!(source.read_at(u64::MAX, &mut two).is_err());
    }
}
