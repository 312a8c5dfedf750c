//! Differential expression and gene sets for every live feature.

mod settings;

use leptos::prelude::*;

use self::settings::AnalysisSettings;
use super::data::Notices;
use super::start::JobRun;
use crate::plot::format;
use crate::protocol::{AnalysisSummary, Job};
use crate::ui::analysis_form::AnalysisForm;
use crate::ui::state::{JobState, Msg, Shared, State};
use crate::ui::store::Store;
use crate::ui::widgets::{Banner, BannerKind, Section};
use crate::ui::{method_line, text};

/// The analysis panel.
#[component]
pub(crate) fn AnalysisPanel() -> impl IntoView {
    let store = Store::get();
    let missing = store.memo(missing);
    let is_running = store.memo(|state| state.jobs.analyse.is_running());
    let error = store.memo(|state| state.jobs.analyse.error().map(str::to_owned));
    let analysis = store.memo(|state| state.analysis.clone());
    let (form, is_more_open) = (RwSignal::new(AnalysisForm::default()), RwSignal::new(false));
    let dismiss = Callback::new(move |()| store.send(Msg::DismissError(Job::Analyse)));
    view! {
        <Section title="Genes and gene sets" summary=store.memo(summary)>
            {move || error.get().map(|text| view! { <Banner kind=BannerKind::Error text=text on_dismiss=dismiss /> })}
            {move || match (missing.get(), is_running.get()) {
                (Some(missing), _) => view! { <p class="muted">{missing}</p> }.into_any(),
                (None, true) => view! { <JobRun job=Job::Analyse label="Analysing features" /> }.into_any(),
                (None, false) => {
                    view! {
                        {analysis.get().map(|analysis| view! { <AnalysisResult analysis=analysis /> })}
                        <AnalysisSettings form=form is_more_open=is_more_open />
                    }
                        .into_any()
                }
            }}
        </Section>
    }
}

/// What has to come first.
fn missing(state: &State) -> Option<&'static str> {
    match (&state.dataset, &state.sae) {
        (None, _) => Some("Waiting for the data."),
        (Some(dataset), _) if dataset.n_genes == 0 => Some("Needs expression: add an .h5ad with the same cells."),
        (Some(_), None) => Some("Needs features: train a sparse autoencoder, load weights, or use columns."),
        (Some(_), Some(_)) => None,
    }
}

fn summary(state: &State) -> String {
    match (&state.jobs.analyse, &state.analysis) {
        (JobState::Running { .. }, _) => "Running".to_owned(),
        (_, Some(analysis)) => format!("{} with terms", format::count(analysis.n_features_with_terms)),
        _ => String::new(),
    }
}

#[component]
fn AnalysisResult(analysis: Shared<AnalysisSummary>) -> impl IntoView {
    let method = method_line::table(&analysis);
    let left_out = (analysis.n_excluded > 0).then(|| {
        let why = method_line::left_out(&analysis);
        view! { <dt>"Left out"</dt><dd title=why>{format::count(analysis.n_excluded)}</dd> }
    });
    let of = |n: usize, all: usize| format!("{} of {}", format::count(n), format::count(all));
    let sizes = format!("{} to {} genes", analysis.params.min_set_size, analysis.params.max_set_size);
    view! {
        <p class="mode-line">{method}</p>
        <dl class="facts">
            <dt>"Features analysed"</dt>
            <dd>{of(analysis.n_done, analysis.n_live)}</dd>
            {left_out}
            <dt>"With terms"</dt>
            <dd>{format::count(analysis.n_features_with_terms)}</dd>
            <dt>"Genes tested"</dt>
            <dd title=text::expression_values(analysis.params.values)>{format::count(analysis.n_genes)}</dd>
            <dt>"Gene sets"</dt>
            <dd title=sizes>{format::count(analysis.n_sets)}</dd>
        </dl>
        <Notices notices=analysis.notices.clone() />
    }
}
