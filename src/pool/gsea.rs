//! A block of gene sets taken along a ranking, in steps.

use super::is_of;
use crate::enrich::{GseaRun, MatchedGeneSets};
use crate::protocol::{F64Column, PoolGsea, PoolGseaState, PoolGseaTests};

/// Begins a block: sets of any size that can be tested.
///
/// # Errors
/// A sentence where the block makes no sense.
pub(super) fn begin(block: &PoolGsea) -> Result<GseaRun, String> {
    let PoolGsea { params, statistic, sets } = block;
    let n_genes = statistic.len();
    if !is_of(sets, n_genes) {
        return Err("the sets to be ranked are not whole".to_owned());
    }
    let ranking = params.rank(statistic, &vec![true; n_genes]).map_err(|error| error.to_string())?;
    let starts: Vec<usize> = sets.starts.iter().map(|&start| start as usize).collect();
    let n_sets = starts.len() - 1;
    let sets = MatchedGeneSets::from_lists(starts, sets.members.to_vec(), n_genes, n_genes);
    let run = GseaRun::new(&ranking, &sets, &params.for_sizes(1, n_genes)).map_err(|error| error.to_string())?;
    match run.n_sets() {
        n if n == n_sets => Ok(run),
        n => Err(format!("{n} of {n_sets} sets can be ranked")),
    }
}

/// Does so many steps; what is left of the run, and where it stands.
pub(super) fn step(mut run: GseaRun, n_steps: u32) -> (Option<GseaRun>, PoolGseaState) {
    let mut fraction = 0.0;
    for _ in 0..n_steps {
        if run.is_done() {
            break;
        }
        fraction = run.step();
    }
    if run.is_done() {
        (None, PoolGseaState::Done(Box::new(tests(run))))
    } else {
        (Some(run), PoolGseaState::Going(fraction))
    }
}

fn tests(run: GseaRun) -> PoolGseaTests {
    let results = run.finish();
    let column = |number: fn(&crate::enrich::GseaResult) -> f64| F64Column(results.iter().map(number).collect());
    PoolGseaTests {
        es: column(|result| result.es),
        nes: column(|result| result.nes.unwrap_or(f64::NAN)),
        ln_p_value: column(|result| result.ln_p_value),
        log2_error: column(|result| result.log2_error.unwrap_or(f64::NAN)),
    }
}
