//! A modal dialog: the browser's own, which keeps the focus inside and closes on Escape.

use leptos::html;
use leptos::prelude::*;

use super::{Button, ButtonKind, IconName, unique_id};

/// A dialog, seen while `open` is true.
#[component]
pub(crate) fn Dialog(title: &'static str, open: RwSignal<bool>, children: Children) -> impl IntoView {
    let id = unique_id("dialog");
    let title_id = id.clone();
    let dialog = NodeRef::<html::Dialog>::new();
    Effect::new(move |_| {
        let Some(dialog) = dialog.get() else { return };
        if open.get() && !dialog.open() {
            // A dialog that is already shown, or not on the page, stays as it is.
            let _ = dialog.show_modal();
        } else if !open.get() && dialog.open() {
            dialog.close();
        }
    });
    view! {
        <dialog class="dialog" node_ref=dialog aria-labelledby=id on:close=move |_| open.set(false)>
            <header class="dialog-head">
                <h2 id=title_id>{title}</h2>
                <Button
                    kind=ButtonKind::Quiet
                    icon=IconName::Close
                    label="Close"
                    on_press=move || open.set(false)
                />
            </header>
            {children()}
        </dialog>
    }
}
