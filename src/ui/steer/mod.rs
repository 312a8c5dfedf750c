//! Steering: a form that says which cells and how far, and what the models predict.
//!
//! Knows nothing of the page's store. Arrows of the result are drawn by the map.

mod form;
mod rows;

use leptos::prelude::*;

use crate::data::{CellSelection, FeatureId, GeneId};
use crate::protocol::{LabelInfo, SteerParams, SteerResult};
use crate::ui::card::{CardSection, GeneRow, GeneTable};
use crate::ui::state::{Remote, Shared};
use crate::ui::widgets::{Banner, BannerKind, Button, ButtonKind, Checkbox, Choice, Select, TextField};
pub(crate) use form::{CellGroup, category_groups};
use form::{FormErrors, SteerForm, TargetKind, groups};

/// Steering of the chosen feature.
#[component]
pub fn SteerView(
    /// The feature; without one there is nothing to steer.
    feature: Signal<Option<FeatureId>>,
    /// Label columns of the data set.
    labels: Signal<Vec<LabelInfo>>,
    /// The cells chosen on the page.
    selection: Signal<CellSelection>,
    /// The last result; loading and errors are shown.
    result: Signal<Remote<Shared<SteerResult>>>,
    /// Run an experiment.
    on_run: Callback<SteerParams>,
    /// Show the arrows on the map the result is in.
    on_show_map: Callback<()>,
    /// Forget the result.
    on_clear: Callback<()>,
    /// A gene was pressed.
    on_gene: Callback<GeneId>,
) -> impl IntoView {
    let form = RwSignal::new(SteerForm::default());
    let groups = Memo::new(move |_| labels.with(|labels| selection.with(|selection| groups(labels, selection))));
    let params = Memo::new(move |_| {
        let feature = feature.get()?;
        Some(form.with(|form| groups.with(|groups| form.params(feature, groups))))
    });
    let value = Memo::new(move |_| result.with(|result| result.value.clone()));
    let error = Memo::new(move |_| result.with(|result| result.error.clone()));
    let is_loading = Memo::new(move |_| result.with(|result| result.is_loading));
    view! {
        <div class="steer">
            <Show
                when=move || feature.read().is_some()
                fallback=|| view! { <p class="muted">"Choose a feature in the table below to steer cells along it."</p> }
            >
                <FormFields form=form groups=groups params=params />
                <Actions params=params is_loading=is_loading value=value on_run=on_run on_clear=on_clear />
            </Show>
            {move || error.get().map(|text| view! { <Banner kind=BannerKind::Error text=text /> })}
            <div class="steer-result" class:is-stale=is_loading aria-live="polite">
                {move || value.get().map(|result| view! { <ResultView result=result on_show_map=on_show_map on_gene=on_gene /> })}
            </div>
        </div>
    }
}

type Checked = Memo<Option<Result<SteerParams, FormErrors>>>;

/// What is wrong with a field.
fn error_of(params: Checked, field: fn(&FormErrors) -> &Option<String>) -> Signal<Option<String>> {
    Signal::derive(move || {
        params.with(|params| params.as_ref()?.as_ref().err().and_then(|errors| field(errors).clone()))
    })
}

#[component]
fn FormFields(form: RwSignal<SteerForm>, groups: Memo<Vec<CellGroup>>, params: Checked) -> impl IntoView {
    let options = Signal::derive(move || options_of(&groups.read()));
    view! {
        <form class="form" aria-label="Steering" on:submit=move |event| event.prevent_default()>
            <Select
                label="Cells to steer"
                options=options
                value=Signal::derive(move || form.read().cells.clone())
                on_change=Callback::new(move |key| form.update(|form| form.cells = key))
            />
            <Choice
                label="Set the activation to"
                options=TargetKind::OPTIONS.to_vec()
                value=Signal::derive(move || form.read().target.key().to_owned())
                on_change=Callback::new(move |key: String| form.update(|form| form.target = TargetKind::of_key(&key)))
            />
            {move || match form.read().target {
                TargetKind::Group => view! { <GroupFields form=form options=options params=params /> }.into_any(),
                TargetKind::Percentile => {
                    let error = error_of(params, |errors| &errors.percentile);
                    text_field(("Percentile", "0 to 100, over all cells, zeros included"), form, |form| &mut form.percentile, error)
                        .into_any()
                }
                TargetKind::Value => {
                    let error = error_of(params, |errors| &errors.value);
                    text_field(("Activation", "0 switches the feature off"), form, |form| &mut form.value, error).into_any()
                }
            }}
            <Checkbox
                label="Keep the reconstruction error"
                hint="Moves each cell from where it is; otherwise from where the autoencoder reconstructs it"
                checked=Signal::derive(move || form.read().keep_error)
                on_change=Callback::new(move |on| form.update(|form| form.keep_error = on))
            />
        </form>
    }
}

fn options_of(groups: &[CellGroup]) -> Vec<(String, String)> {
    groups.iter().map(|group| (group.key.clone(), group.name.clone())).collect()
}

#[component]
fn GroupFields(form: RwSignal<SteerForm>, options: Signal<Vec<(String, String)>>, params: Checked) -> impl IntoView {
    let with_none = Signal::derive(move || {
        let none = (String::new(), "Choose a group".to_owned());
        [none].into_iter().chain(options.get()).collect::<Vec<_>>()
    });
    let error = error_of(params, |errors| &errors.factor);
    view! {
        <div class="form-grid">
            <Select
                label="Mean of"
                options=with_none
                value=Signal::derive(move || form.read().group.clone())
                on_change=Callback::new(move |key| form.update(|form| form.group = key))
            />
            {text_field(("Times", "Multiplies the mean: 1, or 1.5 to overshoot"), form, |form| &mut form.factor, error)}
        </div>
    }
}

/// A text field of the form, with its label and hint.
fn text_field(
    (label, hint): (&'static str, &'static str),
    form: RwSignal<SteerForm>,
    field: fn(&mut SteerForm) -> &mut String,
    error: Signal<Option<String>>,
) -> impl IntoView {
    let value = Signal::derive(move || field(&mut form.get()).clone());
    let on_input = Callback::new(move |text| form.update(|form| *field(form) = text));
    view! { <TextField label=label hint=hint value=value on_input=on_input error=error /> }
}

#[component]
fn Actions(
    params: Checked,
    is_loading: Memo<bool>,
    value: Memo<Option<Shared<SteerResult>>>,
    on_run: Callback<SteerParams>,
    on_clear: Callback<()>,
) -> impl IntoView {
    let run = move || {
        if let Some(Ok(params)) = params.get_untracked() {
            on_run.run(params);
        }
    };
    let is_ready = move || params.with(|params| matches!(params, Some(Ok(_)))) && !is_loading.get();
    view! {
        <div class="actions">
            <Button
                kind=ButtonKind::Primary
                text=Signal::derive(move || if is_loading.get() { "Steering" } else { "Steer" }.to_owned())
                disabled=Signal::derive(move || !is_ready())
                on_press=run
            />
            <Show when=move || value.read().is_some()>
                <Button text="Clear" on_press=on_clear />
            </Show>
        </div>
        <p class="field-note" aria-live="polite">{error_of(params, |errors| &errors.group)}</p>
    }
}

#[component]
fn ResultView(result: Shared<SteerResult>, on_show_map: Callback<()>, on_gene: Callback<GeneId>) -> impl IntoView {
    let nearest = rows::nearest(&result).into_iter().map(|(column, before, after, is_new)| {
        view! {
            <dt>{column}</dt>
            <dd class:is-new=is_new>{if is_new { format!("{before} → {after}") } else { format!("stays {before}") }}</dd>
        }
    });
    let (done, shift, trust) = (rows::done(&result), rows::shift(&result), rows::trust(&result));
    let (up, down) = (rows::changes(&result.genes_up), rows::changes(&result.genes_down));
    let gene_table = move |title: &'static str, rows: Vec<GeneRow>| {
        let heads = vec![title, "Change", "R²"];
        (!rows.is_empty()).then(|| view! { <GeneTable heads=heads rows=rows on_gene=on_gene /> })
    };
    view! {
        <CardSection title="Shift">
            <p class="steer-what">{rows::WHAT_IT_IS}</p>
            <p>{done}</p>
            <p>{shift}</p>
            <Button text="Show on the map" on_press=on_show_map />
        </CardSection>
        <CardSection title="Nearest label">
            <dl class="facts">{nearest.collect_view()}</dl>
        </CardSection>
        <CardSection title="Genes">
            <p class="card-note">{trust}</p>
            {gene_table("Rise", up)}
            {gene_table("Fall", down)}
        </CardSection>
    }
}
