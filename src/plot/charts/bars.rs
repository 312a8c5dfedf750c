//! Horizontal bars: each row has its label, its value and a thin bar below; a tick marks a reference of the row.
//!
//! A value that is not finite keeps its row and shows no bar.

use plotters::prelude::{PathElement, Rectangle, Text};
use plotters::style::text_anchor::{HPos, VPos};

use super::theme::{Area, Role, SCALE, dimensions, fitting, render, text, width_px};
use super::{ChartError, ChartSize};
use crate::plot::scale::Range;

/// One row.
#[derive(Clone, Debug, PartialEq)]
pub struct Bar {
    /// What it is; cut to fit.
    pub label: String,
    /// Its length.
    pub value: f64,
    /// The value as text, at the right.
    pub value_text: String,
    /// Where a tick marks something to compare with.
    pub reference: Option<f64>,
}

/// What a bar chart shows.
#[derive(Clone, Debug)]
pub struct BarChart<'a> {
    /// Title for screen readers.
    pub title: &'a str,
    /// What the lengths are, for the description: "AUROC", "−log10 p".
    pub value_label: &'a str,
    /// What the ticks are, if there are any.
    pub reference_label: &'a str,
    /// The rows, from the top.
    pub bars: &'a [Bar],
    /// Where bars start; one half for AUROC.
    pub start: f64,
    /// Where a full bar ends; `None`: the longest bar or tick.
    pub end: Option<f64>,
    /// Width in CSS pixels; the height follows from the rows.
    pub width: u32,
}

const ROW_PX: i32 = 30;
const BAR_PX: i32 = 6;
const LEAST_WIDTH: u32 = 120;

/// Horizontal bars as SVG.
///
/// # Errors
/// [`ChartError::Empty`] without a finite value, [`ChartError::TooSmall`] below 120 px.
pub fn bar_chart(chart: &BarChart<'_>) -> Result<String, ChartError> {
    let height = ROW_PX.unsigned_abs() * chart.bars.len() as u32;
    let size = ChartSize { width: chart.width, height };
    super::axes::check_size(chart.title, size, (LEAST_WIDTH, 0))?;
    let values = || chart.bars.iter().flat_map(|bar| [Some(bar.value), bar.reference]).flatten();
    let Some(range) = Range::of(values()).filter(|_| chart.bars.iter().any(|bar| bar.value.is_finite())) else {
        return Err(ChartError::Empty { title: chart.title.to_owned() });
    };
    let high = chart.end.unwrap_or(range.high);
    let range = Range { low: chart.start, high: if high > chart.start { high } else { chart.start + 1.0 } };
    render(chart.title, &description(chart), size, |area| {
        chart.bars.iter().zip(0..).try_for_each(|(bar, i)| draw_row(area, bar, i * ROW_PX, range))
    })
}

fn description(chart: &BarChart<'_>) -> String {
    let rows: Vec<String> = chart.bars.iter().map(|bar| format!("{} {}", bar.label, bar.value_text)).collect();
    let ticks = if chart.reference_label.is_empty() {
        String::new()
    } else {
        format!(" Ticks mark {}.", chart.reference_label)
    };
    format!("{}: {}.{ticks}", chart.value_label, rows.join(", "))
}

fn draw_row(area: &Area<'_>, bar: &Bar, top_px: i32, range: Range) -> Result<(), Box<dyn std::error::Error>> {
    let width = dimensions(area).0;
    let base = (top_px + 15) * SCALE;
    let label = fitting(&bar.label, width / SCALE - width_px(&bar.value_text) - 12);
    area.draw(&Text::new(label, (0, base), text(Role::Text, HPos::Left, VPos::Bottom)))?;
    area.draw(&Text::new(bar.value_text.clone(), (width, base), text(Role::Muted, HPos::Right, VPos::Bottom)))?;
    let (top, bottom) = ((top_px + 18) * SCALE, (top_px + 18 + BAR_PX) * SCALE);
    area.draw(&Rectangle::new([(0, top), (width, bottom)], Role::Track.fill()))?;
    let x = |value: f64| (range.fraction(value).clamp(0.0, 1.0) * f64::from(width)).round() as i32;
    if bar.value.is_finite() {
        area.draw(&Rectangle::new([(0, top), (x(bar.value), bottom)], Role::series(0).fill()))?;
    }
    if let Some(reference) = bar.reference.filter(|value| value.is_finite()) {
        let at = x(reference).clamp(SCALE, width - SCALE);
        let tick = vec![(at, top - 2 * SCALE), (at, bottom + 2 * SCALE)];
        area.draw(&PathElement::new(tick, Role::Reference.stroke(8)))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bar(label: &str, value: f64, reference: Option<f64>) -> Bar {
        Bar { label: label.into(), value, value_text: crate::plot::format::decimals(value, 2), reference }
    }

    fn chart(bars: &[Bar]) -> BarChart<'_> {
        let (title, value_label, reference_label) = ("Labels", "AUROC", "the best single dimension");
        BarChart { title, value_label, reference_label, bars, start: 0.5, end: Some(1.0), width: 400 }
    }

    #[test]
    fn bars_start_at_the_start_and_ticks_mark_references() {
        let svg = bar_chart(&chart(&[bar("stimulated", 0.75, Some(0.9)), bar("B cells", 0.5, None)])).unwrap();
        assert!(svg.contains("width=\"800\""), "0.75 is half way from 0.5 to 1 of 1600 units");
        assert_eq!(svg.matches("var(--chart-reference").count(), 1);
        assert!(svg.contains("<desc>AUROC: stimulated 0.75, B cells 0.50. Ticks mark the best single dimension."));
    }

    #[test]
    fn a_missing_value_keeps_its_row() {
        let svg = bar_chart(&chart(&[bar("stimulated", 0.75, None), bar("B cells", f64::NAN, None)])).unwrap();
        assert!(svg.contains("B cells"));
        assert_eq!(svg.matches("var(--chart-1").count(), 1);
    }

    #[test]
    fn no_value_is_an_error() {
        assert!(matches!(bar_chart(&chart(&[])), Err(ChartError::Empty { .. })));
        assert!(matches!(bar_chart(&chart(&[bar("a", f64::NAN, Some(0.8))])), Err(ChartError::Empty { .. })));
    }
}
