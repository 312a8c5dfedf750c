//! The centre: the cell map, where its coordinates come from, and what it is coloured by.

use leptos::prelude::*;

use crate::data::CellSelection;
use crate::protocol::{CellColor, MapSource, NoticeLevel};
use crate::ui::map::{MapInput, MapView};
use crate::ui::state::{Msg, State, map_choices};
use crate::ui::store::Store;
use crate::ui::text;
use crate::ui::theme::ThemeStore;
use crate::ui::widgets::{Banner, BannerKind, SearchField, Select};

/// The map panel.
#[component]
pub(crate) fn MapPanel() -> impl IntoView {
    view! {
        <section class="map-panel" aria-label="Cell map">
            <MapBar />
            <MapErrors />
            <Cells />
        </section>
    }
}

/// The map itself.
#[component]
fn Cells() -> impl IntoView {
    let store = Store::get();
    let name = store.memo(State::shown_name);
    let input = MapInput {
        points: store.memo(State::shown_points).into(),
        coloring: store.memo(State::shown_coloring).into(),
        color_name: store.memo(colored_by).into(),
        chosen: store.memo(|state| state.chosen.clone()).into(),
        selection: store.memo(|state| state.selection.clone()).into(),
        hover: store.memo(|state| state.hover.clone()).into(),
        steer: store.memo(|state| state.steer.value.clone()).into(),
        theme: ThemeStore::get().theme,
        data_name: Signal::derive(move || name.get().unwrap_or_default()),
        is_loading: store.memo(|state| state.map.is_loading || state.coloring.is_loading).into(),
    };
    let lasso = move |rows: Option<Vec<u32>>| {
        let selection = rows.map_or(CellSelection::All, CellSelection::Rows);
        store.send(Msg::SelectCells(selection));
    };
    view! {
        <MapView
            input=input
            on_hover=Callback::new(move |row| store.send(Msg::HoverCell(row)))
            on_lasso=Callback::new(lasso)
            on_label=Callback::new(move |choice| store.send(Msg::ToggleLabel(choice)))
            on_error=Callback::new(move |text| store.send(Msg::Say { level: NoticeLevel::Warning, text }))
        />
    }
}

/// What can be chosen over the map.
#[component]
fn MapBar() -> impl IntoView {
    let store = Store::get();
    let maps = store.memo(maps);
    let source = store.memo(|state| shown_source(state).as_ref().map(text::map_name).unwrap_or_default());
    let show = Callback::new(move |name: String| {
        let source = maps.with_untracked(|maps| maps.iter().find(|map| text::map_name(map) == name).cloned());
        if let Some(source) = source {
            store.send(Msg::ShowMap(source));
        }
    });
    let options = Signal::derive(move || {
        maps.get().iter().map(|map| (text::map_name(map), text::map_name(map))).collect::<Vec<_>>()
    });
    view! {
        <div class="map-bar">
            <Show when=move || !options.read().is_empty()>
                <Select label="Map" options=options value=source on_change=show />
            </Show>
            <ColorSelect />
            <GeneSearch />
        </div>
    }
}

fn maps(state: &State) -> Vec<MapSource> {
    match &state.dataset {
        Some(dataset) => map_choices(dataset),
        None => shown_source(state).into_iter().collect(),
    }
}

/// The chosen map, or the preview's.
fn shown_source(state: &State) -> Option<MapSource> {
    let preview = || state.preview.as_ref().map(|preview| preview.points.source.clone());
    state.map_source.clone().or_else(preview)
}

/// What the colours stand for.
fn colored_by(state: &State) -> String {
    let names = state.gene_names.value.clone();
    let name = |color: &CellColor| text::color_name(color, names.as_ref().map(|names| names.as_slice()));
    state.shown_coloring().map(|coloring| name(&coloring.color)).unwrap_or_default()
}

/// Colour by a label or by the chosen feature.
#[component]
fn ColorSelect() -> impl IntoView {
    let store = Store::get();
    let options = store.memo(color_options);
    let value = store.memo(|state| {
        let preview = || state.preview.as_ref().map(|preview| preview.coloring.color.clone());
        state.color.clone().or_else(preview).as_ref().map(color_key).unwrap_or_default()
    });
    let choose = Callback::new(move |key: String| {
        if let Some(color) = store.peek(|state| color_of_key(state, &key)) {
            store.send(Msg::ColorBy(color));
        }
    });
    view! {
        <Show when=move || !options.read().is_empty()>
            <Select label="Colour" options=options value=value on_change=choose />
        </Show>
    }
}

fn color_key(color: &CellColor) -> String {
    match color {
        CellColor::Label(name) => format!("label:{name}"),
        CellColor::Feature(feature) => format!("feature:{feature}"),
        CellColor::Gene(gene) => format!("gene:{gene}"),
    }
}

/// All labels, the chosen feature, and the gene that is shown.
fn colors(state: &State) -> Vec<CellColor> {
    let labels = state.shown_label_names().into_iter().map(CellColor::Label);
    let feature = state.selected_feature.map(CellColor::Feature);
    let shown = state.color.clone().filter(|color| match color {
        CellColor::Gene(_) => true,
        CellColor::Feature(shown) => Some(*shown) != state.selected_feature,
        CellColor::Label(_) => false,
    });
    labels.chain(feature).chain(shown).collect()
}

fn color_options(state: &State) -> Vec<(String, String)> {
    let names = state.gene_names.value.clone();
    let name = |color: &CellColor| text::color_name(color, names.as_ref().map(|names| names.as_slice()));
    colors(state).iter().map(|color| (color_key(color), name(color))).collect()
}

fn color_of_key(state: &State, key: &str) -> Option<CellColor> {
    colors(state).into_iter().find(|color| color_key(color) == key)
}

/// Genes offered while a person types.
const MAX_SUGGESTIONS: usize = 20;

/// Colour by a gene: type its name, choose it or press Enter.
#[component]
fn GeneSearch() -> impl IntoView {
    let store = Store::get();
    let typed = RwSignal::new(String::new());
    let names = store.memo(|state| state.gene_names.value.clone());
    let suggestions = move || {
        let typed = typed.get();
        names.with(|names| names.as_ref().map(|names| suggest(names, &typed)).unwrap_or_default())
    };
    let on_input = Callback::new(move |text: String| {
        let gene = names.with_untracked(|names| names.as_ref().and_then(|names| gene_named(names, &text)));
        typed.set(text);
        if let Some(gene) = gene {
            store.send(Msg::ColorBy(CellColor::Gene(gene)));
        }
    });
    view! {
        <Show when=move || names.read().is_some()>
            <SearchField
                label="Colour by a gene"
                placeholder="Gene"
                value=typed
                on_input=on_input
                list="gene-suggestions"
            />
            <datalist id="gene-suggestions">
                {move || suggestions().into_iter().map(|name| view! { <option value=name></option> }).collect_view()}
            </datalist>
        </Show>
    }
}

/// Names that begin with what was typed, then names that hold it, both in file order; case does not matter.
fn suggest(names: &[String], typed: &str) -> Vec<String> {
    let typed = typed.trim().to_ascii_uppercase();
    if typed.is_empty() {
        return Vec::new();
    }
    let upper = |name: &String| name.to_ascii_uppercase();
    let begins = names.iter().filter(|name| upper(name).starts_with(&typed));
    let holds = names.iter().filter(|name| !upper(name).starts_with(&typed) && upper(name).contains(&typed));
    begins.chain(holds).take(MAX_SUGGESTIONS).cloned().collect()
}

/// The gene of exactly that name; case counts only if names differ by nothing else.
fn gene_named(names: &[String], typed: &str) -> Option<crate::data::GeneId> {
    let typed = typed.trim();
    let exact = names.iter().position(|name| name == typed);
    let position = exact.or_else(|| names.iter().position(|name| name.eq_ignore_ascii_case(typed)));
    position.map(crate::data::GeneId::from_index)
}

#[component]
fn MapErrors() -> impl IntoView {
    let store = Store::get();
    let error = store.memo(|state| state.map.error.clone().or_else(|| state.coloring.error.clone()));
    move || error.get().map(|text| view! { <Banner kind=BannerKind::Error text=text /> })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::GeneId;

    fn names() -> Vec<String> {
        ["TISG15", "ISG15", "isg15", "ISG20"].map(str::to_owned).to_vec()
    }

    #[test]
    fn names_that_begin_with_the_text_come_first() {
        assert_eq!(suggest(&names(), "isg"), ["ISG15", "isg15", "ISG20", "TISG15"]);
        assert!(suggest(&names(), " ").is_empty());
    }

    #[test]
    fn exact_case_wins() {
        assert_eq!(gene_named(&names(), "isg15"), Some(GeneId(2)));
        assert_eq!(gene_named(&names(), "Isg20"), Some(GeneId(3)));
        assert_eq!(gene_named(&names(), "ISG"), None);
    }
}
