//! Labelled inputs. What is wrong with a value is said beside it and tied to it for screen readers.

use leptos::prelude::*;

use super::{Icon, IconName, unique_id};

/// A one-line input with its label, a hint and an error.
#[component]
pub(crate) fn TextField(
    label: &'static str,
    value: Signal<String>,
    on_input: Callback<String>,
    /// A plain explanation, shown as the label's tooltip and read with the field.
    #[prop(optional, into)]
    hint: Signal<String>,
    /// Whether the explanation stands below the field, too.
    #[prop(default = false)]
    has_visible_hint: bool,
    #[prop(into)] error: Signal<Option<String>>,
    #[prop(optional, into)] disabled: Signal<bool>,
) -> impl IntoView {
    let id = unique_id("field");
    let hint_class = if has_visible_hint { "field-note" } else { "visually-hidden" };
    let (hint_id, error_id) = (format!("{id}-hint"), format!("{id}-error"));
    let described_by = format!("{hint_id} {error_id}");
    view! {
        <div class="field" class:field-invalid=move || error.read().is_some() title=hint>
            <label for=id.clone()>{label}</label>
            <input
                id=id
                type="text"
                inputmode="decimal"
                autocomplete="off"
                spellcheck="false"
                prop:value=value
                disabled=disabled
                aria-invalid=move || error.read().is_some().to_string()
                aria-describedby=described_by
                on:input:target=move |event| on_input.run(event.target().value())
            />
            <span id=hint_id class=hint_class>{hint}</span>
            <p id=error_id class="field-error" aria-live="polite">{error}</p>
        </div>
    }
}

/// A box to tick, with its text.
#[component]
pub(crate) fn Checkbox(
    #[prop(into)] label: Signal<String>,
    #[prop(into)] checked: Signal<bool>,
    on_change: Callback<bool>,
    #[prop(optional)] hint: &'static str,
    #[prop(optional, into)] disabled: Signal<bool>,
) -> impl IntoView {
    view! {
        <label class="checkbox" title=hint>
            <input
                type="checkbox"
                prop:checked=checked
                disabled=disabled
                on:change:target=move |event| on_change.run(event.target().checked())
            />
            <span>{label}</span>
        </label>
    }
}

/// A search box.
#[component]
pub(crate) fn SearchField(
    label: &'static str,
    placeholder: &'static str,
    #[prop(into)] value: Signal<String>,
    on_input: Callback<String>,
    /// Id of a `datalist` with what can be chosen.
    #[prop(optional, into)]
    list: Option<String>,
) -> impl IntoView {
    view! {
        <label class="search">
            <Icon name=IconName::Search />
            <input
                type="search"
                aria-label=label
                placeholder=placeholder
                autocomplete="off"
                spellcheck="false"
                list=list
                prop:value=value
                on:input:target=move |event| on_input.run(event.target().value())
            />
        </label>
    }
}
