//! Adjusting p-values over features × genes, tens of millions of them, from counts.
//!
//! As [`GlobalFamily`](super::GlobalFamily), but small p-values are counted in bins instead of kept: each bin is a range
//! of −ln p of 2⁻¹⁶ of its size, and knows how many are in it and the largest p of them. The adjusted p given is the
//! smallest p₍ⱼ₎·m/j over the last p-value of the own bin and of every bin of larger ones. The true one (Benjamini–
//! Hochberg) is the smallest over all larger p-values, so what is given is never too small, and too large by the width
//! of a bin at most: ln padj differs by less than −ln p · 2⁻¹⁶ (at p = 1e-10 a factor of 1.0004), and not at all where
//! bins hold one p-value each. Memory is a megabyte for every doubling of −ln p that occurs, 14 MB in practice, however
//! many p-values there are; counts add up to the same whatever the order and the shards.
//!
//! Rules: NaN (not tested, or too large to be of interest) counts as a test of p = 1. Only p-values up to a limit, which
//! all tests must have been worked out to, are adjusted: one at or above it is an upper bound (see `GlobalFamily`), and
//! those above e^−½ have 1.

/// Bins of one doubling of −ln p.
const N_BINS: usize = 1 << BIN_BITS;
const BIN_BITS: u32 = 16;
/// −ln p is counted from ½ on: the exponent bits of that.
const FIRST_EXPONENT: u64 = 1022;
/// Doublings: −ln p of 2^24 and more, for which Welch's t would have to be of millions of cells, share the last bin.
const N_DOUBLINGS: usize = 25;

/// How many p-values of each size there are.
///
/// # Examples
/// ```
/// use featurescope::lens::sound::FamilyCounts;
/// let mut counts = FamilyCounts::default();
/// counts.add(&[1e-6_f64.ln(), f64::NAN, 0.01_f64.ln(), f64::NAN]);
/// let family = counts.finish();
/// assert!((family.ln_padj(1e-6_f64.ln()).exp() / 4e-6 - 1.0).abs() < 1e-12);
/// assert!((family.ln_padj(0.01_f64.ln()).exp() / 0.02 - 1.0).abs() < 1e-12);
/// ```
#[derive(Clone, Debug, Default, PartialEq)]
pub struct FamilyCounts {
    n_tests: u64,
    /// By power of two of −ln p; empty ones have no bins.
    doublings: Vec<Vec<Bin>>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct Bin {
    n: u64,
    /// The largest of them, as −ln p (the smallest number).
    smallest: f64,
}

impl Bin {
    fn add(&mut self, other: Self) {
        if self.n == 0 || (other.n > 0 && other.smallest < self.smallest) {
            self.smallest = other.smallest;
        }
        self.n += other.n;
    }
}

/// Where −ln p is counted: doubling and bin; `None` below the first.
fn place(minus_ln_p: f64) -> Option<(usize, usize)> {
    let bits = minus_ln_p.to_bits();
    let doubling = (bits >> 52).checked_sub(FIRST_EXPONENT)? as usize;
    if doubling < N_DOUBLINGS {
        Some((doubling, (bits >> (52 - BIN_BITS)) as usize % N_BINS))
    } else {
        Some((N_DOUBLINGS - 1, N_BINS - 1))
    }
}

impl FamilyCounts {
    /// Counts the tests of one feature, ln p each; NaN counts as p = 1.
    ///
    /// # Shapes
    /// `ln_p_values` is `[n_genes]`, in any order; none is above 0.
    pub fn add(&mut self, ln_p_values: &[f64]) {
        self.n_tests += ln_p_values.len() as u64;
        for minus_ln_p in ln_p_values.iter().filter(|ln_p| **ln_p < 0.0).map(|ln_p| -ln_p) {
            if let Some((doubling, bin)) = place(minus_ln_p) {
                self.bins(doubling)[bin].add(Bin { n: 1, smallest: minus_ln_p });
            }
        }
    }

    /// Adds what another shard has counted.
    pub fn merge(&mut self, other: &Self) {
        self.n_tests += other.n_tests;
        for (doubling, bins) in other.doublings.iter().enumerate().filter(|(_, bins)| !bins.is_empty()) {
            self.bins(doubling).iter_mut().zip(bins).for_each(|(bin, other)| bin.add(*other));
        }
    }

    /// Number of tests counted.
    pub fn n_tests(&self) -> u64 {
        self.n_tests
    }

    /// Bins that are not empty, as another thread needs them: place, tests in it, and the smallest −ln p of them.
    pub fn bins_in_use(&self) -> impl Iterator<Item = (u32, u64, f64)> {
        let places = self.doublings.iter().enumerate().flat_map(|(doubling, bins)| {
            bins.iter().enumerate().map(move |(bin, counted)| ((doubling * N_BINS + bin) as u32, counted))
        });
        places.filter(|(_, bin)| bin.n > 0).map(|(place, bin)| (place, bin.n, bin.smallest))
    }

    /// Counts from [`Self::n_tests`] and [`Self::bins_in_use`]; `None` where there is no such place.
    #[must_use]
    pub fn from_bins(n_tests: u64, bins: impl Iterator<Item = (u32, u64, f64)>) -> Option<Self> {
        let mut counts = Self { n_tests, ..Self::default() };
        for (place, n, smallest) in bins {
            let place = place as usize;
            if place >= N_DOUBLINGS * N_BINS {
                return None;
            }
            counts.bins(place / N_BINS)[place % N_BINS].add(Bin { n, smallest });
        }
        Some(counts)
    }

    fn bins(&mut self, doubling: usize) -> &mut [Bin] {
        if self.doublings.len() <= doubling {
            self.doublings.resize(doubling + 1, Vec::new());
        }
        let bins = &mut self.doublings[doubling];
        if bins.is_empty() {
            bins.resize(N_BINS, Bin::default());
        }
        bins
    }

    /// The adjusted p-values.
    #[must_use]
    pub fn finish(self) -> CountedFamily {
        let n_tests = self.n_tests as f64;
        let mut n_smaller = 0;
        let mut ln_padj: Vec<Vec<f64>> = vec![Vec::new(); self.doublings.len()];
        // From the smallest p up: how many there are so far.
        for (doubling, bins) in self.doublings.iter().enumerate().rev() {
            let at_end = |bin: &Bin| {
                n_smaller += bin.n;
                if bin.n == 0 { 0.0 } else { libm::log(n_tests / n_smaller as f64) - bin.smallest }
            };
            ln_padj[doubling] = bins.iter().rev().map(at_end).collect();
        }
        // From the largest p down: the smallest so far.
        let mut smallest = 0.0_f64;
        for bins in &mut ln_padj {
            for ln_padj in bins.iter_mut().rev() {
                smallest = smallest.min(*ln_padj);
                *ln_padj = smallest;
            }
            bins.reverse();
        }
        CountedFamily { ln_padj }
    }
}

/// Adjusted p-values of all tests of a family, by the bin of their p.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct CountedFamily {
    ln_padj: Vec<Vec<f64>>,
}

impl CountedFamily {
    /// ln of the adjusted p of a test of the family, never too small; NaN for NaN.
    pub fn ln_padj(&self, ln_p_value: f64) -> f64 {
        if ln_p_value.is_nan() {
            return f64::NAN;
        }
        if ln_p_value >= 0.0 {
            return 0.0;
        }
        let found = place(-ln_p_value).and_then(|(doubling, bin)| self.ln_padj.get(doubling)?.get(bin));
        found.copied().unwrap_or(0.0)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::stats::benjamini_hochberg_ln_into;

    fn adjusted(ln_p: &[f64], n_family: usize) -> Vec<f64> {
        let mut ln_padj = Vec::new();
        benjamini_hochberg_ln_into(ln_p, Some(n_family), &mut Vec::new(), &mut ln_padj);
        ln_padj
    }

    fn counted(ln_p: &[f64], n_family: usize) -> CountedFamily {
        let mut counts = FamilyCounts::default();
        counts.add(ln_p);
        counts.add(&vec![f64::NAN; n_family - ln_p.len()]);
        counts.finish()
    }

    /// The width of the bin of a p-value, with some units of rounding.
    fn width(ln_p: f64) -> f64 {
        -ln_p * libm::exp2(-16.0) + 1e-14 * (1.0 - ln_p)
    }

    #[test]
    fn equal_p_values_and_lonely_ones_are_exact() {
        let ln_p = [-3.0, -3.0, -3.0, -9.0, -700.5, -30_000.0, -1.0];
        let (family, expected) = (counted(&ln_p, 40), adjusted(&ln_p, 40));
        for (ln_p, expected) in ln_p.into_iter().zip(expected) {
            assert!((family.ln_padj(ln_p) - expected).abs() < 1e-11, "{ln_p}");
        }
    }

    #[test]
    fn what_is_beyond_counting_is_safe() {
        let family = counted(&[f64::NEG_INFINITY, -1e9, 0.0, -0.1, -5.0], 5);
        assert!(family.ln_padj(-1e9) >= -1e9 && family.ln_padj(f64::NEG_INFINITY) >= -1e9);
        assert!((family.ln_padj(-5.0) - (-5.0 + libm::log(5.0 / 3.0))).abs() < 1e-14);
        assert_eq!((family.ln_padj(-0.1), family.ln_padj(0.0), family.ln_padj(-0.0)), (0.0, 0.0, 0.0));
        assert!(family.ln_padj(f64::NAN).is_nan());
        assert_eq!(FamilyCounts::default().finish().ln_padj(-3.0), 0.0);
    }

    #[test]
    fn shards_add_up_to_the_whole_bit_for_bit() {
        let ln_p: Vec<f64> = (1..4000).map(|at| -f64::from(at * 37 % 4001) / 97.0).collect();
        let mut whole = FamilyCounts::default();
        whole.add(&ln_p);
        let mut merged = FamilyCounts::default();
        for part in ln_p.rchunks(700) {
            let mut shard = FamilyCounts::default();
            shard.add(part);
            merged.merge(&shard);
        }
        assert_eq!(merged, whole);
        assert_eq!(FamilyCounts::from_bins(whole.n_tests(), whole.bins_in_use()), Some(whole));
        assert_eq!(FamilyCounts::from_bins(1, std::iter::once((u32::MAX, 1, 1.0))), None);
    }

    proptest! {
        #[test]
        fn never_too_small_and_too_large_by_a_bin_at_most(
            ln_p in prop::collection::vec(prop_oneof![-3.01_f64..-3.0, -60.0_f64..-0.5, -3000.0_f64..-0.5], 1..200),
            n_others in 0_usize..500,
        ) {
            let n_family = ln_p.len() + n_others;
            let (family, expected) = (counted(&ln_p, n_family), adjusted(&ln_p, n_family));
            for (&ln_p, expected) in ln_p.iter().zip(expected) {
                let found = family.ln_padj(ln_p);
                prop_assert!(found >= ln_p && found >= expected - 1e-14 * (1.0 - ln_p), "{} {}", found, expected);
                prop_assert!(found <= expected + width(ln_p), "{} {}", found, expected);
            }
        }
    }
}
