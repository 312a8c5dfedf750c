//! Features without a sparse autoencoder: the columns of the chosen embedding as they are.

use leptos::prelude::*;

use super::form::chosen_embedding;
use crate::plot::format;
use crate::ui::state::Msg;
use crate::ui::store::Store;
use crate::ui::widgets::{Button, ButtonKind};

/// The button; what it does is said by [`ColumnsNote`].
#[component]
pub(super) fn UseColumns(embedding: RwSignal<Option<String>>) -> impl IntoView {
    let store = Store::get();
    let chosen = chosen_embedding(store, embedding);
    let take = move || {
        if let Some((embedding, _)) = chosen.get_untracked() {
            store.send(Msg::UseColumns(embedding));
        }
    };
    view! {
        <Button
            kind=ButtonKind::Quiet
            text="Use columns as features"
            label="Take each column of the embedding as a feature; nothing is trained"
            disabled=Signal::derive(move || chosen.read().is_none())
            on_press=take
        />
    }
}

/// What taking columns means, with the embedding it would take.
#[component]
pub(super) fn ColumnsNote(embedding: RwSignal<Option<String>>) -> impl IntoView {
    let chosen = chosen_embedding(Store::get(), embedding);
    view! { <p class="field-note">{move || chosen.get().map(|(name, n_dims)| note(&name, n_dims))}</p> }
}

fn note(name: &str, n_dims: usize) -> String {
    let what = match n_dims {
        1 => "the one column".to_owned(),
        n_dims => format!("each of the {} columns", format::count(n_dims)),
    };
    format!("As features, {what} of {name} as it is: for scores or one-hot labels. Values below 0 count as 0.")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_note_names_the_embedding_and_its_columns() {
        assert!(note("X_pca", 50).starts_with("As features, each of the 50 columns of X_pca as it is"));
        assert!(note("score", 1).starts_with("As features, the one column of score as it is"));
    }
}
