//! The heat map with a cursor: a click, a tap or Enter opens the card of the feature under it.
//!
//! Arrow keys move the cursor, Home and End go to the ends of a row; each cell is said to screen readers.

use leptos::ev::{KeyboardEvent, MouseEvent, PointerEvent};
use leptos::html;
use leptos::prelude::*;

use super::rows::{Drawn, Place, drawn, moved, place_at, place_text, shown};
use crate::plot::charts::HeatMapGrid;
use crate::plot::color::Theme;
use crate::protocol::LabelMap;
use crate::ui::card::Chart;
use crate::ui::state::Shared;

/// A heat map.
#[component]
pub(super) fn LabelHeatMap(map: Shared<LabelMap>, theme: Signal<Theme>, on_select: Callback<u32>) -> impl IntoView {
    let cursor = RwSignal::new(None::<Place>);
    let under = RwSignal::new(None::<Place>);
    let hint = format!("{}. Arrow keys move, Enter opens a feature.", shown(&map));
    let status = {
        let map = map.clone();
        move || under.get().or(cursor.get()).and_then(|place| place_text(&map, place)).unwrap_or_else(|| hint.clone())
    };
    view! {
        <p class="heat-status" role="status">{status}</p>
        {move || view! { <Cells map=map.clone() theme=theme.get() cursor=cursor under=under on_select=on_select /> }}
    }
}

#[component]
fn Cells(
    map: Shared<LabelMap>,
    theme: Theme,
    cursor: RwSignal<Option<Place>>,
    under: RwSignal<Option<Place>>,
    on_select: Callback<u32>,
) -> impl IntoView {
    let Drawn { svg, grid } = drawn(&map, theme);
    let scroller = NodeRef::<html::Div>::new();
    let label = format!("Heat map of features by {}", map.query.column);
    let open = {
        let map = map.clone();
        move |place: Option<Place>| {
            if let Some(&feature) = place.and_then(|(_, column)| map.features.get(column)) {
                on_select.run(feature);
            }
        }
    };
    let on_key = {
        let (map, open) = (map.clone(), open.clone());
        move |event: KeyboardEvent| {
            if event.key() == "Enter" {
                open(cursor.get_untracked());
            } else if let Some(next) = moved(&map, &event.key(), cursor.get_untracked()) {
                event.prevent_default();
                under.set(None);
                cursor.set(Some(next));
                reveal(scroller, &grid, next);
            }
        }
    };
    let at = move |map: &LabelMap, event: &MouseEvent| {
        place_at(map, &grid, f64::from(event.offset_x()), f64::from(event.offset_y()))
    };
    let on_move = {
        let map = map.clone();
        move |event: PointerEvent| under.set(at(&map, &event))
    };
    let on_click = move |event: MouseEvent| {
        let place = at(&map, &event);
        if place.is_some() {
            cursor.set(place);
        }
        open(place);
    };
    let size = format!("width: {}px; height: {}px", grid.size.width, grid.size.height);
    view! {
        <div class="heat-scroll" node_ref=scroller>
            <div
                class="heat-map"
                id="label-heat-map"
                style=size
                tabindex="0"
                role="application"
                aria-roledescription="heat map"
                aria-label=label
                on:keydown=on_key
                on:pointermove=on_move
                on:pointerleave=move |_| under.set(None)
                on:click=on_click
            >
                <Chart svg=svg />
                {move || cursor.get().map(|place| view! { <div class="heat-cursor" style=frame(&grid, place)></div> })}
            </div>
        </div>
    }
}

/// Where the cursor is drawn.
fn frame(grid: &HeatMapGrid, (row, column): Place) -> String {
    let (left, top) = (grid.left + column as f64 * grid.cell_width, grid.top + row as f64 * grid.cell_height);
    format!("left: {left}px; top: {top}px; width: {}px; height: {}px", grid.cell_width, grid.cell_height)
}

/// Scrolls so that a cell is seen.
fn reveal(scroller: NodeRef<html::Div>, grid: &HeatMapGrid, (row, column): Place) {
    let Some(scroller) = scroller.get_untracked() else { return };
    let left = grid.left + column as f64 * grid.cell_width;
    let top = grid.top + row as f64 * grid.cell_height;
    let beyond = |start: f64, size: f64, seen: i32, room: i32| {
        let (first, last) = (f64::from(seen), f64::from(seen + room));
        if start < first {
            Some(start)
        } else if start + size > last {
            Some(start + size - f64::from(room))
        } else {
            None
        }
    };
    if let Some(x) = beyond(left, grid.cell_width, scroller.scroll_left(), scroller.client_width()) {
        scroller.set_scroll_left(x as i32);
    }
    if let Some(y) = beyond(top, grid.cell_height, scroller.scroll_top(), scroller.client_height()) {
        scroller.set_scroll_top(y as i32);
    }
}
