//! Heat map and table of a label column in words, numbers and pixels, ready to be placed. Pure.

use crate::data::MISSING_CODE;
use crate::plot::charts::{ChartError, HeatColors, HeatMap, HeatMapGrid, heat_map, heat_map_grid};
use crate::plot::color::{ColorScale, Theme};
use crate::plot::format::{count, decimals, significant};
use crate::plot::scale::Range;
use crate::protocol::{AssociationSummary, HeatMapValue, LabelMap, LabelTable};
use crate::ui::widgets::{SortedColumn, SortedRows, SortedValues};

const SEPARATOR: &str = " · ";
/// Width of a column of the heat map, between these.
const CELL_PX: (f64, f64) = (6.0, 18.0);
/// What all columns share before they have to be scrolled.
const COLUMNS_PX: f64 = 720.0;
/// Names of categories take this much at most.
const MOST_NAME_PX: f64 = 200.0;
const LEAST_WIDTH_PX: f64 = 340.0;

/// A heat map ready to be placed, and where its cells are.
pub(super) struct Drawn {
    pub(super) svg: Result<String, ChartError>,
    pub(super) grid: HeatMapGrid,
}

/// What colours stand for.
pub(super) fn value_name(value: HeatMapValue) -> &'static str {
    match value {
        HeatMapValue::Auroc => "AUROC",
        HeatMapValue::F1 => "F1",
        HeatMapValue::ScaledMean => "Mean, scaled",
    }
}

/// Draws a heat map; AUROC from blue (lower) over 0.5 to orange (higher), the others from 0 to 1.
pub(super) fn drawn(map: &LabelMap, theme: Theme) -> Drawn {
    let rows: Vec<String> = map.categories.iter().map(|(name, _)| name.clone()).collect();
    let columns: Vec<String> = map.features.iter().map(u32::to_string).collect();
    let colors = match map.query.value {
        HeatMapValue::Auroc => HeatColors::Diverging { middle: 0.5, reach: Some(0.5) },
        HeatMapValue::F1 | HeatMapValue::ScaledMean => {
            HeatColors::Sequential { scale: ColorScale::Viridis, range: Some(Range { low: 0.0, high: 1.0 }) }
        }
    };
    let title = format!("Features by {}", map.query.column);
    let chart = |width: f64| HeatMap {
        title: &title,
        value_label: value_name(map.query.value),
        rows: &rows,
        columns: &columns,
        values: &map.values,
        colors,
        theme,
        width: width.ceil() as u32,
    };
    let names = heat_map_grid(&chart(4.0 * COLUMNS_PX)).left.min(MOST_NAME_PX);
    let n_columns = columns.len().max(1) as f64;
    let cell = (COLUMNS_PX / n_columns).clamp(CELL_PX.0, CELL_PX.1);
    let chart = chart((names + 4.0 + cell * n_columns).max(LEAST_WIDTH_PX));
    Drawn { grid: heat_map_grid(&chart), svg: heat_map(&chart) }
}

/// A cell of the heat map: row, column.
pub(super) type Place = (usize, usize);

/// The cell at a point of the chart, in its own pixels.
pub(super) fn place_at(map: &LabelMap, grid: &HeatMapGrid, x: f64, y: f64) -> Option<Place> {
    let (column, row) = ((x - grid.left) / grid.cell_width, (y - grid.top) / grid.cell_height);
    let is_in = column >= 0.0 && row >= 0.0 && column < map.features.len() as f64 && row < map.categories.len() as f64;
    is_in.then_some((row as usize, column as usize))
}

/// Where a key moves the cursor.
pub(super) fn moved(map: &LabelMap, key: &str, place: Option<Place>) -> Option<Place> {
    let (last_row, last_column) = (map.categories.len().checked_sub(1)?, map.features.len().checked_sub(1)?);
    let is_known = matches!(key, "ArrowLeft" | "ArrowRight" | "ArrowUp" | "ArrowDown" | "Home" | "End");
    let Some((row, column)) = place else { return is_known.then_some((0, 0)) };
    match key {
        "ArrowLeft" => Some((row, column.saturating_sub(1))),
        "ArrowRight" => Some((row, (column + 1).min(last_column))),
        "ArrowUp" => Some((row.saturating_sub(1), column)),
        "ArrowDown" => Some(((row + 1).min(last_row), column)),
        "Home" => Some((row, 0)),
        "End" => Some((row, last_column)),
        _ => None,
    }
}

/// A cell in words.
pub(super) fn place_text(map: &LabelMap, (row, column): Place) -> Option<String> {
    let (category, n_cells) = map.categories.get(row)?;
    let feature = map.features.get(column)?;
    let value = map.values.get(row * map.features.len() + column)?;
    let (name, value) = (value_name(map.query.value), decimals(*value, 3));
    Some(format!("Feature {feature}, {category} ({} cells): {name} {value}", count(*n_cells)))
}

/// The line over heat map and table: what was measured, how, with the counts.
pub(super) fn method(summary: &AssociationSummary) -> String {
    let nuisance: Vec<&str> =
        summary.columns.iter().filter(|column| column.is_nuisance).map(|column| column.name.as_str()).collect();
    let nuisance = match nuisance.as_slice() {
        [] => "no nuisance column, so none is flagged".to_owned(),
        names => format!(
            "nuisance: {}; {} of {} features go with it most",
            names.join(", "),
            count(summary.n_confounded),
            count(summary.n_features)
        ),
    };
    let f1 = match &summary.params.split_column {
        None => "F1: threshold chosen and reported on all cells".to_owned(),
        Some(column) => format!("F1: threshold from one half of {column}, reported on the other"),
    };
    let n_categories: usize = summary.columns.iter().map(|column| column.categories.len()).sum();
    let counts = format!(
        "{} live features × {} categories of {} columns",
        count(summary.n_features),
        count(n_categories),
        count(summary.columns.len())
    );
    [counts, "AUROC against all other labelled cells".to_owned(), f1, nuisance, "descriptive, no test".to_owned()]
        .join(SEPARATOR)
}

/// How many features the heat map shows.
pub(super) fn shown(map: &LabelMap) -> String {
    format!(
        "{} of {} live features, up to {} for each category they are best at",
        count(map.features.len()),
        count(map.n_live),
        count(map.query.per_label)
    )
}

/// The table's rows.
pub(super) fn table_rows(table: &LabelTable) -> SortedRows {
    let numbers = |head: &str, hint, values: &[f64], write: fn(f64) -> String| SortedColumn {
        head: head.to_owned(),
        hint,
        values: SortedValues::Numbers(values.to_vec(), write),
    };
    let texts = |head: &str, hint, values: Vec<String>| SortedColumn {
        head: head.to_owned(),
        hint,
        values: SortedValues::Texts(values),
    };
    let category = |&code: &u32| match code {
        MISSING_CODE => String::new(),
        code => table.categories.get(code as usize).cloned().unwrap_or_default(),
    };
    let confounded = |&is_confounded: &bool| if is_confounded { "confounded" } else { "" }.to_owned();
    SortedRows {
        id_head: "Feature",
        ids: table.features.to_vec(),
        columns: vec![
            texts("Label", "The category it is held against", table.category.iter().map(category).collect()),
            numbers("AUROC", "How well the activation tells the category apart; 0.5 is chance", &table.auroc, three),
            numbers("F1", "As a detector of the category, at its best threshold", &table.f1, three),
            numbers("Threshold", "The activation above which it detects", &table.threshold, short),
            numbers("Mean in", "Mean activation in the category", &table.mean_in, short),
            numbers("Mean out", "Mean activation of all other labelled cells", &table.mean_out, short),
            texts(
                "Reach",
                "Local: higher in one category of the column; global: in several; by the paper's rule",
                table.class.iter().map(|class| class.name().to_owned()).collect(),
            ),
            texts(
                "Nuisance",
                "Confounded: it goes with a nuisance column more than with any other; its card says by how much",
                table.is_confounded.iter().map(confounded).collect(),
            ),
        ],
    }
}

fn three(value: f64) -> String {
    decimals(value, 3)
}

fn short(value: f64) -> String {
    significant(value, 3)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::{AssociatedColumn, AssociationParams, HeatMapOrder, LabelMapQuery};

    fn map() -> LabelMap {
        let query = LabelMapQuery {
            column: "type".into(),
            value: HeatMapValue::Auroc,
            order: HeatMapOrder::BestCategory,
            per_label: 5,
        };
        let categories = vec![("B".to_owned(), 1200), ("T".to_owned(), 30)];
        let values = vec![0.9, 0.2, 0.5, 0.1, 0.8, f64::NAN];
        LabelMap { query, categories, features: vec![7, 40, 2].into(), values: values.into(), n_live: 9 }
    }

    #[test]
    fn a_point_in_a_cell_is_that_cell_and_its_words() {
        let map = map();
        let drawn = drawn(&map, Theme::Light);
        assert!(drawn.svg.unwrap().contains("Features by type"));
        let grid = drawn.grid;
        let middle = |index: usize, start: f64, size: f64| start + (index as f64 + 0.5) * size;
        let (x, y) = (middle(1, grid.left, grid.cell_width), middle(1, grid.top, grid.cell_height));
        assert_eq!(place_at(&map, &grid, x, y), Some((1, 1)));
        assert_eq!(place_at(&map, &grid, grid.left - 1.0, y), None);
        assert_eq!(place_at(&map, &grid, x, f64::from(grid.size.height)), None);
        assert_eq!(place_text(&map, (1, 1)).unwrap(), "Feature 40, T (30 cells): AUROC 0.800");
        assert_eq!(place_text(&map, (2, 0)), None);
    }

    #[test]
    fn arrows_stay_within_the_map() {
        let map = map();
        assert_eq!(moved(&map, "ArrowDown", None), Some((0, 0)));
        assert_eq!(moved(&map, "ArrowDown", Some((1, 2))), Some((1, 2)));
        assert_eq!(moved(&map, "End", Some((1, 0))), Some((1, 2)));
        assert_eq!(moved(&map, "ArrowUp", Some((1, 2))), Some((0, 2)));
        assert_eq!(moved(&map, "a", None), None);
        let empty = LabelMap { features: Vec::new().into(), values: Vec::new().into(), ..map };
        assert_eq!(moved(&empty, "ArrowDown", None), None);
    }

    #[test]
    fn the_method_names_columns_and_counts() {
        let column = |name: &str, is_nuisance| AssociatedColumn {
            name: name.to_owned(),
            categories: vec![("a".into(), 10), ("b".into(), 20)],
            is_nuisance,
        };
        let mut summary = AssociationSummary {
            params: AssociationParams::default(),
            columns: vec![column("type", false), column("donor", true)],
            n_features: 487,
            n_confounded: 12,
            notices: Vec::new(),
        };
        let line = method(&summary);
        assert!(line.starts_with("487 live features × 4 categories of 2 columns · AUROC"), "{line}");
        assert!(line.contains("nuisance: donor; 12 of 487 features go with it most"), "{line}");
        summary.columns.pop();
        summary.params.split_column = Some("donor".into());
        let line = method(&summary);
        assert!(line.contains("one half of donor") && line.contains("no nuisance column"), "{line}");
    }
}
