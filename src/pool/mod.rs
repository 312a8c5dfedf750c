//! A worker of the pool: takes blocks of features through sound mode, blocks of gene sets along a ranking, some of the
//! features of a training run and a share of a file's expression, whatever thread it is on.
//!
//! It does not know the engine; what it is told and what it answers are the messages of [`crate::protocol`]. A call that
//! makes no sense is answered by a sentence and changes nothing.

mod findings;
mod gsea;
mod reading;
mod shard;

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::data::PackedMatrix;
use crate::enrich::{GseaRun, MatchedGeneSets};
use crate::io::ByteSource;
use crate::lens::sound::{
    Annotator, BLOCK, FamilyCounts, FeatureGroups, Members, NegativeCells, Normaliser, Shard, ShardPlan, TestedBlock,
};
use crate::protocol::{Lists, PoolAnswer, PoolCall, PoolPlan};
use crate::sae::ShardServer;

pub use findings::{pack, unpack};
#[cfg(feature = "burn")]
pub(crate) use shard::{answer, to_message};

/// What a worker holds between calls.
#[derive(Debug, Default)]
pub struct Worker {
    plan: Option<Plan>,
    shard: Option<Shard>,
    n_genes_left: usize,
    /// Tests of blocks under the present groups and tests.
    kept: BTreeMap<u32, TestedBlock>,
    gsea: Option<GseaRun>,
    training: ShardServer,
    read: reading::Read,
}

/// What all blocks share.
#[derive(Debug)]
struct Plan {
    n_cells: usize,
    shared: ShardPlan,
    annotator: Annotator,
}

impl Worker {
    /// Serves one call that needs no file.
    pub fn answer(&mut self, call: PoolCall) -> PoolAnswer {
        self.answer_with(call, None)
    }

    /// Serves one call; `file` is the one it names.
    pub fn answer_with(&mut self, call: PoolCall, file: Option<Arc<dyn ByteSource>>) -> PoolAnswer {
        let served = match call {
            PoolCall::Plan(plan) => self.take_plan(*plan).map(|()| PoolAnswer::Done),
            PoolCall::Block { positive, negative } => {
                self.take_block(&positive, negative.as_ref()).map(|()| PoolAnswer::Done)
            }
            PoolCall::Genes(rows) => self.take_genes(&rows).map(|()| PoolAnswer::Done),
            PoolCall::Findings { keep } => self.findings(keep),
            PoolCall::Again(block) => self.again(block),
            PoolCall::Gsea(block) => gsea::begin(&block).map(|run| {
                self.gsea = Some(run);
                PoolAnswer::Done
            }),
            PoolCall::GseaSteps(n_steps) => self.step_gsea(n_steps),
            PoolCall::Shard(message) => {
                let answered = shard::from_message(message).and_then(|call| self.training.answer(call));
                answered.map(shard::answer_message)
            }
            PoolCall::Read(reading) => self.read.begin(&reading, file).map(|()| PoolAnswer::Done),
            PoolCall::TakeRead(n_bytes) => Ok(PoolAnswer::Genes(self.read.take(n_bytes))),
            PoolCall::ForgetRead => {
                self.read = reading::Read::default();
                Ok(PoolAnswer::Done)
            }
        };
        served.unwrap_or_else(PoolAnswer::Failed)
    }

    fn take_plan(&mut self, plan: PoolPlan) -> Result<(), String> {
        let PoolPlan { n_cells, n_genes, scale, factors, params, sets, universe, tests_as_before } = plan;
        let is_whole = universe.len() == n_genes
            && factors.as_ref().is_none_or(|factors| factors.len() == n_cells)
            && is_of(&sets, n_genes);
        if !is_whole {
            return Err("a plan's columns differ in length".to_owned());
        }
        let normaliser =
            factors.map_or_else(|| Normaliser::unchanged(scale), |factors| Normaliser::from_factors(factors.0));
        let is_in_universe: Vec<bool> = universe.iter().map(|&byte| byte != 0).collect();
        let n_universe = is_in_universe.iter().filter(|&&is_in| is_in).count();
        let starts = sets.starts.iter().map(|&start| start as usize).collect();
        let sets = MatchedGeneSets::from_lists(starts, sets.members.0, n_genes, n_universe);
        let shared = ShardPlan { n_genes, normaliser, params, sets, is_in_universe };
        self.plan = Some(Plan { n_cells, annotator: Annotator::new(&shared), shared });
        self.shard = None;
        if !tests_as_before {
            self.kept.clear();
        }
        Ok(())
    }

    fn take_block(&mut self, positive: &Lists, negative: Option<&Lists>) -> Result<(), String> {
        let plan = self.plan.as_ref().ok_or("a block of features came before a plan")?;
        let n_features = positive.starts.len().saturating_sub(1);
        let fits = |lists: &Lists| is_of(lists, plan.n_cells) && lists.starts.len() == n_features + 1;
        if n_features > BLOCK || !fits(positive) || !negative.is_none_or(fits) {
            return Err(format!("a block of {n_features} features does not fit the plan"));
        }
        let mut negatives = negative.map(Lists::iter);
        let mut next_negative = || negatives.as_mut().and_then(Iterator::next).map(<[u32]>::to_vec);
        let groups = positive.iter().map(|rows| FeatureGroups {
            positive: rows.to_vec(),
            negative: next_negative().map_or(NegativeCells::Rest, NegativeCells::Listed),
        });
        let groups: Vec<FeatureGroups> = groups.collect();
        self.n_genes_left = plan.shared.n_genes;
        self.shard = Some(Shard::new(&plan.shared, Members::new(plan.n_cells, &groups)));
        Ok(())
    }

    fn take_genes(&mut self, rows: &[u8]) -> Result<(), String> {
        let plan = self.plan.as_ref().ok_or("genes came before a plan")?;
        let shard = self.shard.as_mut().ok_or("genes came before a block of features")?;
        let n_left = self.n_genes_left;
        let mut n_taken = 0;
        let read = PackedMatrix::read_bytes(rows, plan.n_cells, |row| {
            if n_taken < n_left {
                shard.add_gene(&row.indices, &row.values);
            }
            n_taken += 1;
        });
        self.n_genes_left = n_left.saturating_sub(n_taken);
        match read {
            Ok(_) if n_taken <= n_left => Ok(()),
            Ok(_) => Err(format!("{n_taken} genes do not fit the plan")),
            Err(error) => Err(error.to_string()),
        }
    }

    fn step_gsea(&mut self, n_steps: u32) -> Result<PoolAnswer, String> {
        let run = self.gsea.take().ok_or("steps were asked for before a block of sets came")?;
        let (left, state) = gsea::step(run, n_steps);
        self.gsea = left;
        Ok(PoolAnswer::Gsea(state))
    }

    fn findings(&mut self, keep: Option<u32>) -> Result<PoolAnswer, String> {
        let asked_early = "findings were asked for before a block of features came";
        let plan = self.plan.as_mut().ok_or(asked_early)?;
        if self.n_genes_left > 0 {
            return Err(format!("{} genes are missing", self.n_genes_left));
        }
        let block = self.shard.take().ok_or(asked_early)?.finish();
        let answer = plan.findings(&block);
        if let Some(number) = keep {
            self.kept.insert(number, block);
        }
        Ok(answer)
    }

    fn again(&mut self, block: u32) -> Result<PoolAnswer, String> {
        let plan = self.plan.as_mut().ok_or("a block was asked for before a plan")?;
        let kept = self.kept.get(&block).ok_or_else(|| format!("block {block} was not kept"))?;
        Ok(plan.findings(kept))
    }
}

impl Plan {
    fn findings(&mut self, block: &TestedBlock) -> PoolAnswer {
        let mut counts = FamilyCounts::default();
        block.count_genes(&mut counts);
        PoolAnswer::Findings(Box::new(pack(&block.all_findings(&mut self.annotator), &counts)))
    }
}

/// Whether lists are whole and all their members below `n`.
fn is_of(lists: &Lists, n: usize) -> bool {
    let starts = &lists.starts;
    starts.first() == Some(&0)
        && starts.is_sorted()
        && starts.last().is_some_and(|&end| end as usize == lists.members.len())
        && lists.members.iter().all(|&member| (member as usize) < n)
}
