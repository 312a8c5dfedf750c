//! The three arrays of a compressed sparse matrix (`indptr`, `indices`, `data`), checked against each other.

use super::archive::{Archive, Array, Window};
use crate::data::DataError;
use crate::io::ImportError;
use crate::io::reader::reserved;

/// Bytes that a packed value takes at least.
const SMALLEST_ENTRY: usize = 2;

/// The parts of a compressed matrix, whose values are read window after window.
pub(super) struct SparseParts {
    indptr: Vec<usize>,
    indices: Array,
    pub(super) data: Array,
    pub(super) windows: Vec<Window>,
}

impl SparseParts {
    /// Finds the parts below `path` of a matrix with `n_major` compressed rows.
    ///
    /// # Errors
    /// [`ImportError::Layout`] for a part that is missing or of another type, [`ImportError::Data`] where they contradict
    /// each other, [`ImportError::OutOfMemory`], and what reading can give.
    pub(super) fn open(archive: &Archive, path: &str, n_major: usize) -> Result<Self, ImportError> {
        let indices = archive.array(&format!("{path}/indices"))?;
        let data = archive.array(&format!("{path}/data"))?;
        let pointers = archive.array(&format!("{path}/indptr"))?;
        for array in [&indices, &pointers] {
            if !array.is_integer() {
                return Err(archive.layout(&array.path, &format!("has type {}", array.type_name()), "whole numbers"));
            }
        }
        let indptr = archive.integers(&pointers)?;
        let n_values = data.shape.first().copied().unwrap_or(0);
        let damaged = |reason: String| ImportError::of_data(archive.name(), path, DataError::Sparse { reason });
        // Fails at once, not after reading values that will never fit.
        drop(reserved::<[u8; SMALLEST_ENTRY]>(archive.name(), "the expression matrix", n_values)?);
        if data.shape.len() != 1 || indices.shape != data.shape {
            return Err(damaged(format!("data has shape {:?} but indices {:?}", data.shape, indices.shape)));
        }
        if indptr.len() != n_major + 1 {
            return Err(damaged(format!("indptr has {} entries, expected {}", indptr.len(), n_major + 1)));
        }
        // There are n_major + 1 entries, so the defaults are never used.
        let (first, last) = (indptr.first().copied().unwrap_or(0), indptr.last().copied().unwrap_or(0));
        if first != 0 || u64::try_from(last).ok() != Some(n_values) {
            return Err(damaged(format!("indptr runs from {first} to {last} but there are {n_values} values")));
        }
        if let Some(at) = indptr.windows(2).position(|pair| pair[0] > pair[1]) {
            return Err(damaged(format!("indptr falls from {} to {} at position {at}", indptr[at], indptr[at + 1])));
        }
        let indptr = indptr.into_iter().map(|start| start.unsigned_abs() as usize).collect();
        let windows = archive.windows(&data)?;
        Ok(Self { indptr, indices, data, windows })
    }

    /// Number of stored values.
    pub(super) fn n_values(&self) -> u64 {
        self.data.n_values()
    }

    /// The indices along the other axis, each below `n_minor`, and the values of a window.
    ///
    /// # Errors
    /// [`ImportError::Layout`] for an index outside, and what reading can give.
    pub(super) fn read(
        &self,
        archive: &Archive,
        window: &Window,
        n_minor: usize,
    ) -> Result<(Vec<u32>, Vec<f32>), ImportError> {
        Ok((archive.indices_in(&self.indices, window, n_minor)?, archive.floats_in(&self.data, window)?))
    }

    /// The compressed row of every entry of a window; `major` goes on from the window before.
    pub(super) fn majors(&self, window: &Window, major: &mut usize) -> Vec<u32> {
        let (mut at, end) = (window.start as usize, (window.start + window.length) as usize);
        let mut majors = Vec::with_capacity(end - at);
        while at < end {
            while self.indptr[*major + 1] <= at {
                *major += 1;
            }
            let until = self.indptr[*major + 1].min(end);
            majors.resize(majors.len() + until - at, *major as u32);
            at = until;
        }
        majors
    }

    /// Calls `take(major, (minor, value), whether it is the major row's last)` for every entry of a window; `major` goes on
    /// from the window before.
    ///
    /// # Errors
    /// The first that `take` gives.
    #[inline]
    pub(super) fn for_each(
        &self,
        window: &Window,
        (minors, values): (Vec<u32>, Vec<f32>),
        major: &mut usize,
        mut take: impl FnMut(usize, (u32, f32), bool) -> Result<(), ImportError>,
    ) -> Result<(), ImportError> {
        for (at, entry) in (window.start as usize..).zip(minors.into_iter().zip(values)) {
            while self.indptr[*major + 1] <= at {
                *major += 1;
            }
            take(*major, entry, self.indptr[*major + 1] == at + 1)?;
        }
        Ok(())
    }
}
