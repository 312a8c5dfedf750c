//! GSEA on demand: the library's numbers, the same on any number of workers, kept while they hold.

use std::cell::RefCell;
use std::fmt::Write;
use std::rc::Rc;
use std::sync::Arc;

use featurescope::data::{FeatureId, GeneSet, Silent};
use featurescope::enrich::{GseaParams, MatchedGeneSets, Ranking, gsea, running_sum};
use featurescope::io::MemorySource;
use featurescope::platform::{HostError, LocalTask, Pool};
use featurescope::pool::Worker;
use featurescope::protocol::{
    AnalysisMode, AnalysisParams, Convention, Event, ExportKind, FeatureGseaParams, GseaCurve, GseaFeatures,
    GseaMethod, GseaQuery, GseaSummary, GseaTable, GseaWeight, Job, PoolAnswer, PoolCall, Positives, RankBy, Request,
    SoundParams, TableFormat, TableStyle, ViewQuery, ViewResult,
};
use futures::FutureExt;

use super::{Desk, desk, find, genes_table, params, text};

const MIN_SIZE: usize = 3;
const MAX_SIZE: usize = 50;

/// Sets of many sizes over the genes of small.h5ad: the response genes with more and more others.
fn gene_sets(names: &[String]) -> Vec<GeneSet> {
    let set = |name: String, genes: Vec<String>| GeneSet { name, description: "-".to_owned(), genes };
    let strided = (1..9).flat_map(|stride| (0..3).map(move |start| (stride, start)));
    let strided = strided.map(|(stride, start)| {
        let genes = names.iter().skip(start).step_by(stride).take(8 + 5 * stride).cloned().collect();
        set(format!("EVERY_{stride}_FROM_{start}"), genes)
    });
    let response = names.iter().filter(|name| name.starts_with("RESP")).cloned().collect();
    [set("RESPONSE".to_owned(), response)].into_iter().chain(strided).collect()
}

fn gene_names(desk: &mut Desk) -> Vec<String> {
    match desk.view(ViewQuery::GeneNames) {
        ViewResult::GeneNames(names) => names,
        other => panic!("{other:?}"),
    }
}

/// Data, sets of many sizes, a model and an analysis.
fn analysed_desk() -> Desk {
    let mut desk = desk();
    desk.open(&["small.h5ad"]);
    let names = gene_names(&mut desk);
    let mut gmt = String::new();
    for set in gene_sets(&names) {
        writeln!(gmt, "{}\t{}\t{}", set.name, set.description, set.genes.join("\t")).unwrap();
    }
    let files = vec![desk.session.host().add_source("many.gmt", Arc::new(MemorySource(gmt.into_bytes())))];
    desk.ask(Request::Open { files, embedding: None, trims: Vec::new(), matrix: None });
    desk.train(params());
    analyse(&mut desk, AnalysisMode::Sound);
    desk
}

fn analyse(desk: &mut Desk, mode: AnalysisMode) {
    let sound = SoundParams { positives: Positives::Active, ..SoundParams::default() };
    let (min_set_size, max_set_size) = (MIN_SIZE, MAX_SIZE);
    let params = AnalysisParams { mode, sound, min_set_size, max_set_size, ..AnalysisParams::default() };
    super::analysed(desk.ask(Request::Analyse { params }));
}

fn request(features: GseaFeatures, params: &FeatureGseaParams) -> Request {
    Request::Gsea { features, params: params.clone() }
}

fn these(features: &[FeatureId]) -> GseaFeatures {
    GseaFeatures::These(features.to_vec())
}

fn run(desk: &mut Desk, features: GseaFeatures, params: &FeatureGseaParams) -> GseaSummary {
    find(desk.ask(request(features, params)), |event| match event {
        Event::GseaReady(summary) => Some(summary),
        _ => None,
    })
}

fn table(desk: &mut Desk, feature: FeatureId) -> Option<GseaTable> {
    match desk.view(ViewQuery::Gsea(GseaQuery { feature, limit: 100 })) {
        ViewResult::Gsea(table) => table.map(|table| *table),
        other => panic!("{other:?}"),
    }
}

fn curve(desk: &mut Desk, feature: FeatureId, set: u32) -> GseaCurve {
    match desk.view(ViewQuery::GseaCurve { feature, set }) {
        ViewResult::GseaCurve(curve) => *curve,
        other => panic!("{other:?}"),
    }
}

fn saved(desk: &mut Desk, convention: Convention) -> String {
    let style = TableStyle { format: TableFormat::Csv, convention };
    let files = desk.export(ExportKind::Gsea { feature: None, style });
    assert_eq!(files[0].name, "gsea.csv");
    text(&files[0])
}

/// t of every gene of a feature as the table of differential expression has it; NaN where it is empty.
fn welch_t(desk: &mut Desk, feature: FeatureId) -> Vec<f64> {
    let table = text(&desk.export(genes_table(Some(feature), None))[0]);
    let mut reader = csv::Reader::from_reader(table.as_bytes());
    let column = reader.headers().unwrap().iter().position(|head| head == "t").unwrap();
    reader.records().map(|row| row.unwrap()[column].parse().unwrap_or(f64::NAN)).collect()
}

#[test]
fn a_features_gsea_is_the_librarys_along_its_genes() {
    let mut desk = analysed_desk();
    let feature = desk.treated_feature();
    let asked = FeatureGseaParams { rank_by: RankBy::WelchT, seed: 5, ..FeatureGseaParams::default() };
    let summary = run(&mut desk, these(&[feature]), &asked);
    assert_eq!((summary.done.as_slice(), summary.n_asked), (&[feature][..], 1));

    let (names, statistics) = (gene_names(&mut desk), welch_t(&mut desk, feature));
    let is_ranked: Vec<bool> = statistics.iter().map(|t| !t.is_nan()).collect();
    let ranking = Ranking::of_genes(&statistics, &is_ranked).unwrap();
    let sets = MatchedGeneSets::new(&names, &gene_sets(&names), MIN_SIZE, MAX_SIZE);
    let params = GseaParams { min_size: MIN_SIZE, max_size: MAX_SIZE, seed: 5, ..GseaParams::default() };
    let expected = gsea(&ranking, &sets, &params, &Silent).unwrap();
    assert!(expected.len() > 15, "{} sets", expected.len());

    let found = table(&mut desk, feature).unwrap();
    assert_eq!((found.n_sets, found.n_genes), (expected.len(), ranking.n_ranked()));
    assert_eq!(found.terms[0].name, "RESPONSE");
    assert!(found.terms[0].nes > 1.5 && found.terms[0].log10_padj < -3.0 && found.n_significant[0] > 0, "{found:?}");
    assert!(found.terms.is_sorted_by_key(|term| term.log10_p_value));
    for term in &found.terms {
        let own = expected.iter().find(|result| sets.name(result.set) == term.name).unwrap();
        let log10_p = own.ln_p_value * std::f64::consts::LOG10_E;
        assert_eq!((term.size, term.es, term.nes), (own.size, own.es, own.nes.unwrap()), "{}", term.name);
        assert_eq!((term.log10_p_value, term.log10_padj), (log10_p, libm::log10(own.padj)), "{}", term.name);
        assert_eq!(term.log2_error.to_bits(), own.log2_error.unwrap_or(f64::NAN).to_bits(), "{}", term.name);
        let edge: Vec<&str> = own.leading_edge.iter().map(|gene| names[gene.index()].as_str()).collect();
        assert_eq!(term.leading_edge, edge, "{}", term.name);
    }

    let first = &found.terms[0];
    let drawn = curve(&mut desk, feature, first.set);
    let own = expected.iter().find(|result| sets.name(result.set) == "RESPONSE").unwrap();
    let hits = ranking.ranks_of(sets.genes(own.set));
    let corners: Vec<(f64, f64)> = drawn.passed.iter().copied().zip(drawn.sum.iter().copied()).collect();
    assert_eq!(corners, running_sum(&ranking.weights(1.0).unwrap(), &hits));
    assert_eq!((&drawn.hits[..], drawn.term.leading_edge.len()), (&hits[..], own.leading_edge.len()));
    assert!(drawn.statistic.is_sorted_by(|a, b| a >= b) && drawn.statistic.len() == ranking.n_ranked());
}

/// Workers on the test's own thread, some of which stop when they are to test sets.
struct Workers {
    workers: Vec<RefCell<Worker>>,
    failing: usize,
}

impl Workers {
    fn new(n: usize, failing: usize) -> Rc<Self> {
        Rc::new(Self { workers: (0..n).map(|_| RefCell::default()).collect(), failing })
    }
}

impl Pool for Workers {
    fn n_workers(&self) -> usize {
        self.workers.len()
    }

    fn call(&self, worker: usize, call: PoolCall) -> LocalTask<'_, Result<PoolAnswer, HostError>> {
        let stops = worker < self.failing && matches!(call, PoolCall::GseaSteps(_));
        let answer = if stops {
            Err(HostError::Worker { reason: "out of memory".to_owned() })
        } else {
            Ok(self.workers[worker].borrow_mut().answer(call))
        };
        async move { answer }.boxed_local()
    }
}

#[test]
fn the_bits_are_the_same_on_any_number_of_workers_also_where_some_stop() {
    let mut desk = analysed_desk();
    let features = GseaFeatures::All;
    let asked = FeatureGseaParams::default();
    let alone = run(&mut desk, features.clone(), &asked);
    assert!(alone.notices.is_empty() && alone.done.len() > 1, "{alone:?}");
    let expected = saved(&mut desk, Convention::FeatureScope);
    assert!(expected.lines().count() > 15 * alone.done.len());
    for (n, failing) in [(1, 0), (2, 0), (3, 0), (2, 1), (2, 2)] {
        desk.session.host().use_pool(Workers::new(n, failing));
        let helped = run(&mut desk, features.clone(), &asked);
        assert_eq!(helped.done, alone.done);
        let said = helped.notices.iter().any(|notice| notice.text.contains("out of memory"));
        assert_eq!(said, failing > 0, "{:?}", helped.notices);
        assert_eq!(saved(&mut desk, Convention::FeatureScope), expected, "{n} workers, {failing} failing");
    }
}

#[test]
fn one_null_for_all_features_gives_what_each_gets_by_itself() {
    let mut desk = analysed_desk();
    let (rank_by, weight, method) = (RankBy::WelchT, GseaWeight::Rank, GseaMethod::Simple);
    let shared = FeatureGseaParams { rank_by, weight, method, ..FeatureGseaParams::default() };
    let done = run(&mut desk, GseaFeatures::All, &shared).done;
    assert!(done.len() > 1);
    let names = gene_names(&mut desk);
    let sets = MatchedGeneSets::new(&names, &gene_sets(&names), MIN_SIZE, MAX_SIZE);
    let params = GseaParams {
        min_size: MIN_SIZE,
        max_size: MAX_SIZE,
        is_multilevel: false,
        eps: 1e-300,
        ..GseaParams::default()
    };
    for feature in done {
        let statistics = welch_t(&mut desk, feature);
        let is_ranked: Vec<bool> = statistics.iter().map(|t| !t.is_nan()).collect();
        let ranking = Ranking::of_genes(&statistics, &is_ranked).unwrap().of_ranks();
        let expected = gsea(&ranking, &sets, &params, &Silent).unwrap();
        let found = table(&mut desk, feature).unwrap();
        assert_eq!(found.terms.len(), expected.len());
        for term in &found.terms {
            let own = expected.iter().find(|result| sets.name(result.set) == term.name).unwrap();
            assert_eq!((term.es, term.nes), (own.es, own.nes.unwrap()), "{}", term.name);
            assert_eq!(term.log10_p_value, own.ln_p_value * std::f64::consts::LOG10_E, "{}", term.name);
            assert_eq!(term.log2_error, own.log2_error.unwrap(), "{}", term.name);
        }
    }
}

#[test]
fn a_cancel_leaves_nothing_broken() {
    let mut desk = analysed_desk();
    let feature = desk.treated_feature();
    let asked = FeatureGseaParams { n_permutations: 100_000, ..FeatureGseaParams::default() };
    desk.send(request(these(&[feature]), &asked));
    while !matches!(desk.next().event, Event::Progress { job: Job::Gsea, .. }) {}
    let second = desk.send(request(these(&[feature]), &asked));
    desk.send(Request::Cancel { job: Job::Gsea });
    let answers = desk.session.drain();
    let is_busy = |event: &Event| matches!(event, Event::Failed { message } if message.contains("still going on"));
    assert!(answers.iter().any(|answer| answer.id == second && is_busy(&answer.event)), "{answers:?}");
    assert!(answers.iter().any(|answer| answer.event == Event::Cancelled { job: Job::Gsea }), "{answers:?}");
    assert_eq!(table(&mut desk, feature), None);
    assert_eq!(run(&mut desk, these(&[feature]), &FeatureGseaParams::default()).done, [feature]);
    assert!(table(&mut desk, feature).is_some());
}

#[test]
fn a_cancel_keeps_the_features_that_are_done() {
    let mut desk = analysed_desk();
    let asked = FeatureGseaParams { n_permutations: 200_000, ..FeatureGseaParams::default() };
    let id = desk.send(request(GseaFeatures::All, &asked));
    let mut fractions = Vec::new();
    while fractions.last().is_none_or(|fraction| *fraction < 0.5) {
        if let Event::Progress { job: Job::Gsea, fraction, .. } = desk.next().event {
            fractions.push(fraction);
        }
    }
    assert!(fractions.is_sorted(), "{fractions:?}");
    desk.send(Request::Cancel { job: Job::Gsea });
    let answers = desk.session.drain();
    let own = answers.into_iter().filter(|answer| answer.id == id).map(|answer| answer.event).collect();
    let summary = find(own, |event| match event {
        Event::GseaReady(summary) => Some(summary),
        _ => None,
    });
    assert!((1..summary.n_asked).contains(&summary.done.len()), "{summary:?}");
    assert!(summary.notices.iter().any(|notice| notice.text.contains("was cancelled")), "{summary:?}");
    assert!(table(&mut desk, summary.done[0]).is_some());
}

#[test]
fn results_go_with_the_analysis_and_with_the_model() {
    let mut desk = analysed_desk();
    let feature = desk.treated_feature();
    let asked = FeatureGseaParams::default();
    run(&mut desk, these(&[feature]), &asked);
    assert!(table(&mut desk, feature).is_some());
    analyse(&mut desk, AnalysisMode::Sound);
    assert_eq!(table(&mut desk, feature), None);
    assert!(desk.refused(Request::View { query: ViewQuery::GseaCurve { feature, set: 0 } }).contains("has not run"));
    run(&mut desk, these(&[feature]), &asked);
    desk.train(params());
    assert_eq!(table(&mut desk, feature), None);
    let style = TableStyle::default();
    assert!(desk.refused(Request::Export { kind: ExportKind::Gsea { feature: None, style } }).contains("any feature"));
}

#[test]
fn what_can_not_be_ranked_is_refused_or_said() {
    let mut desk = analysed_desk();
    let asked = FeatureGseaParams::default();
    assert!(desk.refused(request(these(&[FeatureId(99)]), &asked)).contains("Feature 99 does not exist"));
    let few = FeatureGseaParams { n_permutations: 3, ..FeatureGseaParams::default() };
    assert!(desk.refused(request(GseaFeatures::All, &few)).contains("3 random sets"));
    let positives = Positives::Top(10);
    let sound = SoundParams { positives, min_cells: 10, ..SoundParams::default() };
    let wide = AnalysisParams { min_set_size: 100, sound, ..AnalysisParams::default() };
    super::analysed(desk.ask(Request::Analyse { params: wide }));
    assert!(desk.refused(request(GseaFeatures::All, &asked)).contains("100 to 500 ranked genes"));
    let sound = SoundParams { positives: Positives::Active, min_cells: 239, ..SoundParams::default() };
    let strict = AnalysisParams { min_set_size: MIN_SIZE, sound, ..AnalysisParams::default() };
    super::analysed(desk.ask(Request::Analyse { params: strict }));
    let feature = desk.table("", super::FeatureSort::Id)[0].feature;
    let summary = run(&mut desk, these(&[feature]), &asked);
    assert_eq!((summary.done.len(), summary.left_out.as_slice()), (0, &[feature][..]));
    assert!(summary.notices[0].text.contains("at least 239"), "{:?}", summary.notices);
    analyse(&mut desk, AnalysisMode::Paper);
    assert!(desk.refused(request(GseaFeatures::All, &asked)).contains("analyse in sound mode first"));
}

#[test]
fn tables_have_the_columns_of_other_tools() {
    let mut desk = analysed_desk();
    let feature = desk.treated_feature();
    run(&mut desk, these(&[feature]), &FeatureGseaParams::default());
    let found = table(&mut desk, feature).unwrap();
    let fgsea = saved(&mut desk, Convention::Fgsea);
    assert!(fgsea.starts_with("feature,pathway,pval,padj,log2err,ES,NES,size,leadingEdge\n"), "{fgsea:.200}");
    assert_eq!(fgsea.lines().count(), 1 + found.n_sets);
    assert!(fgsea.lines().nth(1).unwrap().starts_with(&format!("{feature},RESPONSE,")), "{fgsea:.200}");
    assert!(saved(&mut desk, Convention::GseaPy).starts_with("feature,Term,ES,NES,NOM p-val,FDR q-val,Lead_genes\n"));
    let style = TableStyle { format: TableFormat::Csv, convention: Convention::Scanpy };
    assert!(desk.refused(Request::Export { kind: ExportKind::Gsea { feature: None, style } }).contains("GSEApy"));
}
