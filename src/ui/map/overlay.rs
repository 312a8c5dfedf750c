//! What lies on top of the points, drawn on a plain canvas: the lasso, a ring around the cell under the pointer,
//! arrows of a steering experiment, and the points themselves where WebGL 2 is missing.

use std::f64::consts::TAU;

use web_sys::CanvasRenderingContext2d as Context;

use crate::plot::camera::{Camera, Point};
use crate::plot::color::{Rgb, Theme};
use crate::plot::format::count;
use crate::plot::paint::Paint;

/// Cells before and after steering, in the map's coordinates.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Arrows {
    /// Where each starts and ends.
    pub(super) ends: Vec<(Point, Point)>,
}

/// More arrows than this are thinned evenly: they could not be told apart.
const MOST_ARROWS: usize = 600;
const HEAD_PX: f64 = 5.0;

impl Arrows {
    /// Arrows between columns of coordinates; those with an end that is not finite are left out.
    pub(super) fn new(before: (&[f32], &[f32]), after: (&[f32], &[f32])) -> Self {
        let point = |(x, y): (&f32, &f32)| Point::new(f64::from(*x), f64::from(*y));
        let from = before.0.iter().zip(before.1).map(point);
        let to = after.0.iter().zip(after.1).map(point);
        let is_finite = |p: &Point| p.x.is_finite() && p.y.is_finite();
        Self { ends: from.zip(to).filter(|(a, b)| is_finite(a) && is_finite(b)).collect() }
    }

    /// What the arrows are, in words; `None` without any.
    pub(super) fn in_words(&self) -> Option<String> {
        let n = self.ends.len();
        let drawn = n.div_ceil(n.div_ceil(MOST_ARROWS).max(1));
        let thinned = if drawn < n { format!(" {} of them are drawn.", count(drawn)) } else { String::new() };
        let cells = count(n);
        (n > 0).then(|| {
            format!("Arrows lead {cells} cells to where the model puts them, the bold one is their mean.{thinned}")
        })
    }

    /// The mean arrow; `None` without any.
    fn mean(&self) -> Option<(Point, Point)> {
        let n = self.ends.len() as f64;
        let mean = |end: fn(&(Point, Point)) -> Point| {
            let (x, y) = self.ends.iter().map(end).fold((0.0, 0.0), |(x, y), p| (x + p.x, y + p.y));
            Point::new(x / n, y / n)
        };
        (!self.ends.is_empty()).then(|| (mean(|ends| ends.0), mean(|ends| ends.1)))
    }
}

/// Colours of the overlay.
pub(super) struct Ink {
    line: &'static str,
    halo: &'static str,
    arrow: &'static str,
    after: &'static str,
    lasso_fill: &'static str,
}

impl Ink {
    pub(super) fn of(theme: Theme) -> Self {
        match theme {
            Theme::Light => Self {
                line: "#14181f",
                halo: "#ffffff",
                arrow: "rgba(20, 24, 31, 0.35)",
                after: "#d55e00",
                lasso_fill: "rgba(0, 114, 178, 0.12)",
            },
            Theme::Dark => Self {
                line: "#f3f5f8",
                halo: "#14181f",
                arrow: "rgba(243, 245, 248, 0.35)",
                after: "#ff9a4d",
                lasso_fill: "rgba(86, 180, 233, 0.16)",
            },
        }
    }
}

/// Draws all points; for browsers without WebGL 2.
pub(super) fn draw_points(context: &Context, camera: &Camera, (x, y): (&[f32], &[f32]), paint: &Paint, size: f64) {
    let mut last = [0; 4];
    for &row in &paint.order {
        let row = row as usize;
        let at = camera.to_screen(Point::new(f64::from(x[row]), f64::from(y[row])));
        if at.x < -size || at.y < -size || at.x > camera.width + size || at.y > camera.height + size {
            continue;
        }
        let color = [0, 1, 2, 3].map(|channel| paint.rgba[4 * row + channel]);
        if color != last {
            let opacity = f64::from(color[3]) / 255.0;
            context.set_fill_style_str(&format!("rgb({} {} {} / {opacity:.3})", color[0], color[1], color[2]));
            last = color;
        }
        context.fill_rect(at.x - size / 2.0, at.y - size / 2.0, size, size);
    }
}

/// A ring around the cell under the pointer, in its own colour.
pub(super) fn draw_ring(context: &Context, at: Point, size: f64, color: Rgb, ink: &Ink) {
    let radius = (size / 2.0 + 2.0).max(4.5);
    circle(context, at, radius);
    context.set_fill_style_str(&color.css());
    context.fill();
    for (width, style) in [(4.0, ink.halo), (2.0, ink.line)] {
        context.set_line_width(width);
        context.set_stroke_style_str(style);
        context.stroke();
    }
}

/// The path of a lasso in screen coordinates.
pub(super) fn draw_lasso(context: &Context, path: &[Point], ink: &Ink) {
    let Some((first, rest)) = path.split_first() else { return };
    context.begin_path();
    context.move_to(first.x, first.y);
    for point in rest {
        context.line_to(point.x, point.y);
    }
    context.close_path();
    context.set_fill_style_str(ink.lasso_fill);
    context.fill();
    context.set_line_width(1.5);
    context.set_stroke_style_str(ink.line);
    context.stroke();
}

/// Arrows from before to after, a dot at each end, and the mean arrow on top.
pub(super) fn draw_arrows(context: &Context, camera: &Camera, arrows: &Arrows, ink: &Ink) {
    let step = arrows.ends.len().div_ceil(MOST_ARROWS).max(1);
    context.set_line_width(1.0);
    context.set_stroke_style_str(ink.arrow);
    context.set_fill_style_str(ink.after);
    for (from, to) in arrows.ends.iter().step_by(step) {
        let (from, to) = (camera.to_screen(*from), camera.to_screen(*to));
        line(context, from, to);
        circle(context, to, 1.8);
        context.fill();
    }
    let Some((from, to)) = arrows.mean() else { return };
    let (from, to) = (camera.to_screen(from), camera.to_screen(to));
    for (width, style) in [(6.0, ink.halo), (3.0, ink.after)] {
        context.set_line_width(width);
        context.set_stroke_style_str(style);
        context.set_fill_style_str(style);
        line(context, from, to);
        head(context, from, to, HEAD_PX + width);
    }
}

fn line(context: &Context, from: Point, to: Point) {
    context.begin_path();
    context.move_to(from.x, from.y);
    context.line_to(to.x, to.y);
    context.stroke();
}

fn head(context: &Context, from: Point, to: Point, length: f64) {
    if from.distance(to) < 1.0 {
        return;
    }
    let angle = (to.y - from.y).atan2(to.x - from.x);
    let corner = |turn: f64| {
        let direction = angle + turn;
        (to.x - length * direction.cos(), to.y - length * direction.sin())
    };
    context.begin_path();
    context.move_to(to.x + length * 0.4 * angle.cos(), to.y + length * 0.4 * angle.sin());
    for (x, y) in [corner(0.5), corner(-0.5)] {
        context.line_to(x, y);
    }
    context.close_path();
    context.fill();
}

fn circle(context: &Context, at: Point, radius: f64) {
    context.begin_path();
    // Fails only for a negative radius.
    let _ = context.arc(at.x, at.y, radius, 0.0, TAU);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_mean_arrow_joins_the_means() {
        let arrows = Arrows::new((&[0.0, 2.0], &[0.0, 0.0]), (&[1.0, 3.0], &[4.0, 4.0]));
        assert_eq!(arrows.mean(), Some((Point::new(1.0, 0.0), Point::new(2.0, 4.0))));
        assert_eq!(Arrows::default().mean(), None);
    }

    #[test]
    fn thinned_arrows_are_said() {
        let arrows = |n: usize| Arrows { ends: vec![(Point::default(), Point::default()); n] };
        assert_eq!(arrows(0).in_words(), None);
        assert!(arrows(600).in_words().is_some_and(|text| !text.contains("drawn")));
        assert!(arrows(601).in_words().is_some_and(|text| text.ends_with("301 of them are drawn.")));
    }

    #[test]
    fn arrows_without_an_end_are_left_out() {
        assert!(Arrows::new((&[0.0], &[0.0]), (&[f32::NAN], &[0.0])).ends.is_empty());
    }
}
