//! What the page is for, and its keys.

use leptos::prelude::*;

use crate::ui::shortcuts::SHORTCUTS;
use crate::ui::widgets::Dialog;

/// The help dialog.
#[component]
pub(crate) fn HelpDialog(open: RwSignal<bool>) -> impl IntoView {
    let keys = SHORTCUTS.iter().map(|(key, does, _)| {
        view! {
            <dt>
                <kbd>{*key}</kbd>
            </dt>
            <dd>{*does}</dd>
        }
    });
    view! {
        <Dialog title="Help" open=open>
            <ol class="help-steps">
                <li>"Open cells: an .h5ad, or an .npy embedding with a .csv of labels. Add a .gmt for gene sets."</li>
                <li>"Train a sparse autoencoder on an embedding, or load weights trained elsewhere."</li>
                <li>"Analyse: differential expression and gene sets for every live feature."</li>
                <li>"Pick a feature in the table: the map shows where it is active, the card what it stands for."</li>
                <li>"Steer it: choose cells, set the feature, see where they move and which genes change."</li>
            </ol>
            <h3>"Keys"</h3>
            <dl class="help-keys">{keys.collect_view()}</dl>
            <p class="muted">"Your data never leaves this browser: files are read here and nothing is sent."</p>
        </Dialog>
    }
}
