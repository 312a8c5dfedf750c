//! The settings of an analysis, each explained in a line. Mistakes are said beside their field before anything starts.

use leptos::prelude::*;

use crate::protocol::{AnalysisMode, AnalysisParams};
use crate::ui::analysis_form::{
    AnalysisField, AnalysisForm, FOLD_CHANGES, FieldErrors, MODES, NEGATIVES, NegativeKind, POSITIVES, PositiveKind,
    TESTS, UNIVERSES, VALUES,
};
use crate::ui::named::{self, Named};
use crate::ui::panels::categorical_columns;
use crate::ui::state::Msg;
use crate::ui::store::Store;
use crate::ui::widgets::{Button, ButtonKind, Choice, Disclosure, Select, TextField};

type Form = RwSignal<AnalysisForm>;
type Params = Memo<Result<AnalysisParams, FieldErrors>>;

/// Label and meaning of each field.
fn words(field: AnalysisField) -> (&'static str, &'static str) {
    match field {
        AnalysisField::Percentile => ("Above percentile", "0 to below 100, over all cells, zeros included"),
        AnalysisField::Top => ("Positive cells at most", "Only cells with the feature are taken"),
        AnalysisField::Sample => ("Negative cells at most", "All others, where there are fewer"),
        AnalysisField::Column => ("Match within", "The label whose categories are matched"),
        AnalysisField::Seed => ("Seed of the draw", "Same seed, same cells"),
        AnalysisField::MinCells => ("Fewest cells", "Features with fewer in either group are left out, and counted"),
        AnalysisField::Alpha => ("Adjusted p below", "Genes and gene sets below this are significant"),
        AnalysisField::MinChange => ("Least |log2 FC|", "Significant genes change at least so much, up or down"),
        AnalysisField::MinSize => ("Smallest set", "Sets with fewer genes in the data are left out"),
        AnalysisField::MaxSize => ("Largest set", "Sets with more genes in the data are left out"),
    }
}

/// The form; `is_more_open` outlives it.
#[component]
pub(super) fn AnalysisSettings(form: Form, is_more_open: RwSignal<bool>) -> impl IntoView {
    let store = Store::get();
    let has_analysis = store.memo(|state| state.analysis.is_some());
    let columns = categorical_columns(store);
    let params = Memo::new(move |_| columns.with(|columns| form.read().params(columns)));
    let is_sound = Memo::new(move |_| form.read().mode == AnalysisMode::Sound);
    let run = move || {
        if let Ok(params) = params.get() {
            store.send(Msg::Analyse(params));
        }
    };
    view! {
        <form class="form form-rows" aria-label="Analysis settings" on:submit=move |event| event.prevent_default()>
            {choice("Mode", &MODES, form, |form| &mut form.mode)}
            {move || {
                if is_sound.get() {
                    view! { <SoundFields form=form params=params columns=columns is_more_open=is_more_open /> }.into_any()
                } else {
                    view! { <CommonFields form=form params=params /> }.into_any()
                }
            }}
            <Button
                kind=ButtonKind::Primary
                text=Signal::derive(move || if has_analysis.get() { "Analyse again" } else { "Analyse" }.to_owned())
                disabled=Signal::derive(move || params.read().is_err())
                on_press=run
            />
        </form>
    }
}

/// Groups, and the rest on demand.
#[component]
fn SoundFields(form: Form, params: Params, columns: Memo<Vec<String>>, is_more_open: RwSignal<bool>) -> impl IntoView {
    let has_extra_error = Memo::new(move |_| {
        params.with(|params| params.as_ref().is_err_and(|errors| errors.keys().any(|f| f.is_extra())))
    });
    view! {
        <GroupFields form=form params=params columns=columns />
        <Disclosure title="More choices" open=is_more_open is_forced=has_extra_error>
            {field(AnalysisField::MinCells, form, params)}
            {choice("Genes are selected by", &TESTS, form, |form| &mut form.test)}
            {select("Fold change", &FOLD_CHANGES, form, |form| &mut form.fold_change)}
            {field(AnalysisField::Alpha, form, params)}
            {field(AnalysisField::MinChange, form, params)}
            {choice("Universe", &UNIVERSES, form, |form| &mut form.is_annotated)}
            <CommonFields form=form params=params />
        </Disclosure>
    }
}

/// Which cells are compared with which.
#[component]
fn GroupFields(form: Form, params: Params, columns: Memo<Vec<String>>) -> impl IntoView {
    let positives = Memo::new(move |_| form.read().positives);
    let negatives = Memo::new(move |_| form.read().negatives);
    let positive_field = move || match positives.get() {
        PositiveKind::Active => ().into_any(),
        PositiveKind::Percentile => field(AnalysisField::Percentile, form, params).into_any(),
        PositiveKind::Top => field(AnalysisField::Top, form, params).into_any(),
    };
    let negative_field = move || match negatives.get() {
        NegativeKind::Rest => ().into_any(),
        NegativeKind::Sample => field(AnalysisField::Sample, form, params).into_any(),
        NegativeKind::Matched => view! { <ColumnSelect form=form params=params columns=columns /> }.into_any(),
    };
    view! {
        {select("Positive cells", &POSITIVES, form, |form| &mut form.positives)}
        {positive_field}
        {select("Compared with", &NEGATIVES, form, |form| &mut form.negatives)}
        {negative_field}
        <Show when=move || negatives.get() != NegativeKind::Rest>{field(AnalysisField::Seed, form, params)}</Show>
    }
}

/// The label column negative cells are matched in.
#[component]
fn ColumnSelect(form: Form, params: Params, columns: Memo<Vec<String>>) -> impl IntoView {
    let options =
        Signal::derive(move || columns.get().into_iter().map(|name| (name.clone(), name)).collect::<Vec<_>>());
    let value =
        Signal::derive(move || columns.with(|columns| form.read().column_of(columns).cloned().unwrap_or_default()));
    let (label, meaning) = words(AnalysisField::Column);
    view! {
        <Select
            label=label
            options=options
            value=value
            note=Signal::derive(move || meaning.to_owned())
            on_change=Callback::new(move |name| form.update(|form| form.column = name))
        />
        <p class="field-error" aria-live="polite">{error_of(params, AnalysisField::Column)}</p>
    }
}

/// What both modes ask for.
#[component]
fn CommonFields(form: Form, params: Params) -> impl IntoView {
    view! {
        {choice("Expression", &VALUES, form, |form| &mut form.values)}
        {field(AnalysisField::MinSize, form, params)}
        {field(AnalysisField::MaxSize, form, params)}
    }
}

/// A text field with its meaning below.
fn field(field: AnalysisField, form: Form, params: Params) -> impl IntoView {
    let (label, meaning) = words(field);
    view! {
        <TextField
            label=label
            hint=meaning
            has_visible_hint=true
            value=Signal::derive(move || form.read().text(field).to_owned())
            on_input=Callback::new(move |text| form.update(|form| form.type_in(field, text)))
            error=error_of(params, field)
        />
    }
}

fn error_of(params: Params, field: AnalysisField) -> Signal<Option<String>> {
    Signal::derive(move || params.with(|params| params.as_ref().err().and_then(|errors| errors.get(&field).cloned())))
}

/// The chosen entry of a list, and what to do when another is chosen.
fn chosen<T: PartialEq + Copy + Send + Sync + 'static>(
    list: &'static [Named<T>],
    form: Form,
    part: fn(&mut AnalysisForm) -> &mut T,
) -> (Memo<&'static str>, Signal<String>, Callback<String>) {
    let key = Memo::new(move |_| named::of_value(list, part(&mut form.get())).key);
    let note = Signal::derive(move || named::of_key(list, key.get()).note.to_owned());
    let choose = move |key: String| form.update(|form| *part(form) = named::of_key(list, &key).value);
    (key, note, Callback::new(choose))
}

/// One of a few, the meaning of the chosen one below.
fn choice<T: PartialEq + Copy + Send + Sync + 'static>(
    label: &'static str,
    list: &'static [Named<T>],
    form: Form,
    part: fn(&mut AnalysisForm) -> &mut T,
) -> impl IntoView {
    let (key, note, on_change) = chosen(list, form, part);
    let options = list.iter().map(|named| (named.key, named.name, named.note)).collect();
    let value = Signal::derive(move || key.get().to_owned());
    view! { <Choice label=label options=options value=value note=note on_change=on_change /> }
}

/// One of several in a list, the meaning of the chosen one below.
fn select<T: PartialEq + Copy + Send + Sync + 'static>(
    label: &'static str,
    list: &'static [Named<T>],
    form: Form,
    part: fn(&mut AnalysisForm) -> &mut T,
) -> impl IntoView {
    let (key, note, on_change) = chosen(list, form, part);
    let options: Vec<(String, String)> =
        list.iter().map(|named| (named.key.to_owned(), named.name.to_owned())).collect();
    let value = Signal::derive(move || key.get().to_owned());
    view! { <Select label=label options=Signal::stored(options) value=value note=note on_change=on_change /> }
}
