//! The settings of a training run. Mistakes are said beside their field before anything starts.

use leptos::prelude::*;

use crate::protocol::{DatasetSummary, EmbeddingInfo, LossConvention};
use crate::ui::state::Msg;
use crate::ui::store::Store;
use crate::ui::train_form::{FieldErrors, TrainField, TrainForm};
use crate::ui::widgets::{Button, ButtonKind, Checkbox, Choice, Select, TextField};

/// What each field means, in one line.
const HINTS: [(TrainField, &str); 7] = [
    (TrainField::Features, "How many features are learnt; more make finer ones and take longer"),
    (TrainField::K, "How many features may be active in one cell"),
    (TrainField::L1, "Weight of the penalty on active features: larger means fewer of them"),
    (TrainField::LearningRate, "Step size of Adam; lower it if the loss jumps"),
    (TrainField::Batch, "Cells per step"),
    (TrainField::Epochs, "Passes over all cells"),
    (TrainField::Seed, "Same seed, same data, same device: same features"),
];

/// The form.
#[component]
pub(super) fn TrainingForm(form: RwSignal<TrainForm>, embedding: RwSignal<Option<String>>) -> impl IntoView {
    let store = Store::get();
    let dataset = store.memo(|state| state.dataset.clone());
    let has_sae = store.memo(|state| state.sae.is_some());
    let chosen = chosen_embedding(store, embedding);
    Effect::new(move |_| {
        let n_cells = dataset.with(|dataset| dataset.as_ref().map_or(0, |dataset| dataset.n_cells));
        if let Some(batch) = form.with_untracked(|form| form.smaller_batch(n_cells)) {
            form.update(|form| form.batch_size = batch);
        }
    });
    let params = Memo::new(move |_| {
        let n_cells = dataset.with(|dataset| dataset.as_ref().map_or(0, |dataset| dataset.n_cells));
        let d_in = chosen.with(|chosen| chosen.as_ref().map_or(0, |(_, d_in)| *d_in));
        form.with(|form| form.params(n_cells, d_in))
    });
    let train = move || {
        let (Ok(params), Some((embedding, _))) = (params.get(), chosen.get()) else { return };
        store.send(Msg::Train { embedding, params });
    };
    view! {
        <form class="form" aria-label="Training settings" on:submit=move |event| event.prevent_default()>
            <EmbeddingSelect embedding=embedding chosen=chosen params=params />
            <VariantChoice form=form />
            <Numbers form=form params=params />
            <Checkbox
                label="Centre the inputs"
                hint="Takes the mean of every input dimension off first; it is folded back into saved weights"
                checked=Signal::derive(move || form.read().center_inputs)
                on_change=Callback::new(move |on| form.update(|form| form.center_inputs = on))
            />
            <Button
                kind=ButtonKind::Primary
                text=Signal::derive(move || if has_sae.get() { "Train again" } else { "Train" }.to_owned())
                disabled=Signal::derive(move || params.read().is_err())
                on_press=train
            />
        </form>
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
    params: Memo<Result<crate::protocol::SaeParams, FieldErrors>>,
) -> impl IntoView {
    let store = Store::get();
    let options = store.memo(|state| {
        let embeddings = state.dataset.iter().flat_map(|dataset| dataset.embeddings.iter());
        embeddings.map(|known| (known.name.clone(), format!("{} ({} d)", known.name, known.n_dims))).collect::<Vec<_>>()
    });
    view! {
        <Select
            label="Embedding"
            options=options
            value=Signal::derive(move || chosen.get().map(|(name, _)| name).unwrap_or_default())
            on_change=Callback::new(move |name| embedding.set(Some(name)))
        />
        <p class="field-error" aria-live="polite">{error_of(params, TrainField::Embedding)}</p>
    }
}

#[component]
fn VariantChoice(form: RwSignal<TrainForm>) -> impl IntoView {
    let is_topk = Memo::new(move |_| form.read().is_topk);
    let explanation = move || {
        if is_topk.get() {
            "Keeps the k strongest features of each cell. No penalty to tune."
        } else {
            "The paper's: ReLU, with an L1 penalty that pushes features to zero."
        }
    };
    let options = vec![("topk", "TopK", ""), ("vanilla", "Vanilla", "")];
    view! {
        <Choice
            label="Variant"
            options=options
            value=Signal::derive(move || if is_topk.get() { "topk" } else { "vanilla" }.to_owned())
            on_change=Callback::new(move |key: String| form.update(|form| form.is_topk = key == "topk"))
        />
        <p class="field-note">{explanation}</p>
    }
}

#[component]
fn Numbers(form: RwSignal<TrainForm>, params: Memo<Result<crate::protocol::SaeParams, FieldErrors>>) -> impl IntoView {
    let is_topk = Memo::new(move |_| form.read().is_topk);
    let field = move |label: &'static str, field: TrainField| {
        let hint = HINTS.iter().find(|(known, _)| *known == field).map_or("", |(_, hint)| *hint);
        view! {
            <TextField
                label=label
                hint=hint
                value=Signal::derive(move || form.with(|form| text_of(form, field).to_owned()))
                on_input=Callback::new(move |text| form.update(|form| *text_mut(form, field) = text))
                error=error_of(params, field)
            />
        }
    };
    view! {
        <div class="form-grid">
            {field("Features h", TrainField::Features)}
            {move || {
                if is_topk.get() {
                    field("Active k", TrainField::K).into_any()
                } else {
                    field("Penalty λ", TrainField::L1).into_any()
                }
            }}
        </div>
        <Show when=move || !is_topk.get()>
            <LossChoice form=form />
        </Show>
        <div class="form-grid">
            {field("Learning rate", TrainField::LearningRate)}
            {field("Batch size", TrainField::Batch)}
            {field("Epochs", TrainField::Epochs)}
            {field("Seed", TrainField::Seed)}
        </div>
    }
}

#[component]
fn LossChoice(form: RwSignal<TrainForm>) -> impl IntoView {
    let key = move || match form.read().loss {
        LossConvention::AsCoded => "coded",
        LossConvention::AsPrinted => "printed",
    };
    let options = vec![
        ("coded", "As coded", "Means over batch and dimensions, as the paper's code does"),
        ("printed", "As printed", "Sums over dimensions, as the paper's formula says; λ differs by d/h"),
    ];
    let choose = move |key: String| {
        let loss = if key == "printed" { LossConvention::AsPrinted } else { LossConvention::AsCoded };
        form.update(|form| form.loss = loss);
    };
    view! {
        <Choice
            label="Loss convention"
            options=options
            value=Signal::derive(move || key().to_owned())
            on_change=Callback::new(choose)
        />
    }
}

fn error_of(
    params: Memo<Result<crate::protocol::SaeParams, FieldErrors>>,
    field: TrainField,
) -> Signal<Option<String>> {
    Signal::derive(move || params.with(|params| params.as_ref().err().and_then(|errors| errors.get(&field).cloned())))
}

fn text_of(form: &TrainForm, field: TrainField) -> &str {
    match field {
        TrainField::Features => &form.n_features,
        TrainField::K => &form.k,
        TrainField::L1 => &form.l1,
        TrainField::LearningRate => &form.learning_rate,
        TrainField::Batch => &form.batch_size,
        TrainField::Epochs => &form.n_epochs,
        TrainField::Seed | TrainField::Embedding => &form.seed,
    }
}

fn text_mut(form: &mut TrainForm, field: TrainField) -> &mut String {
    match field {
        TrainField::Features => &mut form.n_features,
        TrainField::K => &mut form.k,
        TrainField::L1 => &mut form.l1,
        TrainField::LearningRate => &mut form.learning_rate,
        TrainField::Batch => &mut form.batch_size,
        TrainField::Epochs => &mut form.n_epochs,
        TrainField::Seed | TrainField::Embedding => &mut form.seed,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::JoinMethod;

    #[test]
    fn the_embedding_shown_in_the_list_is_the_one_that_is_taken() {
        let info = |name: &str| EmbeddingInfo { name: name.into(), n_dims: 1, joined_by: JoinMethod::SameFile };
        let mut dataset = DatasetSummary {
            name: "groups".into(),
            n_cells: 4,
            n_genes: 2,
            values: None,
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
}
