//! Ranges and ticks.
//!
//! Ticks are multiples of 1, 2 or 5 times a power of ten (Heckbert, Nice numbers for graph labels, Graphics Gems
//! 1990). NaN and infinite values never count towards a range; a range of one value is widened around it.

/// A closed interval with `low < high`, both finite.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Range {
    /// Lower end.
    pub low: f64,
    /// Upper end.
    pub high: f64,
}

impl Range {
    /// The range of the finite values; `None` if there are none. A single value v becomes v ± |v|/2, or 0 to 1 for 0.
    pub fn of(values: impl IntoIterator<Item = f64>) -> Option<Self> {
        let finite = values.into_iter().filter(|value| value.is_finite());
        let (low, high) = finite.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), value| {
            (f64::min(low, value), f64::max(high, value))
        });
        (low <= high).then(|| Self { low, high }.widened())
    }

    /// The range, stretched so that it holds `value`.
    #[must_use]
    pub fn including(self, value: f64) -> Self {
        Self { low: self.low.min(value), high: self.high.max(value) }
    }

    /// Where `value` lies: 0 at the lower end, 1 at the upper.
    pub fn fraction(self, value: f64) -> f64 {
        (value - self.low) / (self.high - self.low)
    }

    /// The value at `fraction` of the way.
    pub fn at(self, fraction: f64) -> f64 {
        self.low + fraction * (self.high - self.low)
    }

    fn widened(self) -> Self {
        if self.low < self.high {
            return self;
        }
        if self.low == 0.0 {
            return Self { low: 0.0, high: 1.0 };
        }
        let half = self.low.abs() / 2.0;
        Self { low: self.low - half, high: self.high + half }
    }
}

/// About `n` round numbers within `range`, ascending.
pub fn ticks(range: Range, n: usize) -> Vec<f64> {
    let step = tick_step(range, n);
    // A hair of slack keeps an end that is a multiple of the step up to rounding.
    let (first, last) = ((range.low / step - 1e-9).ceil(), (range.high / step + 1e-9).floor());
    let count = (last - first).clamp(-1.0, 1e4) as i64;
    (0..=count).map(|i| round_to_step((first + i as f64) * step, step)).collect()
}

/// The range stretched to the next ticks on both sides.
pub fn nice(range: Range, n: usize) -> Range {
    let step = tick_step(range, n);
    let low = round_to_step((range.low / step + 1e-9).floor() * step, step);
    let high = round_to_step((range.high / step - 1e-9).ceil() * step, step);
    Range { low, high }
}

/// The distance between ticks: 1, 2 or 5 times a power of ten, for about `n` steps.
pub fn tick_step(range: Range, n: usize) -> f64 {
    let raw = (range.high - range.low) / n.max(1) as f64;
    let power = 10f64.powf(raw.log10().floor());
    let fraction = raw / power;
    let nice = match fraction {
        f if f < 1.5 => 1.0,
        f if f < 3.5 => 2.0,
        f if f < 7.5 => 5.0,
        _ => 10.0,
    };
    nice * power
}

/// The whole number at or below `value`; 0 for negative numbers and NaN.
pub(crate) fn floor_index(value: f64) -> usize {
    value.floor().max(0.0) as usize
}

/// Takes off what binary fractions leave behind a multiple of `step`, such as 0.30000000000000004.
fn round_to_step(value: f64, step: f64) -> f64 {
    let digits = (1.0 - step.log10().floor()).clamp(0.0, 300.0);
    let scale = 10f64.powf(digits.min(18.0));
    if value.abs() * scale < 9e15 { (value * scale).round() / scale + 0.0 } else { value }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn range(low: f64, high: f64) -> Range {
        Range { low, high }
    }

    #[test]
    fn ticks_are_round_numbers_within_the_range() {
        assert_eq!(ticks(range(0.0, 1.0), 5), [0.0, 0.2, 0.4, 0.6, 0.8, 1.0]);
        assert_eq!(ticks(range(-0.13, 0.31), 4), [-0.1, 0.0, 0.1, 0.2, 0.3]);
        assert_eq!(ticks(range(3.0, 17_000.0), 4), [5000.0, 10_000.0, 15_000.0]);
        assert_eq!(ticks(range(0.0, 3e-12), 3), [0.0, 1e-12, 2e-12, 3e-12]);
    }

    #[test]
    fn nice_holds_the_range() {
        assert_eq!(nice(range(0.03, 0.97), 5), range(0.0, 1.0));
        assert_eq!(nice(range(0.0, 1.0), 5), range(0.0, 1.0));
    }

    #[test]
    fn ranges_skip_what_is_not_finite() {
        assert_eq!(Range::of([f64::NAN, 2.0, f64::INFINITY, -1.0]), Some(range(-1.0, 2.0)));
        assert_eq!(Range::of([f64::NAN]), None);
        assert_eq!(Range::of([0.0]), Some(range(0.0, 1.0)));
        assert_eq!(Range::of([4.0]), Some(range(2.0, 6.0)));
    }

    #[test]
    fn fraction_and_at_are_inverse() {
        let r = range(-2.0, 6.0);
        assert!((r.at(r.fraction(1.7)) - 1.7).abs() < 1e-12);
    }
}
