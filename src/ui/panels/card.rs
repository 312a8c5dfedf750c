//! The right column: what a feature stands for, and steering it.

use leptos::prelude::*;

use super::{categorical_columns, shown_labels};
use crate::data::GeneId;
use crate::protocol::CellColor;
use crate::ui::card::FeatureCardView;
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
    view! {
        <FeatureCardView
            card=store.memo(|state| state.card.clone()).into()
            label_columns=categorical_columns(store).into()
            analysis=store.memo(|state| state.analysis.clone()).into()
            genes_hint=store.memo(|state| genes_hint(state).to_owned()).into()
            on_gene=color_by_gene(store)
        />
    }
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
