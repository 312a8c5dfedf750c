//! Buttons over the map.

use leptos::prelude::*;

use super::gestures::{Gestures, KeyAction};
use super::handle::{MapHandle, Tool};

/// Zoom, fit, lasso, picture.
#[component]
pub(super) fn MapTools(map: MapHandle, gestures: Gestures, on_picture: Callback<()>) -> impl IntoView {
    let act = move |action: KeyAction| Callback::new(move |()| gestures.act(action));
    view! {
        <div class="map-tools" role="toolbar" aria-label="Map tools">
            <ToolButton label="Zoom in (+)" path="M8 3v10M3 8h10" on_press=act(KeyAction::ZoomIn) />
            <ToolButton label="Zoom out (−)" path="M3 8h10" on_press=act(KeyAction::ZoomOut) />
            <ToolButton label="Show all cells (0)" path="M3 6V3h3M10 3h3v3M13 10v3h-3M6 13H3v-3" on_press=act(KeyAction::Fit) />
            <ToolButton
                label="Choose cells with a lasso (L, or drag with Shift)"
                path="M8 3c3.3 0 5.5 1.6 5.5 3.7S11.3 10.4 8 10.4 2.5 8.8 2.5 6.7 4.7 3 8 3zM5.5 10c-.8 1-.7 2.5.4 3.200"
                is_pressed=Signal::derive(move || map.tool.get() == Tool::Lasso)
                on_press=act(KeyAction::ToggleLasso)
            />
            <ToolButton label="Save the map as a picture" path="M8 2.5v7.5M4.8 7L8 10.2 11.2 7M3 13h10" on_press=on_picture />
        </div>
    }
}

#[component]
fn ToolButton(
    label: &'static str,
    path: &'static str,
    #[prop(optional, into)] is_pressed: Option<Signal<bool>>,
    on_press: Callback<()>,
) -> impl IntoView {
    view! {
        <button
            type="button"
            class="map-tool"
            title=label
            aria-label=label
            aria-pressed=move || is_pressed.map(|pressed| pressed.get().to_string())
            on:click=move |_| on_press.run(())
        >
            <svg class="icon" viewBox="0 0 16 16" aria-hidden="true" focusable="false">
                <path d=path />
            </svg>
        </button>
    }
}
