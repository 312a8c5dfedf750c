//! SVG of our own between what plotters draws: compact paths for thousands of marks, and titles for the pointer.
//!
//! Plotters writes one element a mark, about 100 bytes. A layer is any SVG text; plotters draws a small square in a
//! marker colour in its place, which is exchanged in the finished text, so that drawing order is kept. Marks are sorted
//! and those at the same drawing unit are drawn once.

use std::cell::RefCell;
use std::fmt::Write;

use plotters::prelude::Rectangle;
use plotters::style::{Color, RGBColor};

use super::theme::{Area, Role, escaped};

/// Pieces of SVG in the order of their places.
#[derive(Default)]
pub(super) struct Layers(RefCell<Vec<String>>);

fn marker(index: usize) -> RGBColor {
    RGBColor(2, index as u8, 254)
}

impl Layers {
    /// Puts `svg` on top of all that is drawn so far; coordinates are drawing units of the whole chart.
    ///
    /// # Panics
    /// At the 257th layer of a chart.
    pub(super) fn place(&self, area: &Area<'_>, svg: String) -> Result<(), Box<dyn std::error::Error>> {
        let mut layers = self.0.borrow_mut();
        assert!(layers.len() < 256, "a chart has at most 256 layers");
        area.draw(&Rectangle::new([(0, 0), (1, 1)], marker(layers.len()).filled()))?;
        layers.push(svg);
        Ok(())
    }

    /// Exchanges the markers in `svg` for the layers.
    pub(super) fn put_into(self, svg: &str) -> String {
        let layers = self.0.into_inner();
        let mut out = String::with_capacity(svg.len() + layers.iter().map(String::len).sum::<usize>());
        let mut rest = svg;
        for (i, layer) in layers.iter().enumerate() {
            let RGBColor(r, g, b) = marker(i);
            let Some(at) = rest.find(&format!("\"#{r:02X}{g:02X}{b:02X}\"")) else { continue };
            let start = rest[..at].rfind('<').unwrap_or(at);
            let end = rest[at..].find("/>").map_or(rest.len(), |end| at + end + 2);
            out.push_str(&rest[..start]);
            out.push_str(layer);
            rest = &rest[end..];
        }
        out + rest
    }
}

/// How marks of a path end.
#[derive(Clone, Copy)]
pub(super) enum Cap {
    /// Circles.
    Round,
    /// Squares.
    Square,
}

/// Circles or squares of `diameter` drawing units as one path.
pub(super) fn marks(mut at: Vec<(i32, i32)>, cap: Cap, diameter: i32, role: Role, opacity: f64) -> String {
    at.sort_unstable();
    at.dedup();
    let cap = match cap {
        Cap::Round => "round",
        Cap::Square => "square",
    };
    let mut path = String::with_capacity(at.len() * 8);
    let mut from = (0, 0);
    for (x, y) in at {
        // A subpath without length is drawn as its two caps.
        let _ = write!(path, "m{} {}h0", x - from.0, y - from.1);
        from = (x, y);
    }
    if path.is_empty() {
        return path;
    }
    format!(
        "<path fill=\"none\" stroke=\"{}\" stroke-width=\"{diameter}\" stroke-linecap=\"{cap}\" \
         opacity=\"{opacity}\" d=\"{path}\"/>\n",
        role.css()
    )
}

/// Vertical ticks from `top` to `bottom` at each x as one path.
pub(super) fn ticks_path(mut xs: Vec<i32>, (top, bottom): (i32, i32), width: i32, role: Role) -> String {
    xs.sort_unstable();
    xs.dedup();
    let mut path = String::new();
    for x in xs {
        let _ = write!(path, "M{x} {top}V{bottom}");
    }
    if path.is_empty() {
        return path;
    }
    format!("<path fill=\"none\" stroke=\"{}\" stroke-width=\"{width}\" d=\"{path}\"/>\n", role.css())
}

/// A dashed straight line.
pub(super) fn dashed(from: (i32, i32), to: (i32, i32), role: Role) -> String {
    format!(
        "<path fill=\"none\" stroke=\"{}\" stroke-width=\"4\" stroke-dasharray=\"16 12\" d=\"M{} {}L{} {}\"/>\n",
        role.css(),
        from.0,
        from.1,
        to.0,
        to.1
    )
}

/// A rectangle that shows nothing but `title` when the pointer rests on it.
pub(super) fn titled((left, top): (i32, i32), (width, height): (i32, i32), title: &str) -> String {
    let title = escaped(title);
    format!(
        "<rect x=\"{left}\" y=\"{top}\" width=\"{width}\" height=\"{height}\" fill=\"transparent\">\
         <title>{title}</title></rect>\n"
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plot::charts::ChartSize;
    use crate::plot::charts::theme::render_layered;

    #[test]
    fn layers_keep_their_place_between_drawings() {
        let svg = render_layered("t", "", ChartSize { width: 20, height: 20 }, |area, layers| {
            area.draw(&Rectangle::new([(0, 0), (9, 9)], Role::Grid.fill()))?;
            layers.place(area, "<g id=\"first\"/>".into())?;
            area.draw(&Rectangle::new([(0, 0), (9, 9)], Role::Axis.fill()))?;
            layers.place(area, "<g id=\"second\"/>".into())
        })
        .unwrap();
        let at = |what: &str| svg.find(what).unwrap_or_else(|| panic!("no {what} in {svg}"));
        assert!(
            at("--chart-grid") < at("first") && at("first") < at("--chart-axis") && at("--chart-axis") < at("second")
        );
        assert_eq!(svg.matches("<rect").count(), 2, "no marker is left: {svg}");
    }

    #[test]
    fn marks_at_one_place_are_drawn_once() {
        let path = marks(vec![(8, 4), (8, 4), (2, 3)], Cap::Round, 5, Role::Axis, 1.0);
        assert!(path.contains("d=\"m2 3h0m6 1h0\""), "{path}");
        assert_eq!(marks(Vec::new(), Cap::Square, 5, Role::Axis, 1.0), "");
    }

    #[test]
    fn titles_are_escaped() {
        assert!(titled((0, 0), (4, 4), "a<b").contains("<title>a&lt;b</title>"));
    }
}
