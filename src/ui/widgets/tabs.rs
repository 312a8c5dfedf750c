//! Tabs: one panel of several is seen. Arrow keys go from tab to tab.

use leptos::ev::KeyboardEvent;
use leptos::html;
use leptos::prelude::*;

use super::unique_id;

/// One tab and its panel.
pub(crate) struct Tab {
    pub(crate) title: &'static str,
    pub(crate) panel: AnyView,
}

/// The heads of tabs; `on_press` is told of every press, also of the tab that is selected.
#[component]
pub(crate) fn TabList(
    /// What the tabs are of, for screen readers.
    label: &'static str,
    /// What the ids of heads and panels begin with.
    id: String,
    titles: Vec<&'static str>,
    selected: RwSignal<usize>,
    #[prop(optional, into)] on_press: Option<Callback<()>>,
) -> impl IntoView {
    let n_tabs = titles.len();
    let list = NodeRef::<html::Div>::new();
    let on_key = move |event: KeyboardEvent| {
        let Some(next) = after_key(&event.key(), selected.get_untracked(), n_tabs) else { return };
        event.prevent_default();
        selected.set(next);
        focus_child(list, next);
    };
    let press = move |at: usize| {
        selected.set(at);
        if let Some(on_press) = on_press {
            on_press.run(());
        }
    };
    let head = |(at, title): (usize, &'static str)| {
        view! {
            <button
                type="button"
                role="tab"
                class="tab"
                id=head_id(&id, at)
                aria-controls=panel_id(&id, at)
                aria-selected=move || (selected.get() == at).to_string()
                tabindex=move || if selected.get() == at { "0" } else { "-1" }
                on:click=move |_| press(at)
            >
                {title}
            </button>
        }
    };
    let heads = titles.into_iter().enumerate().map(head).collect_view();
    view! {
        <div class="tab-list" role="tablist" aria-label=label node_ref=list on:keydown=on_key>
            {heads}
        </div>
    }
}

/// The id of a tab's head.
pub(crate) fn head_id(id: &str, at: usize) -> String {
    format!("{id}-tab-{at}")
}

/// The id of a tab's panel.
pub(crate) fn panel_id(id: &str, at: usize) -> String {
    format!("{id}-panel-{at}")
}

/// A row of tabs over their panels. All panels stay on the page, so that what a person typed is kept.
#[component]
pub(crate) fn Tabs(
    /// What the tabs are of, for screen readers.
    label: &'static str,
    tabs: Vec<Tab>,
    selected: RwSignal<usize>,
) -> impl IntoView {
    let id = unique_id("tabs");
    let (titles, panels): (Vec<_>, Vec<_>) = tabs.into_iter().map(|tab| (tab.title, tab.panel)).unzip();
    let panels = panels.into_iter().enumerate().map(|(at, panel)| {
        view! {
            <div
                role="tabpanel"
                class="tab-panel"
                id=panel_id(&id, at)
                aria-labelledby=head_id(&id, at)
                hidden=move || selected.get() != at
            >
                {panel}
            </div>
        }
    });
    let panels = panels.collect_view();
    view! {
        <div class="tabs">
            <TabList label=label id=id titles=titles selected=selected />
            {panels}
        </div>
    }
}

/// The tab that a key leads to.
fn after_key(key: &str, selected: usize, n_tabs: usize) -> Option<usize> {
    match key {
        "ArrowRight" => Some((selected + 1) % n_tabs),
        "ArrowLeft" => Some((selected + n_tabs - 1) % n_tabs),
        "Home" => Some(0),
        "End" => Some(n_tabs - 1),
        _ => None,
    }
}

fn focus_child(list: NodeRef<html::Div>, at: usize) {
    use wasm_bindgen::JsCast;

    let child = list.get_untracked().and_then(|list| list.children().item(at as u32));
    if let Some(child) = child.and_then(|child| child.dyn_into::<web_sys::HtmlElement>().ok()) {
        // A tab that can't take the focus is still selected.
        let _ = child.focus();
    }
}

#[cfg(test)]
mod tests {
    use super::after_key;

    #[test]
    fn arrows_go_round() {
        assert_eq!(after_key("ArrowRight", 1, 2), Some(0));
        assert_eq!(after_key("ArrowLeft", 0, 2), Some(1));
        assert_eq!(after_key("x", 0, 2), None);
    }
}
