//! The page's rules, driven by messages and answers.

use super::*;
use crate::data::{IdParts, JoinMethod, LabelChoice};
use crate::protocol::*;

/// A summary with a UMAP, a PCA and two labels.
pub(super) fn summary(name: &str, n_cells: usize) -> DatasetSummary {
    let joined_by = JoinMethod::SameFile;
    let embedding = |name: &str, n_dims| EmbeddingInfo { name: name.into(), n_dims, joined_by, offset_ratio: None };
    DatasetSummary {
        name: name.into(),
        n_cells,
        n_genes: 10,
        values: None,
        matrices: None,
        labels: vec![categorical("condition", 2), categorical("type", 3)],
        embeddings: vec![embedding("X_pca", 50), embedding("X_umap", 2)],
        default_embedding: Some("X_pca".into()),
        default_map: Some(MapSource::Embedding("X_umap".into())),
        gene_sets: None,
        notices: Vec::new(),
    }
}

/// A categorical label of `n` categories.
pub(super) fn categorical(name: &str, n: usize) -> LabelInfo {
    let categories = (0..n).map(|code| (format!("{name} {code}"), 1)).collect();
    LabelInfo { name: name.into(), kind: LabelKind::Categorical { categories, n_missing: 0 } }
}

fn sae() -> SaeSummary {
    SaeSummary {
        origin: SaeOrigin::Loaded { name: "sae".into() },
        architecture: "topk".into(),
        embedding: "X_pca".into(),
        d_in: 50,
        n_features: 512,
        n_live: 400,
        l0: 16.0,
        explained_variance: 0.9,
        n_other_seeds: 0,
        notices: Vec::new(),
    }
}

fn row(id: usize) -> FeatureRow {
    FeatureRow {
        feature: FeatureId(id as u32),
        n_active: 10,
        density: 0.1,
        mean_active: 1.0,
        sd_active: 1.0,
        max: 2.0,
        best_label: None,
        top_genes: Vec::new(),
        n_terms: None,
        top_term: None,
        found_again: None,
    }
}

fn files(names: &[&str]) -> Vec<FileHandle> {
    names.iter().enumerate().map(|(i, name)| FileHandle { handle: i as u32, name: (*name).into(), size: 1 }).collect()
}

fn say(state: &mut State, id: RequestId, event: Event) -> Vec<Effect> {
    reduce(state, Msg::Answer(Answer { id, event }))
}

fn calls(effects: &[Effect]) -> Vec<Call> {
    let call = |effect: &Effect| match effect {
        Effect::Send(call) => Some(call.clone()),
        _ => None,
    };
    effects.iter().filter_map(call).collect()
}

fn opened(name: &str) -> State {
    let mut state = State::default();
    let effects = reduce(&mut state, Msg::Open(files(&["a.h5ad"])));
    let id = calls(&effects)[0].id;
    say(&mut state, 0, Event::Ready { protocol_version: PROTOCOL_VERSION, checkpoint: None });
    say(&mut state, id, Event::DatasetOpened(summary(name, 100)));
    state
}

#[test]
fn the_engine_starts_with_the_first_file_at_the_latest() {
    let mut state = State::default();
    assert_eq!(state.engine, EngineStatus::NotStarted);
    let effects = reduce(&mut state, Msg::Open(files(&["a.h5ad"])));
    assert_eq!(effects[0], Effect::StartEngine);
    assert!(state.jobs.open.is_running());
    let id = calls(&effects)[0].id;
    say(&mut state, id, Event::Failed { message: "bad".into() });
    assert!(!reduce(&mut state, Msg::Open(files(&["b.gmt"]))).contains(&Effect::StartEngine));
}

#[test]
fn an_engine_that_was_started_before_is_not_started_again() {
    let mut state = State::default();
    assert_eq!(reduce(&mut state, Msg::StartEngine), [Effect::StartEngine]);
    assert_eq!(reduce(&mut state, Msg::StartEngine), []);
    assert!(!reduce(&mut state, Msg::Open(files(&["a.h5ad"]))).contains(&Effect::StartEngine));
}

#[test]
fn another_protocol_version_is_refused() {
    let mut state = State::default();
    say(&mut state, 0, Event::Ready { protocol_version: PROTOCOL_VERSION + 1, checkpoint: None });
    assert!(matches!(&state.engine, EngineStatus::Broken(message) if message.contains("Reload")));
}

#[test]
fn opened_data_asks_for_map_color_and_genes() {
    let mut state = State::default();
    let effects = say(&mut state, 0, Event::DatasetOpened(summary("kang", 100)));
    let queries: Vec<Request> = calls(&effects).into_iter().map(|call| call.request).collect();
    let view = |query| Request::View { query };
    let expected = [
        view(ViewQuery::Map(MapSource::Embedding("X_umap".into()))),
        view(ViewQuery::Color(CellColor::Label("type".into()))),
        view(ViewQuery::GeneNames),
    ];
    assert_eq!(queries, expected);
}

#[test]
fn a_failed_open_keeps_what_was_open() {
    let mut state = opened("kang");
    let id = calls(&reduce(&mut state, Msg::Open(files(&["bad.npy"]))))[0].id;
    say(&mut state, id, Event::Failed { message: "bad".into() });
    assert_eq!(state.jobs.open.error(), Some("bad"));
    assert_eq!(state.dataset.as_ref().unwrap().name, "kang");
}

#[test]
fn an_offer_to_cut_cell_ids_is_sent_back_only_when_it_is_accepted() {
    let mut state = opened("kang");
    let trim = |file: &str| IdTrim {
        file: file.into(),
        of_file: IdParts { n_first: 0, n_last: 1 },
        of_cells: IdParts::default(),
    };
    let refuse = |state: &mut State, effects: &[Effect], file: &str| {
        let id = calls(effects)[0].id;
        say(state, id, Event::IdTrimOffered(trim(file)));
        say(state, id, Event::Failed { message: file.into() });
    };
    let first = reduce(&mut state, Msg::Open(files(&["l.csv", "e.npz"])));
    refuse(&mut state, &first, "l.csv");
    let second = reduce(&mut state, Msg::AcceptIdOffer);
    refuse(&mut state, &second, "e.npz");
    let third = reduce(&mut state, Msg::AcceptIdOffer);
    let trims = vec![trim("l.csv"), trim("e.npz")];
    let request =
        Request::Open { files: files(&["l.csv", "e.npz"]), embedding: None, trims: trims.clone(), matrix: None };
    assert_eq!(calls(&third)[0].request, request);
    say(&mut state, calls(&third)[0].id, Event::DatasetOpened(summary("kang", 100)));
    assert_eq!((state.offer.is_none(), reduce(&mut state, Msg::AcceptIdOffer)), (true, Vec::new()));
    let other = reduce(&mut state, Msg::Open(files(&["l.csv"])));
    let request = Request::Open { files: files(&["l.csv"]), embedding: None, trims: Vec::new(), matrix: None };
    assert_eq!(calls(&other)[0].request, request);
    refuse(&mut state, &other, "l.csv");
    reduce(&mut state, Msg::DismissError(Job::Open));
    assert!(state.offer.is_none());
    let Request::Open { trims: again, .. } = &calls(&reduce(&mut state, Msg::Restart))[0].request else { panic!() };
    assert_eq!(*again, trims);
}

/// A summary of a file that holds `X` and `raw/X`.
fn with_matrices(read: &str) -> DatasetSummary {
    let known = [("X", 10), ("raw/X", 32_738)].map(|(name, n_genes)| MatrixInfo { name: name.into(), n_genes });
    DatasetSummary { matrices: Some(MatrixChoice { read: read.into(), known: known.into() }), ..summary("kang", 100) }
}

#[test]
fn a_chosen_matrix_reads_the_same_files_again_in_their_place() {
    let mut state = opened("kang");
    say(&mut state, 0, Event::DatasetOpened(with_matrices("X")));
    let added = calls(&reduce(&mut state, Msg::Open(files(&["l.csv", "run.fsrun"]))))[0].id;
    say(&mut state, added, Event::DatasetOpened(with_matrices("X")));
    reduce(&mut state, Msg::ShowMap(MapSource::Pca("X_pca".into())));
    reduce(&mut state, Msg::ColorBy(CellColor::Label("condition".into())));
    say(&mut state, 0, Event::SaeReady(sae()));
    assert_eq!(reduce(&mut state, Msg::ChooseMatrix("X".into())), Vec::new());
    let mut behind = state.opened.clone();
    assert_eq!(behind.pop().unwrap().name, "run.fsrun");
    let call = calls(&reduce(&mut state, Msg::ChooseMatrix("raw/X".into()))).remove(0);
    let matrix = Some("raw/X".to_owned());
    let request = Request::Open { files: behind.clone(), embedding: None, trims: Vec::new(), matrix };
    assert_eq!((call.request, state.chosen_matrix()), (request.clone(), Some("raw/X")));
    say(&mut state, call.id, Event::DatasetOpened(with_matrices("raw/X")));
    assert_eq!((&state.opened, state.sae.is_none()), (&behind, true));
    assert_eq!(state.map_source, Some(MapSource::Pca("X_pca".into())));
    assert_eq!(state.color, Some(CellColor::Label("condition".into())));
    say(&mut state, 0, Event::Broken { message: "lost".into() });
    assert_eq!(calls(&reduce(&mut state, Msg::Restart))[0].request, request);
}

#[test]
fn a_matrix_that_is_refused_is_not_the_chosen_one() {
    let mut state = opened("kang");
    say(&mut state, 0, Event::DatasetOpened(with_matrices("X")));
    let id = calls(&reduce(&mut state, Msg::ChooseMatrix("raw/X".into())))[0].id;
    say(&mut state, id, Event::Failed { message: "too large".into() });
    assert_eq!((state.chosen_matrix(), state.jobs.open.error()), (Some("X"), Some("too large")));
    let Request::Open { matrix, .. } = &calls(&reduce(&mut state, Msg::Open(files(&["l.csv"]))))[0].request else {
        panic!()
    };
    assert_eq!(*matrix, None);
}

#[test]
fn more_files_keep_the_model_and_other_data_forgets_it() {
    let mut state = opened("kang");
    say(&mut state, 0, Event::SaeReady(sae()));
    reduce(&mut state, Msg::SelectFeature(Some(FeatureId(7))));
    say(&mut state, 0, Event::DatasetOpened(summary("kang", 100)));
    say(&mut state, 0, Event::SaeReady(sae()));
    assert_eq!(state.selected_feature, Some(FeatureId(7)));
    assert_eq!(state.color, Some(CellColor::Feature(FeatureId(7))));
    say(&mut state, 0, Event::DatasetOpened(summary("pbmc", 200)));
    assert!(state.sae.is_none());
    say(&mut state, 0, Event::SaeReady(sae()));
    assert_eq!(state.selected_feature, None);
}

#[test]
fn a_second_drop_waits_for_the_first() {
    let mut state = State::default();
    reduce(&mut state, Msg::Open(files(&["a.h5ad"])));
    assert_eq!(reduce(&mut state, Msg::Open(files(&["b.gmt"]))), []);
    assert_eq!(state.toasts.len(), 1);
}

#[test]
fn a_feature_colours_the_map_and_fills_the_card() {
    let mut state = opened("kang");
    say(&mut state, 0, Event::SaeReady(sae()));
    let effects = reduce(&mut state, Msg::SelectFeature(Some(FeatureId(7))));
    let requests: Vec<Request> = calls(&effects).into_iter().map(|call| call.request).collect();
    assert!(requests.contains(&Request::View { query: ViewQuery::FeatureCard(FeatureId(7)) }));
    assert!(requests.contains(&Request::View { query: ViewQuery::Color(CellColor::Feature(FeatureId(7))) }));
    assert!(state.card.is_loading && state.coloring.is_loading);
    assert_eq!(reduce(&mut state, Msg::SelectFeature(Some(FeatureId(7)))), []);
}

#[test]
fn a_step_past_the_rows_that_are_there_fetches_them_first() {
    let mut state = opened("kang");
    say(&mut state, 0, Event::SaeReady(sae()));
    let fill = |state: &mut State, call: &Call| {
        let Request::View { query: ViewQuery::FeatureTable(query) } = &call.request else { panic!("{call:?}") };
        let query = query.clone();
        let rows = (query.offset..(query.offset + query.limit).min(300)).map(row).collect();
        say(state, call.id, Event::View(ViewResult::FeatureTable { query, n_rows: 300, rows }))
    };
    let ask = calls(&reduce(&mut state, Msg::Table(TableEdit::IncludeDead(true))));
    fill(&mut state, &ask[0]);
    reduce(&mut state, Msg::StepFeature(1));
    assert_eq!(state.selected_feature, Some(FeatureId(0)));
    assert_eq!(reduce(&mut state, Msg::StepFeature(-1)), []);
    reduce(&mut state, Msg::SelectFeature(Some(FeatureId(199))));
    let ask = calls(&reduce(&mut state, Msg::StepFeature(1)));
    assert_eq!(state.selected_feature, Some(FeatureId(199)));
    assert!(calls(&fill(&mut state, &ask[0])).iter().any(|call| matches!(call.request, Request::View { .. })));
    assert_eq!(state.selected_feature, Some(FeatureId(200)));
    reduce(&mut state, Msg::SelectFeature(Some(FeatureId(100))));
    let ask = calls(&reduce(&mut state, Msg::StepFeature(-1)));
    reduce(&mut state, Msg::SelectFeature(Some(FeatureId(150))));
    fill(&mut state, &ask[0]);
    assert_eq!(state.selected_feature, Some(FeatureId(150)));
    let ask = calls(&reduce(&mut state, Msg::Table(TableEdit::ScrollTo(260))));
    fill(&mut state, &ask[0]);
    reduce(&mut state, Msg::SelectFeature(Some(FeatureId(299))));
    assert_eq!(reduce(&mut state, Msg::StepFeature(1)), []);
}

#[test]
fn a_new_model_takes_the_old_features_off_the_map() {
    let mut state = opened("kang");
    say(&mut state, 0, Event::SaeReady(sae()));
    reduce(&mut state, Msg::SelectFeature(Some(FeatureId(7))));
    say(&mut state, 0, Event::SaeReady(sae()));
    assert_eq!(state.selected_feature, None);
    assert_eq!(state.color, Some(CellColor::Label("type".into())));
}

#[test]
fn late_answers_of_older_views_are_dropped() {
    let mut state = opened("kang");
    let color = |name: &str| CellColor::Label(name.into());
    let old = calls(&reduce(&mut state, Msg::ColorBy(color("condition"))))[0].id;
    let new = calls(&reduce(&mut state, Msg::ColorBy(color("type"))))[0].id;
    let answer = |name: &str| {
        let (codes, categories) = (vec![0; 100].into(), vec!["a".into()]);
        Event::View(ViewResult::Categories { color: color(name), codes, categories, colors: Vec::new() })
    };
    say(&mut state, new, answer("type"));
    say(&mut state, old, answer("condition"));
    assert_eq!(state.coloring.value.as_ref().unwrap().color, color("type"));
}

#[test]
fn a_ticked_label_fetches_its_codes_and_selects_its_cells() {
    let mut state = opened("kang");
    let choice = LabelChoice { column: "condition".into(), category: "stim".into() };
    let effects = reduce(&mut state, Msg::ToggleLabel(choice));
    assert_eq!(state.chosen, None);
    let mut codes = vec![0; 100];
    codes[3] = 1;
    let categories = vec!["ctrl".into(), "stim".into()];
    let color = CellColor::Label("condition".into());
    let colors = vec![[255, 0, 0], [0, 0, 255]];
    let event = Event::View(ViewResult::Categories { color, codes: codes.into(), categories, colors });
    say(&mut state, calls(&effects)[0].id, event);
    assert_eq!(state.chosen.as_deref(), Some(&vec![3]));
}

#[test]
fn training_reports_grow_the_history_once_a_step() {
    let mut state = opened("kang");
    reduce(&mut state, Msg::Train { embedding: "X_pca".into(), params: SaeParams::default() });
    for step in [10, 20, 20] {
        let progress = TrainProgress { step, n_steps: 40, ..TrainProgress::default() };
        say(&mut state, 1, Event::Training { progress, paused: step == 20 });
    }
    assert_eq!(state.training.history.len(), 2);
    assert!(state.training.is_paused);
    assert!(matches!(state.jobs.train, JobState::Running { fraction, .. } if fraction == 0.5));
}

#[test]
fn columns_become_features_as_a_job_of_training() {
    let mut state = opened("kang");
    let call = calls(&reduce(&mut state, Msg::UseColumns("X_pca".into()))).remove(0);
    assert_eq!(call.request, Request::UseColumns { embedding: "X_pca".into() });
    assert!(state.jobs.train.is_running() && state.training.takes_columns);
    let features = SaeSummary { origin: SaeOrigin::Columns, n_features: 50, ..sae() };
    let table = calls(&say(&mut state, call.id, Event::SaeReady(features)));
    assert!(matches!(table[0].request, Request::View { query: ViewQuery::FeatureTable(_) }));
    assert_eq!((state.jobs.train.is_running(), state.sae.as_ref().map(|sae| sae.n_features)), (false, Some(50)));
    reduce(&mut state, Msg::Train { embedding: "X_pca".into(), params: SaeParams::default() });
    assert!(!state.training.takes_columns, "a training run shows its own controls");
}

#[test]
fn columns_that_are_refused_or_cancelled_leave_the_features_there_were() {
    let mut state = opened("kang");
    say(&mut state, 0, Event::SaeReady(sae()));
    let id = calls(&reduce(&mut state, Msg::UseColumns("X_pca".into())))[0].id;
    say(&mut state, id, Event::Failed { message: "No such embedding.".into() });
    assert_eq!(state.jobs.train.error(), Some("No such embedding."));
    let id = calls(&reduce(&mut state, Msg::UseColumns("X_pca".into())))[0].id;
    say(&mut state, id, Event::Cancelled { job: Job::Train });
    assert_eq!((&state.jobs.train, state.sae.is_some()), (&JobState::Idle, true));
}

#[test]
fn the_history_stays_small() {
    let mut state = opened("kang");
    for step in 1..=10_000 {
        let progress = TrainProgress { step, n_steps: 10_000, ..TrainProgress::default() };
        say(&mut state, 1, Event::Training { progress, paused: false });
    }
    let history = &state.training.history;
    assert!(history.len() <= 4000);
    assert_eq!(history.last().unwrap().step, 10_000);
}

#[test]
fn a_broken_engine_ends_jobs_and_restart_reopens_the_files() {
    let mut state = opened("kang");
    reduce(&mut state, Msg::Train { embedding: "X_pca".into(), params: SaeParams::default() });
    say(&mut state, 0, Event::Broken { message: "lost".into() });
    assert_eq!(state.engine, EngineStatus::Broken("lost".into()));
    assert!(!state.jobs.train.is_running());
    let effects = reduce(&mut state, Msg::Restart);
    assert_eq!(effects[0], Effect::RestartEngine);
    assert_eq!(
        calls(&effects)[0].request,
        Request::Open { files: files(&["a.h5ad"]), embedding: None, trims: Vec::new(), matrix: None }
    );
}

#[test]
fn a_checkpoint_is_offered_only_when_it_fits() {
    let mut state = opened("kang");
    let mut checkpoint = CheckpointInfo {
        dataset_name: "kang".into(),
        embedding: "X_pca".into(),
        params: SaeParams::default(),
        progress: TrainProgress::default(),
        fits_open_data: false,
    };
    say(&mut state, 0, Event::Checkpoint(Some(checkpoint.clone())));
    assert!(state.checkpoint_offer().is_none());
    checkpoint.fits_open_data = true;
    say(&mut state, 0, Event::Checkpoint(Some(checkpoint)));
    assert!(state.checkpoint_offer().is_some());
    reduce(&mut state, Msg::ResumeCheckpoint);
    assert!(state.checkpoint_offer().is_none());
}

#[test]
fn a_run_opened_as_a_file_ends_opening_and_leaves_the_data() {
    let mut state = opened("kang");
    let effects = reduce(&mut state, Msg::Open(files(&["kang.fsrun"])));
    let id = calls(&effects)[0].id;
    let checkpoint = CheckpointInfo {
        dataset_name: "kang".into(),
        embedding: "X_pca".into(),
        params: SaeParams::default(),
        progress: TrainProgress::default(),
        fits_open_data: true,
    };
    say(&mut state, id, Event::Checkpoint(Some(checkpoint)));
    assert!(!state.jobs.open.is_running() && state.opening.is_empty() && state.dataset.is_some());
    assert!(state.checkpoint_offer().is_some());
}

#[test]
fn the_quality_of_a_new_autoencoder_is_asked_for() {
    let mut state = opened("kang");
    let effects = say(&mut state, 0, Event::SaeReady(sae()));
    let is_quality = |call: &Call| call.request == Request::View { query: ViewQuery::Quality };
    assert!(calls(&effects).iter().any(is_quality) && state.quality.is_loading);
    let id = calls(&effects).into_iter().find(is_quality).unwrap().id;
    say(&mut state, id, Event::Failed { message: "no".into() });
    assert_eq!(state.quality.error.as_deref(), Some("no"));
}

#[test]
fn an_analysis_refreshes_table_and_card() {
    let mut state = opened("kang");
    say(&mut state, 0, Event::SaeReady(sae()));
    reduce(&mut state, Msg::SelectFeature(Some(FeatureId(7))));
    let summary = AnalysisSummary {
        params: AnalysisParams::default(),
        n_live: 400,
        n_done: 400,
        is_so_far: false,
        n_excluded: 0,
        n_genes: 10,
        n_sets: 5,
        n_universe: 10,
        n_features_with_terms: 3,
        notices: Vec::new(),
    };
    let so_far = Event::AnalysedSoFar(AnalysisSummary { n_done: 100, is_so_far: true, ..summary.clone() });
    assert_eq!(calls(&say(&mut state, 0, so_far)).len(), 1, "the table alone");
    assert!(state.analysis.as_ref().is_some_and(|analysis| analysis.n_done == 100));
    let requests = calls(&say(&mut state, 0, Event::Analysed(summary)));
    let requests: Vec<Request> = requests.into_iter().map(|call| call.request).collect();
    assert!(matches!(requests[0], Request::View { query: ViewQuery::FeatureTable(_) }));
    assert_eq!(requests[1], Request::View { query: ViewQuery::FeatureCard(FeatureId(7)) });
}

#[test]
fn exports_are_saved_and_their_failures_said() {
    let mut state = opened("kang");
    let id = calls(&reduce(&mut state, Msg::Export(ExportKind::Sae { format: WeightFormat::SaeLens })))[0].id;
    assert!(state.jobs.export.is_running());
    let file = ExportedFile { name: "a.csv".into(), mime: "text/csv".into(), bytes: vec![1].into() };
    let effects = say(&mut state, id, Event::Exported { files: vec![file.clone()] });
    assert_eq!(effects, [Effect::Save(vec![file])]);
    let id = calls(&reduce(&mut state, Msg::Export(ExportKind::Sae { format: WeightFormat::SaeLens })))[0].id;
    say(&mut state, id, Event::Failed { message: "no model".into() });
    assert_eq!(state.toasts.last().unwrap().text, "no model");
}

#[test]
fn the_same_toast_is_not_shown_twice_and_old_ones_go() {
    let mut state = State::default();
    for text in ["a", "b", "a", "c", "d", "e"] {
        reduce(&mut state, Msg::Say { level: NoticeLevel::Info, text: text.into() });
    }
    let texts: Vec<&str> = state.toasts.iter().map(|toast| toast.text.as_str()).collect();
    assert_eq!(texts, ["a", "c", "d", "e"]);
}

#[test]
fn closing_brings_the_empty_state_back() {
    let mut state = opened("kang");
    assert!(!state.is_empty());
    let effects = reduce(&mut state, Msg::Close);
    assert_eq!(calls(&effects)[0].request, Request::Close);
    assert!(state.is_empty());
}

fn gsea_table(feature: u32, sets: &[u32]) -> GseaTable {
    let term = |&set: &u32| GseaTerm {
        set,
        name: format!("set {set}"),
        size: 20,
        es: 0.5,
        nes: 2.0,
        log10_p_value: -3.0,
        log2_error: 0.3,
        log10_padj: -2.0,
        leading_edge: Vec::new(),
        like: None,
    };
    GseaTable {
        feature: FeatureId(feature),
        params: FeatureGseaParams::default(),
        n_genes: 10,
        n_tied: 0,
        size_limits: [10, 500],
        n_sets: sets.len(),
        n_significant: [0, 0],
        alpha: 0.05,
        terms: sets.iter().map(term).collect(),
        notices: Vec::new(),
    }
}

fn gsea_summary(feature: u32) -> GseaSummary {
    let done = vec![FeatureId(feature)];
    GseaSummary { params: FeatureGseaParams::default(), n_asked: 1, done, left_out: Vec::new(), notices: Vec::new() }
}

/// A state that looks at a feature, and the id of its question for GSEA.
fn looking_at(feature: u32) -> (State, RequestId) {
    let mut state = opened("kang");
    say(&mut state, 0, Event::SaeReady(sae()));
    let effects = reduce(&mut state, Msg::SelectFeature(Some(FeatureId(feature))));
    let is_gsea = |call: &&Call| matches!(call.request, Request::View { query: ViewQuery::Gsea(_) });
    let id = calls(&effects).iter().find(is_gsea).expect("GSEA is asked for with the card").id;
    (state, id)
}

#[test]
fn a_gsea_that_has_run_shows_its_first_set() {
    let (mut state, id) = looking_at(3);
    assert!(say(&mut state, id, Event::View(ViewResult::Gsea(None))).is_empty());
    assert_eq!(state.gsea.table.value, Some(None));
    let call = calls(&reduce(&mut state, Msg::RunGsea(FeatureGseaParams::default()))).remove(0);
    let features = GseaFeatures::These(vec![FeatureId(3)]);
    assert_eq!(call.request, Request::Gsea { features, params: FeatureGseaParams::default() });
    assert!(state.jobs.gsea.is_running());
    let asked = calls(&say(&mut state, call.id, Event::GseaReady(gsea_summary(3))));
    assert_eq!(state.jobs.gsea, JobState::Idle);
    let table = Some(Box::new(gsea_table(3, &[7, 2])));
    let drawn = calls(&say(&mut state, asked[0].id, Event::View(ViewResult::Gsea(table))));
    let query = ViewQuery::GseaCurve { feature: FeatureId(3), set: 7 };
    assert_eq!((drawn[0].request.clone(), state.gsea.chosen), (Request::View { query }, Some(7)));
    reduce(&mut state, Msg::ChooseGseaSet(None));
    assert_eq!(state.gsea.chosen, None);
}

#[test]
fn a_gsea_of_a_feature_no_longer_looked_at_changes_nothing_on_the_card() {
    let (mut state, _) = looking_at(3);
    let id = calls(&reduce(&mut state, Msg::RunGsea(FeatureGseaParams::default())))[0].id;
    reduce(&mut state, Msg::SelectFeature(Some(FeatureId(4))));
    assert!(state.jobs.gsea.is_running());
    assert!(say(&mut state, id, Event::GseaReady(gsea_summary(3))).is_empty());
    assert!(!state.jobs.gsea.is_running() && state.gsea.table.is_loading);
}

#[test]
fn a_gsea_that_fails_says_why_on_the_card() {
    let (mut state, _) = looking_at(3);
    let id = calls(&reduce(&mut state, Msg::RunGsea(FeatureGseaParams::default())))[0].id;
    say(&mut state, id, Event::Failed { message: "No sets.".into() });
    assert_eq!(state.jobs.gsea.error(), Some("No sets."));
    reduce(&mut state, Msg::DismissError(Job::Gsea));
    assert_eq!(state.jobs.gsea, JobState::Idle);
}

fn swept(n_rows: usize) -> SweepSummary {
    let params = SweepParams { base: SaeParams::default(), axes: Vec::new(), n_seeds: n_rows, baselines: false };
    let row = |run| SweepRow {
        run,
        kind: SweepKind::Trained,
        label: "topk, h 512".into(),
        configuration: Some(0),
        params: Some(SaeParams::default()),
        n_features: 512,
        k: Some(16),
        outcome: SweepOutcome::Failed { reason: "Training diverged.".into() },
        is_kept: false,
    };
    SweepSummary {
        embedding: "X_pca".into(),
        params,
        n_planned: n_rows,
        rows: (0..n_rows as u32).map(row).collect(),
        kept_bytes: 1,
        was_cancelled: false,
        notices: Vec::new(),
    }
}

#[test]
fn a_sweep_shows_its_rows_as_they_come_and_ends() {
    let mut state = opened("kang");
    let params = swept(2).params;
    let effects = reduce(&mut state, Msg::Sweep { embedding: "X_pca".into(), params: params.clone() });
    let call = calls(&effects).remove(0);
    assert_eq!(call.request, Request::Sweep { embedding: "X_pca".into(), params });
    assert!(state.jobs.sweep.is_running());
    say(&mut state, call.id, Event::SweepSoFar(swept(1)));
    assert!(state.jobs.sweep.is_running());
    assert_eq!(state.sweep.as_ref().unwrap().rows.len(), 1);
    say(&mut state, call.id, Event::Swept(swept(2)));
    assert_eq!((state.jobs.sweep.clone(), state.sweep.as_ref().unwrap().rows.len()), (JobState::Idle, 2));
    let effects = reduce(&mut state, Msg::UseSweepRun(1));
    assert_eq!(calls(&effects)[0].request, Request::UseSweepRun { run: 1 });
    assert!(state.jobs.train.is_running());
}

#[test]
fn a_sweep_that_is_refused_says_why_and_keeps_the_last_one() {
    let mut state = opened("kang");
    say(&mut state, 0, Event::Swept(swept(2)));
    let effects = reduce(&mut state, Msg::Sweep { embedding: "X_pca".into(), params: swept(1).params });
    say(&mut state, calls(&effects)[0].id, Event::Failed { message: "The sweep is refused.".into() });
    assert_eq!(state.jobs.sweep.error(), Some("The sweep is refused."));
    assert_eq!(state.sweep.as_ref().unwrap().rows.len(), 2);
}

#[test]
fn a_sweep_goes_with_its_data_unless_the_engine_says_that_it_stands() {
    let mut state = opened("kang");
    say(&mut state, 0, Event::Swept(swept(2)));
    let effects = reduce(&mut state, Msg::Open(files(&["sets.gmt"])));
    let id = calls(&effects)[0].id;
    say(&mut state, id, Event::DatasetOpened(summary("kang", 100)));
    assert_eq!(state.sweep, None);
    say(&mut state, id, Event::Swept(swept(2)));
    assert!(state.sweep.is_some());
    reduce(&mut state, Msg::Close);
    assert!(state.sweep.is_none());
}
