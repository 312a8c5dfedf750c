//! Tails of Student's t as logarithms: they do not underflow where p itself would be 0.
//!
//! p = I_{df/(df + t²)}(df/2, ½) (DLMF 8.17; the same as twice the upper tail), from 30 degrees of freedom on by an
//! expansion (`t_expansion`) and otherwise by the incomplete beta function's continued fraction. df need not be a whole
//! number; an infinite one is the normal distribution. NaN in gives NaN out, and so does a df that is not positive.

use std::f64::consts::LN_2;

use super::beta::{UnitPoint, ln_incomplete_beta};
use super::t_expansion::{EXPANDS_FROM_DF, ln_two_sided_by_expansion};

/// ln of the two-sided p of a t value, at most 0; relative error 2e-15 from df 30 on, 1e-13 below.
///
/// # Examples
/// ```
/// let ln_p = featurescope::stats::ln_two_sided_t(60.0, 9998.0);
/// assert!((ln_p + 1541.547_382_538_852_8).abs() < 1e-11);
/// ```
pub fn ln_two_sided_t(t: f64, df: f64) -> f64 {
    if t.is_nan() || df.is_nan() || df <= 0.0 {
        return f64::NAN;
    }
    if t.is_infinite() {
        return f64::NEG_INFINITY;
    }
    let expanded = if df < EXPANDS_FROM_DF { None } else { ln_two_sided_by_expansion(t, df) };
    expanded.unwrap_or_else(|| ln_two_sided_by_fraction(t, df))
}

fn ln_two_sided_by_fraction(t: f64, df: f64) -> f64 {
    let ratio = t * t / df;
    let ln_x = -libm::log1p(ratio);
    let point = UnitPoint { x: 1.0 / (1.0 + ratio), y: ratio / (1.0 + ratio), ln_x, ln_y: libm::log(ratio) + ln_x };
    if ratio == 0.0 { 0.0 } else { ln_incomplete_beta(point, 0.5 * df, 0.5).min(0.0) }
}

/// The two-sided p of a t value, 0 to 1; below 5e-324 it is 0, its logarithm is not.
pub fn two_sided_t(t: f64, df: f64) -> f64 {
    libm::exp(ln_two_sided_t(t, df))
}

/// ln of the chance of a t value above this one, at most 0 (R `pt(t, df, lower = FALSE, log = TRUE)`): one-sided, small
/// for a large positive t.
pub fn ln_upper_t(t: f64, df: f64) -> f64 {
    let two_sided = ln_two_sided_t(t, df);
    if t < 0.0 { libm::log1p(-0.5 * libm::exp(two_sided)) } else { two_sided - LN_2 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn log_tail_goes_on_where_scipy_underflows() {
        let ln_p = ln_two_sided_t(60.0, 9998.0);
        assert!((ln_p / -1_541.547_382_538_852_8 - 1.0).abs() < 1e-14, "{ln_p}");
        let ln_upper = ln_upper_t(60.0, 9998.0);
        assert!((ln_upper / -1_542.240_529_719_412_7 - 1.0).abs() < 1e-15, "{ln_upper}");
    }

    #[test]
    fn one_side_and_the_other_are_all() {
        for (t, df) in [(0.0, 4.0), (0.3, 2.5), (1.0, 77.0), (4.0, 1e4)] {
            let both = ln_upper_t(t, df).exp() + ln_upper_t(-t, df).exp();
            assert!((both - 1.0).abs() < 2e-15, "t {t} df {df}: {both}");
        }
        // P(t > 1) = ¼ at one degree of freedom.
        assert!((ln_upper_t(1.0, 1.0).exp() - 0.25).abs() < 1e-15);
        assert_eq!(ln_upper_t(f64::NEG_INFINITY, 3.0), 0.0);
        assert!(ln_upper_t(f64::NAN, 3.0).is_nan());
    }

    #[test]
    fn expansion_and_fraction_agree() {
        for df in [30.0, 31.7, 58.4, 100.0, 341.0, 2_000.0] {
            for at in 1..200 {
                let t = f64::from(at) * 0.1;
                let (fast, slow) = (ln_two_sided_t(t, df), ln_two_sided_by_fraction(t, df));
                assert!((fast / slow - 1.0).abs() < 1e-12, "t {t} df {df}: {fast} and {slow}");
            }
        }
    }

    #[test]
    fn one_degree_of_freedom_is_cauchy() {
        assert!((two_sided_t(1.0, 1.0) - 0.5).abs() < 1e-15);
        assert!((two_sided_t(-1.0, 1.0) - 0.5).abs() < 1e-15);
    }

    #[test]
    fn no_difference_is_one_and_nan_stays() {
        assert_eq!(two_sided_t(0.0, 5.0), 1.0);
        assert_eq!(two_sided_t(0.0, 500.0), 1.0);
        assert_eq!(two_sided_t(f64::INFINITY, 5.0), 0.0);
        assert!(two_sided_t(f64::NAN, 5.0).is_nan());
        assert!(two_sided_t(1.0, 0.0).is_nan());
    }
}
