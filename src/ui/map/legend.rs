//! The map's legend: categories to press, or a colour bar.

use leptos::prelude::*;

use crate::plot::color::{Rgb, Theme, missing};
use crate::plot::format::count;
use crate::plot::legend::{Legend, LegendRow};

/// The legend; pressing a category calls `on_category` with its name.
#[component]
pub(super) fn MapLegend(
    legend: Memo<Legend>,
    /// What the colours stand for.
    title: Signal<String>,
    /// Names of the categories that are chosen.
    chosen: Signal<Vec<String>>,
    theme: Signal<Theme>,
    on_category: Callback<String>,
) -> impl IntoView {
    let body = move || match legend.get() {
        Legend::Plain => ().into_any(),
        Legend::Categories { rows, n_missing } => {
            view! { <Categories rows=rows n_missing=n_missing chosen=chosen theme=theme on_category=on_category /> }
                .into_any()
        }
        Legend::Scale { colors, low, high, n_zero, n_missing } => view! {
            <div class="legend-bar" style=gradient(&colors)></div>
            <div class="legend-ends">
                <span>{low}</span>
                <span>{high}</span>
            </div>
            <GreyCells text="at 0" n=n_zero.unwrap_or(0) theme=theme />
            <GreyCells text="no value" n=n_missing theme=theme />
        }
        .into_any(),
    };
    view! {
        <section class="legend" aria-label="Legend" hidden=move || *legend.read() == Legend::Plain>
            <h3 class="legend-title">{title}</h3>
            {body}
            <p class="visually-hidden">{move || legend.read().in_words()}</p>
        </section>
    }
}

#[component]
fn Categories(
    rows: Vec<LegendRow>,
    n_missing: usize,
    chosen: Signal<Vec<String>>,
    theme: Signal<Theme>,
    on_category: Callback<String>,
) -> impl IntoView {
    let row = move |row: LegendRow| {
        let LegendRow { name, color, n_cells } = row;
        let (key, pressed, shown) = (name.clone(), name.clone(), name.clone());
        let is_chosen = move || chosen.read().contains(&pressed);
        view! {
            <li>
                <button
                    type="button"
                    class="legend-row"
                    title=shown
                    aria-pressed=move || is_chosen().to_string()
                    on:click=move |_| on_category.run(key.clone())
                >
                    <span class="legend-dot" style=background(color)></span>
                    <span class="legend-name">{name}</span>
                    <span class="legend-count">{count(n_cells)}</span>
                </button>
            </li>
        }
    };
    view! {
        <ul class="legend-rows">{rows.into_iter().map(row).collect_view()}</ul>
        <GreyCells text="no value" n=n_missing theme=theme />
    }
}

/// Cells that are grey, if there are any.
#[component]
fn GreyCells(text: &'static str, n: usize, theme: Signal<Theme>) -> impl IntoView {
    (n > 0).then(|| {
        view! {
            <p class="legend-grey">
                <span class="legend-dot" style=move || background(missing(theme.get()))></span>
                <span class="legend-name">{text}</span>
                <span class="legend-count">{count(n)}</span>
            </p>
        }
    })
}

fn background(color: Rgb) -> String {
    format!("background:{}", color.css())
}

fn gradient(colors: &[Rgb]) -> String {
    let stops: Vec<String> = colors.iter().map(|color| color.css()).collect();
    format!("background:linear-gradient(to right,{})", stops.join(","))
}
