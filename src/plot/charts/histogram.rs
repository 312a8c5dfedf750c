//! Histograms with equal bins, and a note of the values at exactly zero that are in none of them.

use plotters::prelude::{Rectangle, Text};
use plotters::style::text_anchor::{HPos, VPos};

use super::axes::{RIGHT_PX, check_size, frame, n_y_ticks};
use super::theme::{Area, Role, SCALE, dimensions, render, text};
use super::{ChartError, ChartSize};
use crate::plot::format::{count, significant};
use crate::plot::scale::{Range, nice};

/// What a histogram shows.
#[derive(Clone, Debug)]
pub struct Histogram<'a> {
    /// Title for screen readers.
    pub title: &'a str,
    /// What x is, below its axis.
    pub x_label: &'a str,
    /// Lower edge of the first bin.
    pub min: f64,
    /// Upper edge of the last bin.
    pub max: f64,
    /// Values per bin.
    pub counts: &'a [u32],
    /// What is counted, in the plural, such as "cells".
    pub unit: &'a str,
    /// Values at exactly 0, which are in no bin.
    pub n_zero: u32,
    /// Size.
    pub size: ChartSize,
}

const LEAST: (u32, u32) = (120, 60);

/// A histogram as SVG.
///
/// # Errors
/// [`ChartError::Empty`] if every bin is empty or the edges are not finite, [`ChartError::TooSmall`] below 120 × 60 px.
pub fn histogram(data: &Histogram<'_>) -> Result<String, ChartError> {
    check_size(data.title, data.size, LEAST)?;
    let most = data.counts.iter().copied().max().unwrap_or(0);
    let (Some(x), true) = (Range::of([data.min, data.max]), most > 0) else {
        return Err(ChartError::Empty { title: data.title.to_owned() });
    };
    let y = nice(Range { low: 0.0, high: f64::from(most) }, n_y_ticks(data.size.height));
    render(data.title, &description(data), data.size, |area| draw(area, data, x, y))
}

/// The note that stands in the chart, such as "13 000 cells at 0 not shown".
fn zero_note(data: &Histogram<'_>) -> Option<String> {
    (data.n_zero > 0).then(|| format!("{} {} at 0 not shown", count(data.n_zero as usize), data.unit))
}

fn description(data: &Histogram<'_>) -> String {
    let n: usize = data.counts.iter().map(|&n| n as usize).sum();
    let [low, high] = [data.min, data.max].map(|edge| significant(edge, 3));
    let note = zero_note(data).map(|note| format!(" {note}.")).unwrap_or_default();
    format!("{} {} in {} bins from {low} to {high}.{note}", count(n), data.unit, data.counts.len())
}

fn draw(area: &Area<'_>, data: &Histogram<'_>, x: Range, y: Range) -> Result<(), Box<dyn std::error::Error>> {
    let note = zero_note(data);
    let mut context = frame(area, (x, y), if note.is_some() { 18 } else { 6 }, data.x_label)?;
    let n_bins = data.counts.len() as f64;
    let bars = data.counts.iter().enumerate().filter(|(_, n)| **n > 0).map(|(i, &n)| {
        let (left, right) = (x.at(i as f64 / n_bins), x.at((i + 1) as f64 / n_bins));
        let mut bar = Rectangle::new([(left, f64::from(n)), (right, 0.0)], Role::series(0).fill());
        bar.set_margin(0, 0, 1, 1);
        bar
    });
    context.draw_series(bars)?;
    if let Some(note) = note {
        let right = dimensions(area).0 - RIGHT_PX * SCALE;
        area.draw(&Text::new(note, (right, 7 * SCALE), text(Role::Muted, HPos::Right, VPos::Center)))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn data(counts: &[u32]) -> Histogram<'_> {
        let size = ChartSize { width: 320, height: 140 };
        let (title, x_label, unit) = ("Activations", "activation", "cells");
        Histogram { title, x_label, min: 0.0, max: 2.0, counts, unit, n_zero: 13_000, size }
    }

    #[test]
    fn every_filled_bin_is_a_bar() {
        let svg = histogram(&data(&[5, 0, 3, 1])).unwrap();
        assert_eq!(svg.matches("<rect").count(), 3);
        assert!(svg.contains("9 cells in 4 bins from 0 to 2."));
        assert!(svg.contains("13\u{202f}000 cells at 0 not shown"));
    }

    #[test]
    fn no_cell_is_an_error() {
        assert!(matches!(histogram(&data(&[0, 0])), Err(ChartError::Empty { .. })));
        assert!(matches!(histogram(&data(&[])), Err(ChartError::Empty { .. })));
    }
}
