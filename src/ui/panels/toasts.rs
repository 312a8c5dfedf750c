//! Messages in the corner. Information goes by itself, warnings stay until they are read.

use std::time::Duration;

use leptos::prelude::*;

use crate::protocol::NoticeLevel;
use crate::ui::state::{Msg, Toast};
use crate::ui::store::Store;
use crate::ui::widgets::{Banner, BannerKind};

const SHOWN_FOR: Duration = Duration::from_secs(8);

/// The toasts.
#[component]
pub(crate) fn Toasts() -> impl IntoView {
    let store = Store::get();
    let toasts = store.memo(|state| state.toasts.clone());
    view! {
        <div class="toasts">
            <For each=move || toasts.get() key=|toast| toast.id let:toast>
                <ToastView toast=toast />
            </For>
        </div>
    }
}

#[component]
fn ToastView(toast: Toast) -> impl IntoView {
    let store = Store::get();
    let id = toast.id;
    let kind = match toast.level {
        NoticeLevel::Info => BannerKind::Info,
        NoticeLevel::Warning => BannerKind::Warning,
    };
    if toast.level == NoticeLevel::Info {
        set_timeout(move || store.send(Msg::DismissToast(id)), SHOWN_FOR);
    }
    let dismiss = Callback::new(move |()| store.send(Msg::DismissToast(id)));
    view! { <Banner kind=kind text=toast.text on_dismiss=dismiss /> }
}
