//! Baselines by the metrics of the runs: principal and independent components in both signs, random directions.
//!
//! All are fitted on the training cells of the first seed and measured on that seed's split. Each keeps the k largest
//! of a cell, k being the mean L0 of a configuration's runs on the cells they are judged by, rounded, at least 1: so a
//! baseline stands at the L0 of what it is compared with. Configurations that come to the same k (for random directions
//! the same k and h) share a baseline; one whose runs all failed has none. What is fair and what is not is said in
//! `sae::baselines`: above all, with k ≥ d principal components rebuild every cell.
//!
//! The thread is handed back between baselines and between steps of ICA.

use std::collections::{BTreeMap, BTreeSet};

use super::measure::{Split, measure};
use super::{Running, failed_because};
use crate::data::{DenseMatrix, Observer};
use crate::engine::EngineError;
use crate::protocol::{SweepKind, SweepOutcome, SweepRow};
use crate::sae::baselines::{ica_dictionary, pca_baseline, random_baseline};
use crate::sae::{Sae, Trainer};
use crate::stats::{Ica, IcaError, IcaFit, IcaParams};

/// Measures all baselines.
///
/// # Errors
/// [`EngineError`] where the device fails or the sweep was cancelled; a baseline that can't be had is a row that says so.
pub(super) async fn measure_all(sweep: &Running<'_>) -> Result<(), EngineError> {
    let wanted = wanted(&sweep.with(|sweep| sweep.summary.rows.clone()).unwrap_or_default());
    let ks: BTreeSet<usize> = wanted.iter().map(|&(k, _)| k).collect();
    if ks.is_empty() {
        return Ok(());
    }
    let split = split(sweep)?;
    let fitted_on = sweep.inputs.select_rows(split.trained.iter().map(|&row| row as usize));
    let bench = Bench { sweep, split, n_all: 2 * ks.len() + wanted.len() };
    let now = || sweep.inner.host.now_secs();
    for &k in &ks {
        let began = now();
        let sae = pca_baseline(&fitted_on, k).map_err(|error| error.to_string());
        bench.add(SweepKind::Pca, k, sae, now() - began).await?;
    }
    let began = now();
    let ica = fit_ica(sweep, &fitted_on).await?;
    let fit_secs = now() - began;
    for &k in &ks {
        let sae = match &ica {
            Ok(ica) => ica_dictionary(ica, &fitted_on, k).map_err(|error| error.to_string()),
            Err(error) => Err(error.to_string()),
        };
        bench.add(SweepKind::Ica, k, sae, fit_secs).await?;
    }
    for &(k, h) in &wanted {
        let began = now();
        let sae = random_baseline(&fitted_on, h, k, sweep.params.base.seed).map_err(|error| error.to_string());
        bench.add(SweepKind::Random, k, sae, now() - began).await?;
    }
    Ok(())
}

/// Every (k, h) that baselines are wanted for, ascending.
fn wanted(rows: &[SweepRow]) -> BTreeSet<(usize, usize)> {
    let mut l0s: BTreeMap<u32, (Vec<f64>, usize)> = BTreeMap::new();
    for row in rows.iter().filter(|row| row.kind == SweepKind::Trained) {
        if let (Some(configuration), Some(scores)) = (row.configuration, row.scores()) {
            let (l0s, h) = l0s.entry(configuration).or_default();
            l0s.push(scores.judged().l0);
            *h = row.n_features;
        }
    }
    let k = |l0s: &[f64]| (l0s.iter().sum::<f64>() / l0s.len() as f64).round().max(1.0) as usize;
    l0s.into_values().map(|(l0s, h)| (k(&l0s), h)).collect()
}

/// The split of the first seed.
fn split(sweep: &Running<'_>) -> Result<Split, EngineError> {
    let params = sweep.runs.first().map_or_else(|| sweep.params.base.clone(), |run| run.params.clone());
    let inputs = std::sync::Arc::clone(&sweep.inputs);
    let trainer = Trainer::new(params, inputs, sweep.categories.as_deref(), &sweep.device)?;
    Ok(Split::new(trainer.is_held_out()))
}

/// Independent components, step by step.
async fn fit_ica(sweep: &Running<'_>, inputs: &DenseMatrix) -> Result<Result<Ica, IcaError>, EngineError> {
    let mut fit = match IcaFit::new(inputs, IcaParams { seed: sweep.params.base.seed, ..IcaParams::default() }) {
        Ok(fit) => fit,
        Err(error) => return Ok(Err(error)),
    };
    loop {
        match fit.step() {
            Ok(true) => sweep.job.checkpoint().await?,
            Ok(false) => return Ok(Ok(fit.finish())),
            Err(error) => return Ok(Err(error)),
        }
    }
}

/// Where baselines are measured.
struct Bench<'a> {
    sweep: &'a Running<'a>,
    split: Split,
    n_all: usize,
}

impl Bench<'_> {
    /// Measures a baseline that took `secs` to fit, or notes why there is none.
    async fn add(&self, kind: SweepKind, k: usize, sae: Result<Sae, String>, secs: f64) -> Result<(), EngineError> {
        let sweep = self.sweep;
        let run = sweep.with(|sweep| sweep.summary.rows.len()).unwrap_or(0);
        let n_planned = sweep.with(|sweep| sweep.summary.n_planned).unwrap_or(0);
        let share = run.saturating_sub(n_planned) as f64 / self.n_all as f64;
        sweep.job.progress(share, &format!("Baselines: {}, k {k}", kind.name()));
        let n_features = sae.as_ref().map_or(0, Sae::n_features);
        let outcome = match sae {
            Ok(sae) => {
                let (mut scores, _) = measure(&sae, &sweep.inputs, &self.split, &sweep.device, &sweep.job).await?;
                scores.secs = secs;
                SweepOutcome::Done(scores)
            }
            Err(reason) => failed_because(&reason),
        };
        let label = match kind {
            SweepKind::Random => format!("random, h {n_features}, k {k}"),
            kind => format!("{}, k {k}", kind.name()),
        };
        let (configuration, params, is_kept) = (None, None, false);
        let row =
            SweepRow { run: run as u32, kind, label, configuration, params, n_features, k: Some(k), outcome, is_kept };
        sweep.put(row, None);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::{SweepFit, SweepScores};

    fn row(configuration: u32, kind: SweepKind, l0: Option<f64>) -> SweepRow {
        let fit = |l0| SweepFit { n_cells: 10, l0, fvu: 0.5 };
        let scores = |l0| SweepScores {
            secs: 1.0,
            n_steps: 1,
            stopped_early: false,
            training: fit(99.0),
            held_out: Some(fit(l0)),
            n_live: 1,
            dead_share: 0.0,
            seeds: None,
        };
        let failed = SweepOutcome::Failed { reason: String::new() };
        SweepRow {
            run: 0,
            kind,
            label: String::new(),
            configuration: Some(configuration),
            params: None,
            n_features: 8 << configuration,
            k: None,
            outcome: l0.map_or(failed, |l0| SweepOutcome::Done(scores(l0))),
            is_kept: false,
        }
    }

    #[test]
    fn baselines_stand_at_the_l0_of_the_runs() {
        let trained = SweepKind::Trained;
        let rows = [
            row(0, trained, Some(3.0)),
            row(0, trained, Some(4.2)),
            row(0, trained, None),
            row(1, trained, Some(0.1)),
            row(2, trained, None),
            row(3, SweepKind::Shuffled, Some(7.0)),
        ];
        assert_eq!(wanted(&rows).into_iter().collect::<Vec<_>>(), [(1, 16), (4, 8)]);
    }
}
