//! A table whose rows are all there, sorted where it stands: a press on a head sorts, another turns the order round.
//!
//! NaN and empty texts come last in either direction; equals keep the rows' own order.

use std::cmp::Ordering;
use std::sync::Arc;

use leptos::prelude::*;

use super::{SortHeader, VirtualTable};

/// The values of a column.
#[derive(Clone, Debug)]
pub(crate) enum SortedValues {
    /// Numbers and how they are written.
    Numbers(Vec<f64>, fn(f64) -> String),
    /// Numbers above and below 0, sorted by their size.
    Sizes(Vec<f64>, fn(f64) -> String),
    /// Texts.
    Texts(Vec<String>),
}

/// A column.
#[derive(Clone, Debug)]
pub(crate) struct SortedColumn {
    pub(crate) head: String,
    pub(crate) hint: &'static str,
    pub(crate) values: SortedValues,
}

/// Rows with an id each; the id is the first column.
#[derive(Clone, Debug, Default)]
pub(crate) struct SortedRows {
    /// What rows are called: "Feature".
    pub(crate) id_head: &'static str,
    /// `[n_rows]`
    pub(crate) ids: Vec<u32>,
    /// Each `[n_rows]`.
    pub(crate) columns: Vec<SortedColumn>,
}

/// The column sorted by, 0 the ids, and whether from the largest down.
pub(crate) type Sorting = (usize, bool);

impl SortedRows {
    /// Positions of the rows in the order asked for.
    pub(crate) fn order(&self, (column, descending): Sorting) -> Vec<u32> {
        let mut order: Vec<u32> = (0..self.ids.len() as u32).collect();
        let turned = |order: Ordering| if descending { order.reverse() } else { order };
        match column.checked_sub(1).and_then(|at| self.columns.get(at)).map(|column| &column.values) {
            None => order.sort_by(|&a, &b| turned(self.ids[a as usize].cmp(&self.ids[b as usize]))),
            Some(SortedValues::Numbers(values, _)) => order.sort_by(|&a, &b| {
                let (a, b) = (values[a as usize], values[b as usize]);
                a.is_nan().cmp(&b.is_nan()).then_with(|| turned(a.total_cmp(&b)))
            }),
            Some(SortedValues::Sizes(values, _)) => order.sort_by(|&a, &b| {
                let (a, b) = (values[a as usize].abs(), values[b as usize].abs());
                a.is_nan().cmp(&b.is_nan()).then_with(|| turned(a.total_cmp(&b)))
            }),
            Some(SortedValues::Texts(values)) => order.sort_by(|&a, &b| {
                let (a, b) = (&values[a as usize], &values[b as usize]);
                a.is_empty().cmp(&b.is_empty()).then_with(|| turned(a.cmp(b)))
            }),
        }
        order
    }

    /// The texts of a row and whether each is a number.
    pub(crate) fn texts(&self, row: usize) -> Vec<(String, bool)> {
        let text = |column: &SortedColumn| match &column.values {
            SortedValues::Numbers(values, write) | SortedValues::Sizes(values, write) => (write(values[row]), true),
            SortedValues::Texts(values) => (values[row].clone(), false),
        };
        [(self.ids[row].to_string(), true)].into_iter().chain(self.columns.iter().map(text)).collect()
    }
}

/// A sorted table.
#[component]
pub(crate) fn SortedTable(
    label: &'static str,
    #[prop(into)] rows: Signal<Arc<SortedRows>>,
    sorting: RwSignal<Sorting>,
    /// The id of the chosen row.
    #[prop(into)]
    selected: Signal<Option<u32>>,
    on_select: Callback<u32>,
) -> impl IntoView {
    let order = Memo::new(move |_| rows.with(|rows| rows.order(sorting.get())));
    let revision = Memo::new(move |before: Option<&u64>| {
        rows.track();
        order.track();
        before.map_or(0, |before| before + 1)
    });
    let question = Memo::new(move |before: Option<&u64>| {
        sorting.track();
        before.map_or(0, |before| before + 1)
    });
    let row_at = move |at: usize| order.with_untracked(|order| order.get(at).map(|&row| row as usize));
    let id_at = move |at: usize| row_at(at).and_then(|row| rows.with_untracked(|rows| rows.ids.get(row).copied()));
    let cells = move |at: usize| {
        let texts = row_at(at).map(|row| rows.with_untracked(|rows| rows.texts(row))).unwrap_or_default();
        let cell = |(text, is_number): (String, bool)| {
            view! { <td role="gridcell" class:number=is_number title=text.clone()>{text.clone()}</td> }
        };
        texts.into_iter().map(cell).collect_view().into_any()
    };
    let position = move || {
        let id = selected.get()?;
        rows.with(|rows| order.with(|order| order.iter().position(|&row| rows.ids[row as usize] == id)))
    };
    let select = move |at: usize| {
        if let Some(id) = id_at(at) {
            on_select.run(id);
        }
    };
    view! {
        <VirtualTable
            label=label
            n_rows=Signal::derive(move || order.with(Vec::len))
            revision=revision
            question=question
            chosen=Signal::derive(position)
            row=Callback::new(cells)
            is_selected=Callback::new(move |at| selected.get().is_some() && selected.get() == id_at(at))
            on_select=Callback::new(select)
            on_scroll=Callback::new(|_| ())
            head=Arc::new(move || view! { <Heads rows=rows sorting=sorting /> }.into_any())
        />
    }
}

#[component]
fn Heads(rows: Signal<Arc<SortedRows>>, sorting: RwSignal<Sorting>) -> impl IntoView {
    let head = move |(at, text, hint, is_number): (usize, String, &'static str, bool)| {
        let order = Signal::derive(move || {
            let (column, descending) = sorting.get();
            (column == at).then_some(descending)
        });
        // Numbers are read from the largest down, names and ids from the first up.
        let first = is_number && at > 0;
        let sort = move |()| {
            sorting.update(|(column, descending)| {
                *descending = if *column == at { !*descending } else { first };
                *column = at;
            });
        };
        view! { <SortHeader text=text hint=hint is_number=is_number descending=order on_sort=Callback::new(sort) /> }
    };
    move || {
        let rows = rows.get();
        let columns = rows.columns.iter().enumerate().map(|(at, column)| {
            let is_number = !matches!(column.values, SortedValues::Texts(_));
            (at + 1, column.head.clone(), column.hint, is_number)
        });
        [(0, rows.id_head.to_owned(), "Its number", true)].into_iter().chain(columns).map(head).collect_view()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows() -> SortedRows {
        let column = |head: &str, values| SortedColumn { head: head.to_owned(), hint: "", values };
        SortedRows {
            id_head: "Feature",
            ids: vec![4, 7, 9, 2],
            columns: vec![
                column("x", SortedValues::Numbers(vec![1.0, f64::NAN, 3.0, 1.0], |x| format!("{x:.1}"))),
                column("change", SortedValues::Sizes(vec![1.0, -3.0, f64::NAN, 2.0], |x| format!("{x:+}"))),
                column("name", SortedValues::Texts(vec!["b".into(), String::new(), "a".into(), "c".into()])),
            ],
        }
    }

    #[test]
    fn what_does_not_exist_comes_last_and_equals_keep_their_order() {
        let rows = rows();
        assert_eq!(rows.order((1, true)), [2, 0, 3, 1]);
        assert_eq!(rows.order((1, false)), [0, 3, 2, 1]);
        assert_eq!(rows.order((2, true)), [1, 3, 0, 2]);
        assert_eq!(rows.order((3, false)), [2, 0, 3, 1]);
        assert_eq!(rows.order((3, true)), [3, 0, 2, 1]);
        assert_eq!(rows.order((0, false)), [3, 0, 1, 2]);
    }

    #[test]
    fn numbers_are_written_as_their_column_says() {
        assert_eq!(
            rows().texts(0),
            [("4".into(), true), ("1.0".into(), true), ("+1".into(), true), ("b".into(), false)]
        );
    }
}
