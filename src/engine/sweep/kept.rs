//! What is kept of a sweep: its table, and the weights of its runs as far as they fit.
//!
//! Weights of finished runs are kept up to [`KEPT_BYTES`]; beyond that the oldest give way, which their rows say and a
//! notice once. Dropping by quality would need a ranking, and no single number here is one.

use std::cell::RefCell;
use std::rc::Rc;

use crate::data::{FeatureId, Notice};
use crate::protocol::{SaeOrigin, SaeParams, SweepParams, SweepRow, SweepSummary, TrainProgress};
use crate::sae::Sae;
use crate::sae::metrics::FeatureSeeds;

/// Bytes of weights kept at most.
const KEPT_BYTES: u64 = 256 << 20;

/// Of every feature how it came out in other seeds, `[n_features]`; `None` for dead ones.
pub(in crate::engine) type Stability = Rc<Vec<Option<FeatureSeeds>>>;

/// A run whose weights are there.
#[derive(Clone)]
pub(super) struct Trained {
    pub(super) sae: Rc<Sae>,
    pub(super) params: SaeParams,
    pub(super) last: TrainProgress,
    pub(super) ran_out_of_patience: bool,
    /// Whether training never saw a cell, `[n_cells]`.
    pub(super) is_held_out: Rc<Vec<bool>>,
    /// Live features, ascending.
    pub(super) live: Rc<Vec<FeatureId>>,
    pub(super) stability: Rc<RefCell<Option<Stability>>>,
}

impl Trained {
    pub(super) fn origin(&self) -> SaeOrigin {
        let Self { params, last, ran_out_of_patience, .. } = self;
        SaeOrigin::Trained { params: params.clone(), last: last.clone(), ran_out_of_patience: *ran_out_of_patience }
    }

    fn bytes(&self) -> u64 {
        let (d, h) = (self.sae.d_in() as u64, self.sae.n_features() as u64);
        (2 * d * h + 2 * h + d) * size_of::<f32>() as u64
    }
}

/// The last sweep.
pub(in crate::engine) struct Sweep {
    pub(in crate::engine) summary: SweepSummary,
    /// Of every row, `None` where nothing is kept.
    kept: Vec<Option<Trained>>,
    pub(in crate::engine) is_running: bool,
}

impl Sweep {
    pub(super) fn new(embedding: String, params: SweepParams, n_planned: usize) -> Self {
        let summary = SweepSummary {
            embedding,
            params,
            n_planned,
            rows: Vec::new(),
            kept_bytes: KEPT_BYTES,
            was_cancelled: false,
            notices: Vec::new(),
        };
        Self { summary, kept: Vec::new(), is_running: true }
    }

    /// Adds a row and its weights, and drops the oldest weights that do not fit any more.
    pub(super) fn put(&mut self, row: SweepRow, trained: Option<Trained>) {
        let is_kept = trained.is_some();
        self.summary.rows.push(SweepRow { is_kept, ..row });
        self.kept.push(trained);
        self.keep_within(KEPT_BYTES);
    }

    fn keep_within(&mut self, limit: u64) {
        let mut bytes: u64 = self.kept.iter().flatten().map(Trained::bytes).sum();
        for (kept, row) in self.kept.iter_mut().zip(&mut self.summary.rows) {
            if bytes <= limit {
                return;
            }
            if let Some(dropped) = kept.take() {
                bytes -= dropped.bytes();
                row.is_kept = false;
                if self.summary.notices.is_empty() {
                    let megabytes = limit >> 20;
                    self.summary.notices.push(Notice::info(format!(
                        "Weights of runs are kept up to {megabytes} MiB; those of the oldest runs were dropped. Train \
                         their configuration again to use it: the same seed gives the same features."
                    )));
                }
            }
        }
    }

    /// A run whose weights are there.
    pub(super) fn trained(&self, run: u32) -> Option<Trained> {
        self.kept.get(run as usize).cloned().flatten()
    }

    /// Runs of a configuration whose weights are there, by their row.
    pub(super) fn of_configuration(&self, configuration: usize) -> Vec<(usize, Trained)> {
        let rows = self.summary.rows.iter().zip(&self.kept).enumerate();
        let of_it = rows.filter(|(_, (row, _))| row.configuration == Some(configuration as u32));
        of_it.filter_map(|(at, (_, kept))| Some((at, kept.clone()?))).collect()
    }

    /// Why a run can't be used.
    pub(super) fn why_not(&self, run: u32) -> &'static str {
        match self.summary.rows.get(run as usize) {
            None => "there is no such run",
            Some(row) if row.params.is_none() => "it is a baseline",
            Some(row) if row.scores().is_none() => "it did not end",
            Some(_) => "its weights were not kept",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::{SweepKind, SweepOutcome};

    fn row(run: u32) -> SweepRow {
        SweepRow {
            run,
            kind: SweepKind::Trained,
            label: String::new(),
            configuration: Some(run / 2),
            params: Some(SaeParams::default()),
            n_features: 4,
            k: None,
            outcome: SweepOutcome::Failed { reason: "it diverged".to_owned() },
            is_kept: false,
        }
    }

    fn trained() -> Trained {
        Trained {
            sae: Rc::new(Sae::identity(4).unwrap()),
            params: SaeParams::default(),
            last: TrainProgress::default(),
            ran_out_of_patience: false,
            is_held_out: Rc::default(),
            live: Rc::default(),
            stability: Rc::default(),
        }
    }

    fn sweep() -> Sweep {
        let params = SweepParams { base: SaeParams::default(), axes: Vec::new(), n_seeds: 4, baselines: false };
        Sweep::new("X".to_owned(), params, 4)
    }

    #[test]
    fn the_oldest_weights_give_way_and_it_is_said_once() {
        let mut sweep = sweep();
        for run in 0..4 {
            sweep.put(row(run), (run != 1).then(trained));
        }
        assert_eq!(sweep.of_configuration(0).len(), 1);
        let one = trained().bytes();
        assert_eq!(one, 4 * (2 * 16 + 8 + 4));
        sweep.keep_within(2 * one);
        sweep.keep_within(one);
        let kept: Vec<bool> = sweep.summary.rows.iter().map(|row| row.is_kept).collect();
        assert_eq!(kept, [false, false, false, true]);
        assert_eq!(sweep.summary.notices.len(), 1);
        assert!(sweep.trained(3).is_some() && sweep.trained(2).is_none() && sweep.trained(9).is_none());
    }

    #[test]
    fn why_a_run_can_not_be_used_is_said() {
        let mut sweep = sweep();
        sweep.put(row(0), None);
        sweep.put(SweepRow { params: None, ..row(1) }, None);
        assert_eq!(
            [0, 1, 2].map(|run| sweep.why_not(run)),
            ["it did not end", "it is a baseline", "there is no such run"]
        );
    }
}
