//! The runs as a table that sorts where it stands, each run with the button that takes it into use.

use std::sync::Arc;

use leptos::prelude::*;

use super::rows;
use crate::protocol::SweepSummary;
use crate::ui::state::{Msg, Shared};
use crate::ui::store::Store;
use crate::ui::widgets::{Button, ButtonKind, SortHeader, SortedRows, SortedValues, Sorting};

/// The table; `chosen` is a row's position, `sorting` outlives a sweep that goes on.
#[component]
pub(super) fn RunTable(
    summary: Shared<SweepSummary>,
    chosen: RwSignal<Option<usize>>,
    sorting: RwSignal<Sorting>,
) -> impl IntoView {
    let rows = Arc::new(rows::table(&summary));
    let heads = heads(&rows, sorting);
    let body = move || {
        let row =
            |at: u32| view! { <RunRow summary=summary.clone() rows=Arc::clone(&rows) at=at as usize chosen=chosen /> };
        rows.order(sorting.get()).into_iter().map(row).collect_view()
    };
    view! {
        <div class="sweep-table" id="sweep-table" role="region" aria-label="Runs" tabindex="0">
            <table>
                <thead>
                    <tr>{heads} <th scope="col">"Use"</th></tr>
                </thead>
                <tbody>{body}</tbody>
            </table>
        </div>
    }
}

fn heads(rows: &SortedRows, sorting: RwSignal<Sorting>) -> Vec<AnyView> {
    let head = |at: usize, text: String, hint: &'static str, is_number: bool| {
        let order = Signal::derive(move || {
            let (column, descending) = sorting.get();
            (column == at).then_some(descending)
        });
        let sort = move |()| {
            sorting.update(|(column, descending)| {
                *descending = *column == at && !*descending;
                *column = at;
            });
        };
        view! { <SortHeader text=text hint=hint is_number=is_number descending=order on_sort=Callback::new(sort) /> }
            .into_any()
    };
    let columns = rows.columns.iter().enumerate().map(|(at, column)| {
        let is_number = !matches!(column.values, SortedValues::Texts(_));
        head(at + 1, column.head.clone(), column.hint, is_number)
    });
    [head(0, rows.id_head.to_owned(), "Its number", true)].into_iter().chain(columns).collect()
}

#[component]
fn RunRow(
    summary: Shared<SweepSummary>,
    rows: Arc<SortedRows>,
    at: usize,
    chosen: RwSignal<Option<usize>>,
) -> impl IntoView {
    let store = Store::get();
    let is_busy = store.memo(|state| state.jobs.sweep.is_running() || state.jobs.train.is_running());
    let row = &summary.rows[at];
    let (run, is_kept, was_trained) = (row.run, row.is_kept, row.params.is_some());
    let name = format!("Use run {}: {}", run + 1, rows::name(row));
    let dropped = row.scores().is_some() && row.kind == crate::protocol::SweepKind::Trained && !is_kept;
    let cells = rows.texts(at).into_iter().map(|(text, is_number)| {
        view! { <td class:number=is_number title=text.clone()>{text.clone()}</td> }
    });
    view! {
        <tr aria-current=move || (chosen.get() == Some(at)).then_some("true") on:click=move |_| chosen.set(Some(at))>
            {cells.collect_view()}
            <td>
                {(is_kept && was_trained).then(|| view! {
                    <span class="visually-hidden">{name}</span>
                    <Button
                        kind=ButtonKind::Quiet
                        text="Use this one"
                        disabled=is_busy
                        on_press=move || store.send(Msg::UseSweepRun(run))
                    />
                })}
                {dropped.then_some("weights dropped")}
            </td>
        </tr>
    }
}
