//! The label columns: colour by one, choose cells by their categories.

use leptos::prelude::*;

use super::shown_labels;
use crate::data::{CellSelection, LabelChoice};
use crate::plot::{color, format};
use crate::protocol::{CellColor, LabelInfo, LabelKind};
use crate::ui::state::{Msg, State};
use crate::ui::store::Store;
use crate::ui::text;
use crate::ui::widgets::{Button, ButtonKind, Icon, IconName, Section, unique_id};

/// Categories listed before a person asks for all.
const FEW: usize = 30;

/// The labels panel.
#[component]
pub(crate) fn LabelsPanel() -> impl IntoView {
    let store = Store::get();
    let labels = shown_labels(store);
    let summary = store.memo(selection_summary);
    let has_selection = store.memo(|state| state.selection != CellSelection::All);
    let columns = move || {
        let labels = labels.get();
        if labels.is_empty() {
            return view! { <p class="muted">"No labels. Add a .csv with one row per cell."</p> }.into_any();
        }
        labels.into_iter().map(|label| view! { <LabelColumn label=label /> }).collect_view().into_any()
    };
    view! {
        <Section title="Labels" summary=summary>
            <Show when=move || has_selection.get()>
                <div class="selection-line">
                    <span>{summary}</span>
                    <Button
                        kind=ButtonKind::Quiet
                        text="Clear"
                        label="Clear the cell selection"
                        on_press=move || store.send(Msg::SelectCells(CellSelection::All))
                    />
                </div>
            </Show>
            <div class="labels">{columns}</div>
        </Section>
    }
}

fn selection_summary(state: &State) -> String {
    match &state.chosen {
        Some(rows) => format!("{} cells chosen", format::count(rows.len())),
        None if state.selection == CellSelection::All => String::new(),
        None => text::selection_name(&state.selection),
    }
}

/// One column: its name colours the map, the arrow opens its categories.
#[component]
fn LabelColumn(label: LabelInfo) -> impl IntoView {
    let store = Store::get();
    let id = unique_id("label");
    let color = CellColor::Label(label.name.clone());
    let shown = {
        let color = color.clone();
        store.memo(move |state| state.shown_coloring().is_some_and(|coloring| coloring.color == color))
    };
    let open = RwSignal::new(shown.get_untracked());
    Effect::new(move |_| {
        if shown.get() {
            open.set(true);
        }
    });
    let details = match &label.kind {
        LabelKind::Categorical { categories, .. } => format::count(categories.len()),
        LabelKind::Numeric { min, max } => {
            format!("{} to {}", format::significant(*min, 3), format::significant(*max, 3))
        }
    };
    let name = label.name.clone();
    let toggle_name = format!("Categories of {name}");
    view! {
        <div class="label" class:label-shown=shown>
            <div class="label-head">
                <button
                    type="button"
                    class="label-toggle"
                    aria-label=toggle_name
                    aria-expanded=move || open.get().to_string()
                    aria-controls=id.clone()
                    on:click=move |_| open.update(|open| *open = !*open)
                >
                    <Icon name=IconName::ChevronDown />
                </button>
                <button
                    type="button"
                    class="label-name"
                    title="Colour the map by this label"
                    aria-pressed=move || shown.get().to_string()
                    on:click=move |_| store.send(Msg::ColorBy(color.clone()))
                >
                    {name}
                </button>
                <span class="muted">{details}</span>
            </div>
            <div id=id hidden=move || !open.get()>
                <Categories label=label shown=shown />
            </div>
        </div>
    }
}

#[component]
fn Categories(label: LabelInfo, shown: Memo<bool>) -> impl IntoView {
    let LabelKind::Categorical { categories, n_missing } = label.kind else { return ().into_any() };
    let is_long = categories.len() > FEW;
    let (n_all, all) = (categories.len(), RwSignal::new(!is_long));
    let most = categories.iter().map(|(_, count)| *count).max().unwrap_or(1).max(1);
    let rows = move || {
        let n = if all.get() { n_all } else { FEW };
        let row = |(code, (category, count)): (usize, &(String, usize))| {
            let choice = LabelChoice { column: label.name.clone(), category: category.clone() };
            view! { <Category choice=choice code=code count=*count share=*count as f64 / most as f64 shown=shown /> }
        };
        categories.iter().enumerate().take(n).map(row).collect_view()
    };
    let missing = (n_missing > 0).then(|| {
        view! { <li class="category muted">{format!("{} cells without a label", format::count(n_missing))}</li> }
    });
    view! {
        <ul class="categories">{rows} {missing}</ul>
        <Show when=move || !all.get()>
            <Button
                kind=ButtonKind::Quiet
                text=format!("Show all {n_all}")
                on_press=move || all.set(true)
            />
        </Show>
    }
    .into_any()
}

/// A category: a box that chooses its cells, its colour, its count.
#[component]
fn Category(choice: LabelChoice, code: usize, count: usize, share: f64, shown: Memo<bool>) -> impl IntoView {
    let store = Store::get();
    let is_chosen = {
        let choice = choice.clone();
        store.memo(move |state| matches!(&state.selection, CellSelection::Labels(all) if all.contains(&choice)))
    };
    let has_data = store.memo(|state| state.dataset.is_some());
    let name = choice.category.clone();
    let swatch = move || shown.get().then(|| color::category(code).css());
    view! {
        <li class="category">
            <label title=name.clone()>
                <input
                    type="checkbox"
                    prop:checked=is_chosen
                    disabled=move || !has_data.get()
                    on:change=move |_| store.send(Msg::ToggleLabel(choice.clone()))
                />
                <span class="swatch" class:swatch-off=move || !shown.get() style:background=swatch></span>
                <span class="category-name">{name.clone()}</span>
                <span class="category-bar" style=format!("--share: {share}")></span>
                <span class="number">{format::count(count)}</span>
            </label>
        </li>
    }
}
