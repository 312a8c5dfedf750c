//! The sparse autoencoder in use and how it does on the open data.

use leptos::prelude::*;

use super::charts::TrainingCharts;
use super::quality::Quality;
use crate::plot::format;
use crate::protocol::{ExportKind, SaeOrigin, SaeSummary, WeightFormat};
use crate::ui::panels::data::Notices;
use crate::ui::state::{Msg, Shared};
use crate::ui::store::Store;
use crate::ui::text;
use crate::ui::train_form::variant_words;
use crate::ui::widgets::{Button, ButtonKind, IconName, Menu};

/// The result panel.
#[component]
pub(super) fn TrainingResult(sae: Shared<SaeSummary>, is_quality_open: RwSignal<bool>) -> impl IntoView {
    let store = Store::get();
    let has_history = store.memo(|state| state.training.history.len() > 1);
    let is_saving = store.memo(|state| state.jobs.export.is_running());
    let was_trained = matches!(sae.origin, SaeOrigin::Trained { .. });
    let variant = match (&sae.origin, sae.architecture.as_str()) {
        (SaeOrigin::Trained { params, .. }, _) => variant_words(params.variant.kind()).name.to_owned(),
        (SaeOrigin::Columns, _) => "None, nothing was trained".to_owned(),
        (_, "standard") => "ReLU".to_owned(),
        (_, "jumprelu") => "JumpReLU".to_owned(),
        (_, "topk") => "TopK".to_owned(),
        (_, other) => other.to_owned(),
    };
    let (holds_top_k, is_relu) = (sae.architecture == "topk", sae.architecture == "standard");
    let live = format!("{} of {}", format::count(sae.n_live), format::count(sae.n_features));
    let explained = format::decimals(sae.explained_variance, 3);
    view! {
        <Notices notices=sae.notices.clone() />
        <dl class="facts">
            <dt>"Variant"</dt>
            <dd>{variant}</dd>
            <dt>"Reads"</dt>
            <dd>{sae.embedding.clone()} <span class="muted">{format!(" {} d", sae.d_in)}</span></dd>
            <dt>"Live features"</dt>
            <dd>{live}</dd>
            <dt title="L0: mean number of active features in a cell">"Active per cell"</dt>
            <dd>{format::significant(sae.l0, 3)}</dd>
            <dt title="1 is a perfect reconstruction of the embedding">"Explained variance"</dt>
            <dd>{explained}</dd>
        </dl>
        <p class="field-note">{text::origin(&sae.origin)}</p>
        <Show when=move || was_trained && has_history.get()>
            <TrainingCharts />
        </Show>
        <Quality is_open=is_quality_open />
        <div class="actions">
            <Menu label="Save the weights for a library" text="Save weights" icon=IconName::Download closes_on_choice=true>
                {saves_weights("For SAELens", WeightFormat::SaeLens, is_saving)}
                {saves_weights("For dictionary_learning", WeightFormat::DictionaryLearning, is_saving)}
                {holds_top_k.then(|| saves_weights("For sparsify", WeightFormat::Sparsify, is_saving))}
                {is_relu.then(|| saves_weights("For scFeatureLens", WeightFormat::ScFeatureLens, is_saving))}
            </Menu>
        </div>
    }
}

/// An entry of the menu: saves the weights as a library reads them.
fn saves_weights(text: &'static str, format: WeightFormat, is_off: Memo<bool>) -> impl IntoView {
    let store = Store::get();
    let on_press = move || store.send(Msg::Export(ExportKind::Sae { format }));
    view! { <Button kind=ButtonKind::Quiet text=text disabled=is_off on_press=on_press /> }
}
