//! The exact two-sided binomial test.
//!
//! p = the sum of the chances of all outcomes no likelier than the observed one, with a tolerance of 1 + 1e-7 for
//! rounding (R `binom.test`, SciPy `binomtest`). Chances by Loader's saddle-point expansion (C. Loader, "Fast and
//! accurate computation of binomial probabilities", 2000), which keeps 14 digits for any n; neighbours by their ratio,
//! and a sum ends where its terms no longer count. An outcome exactly at the mean has p = 1. A chance of success
//! of 0 or 1 leaves one possible outcome.

use std::f64::consts::PI;

use super::gamma::stirling_error;

const TOLERANCE: f64 = 1e-7;
const NEGLIGIBLE: f64 = 1e-18;

/// ln of the two-sided p of `n_hits` successes in `n_trials`, each with that chance; at most 0.
///
/// # Panics
/// If there are more hits than trials or the chance is not in 0..=1: the caller's bug.
pub fn ln_binomial_test(n_hits: usize, n_trials: usize, chance: f64) -> f64 {
    assert!(n_hits <= n_trials, "{n_hits} hits in {n_trials} trials");
    assert!((0.0..=1.0).contains(&chance), "a chance of {chance}");
    let binomial = Binomial { n: n_trials, p: chance, q: 1.0 - chance };
    let mean = n_trials as f64 * chance;
    if n_hits as f64 == mean {
        return 0.0;
    }
    if chance == 0.0 || chance == 1.0 {
        return f64::NEG_INFINITY;
    }
    let ln_observed = binomial.ln_pmf(n_hits);
    let is_unlikelier = |outcome: usize| binomial.ln_pmf(outcome) <= ln_observed + libm::log1p(TOLERANCE);
    let (below_mean, above_mean) = (mean.floor() as usize, mean.ceil() as usize);
    let (near, far_start) = if (n_hits as f64) < mean {
        let start = first_where(above_mean, n_trials + 1, is_unlikelier);
        (binomial.sum_down(n_hits), (start <= n_trials).then(|| (start, binomial.sum_up(start))))
    } else {
        // Outcomes 0..n_left are no likelier; likelihood rises towards the mean.
        let n_left = first_where(0, below_mean + 1, |outcome| !is_unlikelier(outcome));
        (binomial.sum_up(n_hits), n_left.checked_sub(1).map(|last| (last, binomial.sum_down(last))))
    };
    let far = far_start.map_or(0.0, |(at, sum)| sum * libm::exp(binomial.ln_pmf(at) - ln_observed));
    (ln_observed + libm::log(near + far)).min(0.0)
}

/// The two-sided p, 0 to 1.
///
/// # Examples
/// ```
/// let p = featurescope::stats::binomial_test(10, 10, 0.25);
/// assert!((p - 0.25_f64.powi(10)).abs() < 1e-18);
/// ```
///
/// # Panics
/// As [`ln_binomial_test`].
pub fn binomial_test(n_hits: usize, n_trials: usize, chance: f64) -> f64 {
    libm::exp(ln_binomial_test(n_hits, n_trials, chance))
}

/// The first position of `start..end` where a condition that stays true is true, or `end`.
fn first_where(start: usize, end: usize, is_true: impl Fn(usize) -> bool) -> usize {
    let (mut low, mut high) = (start, end.max(start));
    while low < high {
        let middle = low + (high - low) / 2;
        if is_true(middle) {
            high = middle;
        } else {
            low = middle + 1;
        }
    }
    low
}

struct Binomial {
    n: usize,
    p: f64,
    q: f64,
}

impl Binomial {
    fn ln_pmf(&self, k: usize) -> f64 {
        let n = self.n as f64;
        if k == 0 {
            return n * libm::log1p(-self.p);
        }
        if k == self.n {
            return n * libm::log(self.p);
        }
        let (hits, misses) = (k as f64, (self.n - k) as f64);
        let corrections = stirling_error(n) - stirling_error(hits) - stirling_error(misses);
        let deviances = deviance(hits, n * self.p) + deviance(misses, n * self.q);
        corrections - deviances + 0.5 * libm::log(n / (2.0 * PI * hits * misses))
    }

    /// Σ pmf(i)/pmf(start) over i ≥ start.
    fn sum_up(&self, start: usize) -> f64 {
        let ratio = |at: usize| (self.n - at) as f64 * self.p / ((at + 1) as f64 * self.q);
        sum_of_products((start..self.n).map(ratio))
    }

    /// Σ pmf(i)/pmf(start) over i ≤ start.
    fn sum_down(&self, start: usize) -> f64 {
        let ratio = |at: usize| at as f64 * self.q / ((self.n - at + 1) as f64 * self.p);
        sum_of_products((1..=start).rev().map(ratio))
    }
}

/// 1 + r₁ + r₁r₂ + …, until the terms no longer count; the ratios must fall.
fn sum_of_products(ratios: impl Iterator<Item = f64>) -> f64 {
    let (mut sum, mut term) = (1.0, 1.0);
    for ratio in ratios {
        term *= ratio;
        sum += term;
        if term < NEGLIGIBLE * sum {
            break;
        }
    }
    sum
}

/// x ln(x/m) + m − x, without cancellation where x is near m.
fn deviance(x: f64, m: f64) -> f64 {
    if (x - m).abs() >= 0.1 * (x + m) {
        return x * libm::log(x / m) + m - x;
    }
    let v = (x - m) / (x + m);
    let mut sum = (x - m) * v;
    let mut power = 2.0 * x * v;
    for odd in (3_u32..).step_by(2) {
        power *= v * v;
        let next = sum + power / f64::from(odd);
        if next == sum {
            break;
        }
        sum = next;
    }
    sum
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const DIGITS: f64 = 2e-10; // golden numbers are given to ten digits

    #[test]
    fn golden_sets_match_the_paper() {
        let golden = [
            (56, 4, 22, 13431, 2.469_990_747e-6),
            (56, 3, 26, 13431, 1.862_216_996e-4),
            (56, 2, 25, 13431, 4.990_966_948e-3),
            (56, 5, 80, 13431, 2.224_012_601e-5),
            (56, 0, 500, 13431, 0.274_654_684_1),
            (10, 10, 5, 20, 9.536_743_164e-7),
            (10, 0, 5, 20, 0.076_041_221_62),
            (200, 20, 300, 2000, 0.047_472_705_53),
        ];
        for (n, k, set_size, n_genes, expected) in golden {
            let found = binomial_test(k, n, f64::from(set_size) / f64::from(n_genes));
            assert!((found / expected - 1.0).abs() < DIGITS, "({n}, {k}, {set_size}, {n_genes}): {found}");
        }
    }

    #[test]
    fn the_mean_itself_is_one_and_certainty_leaves_no_choice() {
        assert_eq!(binomial_test(5, 20, 0.25), 1.0);
        assert_eq!(binomial_test(0, 0, 0.3), 1.0);
        assert_eq!(binomial_test(3, 3, 1.0), 1.0);
        assert_eq!(binomial_test(2, 3, 1.0), 0.0);
        assert_eq!(binomial_test(1, 3, 0.0), 0.0);
    }

    #[test]
    fn tiny_p_keeps_its_logarithm() {
        let ln_p = ln_binomial_test(900, 1000, 1e-3);
        assert!(
            (ln_p - (binomial_ln_choose(1000, 900) + 900.0 * 1e-3_f64.ln() + 100.0 * (-1e-3_f64).ln_1p())).abs() < 0.01
        );
        assert_eq!(binomial_test(900, 1000, 1e-3), 0.0);
    }

    fn binomial_ln_choose(n: u32, k: u32) -> f64 {
        (0..k).map(|at| (f64::from(n - at) / f64::from(k - at)).ln()).sum()
    }

    proptest! {
        #[test]
        fn equals_summing_all_outcomes(n in 1_u32..60, k in 0_u32..60, chance in 0.001_f64..0.999) {
            let k = k.min(n);
            let pmf = |at: u32| {
                (binomial_ln_choose(n, at) + f64::from(at) * chance.ln() + f64::from(n - at) * (-chance).ln_1p()).exp()
            };
            let limit = pmf(k) * (1.0 + TOLERANCE);
            // An outcome within rounding of the limit may fall on either side.
            prop_assume!((0..=n).all(|at| (pmf(at) / limit - 1.0).abs() > 1e-10));
            let expected = (0..=n).map(pmf).filter(|&chance| chance <= limit).sum::<f64>().min(1.0);
            let found = binomial_test(k as usize, n as usize, chance);
            prop_assert!((found - expected).abs() <= 1e-11 * expected, "{} is not {}", found, expected);
        }
    }
}
