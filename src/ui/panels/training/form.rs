//! The settings of a training run, each with its reason. Mistakes are said beside their field before anything starts.

use leptos::prelude::*;

use super::fields::{Form, Params, error_of, field, named_choice};
use super::more::MoreSettings;
use crate::protocol::{ComputeDevice, DatasetSummary, EmbeddingInfo, SaeField, VariantKind};
use crate::ui::state::{Msg, State};
use crate::ui::store::Store;
use crate::ui::train_form::{LOSSES, PENALTIES, TrainForm, VARIANTS, label, meaning, variant_words};
use crate::ui::widgets::{Banner, BannerKind, Button, ButtonKind, Checkbox, GroupedSelect, Select};

/// Fields of their own that stand above "More settings", in this order.
const FIRST: [SaeField; 6] =
    [SaeField::K, SaeField::Percent, SaeField::L1, SaeField::L0, SaeField::L0Weight, SaeField::Prefixes];

/// The form; `is_more_open` outlives it.
#[component]
pub(super) fn TrainingForm(
    form: Form,
    embedding: RwSignal<Option<String>>,
    is_more_open: RwSignal<bool>,
) -> impl IntoView {
    let store = Store::get();
    let chosen = chosen_embedding(store, embedding);
    follow_the_data(store, form, chosen);
    let params: Params = Memo::new(move |_| form.read().params());
    // A sweep varies what stands here.
    Effect::new(move |_| {
        let settings = params.get().ok().zip(chosen.get());
        store.send(Msg::Settings(settings.map(|(params, (embedding, _))| (embedding, params))));
    });
    view! {
        <form class="form form-rows" aria-label="Training settings" on:submit=move |event| event.prevent_default()>
            <EmbeddingSelect embedding=embedding chosen=chosen params=params />
            <VariantSelect form=form />
            <MainFields form=form params=params />
            <Centring form=form />
            <MoreSettings form=form params=params is_open=is_more_open />
            <TrainButtons form=form params=params chosen=chosen />
        </form>
    }
}

/// Lets fields that nobody changed follow what is open and what computes.
fn follow_the_data(store: Store, form: Form, chosen: Memo<Option<(String, usize)>>) {
    let dataset = store.memo(|state: &State| state.dataset.clone());
    let has_gpu = store.memo(|state| state.device.as_ref().is_some_and(|device| device.device == ComputeDevice::Gpu));
    Effect::new(move |_| {
        let (Some(dataset), Some((embedding, _))) = (dataset.get(), chosen.get()) else { return };
        let Some(shape) = dataset.shape(&embedding, has_gpu.get()) else { return };
        let labels = dataset.categorical_labels().map(|(name, _)| name.to_owned()).collect();
        form.update(|form| form.suit(shape, labels));
    });
}

#[component]
fn TrainButtons(form: Form, params: Params, chosen: Memo<Option<(String, usize)>>) -> impl IntoView {
    let store = Store::get();
    let has_sae = store.memo(|state| state.sae.is_some());
    let is_edited = Memo::new(move |_| form.read().is_edited());
    let train = move || {
        let (Ok(params), Some((embedding, _))) = (params.get(), chosen.get()) else { return };
        store.send(Msg::Train { embedding, params });
    };
    view! {
        <Button
            kind=ButtonKind::Primary
            text=Signal::derive(move || if has_sae.get() { "Train again" } else { "Train" }.to_owned())
            disabled=Signal::derive(move || params.read().is_err())
            on_press=train
        />
        <Show when=move || is_edited.get()>
            <Button
                kind=ButtonKind::Quiet
                text="Suggested settings"
                label="Put every setting back to what suits these data"
                on_press=move || form.update(TrainForm::reset)
            />
        </Show>
    }
}

/// The embedding that a person chose or the data suggests, and its dimensions.
pub(super) fn chosen_embedding(store: Store, wish: RwSignal<Option<String>>) -> Memo<Option<(String, usize)>> {
    let dataset = store.memo(|state| state.dataset.clone());
    Memo::new(move |_| {
        let dataset = dataset.get()?;
        let embedding = wish.with(|wish| embedding_of(&dataset, wish.as_deref()))?;
        Some((embedding.name.clone(), embedding.n_dims))
    })
}

/// The one wished for, the default, or, where all are too narrow to be a default, the first.
fn embedding_of<'a>(dataset: &'a DatasetSummary, wish: Option<&str>) -> Option<&'a EmbeddingInfo> {
    let find = |name: &str| dataset.embeddings.iter().find(|embedding| embedding.name == name);
    let default = || dataset.default_embedding.as_deref().and_then(find);
    wish.and_then(find).or_else(default).or_else(|| dataset.embeddings.first())
}

#[component]
fn EmbeddingSelect(
    embedding: RwSignal<Option<String>>,
    chosen: Memo<Option<(String, usize)>>,
    params: Params,
) -> impl IntoView {
    let store = Store::get();
    let options = store.memo(|state| {
        let embeddings = state.dataset.iter().flat_map(|dataset| dataset.embeddings.iter());
        embeddings.map(|known| (known.name.clone(), format!("{} ({} d)", known.name, known.n_dims))).collect::<Vec<_>>()
    });
    let dataset = store.memo(|state| state.dataset.clone());
    let note = move || {
        let chosen = chosen.get().and_then(|(name, _)| {
            dataset.get()?.embeddings.iter().find(|known| known.name == name).and_then(|known| known.offset_ratio)
        });
        offset_note(chosen)
    };
    view! {
        <Select
            label=label(SaeField::Inputs)
            options=options
            value=Signal::derive(move || chosen.get().map(|(name, _)| name).unwrap_or_default())
            note=Signal::derive(note)
            on_change=Callback::new(move |name| embedding.set(Some(name)))
        />
        <p class="field-error" aria-live="polite">{error_of(params, SaeField::Inputs)}</p>
    }
}

/// How far the cells lie from zero, in words.
fn offset_note(ratio: Option<f64>) -> String {
    match ratio {
        Some(ratio) if ratio > 1.0 => {
            format!("The average cell lies {ratio:.1} times as far from zero as cells lie from the average.")
        }
        Some(_) => "The cells lie around zero.".to_owned(),
        None => String::new(),
    }
}

#[component]
fn VariantSelect(form: Form) -> impl IntoView {
    let kind = Memo::new(move |_| form.read().choices().kind);
    let of = |is_of_the_paper| {
        let of_group = VARIANTS.iter().filter(|words| words.kind.is_of_the_paper() == is_of_the_paper);
        of_group.map(|words| (words.key, words.name)).collect::<Vec<_>>()
    };
    let choose = move |key: String| {
        let kind = VARIANTS.iter().find(|words| words.key == key).map_or(VariantKind::TopK, |words| words.kind);
        form.update(|form| form.choose_kind(kind));
    };
    view! {
        <GroupedSelect
            label=label(SaeField::Variant)
            groups=vec![("Usual", of(false)), ("As in the paper", of(true))]
            value=Signal::derive(move || variant_words(kind.get()).key.to_owned())
            note=Signal::derive(move || variant_words(kind.get()).note.to_owned())
            on_change=Callback::new(choose)
        />
    }
}

/// What most people look at.
#[component]
fn MainFields(form: Form, params: Params) -> impl IntoView {
    let has = move |wanted| Memo::new(move |_| form.read().has(wanted));
    let is_jump = Memo::new(move |_| form.read().choices().kind == VariantKind::JumpRelu);
    let (has_loss, own) = (has(SaeField::Loss), FIRST.map(|field| (field, has(field))));
    view! {
        {field(SaeField::Features, form, params)}
        <Show when=move || is_jump.get()>
            {named_choice("Penalty on", &PENALTIES, form, SaeField::L0, |choices| &mut choices.penalty)}
        </Show>
        {own
            .into_iter()
            .map(|(own, is_there)| view! { <Show when=move || is_there.get()>{field(own, form, params)}</Show> })
            .collect_view()}
        <Show when=move || has_loss.get()>
            {named_choice(label(SaeField::Loss), &LOSSES, form, SaeField::Loss, |choices| &mut choices.loss)}
        </Show>
        {field(SaeField::LearningRate, form, params)}
        {field(SaeField::Batch, form, params)}
        {field(SaeField::Epochs, form, params)}
    }
}

/// Whether means are taken off, and why they should be where they are not.
#[component]
fn Centring(form: Form) -> impl IntoView {
    let is_centred = Memo::new(move |_| form.read().choices().center_inputs);
    let far = Memo::new(move |_| form.read().far_offset());
    let center = move |on| form.update(|form| form.choose(SaeField::Center, |choices| choices.center_inputs = on));
    let text = move || {
        let ratio = far.get().unwrap_or_default();
        format!(
            "The average cell lies {ratio:.1} times as far from zero as cells lie from the average. Uncentred, features \
             learn what all cells share before they tell cells apart, and many never fire."
        )
    };
    view! {
        <Checkbox
            label=label(SaeField::Center)
            hint=meaning(SaeField::Center)
            checked=is_centred
            on_change=Callback::new(center)
        />
        <Show when=move || far.get().is_some()>
            <Banner kind=BannerKind::Warning text=Signal::derive(text)>
                <Button text="Centre them" label="Take the mean of every dimension off first" on_press=move || center(true) />
            </Banner>
        </Show>
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::JoinMethod;

    #[test]
    fn the_embedding_shown_in_the_list_is_the_one_that_is_taken() {
        let joined_by = JoinMethod::SameFile;
        let info = |name: &str| EmbeddingInfo { name: name.into(), n_dims: 1, joined_by, offset_ratio: None };
        let mut dataset = DatasetSummary {
            name: "groups".into(),
            n_cells: 4,
            n_genes: 2,
            values: None,
            matrices: None,
            labels: Vec::new(),
            embeddings: vec![info("is_treated"), info("score")],
            default_embedding: None,
            default_map: None,
            gene_sets: None,
            notices: Vec::new(),
        };
        let chosen = |dataset: &DatasetSummary, wish| embedding_of(dataset, wish).map(|found| found.name.clone());
        assert_eq!(chosen(&dataset, None).as_deref(), Some("is_treated"));
        assert_eq!(chosen(&dataset, Some("score")).as_deref(), Some("score"));
        dataset.default_embedding = Some("score".into());
        assert_eq!(chosen(&dataset, Some("closed")).as_deref(), Some("score"));
        dataset.embeddings.clear();
        assert_eq!(chosen(&dataset, None), None);
    }

    #[test]
    fn the_offset_is_told_in_words() {
        assert!(offset_note(Some(3.24)).contains("3.2 times as far from zero"));
        assert!(offset_note(Some(0.2)).contains("around zero"));
        assert_eq!(offset_note(None), "");
    }
}
