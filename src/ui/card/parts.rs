//! Parts of cards and results: sections, charts with their tables, lists of gene sets.

use leptos::prelude::*;

use super::term_rows::PaperTermRow;
use crate::plot::charts::ChartError;

/// A part of the card under its heading.
#[component]
pub(crate) fn CardSection(title: &'static str, children: Children) -> impl IntoView {
    view! {
        <section class="card-section">
            <h3>{title}</h3>
            {children()}
        </section>
    }
}

/// A chart, or why there is none.
#[component]
pub(crate) fn Chart(svg: Result<String, ChartError>) -> impl IntoView {
    match svg {
        Ok(svg) => view! { <div class="chart" inner_html=svg></div> }.into_any(),
        Err(ChartError::Empty { .. }) => view! { <p class="muted">"Nothing to draw."</p> }.into_any(),
        Err(error) => view! { <p class="muted">{error.to_string()}</p> }.into_any(),
    }
}

/// A table that opens on demand.
#[component]
pub(crate) fn TableTwin(summary: &'static str, heads: Vec<String>, rows: Vec<Vec<String>>) -> impl IntoView {
    let row = |cells: Vec<String>| {
        let cells = cells.into_iter().enumerate().map(|(i, text)| match i {
            0 => view! { <th scope="row">{text}</th> }.into_any(),
            _ => view! { <td>{text}</td> }.into_any(),
        });
        view! { <tr>{cells.collect_view()}</tr> }
    };
    view! {
        <details class="table-twin">
            <summary>{summary}</summary>
            <div class="table-scroll" role="region" aria-label=summary tabindex="0">
                <table>
                    <thead>
                        <tr>{heads.into_iter().map(|head| view! { <th scope="col">{head}</th> }).collect_view()}</tr>
                    </thead>
                    <tbody>{rows.into_iter().map(row).collect_view()}</tbody>
                </table>
            </div>
        </details>
    }
}

/// The button that shows the rest of a list, if there is a rest.
#[component]
pub(crate) fn More(is_long: RwSignal<bool>, n_all: usize, n_shown: usize) -> impl IntoView {
    (n_all > n_shown).then(|| {
        let text = move || if is_long.get() { "Show fewer".to_owned() } else { format!("Show all {n_all}") };
        view! {
            <button
                type="button"
                class="more"
                aria-expanded=move || is_long.get().to_string()
                on:click=move |_| is_long.update(|long| *long = !*long)
            >
                {text}
            </button>
        }
    })
}

/// Gene sets that are seen before a person asks for more.
pub(super) const SHOWN_TERMS: usize = 6;

/// Gene sets with both tests of the paper; each opens to its genes.
#[component]
pub(super) fn TermList(terms: Vec<PaperTermRow>) -> impl IntoView {
    let is_long = RwSignal::new(false);
    let n_terms = terms.len();
    let shown =
        move || terms.iter().take(if is_long.get() { n_terms } else { SHOWN_TERMS }).cloned().collect::<Vec<_>>();
    let term = |term: PaperTermRow| {
        view! {
            <li>
                <details class="term">
                    <summary>
                        <span class="term-name">{term.name}</span>
                        <span class="term-tests">{term.tests}</span>
                    </summary>
                    <p>{term.numbers}</p>
                    <p class="term-hits">{term.hits}</p>
                </details>
            </li>
        }
    };
    view! {
        <ul class="terms">{move || shown().into_iter().map(term).collect_view()}</ul>
        <More is_long=is_long n_all=n_terms n_shown=SHOWN_TERMS />
    }
}
