//! Light, dark, or as the system has it.

use leptos::prelude::*;
use wasm_bindgen::prelude::*;
use web_sys::{MediaQueryList, MediaQueryListEvent, Storage};

use crate::plot::color::Theme;

const STORAGE_KEY: &str = "featurescope-theme";

/// What a person chose.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ThemeChoice {
    /// As the system has it.
    #[default]
    System,
    /// Light.
    Light,
    /// Dark.
    Dark,
}

impl ThemeChoice {
    /// All choices in the order of the menu.
    pub const ALL: [Self; 3] = [Self::System, Self::Light, Self::Dark];

    /// The choice as the page's `data-theme` and in storage.
    pub fn key(self) -> &'static str {
        match self {
            Self::System => "system",
            Self::Light => "light",
            Self::Dark => "dark",
        }
    }

    /// The choice in words.
    pub fn label(self) -> &'static str {
        match self {
            Self::System => "System",
            Self::Light => "Light",
            Self::Dark => "Dark",
        }
    }

    /// The choice of a key; unknown keys are the system's.
    pub fn of_key(key: &str) -> Self {
        Self::ALL.into_iter().find(|choice| choice.key() == key).unwrap_or_default()
    }
}

/// The theme on the page: what was chosen and what it comes to.
#[derive(Clone, Copy)]
pub struct ThemeStore {
    /// What was chosen.
    pub choice: RwSignal<ThemeChoice>,
    /// What is shown.
    pub theme: Signal<Theme>,
}

impl ThemeStore {
    /// Reads the kept choice, follows the system, and puts itself into the context.
    pub fn provide() -> Self {
        let choice = RwSignal::new(kept_choice());
        let system = RwSignal::new(Theme::Light);
        follow_system(system);
        Effect::new(move |_| show(choice.get()));
        let theme = Signal::derive(move || match choice.get() {
            ThemeChoice::System => system.get(),
            ThemeChoice::Light => Theme::Light,
            ThemeChoice::Dark => Theme::Dark,
        });
        let store = Self { choice, theme };
        provide_context(store);
        store
    }

    /// The theme of the page.
    ///
    /// # Panics
    /// Outside of the page's components.
    pub fn get() -> Self {
        expect_context()
    }

    /// Takes a choice and keeps it for the next visit.
    pub fn choose(self, choice: ThemeChoice) {
        self.choice.set(choice);
        if let Some(storage) = storage() {
            // A browser that keeps nothing still shows the choice on this visit.
            let _ = storage.set_item(STORAGE_KEY, choice.key());
        }
    }
}

fn storage() -> Option<Storage> {
    web_sys::window()?.local_storage().ok().flatten()
}

fn kept_choice() -> ThemeChoice {
    let kept = storage().and_then(|storage| storage.get_item(STORAGE_KEY).ok().flatten());
    ThemeChoice::of_key(&kept.unwrap_or_default())
}

fn show(choice: ThemeChoice) {
    let root = web_sys::window().and_then(|window| window.document()).and_then(|document| document.document_element());
    if let Some(root) = root {
        // Setting an attribute of this fixed name can't fail.
        let _ = root.set_attribute("data-theme", choice.key());
    }
}

fn theme_of(is_dark: bool) -> Theme {
    if is_dark { Theme::Dark } else { Theme::Light }
}

/// Keeps `system` as the system has it for as long as the page lives.
fn follow_system(system: RwSignal<Theme>) {
    let query = web_sys::window().and_then(|window| window.match_media("(prefers-color-scheme: dark)").ok().flatten());
    let Some(query): Option<MediaQueryList> = query else { return };
    system.set(theme_of(query.matches()));
    let on_change = Closure::<dyn FnMut(MediaQueryListEvent)>::new(move |event: MediaQueryListEvent| {
        system.set(theme_of(event.matches()));
    });
    query.set_onchange(Some(on_change.as_ref().unchecked_ref()));
    on_change.forget();
    // The query object must outlive this function for its listener to be called.
    std::mem::forget(query);
}
