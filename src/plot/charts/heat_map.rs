//! Heat maps: a matrix in sequential or diverging colours.
//!
//! Values are drawn in 32 steps of colour, each step one path in which a run of equal cells is one line, so that
//! 60 × 600 cells stay below 300 kB. Labels are thinned where rows or columns are too narrow for each. NaN is grey and
//! said in the key. Where columns are narrower than a pixel, each pixel shows the value among them that is farthest
//! from the middle (diverging) or largest (sequential), of equals the first. Infinite values and those outside the range
//! take the colour of its end. The colours are those of one theme, as in `color`.

use std::fmt::Write;

use plotters::prelude::Text;
use plotters::style::FontTransform;
use plotters::style::text_anchor::{HPos, VPos};

use super::axes::check_size;
use super::keys::ColorBar;
use super::theme::{Area, Role, SCALE, TEXT_PX, fitting, nothing, render_layered, text, width_px};
use super::{ChartError, ChartSize};
use crate::plot::color::{ColorScale, Rgb, Theme, diverging, missing};
use crate::plot::format::{count, significant};
use crate::plot::scale::{Range, floor_index};

/// What colours stand for.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum HeatColors {
    /// From low to high.
    Sequential {
        /// The colours.
        scale: ColorScale,
        /// Values at the ends; `None`: the smallest and the largest.
        range: Option<Range>,
    },
    /// Blue below a middle, orange above.
    Diverging {
        /// The value without colour: 0, or one half for AUROC.
        middle: f64,
        /// Distance of the ends from the middle, > 0; `None`: the largest.
        reach: Option<f64>,
    },
}

/// What a heat map shows.
#[derive(Clone, Debug)]
pub struct HeatMap<'a> {
    /// Title for screen readers.
    pub title: &'a str,
    /// What the values are: "AUROC".
    pub value_label: &'a str,
    /// Labels from the top.
    pub rows: &'a [String],
    /// Labels from the left.
    pub columns: &'a [String],
    /// The values, row by row. `[n_rows, n_columns]`
    pub values: &'a [f64],
    /// What colours stand for.
    pub colors: HeatColors,
    /// The page's theme.
    pub theme: Theme,
    /// Width in CSS pixels; the height follows from the rows.
    pub width: u32,
}

/// Where the cells of a heat map are, in CSS pixels from its upper left corner.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct HeatMapGrid {
    /// Left edge of the first column; row labels are before it.
    pub left: f64,
    /// Upper edge of the first row; the key is above it.
    pub top: f64,
    /// Width of a column.
    pub cell_width: f64,
    /// Height of a row.
    pub cell_height: f64,
    /// Size of the whole chart.
    pub size: ChartSize,
}

/// Where [`heat_map`] puts the cells, for pointers and cursors over the chart.
///
/// # Examples
/// ```
/// use featurescope::plot::charts::{HeatColors, HeatMap, heat_map_grid};
/// use featurescope::plot::color::Theme;
///
/// let (rows, columns) = (["B".to_owned()], ["1".to_owned(), "2".to_owned()]);
/// let colors = HeatColors::Diverging { middle: 0.5, reach: None };
/// let (title, value_label, theme) = ("Labels", "AUROC", Theme::Light);
/// let map = HeatMap { title, value_label, rows: &rows, columns: &columns, values: &[0.1, 0.9], colors, theme, width: 300 };
/// let grid = heat_map_grid(&map);
/// assert!(grid.left + 2.0 * grid.cell_width <= 300.0);
/// ```
pub fn heat_map_grid(map: &HeatMap<'_>) -> HeatMapGrid {
    let layout = Layout::of(map);
    let (cell_width, cell_height) = layout.cell_px;
    HeatMapGrid { left: f64::from(layout.left_px), top: f64::from(KEY_PX), cell_width, cell_height, size: layout.size }
}

const N_STEPS: usize = 32;
const LEAST_WIDTH: u32 = 240;
const KEY_PX: i32 = 24;
/// Largest share of the width that row labels take.
const NAMES_SHARE: f64 = 0.4;
/// Largest length of a column's label.
const MOST_COLUMN_LABEL_PX: i32 = 96;
/// Height of all rows, which rows share as long as each has 3 to 18 pixels.
const ROWS_PX: f64 = 720.0;
const NARROWEST_PX: f64 = 3.0;
const WIDEST_PX: f64 = 18.0;
/// Distance between labels at least.
const LABEL_STEP_PX: f64 = 12.0;

type Drawn = Result<(), Box<dyn std::error::Error>>;

/// A heat map as SVG.
///
/// # Errors
/// [`ChartError::Shape`] unless there is one value a cell, [`ChartError::TooSmall`] below 240 px. Without a value the
/// chart says so.
///
/// # Examples
/// ```
/// use featurescope::plot::charts::{HeatColors, HeatMap, heat_map};
/// use featurescope::plot::color::Theme;
///
/// let svg = heat_map(&HeatMap {
///     title: "Labels by feature",
///     value_label: "AUROC",
///     rows: &["B".into(), "NK".into()],
///     columns: &["12".into(), "40".into(), "77".into()],
///     values: &[0.5, 0.9, 0.1, f64::NAN, 0.4, 0.6],
///     colors: HeatColors::Diverging { middle: 0.5, reach: Some(0.5) },
///     theme: Theme::Light,
///     width: 360,
/// })?;
/// assert!(svg.contains("2 rows and 3 columns; from 0.1 (B, 77) to 0.9 (B, 40)"));
/// # Ok::<(), featurescope::plot::charts::ChartError>(())
/// ```
pub fn heat_map(map: &HeatMap<'_>) -> Result<String, ChartError> {
    let (n_rows, n_columns) = (map.rows.len(), map.columns.len());
    if n_rows.checked_mul(n_columns) != Some(map.values.len()) {
        let (title, found) = (map.title.to_owned(), map.values.len());
        return Err(ChartError::Shape { title, n_rows, n_columns, found });
    }
    let layout = Layout::of(map);
    check_size(map.title, layout.size, (LEAST_WIDTH, 0))?;
    let Some(ends) = ends(map) else {
        return nothing(
            map.title,
            "There is no value to draw.",
            ChartSize { height: 60.max(layout.size.height), ..layout.size },
        );
    };
    render_layered(map.title, &description(map), layout.size, |area, layers| {
        draw_key(area, map, ends)?;
        layers.place(area, cells(map, &layout, ends))?;
        draw_row_labels(area, map, &layout)?;
        draw_column_labels(area, map, &layout)
    })
}

/// Values at the ends of the colours; `None` without any value.
fn ends(map: &HeatMap<'_>) -> Option<Range> {
    if map.values.iter().all(|value| value.is_nan()) {
        return None;
    }
    let unit = Range { low: 0.0, high: 1.0 };
    Some(match map.colors {
        HeatColors::Sequential { range, .. } => range.or_else(|| Range::of(map.values.iter().copied())).unwrap_or(unit),
        HeatColors::Diverging { middle, reach } => {
            let farthest =
                || map.values.iter().map(|value| (value - middle).abs()).filter(|d| d.is_finite()).fold(0.0, f64::max);
            let reach = reach.unwrap_or_else(farthest);
            let reach = if reach > 0.0 { reach } else { 1.0 };
            Range { low: middle - reach, high: middle + reach }
        }
    })
}

/// The colour of a step, 0 to `N_STEPS` − 1.
fn step_color(map: &HeatMap<'_>, step: usize) -> Rgb {
    let t = step as f64 / (N_STEPS - 1) as f64;
    match map.colors {
        HeatColors::Sequential { scale, .. } => scale.color(t, map.theme),
        HeatColors::Diverging { .. } => diverging(2.0 * t - 1.0, map.theme),
    }
}

/// The step of a value; `N_STEPS` for NaN.
fn step_of(value: f64, ends: Range) -> usize {
    if value.is_nan() {
        return N_STEPS;
    }
    let t = ends.fraction(value).clamp(0.0, 1.0);
    (t * (N_STEPS - 1) as f64).round() as usize
}

/// Where things are, in pixels.
struct Layout {
    left_px: i32,
    cell_px: (f64, f64),
    row_step: usize,
    column_step: usize,
    column_labels_px: i32,
    are_columns_level: bool,
    size: ChartSize,
}

impl Layout {
    fn of(map: &HeatMap<'_>) -> Self {
        let widest = |labels: &[String]| labels.iter().map(|label| width_px(label)).max().unwrap_or(0);
        let left_px = widest(map.rows).min((f64::from(map.width) * NAMES_SHARE) as i32) + 6;
        let height = (ROWS_PX / map.rows.len().max(1) as f64).clamp(NARROWEST_PX, WIDEST_PX);
        let room = f64::from((map.width.cast_signed() - left_px - 2).max(1));
        let width = (room / map.columns.len().max(1) as f64).min(2.0 * WIDEST_PX);
        let column_px = widest(map.columns);
        let are_columns_level = f64::from(column_px) + 6.0 <= width;
        let column_labels_px = if are_columns_level { TEXT_PX } else { column_px.min(MOST_COLUMN_LABEL_PX) } + 8;
        let step = |size: f64| (LABEL_STEP_PX / size).ceil().max(1.0) as usize;
        let rows_px = (height * map.rows.len() as f64).ceil() as u32;
        let size =
            ChartSize { width: map.width, height: KEY_PX.unsigned_abs() + rows_px + column_labels_px.unsigned_abs() };
        Self {
            left_px,
            cell_px: (width, height),
            row_step: step(height),
            column_step: step(width),
            column_labels_px,
            are_columns_level,
            size,
        }
    }

    /// The middle of a cell's side, in drawing units.
    fn middle(index: usize, size_px: f64, start_px: i32) -> i32 {
        ((f64::from(start_px) + (index as f64 + 0.5) * size_px) * f64::from(SCALE)).round() as i32
    }
}

/// A path for each colour, in units of cells.
fn cells(map: &HeatMap<'_>, layout: &Layout, ends: Range) -> String {
    let mut paths = vec![(String::new(), (0, 0)); N_STEPS + 1];
    let n_drawn = map.columns.len().min(floor_index(layout.cell_px.0 * map.columns.len() as f64).max(1));
    for (values, row) in map.values.chunks(map.columns.len().max(1)).zip(0i64..) {
        let values: Vec<f64> = (0..n_drawn).map(|i| most_extreme(map, bin(values, i, n_drawn))).collect();
        let mut column = 0;
        for run in values.chunk_by(|a, b| step_of(*a, ends) == step_of(*b, ends)) {
            let (path, from) = &mut paths[step_of(run[0], ends)];
            // Relative moves are shorter than absolute ones.
            let _ = write!(path, "m{} {}h{}", column - from.0, row - from.1, run.len());
            column += i64::from(run.len() as u32);
            *from = (column, row);
        }
    }
    let scale = f64::from(SCALE);
    let all_px = layout.cell_px.0 * map.columns.len() as f64;
    let (width, height) = (all_px / n_drawn as f64 * scale, layout.cell_px.1 * scale);
    let (x, y) = (layout.left_px * SCALE, f64::from(KEY_PX * SCALE) + height / 2.0);
    let mut out = format!(
        "<g fill=\"none\" shape-rendering=\"crispEdges\" \
         transform=\"translate({x} {y:.3}) scale({width:.5} {height:.5})\">\n"
    );
    for (step, (path, _)) in paths.iter().enumerate().filter(|(_, (path, _))| !path.is_empty()) {
        let color = if step == N_STEPS { missing(map.theme) } else { step_color(map, step) };
        let _ = writeln!(out, "<path stroke=\"{}\" d=\"{path}\"/>", color.css());
    }
    out + "</g>\n"
}

/// The `i`th of `n` stretches of a row.
fn bin(values: &[f64], i: usize, n: usize) -> &[f64] {
    &values[i * values.len() / n..(i + 1) * values.len() / n]
}

/// The value that stands for several; NaN if all are.
fn most_extreme(map: &HeatMap<'_>, values: &[f64]) -> f64 {
    let size = |value: f64| match map.colors {
        HeatColors::Sequential { .. } => value,
        HeatColors::Diverging { middle, .. } => (value - middle).abs(),
    };
    let known = values.iter().copied().filter(|value| !value.is_nan());
    known.reduce(|best, next| if size(next) > size(best) { next } else { best }).unwrap_or(f64::NAN)
}

fn draw_key(area: &Area<'_>, map: &HeatMap<'_>, ends: Range) -> Drawn {
    let colors: Vec<Rgb> = (0..N_STEPS).map(|step| step_color(map, step)).collect();
    let is_below = map.values.iter().any(|value| *value < ends.low);
    let is_above = map.values.iter().any(|value| *value > ends.high);
    let end = |value: f64, is_beyond: bool, sign: &str| {
        if is_beyond { format!("{sign} {}", significant(value, 3)) } else { significant(value, 3) }
    };
    let bar = ColorBar {
        label: map.value_label,
        colors: &colors,
        low: end(ends.low, is_below, "≤"),
        high: end(ends.high, is_above, "≥"),
        missing: map.values.iter().any(|value| value.is_nan()).then(|| missing(map.theme)),
    };
    bar.draw(area, (0, 8))
}

fn draw_row_labels(area: &Area<'_>, map: &HeatMap<'_>, layout: &Layout) -> Drawn {
    let right = (layout.left_px - 5) * SCALE;
    for (row, label) in map.rows.iter().enumerate().step_by(layout.row_step) {
        let y = Layout::middle(row, layout.cell_px.1, KEY_PX);
        let label = fitting(label, layout.left_px - 6);
        area.draw(&Text::new(label, (right, y), text(Role::Text, HPos::Right, VPos::Center)))?;
    }
    Ok(())
}

/// Level where they fit, otherwise upwards.
fn draw_column_labels(area: &Area<'_>, map: &HeatMap<'_>, layout: &Layout) -> Drawn {
    let top = (layout.size.height.cast_signed() - layout.column_labels_px + 5) * SCALE;
    for (column, label) in map.columns.iter().enumerate().step_by(layout.column_step) {
        let x = Layout::middle(column, layout.cell_px.0, layout.left_px);
        if layout.are_columns_level {
            area.draw(&Text::new(label.clone(), (x, top), text(Role::Text, HPos::Center, VPos::Top)))?;
        } else {
            let style = text(Role::Text, HPos::Right, VPos::Center).transform(FontTransform::Rotate270);
            area.draw(&Text::new(fitting(label, MOST_COLUMN_LABEL_PX), (x, top), style))?;
        }
    }
    Ok(())
}

/// Cells, extremes and missing values in words; of equal extremes the first.
fn description(map: &HeatMap<'_>) -> String {
    let known = || map.values.iter().copied().enumerate().filter(|(_, value)| !value.is_nan());
    let low = known().reduce(|best, next| if next.1 < best.1 { next } else { best });
    let high = known().reduce(|best, next| if next.1 > best.1 { next } else { best });
    let cell = |(i, value): (usize, f64)| {
        let (row, column) = (&map.rows[i / map.columns.len()], &map.columns[i % map.columns.len()]);
        format!("{} ({row}, {column})", significant(value, 3))
    };
    let extremes =
        low.zip(high).map(|(low, high)| format!("; from {} to {}", cell(low), cell(high))).unwrap_or_default();
    let missing = match map.values.iter().filter(|value| value.is_nan()).count() {
        0 => String::new(),
        n => format!(" {} cells have no value.", count(n)),
    };
    let (n_rows, n_columns) = (count(map.rows.len()), count(map.columns.len()));
    format!("{}: {n_rows} rows and {n_columns} columns{extremes}.{missing}", map.value_label)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(prefix: &str, n: usize) -> Vec<String> {
        (0..n).map(|i| format!("{prefix}{i}")).collect()
    }

    fn map<'a>(rows: &'a [String], columns: &'a [String], values: &'a [f64]) -> HeatMap<'a> {
        let colors = HeatColors::Diverging { middle: 0.0, reach: Some(1.0) };
        HeatMap { title: "Map", value_label: "score", rows, columns, values, colors, theme: Theme::Light, width: 360 }
    }

    #[test]
    fn runs_of_one_colour_are_one_line() {
        let (rows, columns) = (names("r", 2), names("c", 4));
        let svg = heat_map(&map(&rows, &columns, &[1.0, 1.0, 1.0, -1.0, 1.0, f64::NAN, f64::NAN, 1.0])).unwrap();
        let path = |color: Rgb, d: &str| format!("<path stroke=\"{}\" d=\"{d}\"/>", color.css());
        assert!(svg.contains(&path(diverging(1.0, Theme::Light), "m0 0h3m-3 1h1m2 0h1")), "{svg}");
        assert!(svg.contains(&path(diverging(-1.0, Theme::Light), "m3 0h1")));
        assert!(svg.contains(&path(missing(Theme::Light), "m1 1h2")));
        assert!(
            svg.contains("score: 2 rows and 4 columns; from \u{2212}1 (r0, c3) to 1 (r0, c0). 2 cells have no value.")
        );
    }

    #[test]
    fn ends_are_told_where_values_lie_beyond() {
        let (rows, columns) = (names("r", 1), names("c", 3));
        let svg = heat_map(&map(&rows, &columns, &[-0.5, 9.0, f64::NEG_INFINITY])).unwrap();
        assert!(svg.contains("≥ 1") && svg.contains("≤ \u{2212}1"));
        let own = HeatMap {
            colors: HeatColors::Diverging { middle: 0.5, reach: None },
            ..map(&rows, &columns, &[0.1, 0.6, 0.7])
        };
        assert_eq!(ends(&own), Some(Range { low: 0.5 - 0.4, high: 0.9 }));
        let scale = ColorScale::Viridis;
        let flat =
            HeatMap { colors: HeatColors::Sequential { scale, range: None }, ..map(&rows, &columns, &[0.0, 0.0, 0.0]) };
        assert_eq!(ends(&flat), Some(Range { low: 0.0, high: 1.0 }));
    }

    #[test]
    fn a_matrix_that_is_not_filled_is_an_error() {
        let (rows, columns) = (names("r", 2), names("c", 2));
        let error = heat_map(&map(&rows, &columns, &[1.0; 3])).unwrap_err();
        assert_eq!(error, ChartError::Shape { title: "Map".into(), n_rows: 2, n_columns: 2, found: 3 });
    }

    #[test]
    fn no_value_says_so() {
        let (rows, columns) = (names("r", 1), names("c", 2));
        assert!(heat_map(&map(&rows, &columns, &[f64::NAN; 2])).unwrap().contains("There is no value to draw."));
        assert!(heat_map(&map(&[], &[], &[])).unwrap().contains("There is no value to draw."));
        assert!(heat_map(&map(&rows, &[], &[])).unwrap().contains("There is no value to draw."));
        assert!(heat_map(&map(&rows, &columns, &[f64::INFINITY; 2])).is_ok());
    }

    #[test]
    fn labels_are_thinned_where_there_are_too_many() {
        let (rows, columns) = (names("r", 200), names("c", 600));
        let values = vec![0.25; 120_000];
        let svg = heat_map(&map(&rows, &columns, &values)).unwrap();
        assert_eq!(svg.matches(">\nr").count(), 50);
        assert!((10..30).contains(&svg.matches(">\nc").count()));
    }

    #[test]
    fn a_pixel_of_several_columns_shows_the_most_extreme() {
        let (rows, columns) = (names("r", 1), names("c", 3));
        let map = map(&rows, &columns, &[0.1, f64::NAN, -0.4]);
        assert_eq!(most_extreme(&map, map.values), -0.4);
        assert!(most_extreme(&map, &[f64::NAN]).is_nan());
        let bins: Vec<usize> = (0..4).map(|i| bin(&[0.0; 10], i, 4).len()).collect();
        assert_eq!(bins, [2, 3, 2, 3]);
        let mut values = vec![0.0; 5000];
        values[2500] = 1.0;
        let columns = names("c", 5000);
        let svg = heat_map(&HeatMap { columns: &columns, values: &values, ..map }).unwrap();
        assert!(
            svg.contains(&format!("stroke=\"{}\"", diverging(1.0, Theme::Light).css())),
            "one cell in 5000 is seen"
        );
    }

    #[test]
    fn sixty_by_six_hundred_cells_stay_small() {
        let (rows, columns) = (names("r", 60), names("c", 600));
        let values: Vec<f64> = (0..36_000).map(|i| (f64::from(i) * 0.618_034).fract() * 2.0 - 1.0).collect();
        let svg = heat_map(&HeatMap { width: 800, ..map(&rows, &columns, &values) }).unwrap();
        assert!(svg.len() < 300_000, "{} bytes", svg.len());
    }
}
