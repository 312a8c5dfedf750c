//! Calls to a worker and what may be wrong with its answers.

use crate::data::{PackedMatrix, SparseRows};
use crate::engine::pool::worker_fault;
use crate::lens::sound::{FamilyCounts, FeatureGroups, Findings, NegativeCells, ShardPlan, Universe};
use crate::platform::{HostError, Pool};
use crate::pool::unpack;
use crate::protocol::{Bytes, F64Column, Lists, PoolAnswer, PoolCall, PoolPlan, SoundParams};

/// Values sent to a worker at a time.
const VALUES_PER_SLICE: usize = 1 << 19;

/// Asks a worker for the findings of so many features, and for the counts of their genes.
pub(super) async fn ask_findings(
    pool: &dyn Pool,
    worker: usize,
    call: PoolCall,
    n_features: usize,
) -> Result<(Vec<Findings>, FamilyCounts), HostError> {
    match pool.call(worker, call).await? {
        PoolAnswer::Findings(columns) => {
            let found = unpack(&columns).filter(|(found, _)| found.len() == n_features);
            found.ok_or_else(|| worker_fault("its findings are not whole"))
        }
        PoolAnswer::Failed(reason) => Err(worker_fault(&reason)),
        _ => Err(worker_fault("it answered what was not asked")),
    }
}

pub(super) fn plan_call(plan: &ShardPlan, n_cells: usize, tests_as_before: bool) -> PoolCall {
    let (starts, members) = plan.sets.lists();
    PoolCall::Plan(Box::new(PoolPlan {
        n_cells,
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
        tests_as_before,
    }))
}

pub(super) fn block_call(groups: &[FeatureGroups]) -> PoolCall {
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
pub(super) fn slice(by_gene: &PackedMatrix, first: usize) -> (usize, usize) {
    let (mut end, mut n_values) = (first + 1, by_gene.n_stored(first));
    while end < by_gene.n_major() && n_values + by_gene.n_stored(end) <= VALUES_PER_SLICE {
        n_values += by_gene.n_stored(end);
        end += 1;
    }
    (end, n_values)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::SparseBuilder;

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
