//! Volcano charts: log2 fold change of each gene against −log10 p.
//!
//! A gene is significant if its log10 p is at or below the cut-off and its change at least the least one. Significant
//! genes are circles (one path a direction), the others 2 px squares in three shades for 1, 2 to 4 and more genes, so
//! that 14 000 genes stay below 300 kB. Labels go to the smallest p, ties to the larger change, then to the earlier row;
//! those that would overlap are left out (`place`). Genes absent from one group have vast changes, so the x axis holds
//! those tried for labels and whatever is not far out (Tukey's outer fence); what lies beyond is drawn at its edge and
//! counted in the description. Genes with a value that is not finite are left out and counted there, too; a cut-off or
//! least change of NaN makes nothing significant.

use std::collections::BTreeMap;

use plotters::prelude::{PathElement, Text};
use plotters::style::text_anchor::{HPos, VPos};

use super::axes::{Frame, RIGHT_PX, check_size, frame, n_y_ticks};
use super::keys;
use super::layers::{Cap, Layers, dashed, marks};
use super::place::{Box2, Place, Room, Wish, place};
use super::theme::{Area, Role, SCALE, TEXT_PX, dimensions, fitting, nothing, render_layered, text, width_px};
use super::{ChartError, ChartSize, Direction};
use crate::plot::format::{count, significant};
use crate::plot::scale::{Range, floor_index, nice};

/// One gene.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct VolcanoPoint<'a> {
    /// Its symbol.
    pub name: &'a str,
    /// log2 of its fold change.
    pub log2_fold_change: f64,
    /// log10 of its p value, ≤ 0.
    pub log10_p: f64,
}

/// What a volcano chart shows.
#[derive(Clone, Debug)]
pub struct Volcano<'a> {
    /// Title for screen readers.
    pub title: &'a str,
    /// What x is, below its axis.
    pub x_label: &'a str,
    /// What y is, above its axis: "−log10 p (Welch)".
    pub y_label: &'a str,
    /// The genes.
    pub points: &'a [VolcanoPoint<'a>],
    /// log10 of the largest significant p; for a false discovery rate, that of the last gene that passes; −∞ for none.
    pub log10_p_cutoff: f64,
    /// Smallest |log2 fold change| of a significant gene.
    pub min_log2_fold_change: f64,
    /// Genes named at most.
    pub n_labels: usize,
    /// Size.
    pub size: ChartSize,
}

const LEAST: (u32, u32) = (200, 140);
const TOP_PX: i32 = 34;
/// Quartile distances beyond which a change is far out.
const FAR_OUT: f64 = 3.0;
/// Significant genes of the smallest p that the x axis holds at least.
const LEAST_KEPT: usize = 10;
const CIRCLE: i32 = 5 * SCALE;
const SQUARE: i32 = 2 * SCALE;
/// Shades of squares: from how many genes on, and how opaque.
const SHADES: [(usize, f64); 3] = [(5, 0.95), (2, 0.65), (1, 0.4)];
/// Genes the description names.
const N_NAMED: usize = 5;
/// Labels are tried for this many times the genes to be named, so that crowded ones make room for the next.
const TRIES: usize = 3;

type Drawn = Result<(), Box<dyn std::error::Error>>;

/// A volcano chart as SVG.
///
/// # Errors
/// [`ChartError::TooSmall`] below 200 × 140 px. Without a finite gene the chart says so.
///
/// # Examples
/// ```
/// use featurescope::plot::charts::{ChartSize, Volcano, VolcanoPoint, volcano};
///
/// let points = [
///     VolcanoPoint { name: "ISG15", log2_fold_change: 4.2, log10_p: -310.5 },
///     VolcanoPoint { name: "ACTB", log2_fold_change: -0.1, log10_p: -0.3 },
/// ];
/// let svg = volcano(&Volcano {
///     title: "Genes of feature 12",
///     x_label: "log2 fold change",
///     y_label: "−log10 p",
///     points: &points,
///     log10_p_cutoff: -2.0,
///     min_log2_fold_change: 1.0,
///     n_labels: 10,
///     size: ChartSize { width: 360, height: 260 },
/// })?;
/// assert!(svg.contains("1 up, 0 down, 1 other"));
/// # Ok::<(), featurescope::plot::charts::ChartError>(())
/// ```
pub fn volcano(chart: &Volcano<'_>) -> Result<String, ChartError> {
    check_size(chart.title, chart.size, LEAST)?;
    let finite = Finite::of(chart);
    let Some(ranges) = ranges(chart, &finite) else {
        return nothing(chart.title, "No gene has a finite change and p value.", chart.size);
    };
    render_layered(chart.title, &description(chart, &finite, ranges.0), chart.size, |area, layers| {
        draw(area, layers, chart, &finite, ranges)
    })
}

/// Rows of finite genes by direction; those significant by rising p.
struct Finite {
    up: Vec<usize>,
    down: Vec<usize>,
    other: Vec<usize>,
    n_left_out: usize,
}

impl Finite {
    fn of(chart: &Volcano<'_>) -> Self {
        let mut rows = Self { up: Vec::new(), down: Vec::new(), other: Vec::new(), n_left_out: 0 };
        for (row, point) in chart.points.iter().enumerate() {
            match direction(chart, point) {
                _ if !(point.log2_fold_change.is_finite() && point.log10_p.is_finite()) => rows.n_left_out += 1,
                Direction::Up => rows.up.push(row),
                Direction::Down => rows.down.push(row),
                Direction::None => rows.other.push(row),
            }
        }
        rows
    }

    /// Significant rows, the smallest p first.
    fn ranked(&self, points: &[VolcanoPoint<'_>]) -> Vec<usize> {
        let mut rows: Vec<usize> = self.up.iter().chain(&self.down).copied().collect();
        rows.sort_by(|&a, &b| {
            let (a, b) = ((&points[a], a), (&points[b], b));
            let by_p = a.0.log10_p.total_cmp(&b.0.log10_p);
            by_p.then(b.0.log2_fold_change.abs().total_cmp(&a.0.log2_fold_change.abs())).then(a.1.cmp(&b.1))
        });
        rows
    }
}

fn direction(chart: &Volcano<'_>, point: &VolcanoPoint<'_>) -> Direction {
    let change = point.log2_fold_change;
    if !(point.log10_p <= chart.log10_p_cutoff && change.abs() >= chart.min_log2_fold_change) {
        return Direction::None;
    }
    match change {
        change if change > 0.0 => Direction::Up,
        change if change < 0.0 => Direction::Down,
        _ => Direction::None,
    }
}

/// Changes of the significant genes, or of all without one, that the x axis holds: those not far out (Tukey: within the
/// upper quartile of |change| and three quartile distances) and those tried for labels.
fn shown_changes(chart: &Volcano<'_>, finite: &Finite) -> Vec<f64> {
    let change = |row: &usize| chart.points[*row].log2_fold_change;
    let ranked = finite.ranked(chart.points);
    let rows = if ranked.is_empty() { &finite.other } else { &ranked };
    let mut sizes: Vec<f64> = rows.iter().map(|row| change(row).abs()).collect();
    sizes.sort_by(f64::total_cmp);
    let quartile = |share: f64| sizes.get(floor_index(sizes.len() as f64 * share)).copied().unwrap_or(0.0);
    let fence = quartile(0.75) + FAR_OUT * (quartile(0.75) - quartile(0.25));
    let n_kept = if ranked.is_empty() { 0 } else { chart.n_labels.saturating_mul(TRIES).max(LEAST_KEPT) };
    let (kept, rest) = rows.split_at(n_kept.min(rows.len()));
    kept.iter().map(change).chain(rest.iter().map(change).filter(|size| size.abs() <= fence)).collect()
}

fn ranges(chart: &Volcano<'_>, finite: &Finite) -> Option<(Range, Range)> {
    let x = Range::of(shown_changes(chart, finite))?.including(0.0);
    let least = Some(chart.min_log2_fold_change).filter(|least| least.is_finite()).map_or(0.0, |least| 1.25 * least);
    let x = x.including(-least).including(least);
    let margin = 0.04 * (x.high - x.low);
    let rows = finite.up.iter().chain(&finite.down).chain(&finite.other);
    let heights = rows.map(|&row| -chart.points[row].log10_p).chain([-chart.log10_p_cutoff]);
    let highest = Range::of(heights)?.high;
    let high = if highest > 0.0 { highest * 1.05 } else { 1.0 };
    let y = nice(Range { low: 0.0, high }, n_y_ticks(chart.size.height));
    Some((Range { low: x.low - margin, high: x.high + margin }, y))
}

fn description(chart: &Volcano<'_>, finite: &Finite, x: Range) -> String {
    let [up, down, other] = [&finite.up, &finite.down, &finite.other].map(|rows| count(rows.len()));
    let ranked = finite.ranked(chart.points);
    let name = |&row: &usize| {
        let point = &chart.points[row];
        format!("{} ({})", point.name, significant(point.log2_fold_change, 2))
    };
    let named: Vec<String> = ranked.iter().take(N_NAMED).map(name).collect();
    let first = if named.is_empty() { String::new() } else { format!(" Smallest p: {}.", named.join(", ")) };
    let left_out = match finite.n_left_out {
        0 => String::new(),
        n => format!(" {} without a finite value.", count(n)),
    };
    let rows = ranked.iter().chain(&finite.other).map(|&row| chart.points[row].log2_fold_change);
    let beyond = match rows.filter(|&change| change < x.low || change > x.high).count() {
        0 => String::new(),
        n => format!(" {} beyond the axis, at its edge.", count(n)),
    };
    format!(
        "{} against {}: {up} up, {down} down, {other} other.{first}{beyond}{left_out}",
        chart.y_label, chart.x_label
    )
}

fn draw(area: &Area<'_>, layers: &Layers, chart: &Volcano<'_>, finite: &Finite, ranges: (Range, Range)) -> Drawn {
    let context = frame(area, ranges, TOP_PX, chart.x_label)?;
    draw_key(area, chart, finite)?;
    let at = |row: usize| position(&context, &chart.points[row], ranges);
    let circles =
        |rows: &[usize], i| marks(rows.iter().map(|&row| at(row)).collect(), Cap::Round, CIRCLE, Role::series(i), 0.85);
    layers.place(area, squares(finite.other.iter().map(|&row| at(row))))?;
    layers.place(area, cutoffs(&context, chart, ranges))?;
    layers.place(area, circles(&finite.down, 0) + &circles(&finite.up, 1))?;
    draw_labels(area, &context, chart, finite, ranges)
}

/// Where a gene is drawn, in drawing units.
fn position(context: &Frame<'_, '_>, point: &VolcanoPoint<'_>, (x, y): (Range, Range)) -> (i32, i32) {
    let (change, height) = (point.log2_fold_change.clamp(x.low, x.high), (-point.log10_p).clamp(y.low, y.high));
    context.plotting_area().map_coordinate(&(change, height))
}

/// Squares on a grid, darker where more genes are.
fn squares(at: impl Iterator<Item = (i32, i32)>) -> String {
    let mut filled: BTreeMap<(i32, i32), usize> = BTreeMap::new();
    for (x, y) in at {
        let middle = |value: i32| value.div_euclid(SQUARE) * SQUARE + SQUARE / 2;
        *filled.entry((middle(x), middle(y))).or_default() += 1;
    }
    let mut most = usize::MAX;
    let shade = |(least, opacity): (usize, f64)| {
        let of_shade = filled.iter().filter(|(_, n)| (least..most).contains(*n)).map(|(&at, _)| at).collect();
        most = least;
        marks(of_shade, Cap::Square, SQUARE, Role::Axis, opacity)
    };
    SHADES.map(shade).concat()
}

fn cutoffs(context: &Frame<'_, '_>, chart: &Volcano<'_>, (x, y): (Range, Range)) -> String {
    let at = |x: f64, y: f64| context.plotting_area().map_coordinate(&(x, y));
    let height = -chart.log10_p_cutoff;
    let mut lines = String::new();
    if height > y.low && height < y.high {
        lines += &dashed(at(x.low, height), at(x.high, height), Role::Muted);
    }
    for change in [-chart.min_log2_fold_change, chart.min_log2_fold_change] {
        if change != 0.0 && change > x.low && change < x.high {
            lines += &dashed(at(change, y.low), at(change, y.high), Role::Muted);
        }
    }
    lines
}

fn draw_key(area: &Area<'_>, chart: &Volcano<'_>, finite: &Finite) -> Drawn {
    let item = |role, rows: &[usize], what: &str| (role, format!("{} {what}", count(rows.len())));
    let items = [
        item(Role::series(1), &finite.up, "up"),
        item(Role::series(0), &finite.down, "down"),
        item(Role::Axis, &finite.other, "other"),
    ];
    let right_px = dimensions(area).0 / SCALE - RIGHT_PX;
    keys::dots(area, ((right_px - keys::dots_px(&items)).max(0), 8), &items)?;
    let label = fitting(chart.y_label, right_px);
    area.draw(&Text::new(label, (0, 24 * SCALE), text(Role::Muted, HPos::Left, VPos::Center)))?;
    Ok(())
}

fn draw_labels(
    area: &Area<'_>,
    context: &Frame<'_, '_>,
    chart: &Volcano<'_>,
    finite: &Finite,
    ranges: (Range, Range),
) -> Drawn {
    let at = |&row: &usize| position(context, &chart.points[row], ranges);
    let ranked = finite.ranked(chart.points);
    let points: Vec<(i32, i32)> = ranked.iter().map(at).collect();
    let tried = &ranked[..ranked.len().min(chart.n_labels.saturating_mul(TRIES))];
    let wish = |row: &usize| Wish {
        at: at(row),
        width: width_px(chart.points[*row].name) * SCALE,
        height: (TEXT_PX + 1) * SCALE,
    };
    let wishes: Vec<Wish> = tried.iter().map(wish).collect();
    let (x, y) = context.plotting_area().get_pixel_range();
    let bounds = Box2 { left: x.start, top: y.start, right: x.end + RIGHT_PX * SCALE, bottom: y.end };
    let room = Room { bounds, points: &points, radius: CIRCLE, n_most: chart.n_labels };
    let places = place(&wishes, &room);
    for ((row, wish), place) in tried.iter().zip(&wishes).zip(places) {
        if let Some(place) = place {
            draw_label(area, chart.points[*row].name, wish.at, place)?;
        }
    }
    Ok(())
}

fn draw_label(area: &Area<'_>, name: &str, at: (i32, i32), Place { area: place, is_far }: Place) -> Drawn {
    let middle = (i32::midpoint(place.left, place.right), i32::midpoint(place.top, place.bottom));
    if is_far {
        let end = (at.0.clamp(place.left, place.right), at.1.clamp(place.top, place.bottom));
        area.draw(&PathElement::new(vec![at, end], Role::Axis.stroke(3)))?;
    }
    area.draw(&Text::new(name.to_owned(), middle, text(Role::Text, HPos::Center, VPos::Center)))?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn point(name: &str, log2_fold_change: f64, log10_p: f64) -> VolcanoPoint<'_> {
        VolcanoPoint { name, log2_fold_change, log10_p }
    }

    fn chart<'a>(points: &'a [VolcanoPoint<'a>]) -> Volcano<'a> {
        Volcano {
            title: "Genes",
            x_label: "log2 fold change",
            y_label: "−log10 p",
            points,
            log10_p_cutoff: -2.0,
            min_log2_fold_change: 1.0,
            n_labels: 10,
            size: ChartSize { width: 360, height: 260 },
        }
    }

    #[test]
    fn both_cut_offs_count_and_their_own_values_pass() {
        let points = [
            point("up", 1.0, -2.0),
            point("down", -3.0, -9.0),
            point("small", 0.99, -50.0),
            point("weak", 5.0, -1.99),
            point("none", 0.0, -9.0),
        ];
        let svg = volcano(&chart(&points)).unwrap();
        assert!(svg.contains("1 up, 1 down, 3 other. Smallest p: down (\u{2212}3), up (1)."), "{svg}");
        assert!(svg.contains(">\ndown\n<") && !svg.contains(">\nsmall\n<"), "only significant genes are named");
        assert_eq!(svg.matches("stroke-dasharray").count(), 3);
    }

    #[test]
    fn genes_that_are_not_finite_are_counted_not_drawn() {
        let points = [point("a", 2.0, -4.0), point("b", f64::NAN, -4.0), point("c", 2.0, f64::NEG_INFINITY)];
        let svg = volcano(&chart(&points)).unwrap();
        assert!(svg.contains("1 up, 0 down, 0 other.") && svg.contains("2 without a finite value."));
    }

    #[test]
    fn without_a_gene_the_chart_says_so() {
        for points in [&[][..], &[point("a", f64::NAN, 0.0)]] {
            assert!(volcano(&chart(points)).unwrap().contains("No gene has a finite change and p value."));
        }
        let small = Volcano { size: ChartSize { width: 90, height: 90 }, ..chart(&[]) };
        assert!(matches!(volcano(&small), Err(ChartError::TooSmall { .. })));
    }

    #[test]
    fn no_cut_off_means_nothing_is_significant() {
        let points = [point("a", 2.0, -4.0), point("b", -2.0, 0.0)];
        for cutoff in [f64::NEG_INFINITY, f64::NAN] {
            let svg = volcano(&Volcano { log10_p_cutoff: cutoff, ..chart(&points) }).unwrap();
            assert!(svg.contains("0 up, 0 down, 2 other."));
        }
    }

    #[test]
    fn values_at_one_place_or_of_any_size_are_drawn() {
        let nowhere = [point("a", 0.0, 0.0), point("b", 0.0, 0.5)];
        assert!(volcano(&chart(&nowhere)).unwrap().contains("2 other"));
        let vast = [point("a", 1e308, -1e308), point("b", -1e308, -1.0)];
        assert!(volcano(&chart(&vast)).is_ok());
    }

    #[test]
    fn fourteen_thousand_genes_stay_small() {
        let names: Vec<String> = (0..14_000).map(|i| format!("GENE{i}")).collect();
        // A fixed spread of points: the fractional parts of multiples of two irrational numbers.
        let part = |i: usize, step: f64| (i as f64 * step).fract();
        let points: Vec<VolcanoPoint<'_>> = names
            .iter()
            .enumerate()
            .map(|(i, name)| point(name, 8.0 * part(i, 0.618_034) - 4.0, -300.0 * part(i, 0.414_214).powi(3)))
            .collect();
        let chart = Volcano { size: ChartSize { width: 720, height: 480 }, n_labels: 30, ..chart(&points) };
        let svg = volcano(&chart).unwrap();
        assert!(svg.len() < 300_000, "{} bytes", svg.len());
        assert_eq!(svg, volcano(&chart).unwrap());
    }

    #[test]
    fn lone_outliers_do_not_squash_the_rest() {
        let mut points: Vec<VolcanoPoint<'_>> =
            (0..1000).map(|i| point("g", f64::from(i % 20) / 10.0 - 1.0, -0.5)).collect();
        points[7].log2_fold_change = 29.0;
        let chart = chart(&points);
        let (x, _) = ranges(&chart, &Finite::of(&chart)).unwrap();
        assert!(x.high < 2.0 && x.low > -2.0, "{x:?}");
        assert!(volcano(&chart).unwrap().contains("1000 other. 1 beyond the axis, at its edge."));
    }

    #[test]
    fn labelled_genes_are_never_beyond() {
        let mut points: Vec<VolcanoPoint<'_>> = (0..1000).map(|_| point("g", 1.5, -5.0)).collect();
        points[7] = point("far", 12.0, -60.0);
        let chart = chart(&points);
        let (x, _) = ranges(&chart, &Finite::of(&chart)).unwrap();
        assert!(x.high > 12.0, "{x:?}");
    }
}
