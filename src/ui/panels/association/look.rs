//! What to look at of what was measured: the column, and what its heat map or its table shows.

use leptos::prelude::*;

use crate::protocol::{AssociationSummary, HeatMapOrder, HeatMapValue, LabelMapQuery, LabelTableQuery};
use crate::ui::state::{LabelAsk, Msg, Shared};
use crate::ui::store::Store;
use crate::ui::widgets::Select;

/// The label column that is looked at.
#[component]
pub(super) fn ColumnSelect(columns: Vec<String>) -> impl IntoView {
    let store = Store::get();
    let value = store.memo(|state| state.labels.map_query.as_ref().map(|query| query.column.clone()));
    let options: Vec<(String, String)> = columns.into_iter().map(|name| (name.clone(), name)).collect();
    let choose = move |column: String| {
        ask_map(store, |query| query.column.clone_from(&column));
        store.send(Msg::Labels(LabelAsk::Table(LabelTableQuery { column, category: None })));
    };
    view! {
        <Select
            label="Label"
            options=Signal::stored(options)
            value=Signal::derive(move || value.get().unwrap_or_default())
            on_change=Callback::new(choose)
        />
    }
}

/// Asks for the heat map with a change.
fn ask_map(store: Store, change: impl FnOnce(&mut LabelMapQuery)) {
    if let Some(mut query) = store.peek(|state| state.labels.map_query.clone()) {
        change(&mut query);
        store.send(Msg::Labels(LabelAsk::Map(query)));
    }
}

/// Values to choose from by their names.
type Named<T> = [(&'static str, T)];

const VALUES: [(&str, HeatMapValue); 3] =
    [("AUROC", HeatMapValue::Auroc), ("Best F1", HeatMapValue::F1), ("Mean, scaled", HeatMapValue::ScaledMean)];
const PER_LABEL: [(&str, usize); 4] = [("3", 3), ("5", 5), ("10", 10), ("25", 25)];
const ORDERS: [(&str, HeatMapOrder); 2] =
    [("Best label", HeatMapOrder::BestCategory), ("Number", HeatMapOrder::Feature)];

/// What colours stand for, which features, and in which order.
#[component]
pub(super) fn MapChoices() -> impl IntoView {
    view! {
        {map_select("Colour", &VALUES, |query| &mut query.value)}
        {map_select("Features per category", &PER_LABEL, |query| &mut query.per_label)}
        {map_select("Order", &ORDERS, |query| &mut query.order)}
    }
}

/// One choice of the heat map.
fn map_select<T: PartialEq + Copy + Send + Sync + 'static>(
    label: &'static str,
    list: &'static Named<T>,
    part: fn(&mut LabelMapQuery) -> &mut T,
) -> impl IntoView {
    let store = Store::get();
    let value = store.memo(move |state| {
        let mut query = state.labels.map_query.clone()?;
        let chosen = *part(&mut query);
        list.iter().find(|(_, value)| *value == chosen).map(|(name, _)| (*name).to_owned())
    });
    let choose = move |name: String| {
        if let Some((_, value)) = list.iter().find(|(known, _)| *known == name) {
            ask_map(store, |query| *part(query) = *value);
        }
    };
    let options: Vec<_> = list.iter().map(|(name, _)| ((*name).to_owned(), (*name).to_owned())).collect();
    view! {
        <Select
            label=label
            options=Signal::stored(options)
            value=Signal::derive(move || value.get().unwrap_or_default())
            on_change=Callback::new(choose)
        />
    }
}

/// Which category features are held against.
#[component]
pub(super) fn TableChoices(association: Shared<AssociationSummary>) -> impl IntoView {
    let store = Store::get();
    let query = store.memo(|state| state.labels.table_query.clone());
    let options = Signal::derive(move || {
        let column = query.with(|query| query.as_ref().map(|query| query.column.clone())).unwrap_or_default();
        let categories = association.columns.iter().find(|known| known.name == column).map(|known| &known.categories);
        let best = (String::new(), "Best of each feature".to_owned());
        let names = categories.into_iter().flatten().map(|(name, _)| (name.clone(), name.clone()));
        [best].into_iter().chain(names).collect::<Vec<_>>()
    });
    let value = move || query.with(|query| query.as_ref().and_then(|query| query.category.clone()).unwrap_or_default());
    let choose = move |category: String| {
        let Some(column) = query.with_untracked(|query| query.as_ref().map(|query| query.column.clone())) else {
            return;
        };
        let category = (!category.is_empty()).then_some(category);
        store.send(Msg::Labels(LabelAsk::Table(LabelTableQuery { column, category })));
    };
    view! {
        <Select
            label="Category"
            options=options
            value=Signal::derive(value)
            on_change=Callback::new(choose)
        />
    }
}
