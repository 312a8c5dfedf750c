//! What the colours of a map mean, for the page, for pictures and in words.

use super::color::{ColorScale, Rgb, Theme};
use super::format::{count, significant};
use super::paint::{CellValues, ValueScale, category_counts, color_of};

/// One category.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LegendRow {
    /// Its name.
    pub name: String,
    /// Its colour.
    pub color: Rgb,
    /// Its cells.
    pub n_cells: usize,
}

/// What colours mean.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Legend {
    /// Nothing.
    #[default]
    Plain,
    /// Categories in their own order.
    Categories {
        /// The categories.
        rows: Vec<LegendRow>,
        /// Cells without one.
        n_missing: usize,
    },
    /// A colour bar.
    Scale {
        /// Colours from low to high.
        colors: Vec<Rgb>,
        /// The lower end in words.
        low: String,
        /// The upper end in words; `≥` if values lie above it.
        high: String,
        /// Cells at 0, which are grey; `None` if zeros have a place on the bar.
        n_zero: Option<usize>,
        /// Cells without a value.
        n_missing: usize,
    },
}

const N_STOPS: usize = 17;

impl Legend {
    /// The legend of painted values; `names` are the categories'.
    pub fn of(values: CellValues<'_>, names: &[String], scale: ColorScale, theme: Theme) -> Self {
        match values {
            CellValues::Plain => Self::Plain,
            CellValues::Categories { codes, n_categories, colors } => {
                let (counts, n_missing) = category_counts(codes, n_categories);
                let row = |(code, name): (usize, &String)| LegendRow {
                    name: name.clone(),
                    color: color_of(colors, code),
                    n_cells: counts.get(code).copied().unwrap_or(0),
                };
                Self::Categories { rows: names.iter().enumerate().map(row).collect(), n_missing }
            }
            CellValues::Numbers(values) => Self::of_numbers(values, scale, theme),
        }
    }

    fn of_numbers(values: &[f32], scale: ColorScale, theme: Theme) -> Self {
        let n_missing = values.iter().filter(|value| value.is_nan()).count();
        let Some(ends) = ValueScale::of(values) else {
            return Self::Categories { rows: Vec::new(), n_missing };
        };
        let colors = (0..N_STOPS).map(|i| scale.color(i as f64 / (N_STOPS - 1) as f64, theme)).collect();
        let high = significant(ends.range.high, 3);
        Self::Scale {
            colors,
            low: significant(ends.range.low, 3),
            high: if ends.is_clipped { format!("≥ {high}") } else { high },
            n_zero: ends.is_from_zero.then(|| values.iter().filter(|&&value| value == 0.0).count()),
            n_missing,
        }
    }

    /// The legend in words.
    pub fn in_words(&self) -> String {
        match self {
            Self::Plain => "All cells have one colour.".to_owned(),
            Self::Categories { rows, n_missing } => {
                let rows = rows.iter().map(|row| format!("{} {}", row.name, count(row.n_cells)));
                let missing = (*n_missing > 0).then(|| format!("no value {}", count(*n_missing)));
                format!("Cells per category: {}.", rows.chain(missing).collect::<Vec<_>>().join(", "))
            }
            Self::Scale { low, high, n_zero, n_missing, .. } => {
                let zero = n_zero.map(|n| format!(" {} cells are at 0.", count(n))).unwrap_or_default();
                let missing =
                    if *n_missing > 0 { format!(" {} have no value.", count(*n_missing)) } else { String::new() };
                format!("Colours run from {low} to {high}.{zero}{missing}")
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plot::color::category;

    #[test]
    fn categories_have_names_colours_and_counts() {
        let names = ["ctrl".to_owned(), "stim".to_owned()];
        let colors = [Rgb(9, 8, 7)];
        let values = CellValues::Categories { codes: &[1, 1, 0, u32::MAX], n_categories: 2, colors: &colors };
        let legend = Legend::of(values, &names, ColorScale::Viridis, Theme::Light);
        let Legend::Categories { rows, n_missing } = &legend else { panic!("{legend:?}") };
        assert_eq!((rows[1].name.as_str(), rows[1].n_cells, rows[1].color, *n_missing), ("stim", 2, category(1), 1));
        assert_eq!(rows[0].color, Rgb(9, 8, 7));
        assert_eq!(legend.in_words(), "Cells per category: ctrl 1, stim 2, no value 1.");
    }

    #[test]
    fn a_scale_says_its_ends_and_its_zeros() {
        let values = [0.0, 0.0, 1.5, 3.0, f32::NAN];
        let legend = Legend::of(CellValues::Numbers(&values), &[], ColorScale::Viridis, Theme::Dark);
        assert_eq!(legend.in_words(), "Colours run from 0 to 3. 2 cells are at 0. 1 have no value.");
        let Legend::Scale { colors, .. } = legend else { panic!() };
        assert_eq!(colors.len(), N_STOPS);
    }

    #[test]
    fn values_that_are_all_missing_have_no_bar() {
        let legend = Legend::of(CellValues::Numbers(&[f32::NAN]), &[], ColorScale::Viridis, Theme::Dark);
        assert_eq!(legend, Legend::Categories { rows: Vec::new(), n_missing: 1 });
    }
}
