//! Line charts, as for training curves.
//!
//! Long series are thinned to the smallest and largest point of each pixel column, so peaks stay. Points that are not
//! finite break the line.

use plotters::prelude::{LineSeries, PathElement, Text};
use plotters::style::text_anchor::{HPos, VPos};

use super::axes::{RIGHT_PX, check_size, frame, n_y_ticks};
use super::theme::{Area, Role, SCALE, dimensions, render, text, width_px};
use super::{ChartError, ChartSize};
use crate::plot::format::significant;
use crate::plot::scale::{Range, nice};

/// One line.
#[derive(Clone, Debug)]
pub struct Series<'a> {
    /// Its name, shown if there are several.
    pub name: &'a str,
    /// `(x, y)`, x ascending.
    pub points: &'a [(f64, f64)],
}

/// What a line chart shows.
#[derive(Clone, Debug)]
pub struct LineChart<'a> {
    /// Title for screen readers, such as "Training loss by step".
    pub title: &'a str,
    /// What x is, below its axis.
    pub x_label: &'a str,
    /// The lines, at most six.
    pub series: &'a [Series<'a>],
    /// The last x the axis shows, such as the number of planned steps; `None`: the last point's.
    pub x_max: Option<f64>,
    /// Values the y axis must hold, such as 0 or 1.
    pub y_include: &'a [f64],
    /// Size.
    pub size: ChartSize,
}

const LEAST: (u32, u32) = (120, 60);

/// A line chart as SVG.
///
/// # Errors
/// [`ChartError::Empty`] without a finite point, [`ChartError::TooSmall`] below 120 × 60 px.
pub fn line_chart(chart: &LineChart<'_>) -> Result<String, ChartError> {
    let empty = || ChartError::Empty { title: chart.title.to_owned() };
    check_size(chart.title, chart.size, LEAST)?;
    let finite = || chart.series.iter().flat_map(|s| s.points).filter(|(x, y)| x.is_finite() && y.is_finite());
    let x = Range::of(finite().map(|p| p.0)).ok_or_else(empty)?;
    let y = Range::of(finite().map(|p| p.1)).ok_or_else(empty)?;
    let x = chart.x_max.filter(|max| *max > x.low).map_or(x, |max| Range { low: x.low, high: x.high.max(max) });
    let y = nice(chart.y_include.iter().fold(y, |range, &value| range.including(value)), n_y_ticks(chart.size.height));
    render(chart.title, &description(chart), chart.size, |area| draw(area, chart, x, y))
}

fn description(chart: &LineChart<'_>) -> String {
    let line = |series: &Series<'_>| {
        let mut finite = series.points.iter().filter(|(x, y)| x.is_finite() && y.is_finite());
        let first = finite.next()?;
        let last = finite.next_back().unwrap_or(first);
        let [from, to] = [first.1, last.1].map(|y| significant(y, 3));
        Some(format!("{} goes from {from} to {to}.", series.name))
    };
    let lines: Vec<String> = chart.series.iter().filter_map(line).collect();
    format!("Horizontal: {}. {}", chart.x_label, lines.join(" "))
}

fn draw(area: &Area<'_>, chart: &LineChart<'_>, x: Range, y: Range) -> Result<(), Box<dyn std::error::Error>> {
    let legend_px = if chart.series.len() > 1 { 16 } else { 6 };
    let mut context = frame(area, (x, y), legend_px, chart.x_label)?;
    for (i, series) in chart.series.iter().enumerate() {
        let columns = chart.size.width as usize;
        for run in series.points.split(|(x, y)| !(x.is_finite() && y.is_finite())).filter(|run| !run.is_empty()) {
            context.draw_series(LineSeries::new(thin(run, columns), Role::series(i).stroke(6)))?;
        }
    }
    if chart.series.len() > 1 {
        draw_legend(area, chart.series)?;
    }
    Ok(())
}

fn draw_legend(area: &Area<'_>, series: &[Series<'_>]) -> Result<(), Box<dyn std::error::Error>> {
    let mut right = dimensions(area).0 - RIGHT_PX * SCALE;
    for (i, series) in series.iter().enumerate().rev() {
        let left = right - width_px(series.name) * SCALE;
        area.draw(&Text::new(series.name.to_owned(), (left, 7 * SCALE), text(Role::Text, HPos::Left, VPos::Center)))?;
        let swatch = vec![(left - 16 * SCALE, 7 * SCALE), (left - 4 * SCALE, 7 * SCALE)];
        area.draw(&PathElement::new(swatch, Role::series(i).stroke(8)))?;
        right = left - 26 * SCALE;
    }
    Ok(())
}

/// At most two points (the lowest and the highest, in order) for each of `columns` stretches, ends kept.
pub(super) fn thin(points: &[(f64, f64)], columns: usize) -> Vec<(f64, f64)> {
    let per_column = points.len().div_ceil(columns.max(1));
    if per_column <= 2 {
        return points.to_vec();
    }
    let mut out = vec![points[0]];
    for chunk in points[1..points.len() - 1].chunks(per_column) {
        let by_y = |a: &&(f64, f64), b: &&(f64, f64)| a.1.total_cmp(&b.1);
        let (Some(&low), Some(&high)) = (chunk.iter().min_by(by_y), chunk.iter().max_by(by_y)) else { continue };
        out.extend(if low.0 <= high.0 { [low, high] } else { [high, low] });
    }
    out.push(points[points.len() - 1]);
    out.dedup();
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    const SIZE: ChartSize = ChartSize { width: 320, height: 120 };

    fn chart<'a>(series: &'a [Series<'a>]) -> LineChart<'a> {
        LineChart { title: "Loss", x_label: "step", series, x_max: None, y_include: &[0.0], size: SIZE }
    }

    #[test]
    fn a_chart_has_a_title_a_description_and_page_colours() {
        let points = [(0.0, 4.0), (100.0, 2.5), (200.0, 1.25)];
        let svg = line_chart(&chart(&[Series { name: "loss", points: &points }])).unwrap();
        assert!(svg.starts_with("<svg") && svg.trim_end().ends_with("</svg>"));
        assert!(svg.contains("<title>Loss</title>"));
        assert!(svg.contains("loss goes from 4 to 1.25."));
        assert!(svg.contains("stroke=\"var(--chart-1"));
        assert!(!svg.contains("\"#"), "a fixed colour is left: {svg}");
    }

    #[test]
    fn nothing_finite_is_an_error() {
        let points = [(0.0, f64::NAN), (f64::INFINITY, 1.0)];
        let error = line_chart(&chart(&[Series { name: "loss", points: &points }])).unwrap_err();
        assert_eq!(error, ChartError::Empty { title: "Loss".into() });
    }

    #[test]
    fn too_small_is_an_error() {
        let series = [Series { name: "loss", points: &[(0.0, 1.0)] }];
        let small = LineChart { size: ChartSize { width: 40, height: 40 }, ..chart(&series) };
        assert!(matches!(line_chart(&small), Err(ChartError::TooSmall { width: 40, .. })));
    }

    #[test]
    fn small_charts_have_few_ticks() {
        let points = [(0.0, 0.0), (1.0, 1.0)];
        let series = [Series { name: "share", points: &points }];
        let small = LineChart { x_label: "", size: ChartSize { width: 128, height: 76 }, ..chart(&series) };
        assert_eq!(line_chart(&small).unwrap().matches("text-anchor=\"end\"").count(), 3);
        assert_eq!(line_chart(&chart(&series)).unwrap().matches("text-anchor=\"end\"").count(), 6);
    }

    #[test]
    fn one_point_is_drawn() {
        assert!(line_chart(&chart(&[Series { name: "loss", points: &[(0.0, 1.0)] }])).is_ok());
    }

    #[test]
    fn missing_points_break_the_line() {
        let points = [(0.0, 1.0), (1.0, 2.0), (2.0, f64::NAN), (3.0, 1.0), (4.0, 2.0)];
        let svg = line_chart(&chart(&[Series { name: "loss", points: &points }])).unwrap();
        assert_eq!(svg.matches("stroke=\"var(--chart-1").count(), 2);
    }

    #[test]
    fn thinning_keeps_ends_and_peaks() {
        let mut points: Vec<(f64, f64)> = (0..10_000).map(|i| (f64::from(i), 1.0)).collect();
        points[5000].1 = 9.0;
        let thinned = thin(&points, 300);
        assert!(thinned.len() <= 2 * 300 + 2);
        assert!(thinned.contains(&(5000.0, 9.0)));
        assert_eq!((thinned[0], thinned[thinned.len() - 1]), (points[0], points[9999]));
        assert!(thinned.is_sorted_by(|a, b| a.0 <= b.0));
    }
}
