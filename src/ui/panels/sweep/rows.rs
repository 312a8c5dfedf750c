//! Rows of a sweep as a table, as points of the Pareto chart, and in words. Pure.
//!
//! FVU and L0 are those of the held-out cells where all rows that ended have some, else of the training cells; the
//! labels say which.

use crate::plot::charts::{ChartError, ChartSize, DrawnPareto, ParetoChart, ParetoKind, ParetoPoint, pareto_chart};
use crate::plot::format::{count, decimals, percent, significant};
use crate::protocol::{SweepFit, SweepKind, SweepOutcome, SweepRow, SweepScores, SweepSummary};
use crate::ui::text::duration;
use crate::ui::widgets::{SortedColumn, SortedRows, SortedValues};

/// Kinds in the order of the chart's key; a row's kind is its position here.
const KINDS: [(SweepKind, ParetoKind<'static>); 5] = [
    (SweepKind::Trained, ParetoKind { name: "Runs", competes: true }),
    (SweepKind::Shuffled, ParetoKind { name: "Shuffled data", competes: false }),
    (SweepKind::Pca, ParetoKind { name: "PCA", competes: false }),
    (SweepKind::Ica, ParetoKind { name: "ICA", competes: false }),
    (SweepKind::Random, ParetoKind { name: "Random directions", competes: false }),
];
/// FVU above this does not stretch the axis: it is worse than the mean of the cells.
const MOST_FVU: f64 = 1.05;
/// How near the pointer has to be to a point, in CSS pixels.
const REACH_PX: f64 = 14.0;

/// Whether all rows that ended have held-out cells.
pub(super) fn is_held_out(summary: &SweepSummary) -> bool {
    let mut scores = summary.rows.iter().filter_map(SweepRow::scores).peekable();
    scores.peek().is_some() && scores.all(|scores| scores.held_out.is_some())
}

fn fit(scores: &SweepScores, held_out: bool) -> &SweepFit {
    scores.held_out.as_ref().filter(|_| held_out).unwrap_or(&scores.training)
}

/// What a row is called: its configuration with its seed, or the baseline.
pub(super) fn name(row: &SweepRow) -> String {
    let seed = row.params.as_ref().map(|params| format!(", seed {}", params.seed)).unwrap_or_default();
    let shuffled = if row.kind == SweepKind::Shuffled { ", shuffled data" } else { "" };
    format!("{}{seed}{shuffled}", row.label)
}

/// The chart of all rows.
///
/// # Errors
/// As [`pareto_chart`].
pub(super) fn chart(summary: &SweepSummary, size: ChartSize) -> Result<DrawnPareto, ChartError> {
    let held_out = is_held_out(summary);
    let (x_label, y_label) = if held_out {
        ("L0: active features per held-out cell", "FVU of held-out cells (0 is perfect)")
    } else {
        ("L0: active features per cell", "FVU of training cells (0 is perfect)")
    };
    let kinds = KINDS.map(|(_, kind)| kind);
    let points: Vec<ParetoPoint<'_>> =
        summary.rows.iter().enumerate().map(|(at, row)| point(summary, at, row, held_out)).collect();
    let title = "Runs of the sweep by L0 and FVU";
    pareto_chart(&ParetoChart { title, x_label, y_label, kinds: &kinds, points: &points, y_most: MOST_FVU, size })
}

fn point<'a>(summary: &SweepSummary, at: usize, row: &'a SweepRow, held_out: bool) -> ParetoPoint<'a> {
    let kind = KINDS.iter().position(|(kind, _)| *kind == row.kind).unwrap_or(0);
    // Of seeds of a configuration the first has the name.
    let is_named = row.kind == SweepKind::Trained
        && !summary.rows[..at].iter().any(|other| other.kind == row.kind && other.configuration == row.configuration);
    let name = if is_named { row.label.as_str() } else { "" };
    let (x, y) = row.scores().map_or((f64::NAN, f64::NAN), |scores| {
        let fit = fit(scores, held_out);
        (fit.l0, fit.fvu)
    });
    ParetoPoint { name, kind, x, y }
}

/// A row in words, for the pointer and screen readers.
pub(super) fn words(summary: &SweepSummary, row: &SweepRow, is_on_front: bool) -> String {
    let what = name(row);
    let scores = match &row.outcome {
        SweepOutcome::Done(scores) => scores,
        SweepOutcome::Failed { reason } => return format!("{what}. {reason}"),
    };
    let fit = fit(scores, is_held_out(summary));
    let front = if is_on_front { ", on the front" } else { "" };
    let seeds = scores.seeds.map(|seeds| format!(", MCC {}", decimals(seeds.mcc, 2))).unwrap_or_default();
    format!(
        "{what}: L0 {}, FVU {}, {} live features{seeds}{front}",
        significant(fit.l0, 3),
        significant(fit.fvu, 3),
        count(scores.n_live)
    )
}

/// The row whose point lies nearest to a place, if one is near.
pub(super) fn row_at(places: &[Option<(f64, f64)>], (x, y): (f64, f64)) -> Option<usize> {
    let distances = places.iter().enumerate().filter_map(|(at, place)| {
        let (left, top) = (*place)?;
        Some((at, (left - x).hypot(top - y)))
    });
    let nearest = distances.min_by(|a, b| a.1.total_cmp(&b.1))?;
    (nearest.1 <= REACH_PX).then_some(nearest.0)
}

/// The row a key leads to: along rising x, then y from below.
pub(super) fn row_after_key(places: &[Option<(f64, f64)>], key: &str, now: Option<usize>) -> Option<usize> {
    let mut order: Vec<(usize, (f64, f64))> =
        places.iter().enumerate().filter_map(|(at, place)| Some((at, (*place)?))).collect();
    order.sort_by(|a, b| a.1.0.total_cmp(&b.1.0).then(b.1.1.total_cmp(&a.1.1)).then(a.0.cmp(&b.0)));
    let position = now.and_then(|now| order.iter().position(|(at, _)| *at == now));
    let last = order.len().checked_sub(1)?;
    let next = match (key, position) {
        ("ArrowRight" | "ArrowUp" | "ArrowLeft" | "ArrowDown", None) | ("Home", _) => 0,
        ("ArrowRight" | "ArrowUp", Some(at)) => (at + 1).min(last),
        ("ArrowLeft" | "ArrowDown", Some(at)) => at.saturating_sub(1),
        ("End", _) => last,
        _ => return None,
    };
    Some(order[next].0)
}

/// The table's rows; ids count from 1.
pub(super) fn table(summary: &SweepSummary) -> SortedRows {
    let rows = &summary.rows;
    let number = |head: &str, hint, write: fn(f64) -> String, of: &dyn Fn(&SweepScores) -> f64| SortedColumn {
        head: head.to_owned(),
        hint,
        values: SortedValues::Numbers(rows.iter().map(|row| row.scores().map_or(f64::NAN, of)).collect(), write),
    };
    let text = |head: &str, hint, of: &dyn Fn(&SweepRow) -> String| SortedColumn {
        head: head.to_owned(),
        hint,
        values: SortedValues::Texts(rows.iter().map(of).collect()),
    };
    let three = |value| significant(value, 3);
    let held = |of: fn(&SweepFit) -> f64| move |scores: &SweepScores| scores.held_out.as_ref().map_or(f64::NAN, of);
    let reason = |row: &SweepRow| match &row.outcome {
        SweepOutcome::Done(scores) if scores.stopped_early => "stopped early".to_owned(),
        SweepOutcome::Done(_) => String::new(),
        SweepOutcome::Failed { reason } => reason.clone(),
    };
    SortedRows {
        id_head: "Run",
        ids: rows.iter().map(|row| row.run + 1).collect(),
        columns: vec![
            text("Configuration", "What sets it apart from the others, or the baseline", &name),
            number("L0", "Mean active features per held-out cell", three, &held(|fit| fit.l0)),
            number(
                "FVU",
                "Variance of held-out cells that is not described; 0 is perfect",
                three,
                &held(|fit| fit.fvu),
            ),
            number("FVU, training", "The same of the cells trained on", three, &|scores| scores.training.fvu),
            number("L0, training", "Mean active features per cell trained on", three, &|scores| scores.training.l0),
            number("Live", "Features active in at least one cell", |n| count(n as usize), &|scores| {
                scores.n_live as f64
            }),
            number("Dead", "Share of features active in no cell", percent, &|scores| scores.dead_share),
            number("MCC", "Mean cosine with matched features of the other seeds", |mcc| decimals(mcc, 3), &|scores| {
                scores.seeds.map_or(f64::NAN, |seeds| seeds.mcc)
            }),
            number(
                "Found again",
                "Share of live features found in every other seed (cosine at least .7)",
                percent,
                &|scores| scores.seeds.map_or(f64::NAN, |seeds| seeds.found_share),
            ),
            number("Time", "Seconds of training or fitting", duration, &|scores| scores.secs),
            text("Remark", "What went wrong, if anything did", &reason),
        ],
    }
}

/// What seeds say in a sentence for each configuration that has some.
pub(super) fn seed_lines(summary: &SweepSummary) -> Vec<String> {
    let mut configurations: Vec<u32> = summary.rows.iter().filter_map(|row| row.configuration).collect();
    configurations.sort_unstable();
    configurations.dedup();
    let line = |configuration: u32| {
        let of_it = summary
            .rows
            .iter()
            .filter(|row| row.kind == SweepKind::Trained && row.configuration == Some(configuration));
        let found: Vec<_> = of_it.filter_map(|row| Some((row, row.scores()?.seeds?))).collect();
        let (first, _) = found.first()?;
        let mean = |of: &dyn Fn(&crate::protocol::SeedScores) -> f64| {
            found.iter().map(|(_, seeds)| of(seeds)).sum::<f64>() / found.len() as f64
        };
        let bound = if found.iter().all(|(_, seeds)| seeds.is_exact) { "" } else { " (at least)" };
        Some(format!(
            "{}: MCC {}{bound}, {} of live features found again in every other seed",
            first.label,
            decimals(mean(&|seeds| seeds.mcc), 2),
            percent(mean(&|seeds| seeds.found_share))
        ))
    };
    configurations.into_iter().filter_map(line).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::{SaeParams, SeedScores, SweepParams};

    fn row(run: u32, kind: SweepKind, l0: f64, fvu: f64) -> SweepRow {
        let fit = |fvu| SweepFit { n_cells: 10, l0, fvu };
        let seeds = SeedScores { n_others: 1, mcc: 0.8, found_share: 0.5, is_exact: true };
        let scores = SweepScores {
            secs: 5.0,
            n_steps: 10,
            stopped_early: false,
            training: fit(fvu / 2.0),
            held_out: Some(fit(fvu)),
            n_live: 4,
            dead_share: 0.5,
            seeds: Some(seeds),
        };
        SweepRow {
            run,
            kind,
            label: format!("k {}", run / 2),
            configuration: Some(run / 2),
            params: Some(SaeParams { seed: u64::from(run % 2), ..SaeParams::default() }),
            n_features: 8,
            k: None,
            outcome: SweepOutcome::Done(scores),
            is_kept: true,
        }
    }

    fn summary(rows: Vec<SweepRow>) -> SweepSummary {
        SweepSummary {
            embedding: "X".to_owned(),
            params: SweepParams { base: SaeParams::default(), axes: Vec::new(), n_seeds: 2, baselines: true },
            n_planned: 4,
            rows,
            kept_bytes: 1,
            was_cancelled: false,
            notices: Vec::new(),
        }
    }

    const SIZE: ChartSize = ChartSize { width: 420, height: 280 };

    #[test]
    fn a_configuration_is_named_once_and_baselines_do_not_compete() {
        let rows = vec![
            row(0, SweepKind::Trained, 4.0, 0.4),
            row(1, SweepKind::Trained, 4.1, 0.3),
            row(2, SweepKind::Pca, 1.0, 0.1),
        ];
        let summary = summary(rows);
        let drawn = chart(&summary, SIZE).unwrap();
        assert_eq!(drawn.front, [0, 1]);
        assert_eq!(drawn.svg.matches(">\nk 0\n<").count(), 1);
        assert!(drawn.svg.contains("FVU of held-out cells"));
        assert_eq!(
            words(&summary, &summary.rows[1], true),
            "k 0, seed 1: L0 4.1, FVU 0.3, 4 live features, MCC 0.80, on the front"
        );
    }

    #[test]
    fn without_held_out_cells_training_cells_are_shown_and_it_is_said() {
        let mut one = row(0, SweepKind::Trained, 4.0, 0.4);
        let SweepOutcome::Done(scores) = &mut one.outcome else { panic!() };
        scores.held_out = None;
        let summary = summary(vec![one]);
        assert!(!is_held_out(&summary));
        assert!(chart(&summary, SIZE).unwrap().svg.contains("FVU of training cells"));
        assert!(words(&summary, &summary.rows[0], false).contains("FVU 0.2"));
    }

    #[test]
    fn a_failed_run_has_no_point_and_its_reason() {
        let failed = SweepOutcome::Failed { reason: "Training diverged.".to_owned() };
        let summary = summary(vec![SweepRow { outcome: failed, ..row(0, SweepKind::Trained, 1.0, 1.0) }]);
        assert_eq!(chart(&summary, SIZE).unwrap().places, [None]);
        assert_eq!(words(&summary, &summary.rows[0], false), "k 0, seed 0. Training diverged.");
        assert!(table(&summary).texts(0).iter().any(|(text, _)| text == "Training diverged."));
    }

    #[test]
    fn keys_go_from_left_to_right_and_the_pointer_to_what_is_near() {
        let places = [Some((90.0, 10.0)), None, Some((10.0, 50.0)), Some((10.0, 20.0))];
        assert_eq!(row_after_key(&places, "ArrowRight", None), Some(2));
        assert_eq!(row_after_key(&places, "ArrowRight", Some(2)), Some(3));
        assert_eq!(row_after_key(&places, "ArrowRight", Some(0)), Some(0));
        assert_eq!(row_after_key(&places, "End", None), Some(0));
        assert_eq!(row_after_key(&places, "x", Some(2)), None);
        assert_eq!(row_after_key(&[None], "Home", None), None);
        assert_eq!(row_at(&places, (92.0, 12.0)), Some(0));
        assert_eq!(row_at(&places, (50.0, 50.0)), None);
    }

    #[test]
    fn seeds_are_summed_up_by_configuration() {
        let rows = (0..4).map(|run| row(run, SweepKind::Trained, 1.0, 0.5)).collect();
        let lines = seed_lines(&summary(rows));
        assert_eq!(lines.len(), 2);
        assert!(lines[0].starts_with("k 0: MCC 0.80, 50"), "{lines:?}");
    }
}
