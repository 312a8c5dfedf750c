//! A table of any length of which only the rows on screen exist.
//!
//! Rows have one height. The table is one stop for the tab key; arrow keys, Page Up and Down, Home and End move a
//! cursor, Enter chooses the row under it. Screen readers hear the true row count and positions.

use leptos::ev::KeyboardEvent;
use leptos::html;
use leptos::prelude::*;

use super::{Icon, IconName, unique_id};

/// Height of a row in CSS pixels; `--table-row` in `tokens.css` is the same.
pub(crate) const ROW_HEIGHT: f64 = 28.0;

/// Rows drawn above and below those on screen.
const MARGIN_ROWS: usize = 8;

/// A column head; with `on_sort` it is a button, and its sort order is said.
#[component]
pub(crate) fn SortHeader(
    #[prop(into)] text: String,
    #[prop(optional)] hint: &'static str,
    #[prop(default = false)] is_number: bool,
    /// `Some(true)` if sorted by this column from the largest down.
    #[prop(optional, into)]
    descending: Signal<Option<bool>>,
    #[prop(optional)] on_sort: Option<Callback<()>>,
) -> impl IntoView {
    let order = move || descending.get().map(|descending| if descending { "descending" } else { "ascending" });
    let arrow = move || {
        let name = if descending.get()? { IconName::SortDown } else { IconName::SortUp };
        Some(view! { <Icon name=name /> })
    };
    let head = match on_sort {
        None => view! { <span>{text}</span> }.into_any(),
        Some(sort) => view! {
            <button type="button" class="table-sort" on:click=move |_| sort.run(())>
                <span>{text}</span>
                {arrow}
            </button>
        }
        .into_any(),
    };
    view! {
        <th scope="col" role="columnheader" class:number=is_number title=hint aria-sort=order>
            {head}
        </th>
    }
}

/// A virtual table.
#[component]
pub(crate) fn VirtualTable(
    label: &'static str,
    /// Rows in all.
    #[prop(into)]
    n_rows: Signal<usize>,
    /// Changes whenever rows on screen have to be drawn anew.
    #[prop(into)]
    revision: Signal<u64>,
    /// Changes whenever the table should be seen from its top.
    #[prop(into)]
    question: Signal<u64>,
    /// Position of the chosen row; scrolled into view when it changes.
    #[prop(into)]
    chosen: Signal<Option<usize>>,
    /// The cells of a row.
    row: Callback<usize, AnyView>,
    /// Whether a row is the chosen one.
    is_selected: Callback<usize, bool>,
    /// A row was chosen.
    on_select: Callback<usize>,
    /// The first row on screen changed.
    on_scroll: Callback<usize>,
    head: ChildrenFn,
) -> impl IntoView {
    let id = unique_id("table");
    let scroller = NodeRef::<html::Div>::new();
    let first = RwSignal::new(0_usize);
    let n_visible = RwSignal::new(20_usize);
    let cursor = RwSignal::new(None::<usize>);
    let measure = move || {
        let Some(scroller) = scroller.get_untracked() else { return };
        n_visible.set((f64::from(scroller.client_height()) / ROW_HEIGHT).ceil() as usize);
        let top = (f64::from(scroller.scroll_top()) / ROW_HEIGHT) as usize;
        if first.get_untracked() != top {
            first.set(top);
            on_scroll.run(top);
        }
    };
    let range = Memo::new(move |_| visible(first.get(), n_visible.get(), n_rows.get()));
    let on_key = move |event: KeyboardEvent| {
        if event.key() == "Enter" {
            if let Some(at) = cursor.get_untracked() {
                on_select.run(at);
            }
            return;
        }
        let page = n_visible.get_untracked().saturating_sub(2);
        let Some(next) = moved(&event.key(), cursor.get_untracked(), page, n_rows.get_untracked()) else { return };
        event.prevent_default();
        cursor.set(Some(next));
        reveal(scroller, next);
    };
    let row_id = {
        let id = id.clone();
        move |at: usize| format!("{id}-row-{at}")
    };
    let active = {
        let row_id = row_id.clone();
        move || cursor.get().filter(|at| range.get().contains(at)).map(&row_id)
    };
    let body = move || {
        let _ = revision.get();
        let rows = range.get();
        let spacer =
            |n: usize| view! { <tr aria-hidden="true" style:height=format!("{}px", n as f64 * ROW_HEIGHT)></tr> };
        let before = spacer(rows.start);
        let after = spacer(n_rows.get().saturating_sub(rows.end));
        let rows = rows.map(|at| {
            view! {
                <tr
                    id=row_id(at)
                    role="row"
                    aria-rowindex=at + 2
                    aria-selected=move || is_selected.run(at).to_string()
                    class:table-cursor=move || cursor.get() == Some(at)
                    on:click=move |_| {
                        cursor.set(Some(at));
                        on_select.run(at);
                    }
                >
                    {row.run(at)}
                </tr>
            }
        });
        view! { {before} {rows.collect_view()} {after} }
    };
    Effect::new(move |_| {
        let _ = n_rows.get();
        measure();
    });
    Effect::new(move |before: Option<u64>| {
        let now = question.get();
        if let Some(scroller) = scroller.get_untracked().filter(|_| before.is_some_and(|before| before != now)) {
            scroller.set_scroll_top(0);
            cursor.set(None);
        }
        now
    });
    Effect::new(move |_| {
        if let Some(at) = chosen.get() {
            cursor.set(Some(at));
            reveal(scroller, at);
        }
    });
    view! {
        <div
            class="virtual-table"
            node_ref=scroller
            tabindex="0"
            role="group"
            aria-label=label
            aria-activedescendant=active
            on:scroll=move |_| measure()
            on:keydown=on_key
        >
            <table role="grid" aria-label=label aria-rowcount=move || n_rows.get() + 1>
                <thead>
                    <tr role="row" aria-rowindex="1">{head()}</tr>
                </thead>
                <tbody>{body}</tbody>
            </table>
        </div>
    }
}

fn visible(first: usize, n_visible: usize, n_rows: usize) -> std::ops::Range<usize> {
    let end = (first + n_visible + MARGIN_ROWS).min(n_rows);
    first.saturating_sub(MARGIN_ROWS).min(end)..end
}

/// Where a key moves the cursor.
fn moved(key: &str, cursor: Option<usize>, page: usize, n_rows: usize) -> Option<usize> {
    let last = n_rows.checked_sub(1)?;
    let Some(at) = cursor else { return matches!(key, "ArrowDown" | "ArrowUp" | "Home").then_some(0) };
    match key {
        "ArrowDown" => Some((at + 1).min(last)),
        "ArrowUp" => Some(at.saturating_sub(1)),
        "PageDown" => Some((at + page).min(last)),
        "PageUp" => Some(at.saturating_sub(page)),
        "Home" => Some(0),
        "End" => Some(last),
        _ => None,
    }
}

/// Scrolls so that a row is seen under the head.
fn reveal(scroller: NodeRef<html::Div>, at: usize) {
    let Some(scroller) = scroller.get_untracked() else { return };
    let top = at as f64 * ROW_HEIGHT;
    let room = f64::from(scroller.client_height()) - 2.0 * ROW_HEIGHT;
    let seen = f64::from(scroller.scroll_top());
    if top < seen {
        scroller.set_scroll_top(top as i32);
    } else if top > seen + room {
        scroller.set_scroll_top((top - room).ceil() as i32);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_rows_near_the_screen_exist() {
        assert_eq!(visible(0, 10, 1000), 0..18);
        assert_eq!(visible(500, 10, 1000), 492..518);
        assert_eq!(visible(995, 10, 1000), 987..1000);
        assert_eq!(visible(995, 10, 3), 3..3);
        assert_eq!(visible(0, 10, 0), 0..0);
    }

    #[test]
    fn the_cursor_stays_in_the_table() {
        assert_eq!(moved("ArrowDown", None, 5, 3), Some(0));
        assert_eq!(moved("ArrowDown", Some(2), 5, 3), Some(2));
        assert_eq!(moved("PageUp", Some(2), 5, 3), Some(0));
        assert_eq!(moved("End", Some(0), 5, 3), Some(2));
        assert_eq!(moved("ArrowDown", None, 5, 0), None);
    }
}
