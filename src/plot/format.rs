//! Numbers as people read them.
//!
//! Thousands are parted by a thin no-break space (ISO 80000-1), minus is U+2212, NaN is an en dash. Nothing is
//! rounded to zero: a p value below the smallest f64 reads `< 1e-300`, or in full where its log10 is known.

use super::scale::{Range, floor_index, tick_step};

/// What stands for a number that is not there.
pub const NO_VALUE: &str = "–";

const THIN_SPACE: char = '\u{202f}';
const MINUS: char = '\u{2212}';

/// A whole number with its thousands parted: `13 576`. Four digits stay together.
pub fn count(n: usize) -> String {
    group_thousands(&n.to_string())
}

/// A p value: `0.034`, `3.1e-12`, `< 1e-300` for 0, `1` for 1.
pub fn p_value(p: f64) -> String {
    if p.is_nan() {
        return NO_VALUE.into();
    }
    if p < 1e-300 {
        return "< 1e-300".into();
    }
    if p < 1e-3 { scientific(p, 2) } else { significant(p, 2) }
}

/// A p value given as its log10, in full however small: `0.034`, `1.9e-412`; `< 1e-300` for −∞.
pub fn p_value_of_log10(log10_p: f64) -> String {
    if log10_p.is_nan() || log10_p == f64::NEG_INFINITY || log10_p >= -3.0 {
        return p_value(10.0_f64.powf(log10_p));
    }
    let (mut mantissa, mut exponent) = (10.0_f64.powf(log10_p - log10_p.floor()), log10_p.floor());
    if mantissa >= 9.95 {
        (mantissa, exponent) = (1.0, exponent + 1.0);
    }
    format!("{}e{exponent:.0}", significant(mantissa, 2))
}

/// `value` with `digits` significant digits, without trailing zeros; scientific outside 1e-4 to 1e7.
pub fn significant(value: f64, digits: usize) -> String {
    if value.is_nan() {
        return NO_VALUE.into();
    }
    if value.is_infinite() {
        return if value > 0.0 { "∞".into() } else { format!("{MINUS}∞") };
    }
    if value == 0.0 {
        return "0".into();
    }
    let size = value.abs();
    if !(1e-4..1e7).contains(&size) {
        return scientific(value, digits);
    }
    fixed(value, floor_index(digits as f64 - 1.0 - size.log10().floor()), true)
}

/// `value` with this many decimals: `0.950`.
pub fn decimals(value: f64, decimals: usize) -> String {
    if value.is_finite() { fixed(value, decimals, false) } else { significant(value, 1) }
}

/// A share as a percentage: `12.3 %`, `< 0.1 %`.
pub fn percent(share: f64) -> String {
    if share.is_nan() {
        return NO_VALUE.into();
    }
    let percent = share * 100.0;
    if percent > 0.0 && percent < 0.1 {
        return format!("< 0.1{THIN_SPACE}%");
    }
    let digits = usize::from(percent < 99.95 && percent > 0.0);
    format!("{}{THIN_SPACE}%", fixed(percent, digits, false))
}

/// A change with its sign: `+0.42`, `−1.3`.
pub fn signed(value: f64, digits: usize) -> String {
    let text = significant(value, digits);
    if value > 0.0 { format!("+{text}") } else { text }
}

/// A fold change: `12.3×`, `0.041×`, `> 1e6×`.
pub fn fold(value: f64) -> String {
    if value.is_nan() {
        return NO_VALUE.into();
    }
    if value > 1e6 {
        return "> 1e6×".into();
    }
    format!("{}×", significant(value, 3))
}

/// Tick labels with the decimals their step needs.
pub fn tick_labels(ticks: &[f64], range: Range, n: usize) -> Vec<String> {
    let step = tick_step(range, n);
    let largest = range.low.abs().max(range.high.abs());
    ticks.iter().map(|&tick| tick_label(tick, step, largest)).collect()
}

fn tick_label(tick: f64, step: f64, largest: f64) -> String {
    if !(1e-4..1e7).contains(&largest) {
        return if tick == 0.0 { "0".into() } else { scientific(tick, 2) };
    }
    fixed(tick, floor_index(-(step.log10() + 1e-9).floor()), false)
}

fn scientific(value: f64, digits: usize) -> String {
    let text = format!("{:.*e}", digits.saturating_sub(1), value.abs());
    let (mantissa, exponent) = text.split_once('e').unwrap_or((&text, "0"));
    let mantissa = if mantissa.contains('.') { mantissa.trim_end_matches('0').trim_end_matches('.') } else { mantissa };
    let sign = if value < 0.0 { String::from(MINUS) } else { String::new() };
    format!("{sign}{mantissa}e{exponent}")
}

fn fixed(value: f64, decimals: usize, trim: bool) -> String {
    let text = format!("{:.decimals$}", value.abs());
    let text = if trim && text.contains('.') { text.trim_end_matches('0').trim_end_matches('.') } else { &text };
    let (whole, fraction) = text.split_once('.').map_or((text, None), |(whole, fraction)| (whole, Some(fraction)));
    let is_zero = text.bytes().all(|b| matches!(b, b'0' | b'.'));
    let mut out = String::new();
    if value < 0.0 && !is_zero {
        out.push(MINUS);
    }
    out.push_str(&group_thousands(whole));
    if let Some(fraction) = fraction {
        out.push('.');
        out.push_str(fraction);
    }
    out
}

fn group_thousands(digits: &str) -> String {
    if digits.len() < 5 {
        return digits.to_owned();
    }
    let mut out = String::with_capacity(digits.len() * 2);
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push(THIN_SPACE);
        }
        out.push(digit);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_part_their_thousands() {
        assert_eq!(count(0), "0");
        assert_eq!(count(6359), "6359");
        assert_eq!(count(13_576), "13\u{202f}576");
        assert_eq!(count(9_456_694), "9\u{202f}456\u{202f}694");
    }

    #[test]
    fn p_values_never_read_as_zero() {
        assert_eq!(p_value(0.0), "< 1e-300");
        assert_eq!(p_value(3.14e-12), "3.1e-12");
        assert_eq!(p_value(0.000_5), "5e-4");
        assert_eq!(p_value(0.0342), "0.034");
        assert_eq!(p_value(1.0), "1");
        assert_eq!(p_value(f64::NAN), NO_VALUE);
    }

    #[test]
    fn p_values_below_every_f64_are_written_in_full() {
        assert_eq!(p_value_of_log10(-412.0 + 1.9_f64.log10()), "1.9e-412");
        assert_eq!(p_value_of_log10(-412.000_001), "1e-412");
        assert_eq!(p_value_of_log10(3.14e-12_f64.log10()), p_value(3.14e-12));
        assert_eq!(p_value_of_log10(0.0342_f64.log10()), "0.034");
        assert_eq!(p_value_of_log10(-3.0), "0.001");
        assert_eq!(p_value_of_log10(0.0), "1");
        assert_eq!(p_value_of_log10(f64::NEG_INFINITY), "< 1e-300");
        assert_eq!(p_value_of_log10(f64::NAN), NO_VALUE);
    }

    #[test]
    fn significant_digits_count_from_the_first() {
        assert_eq!(significant(0.012_345, 3), "0.0123");
        assert_eq!(significant(1234.5, 3), "1234");
        assert_eq!(significant(-2.5, 3), "\u{2212}2.5");
        assert_eq!(significant(2.5e-9, 3), "2.5e-9");
        assert_eq!(significant(-2.5e-9, 3), "\u{2212}2.5e-9");
        assert_eq!(significant(0.0, 3), "0");
        assert_eq!(significant(f64::NEG_INFINITY, 3), "\u{2212}∞");
    }

    #[test]
    fn small_shares_are_not_none() {
        assert_eq!(percent(0.0), "0\u{202f}%");
        assert_eq!(percent(0.000_2), "< 0.1\u{202f}%");
        assert_eq!(percent(0.1234), "12.3\u{202f}%");
        assert_eq!(percent(1.0), "100\u{202f}%");
    }

    #[test]
    fn ticks_share_their_decimals() {
        let range = Range { low: 0.0, high: 1.0 };
        assert_eq!(tick_labels(&[0.0, 0.2, 1.0], range, 5), ["0.0", "0.2", "1.0"]);
        let range = Range { low: 0.0, high: 15_000.0 };
        assert_eq!(tick_labels(&[5000.0, 15_000.0], range, 3), ["5000", "15\u{202f}000"]);
        let range = Range { low: 0.0, high: 3e-12 };
        assert_eq!(tick_labels(&[0.0, 1e-12], range, 3), ["0", "1e-12"]);
    }

    #[test]
    fn signs_and_folds_read_well() {
        assert_eq!(signed(0.421, 2), "+0.42");
        assert_eq!(signed(-0.421, 2), "\u{2212}0.42");
        assert_eq!(fold(12.34), "12.3×");
        assert_eq!(fold(4.2e7), "> 1e6×");
        assert_eq!(decimals(0.95, 3), "0.950");
        assert_eq!(decimals(-0.000_1, 2), "0.00");
    }
}
