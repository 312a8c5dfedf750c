//! Dot plots of terms: a row each, x for strength, area for hits, colour for direction or a value.
//!
//! A dot's area is proportional to its hits, with a floor of 2 px for its radius so that small ones can be seen. Names
//! that are cut stand in full in the row's title. x starts at 0 or, if values are negative, at the smallest. A term
//! whose x is not finite keeps its row without a dot; a colour value that is not finite has the colour of missing ones.

use plotters::prelude::{Circle, PathElement, Text};
use plotters::style::text_anchor::{HPos, VPos};
use plotters::style::{Color, ShapeStyle};

use super::axes::{RIGHT_PX, check_size};
use super::keys::{self, ColorBar, fixed};
use super::layers::{Layers, dashed, titled};
use super::theme::{Area, Role, SCALE, dimensions, fitting, nothing, render_layered, text, width_px};
use super::{ChartError, ChartSize, Direction};
use crate::plot::color::{ColorScale, Rgb, Theme, missing};
use crate::plot::format::{count, significant, tick_labels};
use crate::plot::scale::{Range, ticks};

/// One term.
#[derive(Clone, Debug, PartialEq)]
pub struct Dot {
    /// Its name; cut to fit, whole for the pointer.
    pub label: String,
    /// Its strength: −log10 q or fold.
    pub x: f64,
    /// Genes of the set that were hit.
    pub n_hits: u32,
    /// Which way it goes, for [`DotColors::Direction`].
    pub direction: Direction,
    /// What its colour shows, for [`DotColors::Scale`]: −log10 q.
    pub color_value: f64,
    /// Its numbers in words, for the pointer and the description: "q 3e-12, 31 of 97".
    pub value_text: String,
}

/// What colours show.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum DotColors<'a> {
    /// Up, down or neither, in the page's colours.
    Direction,
    /// [`Dot::color_value`] on a sequential scale from the smallest to the largest, in the colours of one theme.
    Scale {
        /// What it is: "−log10 q".
        label: &'a str,
        /// The scale.
        scale: ColorScale,
        /// The page's theme.
        theme: Theme,
    },
}

/// What a dot plot shows.
#[derive(Clone, Debug)]
pub struct DotPlot<'a> {
    /// Title for screen readers.
    pub title: &'a str,
    /// What x is, below its axis.
    pub x_label: &'a str,
    /// What hits are, in the plural: "genes".
    pub unit: &'a str,
    /// The terms, from the top.
    pub dots: &'a [Dot],
    /// What colours show.
    pub colors: DotColors<'a>,
    /// A dashed line at this x, such as −log10 0.05.
    pub threshold: Option<f64>,
    /// Width in CSS pixels; the height follows from the rows.
    pub width: u32,
}

const ROW_PX: i32 = 22;
const KEY_PX: i32 = 22;
const AXIS_PX: i32 = 34;
const LEAST_WIDTH: u32 = 240;
/// Largest share of the width that names take.
const NAMES_SHARE: f64 = 0.48;
const MOST_RADIUS_PX: f64 = 8.0;
const LEAST_RADIUS_PX: f64 = 2.0;
const TICK_PX: i32 = 44;

type Drawn = Result<(), Box<dyn std::error::Error>>;

/// Where things are, in pixels.
struct Layout {
    x: Range,
    left_px: i32,
    right_px: i32,
    top_px: i32,
    most_hits: u32,
    colors: Option<Range>,
}

/// A dot plot as SVG.
///
/// # Errors
/// [`ChartError::TooSmall`] below 240 px. Without a finite x the chart says so.
///
/// # Examples
/// ```
/// use featurescope::plot::charts::{Direction, Dot, DotColors, DotPlot, dot_plot};
///
/// let dots = [Dot {
///     label: "response to virus".into(),
///     x: 44.1,
///     n_hits: 31,
///     direction: Direction::Up,
///     color_value: 44.1,
///     value_text: "q 8e-45".into(),
/// }];
/// let svg = dot_plot(&DotPlot {
///     title: "Terms",
///     x_label: "−log10 q",
///     unit: "genes",
///     dots: &dots,
///     colors: DotColors::Direction,
///     threshold: None,
///     width: 360,
/// })?;
/// assert!(svg.contains("response to virus up, 31 genes, q 8e-45"));
/// # Ok::<(), featurescope::plot::charts::ChartError>(())
/// ```
pub fn dot_plot(chart: &DotPlot<'_>) -> Result<String, ChartError> {
    let layout = Layout::of(chart);
    let top_px = layout.as_ref().map_or(KEY_PX, |layout| layout.top_px);
    let height = (top_px + AXIS_PX).unsigned_abs() + ROW_PX.unsigned_abs() * chart.dots.len() as u32;
    let size = ChartSize { width: chart.width, height };
    check_size(chart.title, size, (LEAST_WIDTH, 0))?;
    let Some(layout) = layout else {
        return nothing(chart.title, "No term has a finite value.", size);
    };
    render_layered(chart.title, &description(chart), size, |area, layers| draw(area, layers, chart, &layout))
}

impl Layout {
    fn of(chart: &DotPlot<'_>) -> Option<Self> {
        let x = Range::of(chart.dots.iter().map(|dot| dot.x))?.including(0.0);
        let names_px = chart.dots.iter().map(|dot| width_px(&dot.label)).max().unwrap_or(0) + 4;
        let left_px = names_px.min((f64::from(chart.width) * NAMES_SHARE) as i32) + 6;
        let colors = Range::of(chart.dots.iter().map(|dot| dot.color_value));
        let most_hits = chart.dots.iter().map(|dot| dot.n_hits).max().unwrap_or(0).max(1);
        let right_px = chart.width.cast_signed() - RIGHT_PX;
        let mut layout = Self { x, left_px, right_px, top_px: KEY_PX, most_hits, colors };
        // A dot at an end is not cut, and none touches the names.
        let margin = (MOST_RADIUS_PX + 1.0) / f64::from((right_px - left_px).max(1)) * (x.high - x.low);
        layout.x = Range { low: x.low - margin, high: x.high + margin };
        if layout.sizes_px(chart) + 24 + layout.colors_px(chart) > chart.width.cast_signed() {
            layout.top_px = 2 * KEY_PX;
        }
        Some(layout)
    }

    fn x_at(&self, value: f64) -> i32 {
        let room = f64::from((self.right_px - self.left_px) * SCALE);
        self.left_px * SCALE + (self.x.fraction(value).clamp(0.0, 1.0) * room).round() as i32
    }

    /// Radius in drawing units.
    fn radius(&self, n_hits: u32) -> i32 {
        let share = f64::from(n_hits) / f64::from(self.most_hits);
        ((MOST_RADIUS_PX * share.sqrt()).max(LEAST_RADIUS_PX) * f64::from(SCALE)).round() as i32
    }

    /// Hits that the key shows: the most, about a quarter of them, and one.
    fn key_hits(&self) -> Vec<u32> {
        let mut hits = vec![1, self.most_hits.div_ceil(4), self.most_hits];
        hits.dedup();
        hits
    }

    fn sizes_px(&self, chart: &DotPlot<'_>) -> i32 {
        let labels: i32 = self.key_hits().iter().map(|&n| width_px(&count(n as usize)) + 30).sum();
        width_px(chart.unit) + labels
    }

    fn colors_px(&self, chart: &DotPlot<'_>) -> i32 {
        match self.color_bar(chart) {
            Some((bar, colors)) => ColorBar { colors: &colors, ..bar }.px(),
            None => keys::dots_px(&direction_key(chart)),
        }
    }

    /// The key of a colour scale, and its colours.
    fn color_bar<'c>(&self, chart: &DotPlot<'c>) -> Option<(ColorBar<'c>, Vec<Rgb>)> {
        let DotColors::Scale { label, scale, theme } = chart.colors else { return None };
        let range = self.colors?;
        let colors = (0..24).map(|i| scale.color(f64::from(i) / 23.0, theme)).collect();
        let is_missing = chart.dots.iter().any(|dot| !dot.color_value.is_finite());
        let (low, high) = (significant(range.low, 2), significant(range.high, 2));
        Some((ColorBar { label, colors: &[], low, high, missing: is_missing.then(|| missing(theme)) }, colors))
    }

    fn style(&self, chart: &DotPlot<'_>, dot: &Dot) -> ShapeStyle {
        match (chart.colors, self.colors) {
            (DotColors::Scale { scale, theme, .. }, Some(range)) if dot.color_value.is_finite() => {
                fixed(scale.color(range.fraction(dot.color_value), theme))
            }
            (DotColors::Scale { theme, .. }, _) => fixed(missing(theme)),
            (DotColors::Direction, _) => role(dot.direction).color().filled(),
        }
    }
}

fn role(direction: Direction) -> Role {
    match direction {
        Direction::Up => Role::series(1),
        Direction::Down => Role::series(0),
        Direction::None => Role::Axis,
    }
}

fn word(direction: Direction) -> &'static str {
    match direction {
        Direction::Up => "up",
        Direction::Down => "down",
        Direction::None => "",
    }
}

fn direction_key(chart: &DotPlot<'_>) -> Vec<(Role, String)> {
    let used = [Direction::Up, Direction::Down].into_iter();
    let used = used.filter(|&direction| chart.dots.iter().any(|dot| dot.direction == direction));
    used.map(|direction| (role(direction), word(direction).to_owned())).collect()
}

fn in_words(dot: &Dot, unit: &str) -> String {
    let way = word(dot.direction);
    let space = if way.is_empty() { "" } else { " " };
    format!("{}{space}{way}, {} {unit}, {}", dot.label, count(dot.n_hits as usize), dot.value_text)
}

fn description(chart: &DotPlot<'_>) -> String {
    let rows: Vec<String> = chart.dots.iter().map(|dot| in_words(dot, chart.unit)).collect();
    format!("Horizontal: {}. {}.", chart.x_label, rows.join("; "))
}

fn draw(area: &Area<'_>, layers: &Layers, chart: &DotPlot<'_>, layout: &Layout) -> Drawn {
    draw_sizes(area, chart, layout)?;
    draw_colors(area, chart, layout)?;
    draw_axis(area, chart, layout)?;
    if let Some(threshold) = chart.threshold.filter(|x| *x > layout.x.low && *x < layout.x.high) {
        let x = layout.x_at(threshold);
        let bottom = dimensions(area).1 - AXIS_PX * SCALE;
        layers.place(area, dashed((x, layout.top_px * SCALE), (x, bottom), Role::Muted))?;
    }
    chart.dots.iter().zip(0..).try_for_each(|(dot, i)| draw_row(area, chart, layout, (dot, i)))?;
    layers.place(area, titles(chart, layout))
}

fn draw_sizes(area: &Area<'_>, chart: &DotPlot<'_>, layout: &Layout) -> Drawn {
    let y = 10 * SCALE;
    area.draw(&Text::new(chart.unit.to_owned(), (0, y), text(Role::Muted, HPos::Left, VPos::Center)))?;
    let mut x = width_px(chart.unit) + 8;
    for n in layout.key_hits() {
        let radius = layout.radius(n);
        area.draw(&Circle::new((x * SCALE + radius, y), radius, Role::Axis.fill()))?;
        let label = count(n as usize);
        x += 2 * radius / SCALE + 4;
        area.draw(&Text::new(label.clone(), (x * SCALE, y), text(Role::Text, HPos::Left, VPos::Center)))?;
        x += width_px(&label) + 8;
    }
    Ok(())
}

/// The key of colours: right of the sizes, or below them.
fn draw_colors(area: &Area<'_>, chart: &DotPlot<'_>, layout: &Layout) -> Drawn {
    let at = match layout.top_px {
        KEY_PX => (chart.width.cast_signed() - layout.colors_px(chart), 10),
        _ => (0, KEY_PX + 10),
    };
    match layout.color_bar(chart) {
        Some((bar, colors)) => ColorBar { colors: &colors, ..bar }.draw(area, at),
        None => keys::dots(area, at, &direction_key(chart)),
    }
}

fn draw_axis(area: &Area<'_>, chart: &DotPlot<'_>, layout: &Layout) -> Drawn {
    let (top, bottom) = (layout.top_px * SCALE, dimensions(area).1 - AXIS_PX * SCALE);
    let n_ticks = ((layout.right_px - layout.left_px) / TICK_PX).clamp(1, 5) as usize;
    let at = ticks(layout.x, n_ticks);
    for (&tick, label) in at.iter().zip(tick_labels(&at, layout.x, n_ticks)) {
        let x = layout.x_at(tick);
        area.draw(&PathElement::new(vec![(x, top), (x, bottom)], Role::Grid.stroke(4)))?;
        area.draw(&Text::new(label, (x, bottom + 5 * SCALE), text(Role::Muted, HPos::Center, VPos::Top)))?;
    }
    let ends = vec![(layout.left_px * SCALE, bottom), (layout.right_px * SCALE, bottom)];
    area.draw(&PathElement::new(ends, Role::Axis.stroke(4)))?;
    let middle = (i32::midpoint(layout.left_px, layout.right_px) * SCALE, dimensions(area).1 - SCALE);
    area.draw(&Text::new(chart.x_label.to_owned(), middle, text(Role::Muted, HPos::Center, VPos::Bottom)))?;
    Ok(())
}

fn draw_row(area: &Area<'_>, chart: &DotPlot<'_>, layout: &Layout, (dot, i): (&Dot, i32)) -> Drawn {
    let y = (layout.top_px + i * ROW_PX + ROW_PX / 2) * SCALE;
    let label = fitting(&dot.label, layout.left_px - 6);
    area.draw(&Text::new(label, ((layout.left_px - 6) * SCALE, y), text(Role::Text, HPos::Right, VPos::Center)))?;
    if dot.x.is_finite() {
        area.draw(&Circle::new((layout.x_at(dot.x), y), layout.radius(dot.n_hits), layout.style(chart, dot)))?;
    }
    Ok(())
}

/// The rows in full, for the pointer.
fn titles(chart: &DotPlot<'_>, layout: &Layout) -> String {
    let size = (chart.width.cast_signed() * SCALE, ROW_PX * SCALE);
    let row =
        |(dot, i): (&Dot, i32)| titled((0, (layout.top_px + i * ROW_PX) * SCALE), size, &in_words(dot, chart.unit));
    chart.dots.iter().zip(0..).map(row).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn dot(label: &str, x: f64, n_hits: u32, direction: Direction) -> Dot {
        Dot { label: label.into(), x, n_hits, direction, color_value: x, value_text: format!("q 1e-{x}") }
    }

    fn chart<'a>(dots: &'a [Dot], colors: DotColors<'a>) -> DotPlot<'a> {
        DotPlot { title: "Terms", x_label: "−log10 q", unit: "genes", dots, colors, threshold: Some(1.3), width: 400 }
    }

    const SCALED: DotColors<'_> =
        DotColors::Scale { label: "−log10 q", scale: ColorScale::Viridis, theme: Theme::Light };

    #[test]
    fn areas_are_proportional_to_hits() {
        let dots =
            [dot("a", 2.0, 40, Direction::Up), dot("b", 3.0, 10, Direction::Down), dot("c", 3.0, 0, Direction::None)];
        let layout = Layout::of(&chart(&dots, DotColors::Direction)).unwrap();
        assert_eq!([40, 10, 0].map(|n| layout.radius(n)), [32, 16, 8]);
        let svg = dot_plot(&chart(&dots, DotColors::Direction)).unwrap();
        assert!(svg.contains("a up, 40 genes, q 1e-2; b down, 10 genes, q 1e-3; c, 0 genes, q 1e-3."));
        assert_eq!(svg.matches("<circle").count(), 3 + 3 + 2, "dots, sizes, directions");
    }

    #[test]
    fn a_term_without_a_place_keeps_its_row() {
        let dots = [dot("a", 2.0, 4, Direction::Up), dot("lost", f64::NAN, 4, Direction::Up)];
        let svg = dot_plot(&chart(&dots, SCALED)).unwrap();
        assert!(svg.contains("lost up, 4 genes") && svg.contains("no value"));
        assert!(dot_plot(&chart(&dots[1..], SCALED)).unwrap().contains("No term has a finite value."));
        assert!(dot_plot(&chart(&[], SCALED)).unwrap().contains("No term has a finite value."));
    }

    #[test]
    fn scales_colour_the_ends() {
        let dots = [dot("a", 2.0, 4, Direction::Up), dot("b", 8.0, 4, Direction::Up)];
        let svg = dot_plot(&chart(&dots, SCALED)).unwrap().to_lowercase();
        for t in [0.0, 1.0] {
            let color = format!("fill=\"{}\"", ColorScale::Viridis.color(t, Theme::Light).css());
            assert_eq!(svg.matches(&color).count(), 2, "a dot and the end of the bar");
        }
    }

    #[test]
    fn long_names_stand_whole_in_the_title() {
        let name = "negative regulation of viral genome replication (GO:0045071)";
        let svg = dot_plot(&chart(&[dot(name, 2.0, 4, Direction::Up)], SCALED)).unwrap();
        assert!(svg.contains('…') && svg.contains(&format!("<title>{name} up, 4 genes, q 1e-2</title>")));
    }

    #[test]
    fn too_narrow_is_an_error_and_many_rows_are_not() {
        let narrow = DotPlot { width: 100, ..chart(&[], SCALED) };
        assert!(matches!(dot_plot(&narrow), Err(ChartError::TooSmall { .. })));
        let many: Vec<Dot> = (0..400).map(|i| dot("t", f64::from(i), 1, Direction::None)).collect();
        assert!(dot_plot(&chart(&many, DotColors::Direction)).is_ok());
    }
}
