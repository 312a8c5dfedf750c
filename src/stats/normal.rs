//! The standard normal distribution: Φ(x), 1 − Φ(x) and their logarithms.
//!
//! Φ(x) = ½ erfc(−x/√2) with libm's erfc. Below x = −20 the logarithm comes from the asymptotic series
//! ln φ(x) − ln|x| + ln(1 − 1/x² + 3/x⁴ − …) (Abramowitz & Stegun 26.2.12), which holds where Φ itself underflows
//! (x < −38). Both sides together, 2(1 − Φ(|z|)) = erfc(|z|/√2), by erfc without its exponential. NaN in gives NaN
//! out.

use std::f64::consts::{LN_2, SQRT_2};

use super::gamma::half_ln_two_pi;
use super::scaled_erfc::scaled_erfc;

const SERIES_BELOW: f64 = -20.0;
const SERIES_TERMS: u32 = 12;
/// Below this many standard deviations p is near 1 and its logarithm near 0.
const CENTRE: f64 = 0.5;

/// Φ(x), the chance of a value at most x.
pub fn normal_cdf(x: f64) -> f64 {
    0.5 * libm::erfc(-x / SQRT_2)
}

/// 1 − Φ(x), the chance of a value above x.
pub fn normal_sf(x: f64) -> f64 {
    normal_cdf(-x)
}

/// ln Φ(x), finite wherever x is.
pub fn ln_normal_cdf(x: f64) -> f64 {
    if x < SERIES_BELOW {
        return -0.5 * x * x - half_ln_two_pi() - libm::log(-x) + libm::log1p(tail_series(1.0 / (x * x)));
    }
    if x > 0.0 { libm::log1p(-normal_cdf(-x)) } else { libm::log(libm::erfc(-x / SQRT_2)) - LN_2 }
}

/// ln(1 − Φ(x)), finite wherever x is.
pub fn ln_normal_sf(x: f64) -> f64 {
    ln_normal_cdf(-x)
}

/// ln 2(1 − Φ(|z|)), the two-sided p of a standard normal value; finite wherever z is.
pub fn ln_two_sided_normal(z: f64) -> f64 {
    let w = z.abs() / SQRT_2;
    if w < CENTRE {
        return libm::log1p(-libm::erf(w));
    }
    if z.is_infinite() { f64::NEG_INFINITY } else { libm::log(scaled_erfc(w)) - 0.5 * z * z }
}

fn tail_series(inverse_square: f64) -> f64 {
    let mut term = 1.0;
    let mut sum = 0.0;
    for at in 1..SERIES_TERMS {
        term *= -f64::from(2 * at - 1) * inverse_square;
        sum += term;
    }
    sum
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tails_keep_their_digits() {
        assert_eq!(normal_cdf(0.0), 0.5);
        assert!((normal_sf(10.0) / 7.619_853_024_160_527e-24 - 1.0).abs() < 1e-13);
        assert!((normal_cdf(-2.929_224_665_821_511) - 0.001_699_043_572_2).abs() < 1e-13);
    }

    #[test]
    fn logarithms_do_not_underflow() {
        assert!((ln_normal_sf(50.0) / -1_254.831_361_139_419_9 - 1.0).abs() < 1e-14);
        assert!((ln_normal_cdf(-19.999_999) - ln_normal_cdf(-20.000_001) - 4.01e-5).abs() < 1e-6);
        assert!((ln_normal_cdf(3.0) - normal_cdf(3.0).ln()).abs() < 1e-15);
    }
    #[test]
    fn both_sides_are_twice_the_tail() {
        for z in [-50.0, -3.0, -0.2, 0.4, 0.71, 0.75, 2.5, 19.9, 20.1, 45.0] {
            let expected = ln_normal_sf(f64::abs(z)) + LN_2;
            assert!((ln_two_sided_normal(z) / expected - 1.0).abs() < 1e-14, "{z}");
        }
        assert_eq!((ln_two_sided_normal(0.0), ln_two_sided_normal(f64::INFINITY)), (0.0, f64::NEG_INFINITY));
        assert!(ln_two_sided_normal(f64::NAN).is_nan());
    }
}
