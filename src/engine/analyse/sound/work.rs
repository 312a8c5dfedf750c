//! The work of one analysis and who does which part of it.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::rc::Rc;

use super::kept::KeptTests;
use super::messages::{ask_findings, block_call, plan_call, slice};
use crate::data::{FeatureId, Notice, Observer, PackedMatrix};
use crate::engine::EngineError;
use crate::engine::analyse::{Outcome, Task};
use crate::engine::analysis::{Results, SoundResults};
use crate::engine::pool::{OwnThread, ask};
use crate::lens::sound::{BLOCK, FamilyCounts, FeatureGroups, Findings, GlobalFamily, GroupMaker, ShardPlan};
use crate::platform::{HostError, Pool};
use crate::protocol::{Bytes, PoolCall};

/// Blocks each worker gets at least, so that a cancel keeps something and no worker waits long for the last.
const BLOCKS_PER_WORKER: usize = 2;
/// Blocks have at least so many features: every block sorts all values once more.
const SMALLEST_BLOCK: usize = 64;
/// What the columns of all workers' present blocks may take together, and those of all kept blocks; and what they take
/// about for a gene of a feature: 8 bytes, and 20 more where p is small.
const COLUMN_BYTES: usize = 176 << 20;
const KEPT_BYTES: usize = 128 << 20;
const BYTES_PER_GENE: usize = 16;

/// What all workers of one analysis share.
pub(super) struct Work<'a> {
    task: &'a Task<'a>,
    plan: &'a ShardPlan,
    notices: Vec<Notice>,
    groups: GroupMaker<'a>,
    by_gene: &'a PackedMatrix,
    /// Blocks that nobody has taken up.
    blocks: RefCell<VecDeque<Vec<FeatureId>>>,
    /// What workers keep of an analysis with the same tests, and what they keep of this one.
    before: RefCell<Option<KeptTests>>,
    kept: RefCell<Option<KeptTests>>,
    next_number: Cell<u32>,
    n_values: f64,
    n_values_done: Cell<f64>,
    found: RefCell<SoundResults>,
    ln_p_values: RefCell<Vec<f64>>,
    gene_counts: RefCell<FamilyCounts>,
}

impl<'a> Work<'a> {
    /// Deals out the live features.
    ///
    /// # Errors
    /// [`EngineError::NoExpression`], [`EngineError::Lens`].
    pub(super) fn new(
        task: &'a Task<'a>,
        plan: &'a ShardPlan,
        notices: Vec<Notice>,
        n_workers: usize,
        keeps: bool,
    ) -> Result<Self, EngineError> {
        let by_gene = &*task.data.expression()?.by_gene;
        let before = task.inner.kept_tests.take().filter(|kept| keeps && kept.serve(task, n_workers));
        let is_kept = |feature: &FeatureId| {
            before.as_ref().is_some_and(|kept| {
                kept.excluded.contains_key(feature)
                    || kept.blocks.iter().flatten().any(|(_, features)| features.contains(feature))
            })
        };
        let left: Vec<FeatureId> = task.features.live().into_iter().filter(|feature| !is_kept(feature)).collect();
        let size = block_size(left.len(), n_workers, by_gene.n_major());
        let excluded = before.as_ref().map(|kept| kept.excluded.clone()).unwrap_or_default();
        let kept = keeps.then(|| KeptTests::none(task, n_workers));
        Ok(Self {
            groups: GroupMaker::new(&plan.params, &task.features.model.activations, &task.data.dataset.cells)?,
            n_values: (left.len().div_ceil(size) as f64 * by_gene.n_nonzero() as f64).max(1.0),
            blocks: RefCell::new(left.chunks(size).map(<[FeatureId]>::to_vec).collect()),
            before: RefCell::new(before),
            kept: RefCell::new(kept),
            next_number: Cell::new(0),
            n_values_done: Cell::new(0.0),
            found: RefCell::new(SoundResults { excluded, ..SoundResults::default() }),
            ln_p_values: RefCell::default(),
            gene_counts: RefCell::default(),
            task,
            plan,
            notices,
            by_gene,
        })
    }

    /// What was found, adjusted over all features, too; what workers keep is noted for the next analysis.
    pub(super) fn finish(self) -> SoundResults {
        let mut results = self.found.into_inner();
        let mut kept = self.kept.into_inner();
        if let Some(kept) = &mut kept {
            kept.excluded.clone_from(&results.excluded);
        }
        *self.task.inner.kept_tests.borrow_mut() = kept;
        let n_tests = results.by_feature.len() * 2 * self.plan.sets.len();
        results.family = Some(GlobalFamily::new(self.ln_p_values.into_inner(), n_tests));
        results.gene_family = Some(Rc::new(self.gene_counts.into_inner().finish()));
        results
    }

    /// Keeps one worker busy until there is no block left or the job is cancelled. A block it fails at is left to others.
    ///
    /// # Errors
    /// [`HostError::Worker`] if it stops.
    pub(super) async fn serve(&self, pool: &dyn Pool, worker: usize) -> Result<(), HostError> {
        let is_as_before = self.before.borrow().is_some();
        let kept = self.before.borrow_mut().as_mut().map(|kept| std::mem::take(&mut kept.blocks[worker]));
        let kept = kept.unwrap_or_default();
        if kept.is_empty() && self.blocks.borrow().is_empty() {
            return Ok(());
        }
        if let Err(error) = ask(pool, worker, plan_call(self.plan, self.by_gene.n_minor(), is_as_before)).await {
            self.blocks.borrow_mut().extend(kept.into_iter().map(|(_, features)| features));
            return Err(error);
        }
        for (number, features) in kept {
            self.next_number.set(self.next_number.get().max(number + 1));
            if self.task.job.is_cancelled() {
                self.keep(worker, number, features);
            } else {
                self.serve_kept(pool, worker, number, features).await;
            }
        }
        while let Some(block) = self.next_block() {
            let served = self.serve_block(pool, worker, &block).await;
            if served.is_err() {
                self.blocks.borrow_mut().push_back(block);
                return served;
            }
        }
        Ok(())
    }

    /// Serves what is left on the engine's own thread.
    ///
    /// # Errors
    /// [`HostError::Worker`] if even that fails.
    pub(super) async fn serve_alone(&self) -> Result<(), HostError> {
        self.kept.borrow_mut().take();
        self.serve(&OwnThread::default(), 0).await
    }

    /// Takes up a block that a worker keeps; where it does not after all, the block is tested again.
    async fn serve_kept(&self, pool: &dyn Pool, worker: usize, number: u32, features: Vec<FeatureId>) {
        match ask_findings(pool, worker, PoolCall::Again(number), features.len()).await {
            Ok(found) => {
                self.note(&features, found);
                self.keep(worker, number, features);
            }
            Err(_) => self.blocks.borrow_mut().push_back(features),
        }
    }

    async fn serve_block(&self, pool: &dyn Pool, worker: usize, block: &[FeatureId]) -> Result<(), HostError> {
        let (features, groups) = self.groups_of(block).await;
        if features.is_empty() {
            return Ok(());
        }
        let call = block_call(&groups);
        drop(groups);
        ask(pool, worker, call).await?;
        if !self.send_genes(pool, worker).await? {
            return Ok(());
        }
        let keep = self.number_to_keep(worker, features.len());
        let found = ask_findings(pool, worker, PoolCall::Findings { keep }, features.len()).await?;
        self.note(&features, found);
        if let Some(number) = keep {
            self.keep(worker, number, features);
        }
        Ok(())
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
            let fraction = self.n_values_done.get() / self.n_values;
            let n_done = self.found.borrow().by_feature.len();
            let message = format!("Analysing features: {n_done} of {} done", self.task.features.live().len());
            self.task.job.progress(fraction, &message);
            self.task.job.breathe().await;
        }
        Ok(true)
    }

    /// The number to keep a block's tests under, if the worker has room for them.
    fn number_to_keep(&self, worker: usize, n_features: usize) -> Option<u32> {
        let kept = self.kept.borrow();
        let kept = kept.as_ref()?;
        let n_kept: usize = kept.blocks[worker].iter().map(|(_, features)| features.len()).sum();
        let bytes = (n_kept + n_features) * self.by_gene.n_major() * BYTES_PER_GENE;
        (bytes <= KEPT_BYTES / kept.blocks.len()).then(|| self.next_number.replace(self.next_number.get() + 1))
    }

    fn keep(&self, worker: usize, number: u32, features: Vec<FeatureId>) {
        if let Some(kept) = &mut *self.kept.borrow_mut() {
            kept.blocks[worker].push((number, features));
        }
    }

    /// Notes findings and shows all that is found so far.
    fn note(&self, features: &[FeatureId], (found, genes): (Vec<Findings>, FamilyCounts)) {
        self.gene_counts.borrow_mut().merge(&genes);
        let mut all = self.found.borrow_mut();
        for (&feature, mut findings) in features.iter().zip(found) {
            self.ln_p_values.borrow_mut().append(&mut findings.ln_p_values);
            all.by_feature.insert(feature, Rc::new(findings));
        }
        let results = Results::Sound(all.clone());
        drop(all);
        let (sets, notices) = (self.plan.sets.clone(), self.notices.clone());
        self.task.show(Outcome { results, sets, notices });
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_fit_memory_and_give_every_worker_its_share() {
        assert_eq!(block_size(512, 2, 14_053), 128);
        assert!(block_size(5_318, 2, 13_431) * 2 * 13_431 * BYTES_PER_GENE <= COLUMN_BYTES);
        assert!(block_size(5_318, 8, 13_431) * 8 * 13_431 * BYTES_PER_GENE <= COLUMN_BYTES);
        assert_eq!((block_size(3, 8, 10), block_size(0, 2, 10), block_size(9_000, 1, 10)), (3, 1, 500));
    }
}
