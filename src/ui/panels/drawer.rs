//! The drawer below: the table of features, features against labels, two groups compared, a path followed, and sweeps.

use leptos::prelude::*;

use super::association::AssociationTab;
use super::comparison::ComparisonTab;
use super::lineage::LineageTab;
use super::sweep::SweepTab;
use super::table::{TableBody, TableMethod, TableTools, count_text};
use crate::ui::store::Store;
use crate::ui::widgets::{Icon, IconName, TabList, head_id, panel_id};

const ID: &str = "drawer";
const TITLES: [&str; 5] = ["Features", "Labels", "Compare", "Lineage", "Sweep"];

/// The drawer.
#[component]
pub(crate) fn Drawer(open: RwSignal<bool>) -> impl IntoView {
    let store = Store::get();
    let has_sae = store.memo(|state| state.sae.is_some());
    let has_data = store.memo(|state| state.dataset.is_some());
    let selected = RwSignal::new(0);
    // Without data there is nothing to list, measure, compare, follow or train.
    let shown = Memo::new(move |_| if has_data.get() { selected.get() } else { 0 });
    let is_tall = move || open.get() && shown.get() > 0;
    view! {
        <section
            class="drawer"
            class:drawer-closed=move || !open.get()
            class:drawer-empty=move || !has_sae.get() && shown.get() == 0
            class:drawer-tall=is_tall
            aria-label="Feature table"
        >
            <div class="drawer-bar">
                <h2 class="drawer-toggle">
                    <button
                        type="button"
                        class="section-toggle"
                        aria-label="Features"
                        aria-expanded=move || open.get().to_string()
                        aria-controls="drawer-body"
                        on:click=move |_| open.update(|open| *open = !*open)
                    >
                        <Icon name=IconName::ChevronDown />
                        <span hidden=move || has_data.get()>"Features"</span>
                    </button>
                </h2>
                <Show when=move || has_data.get()>
                    <TabList
                        label="Features"
                        id=ID.to_owned()
                        titles=TITLES.to_vec()
                        selected=selected
                        on_press=Callback::new(move |()| open.set(true))
                    />
                    <span class="drawer-count">{store.memo(count_text)}</span>
                </Show>
                <Show when=move || has_sae.get() && open.get() && shown.get() == 0>
                    <TableTools />
                </Show>
            </div>
            <div id="drawer-body" class="drawer-body" hidden=move || !open.get()>
                <Panel at=0 shown=shown>
                    <TableMethod />
                    <div id="feature-table" class="feature-table">
                        <TableBody />
                    </div>
                </Panel>
                <Show when=move || has_data.get()>
                    <Panel at=1 shown=shown><OfFeatures><AssociationTab /></OfFeatures></Panel>
                    <Panel at=2 shown=shown><OfFeatures><ComparisonTab /></OfFeatures></Panel>
                    <Panel at=3 shown=shown><OfFeatures><LineageTab /></OfFeatures></Panel>
                    <Panel at=4 shown=shown><SweepTab /></Panel>
                </Show>
            </div>
        </section>
    }
}

/// What belongs to a tab; it stays on the page, so that what a person chose is kept.
#[component]
fn Panel(at: usize, shown: Memo<usize>, children: Children) -> impl IntoView {
    let has_tabs = Store::get().memo(|state| state.dataset.is_some());
    view! {
        <div
            role=move || has_tabs.get().then_some("tabpanel")
            class="drawer-panel"
            id=panel_id(ID, at)
            aria-labelledby=move || has_tabs.get().then(|| head_id(ID, at))
            hidden=move || shown.get() != at
        >
            {children()}
        </div>
    }
}

/// What needs features, or a word about that.
#[component]
fn OfFeatures(children: ChildrenFn) -> impl IntoView {
    let has_sae = Store::get().memo(|state| state.sae.is_some());
    let fallback = || view! { <p class="empty">"This needs features: train or load a sparse autoencoder first."</p> };
    view! { <Show when=move || has_sae.get() fallback=fallback>{children()}</Show> }
}
