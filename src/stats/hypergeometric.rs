//! The hypergeometric upper tail as a logarithm: how often a random draw hits a set at least as often as this one.
//!
//! P(X ≥ k) for n of N things drawn without replacement, K of them marked (Fisher's one-sided test; R
//! `phyper(k - 1, K, N - K, n, lower = FALSE)`, SciPy `hypergeom.sf(k - 1, N, K, n)`). The chance at k comes from a
//! table of ln n!, its neighbours by their ratio, and a sum ends where its terms no longer count. Above the most
//! likely outcome the upper tail is summed, below it the lower one, and ln P = ln(1 − lower).
//!
//! ln n! itself has too few digits left after nine of them are added (ln 36,000! is 3.4e5), so the table holds each as
//! a multiple of 2⁻²⁴, whose sums are exact, and the rest. n! is carried along as a product of about 80 bits.
//!
//! Rules: k at or below the smallest possible number of hits has ln P = 0, k above the largest −∞; an empty set, an
//! empty selection and a set of everything are ordinary cases of these. Counts are whole, so there is no NaN.

use std::f64::consts::LN_2;

/// What the f64 `LN_2` lacks of ln 2.
const LN_2_REST: f64 = 2.319_046_813_846_299_6e-17;
/// Multiples of its inverse below 2²⁹ add up without rounding.
const COARSE: f64 = 16_777_216.0;
/// Up to here sums of the table are exact: 2·MAX·log2(MAX) < 2²⁹.
const MAX_ENTRY: usize = 10_000_000;
const NEGLIGIBLE: f64 = 1e-17;

/// ln 0!, ln 1!, …, each to 2e-16 absolute.
///
/// # Examples
/// ```
/// use featurescope::stats::{LnFactorials, ln_hypergeometric_sf};
/// let table = LnFactorials::new(20_000);
/// assert!((table.ln_choose(5, 2) - 10.0_f64.ln()).abs() < 1e-15);
/// let ln_p = ln_hypergeometric_sf(&table, 30, 200, 300, 20_000);
/// assert!((ln_p.exp() / 1.896_666_950_718e-21 - 1.0).abs() < 1e-12);
/// ```
#[derive(Clone, Debug)]
pub struct LnFactorials {
    entries: Vec<Split>,
}

/// A number as a multiple of 2⁻²⁴ and a rest below 2.
#[derive(Clone, Copy, Debug, Default)]
struct Split {
    coarse: f64,
    fine: f64,
}

impl Split {
    fn plus(self, other: Self) -> Self {
        Self { coarse: self.coarse + other.coarse, fine: self.fine + other.fine }
    }

    fn minus(self, other: Self) -> Self {
        Self { coarse: self.coarse - other.coarse, fine: self.fine - other.fine }
    }

    fn value(self) -> f64 {
        self.coarse + self.fine
    }
}

impl LnFactorials {
    /// The table up to ln `max`!, 16 bytes a number.
    ///
    /// # Panics
    /// If `max` is above ten million: no universe of genes is.
    #[must_use]
    pub fn new(max: usize) -> Self {
        assert!(max <= MAX_ENTRY, "a table of ln n! up to {max}, of which {MAX_ENTRY} keep their digits");
        let mut product = Product { hi: 1.0, lo: 0.0, exponent: 0.0 };
        let mut entries = vec![Split::default()];
        entries.extend((1..=max as u32).map(|n| {
            product.multiply(f64::from(n));
            product.ln()
        }));
        Self { entries }
    }

    /// The largest n with an entry.
    pub fn max(&self) -> usize {
        self.entries.len() - 1
    }

    /// ln n!.
    ///
    /// # Panics
    /// If n is above [`Self::max`].
    pub fn ln_factorial(&self, n: usize) -> f64 {
        self.entries[n].value()
    }

    /// ln of the number of ways to choose k of n; −∞ if k is above n.
    ///
    /// # Panics
    /// If n is above [`Self::max`].
    pub fn ln_choose(&self, n: usize, k: usize) -> f64 {
        if k > n { f64::NEG_INFINITY } else { self.choose(n, k).value() }
    }

    fn choose(&self, n: usize, k: usize) -> Split {
        self.entries[n].minus(self.entries[k]).minus(self.entries[n - k])
    }
}

/// hi + lo in 1..2 times 2 to the exponent.
struct Product {
    hi: f64,
    lo: f64,
    exponent: f64,
}

impl Product {
    /// Multiplies by a whole number below 2²⁴.
    fn multiply(&mut self, factor: f64) {
        // The upper 29 bits of hi and the lower 24: either times the factor is exact.
        let upper = f64::from_bits(self.hi.to_bits() & !0xff_ffff);
        let (large, small) = (upper * factor, (self.hi - upper) * factor + self.lo * factor);
        let hi = large + small;
        let lo = small - (hi - large);
        let power = f64::from_bits(hi.to_bits() & (0x7ff << 52));
        self.exponent += f64::from((power.to_bits() >> 52) as i32 - 1023);
        (self.hi, self.lo) = (hi / power, lo / power);
    }

    fn ln(&self) -> Split {
        let ln_2_coarse = (LN_2 * COARSE).floor() / COARSE;
        let ln_2_fine = (LN_2 - ln_2_coarse) + LN_2_REST;
        let ln_mantissa = libm::log(self.hi) + self.lo / self.hi;
        Split { coarse: self.exponent * ln_2_coarse, fine: self.exponent * ln_2_fine + ln_mantissa }
    }
}

/// ln P(X ≥ `n_hits`), at most 0: the chance that `n_selected` of `universe` things drawn at random hold that many of a
/// set's `set_size`. Right to 1e-13 relative in either tail; one-sided, uncorrected.
///
/// # Panics
/// If the set or the selection is larger than the universe, or the universe above the table's
/// [`max`](LnFactorials::max): the caller's bug.
pub fn ln_hypergeometric_sf(
    factorials: &LnFactorials,
    n_hits: usize,
    set_size: usize,
    n_selected: usize,
    universe: usize,
) -> f64 {
    let draw = Draw::new(set_size, n_selected, universe);
    assert!(universe <= factorials.max(), "a universe of {universe} and a table to {}", factorials.max());
    if n_hits <= draw.fewest() {
        return 0.0;
    }
    if n_hits > draw.most() {
        return f64::NEG_INFINITY;
    }
    // The most likely outcome is the floor of (n + 1)(K + 1)/(N + 2).
    let mode = (n_selected as f64 + 1.0) * (set_size as f64 + 1.0) / (universe as f64 + 2.0);
    if n_hits as f64 >= mode {
        return (draw.ln_pmf(factorials, n_hits) + libm::log(draw.sum_up(n_hits))).min(0.0);
    }
    let below = n_hits - 1;
    let lower = libm::exp(draw.ln_pmf(factorials, below)) * draw.sum_down(below);
    libm::log1p(-lower.min(1.0))
}

/// Odds ratio of a set among the selected with half a count added to every cell of the table (Haldane, Anscombe):
/// (k + ½)(N − K − n + k + ½) / ((K − k + ½)(n − k + ½)). Positive and finite; above 1 if the set is hit more often.
///
/// # Panics
/// If the four counts cannot occur together: the caller's bug.
pub fn haldane_odds_ratio(n_hits: usize, set_size: usize, n_selected: usize, universe: usize) -> f64 {
    let draw = Draw::new(set_size, n_selected, universe);
    assert!(
        (draw.fewest()..=draw.most()).contains(&n_hits),
        "{n_hits} hits of a set of {set_size} among {n_selected} of {universe}"
    );
    let half_more = |count: usize| count as f64 + 0.5;
    let neither = universe + n_hits - set_size - n_selected;
    half_more(n_hits) * half_more(neither) / (half_more(set_size - n_hits) * half_more(n_selected - n_hits))
}

#[derive(Clone, Copy)]
struct Draw {
    marked: usize,
    drawn: usize,
    all: usize,
}

impl Draw {
    fn new(marked: usize, drawn: usize, all: usize) -> Self {
        assert!(marked <= all && drawn <= all, "a set of {marked} and a selection of {drawn} in a universe of {all}");
        Self { marked, drawn, all }
    }

    fn fewest(self) -> usize {
        (self.marked + self.drawn).saturating_sub(self.all)
    }

    fn most(self) -> usize {
        self.marked.min(self.drawn)
    }

    fn ln_pmf(self, factorials: &LnFactorials, k: usize) -> f64 {
        let hits = factorials.choose(self.marked, k);
        let others = factorials.choose(self.all - self.marked, self.drawn - k);
        hits.plus(others).minus(factorials.choose(self.all, self.drawn)).value()
    }

    /// Σ pmf(i)/pmf(start) over i ≥ start.
    fn sum_up(self, start: usize) -> f64 {
        let (marked, drawn) = (self.marked as f64, self.drawn as f64);
        let unmarked_left = self.all as f64 - marked - drawn;
        sum_of_products(start as f64, self.most() - start, 1.0, |k| {
            (marked - k) * (drawn - k) / ((k + 1.0) * (unmarked_left + k + 1.0))
        })
    }

    /// Σ pmf(i)/pmf(start) over i ≤ start.
    fn sum_down(self, start: usize) -> f64 {
        let (marked, drawn) = (self.marked as f64, self.drawn as f64);
        let unmarked_left = self.all as f64 - marked - drawn;
        sum_of_products(start as f64, start - self.fewest(), -1.0, |k| {
            k * (unmarked_left + k) / ((marked - k + 1.0) * (drawn - k + 1.0))
        })
    }
}

/// 1 + r(at) + r(at)r(at + step) + …, until the terms no longer count; the ratios must fall.
fn sum_of_products(mut at: f64, n_more: usize, step: f64, ratio: impl Fn(f64) -> f64) -> f64 {
    let (mut sum, mut term) = (1.0, 1.0);
    for _ in 0..n_more {
        term *= ratio(at);
        sum += term;
        if term < NEGLIGIBLE * sum {
            break;
        }
        at += step;
    }
    sum
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::stats::ln_gamma;

    #[test]
    fn golden_tails_match_mpmath() {
        let table = LnFactorials::new(36_000);
        let golden = [
            (30, 200, 300, 20_000, -47.714_188_843_641_41),
            (300, 400, 500, 36_000, -1_176.739_722_041_802),
            (26, 493, 449, 14_807, -5.400_046_680_683_289),
        ];
        for (k, set, n, universe, expected) in golden {
            let found = ln_hypergeometric_sf(&table, k, set, n, universe);
            assert!(
                (found / expected - 1.0).abs() < 1e-15 * 4.0,
                "{k} {set} {n} {universe}: {found} is not {expected}"
            );
        }
    }

    #[test]
    fn factorials_match_ln_gamma_and_small_products() {
        let table = LnFactorials::new(1_000_000);
        for n in [0, 1, 2, 3, 10, 170, 14_053, 36_000, 999_999, 1_000_000] {
            let expected = ln_gamma(n as f64 + 1.0);
            assert!((table.ln_factorial(n) - expected).abs() <= 4e-16 * expected, "{n}");
        }
        assert!((table.ln_choose(1_000_000, 1) - 1e6_f64.ln()).abs() < 2e-15);
        assert!((table.ln_choose(999_999, 999_998) - 999_999_f64.ln()).abs() < 2e-15);
        assert_eq!(table.ln_choose(3, 4), f64::NEG_INFINITY);
        assert_eq!(table.max(), 1_000_000);
    }

    #[test]
    fn certain_and_impossible_hits() {
        let table = LnFactorials::new(100);
        let ln_p = |k, set, n, universe| ln_hypergeometric_sf(&table, k, set, n, universe);
        assert_eq!(ln_p(0, 10, 20, 100), 0.0);
        assert_eq!(ln_p(5, 85, 20, 100), 0.0);
        assert!(ln_p(6, 85, 20, 100) < 0.0);
        assert_eq!(ln_p(11, 10, 20, 100), f64::NEG_INFINITY);
        assert_eq!(ln_p(1, 0, 20, 100), f64::NEG_INFINITY);
        assert_eq!(ln_p(20, 100, 20, 100), 0.0);
        assert_eq!(ln_p(0, 0, 0, 0), 0.0);
    }

    #[test]
    fn near_one_the_complement_keeps_its_digits() {
        // P(X ≥ 1) = 1 − C(50, 30)/C(100, 30).
        let table = LnFactorials::new(100);
        let none: f64 = (0..30).map(|at| f64::from(50 - at) / f64::from(100 - at)).product();
        let found = ln_hypergeometric_sf(&table, 1, 50, 30, 100);
        let expected = (-none).ln_1p();
        assert!((found / expected - 1.0).abs() < 1e-14, "{found} is not {expected}");
    }

    #[test]
    fn odds_ratio_adds_half_a_count() {
        assert_eq!(haldane_odds_ratio(0, 0, 0, 0), 1.0);
        assert_eq!(haldane_odds_ratio(2, 3, 5, 20), 2.5 * 14.5 / (1.5 * 3.5));
    }

    proptest! {
        #[test]
        fn equals_summing_all_outcomes(universe in 1_usize..80, set in 0_usize..80, n in 0_usize..80, k in 0_usize..80) {
            let (set, n) = (set.min(universe), n.min(universe));
            let choose = |n: usize, k: usize| -> f64 {
                if k > n { 0.0 } else { (0..k).map(|at| (n - at) as f64 / (k - at) as f64).product() }
            };
            let hits = |at| choose(set, at) * choose(universe - set, n - at);
            let expected = (k..=n).map(hits).sum::<f64>() / choose(universe, n);
            let found = ln_hypergeometric_sf(&LnFactorials::new(80), k, set, n, universe).exp();
            prop_assert!((found - expected).abs() <= 1e-13 * expected, "{} is not {}", found, expected);
        }
    }
}
