//! Genes with a few numbers each, the first rows until a person asks for more.

use leptos::prelude::*;

use super::parts::More;
use crate::data::GeneId;

/// Genes that are seen before a person asks for more.
const SHOWN_GENES: usize = 8;
/// Columns from which on a table has small type and scrolls sideways where there is no room.
const MANY_COLUMNS: usize = 5;

/// A gene and what is said of it.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct GeneRow {
    pub(crate) gene: GeneId,
    pub(crate) name: String,
    /// One text for each number column.
    pub(crate) numbers: Vec<String>,
    /// More in words, as a tooltip.
    pub(crate) details: String,
}

/// A table of genes; pressing one colours the map by it.
#[component]
pub(crate) fn GeneTable(
    /// Headings: what the genes have in common, then one for each number.
    heads: Vec<&'static str>,
    rows: Vec<GeneRow>,
    on_gene: Callback<GeneId>,
) -> impl IntoView {
    let is_long = RwSignal::new(false);
    let n_genes = rows.len();
    let is_wide = heads.len() >= MANY_COLUMNS;
    let shown =
        move || rows.iter().take(if is_long.get() { n_genes } else { SHOWN_GENES }).cloned().collect::<Vec<_>>();
    let row = move |row: GeneRow| {
        let GeneRow { gene, name, numbers, details } = row;
        view! {
            <tr title=details>
                <th scope="row">
                    <button type="button" class="gene" title="Colour the map by this gene" on:click=move |_| on_gene.run(gene)>
                        {name}
                    </button>
                </th>
                {numbers.into_iter().map(|number| view! { <td>{number}</td> }).collect_view()}
            </tr>
        }
    };
    view! {
        <div class="card-scroll">
            <table class="card-table" class:card-table-wide=is_wide>
                <thead>
                    <tr>{heads.into_iter().map(|head| view! { <th scope="col">{head}</th> }).collect_view()}</tr>
                </thead>
                <tbody>{move || shown().into_iter().map(row).collect_view()}</tbody>
            </table>
        </div>
        <More is_long=is_long n_all=n_genes n_shown=SHOWN_GENES />
    }
}
