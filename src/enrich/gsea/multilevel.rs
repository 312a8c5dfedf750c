//! Tail probabilities of the enrichment score by adaptive multilevel splitting, for p far below one in the number of
//! random sets.
//!
//! The method of Korotkevich et al. (bioRxiv 060012v3, fgsea `fgseaMultilevel`): n random sets are sorted by the
//! largest value S⁺ of their running sum; those not above the median are replaced by copies of the others, which then
//! wander by a Markov chain among sets above the median; and so on, each level about half as likely as the one
//! before. The chance of a level is the expectation of ln Beta(m + 1, n − m) for m of n survivors, −Σ_{j=m+1..n} 1/j;
//! with m = (n − 1)/2 that is fgsea's. P(ES ≥ x, ES > 0) is the product of the levels below x and the share, in the
//! level that spans x, of sets that reach x and whose score is positive. Negative scores are those of the reversed
//! ranking.
//!
//! Sets that tie with the median do not survive, so atoms of the distribution are counted once. Where nothing
//! survives, or levels have become rarer than `eps`, the ruler ends, and what lies beyond is said to be unreliable. A
//! chain gets as many tries at a level as it takes, at the acceptance measured there, to replace every member once on
//! average; the number does not depend on the chain's own luck.

use rand_chacha::ChaCha8Rng;

use super::chain::{Buckets, Chain, Level};
use super::null::TIE;
use super::random::PrefixSampler;
use super::score::extremes;

/// Tries per wanted move at most, where nearly all moves are taken back.
const MAX_TRIES_PER_MOVE: usize = 300;

/// ln of a tail probability and whether the ruler spans it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Tail {
    /// ln P(ES ≥ x, ES > 0) over all random sets of the size.
    pub(super) ln_p: f64,
    /// Whether levels reach x and most sets that reach it have a positive score; else p is likely too large.
    pub(super) is_reliable: bool,
}

/// Scores of the samples of one level.
#[derive(Clone, Debug)]
struct Scores {
    /// S⁺, ascending.
    tops: Vec<f64>,
    /// How many samples from each place on have a positive score.
    n_positive_from: Vec<usize>,
    /// ln of the chance of this level among all sets.
    ln_chance: f64,
}

/// The levels for sets of one size, grown step by step.
#[derive(Clone, Debug)]
pub(super) struct Ruler {
    samples: Vec<Vec<u32>>,
    levels: Vec<Scores>,
    rng: ChaCha8Rng,
    chain: Chain,
    target: f64,
    ln_eps: f64,
    is_stuck: bool,
}

impl Ruler {
    /// A ruler up to `target`, with levels down to a chance of about `exp(ln_eps)`.
    pub(super) fn new(
        weights: &[f64],
        size: usize,
        n_samples: usize,
        target: f64,
        ln_eps: f64,
        mut rng: ChaCha8Rng,
    ) -> Self {
        let mut sampler = PrefixSampler::new(weights.len());
        let samples = (0..n_samples).map(|_| {
            sampler.restart();
            sampler.extend_to(size, &mut rng).to_vec()
        });
        let samples = samples.collect();
        let mut ruler =
            Self { samples, levels: Vec::new(), rng, chain: Chain::default(), target, ln_eps, is_stuck: false };
        ruler.score(weights, 0.0);
        ruler
    }

    /// Whether the target or the smallest chance is reached, or no level can follow.
    pub(super) fn is_done(&self) -> bool {
        let last = self.last();
        self.is_stuck || bound_of(last) >= self.target - TIE || last.ln_chance < self.ln_eps
    }

    fn last(&self) -> &Scores {
        &self.levels[self.levels.len() - 1]
    }

    /// Adds a level; the number of moves tried.
    pub(super) fn step(&mut self, weights: &[f64]) -> usize {
        let (bound, ln_chance) = (bound_of(self.last()), self.last().ln_chance);
        let n_survivors = self.last().tops.iter().filter(|&&top| top > bound + TIE).count();
        if n_survivors == 0 {
            self.is_stuck = true;
            return 1;
        }
        let n_samples = self.samples.len();
        let survivors = self.samples.split_off(n_samples - n_survivors);
        let buckets = Buckets::new(weights.len(), &survivors);
        self.samples = (0..n_samples).map(|at| survivors[at % n_survivors].clone()).collect();
        let n_tries = self.wander(&Level { weights, buckets: &buckets, bound });
        self.score(weights, ln_chance + ln_beta_mean(n_survivors, n_samples));
        n_tries
    }

    /// Moves all samples: half the wanted moves to measure how many are taken, then the rest.
    fn wander(&mut self, level: &Level<'_>) -> usize {
        let size = self.samples[0].len();
        let n_first = size.div_ceil(2);
        let n_moved = self.run_chains(level, n_first);
        let acceptance = n_moved as f64 / (n_first * self.samples.len()) as f64;
        let n_wanted = (size as f64 / acceptance.max(1.0 / MAX_TRIES_PER_MOVE as f64)) as usize;
        let n_rest = n_wanted.saturating_sub(n_first);
        self.run_chains(level, n_rest);
        (n_first + n_rest) * self.samples.len()
    }

    fn run_chains(&mut self, level: &Level<'_>, n_tries: usize) -> usize {
        let mut n_moved = 0;
        for sample in &mut self.samples {
            self.chain.start(level, sample);
            n_moved += self.chain.run(level, n_tries, &mut self.rng);
            *sample = self.chain.sorted();
        }
        n_moved
    }

    /// Sorts the samples by S⁺ and remembers their scores as a level.
    fn score(&mut self, weights: &[f64], ln_chance: f64) {
        let mut scored: Vec<(f64, bool, Vec<u32>)> = std::mem::take(&mut self.samples)
            .into_iter()
            .map(|sample| {
                let found = extremes(weights, &sample);
                (found.top(), found.es() > 0.0, sample)
            })
            .collect();
        scored.sort_by(|a, b| a.0.total_cmp(&b.0));
        let mut n_positive_from = vec![0; scored.len() + 1];
        for (at, (_, is_positive, _)) in scored.iter().enumerate().rev() {
            n_positive_from[at] = n_positive_from[at + 1] + usize::from(*is_positive);
        }
        self.levels.push(Scores { tops: scored.iter().map(|scored| scored.0).collect(), n_positive_from, ln_chance });
        self.samples = scored.into_iter().map(|scored| scored.2).collect();
    }

    /// The chance of a score of at least `es` (above 0) by the levels there are.
    pub(super) fn tail(&self, es: f64) -> Tail {
        let spanning = self.levels.iter().find(|level| bound_of(level) >= es - TIE);
        let level = spanning.unwrap_or_else(|| self.last());
        let n_samples = level.tops.len();
        let start = level.tops.partition_point(|&top| top < es - TIE);
        let n_positive = level.n_positive_from[start];
        Tail {
            ln_p: (level.ln_chance + ln_beta_mean(n_positive, n_samples)).min(0.0),
            is_reliable: spanning.is_some() && 2 * n_positive >= n_samples - start,
        }
    }
}

/// The median S⁺ of a level.
fn bound_of(level: &Scores) -> f64 {
    level.tops[level.tops.len() / 2]
}

/// The mean of ln Beta(m + 1, n − m): ψ(m + 1) − ψ(n + 1).
fn ln_beta_mean(m: usize, n: usize) -> f64 {
    -(m + 1..=n).rev().map(|j| 1.0 / j as f64).sum::<f64>()
}
