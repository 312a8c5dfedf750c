//! A button that lets a person pick files, or a folder's files.

use leptos::html;
use leptos::prelude::*;
use web_sys::File;

use super::{Button, ButtonKind};
use crate::ui::files;

/// A file picker.
#[component]
pub(crate) fn FilePicker(
    text: &'static str,
    #[prop(optional)] kind: ButtonKind,
    /// Whether a folder is picked instead of files.
    #[prop(default = false)]
    is_folder: bool,
    /// Extensions offered, such as `.h5ad,.npy`.
    #[prop(default = files::ACCEPT)]
    accept: &'static str,
    #[prop(optional, into)] disabled: Signal<bool>,
    on_pick: UnsyncCallback<Vec<File>>,
) -> impl IntoView {
    let input = NodeRef::<html::Input>::new();
    let press = move || {
        if let Some(input) = input.get_untracked() {
            input.click();
        }
    };
    let on_change = move |_| {
        let Some(input) = input.get_untracked() else { return };
        let picked = input.files().map(|list| files::of_list(&list)).unwrap_or_default();
        // The same file can be picked again only if the input forgets it.
        input.set_value("");
        on_pick.run(picked);
    };
    Effect::new(move |_| {
        if let Some(input) = input.get().filter(|_| is_folder) {
            // Where a browser does not know the attribute, files are picked instead.
            let _ = input.set_attribute("webkitdirectory", "");
        }
    });
    view! {
        <Button kind=kind text=text disabled=disabled on_press=press />
        <input
            type="file"
            class="visually-hidden"
            multiple=true
            accept=(!is_folder).then_some(accept)
            aria-label=text
            tabindex="-1"
            node_ref=input
            on:change=on_change
        />
    }
}
