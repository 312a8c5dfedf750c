//! Features that differ between two groups of cells.

mod form;

use std::sync::Arc;

use leptos::prelude::*;

use self::form::{CompareForm, REST, method, of_key, options, rows};
use super::{save_buttons, select_feature, shown_labels};
use crate::data::CellSelection;
use crate::plot::format::count;
use crate::protocol::{Comparison, ExportKind};
use crate::ui::state::{LabelAsk, Msg, Shared, State};
use crate::ui::steer::CellGroup;
use crate::ui::store::Store;
use crate::ui::text;
use crate::ui::widgets::{Banner, BannerKind, Button, ButtonKind, Select, SortedTable, Sorting};

type Form = RwSignal<CompareForm>;

/// The compare tab.
#[component]
pub(super) fn ComparisonTab() -> impl IntoView {
    let store = Store::get();
    let form = RwSignal::new(CompareForm::default());
    // The names of the groups behind the result that is shown.
    let names = RwSignal::new((String::new(), None));
    let remote = store.memo(|state| state.labels.comparison.clone());
    let is_loading = Memo::new(move |_| remote.with(|remote| remote.is_loading));
    let error = Memo::new(move |_| remote.with(|remote| remote.error.clone()));
    let value = Memo::new(move |_| remote.with(|remote| remote.value.clone()));
    let run = move || {
        if let Some(query) = form.with_untracked(CompareForm::query) {
            names.set(form.with_untracked(CompareForm::names));
            store.send(Msg::Labels(LabelAsk::Compare(query)));
        }
    };
    let is_ready = move || form.with(|form| form.first.is_some()) && !is_loading.get();
    view! {
        <div class="bench">
            <form class="form bench-form" aria-label="Groups to compare" on:submit=move |event| event.prevent_default()>
                <GroupFields form=form />
                <Button
                    kind=ButtonKind::Primary
                    text="Compare A with B"
                    disabled=Signal::derive(move || !is_ready())
                    on_press=run
                />
            </form>
            <div class="bench-result" class:is-stale=is_loading>
                {move || error.get().map(|text| view! { <Banner kind=BannerKind::Error text=text /> })}
                {move || match value.get() {
                    Some(found) => view! { <Found found=found names=names.get_untracked() /> }.into_any(),
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
            "Choose two groups of cells, such as stimulated and control, or cells under a lasso and all others, to see "
            "which features are higher in one of them."
        </p>
    }
}

/// A and B.
#[component]
fn GroupFields(form: Form) -> impl IntoView {
    let store = Store::get();
    let labels = shown_labels(store);
    let first_options = Signal::derive(move || {
        let none = (String::new(), "Choose cells".to_owned());
        let all = labels.with(|labels| form.with(|form| options(labels, form.first.as_ref())));
        [none].into_iter().chain(all).collect::<Vec<_>>()
    });
    let second_options = Signal::derive(move || {
        let rest = (REST.to_owned(), "All other cells".to_owned());
        let all = labels.with(|labels| form.with(|form| options(labels, form.second.as_ref())));
        [rest].into_iter().chain(all).collect::<Vec<_>>()
    });
    let key = |group: &Option<CellGroup>| group.as_ref().map(|group| group.key.clone());
    let first = move || form.with(|form| key(&form.first)).unwrap_or_default();
    let second = move || form.with(|form| key(&form.second)).unwrap_or_else(|| REST.to_owned());
    let find = move |key: String, taken: Option<CellGroup>| {
        let taken = taken.filter(|group| group.key == key);
        taken.or_else(|| labels.with_untracked(|labels| of_key(labels, &key)))
    };
    view! {
        <Select
            label="Group A"
            options=first_options
            value=Signal::derive(first)
            note=Signal::stored("Positive numbers mean higher in A".to_owned())
            on_change=Callback::new(move |key| form.update(|form| form.first = find(key, form.first.take())))
        />
        {take_button("Chosen cells → A", form, |form| &mut form.first)}
        <Select
            label="Group B"
            options=second_options
            value=Signal::derive(second)
            note=Signal::stored("No cell can be in both groups".to_owned())
            on_change=Callback::new(move |key| form.update(|form| form.second = find(key, form.second.take())))
        />
        {take_button("Chosen cells → B", form, |form| &mut form.second)}
    }
}

/// A button that takes the cells chosen on the page.
fn take_button(text: &'static str, form: Form, part: fn(&mut CompareForm) -> &mut Option<CellGroup>) -> impl IntoView {
    let store = Store::get();
    let has_chosen = store.memo(|state| state.chosen.is_some());
    let take = move || {
        if let Some(group) = store.peek(chosen_group) {
            form.update(|form| *part(form) = Some(group));
        }
    };
    view! {
        <Button
            text=text
            label="Take the cells chosen by a lasso or by ticked labels"
            disabled=Signal::derive(move || !has_chosen.get())
            on_press=take
        />
    }
}

/// The cells chosen on the page; `None` if none are singled out.
fn chosen_group(state: &State) -> Option<CellGroup> {
    let n_cells = state.chosen.as_ref()?.len();
    let cells = state.selection.clone();
    let name = match &cells {
        CellSelection::Rows(_) => format!("lasso ({})", count(n_cells)),
        other => format!("{} ({})", text::selection_name(other), count(n_cells)),
    };
    Some(CellGroup { key: "map".to_owned(), name, cells })
}

/// The features, the largest effect first.
#[component]
fn Found(found: Shared<Comparison>, names: (String, Option<String>)) -> impl IntoView {
    let store = Store::get();
    let query = found.query.clone();
    let save = move |format| ExportKind::DifferentialFeatures { query: query.clone(), format };
    // Column 7: the size of d, the largest first.
    let sorting = RwSignal::<Sorting>::new((7, true));
    view! {
        <div class="look-bar">
            <p class="mode-line">{method(&names, &found)}</p>
            {save_buttons("Save the comparison", save)}
        </div>
        <div class="bench-table" id="comparison-table">
            <SortedTable
                label="Features that differ"
                rows=Signal::stored(Arc::new(rows(&found)))
                sorting=sorting
                selected=store.memo(|state| state.selected_feature.map(|feature| feature.0))
                on_select=select_feature(store)
            />
        </div>
    }
}
