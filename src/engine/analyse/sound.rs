//! Sound mode over the pool: blocks of features to workers, genes in slices.
//!
//! A worker is given a block, sent all genes, asked what was found, and given the next block. Expression is cut into
//! slices as they are sent, so that no worker ever holds more than one.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::rc::Rc;

use futures::FutureExt;
use futures::future::join_all;

use super::{Outcome, Task};
use crate::data::{FeatureId, Notice, Observer, PackedMatrix, SparseRows};
use crate::engine::EngineError;
use crate::engine::analysis::{Results, SoundResults};
use crate::engine::session::sentence;
use crate::lens::sound::{BLOCK, FeatureGroups, GlobalFamily, GroupMaker, NegativeCells, ShardPlan, Universe};
use crate::platform::{HostError, LocalTask, Pool};
use crate::pool::{Worker, unpack};
use crate::protocol::{Bytes, F64Column, Lists, PoolAnswer, PoolCall, PoolPlan, SoundParams};

/// Values sent to a worker at a time.
const VALUES_PER_SLICE: usize = 1 << 19;
/// Blocks each worker gets at least, so that a cancel keeps something and no worker waits long for the last.
const BLOCKS_PER_WORKER: usize = 2;
/// Blocks have at least so many features: every block sorts all values once more.
const SMALLEST_BLOCK: usize = 64;
/// What all workers' columns may take together, and what they take for a gene of a feature.
const COLUMN_BYTES: usize = 256 << 20;
const BYTES_PER_GENE: usize = 24;

/// Analyses every live feature until the end or a cancel. What a worker leaves undone because it stopped, the engine
/// does itself.
pub(super) async fn run(task: &Task<'_>) -> Result<Outcome, EngineError> {
    let (plan, mut notices) = task.data.sound_plan(&task.params)?;
    let pool = task.inner.host.pool().unwrap_or_else(|| Rc::new(OwnThread::default()));
    let live = task.features.live();
    let n_workers = pool.n_workers();
    let by_gene = &task.data.expression()?.by_gene;
    let size = block_size(live.len(), n_workers, by_gene.n_major());
    let work = Work {
        task,
        plan: &plan,
        groups: GroupMaker::new(&plan.params, &task.features.model.activations, &task.data.dataset.cells)?,
        by_gene,
        blocks: RefCell::new(live.chunks(size).map(<[FeatureId]>::to_vec).collect()),
        n_values: live.len().div_ceil(size) as f64 * by_gene.n_nonzero() as f64,
        n_values_done: Cell::new(0.0),
        found: RefCell::default(),
    };
    let ends = join_all((0..n_workers).map(|worker| work.serve(&*pool, worker))).await;
    if let Some(error) = ends.into_iter().find_map(Result::err)
        && !task.job.is_cancelled()
    {
        notices.push(Notice::warning(format!("{} The engine did the rest by itself.", sentence(&error.to_string()))));
        work.serve(&OwnThread::default(), 0).await?;
    }
    let mut results = work.found.into_inner();
    let family = results.by_feature.values_mut().flat_map(|findings| std::mem::take(&mut findings.ln_p_values));
    let family = family.collect();
    results.family = GlobalFamily::new(family, results.by_feature.len() * 2 * plan.sets.len());
    notices.extend(exclusion_notice(&results, &plan.params));
    Ok(Outcome { results: Results::Sound(results), sets: plan.sets.clone(), notices })
}

/// Features in a block: few enough that the workers' columns stay within bounds, and that there is work for all.
fn block_size(n_features: usize, n_workers: usize, n_genes: usize) -> usize {
    let n_fitting = COLUMN_BYTES / (BYTES_PER_GENE * n_workers * n_genes.max(1));
    let most = n_fitting.clamp(SMALLEST_BLOCK, BLOCK);
    let wanted = (n_features / SMALLEST_BLOCK).min(BLOCKS_PER_WORKER * n_workers);
    let n_blocks = n_features.div_ceil(most).max(wanted).max(1);
    let n_blocks = n_blocks.next_multiple_of(n_workers.min(n_blocks));
    n_features.div_ceil(n_blocks).max(1)
}

/// What all workers of one analysis share.
struct Work<'a> {
    task: &'a Task<'a>,
    plan: &'a ShardPlan,
    groups: GroupMaker<'a>,
    by_gene: &'a PackedMatrix,
    /// Blocks that nobody has taken up.
    blocks: RefCell<VecDeque<Vec<FeatureId>>>,
    n_values: f64,
    n_values_done: Cell<f64>,
    found: RefCell<SoundResults>,
}

impl Work<'_> {
    /// Keeps one worker busy until there is no block left or the job is cancelled. A block it fails at is left to others.
    ///
    /// # Errors
    /// [`HostError::Worker`] if it stops.
    async fn serve(&self, pool: &dyn Pool, worker: usize) -> Result<(), HostError> {
        let mut is_new = true;
        while let Some(block) = self.next_block() {
            let served = self.serve_block(pool, worker, &block, std::mem::take(&mut is_new)).await;
            if served.is_err() {
                self.blocks.borrow_mut().push_back(block);
                return served;
            }
        }
        Ok(())
    }

    async fn serve_block(
        &self,
        pool: &dyn Pool,
        worker: usize,
        block: &[FeatureId],
        is_new: bool,
    ) -> Result<(), HostError> {
        if is_new {
            ask(pool, worker, PoolCall::Plan(Box::new(self.pool_plan()))).await?;
        }
        let (features, groups) = self.groups_of(block).await;
        if features.is_empty() {
            return Ok(());
        }
        let call = block_call(&groups);
        drop(groups);
        ask(pool, worker, call).await?;
        if self.send_genes(pool, worker).await? { self.collect(pool, worker, &features).await } else { Ok(()) }
    }

    fn next_block(&self) -> Option<Vec<FeatureId>> {
        if self.task.job.is_cancelled() { None } else { self.blocks.borrow_mut().pop_front() }
    }

    /// The groups of those features of a block that have them; the others are noted.
    async fn groups_of(&self, block: &[FeatureId]) -> (Vec<FeatureId>, Vec<FeatureGroups>) {
        let (mut features, mut groups) = (Vec::new(), Vec::new());
        for &feature in block {
            self.task.job.breathe().await;
            match self.groups.of_feature(feature) {
                Ok(found) => {
                    features.push(feature);
                    groups.push(found);
                }
                Err(reason) => {
                    self.found.borrow_mut().excluded.insert(feature, reason);
                }
            }
        }
        (features, groups)
    }

    /// Sends all genes; `false` if the job was cancelled in between.
    async fn send_genes(&self, pool: &dyn Pool, worker: usize) -> Result<bool, HostError> {
        let mut next = 0;
        while next < self.by_gene.n_major() {
            if self.task.job.is_cancelled() {
                return Ok(false);
            }
            let (end, n_values) = slice(self.by_gene, next);
            ask(pool, worker, PoolCall::Genes(Bytes(self.by_gene.to_bytes(next, end)))).await?;
            next = end;
            self.n_values_done.set(self.n_values_done.get() + n_values as f64);
            let fraction = self.n_values_done.get() / self.n_values.max(1.0);
            let n_done = self.found.borrow().by_feature.len();
            let message = format!("Analysing features: {n_done} of {} done", self.task.features.live().len());
            self.task.job.progress(fraction, &message);
            self.task.job.breathe().await;
        }
        Ok(true)
    }

    async fn collect(&self, pool: &dyn Pool, worker: usize, features: &[FeatureId]) -> Result<(), HostError> {
        match pool.call(worker, PoolCall::Findings).await? {
            PoolAnswer::Findings(columns) => {
                let found = unpack(&columns).filter(|found| found.len() == features.len());
                let found = found.ok_or_else(|| worker_fault("its findings are not whole"))?;
                self.found.borrow_mut().by_feature.extend(features.iter().copied().zip(found));
                Ok(())
            }
            PoolAnswer::Failed(reason) => Err(worker_fault(&reason)),
            PoolAnswer::Done => Err(worker_fault("it answered what was not asked")),
        }
    }

    fn pool_plan(&self) -> PoolPlan {
        let plan = self.plan;
        let (starts, members) = plan.sets.lists();
        PoolPlan {
            n_cells: self.by_gene.n_minor(),
            n_genes: plan.n_genes,
            scale: plan.normaliser.scale(),
            factors: plan.normaliser.factors().map(|factors| F64Column(factors.to_vec())),
            // The universe is spelled out, gene by gene.
            params: SoundParams { universe: Universe::Measured, ..plan.params.clone() },
            sets: Lists {
                starts: starts.iter().map(|&start| start as u32).collect::<Vec<_>>().into(),
                members: members.to_vec().into(),
            },
            universe: Bytes(plan.is_in_universe.iter().map(|&is_in| u8::from(is_in)).collect()),
        }
    }
}

/// Asks a worker for what has no other answer than that it is done.
async fn ask(pool: &dyn Pool, worker: usize, call: PoolCall) -> Result<(), HostError> {
    match pool.call(worker, call).await? {
        PoolAnswer::Done => Ok(()),
        PoolAnswer::Failed(reason) => Err(worker_fault(&reason)),
        PoolAnswer::Findings(_) => Err(worker_fault("it answered what was not asked")),
    }
}

fn worker_fault(reason: &str) -> HostError {
    HostError::Worker { reason: reason.to_owned() }
}

fn block_call(groups: &[FeatureGroups]) -> PoolCall {
    let listed = |groups: &FeatureGroups| match &groups.negative {
        NegativeCells::Rest => None,
        NegativeCells::Listed(cells) => Some(cells.clone()),
    };
    let negative: Option<Vec<Vec<u32>>> = groups.iter().map(listed).collect();
    PoolCall::Block {
        positive: Lists::collect(groups.iter().map(|groups| groups.positive.as_slice())),
        negative: negative.map(|lists| Lists::collect(lists.iter().map(Vec::as_slice))),
    }
}

/// Where the next slice of genes from `first` on ends, and how many values it has.
fn slice(by_gene: &PackedMatrix, first: usize) -> (usize, usize) {
    let (mut end, mut n_values) = (first + 1, by_gene.n_stored(first));
    while end < by_gene.n_major() && n_values + by_gene.n_stored(end) <= VALUES_PER_SLICE {
        n_values += by_gene.n_stored(end);
        end += 1;
    }
    (end, n_values)
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

/// The engine's own thread in place of a pool.
#[derive(Default)]
struct OwnThread {
    worker: RefCell<Worker>,
}

impl Pool for OwnThread {
    fn n_workers(&self) -> usize {
        1
    }

    fn call(&self, _worker: usize, call: PoolCall) -> LocalTask<'_, Result<PoolAnswer, HostError>> {
        async move { Ok(self.worker.borrow_mut().answer(call)) }.boxed_local()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::SparseBuilder;

    #[test]
    fn blocks_fit_memory_and_give_every_worker_its_share() {
        assert_eq!(block_size(512, 2, 14_053), 128);
        assert!(block_size(5_318, 2, 13_431) * 2 * 13_431 * BYTES_PER_GENE <= COLUMN_BYTES);
        assert!(block_size(5_318, 8, 13_431) * 8 * 13_431 * BYTES_PER_GENE <= COLUMN_BYTES);
        assert_eq!((block_size(3, 8, 10), block_size(0, 2, 10), block_size(9_000, 1, 10)), (3, 1, 500));
    }

    #[test]
    fn slices_cover_every_gene_once() {
        let mut builder = SparseBuilder::new(3);
        for gene in 0..5_u32 {
            builder.push_major((0..gene % 4).map(|cell| (cell, 1.0)));
        }
        let by_gene = PackedMatrix::from(builder.finish());
        let (mut next, mut n_values) = (0, 0);
        while next < by_gene.n_major() {
            let (end, n) = slice(&by_gene, next);
            assert!(end > next);
            next = end;
            n_values += n;
        }
        assert_eq!(n_values, by_gene.n_nonzero());
    }
}
