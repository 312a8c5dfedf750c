//! How well a p value is known, and which of two methods knows it better.
//!
//! The standard deviation of log2 p of n more extreme among N random sets is √(ψ₁(n + 1) − ψ₁(N + 1))/ln 2; of the
//! multilevel method with s samples, √(L·(ψ₁((s + 1)/2) − ψ₁(s + 1)))/ln 2 after L = ⌊1 − log2 p⌋ halvings (fgsea
//! `multilevelError`). For whole numbers differences of trigamma are sums of 1/j². The multilevel method is taken
//! where its error is below half the 95 % interval (Clopper & Pearson) of the other's log2 p, which is fgsea's rule.

use std::f64::consts::LN_2;

use crate::stats::ln_gamma;

/// Of log2 p = (n + 1)/(N + 1).
pub(super) fn simple_log2_error(n_more_extreme: usize, n_permutations: usize) -> f64 {
    libm::sqrt(inverse_squares(n_more_extreme + 1, n_permutations)) / LN_2
}

/// Of log2 p by the multilevel method.
pub(super) fn multilevel_log2_error(ln_p: f64, sample_size: usize) -> f64 {
    let n_levels = (1.0 - ln_p / LN_2).floor().max(0.0);
    libm::sqrt(n_levels * inverse_squares(sample_size.div_ceil(2), sample_size)) / LN_2
}

/// Sum of 1/j² over `first..=last`: trigamma(first) − trigamma(last + 1).
fn inverse_squares(first: usize, last: usize) -> f64 {
    (first..=last).rev().map(|j| 1.0 / (j as f64 * j as f64)).sum()
}

/// The number of more extreme random sets from which on counting them is more precise than the multilevel method.
pub(super) fn fewest_to_count(n_permutations: usize, sample_size: usize) -> usize {
    let is_counted = |n: usize| {
        let ln_p = libm::log((n + 1) as f64 / (n_permutations + 1) as f64);
        multilevel_log2_error(ln_p, sample_size) >= half_interval(n, n_permutations)
    };
    // The interval of a count shrinks faster than the levels grow fewer.
    let (mut low, mut high) = (0, n_permutations);
    while low < high {
        let middle = usize::midpoint(low, high);
        if is_counted(middle) { high = middle } else { low = middle + 1 }
    }
    low
}

/// The longer side of the 95 % interval of log2 p around (n + 1)/(N + 1), halved; infinite for n = 0.
fn half_interval(n: usize, n_permutations: usize) -> f64 {
    let center = libm::log2((n + 1) as f64 / (n_permutations + 1) as f64);
    let lower = if n == 0 { f64::NEG_INFINITY } else { libm::log2(chance_with_cdf(n - 1, n_permutations, 0.975)) };
    let upper = libm::log2(chance_with_cdf(n, n_permutations, 0.025));
    0.5 * (center - lower).max(upper - center)
}

/// The chance of success with which at most `k` of `n` succeed with that probability, by bisection.
fn chance_with_cdf(k: usize, n: usize, probability: f64) -> f64 {
    if k >= n {
        return 1.0;
    }
    let (mut low, mut high) = (0.0, 1.0);
    for _ in 0..60 {
        let middle = 0.5 * (low + high);
        if binomial_cdf(k, n, middle) > probability { low = middle } else { high = middle }
    }
    0.5 * (low + high)
}

/// P(X ≤ k) of n trials: the last term by gamma functions, the others by their ratios.
fn binomial_cdf(k: usize, n: usize, chance: f64) -> f64 {
    let (successes, failures) = (k as f64, (n - k) as f64);
    let ln_last = ln_gamma(n as f64 + 1.0) - ln_gamma(successes + 1.0) - ln_gamma(failures + 1.0)
        + successes * libm::log(chance)
        + failures * libm::log1p(-chance);
    let (mut term, mut sum) = (1.0, 1.0);
    for j in (1..=k).rev() {
        term *= j as f64 * (1.0 - chance) / ((n - j + 1) as f64 * chance);
        sum += term;
        if term < 1e-17 * sum {
            break;
        }
    }
    libm::exp(ln_last + libm::log(sum)).min(1.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn intervals_are_those_of_clopper_and_pearson() {
        // SciPy 1.17: beta.ppf(0.025, 5, 996) and beta.ppf(0.975, 6, 995).
        let (lower, upper) = (chance_with_cdf(4, 1000, 0.975), chance_with_cdf(5, 1000, 0.025));
        assert!(
            (lower - 0.001_625_419_517_562_76).abs() < 1e-9 && (upper - 0.011_629_470_559_812_147).abs() < 1e-9,
            "{lower} {upper}"
        );
        assert_eq!(half_interval(0, 1000), f64::INFINITY);
    }

    #[test]
    fn errors_are_those_of_trigamma() {
        // SciPy 1.17: sqrt(polygamma(1, 13) - polygamma(1, 1001))/ln 2, and fgsea's multilevelError(1e-10, 101).
        assert!((simple_log2_error(12, 1000) - 0.405_389_421_033_896_97).abs() < 1e-12);
        assert!((multilevel_log2_error(libm::log(1e-10), 101) - 0.839_088_935_621_274).abs() < 1e-12);
    }

    #[test]
    fn more_random_sets_leave_less_to_the_multilevel_method() {
        // By the same rule in SciPy 1.17.
        assert_eq!(fewest_to_count(1000, 101), 24);
        assert_eq!(fewest_to_count(100_000, 101), 13);
        assert!(fewest_to_count(1000, 1001) > 100);
    }
}
