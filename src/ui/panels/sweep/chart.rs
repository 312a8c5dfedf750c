//! The Pareto chart with a cursor: a click, a tap or Enter chooses the run under it.
//!
//! Arrow keys go from run to run by rising L0, Home and End to the ends; each run is said to screen readers.

use leptos::ev::{KeyboardEvent, MouseEvent, PointerEvent};
use leptos::prelude::*;

use super::rows;
use crate::plot::charts::ChartSize;
use crate::protocol::SweepSummary;
use crate::ui::card::Chart;
use crate::ui::state::Shared;

const SIZE: ChartSize = ChartSize { width: 560, height: 320 };
/// Half the cursor's width in CSS pixels.
const CURSOR_PX: f64 = 10.0;

/// The chart of a sweep; `chosen` is a row's position.
#[component]
pub(super) fn ParetoView(summary: Shared<SweepSummary>, chosen: RwSignal<Option<usize>>) -> impl IntoView {
    let drawn = match rows::chart(&summary, SIZE) {
        Ok(drawn) => drawn,
        Err(error) => return view! { <Chart svg=Err(error) /> }.into_any(),
    };
    let places = StoredValue::new(drawn.places);
    let front = drawn.front;
    let under = RwSignal::new(None::<usize>);
    let shown = move || under.get().or(chosen.get());
    let status = move || {
        let row = shown().and_then(|at| Some((at, summary.rows.get(at)?)));
        row.map_or_else(
            || "Rings mark runs that no other beats in both. Arrow keys go from run to run.".to_owned(),
            |(at, row)| rows::words(&summary, row, front.contains(&at)),
        )
    };
    let at = move |event: &MouseEvent| {
        let place = (f64::from(event.offset_x()), f64::from(event.offset_y()));
        places.with_value(|places| rows::row_at(places, place))
    };
    let on_key = move |event: KeyboardEvent| {
        let next = places.with_value(|places| rows::row_after_key(places, &event.key(), chosen.get_untracked()));
        if next.is_some() {
            event.prevent_default();
            under.set(None);
            chosen.set(next);
        }
    };
    let on_click = move |event: MouseEvent| {
        if let Some(row) = at(&event) {
            chosen.set(Some(row));
        }
    };
    let cursor = move || {
        let (left, top) = shown().and_then(|row| places.with_value(|places| places.get(row).copied().flatten()))?;
        let style = format!("left: {}px; top: {}px", left - CURSOR_PX, top - CURSOR_PX);
        Some(view! { <div class="pareto-cursor" style=style></div> })
    };
    view! {
        <p class="heat-status" role="status">{status}</p>
        <div class="heat-scroll">
            <div
                class="pareto"
                id="sweep-chart"
                style=format!("width: {}px; height: {}px", SIZE.width, SIZE.height)
                tabindex="0"
                role="application"
                aria-roledescription="chart"
                aria-label="Runs by L0 and FVU"
                on:keydown=on_key
                on:pointermove=move |event: PointerEvent| under.set(at(&event))
                on:pointerleave=move |_| under.set(None)
                on:click=on_click
            >
                <Chart svg=Ok(drawn.svg) />
                {cursor}
            </div>
        </div>
    }
    .into_any()
}
