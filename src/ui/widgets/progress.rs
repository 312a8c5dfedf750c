//! A bar that fills, with the sentence of what is being done.

use leptos::prelude::*;

/// Progress of a job; its message is announced politely.
#[component]
pub(crate) fn Progress(
    /// What goes on, for screen readers.
    label: &'static str,
    /// Done share, 0 to 1.
    #[prop(into)]
    fraction: Signal<f64>,
    #[prop(into)] message: Signal<String>,
) -> impl IntoView {
    let percent = move || (fraction.get().clamp(0.0, 1.0) * 100.0).round();
    view! {
        <div class="progress">
            <div
                class="progress-track"
                role="progressbar"
                aria-label=label
                aria-valuemin="0"
                aria-valuemax="100"
                aria-valuenow=percent
            >
                <div class="progress-bar" style:transform=move || format!("scaleX({})", percent() / 100.0)></div>
            </div>
            <p class="progress-message" aria-live="polite">{message}</p>
        </div>
    }
}
