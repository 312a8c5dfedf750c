//! Differential expression and gene sets for every live feature.

use leptos::prelude::*;

use super::data::Notices;
use super::start::running;
use crate::plot::format;
use crate::protocol::{AnalysisMode, AnalysisParams, AnalysisSummary, ExpressionValues, Job};
use crate::ui::state::{JobState, Msg, Shared, State};
use crate::ui::store::Store;
use crate::ui::text;
use crate::ui::widgets::{Banner, BannerKind, Button, ButtonKind, Choice, IconName, Progress, Section, TextField};

/// The analysis panel.
#[component]
pub(crate) fn AnalysisPanel() -> impl IntoView {
    let store = Store::get();
    let missing = store.memo(missing);
    let is_running = store.memo(|state| state.jobs.analyse.is_running());
    let error = store.memo(|state| state.jobs.analyse.error().map(str::to_owned));
    let analysis = store.memo(|state| state.analysis.clone());
    let form = RwSignal::new(AnalysisForm::default());
    let dismiss = Callback::new(move |()| store.send(Msg::DismissError(Job::Analyse)));
    view! {
        <Section title="Genes and gene sets" summary=store.memo(summary)>
            <p class="mode-line">
                <strong>"Paper mode"</strong>
                ": scFeatureLens as its authors coded it"
            </p>
            {move || error.get().map(|text| view! { <Banner kind=BannerKind::Error text=text on_dismiss=dismiss /> })}
            {move || match (missing.get(), is_running.get()) {
                (Some(missing), _) => view! { <p class="muted">{missing}</p> }.into_any(),
                (None, true) => view! { <AnalysisRun /> }.into_any(),
                (None, false) => {
                    view! {
                        {analysis.get().map(|analysis| view! { <AnalysisResult analysis=analysis /> })}
                        <AnalysisSettings form=form />
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
        (Some(_), None) => Some("Needs a sparse autoencoder: train one or load weights."),
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
fn AnalysisRun() -> impl IntoView {
    let store = Store::get();
    let fraction = store.memo(|state| running(&state.jobs.analyse).0);
    let message = store.memo(|state| running(&state.jobs.analyse).1);
    view! {
        <Progress label="Analysing features" fraction=fraction message=message />
        <div class="actions">
            <Button text="Cancel" icon=IconName::Stop on_press=move || store.send(Msg::Cancel(Job::Analyse)) />
        </div>
    }
}

#[component]
fn AnalysisResult(analysis: Shared<AnalysisSummary>) -> impl IntoView {
    let of = |n: usize, all: usize| format!("{} of {}", format::count(n), format::count(all));
    let sizes = format!("{} to {} genes", analysis.params.min_set_size, analysis.params.max_set_size);
    view! {
        <dl class="facts">
            <dt>"Features analysed"</dt>
            <dd>{of(analysis.n_done, analysis.n_live)}</dd>
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

/// The settings as typed.
#[derive(Clone, Debug, PartialEq)]
struct AnalysisForm {
    values: ExpressionValues,
    min: String,
    max: String,
}

impl Default for AnalysisForm {
    fn default() -> Self {
        let usual = AnalysisParams::default();
        Self { values: usual.values, min: usual.min_set_size.to_string(), max: usual.max_set_size.to_string() }
    }
}

impl AnalysisForm {
    /// The parameters, or what is wrong with the smallest and the largest size.
    fn params(&self) -> Result<AnalysisParams, (Option<String>, Option<String>)> {
        let size = |text: &str| text.trim().parse::<usize>().ok().filter(|size| *size > 0);
        let wrong = || Some("a whole number above 0 is needed".to_owned());
        match (size(&self.min), size(&self.max)) {
            (Some(min), Some(max)) if min > max => Err((None, Some(format!("must be {min} or more")))),
            (Some(min_set_size), Some(max_set_size)) => {
                Ok(AnalysisParams { mode: AnalysisMode::Paper, values: self.values, min_set_size, max_set_size })
            }
            (min, max) => Err((min.map_or_else(wrong, |_| None), max.map_or_else(wrong, |_| None))),
        }
    }
}

/// Which of the errors of the smallest and the largest set.
type PickError = fn(&(Option<String>, Option<String>)) -> &Option<String>;

#[component]
fn AnalysisSettings(form: RwSignal<AnalysisForm>) -> impl IntoView {
    let store = Store::get();
    let has_analysis = store.memo(|state| state.analysis.is_some());
    let params = Memo::new(move |_| form.read().params());
    let error = move |pick: PickError| {
        Signal::derive(move || params.with(|params| params.as_ref().err().and_then(|errors| pick(errors).clone())))
    };
    let key = move || if form.read().values == ExpressionValues::Raw { "raw" } else { "lognorm" }.to_owned();
    let choose = move |key: String| {
        let values = if key == "raw" { ExpressionValues::Raw } else { ExpressionValues::LogNormalized };
        form.update(|form| form.values = values);
    };
    let run = move || {
        if let Ok(params) = params.get() {
            store.send(Msg::Analyse(params));
        }
    };
    let options = vec![
        ("lognorm", "Log-normalised", "Counts scaled to 10,000 a cell, then ln(1 + x)"),
        ("raw", "As in the file", "The values of the file, unchanged"),
    ];
    view! {
        <form class="form" aria-label="Analysis settings" on:submit=move |event| event.prevent_default()>
            <Choice label="Expression" options=options value=Signal::derive(key) on_change=Callback::new(choose) />
            <div class="form-grid">
                <TextField
                    label="Smallest set"
                    hint="Sets with fewer genes in the data are left out"
                    value=Signal::derive(move || form.read().min.clone())
                    on_input=Callback::new(move |text| form.update(|form| form.min = text))
                    error=error(|errors| &errors.0)
                />
                <TextField
                    label="Largest set"
                    hint="Sets with more genes in the data are left out"
                    value=Signal::derive(move || form.read().max.clone())
                    on_input=Callback::new(move |text| form.update(|form| form.max = text))
                    error=error(|errors| &errors.1)
                />
            </div>
            <Button
                kind=ButtonKind::Primary
                text=Signal::derive(move || if has_analysis.get() { "Analyse again" } else { "Analyse" }.to_owned())
                disabled=Signal::derive(move || params.read().is_err())
                on_press=run
            />
        </form>
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_size_has_its_own_error() {
        let form = |min: &str, max: &str| AnalysisForm { min: min.into(), max: max.into(), ..AnalysisForm::default() };
        assert_eq!(AnalysisForm::default().params(), Ok(AnalysisParams::default()));
        assert!(matches!(form("0", "5").params(), Err((Some(_), None))));
        assert!(matches!(form("x", "").params(), Err((Some(_), Some(_)))));
        assert_eq!(form("9", "5").params(), Err((None, Some("must be 9 or more".to_owned()))));
    }
}
