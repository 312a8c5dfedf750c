//! Bars of terms with a sign: up to the right, down to the left of one common line.
//!
//! Each row has its name and its value and a thin bar below, like `bars`. Names that are cut stand in full in the row's
//! title. A value that is not finite keeps its row and shows no bar; 0 has no bar either.

use plotters::prelude::{PathElement, Rectangle, Text};
use plotters::style::text_anchor::{HPos, VPos};

use super::keys;
use super::layers::{ticks_path, titled};
use super::theme::{Area, Role, SCALE, dimensions, fitting, nothing, render_layered, text, width_px};
use super::{ChartError, ChartSize};
use crate::plot::scale::Range;

/// One term.
#[derive(Clone, Debug, PartialEq)]
pub struct TermBar {
    /// Its name; cut to fit, whole for the pointer.
    pub label: String,
    /// Its length with its sign: −log10 q, negative for terms that go down.
    pub value: f64,
    /// The value as text, at the right: "q 3e-12, 31 of 97".
    pub value_text: String,
}

/// What a chart of terms shows.
#[derive(Clone, Debug)]
pub struct TermBars<'a> {
    /// Title for screen readers.
    pub title: &'a str,
    /// What the lengths are, for the description: "−log10 q".
    pub value_label: &'a str,
    /// The terms, from the top.
    pub bars: &'a [TermBar],
    /// A tick at this length on each side that has bars, such as −log10 0.05.
    pub threshold: Option<f64>,
    /// Width in CSS pixels; the height follows from the rows.
    pub width: u32,
}

const KEY_PX: i32 = 20;
const ROW_PX: i32 = 30;
const BAR_PX: i32 = 6;
const LEAST_WIDTH: u32 = 120;

type Drawn = Result<(), Box<dyn std::error::Error>>;

/// Signed bars as SVG.
///
/// # Errors
/// [`ChartError::TooSmall`] below 120 px. Without a finite value the chart says so.
///
/// # Examples
/// ```
/// use featurescope::plot::charts::{TermBar, TermBars, term_bars};
///
/// let bars = [
///     TermBar { label: "response to virus".into(), value: 44.1, value_text: "q 8e-45".into() },
///     TermBar { label: "cell chemotaxis".into(), value: -6.5, value_text: "q 3e-7".into() },
/// ];
/// let svg = term_bars(&TermBars { title: "Terms", value_label: "−log10 q", bars: &bars, threshold: None, width: 320 })?;
/// assert!(svg.contains("response to virus up, q 8e-45; cell chemotaxis down, q 3e-7"));
/// # Ok::<(), featurescope::plot::charts::ChartError>(())
/// ```
pub fn term_bars(chart: &TermBars<'_>) -> Result<String, ChartError> {
    let height = KEY_PX.unsigned_abs() + ROW_PX.unsigned_abs() * chart.bars.len() as u32;
    let size = ChartSize { width: chart.width, height };
    super::axes::check_size(chart.title, size, (LEAST_WIDTH, 0))?;
    let Some(range) = range_of(chart.bars) else {
        return nothing(chart.title, "No term has a finite value.", ChartSize { height: 60.max(height), ..size });
    };
    render_layered(chart.title, &description(chart), size, |area, layers| {
        draw_key(area, chart)?;
        draw_tracks(area, chart)?;
        chart.bars.iter().zip(0..).try_for_each(|(bar, i)| draw_row(area, bar, KEY_PX + i * ROW_PX, range))?;
        layers.place(area, thresholds(chart, range) + &titles(chart))
    })
}

/// From the longest bar down to the longest up, 0 between them or at an end; `None` without a finite value.
fn range_of(bars: &[TermBar]) -> Option<Range> {
    let finite = || bars.iter().map(|bar| bar.value).filter(|value| value.is_finite());
    finite().next()?;
    let (low, high) = (finite().fold(0.0, f64::min), finite().fold(0.0, f64::max));
    Some(if low < high { Range { low, high } } else { Range { low: 0.0, high: 1.0 } })
}

/// Up, down, or nothing for 0 and what is not finite.
fn way(value: f64) -> Option<(&'static str, Role)> {
    match value {
        value if value.is_finite() && value > 0.0 => Some(("up", Role::series(1))),
        value if value.is_finite() && value < 0.0 => Some(("down", Role::series(0))),
        _ => None,
    }
}

fn description(chart: &TermBars<'_>) -> String {
    let row = |bar: &TermBar| {
        let way = way(bar.value).map(|(word, _)| format!(" {word}")).unwrap_or_default();
        format!("{}{way}, {}", bar.label, bar.value_text)
    };
    format!("{}: {}.", chart.value_label, chart.bars.iter().map(row).collect::<Vec<_>>().join("; "))
}

fn draw_key(area: &Area<'_>, chart: &TermBars<'_>) -> Drawn {
    let items: Vec<(Role, String)> = [-1.0, 1.0]
        .into_iter()
        .filter_map(way)
        .filter(|(word, _)| chart.bars.iter().any(|bar| way(bar.value).is_some_and(|(other, _)| other == *word)))
        .map(|(word, role)| (role, word.to_owned()))
        .collect();
    let width_px = dimensions(area).0 / SCALE;
    let left = (width_px - keys::dots_px(&items)).max(0);
    keys::dots(area, (left, 8), &items)?;
    let label = fitting(chart.value_label, left - 8);
    area.draw(&Text::new(label, (0, 8 * SCALE), text(Role::Muted, HPos::Left, VPos::Center)))?;
    Ok(())
}

fn x_at(range: Range, value: f64, width: i32) -> i32 {
    (range.fraction(value).clamp(0.0, 1.0) * f64::from(width)).round() as i32
}

/// The tracks of all rows.
fn draw_tracks(area: &Area<'_>, chart: &TermBars<'_>) -> Drawn {
    let width = dimensions(area).0;
    for (i, _) in (0..).zip(chart.bars) {
        let (top, bottom) = bar_edges(KEY_PX + i * ROW_PX);
        area.draw(&Rectangle::new([(0, top), (width, bottom)], Role::Track.fill()))?;
    }
    Ok(())
}

/// Ticks across each row's track.
fn thresholds(chart: &TermBars<'_>, range: Range) -> String {
    let sides = chart.threshold.into_iter().flat_map(|threshold| [-threshold, threshold]);
    let inside = sides.filter(|&x| x != 0.0 && x > range.low && x < range.high);
    let xs: Vec<i32> = inside.map(|x| x_at(range, x, chart.width.cast_signed() * SCALE)).collect();
    let row = |(i, _): (i32, &TermBar)| {
        let (top, bottom) = bar_edges(KEY_PX + i * ROW_PX);
        ticks_path(xs.clone(), (top - 2 * SCALE, bottom + 2 * SCALE), 4, Role::Muted)
    };
    (0..).zip(chart.bars).map(row).collect()
}

fn bar_edges(top_px: i32) -> (i32, i32) {
    ((top_px + 18) * SCALE, (top_px + 18 + BAR_PX) * SCALE)
}

fn draw_row(area: &Area<'_>, bar: &TermBar, top_px: i32, range: Range) -> Drawn {
    let width = dimensions(area).0;
    let base = (top_px + 15) * SCALE;
    let label = fitting(&bar.label, width / SCALE - width_px(&bar.value_text) - 12);
    area.draw(&Text::new(label, (0, base), text(Role::Text, HPos::Left, VPos::Bottom)))?;
    area.draw(&Text::new(bar.value_text.clone(), (width, base), text(Role::Muted, HPos::Right, VPos::Bottom)))?;
    let (top, bottom) = bar_edges(top_px);
    let zero = x_at(range, 0.0, width);
    if let Some((_, role)) = way(bar.value) {
        let end = x_at(range, bar.value, width);
        area.draw(&Rectangle::new([(zero.min(end), top), (zero.max(end), bottom)], role.fill()))?;
    }
    if zero > 0 && zero < width {
        area.draw(&PathElement::new(vec![(zero, top - 2 * SCALE), (zero, bottom + 2 * SCALE)], Role::Axis.stroke(4)))?;
    }
    Ok(())
}

/// The rows' names and values in full, for the pointer.
fn titles(chart: &TermBars<'_>) -> String {
    let size = (chart.width.cast_signed() * SCALE, ROW_PX * SCALE);
    let row = |(bar, i): (&TermBar, i32)| {
        titled((0, (KEY_PX + i * ROW_PX) * SCALE), size, &format!("{}: {}", bar.label, bar.value_text))
    };
    chart.bars.iter().zip(0..).map(row).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bar(label: &str, value: f64) -> TermBar {
        TermBar { label: label.into(), value, value_text: crate::plot::format::significant(value.abs(), 2) }
    }

    fn chart(bars: &[TermBar]) -> TermBars<'_> {
        TermBars { title: "Terms", value_label: "−log10 q", bars, threshold: Some(1.3), width: 400 }
    }

    #[test]
    fn up_goes_right_and_down_goes_left_of_one_line() {
        let svg = term_bars(&chart(&[bar("virus", 6.0), bar("motility", -2.0)])).unwrap();
        // 400 px are 1600 units; 0 lies a quarter of the way from −2 to 6.
        assert!(
            svg.contains("<rect x=\"400\" y=\"152\" width=\"1200\" height=\"24\" opacity=\"1\" fill=\"var(--chart-2")
        );
        assert!(
            svg.contains("<rect x=\"0\" y=\"272\" width=\"400\" height=\"24\" opacity=\"1\" fill=\"var(--chart-1"),
            "{svg}"
        );
        assert!(svg.contains("virus up, 6; motility down, 2."));
        assert!(svg.contains("d=\"M140 144V184M660 144V184\""), "ticks at ±1.3");
    }

    #[test]
    fn one_direction_has_the_whole_width() {
        let svg = term_bars(&chart(&[bar("virus", 6.0), bar("motility", 3.0)])).unwrap();
        assert!(svg.contains("width=\"1600\" height=\"24\" opacity=\"1\" fill=\"var(--chart-2"));
        assert!(!svg.contains("var(--chart-1"), "no key for what is not there");
        let svg = term_bars(&chart(&[bar("virus", -6.0)])).unwrap();
        assert!(svg.contains("width=\"1600\" height=\"24\" opacity=\"1\" fill=\"var(--chart-1"));
    }

    #[test]
    fn missing_values_and_zeros_keep_their_rows() {
        let svg = term_bars(&chart(&[bar("virus", 6.0), bar("none", f64::NAN), bar("zero", 0.0)])).unwrap();
        assert!(svg.contains("<title>none: –</title>") && svg.contains("<title>zero: 0</title>"));
        assert_eq!(svg.matches("fill=\"var(--chart-2").count(), 2, "one bar and its key");
    }

    #[test]
    fn long_names_stand_whole_in_the_title() {
        let name = "negative regulation of viral genome replication & of much more that does not fit";
        let svg = term_bars(&chart(&[bar(name, 6.0)])).unwrap();
        assert!(svg.contains("replication &amp; of much more that does not fit: 6</title>") && svg.contains('…'));
    }

    #[test]
    fn no_value_says_so() {
        for bars in [&[][..], &[bar("a", f64::NAN)]] {
            assert!(term_bars(&chart(bars)).unwrap().contains("No term has a finite value."));
        }
        assert!(term_bars(&chart(&[bar("a", 0.0)])).is_ok());
    }
}
