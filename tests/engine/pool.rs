//! What the engine makes of its workers: those that stop, those that keep tests, and what they find on the way.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use featurescope::data::FeatureId;
use featurescope::platform::{HostError, LocalTask, Pool};
use featurescope::pool::Worker;
use featurescope::protocol::{
    AnalysisParams, AnalysisSummary, Event, ExportKind, Notice, PoolAnswer, PoolCall, PoolShardCall, Positives,
    Request, SaeParams, SoundParams, TableStyle, Universe, ViewQuery, ViewResult, WeightFormat,
};
use futures::FutureExt;

use super::{Desk, N_CELLS, analysed, desk, params, sae_ready, text};

/// Workers that note what they are asked; the first stops at findings if it is `broken`, and at some call of training.
#[derive(Default)]
struct WatchedPool {
    workers: [RefCell<Worker>; 2],
    is_broken: bool,
    stops_at_shard_call: Cell<Option<usize>>,
    asked: RefCell<Vec<&'static str>>,
}

impl WatchedPool {
    /// How often something was asked since the last look.
    fn count(&self, what: &str) -> usize {
        self.asked.borrow().iter().filter(|asked| **asked == what).count()
    }

    fn forget(&self) {
        self.asked.borrow_mut().clear();
    }
}

impl Pool for WatchedPool {
    fn n_workers(&self) -> usize {
        2
    }

    fn call(&self, worker: usize, call: PoolCall) -> LocalTask<'_, Result<PoolAnswer, HostError>> {
        self.asked.borrow_mut().push(match &call {
            PoolCall::Plan(_) => "plan",
            PoolCall::Genes(_) => "genes",
            PoolCall::Again(_) => "again",
            PoolCall::Shard(PoolShardCall::End) => "end",
            PoolCall::Shard(_) => "shard",
            _ => "other",
        });
        let stops_training = self.stops_at_shard_call.get() == Some(self.count("shard"));
        let stops = stops_training || self.is_broken && worker == 0 && matches!(call, PoolCall::Findings { .. });
        let answer = if stops {
            Err(HostError::Worker { reason: "out of memory".to_owned() })
        } else {
            Ok(self.workers[worker].borrow_mut().answer(call))
        };
        async move { answer }.boxed_local()
    }
}

fn ready() -> Desk {
    let mut desk = desk();
    desk.open(&["small.h5ad", "sets.gmt"]);
    desk.train(params());
    desk
}

fn terms(desk: &mut Desk) -> String {
    text(&desk.export(ExportKind::Enrichment { style: TableStyle::default() })[0])
}

#[test]
fn what_a_worker_leaves_is_done_and_said() {
    let mut desk = ready();
    let alone = desk.analyse();
    let table = terms(&mut desk);
    desk.session.host().use_pool(Rc::new(WatchedPool { is_broken: true, ..WatchedPool::default() }));
    let helped = desk.analyse();
    assert_eq!((helped.n_done, helped.n_excluded), (alone.n_done, alone.n_excluded));
    let said = |notice: &Notice| notice.text.contains("out of memory") && notice.text.contains("the rest by itself");
    assert!(helped.notices.iter().any(said) && !alone.notices.iter().any(said), "{:?}", helped.notices);
    assert_eq!(terms(&mut desk), table);
}

fn with(change: impl Fn(&mut SoundParams)) -> AnalysisParams {
    let mut sound = SoundParams { positives: Positives::Active, ..SoundParams::default() };
    change(&mut sound);
    AnalysisParams { sound, ..AnalysisParams::default() }
}

fn analyse(desk: &mut Desk, params: &AnalysisParams) -> AnalysisSummary {
    analysed(desk.ask(Request::Analyse { params: params.clone() }))
}

#[test]
fn other_thresholds_need_no_genes_and_find_the_same() {
    let (mut desk, mut fresh) = (ready(), ready());
    let pool = Rc::new(WatchedPool::default());
    desk.session.host().use_pool(Rc::clone(&pool) as Rc<dyn Pool>);
    analyse(&mut desk, &with(|_| ()));
    assert!(pool.count("genes") > 0 && pool.count("again") == 0);
    let strict = with(|sound| (sound.alpha, sound.min_log2_fold_change) = (1e-6, 0.8));
    let few_genes = with(|sound| sound.universe = Universe::Annotated);
    let large_sets = AnalysisParams { min_set_size: 12, ..with(|_| ()) };
    for params in [strict, few_genes, large_sets] {
        pool.forget();
        let again = analyse(&mut desk, &params);
        assert_eq!((pool.count("genes"), pool.count("again") > 0), (0, true), "{params:?}");
        assert_eq!(again, analyse(&mut fresh, &params));
        assert_eq!(terms(&mut desk), terms(&mut fresh));
    }
    pool.forget();
    analyse(&mut desk, &with(|sound| sound.positives = Positives::Top(30)));
    assert!(pool.count("genes") > 0 && pool.count("again") == 0, "other groups are tested anew");
}

#[test]
fn another_model_is_tested_anew() {
    let mut desk = ready();
    let pool = Rc::new(WatchedPool::default());
    desk.session.host().use_pool(Rc::clone(&pool) as Rc<dyn Pool>);
    analyse(&mut desk, &with(|_| ()));
    desk.train(params());
    pool.forget();
    analyse(&mut desk, &with(|_| ()));
    assert_eq!(pool.count("again"), 0);
}

#[test]
fn what_is_found_can_be_looked_at_block_by_block() {
    let mut desk = ready();
    let events = desk.ask(Request::Analyse { params: with(|_| ()) });
    let so_far = events.iter().filter_map(|event| match event {
        Event::AnalysedSoFar(summary) => Some(summary.n_done),
        _ => None,
    });
    let so_far: Vec<usize> = so_far.collect();
    let whole = analysed(events.clone());
    assert!(!so_far.is_empty() && so_far.is_sorted() && so_far.last() == Some(&whole.n_done), "{so_far:?}");
}

#[test]
fn a_card_that_nobody_waits_for_any_more_is_left() {
    let mut desk = ready();
    desk.analyse();
    desk.send(Request::View { query: ViewQuery::FeatureCard(FeatureId(0)) });
    let events = desk.ask(Request::View { query: ViewQuery::FeatureCard(FeatureId(1)) });
    let cards: Vec<FeatureId> = events.iter().filter_map(card_of).collect();
    assert_eq!(cards, [FeatureId(1)]);
    assert!(
        events
            .iter()
            .any(|event| matches!(event, Event::Failed { message } if message.contains("before this card was ready")))
    );
}

fn card_of(event: &Event) -> Option<FeatureId> {
    match event {
        Event::View(ViewResult::FeatureCard(card)) => Some(card.row.feature),
        _ => None,
    }
}

/// A run large enough to be shared, of a few steps.
fn large() -> SaeParams {
    SaeParams { n_features: 100_000, batch_size: N_CELLS, n_epochs: 3, ..params() }
}

fn opened(pool: &Rc<WatchedPool>) -> Desk {
    let mut desk = desk();
    desk.open(&["small.h5ad"]);
    desk.session.host().use_pool(Rc::clone(pool) as Rc<dyn Pool>);
    desk
}

#[test]
fn a_worker_takes_part_in_a_large_training_run_and_changes_no_bit() {
    let mut alone = desk();
    alone.open(&["small.h5ad"]);
    let expected = alone.train(large());
    let pool = Rc::new(WatchedPool::default());
    let mut helped = opened(&pool);
    assert_eq!(helped.train(large()), expected);
    // It begins, takes three steps of four phases and says what it learnt.
    assert_eq!((pool.count("shard") >= 14, pool.count("end")), (true, 1), "{:?}", pool.asked);
    assert!(
        helped.export(ExportKind::Sae { format: WeightFormat::SaeLens })
            == alone.export(ExportKind::Sae { format: WeightFormat::SaeLens })
    );
    pool.forget();
    helped.train(params());
    assert_eq!(pool.count("shard"), 0, "small runs stay where they are");
}

#[test]
fn a_worker_that_stops_in_training_is_left_out_or_ends_it_with_a_way_on() {
    let pool = Rc::new(WatchedPool::default());
    pool.stops_at_shard_call.set(Some(1));
    let mut desk = opened(&pool);
    let events = desk.ask(Request::Train { embedding: "X_latent".into(), params: large() });
    let said = |event: &Event| matches!(event, Event::Noticed(notice) if notice.text.contains("goes on without it"));
    assert!(events.iter().any(said), "{events:?}");
    sae_ready(events);

    pool.forget();
    pool.stops_at_shard_call.set(Some(7));
    let refusal = desk.refused(Request::Train { embedding: "X_latent".into(), params: large() });
    assert!(refusal.contains("out of memory") && refusal.contains("checkpoint"), "{refusal}");
    assert_eq!(pool.count("end"), 1);
}
