//! The form of the labels tab, each choice explained in a line.

use leptos::prelude::*;

use super::form::{LabelForm, put};
use crate::ui::panels::categorical_columns;
use crate::ui::state::{LabelAsk, Msg};
use crate::ui::store::Store;
use crate::ui::widgets::{Button, ButtonKind, Checkbox, Choice, Select};

type Form = RwSignal<LabelForm>;

/// The form.
#[component]
pub(super) fn LabelSettings() -> impl IntoView {
    let store = Store::get();
    let form = RwSignal::new(LabelForm::default());
    let columns = categorical_columns(store);
    let params = Memo::new(move |_| columns.with(|columns| form.read().params(columns)));
    let is_running = store.memo(|state| state.jobs.associate.is_running());
    let has_result = store.memo(|state| state.labels.association.is_some());
    let run = move || {
        if let Ok(params) = params.get_untracked() {
            store.send(Msg::Labels(LabelAsk::Measure(params)));
        }
    };
    view! {
        <form class="form" aria-label="Labels to measure" on:submit=move |event| event.prevent_default()>
            <ColumnFields form=form columns=columns />
            <NuisanceFields form=form columns=columns />
            <SplitField form=form columns=columns />
            <Button
                kind=ButtonKind::Primary
                text=Signal::derive(move || if has_result.get() { "Measure again" } else { "Measure labels" }.to_owned())
                disabled=Signal::derive(move || params.read().is_err() || is_running.get())
                on_press=run
            />
            <p class="field-note" aria-live="polite">{move || params.get().err()}</p>
        </form>
    }
}

/// Which columns are measured.
#[component]
fn ColumnFields(form: Form, columns: Memo<Vec<String>>) -> impl IntoView {
    // The boxes stay while they are ticked, so that the focus does.
    let is_chosen = Memo::new(move |_| form.read().is_chosen);
    let key = move || if is_chosen.get() { "chosen" } else { "all" }.to_owned();
    let boxes = move || {
        let is_in = move |name: &str| !form.read().left_out.contains(name);
        let change = move |name: &str, is_in: bool| form.update(|form| put(&mut form.left_out, name, !is_in));
        is_chosen.get().then(|| boxes("Columns to measure", columns.get(), is_in, change))
    };
    view! {
        <Choice
            label="Columns"
            options=vec![("all", "All", "Every label column with categories"), ("chosen", "Chosen", "Those you tick")]
            value=Signal::derive(key)
            note=Signal::stored("Every live feature is held against every category of these".to_owned())
            on_change=Callback::new(move |key| form.update(|form| form.is_chosen = key == "chosen"))
        />
        {boxes}
    }
}

/// Which columns tell how cells were made.
#[component]
fn NuisanceFields(form: Form, columns: Memo<Vec<String>>) -> impl IntoView {
    let is_own = Memo::new(move |_| form.read().is_own);
    let key = move || if is_own.get() { "chosen" } else { "name" }.to_owned();
    let note = move || {
        if is_own.get() {
            "Those you tick; a feature that goes with them most is flagged as confounded"
        } else {
            "Guessed: names with batch, donor, sample, lane and the like"
        }
    };
    let boxes = move || {
        let is_in = move |name: &str| form.read().nuisance.contains(name);
        let change = move |name: &str, is_in: bool| form.update(|form| put(&mut form.nuisance, name, is_in));
        is_own.get().then(|| boxes("Nuisance columns", columns.get(), is_in, change))
    };
    view! {
        <Choice
            label="Nuisance columns"
            options=vec![("name", "By name", "Guessed by their names"), ("chosen", "Chosen", "Those you tick")]
            value=Signal::derive(key)
            note=Signal::derive(move || note().to_owned())
            on_change=Callback::new(move |key| form.update(|form| form.is_own = key == "chosen"))
        />
        {boxes}
    }
}

/// A box for each column.
fn boxes(
    label: &'static str,
    columns: Vec<String>,
    is_in: impl Fn(&str) -> bool + Copy + Send + Sync + 'static,
    change: impl Fn(&str, bool) + Copy + Send + Sync + 'static,
) -> impl IntoView {
    let row = |name: String| {
        let (shown, changed) = (name.clone(), name.clone());
        let checked = Signal::derive(move || is_in(&shown));
        view! { <Checkbox label=name checked=checked on_change=Callback::new(move |on| change(&changed, on)) /> }
    };
    view! { <div class="boxes" role="group" aria-label=label>{columns.into_iter().map(row).collect_view()}</div> }
}

/// How F1's threshold is chosen.
#[component]
fn SplitField(form: Form, columns: Memo<Vec<String>>) -> impl IntoView {
    let options = Signal::derive(move || {
        let none = (String::new(), "All cells".to_owned());
        let split = columns.get().into_iter().map(|name| (name.clone(), format!("Halves of {name}")));
        [none].into_iter().chain(split).collect::<Vec<_>>()
    });
    let note = move || {
        if form.read().split.is_empty() {
            "Threshold chosen and F1 reported on all cells: a little too good"
        } else {
            "Threshold chosen on one half of its categories, F1 reported on the other"
        }
    };
    view! {
        <Select
            label="F1 on"
            options=options
            value=Signal::derive(move || form.read().split.clone())
            note=Signal::derive(move || note().to_owned())
            on_change=Callback::new(move |name| form.update(|form| form.split = name))
        />
    }
}
