//! Keys of charts: dots with their meaning, bars of colours.

use plotters::prelude::{Circle, Rectangle, Text};
use plotters::style::text_anchor::{HPos, VPos};
use plotters::style::{Color, RGBColor, ShapeStyle};

use super::theme::{Area, Role, SCALE, text, width_px};
use crate::plot::color::Rgb;

type Drawn = Result<(), Box<dyn std::error::Error>>;

/// A fixed colour for plotters, filled.
pub(super) fn fixed(Rgb(r, g, b): Rgb) -> ShapeStyle {
    RGBColor(r, g, b).filled()
}

/// Pixels a key of dots takes.
pub(super) fn dots_px(items: &[(Role, String)]) -> i32 {
    items.iter().map(|(_, label)| width_px(label) + 20).sum::<i32>() - 10
}

/// Dots with labels in one line from `left_px`, their middle at `y_px`.
pub(super) fn dots(area: &Area<'_>, (left_px, y_px): (i32, i32), items: &[(Role, String)]) -> Drawn {
    let mut x = left_px;
    for (role, label) in items {
        area.draw(&Circle::new(((x + 4) * SCALE, y_px * SCALE), 3 * SCALE, role.fill()))?;
        let at = ((x + 10) * SCALE, y_px * SCALE);
        area.draw(&Text::new(label.clone(), at, text(Role::Text, HPos::Left, VPos::Center)))?;
        x += width_px(label) + 20;
    }
    Ok(())
}

/// A bar of colours between the words for its ends.
pub(super) struct ColorBar<'a> {
    /// What the colours are.
    pub(super) label: &'a str,
    /// From low to high.
    pub(super) colors: &'a [Rgb],
    /// The lower end in words.
    pub(super) low: String,
    /// The upper end in words.
    pub(super) high: String,
    /// The colour of cells without a value, if there are any.
    pub(super) missing: Option<Rgb>,
}

const BAR_PX: i32 = 72;
const NO_VALUE: &str = "no value";

impl ColorBar<'_> {
    /// Pixels it takes.
    pub(super) fn px(&self) -> i32 {
        let missing = self.missing.map_or(0, |_| 28 + width_px(NO_VALUE));
        width_px(self.label) + width_px(&self.low) + width_px(&self.high) + BAR_PX + 18 + missing
    }

    /// Draws it in one line from `left_px`, its middle at `y_px`.
    pub(super) fn draw(&self, area: &Area<'_>, (left_px, y_px): (i32, i32)) -> Drawn {
        let words = |label: &str, x: i32, role: Role| {
            area.draw(&Text::new(label.to_owned(), (x * SCALE, y_px * SCALE), text(role, HPos::Left, VPos::Center)))
        };
        words(self.label, left_px, Role::Muted)?;
        let mut x = left_px + width_px(self.label) + 8;
        words(&self.low, x, Role::Text)?;
        x += width_px(&self.low) + 5;
        let (top, bottom) = ((y_px - 4) * SCALE, (y_px + 4) * SCALE);
        let step = f64::from(BAR_PX * SCALE) / self.colors.len().max(1) as f64;
        let edge = |i: usize| x * SCALE + (step * i as f64).round() as i32;
        for (i, &color) in self.colors.iter().enumerate() {
            // Reaching under the next one leaves no seam.
            let right = edge((i + 2).min(self.colors.len()));
            area.draw(&Rectangle::new([(edge(i), top), (right, bottom)], fixed(color)))?;
        }
        x += BAR_PX + 5;
        words(&self.high, x, Role::Text)?;
        x += width_px(&self.high) + 12;
        if let Some(missing) = self.missing {
            area.draw(&Rectangle::new([(x * SCALE, top), ((x + 10) * SCALE, bottom)], fixed(missing)))?;
            words(NO_VALUE, x + 15, Role::Text)?;
        }
        Ok(())
    }
}
