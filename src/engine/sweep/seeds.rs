//! Runs of a configuration that differ in seed alone, compared once all of them are done.
//!
//! The thread is handed back between two matchings, not within one: dictionaries of 2,000 live features take a few
//! seconds each. Runs that failed, or whose weights did not fit, are left out.

use std::rc::Rc;

use super::Running;
use crate::engine::EngineError;
use crate::protocol::{SeedScores, SweepOutcome};
use crate::sae::metrics::{SeedGroup, SeedMember};

/// Matches the features of all runs of a configuration and notes what came of it in their rows.
///
/// # Errors
/// [`EngineError::Cancelled`].
pub(super) async fn compare(sweep: &Running<'_>, configuration: usize) -> Result<(), EngineError> {
    let runs = sweep.with(|sweep| sweep.of_configuration(configuration)).unwrap_or_default();
    if runs.len() < 2 {
        return Ok(());
    }
    let members = runs.iter().map(|(_, run)| SeedMember { sae: &run.sae, live: &run.live }).collect();
    let mut group = SeedGroup::new(members);
    while group.step() {
        sweep.inner.host.yield_now().await;
        sweep.job.check_cancelled()?;
    }
    for ((at, run), found) in runs.iter().zip(group.finish()) {
        let seeds = SeedScores {
            n_others: found.n_others,
            mcc: found.mcc,
            found_share: found.found_share,
            is_exact: found.is_exact,
        };
        sweep.with(|sweep| {
            if let Some(SweepOutcome::Done(scores)) = sweep.summary.rows.get_mut(*at).map(|row| &mut row.outcome) {
                scores.seeds = (found.n_others > 0).then_some(seeds);
            }
        });
        *run.stability.borrow_mut() = (found.n_others > 0).then(|| Rc::new(found.features));
    }
    Ok(())
}
