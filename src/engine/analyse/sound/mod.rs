//! Sound mode over the pool: blocks of features to workers, genes in slices.
//!
//! A worker is given a block, sent all genes, asked what was found, and given the next block. Expression is cut into
//! slices as they are sent, so that no worker ever holds more than one. What is found is there to look at block by
//! block. Workers keep the tests of as many blocks as fit: an analysis that differs from the one before in thresholds,
//! universe or gene sets alone takes these up again and tests the other features anew.

mod kept;
mod messages;
mod work;

use std::rc::Rc;

use futures::future::join_all;

pub(in crate::engine) use kept::KeptTests;
use work::Work;

use super::{Outcome, Task};
use crate::data::{Notice, Observer};
use crate::engine::EngineError;
use crate::engine::analysis::{Results, SoundResults};
use crate::engine::pool::OwnThread;
use crate::engine::session::sentence;
use crate::protocol::SoundParams;

/// Analyses every live feature until the end or a cancel. What a worker leaves undone because it stopped, the engine
/// does itself.
pub(super) async fn run(task: &Task<'_>) -> Result<Outcome, EngineError> {
    let (plan, mut notices) = task.data.sound_plan(&task.params)?;
    let pool = task.inner.host.pool();
    let keeps = pool.is_some();
    let pool = pool.unwrap_or_else(|| Rc::new(OwnThread::default()));
    let work = Work::new(task, &plan, notices.clone(), pool.n_workers(), keeps)?;
    let ends = join_all((0..pool.n_workers()).map(|worker| work.serve(&*pool, worker))).await;
    if let Some(error) = ends.into_iter().find_map(Result::err)
        && !task.job.is_cancelled()
    {
        notices.push(Notice::warning(format!("{} The engine did the rest by itself.", sentence(&error.to_string()))));
        work.serve_alone().await?;
    }
    let results = work.finish();
    notices.extend(exclusion_notice(&results, &plan.params));
    Ok(Outcome { results: Results::Sound(results), sets: plan.sets.clone(), notices })
}

fn exclusion_notice(results: &SoundResults, params: &SoundParams) -> Option<Notice> {
    let n = results.excluded.len();
    (n > 0).then(|| {
        Notice::info(format!(
            "{n} live features have fewer than {} positive or negative cells and were left out; their cards say which.",
            params.min_cells
        ))
    })
}
