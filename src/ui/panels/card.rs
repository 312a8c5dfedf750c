//! The right column: what a feature stands for, and steering it.

use leptos::prelude::*;

use crate::ui::store::Store;
use crate::ui::widgets::{Tab, Tabs};

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
            <h2 class="card-title">{move || title.get().unwrap_or_else(|| "No feature chosen".to_owned())}</h2>
            <Tabs label="Feature views" tabs=tabs selected=selected />
        </aside>
    }
}

#[component]
fn FeatureTab() -> impl IntoView {}

#[component]
fn SteerTab() -> impl IntoView {}
