//! A button with a text, an icon, or both.

use leptos::prelude::*;

use super::{Icon, IconName};

/// How much a button asks for attention.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum ButtonKind {
    /// An action beside others.
    #[default]
    Plain,
    /// The next thing to do; one a panel.
    Primary,
    /// Without a frame until it is pointed at.
    Quiet,
}

impl ButtonKind {
    fn class(self) -> &'static str {
        match self {
            Self::Plain => "button",
            Self::Primary => "button button-primary",
            Self::Quiet => "button button-quiet",
        }
    }
}

/// A button. Without `text` it needs a `label`.
#[component]
pub(crate) fn Button(
    #[prop(optional)] kind: ButtonKind,
    /// The text on it.
    #[prop(optional, into)]
    text: Signal<String>,
    /// Its tooltip, and its name where there is no text.
    #[prop(optional, into)]
    label: Option<&'static str>,
    #[prop(optional, into)] icon: Option<IconName>,
    #[prop(optional, into)] disabled: Signal<bool>,
    #[prop(into)] on_press: Callback<()>,
) -> impl IntoView {
    view! {
        <button
            type="button"
            class=kind.class()
            class:button-icon=move || text.read().is_empty()
            title=label
            aria-label=move || label.filter(|_| text.read().is_empty())
            disabled=disabled
            on:click=move |_| on_press.run(())
        >
            {icon.map(|name| view! { <Icon name=name /> })}
            {move || (!text.read().is_empty()).then(|| view! { <span>{text.get()}</span> })}
        </button>
    }
}
