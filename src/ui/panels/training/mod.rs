//! Training: settings, the run with its live charts, and the result.

mod charts;
mod columns;
mod fields;
mod form;
mod more;
mod quality;
mod quality_rows;
mod result;
mod run;

use leptos::prelude::*;

use super::open_picked;
use crate::protocol::Job;
use crate::ui::state::{Msg, State};
use crate::ui::store::Store;
use crate::ui::train_form::TrainForm;
use crate::ui::widgets::{Banner, BannerKind, ButtonKind, FilePicker, Section};
use columns::UseColumns;
use form::TrainingForm;
use result::TrainingResult;
use run::TrainingRun;

/// What is to be done where there is nothing to train on.
const NO_EMBEDDING: &str = "These data have no embedding to train on. Add one: a .npy, .csv or .parquet file with a row for \
     each cell, or an .h5ad that has obsm (in Python: sc.pp.pca(adata), then adata.write_h5ad(…)).";

/// The training panel.
#[component]
pub(crate) fn TrainingPanel() -> impl IntoView {
    let store = Store::get();
    let summary = store.memo(summary);
    let is_training = store.memo(|state| state.jobs.train.is_running());
    let has_data = store.memo(|state| state.dataset.is_some());
    let has_embedding =
        store.memo(|state| state.dataset.as_ref().is_some_and(|dataset| !dataset.embeddings.is_empty()));
    let sae = store.memo(|state| state.sae.clone());
    let form = RwSignal::new(TrainForm::default());
    let embedding = RwSignal::new(None::<String>);
    let is_more_open = RwSignal::new(false);
    let is_quality_open = RwSignal::new(false);
    view! {
        <Section title="Sparse autoencoder" summary=summary>
            <TrainingError />
            {move || {
                if is_training.get() {
                    return view! { <TrainingRun /> }.into_any();
                }
                view! {
                    {sae.get().map(|sae| view! { <TrainingResult sae=sae is_quality_open=is_quality_open /> })}
                    <Show
                        when=move || has_embedding.get()
                        fallback=move || {
                            let text = if has_data.get() { NO_EMBEDDING } else { "Waiting for the data." };
                            view! { <p class="muted">{text}</p> }
                        }
                    >
                        <TrainingForm form=form embedding=embedding is_more_open=is_more_open />
                        <div class="actions">
                            <FilePicker
                                text="Load weights or a run"
                                kind=ButtonKind::Quiet
                                accept=".json,.safetensors,.fsrun"
                                on_pick=open_picked(store)
                            />
                        </div>
                        <UseColumns embedding=embedding />
                    </Show>
                }
                    .into_any()
            }}
        </Section>
    }
}

/// Why the last training failed, if it did.
#[component]
fn TrainingError() -> impl IntoView {
    let store = Store::get();
    let error = store.memo(|state| state.jobs.train.error().map(str::to_owned));
    let dismiss = Callback::new(move |()| store.send(Msg::DismissError(Job::Train)));
    move || error.get().map(|text| view! { <Banner kind=BannerKind::Error text=text on_dismiss=dismiss /> })
}

fn summary(state: &State) -> String {
    match (&state.sae, state.jobs.train.is_running()) {
        (_, true) if state.training.is_paused => "Paused".to_owned(),
        (_, true) if state.training.takes_columns => "Taking columns".to_owned(),
        (_, true) => "Training".to_owned(),
        (Some(sae), false) => format!("{} live", crate::plot::format::count(sae.n_live)),
        (None, false) => String::new(),
    }
}
