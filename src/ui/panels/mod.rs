//! Parts of the page that read the store and send messages.

mod analysis;
mod broken;
mod card;
mod checkpoint;
mod data;
mod header;
mod help;
mod labels;
mod map;
mod start;
mod table;
mod toasts;
mod training;

pub(crate) use analysis::AnalysisPanel;
pub(crate) use broken::BrokenPanel;
pub(crate) use card::CardPanel;
pub(crate) use checkpoint::CheckpointOffer;
pub(crate) use data::DataPanel;
pub(crate) use header::Header;
pub(crate) use help::HelpDialog;
pub(crate) use labels::LabelsPanel;
pub(crate) use map::MapPanel;
pub(crate) use start::StartPage;
pub(crate) use table::{SEARCH_ID, TablePanel};
pub(crate) use toasts::Toasts;
pub(crate) use training::TrainingPanel;

use leptos::prelude::*;
use web_sys::File;

use super::demo;
use super::state::State;
use super::store::Store;
use crate::protocol::{LabelInfo, LabelKind};

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

/// Opens the demo.
fn open_demo(store: Store) {
    wasm_bindgen_futures::spawn_local(demo::load(store));
}
