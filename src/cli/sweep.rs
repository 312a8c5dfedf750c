//! Training several configurations, and the run to go on with.
//!
//! The run taken is the first unless another is asked for: no number alone says which is best, least of all explained
//! variance.

use super::driver::{Driver, cancel};
use super::error::CliError;
use crate::protocol::{Event, Job, Request, SaeSummary, SweepParams, SweepRow, SweepSummary};

/// Sweeps, then takes a run; `None` if interrupted before that run had ended.
///
/// # Errors
/// [`CliError::Refused`] where the sweep is refused or the run can't be taken.
pub(super) fn sweep(
    driver: &mut Driver,
    embedding: &str,
    params: SweepParams,
    (run, is_asked_for): (u32, bool),
) -> Result<Option<SaeSummary>, CliError> {
    let n_runs = params.n_runs();
    driver.progress.say(&format!("Sweeping on {embedding}: {n_runs} runs"));
    let take = |event| match event {
        Event::Swept(summary) => Some(summary),
        _ => None,
    };
    let request = Request::Sweep { embedding: embedding.to_owned(), params };
    let swept = driver.ask(request, Some(&cancel(Job::Sweep)), take).map_err(CliError::Refused)?;
    let Some(swept) = swept else { return Ok(None) };
    for row in &swept.rows {
        driver.progress.say(&line(row));
    }
    if swept.was_cancelled && swept.rows.len() <= run as usize {
        return Ok(None);
    }
    driver.progress.say(&taken_line(&swept, run, is_asked_for));
    let take = |event| match event {
        Event::SaeReady(sae) => Some(sae),
        _ => None,
    };
    driver.ask(Request::UseSweepRun { run }, None, take).map_err(CliError::Refused)
}

/// A row in a line.
fn line(row: &SweepRow) -> String {
    let seed = row.params.as_ref().map(|params| format!(", seed {}", params.seed)).unwrap_or_default();
    let name = format!("Run {} ({}): {}{seed}", row.run + 1, row.kind.name(), row.label);
    let Some(scores) = row.scores() else { return format!("{name}: failed, see sweep.csv") };
    let fit = scores.judged();
    let cells = if scores.held_out.is_some() { "held out" } else { "training" };
    let seeds = scores.seeds.map(|seeds| format!(", MCC {:.2}", seeds.mcc)).unwrap_or_default();
    format!("{name}: L0 {:.1}, FVU {:.3} ({cells}), {} live{seeds}", fit.l0, fit.fvu, scores.n_live)
}

fn taken_line(swept: &SweepSummary, run: u32, is_asked_for: bool) -> String {
    let name = swept.rows.get(run as usize).map_or("", |row| row.label.as_str());
    let why = if is_asked_for {
        ""
    } else {
        ", the first; no single number says which is best, so look at sweep.csv and take another by --take RUN"
    };
    format!("Going on with run {} ({name}){why}", run + 1)
}
