//! The settings few people change, on demand: inputs, optimiser, schedules, dead features, held-out cells, seed.

use leptos::prelude::*;

use super::fields::{Form, Params, error_of, field, named_choice};
use crate::protocol::SaeField;
use crate::ui::train_form::{BIAS_STARTS, SCALINGS, label, meaning};
use crate::ui::widgets::{Checkbox, Disclosure, Select};

/// Typed fields with the heading each group has.
const GROUPS: [(&str, &[SaeField]); 3] = [
    ("Thresholds and dead features", &[SaeField::Bandwidth, SaeField::Threshold, SaeField::Aux, SaeField::DeadEpochs]),
    (
        "Course of the run",
        &[SaeField::WarmUp, SaeField::Decay, SaeField::SparsityWarmUp, SaeField::KAnneal, SaeField::Clip],
    ),
    ("Held-out cells", &[SaeField::HoldOut, SaeField::Patience]),
];

/// The settings behind "More settings"; they open by themselves where one is wrong.
#[component]
pub(super) fn MoreSettings(form: Form, params: Params, is_open: RwSignal<bool>) -> impl IntoView {
    let is_extra =
        |field: &SaeField| *field == SaeField::Seed || GROUPS.iter().any(|(_, fields)| fields.contains(field));
    let has_mistake = Memo::new(move |_| {
        params.with(|params| match params {
            Ok(_) => false,
            Err(errors) => errors.keys().any(is_extra),
        })
    });
    let [dead, course, held_out] = GROUPS;
    view! {
        <Disclosure title="More settings" open=is_open is_forced=has_mistake>
            <Inputs form=form />
            {group(dead, form, params)}
            {group(course, form, params)}
            {group(held_out, form, params)}
            <HoldOutBy form=form params=params />
            <h3 class="form-heading">"Chance"</h3>
            {field(SaeField::Seed, form, params)}
        </Disclosure>
    }
}

fn group((heading, fields): (&'static str, &'static [SaeField]), form: Form, params: Params) -> impl IntoView {
    let one = move |wanted: SaeField| {
        let is_there = Memo::new(move |_| form.read().has(wanted));
        view! { <Show when=move || is_there.get()>{field(wanted, form, params)}</Show> }
    };
    view! {
        <h3 class="form-heading">{heading}</h3>
        {fields.iter().copied().map(one).collect_view()}
    }
}

/// What is done to the inputs, and what the decoder begins with.
#[component]
fn Inputs(form: Form) -> impl IntoView {
    let has_bias_start = Memo::new(move |_| form.read().has(SaeField::BiasStart));
    let is_unit = Memo::new(move |_| form.read().choices().unit_decoder);
    let keep_unit =
        move |on| form.update(|form| form.choose(SaeField::UnitDecoder, |choices| choices.unit_decoder = on));
    view! {
        <h3 class="form-heading">"Inputs and decoder"</h3>
        {named_choice(label(SaeField::Scaling), &SCALINGS, form, SaeField::Scaling, |choices| &mut choices.scaling)}
        <Show when=move || has_bias_start.get()>
            {named_choice(
                label(SaeField::BiasStart),
                &BIAS_STARTS,
                form,
                SaeField::BiasStart,
                |choices| &mut choices.bias_start,
            )}
        </Show>
        <Checkbox
            label=label(SaeField::UnitDecoder)
            hint=meaning(SaeField::UnitDecoder)
            checked=is_unit
            on_change=Callback::new(keep_unit)
        />
    }
}

/// The label that cells are held out by, or chance.
#[component]
fn HoldOutBy(form: Form, params: Params) -> impl IntoView {
    let by_chance = || (String::new(), "Chance, cell by cell".to_owned());
    let options = move || {
        let labels = form.with(|form| form.labels().to_vec());
        std::iter::once(by_chance()).chain(labels.into_iter().map(|name| (name.clone(), name))).collect::<Vec<_>>()
    };
    let choose = move |name: String| {
        let label = Some(name).filter(|name| !name.is_empty());
        form.update(|form| form.choose(SaeField::HoldOutBy, |choices| choices.hold_out_by = label));
    };
    let options = Memo::new(move |_| options());
    let has_labels = Memo::new(move |_| form.read().has(SaeField::HoldOutBy));
    view! {
        <Show when=move || has_labels.get()>
            <Select
                label=label(SaeField::HoldOutBy)
                options=options
                value=Signal::derive(move || form.read().choices().hold_out_by.clone().unwrap_or_default())
                note=Signal::derive(move || form.read().note(SaeField::HoldOutBy).to_owned())
                on_change=Callback::new(choose)
            />
            <p class="field-error" aria-live="polite">{error_of(params, SaeField::HoldOutBy)}</p>
        </Show>
    }
}
