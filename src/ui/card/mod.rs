//! The feature card: which cells, labels, genes and gene sets a feature stands for.
//!
//! Knows nothing of the page's store. Every chart has a table beside it that says the same; what is not there yet
//! (genes and gene sets before an analysis) is said, not hidden.

mod gene_rows;
mod gene_table;
mod parts;
mod rows;
mod term_rows;
mod term_table;

use leptos::prelude::*;

use crate::data::GeneId;
use crate::protocol::{AnalysisMode, AnalysisSummary, FeatureCard, Notice, NoticeLevel};
use crate::ui::method_line;
use crate::ui::state::{Remote, Shared};
use crate::ui::widgets::{Banner, BannerKind};
pub(crate) use gene_table::{GeneRow, GeneTable};
use parts::TermList;
pub(crate) use parts::{CardSection, Chart, More, TableTwin};
use term_table::TermTable;

/// Width of the card's charts in CSS pixels.
pub(crate) const WIDTH: u32 = 320;
/// Rows a chart of bars shows; the table beside it has all.
const MOST_BARS: usize = 6;

/// The analysis that the card's genes and terms come from, if one has run.
type Analysis = Option<Shared<AnalysisSummary>>;

/// The card of a feature.
#[component]
pub fn FeatureCardView(
    /// The card; loading and errors are shown.
    card: Signal<Remote<Shared<FeatureCard>>>,
    /// Names of the categorical label columns, in the data set's order.
    label_columns: Signal<Vec<String>>,
    /// The analysis of all features, for the families of adjusted p-values.
    analysis: Signal<Analysis>,
    /// Why there are no genes, if there are none.
    genes_hint: Signal<String>,
    /// A gene was pressed.
    on_gene: Callback<GeneId>,
    /// The part that runs GSEA, shown where genes are ranked.
    #[prop(into)]
    gsea: ViewFn,
) -> impl IntoView {
    let value = Memo::new(move |_| card.with(|card| card.value.clone()));
    let error = Memo::new(move |_| card.with(|card| card.error.clone()));
    let is_loading = Memo::new(move |_| card.with(|card| card.is_loading));
    view! {
        <div class="feature-card" class:is-stale=is_loading aria-busy=move || is_loading.get().to_string()>
            {move || error.get().map(|text| view! { <Banner kind=BannerKind::Error text=text /> })}
            {move || match value.get() {
                Some(card) => {
                    let analysis = analysis.get();
                    view! {
                        <CardBody
                            card=card
                            label_columns=label_columns
                            analysis=analysis
                            genes_hint=genes_hint
                            on_gene=on_gene
                            gsea=gsea.clone()
                        />
                    }
                        .into_any()
                }
                None if is_loading.get() => view! { <Waiting /> }.into_any(),
                None if error.get().is_some() => ().into_any(),
                None => view! { <Nothing /> }.into_any(),
            }}
        </div>
    }
}

#[component]
fn Waiting() -> impl IntoView {
    view! {
        <div class="skeleton" role="status">
            <span class="visually-hidden">"Reading the feature"</span>
            <span class="skeleton-line"></span>
            <span class="skeleton-block"></span>
            <span class="skeleton-line"></span>
            <span class="skeleton-line"></span>
            <span class="skeleton-block"></span>
        </div>
    }
}

#[component]
fn Nothing() -> impl IntoView {
    view! {
        <p class="muted">
            "Choose a feature in the table below to see the cells, labels, genes and gene sets it stands for."
        </p>
    }
}

#[component]
fn CardBody(
    card: Shared<FeatureCard>,
    label_columns: Signal<Vec<String>>,
    analysis: Analysis,
    genes_hint: Signal<String>,
    on_gene: Callback<GeneId>,
    gsea: ViewFn,
) -> impl IntoView {
    // Until the card is asked for anew it may be older than the analysis.
    let analysis = analysis.filter(|analysis| analysis.params == card.params);
    let facts = rows::facts(&card.row).into_iter().map(|(name, value)| view! { <dt>{name}</dt><dd>{value}</dd> });
    let histogram = card.histogram.clone();
    let badge = card.row.found_again.as_ref().map(|found| {
        let (text, is_stable) = rows::stability_badge(found);
        let hint = "Features of two seeds are matched one to one by the cosine of their decoder rows; from .7 on a \
                    feature counts as found again. The cosine is the mean over all other seeds.";
        view! { <p class="badge" class:badge-good=is_stable title=hint>{text}</p> }
    });
    view! {
        {card.notices.iter().map(notice).collect_view()}
        {badge}
        <dl class="facts">{facts.collect_view()}</dl>
        <CardSection title="Activation">
            <Chart svg=rows::activation_chart(&histogram) />
            <TableTwin
                summary="Histogram as a table"
                heads=vec!["From".to_owned(), "To".to_owned(), "Cells".to_owned()]
                rows=rows::histogram_rows(&histogram)
            />
        </CardSection>
        <Labels card=card.clone() />
        <Genes card=card.clone() analysis=analysis.clone() genes_hint=genes_hint on_gene=on_gene />
        <Terms card=card.clone() analysis=analysis />
        {(card.n_positive > 0 && card.params.mode == AnalysisMode::Sound).then(|| gsea.run())}
        <TopCells card=card label_columns=label_columns />
    }
}

fn notice(notice: &Notice) -> impl IntoView + use<> {
    let kind = match notice.level {
        NoticeLevel::Info => BannerKind::Info,
        NoticeLevel::Warning => BannerKind::Warning,
    };
    let text = notice.text.clone();
    view! { <Banner kind=kind text=text /> }
}

const LABEL_HEADS: [&str; 9] =
    ["Category", "Cells", "AUROC", "F1", "Threshold", "Best dimension", "Active", "Mean inside", "Mean elsewhere"];

/// How the feature goes with each label.
#[component]
fn Labels(card: Shared<FeatureCard>) -> impl IntoView {
    let groups = rows::label_groups(&card.labels);
    let has_groups = !groups.is_empty();
    let confounded = card.confounding.as_ref().map(rows::confounding_text);
    let group = |group: rows::LabelGroup| {
        let rows::LabelGroup { column, chart, verdict, detection, rows } = group;
        view! {
            <div class="card-group">
                <h4>{column}</h4>
                <Chart svg=chart />
                <p class="card-note">{verdict}</p>
                <p class="card-note">{detection}</p>
                <TableTwin
                    summary="All categories as a table"
                    heads=LABEL_HEADS.map(str::to_owned).to_vec()
                    rows=rows
                />
            </div>
        }
    };
    has_groups.then(|| {
        view! {
            <CardSection title="Labels">
                {confounded.map(|text| view! { <Banner kind=BannerKind::Warning text=text /> })}
                <p class="card-note">
                    "AUROC: how well the activation tells a category from all other cells; 0.5 is chance. "
                    <span class="chart-key"></span> " marks the best single dimension of the embedding, in either direction."
                </p>
                {groups.into_iter().map(group).collect_view()}
            </CardSection>
        }
    })
}

/// Genes higher and lower in the feature's cells.
#[component]
fn Genes(
    card: Shared<FeatureCard>,
    analysis: Analysis,
    genes_hint: Signal<String>,
    on_gene: Callback<GeneId>,
) -> impl IntoView {
    if card.n_positive == 0 {
        return view! {
            <CardSection title="Genes">
                <p class="muted">{genes_hint}</p>
            </CardSection>
        }
        .into_any();
    }
    let mode = card.params.mode;
    let method = method_line::genes(&card.params, analysis.as_deref());
    let note = gene_rows::group_note(&card);
    let volcano = gene_rows::volcano_chart(&card).map(|svg| view! { <Chart svg=svg /> });
    let (up, down) = (gene_rows::gene_rows(&card.genes_up), gene_rows::gene_rows(&card.genes_down));
    view! {
        <CardSection title="Genes">
            <p class="mode-line">{method}</p>
            <p class="card-note">{note}</p>
            {volcano}
            {gene_table("Higher", mode, up, on_gene)}
            {gene_table("Lower", mode, down, on_gene)}
        </CardSection>
    }
    .into_any()
}

fn gene_table(title: &'static str, mode: AnalysisMode, rows: Vec<GeneRow>, on_gene: Callback<GeneId>) -> AnyView {
    if rows.is_empty() {
        return view! { <p class="muted">{format!("{title}: no significant gene.")}</p> }.into_any();
    }
    view! { <GeneTable heads=gene_rows::heads(title, mode) rows=rows on_gene=on_gene /> }.into_any()
}

/// Gene sets with the tests of the mode.
#[component]
fn Terms(card: Shared<FeatureCard>, analysis: Analysis) -> impl IntoView {
    let terms = card.terms.as_ref().filter(|_| card.n_positive > 0)?;
    let (params, method) = (&card.params, method_line::terms(&card.params, analysis.as_deref()));
    let body = match params.mode {
        AnalysisMode::Paper if terms.is_empty() => {
            view! { <p class="muted">"No gene set passes both tests for this feature."</p> }.into_any()
        }
        AnalysisMode::Sound if terms.is_empty() => {
            view! { <p class="muted">"No gene set is significant for this feature."</p> }.into_any()
        }
        AnalysisMode::Paper => {
            let (chart, rows) = (term_rows::term_chart(terms, params), term_rows::paper_rows(terms));
            view! { <Chart svg=chart /> <TermList terms=rows /> }.into_any()
        }
        AnalysisMode::Sound => {
            let (chart, rows) = (term_rows::term_chart(terms, params), term_rows::sound_terms(terms));
            view! { <Chart svg=chart /> <TermTable terms=rows /> }.into_any()
        }
    };
    let groups = term_rows::groups_line(terms);
    Some(view! {
        <CardSection title="Gene sets">
            <p class="mode-line">{method}</p>
            {(!groups.is_empty()).then(|| view! { <p class="card-note">{groups}</p> })}
            {body}
        </CardSection>
    })
}

/// The cells with the largest activations.
#[component]
fn TopCells(card: Shared<FeatureCard>, label_columns: Signal<Vec<String>>) -> impl IntoView {
    let heads = move || {
        let first = ["Cell".to_owned(), "Activation".to_owned()];
        first.into_iter().chain(label_columns.get()).collect::<Vec<_>>()
    };
    let has_cells = !card.top_cells.is_empty();
    has_cells.then(|| {
        view! {
            <CardSection title="Top cells">
                {move || {
                    view! { <TableTwin summary="Cells with the largest activations" heads=heads() rows=rows::cell_rows(&card) /> }
                }}
            </CardSection>
        }
    })
}
