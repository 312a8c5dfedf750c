//! One gene in both groups of many features: the one pass that differential expression is made of.
//!
//! The gene's non-zero values are looked at once; each is added to the sums of every feature whose groups its cell is
//! in. Sums of squares are about the gene's mean over all cells, so that little cancels, and where a group's variance
//! still is less than a millionth of what it is the difference of, it is taken anew by two passes over the group's
//! values. "All other cells" are totals less positives: counts are exact, a group without non-zero values has sums of
//! exactly 0. Ranks are average ranks of doubled whole numbers, exact for any ties; zeros lie between negative and
//! positive values.

use super::members::{BLOCK, Members};
use crate::stats::{Sample, SparseRanks};

/// What is subtracted must leave at least this share, else it is computed directly.
const CANCELLED: f64 = 1e-6;

/// One gene in one group.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct GroupSummary {
    /// Cells, mean and variance, zeros included.
    pub sample: Sample,
    /// Cells with a value other than 0.
    pub n_nonzero: usize,
    /// Mean of e^x − 1; NaN if it was not asked for.
    pub mean_linear: f64,
}

/// What is summed beside means and variances.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SumsWanted {
    /// Ranks: they cost more than all the rest.
    pub ranks: bool,
    /// Means of e^x − 1.
    pub linear: bool,
}

/// One gene in both groups of one feature.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct GenePair {
    /// In positive cells.
    pub positive: GroupSummary,
    /// In negative cells.
    pub negative: GroupSummary,
    /// Twice the sum of the positive cells' ranks among the cells of both groups; 0 if ranks were not asked for.
    pub twice_rank_sum: u64,
    /// Σ(t³ − t) over groups of t equal values; NaN if ranks were not asked for.
    pub tie_term: f64,
}

/// Sums of one gene over one group.
#[derive(Clone, Copy, Debug, Default)]
#[repr(C, align(32))]
struct Sums {
    /// Σx and Σ(x − centre)² over non-zero values.
    values: [f64; 2],
    /// Twice the ranks of non-zero values, and their number.
    counts: [u64; 2],
}

impl Sums {
    #[inline]
    fn add(&mut self, values: [f64; 2], counts: [u64; 2]) {
        self.values[0] += values[0];
        self.values[1] += values[1];
        self.counts[0] += counts[0];
        self.counts[1] += counts[1];
    }

    fn less(&self, part: &Self) -> Self {
        if self.counts[1] == part.counts[1] {
            return Self::default();
        }
        Self {
            values: [self.values[0] - part.values[0], self.values[1] - part.values[1]],
            counts: [self.counts[0] - part.counts[0], self.counts[1] - part.counts[1]],
        }
    }
}

/// Sums genes over the groups of a block of features; room is kept from gene to gene.
#[derive(Clone, Debug)]
pub struct GeneSummer {
    members: Members,
    wanted: SumsWanted,
    ranks: SparseRanks,
    /// `[2 × BLOCK]`, by entry.
    sums: Vec<Sums>,
    /// Σ(e^x − 1) of each group.
    linear: Vec<f64>,
    linear_total: f64,
    union: UnionRanks,
}

/// A gene: its cells (ascending) and their values, none of them 0.
#[derive(Clone, Copy, Debug)]
struct Gene<'a> {
    cells: &'a [u32],
    values: &'a [f32],
    centre: f64,
    total: Sums,
}

impl GeneSummer {
    /// Makes room for a block of features.
    #[must_use]
    pub fn new(members: Members, wanted: SumsWanted) -> Self {
        let (ranks, union) = Default::default();
        let sums = vec![Sums::default(); 2 * BLOCK];
        let linear = vec![0.0; 2 * members.len()];
        Self { members, wanted, ranks, sums, linear, linear_total: 0.0, union }
    }

    /// The groups.
    pub fn members(&self) -> &Members {
        &self.members
    }

    /// Sums one gene and hands out each feature's pair, in the block's order.
    ///
    /// # Shapes
    /// `cells` ascend, `values` go with them; other cells have 0.
    ///
    /// # Panics
    /// If a cell is outside the groups' cells.
    pub fn sum(&mut self, cells: &[u32], values: &[f32], mut take: impl FnMut(usize, GenePair)) {
        let mut gene = Gene { cells, values, centre: 0.0, total: Sums::default() };
        gene.centre = values.iter().map(|&value| f64::from(value)).sum::<f64>() / self.members.n_cells() as f64;
        let n_unlisted = self.members.n_cells() - cells.len();
        let (mut twice_zero_rank, mut tie_term) = (0, f64::NAN);
        if self.wanted.ranks && self.members.is_rest() {
            let summary = self.ranks.rank(values, n_unlisted);
            (twice_zero_rank, tie_term) = (summary.twice_zero_rank, summary.tie_term);
        }
        self.scatter(&mut gene);
        if self.wanted.linear {
            self.scatter_linear(&gene);
        }
        if self.wanted.ranks && !self.members.is_rest() {
            self.union.rank(cells, values, &self.members);
        }
        for feature in 0..self.members.len() {
            let positive = self.sums[2 * feature + 1];
            let (n_positive, n_negative) = (self.members.n_positive(feature), self.members.n_negative(feature));
            let is_rest = self.members.is_rest();
            let negative = if is_rest { gene.total.less(&positive) } else { self.sums[2 * feature] };
            let mut pair = GenePair {
                positive: self.summary(&gene, &positive, &positive, n_positive, 2 * feature as u16 + 1),
                negative: self.summary(&gene, &negative, &gene.total, n_negative, 2 * feature as u16),
                twice_rank_sum: positive.counts[0] + (n_positive as u64 - positive.counts[1]) * twice_zero_rank,
                tie_term,
            };
            if self.wanted.ranks && !is_rest {
                (pair.twice_rank_sum, pair.tie_term) = self.union.of(feature, &self.members);
            }
            take(feature, pair);
        }
    }

    /// Adds every value to the sums of the groups its cell is in.
    fn scatter(&mut self, gene: &mut Gene<'_>) {
        let has_ranks = self.wanted.ranks && self.members.is_rest();
        let centre = gene.centre;
        let Some(sums) = self.sums.first_chunk_mut::<{ 2 * BLOCK }>() else { return };
        sums[..2 * self.members.len()].fill(Sums::default());
        for (at, (&cell, &value)) in gene.cells.iter().zip(gene.values).enumerate() {
            let x = f64::from(value);
            let values = [x, (x - centre) * (x - centre)];
            let counts = [if has_ranks { self.ranks.twice_ranks()[at] } else { 0 }, 1];
            gene.total.add(values, counts);
            for &entry in self.members.of(cell) {
                // The mask changes nothing and lets the compiler leave out a check.
                sums[entry as usize & (2 * BLOCK - 1)].add(values, counts);
            }
        }
    }

    /// Adds every e^x − 1 to the sums of the groups its cell is in.
    fn scatter_linear(&mut self, gene: &Gene<'_>) {
        self.linear.fill(0.0);
        self.linear_total = 0.0;
        for (&cell, &value) in gene.cells.iter().zip(gene.values) {
            let linear = libm::expm1(f64::from(value));
            self.linear_total += linear;
            for &entry in self.members.of(cell) {
                self.linear[usize::from(entry)] += linear;
            }
        }
    }

    /// Mean of e^x − 1 over the group that `entry` names.
    fn mean_linear(&self, n: usize, n_nonzero: usize, entry: u16) -> f64 {
        let entry = usize::from(entry);
        let is_rest = self.members.is_rest() && entry.is_multiple_of(2);
        let sum = if is_rest { self.linear_total - self.linear[entry + 1] } else { self.linear[entry] };
        match (self.wanted.linear, n_nonzero) {
            (false, _) => f64::NAN,
            (true, 0) if n > 0 => 0.0,
            (true, _) => sum / n as f64,
        }
    }

    /// `sums` over the group that `entry` names, where `whole` is what they were the difference of.
    fn summary(&self, gene: &Gene<'_>, sums: &Sums, whole: &Sums, n: usize, entry: u16) -> GroupSummary {
        let n_nonzero = sums.counts[1] as usize;
        let mean_linear = self.mean_linear(n, n_nonzero, entry);
        if n_nonzero == 0 {
            let sample = Sample::from_squares(n, if n == 0 { f64::NAN } else { 0.0 }, 0.0);
            return GroupSummary { sample, n_nonzero, mean_linear };
        }
        let mean = sums.values[0] / n as f64;
        let zeros = (n - n_nonzero) as f64 * gene.centre * gene.centre;
        let squares = sums.values[1] + zeros - n as f64 * (mean - gene.centre) * (mean - gene.centre);
        let sample = if squares > CANCELLED * (whole.values[1] + zeros) {
            Sample::from_squares(n, mean, squares)
        } else {
            self.directly(gene, n, entry)
        };
        GroupSummary { sample, n_nonzero, mean_linear }
    }

    /// The group's numbers from its values themselves.
    fn directly(&self, gene: &Gene<'_>, n: usize, entry: u16) -> Sample {
        let is_in = |cell: u32| {
            let entries = self.members.of(cell);
            if self.members.is_rest() && entry.is_multiple_of(2) {
                !entries.contains(&(entry + 1))
            } else {
                entries.contains(&entry)
            }
        };
        let inside =
            || gene.cells.iter().zip(gene.values).filter(|(cell, _)| is_in(**cell)).map(|(_, &x)| f64::from(x));
        let (sum, n_nonzero) = inside().fold((0.0, 0_usize), |(sum, n), x| (sum + x, n + 1));
        let mean = sum / n as f64;
        let squares: f64 = inside().map(|x| (x - mean) * (x - mean)).sum();
        Sample::from_squares(n, mean, squares + (n - n_nonzero) as f64 * mean * mean)
    }
}

/// Ranks among the cells of both groups where negative cells are listed: each feature has its own.
///
/// Values are gone through in ascending order; every feature counts how many of its negative cells it has met.
#[derive(Clone, Debug, Default)]
struct UnionRanks {
    order: Vec<u32>,
    counters: Vec<Counter>,
    touched: Vec<u16>,
}

/// What one feature has met so far.
#[derive(Clone, Copy, Debug, Default)]
struct Counter {
    /// Twice U of the positives among the values met, zeros left out.
    twice_u: u64,
    tie_term: f64,
    /// Met before the present tie: negatives, positives.
    before: [u32; 2],
    /// Met in the present tie.
    tied: [u32; 2],
    /// `before` when all negative values had been met.
    below_zero: [u32; 2],
}

impl UnionRanks {
    fn rank(&mut self, cells: &[u32], values: &[f32], members: &Members) {
        self.counters.clear();
        self.counters.resize(members.len(), Counter::default());
        self.order.clear();
        self.order.extend(0..values.len() as u32);
        self.order.sort_unstable_by(|&a, &b| values[a as usize].total_cmp(&values[b as usize]));
        let order = std::mem::take(&mut self.order);
        let mut is_below = true;
        for tie in order.chunk_by(|&a, &b| values[a as usize] == values[b as usize]) {
            if is_below && values[tie[0] as usize] > 0.0 {
                is_below = false;
                self.note_zero();
            }
            self.meet(tie, cells, members);
        }
        if is_below {
            self.note_zero();
        }
        self.order = order;
    }

    fn note_zero(&mut self) {
        for counter in &mut self.counters {
            counter.below_zero = counter.before;
        }
    }

    fn meet(&mut self, tie: &[u32], cells: &[u32], members: &Members) {
        self.touched.clear();
        for &at in tie {
            for &entry in members.of(cells[at as usize]) {
                let counter = &mut self.counters[usize::from(entry / 2)];
                if counter.tied == [0, 0] {
                    self.touched.push(entry / 2);
                }
                counter.tied[usize::from(entry % 2)] += 1;
            }
        }
        for &feature in &self.touched {
            self.counters[usize::from(feature)].close_tie();
        }
    }

    /// Twice the rank sum of a feature's positive cells, and the tie term.
    fn of(&self, feature: usize, members: &Members) -> (u64, f64) {
        let mut counter = self.counters[feature];
        let [negatives, positives] = counter.before.map(u64::from);
        let [negatives_below, positives_below] = counter.below_zero.map(u64::from);
        let (n_positive, n_negative) = (members.n_positive(feature) as u64, members.n_negative(feature) as u64);
        let (zero_negatives, zero_positives) = (n_negative - negatives, n_positive - positives);
        // Positives above 0 are above the zeros among the negatives, too.
        counter.twice_u += 2 * (positives - positives_below) * zero_negatives;
        counter.twice_u += zero_positives * (2 * negatives_below + zero_negatives);
        counter.tie_term += tie_term_of(zero_negatives + zero_positives);
        (counter.twice_u + n_positive * (n_positive + 1), counter.tie_term)
    }
}

impl Counter {
    fn close_tie(&mut self) {
        let [negatives, positives] = self.tied.map(u64::from);
        self.twice_u += positives * (2 * u64::from(self.before[0]) + negatives);
        self.tie_term += tie_term_of(negatives + positives);
        self.before[0] += self.tied[0];
        self.before[1] += self.tied[1];
        self.tied = [0, 0];
    }
}

fn tie_term_of(n_tied: u64) -> f64 {
    let t = n_tied as f64;
    t * t * t - t
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::lens::sound::{FeatureGroups, NegativeCells};
    use crate::stats::average_ranks;

    const ALL: SumsWanted = SumsWanted { ranks: true, linear: true };

    fn groups(positive: &[u32], negative: Option<&[u32]>) -> FeatureGroups {
        let negative = negative.map_or(NegativeCells::Rest, |cells| NegativeCells::Listed(cells.to_vec()));
        FeatureGroups { positive: positive.to_vec(), negative }
    }

    fn pairs(values: &[f32], groups: &[FeatureGroups]) -> Vec<GenePair> {
        let cells: Vec<u32> = (0..values.len() as u32).filter(|&cell| values[cell as usize] != 0.0).collect();
        let listed: Vec<f32> = cells.iter().map(|&cell| values[cell as usize]).collect();
        let mut found = Vec::new();
        GeneSummer::new(Members::new(values.len(), groups), ALL).sum(&cells, &listed, |_, pair| found.push(pair));
        found
    }

    fn one(values: &[f32], positive: &[u32]) -> GenePair {
        pairs(values, &[groups(positive, None)])[0]
    }

    /// The same from the values themselves.
    fn assert_is_direct(pair: &GenePair, values: &[f32], positive: &[u32], negative: &[u32]) {
        let of = |cells: &[u32]| cells.iter().map(|&cell| f64::from(values[cell as usize])).collect::<Vec<f64>>();
        let (positive, negative) = (of(positive), of(negative));
        for (found, values) in [(pair.positive, &positive), (pair.negative, &negative)] {
            let expected = Sample::of(values.iter().copied());
            assert_eq!((found.sample.n, found.n_nonzero), (expected.n, values.iter().filter(|x| **x != 0.0).count()));
            let is_near =
                |a: f64, b: f64| a == b || (a.is_nan() && b.is_nan()) || (a - b).abs() <= 1e-12 * (1.0 + b.abs());
            assert!(is_near(found.sample.mean, expected.mean), "{found:?} {expected:?}");
            assert!(is_near(found.sample.variance, expected.variance), "{found:?} {expected:?}");
            assert_eq!(found.sample.variance == 0.0, expected.variance == 0.0);
            assert!(is_near(found.mean_linear, Sample::of(values.iter().map(|x| libm::expm1(*x))).mean));
        }
        let ranks = average_ranks(&[&positive[..], &negative[..]].concat());
        assert_eq!(pair.twice_rank_sum as f64, 2.0 * ranks[..positive.len()].iter().sum::<f64>());
        let mut sorted = ranks;
        sorted.sort_by(f64::total_cmp);
        let ties = sorted.chunk_by(|a, b| a == b).map(|tie| tie.len() as f64);
        assert_eq!(pair.tie_term, ties.map(|t| t * t * t - t).sum::<f64>());
    }

    #[test]
    fn a_large_offset_does_not_cancel() {
        let values: Vec<f32> = (0..40).map(|cell| 256.0 + f32::from(u8::from(cell % 4 == 0)) / 1024.0).collect();
        let positive: Vec<u32> = (0..10).collect();
        assert_is_direct(&one(&values, &positive), &values, &positive, &(10..40).collect::<Vec<u32>>());
    }

    #[test]
    fn constant_groups_have_no_variance_at_all() {
        let mut values = vec![0.3_f32; 30];
        values[..9].fill(0.7);
        let pair = one(&values, &(0..9).collect::<Vec<u32>>());
        assert_eq!((pair.positive.sample.variance, pair.negative.sample.variance), (0.0, 0.0));
        let nowhere = one(&[0.0; 30], &[1, 2]);
        assert_eq!((nowhere.negative.sample.mean, nowhere.negative.sample.variance), (0.0, 0.0));
        assert_eq!(nowhere.tie_term, 30.0_f64.powi(3) - 30.0);
    }

    #[test]
    fn a_gene_of_positive_cells_alone_leaves_nothing_in_the_rest() {
        let mut values = vec![0.0_f32; 1000];
        values[..3].copy_from_slice(&[0.1, 0.2, 0.7]);
        let pair = one(&values, &[0, 1, 2]);
        assert_eq!((pair.negative.sample.mean, pair.negative.sample.variance, pair.negative.n_nonzero), (0.0, 0.0, 0));
    }

    #[test]
    fn a_million_cells_of_one_value_tie() {
        let values = vec![1.5_f32; 1_000_000];
        let pair = one(&values, &[3, 999_999]);
        assert_eq!(pair.twice_rank_sum, 2 * 1_000_001);
        assert_eq!((pair.wilcoxon().z, pair.wilcoxon().p_value()), (0.0, 1.0));
        assert!(pair.welch().t.is_nan());
    }

    proptest! {
        #[test]
        fn sums_are_those_of_the_values_themselves(
            cells in prop::collection::vec((-2_i8..4, 0_u8..4, 0_u8..3), 2..60),
        ) {
            let values: Vec<f32> = cells.iter().map(|cell| f32::from(cell.0) / 2.0).collect();
            let rows = |is_in: &dyn Fn(&(i8, u8, u8)) -> bool| -> Vec<u32> {
                (0..cells.len() as u32).filter(|&row| is_in(&cells[row as usize])).collect()
            };
            let (first, second) = (rows(&|cell| cell.1 == 0), rows(&|cell| cell.2 == 1));
            let against_rest = pairs(&values, &[groups(&first, None), groups(&second, None)]);
            for (pair, positive) in against_rest.iter().zip([&first, &second]) {
                let rest: Vec<u32> = (0..cells.len() as u32).filter(|row| !positive.contains(row)).collect();
                assert_is_direct(pair, &values, positive, &rest);
            }
            let (third, fourth) = (rows(&|cell| cell.1 == 2), rows(&|cell| cell.2 == 2));
            let listed = pairs(&values, &[groups(&first, Some(&third)), groups(&second, Some(&fourth))]);
            assert_is_direct(&listed[0], &values, &first, &third);
            assert_is_direct(&listed[1], &values, &second, &fourth);
        }
    }
}
