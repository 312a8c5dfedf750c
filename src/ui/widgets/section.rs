//! A part of a column with a heading that opens and closes it.

use leptos::prelude::*;

use super::{Icon, IconName, unique_id};

/// A section; `summary` stands beside the heading, also when it is closed.
#[component]
pub(crate) fn Section(
    title: &'static str,
    #[prop(optional, into)] summary: Signal<String>,
    #[prop(default = true)] is_open: bool,
    children: Children,
) -> impl IntoView {
    let id = unique_id("section");
    let open = RwSignal::new(is_open);
    view! {
        <section class="section">
            <h2>
                <button
                    type="button"
                    class="section-toggle"
                    aria-expanded=move || open.get().to_string()
                    aria-controls=id.clone()
                    on:click=move |_| open.update(|open| *open = !*open)
                >
                    <Icon name=IconName::ChevronDown />
                    <span>{title}</span>
                    <span class="section-summary">{summary}</span>
                </button>
            </h2>
            <div id=id class="section-body" hidden=move || !open.get()>
                {children()}
            </div>
        </section>
    }
}
