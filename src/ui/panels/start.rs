//! Before anything is open: where to drop files, and the demo.

use leptos::prelude::*;

use super::{open_demo, open_picked};
use crate::protocol::Job;
use crate::ui::state::{JobState, Msg};
use crate::ui::store::Store;
use crate::ui::widgets::{Banner, BannerKind, Button, ButtonKind, FilePicker, Icon, IconName, Progress};

/// The start page.
#[component]
pub(crate) fn StartPage() -> impl IntoView {
    let store = Store::get();
    let is_opening = store.memo(|state| state.jobs.open.is_running());
    view! {
        <main class="start">
            <div class="start-card">
                <Icon name=IconName::Drop />
                <h2>"Drop your files here"</h2>
                <p class="start-lead">
                    "See single-cell embeddings through sparse features: which cells, genes and gene sets each one "
                    "stands for."
                </p>
                <div class="start-actions">
                    <Button
                        kind=ButtonKind::Primary
                        text="Open the demo"
                        disabled=is_opening
                        on_press=move || open_demo(store)
                    />
                    <FilePicker text="Choose files" disabled=is_opening on_pick=open_picked(store) />
                    <FilePicker text="Choose a folder" is_folder=true disabled=is_opening on_pick=open_picked(store) />
                </div>
                <OpenStatus />
                <FormatList />
                <p class="start-promise">"Your data never leaves this browser."</p>
            </div>
        </main>
    }
}

/// Progress or error of opening files.
#[component]
pub(crate) fn OpenStatus() -> impl IntoView {
    let store = Store::get();
    // Progress must not put a new button in place of the one that is being pressed.
    let is_running = store.memo(|state| state.jobs.open.is_running());
    let error = store.memo(|state| state.jobs.open.error().map(str::to_owned));
    move || {
        if is_running.get() {
            return view! { <JobRun job=Job::Open label="Opening files" /> }.into_any();
        }
        let Some(message) = error.get() else { return ().into_any() };
        let dismiss = Callback::new(move |()| store.send(Msg::DismissError(Job::Open)));
        // An offer comes before the refusal it belongs to.
        if store.peek(|state| state.offer.is_none()) {
            return view! { <Banner kind=BannerKind::Error text=message on_dismiss=dismiss is_revealed=true /> }
                .into_any();
        }
        let accept = move || store.send(Msg::AcceptIdOffer);
        view! {
            <Banner kind=BannerKind::Error text=message on_dismiss=dismiss is_revealed=true>
                <Button text="Join by the shortened ids" on_press=accept />
            </Banner>
        }
        .into_any()
    }
}

/// A job that runs: how far it is, and the way to cancel it.
#[component]
pub(crate) fn JobRun(job: Job, label: &'static str) -> impl IntoView {
    let store = Store::get();
    let fraction = store.memo(move |state| running(state.jobs.get(job)).0);
    let message = store.memo(move |state| running(state.jobs.get(job)).1);
    view! {
        <Progress label=label fraction=fraction message=message />
        <div class="actions">
            <Button text="Cancel" icon=IconName::Stop on_press=move || store.send(Msg::Cancel(job)) />
        </div>
    }
}

/// Fraction and message of a running job.
pub(crate) fn running(job: &JobState) -> (f64, String) {
    match job {
        JobState::Running { fraction, message } => (*fraction, message.clone()),
        JobState::Idle | JobState::Failed(_) => (0.0, String::new()),
    }
}

#[component]
fn FormatList() -> impl IntoView {
    view! {
        <dl class="start-formats">
            <dt>"Cells and genes"</dt>
            <dd><code>".h5ad"</code> ", 10x " <code>".h5"</code> " or " <code>".mtx"</code> " with its tables, a dense " <code>".csv"</code> " or " <code>".parquet"</code></dd>
            <dt>"Embeddings"</dt>
            <dd><code>".npy"</code> ", " <code>".npz"</code> ", " <code>".pt"</code> ", " <code>".parquet"</code> " or in the .h5ad"</dd>
            <dt>"Labels"</dt>
            <dd><code>".csv"</code> ", " <code>".parquet"</code></dd>
            <dt>"Gene sets"</dt>
            <dd><code>".gmt"</code> ", " <code>".gmx"</code> ", " <code>".json"</code> ", " <code>".yaml"</code> ", " <code>".obo"</code> " + " <code>".gaf"</code></dd>
            <dt>"Trained weights"</dt>
            <dd>"of SAELens, sparsify, dictionary_learning, scFeatureLens, bio-sae"</dd>
        </dl>
    }
}
