//! The frame of charts with two numeric axes: ticks at round numbers, horizontal grid lines, labels.

use plotters::chart::ChartContext;
use plotters::coord::ranged1d::{KeyPointHint, NoDefaultFormatting, Ranged, ValueFormatter};
use plotters::prelude::{Cartesian2d, ChartBuilder, SVGBackend, Text};
use plotters::style::text_anchor::{HPos, VPos};

use super::theme::{Area, Role, SCALE, dimensions, text, width_px};
use super::{ChartError, ChartSize};
use crate::plot::format::tick_labels;
use crate::plot::scale::{Range, ticks};

/// Free pixels right of the drawing, so that the last tick's label fits.
pub(super) const RIGHT_PX: i32 = 12;
const N_TICKS: usize = 4;
/// Room that a tick's label needs on the x axis.
const TICK_PX: i32 = 40;

/// Height of a chart for each step between ticks of its y axis.
const Y_STEP_PX: u32 = 30;

/// Steps between ticks that the y axis of a chart this high has room for.
pub(super) fn n_y_ticks(height_px: u32) -> usize {
    ((height_px / Y_STEP_PX).max(1) as usize).min(N_TICKS)
}

/// A linear axis for plotters with about this many of this crate's ticks.
pub(super) struct Axis(Range, usize);

impl Axis {
    fn ticks(&self) -> Vec<f64> {
        ticks(self.0, self.1)
    }

    fn labels(&self) -> Vec<String> {
        tick_labels(&self.ticks(), self.0, self.1)
    }
}

impl Ranged for Axis {
    type FormatOption = NoDefaultFormatting;
    type ValueType = f64;

    fn map(&self, value: &f64, (from, to): (i32, i32)) -> i32 {
        from + (self.0.fraction(*value) * f64::from(to - from)).round() as i32
    }

    fn key_points<Hint: KeyPointHint>(&self, hint: Hint) -> Vec<f64> {
        if hint.weight().allow_light_points() { Vec::new() } else { self.ticks() }
    }

    fn range(&self) -> std::ops::Range<f64> {
        self.0.low..self.0.high
    }
}

impl ValueFormatter<f64> for Axis {
    fn format_ext(&self, value: &f64) -> String {
        tick_labels(&[*value], self.0, self.1).concat()
    }
}

pub(super) type Frame<'a, 'b> = ChartContext<'a, SVGBackend<'b>, Cartesian2d<Axis, Axis>>;

/// What surrounds the plotting area.
pub(super) struct FrameStyle<'l> {
    /// Free pixels above.
    pub(super) top_px: i32,
    /// Room for the y axis' labels, so that frames above each other align; `None`: what they need.
    pub(super) left_px: Option<i32>,
    /// Name of the x axis, which may be empty; `None`: no x axis.
    pub(super) x_label: Option<&'l str>,
}

/// Room in pixels that the labels of a y axis need in an area this high.
pub(super) fn y_labels_px(height_px: u32, y: Range) -> i32 {
    Axis(y, n_y_ticks(height_px)).labels().iter().map(|label| width_px(label)).max().unwrap_or(0) + 10
}

/// Axes, grid and tick labels; the x axis has its name below.
pub(super) fn frame<'a, 'b>(
    area: &'a Area<'b>,
    ranges: (Range, Range),
    top_px: i32,
    x_label: &str,
) -> Result<Frame<'a, 'b>, Box<dyn std::error::Error>> {
    styled_frame(area, ranges, &FrameStyle { top_px, left_px: None, x_label: Some(x_label) })
}

/// As [`frame`], with more said about what surrounds it.
pub(super) fn styled_frame<'a, 'b>(
    area: &'a Area<'b>,
    (x, y): (Range, Range),
    style: &FrameStyle<'_>,
) -> Result<Frame<'a, 'b>, Box<dyn std::error::Error>> {
    let height_px = area.dim_in_pixel().1 / SCALE.unsigned_abs();
    let left_px = style.left_px.unwrap_or_else(|| y_labels_px(height_px, y));
    let room_px = dimensions(area).0 / SCALE - left_px - RIGHT_PX;
    let x = Axis(x, ((room_px / TICK_PX).max(1) as usize).min(N_TICKS));
    let bottom_px = style.x_label.map_or(0, |label| if label.is_empty() { 18 } else { 32 });
    let mut context = ChartBuilder::on(area)
        .margin_top(style.top_px * SCALE)
        .margin_right(RIGHT_PX * SCALE)
        .x_label_area_size(bottom_px * SCALE)
        .y_label_area_size(left_px * SCALE)
        .build_cartesian_2d(x, Axis(y, n_y_ticks(height_px)))?;
    context
        .configure_mesh()
        .disable_x_mesh()
        .max_light_lines(0)
        .bold_line_style(Role::Grid.stroke(4))
        .axis_style(Role::Axis.stroke(4))
        .set_all_tick_mark_size(4 * SCALE)
        .label_style(text(Role::Muted, HPos::Left, VPos::Top))
        .draw()?;
    if let Some(x_label) = style.x_label.filter(|label| !label.is_empty()) {
        let (width, height) = dimensions(area);
        let at = (i32::midpoint(left_px * SCALE, width - RIGHT_PX * SCALE), height - SCALE);
        area.draw(&Text::new(x_label.to_owned(), at, text(Role::Muted, HPos::Center, VPos::Bottom)))?;
    }
    Ok(context)
}

/// # Errors
/// [`ChartError::TooSmall`] below `(width, height)` pixels.
pub(super) fn check_size(title: &str, size: ChartSize, least: (u32, u32)) -> Result<(), ChartError> {
    let (least_width, least_height) = least;
    if size.width >= least_width && size.height >= least_height {
        return Ok(());
    }
    let title = title.to_owned();
    Err(ChartError::TooSmall { title, width: size.width, height: size.height, least_width, least_height })
}
