//! Which features of a block each cell is in a group of, so that one look at a cell's value serves all of them.

use super::{FeatureGroups, NegativeCells};

/// Features tested at a time: their accumulators fit the fastest cache.
pub const BLOCK: usize = 512;

/// The groups of up to [`BLOCK`] features, turned round: by cell.
///
/// A cell's entries are `2·feature + 1` where it is positive and `2·feature` where it is negative; features compared
/// with the rest have no negative entries.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Members {
    starts: Vec<u32>,
    entries: Vec<u16>,
    n_positive: Vec<u32>,
    n_negative: Vec<u32>,
    is_rest: bool,
}

impl Members {
    /// Turns groups round.
    ///
    /// # Panics
    /// If there are more than [`BLOCK`] features, or some are compared with the rest and others are not: the caller's
    /// bugs.
    #[must_use]
    pub fn new(n_cells: usize, groups: &[FeatureGroups]) -> Self {
        assert!(groups.len() <= BLOCK, "{} features in a block of {BLOCK}", groups.len());
        let is_rest = groups.iter().all(|groups| groups.negative == NegativeCells::Rest);
        let mut members = Self { starts: vec![0; n_cells + 1], is_rest, ..Self::default() };
        for groups in groups {
            assert_eq!(groups.negative == NegativeCells::Rest, is_rest, "rest and listed cells in one block");
            members.count(n_cells, groups);
        }
        for cell in 0..n_cells {
            members.starts[cell + 1] += members.starts[cell];
        }
        members.enter(groups);
        members
    }

    fn count(&mut self, n_cells: usize, groups: &FeatureGroups) {
        let negative = listed(groups);
        for &cell in groups.positive.iter().chain(negative) {
            self.starts[cell as usize + 1] += 1;
        }
        let n_negative = if self.is_rest { n_cells - groups.positive.len() } else { negative.len() };
        self.n_positive.push(groups.positive.len() as u32);
        self.n_negative.push(n_negative as u32);
    }

    fn enter(&mut self, groups: &[FeatureGroups]) {
        let mut next = self.starts.clone();
        self.entries = vec![0; self.starts.last().map_or(0, |&n| n as usize)];
        for (feature, groups) in groups.iter().enumerate() {
            let both = [(&groups.positive[..], 1), (listed(groups), 0)];
            for (cells, sign) in both {
                for &cell in cells {
                    let at = &mut next[cell as usize];
                    self.entries[*at as usize] = 2 * feature as u16 + sign;
                    *at += 1;
                }
            }
        }
    }

    /// Number of features.
    pub fn len(&self) -> usize {
        self.n_positive.len()
    }

    /// Whether there is no feature.
    pub fn is_empty(&self) -> bool {
        self.n_positive.is_empty()
    }

    /// Number of cells, in groups or not.
    pub fn n_cells(&self) -> usize {
        self.starts.len().saturating_sub(1)
    }

    /// Whether negative cells are all that are not positive.
    pub fn is_rest(&self) -> bool {
        self.is_rest
    }

    /// Cells in a feature's positive group.
    pub fn n_positive(&self, feature: usize) -> usize {
        self.n_positive[feature] as usize
    }

    /// Cells in a feature's negative group.
    pub fn n_negative(&self, feature: usize) -> usize {
        self.n_negative[feature] as usize
    }

    /// A cell's entries.
    #[inline]
    pub(super) fn of(&self, cell: u32) -> &[u16] {
        let cell = cell as usize;
        &self.entries[self.starts[cell] as usize..self.starts[cell + 1] as usize]
    }
}

fn listed(groups: &FeatureGroups) -> &[u32] {
    match &groups.negative {
        NegativeCells::Rest => &[],
        NegativeCells::Listed(cells) => cells,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn groups_are_turned_round() {
        let groups = |positive: &[u32], negative: &[u32]| FeatureGroups {
            positive: positive.to_vec(),
            negative: NegativeCells::Listed(negative.to_vec()),
        };
        let members = Members::new(4, &[groups(&[0, 2], &[1]), groups(&[1], &[0, 3])]);
        assert_eq!([0, 1, 2, 3].map(|cell| members.of(cell).to_vec()), [vec![1, 2], vec![0, 3], vec![1], vec![2]]);
        assert_eq!((members.n_positive(0), members.n_negative(1), members.is_rest()), (2, 2, false));
    }

    #[test]
    fn the_rest_is_counted_and_not_listed() {
        let members = Members::new(5, &[FeatureGroups { positive: vec![4], negative: NegativeCells::Rest }]);
        assert_eq!((members.n_negative(0), members.of(0).len(), members.of(4)), (4, 0, &[1][..]));
    }
}
