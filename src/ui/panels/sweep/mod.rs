//! Sweeps: what to vary, the runs as they end by L0 and FVU, and the one to go on with.

mod chart;
mod form;
mod rows;
mod table;

use leptos::prelude::*;

use self::chart::ParetoView;
use self::form::{Base, SweepForm, Varied};
use self::table::RunTable;
use super::data::Notices;
use super::save_buttons;
use super::start::JobRun;
use crate::protocol::{ExportKind, Job, SweepParams, SweepSummary, Variant};
use crate::ui::state::{Msg, Shared};
use crate::ui::store::Store;
use crate::ui::widgets::{Banner, BannerKind, Button, ButtonKind, Checkbox, Select, Sorting, TextField};

type Form = RwSignal<SweepForm>;

/// The sweep tab.
#[component]
pub(super) fn SweepTab() -> impl IntoView {
    let store = Store::get();
    let form = RwSignal::new(SweepForm::default());
    let base = store.memo(Base::of);
    let is_running = store.memo(|state| state.jobs.sweep.is_running());
    let error = store.memo(|state| state.jobs.sweep.error().map(str::to_owned));
    let sweep = store.memo(|state| state.sweep.clone());
    let chosen = RwSignal::new(None::<usize>);
    // Column 0: in the order of the runs.
    let sorting = RwSignal::<Sorting>::new((0, false));
    let dismiss = Callback::new(move |()| store.send(Msg::DismissError(Job::Sweep)));
    view! {
        <div class="bench">
            <form class="form bench-form" aria-label="What to sweep" on:submit=move |event| event.prevent_default()>
                <Show when=move || is_running.get() fallback=move || view! { <Fields form=form base=base chosen=chosen /> }>
                    <JobRun job=Job::Sweep label="Sweeping" />
                </Show>
            </form>
            <div class="bench-result">
                {move || error.get().map(|text| view! { <Banner kind=BannerKind::Error text=text on_dismiss=dismiss /> })}
                {move || match sweep.get() {
                    Some(summary) => view! { <Found summary=summary chosen=chosen sorting=sorting /> }.into_any(),
                    None => view! { <Nothing /> }.into_any(),
                }}
            </div>
        </div>
    }
}

#[component]
fn Nothing() -> impl IntoView {
    view! {
        <p class="muted">
            "Train several configurations one after the other to see what fewer active features cost in reconstruction, "
            "and which features come out again from other seeds. No single number says which run is best: look at the "
            "front, at seeds, and at what features stand for."
        </p>
    }
}

/// What is varied, seeds, baselines, and the size of it all.
#[component]
fn Fields(form: Form, base: Memo<Option<Base>>, chosen: RwSignal<Option<usize>>) -> impl IntoView {
    let store = Store::get();
    let is_training = store.memo(|state| state.jobs.train.is_running());
    let params = Memo::new(move |_| -> Option<Result<SweepParams, String>> {
        base.with(|base| base.as_ref().map(|base| form.with(|form| form.params(base))))
    });
    let size = store.memo(move |state| {
        base.with(|base| {
            let base = base.as_ref()?;
            params.with(|params| match params.as_ref()? {
                Ok(params) => Some(form::size_line(params, base, form::pace(state, base))),
                Err(_) => None,
            })
        })
    });
    let mistake = move || params.with(|params| params.as_ref().and_then(|params| params.as_ref().err().cloned()));
    let start = move || {
        let (Some(Ok(params)), Some(base)) = (params.get_untracked(), base.get_untracked()) else { return };
        chosen.set(None);
        store.send(Msg::Sweep { embedding: base.embedding, params });
    };
    let is_ready = move || params.with(|params| matches!(params, Some(Ok(_)))) && !is_training.get();
    // What is varied first: sparsity, once there is something to vary.
    Effect::new(move |_| {
        let untouched = form.with_untracked(|form| *form == SweepForm::default());
        if let Some(base) = base.get().filter(|_| untouched) {
            form.update(|form| form.axes[0] = (Varied::Sparsity, Varied::Sparsity.usual(&base.params)));
        }
    });
    view! {
        <p class="field-note">{move || base.with(|base| base.as_ref().map(Base::line))}</p>
        <AxisFields form=form base=base at=0 label="Vary" values_label="Values" />
        <AxisFields form=form base=base at=1 label="And vary" values_label="Values of the second" />
        <TextField
            label="Seeds"
            hint="Runs of each configuration that differ in seed alone; from two on their features are matched"
            value=Signal::derive(move || form.read().n_seeds.clone())
            on_input=Callback::new(move |text| form.update(|form| form.n_seeds = text))
            error=Signal::derive(|| None::<String>)
        />
        <Checkbox
            label="Baselines"
            hint="PCA, ICA and random directions at the same L0, and each configuration on shuffled data"
            checked=Signal::derive(move || form.read().baselines)
            on_change=Callback::new(move |on| form.update(|form| form.baselines = on))
        />
        <p class="field-note" aria-live="polite">{move || mistake().or(size.get())}</p>
        <Button
            kind=ButtonKind::Primary
            text="Start the sweep"
            disabled=Signal::derive(move || !is_ready())
            on_press=start
        />
    }
}

/// One setting and its values.
#[component]
fn AxisFields(
    form: Form,
    base: Memo<Option<Base>>,
    at: usize,
    label: &'static str,
    values_label: &'static str,
) -> impl IntoView {
    let varied = Memo::new(move |_| form.read().axes[at].0);
    let variant = Memo::new(move |_| base.with(|base| base.as_ref().map(|base| base.params.variant)));
    let options = Signal::derive(move || {
        let variant = variant.get().unwrap_or(Variant::TopK { k: 1, aux: 0.0 });
        Varied::ALL.into_iter().map(|varied| (varied.key().to_owned(), varied.name(variant))).collect::<Vec<_>>()
    });
    let choose = move |key: String| {
        let varied = Varied::of_key(&key);
        let values = base.with_untracked(|base| base.as_ref().map(|base| varied.usual(&base.params)));
        form.update(|form| form.axes[at] = (varied, values.unwrap_or_default()));
    };
    view! {
        <Select
            label=label
            options=options
            value=Signal::derive(move || varied.get().key().to_owned())
            on_change=Callback::new(choose)
        />
        <Show when=move || varied.get() != Varied::Nothing>
            <TextField
                label=values_label
                hint="Separated by commas"
                value=Signal::derive(move || form.read().axes[at].1.clone())
                on_input=Callback::new(move |text| form.update(|form| form.axes[at].1 = text))
                error=Signal::derive(|| None::<String>)
            />
        </Show>
    }
}

/// The runs so far: chart, seeds, table.
#[component]
fn Found(summary: Shared<SweepSummary>, chosen: RwSignal<Option<usize>>, sorting: RwSignal<Sorting>) -> impl IntoView {
    let seeds = rows::seed_lines(&summary);
    let ended = format!(
        "{} of {} runs on {}{}",
        summary.rows.iter().filter(|row| row.params.is_some()).count(),
        summary.n_planned,
        summary.embedding,
        if summary.was_cancelled { ", cancelled" } else { "" }
    );
    let not_held_out = !summary.rows.is_empty() && !rows::is_held_out(&summary);
    let seed_list = (!seeds.is_empty()).then(|| {
        view! {
            <ul class="sweep-seeds" aria-label="Seed stability">
                {seeds.into_iter().map(|line| view! { <li>{line}</li> }).collect_view()}
            </ul>
        }
    });
    view! {
        <div class="look-bar">
            <p class="mode-line">{ended}</p>
            {save_buttons("Save the sweep", |format| ExportKind::Sweep { format })}
        </div>
        <Notices notices=summary.notices.clone() />
        {not_held_out.then(|| view! {
            <Banner
                kind=BannerKind::Info
                text="No cells are held out, so runs are shown by the cells they were trained on; hold some out to see which ones generalise."
            />
        })}
        <ParetoView summary=summary.clone() chosen=chosen />
        {seed_list}
        <RunTable summary=summary chosen=chosen sorting=sorting />
    }
}
