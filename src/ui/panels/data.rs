//! What is open: cells, genes, embeddings, gene sets, and what a person should know of them.

use leptos::prelude::*;

use super::open_picked;
use super::start::OpenStatus;
use crate::plot::format;
use crate::protocol::{DatasetSummary, EmbeddingInfo, GeneSetSummary, Notice, NoticeLevel};
use crate::ui::state::{Msg, Preview, Shared};
use crate::ui::store::Store;
use crate::ui::text;
use crate::ui::widgets::{Banner, BannerKind, ButtonKind, FilePicker, Section, Select};

/// The data panel.
#[component]
pub(crate) fn DataPanel() -> impl IntoView {
    let store = Store::get();
    let dataset = store.memo(|state| state.dataset.clone());
    let preview = store.memo(|state| state.preview.clone());
    let body = move || match (dataset.get(), preview.get()) {
        (Some(dataset), _) => view! { <Summary dataset=dataset /> }.into_any(),
        (None, Some(preview)) => view! { <PreviewSummary preview=preview /> }.into_any(),
        (None, None) => ().into_any(),
    };
    // A preview has points and no data yet; data may have no map.
    let n_cells = store.memo(|state| {
        let of_points = || state.shown_points().map(|points| points.x.len());
        state.dataset.as_ref().map(|dataset| dataset.n_cells).or_else(of_points).unwrap_or_default()
    });
    let summary = Signal::derive(move || format!("{} cells", format::count(n_cells.get())));
    let notices = move || dataset.get().map(|dataset| view! { <Notices notices=dataset.notices.clone() /> });
    view! {
        <Section title="Data" summary=summary>
            {body}
            <MatrixSelect />
            <OpenStatus />
            <div class="actions">
                <FilePicker text="Add files" kind=ButtonKind::Quiet on_pick=open_picked(store) />
                <FilePicker text="Add a folder" kind=ButtonKind::Quiet is_folder=true on_pick=open_picked(store) />
            </div>
            {notices}
        </Section>
    }
}

#[component]
fn PreviewSummary(preview: Shared<Preview>) -> impl IntoView {
    view! { <p class="muted">{preview.description.clone()}</p> }
}

#[component]
fn Summary(dataset: Shared<DatasetSummary>) -> impl IntoView {
    let genes = if dataset.n_genes == 0 { "None".to_owned() } else { format::count(dataset.n_genes) };
    let values = dataset.values.map(|kind| fact("Values", text::value_kind(kind).to_owned()));
    let embeddings = match dataset.embeddings.as_slice() {
        [] => "None".into_any(),
        known => view! { <ul class="plain-list">{known.iter().map(embedding_row).collect_view()}</ul> }.into_any(),
    };
    let gene_sets = match &dataset.gene_sets {
        Some(sets) => gene_set_facts(sets),
        None => fact("Gene sets", "None open".to_owned()).into_any(),
    };
    view! {
        <dl class="facts">
            {fact("Cells", format::count(dataset.n_cells))}
            {fact("Genes", genes)}
            {values}
            <dt>"Embeddings"</dt>
            <dd>{embeddings}</dd>
            {gene_sets}
        </dl>
    }
}

/// Which matrix of the file is the expression; only where there is more than one.
///
/// It stays on the page while another is read, so that the keyboard's focus does.
#[component]
fn MatrixSelect() -> impl IntoView {
    let store = Store::get();
    let options = store.memo(|state| {
        let matrices = state.dataset.as_ref().and_then(|dataset| dataset.matrices.as_ref());
        matrices.map(text::matrices).unwrap_or_default()
    });
    let has_choice = Memo::new(move |_| options.with(|options| options.len() > 1));
    let value = store.memo(|state| state.chosen_matrix().unwrap_or_default().to_owned());
    let is_opening = store.memo(|state| state.jobs.open.is_running());
    let note = store.memo(|state| {
        let lost = if state.sae.is_some() || state.jobs.train.is_running() {
            " What was trained is then gone, unless you save it first."
        } else {
            ""
        };
        format!("Another choice reads the files again.{lost}")
    });
    let choose = Callback::new(move |matrix| store.send(Msg::ChooseMatrix(matrix)));
    move || {
        has_choice.get().then(|| {
            view! {
                <Select
                    label="Expression from"
                    options=options
                    value=value
                    on_change=choose
                    disabled=is_opening
                    note=note
                />
            }
        })
    }
}

fn fact(name: &'static str, value: String) -> impl IntoView {
    view! {
        <dt>{name}</dt>
        <dd>{value}</dd>
    }
}

fn embedding_row(embedding: &EmbeddingInfo) -> impl IntoView + use<> {
    view! {
        <li title=text::join_method(embedding.joined_by)>
            {embedding.name.clone()} <span class="muted">{format!(" {} d", embedding.n_dims)}</span>
        </li>
    }
}

fn gene_set_facts(sets: &GeneSetSummary) -> AnyView {
    let matched = format!("{} of {}", format::count(sets.n_sets_matched), format::count(sets.n_sets));
    let genes = format!("{} of {}", format::count(sets.n_genes_matched), format::count(sets.n_genes));
    let missing = match sets.unmatched_examples.as_slice() {
        [] => "All genes of the sets are in the data".to_owned(),
        examples => format!("Not in the data, for example: {}", examples.join(", ")),
    };
    let known = match sets.gene_examples.as_slice() {
        [] => String::new(),
        examples => format!(". Genes of the data: {}, …", examples.join(", ")),
    };
    view! {
        {fact("Sets matched", matched)}
        <dt>"Set genes found"</dt>
        <dd title=format!("{missing}{known}")>{genes} <span class="muted">{format!(" by {}", sets.found_by)}</span></dd>
    }
    .into_any()
}

/// Notices as banners, warnings first.
#[component]
pub(crate) fn Notices(notices: Vec<Notice>) -> impl IntoView {
    let (warnings, infos): (Vec<_>, Vec<_>) =
        notices.into_iter().partition(|notice| notice.level == NoticeLevel::Warning);
    let banner = |notice: Notice| {
        let kind = match notice.level {
            NoticeLevel::Warning => BannerKind::Warning,
            NoticeLevel::Info => BannerKind::Info,
        };
        view! { <Banner kind=kind text=notice.text /> }
    };
    warnings.into_iter().chain(infos).map(banner).collect_view()
}
