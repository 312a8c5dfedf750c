//! Parts of the page that read the store and send messages.

mod analysis;
mod association;
mod broken;
mod card;
mod checkpoint;
mod comparison;
mod data;
mod drawer;
mod header;
mod help;
mod labels;
mod lineage;
mod map;
mod start;
mod sweep;
mod table;
mod toasts;
mod training;

pub(crate) use analysis::AnalysisPanel;
pub(crate) use broken::BrokenPanel;
pub(crate) use card::CardPanel;
pub(crate) use checkpoint::{CheckpointOffer, SaveRun};
pub(crate) use data::DataPanel;
pub(crate) use drawer::Drawer;
pub(crate) use header::Header;
pub(crate) use help::HelpDialog;
pub(crate) use labels::LabelsPanel;
pub(crate) use map::MapPanel;
pub(crate) use start::StartPage;
pub(crate) use table::SEARCH_ID;
pub(crate) use toasts::Toasts;
pub(crate) use training::TrainingPanel;

use leptos::prelude::*;
use web_sys::File;

use super::demo;
use super::state::{Msg, State};
use super::store::Store;
use super::widgets::{Button, ButtonKind, IconName, Menu};
use crate::data::FeatureId;
use crate::protocol::{ExportKind, LabelInfo, LabelKind, TableFormat};

/// Opens what a person picked.
fn open_picked(store: Store) -> UnsyncCallback<Vec<File>> {
    UnsyncCallback::new(move |picked| store.open(picked))
}

/// The label columns, cloned only when others are open.
fn shown_labels(store: Store) -> Memo<Vec<LabelInfo>> {
    let open = store.memo(|state| (state.dataset.clone(), state.preview.clone()));
    Memo::new(move |_| open.with(|(dataset, preview)| State::labels_of(dataset.as_ref(), preview.as_ref())))
}

/// Names of the label columns with categories, in the data set's order.
fn categorical_columns(store: Store) -> Memo<Vec<String>> {
    let labels = shown_labels(store);
    let is_categorical = |label: &&LabelInfo| matches!(label.kind, LabelKind::Categorical { .. });
    Memo::new(move |_| {
        labels.with(|labels| labels.iter().filter(is_categorical).map(|label| label.name.clone()).collect())
    })
}

/// Opens the card of a feature.
fn select_feature(store: Store) -> Callback<u32> {
    Callback::new(move |feature| store.send(Msg::SelectFeature(Some(FeatureId(feature)))))
}

/// A menu that saves a table as CSV or Parquet.
fn save_buttons(
    label: &'static str,
    kind: impl Fn(TableFormat) -> ExportKind + Send + Sync + Clone + 'static,
) -> AnyView {
    let store = Store::get();
    let is_busy = store.memo(|state| state.jobs.export.is_running());
    view! {
        <Menu label=label text="Save" icon=IconName::Download closes_on_choice=true>
            {[("As CSV", TableFormat::Csv), ("As Parquet", TableFormat::Parquet)].map(|(text, format)| {
                let kind = kind.clone();
                view! {
                    <Button
                        kind=ButtonKind::Quiet
                        text=text
                        disabled=is_busy
                        on_press=move || store.send(Msg::Export(kind(format)))
                    />
                }
            }).collect_view()}
        </Menu>
    }
    .into_any()
}

/// Opens the demo.
fn open_demo(store: Store) {
    wasm_bindgen_futures::spawn_local(demo::load(store));
}
