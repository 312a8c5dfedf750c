//! The two-sided tail of Student's t at many degrees of freedom ν, as a logarithm: fast, and right to about 1e-15.
//!
//! With T = (ν − ½)/2, ξ = ln(1 + t²/ν) and z = Tξ the substitution x = e^{−τ} turns the incomplete beta function into
//!
//! p = g/√π · √T ∫_ξ^∞ e^{−Tτ} τ^{−½} f(τ/2) dτ, g = Γ(T + ¾)/(Γ(T + ¼)√T), f(y) = √(y/sinh y),
//!
//! (Didonato & Morris, ACM TOMS 18, 1992, algorithm BGRAT at b = ½). The powers Σ cₙ y²ⁿ of f give incomplete gamma
//! functions of half-integers, all from e^z erfc(√z) by their recurrence.
//!
//! How far off: f(y) = Π (1 + y²/(kπ)²)^{−½} is completely monotone in y², so its partial sums lie above and below it
//! in turn, for every y; so do those of p. The error is less than the first term left out, and the sum ends where a
//! term is below 1e-16 of it. Where that takes too many terms (t² ≫ ν) there is no answer here.
//!
//! Where z < ¼ the logarithm of p would lose digits, so 1 − p is summed by its power series. Infinite ν is the normal
//! distribution. NaN is the caller's business.

use std::f64::consts::{FRAC_1_PI, FRAC_2_SQRT_PI};

use super::scaled_erfc::scaled_erfc;

/// From here on the expansion of ln g below has 1e-16.
pub(crate) const EXPANDS_FROM_DF: f64 = 30.0;
/// Terms fall by (ξ/2π)² each.
const MAX_XI: f64 = 1.5;
const CENTRE_BELOW: f64 = 0.25;
const NEGLIGIBLE: f64 = 1e-16;
const N_POWERS: usize = 16;
/// Terms of 1 − p: t² is below 0.52, so each is less than 0.27/k of the one before.
const N_CENTRAL: usize = 14;

/// cₙ of √(y/sinh y) = Σ cₙ y²ⁿ.
static POWERS: [f64; N_POWERS] = powers();

/// ln of the two-sided p for `df` of [`EXPANDS_FROM_DF`] or more, or `None` where the expansion is slow.
pub(crate) fn ln_two_sided_by_expansion(t: f64, df: f64) -> Option<f64> {
    let xi = libm::log1p(t * t / df);
    if xi > MAX_XI {
        return None;
    }
    let shifted = 0.5 * df - 0.25;
    let z = if df.is_finite() { shifted * xi } else { 0.5 * t * t };
    let inverse_square = 1.0 / (shifted * shifted);
    if z < CENTRE_BELOW {
        return Some(libm::log1p(-central(t, df, inverse_square)));
    }
    let tail = tail_sum(z, xi, 0.25 * inverse_square)?;
    Some(ln_gamma_ratio(inverse_square) + libm::log(tail) - z)
}

/// Σ cₙ (4T²)⁻ⁿ e^z Γ(2n + ½, z)/√π, all of it scaled so that nothing overflows.
fn tail_sum(z: f64, xi: f64, scale: f64) -> Option<f64> {
    let w = z.sqrt();
    let (scaled_z, step) = (scale * z, 0.25 * xi * xi);
    let mut gamma = scaled_erfc(w);
    let mut power = 0.5 * FRAC_2_SQRT_PI * w;
    let (mut sum, mut s) = (gamma, 0.5);
    for &coefficient in &POWERS[1..] {
        // Γ(s + 2, z) = (s + 1)(s Γ(s, z) + z^s e^{−z}) + z^{s + 1} e^{−z}.
        gamma = scale * ((s + 1.0) * (s * gamma + power)) + scaled_z * power;
        let term = coefficient * gamma;
        sum += term;
        if term.abs() <= NEGLIGIBLE * sum {
            return Some(sum);
        }
        power *= step;
        s += 2.0;
    }
    None
}

/// 1 − p = 2·density(0)·t·Σ (−t²/ν)ᵏ ((ν + 1)/2)ₖ/(k!(2k + 1)).
fn central(t: f64, df: f64, inverse_square: f64) -> f64 {
    let (square, per_df) = (t * t, 1.0 / df);
    let (mut term, mut sum) = (1.0, 1.0);
    for k in 0..N_CENTRAL {
        let k = k as f64;
        term *= -square * (0.5 + (k + 0.5) * per_df) / (k + 1.0);
        sum += term / (2.0 * k + 3.0);
    }
    let ln_g = ln_gamma_ratio(inverse_square);
    let g = 1.0 + ln_g * (1.0 + ln_g * (0.5 + ln_g * (1.0 / 6.0)));
    g * ((2.0 - per_df) * FRAC_1_PI).sqrt() * t.abs() * sum
}

/// ln g = −Σ E₂ₖ/(k·4^{2k+1}) T^{−2k} with Euler's numbers E (DLMF 5.11.8 at ¾ less at ¼).
fn ln_gamma_ratio(inverse_square: f64) -> f64 {
    let q = inverse_square;
    let high = 61.0 / 49_152.0 - q * (1_385.0 / 1_048_576.0 - q * (50_521.0 / 20_971_520.0));
    q * (1.0 / 64.0 - q * (5.0 / 2_048.0 - q * high))
}

/// The power series of (sinh y/y)^{−½} from that of sinh y/y = Σ y²ᵏ/(2k + 1)!, by n·f₀ₙ = Σ (k/2 − n) s_k f_{n−k}.
const fn powers() -> [f64; N_POWERS] {
    let mut hyperbolic = [1.0; N_POWERS];
    let mut k = 1;
    while k < N_POWERS {
        hyperbolic[k] = hyperbolic[k - 1] / ((2 * k) * (2 * k + 1)) as f64;
        k += 1;
    }
    let mut powers = [1.0; N_POWERS];
    let mut n = 1;
    while n < N_POWERS {
        let (mut sum, mut k) = (0.0, 1);
        while k <= n {
            sum += (0.5 * k as f64 - n as f64) * hyperbolic[k] * powers[n - k];
            k += 1;
        }
        powers[n] = sum / n as f64;
        n += 1;
    }
    powers
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::{ln_gamma, normal::ln_two_sided_normal};

    #[test]
    fn powers_of_the_root_alternate_and_fall() {
        assert_eq!(POWERS[..2], [1.0, -1.0 / 12.0]);
        assert!((POWERS[2] - 1.0 / 160.0).abs() < 1e-17);
        let at_one: f64 = POWERS.iter().sum();
        assert!((at_one - (1.0_f64 / 1.0_f64.sinh()).sqrt()).abs() < 1e-15);
        assert!(POWERS.windows(2).all(|pair| pair[0] * pair[1] < 0.0 && pair[1].abs() < 0.15 * pair[0].abs()));
    }

    #[test]
    fn gamma_ratio_matches_its_definition() {
        let (t, direct) = (14.75_f64, ln_gamma(15.5) - ln_gamma(15.0) - 0.5 * 14.75_f64.ln());
        assert!((ln_gamma_ratio(1.0 / (t * t)) - direct).abs() < 2e-14);
    }

    #[test]
    fn centre_and_tail_meet() {
        for df in [30.0, 100.0, 1e5] {
            // z = ¼ here, so p is found in both ways just beside.
            let t = (df * f64::exp_m1(0.25 / (0.5 * df - 0.25))).sqrt();
            let left = ln_two_sided_by_expansion(t * (1.0 - 1e-14), df).unwrap();
            let right = ln_two_sided_by_expansion(t * (1.0 + 1e-14), df).unwrap();
            assert!((left / right - 1.0).abs() < 1e-13, "df {df}: {left} and {right}");
        }
    }

    #[test]
    fn infinite_df_is_normal() {
        for t in [0.1, 1.0, 8.0, 60.0] {
            let found = ln_two_sided_by_expansion(t, f64::INFINITY).unwrap();
            assert!((found / ln_two_sided_normal(t) - 1.0).abs() < 1e-15, "{t}");
        }
    }

    #[test]
    fn slow_regions_are_left_to_others() {
        assert_eq!(ln_two_sided_by_expansion(30.0, 50.0), None);
        assert!(ln_two_sided_by_expansion(1e160, 1e300).is_none());
    }
}
