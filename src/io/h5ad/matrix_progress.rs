//! How far reading a matrix is, and whether what comes of it fits in memory.
//!
//! The memory is known before anything is made gene-major: the number of stored values is in the file, and how many bytes
//! each takes is seen on the first window. Of a dense matrix the first window also says how many values are not 0, so
//! for it the number is a guess, and called one.

use super::matrix::MatrixReader;
use crate::data::packed_size;
use crate::io::ImportError;
use crate::io::memory::{check_room, told};

/// Tells the observer how many values of how many are read.
pub(super) struct Progress {
    n_done: u64,
    /// Values that are read here; others may read others.
    n_here: u64,
    n_values: u64,
    /// Bytes that the result will take, once the first window was seen.
    needed: Option<u64>,
}

impl Progress {
    /// Begins to read `n_here` of the `n_values` of a matrix.
    pub(super) fn new(n_here: u64, n_values: u64) -> Self {
        Self { n_done: 0, n_here, n_values, needed: None }
    }

    /// Looks at a window of stored values before they are kept; only the first one counts.
    ///
    /// # Errors
    /// [`ImportError::TooLarge`].
    pub(super) fn begin_sparse(
        &mut self,
        reader: &MatrixReader<'_>,
        path: &str,
        values: &[f32],
    ) -> Result<(), ImportError> {
        let n_values = self.n_values;
        self.begin(reader, n_values, values, || {
            format!("{}, with {:.1} million values,", path.trim_end_matches("/data"), n_values as f64 / 1e6)
        })
    }

    /// The same for a window of a dense matrix.
    ///
    /// # Errors
    /// As [`Self::begin_sparse`].
    pub(super) fn begin_dense(
        &mut self,
        reader: &MatrixReader<'_>,
        path: &str,
        values: &[f32],
    ) -> Result<(), ImportError> {
        let n_found = values.iter().filter(|&&value| value != 0.0).count();
        let share = n_found as f64 / values.len().max(1) as f64;
        let n_nonzero = (share * self.n_values as f64).ceil() as u64;
        let millions = self.n_values as f64 / 1e6;
        self.begin(reader, n_nonzero, values, || {
            let percent = 100.0 * share;
            format!("{path}, with {millions:.1} million values of which {percent:.0} % are not 0 in its first rows,")
        })
    }

    fn begin(
        &mut self,
        reader: &MatrixReader<'_>,
        n_values: u64,
        sample: &[f32],
        what: impl Fn() -> String,
    ) -> Result<(), ImportError> {
        if self.needed.is_some() {
            return Ok(());
        }
        let needed = packed_size((reader.n_genes, reader.n_cells), n_values, sample);
        check_room(reader.archive.name(), reader.options.memory, needed, what)?;
        self.needed = Some(needed);
        self.tell(reader);
        Ok(())
    }

    /// Tells that so many more values were read.
    ///
    /// # Errors
    /// [`ImportError::Cancelled`].
    pub(super) fn advance(&mut self, reader: &MatrixReader<'_>, n: u64) -> Result<(), ImportError> {
        reader.archive.check_cancelled(reader.observer)?;
        self.n_done += n;
        self.tell(reader);
        Ok(())
    }

    fn tell(&self, reader: &MatrixReader<'_>) {
        let fraction = self.n_done as f64 / self.n_here.max(1) as f64;
        reader.observer.progress(fraction, &told(fraction, self.n_values, self.needed));
    }
}
