//! The cell map: every cell a point, drawn through WebGL 2, with pan, zoom, hover, lasso, legend and pictures.
//!
//! Values come in as signals and what a person does goes out by callbacks; the map knows nothing of the page's store.
//! Painting and geometry are pure and live in [`crate::plot`]; this folder only moves them to the screen. Where
//! WebGL 2 is missing or its context is lost, a plain canvas draws the same picture, more slowly.

mod gestures;
mod gl;
mod handle;
mod legend;
mod overlay;
mod picture;
mod scene;
mod toolbar;
mod tooltip;

use leptos::html;
use leptos::prelude::*;

use crate::data::{CellSelection, LabelChoice};
use crate::plot::color::{ColorScale, Theme};
use crate::plot::format::count;
use crate::plot::legend::Legend;
use crate::plot::paint::{CellValues, Paint, PaintStyle, paint};
use crate::protocol::{CellColor, SteerResult};
use crate::ui::state::{CellColoring, ColoringValues, Hover, MapPoints, Shared};
use gestures::Gestures;
use handle::{MapHandle, Tool};
use legend::MapLegend;
use overlay::Arrows;
use toolbar::MapTools;
use tooltip::MapTooltip;

/// What the map shows.
#[derive(Clone, Copy)]
pub struct MapInput {
    /// Coordinates; `None` shows an empty map.
    pub points: Signal<Option<Shared<MapPoints>>>,
    /// Values to colour by.
    pub coloring: Signal<Option<Shared<CellColoring>>>,
    /// What the colours stand for, in words.
    pub color_name: Signal<String>,
    /// The rows of the selection, ascending; `None` for all.
    pub chosen: Signal<Option<Shared<Vec<u32>>>>,
    /// The selection, to mark categories of the legend.
    pub selection: Signal<CellSelection>,
    /// The cell under the pointer with its name, once known.
    pub hover: Signal<Option<Hover>>,
    /// A steering experiment; its arrows are drawn if the map shows its coordinates.
    pub steer: Signal<Option<Shared<SteerResult>>>,
    /// The page's theme.
    pub theme: Signal<Theme>,
    /// Name of the data set, for pictures.
    pub data_name: Signal<String>,
    /// Whether newer points or values are on their way.
    pub is_loading: Signal<bool>,
}

/// The map.
#[component]
pub fn MapView(
    /// What is shown.
    input: MapInput,
    /// The pointer is over a cell, or over none.
    on_hover: Callback<Option<u32>>,
    /// Rows of a finished lasso; `None` if it holds no cell.
    on_lasso: Callback<Option<Vec<u32>>>,
    /// A category of the legend was pressed.
    on_label: Callback<LabelChoice>,
    /// A picture could not be made.
    on_error: Callback<String>,
) -> impl IntoView {
    let map = MapHandle::new();
    let gestures = Gestures::new(map, on_hover, on_lasso);
    let legend = Memo::new(move |_| legend_of(input));
    follow_input(map, input);
    Effect::new(move |_| {
        let is_shown = *legend.read() != Legend::Plain;
        map.edit(|scene| scene.set_legend(is_shown));
    });
    let value = Signal::derive(move || {
        let row = map.pointed.get()?.row;
        input.coloring.with(|coloring| tooltip::value_of(coloring.as_ref()?, row))
    });
    let on_category = Callback::new(move |category: String| {
        let color = input.coloring.with_untracked(|coloring| coloring.as_ref().map(|coloring| coloring.color.clone()));
        if let Some(CellColor::Label(column)) = color {
            on_label.run(LabelChoice { column, category });
        }
    });
    let on_picture = Callback::new(move |()| save_picture(map, input, legend, on_error));
    let chosen = Signal::derive(move || chosen_categories(input));
    view! {
        <div class="map" aria-busy=move || input.is_loading.get().to_string()>
            <MapCanvas map=map gestures=gestures summary=Signal::derive(move || summary(input, legend)) />
            <MapTools map=map gestures=gestures on_picture=on_picture />
            <MapLegend
                legend=legend
                title=input.color_name
                chosen=chosen
                theme=input.theme
                on_category=on_category
            />
            <MapTooltip map=map hover=input.hover value=value color_name=input.color_name />
            <p class="map-caption" role="status">{move || arrows_shown(input)?.in_words()}</p>
            <p class="map-note" role="status">{move || map.slow_reason.get()}</p>
        </div>
    }
}

/// The drawing surface and its gestures.
#[component]
fn MapCanvas(map: MapHandle, gestures: Gestures, summary: Signal<String>) -> impl IntoView {
    let (points, overlay) = (NodeRef::<html::Canvas>::new(), NodeRef::<html::Canvas>::new());
    Effect::new(move |_| {
        if let (Some(points), Some(overlay)) = (points.get(), overlay.get()) {
            map.attach(&points, &overlay);
        }
    });
    let keys = "Arrow keys move, plus and minus zoom, 0 shows all, L draws a lasso.";
    view! {
        <div
            class="map-surface"
            class:map-surface-lasso=move || map.tool.get() == Tool::Lasso
            role="application"
            tabindex="0"
            aria-label=move || format!("{} {keys}", summary.get())
            on:keydown=move |event| gestures.key(&event)
        >
            <canvas class="map-layer" node_ref=points aria-hidden="true"></canvas>
            <canvas
                class="map-layer"
                node_ref=overlay
                aria-hidden="true"
                on:pointerdown=move |event| gestures.press(&event)
                on:pointermove=move |event| gestures.move_to(&event)
                on:pointerup=move |event| gestures.release(&event)
                on:pointercancel=move |_| gestures.cancel()
                on:pointerleave=move |_| gestures.leave()
                on:wheel=move |event| gestures.wheel(&event)
                on:dblclick=move |event| gestures.double_click(&event)
            ></canvas>
        </div>
    }
}

/// Draws anew whenever what is shown changes.
fn follow_input(map: MapHandle, input: MapInput) {
    Effect::new(move |before: Option<Option<Shared<MapPoints>>>| {
        let points = input.points.get();
        if before.as_ref() != Some(&points) {
            map.edit(|scene| scene.set_points(points.clone()));
            map.pointed.set(None);
        }
        let painted = painted(input);
        let arrows = arrows_shown(input);
        let theme = input.theme.get();
        map.edit(|scene| {
            scene.theme = theme;
            scene.set_arrows(arrows);
            scene.set_paint(painted);
        });
        points
    });
}

fn painted(input: MapInput) -> Paint {
    let theme = input.theme.get();
    let is_steered = input.steer.with(|steer| steered_on(input, steer.as_ref()));
    let steered = input.steer.get().filter(|_| is_steered);
    let chosen = input.chosen.get();
    let chosen = match &steered {
        Some(result) => Some(&result.rows[..]),
        None => chosen.as_ref().map(|rows| &rows[..]),
    };
    let style = PaintStyle { theme, scale: ColorScale::Viridis, chosen };
    input.points.with(|points| {
        points.as_ref().map_or_else(Paint::default, |points| {
            input.coloring.with(|coloring| paint(&points.x, &points.y, values_of(coloring.as_ref()), style))
        })
    })
}

/// Whether an experiment's arrows belong on the map that is shown.
fn steered_on(input: MapInput, steer: Option<&Shared<SteerResult>>) -> bool {
    let source = input.points.with(|points| points.as_ref().map(|points| points.source.clone()));
    steer.is_some_and(|result| Some(&result.map) == source.as_ref())
}

fn arrows_shown(input: MapInput) -> Option<Arrows> {
    input.steer.with(|steer| {
        let result = steer.as_ref().filter(|_| steered_on(input, steer.as_ref()))?;
        Some(Arrows::new((&result.before_x, &result.before_y), (&result.after_x, &result.after_y)))
    })
}

fn values_of(coloring: Option<&Shared<CellColoring>>) -> CellValues<'_> {
    match coloring.map(|coloring| &coloring.values) {
        None => CellValues::Plain,
        Some(ColoringValues::Categories { codes, categories, colors }) => {
            CellValues::Categories { codes, n_categories: categories.len(), colors }
        }
        Some(ColoringValues::Numbers(values)) => CellValues::Numbers(values),
    }
}

fn legend_of(input: MapInput) -> Legend {
    let theme = input.theme.get();
    input.coloring.with(|coloring| {
        let names = match coloring.as_ref().map(|coloring| &coloring.values) {
            Some(ColoringValues::Categories { categories, .. }) => &categories[..],
            _ => &[],
        };
        Legend::of(values_of(coloring.as_ref()), names, ColorScale::Viridis, theme)
    })
}

/// Categories of the shown label that the selection holds.
fn chosen_categories(input: MapInput) -> Vec<String> {
    let color = input.coloring.with(|coloring| coloring.as_ref().map(|coloring| coloring.color.clone()));
    let (Some(CellColor::Label(column)), CellSelection::Labels(choices)) = (color, input.selection.get()) else {
        return Vec::new();
    };
    choices.into_iter().filter(|choice| choice.column == column).map(|choice| choice.category).collect()
}

/// What is drawn, for screen readers.
fn summary(input: MapInput, legend: Memo<Legend>) -> String {
    let Some(n_cells) = input.points.with(|points| points.as_ref().map(|points| points.x.len())) else {
        return "The map has no cells yet.".to_owned();
    };
    let chosen = input.chosen.with(|rows| rows.as_ref().map(|rows| format!(" {} are chosen.", count(rows.len()))));
    let color = input.color_name.get();
    let colored = if color.is_empty() { String::new() } else { format!(", coloured by {color}") };
    format!("Map of {} cells{colored}.{} {}", count(n_cells), chosen.unwrap_or_default(), legend.read().in_words())
}

fn save_picture(map: MapHandle, input: MapInput, legend: Memo<Legend>, on_error: Callback<String>) {
    let (data, color) = (input.data_name.get_untracked(), input.color_name.get_untracked());
    let words: Vec<&str> = [data.as_str(), color.as_str()].into_iter().filter(|word| !word.is_empty()).collect();
    let name = format!("{}.png", file_name(&words));
    let theme = input.theme.get_untracked();
    let caption = picture::Caption { title: words.join(" · "), legend: legend.get_untracked(), theme };
    let save = move |blob: Option<web_sys::Blob>| {
        let saved = blob.ok_or_else(|| "the browser made no picture".into());
        if saved.and_then(|blob| crate::ui::files::save_blob(&name, &blob)).is_err() {
            on_error.run("The picture could not be saved.".to_owned());
        }
    };
    if let Some(Err(reason)) = map.edit(|scene| picture::take(scene, &caption, save)) {
        on_error.run(format!("The picture could not be saved: {reason}."));
    }
}

/// Words as a file name: letters, digits and dashes.
fn file_name(words: &[&str]) -> String {
    let joined = if words.is_empty() { "map".to_owned() } else { words.join("-") };
    let safe = joined.chars().map(|c| if c.is_alphanumeric() || matches!(c, '_' | '.') { c } else { '-' });
    safe.collect::<String>().split('-').filter(|part| !part.is_empty()).collect::<Vec<_>>().join("-")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn file_names_hold_no_surprises() {
        assert_eq!(file_name(&["Kang / IFN-β", "cell type"]), "Kang-IFN-β-cell-type");
        assert_eq!(file_name(&[]), "map");
    }
}
