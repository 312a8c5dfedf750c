//! Two-sided p of Student's t, as a logarithm: it does not underflow where p itself would be 0.
//!
//! p = I_{df/(df + t²)}(df/2, ½) (DLMF 8.17; the same as twice the upper tail). df need not be a whole number.
//! NaN in gives NaN out; df must be positive.

use super::beta::{UnitPoint, ln_incomplete_beta};

/// ln of the two-sided p of a t value, at most 0.
pub fn ln_two_sided_t(t: f64, df: f64) -> f64 {
    if t.is_nan() || df.is_nan() {
        return f64::NAN;
    }
    if t.is_infinite() {
        return f64::NEG_INFINITY;
    }
    let ratio = t * t / df;
    let ln_x = -libm::log1p(ratio);
    let point = UnitPoint { x: 1.0 / (1.0 + ratio), y: ratio / (1.0 + ratio), ln_x, ln_y: libm::log(ratio) + ln_x };
    if ratio == 0.0 { 0.0 } else { ln_incomplete_beta(point, 0.5 * df, 0.5).min(0.0) }
}

/// The two-sided p of a t value, 0 to 1; below 5e-324 it is 0, its logarithm is not.
pub fn two_sided_t(t: f64, df: f64) -> f64 {
    libm::exp(ln_two_sided_t(t, df))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn log_tail_goes_on_where_scipy_underflows() {
        let ln_p = ln_two_sided_t(60.0, 9998.0);
        assert!((ln_p / -1_541.547_382_538_852_8 - 1.0).abs() < 1e-14, "{ln_p}");
    }

    #[test]
    fn one_degree_of_freedom_is_cauchy() {
        assert!((two_sided_t(1.0, 1.0) - 0.5).abs() < 1e-15);
        assert!((two_sided_t(-1.0, 1.0) - 0.5).abs() < 1e-15);
    }

    #[test]
    fn no_difference_is_one_and_nan_stays() {
        assert_eq!(two_sided_t(0.0, 5.0), 1.0);
        assert_eq!(two_sided_t(f64::INFINITY, 5.0), 0.0);
        assert!(two_sided_t(f64::NAN, 5.0).is_nan());
    }
}
