//! The engine driven by requests and answers, without a browser, on a small data set with known truth.

mod gsea;
mod labels;
mod matrices;
mod ontology;
mod parts;
mod pool;
mod sweep;

use std::cell::Cell;
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::sync::Arc;

use featurescope::data::{CellSelection, FeatureId, GeneId, LabelChoice};
use featurescope::engine::Engine;
use featurescope::io::MemorySource;
use featurescope::platform::MemoryStore;
use featurescope::platform::native::{Session, Turn};
use featurescope::protocol::{
    AnalysisMode, AnalysisParams, AnalysisSummary, Answer, AssociationParams, Call, CellColor, CheckpointInfo,
    DatasetSummary, Event, ExportKind, ExportedFile, FeatureCard, FeatureRow, FeatureSort, FileHandle, HoldOut, Job,
    LossConvention, MapSource, Positives, Request, RequestId, SaeOrigin, SaeParams, SaeQuality, SaeSummary,
    SoundParams, SteerParams, SteerTarget, TableFormat, TableQuery, TableStyle, TermTests, U32Column, Variant,
    VariantKind, ViewQuery, ViewResult, WeightFormat, Wishes, suggest,
};

const N_CELLS: usize = 240;

fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/engine").join(name)
}

/// An engine and someone who asks it.
struct Desk {
    session: Session,
    engine: Engine,
    next_id: RequestId,
}

impl Desk {
    /// Time goes by in milliseconds, one at every look at the clock: a turn has as many steps on any machine.
    fn new(store: Rc<MemoryStore>) -> Self {
        let looks = Cell::new(0_u32);
        let session = Session::with_clock(
            store,
            Box::new(move || {
                looks.set(looks.get() + 1);
                f64::from(looks.get()) * 1e-3
            }),
        );
        let engine = Engine::new(session.host());
        Self { session, engine, next_id: 1 }
    }

    fn files(&self, names: &[&str]) -> Vec<FileHandle> {
        names.iter().map(|name| self.session.host().add_path(&fixture(name)).unwrap()).collect()
    }

    fn send(&mut self, request: Request) -> RequestId {
        let id = self.next_id;
        self.next_id += 1;
        self.engine.call(Call { id, request });
        id
    }

    fn next(&mut self) -> Answer {
        match self.session.next_turn() {
            Turn::Answer(answer) => *answer,
            Turn::Interrupted => panic!("nobody interrupts"),
        }
    }

    /// Sends a request and gives all events until nothing goes on by itself.
    fn ask(&mut self, request: Request) -> Vec<Event> {
        self.send(request);
        self.session.drain().into_iter().map(|answer| answer.event).collect()
    }

    fn open(&mut self, names: &[&str]) -> DatasetSummary {
        let files = self.files(names);
        find(self.ask(Request::Open { files, embedding: None, trims: Vec::new(), matrix: None }), |event| match event {
            Event::DatasetOpened(summary) => Some(summary),
            _ => None,
        })
    }

    fn train(&mut self, params: SaeParams) -> SaeSummary {
        sae_ready(self.ask(Request::Train { embedding: "X_latent".into(), params }))
    }

    fn view(&mut self, query: ViewQuery) -> ViewResult {
        find(self.ask(Request::View { query }), |event| match event {
            Event::View(result) => Some(result),
            _ => None,
        })
    }

    fn refused(&mut self, request: Request) -> String {
        find(self.ask(request), |event| match event {
            Event::Failed { message } => Some(message),
            _ => None,
        })
    }

    fn export(&mut self, kind: ExportKind) -> Vec<ExportedFile> {
        find(self.ask(Request::Export { kind }), |event| match event {
            Event::Exported { files } => Some(files),
            _ => None,
        })
    }

    fn analyse(&mut self) -> AnalysisSummary {
        self.analyse_by(AnalysisMode::Sound)
    }

    fn analyse_by(&mut self, mode: AnalysisMode) -> AnalysisSummary {
        // Of 240 cells, 1 % are too few to test.
        let sound = SoundParams { positives: Positives::Active, ..SoundParams::default() };
        analysed(self.ask(Request::Analyse { params: AnalysisParams { mode, sound, ..AnalysisParams::default() } }))
    }

    fn table(&mut self, search: &str, sort: FeatureSort) -> Vec<FeatureRow> {
        let (search, include_dead) = (search.to_owned(), false);
        let query = TableQuery { search, sort, descending: true, include_dead, offset: 0, limit: 100 };
        match self.view(ViewQuery::FeatureTable(query)) {
            ViewResult::FeatureTable { rows, .. } => rows,
            other => panic!("{other:?}"),
        }
    }

    fn card(&mut self, feature: FeatureId) -> FeatureCard {
        match self.view(ViewQuery::FeatureCard(feature)) {
            ViewResult::FeatureCard(card) => *card,
            other => panic!("{other:?}"),
        }
    }

    /// The feature that tells treated cells apart best.
    fn treated_feature(&mut self) -> FeatureId {
        let rows = self.table("treated", FeatureSort::BestAuroc);
        rows.first().expect("a feature for the treated cells").feature
    }
}

fn find<T>(events: Vec<Event>, pick: impl Fn(Event) -> Option<T>) -> T {
    let text = format!("{events:?}");
    events.into_iter().find_map(pick).unwrap_or_else(|| panic!("not among {text}"))
}

fn sae_ready(events: Vec<Event>) -> SaeSummary {
    find(events, |event| match event {
        Event::SaeReady(summary) => Some(summary),
        _ => None,
    })
}

fn analysed(events: Vec<Event>) -> AnalysisSummary {
    find(events, |event| match event {
        Event::Analysed(summary) => Some(summary),
        _ => None,
    })
}

fn params() -> SaeParams {
    SaeParams {
        variant: Variant::TopK { k: 2, aux: 0.0 },
        n_features: 4,
        learning_rate: 1e-2,
        batch_size: 40,
        n_epochs: 100,
        seed: 1,
        ..SaeParams::default().plain()
    }
}

/// So many epochs that no test waits for the end.
fn endless() -> SaeParams {
    SaeParams { n_epochs: 100_000, ..params() }
}

fn desk() -> Desk {
    Desk::new(Rc::default())
}

#[test]
fn the_first_message_says_ready() {
    let mut desk = desk();
    assert!(matches!(desk.next(), Answer { id: 0, event: Event::Ready { checkpoint: None, .. } }));
}

#[test]
fn opening_summarises_what_is_there() {
    let summary = desk().open(&["small.h5ad", "sets.gmt"]);
    assert_eq!((summary.n_cells, summary.n_genes), (N_CELLS, 60));
    assert_eq!(summary.labels.iter().map(|label| label.name.as_str()).collect::<Vec<_>>(), ["cell_type", "condition"]);
    assert_eq!(summary.default_embedding.as_deref(), Some("X_latent"));
    assert_eq!(summary.default_map, Some(MapSource::Embedding("X_umap".into())));
    let sets = summary.gene_sets.unwrap();
    assert_eq!((sets.n_sets, sets.n_sets_matched, sets.n_genes, sets.n_genes_matched), (6, 5, 72, 60));
}

#[test]
fn a_failed_open_keeps_the_old_data() {
    let mut desk = desk();
    desk.open(&["small.h5ad"]);
    let files = desk.files(&["too_short.npy"]);
    let message = desk.refused(Request::Open { files, embedding: None, trims: Vec::new(), matrix: None });
    assert!(message.contains("100 rows") && message.contains("240 cells"), "{message}");
    let source = Arc::new(MemorySource(b"not a file of ours".to_vec()));
    let files = vec![desk.session.host().add_source("strange.h5ad", source)];
    desk.refused(Request::Open { files, embedding: None, trims: Vec::new(), matrix: None });
    assert!(matches!(desk.view(ViewQuery::GeneNames), ViewResult::GeneNames(names) if names.len() == 60));
}

#[test]
fn questions_before_there_is_an_answer_are_refused_in_sentences() {
    let mut desk = desk();
    let opened_first = "Nothing is open yet; open an .h5ad file or an embedding first.";
    assert_eq!(desk.refused(Request::View { query: ViewQuery::GeneNames }), opened_first);
    assert_eq!(desk.refused(Request::Train { embedding: "X".into(), params: params() }), opened_first);
    assert_eq!(desk.refused(Request::Analyse { params: AnalysisParams::default() }), opened_first);
    desk.open(&["small.h5ad"]);
    let message = desk.refused(Request::Train { embedding: "X".into(), params: params() });
    assert!(message.contains("\"X_latent\""), "{message}");
    let too_large = SaeParams { batch_size: 241, ..params() };
    let message = desk.refused(Request::Train { embedding: "X_latent".into(), params: too_large });
    assert!(message.contains("240") && message.contains("241"), "{message}");
    for query in [
        ViewQuery::FeatureCard(FeatureId(0)),
        ViewQuery::Color(CellColor::Feature(FeatureId(0))),
        ViewQuery::Steer(steer(FeatureId(0))),
    ] {
        assert!(desk.refused(Request::View { query }).contains("no sparse autoencoder"));
    }
    for query in [
        ViewQuery::Map(MapSource::Embedding("X_latent".into())),
        ViewQuery::Map(MapSource::Pca("nowhere".into())),
        ViewQuery::Color(CellColor::Gene(GeneId(60))),
        ViewQuery::Color(CellColor::Label("nothing".into())),
        ViewQuery::CellNames(U32Column(vec![240])),
    ] {
        desk.refused(Request::View { query });
    }
    for request in [Request::PauseTraining, Request::StopTraining, Request::Cancel { job: Job::Analyse }] {
        assert!(desk.refused(request).contains("not going on"));
    }
    assert!(desk.refused(Request::ResumeCheckpoint).contains("No training run is kept"));
    assert!(
        desk.refused(Request::Export { kind: ExportKind::Sae { format: WeightFormat::SaeLens } })
            .contains("no sparse autoencoder")
    );
}

#[test]
fn maps_colours_and_names_are_of_all_cells() {
    let mut desk = desk();
    desk.open(&["small.h5ad"]);
    for source in [MapSource::Embedding("X_umap".into()), MapSource::Pca("X_latent".into())] {
        match desk.view(ViewQuery::Map(source)) {
            ViewResult::Map { x, y, .. } => assert_eq!((x.len(), y.len()), (N_CELLS, N_CELLS)),
            other => panic!("{other:?}"),
        }
    }
    match desk.view(ViewQuery::Color(CellColor::Label("condition".into()))) {
        ViewResult::Categories { codes, categories, .. } => {
            assert_eq!(categories, ["control", "treated"]);
            assert_eq!(codes[..3], [0, 1, 0]);
        }
        other => panic!("{other:?}"),
    }
    match desk.view(ViewQuery::Color(CellColor::Gene(GeneId(0)))) {
        ViewResult::Values { values, .. } => assert!(values.iter().all(|value| (0.0..8.0).contains(value))),
        other => panic!("{other:?}"),
    }
    let names = ViewQuery::CellNames(U32Column(vec![2, 0]));
    assert_eq!(desk.view(names), ViewResult::CellNames(vec!["cell002".into(), "cell000".into()]));
}

fn steer(feature: FeatureId) -> SteerParams {
    let control = LabelChoice { column: "condition".into(), category: "control".into() };
    let treated = LabelChoice { column: "condition".into(), category: "treated".into() };
    SteerParams {
        feature,
        cells: CellSelection::Labels(vec![control]),
        target: SteerTarget::GroupMean { group: CellSelection::Labels(vec![treated]), factor: 1.0 },
        keep_error: true,
    }
}

#[test]
fn the_planted_response_is_found_steered_and_exported() {
    let mut desk = desk();
    desk.open(&["small.h5ad", "sets.gmt"]);
    let sae = desk.train(params());
    assert!(sae.explained_variance > 0.9, "{sae:?}");
    assert!(matches!(sae.origin, SaeOrigin::Trained { ref last, .. } if last.step == 600));
    let analysis = desk.analyse_by(AnalysisMode::Paper);
    assert_eq!((analysis.n_genes, analysis.n_sets, analysis.n_done), (60, 5, analysis.n_live));

    let feature = desk.treated_feature();
    let card = desk.card(feature);
    let best = &card.labels.iter().find(|label| label.category == "treated").unwrap();
    assert!(best.auroc > 0.95 && best.baseline_auroc > 0.95 && best.baseline_dim == 7, "{best:?}");
    assert!(card.genes_up.iter().take(5).all(|gene| gene.name.starts_with("RESP")), "{:?}", card.genes_up);
    assert_eq!(card.terms.as_ref().unwrap()[0].name, "RESPONSE");
    assert_eq!(card.top_cells.len(), 20);
    assert_eq!(card.histogram.n_zero as usize + card.row.n_active, N_CELLS);
    let found: Vec<FeatureId> = desk.table("response", FeatureSort::NTerms).iter().map(|row| row.feature).collect();
    assert!(found.contains(&feature));

    match desk.view(ViewQuery::Steer(steer(feature))) {
        ViewResult::Steer(result) => {
            assert_eq!(result.rows.len(), N_CELLS / 2);
            assert!(result.genes_up.iter().take(5).all(|gene| gene.name.starts_with("RESP")), "{:?}", result.genes_up);
            assert!(result.nearest_labels.contains(&("condition".into(), "control".into(), "treated".into())));
        }
        other => panic!("{other:?}"),
    }

    let statistics = text(&desk.export(ExportKind::FeatureStatistics)[0]);
    assert!(statistics.starts_with("feature_id,n_active_samples,mean_activation,std_activation,max_activation"));
    assert_eq!(statistics.lines().count(), 1 + 4);
    let enrichment = text(&desk.export(ExportKind::Enrichment { style: TableStyle::default() })[0]);
    assert!(enrichment.lines().skip(1).any(|line| line.contains("RESPONSE")));
    let genes = text(&desk.export(genes_table(Some(feature), None))[0]);
    assert_eq!(genes.lines().count(), 1 + 60);
    let all = text(&desk.export(genes_table(None, None))[0]);
    assert!(all.contains(",RESP04,") && !all.contains(",CTRL12,"), "significant genes only: {all}");
}

fn genes_table(feature: Option<FeatureId>, below: Option<f64>) -> ExportKind {
    ExportKind::DifferentialExpression { feature, below, style: TableStyle::default(), in_parts: false }
}

#[test]
fn sound_mode_finds_the_planted_response_and_writes_its_tables() {
    let mut desk = desk();
    desk.open(&["small.h5ad", "sets.gmt"]);
    desk.train(params());
    let analysis = desk.analyse();
    assert_eq!((analysis.n_genes, analysis.n_sets, analysis.n_universe), (60, 5, 60));
    assert_eq!(analysis.n_done + analysis.n_excluded, analysis.n_live);

    let feature = desk.treated_feature();
    let card = desk.card(feature);
    assert!(card.genes_up.iter().take(5).all(|gene| gene.name.starts_with("RESP")), "{:?}", card.genes_up);
    assert_eq!(card.n_positive + card.n_negative, N_CELLS);
    assert_eq!(card.volcano.as_ref().unwrap().log2_fold_change.len(), 60);
    let term = &card.terms.as_ref().unwrap()[0];
    assert_eq!(term.name, "RESPONSE");
    let TermTests::Sound { log10_p_value, log10_padj, log10_padj_global: Some(global), rank_z, .. } = term.tests else {
        panic!("{term:?}")
    };
    assert!(log10_p_value < log10_padj && global < -5.0 && rank_z > 2.0, "{term:?}");
    let gene = card.genes_up.first().and_then(|gene| Some((gene.log10_padj, gene.sound?.log10_padj_global?)));
    assert!(gene.is_some_and(|(of_feature, of_all)| of_feature <= of_all && of_all < -5.0), "{gene:?}");
    let rows = desk.table("response", FeatureSort::BestTerm);
    let row = rows.iter().find(|row| row.feature == feature).unwrap();
    assert!(row.top_genes[0].starts_with("RESP") && row.n_terms > Some(0), "{row:?}");

    let all = text(&desk.export(genes_table(None, None))[0]);
    assert_eq!(all.lines().count(), 1 + 60 * analysis.n_done);
    assert!(all.starts_with("feature,gene,n_pos,n_neg,mean_pos,"));
    let significant = text(&desk.export(genes_table(None, Some(0.05)))[0]);
    assert!(significant.contains(",RESP04,") && significant.len() < all.len());
    let enrichment = text(&desk.export(ExportKind::Enrichment { style: TableStyle::default() })[0]);
    let line = enrichment.lines().find(|line| line.starts_with(&format!("{feature},RESPONSE,up,"))).unwrap();
    assert!(line.contains(&format!(",{},", term.n_hits)) && line.contains("RESP04"), "{line}");
    let labels = ExportKind::LabelAssociation { params: AssociationParams::default(), format: TableFormat::Csv };
    let labels = text(&desk.export(labels)[0]);
    let line = labels.lines().find(|line| line.starts_with(&format!("{feature},condition,treated,"))).unwrap();
    assert!(line.split(',').nth(3).unwrap().parse::<f64>().unwrap() > 0.95, "{line}");
}

#[test]
fn columns_of_an_embedding_are_features_as_they_stand() {
    let mut desk = desk();
    desk.open(&["small.h5ad", "sets.gmt"]);
    let sae = sae_ready(desk.ask(Request::UseColumns { embedding: "X_latent".into() }));
    assert_eq!((sae.n_features, sae.origin), (sae.d_in, SaeOrigin::Columns));
    let unknown = desk.refused(Request::UseColumns { embedding: "X_none".into() });
    assert!(unknown.contains("X_latent"), "{unknown}");
    assert!(desk.analyse().n_done > 0);
}

fn text(file: &ExportedFile) -> String {
    String::from_utf8(file.bytes.to_vec()).unwrap()
}

#[test]
fn an_exported_autoencoder_comes_back_the_same() {
    for format in [WeightFormat::SaeLens, WeightFormat::Sparsify, WeightFormat::DictionaryLearning] {
        comes_back_the_same(params(), format);
    }
    let loss = LossConvention::AsCoded;
    comes_back_the_same(
        SaeParams { variant: Variant::Vanilla { l1: 1e-3, loss }, ..params() },
        WeightFormat::ScFeatureLens,
    );
}

#[test]
fn a_format_that_cannot_hold_the_autoencoder_says_which_can() {
    let mut desk = desk();
    desk.open(&["small.h5ad"]);
    desk.train(params());
    let refusal = desk.refused(Request::Export { kind: ExportKind::Sae { format: WeightFormat::ScFeatureLens } });
    assert!(refusal.contains("scFeatureLens") && refusal.contains("SAELens or sparsify"), "{refusal}");
}

fn comes_back_the_same(params: SaeParams, format: WeightFormat) {
    let mut desk = desk();
    desk.open(&["small.h5ad", "other_latent.npy"]);
    let trained = desk.train(params);
    let before = desk.view(ViewQuery::Color(CellColor::Feature(FeatureId(3))));
    let files: Vec<FileHandle> = desk
        .export(ExportKind::Sae { format })
        .into_iter()
        .map(|file| {
            let name = file.name.rsplit('/').next().unwrap().to_owned();
            desk.session.host().add_source(&name, Arc::new(MemorySource(file.bytes.0)))
        })
        .collect();
    // Only SAELens' configuration has a place for the name.
    let embedding = Some("X_latent".to_owned()).filter(|_| format != WeightFormat::SaeLens);
    let loaded = sae_ready(desk.ask(Request::Open { files, embedding, trims: Vec::new(), matrix: None }));
    assert_eq!(loaded.embedding, "X_latent");
    assert_eq!((loaded.n_live, loaded.l0), (trained.n_live, trained.l0));
    assert_eq!(desk.view(ViewQuery::Color(CellColor::Feature(FeatureId(3)))), before);
}

/// Opens small.h5ad with another embedding of as many dimensions, and weights.
fn with_weights(config: &str, weights: Vec<u8>, wish: &str) -> SaeSummary {
    let mut desk = desk();
    let mut files = desk.files(&["small.h5ad", "other_latent.npy"]);
    let host = desk.session.host();
    files.push(host.add_source("cfg.json", Arc::new(MemorySource(config.as_bytes().to_vec()))));
    files.push(host.add_source("sae_weights.safetensors", Arc::new(MemorySource(weights))));
    sae_ready(desk.ask(Request::Open { files, embedding: Some(wish.to_owned()), trims: Vec::new(), matrix: None }))
}

#[test]
fn weights_read_the_embedding_asked_for_unless_they_name_another() {
    let mut desk = desk();
    desk.open(&["small.h5ad", "other_latent.npy"]);
    desk.train(params());
    let exported = desk.export(ExportKind::Sae { format: WeightFormat::SaeLens });
    let (config, weights) = (text(&exported[0]), exported[1].bytes.0.clone());
    let read = |config: &str, wish| with_weights(config, weights.clone(), wish);
    assert_eq!(read(&config, "other_latent").embedding, "X_latent");
    let nameless = config.replace("featurescope_embedding", "somebody_else_s_field");
    assert_eq!(read(&nameless, "X_latent").embedding, "X_latent");
    assert_eq!(read(&nameless, "other_latent").embedding, "other_latent");
    let elsewhere = read(&config.replace("X_latent", "X_elsewhere"), "other_latent");
    assert_eq!(elsewhere.embedding, "other_latent");
    assert!(elsewhere.notices[0].text.contains("\"X_elsewhere\""), "{:?}", elsewhere.notices);
}

#[test]
fn a_second_training_is_refused_and_the_first_goes_on() {
    let mut desk = desk();
    desk.open(&["small.h5ad"]);
    let first = desk.send(Request::Train { embedding: "X_latent".into(), params: endless() });
    let second = desk.send(Request::Train { embedding: "X_latent".into(), params: params() });
    let refusal = loop {
        match desk.next() {
            Answer { id, event: Event::Failed { message } } if id == second => break message,
            _ => {}
        }
    };
    assert!(refusal.contains("still going on"), "{refusal}");
    desk.send(Request::StopTraining);
    assert!(desk.session.drain().iter().any(|answer| answer.id == first && matches!(answer.event, Event::SaeReady(_))));
}

#[test]
fn training_pauses_answers_questions_goes_on_and_stops() {
    let mut desk = desk();
    desk.open(&["small.h5ad"]);
    let id = desk.send(Request::Train { embedding: "X_latent".into(), params: endless() });
    while !matches!(desk.next().event, Event::Training { .. }) {}
    assert!(desk.ask(Request::PauseTraining).iter().any(|event| matches!(event, Event::Training { paused: true, .. })));
    assert!(matches!(desk.view(ViewQuery::GeneNames), ViewResult::GeneNames(_)));
    desk.send(Request::ContinueTraining);
    while !matches!(desk.next().event, Event::Training { paused: false, .. }) {}
    desk.send(Request::StopTraining);
    let answers = desk.session.drain();
    let ready = answers.last().unwrap();
    assert!(ready.id == id && matches!(ready.event, Event::SaeReady(_)), "{answers:?}");
    assert!(answers.iter().any(|answer| matches!(answer.event, Event::Checkpoint(None))));
}

#[test]
fn a_cancelled_training_leaves_the_model_before() {
    let mut desk = desk();
    desk.open(&["small.h5ad"]);
    desk.train(params());
    let before = desk.view(ViewQuery::Color(CellColor::Feature(FeatureId(0))));
    desk.send(Request::Train { embedding: "X_latent".into(), params: endless() });
    while !matches!(desk.next().event, Event::Training { .. }) {}
    let events = desk.ask(Request::Cancel { job: Job::Train });
    assert!(events.iter().any(|event| matches!(event, Event::Cancelled { job: Job::Train })), "{events:?}");
    assert_eq!(desk.view(ViewQuery::Color(CellColor::Feature(FeatureId(0)))), before);
}

fn kept(events: &[Event]) -> Option<CheckpointInfo> {
    events.iter().rev().find_map(|event| match event {
        Event::Checkpoint(info) => Some(info.clone()),
        _ => None,
    })?
}

#[test]
fn a_resumed_training_ends_like_an_uninterrupted_one() {
    let longer = SaeParams { n_epochs: 1500, ..params() };
    let mut whole = desk();
    whole.open(&["small.h5ad"]);
    whole.train(longer.clone());
    let expected = whole.export(ExportKind::Sae { format: WeightFormat::SaeLens });

    let store = Rc::<MemoryStore>::default();
    let mut first = Desk::new(Rc::clone(&store));
    first.open(&["small.h5ad"]);
    first.send(Request::Train { embedding: "X_latent".into(), params: longer });
    while !matches!(first.next().event, Event::Training { .. }) {}
    let info = kept(&first.ask(Request::PauseTraining)).expect("a pause keeps the run");
    assert!(info.fits_open_data);
    assert!((1..9000).contains(&info.progress.step), "{:?}", info.progress);
    drop(first);

    let mut second = Desk::new(store);
    let greeting = second.next();
    assert!(matches!(greeting.event, Event::Ready { checkpoint: Some(ref found), .. } if !found.fits_open_data));
    assert!(second.refused(Request::ResumeCheckpoint).contains("open"));
    let files = second.files(&["small.h5ad"]);
    assert!(
        kept(&second.ask(Request::Open { files, embedding: None, trims: Vec::new(), matrix: None }))
            .unwrap()
            .fits_open_data
    );
    let events = second.ask(Request::ResumeCheckpoint);
    assert!(events.contains(&Event::Checkpoint(None)));
    sae_ready(events);
    assert_eq!(second.export(ExportKind::Sae { format: WeightFormat::SaeLens }), expected);
}

#[test]
fn a_run_saved_as_a_file_is_continued_elsewhere() {
    let longer = SaeParams { n_epochs: 1500, ..params() };
    let mut whole = desk();
    whole.open(&["small.h5ad"]);
    whole.train(longer.clone());
    let mut first = desk();
    first.open(&["small.h5ad"]);
    assert!(first.refused(Request::Export { kind: ExportKind::TrainingRun }).contains("No training run is kept"));
    first.send(Request::Train { embedding: "X_latent".into(), params: longer });
    while !matches!(first.next().event, Event::Training { .. }) {}
    first.ask(Request::PauseTraining);
    let file = first.export(ExportKind::TrainingRun).remove(0);
    assert!(file.name.starts_with("small") && file.name.contains(".fsrun"), "{}", file.name);

    let mut second = desk();
    let opened = |desk: &mut Desk, bytes: Vec<u8>| {
        let files = vec![desk.session.host().add_source("run.bin", Arc::new(MemorySource(bytes)))];
        desk.ask(Request::Open { files, embedding: None, trims: Vec::new(), matrix: None })
    };
    let events = opened(&mut second, file.bytes.to_vec());
    assert!(!kept(&events).unwrap().fits_open_data);
    assert!(events.iter().any(|event| matches!(event, Event::Noticed(notice) if notice.text.contains("X_latent"))));
    let files = second.files(&["small.h5ad"]);
    assert!(
        kept(&second.ask(Request::Open { files, embedding: None, trims: Vec::new(), matrix: None }))
            .unwrap()
            .fits_open_data
    );
    sae_ready(second.ask(Request::ResumeCheckpoint));
    assert_eq!(
        second.export(ExportKind::Sae { format: WeightFormat::SaeLens }),
        whole.export(ExportKind::Sae { format: WeightFormat::SaeLens })
    );

    let mut third = desk();
    third.open(&["small.h5ad"]);
    assert!(kept(&opened(&mut third, file.bytes.to_vec())).unwrap().fits_open_data);
    let cut = file.bytes[..file.bytes.len() - 1].to_vec();
    let events = opened(&mut third, cut);
    let refusal = |event: &Event| matches!(event, Event::Failed { message } if message.contains("is damaged"));
    assert!(events.iter().any(refusal), "{events:?}");
}

fn quality(desk: &mut Desk) -> SaeQuality {
    match desk.view(ViewQuery::Quality) {
        ViewResult::Quality(quality) => *quality,
        other => panic!("{other:?}"),
    }
}

#[test]
fn quality_tells_cells_trained_on_and_held_out_apart() {
    let mut desk = desk();
    desk.open(&["small.h5ad"]);
    let hold_out = HoldOut { share: 0.25, label: None };
    let sae = desk.train(SaeParams { hold_out, center_inputs: true, ..params() });
    let found = quality(&mut desk);
    let (training, held_out) = (found.training.as_ref().unwrap(), found.held_out.as_ref().unwrap());
    assert_eq!((training.n_cells, held_out.n_cells, found.all.n_cells), (180, 60, 240));
    assert_eq!((found.all.explained_variance, found.all.l0), (sae.explained_variance, sae.l0));
    assert!(held_out.explained_variance > 0.8 && held_out.explained_variance < 1.0, "{held_out:?}");
    let error = (180.0 * training.mse_per_cell + 60.0 * held_out.mse_per_cell) / 240.0;
    assert!((error / found.all.mse_per_cell - 1.0).abs() < 1e-12);
    assert!((found.all.mse_per_cell / found.all.mse_per_value - 8.0).abs() < 1e-12);
    let SaeOrigin::Trained { last, .. } = &sae.origin else { panic!("{sae:?}") };
    // The one is of weights as trained, in scaled inputs; the other of weights as saved: the same numbers but rounding.
    assert!((last.held_out.unwrap() - held_out.explained_variance).abs() < 1e-4, "{last:?} {held_out:?}");
    assert_eq!(found.dead_in_training.as_ref().unwrap().window_epochs, 1.0);
    assert_eq!(found.density_counts.iter().sum::<u32>() + found.n_silent, 4);
    assert!(found.max_decoder_cosine >= found.median_decoder_cosine);
    assert_eq!(quality(&mut desk), found);
}

#[test]
fn loaded_weights_have_a_quality_without_held_out_cells() {
    let mut desk = desk();
    desk.open(&["small.h5ad"]);
    sae_ready(desk.ask(Request::UseColumns { embedding: "X_latent".into() }));
    let found = quality(&mut desk);
    assert_eq!((found.training, found.held_out, found.dead_in_training), (None, None, None));
    assert_eq!((found.max_decoder_cosine, found.encoder_decoder_cosine), (Some(0.0), 1.0));
}

#[test]
fn a_run_that_gains_nothing_more_says_that_it_ended_early() {
    let mut desk = desk();
    desk.open(&["small.h5ad"]);
    let hold_out = HoldOut { share: 0.25, label: Some("condition".into()) };
    let sae = desk.train(SaeParams { hold_out, patience: Some(2), ..endless() });
    let SaeOrigin::Trained { last, ran_out_of_patience, .. } = &sae.origin else { panic!("{sae:?}") };
    assert!(*ran_out_of_patience && last.step < last.n_steps, "{last:?}");
    let unknown = HoldOut { share: 0.25, label: Some("nothing".into()) };
    let request = Request::Train { embedding: "X_latent".into(), params: SaeParams { hold_out: unknown, ..params() } };
    assert!(desk.refused(request).contains("\"nothing\""));
}

#[test]
fn what_suits_an_open_embedding_can_be_trained() {
    let mut desk = desk();
    let dataset = desk.open(&["small.h5ad"]);
    let shape = dataset.shape("X_latent", false).unwrap();
    assert_eq!((shape.n_cells, shape.d_in), (N_CELLS, 8));
    assert!(shape.offset_ratio.is_some_and(|ratio| ratio > 0.0));
    for kind in VariantKind::ALL {
        let wishes = Wishes { kind: Some(kind), ..Wishes::default() };
        let suggested = suggest(&shape, &wishes).params;
        let sae = desk.train(SaeParams { n_epochs: suggested.n_epochs.min(1000), ..suggested });
        assert!(sae.explained_variance > 0.3 && sae.n_live > 0, "{kind:?}: {sae:?}");
    }
}

#[test]
fn a_kept_run_is_not_continued_on_other_data() {
    let store = Rc::<MemoryStore>::default();
    let mut desk = Desk::new(Rc::clone(&store));
    desk.open(&["small.h5ad"]);
    desk.send(Request::Train { embedding: "X_latent".into(), params: endless() });
    while !matches!(desk.next().event, Event::Training { .. }) {}
    desk.ask(Request::PauseTraining);
    let mut other = Desk::new(store);
    other.open(&["other_latent.npy"]);
    assert!(other.refused(Request::ResumeCheckpoint).contains("\"X_latent\""));
    assert_eq!(kept(&other.ask(Request::DiscardCheckpoint)), None);
    assert!(other.refused(Request::ResumeCheckpoint).contains("No training run is kept"));
}

#[test]
fn a_cancelled_analysis_keeps_what_is_done() {
    let mut desk = desk();
    desk.open(&["small.h5ad", "sets.gmt"]);
    desk.train(params());
    desk.send(Request::Analyse { params: AnalysisParams::default() });
    desk.send(Request::Cancel { job: Job::Analyse });
    let events: Vec<Event> = desk.session.drain().into_iter().map(|answer| answer.event).collect();
    let cancelled_early = events.contains(&Event::Cancelled { job: Job::Analyse });
    let kept_some = events.iter().any(|event| match event {
        Event::Analysed(summary) => summary.n_done < summary.n_live && !summary.notices.is_empty(),
        _ => false,
    });
    assert!(cancelled_early || kept_some, "{events:?}");
}

#[test]
fn more_files_keep_the_model_and_another_data_set_forgets_it() {
    let mut desk = desk();
    desk.open(&["small.h5ad"]);
    desk.train(params());
    let files = desk.files(&["sets.gmt"]);
    sae_ready(desk.ask(Request::Open { files, embedding: None, trims: Vec::new(), matrix: None }));
    desk.card(FeatureId(0));
    desk.open(&["small.h5ad"]);
    let message = desk.refused(Request::View { query: ViewQuery::FeatureCard(FeatureId(0)) });
    assert!(message.contains("no sparse autoencoder"), "{message}");
}

#[test]
fn an_autoencoder_without_an_embedding_of_its_size_is_refused() {
    let mut desk = desk();
    desk.open(&["small.h5ad"]);
    desk.train(params());
    let exported = desk.export(ExportKind::Sae { format: WeightFormat::SaeLens });
    let mut other = self::desk();
    let files: Vec<FileHandle> = exported
        .into_iter()
        .map(|file| {
            let name = file.name.rsplit('/').next().unwrap().to_owned();
            other.session.host().add_source(&name, Arc::new(MemorySource(file.bytes.0)))
        })
        .collect();
    assert!(
        other
            .refused(Request::Open { files, embedding: None, trims: Vec::new(), matrix: None })
            .contains("needs the embedding")
    );
}

#[test]
fn closing_forgets_everything_and_ends_jobs() {
    let mut desk = desk();
    desk.open(&["small.h5ad"]);
    desk.send(Request::Train { embedding: "X_latent".into(), params: endless() });
    while !matches!(desk.next().event, Event::Training { .. }) {}
    let events = desk.ask(Request::Close);
    assert!(events.contains(&Event::Closed) && events.contains(&Event::Cancelled { job: Job::Train }));
    assert!(desk.refused(Request::View { query: ViewQuery::GeneNames }).contains("Nothing is open"));
}
