//! A Markov chain over sets of one size whose running sum goes above a bound.
//!
//! A move puts a random gene in the place of a random member and is taken back if the sum no longer exceeds the
//! bound, so the chain's stationary law is the uniform one over such sets (Korotkevich et al., bioRxiv 060012v3).
//! Most moves cost a few additions: the chain remembers a witness, a member after which the sum exceeds the bound,
//! and only when a move takes the witness below the bound are members walked through again, whole buckets of ranks
//! being skipped when even all of their weight at once would not reach the bound.
//!
//! Members are bits over the ranks. Sums are kept up to date in place and made anew for every bound, so rounding
//! stays near 1e-13, below [`TIE`]. A set without weight is scored with equal weights.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::Rng;

use super::null::TIE;
use super::score::extremes;

const WORD: usize = 64;

/// Buckets of neighbouring ranks, ends at multiples of 64, for sets of about the same members.
#[derive(Clone, Debug)]
pub(super) struct Buckets {
    bucket_of_word: Vec<u8>,
    word_ends: Vec<usize>,
}

impl Buckets {
    /// About 2√k buckets of as many members each, were all sets like these.
    pub(super) fn new(n_ranked: usize, sets: &[Vec<u32>]) -> Self {
        let n_words = n_ranked.div_ceil(WORD);
        let mut members_by_word = vec![0_usize; n_words];
        for &rank in sets.iter().flatten() {
            members_by_word[rank as usize / WORD] += 1;
        }
        let n_members: usize = members_by_word.iter().sum();
        let n_buckets = (2.0 * libm::sqrt(sets.first().map_or(1, Vec::len) as f64)) as usize;
        let n_buckets = n_buckets.clamp(1, 255);
        let (mut bucket_of_word, mut word_ends, mut seen) = (Vec::with_capacity(n_words), Vec::new(), 0);
        for (word, members) in members_by_word.into_iter().enumerate() {
            bucket_of_word.push(word_ends.len() as u8);
            seen += members;
            if seen * n_buckets >= n_members * (word_ends.len() + 1) && word_ends.len() + 1 < n_buckets {
                word_ends.push(word + 1);
            }
        }
        if word_ends.last() != Some(&n_words) {
            word_ends.push(n_words);
        }
        Self { bucket_of_word, word_ends }
    }

    fn of(&self, rank: u32) -> usize {
        usize::from(self.bucket_of_word[rank as usize / WORD])
    }
}

/// What all chains of a level share.
#[derive(Clone, Copy, Debug)]
pub(super) struct Level<'a> {
    pub(super) weights: &'a [f64],
    pub(super) buckets: &'a Buckets,
    /// Sets must have a running sum above this.
    pub(super) bound: f64,
}

/// A member after which the running sum exceeds the bound.
#[derive(Clone, Copy, Debug)]
struct Witness {
    rank: u32,
    /// Genes outside the set ranked before it.
    misses: f64,
    /// Weights of members up to and with it.
    hits: f64,
}

/// One chain; its room is used again from set to set.
#[derive(Clone, Debug, Default)]
pub(super) struct Chain {
    members: Vec<u32>,
    bits: Vec<u64>,
    weight_by_bucket: Vec<f64>,
    count_by_bucket: Vec<f64>,
    total: f64,
    n_weighted: usize,
    witness: Option<Witness>,
}

impl Chain {
    /// Starts from a set above the bound.
    pub(super) fn start(&mut self, level: &Level<'_>, set: &[u32]) {
        let n_buckets = level.buckets.word_ends.len();
        self.members.clear();
        self.members.extend_from_slice(set);
        self.bits.clear();
        self.bits.resize(level.weights.len().div_ceil(WORD), 0);
        self.weight_by_bucket.clear();
        self.weight_by_bucket.resize(n_buckets, 0.0);
        self.count_by_bucket.clear();
        self.count_by_bucket.resize(n_buckets, 0.0);
        (self.total, self.n_weighted, self.witness) = (0.0, 0, None);
        for &rank in set {
            self.flip(rank);
            let weight = level.weights[rank as usize];
            let bucket = level.buckets.of(rank);
            self.weight_by_bucket[bucket] += weight;
            self.count_by_bucket[bucket] += 1.0;
            self.total += weight;
            self.n_weighted += usize::from(weight > 0.0);
        }
    }

    /// The members, ascending.
    pub(super) fn sorted(&self) -> Vec<u32> {
        let mut members = Vec::with_capacity(self.members.len());
        for (word, &bits) in self.bits.iter().enumerate() {
            let mut left = bits;
            while left != 0 {
                members.push((word * WORD) as u32 + left.trailing_zeros());
                left &= left - 1;
            }
        }
        members
    }

    /// Tries that many moves; how many changed the set.
    pub(super) fn run(&mut self, level: &Level<'_>, n_tries: usize, rng: &mut ChaCha8Rng) -> usize {
        (0..n_tries).filter(|_| self.try_move(level, rng)).count()
    }

    /// One move. Both draws are scaled from 32 bits, so that chances differ by less than N/2³².
    fn try_move(&mut self, level: &Level<'_>, rng: &mut ChaCha8Rng) -> bool {
        let bits = rng.next_u64();
        let scale = |bits: u64, bound: usize| (((bits & 0xffff_ffff) * bound as u64) >> 32) as usize;
        let at = scale(bits, self.members.len());
        let (old, new) = (self.members[at], scale(bits >> 32, level.weights.len()) as u32);
        if self.contains(new) {
            return false;
        }
        let before = (self.total, self.witness);
        let (old_bucket, new_bucket) = (level.buckets.of(old), level.buckets.of(new));
        let sums = (self.weight_by_bucket[old_bucket], self.weight_by_bucket[new_bucket]);
        self.swap(level, at, old, new);
        if self.is_above(level) {
            return true;
        }
        self.swap(level, at, new, old);
        (self.total, self.witness) = before;
        (self.weight_by_bucket[old_bucket], self.weight_by_bucket[new_bucket]) = sums;
        false
    }

    fn contains(&self, rank: u32) -> bool {
        (self.bits[rank as usize / WORD] >> (rank as usize % WORD)) & 1 == 1
    }

    fn flip(&mut self, rank: u32) {
        self.bits[rank as usize / WORD] ^= 1 << (rank as usize % WORD);
    }

    fn swap(&mut self, level: &Level<'_>, at: usize, old: u32, new: u32) {
        let (old_weight, new_weight) = (level.weights[old as usize], level.weights[new as usize]);
        let (old_bucket, new_bucket) = (level.buckets.of(old), level.buckets.of(new));
        self.members[at] = new;
        self.flip(old);
        self.flip(new);
        self.weight_by_bucket[old_bucket] -= old_weight;
        self.count_by_bucket[old_bucket] -= 1.0;
        self.weight_by_bucket[new_bucket] += new_weight;
        self.count_by_bucket[new_bucket] += 1.0;
        self.total += new_weight - old_weight;
        self.n_weighted = self.n_weighted + usize::from(new_weight > 0.0) - usize::from(old_weight > 0.0);
        self.witness = self.witness.filter(|witness| witness.rank != old).map(|mut witness| {
            if old < witness.rank {
                witness.hits -= old_weight;
                witness.misses += 1.0;
            }
            if new < witness.rank {
                witness.hits += new_weight;
                witness.misses -= 1.0;
            }
            witness
        });
    }

    /// Whether the running sum exceeds the bound; finds a witness if it does.
    fn is_above(&mut self, level: &Level<'_>) -> bool {
        if self.n_weighted == 0 {
            self.witness = None;
            return extremes(level.weights, &self.sorted()).top() > level.bound + TIE;
        }
        // sum/total − misses/(N − k) > bound, multiplied by total.
        let per_miss = self.total / (level.weights.len() - self.members.len()) as f64;
        let bound = (level.bound + TIE) * self.total;
        if self.witness.is_some_and(|witness| witness.hits - witness.misses * per_miss > bound) {
            return true;
        }
        self.witness = self.find_witness(level, per_miss, bound);
        self.witness.is_some()
    }

    fn find_witness(&self, level: &Level<'_>, per_miss: f64, bound: f64) -> Option<Witness> {
        let (mut hits, mut seen, mut start) = (0.0, 0.0, 0);
        for (bucket, &end) in level.buckets.word_ends.iter().enumerate() {
            let misses_before = (start * WORD) as f64 - seen;
            // Not even all weights at once would do from here on.
            if self.total - misses_before * per_miss <= bound {
                return None;
            }
            if hits + self.weight_by_bucket[bucket] - misses_before * per_miss > bound {
                let found =
                    self.find_in(level, start..end, (hits, seen), |hits, misses| hits - misses * per_miss > bound);
                if found.is_some() {
                    return found;
                }
            }
            hits += self.weight_by_bucket[bucket];
            seen += self.count_by_bucket[bucket];
            start = end;
        }
        None
    }

    fn find_in(
        &self,
        level: &Level<'_>,
        words: std::ops::Range<usize>,
        (mut hits, mut seen): (f64, f64),
        is_above: impl Fn(f64, f64) -> bool,
    ) -> Option<Witness> {
        for word in words {
            let mut bits = self.bits[word];
            while bits != 0 {
                let rank = (word * WORD + bits.trailing_zeros() as usize) as u32;
                hits += level.weights[rank as usize];
                let misses = f64::from(rank) - seen;
                if is_above(hits, misses) {
                    return Some(Witness { rank, misses, hits });
                }
                seen += 1.0;
                bits &= bits - 1;
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use rand_chacha::rand_core::SeedableRng;

    use super::*;

    #[test]
    fn every_state_is_above_the_bound_and_sums_stay_true() {
        let weights: Vec<f64> = (0..400_u32).map(|rank| f64::from(rank.abs_diff(150)) / 250.0).collect();
        let set: Vec<u32> = (0..40).map(|at| at * 3).collect();
        let buckets = Buckets::new(400, std::slice::from_ref(&set));
        let bound = extremes(&weights, &set).top() - 0.2;
        let level = Level { weights: &weights, buckets: &buckets, bound };
        let (mut chain, mut rng) = (Chain::default(), ChaCha8Rng::seed_from_u64(1));
        chain.start(&level, &set);
        let n_moved: usize = (0..2000).map(|_| chain.run(&level, 1, &mut rng)).sum();
        assert!(n_moved > 200, "{n_moved}");
        let sorted = chain.sorted();
        assert!(sorted.len() == 40 && sorted.is_sorted_by(|a, b| a < b));
        assert!(extremes(&weights, &sorted).top() > bound);
        let total: f64 = sorted.iter().map(|&rank| weights[rank as usize]).sum();
        assert!((chain.total - total).abs() < 1e-11);
        assert!((chain.weight_by_bucket.iter().sum::<f64>() - total).abs() < 1e-11);
    }

    #[test]
    fn all_sets_above_the_bound_are_visited_equally_often() {
        let weights = [3.0, 2.0, 1.0, 0.0, 0.0, 1.0, 2.0, 4.0];
        let sets: Vec<Vec<u32>> =
            (0..8).flat_map(|a| (a + 1..8).flat_map(move |b| (b + 1..8).map(move |c| vec![a, b, c]))).collect();
        let bound = 0.3;
        let inside = sets.iter().filter(|set| extremes(&weights, set).top() > bound + TIE).count();
        let buckets = Buckets::new(8, &sets);
        let level = Level { weights: &weights, buckets: &buckets, bound };
        let (mut chain, mut rng) = (Chain::default(), ChaCha8Rng::seed_from_u64(2));
        chain.start(&level, &[0, 1, 2]);
        let mut counts = std::collections::BTreeMap::new();
        let n = 4000 * inside;
        for _ in 0..n {
            chain.run(&level, 9, &mut rng);
            *counts.entry(chain.sorted()).or_insert(0_i32) += 1;
        }
        assert_eq!(counts.len(), inside);
        // Expected 4000 each; successive states are nearly independent after nine tries.
        assert!(counts.values().all(|count| (count - 4000).abs() < 600), "{counts:?}");
    }
}
