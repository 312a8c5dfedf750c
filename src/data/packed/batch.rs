//! Many entries at once: sorted by row, so that each row grows by a run and not by an entry.
//!
//! Files hold expression cell by cell, and a packed matrix gene by gene. Entry by entry that is a walk over all rows for
//! each cell; sorted (a counting sort, which keeps the order within a row) it is one walk for many cells.

use super::PackedMatrix;
use crate::data::DataError;

/// Room for sorting, used again for every batch.
#[derive(Clone, Debug, Default)]
pub struct PackedBatch {
    /// Where the entries of each row begin, then where they end.
    places: Vec<u32>,
    entries: Vec<(u32, f32)>,
}

impl PackedMatrix {
    /// Appends entries to rows whose indices so far are lower; zeros are dropped. What was appended before an error stays.
    ///
    /// # Shapes
    /// `majors`, `minors` and `values` go together, less than 2³² of them; the `minors` of a row ascend.
    ///
    /// # Errors
    /// As [`Self::push`].
    ///
    /// # Panics
    /// If the three are not of one length: the caller's bug.
    pub fn push_batch(
        &mut self,
        batch: &mut PackedBatch,
        majors: &[u32],
        minors: &[u32],
        values: &[f32],
    ) -> Result<(), DataError> {
        assert!(majors.len() == minors.len() && minors.len() == values.len(), "majors, minors and values go together");
        let most = |indices: &[u32]| indices.iter().copied().max().map_or(0, |most| most as usize + 1);
        let (n_major, n_minor) = (most(majors), most(minors));
        if n_major > self.rows.len() || n_minor > self.n_minor {
            let reason = format!("{n_major} × {n_minor} is outside {} × {}", self.rows.len(), self.n_minor);
            return Err(DataError::Sparse { reason });
        }
        batch.sort(n_major, majors, minors, values);
        let mut start = 0;
        for (major, (row, &end)) in self.rows.iter_mut().zip(&batch.places).enumerate() {
            let n_before = row.n;
            let appended = row.append(major, batch.entries[start..end as usize].iter().copied());
            self.n_nonzero += (row.n - n_before) as usize;
            appended?;
            start = end as usize;
        }
        Ok(())
    }
}

impl PackedBatch {
    /// Leaves the entries in the order of their rows, and in `places` where those of each row end.
    fn sort(&mut self, n_major: usize, majors: &[u32], minors: &[u32], values: &[f32]) {
        self.places.clear();
        self.places.resize(n_major, 0);
        for &major in majors {
            self.places[major as usize] += 1;
        }
        let mut start = 0;
        for place in &mut self.places {
            start += std::mem::replace(place, start);
        }
        self.entries.resize(majors.len(), (0, 0.0));
        for ((&major, &minor), &value) in majors.iter().zip(minors).zip(values) {
            let place = &mut self.places[major as usize];
            self.entries[*place as usize] = (minor, value);
            *place += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn batches_give_what_single_values_give() {
        // Cells of a 7 × 40 matrix, each with some genes in no order, and a zero that is stored.
        let entries: Vec<(u32, u32, f32)> = (0..40_u32)
            .flat_map(|cell| (0..5_u32).map(move |at| ((cell * 3 + at * 4) % 7, cell, (cell * at % 6) as f32 / 2.0)))
            .collect();
        let mut wanted = PackedMatrix::empty(7, 40).unwrap();
        for &(gene, cell, value) in &entries {
            wanted.push(gene as usize, cell, value).unwrap();
        }
        for size in [1, 9, 64, entries.len()] {
            let (mut matrix, mut batch) = (PackedMatrix::empty(7, 40).unwrap(), PackedBatch::default());
            for part in entries.chunks(size) {
                let genes: Vec<u32> = part.iter().map(|entry| entry.0).collect();
                let cells: Vec<u32> = part.iter().map(|entry| entry.1).collect();
                let values: Vec<f32> = part.iter().map(|entry| entry.2).collect();
                matrix.push_batch(&mut batch, &genes, &cells, &values).unwrap();
            }
            assert_eq!((&matrix, matrix.n_nonzero()), (&wanted, wanted.n_nonzero()), "{size}");
        }
    }

    #[test]
    fn what_does_not_fit_is_refused() {
        let push = |majors: &[u32], minors: &[u32]| {
            let mut matrix = PackedMatrix::empty(3, 4).unwrap();
            matrix.push_batch(&mut PackedBatch::default(), majors, minors, &vec![1.0; majors.len()])
        };
        assert_eq!(push(&[2, 2], &[1, 1]), Err(DataError::StoredTwice { major: 2, minor: 1 }));
        assert!(matches!(push(&[2, 2], &[1, 0]), Err(DataError::Sparse { .. })));
        assert!(matches!(push(&[3], &[0]), Err(DataError::Sparse { .. })));
        assert!(matches!(push(&[0], &[4]), Err(DataError::Sparse { .. })));
        assert_eq!(push(&[], &[]), Ok(()));
    }
}
