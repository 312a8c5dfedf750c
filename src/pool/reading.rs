//! A share of a file's expression, read here and taken from here gene by gene.

use std::sync::Arc;

use crate::data::{PackedMatrix, Silent};
use crate::io::{ByteSource, ImportOptions, MemoryLimit, PartReader, Share};
use crate::protocol::{Bytes, PoolReading};

/// What was read and not yet taken.
#[derive(Debug, Default)]
pub(super) struct Read {
    by_gene: PackedMatrix,
    n_taken: usize,
}

impl Read {
    /// Reads a share in place of an earlier one; one that is not there is empty.
    pub(super) fn begin(&mut self, reading: &PoolReading, file: Option<Arc<dyn ByteSource>>) -> Result<(), String> {
        *self = Self::default();
        let file = file.ok_or("the file did not come with the call")?;
        let options = ImportOptions {
            matrix: reading.matrix.clone(),
            memory: reading.memory.map(|(bytes, taken)| MemoryLimit { bytes, taken }),
            ..ImportOptions::default()
        };
        let share = Share { number: reading.number as usize, of: reading.of as usize };
        let read = || {
            let Some(mut part) = PartReader::open(&reading.file.name, file, &options, share)? else {
                return Ok(PackedMatrix::default());
            };
            while part.step(&Silent)? {}
            part.finish()
        };
        self.by_gene = read().map_err(|error| error.to_string())?;
        Ok(())
    }

    /// The next genes, about so many bytes of them; none after the last.
    pub(super) fn take(&mut self, n_bytes: u32) -> Bytes {
        let (bytes, n_taken) = self.by_gene.take_bytes(self.n_taken, n_bytes as usize);
        self.n_taken = n_taken;
        if n_taken == self.by_gene.n_major() {
            *self = Self { by_gene: PackedMatrix::default(), n_taken: 0 };
        }
        Bytes(bytes)
    }
}
