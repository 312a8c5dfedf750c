//! The gene sets of one feature over the pool: blocks of sets to workers, tested in steps.
//!
//! Sets of one size share random sets, so sizes are never split; the sizes are dealt out in turn, the largest first,
//! so that blocks take about as long. Random numbers belong to sizes and not to blocks ([`crate::enrich::GseaRun`]),
//! so the bits are the same whoever tests what.

use std::cell::RefCell;
use std::collections::{BTreeMap, VecDeque};
use std::rc::Rc;

use futures::future::join_all;

use super::results::SetTest;
use crate::data::{Notice, Observer};
use crate::engine::EngineError;
use crate::engine::jobs::RunningJob;
use crate::engine::pool::{OwnThread, ask, worker_fault};
use crate::engine::session::sentence;
use crate::enrich::{GeneSetId, MatchedGeneSets};
use crate::platform::{HostError, Pool};
use crate::protocol::{FeatureGseaParams, Lists, PoolAnswer, PoolCall, PoolGsea, PoolGseaState, PoolGseaTests};

/// Blocks each worker gets, so that none waits long for the last.
const BLOCKS_PER_WORKER: usize = 8;
/// Steps of some 10 ms between two looks at whether the job was cancelled.
const STEPS_PER_CALL: u32 = 4;

/// What is tested.
pub(super) struct Sets<'a> {
    pub(super) params: &'a FeatureGseaParams,
    /// NaN where a gene is not ranked.
    pub(super) statistic: &'a [f64],
    pub(super) matched: &'a MatchedGeneSets,
    /// Sets of eligible size with their ranked genes.
    pub(super) eligible: &'a [(GeneSetId, usize)],
}

/// Tests all sets, adjusted p-values left out, in their order; fewer than all if the job was cancelled.
///
/// # Errors
/// [`EngineError::Host`] where not even the engine's own thread can test them.
pub(super) async fn test(
    sets: &Sets<'_>,
    pool: Option<Rc<dyn Pool>>,
    job: &RunningJob,
    message: &str,
) -> Result<(Vec<SetTest>, Option<Notice>), EngineError> {
    let n_workers = pool.as_ref().map_or(1, |pool| pool.n_workers());
    let blocks = blocks(sets.eligible, if n_workers == 1 { 1 } else { BLOCKS_PER_WORKER * n_workers });
    let work = Work {
        sets,
        job,
        message,
        fractions: RefCell::new(vec![0.0; blocks.len()]),
        waiting: RefCell::new((0..blocks.len()).collect()),
        found: RefCell::new(Vec::with_capacity(sets.eligible.len())),
        blocks,
    };
    let mut notice = None;
    match pool {
        None => work.serve(&OwnThread::default(), 0, 1).await?,
        Some(pool) => {
            let ends = join_all((0..n_workers).map(|worker| work.serve(&*pool, worker, STEPS_PER_CALL))).await;
            if let Some(error) = ends.into_iter().find_map(Result::err)
                && !job.is_cancelled()
            {
                let text = format!("{} What it left was done without it.", sentence(&error.to_string()));
                notice = Some(Notice::warning(text));
                work.serve(&OwnThread::default(), 0, 1).await?;
            }
        }
    }
    let mut found = work.found.into_inner();
    found.sort_by_key(|test| test.set);
    Ok((found, notice))
}

/// Positions of sets in blocks: sizes dealt out in turn.
fn blocks(eligible: &[(GeneSetId, usize)], n_blocks: usize) -> Vec<Vec<usize>> {
    let mut by_size: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
    for (at, (_, size)) in eligible.iter().enumerate() {
        by_size.entry(*size).or_default().push(at);
    }
    let mut blocks = vec![Vec::new(); n_blocks.min(by_size.len())];
    let n_blocks = blocks.len();
    for (turn, (_, sets)) in by_size.into_iter().rev().enumerate() {
        blocks[turn % n_blocks].extend(sets);
    }
    blocks
}

/// What all workers on one feature share.
struct Work<'a> {
    sets: &'a Sets<'a>,
    job: &'a RunningJob,
    message: &'a str,
    blocks: Vec<Vec<usize>>,
    /// How much of each block is done.
    fractions: RefCell<Vec<f64>>,
    /// Blocks that nobody has taken up.
    waiting: RefCell<VecDeque<usize>>,
    found: RefCell<Vec<SetTest>>,
}

impl Work<'_> {
    /// Keeps one worker busy until no block is left or the job is cancelled. A block it fails at is left to others.
    async fn serve(&self, pool: &dyn Pool, worker: usize, n_steps: u32) -> Result<(), HostError> {
        while let Some(block) = self.next_block() {
            let served = self.serve_block(pool, worker, block, n_steps).await;
            if served.is_err() {
                self.waiting.borrow_mut().push_back(block);
                return served;
            }
        }
        Ok(())
    }

    fn next_block(&self) -> Option<usize> {
        if self.job.is_cancelled() { None } else { self.waiting.borrow_mut().pop_front() }
    }

    async fn serve_block(&self, pool: &dyn Pool, worker: usize, block: usize, n_steps: u32) -> Result<(), HostError> {
        ask(pool, worker, PoolCall::Gsea(Box::new(self.block_call(block)))).await?;
        while !self.job.is_cancelled() {
            match pool.call(worker, PoolCall::GseaSteps(n_steps)).await? {
                PoolAnswer::Gsea(PoolGseaState::Going(fraction)) => self.go_on(block, fraction),
                PoolAnswer::Gsea(PoolGseaState::Done(tests)) => {
                    self.go_on(block, 1.0);
                    return self.collect(block, &tests);
                }
                PoolAnswer::Failed(reason) => return Err(worker_fault(&reason)),
                _ => {
                    return Err(worker_fault("it answered what was not asked"));
                }
            }
            self.job.breathe().await;
        }
        Ok(())
    }

    fn go_on(&self, block: usize, fraction: f64) {
        let mut fractions = self.fractions.borrow_mut();
        fractions[block] = fraction;
        let done: f64 = fractions.iter().sum();
        self.job.progress(done / fractions.len() as f64, self.message);
    }

    fn block_call(&self, block: usize) -> PoolGsea {
        let genes = |&at: &usize| self.sets.matched.genes(self.sets.eligible[at].0);
        PoolGsea {
            params: self.sets.params.clone(),
            statistic: self.sets.statistic.to_vec().into(),
            sets: Lists::collect(self.blocks[block].iter().map(genes)),
        }
    }

    fn collect(&self, block: usize, tests: &PoolGseaTests) -> Result<(), HostError> {
        let positions = &self.blocks[block];
        let columns = [&tests.es, &tests.nes, &tests.ln_p_value, &tests.log2_error];
        if columns.iter().any(|column| column.len() != positions.len()) {
            return Err(worker_fault("its tests are not whole"));
        }
        let test = |(row, &at): (usize, &usize)| {
            let (set, size) = self.sets.eligible[at];
            let [es, nes, ln_p_value, log2_error] = columns.map(|column| column[row]);
            SetTest { set, size: size as u32, es, nes, ln_p_value, log2_error, padj: f64::NAN }
        };
        self.found.borrow_mut().extend(positions.iter().enumerate().map(test));
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_never_split_and_no_set_is_lost() {
        let eligible: Vec<(GeneSetId, usize)> = (0..50).map(|set| (GeneSetId(set), 10 + set as usize % 7)).collect();
        for n_blocks in [1, 3, 20] {
            let blocks = blocks(&eligible, n_blocks);
            assert_eq!(blocks.len(), n_blocks.min(7));
            let mut all: Vec<usize> = blocks.concat();
            all.sort_unstable();
            assert_eq!(all, (0..50).collect::<Vec<_>>());
            for size in 10..17 {
                let holds = |block: &&Vec<usize>| block.iter().any(|&at| eligible[at].1 == size);
                assert_eq!(blocks.iter().filter(holds).count(), 1, "size {size} of {n_blocks} blocks");
            }
        }
        assert!(blocks(&[], 4).is_empty());
    }
}
