//! Logarithms of the gamma and beta functions.
//!
//! ln Γ is libm's. The remainder of Stirling's formula, δ(x) = ln Γ(x) − (x − ½) ln x + x − ½ ln 2π, is taken by its
//! asymptotic series from 15 on (Abramowitz & Stegun 6.1.41; the next term is below 3e-16 there), so that ratios of
//! large gamma functions lose no digits. Arguments are positive; others give what libm's lgamma gives.

use std::f64::consts::PI;

const SERIES_FROM: f64 = 15.0;

/// ln Γ(x) for x > 0.
pub fn ln_gamma(x: f64) -> f64 {
    libm::lgamma(x)
}

/// ½ ln 2π.
pub(crate) fn half_ln_two_pi() -> f64 {
    0.5 * libm::log(2.0 * PI)
}

/// δ(x), the remainder of Stirling's formula, for x > 0.
pub(crate) fn stirling_error(x: f64) -> f64 {
    if x < SERIES_FROM {
        return libm::lgamma(x) - (x - 0.5) * libm::log(x) + x - half_ln_two_pi();
    }
    let square = 1.0 / (x * x);
    let inner = 1.0 / 1260.0 - square * (1.0 / 1680.0 - square / 1188.0);
    (1.0 / 12.0 - square * (1.0 / 360.0 - square * inner)) / x
}

/// ln B(a, b) for a, b > 0.
pub fn ln_beta(a: f64, b: f64) -> f64 {
    let (small, large) = if a < b { (a, b) } else { (b, a) };
    if large < SERIES_FROM {
        return libm::lgamma(small) + libm::lgamma(large) - libm::lgamma(small + large);
    }
    // ln Γ(large) − ln Γ(large + small) by Stirling, its large parts cancelled by hand.
    let sum = small + large;
    let ln_ratio = stirling_error(large) - stirling_error(sum) + (large - 0.5) * libm::log1p(-small / sum)
        - small * libm::log(sum)
        + small;
    libm::lgamma(small) + ln_ratio
}

#[cfg(test)]
mod tests {
    use super::*;

    fn assert_close(found: f64, expected: f64) {
        assert!((found - expected).abs() <= 2e-15 * expected.abs().max(1.0), "{found} is not {expected}");
    }

    #[test]
    fn gamma_of_whole_numbers_is_factorial() {
        assert_close(ln_gamma(5.0), 24.0_f64.ln());
        assert_close(ln_gamma(0.5), 0.5 * PI.ln());
    }

    #[test]
    fn beta_matches_closed_forms_on_both_branches() {
        assert_close(ln_beta(1.0, 7.0), -(7.0_f64.ln()));
        assert_close(ln_beta(2.0, 30.0), -(930.0_f64.ln()));
        assert_close(ln_beta(1.0, 1e6), -(1e6_f64.ln()));
        assert_close(ln_beta(0.5, 0.5), PI.ln());
    }

    #[test]
    fn series_meets_the_direct_formula() {
        let direct = ln_gamma(15.0) - 14.5 * 15.0_f64.ln() + 15.0 - half_ln_two_pi();
        assert!((stirling_error(15.0) - direct).abs() < 1e-14);
    }
}
