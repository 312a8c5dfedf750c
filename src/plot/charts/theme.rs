//! What all charts share: roles for colours, text styles, the frame around a drawing.
//!
//! Plotters knows only fixed colours and whole pixels. So each role is drawn in a marker colour that is exchanged for
//! a CSS variable in the finished text, and everything is drawn [`SCALE`] times as large under a matching `viewBox`.

use plotters::coord::Shift;
use plotters::prelude::{DrawingArea, IntoDrawingArea, SVGBackend, Text};
use plotters::style::text_anchor::{HPos, Pos, VPos};
use plotters::style::{Color, IntoFont, RGBColor, ShapeStyle, TextStyle};

use super::layers::Layers;
use super::{ChartError, ChartSize};

/// Drawing units in a CSS pixel.
pub(super) const SCALE: i32 = 4;

/// Height of ordinary text in CSS pixels.
pub(super) const TEXT_PX: i32 = 11;

/// Plotters' SVG writes font sizes divided by this.
const FONT_HEIGHT: f64 = 1.24;

/// Width of a character as a share of the text's height, rounded up for common sans-serif fonts: labels must fit.
fn character_width(c: char) -> f64 {
    match c {
        'i' | 'j' | 'l' | 't' | 'f' | 'r' | 'I' | ' ' | '.' | ',' | ':' | ';' | '\'' | '|' | '(' | ')' | '\u{202f}' => {
            0.36
        }
        'm' | 'w' | 'M' | 'W' | '@' | '%' | '…' => 0.90,
        c if c.is_uppercase() => 0.70,
        _ => 0.62,
    }
}

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

    /// The colour as an SVG attribute's value.
    pub(super) fn css(self) -> &'static str {
        ROLES.iter().find(|(role, _)| *role == self).map_or("currentColor", |(_, css)| css)
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

/// The start of `label` that fits into `width_px`, at least one character, with an ellipsis where it is cut.
pub(super) fn fitting(label: &str, width_px: i32) -> String {
    let room = f64::from(width_px) / f64::from(TEXT_PX);
    let widths = || label.chars().map(character_width);
    if widths().sum::<f64>() <= room {
        return label.to_owned();
    }
    let mut used = character_width('…');
    let n_fitting = widths().take_while(|width| {
        used += width;
        used <= room
    });
    let cut: String = label.chars().take(n_fitting.count().max(1)).collect();
    format!("{}…", cut.trim_end())
}

/// Width of `label` in CSS pixels, about.
pub(super) fn width_px(label: &str) -> i32 {
    (label.chars().map(character_width).sum::<f64>() * f64::from(TEXT_PX)).ceil() as i32
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
    render_layered(title, description, size, |area, _| draw(area))
}

/// As [`render`], for drawings that also place SVG of their own.
///
/// # Errors
/// What `draw` returns, as [`ChartError::Draw`].
pub(super) fn render_layered(
    title: &str,
    description: &str,
    size: ChartSize,
    draw: impl FnOnce(&Area<'_>, &Layers) -> Result<(), Box<dyn std::error::Error>>,
) -> Result<String, ChartError> {
    let layers = Layers::default();
    let mut svg = String::new();
    let scale = SCALE.unsigned_abs();
    {
        let area = SVGBackend::with_string(&mut svg, (size.width * scale, size.height * scale)).into_drawing_area();
        let failed =
            |error: Box<dyn std::error::Error>| ChartError::Draw { title: title.to_owned(), reason: error.to_string() };
        draw(&area, &layers).map_err(failed)?;
        area.present().map_err(|error| failed(error.into()))?;
    }
    Ok(layers.put_into(&themed(&svg, title, description, size)))
}

/// A chart without data: a sentence in its middle, and as its description.
///
/// # Errors
/// [`ChartError::Draw`] if the drawing library fails.
pub(super) fn nothing(title: &str, sentence: &str, size: ChartSize) -> Result<String, ChartError> {
    render(title, sentence, size, |area| {
        let (width, height) = dimensions(area);
        let label = fitting(sentence, width / SCALE);
        area.draw(&Text::new(label, (width / 2, height / 2), text(Role::Muted, HPos::Center, VPos::Center)))?;
        Ok(())
    })
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

/// Text as it stands between tags.
pub(super) fn escaped(text: &str) -> String {
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
    fn cut_labels_fit_whatever_their_letters() {
        for label in ["WWWWWWWWWWWWWWWWWWWW", "illilliillilliilliillilliilliill", "GOBP_TYPE_I_INTERFERON"] {
            assert!(width_px(&fitting(label, 90)) <= 91, "{label}");
        }
        assert_eq!(fitting("wide", 1), "w…");
    }

    #[test]
    fn an_empty_chart_says_so() {
        let svg = nothing("Volcano", "No gene has a finite value.", ChartSize { width: 300, height: 80 }).unwrap();
        assert!(svg.contains("<desc>No gene has a finite value.</desc>"));
        assert_eq!(svg.matches("No gene has a finite value.").count(), 2);
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
