//! The gene sets of sound mode as a table: a set's name over its numbers, opening to its hits.

use leptos::prelude::*;

use super::parts::{More, SHOWN_TERMS};
use super::term_rows::{SoundTermRow, SoundTerms};

/// The table.
#[component]
pub(super) fn TermTable(terms: SoundTerms) -> impl IntoView {
    let SoundTerms { heads, rows } = terms;
    let is_long = RwSignal::new(false);
    let (n_terms, n_columns) = (rows.len(), heads.len());
    let shown =
        move || rows.iter().take(if is_long.get() { n_terms } else { SHOWN_TERMS }).cloned().collect::<Vec<_>>();
    let head = |(name, meaning): (&'static str, &'static str)| view! { <th scope="col" title=meaning>{name}</th> };
    let meanings: Vec<_> = heads.iter().map(|&(name, meaning)| view! { <dt>{name}</dt><dd>{meaning}</dd> }).collect();
    view! {
        <div class="card-scroll">
            <table class="card-table card-table-wide term-table">
                <thead>
                    <tr>{heads.into_iter().map(head).collect_view()}</tr>
                </thead>
                {move || shown().into_iter().map(|row| term_body(row, n_columns)).collect_view()}
            </table>
        </div>
        <More is_long=is_long n_all=n_terms n_shown=SHOWN_TERMS />
        <details class="table-twin">
            <summary>"What the columns mean"</summary>
            <dl class="column-meanings">{meanings}</dl>
        </details>
    }
}

/// A set: its name, which opens to its hits, and below it its numbers.
fn term_body(row: SoundTermRow, n_columns: usize) -> impl IntoView {
    let SoundTermRow { name, numbers, hits, alike, group } = row;
    view! {
        <tbody>
            <tr>
                <th scope="rowgroup" colspan=n_columns>
                    <details class="term">
                        <summary>
                            <span class="term-name">{name}</span>
                        </summary>
                        <p class="term-hits">{hits}</p>
                        {(!alike.is_empty()).then(|| view! { <p class="muted">{alike}</p> })}
                        {(!group.is_empty()).then(|| view! { <p class="muted">{group}</p> })}
                    </details>
                </th>
            </tr>
            <tr>{numbers.into_iter().map(|number| view! { <td>{number}</td> }).collect_view()}</tr>
        </tbody>
    }
}
