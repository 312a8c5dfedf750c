//! Random sets of ranks, a function of the seed and of what they are for.
//!
//! ChaCha8; every random order of genes and every multilevel run has a stream of its own, so that what a set gets
//! depends neither on the other sets nor on their order.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;

use crate::stats::draw_below;

const MULTILEVEL_STREAMS: u64 = 1 << 32;

/// The generator of the random order `number`.
pub(super) fn order_rng(seed: u64, number: usize) -> ChaCha8Rng {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    rng.set_stream(number as u64);
    rng
}

/// The generator of the multilevel run for sets of that size, of positive or negative scores.
pub(super) fn multilevel_rng(seed: u64, size: usize, is_positive: bool) -> ChaCha8Rng {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    rng.set_stream(MULTILEVEL_STREAMS + 2 * size as u64 + u64::from(is_positive));
    rng
}

/// Draws without replacement from `0..n`, in growing prefixes of one random order.
#[derive(Clone, Debug)]
pub(super) struct PrefixSampler {
    order: Vec<u32>,
    swaps: Vec<u32>,
    sorted: Vec<u32>,
}

impl PrefixSampler {
    /// A sampler from `0..n`.
    pub(super) fn new(n: usize) -> Self {
        Self { order: (0..n as u32).collect(), swaps: Vec::new(), sorted: Vec::new() }
    }

    /// Forgets what was drawn; what comes next depends only on the generator.
    pub(super) fn restart(&mut self) {
        for (at, &other) in self.swaps.iter().enumerate().rev() {
            self.order.swap(at, other as usize);
        }
        self.swaps.clear();
        self.sorted.clear();
    }

    /// Draws on until there are `size` (below `n`); all drawn so far, ascending.
    pub(super) fn extend_to(&mut self, size: usize, rng: &mut ChaCha8Rng) -> &[u32] {
        for at in self.sorted.len()..size {
            let other = at + draw_below(rng, (self.order.len() - at) as u32) as usize;
            self.order.swap(at, other);
            self.swaps.push(other as u32);
            let drawn = self.order[at];
            let place = self.sorted.partition_point(|&earlier| earlier < drawn);
            self.sorted.insert(place, drawn);
        }
        &self.sorted
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_prefix_does_not_depend_on_what_is_drawn_after_or_before() {
        let mut sampler = PrefixSampler::new(50);
        let first = sampler.extend_to(7, &mut order_rng(3, 1)).to_vec();
        sampler.restart();
        let mut rng = order_rng(3, 1);
        assert_eq!(sampler.extend_to(7, &mut rng), first);
        let longer = sampler.extend_to(20, &mut rng).to_vec();
        assert!(first.iter().all(|drawn| longer.contains(drawn)));
        assert!(longer.is_sorted_by(|a, b| a < b));
        sampler.restart();
        assert_ne!(sampler.extend_to(7, &mut order_rng(3, 2)), first);
    }

    #[test]
    fn every_position_is_drawn_equally_often() {
        let (mut sampler, mut counts) = (PrefixSampler::new(8), [0_i32; 8]);
        for number in 0..4000 {
            sampler.restart();
            let drawn = sampler.extend_to(3, &mut order_rng(1, number));
            for &drawn in drawn {
                counts[drawn as usize] += 1;
            }
        }
        // Expected 1500 with standard deviation 31.
        assert!(counts.iter().all(|count| (count - 1500).abs() < 125), "{counts:?}");
    }
}
