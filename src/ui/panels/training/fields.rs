//! Parts of the training form: a text field with its reason, one of a few, one of many.

use leptos::prelude::*;

use crate::protocol::{SaeField, SaeParams};
use crate::ui::named::{self, Named};
use crate::ui::train_form::{Choices, FieldErrors, TrainForm, label};
use crate::ui::widgets::{Choice, TextField};

/// The form's signal.
pub(super) type Form = RwSignal<TrainForm>;
/// What the form says.
pub(super) type Params = Memo<Result<SaeParams, FieldErrors>>;

/// What is wrong with a field.
pub(super) fn error_of(params: Params, field: SaeField) -> Signal<Option<String>> {
    Signal::derive(move || params.with(|params| params.as_ref().err().and_then(|errors| errors.get(&field).cloned())))
}

/// A text field with its reason or meaning below.
pub(super) fn field(field: SaeField, form: Form, params: Params) -> impl IntoView {
    view! {
        <TextField
            label=label(field)
            hint=Signal::derive(move || form.read().note(field).to_owned())
            has_visible_hint=true
            value=Signal::derive(move || form.read().text(field).to_owned())
            on_input=Callback::new(move |text| form.update(|form| form.type_in(field, text)))
            error=error_of(params, field)
        />
    }
}

/// One of a few, the meaning of the chosen one below.
pub(super) fn named_choice<T: PartialEq + Copy + Send + Sync + 'static>(
    label: &'static str,
    list: &'static [Named<T>],
    form: Form,
    field: SaeField,
    part: fn(&mut Choices) -> &mut T,
) -> impl IntoView {
    let chosen = Memo::new(move |_| named::of_value(list, part(&mut form.read().choices().clone())).key);
    let options = list.iter().map(|named| (named.key, named.name, named.note)).collect();
    let choose = move |key: String| {
        form.update(|form| form.choose(field, |choices| *part(choices) = named::of_key(list, &key).value));
    };
    view! {
        <Choice
            label=label
            options=options
            value=Signal::derive(move || chosen.get().to_owned())
            note=Signal::derive(move || named::of_key(list, chosen.get()).note.to_owned())
            on_change=Callback::new(choose)
        />
    }
}
