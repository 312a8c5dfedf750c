//! A sentence set apart: something to know, a warning, an error.

use leptos::html;
use leptos::prelude::*;

use super::{Button, ButtonKind, Icon, IconName};

/// What a banner is about.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum BannerKind {
    /// Good to know.
    #[default]
    Info,
    /// Read before trusting results.
    Warning,
    /// Something failed.
    Error,
}

impl BannerKind {
    fn class(self) -> &'static str {
        match self {
            Self::Info => "banner banner-info",
            Self::Warning => "banner banner-warning",
            Self::Error => "banner banner-error",
        }
    }

    fn icon(self) -> IconName {
        match self {
            Self::Info => IconName::Info,
            Self::Warning | Self::Error => IconName::Warning,
        }
    }

    /// Errors interrupt a screen reader, the rest waits for a pause.
    fn role(self) -> &'static str {
        match self {
            Self::Error => "alert",
            Self::Info | Self::Warning => "status",
        }
    }
}

/// A banner; with `on_dismiss` it can be closed, and one that `is_revealed` is scrolled to when it comes.
#[component]
pub(crate) fn Banner(
    #[prop(optional)] kind: BannerKind,
    #[prop(into)] text: Signal<String>,
    #[prop(optional)] on_dismiss: Option<Callback<()>>,
    #[prop(optional)] is_revealed: bool,
    #[prop(optional)] children: Option<Children>,
) -> impl IntoView {
    let banner = NodeRef::<html::Div>::new();
    if is_revealed {
        Effect::new(move || {
            if let Some(banner) = banner.get() {
                let is_at_top = false;
                banner.scroll_into_view_with_bool(is_at_top);
            }
        });
    }
    view! {
        <div class=kind.class() role=kind.role() node_ref=banner>
            <Icon name=kind.icon() />
            <div class="banner-body">
                <p>{text}</p>
                {children.map(|children| view! { <div class="banner-actions">{children()}</div> })}
            </div>
            {on_dismiss
                .map(|dismiss| {
                    view! {
                        <Button kind=ButtonKind::Quiet icon=IconName::Close label="Dismiss" on_press=dismiss />
                    }
                })}
        </div>
    }
}
