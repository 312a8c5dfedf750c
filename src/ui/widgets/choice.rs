//! One of a few (side by side) or one of many (a list).

use leptos::prelude::*;

use super::unique_id;

/// One of a few, all visible: radio buttons that look like one control.
#[component]
pub(crate) fn Choice(
    /// What is chosen, for screen readers and as a visible label.
    label: &'static str,
    /// `(key, text, explanation)`
    options: Vec<(&'static str, &'static str, &'static str)>,
    #[prop(into)] value: Signal<String>,
    on_change: Callback<String>,
    #[prop(optional, into)] disabled: Signal<bool>,
    /// Whether the label is seen.
    #[prop(default = true)]
    has_visible_label: bool,
    /// What the choice means, below it.
    #[prop(optional, into)]
    note: Option<Signal<String>>,
) -> impl IntoView {
    let name = unique_id("choice");
    let (note_id, note) = note_view(note);
    let option = move |(key, text, explanation): (&'static str, &'static str, &'static str)| {
        let name = name.clone();
        view! {
            <label class="choice-option" title=explanation>
                <input
                    type="radio"
                    name=name
                    value=key
                    prop:checked=move || *value.read() == key
                    disabled=disabled
                    on:change=move |_| on_change.run(key.to_owned())
                />
                <span>{text}</span>
            </label>
        }
    };
    view! {
        <fieldset class="choice" aria-describedby=note_id>
            <legend class:visually-hidden=!has_visible_label>{label}</legend>
            <div class="choice-options">{options.into_iter().map(option).collect_view()}</div>
            {note}
        </fieldset>
    }
}

/// One of many.
#[component]
pub(crate) fn Select(
    label: &'static str,
    /// `(key, text)`
    #[prop(into)]
    options: Signal<Vec<(String, String)>>,
    #[prop(into)] value: Signal<String>,
    on_change: Callback<String>,
    #[prop(optional, into)] disabled: Signal<bool>,
    /// What the choice means, below it.
    #[prop(optional, into)]
    note: Option<Signal<String>>,
) -> impl IntoView {
    let id = unique_id("select");
    let (note_id, note) = note_view(note);
    let option = move |(key, text): (String, String)| {
        let is_selected = {
            let key = key.clone();
            move || *value.read() == key
        };
        view! {
            <option value=key prop:selected=is_selected>
                {text}
            </option>
        }
    };
    view! {
        <div class="field">
            <label for=id.clone()>{label}</label>
            <select
                id=id
                aria-describedby=note_id
                disabled=disabled
                on:change:target=move |event| on_change.run(event.target().value())
            >
                {move || options.get().into_iter().map(option).collect_view()}
            </select>
            {note}
        </div>
    }
}

/// One of many in named groups.
#[component]
pub(crate) fn GroupedSelect(
    label: &'static str,
    /// `(group, [(key, text)])`
    groups: Vec<(&'static str, Vec<(&'static str, &'static str)>)>,
    #[prop(into)] value: Signal<String>,
    on_change: Callback<String>,
    /// What the choice means, below it.
    #[prop(optional, into)]
    note: Option<Signal<String>>,
) -> impl IntoView {
    let id = unique_id("select");
    let (note_id, note) = note_view(note);
    let option = move |(key, text): (&'static str, &'static str)| {
        view! {
            <option value=key prop:selected=move || *value.read() == key>
                {text}
            </option>
        }
    };
    let group = move |(name, options): (&'static str, Vec<(&'static str, &'static str)>)| {
        view! { <optgroup label=name>{options.into_iter().map(option).collect_view()}</optgroup> }
    };
    view! {
        <div class="field">
            <label for=id.clone()>{label}</label>
            <select
                id=id
                aria-describedby=note_id
                on:change:target=move |event| on_change.run(event.target().value())
            >
                {groups.into_iter().map(group).collect_view()}
            </select>
            {note}
        </div>
    }
}

/// A line of explanation and its id, if there is one.
fn note_view(note: Option<Signal<String>>) -> (Option<String>, Option<impl IntoView>) {
    let id = note.map(|_| unique_id("note"));
    let line = id.clone().zip(note).map(|(id, note)| view! { <p id=id class="field-note">{note}</p> });
    (id, line)
}
