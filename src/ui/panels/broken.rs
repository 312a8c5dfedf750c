//! What a person sees when the engine can't go on, and the way back.

use leptos::prelude::*;

use crate::ui::state::{EngineStatus, Msg, State};
use crate::ui::store::Store;
use crate::ui::widgets::{Banner, BannerKind, Button, ButtonKind};

/// The panel, while the engine is broken.
#[component]
pub(crate) fn BrokenPanel() -> impl IntoView {
    let store = Store::get();
    let broken = store.memo(|state: &State| match &state.engine {
        EngineStatus::Broken(message) => Some((message.clone(), way_on(state))),
        _ => None,
    });
    move || {
        broken.get().map(|(message, way_on)| {
            view! {
                <div class="broken">
                    <Banner kind=BannerKind::Error text=message>
                        <Button kind=ButtonKind::Primary text=way_on on_press=move || store.send(Msg::Restart) />
                    </Banner>
                </div>
            }
        })
    }
}

fn way_on(state: &State) -> String {
    match state.opened.len() {
        0 => "Restart the engine".to_owned(),
        1 => "Restart and reopen the file".to_owned(),
        n => format!("Restart and reopen {n} files"),
    }
}
