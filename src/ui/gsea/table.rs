//! The sets of a GSEA as a table: a set's name, which opens its running sum, over its numbers.

use leptos::prelude::*;

use super::rows::{CAPTION, GseaRow, HEADS, Way, chart};
use crate::protocol::GseaCurve;
use crate::ui::card::{Chart, More};
use crate::ui::state::{Remote, Shared};
use crate::ui::widgets::{Banner, BannerKind, Choice as ChoiceField};

/// Sets that are seen before a person asks for more.
const SHOWN_SETS: usize = 10;

/// Key, text and meaning of each choice of sets.
const WAYS: [(&str, &str, &str); 3] = [
    ("all", "All", "Sets up and down together, smallest p first"),
    ("up", "Up", "Sets whose genes stand high: more in the feature's cells"),
    ("down", "Down", "Sets whose genes stand low: less in the feature's cells"),
];

fn is_of(row: &GseaRow, ways: &str) -> bool {
    match ways {
        "up" => row.way == Way::Up,
        "down" => row.way == Way::Down,
        _ => true,
    }
}

/// What is looked at.
#[derive(Clone, Copy)]
pub(super) struct Choice {
    /// The set whose running sum is open.
    pub(super) chosen: Signal<Option<u32>>,
    /// Its running sum.
    pub(super) curve: Signal<Remote<Shared<GseaCurve>>>,
    /// A set was pressed; pressed again, it closes.
    pub(super) on_choose: Callback<Option<u32>>,
}

/// The table.
#[component]
pub(super) fn GseaTableView(rows: Vec<GseaRow>, choice: Choice) -> impl IntoView {
    let is_long = RwSignal::new(false);
    let ways = RwSignal::new("all".to_owned());
    let head = |(name, meaning): (&'static str, &'static str)| view! { <th scope="col" title=meaning>{name}</th> };
    let meanings: Vec<_> = HEADS.iter().map(|&(name, meaning)| view! { <dt>{name}</dt><dd>{meaning}</dd> }).collect();
    let of_ways =
        Memo::new(move |_| ways.with(|ways| rows.iter().filter(|row| is_of(row, ways)).cloned().collect::<Vec<_>>()));
    let shown =
        move || of_ways.get().into_iter().take(if is_long.get() { usize::MAX } else { SHOWN_SETS }).collect::<Vec<_>>();
    view! {
        <ChoiceField
            label="Gene sets listed"
            has_visible_label=false
            options=WAYS.to_vec()
            value=ways
            on_change=Callback::new(move |key| ways.set(key))
        />
        {move || of_ways.read().is_empty().then(|| view! { <p class="muted">"None of the sets goes this way."</p> })}
        <div class="card-scroll">
            <table id="gsea-table" class="card-table card-table-wide term-table">
                <thead>
                    <tr>{HEADS.into_iter().map(head).collect_view()}</tr>
                </thead>
                <For each=shown key=|row| row.set children=move |row| set_body(row, choice) />
            </table>
        </div>
        {move || view! { <More is_long=is_long n_all=of_ways.read().len() n_shown=SHOWN_SETS /> }}
        <details class="table-twin">
            <summary>"What the columns mean"</summary>
            <dl class="column-meanings">{meanings}</dl>
        </details>
    }
}

/// A set: its name, its numbers, and its running sum while it is open.
fn set_body(row: GseaRow, choice: Choice) -> impl IntoView {
    let GseaRow { set, name, numbers, edge, alike, .. } = row;
    let Choice { chosen, on_choose, .. } = choice;
    let is_open = Memo::new(move |_| chosen.get() == Some(set));
    let details = move || {
        is_open.get().then(|| {
            view! {
                <tr>
                    <td colspan=HEADS.len()>
                        <RunningSumView choice=choice set=set edge=edge.clone() alike=alike.clone() />
                    </td>
                </tr>
            }
        })
    };
    view! {
        <tbody>
            <tr>
                <th scope="rowgroup" colspan=HEADS.len()>
                    <button
                        type="button"
                        class="gene gsea-set"
                        title="Show or hide the running sum of this set"
                        aria-expanded=move || is_open.get().to_string()
                        on:click=move |_| on_choose.run((!is_open.get_untracked()).then_some(set))
                    >
                        {name}
                    </button>
                </th>
            </tr>
            <tr>{numbers.map(|number| view! { <td>{number}</td> }).collect_view()}</tr>
            {details}
        </tbody>
    }
}

#[component]
fn RunningSumView(choice: Choice, set: u32, edge: String, alike: String) -> impl IntoView {
    let curve =
        Memo::new(move |_| choice.curve.with(|curve| curve.value.clone().filter(|curve| curve.term.set == set)));
    let error = Memo::new(move |_| choice.curve.with(|curve| curve.error.clone()));
    view! {
        <div class="gsea-details">
            {move || error.get().map(|text| view! { <Banner kind=BannerKind::Error text=text /> })}
            {move || match curve.get() {
                Some(curve) => {
                    view! {
                        <figure id="gsea-chart" class="gsea-figure">
                            <Chart svg=chart(&curve) />
                            <figcaption class="card-note">{CAPTION}</figcaption>
                        </figure>
                    }
                        .into_any()
                }
                None if error.get().is_some() => ().into_any(),
                None => view! { <p class="muted" role="status">"Drawing the running sum"</p> }.into_any(),
            }}
            <p class="term-hits">{edge}</p>
            {(!alike.is_empty()).then(|| view! { <p class="muted">{alike}</p> })}
        </div>
    }
}
