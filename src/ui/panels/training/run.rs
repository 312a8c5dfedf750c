//! A training run that goes on: progress, metrics, charts, and the ways to pause and stop it; or, where columns are
//! taken as features, progress and the way to cancel.

use leptos::prelude::*;

use super::charts::TrainingCharts;
use crate::plot::format;
use crate::protocol::{Job, TrainProgress};
use crate::ui::panels::SaveRun;
use crate::ui::panels::start::{JobRun, running};
use crate::ui::state::{Msg, State};
use crate::ui::store::Store;
use crate::ui::text;
use crate::ui::widgets::{Button, IconName, Progress};

/// The running training, or the taking of columns.
#[component]
pub(super) fn TrainingRun() -> impl IntoView {
    let takes_columns = Store::get().memo(|state| state.training.takes_columns);
    move || {
        if takes_columns.get() {
            view! { <JobRun job=Job::Train label="Taking columns as features" /> }.into_any()
        } else {
            view! { <Learning /> }.into_any()
        }
    }
}

#[component]
fn Learning() -> impl IntoView {
    let store = Store::get();
    let is_paused = store.memo(|state| state.training.is_paused);
    let is_stopping = store.memo(|state| state.training.is_stopping);
    let has_begun = store.memo(|state| !state.training.history.is_empty());
    let fraction = store.memo(|state| running(&state.jobs.train).0);
    let message = store.memo(message);
    view! {
        <Progress label="Training" fraction=fraction message=message />
        <div class="actions">
            <Show
                when=move || is_paused.get()
                fallback=move || {
                    view! {
                        <Button
                            text="Pause"
                            icon=IconName::Pause
                            disabled=Signal::derive(move || !has_begun.get() || is_stopping.get())
                            on_press=move || store.send(Msg::Pause)
                        />
                    }
                }
            >
                <Button text="Continue" icon=IconName::Play on_press=move || store.send(Msg::Continue) />
            </Show>
            <Button
                text="Stop and keep"
                label="End training now and keep what was learnt"
                icon=IconName::Stop
                disabled=Signal::derive(move || !has_begun.get() || is_stopping.get())
                on_press=move || store.send(Msg::Stop)
            />
            <Show when=move || is_paused.get()>
                <SaveRun />
            </Show>
        </div>
        <TrainingCharts />
    }
}

/// What is being done, in a sentence that changes a few times a minute at most where it is read aloud.
fn message(state: &State) -> String {
    let Some(last) = state.training.history.last() else { return running(&state.jobs.train).1 };
    if state.training.is_stopping {
        return "Stopping, then computing activations".to_owned();
    }
    let said = running(&state.jobs.train).1;
    if last.step >= last.n_steps && !said.is_empty() {
        return said;
    }
    let epoch =
        format!("Epoch {}, step {} of {}", last.epoch + 1, format::count(last.step), format::count(last.n_steps));
    if state.training.is_paused { format!("Paused. {epoch}") } else { format!("{epoch}, {}", time_left(last)) }
}

fn time_left(progress: &TrainProgress) -> String {
    if progress.remaining_secs < 1.0 {
        return "almost done".to_owned();
    }
    format!("{} left", text::duration(progress.remaining_secs))
}
