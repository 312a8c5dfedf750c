//! From values to points: a colour for each cell, and the order they are drawn in.
//!
//! High values lie on top of low ones; categories are drawn in a fixed shuffled order, so that none hides the others.
//! Zeros of data without negative numbers mean "nothing there" and are grey. NaN, missing categories and cells that
//! are not chosen come first and fade. Points whose coordinates are not finite are not drawn.

use super::color::{ColorScale, Rgb, Theme, category, missing};
use super::scale::{Range, floor_index};

/// What is known of each cell.
#[derive(Clone, Copy, Debug)]
pub enum CellValues<'a> {
    /// Nothing: all cells look alike.
    Plain,
    /// A category per cell; codes of `n_categories` and above are missing. `[n_cells]`
    Categories {
        /// The codes.
        codes: &'a [u32],
        /// Number of categories.
        n_categories: usize,
        /// Colours of their own; ours where there is none.
        colors: &'a [Rgb],
    },
    /// A number per cell; NaN for none. `[n_cells]`
    Numbers(&'a [f32]),
}

/// How numbers spread over a colour scale.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ValueScale {
    /// The values at the two ends of the colours.
    pub range: Range,
    /// Whether values above the upper end exist; they take its colour.
    pub is_clipped: bool,
    /// Whether no value is negative: then zeros are grey and the range starts at 0.
    pub is_from_zero: bool,
}

/// Share of values left beyond an end of the colours, so that a few outliers do not flatten the rest.
const BEYOND: f64 = 0.005;

impl ValueScale {
    /// The scale for these values; `None` without a finite one. The ends are the 99.5th percentile of the values that
    /// are not 0 (nearest rank) and 0, or, with negative numbers, the 0.5th percentile.
    pub fn of(values: &[f32]) -> Option<Self> {
        let mut finite: Vec<f32> = values.iter().copied().filter(|v| v.is_finite()).collect();
        let max = finite.iter().copied().max_by(f32::total_cmp)?;
        let is_from_zero = !finite.iter().any(|&value| value < 0.0);
        if is_from_zero {
            finite.retain(|&value| value > 0.0);
        }
        let high = quantile(&mut finite, 1.0 - BEYOND).unwrap_or(0.0);
        let low = if is_from_zero { 0.0 } else { quantile(&mut finite, BEYOND).unwrap_or(0.0) };
        let range = Range::of([f64::from(low), f64::from(high)])?;
        Some(Self { range, is_clipped: max > high, is_from_zero })
    }
}

fn quantile(values: &mut [f32], share: f64) -> Option<f32> {
    let last = values.len().checked_sub(1)?;
    let rank = floor_index(last as f64 * share + 0.5).min(last);
    Some(*values.select_nth_unstable_by(rank, f32::total_cmp).1)
}

/// How cells are painted.
#[derive(Clone, Copy, Debug, Default)]
pub struct PaintStyle<'a> {
    /// The page.
    pub theme: Theme,
    /// Colours of numbers.
    pub scale: ColorScale,
    /// The chosen rows, ascending; the others fade. `None`: all.
    pub chosen: Option<&'a [u32]>,
}

/// Painted points.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Paint {
    /// Red, green, blue, opacity of each cell: `[4 · n_cells]`.
    pub rgba: Vec<u8>,
    /// Rows to draw, the first at the bottom.
    pub order: Vec<u32>,
}

const OPAQUE: u8 = 235;
const ZERO: u8 = 150;
const ABSENT: u8 = 70;
const FADED: f64 = 0.16;

/// Layers from the bottom.
const LAYER_ABSENT: u64 = 0;
const LAYER_ZERO: u64 = 1;
const LAYER_VALUE: u64 = 2;

struct Brush {
    color: Rgb,
    opacity: u8,
    layer: u64,
    height: u32,
}

/// Paints cells.
///
/// # Shapes
/// `x`, `y`: `[n_cells]`; values of other lengths leave the cells beyond their end without a value.
pub fn paint(x: &[f32], y: &[f32], values: CellValues<'_>, style: PaintStyle<'_>) -> Paint {
    let n_cells = x.len();
    let is_chosen = chosen_mask(style.chosen, n_cells);
    let brush = brush_of(values, style);
    let mut rgba = Vec::with_capacity(4 * n_cells);
    let mut keys: Vec<(u64, u32)> = Vec::with_capacity(n_cells);
    for row in 0..n_cells {
        let Brush { color, opacity, layer, height } = brush(row);
        let is_faded = is_chosen.as_ref().is_some_and(|mask| !mask[row]);
        let opacity = if is_faded { faded(opacity) } else { opacity };
        rgba.extend([color.0, color.1, color.2, opacity]);
        if x[row].is_finite() && y.get(row).is_some_and(|y| y.is_finite()) {
            let key = u64::from(!is_faded) << 63 | layer << 60 | u64::from(height) << 16 | shuffled(row as u32);
            keys.push((key, row as u32));
        }
    }
    keys.sort_unstable();
    Paint { rgba, order: keys.into_iter().map(|(_, row)| row).collect() }
}

fn faded(opacity: u8) -> u8 {
    floor_index(f64::from(opacity) * FADED).min(255) as u8
}

fn chosen_mask(chosen: Option<&[u32]>, n_cells: usize) -> Option<Vec<bool>> {
    let mut mask = vec![false; n_cells];
    for &row in chosen? {
        if let Some(is_chosen) = mask.get_mut(row as usize) {
            *is_chosen = true;
        }
    }
    Some(mask)
}

fn brush_of<'a>(values: CellValues<'a>, style: PaintStyle<'a>) -> Box<dyn Fn(usize) -> Brush + 'a> {
    let grey = missing(style.theme);
    let absent = move || Brush { color: grey, opacity: ABSENT, layer: LAYER_ABSENT, height: 0 };
    match values {
        CellValues::Plain => Box::new(move |_| Brush { color: plain(style.theme), opacity: 170, layer: 2, height: 0 }),
        CellValues::Categories { codes, n_categories, colors } => {
            Box::new(move |row| match codes.get(row).map(|&code| code as usize) {
                Some(code) if code < n_categories => {
                    Brush { color: color_of(colors, code), opacity: OPAQUE, layer: LAYER_VALUE, height: 0 }
                }
                _ => absent(),
            })
        }
        CellValues::Numbers(values) => {
            let Some(scale) = ValueScale::of(values) else { return Box::new(move |_| absent()) };
            let colors: Vec<Rgb> = (0..256).map(|i| style.scale.color(f64::from(i) / 255.0, style.theme)).collect();
            Box::new(move |row| match values.get(row) {
                Some(value) if !value.is_nan() => number_brush(*value, scale, &colors, grey),
                _ => absent(),
            })
        }
    }
}

/// The colour of a category: its own, or ours.
pub(super) fn color_of(colors: &[Rgb], code: usize) -> Rgb {
    colors.get(code).copied().unwrap_or_else(|| category(code))
}

fn number_brush(value: f32, scale: ValueScale, colors: &[Rgb], grey: Rgb) -> Brush {
    if value == 0.0 && scale.is_from_zero {
        return Brush { color: grey, opacity: ZERO, layer: LAYER_ZERO, height: 0 };
    }
    let t = scale.range.fraction(f64::from(value)).clamp(0.0, 1.0);
    let color = colors[floor_index(t * 255.0 + 0.5).min(255)];
    Brush { color, opacity: OPAQUE, layer: LAYER_VALUE, height: ascending(value) }
}

/// The colour of cells nothing is known of.
pub fn plain(theme: Theme) -> Rgb {
    match theme {
        Theme::Light => Rgb(0x5f, 0x6b, 0x7a),
        Theme::Dark => Rgb(0x9a, 0xa7, 0xb8),
    }
}

/// Bits of a number that sort like the number.
fn ascending(value: f32) -> u32 {
    let bits = value.to_bits();
    if bits >> 31 == 0 { bits | 1 << 31 } else { !bits }
}

/// Sixteen bits that look random, for a fixed shuffled order (Knuth's multiplicative hash).
fn shuffled(row: u32) -> u64 {
    u64::from(row.wrapping_mul(2_654_435_761) >> 16)
}

/// Cells per category, and cells without one.
pub fn category_counts(codes: &[u32], n_categories: usize) -> (Vec<usize>, usize) {
    let mut counts = vec![0; n_categories];
    let mut n_missing = 0;
    for &code in codes {
        match counts.get_mut(code as usize) {
            Some(count) => *count += 1,
            None => n_missing += 1,
        }
    }
    (counts, n_missing)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn painted(values: CellValues<'_>, chosen: Option<&[u32]>) -> Paint {
        let x = [0.0, 1.0, 2.0, 3.0];
        paint(&x, &x, values, PaintStyle { chosen, ..PaintStyle::default() })
    }

    fn color(paint: &Paint, row: usize) -> Rgb {
        Rgb(paint.rgba[4 * row], paint.rgba[4 * row + 1], paint.rgba[4 * row + 2])
    }

    #[test]
    fn high_values_lie_on_top() {
        let paint = painted(CellValues::Numbers(&[2.0, f32::NAN, 5.0, 0.0]), None);
        assert_eq!(paint.order, [1, 3, 0, 2]);
        let negative = painted(CellValues::Numbers(&[-2.0, -3.0, 1.0, 0.0]), None);
        assert_eq!(negative.order, [1, 0, 3, 2]);
    }

    #[test]
    fn chosen_cells_lie_on_top_and_the_others_fade() {
        let paint = painted(CellValues::Numbers(&[2.0, 1.0, 5.0, 9.0]), Some(&[1, 7]));
        assert_eq!(paint.order[3], 1);
        assert!(paint.rgba[7] == OPAQUE && paint.rgba[15] < 64);
    }

    #[test]
    fn zeros_are_grey_unless_there_are_negative_numbers() {
        let grey = missing(Theme::Light);
        assert_eq!(color(&painted(CellValues::Numbers(&[0.0, 1.0, 2.0, 3.0]), None), 0), grey);
        assert_ne!(color(&painted(CellValues::Numbers(&[0.0, -1.0, 2.0, 3.0]), None), 0), grey);
    }

    #[test]
    fn missing_categories_are_grey_and_below() {
        let codes = [1, u32::MAX, 0, 2];
        let paint = painted(CellValues::Categories { codes: &codes, n_categories: 3, colors: &[] }, None);
        assert_eq!(paint.order[0], 1);
        assert_eq!((color(&paint, 0), color(&paint, 1)), (category(1), missing(Theme::Light)));
        assert_eq!(category_counts(&codes, 3), (vec![1, 1, 1], 1));
    }

    #[test]
    fn categories_keep_the_colours_their_file_has() {
        let colors = [Rgb(1, 2, 3), Rgb(4, 5, 6)];
        let paint = painted(CellValues::Categories { codes: &[1, 0, 2, 0], n_categories: 3, colors: &colors }, None);
        assert_eq!([0, 1, 2].map(|row| color(&paint, row)), [Rgb(4, 5, 6), Rgb(1, 2, 3), category(2)]);
    }

    #[test]
    fn points_without_a_place_are_not_drawn() {
        let paint = paint(&[0.0, f32::NAN], &[0.0, 0.0], CellValues::Plain, PaintStyle::default());
        assert_eq!(paint.order, [0]);
        assert_eq!(paint.rgba.len(), 8);
    }

    #[test]
    fn outliers_are_clipped_and_said() {
        let mut values: Vec<f32> = (0..1000).map(|i| i as f32 / 1000.0).collect();
        values[999] = 1e6;
        let scale = ValueScale::of(&values).unwrap();
        assert!(scale.is_clipped && scale.is_from_zero);
        assert!(scale.range.high < 1.0 && scale.range.low == 0.0);
    }

    #[test]
    fn all_zero_and_all_nan_are_safe() {
        let zero = ValueScale::of(&[0.0, 0.0]).unwrap();
        assert_eq!((zero.range.low, zero.range.high, zero.is_clipped), (0.0, 1.0, false));
        assert_eq!(ValueScale::of(&[f32::NAN]), None);
        assert_eq!(painted(CellValues::Numbers(&[f32::NAN; 4]), None).order.len(), 4);
    }
}
