//! Activations of a batch in sparse form, by cell and by feature. Buffers stay from step to step.

/// Values by cell; features ascend within a cell.
#[derive(Clone, Debug, Default)]
pub(super) struct Codes {
    /// Where every cell's values begin, `[n_cells + 1]`.
    starts: Vec<u32>,
    features: Vec<u32>,
    values: Vec<f32>,
}

impl Codes {
    /// No cells.
    pub(super) fn clear(&mut self) {
        self.starts.clear();
        self.starts.push(0);
        self.features.clear();
        self.values.clear();
    }

    /// Adds a value to the cell that is being filled.
    #[inline]
    pub(super) fn push(&mut self, feature: u32, value: f32) {
        self.features.push(feature);
        self.values.push(value);
    }

    /// The cell is filled; the next one begins.
    pub(super) fn end_cell(&mut self) {
        self.starts.push(self.features.len() as u32);
    }

    pub(super) fn len(&self) -> usize {
        self.features.len()
    }

    /// Σ of all values, cell by cell.
    pub(super) fn sum(&self) -> f64 {
        (0..self.n_cells()).map(|cell| f64::from(self.cell(cell).map(|entry| entry.1).sum::<f32>())).sum()
    }

    /// Σ of all values times their feature's weight.
    pub(super) fn weighted_sum(&self, weights: &[f32]) -> f64 {
        let of = |(feature, value): (u32, f32)| value * weights[feature as usize];
        (0..self.n_cells()).map(|cell| f64::from(self.cell(cell).map(of).sum::<f32>())).sum()
    }

    /// Features and values of a cell.
    pub(super) fn cell(&self, cell: usize) -> impl Iterator<Item = (u32, f32)> {
        let range = self.starts[cell] as usize..self.starts[cell + 1] as usize;
        self.features[range.clone()].iter().copied().zip(self.values[range].iter().copied())
    }

    /// Cells filled; 0 before [`Self::clear`] was called once.
    pub(super) fn n_cells(&self) -> usize {
        self.starts.len().saturating_sub(1)
    }
}

/// The same values by feature; cells ascend within a feature.
#[derive(Clone, Debug, Default)]
pub(super) struct ByFeature {
    /// Where every feature's values begin, `[n_features + 1]`.
    starts: Vec<u32>,
    cells: Vec<u32>,
    values: Vec<f32>,
}

impl ByFeature {
    /// Sorts by feature, counting.
    pub(super) fn sort(&mut self, codes: &Codes, n_features: usize) {
        let Self { starts, cells, values } = self;
        starts.clear();
        starts.resize(n_features + 2, 0);
        codes.features.iter().for_each(|&feature| starts[feature as usize + 2] += 1);
        (2..starts.len()).for_each(|at| starts[at] += starts[at - 1]);
        cells.resize(codes.len(), 0);
        values.resize(codes.len(), 0.0);
        for cell in 0..codes.n_cells() {
            for (feature, value) in codes.cell(cell) {
                let next = &mut starts[feature as usize + 1];
                cells[*next as usize] = cell as u32;
                values[*next as usize] = value;
                *next += 1;
            }
        }
        starts.pop();
    }

    /// Cells and values of a feature.
    #[inline]
    pub(super) fn feature(&self, feature: usize) -> impl Iterator<Item = (usize, f32)> {
        let range = self.starts[feature] as usize..self.starts[feature + 1] as usize;
        self.cells[range.clone()].iter().map(|&cell| cell as usize).zip(self.values[range].iter().copied())
    }

    /// Whether no cell has a value of it.
    #[inline]
    pub(super) fn is_empty(&self, feature: usize) -> bool {
        self.starts[feature] == self.starts[feature + 1]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sorting_by_feature_keeps_every_value() {
        let mut codes = Codes::default();
        for _ in 0..2 {
            codes.clear();
            for (features, values) in [(&[1, 3][..], &[0.5, 2.0][..]), (&[], &[]), (&[0, 3], &[1.0, 4.0])] {
                features.iter().zip(values).for_each(|(&feature, &value)| codes.push(feature, value));
                codes.end_cell();
            }
        }
        let mut by_feature = ByFeature::default();
        by_feature.sort(&codes, 4);
        let of = |feature| by_feature.feature(feature).collect::<Vec<_>>();
        assert_eq!([of(0), of(1), of(2), of(3)], [vec![(2, 1.0)], vec![(0, 0.5)], vec![], vec![(0, 2.0), (2, 4.0)]]);
        assert!(by_feature.is_empty(2) && !by_feature.is_empty(3));
        assert_eq!((codes.len(), codes.cell(1).count()), (4, 0));
    }
}
