//! The offer to go on with a training run that a reload or a crash cut short.

use leptos::prelude::*;

use crate::protocol::{CheckpointInfo, ExportKind};
use crate::ui::state::{Msg, State};
use crate::ui::store::Store;
use crate::ui::text;
use crate::ui::widgets::{Banner, BannerKind, Button, ButtonKind, IconName};

/// The offer, while there is one.
#[component]
pub(crate) fn CheckpointOffer() -> impl IntoView {
    let store = Store::get();
    let offer = store.memo(|state: &State| state.checkpoint_offer().map(sentence));
    move || {
        offer.get().map(|text| {
            view! {
                <Banner kind=BannerKind::Info text=text>
                    <Button
                        kind=ButtonKind::Primary
                        text="Go on training"
                        on_press=move || store.send(Msg::ResumeCheckpoint)
                    />
                    <SaveRun />
                    <Button
                        kind=ButtonKind::Quiet
                        text="Discard"
                        label="Discard the kept training run"
                        on_press=move || store.send(Msg::DiscardCheckpoint)
                    />
                </Banner>
            }
        })
    }
}

/// The button that saves the kept run as a file.
#[component]
pub(crate) fn SaveRun() -> impl IntoView {
    let store = Store::get();
    let is_saving = store.memo(|state| state.jobs.export.is_running());
    view! {
        <Button
            kind=ButtonKind::Quiet
            text="Save run"
            label="Save the training run as a file, to go on with it here or elsewhere"
            icon=IconName::Download
            disabled=is_saving
            on_press=move || store.send(Msg::Export(ExportKind::TrainingRun))
        />
    }
}

fn sentence(checkpoint: &CheckpointInfo) -> String {
    let progress = &checkpoint.progress;
    let done = if progress.n_steps == 0 { 0.0 } else { progress.step as f64 / progress.n_steps as f64 * 100.0 };
    format!(
        "A training run on {} was kept at {done:.0} % ({} features, {}).",
        checkpoint.embedding,
        checkpoint.params.n_features,
        text::variant_name(checkpoint.params.variant),
    )
}
