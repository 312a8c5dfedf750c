//! A button that opens a small panel under itself. Escape, or moving on, closes it.

use leptos::ev::{FocusEvent, KeyboardEvent};
use leptos::html;
use leptos::prelude::*;
use wasm_bindgen::JsCast;

use super::{Icon, IconName, unique_id};

/// A menu button and its panel.
#[component]
pub(crate) fn Menu(
    /// The button's name and tooltip.
    label: &'static str,
    #[prop(optional, into)] text: Signal<String>,
    #[prop(into)] icon: IconName,
    #[prop(optional, into)] disabled: Signal<bool>,
    /// Whether a click in the panel closes it.
    #[prop(default = false)]
    closes_on_choice: bool,
    children: ChildrenFn,
) -> impl IntoView {
    let id = unique_id("menu");
    let open = RwSignal::new(false);
    let root = NodeRef::<html::Div>::new();
    let button = NodeRef::<html::Button>::new();
    let on_key = move |event: KeyboardEvent| {
        if event.key() == "Escape" && open.get_untracked() {
            event.stop_propagation();
            open.set(false);
            if let Some(button) = button.get_untracked() {
                // Without a focus to give back the menu still closes.
                let _ = button.focus();
            }
        }
    };
    let on_focus_out = move |event: FocusEvent| {
        let next = event.related_target().and_then(|target| target.dyn_into::<web_sys::Node>().ok());
        let stays = root.get_untracked().is_some_and(|root| root.contains(next.as_ref()));
        if !stays {
            open.set(false);
        }
    };
    view! {
        <div class="menu" node_ref=root on:keydown=on_key on:focusout=on_focus_out>
            <button
                type="button"
                class="button"
                node_ref=button
                title=label
                aria-label=move || if text.read().is_empty() { label.to_owned() } else { format!("{label}: {}", text.get()) }
                aria-expanded=move || open.get().to_string()
                aria-controls=id.clone()
                disabled=disabled
                on:click=move |_| open.update(|open| *open = !*open)
            >
                <Icon name=icon />
                {move || (!text.read().is_empty()).then(|| view! { <span>{text.get()}</span> })}
                <Icon name=IconName::ChevronDown />
            </button>
            <div
                id=id
                class="menu-panel"
                tabindex="-1"
                hidden=move || !open.get()
                on:click=move |_| open.update(|open| *open &= !closes_on_choice)
            >
                {children()}
            </div>
        </div>
    }
}
