//! Features without a sparse autoencoder: the columns of the chosen embedding as they are.

use leptos::prelude::*;

use super::form::chosen_embedding;
use crate::plot::format;
use crate::ui::state::Msg;
use crate::ui::store::Store;
use crate::ui::widgets::{Button, ButtonKind};

/// The button, and what it would take.
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
        <div class="actions">
            <Button
                kind=ButtonKind::Quiet
                text="Use columns as features"
                label="Take each column of the embedding as a feature; nothing is trained"
                disabled=Signal::derive(move || chosen.read().is_none())
                on_press=take
            />
        </div>
        <p class="field-note">{move || chosen.get().map(|(name, n_dims)| note(&name, n_dims))}</p>
    }
}

fn note(name: &str, n_dims: usize) -> String {
    let what = match n_dims {
        1 => "The one column".to_owned(),
        n_dims => format!("Each of the {} columns", format::count(n_dims)),
    };
    format!("{what} of {name} becomes a feature as it is: for scores or one-hot labels. Values below 0 count as 0.")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_note_names_the_embedding_and_its_columns() {
        assert!(note("X_pca", 50).starts_with("Each of the 50 columns of X_pca becomes a feature"));
        assert!(note("score", 1).starts_with("The one column of score becomes a feature"));
    }
}
