//! The page: puts the panels together, listens for drops and keys, and opens the demo.

use leptos::ev;
use leptos::prelude::*;
use wasm_bindgen::JsCast;
use web_sys::{DragEvent, HtmlElement, KeyboardEvent};

use super::panels::{
    AnalysisPanel, BrokenPanel, CardPanel, CheckpointOffer, DataPanel, Drawer, Header, HelpDialog, LabelsPanel,
    MapPanel, SEARCH_ID, StartPage, Toasts, TrainingPanel,
};
use super::shortcuts::{Shortcut, shortcut, takes_letters};
use super::state::{Msg, State};
use super::store::Store;
use super::theme::ThemeStore;
use super::{demo, files};
use crate::data::CellSelection;
use crate::protocol::NoticeLevel;

/// Puts the page into the document.
pub fn mount() {
    std::panic::set_hook(Box::new(|panic| {
        let text = format!("FeatureScope's page stopped: {panic}. Reload it; files on your disk are untouched.");
        web_sys::console::error_1(&text.into());
    }));
    mount_to_body(App);
}

/// The whole page.
#[component]
fn App() -> impl IntoView {
    let store = Store::provide();
    ThemeStore::provide();
    let help = RwSignal::new(false);
    let drawer = RwSignal::new(true);
    let is_dragging = follow_drops(store);
    follow_keys(store, help, drawer);
    if starts_empty() {
        store.send(Msg::StartEngine);
    } else {
        wasm_bindgen_futures::spawn_local(demo::load(store));
    }
    let is_empty = store.memo(State::is_empty);
    view! {
        <div class="page">
            <Header help=help />
            <BrokenPanel />
            <Show when=move || is_empty.get() fallback=move || view! { <Workspace drawer=drawer /> }>
                <StartPage />
            </Show>
            <Toasts />
            <HelpDialog open=help />
            <div class="drop-veil" hidden=move || !is_dragging.get()>
                <p>"Drop files to open them"</p>
            </div>
        </div>
    }
}

/// Data, labels and training left, the map in the middle, the card right, the table below.
#[component]
fn Workspace(drawer: RwSignal<bool>) -> impl IntoView {
    view! {
        <main class="workspace" class:workspace-wide=move || !drawer.get()>
            <div class="side" role="region" aria-label="Data and training" tabindex="0">
                <CheckpointOffer />
                <DataPanel />
                <LabelsPanel />
                <TrainingPanel />
                <AnalysisPanel />
            </div>
            <MapPanel />
            <CardPanel />
            <Drawer open=drawer />
        </main>
    }
}

/// Whether the address asks for an empty page: `?empty`.
fn starts_empty() -> bool {
    let search = web_sys::window().and_then(|window| window.location().search().ok()).unwrap_or_default();
    search.trim_start_matches('?').split('&').any(|part| part == "empty")
}

/// Opens dropped files, wherever they land; whether files hang over the page.
fn follow_drops(store: Store) -> RwSignal<bool> {
    let is_dragging = RwSignal::new(false);
    let over = window_event_listener(ev::dragover, move |event: DragEvent| {
        event.prevent_default();
        is_dragging.set(holds_files(&event));
    });
    let leave = window_event_listener(ev::dragleave, move |event: DragEvent| {
        if event.related_target().is_none() {
            is_dragging.set(false);
        }
    });
    let drop = window_event_listener(ev::drop, move |event: DragEvent| {
        event.prevent_default();
        is_dragging.set(false);
        let Some(data) = event.data_transfer() else { return };
        let (entries, listed) = files::entries_of(&data);
        wasm_bindgen_futures::spawn_local(async move {
            match files::of_drop(entries, listed).await {
                Ok(dropped) => store.open(dropped),
                Err(text) => store.send(Msg::Say { level: NoticeLevel::Warning, text }),
            }
        });
    });
    on_cleanup(move || {
        over.remove();
        leave.remove();
        drop.remove();
    });
    is_dragging
}

/// Whether files are dragged, not a text or a link.
fn holds_files(event: &DragEvent) -> bool {
    let types = event.data_transfer().map(|data| data.types());
    types.is_some_and(|types| types.iter().any(|kind| kind == "Files"))
}

fn follow_keys(store: Store, help: RwSignal<bool>, drawer: RwSignal<bool>) {
    let listener = window_event_listener(ev::keydown, move |event: KeyboardEvent| {
        if event.default_prevented() || help.get_untracked() || is_typing(&event) {
            return;
        }
        let has_modifier = event.ctrl_key() || event.meta_key() || event.alt_key();
        let Some(shortcut) = shortcut(&event.key(), has_modifier) else { return };
        event.prevent_default();
        match shortcut {
            Shortcut::Help => help.set(true),
            Shortcut::OpenFiles => click(".header input[type=file]"),
            Shortcut::Search => {
                drawer.set(true);
                focus(&format!("#{SEARCH_ID} input"));
            }
            Shortcut::NextFeature => store.send(Msg::StepFeature(1)),
            Shortcut::PreviousFeature => store.send(Msg::StepFeature(-1)),
            Shortcut::ToggleTable => drawer.update(|open| *open = !*open),
            Shortcut::ClearSelection => store.send(Msg::SelectCells(CellSelection::All)),
        }
    });
    on_cleanup(move || listener.remove());
}

fn is_typing(event: &KeyboardEvent) -> bool {
    let target = event.target().and_then(|target| target.dyn_into::<web_sys::Element>().ok());
    target.is_some_and(|target| takes_letters(&target.tag_name(), target.get_attribute("type").as_deref()))
}

fn find(selector: &str) -> Option<HtmlElement> {
    let document = web_sys::window()?.document()?;
    document.query_selector(selector).ok().flatten()?.dyn_into().ok()
}

fn click(selector: &str) {
    if let Some(element) = find(selector) {
        element.click();
    }
}

fn focus(selector: &str) {
    if let Some(element) = find(selector) {
        // An element that can't take the focus leaves it where it is.
        let _ = element.focus();
    }
}
