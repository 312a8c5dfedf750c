//! What all charts share: roles for colours, text styles, the frame around a drawing.
//!
//! Plotters knows only fixed colours and whole pixels. So each role is drawn in a marker colour that is exchanged for
//! a CSS variable in the finished text, and everything is drawn [`SCALE`] times as large under a matching `viewBox`.

use plotters::coord::Shift;
use plotters::prelude::{DrawingArea, IntoDrawingArea, SVGBackend};
use plotters::style::text_anchor::{HPos, Pos, VPos};
use plotters::style::{Color, IntoFont, RGBColor, ShapeStyle, TextStyle};

use super::{ChartError, ChartSize};
use crate::plot::scale::floor_index;

/// Drawing units in a CSS pixel.
pub(super) const SCALE: i32 = 4;

/// Height of ordinary text in CSS pixels.
pub(super) const TEXT_PX: i32 = 11;

/// Plotters' SVG writes font sizes divided by this.
const FONT_HEIGHT: f64 = 1.24;

/// Average width of a character as a share of the text's height, for labels that must fit.
const CHARACTER_WIDTH: f64 = 0.56;

pub(super) type Area<'a> = DrawingArea<SVGBackend<'a>, Shift>;

/// What a colour stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Role {
    Text,
    Muted,
    Axis,
    Grid,
    Reference,
    Track,
    Series(u8),
}

const ROLES: [(Role, &str); 12] = [
    (Role::Text, "var(--chart-text, currentColor)"),
    (Role::Muted, "var(--chart-muted, currentColor)"),
    (Role::Axis, "var(--chart-axis, #8a9099)"),
    (Role::Grid, "var(--chart-grid, #8a909933)"),
    (Role::Reference, "var(--chart-reference, #d55e00)"),
    (Role::Track, "var(--chart-track, #8a909926)"),
    (Role::Series(0), "var(--chart-1, #0072b2)"),
    (Role::Series(1), "var(--chart-2, #d55e00)"),
    (Role::Series(2), "var(--chart-3, #009e73)"),
    (Role::Series(3), "var(--chart-4, #cc79a7)"),
    (Role::Series(4), "var(--chart-5, #e69f00)"),
    (Role::Series(5), "var(--chart-6, #56b4e9)"),
];

impl Role {
    /// The role of the `i`th series; roles repeat after the sixth.
    pub(super) fn series(i: usize) -> Self {
        Self::Series((i % 6) as u8)
    }

    /// The marker colour that is exchanged in the end.
    pub(super) fn color(self) -> RGBColor {
        let index = ROLES.iter().position(|(role, _)| *role == self).unwrap_or(0);
        RGBColor(1, index as u8, 254)
    }

    /// A line of `width` drawing units.
    pub(super) fn stroke(self, width: u32) -> ShapeStyle {
        self.color().stroke_width(width)
    }

    pub(super) fn fill(self) -> ShapeStyle {
        self.color().filled()
    }
}

/// Width and height of an area in drawing units.
pub(super) fn dimensions(area: &Area<'_>) -> (i32, i32) {
    let (width, height) = area.dim_in_pixel();
    (width.cast_signed(), height.cast_signed())
}

/// Text of a role, anchored at a point.
pub(super) fn text(role: Role, horizontal: HPos, vertical: VPos) -> TextStyle<'static> {
    ("sans-serif", f64::from(TEXT_PX * SCALE) * FONT_HEIGHT)
        .into_font()
        .color(&role.color())
        .pos(Pos::new(horizontal, vertical))
}

/// Characters that fit into `width_px`.
pub(super) fn fitting(label: &str, width_px: i32) -> String {
    let room = floor_index(f64::from(width_px) / (f64::from(TEXT_PX) * CHARACTER_WIDTH)).max(1);
    if label.chars().count() <= room {
        return label.to_owned();
    }
    let cut: String = label.chars().take(room.saturating_sub(1)).collect();
    format!("{}…", cut.trim_end())
}

/// Width of `label` in CSS pixels, about.
pub(super) fn width_px(label: &str) -> i32 {
    (label.chars().count() as f64 * f64::from(TEXT_PX) * CHARACTER_WIDTH).ceil() as i32
}

/// Draws within an SVG of `size`; `draw` gets an area of [`SCALE`] units a pixel.
///
/// # Errors
/// What `draw` returns, as [`ChartError::Draw`].
pub(super) fn render(
    title: &str,
    description: &str,
    size: ChartSize,
    draw: impl FnOnce(&Area<'_>) -> Result<(), Box<dyn std::error::Error>>,
) -> Result<String, ChartError> {
    let mut svg = String::new();
    let scale = SCALE.unsigned_abs();
    {
        let area = SVGBackend::with_string(&mut svg, (size.width * scale, size.height * scale)).into_drawing_area();
        let failed =
            |error: Box<dyn std::error::Error>| ChartError::Draw { title: title.to_owned(), reason: error.to_string() };
        draw(&area).map_err(failed)?;
        area.present().map_err(|error| failed(error.into()))?;
    }
    Ok(themed(&svg, title, description, size))
}

fn themed(svg: &str, title: &str, description: &str, size: ChartSize) -> String {
    let scale = SCALE.unsigned_abs();
    let (width, height) = (size.width, size.height);
    let body = svg.split_once('>').map_or("", |(_, body)| body);
    let mut out = format!(
        "<svg class=\"chart\" role=\"img\" width=\"{width}\" height=\"{height}\" viewBox=\"0 0 {} {}\" \
         xmlns=\"http://www.w3.org/2000/svg\"><title>{}</title><desc>{}</desc>",
        width * scale,
        height * scale,
        escaped(title),
        escaped(description),
    );
    out.push_str(body);
    let mut out = out.replace(" font-family=\"sans-serif\"", " font-family=\"inherit\"");
    for (role, variable) in ROLES {
        let RGBColor(r, g, b) = role.color();
        out = out.replace(&format!("\"#{r:02X}{g:02X}{b:02X}\""), &format!("\"{variable}\""));
    }
    out
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_role_has_its_own_colour() {
        for (i, (a, _)) in ROLES.iter().enumerate() {
            for (b, _) in &ROLES[i + 1..] {
                assert_ne!(a.color(), b.color());
            }
        }
    }

    #[test]
    fn long_labels_are_cut() {
        assert_eq!(fitting("short", 100), "short");
        let cut = fitting("GOBP_RESPONSE_TO_TYPE_I_INTERFERON", 100);
        assert!(cut.ends_with('…') && cut.chars().count() <= 17, "{cut}");
    }

    #[test]
    fn titles_are_escaped_and_colours_exchanged() {
        let size = ChartSize { width: 10, height: 10 };
        let svg = render("a < b & c", "", size, |area| {
            area.fill(&Role::Grid.color())?;
            Ok(())
        })
        .unwrap();
        assert!(svg.contains("<title>a &lt; b &amp; c</title>"));
        assert!(svg.contains("fill=\"var(--chart-grid"));
        assert!(!svg.contains("FE\""));
    }
}
