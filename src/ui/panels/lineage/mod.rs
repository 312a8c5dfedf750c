//! Features that rise or fall along a path of categories.

mod form;

use std::sync::Arc;

use leptos::html;
use leptos::prelude::*;
use wasm_bindgen::JsCast;
use web_sys::HtmlElement;

use self::form::{PathForm, method, rows};
use super::{categorical_columns, save_buttons, select_feature, shown_labels};
use crate::protocol::{ExportKind, LineageTable};
use crate::ui::state::{LabelAsk, Msg, Shared};
use crate::ui::store::Store;
use crate::ui::widgets::{Banner, BannerKind, Button, ButtonKind, Checkbox, IconName, Select, SortedTable, Sorting};

type Form = RwSignal<PathForm>;

/// The lineage tab.
#[component]
pub(super) fn LineageTab() -> impl IntoView {
    let store = Store::get();
    let form = RwSignal::new(PathForm::default());
    let query = Memo::new(move |_| form.with(PathForm::query));
    let remote = store.memo(|state| state.labels.lineage.clone());
    let is_loading = Memo::new(move |_| remote.with(|remote| remote.is_loading));
    let error = Memo::new(move |_| remote.with(|remote| remote.error.clone()));
    let value = Memo::new(move |_| remote.with(|remote| remote.value.clone()));
    let run = move || {
        if let Ok(query) = query.get_untracked() {
            store.send(Msg::Labels(LabelAsk::Lineage(query)));
        }
    };
    view! {
        <div class="bench">
            <form class="form bench-form" aria-label="Path to follow" on:submit=move |event| event.prevent_default()>
                <PathFields form=form />
                <Button
                    kind=ButtonKind::Primary
                    text="Follow the path"
                    disabled=Signal::derive(move || query.read().is_err() || is_loading.get())
                    on_press=run
                />
                <p class="field-note" aria-live="polite">{move || query.get().err()}</p>
            </form>
            <div class="bench-result" class:is-stale=is_loading>
                {move || error.get().map(|text| view! { <Banner kind=BannerKind::Error text=text /> })}
                {move || match value.get() {
                    Some(found) => view! { <Found found=found /> }.into_any(),
                    None => view! { <Nothing /> }.into_any(),
                }}
            </div>
        </div>
    }
}

#[component]
fn Nothing() -> impl IntoView {
    view! {
        <p class="muted">
            "Order categories along a lineage or a time course, such as stem, progenitor, mature, to see which features "
            "rise or fall from step to step."
        </p>
    }
}

/// The column and its categories in order.
#[component]
fn PathFields(form: Form) -> impl IntoView {
    let store = Store::get();
    let columns = categorical_columns(store);
    let labels = shown_labels(store);
    let choose = move |column: String| form.set(labels.with_untracked(|labels| PathForm::of(labels, &column)));
    Effect::new(move |_| {
        let first = columns.with(|columns| columns.iter().find(|name| **name == form.read_untracked().column).cloned());
        let color = store.peek(|state| state.color.clone());
        let shown = columns.with(|columns| {
            let is_shown = |name: &&String| color == Some(crate::protocol::CellColor::Label((*name).clone()));
            columns.iter().find(is_shown).or(columns.first()).cloned()
        });
        if first.is_none() {
            choose(shown.unwrap_or_default());
        }
    });
    let options =
        Signal::derive(move || columns.get().into_iter().map(|name| (name.clone(), name)).collect::<Vec<_>>());
    view! {
        <Select
            label="Label"
            options=options
            value=Signal::derive(move || form.read().column.clone())
            note=Signal::stored("Its categories stand in the file's order; tick the steps and put them in order".to_owned())
            on_change=Callback::new(choose)
        />
        <Steps form=form />
    }
}

/// The categories from the top down. Rows stay where they are and only their contents change, and the focus goes with
/// the category that is moved.
#[component]
fn Steps(form: Form) -> impl IntoView {
    let list = NodeRef::<html::Ol>::new();
    let n_steps = Memo::new(move |_| form.read().steps.len());
    let shift = move |at: usize, is_up: bool| {
        if let Some(now_at) = form.try_update(|form| form.shift(at, is_up)).flatten() {
            focus_button(list, now_at, is_up);
        }
    };
    let steps = move || {
        let n_steps = n_steps.get();
        let step = |at| view! { <Step form=form at=at is_last=at + 1 == n_steps on_shift=Callback::new(move |is_up| shift(at, is_up)) /> };
        (0..n_steps).map(step).collect_view()
    };
    view! { <ol class="path-steps" aria-label="Steps of the path" node_ref=list>{steps}</ol> }
}

/// A category: a box that makes it a step, and two buttons that move it.
#[component]
fn Step(form: Form, at: usize, is_last: bool, on_shift: Callback<bool>) -> impl IntoView {
    let name = Signal::derive(move || form.read().steps.get(at).map(|step| step.0.clone()).unwrap_or_default());
    let is_step = Signal::derive(move || form.read().steps.get(at).is_some_and(|step| step.1));
    let tick = move |on: bool| {
        form.update(|form| {
            if let Some(step) = form.steps.get_mut(at) {
                step.1 = on;
            }
        });
    };
    view! {
        <li>
            <div class="path-step" role="group" aria-label=name>
                <Checkbox label=name checked=is_step on_change=Callback::new(tick) />
                <Button
                    kind=ButtonKind::Quiet
                    label="Earlier"
                    icon=IconName::ChevronUp
                    disabled=Signal::stored(at == 0)
                    on_press=move || on_shift.run(true)
                />
                <Button
                    kind=ButtonKind::Quiet
                    label="Later"
                    icon=IconName::ChevronDown
                    disabled=Signal::stored(is_last)
                    on_press=move || on_shift.run(false)
                />
            </div>
        </li>
    }
}

/// Gives the focus to a button of a row: to the one that was pressed, or at the end of the list to the other.
fn focus_button(list: NodeRef<html::Ol>, at: usize, is_up: bool) {
    let Some(row) = list.get_untracked().and_then(|list| list.children().item(at as u32)) else { return };
    let wanted = if is_up { ["Earlier", "Later"] } else { ["Later", "Earlier"] };
    let find = |label: &str| row.query_selector(&format!("button[aria-label={label}]:enabled")).ok().flatten();
    let button = wanted.into_iter().find_map(find).and_then(|button| button.dyn_into::<HtmlElement>().ok());
    if let Some(button) = button {
        // Without the focus the category is still moved.
        let _ = button.focus();
    }
}

/// The features, the largest change first.
#[component]
fn Found(found: Shared<LineageTable>) -> impl IntoView {
    let store = Store::get();
    let query = found.query.clone();
    let save = move |format| ExportKind::Lineage { query: query.clone(), format };
    let is_empty = found.features.is_empty();
    // Column 2: the size of the change, the largest first.
    let sorting = RwSignal::<Sorting>::new((2, true));
    view! {
        <div class="look-bar">
            <p class="mode-line">{method(&found)}</p>
            {save_buttons("Save the path's features", save)}
        </div>
        {is_empty.then(|| view! { <p class="muted">"No feature rises or falls at every step of this path."</p> })}
        <div class="bench-table" id="lineage-table" hidden=is_empty>
            <SortedTable
                label="Features along the path"
                rows=Signal::stored(Arc::new(rows(&found)))
                sorting=sorting
                selected=store.memo(|state| state.selected_feature.map(|feature| feature.0))
                on_select=select_feature(store)
            />
        </div>
    }
}
