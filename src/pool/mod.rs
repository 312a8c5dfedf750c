//! A worker of the pool: takes blocks of features through sound mode, whatever thread it is on.
//!
//! It knows neither files nor the engine; what it is told and what it answers are the messages of
//! [`crate::protocol`]. A call that makes no sense is answered by a sentence and changes nothing.

mod findings;

use crate::data::PackedMatrix;
use crate::enrich::MatchedGeneSets;
use crate::lens::sound::{BLOCK, FeatureGroups, Members, NegativeCells, Normaliser, Shard, ShardPlan};
use crate::protocol::{Lists, PoolAnswer, PoolCall, PoolPlan};

pub use findings::{pack, unpack};

/// What a worker holds between calls.
#[derive(Debug, Default)]
pub struct Worker {
    plan: Option<(usize, ShardPlan)>,
    shard: Option<Shard>,
    n_genes_left: usize,
}

impl Worker {
    /// Serves one call.
    pub fn answer(&mut self, call: PoolCall) -> PoolAnswer {
        let served = match call {
            PoolCall::Plan(plan) => self.take_plan(*plan),
            PoolCall::Block { positive, negative } => self.take_block(&positive, negative.as_ref()),
            PoolCall::Genes(rows) => self.take_genes(&rows),
            PoolCall::Findings => return self.findings(),
        };
        served.map_or_else(PoolAnswer::Failed, |()| PoolAnswer::Done)
    }

    fn take_plan(&mut self, plan: PoolPlan) -> Result<(), String> {
        let PoolPlan { n_cells, n_genes, scale, factors, params, sets, universe } = plan;
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
        self.plan = Some((n_cells, ShardPlan { n_genes, normaliser, params, sets, is_in_universe }));
        self.shard = None;
        Ok(())
    }

    fn take_block(&mut self, positive: &Lists, negative: Option<&Lists>) -> Result<(), String> {
        let (n_cells, plan) = self.plan.as_ref().ok_or("a block of features came before a plan")?;
        let n_features = positive.starts.len().saturating_sub(1);
        let fits = |lists: &Lists| is_of(lists, *n_cells) && lists.starts.len() == n_features + 1;
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
        self.n_genes_left = plan.n_genes;
        self.shard = Some(Shard::new(plan, Members::new(*n_cells, &groups)));
        Ok(())
    }

    fn take_genes(&mut self, rows: &[u8]) -> Result<(), String> {
        let (n_cells, _) = self.plan.as_ref().ok_or("genes came before a plan")?;
        let shard = self.shard.as_mut().ok_or("genes came before a block of features")?;
        let n_left = self.n_genes_left;
        let mut n_taken = 0;
        let read = PackedMatrix::read_bytes(rows, *n_cells, |row| {
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

    fn findings(&mut self) -> PoolAnswer {
        let Some(shard) = self.shard.as_mut() else {
            return PoolAnswer::Failed("findings were asked for before a block of features came".to_owned());
        };
        if self.n_genes_left > 0 {
            return PoolAnswer::Failed(format!("{} genes are missing", self.n_genes_left));
        }
        let found: Vec<_> = (0..shard.n_features()).map(|feature| shard.findings(feature)).collect();
        // Its columns are large.
        self.shard = None;
        PoolAnswer::Findings(Box::new(pack(&found)))
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
