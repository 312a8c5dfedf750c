//! Pareto charts: two numbers of which less is better, and the points that no other beats in both.
//!
//! Kinds differ in shape and colour, so that neither is needed alone. The front is that of the kinds that compete: sorted
//! by x, then y, then order, a point is on it if its y is below that of every point before it; of equal points the first
//! is. It is drawn as a staircase, its points with a ring. Names go to points of the front first, then to the others in
//! their order; those that would overlap are left out. Points with a value that is not finite have no place; a y above
//! `y_most` is drawn at the upper edge and counted in the description. x begins at 0, and y does where nothing is
//! below it.

use std::fmt::Write;

use plotters::prelude::Text;
use plotters::style::text_anchor::{HPos, VPos};

use super::axes::{Frame, RIGHT_PX, check_size, frame, n_y_ticks};
use super::layers::Layers;
use super::place::{Box2, Place, Room, Wish, place};
use super::theme::{Area, Role, SCALE, TEXT_PX, dimensions, fitting, nothing, render_layered, text, width_px};
use super::{ChartError, ChartSize};
use crate::plot::format::{count, significant};
use crate::plot::scale::{Range, nice};

/// One point.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ParetoPoint<'a> {
    /// Its name; empty for none.
    pub name: &'a str,
    /// Position of its kind.
    pub kind: usize,
    /// Less is better.
    pub x: f64,
    /// Less is better.
    pub y: f64,
}

/// What points of a kind are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ParetoKind<'a> {
    /// Its name, for the key.
    pub name: &'a str,
    /// Whether its points can be on the front.
    pub competes: bool,
}

/// What a Pareto chart shows.
#[derive(Clone, Debug)]
pub struct ParetoChart<'a> {
    /// Title for screen readers.
    pub title: &'a str,
    /// What x is, below its axis.
    pub x_label: &'a str,
    /// What y is, above its axis.
    pub y_label: &'a str,
    /// The kinds: five at most differ in shape.
    pub kinds: &'a [ParetoKind<'a>],
    /// The points.
    pub points: &'a [ParetoPoint<'a>],
    /// The largest y that stretches the axis, if some lies below it.
    pub y_most: f64,
    /// Size.
    pub size: ChartSize,
}

/// A Pareto chart that was drawn.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct DrawnPareto {
    /// The chart.
    pub svg: String,
    /// Where each point is drawn, in CSS pixels from the left and the top, `[n_points]`.
    pub places: Vec<Option<(f64, f64)>>,
    /// Points of the front by rising x.
    pub front: Vec<usize>,
}

const LEAST: (u32, u32) = (240, 160);
const TOP_PX: i32 = 36;
/// Half a mark.
const RADIUS: i32 = 4 * SCALE;
const RING: i32 = 7 * SCALE;
/// Points named at most.
const N_LABELS: usize = 24;
/// Points of the front that the description names.
const N_NAMED: usize = 8;

type Drawn = Result<(), Box<dyn std::error::Error>>;

/// Points that no other beats in both, by rising x; `points` are (x, y), of which less is better.
///
/// ```
/// use featurescope::plot::charts::pareto_front;
/// assert_eq!(pareto_front(&[(2.0, 1.0), (1.0, 3.0), (3.0, 1.0), (f64::NAN, 0.0)]), [1, 0]);
/// ```
#[must_use]
pub fn pareto_front(points: &[(f64, f64)]) -> Vec<usize> {
    let is_finite = |at: &usize| points[*at].0.is_finite() && points[*at].1.is_finite();
    let mut order: Vec<usize> = (0..points.len()).filter(is_finite).collect();
    order.sort_by(|&a, &b| points[a].0.total_cmp(&points[b].0).then(points[a].1.total_cmp(&points[b].1)));
    let mut best = f64::INFINITY;
    order.retain(|&at| {
        let is_better = points[at].1 < best;
        best = best.min(points[at].1);
        is_better
    });
    order
}

/// A Pareto chart as SVG, and where its points are.
///
/// # Errors
/// [`ChartError::TooSmall`] below 240 × 160 px. Without a finite point the chart says so.
///
/// # Panics
/// If a point's kind does not exist.
pub fn pareto_chart(chart: &ParetoChart<'_>) -> Result<DrawnPareto, ChartError> {
    check_size(chart.title, chart.size, LEAST)?;
    let Some(ranges) = ranges(chart) else {
        let svg = nothing(chart.title, "No run has ended yet.", chart.size)?;
        return Ok(DrawnPareto { svg, places: vec![None; chart.points.len()], front: Vec::new() });
    };
    let front = front_of(chart);
    let mut places = Vec::new();
    let svg = render_layered(chart.title, &description(chart, &front, ranges.1), chart.size, |area, layers| {
        let at = draw(area, layers, chart, &front, ranges)?;
        let px = |(x, y): (i32, i32)| (f64::from(x) / f64::from(SCALE), f64::from(y) / f64::from(SCALE));
        places = at.into_iter().map(|at| at.map(px)).collect();
        Ok(())
    })?;
    Ok(DrawnPareto { svg, places, front })
}

fn front_of(chart: &ParetoChart<'_>) -> Vec<usize> {
    let competing = |point: &ParetoPoint<'_>| {
        if chart.kinds[point.kind].competes { (point.x, point.y) } else { (f64::NAN, f64::NAN) }
    };
    pareto_front(&chart.points.iter().map(competing).collect::<Vec<_>>())
}

/// Where every point lies, in pixels, if it is finite.
type Places = Vec<Option<(i32, i32)>>;

fn is_finite(point: &ParetoPoint<'_>) -> bool {
    point.x.is_finite() && point.y.is_finite()
}

fn ranges(chart: &ParetoChart<'_>) -> Option<(Range, Range)> {
    let finite = || chart.points.iter().filter(|point| is_finite(point));
    let x = Range::of(finite().map(|point| point.x))?.including(0.0);
    let low = Range::of(finite().map(|point| point.y).filter(|&y| y <= chart.y_most));
    let y = low.or_else(|| Range::of(finite().map(|point| point.y)))?.including(0.0);
    let x = Range { low: x.low, high: x.high + 0.08 * (x.high - x.low) };
    Some((x, nice(y, n_y_ticks(chart.size.height))))
}

fn description(chart: &ParetoChart<'_>, front: &[usize], y: Range) -> String {
    let of_kind = |(at, kind): (usize, &ParetoKind<'_>)| {
        let n = chart.points.iter().filter(|point| point.kind == at && is_finite(point)).count();
        (n > 0).then(|| format!("{} {}", count(n), kind.name))
    };
    let counts: Vec<String> = chart.kinds.iter().enumerate().filter_map(of_kind).collect();
    let named = |&at: &usize| {
        let ParetoPoint { name, x, y, .. } = chart.points[at];
        format!("{name} ({}, {})", significant(x, 3), significant(y, 3))
    };
    let named: Vec<String> = front.iter().take(N_NAMED).map(named).collect();
    let front = if named.is_empty() { String::new() } else { format!(" On the front: {}.", named.join("; ")) };
    let n_beyond = chart.points.iter().filter(|point| is_finite(point) && point.y > y.high).count();
    let beyond = if n_beyond == 0 { String::new() } else { format!(" {n_beyond} above the axis, at its edge.") };
    let n_without = chart.points.iter().filter(|point| !is_finite(point)).count();
    let without = if n_without == 0 { String::new() } else { format!(" {n_without} without a finite value.") };
    format!("{} against {}: {}.{front}{beyond}{without}", chart.y_label, chart.x_label, counts.join(", "))
}

fn draw(
    area: &Area<'_>,
    layers: &Layers,
    chart: &ParetoChart<'_>,
    front: &[usize],
    ranges: (Range, Range),
) -> Result<Places, Box<dyn std::error::Error>> {
    let context = frame(area, ranges, TOP_PX, chart.x_label)?;
    draw_key(area, layers, chart)?;
    let position = |point: &ParetoPoint<'_>| {
        let y = point.y.clamp(ranges.1.low, ranges.1.high);
        is_finite(point).then(|| context.plotting_area().map_coordinate(&(point.x, y)))
    };
    let at: Vec<Option<(i32, i32)>> = chart.points.iter().map(position).collect();
    let front_at: Vec<(i32, i32)> = front.iter().filter_map(|&point| at[point]).collect();
    layers.place(area, staircase(&front_at))?;
    let shapes = chart.points.iter().zip(&at).filter_map(|(point, at)| Some(shape(point.kind, (*at)?)));
    layers.place(area, shapes.collect())?;
    layers.place(area, front_at.iter().map(|&at| ring(at)).collect())?;
    draw_names(area, &context, chart, front, &at)?;
    Ok(at)
}

/// From point to point along the axes: what lies above and to the right is beaten.
fn staircase(front: &[(i32, i32)]) -> String {
    let [(x, y), rest @ ..] = front else { return String::new() };
    let mut path = format!("M{x} {y}");
    for (x, y) in rest {
        let _ = write!(path, "H{x}V{y}");
    }
    let color = Role::Muted.css();
    format!("<path fill=\"none\" stroke=\"{color}\" stroke-width=\"5\" d=\"{path}\"/>\n")
}

fn ring((x, y): (i32, i32)) -> String {
    let color = Role::Text.css();
    format!("<circle cx=\"{x}\" cy=\"{y}\" r=\"{RING}\" fill=\"none\" stroke=\"{color}\" stroke-width=\"5\"/>\n")
}

/// A disc, a square, a diamond, a triangle or a cross.
fn shape(kind: usize, (x, y): (i32, i32)) -> String {
    let (r, color) = (RADIUS, Role::series(kind).css());
    let filled = |path: String| format!("<path fill=\"{color}\" fill-opacity=\"0.85\" d=\"{path}\"/>\n");
    match kind % 5 {
        0 => format!("<circle cx=\"{x}\" cy=\"{y}\" r=\"{r}\" fill=\"{color}\" fill-opacity=\"0.85\"/>\n"),
        1 => filled(format!("M{} {}h{}v{}h-{}z", x - r, y - r, 2 * r, 2 * r, 2 * r)),
        2 => filled(format!("M{x} {}l{s} {s}l-{s} {s}l-{s} -{s}z", y - 5 * r / 4, s = 5 * r / 4)),
        3 => filled(format!("M{x} {}l{w} {h}h-{b}z", y - 5 * r / 4, w = 5 * r / 4, h = 2 * r, b = 5 * r / 2)),
        _ => format!(
            "<path fill=\"none\" stroke=\"{color}\" stroke-width=\"9\" d=\"M{} {}l{d} {d}m0 -{d}l-{d} {d}\"/>\n",
            x - r,
            y - r,
            d = 2 * r
        ),
    }
}

/// The kinds that have points, from the left, and what y is.
fn draw_key(area: &Area<'_>, layers: &Layers, chart: &ParetoChart<'_>) -> Drawn {
    let right_px = dimensions(area).0 / SCALE - RIGHT_PX;
    let (mut x_px, mut shapes) = (6, String::new());
    for (at, kind) in chart.kinds.iter().enumerate() {
        if !chart.points.iter().any(|point| point.kind == at && is_finite(point)) {
            continue;
        }
        shapes += &shape(at, (x_px * SCALE, 8 * SCALE));
        let label = fitting(kind.name, (right_px - x_px).max(1));
        let style = text(Role::Text, HPos::Left, VPos::Center);
        area.draw(&Text::new(label.clone(), ((x_px + 8) * SCALE, 8 * SCALE), style))?;
        x_px += width_px(&label) + 24;
    }
    layers.place(area, shapes)?;
    let label = fitting(chart.y_label, right_px);
    area.draw(&Text::new(label, (0, 25 * SCALE), text(Role::Muted, HPos::Left, VPos::Center)))?;
    Ok(())
}

fn draw_names(
    area: &Area<'_>,
    context: &Frame<'_, '_>,
    chart: &ParetoChart<'_>,
    front: &[usize],
    at: &[Option<(i32, i32)>],
) -> Drawn {
    let others = (0..chart.points.len()).filter(|point| !front.contains(point));
    let tried = front.iter().copied().chain(others).filter(|&point| !chart.points[point].name.is_empty());
    let named: Vec<(&str, (i32, i32))> = tried.filter_map(|i| Some((chart.points[i].name, at[i]?))).collect();
    let wish =
        |&(name, at): &(&str, (i32, i32))| Wish { at, width: width_px(name) * SCALE, height: (TEXT_PX + 1) * SCALE };
    let wishes: Vec<Wish> = named.iter().map(wish).collect();
    let points: Vec<(i32, i32)> = at.iter().flatten().copied().collect();
    let (x, y) = context.plotting_area().get_pixel_range();
    let bounds = Box2 { left: x.start, top: y.start, right: x.end + RIGHT_PX * SCALE, bottom: y.end };
    let room = Room { bounds, points: &points, radius: RING + SCALE, n_most: N_LABELS };
    for (&(name, _), place) in named.iter().zip(place(&wishes, &room)) {
        // A name far from its point would need a line; the pointer and the table have it.
        if let Some(Place { area: place, is_far: false }) = place {
            let middle = (i32::midpoint(place.left, place.right), i32::midpoint(place.top, place.bottom));
            area.draw(&Text::new(name.to_owned(), middle, text(Role::Text, HPos::Center, VPos::Center)))?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const KINDS: [ParetoKind<'_>; 2] =
        [ParetoKind { name: "runs", competes: true }, ParetoKind { name: "PCA", competes: false }];

    fn point(name: &str, kind: usize, x: f64, y: f64) -> ParetoPoint<'_> {
        ParetoPoint { name, kind, x, y }
    }

    fn chart<'a>(points: &'a [ParetoPoint<'a>]) -> ParetoChart<'a> {
        ParetoChart {
            title: "Runs",
            x_label: "L0",
            y_label: "FVU",
            kinds: &KINDS,
            points,
            y_most: 1.05,
            size: ChartSize { width: 400, height: 260 },
        }
    }

    #[test]
    fn the_front_is_of_competing_kinds_and_is_said() {
        let points = [
            point("h 8", 0, 4.0, 0.3),
            point("h 16", 0, 8.0, 0.1),
            point("beaten", 0, 9.0, 0.2),
            point("pca", 1, 1.0, 0.0),
        ];
        let drawn = pareto_chart(&chart(&points)).unwrap();
        assert_eq!(drawn.front, [0, 1]);
        assert!(drawn.svg.contains("FVU against L0: 3 runs, 1 PCA. On the front: h 8 (4, 0.3); h 16 (8, 0.1)."));
        assert_eq!(drawn.svg.matches(&format!("r=\"{RING}\"")).count(), 2, "a ring for each point of the front");
        for name in ["h 8", "h 16", "beaten", "pca"] {
            assert!(drawn.svg.contains(&format!(">\n{name}\n<")), "{name} is named: {}", drawn.svg);
        }
    }

    #[test]
    fn places_follow_the_values() {
        let points = [point("", 0, 2.0, 0.5), point("", 0, 4.0, 0.25), point("", 0, f64::NAN, 0.1)];
        let drawn = pareto_chart(&chart(&points)).unwrap();
        let [Some(one), Some(two), None] = drawn.places[..] else { panic!("{:?}", drawn.places) };
        assert!(one.0 < two.0 && one.1 < two.1, "right is more, up is more");
        assert!(drawn.svg.contains("1 without a finite value"));
        let (x, y) = ((two.0 * 4.0).round() as i32, (two.1 * 4.0).round() as i32);
        assert!(drawn.svg.contains(&format!("cx=\"{x}\" cy=\"{y}\" r=\"{RADIUS}\"")));
    }

    #[test]
    fn what_is_far_above_stays_at_the_edge() {
        let points = [point("good", 0, 2.0, 0.5), point("bad", 0, 3.0, 700.0)];
        let drawn = pareto_chart(&chart(&points)).unwrap();
        assert!(drawn.svg.contains("1 above the axis, at its edge."));
        let alone = pareto_chart(&chart(&points[1..])).unwrap();
        assert!(!alone.svg.contains("above the axis"));
    }

    #[test]
    fn kinds_differ_in_shape() {
        let shapes: Vec<String> =
            (0..5).map(|kind| shape(kind, (0, 0)).replace(Role::series(kind).css(), "")).collect();
        for (at, one) in shapes.iter().enumerate() {
            assert!(shapes[at + 1..].iter().all(|other| other != one), "{one}");
        }
    }

    #[test]
    fn without_points_it_says_so_and_small_ones_are_refused() {
        let drawn = pareto_chart(&chart(&[])).unwrap();
        assert!(drawn.svg.contains("No run has ended yet.") && drawn.front.is_empty());
        let small = ParetoChart { size: ChartSize { width: 100, height: 260 }, ..chart(&[]) };
        assert!(matches!(pareto_chart(&small), Err(ChartError::TooSmall { .. })));
    }

    proptest! {
        #[test]
        fn nothing_beats_the_front_and_all_else_is_beaten_or_equal(
            points in prop::collection::vec((0..20u8, 0..20u8), 0..40)
        ) {
            let points: Vec<(f64, f64)> = points.into_iter().map(|(x, y)| (f64::from(x), f64::from(y))).collect();
            let front = pareto_front(&points);
            let beats = |a: (f64, f64), b: (f64, f64)| a.0 <= b.0 && a.1 <= b.1;
            for (at, &point) in points.iter().enumerate() {
                let n_beating = front.iter().filter(|&&one| beats(points[one], point)).count();
                prop_assert!(n_beating > 0);
                if front.contains(&at) {
                    prop_assert_eq!(n_beating, 1);
                }
            }
        }
    }
}
