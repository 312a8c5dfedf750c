//! More of a form, shown on demand.

use leptos::prelude::*;

use super::{Icon, IconName, unique_id};

/// A button that shows and hides what belongs to it.
#[component]
pub(crate) fn Disclosure(
    title: &'static str,
    /// Whether a person opened it.
    open: RwSignal<bool>,
    /// Whether it is open in any case, such as when something in it is wrong.
    #[prop(into)]
    is_forced: Signal<bool>,
    children: Children,
) -> impl IntoView {
    let id = unique_id("disclosure");
    let is_open = move || open.get() || is_forced.get();
    view! {
        <div class="disclosure">
            <button
                type="button"
                class="disclosure-toggle"
                aria-expanded=move || is_open().to_string()
                aria-controls=id.clone()
                on:click=move |_| open.update(|open| *open = !*open)
            >
                <Icon name=IconName::ChevronDown />
                <span>{title}</span>
            </button>
            <div id=id class="disclosure-body" hidden=move || !is_open()>
                {children()}
            </div>
        </div>
    }
}
