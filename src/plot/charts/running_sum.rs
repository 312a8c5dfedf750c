//! Running-sum charts of gene set enrichment (Subramanian et al., PNAS 2005, figure 1): the running sum over the
//! ranking, the set's genes as ticks, the ranking metric below.
//!
//! The curve is drawn straight between the corners given. Its peak is the corner farthest from 0, the first of equals;
//! genes of the set up to it (from it on, if it is negative) are the leading edge and have the curve's colour. Corners
//! that are not finite are left out; the metric is thinned to the smallest and largest value of each pixel column and
//! breaks where it is not finite.

use std::fmt::Write;

use plotters::prelude::{Circle, LineSeries, PathElement, Text};
use plotters::style::text_anchor::{HPos, VPos};

use super::axes::{Frame, FrameStyle, RIGHT_PX, check_size, n_y_ticks, styled_frame, y_labels_px};
use super::layers::{Layers, dashed, ticks_path};
use super::lines::thin;
use super::theme::{Area, Role, SCALE, dimensions, fitting, nothing, render_layered, text, width_px};
use super::{ChartError, ChartSize};
use crate::plot::format::{count, significant};
use crate::plot::scale::{Range, floor_index, nice};

/// What a running-sum chart shows.
#[derive(Clone, Debug)]
pub struct RunningSum<'a> {
    /// Title for screen readers: the set's name.
    pub title: &'a str,
    /// The result in words, above the curve: "NES 2.90, p 3e-41, q 1e-39".
    pub summary: &'a str,
    /// `(genes passed, running sum)`, genes passed ascending from 0 to n: a hit at rank r rises from r to r + 1.
    pub corners: &'a [(f64, f64)],
    /// Ranks of the set's genes, from 0.
    pub hits: &'a [u32],
    /// The ranking metric, in order of rank. `[n_genes]`, or empty for no area.
    pub metric: &'a [f64],
    /// What the genes are ranked by: "Welch t".
    pub metric_label: &'a str,
    /// Size.
    pub size: ChartSize,
}

const LEAST: (u32, u32) = (200, 180);
const TOP_PX: i32 = 22;
const RUG_PX: i32 = 16;
/// Share of the height that the metric and the x axis take.
const METRIC_SHARE: f64 = 0.34;

type Drawn = Result<(), Box<dyn std::error::Error>>;

/// What the parts of the chart share.
struct Layout {
    x: Range,
    sum: Range,
    metric: Option<Range>,
    left_px: i32,
    /// Heights of the three parts in pixels.
    heights_px: [i32; 3],
}

/// A running-sum chart as SVG.
///
/// # Errors
/// [`ChartError::TooSmall`] below 200 × 180 px. Without a finite corner the chart says so.
///
/// # Examples
/// ```
/// use featurescope::plot::charts::{ChartSize, RunningSum, running_sum};
///
/// let svg = running_sum(&RunningSum {
///     title: "HALLMARK_INTERFERON_ALPHA_RESPONSE",
///     summary: "NES 1.8, p 0.02",
///     corners: &[(0.0, 0.0), (2.0, 1.0), (5.0, 0.0)],
///     hits: &[0, 1],
///     metric: &[3.0, 2.0, 0.5, -1.0, -2.0],
///     metric_label: "Welch t",
///     size: ChartSize { width: 360, height: 240 },
/// })?;
/// assert!(svg.contains("peak 1 after 2 of 5 genes"));
/// # Ok::<(), featurescope::plot::charts::ChartError>(())
/// ```
pub fn running_sum(chart: &RunningSum<'_>) -> Result<String, ChartError> {
    check_size(chart.title, chart.size, LEAST)?;
    let corners: Vec<(f64, f64)> =
        chart.corners.iter().copied().filter(|(x, y)| x.is_finite() && y.is_finite()).collect();
    let Some((layout, peak)) = Layout::of(chart, &corners).zip(peak(&corners)) else {
        return nothing(chart.title, "There is no running sum to draw.", chart.size);
    };
    render_layered(chart.title, &description(chart, &layout, peak), chart.size, |area, layers| {
        draw(area, layers, chart, &layout, (&corners, peak))
    })
}

/// The corner farthest from 0, the first of equals.
fn peak(corners: &[(f64, f64)]) -> Option<(f64, f64)> {
    corners.iter().copied().reduce(|best, corner| if corner.1.abs() > best.1.abs() { corner } else { best })
}

/// Whether the gene at `rank` belongs to the leading edge.
fn is_leading(rank: u32, (x, y): (f64, f64)) -> bool {
    if y >= 0.0 { f64::from(rank) < x } else { f64::from(rank) >= x }
}

impl Layout {
    fn of(chart: &RunningSum<'_>, corners: &[(f64, f64)]) -> Option<Self> {
        let last = if chart.metric.is_empty() {
            Range::of(corners.iter().map(|c| c.0))?.high
        } else {
            chart.metric.len() as f64
        };
        let x = Range { low: 0.0, high: if last > 0.0 { last } else { 1.0 } };
        let height = chart.size.height.cast_signed();
        let metric_px = if chart.metric.is_empty() { 32 } else { (f64::from(height) * METRIC_SHARE) as i32 };
        let heights_px = [height - RUG_PX - metric_px, RUG_PX, metric_px];
        // Headroom for the peak's words.
        let sum = Range::of(corners.iter().map(|c| c.1 * 1.15))?.including(0.0);
        let sum = nice(sum, n_y_ticks(heights_px[0].unsigned_abs()));
        let metric = Range::of(chart.metric.iter().copied()).map(|range| range.including(0.0));
        let labels = |height: i32, range: Range| y_labels_px(height.unsigned_abs(), range);
        let left_px = labels(heights_px[0], sum).max(metric.map_or(0, |range| labels(metric_px, range)));
        Some(Self { x, sum, metric, left_px, heights_px })
    }

    fn x_at(&self, value: f64, width: i32) -> i32 {
        let (left, right) = (self.left_px * SCALE, width - RIGHT_PX * SCALE);
        left + (self.x.fraction(value).clamp(0.0, 1.0) * f64::from(right - left)).round() as i32
    }
}

fn peak_words(layout: &Layout, (x, y): (f64, f64)) -> String {
    let [x, n] = [x, layout.x.high].map(|value| count(floor_index(value)));
    format!("peak {} after {x} of {n} genes", significant(y, 3))
}

fn description(chart: &RunningSum<'_>, layout: &Layout, peak: (f64, f64)) -> String {
    let n_leading = chart.hits.iter().filter(|&&rank| is_leading(rank, peak)).count();
    let words = peak_words(layout, peak);
    let (n_hits, n_leading) = (count(chart.hits.len()), count(n_leading));
    format!("{}; {words}. {n_hits} genes of the set, {n_leading} of them in the leading edge.", chart.summary)
}

fn draw(
    area: &Area<'_>,
    layers: &Layers,
    chart: &RunningSum<'_>,
    layout: &Layout,
    (corners, peak): (&[(f64, f64)], (f64, f64)),
) -> Drawn {
    let [sum_px, rug_px, _] = layout.heights_px;
    let (upper, rest) = area.split_vertically(sum_px * SCALE);
    let (_, lower) = rest.split_vertically(rug_px * SCALE);
    let width = dimensions(area).0;
    let summary = fitting(chart.summary, width / SCALE - RIGHT_PX);
    area.draw(&Text::new(summary, (0, 8 * SCALE), text(Role::Text, HPos::Left, VPos::Center)))?;
    draw_curve(&upper, layers, layout, (corners, peak))?;
    layers.place(area, rug(chart, layout, peak, width))?;
    draw_metric(&lower, layers, chart, layout)
}

fn draw_curve(
    area: &Area<'_>,
    layers: &Layers,
    layout: &Layout,
    (corners, peak): (&[(f64, f64)], (f64, f64)),
) -> Drawn {
    let style = FrameStyle { top_px: TOP_PX, left_px: Some(layout.left_px), x_label: None };
    let mut context = styled_frame(area, (layout.x, layout.sum), &style)?;
    let at = |context: &Frame<'_, '_>, x: f64, y: f64| context.plotting_area().map_coordinate(&(x, y));
    let [left, right] = [layout.x.low, layout.x.high].map(|x| at(&context, x, 0.0));
    area.draw(&PathElement::new(vec![left, right], Role::Axis.stroke(4)))?;
    let (foot, tip) = (at(&context, peak.0, 0.0), at(&context, peak.0, peak.1));
    layers.place(area, dashed(foot, tip, Role::Reference))?;
    context.draw_series(LineSeries::new(corners.iter().copied(), Role::series(0).stroke(6)))?;
    area.draw(&Circle::new(tip, 3 * SCALE, Role::Reference.fill()))?;
    draw_peak_words(area, &peak_words(layout, peak), tip, peak.1 < 0.0)
}

/// Above a peak, below a trough, on the side where there is room.
fn draw_peak_words(area: &Area<'_>, words: &str, (x, y): (i32, i32), is_below: bool) -> Drawn {
    let fits = x + (width_px(words) + 4) * SCALE <= dimensions(area).0;
    let (x, side) = if fits { (x + 4 * SCALE, HPos::Left) } else { (x - 4 * SCALE, HPos::Right) };
    let (y, edge) = if is_below { (y + 4 * SCALE, VPos::Top) } else { (y - 4 * SCALE, VPos::Bottom) };
    area.draw(&Text::new(words.to_owned(), (x, y), text(Role::Text, side, edge)))?;
    Ok(())
}

fn rug(chart: &RunningSum<'_>, layout: &Layout, peak: (f64, f64), width: i32) -> String {
    let top = layout.heights_px[0] * SCALE + 3 * SCALE;
    let ends = (top, top + (RUG_PX - 6) * SCALE);
    let ticks = |leading: bool| -> Vec<i32> {
        let hits = chart.hits.iter().filter(|&&rank| is_leading(rank, peak) == leading);
        hits.map(|&rank| layout.x_at(f64::from(rank) + 0.5, width)).collect()
    };
    ticks_path(ticks(false), ends, 4, Role::Muted) + &ticks_path(ticks(true), ends, 4, Role::series(0))
}

fn draw_metric(area: &Area<'_>, layers: &Layers, chart: &RunningSum<'_>, layout: &Layout) -> Drawn {
    let Some(range) = layout.metric else { return draw_x_label(area, chart, layout) };
    let x_label = format!("rank of gene by {}", chart.metric_label);
    let style = FrameStyle { top_px: 2, left_px: Some(layout.left_px), x_label: Some(&x_label) };
    let context = styled_frame(area, (layout.x, range), &style)?;
    let points: Vec<(f64, f64)> = chart.metric.iter().enumerate().map(|(i, &value)| (i as f64 + 0.5, value)).collect();
    let mut path = String::new();
    for run in points.split(|(_, value)| !value.is_finite()).filter(|run| !run.is_empty()) {
        outline(&mut path, &context, &thin(run, chart.size.width as usize));
    }
    layers.place(area, format!("<path fill=\"{}\" opacity=\"0.55\" d=\"{path}\"/>\n", Role::Axis.css()))
}

/// A closed outline from 0 along the points and back.
fn outline(path: &mut String, context: &Frame<'_, '_>, run: &[(f64, f64)]) {
    let at = |x: f64, y: f64| context.plotting_area().map_coordinate(&(x, y));
    let (Some(first), Some(last)) = (run.first(), run.last()) else { return };
    let (x, y) = at(first.0 - 0.5, 0.0);
    let _ = write!(path, "M{x} {y}");
    for &(x, y) in run {
        let (x, y) = at(x, y);
        let _ = write!(path, "L{x} {y}");
    }
    let (x, y) = at(last.0 + 0.5, 0.0);
    let _ = write!(path, "L{x} {y}Z");
}

/// The x axis' name where there is no metric.
fn draw_x_label(area: &Area<'_>, chart: &RunningSum<'_>, layout: &Layout) -> Drawn {
    let (width, height) = dimensions(area);
    let at = (i32::midpoint(layout.left_px * SCALE, width - RIGHT_PX * SCALE), height - SCALE);
    let label = format!("{} genes by {}", count(floor_index(layout.x.high)), chart.metric_label);
    area.draw(&Text::new(label, at, text(Role::Muted, HPos::Center, VPos::Bottom)))?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    const CORNERS: [(f64, f64); 5] = [(0.0, 0.0), (1.0, 0.5), (3.0, 0.1), (4.0, 0.6), (10.0, 0.0)];

    fn chart<'a>(corners: &'a [(f64, f64)], metric: &'a [f64]) -> RunningSum<'a> {
        RunningSum {
            title: "SET",
            summary: "NES 1.9, p 2e-4",
            corners,
            hits: &[0, 3, 8],
            metric,
            metric_label: "Welch t",
            size: ChartSize { width: 360, height: 240 },
        }
    }

    #[test]
    fn the_peak_and_the_leading_edge_are_told() {
        let metric: Vec<f64> = (0..10).map(|i| 5.0 - f64::from(i)).collect();
        let svg = running_sum(&chart(&CORNERS, &metric)).unwrap();
        assert!(svg.contains(
            "NES 1.9, p 2e-4; peak 0.6 after 4 of 10 genes. 3 genes of the set, 2 of them in the leading edge."
        ));
        assert_eq!(svg.matches("<path").count(), 4, "peak line, two rugs, metric");
    }

    #[test]
    fn a_trough_leads_from_its_place_on() {
        let corners = CORNERS.map(|(x, y)| (x, -y));
        let svg = running_sum(&chart(&corners, &[])).unwrap();
        assert!(
            svg.contains("peak \u{2212}0.6 after 4 of 10 genes. 3 genes of the set, 1 of them in the leading edge.")
        );
    }

    #[test]
    fn the_first_of_equal_peaks_counts() {
        assert_eq!(peak(&[(0.0, 0.0), (1.0, 0.5), (2.0, -0.5)]), Some((1.0, 0.5)));
        assert_eq!(peak(&[]), None);
    }

    #[test]
    fn nothing_finite_says_so() {
        for corners in [&[][..], &[(f64::NAN, 1.0)]] {
            assert!(running_sum(&chart(corners, &[])).unwrap().contains("There is no running sum to draw."));
        }
    }

    #[test]
    fn gaps_in_the_metric_break_its_area() {
        let svg = running_sum(&chart(&CORNERS, &[3.0, 2.0, f64::NAN, 1.0, f64::INFINITY, -1.0])).unwrap();
        assert_eq!(svg.matches('Z').count(), 3);
        let all_missing = running_sum(&chart(&CORNERS, &[f64::NAN; 10])).unwrap();
        assert!(all_missing.contains("10 genes by Welch t"));
    }

    #[test]
    fn long_rankings_stay_small() {
        let metric: Vec<f64> = (0..14_000).map(|i| 40.0 - f64::from(i) / 200.0).collect();
        let corners: Vec<(f64, f64)> = (0..400).map(|i| (f64::from(i) * 35.0, f64::from(i % 7) / 7.0)).collect();
        assert!(running_sum(&chart(&corners, &metric)).unwrap().len() < 40_000);
    }
}
