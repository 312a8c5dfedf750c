//! What is said of the cell under the pointer.

use leptos::prelude::*;

use super::handle::MapHandle;
use crate::plot::format::{NO_VALUE, significant};
use crate::ui::state::{CellColoring, ColoringValues, Hover};

/// The tooltip: the cell's id and its value in the present colours.
#[component]
pub(super) fn MapTooltip(
    map: MapHandle,
    hover: Signal<Option<Hover>>,
    /// The cell's value in words.
    value: Signal<Option<String>>,
    /// What the value stands for.
    color_name: Signal<String>,
) -> impl IntoView {
    let name = move || {
        let row = map.pointed.get().map(|pointed| pointed.row);
        let named = hover.get().filter(|hover| Some(hover.row) == row).and_then(|hover| hover.name);
        named.or_else(|| row.map(|row| format!("Cell {}", row + 1))).unwrap_or_default()
    };
    let place = move || {
        let (width, height) = map.read(super::scene::Scene::size).unwrap_or_default();
        map.pointed.get().map(|pointed| style(pointed.at.x, pointed.at.y, width, height)).unwrap_or_default()
    };
    view! {
        <div class="map-tip" style=place hidden=move || map.pointed.read().is_none()>
            <p class="map-tip-name">{name}</p>
            {move || {
                value
                    .get()
                    .map(|value| {
                        view! {
                            <p class="map-tip-value">
                                <span class="muted">{color_name}</span>
                                " "
                                <span class="number">{value}</span>
                            </p>
                        }
                    })
            }}
        </div>
    }
}

/// Beside the cell, on the side where there is room.
fn style(x: f64, y: f64, width: f64, height: f64) -> String {
    let horizontal =
        if x > width / 2.0 { format!("right:{:.0}px", width - x + 12.0) } else { format!("left:{:.0}px", x + 12.0) };
    let vertical =
        if y > height / 2.0 { format!("bottom:{:.0}px", height - y + 12.0) } else { format!("top:{:.0}px", y + 12.0) };
    format!("{horizontal};{vertical}")
}

/// A cell's value in words; `None` beyond the values' end.
pub(super) fn value_of(coloring: &CellColoring, row: u32) -> Option<String> {
    let row = row as usize;
    Some(match &coloring.values {
        ColoringValues::Categories { codes, categories, .. } => {
            categories.get(*codes.get(row)? as usize).cloned().unwrap_or_else(|| NO_VALUE.to_owned())
        }
        ColoringValues::Numbers(values) => significant(f64::from(*values.get(row)?), 3),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::CellColor;

    #[test]
    fn values_are_named_or_rounded() {
        let coloring = |values| CellColoring { color: CellColor::Label("type".to_owned()), values };
        let codes = vec![1, u32::MAX].into();
        let categories = vec!["B".into(), "T".into()];
        let categories = coloring(ColoringValues::Categories { codes, categories, colors: Vec::new() });
        assert_eq!(value_of(&categories, 0).as_deref(), Some("T"));
        assert_eq!(value_of(&categories, 1).as_deref(), Some(NO_VALUE));
        let numbers = coloring(ColoringValues::Numbers(vec![1.234_56].into()));
        assert_eq!(value_of(&numbers, 0).as_deref(), Some("1.23"));
        assert_eq!(value_of(&numbers, 9), None);
    }

    #[test]
    fn the_tip_stays_on_the_map() {
        assert_eq!(style(10.0, 10.0, 400.0, 300.0), "left:22px;top:22px");
        assert_eq!(style(390.0, 290.0, 400.0, 300.0), "right:22px;bottom:22px");
    }
}
