//! GSEA of the feature looked at: run it, see its sets, open a running sum, save the table.
//!
//! Knows nothing of the page's store. Before a run it says what it is for; a run shows its progress and can be
//! cancelled; an error stays until it is read.

mod form;
mod rows;
mod table;

use leptos::prelude::*;

use self::form::{rankings, weights};
use self::table::{Choice, GseaTableView};
use super::card::CardSection;
use super::state::{JobState, Remote, Shared};
use super::widgets::{
    Banner, BannerKind, Button, ButtonKind, Choice as ChoiceField, Disclosure, IconName, Progress, Select,
};
use crate::protocol::{Convention, FeatureGseaParams, GseaCurve, GseaTable, Notice, NoticeLevel};
pub(crate) use form::GseaForm;

const EXPLANATION: &str = "GSEA ranks all genes by how they differ in the feature's cells and asks which gene sets \
    stand together at one end. No gene has to be significant by itself.";

/// What the section shows and does.
#[derive(Clone, Copy)]
pub(crate) struct GseaSource {
    /// Why it can't be run, if it can't.
    pub(crate) hint: Signal<Option<&'static str>>,
    /// Where the run stands.
    pub(crate) job: Signal<JobState>,
    /// What was found; nothing inside if it has not run.
    pub(crate) found: Signal<Remote<Option<Shared<GseaTable>>>>,
    /// What the last run said.
    pub(crate) notices: Signal<Vec<Notice>>,
    /// The set whose running sum is open.
    pub(crate) chosen: Signal<Option<u32>>,
    /// Its running sum.
    pub(crate) curve: Signal<Remote<Shared<GseaCurve>>>,
    /// The choices, kept from feature to feature.
    pub(crate) form: RwSignal<GseaForm>,
    /// Whether the choices are seen.
    pub(crate) is_form_open: RwSignal<bool>,
    /// Run.
    pub(crate) on_run: Callback<FeatureGseaParams>,
    /// Cancel the run.
    pub(crate) on_cancel: Callback<()>,
    /// The error was read.
    pub(crate) on_dismiss: Callback<()>,
    /// A set was pressed.
    pub(crate) on_choose: Callback<Option<u32>>,
    /// Save the table in these columns.
    pub(crate) on_save: Callback<Convention>,
}

/// The section of a feature card.
#[component]
pub(crate) fn GseaSection(source: GseaSource) -> impl IntoView {
    let GseaSource { hint, job, found, notices, on_dismiss, .. } = source;
    let is_running = Memo::new(move |_| job.with(JobState::is_running));
    let error = Memo::new(move |_| job.with(|job| job.error().map(str::to_owned)));
    let table = Memo::new(move |_| found.with(|found| found.value.clone().flatten()));
    let view_error = Memo::new(move |_| found.with(|found| found.error.clone()));
    view! {
        <div id="gsea">
            <CardSection title="GSEA">
                {move || error.get().map(|text| view! { <Banner kind=BannerKind::Error text=text on_dismiss=on_dismiss /> })}
                {move || view_error.get().map(|text| view! { <Banner kind=BannerKind::Error text=text /> })}
                {move || notices.get().iter().map(notice).collect_view()}
                {move || match (hint.get(), is_running.get()) {
                    (Some(hint), _) => view! { <p class="muted">{hint}</p> }.into_any(),
                    (None, true) => view! { <Run source=source /> }.into_any(),
                    (None, false) => view! { <Start source=source has_run=table.read().is_some() /> }.into_any(),
                }}
                {move || table.get().map(|table| view! { <Found source=source table=table /> })}
            </CardSection>
        </div>
    }
}

fn notice(notice: &Notice) -> impl IntoView + use<> {
    let kind = match notice.level {
        NoticeLevel::Info => BannerKind::Info,
        NoticeLevel::Warning => BannerKind::Warning,
    };
    let text = notice.text.clone();
    view! { <Banner kind=kind text=text /> }
}

/// The run that goes on.
#[component]
fn Run(source: GseaSource) -> impl IntoView {
    let GseaSource { job, on_cancel, .. } = source;
    let now = Memo::new(move |_| match job.get() {
        JobState::Running { fraction, message } => (fraction, message),
        JobState::Idle | JobState::Failed(_) => (0.0, String::new()),
    });
    let (fraction, message) = (Memo::new(move |_| now.get().0), Memo::new(move |_| now.get().1));
    view! {
        <Progress label="Running GSEA" fraction=fraction message=message />
        <div id="gsea-cancel" class="actions">
            <Button text="Cancel" icon=IconName::Stop on_press=on_cancel />
        </div>
    }
}

/// What it is for, the choices, and the button.
#[component]
fn Start(source: GseaSource, has_run: bool) -> impl IntoView {
    let GseaSource { form, is_form_open, on_run, .. } = source;
    let text = if has_run { "Run GSEA again" } else { "Run GSEA" };
    view! {
        {(!has_run).then(|| view! { <p class="card-note">{EXPLANATION}</p> })}
        <Disclosure title="Ranking and weight" open=is_form_open is_forced=false>
            <Choices form=form />
        </Disclosure>
        <div id="gsea-run" class="actions">
            <Button text=text on_press=move || on_run.run(form.get_untracked().params()) />
        </div>
    }
}

#[component]
fn Choices(form: RwSignal<GseaForm>) -> impl IntoView {
    let ranking = Memo::new(move |_| {
        let chosen = form.get().rank_by;
        rankings().into_iter().find(|(_, rank_by, _)| *rank_by == chosen).unwrap_or(rankings()[0])
    });
    let weight = Memo::new(move |_| {
        let chosen = form.get().weight;
        weights().into_iter().find(|(_, weight, ..)| *weight == chosen).unwrap_or(weights()[0])
    });
    let names: Vec<(String, String)> =
        rankings().into_iter().map(|(key, rank_by, _)| (key.to_owned(), rank_by.name().to_owned())).collect();
    let rank_by = move |key: String| {
        if let Some((_, rank_by, _)) = rankings().into_iter().find(|(known, ..)| *known == key) {
            form.update(|form| form.rank_by = rank_by);
        }
    };
    let weigh = move |key: String| {
        if let Some((_, weight, ..)) = weights().into_iter().find(|(known, ..)| *known == key) {
            form.update(|form| form.weight = weight);
        }
    };
    view! {
        <Select
            label="Rank genes by"
            options=Signal::stored(names)
            value=Signal::derive(move || ranking.get().0.to_owned())
            on_change=Callback::new(rank_by)
            note=Signal::derive(move || ranking.get().2.to_owned())
        />
        <ChoiceField
            label="Weigh hits by"
            options=weights().into_iter().map(|(key, _, name, meaning)| (key, name, meaning)).collect()
            value=Signal::derive(move || weight.get().0.to_owned())
            on_change=Callback::new(weigh)
            note=Signal::derive(move || weight.get().3.to_owned())
        />
    }
}

/// What was found.
#[component]
fn Found(source: GseaSource, table: Shared<GseaTable>) -> impl IntoView {
    let GseaSource { chosen, curve, on_choose, on_save, .. } = source;
    let save = move |text: &'static str, convention: Convention| {
        view! { <Button kind=ButtonKind::Quiet text=text on_press=move || on_save.run(convention) /> }
    };
    let rows = rows::rows(&table);
    let is_empty = rows.is_empty();
    let choice = Choice { chosen, curve, on_choose };
    view! {
        <p class="mode-line">{rows::method(&table)}</p>
        {table.notices.iter().map(notice).collect_view()}
        <p class="card-note" role="status">{rows::finding(&table)}</p>
        {if is_empty {
            view! { <p class="muted">"No gene set has so many ranked genes as the analysis asks for."</p> }.into_any()
        } else {
            view! { <GseaTableView rows=rows choice=choice /> }.into_any()
        }}
        <div id="gsea-save" class="actions">
            <Button
                text="Save all gene sets"
                label="All tested sets of this feature as CSV"
                icon=IconName::Download
                on_press=move || on_save.run(Convention::FeatureScope)
            />
        </div>
        <details class="table-twin">
            <summary>"Save in other tools' columns"</summary>
            <div class="actions">
                {save("fgsea", Convention::Fgsea)}
                {save("GSEApy", Convention::GseaPy)}
                {save("clusterProfiler", Convention::ClusterProfiler)}
            </div>
        </details>
    }
}
