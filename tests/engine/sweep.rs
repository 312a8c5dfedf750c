//! Sweeps: several runs on the small data set, their table, their seeds and their baselines.

use featurescope::protocol::{
    HoldOut, SweepAxis, SweepKind, SweepOutcome, SweepParams, SweepRow, SweepScores, SweepSummary,
};

use super::*;

fn base() -> SaeParams {
    SaeParams { n_epochs: 40, hold_out: HoldOut { share: 0.2, label: None }, ..params() }
}

fn sweep(axes: Vec<SweepAxis>, n_seeds: usize) -> SweepParams {
    SweepParams { base: base(), axes, n_seeds, baselines: false }
}

fn request(params: SweepParams) -> Request {
    Request::Sweep { embedding: "X_latent".into(), params }
}

fn swept(events: Vec<Event>) -> SweepSummary {
    find(events, |event| match event {
        Event::Swept(summary) => Some(summary),
        _ => None,
    })
}

fn scores(row: &SweepRow) -> &SweepScores {
    row.scores().unwrap_or_else(|| panic!("{row:?}"))
}

fn data() -> Desk {
    let mut desk = desk();
    desk.open(&["small.h5ad"]);
    desk
}

#[test]
fn a_grid_becomes_a_row_a_run_told_as_it_ends() {
    let mut desk = data();
    let grid = vec![SweepAxis::Features(vec![4, 6]), SweepAxis::Sparsity(vec![1.0, 2.0])];
    let events = desk.ask(request(sweep(grid, 1)));
    let so_far = events.iter().filter_map(|event| match event {
        Event::SweepSoFar(summary) => Some(summary.rows.len()),
        _ => None,
    });
    assert_eq!(so_far.collect::<Vec<_>>(), [0, 1, 2, 3, 4]);
    let said = |wanted: &str| {
        events
            .iter()
            .any(|event| matches!(event, Event::Progress { job: Job::Sweep, message, .. } if message.contains(wanted)))
    };
    assert!(said("Run 1 of 4: h 4, k 1, seed 1") && said("Run 4 of 4: h 6, k 2, seed 1"));
    let summary = swept(events);
    let labels: Vec<&str> = summary.rows.iter().map(|row| row.label.as_str()).collect();
    assert_eq!(labels, ["h 4, k 1", "h 4, k 2", "h 6, k 1", "h 6, k 2"]);
    for row in &summary.rows {
        let scores = scores(row);
        let held_out = scores.held_out.unwrap();
        assert_eq!((scores.training.n_cells, held_out.n_cells), (192, 48));
        assert!(held_out.fvu > 0.0 && held_out.fvu < 1.0 && row.is_kept, "{row:?}");
        assert!(held_out.l0 <= row.k.unwrap() as f64);
        assert_eq!(scores.dead_share, 1.0 - scores.n_live as f64 / row.n_features as f64);
        assert!(scores.secs > 0.0 && scores.n_steps == 40 * 5 && scores.seeds.is_none());
    }
    let fvu = |row: usize| scores(&summary.rows[row]).training.fvu;
    assert!(fvu(1) < fvu(0) && fvu(3) < fvu(2), "two features describe a cell better than one");
}

#[test]
fn a_run_taken_is_the_one_that_training_alone_gives() {
    let mut desk = data();
    let summary = swept(desk.ask(request(sweep(vec![SweepAxis::Sparsity(vec![1.0, 2.0])], 1))));
    let taken = sae_ready(desk.ask(Request::UseSweepRun { run: 1 }));
    assert!(desk.table("", FeatureSort::Id).iter().all(|row| row.found_again.is_none()));
    let alone = desk.train(base());
    assert_eq!((taken.n_live, taken.l0, taken.explained_variance), (alone.n_live, alone.l0, alone.explained_variance));
    let SaeOrigin::Trained { params, .. } = taken.origin else { panic!("{taken:?}") };
    assert_eq!(params, base());
    let (train, held) = (scores(&summary.rows[1]).training, scores(&summary.rows[1]).held_out.unwrap());
    let l0 = (train.l0 * train.n_cells as f64 + held.l0 * held.n_cells as f64) / N_CELLS as f64;
    approx::assert_relative_eq!(l0, alone.l0, max_relative = 1e-12);
    assert_eq!(desk.refused(Request::UseSweepRun { run: 7 }).matches("there is no such run").count(), 1);
}

#[test]
fn seeds_are_compared_and_their_features_say_so() {
    let mut desk = data();
    let summary = swept(desk.ask(request(sweep(vec![SweepAxis::Features(vec![4, 6])], 3))));
    assert_eq!(summary.rows.iter().map(|row| row.configuration).collect::<Vec<_>>(), [0, 0, 0, 1, 1, 1].map(Some));
    for row in &summary.rows {
        let seeds = scores(row).seeds.unwrap();
        assert!(seeds.n_others == 2 && seeds.is_exact);
        assert!((-1.0..=1.0).contains(&seeds.mcc) && (0.0..=1.0).contains(&seeds.found_share), "{seeds:?}");
    }
    let ready = sae_ready(desk.ask(Request::UseSweepRun { run: 2 }));
    assert_eq!(ready.n_other_seeds, 2);
    let rows = desk.table("", FeatureSort::Stability);
    let cosines: Vec<f64> = rows.iter().map(|row| row.found_again.unwrap().mean_cosine).collect();
    assert!(cosines.is_sorted_by(|a, b| a >= b), "{cosines:?}");
    let n_everywhere = rows.iter().filter(|row| row.found_again.unwrap().n_found == 2).count();
    let share = scores(&summary.rows[2]).seeds.unwrap().found_share;
    assert_eq!(n_everywhere as f64 / rows.len() as f64, share);
    let card = desk.card(rows[0].feature);
    assert_eq!(card.row.found_again, rows[0].found_again);
    let file = desk.export(ExportKind::FeatureStatistics).remove(0);
    let text = String::from_utf8(file.bytes.0).unwrap();
    assert!(text.lines().next().unwrap().ends_with("n_seeds_found_again,n_other_seeds,mean_seed_cosine"), "{text}");
    assert_eq!(text.lines().count(), 5);
    // Other weights are in use: the column goes.
    desk.train(base());
    assert!(desk.table("", FeatureSort::Id).iter().all(|row| row.found_again.is_none()));
}

#[test]
fn a_run_that_diverges_becomes_a_row_and_the_rest_goes_on() {
    let mut desk = data();
    let variant = Variant::ReluL1 { l1: 1e-3 };
    let sweep = SweepParams {
        base: SaeParams { variant, ..base() },
        axes: vec![SweepAxis::Sparsity(vec![1e300, 1e-3])],
        n_seeds: 1,
        baselines: false,
    };
    let summary = swept(desk.ask(request(sweep)));
    let SweepOutcome::Failed { reason } = &summary.rows[0].outcome else { panic!("{summary:?}") };
    assert!(reason.contains("diverged") && !summary.rows[0].is_kept, "{reason}");
    assert!(scores(&summary.rows[1]).training.fvu < 1.0);
    assert!(desk.refused(Request::UseSweepRun { run: 0 }).contains("Run 1 can't be used: it did not end"));
}

#[test]
fn a_cancel_keeps_what_ended() {
    let mut desk = data();
    desk.send(request(sweep(vec![SweepAxis::Features(vec![3, 4, 5, 6])], 1)));
    let is_first = |event: &Event| matches!(event, Event::SweepSoFar(summary) if summary.rows.len() == 1);
    while !is_first(&desk.next().event) {}
    let busy = desk.send(Request::Train { embedding: "X_latent".into(), params: base() });
    let refused = loop {
        if let Answer { id, event: Event::Failed { message } } = desk.next()
            && id == busy
        {
            break message;
        }
    };
    assert!(refused.contains("The sweep is still going on"), "{refused}");
    let summary = swept(desk.ask(Request::Cancel { job: Job::Sweep }));
    assert!(summary.was_cancelled && !summary.rows.is_empty() && summary.rows.len() < 4);
    sae_ready(desk.ask(Request::UseSweepRun { run: 0 }));
}

#[test]
fn baselines_are_rows_by_the_same_metrics() {
    let mut desk = data();
    let grid = SweepParams { baselines: true, ..sweep(vec![SweepAxis::Sparsity(vec![1.0, 2.0])], 2) };
    let summary = swept(desk.ask(request(grid)));
    let of = |kind| summary.rows.iter().filter(|row| row.kind == kind).collect::<Vec<_>>();
    assert_eq!((of(SweepKind::Trained).len(), of(SweepKind::Shuffled).len(), summary.n_planned), (4, 2, 6));
    assert_eq!((of(SweepKind::Pca).len(), of(SweepKind::Ica).len(), of(SweepKind::Random).len()), (2, 2, 2));
    for row in &summary.rows {
        let held_out = scores(row).held_out.unwrap();
        assert!(held_out.fvu.is_finite() && held_out.n_cells == 48, "{row:?}");
        assert!(row.is_kept == (row.kind == SweepKind::Trained));
    }
    let fvu = |row: &SweepRow| scores(row).held_out.unwrap().fvu;
    let random = of(SweepKind::Random);
    assert!(fvu(random[1]) > fvu(of(SweepKind::Pca)[1]), "directions of the data beat random ones");
    let shuffled = of(SweepKind::Shuffled);
    assert!(fvu(shuffled[1]) > fvu(of(SweepKind::Trained)[2]), "structure helps");
    let file = desk.export(ExportKind::Sweep { format: TableFormat::Csv }).remove(0);
    let text = String::from_utf8(file.bytes.0).unwrap();
    assert_eq!((file.name.as_str(), text.lines().count()), ("sweep.csv", 1 + summary.rows.len()));
    assert!(text.lines().next().unwrap().starts_with("run,kind,label,configuration,variant,n_features,"));
    assert!(desk.refused(Request::UseSweepRun { run: 9 }).contains("it is a baseline"));
}

#[test]
fn a_sweep_that_is_refused_leaves_the_last_one() {
    let mut desk = data();
    assert!(
        desk.refused(Request::Export { kind: ExportKind::Sweep { format: TableFormat::Csv } }).contains("no sweep")
    );
    let first = swept(desk.ask(request(sweep(Vec::new(), 1))));
    assert_eq!(first.rows[0].label, "topk, h 4");
    let message = desk.refused(request(sweep(vec![SweepAxis::Sparsity(vec![1.0, 99.0])], 1)));
    assert!(message.contains("\"k 99\"") && message.contains("k must be between 1"), "{message}");
    sae_ready(desk.ask(Request::UseSweepRun { run: 0 }));
    let stands = swept({
        let files = desk.files(&["sets.gmt"]);
        desk.ask(Request::Open { files, embedding: None, trims: Vec::new(), matrix: None })
    });
    assert_eq!(stands.rows, first.rows);
    desk.ask(Request::Close);
    assert!(desk.refused(Request::UseSweepRun { run: 0 }).contains("no sweep"));
}

#[test]
fn the_same_sweep_gives_the_same_bits() {
    let run = || {
        let summary = swept(data().ask(request(sweep(Vec::new(), 2))));
        let numbers = |row: &SweepRow| {
            let scores = scores(row);
            (scores.training, scores.held_out, scores.n_live, scores.seeds)
        };
        summary.rows.iter().map(numbers).collect::<Vec<_>>()
    };
    assert_eq!(run(), run());
}
