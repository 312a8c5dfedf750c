//! The right column: what a feature stands for, and steering it.

use leptos::prelude::*;

use super::{categorical_columns, shown_labels};
use crate::data::GeneId;
use crate::protocol::{CellColor, Convention, ExportKind, Job, TableFormat, TableStyle};
use crate::ui::card::FeatureCardView;
use crate::ui::gsea::{GseaForm, GseaSection, GseaSource};
use crate::ui::state::{Msg, State};
use crate::ui::steer::SteerView;
use crate::ui::store::Store;
use crate::ui::widgets::{Button, ButtonKind, IconName, Tab, Tabs};

/// The card panel.
#[component]
pub(crate) fn CardPanel() -> impl IntoView {
    let store = Store::get();
    let selected = RwSignal::new(0);
    let title = store.memo(|state| state.selected_feature.map(|feature| format!("Feature {feature}")));
    let tabs = vec![
        Tab { title: "Feature", panel: view! { <FeatureTab /> }.into_any() },
        Tab { title: "Steer", panel: view! { <SteerTab /> }.into_any() },
    ];
    view! {
        <aside class="card" aria-label="Feature">
            <div class="card-bar">
                <h2 class="card-title">{move || title.get().unwrap_or_else(|| "No feature chosen".to_owned())}</h2>
                <Show when=move || title.read().is_some()>
                    {step("Previous feature of the table (k)", IconName::ChevronUp, -1)}
                    {step("Next feature of the table (j)", IconName::ChevronDown, 1)}
                </Show>
            </div>
            <Tabs label="Feature views" tabs=tabs selected=selected />
        </aside>
    }
}

/// A button to the feature some rows further in the table.
fn step(label: &'static str, icon: IconName, by: isize) -> impl IntoView {
    let store = Store::get();
    view! { <Button kind=ButtonKind::Quiet label=label icon=icon on_press=move || store.send(Msg::StepFeature(by)) /> }
}

#[component]
fn FeatureTab() -> impl IntoView {
    let store = Store::get();
    let gsea = gsea_source(store);
    view! {
        <FeatureCardView
            card=store.memo(|state| state.card.clone()).into()
            label_columns=categorical_columns(store).into()
            analysis=store.memo(|state| state.analysis.clone()).into()
            genes_hint=store.memo(|state| genes_hint(state).to_owned()).into()
            on_gene=color_by_gene(store)
            gsea=move || view! { <GseaSection source=gsea /> }
        />
    }
}

fn gsea_source(store: Store) -> GseaSource {
    let save = move |convention: Convention| {
        if let Some(feature) = store.peek(|state| state.selected_feature) {
            let style = TableStyle { format: TableFormat::Csv, convention };
            store.send(Msg::Export(ExportKind::Gsea { feature: Some(feature), style }));
        }
    };
    GseaSource {
        hint: store.memo(gsea_hint).into(),
        job: store.memo(|state| state.jobs.gsea.clone()).into(),
        found: store.memo(|state| state.gsea.table.clone()).into(),
        notices: store.memo(|state| state.gsea.notices.clone()).into(),
        chosen: store.memo(|state| state.gsea.chosen).into(),
        curve: store.memo(|state| state.gsea.curve.clone()).into(),
        form: RwSignal::new(GseaForm::default()),
        is_form_open: RwSignal::new(false),
        on_run: Callback::new(move |params| store.send(Msg::RunGsea(params))),
        on_cancel: Callback::new(move |()| store.send(Msg::Cancel(Job::Gsea))),
        on_dismiss: Callback::new(move |()| store.send(Msg::DismissError(Job::Gsea))),
        on_choose: Callback::new(move |set| store.send(Msg::ChooseGseaSet(set))),
        on_save: Callback::new(save),
    }
}

/// Why GSEA can't be run.
fn gsea_hint(state: &State) -> Option<&'static str> {
    let has_sets = state.dataset.as_ref().is_some_and(|dataset| dataset.gene_sets.is_some());
    (!has_sets).then_some("GSEA needs gene sets: add a .gmt file.")
}

#[component]
fn SteerTab() -> impl IntoView {
    let store = Store::get();
    let show_map = move || {
        if let Some(map) = store.peek(|state| state.steer.value.as_ref().map(|result| result.map.clone())) {
            store.send(Msg::ShowMap(map));
        }
    };
    view! {
        <SteerView
            feature=store.memo(|state| state.selected_feature).into()
            labels=shown_labels(store).into()
            selection=store.memo(|state| state.selection.clone()).into()
            result=store.memo(|state| state.steer.clone()).into()
            on_run=Callback::new(move |params| store.send(Msg::Steer(params)))
            on_show_map=Callback::new(move |()| show_map())
            on_clear=Callback::new(move |()| store.send(Msg::ClearSteer))
            on_gene=color_by_gene(store)
        />
    }
}

fn color_by_gene(store: Store) -> Callback<GeneId> {
    Callback::new(move |gene| store.send(Msg::ColorBy(CellColor::Gene(gene))))
}

/// Why a card shows no genes.
fn genes_hint(state: &State) -> &'static str {
    match &state.dataset {
        Some(dataset) if dataset.n_genes == 0 => "Genes need expression: add an .h5ad with the same cells.",
        _ => "No genes: too few cells are in one of the groups to be compared.",
    }
}
