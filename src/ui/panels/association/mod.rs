//! Features against labels: what to measure, then a heat map of a column, or its table.

mod form;
mod heat_map;
mod look;
mod rows;
mod settings;

use std::sync::Arc;

use leptos::prelude::*;

use self::heat_map::LabelHeatMap;
use self::look::{ColumnSelect, MapChoices, TableChoices};
use self::settings::LabelSettings;
use super::data::Notices;
use super::start::JobRun;
use super::{save_buttons, select_feature};
use crate::protocol::{AssociationSummary, ExportKind, Job, LabelMap};
use crate::ui::state::{Msg, Remote, Shared};
use crate::ui::store::Store;
use crate::ui::theme::ThemeStore;
use crate::ui::widgets::{Banner, BannerKind, Choice, SortedTable, Sorting};

/// The labels tab.
#[component]
pub(super) fn AssociationTab() -> impl IntoView {
    let store = Store::get();
    let error = store.memo(|state| state.jobs.associate.error().map(str::to_owned));
    let is_running = store.memo(|state| state.jobs.associate.is_running());
    let association = store.memo(|state| state.labels.association.clone());
    let dismiss = Callback::new(move |()| store.send(Msg::DismissError(Job::Associate)));
    view! {
        <div class="bench">
            <div class="bench-form">
                <LabelSettings />
            </div>
            <div class="bench-result">
                {move || error.get().map(|text| view! { <Banner kind=BannerKind::Error text=text on_dismiss=dismiss /> })}
                <Show when=move || is_running.get()>
                    <JobRun job=Job::Associate label="Measuring labels" />
                </Show>
                {move || match association.get() {
                    Some(association) => view! { <Measured association=association /> }.into_any(),
                    None if is_running.get() => ().into_any(),
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
            "Measure features against labels to see which feature stands for which cell type, condition or batch: "
            "AUROC and best F1 for every category, drawn as a heat map and listed as a table."
        </p>
    }
}

/// What was measured: one line of method, what to look at, and the look.
#[component]
fn Measured(association: Shared<AssociationSummary>) -> impl IntoView {
    let is_table = RwSignal::new(false);
    let params = association.params.clone();
    let save = move |format| ExportKind::LabelAssociation { params: params.clone(), format };
    let columns: Vec<String> = association.columns.iter().map(|column| column.name.clone()).collect();
    view! {
        <p class="mode-line">{rows::method(&association)}</p>
        <Notices notices=association.notices.clone() />
        <div class="look-bar">
            <ColumnSelect columns=columns />
            <Choice
                label="Shown as"
                has_visible_label=false
                options=vec![
                    ("map", "Heat map", "Categories by features, in colours"),
                    ("table", "Table", "Every live feature, to be sorted"),
                ]
                value=Signal::derive(move || if is_table.get() { "table" } else { "map" }.to_owned())
                on_change=Callback::new(move |key| is_table.set(key == "table"))
            />
            {move || if is_table.get() {
                view! { <TableChoices association=association.clone() /> }.into_any()
            } else {
                view! { <MapChoices /> }.into_any()
            }}
            {save_buttons("Save the table of all features and labels", save)}
        </div>
        {move || if is_table.get() { view! { <Table /> }.into_any() } else { view! { <Map /> }.into_any() }}
    }
}

#[component]
fn Map() -> impl IntoView {
    let store = Store::get();
    let map: Memo<Remote<Shared<LabelMap>>> = store.memo(|state| state.labels.map.clone());
    let value = Memo::new(move |_| map.with(|map| map.value.clone()));
    let error = Memo::new(move |_| map.with(|map| map.error.clone()));
    let theme = ThemeStore::get().theme;
    view! {
        {move || error.get().map(|text| view! { <Banner kind=BannerKind::Error text=text /> })}
        <div class="heat" class:is-stale=move || map.with(|map| map.is_loading)>
            {move || match value.get() {
                Some(map) if map.features.is_empty() => {
                    view! { <p class="muted">"No category of this column has enough cells to be a feature's best."</p> }
                        .into_any()
                }
                Some(map) => view! { <LabelHeatMap map=map theme=theme on_select=select_feature(store) /> }.into_any(),
                None => view! { <p class="muted" aria-live="polite">"Drawing the heat map"</p> }.into_any(),
            }}
        </div>
    }
}

#[component]
fn Table() -> impl IntoView {
    let store = Store::get();
    let table = store.memo(|state| state.labels.table.clone());
    let error = Memo::new(move |_| table.with(|table| table.error.clone()));
    let value = Memo::new(move |_| table.with(|table| table.value.clone()));
    let rows = Signal::derive(move || {
        Arc::new(value.with(|table| table.as_ref().map(|table| rows::table_rows(table)).unwrap_or_default()))
    });
    // Column 2: AUROC, the largest first.
    let sorting = RwSignal::<Sorting>::new((2, true));
    view! {
        {move || error.get().map(|text| view! { <Banner kind=BannerKind::Error text=text /> })}
        <div class="bench-table" id="label-table">
            <SortedTable
                label="Features by label"
                rows=rows
                sorting=sorting
                selected=store.memo(|state| state.selected_feature.map(|feature| feature.0))
                on_select=select_feature(store)
            />
        </div>
    }
}
