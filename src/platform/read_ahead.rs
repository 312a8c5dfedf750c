//! Blocks of a file that is read in small pieces, where every call for bytes is slow.
//!
//! A small file is read at once. Of a larger one blocks are kept: one that goes on where a kept one ends is twice as long as
//! that one, so that a file that is read through needs few calls, and one that is read here and there few bytes.

use std::io;

/// Bytes of all blocks that are kept.
const KEPT: u64 = ReadAhead::SMALL_FILE;
/// Bytes of a block at most; several parts of a file may be read in turn.
const LONGEST: u64 = 8 << 20;

/// The blocks that are kept, the last one used first.
#[derive(Clone, Debug, Default)]
pub struct ReadAhead {
    blocks: Vec<Block>,
}

#[derive(Clone, Debug)]
struct Block {
    start: u64,
    bytes: Vec<u8>,
}

impl Block {
    fn end(&self) -> u64 {
        self.start + self.bytes.len() as u64
    }
}

impl ReadAhead {
    /// Bytes of a file that is read at once: a call takes longer than the bytes that are not needed.
    pub const SMALL_FILE: u64 = 32 << 20;
    /// Larger pieces are better read by themselves, but for those of a small file.
    pub const LONG_PIECE: u64 = 1 << 20;
    /// Bytes of a block where nothing is known of what comes next.
    const BLOCK: u64 = 64 << 10;

    /// Fills `buffer` with what stands at `offset` of a file of `size` bytes; `fetch(start, end)` gives those bytes of it.
    ///
    /// # Errors
    /// What `fetch` gives, and [`io::ErrorKind::UnexpectedEof`] where it gives fewer bytes than asked for or the file
    /// ends.
    pub fn read(
        &mut self,
        size: u64,
        offset: u64,
        buffer: &mut [u8],
        mut fetch: impl FnMut(u64, u64) -> io::Result<Vec<u8>>,
    ) -> io::Result<()> {
        let mut at = offset;
        let mut rest = buffer;
        while !rest.is_empty() {
            if at >= size {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            let block = match self.blocks.iter().position(|block| (block.start..block.end()).contains(&at)) {
                Some(known) => self.blocks.remove(known),
                None => self.fetched(size, at, rest.len() as u64, &mut fetch)?,
            };
            let held = &block.bytes[(at - block.start) as usize..];
            let (now, later) = rest.split_at_mut(held.len().min(rest.len()));
            now.copy_from_slice(&held[..now.len()]);
            at += now.len() as u64;
            rest = later;
            self.blocks.insert(0, block);
        }
        self.forget_oldest();
        Ok(())
    }

    fn fetched(
        &self,
        size: u64,
        at: u64,
        n_wanted: u64,
        fetch: &mut impl FnMut(u64, u64) -> io::Result<Vec<u8>>,
    ) -> io::Result<Block> {
        let start = if size <= Self::SMALL_FILE { 0 } else { at / Self::BLOCK * Self::BLOCK };
        let before = self.blocks.iter().find(|block| block.end() == start);
        let length = match before {
            _ if size <= Self::SMALL_FILE => size,
            Some(block) => (2 * block.bytes.len() as u64).min(LONGEST),
            None => Self::BLOCK,
        };
        let n_needed = (at - start).saturating_add(n_wanted).min(LONGEST).next_multiple_of(Self::BLOCK);
        let end = size.min(start + length.max(n_needed));
        let bytes = fetch(start, end)?;
        if bytes.len() as u64 == end - start {
            Ok(Block { start, bytes })
        } else {
            Err(io::ErrorKind::UnexpectedEof.into())
        }
    }

    fn forget_oldest(&mut self) {
        let mut n_bytes = 0;
        let n_kept = self.blocks.iter().take_while(|block| {
            n_bytes += block.bytes.len() as u64;
            n_bytes <= KEPT
        });
        self.blocks.truncate(n_kept.count());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BLOCK: u64 = ReadAhead::BLOCK;

    fn byte(at: u64) -> u8 {
        (at % 251) as u8
    }

    /// Reads pieces of a file of `size` bytes, and returns the start and end of every block that was fetched.
    fn calls(size: u64, pieces: impl IntoIterator<Item = (u64, u64)>) -> Vec<(u64, u64)> {
        let mut ahead = ReadAhead::default();
        let mut calls = Vec::new();
        for (offset, length) in pieces {
            let mut found = vec![0; length as usize];
            let fetch = |start, end| {
                calls.push((start, end));
                Ok((start..end).map(byte).collect())
            };
            ahead.read(size, offset, &mut found, fetch).unwrap();
            assert!(found.iter().zip(offset..).all(|(&found, at)| found == byte(at)), "{offset}");
        }
        calls
    }

    #[test]
    fn what_is_read_through_is_read_in_longer_and_longer_blocks() {
        let size = KEPT + 7;
        let found = calls(size, (0..size - 1000).step_by(1000).map(|offset| (offset, 1000)));
        let ends = [0, 1, 3, 7, 15, 31, 63, 127, 255, 383, 511].map(|n| n * BLOCK);
        let ends: Vec<u64> = ends.into_iter().chain([size]).collect();
        let wanted: Vec<(u64, u64)> = ends.windows(2).map(|ends| (ends[0], ends[1])).collect();
        assert_eq!(found, wanted);
    }

    #[test]
    fn a_small_file_is_read_at_once() {
        assert_eq!(calls(KEPT, [(5 * BLOCK, 9), (0, 7), (KEPT - 3, 3)]), [(0, KEPT)]);
    }

    #[test]
    fn two_parts_read_in_turn_keep_their_blocks() {
        let second = 40 * BLOCK;
        let pieces = (0..24).flat_map(|step| [(step * BLOCK / 2, 99), (second + step * BLOCK / 2, 99)]);
        assert_eq!(calls(600 * BLOCK, pieces).len(), 2 * 4);
    }

    #[test]
    fn pieces_here_and_there_cost_one_block_each() {
        let found = calls(600 * BLOCK, [(0, 5), (50 * BLOCK + 3, 5), (7 * BLOCK, 5), (3, 5)]);
        assert_eq!(found, [(0, BLOCK), (50 * BLOCK, 51 * BLOCK), (7 * BLOCK, 8 * BLOCK)]);
    }

    #[test]
    fn a_piece_of_several_blocks_is_read_at_once() {
        let found = calls(600 * BLOCK, [(70 * BLOCK - 3, 2 * BLOCK), (400 * BLOCK, ReadAhead::LONG_PIECE)]);
        assert_eq!(found, [(69 * BLOCK, 72 * BLOCK), (400 * BLOCK, 400 * BLOCK + ReadAhead::LONG_PIECE)]);
    }

    #[test]
    fn what_is_kept_is_bounded() {
        let mut ahead = ReadAhead::default();
        for at in 0..600 {
            let fetch = |start, end| Ok((start..end).map(byte).collect());
            ahead.read(2000 * BLOCK, 2 * at * BLOCK, &mut [0; 9], fetch).unwrap();
        }
        assert_eq!(ahead.blocks.len() as u64, KEPT / BLOCK);
    }

    #[test]
    fn a_file_that_ends_early_is_an_error() {
        let short = |start, _| Ok(vec![0; 3 - usize::try_from(start).unwrap().min(3)]);
        let kind =
            |size, offset| ReadAhead::default().read(size, offset, &mut [0; 2], short).err().map(|error| error.kind());
        assert_eq!(kind(3, 0), None);
        assert_eq!(kind(3, 2), Some(io::ErrorKind::UnexpectedEof));
        assert_eq!(kind(9, 0), Some(io::ErrorKind::UnexpectedEof));
    }
}
