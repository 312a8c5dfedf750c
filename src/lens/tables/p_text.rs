//! A p value as decimal text, from its log10.
//!
//! p = 10^x is written as the shortest text that reads back as the same f64 while it is a normal f64. Below that,
//! x = e + log10(m) gives mantissa and exponent of text such as `1.9e-412`, which parsers of decimals (Python's
//! `Decimal`, R's `Rmpfr`) read exactly and parsers of f64 as 0. The mantissa has as many digits as x determines:
//! x is known to half a unit in the last place, so m relatively to about |x|·2.6e-16. Rules: NaN is empty text; −∞ is
//! `0.0`; nothing is clamped, so x > 0 gives the number above 1 it stands for.

/// Decimal places of a mantissa and whole digits of |x|, together: as many as half a unit of x's last place leaves.
const PLACES_AND_DIGITS: usize = 15;

/// Writes p, given log10 p, without ever rounding a positive p to 0.
///
/// `log10_p` is in [−∞, 0], or NaN for a p that is missing.
///
/// # Examples
/// ```
/// use featurescope::lens::tables::p_text;
/// assert_eq!(p_text(-2.0), "0.01");
/// assert_eq!(p_text(-412.0 + libm::log10(1.9)), "1.9e-412");
/// assert_eq!(p_text(f64::NAN), "");
/// ```
#[must_use]
pub fn p_text(log10_p: f64) -> String {
    if log10_p.is_nan() {
        return String::new();
    }
    let p = libm::exp10(log10_p);
    if p >= f64::MIN_POSITIVE || log10_p == f64::NEG_INFINITY { format!("{p:?}") } else { decimal_text(log10_p) }
}

/// Mantissa and exponent of a finite `log10_p`.
fn decimal_text(log10_p: f64) -> String {
    let whole_digits = format!("{:.0}", log10_p.abs().trunc()).len();
    let places = PLACES_AND_DIGITS.saturating_sub(whole_digits);
    let exponent = log10_p.floor();
    let mantissa = format!("{:.places$e}", libm::exp10(log10_p - exponent));
    let (digits, carry) = mantissa.split_once('e').unwrap_or((&mantissa, "0"));
    let digits = if digits.contains('.') { digits.trim_end_matches('0').trim_end_matches('.') } else { digits };
    format!("{digits}e{:.0}", exponent + if carry == "1" { 1.0 } else { 0.0 })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The power's relative error grows with |x|: 308 · ln 10 · 2⁻⁵³ is 8e-14.
    const TOLERANCE: f64 = 2e-13;
    /// Half a unit of the eleventh place, which four digits of |x| leave, as a difference of log10.
    const TEXT_TOLERANCE: f64 = 3e-12;

    #[test]
    fn normal_p_reads_back() {
        for p in [1.0, 0.5, 0.049, 1e-5, 3.2583e-23, 7e-300] {
            let read: f64 = p_text(libm::log10(p)).parse().unwrap();
            assert!((read - p).abs() <= TOLERANCE * p, "{read} is not {p}");
        }
        assert_eq!(p_text(0.0), "1.0");
        assert_eq!(p_text(-300.0), "1e-300");
    }

    #[test]
    fn p_below_f64_is_written_in_decimal() {
        assert_eq!(p_text(-1541.0 - libm::log10(2.0)), "5e-1542");
        assert_eq!(p_text(-400.0), "1e-400");
        assert_eq!(p_text(-1e6), "1e-1000000");
        assert_eq!(p_text(-123_456_789_012_345_680.0), "1e-123456789012345680");
    }

    #[test]
    fn subnormal_p_keeps_its_digits() {
        assert_eq!(p_text(-320.0 + libm::log10(1.234_567_89)), "1.23456789e-320");
    }

    #[test]
    fn a_mantissa_that_rounds_to_ten_carries() {
        assert_eq!(p_text(-399.999_999_999_999_94), "1e-400");
        assert_eq!(p_text((-1000.0_f64).next_down()), "1e-1000");
    }

    #[test]
    fn only_a_true_zero_is_zero() {
        assert_eq!(p_text(f64::NEG_INFINITY), "0.0");
        assert!(p_text(-323.9).starts_with("1.25892541"));
        assert_eq!(p_text(f64::NAN), "");
    }

    #[test]
    fn text_has_the_log10_it_came_from() {
        let log10 = |text: &str| {
            let (digits, exponent) = text.split_once('e').unwrap();
            exponent.parse::<f64>().unwrap() + libm::log10(digits.parse().unwrap())
        };
        for step in 0..2000 {
            let x = -300.0 - f64::from(step) * 0.37;
            assert!((log10(&p_text(x)) - x).abs() < TEXT_TOLERANCE, "{x} became {}", p_text(x));
        }
    }
}
