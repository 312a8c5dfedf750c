//! All features, to be sorted, searched, chosen and saved.

use leptos::prelude::*;

use crate::data::FeatureId;
use crate::plot::format;
use crate::protocol::{
    AnalysisMode, AssociationParams, Convention, ExportKind, FeatureRow, FeatureSort, TableFormat, TableStyle,
};
use crate::ui::method_line;
use crate::ui::state::{Msg, State, TableEdit};
use crate::ui::store::Store;
use crate::ui::widgets::{
    Banner, BannerKind, Button, ButtonKind, Checkbox, IconName, Menu, SearchField, SortHeader, VirtualTable,
};

/// Class of the search box, for the shortcut that goes there.
pub(crate) const SEARCH_ID: &str = "table-search";

/// The columns: name, what it is, whether it is a number, how it is sorted.
const COLUMNS: [(&str, &str, bool, Option<FeatureSort>); 9] = [
    ("Feature", "Its number", true, Some(FeatureSort::Id)),
    ("Cells", "Cells in which it is active", true, Some(FeatureSort::NActive)),
    ("Mean", "Mean activation of active cells", true, Some(FeatureSort::MeanActive)),
    ("Max", "Largest activation", true, Some(FeatureSort::Max)),
    ("Best label", "The label it tells apart best, with its AUROC", false, Some(FeatureSort::BestAuroc)),
    ("Top genes", "Genes highest above their background", false, None),
    ("Terms", "Gene sets kept by the tests of the analysis", true, Some(FeatureSort::NTerms)),
    ("Top term", "The best gene set: among genes up, where there is one", false, Some(FeatureSort::BestTerm)),
    ("Stability", "Mean cosine with the features matched in other seeds", true, Some(FeatureSort::Stability)),
];

/// The line over the table: how the analysis was done.
#[component]
pub(super) fn TableMethod() -> impl IntoView {
    let store = Store::get();
    let method = store.memo(|state| state.analysis.as_deref().map(method_line::table));
    move || method.get().map(|line| view! { <p class="mode-line">{line}</p> })
}

pub(super) fn count_text(state: &State) -> String {
    match (&state.sae, &state.table) {
        (None, _) => String::new(),
        (Some(_), table) if table.query.search.is_empty() => format!("{} features", format::count(table.n_rows)),
        (Some(_), table) => format!("{} found", format::count(table.n_rows)),
    }
}

/// Search and files.
#[component]
pub(super) fn TableTools() -> impl IntoView {
    let store = Store::get();
    let search = store.memo(|state| state.table.query.search.clone());
    let with_dead = store.memo(|state| state.table.query.include_dead);
    let edit = move |edit: TableEdit| store.send(Msg::Table(edit));
    view! {
        <div class="drawer-tools">
            <div id=SEARCH_ID>
                <SearchField
                    label="Search features by number, gene or term"
                    placeholder="Number, gene or term"
                    value=search
                    on_input=Callback::new(move |text| edit(TableEdit::Search(text)))
                />
            </div>
            <Checkbox
                label="Dead too"
                hint="List features that are active in no cell"
                checked=with_dead
                on_change=Callback::new(move |on| edit(TableEdit::IncludeDead(on)))
            />
            <ExportMenu />
        </div>
    }
}

/// Tables to be saved.
#[component]
fn ExportMenu() -> impl IntoView {
    let store = Store::get();
    let has_analysis = store.memo(|state| state.analysis.as_ref().is_some_and(|analysis| !analysis.is_so_far));
    let is_busy = store.memo(|state| state.jobs.export.is_running());
    let needs_analysis = Signal::derive(move || is_busy.get() || !has_analysis.get());
    let is_sound =
        store.memo(|state| state.analysis.as_ref().is_some_and(|analysis| analysis.params.mode == AnalysisMode::Sound));
    let save = move |text: &'static str, kind: ExportKind, disabled: Signal<bool>| {
        view! {
            <Button
                kind=ButtonKind::Quiet
                text=text
                disabled=disabled
                on_press=move || store.send(Msg::Export(kind.clone()))
            />
        }
    };
    view! {
        <Menu label="Save tables as CSV" text="Save" icon=IconName::Download closes_on_choice=true>
            {save("Feature statistics", ExportKind::FeatureStatistics, is_busy.into())}
            {save("Labels of features", labels_table(), is_busy.into())}
            {save("Differential expression", genes_table(Convention::FeatureScope, TableFormat::Csv), needs_analysis)}
            {is_sound.get().then(|| view! {
                {save("… as Parquet", genes_table(Convention::FeatureScope, TableFormat::Parquet), needs_analysis)}
                {save("… in scanpy's columns", genes_table(Convention::Scanpy, TableFormat::Csv), needs_analysis)}
            })}
            {save("Gene set enrichment", sets_table(Convention::FeatureScope), needs_analysis)}
            {is_sound.get().then(|| view! {
                {save("… in GSEApy's columns", sets_table(Convention::GseaPy), needs_analysis)}
                {save("… in clusterProfiler's columns", sets_table(Convention::ClusterProfiler), needs_analysis)}
                {save("… in fgsea's columns", sets_table(Convention::Fgsea), needs_analysis)}
            })}
        </Menu>
    }
}

/// Genes in these tables have an adjusted p below this: all genes of all features would be millions of rows.
const GENES_BELOW: f64 = 0.05;

fn genes_table(convention: Convention, format: TableFormat) -> ExportKind {
    let style = TableStyle { format, convention };
    ExportKind::DifferentialExpression { feature: None, below: Some(GENES_BELOW), style, in_parts: false }
}

fn sets_table(convention: Convention) -> ExportKind {
    ExportKind::Enrichment { style: TableStyle { format: TableFormat::Csv, convention } }
}

fn labels_table() -> ExportKind {
    ExportKind::LabelAssociation { params: AssociationParams::default(), format: TableFormat::Csv }
}

#[component]
pub(super) fn TableBody() -> impl IntoView {
    let store = Store::get();
    let stage = store.memo(stage);
    move || match stage.get() {
        Stage::NoModel => {
            view! { <p class="empty">"Features are listed here once a sparse autoencoder is trained or loaded."</p> }
                .into_any()
        }
        Stage::Failed(text) => view! { <Banner kind=BannerKind::Error text=text /> }.into_any(),
        Stage::Loading => view! { <p class="empty" aria-live="polite">"Loading features"</p> }.into_any(),
        Stage::NothingFound => view! { <p class="empty">"No feature matches the search."</p> }.into_any(),
        Stage::Rows => view! { <Rows /> }.into_any(),
    }
}

#[derive(Clone, Debug, PartialEq)]
enum Stage {
    NoModel,
    Failed(String),
    Loading,
    NothingFound,
    Rows,
}

fn stage(state: &State) -> Stage {
    let table = &state.table;
    match &table.error {
        _ if state.sae.is_none() => Stage::NoModel,
        Some(error) => Stage::Failed(error.clone()),
        None if table.n_rows > 0 => Stage::Rows,
        None if table.is_loading => Stage::Loading,
        None => Stage::NothingFound,
    }
}

#[component]
fn Rows() -> impl IntoView {
    let store = Store::get();
    let selected = store.memo(|state| state.selected_feature);
    let feature_at = move |at: usize| store.peek(|state| state.table.row(at).map(|row| row.feature));
    let is_selected = move |at: usize| {
        let chosen = selected.get();
        chosen.is_some() && chosen == feature_at(at)
    };
    let select = move |at: usize| {
        if let Some(feature) = feature_at(at) {
            store.send(Msg::SelectFeature(Some(feature)));
        }
    };
    view! {
        <VirtualTable
            label="Features"
            n_rows=store.memo(|state| state.table.n_rows)
            revision=store.memo(|state| state.table.revision)
            question=store.memo(|state| state.table.question)
            chosen=store.memo(|state| state.selected_feature.and_then(|feature| state.table.position_of(feature)))
            row=Callback::new(move |at| {
                let (cells, n_columns) = store.peek(|state| (state.table.row(at).map(row_cells), n_columns(state)));
                row_view(cells, n_columns)
            })
            is_selected=Callback::new(is_selected)
            on_select=Callback::new(select)
            on_scroll=Callback::new(move |first| store.send(Msg::Table(TableEdit::ScrollTo(first))))
            head=std::sync::Arc::new(|| view! { <Head /> }.into_any())
        />
    }
}

#[component]
fn Head() -> impl IntoView {
    let store = Store::get();
    let head = move |(text, hint, is_number, sort): (&'static str, &'static str, bool, Option<FeatureSort>)| {
        let Some(sort) = sort else {
            return view! { <SortHeader text=text hint=hint is_number=is_number /> }.into_any();
        };
        let order = store.memo(move |state| {
            let query = &state.table.query;
            (query.sort == sort).then_some(query.descending)
        });
        let on_sort = Callback::new(move |()| store.send(Msg::Table(TableEdit::SortBy(sort))));
        view! { <SortHeader text=text hint=hint is_number=is_number descending=order on_sort=on_sort /> }.into_any()
    };
    let n_columns = store.memo(n_columns);
    move || COLUMNS.into_iter().take(n_columns.get()).map(head).collect_view()
}

/// The last column is there where the autoencoder is of a sweep with several seeds.
fn n_columns(state: &State) -> usize {
    let has_seeds = state.sae.as_ref().is_some_and(|sae| sae.n_other_seeds > 0);
    if has_seeds { COLUMNS.len() } else { COLUMNS.len() - 1 }
}

/// The texts of a row, in the order of the columns.
fn row_cells(row: &FeatureRow) -> [String; 9] {
    let label =
        row.best_label.as_ref().map(|(_, category, auroc)| format!("{category} {}", format::decimals(*auroc, 3)));
    let FeatureId(id) = row.feature;
    [
        id.to_string(),
        format::count(row.n_active),
        format::significant(row.mean_active, 3),
        format::significant(row.max, 3),
        label.unwrap_or_default(),
        row.top_genes.iter().take(4).cloned().collect::<Vec<_>>().join(", "),
        row.n_terms.map(format::count).unwrap_or_default(),
        row.top_term.clone().unwrap_or_default(),
        row.found_again.map(|found| format::decimals(found.mean_cosine, 2)).unwrap_or_default(),
    ]
}

fn row_view(cells: Option<[String; 9]>, n_columns: usize) -> AnyView {
    let cells = cells.unwrap_or_default();
    let cell = |(at, text): (usize, String)| {
        let (_, _, is_number, _) = COLUMNS[at];
        view! {
            <td role="gridcell" class:number=is_number title=text.clone()>
                {text.clone()}
            </td>
        }
    };
    cells.into_iter().take(n_columns).enumerate().map(cell).collect_view().into_any()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::FoundAgain;

    #[test]
    fn a_row_without_analysis_leaves_its_columns_empty() {
        let row = FeatureRow {
            feature: FeatureId(7),
            n_active: 12_345,
            density: 0.5,
            mean_active: f64::NAN,
            sd_active: f64::NAN,
            max: 0.0,
            best_label: Some(("type".into(), "B cells".into(), 0.9876)),
            top_genes: Vec::new(),
            n_terms: None,
            top_term: None,
            found_again: None,
        };
        let cells = row_cells(&row);
        assert_eq!(cells[4], "B cells 0.988");
        assert_eq!((cells[2].as_str(), cells[6].as_str(), cells[8].as_str()), (format::NO_VALUE, "", ""));
        let found_again = Some(FoundAgain { n_found: 3, n_others: 4, mean_cosine: 0.876 });
        assert_eq!(row_cells(&FeatureRow { found_again, ..row })[8], "0.88");
    }
}
