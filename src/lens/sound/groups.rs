//! Which cells a feature's genes are compared between in sound mode.
//!
//! Every cell counts once and is in one group at most. Cells without activation above 0 are never positive. A
//! random choice depends on the seed and the feature's id alone. Percentiles interpolate linearly over all cells,
//! zeros included (NumPy's default); where fewer cells than the smallest group are above one, so many with the largest
//! activations are taken.

use rand::{SeedableRng, seq::SliceRandom};
use rand_chacha::ChaCha8Rng;

use super::{Negatives, Positives, SoundParams};
use crate::data::{CellTable, FeatureId, MISSING_CODE, SparseActivations};
use crate::lens::LensError;
use crate::stats::percentile_with_zeros;

/// The cells compared for one feature.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FeatureGroups {
    /// The positive cells by row, ascending.
    pub positive: Vec<u32>,
    /// The negative cells.
    pub negative: NegativeCells,
}

/// The cells a positive group is compared with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NegativeCells {
    /// All other cells.
    Rest,
    /// These rows, ascending.
    Listed(Vec<u32>),
}

/// Why a feature is left out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exclusion {
    /// Too few positive cells: this many.
    FewPositive(usize),
    /// Too few negative cells: this many.
    FewNegative(usize),
}

/// Forms groups, feature by feature.
#[derive(Clone, Debug)]
pub struct GroupMaker<'a> {
    params: &'a SoundParams,
    activations: &'a SparseActivations,
    /// The codes cells are matched by, and the number of categories.
    matched: Option<(&'a [u32], usize)>,
}

impl<'a> GroupMaker<'a> {
    /// Takes the activations and, to match by, the cells' labels.
    ///
    /// # Errors
    /// [`LensError::MatchColumn`] if the column to match by is not a categorical one;
    /// [`LensError::CellCount`] if activations and labels are of different cells.
    pub fn new(
        params: &'a SoundParams,
        activations: &'a SparseActivations,
        cells: &'a CellTable,
    ) -> Result<Self, LensError> {
        let (expected, found) = (cells.n_cells(), activations.n_cells());
        if expected != found {
            return Err(LensError::CellCount { expected, found });
        }
        let matched = match &params.negatives {
            Negatives::Matched(column) => Some(codes_of(cells, column)?),
            Negatives::Rest | Negatives::Sample(_) => None,
        };
        Ok(Self { params, activations, matched })
    }

    /// The groups of a feature, or why there are none.
    ///
    /// # Errors
    /// [`Exclusion`] where either group has fewer cells than asked for.
    pub fn of_feature(&self, feature: FeatureId) -> Result<FeatureGroups, Exclusion> {
        let n_cells = self.activations.n_cells();
        let mut positive = self.positive(feature);
        let mut random = ChaCha8Rng::seed_from_u64(self.params.seed);
        random.set_stream(u64::from(feature.0));
        let negative = match (&self.params.negatives, self.matched) {
            (Negatives::Matched(_), Some((codes, n_categories))) => {
                let (matched, negative) = match_groups(&positive, codes, n_categories, &mut random);
                positive = matched;
                NegativeCells::Listed(negative)
            }
            (Negatives::Sample(n), _) => NegativeCells::Listed(sample(others(&positive, n_cells), *n, &mut random)),
            (Negatives::Rest | Negatives::Matched(_), _) => NegativeCells::Rest,
        };
        let n_negative = match &negative {
            NegativeCells::Rest => n_cells - positive.len(),
            NegativeCells::Listed(cells) => cells.len(),
        };
        let min = self.params.min_cells;
        if positive.len() < min {
            Err(Exclusion::FewPositive(positive.len()))
        } else if n_negative < min {
            Err(Exclusion::FewNegative(n_negative))
        } else {
            Ok(FeatureGroups { positive, negative })
        }
    }

    fn positive(&self, feature: FeatureId) -> Vec<u32> {
        let (cells, values) = self.activations.feature(feature);
        let is_meant = |limit: f64| {
            let above = cells.iter().zip(values).filter(move |(_, value)| f64::from(**value) > limit);
            above.map(|(&cell, _)| cell).collect()
        };
        match self.params.positives {
            Positives::Active => is_meant(0.0),
            Positives::Percentile(q) => {
                let n_zeros = self.activations.n_cells() - cells.len();
                let above: Vec<u32> = is_meant(percentile_with_zeros(values, n_zeros, q).max(0.0));
                if above.len() < self.params.min_cells { largest(cells, values, self.params.min_cells) } else { above }
            }
            Positives::Top(n) => largest(cells, values, n),
        }
    }
}

/// The `n` cells with the largest values above 0, and those tied with the last of them; all there are if fewer.
fn largest(cells: &[u32], values: &[f32], n: usize) -> Vec<u32> {
    let last = nth_largest(values, n).unwrap_or(f32::NEG_INFINITY);
    let enough = cells.iter().zip(values).filter(|(_, value)| **value >= last && **value > 0.0);
    enough.map(|(&cell, _)| cell).collect()
}

fn codes_of<'a>(cells: &'a CellTable, column: &str) -> Result<(&'a [u32], usize), LensError> {
    let found = cells.column(column).and_then(|column| column.categorical());
    found.map(|(codes, categories)| (codes, categories.len())).ok_or_else(|| LensError::MatchColumn {
        column: column.to_owned(),
        known: cells
            .columns()
            .iter()
            .filter(|column| column.categorical().is_some())
            .map(|column| column.name.clone())
            .collect(),
    })
}

/// The n-th largest value; `None` if there are fewer.
fn nth_largest(values: &[f32], n: usize) -> Option<f32> {
    let mut values = values.to_vec();
    let at = n.checked_sub(1).filter(|&at| at < values.len())?;
    Some(*values.select_nth_unstable_by(at, |a, b| b.total_cmp(a)).1)
}

/// All rows but these; `rows` ascend.
fn others(rows: &[u32], n_cells: usize) -> Vec<u32> {
    let mut left_out = rows.iter().peekable();
    (0..n_cells as u32).filter(|row| left_out.next_if_eq(&row).is_none()).collect()
}

/// At most `n` of the rows, ascending.
fn sample(mut rows: Vec<u32>, n: usize, random: &mut ChaCha8Rng) -> Vec<u32> {
    if rows.len() > n {
        rows = rows.partial_shuffle(random, n).0.to_vec();
        rows.sort_unstable();
    }
    rows
}

/// In every category as many positive as other cells.
fn match_groups(positive: &[u32], codes: &[u32], n_categories: usize, random: &mut ChaCha8Rng) -> (Vec<u32>, Vec<u32>) {
    let split = |rows: &[u32]| {
        let mut by_category = vec![Vec::new(); n_categories];
        for &row in rows.iter().filter(|&&row| codes[row as usize] != MISSING_CODE) {
            by_category[codes[row as usize] as usize].push(row);
        }
        by_category
    };
    let (mut matched, mut negative) = (Vec::new(), Vec::new());
    for (inside, outside) in split(positive).into_iter().zip(split(&others(positive, codes.len()))) {
        let n = inside.len().min(outside.len());
        matched.extend(sample(inside, n, random));
        negative.extend(sample(outside, n, random));
    }
    matched.sort_unstable();
    negative.sort_unstable();
    (matched, negative)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::{DenseMatrix, LabelColumn, SparseMatrix};

    fn groups(values: &[f32], params: SoundParams, labels: &[&str]) -> Result<FeatureGroups, Exclusion> {
        let dense = DenseMatrix::new(values.len(), 1, values.to_vec()).unwrap();
        let activations = SparseActivations::from_cells(SparseMatrix::from_dense(&dense));
        let mut cells = CellTable::without_ids(values.len());
        if !labels.is_empty() {
            cells.add_column(LabelColumn::from_texts("type", labels)).unwrap();
        }
        let made = GroupMaker::new(&params, &activations, &cells).unwrap();
        made.of_feature(FeatureId(0))
    }

    fn params(positives: Positives, negatives: Negatives) -> SoundParams {
        SoundParams { positives, negatives, min_cells: 2, ..SoundParams::default() }
    }

    const VALUES: [f32; 8] = [0.0, 1.0, -2.0, 3.0, 3.0, 0.0, 5.0, 0.0];

    #[test]
    fn positives_are_by_activity_percentile_or_number() {
        let of = |positives| groups(&VALUES, params(positives, Negatives::Rest), &[]).unwrap().positive;
        assert_eq!(of(Positives::Active), [1, 3, 4, 6]);
        assert_eq!(of(Positives::Percentile(50.0)), [1, 3, 4, 6]);
        assert_eq!(of(Positives::Percentile(60.0)), [3, 4, 6]);
        // One cell is above, and the smallest group has two: the next are tied.
        assert_eq!(of(Positives::Percentile(90.0)), [3, 4, 6]);
        assert_eq!(of(Positives::Top(2)), [3, 4, 6]);
        assert_eq!(of(Positives::Top(7)), [1, 3, 4, 6]);
        assert_eq!(of(Positives::Top(99)), [1, 3, 4, 6]);
    }

    #[test]
    fn a_sample_is_of_other_cells_each_once_and_seeded() {
        let values: Vec<f32> = (0..200).map(|cell| f32::from(u8::from(cell % 4 == 0))).collect();
        let of = |seed| {
            let params = SoundParams { seed, ..params(Positives::Active, Negatives::Sample(40)) };
            match groups(&values, params, &[]).unwrap().negative {
                NegativeCells::Listed(cells) => cells,
                NegativeCells::Rest => Vec::new(),
            }
        };
        let cells = of(1);
        assert_eq!(cells.len(), 40);
        assert!(cells.is_sorted_by(|a, b| a < b) && cells.iter().all(|cell| cell % 4 != 0));
        assert_eq!(of(1), cells);
        assert_ne!(of(2), cells);
    }

    #[test]
    fn a_sample_larger_than_the_rest_is_the_rest() {
        let found = groups(&VALUES, params(Positives::Active, Negatives::Sample(9)), &[]).unwrap();
        assert_eq!(found.negative, NegativeCells::Listed(vec![0, 2, 5, 7]));
    }

    #[test]
    fn matched_groups_have_the_same_composition() {
        let values: Vec<f32> = (0..120).map(|cell| f32::from(u8::from(cell % 3 == 0))).collect();
        let labels: Vec<&str> = (0..120).map(|cell| ["a", "b", "", "c"][(cell * 7 + cell / 10) % 4]).collect();
        let found = groups(&values, params(Positives::Active, Negatives::Matched("type".into())), &labels).unwrap();
        let NegativeCells::Listed(negative) = found.negative else { panic!("negatives are listed") };
        let count = |rows: &[u32], label: &str| rows.iter().filter(|&&row| labels[row as usize] == label).count();
        for label in ["a", "b", "c"] {
            assert_eq!(count(&found.positive, label), count(&negative, label), "{label}");
        }
        assert_eq!(count(&found.positive, "") + count(&negative, ""), 0);
        assert!(found.positive.iter().all(|row| row % 3 == 0) && negative.iter().all(|row| row % 3 != 0));
    }

    #[test]
    fn small_groups_are_left_out_with_their_size() {
        let of = |values: &[f32]| groups(values, params(Positives::Active, Negatives::Rest), &[]);
        assert_eq!(of(&[0.0, 0.0, 1.0]), Err(Exclusion::FewPositive(1)));
        assert_eq!(of(&[1.0, 2.0, 3.0, 0.0]), Err(Exclusion::FewNegative(1)));
        assert_eq!(of(&[0.0; 5]), Err(Exclusion::FewPositive(0)));
    }

    #[test]
    fn a_column_to_match_by_must_have_categories() {
        let params = params(Positives::Active, Negatives::Matched("donor".into()));
        let activations = SparseActivations::from_cells(SparseMatrix::from_dense(&DenseMatrix::zeros(3, 1)));
        let mut cells = CellTable::without_ids(3);
        cells.add_column(LabelColumn::from_texts("type", &["a", "b", "b"])).unwrap();
        let error = GroupMaker::new(&params, &activations, &cells).unwrap_err();
        assert_eq!(error, LensError::MatchColumn { column: "donor".into(), known: vec!["type".into()] });
    }
}
