//! Texts of variable length inside rows of a compound array: they stand in the file's global heap.
//!
//! The HDF5 reader gives such a text as a reference (length, address of a collection, number of an object in it). The
//! collections are described under "Global Heap" in the HDF5 file format specification. Each is read once; together
//! they can't be larger than the file, so a file that claims more is damaged. A reference to nothing is the empty text.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::guard::most_read;
use crate::io::ByteSource;

/// Bytes of a reference: length, address, number.
pub(crate) const REFERENCE: usize = 16;
const MAGIC: &[u8] = b"GCOL\x01";
/// Bytes before the first object of a collection.
const COLLECTION_HEADER: usize = 16;
/// Bytes before the content of an object.
const OBJECT_HEADER: usize = 16;

/// The texts of a file's global heap.
pub(crate) struct GlobalHeap {
    source: Arc<dyn ByteSource>,
    /// What addresses count from.
    base: u64,
    n_read: u64,
    /// Bytes that texts may yet have: one text may be referred to by every row.
    n_left: u64,
    collections: BTreeMap<u64, BTreeMap<u16, Vec<u8>>>,
}

impl GlobalHeap {
    /// Starts with nothing read.
    pub(crate) fn new(source: Arc<dyn ByteSource>, base: u64) -> Self {
        let n_left = most_read(source.size());
        Self { source, base, n_read: 0, n_left, collections: BTreeMap::new() }
    }

    /// The text a reference stands for.
    ///
    /// # Errors
    /// What is wrong, as a predicate of the array.
    pub(crate) fn text(&mut self, reference: &[u8; REFERENCE]) -> Result<String, String> {
        let [l0, l1, l2, l3, a0, a1, a2, a3, a4, a5, a6, a7, n0, n1, n2, n3] = *reference;
        let length = u32::from_le_bytes([l0, l1, l2, l3]);
        let address = u64::from_le_bytes([a0, a1, a2, a3, a4, a5, a6, a7]);
        let number = u32::from_le_bytes([n0, n1, n2, n3]);
        if length == 0 || address == 0 || address == u64::MAX {
            return Ok(String::new());
        }
        let left = self.n_left.checked_sub(u64::from(length));
        self.n_left = left.ok_or_else(|| "refers to the same texts over and over".to_owned())?;
        if !self.collections.contains_key(&address) {
            let objects = self.read(address)?;
            self.collections.insert(address, objects);
        }
        let object = u16::try_from(number).ok().and_then(|number| self.collections.get(&address)?.get(&number));
        let bytes = object.and_then(|object| object.get(..length as usize));
        let bytes = bytes.ok_or_else(|| format!("refers to text {number} at byte {address}, which is not there"))?;
        let end = bytes.iter().position(|&byte| byte == 0).unwrap_or(bytes.len());
        Ok(String::from_utf8_lossy(&bytes[..end]).into_owned())
    }

    fn read(&mut self, address: u64) -> Result<BTreeMap<u16, Vec<u8>>, String> {
        let damaged = || format!("refers to texts at byte {address}, where none are");
        let start = address.checked_add(self.base).ok_or_else(damaged)?;
        let mut header = [0; COLLECTION_HEADER];
        self.source.read_at(start, &mut header).map_err(|_| damaged())?;
        let (_, size) = header.split_last_chunk::<8>().ok_or_else(damaged)?;
        let size = u64::from_le_bytes(*size);
        let file = self.source.size();
        let fits = size >= COLLECTION_HEADER as u64 && start.checked_add(size).is_some_and(|end| end <= file);
        if !header.starts_with(MAGIC) || !fits || self.n_read.saturating_add(size) > file {
            return Err(damaged());
        }
        self.n_read += size;
        let mut bytes = vec![0; usize::try_from(size).map_err(|_| damaged())?];
        self.source.read_at(start, &mut bytes).map_err(|error| format!("can't be read ({error})"))?;
        Ok(objects_of(&bytes[COLLECTION_HEADER..]))
    }
}

/// The objects of a collection, up to the first that does not fit or is free space.
fn objects_of(mut bytes: &[u8]) -> BTreeMap<u16, Vec<u8>> {
    let mut objects = BTreeMap::new();
    while let Some((header, rest)) = bytes.split_at_checked(OBJECT_HEADER) {
        let number = u16::from_le_bytes([header[0], header[1]]);
        let size = header.last_chunk::<8>().map_or(0, |size| u64::from_le_bytes(*size));
        let Some(content) = usize::try_from(size).ok().and_then(|size| rest.get(..size)) else { break };
        if number == 0 {
            break;
        }
        objects.insert(number, content.to_vec());
        bytes = rest.get(content.len().next_multiple_of(8)..).unwrap_or_default();
    }
    objects
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::io::MemorySource;

    fn reference(length: u32, address: u64, number: u32) -> [u8; REFERENCE] {
        let bytes = [&length.to_le_bytes()[..], &address.to_le_bytes(), &number.to_le_bytes()].concat();
        bytes.try_into().unwrap()
    }

    fn heap(claimed: u64) -> GlobalHeap {
        let mut bytes = vec![0; 8];
        bytes.extend(MAGIC);
        bytes.extend([0; 3]);
        bytes.extend(claimed.to_le_bytes());
        for (number, text) in [(1_u16, "first\0\0\0"), (2, "second\0\0")] {
            bytes.extend(number.to_le_bytes());
            bytes.extend([0; 6]);
            bytes.extend(6_u64.to_le_bytes());
            bytes.extend(text.as_bytes());
        }
        GlobalHeap::new(Arc::new(MemorySource(bytes)), 0)
    }

    #[test]
    fn references_give_their_texts() {
        let mut heap = heap(64);
        assert_eq!(heap.text(&reference(5, 8, 1)), Ok("first".to_owned()));
        assert_eq!(heap.text(&reference(6, 8, 2)), Ok("second".to_owned()));
        assert_eq!(heap.text(&reference(0, 0, 0)), Ok(String::new()));
    }

    #[test]
    fn references_to_nothing_and_claims_beyond_the_file_are_errors() {
        for (length, address, number) in [(5, 8, 3), (7, 8, 1), (5, 0x10, 1), (5, u64::MAX - 1, 1), (5, 8, 70_000)] {
            assert!(heap(64).text(&reference(length, address, number)).is_err(), "{length} {address} {number}");
        }
        for claimed in [0, 15, 65, u64::MAX] {
            assert!(heap(claimed).text(&reference(5, 8, 1)).is_err(), "{claimed}");
        }
    }
}
