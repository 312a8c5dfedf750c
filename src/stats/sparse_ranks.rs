//! Average ranks of mostly-zero values of which only the others are listed.
//!
//! Equal values share the mean of their positions, 1 for the smallest (SciPy `rankdata`), as twice that rank: a whole
//! number. Negative values rank below the zeros, so scaled data are right, too. Long lists are sorted by radix (11
//! bits a pass, on the bits of f32 made to order like whole numbers), short ones by comparison, small whole numbers
//! (counts) by counting; all three give the same ranks. Buffers are kept from list to list.
//!
//! Rules: −0 is 0, and a listed zero ties with the unlisted. NaN ranks above all else, tied with other NaN. The tie term
//! Σ(t³ − t) is summed in whole numbers and rounded once.

const RADIX_FROM: usize = 300;
const N_DIGITS: usize = 1 << 11;
const DIGIT_BITS: u32 = 11;
const N_PASSES: usize = 3;
/// Whole numbers below this are counted.
const COUNTED_BELOW: usize = 1024;
const ZERO_KEY: u32 = 1 << 31;

/// What a ranking says beside the ranks of listed values.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RankSummary {
    /// Twice the average rank of a zero; without any, the even number below that of the smallest positive value, plus 1.
    pub twice_zero_rank: u64,
    /// Σ(t³ − t) over groups of t equal values, zeros included; 0 without ties.
    pub tie_term: f64,
}

/// Ranks one list of values after the other.
///
/// # Examples
/// ```
/// // −1, 0, 0, 0, 2, 2 rank 1, 3, 3, 3, 5.5, 5.5.
/// let mut ranks = featurescope::stats::SparseRanks::default();
/// let summary = ranks.rank(&[2.0, -1.0, 2.0], 3);
/// assert_eq!(ranks.twice_ranks(), [11, 2, 11]);
/// assert_eq!((summary.twice_zero_rank, summary.tie_term), (6, 24.0 + 6.0));
/// ```
#[derive(Clone, Debug, Default)]
pub struct SparseRanks {
    /// Key above, position in the list below.
    entries: Vec<u64>,
    spare: Vec<u64>,
    counts: Vec<u32>,
    twice_ranks: Vec<u64>,
}

impl SparseRanks {
    /// Ranks the listed values among themselves and that many zeros.
    ///
    /// # Shapes
    /// `values` is `[n_listed]`, in any order; fewer than 2³² of them.
    pub fn rank(&mut self, values: &[f32], n_unlisted_zeros: usize) -> RankSummary {
        self.twice_ranks.clear();
        self.twice_ranks.resize(values.len(), 0);
        let n_zeros = n_unlisted_zeros as u64;
        if values.iter().all(|&value| is_counted(value)) {
            return self.rank_counts(values, n_zeros);
        }
        self.entries.clear();
        self.entries.extend((0_u64..).zip(values).map(|(at, &value)| (u64::from(key(value)) << 32) | at));
        if values.len() < RADIX_FROM {
            self.entries.sort_unstable();
        } else {
            self.sort_by_radix();
        }
        self.rank_sorted(n_zeros)
    }

    /// Twice the average rank of every value of the last list, `[n_listed]`.
    pub fn twice_ranks(&self) -> &[u64] {
        &self.twice_ranks
    }

    fn rank_counts(&mut self, values: &[f32], n_zeros: u64) -> RankSummary {
        self.counts.clear();
        self.counts.resize(COUNTED_BELOW, 0);
        let mut largest = 0;
        for &value in values {
            let count = value as usize;
            largest = largest.max(count);
            self.counts[count] += 1;
        }
        let mut ties = Ties::default();
        let mut twice_by_count = [0; COUNTED_BELOW];
        twice_by_count[0] = ties.add(u64::from(self.counts[0]) + n_zeros);
        for (twice_rank, &n_equal) in twice_by_count.iter_mut().zip(&self.counts).take(largest + 1).skip(1) {
            *twice_rank = ties.add(u64::from(n_equal));
        }
        for (twice_rank, &value) in self.twice_ranks.iter_mut().zip(values) {
            *twice_rank = twice_by_count[value as usize];
        }
        RankSummary { twice_zero_rank: twice_by_count[0], tie_term: ties.term() }
    }

    fn rank_sorted(&mut self, n_zeros: u64) -> RankSummary {
        let n_negative = self.entries.partition_point(|&entry| (entry >> 32) < u64::from(ZERO_KEY));
        let n_to_zero = self.entries.partition_point(|&entry| (entry >> 32) <= u64::from(ZERO_KEY));
        let mut ties = Ties::default();
        ties.assign(&self.entries[..n_negative], &mut self.twice_ranks);
        let twice_zero_rank = ties.add((n_to_zero - n_negative) as u64 + n_zeros);
        for &entry in &self.entries[n_negative..n_to_zero] {
            self.twice_ranks[position(entry)] = twice_zero_rank;
        }
        ties.assign(&self.entries[n_to_zero..], &mut self.twice_ranks);
        RankSummary { twice_zero_rank, tie_term: ties.term() }
    }

    /// Least significant digit first; a digit all keys share takes no pass.
    fn sort_by_radix(&mut self) {
        self.counts.clear();
        self.counts.resize(N_PASSES * N_DIGITS, 0);
        for &entry in &self.entries {
            for (pass, counts) in self.counts.chunks_exact_mut(N_DIGITS).enumerate() {
                counts[digit(entry, pass)] += 1;
            }
        }
        let n = self.entries.len();
        self.spare.resize(n, 0);
        for (pass, counts) in self.counts.chunks_exact_mut(N_DIGITS).enumerate() {
            if counts[digit(self.entries[0], pass)] as usize == n {
                continue;
            }
            counts_to_starts(counts);
            for &entry in &self.entries {
                let start = &mut counts[digit(entry, pass)];
                self.spare[*start as usize] = entry;
                *start += 1;
            }
            std::mem::swap(&mut self.entries, &mut self.spare);
        }
    }
}

fn is_counted(value: f32) -> bool {
    // `as` takes NaN and negative values to 0.
    let whole = value as u32;
    whole < COUNTED_BELOW as u32 && whole as f32 == value
}

/// Whole numbers in the order of the values.
fn key(value: f32) -> u32 {
    if value.is_nan() {
        return u32::MAX;
    }
    let bits = (value + 0.0).to_bits(); // −0 + 0 is 0
    if bits >> 31 == 1 { !bits } else { bits | ZERO_KEY }
}

fn position(entry: u64) -> usize {
    entry as u32 as usize
}

fn digit(entry: u64, pass: usize) -> usize {
    (entry >> (32 + DIGIT_BITS * pass as u32)) as usize & (N_DIGITS - 1)
}

fn counts_to_starts(counts: &mut [u32]) {
    let mut start = 0;
    for count in counts {
        start += std::mem::replace(count, start);
    }
}

/// Walks up groups of equal values.
#[derive(Default)]
struct Ties {
    n_below: u64,
    cubes: u128,
}

impl Ties {
    /// Twice the rank of the next group.
    fn add(&mut self, n_equal: u64) -> u64 {
        let twice_rank = 2 * self.n_below + n_equal + 1;
        self.n_below += n_equal;
        if n_equal > 1 {
            let n = u128::from(n_equal);
            self.cubes += n * n * n - n;
        }
        twice_rank
    }

    fn assign(&mut self, sorted: &[u64], twice_ranks: &mut [u64]) {
        let mut rest = sorted;
        while let Some(&first) = rest.first() {
            let n_equal = 1 + rest[1..].iter().take_while(|&&entry| entry >> 32 == first >> 32).count();
            let (group, above) = rest.split_at(n_equal);
            let twice_rank = self.add(n_equal as u64);
            for &entry in group {
                twice_ranks[position(entry)] = twice_rank;
            }
            rest = above;
        }
    }

    fn term(&self) -> f64 {
        self.cubes as f64
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::stats::{average_ranks, oracle};

    fn assert_matches_average_ranks(values: &[f32], n_zeros: usize) {
        let mut ranks = SparseRanks::default();
        ranks.rank(&[5.5, 5.5, -1.0], 7); // leaves its buffers behind
        let summary = ranks.rank(values, n_zeros);
        let zeros = std::iter::repeat_n(0.0, n_zeros);
        let all: Vec<f64> = values.iter().map(|&value| f64::from(value)).chain(zeros).collect();
        let expected: Vec<u64> = average_ranks(&all).iter().map(|rank| (2.0 * rank) as u64).collect();
        assert_eq!(ranks.twice_ranks(), &expected[..values.len()]);
        if n_zeros > 0 {
            assert_eq!(summary.twice_zero_rank, expected[values.len()]);
        }
        let mut sorted = expected;
        sorted.sort_unstable();
        let cube = |n: usize| (n * n * n - n) as f64;
        let ties: f64 = sorted.chunk_by(|a, b| a == b).map(|group| cube(group.len())).sum();
        assert_eq!(summary.tie_term, ties);
    }

    #[test]
    fn oracle_sample_has_the_tie_term_of_scipy() {
        let (x, y) = oracle::sample();
        let all: Vec<f32> = x.iter().chain(&y).map(|&value| value as f32).collect();
        assert_matches_average_ranks(&all, 0);
        let halves: Vec<f32> = all.iter().map(|&value| value * 0.5).collect();
        assert_matches_average_ranks(&halves, 0);
    }

    #[test]
    fn negative_values_rank_below_zeros() {
        let mut ranks = SparseRanks::default();
        let summary = ranks.rank(&[0.5, -2.0, -0.5], 4);
        assert_eq!(ranks.twice_ranks(), [14, 2, 4]);
        assert_eq!((summary.twice_zero_rank, summary.tie_term), (9, 60.0));
    }

    #[test]
    fn listed_zeros_of_either_sign_tie_with_the_unlisted() {
        assert_matches_average_ranks(&[0.0, -0.0, 0.5, -0.5], 2);
        assert_matches_average_ranks(&[0.0, -0.0, 3.0], 2);
    }

    #[test]
    fn nan_ranks_last() {
        let mut ranks = SparseRanks::default();
        ranks.rank(&[f32::NAN, f32::INFINITY, -f32::NAN, f32::NEG_INFINITY], 1);
        assert_eq!(ranks.twice_ranks(), [9, 6, 9, 2]);
    }

    #[test]
    fn nothing_listed_is_all_ties() {
        let mut ranks = SparseRanks::default();
        let summary = ranks.rank(&[], 1_000_000);
        assert_eq!((summary.twice_zero_rank, summary.tie_term), (1_000_001, 999_999_999_999_000_000.0));
        assert!(ranks.twice_ranks().is_empty());
    }

    proptest! {
        #[test]
        fn short_lists(values in prop::collection::vec(-4_i8..5, 0..60), scale in 1_u8..4, n_zeros in 0_usize..20) {
            let values: Vec<f32> = values.iter().map(|&value| f32::from(value) / f32::from(scale)).collect();
            assert_matches_average_ranks(&values, n_zeros);
        }

        #[test]
        fn long_lists(values in prop::collection::vec(-9e9_f32..9e9, RADIX_FROM..800), n_zeros in 0_usize..2000) {
            assert_matches_average_ranks(&values, n_zeros);
            let rounded: Vec<f32> = values.iter().map(|value| (value / 1e8).round() * 0.3).collect();
            assert_matches_average_ranks(&rounded, n_zeros);
        }

        #[test]
        fn counts(values in prop::collection::vec(0_u16..1024, 0..500), n_zeros in 0_usize..2000) {
            let values: Vec<f32> = values.iter().map(|&value| f32::from(value)).collect();
            assert_matches_average_ranks(&values, n_zeros);
        }
    }
}
