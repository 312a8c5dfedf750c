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

#[cfg(test)]
mod tests {
    use crate::pool::Worker;
    use crate::protocol::{FeatureGseaParams, Lists, PoolAnswer, PoolCall, PoolGsea, PoolGseaState, U32Column};

    fn block(sets: &[&[u32]]) -> PoolGsea {
        let statistic: Vec<f64> = (0..40).map(|gene| 20.5 - f64::from(gene)).chain([f64::NAN]).collect();
        let params = FeatureGseaParams { n_permutations: 200, ..FeatureGseaParams::default() };
        PoolGsea { params, statistic: statistic.into(), sets: Lists::collect(sets.iter().copied()) }
    }

    fn begin(block: PoolGsea) -> PoolAnswer {
        Worker::default().answer(PoolCall::Gsea(Box::new(block)))
    }

    fn is_refused(answer: &PoolAnswer, why: &str) -> bool {
        matches!(answer, PoolAnswer::Failed(reason) if reason.contains(why))
    }

    #[test]
    fn a_block_is_tested_in_steps_and_then_gone() {
        let mut worker = Worker::default();
        let block = block(&[&[0, 1, 2, 3], &[36, 37, 38, 39, 40]]);
        assert_eq!(worker.answer(PoolCall::Gsea(Box::new(block))), PoolAnswer::Done);
        let tests = loop {
            match worker.answer(PoolCall::GseaSteps(1)) {
                PoolAnswer::Gsea(PoolGseaState::Going(fraction)) => assert!((0.0..1.0).contains(&fraction)),
                PoolAnswer::Gsea(PoolGseaState::Done(tests)) => break tests,
                other => panic!("{other:?}"),
            }
        };
        assert_eq!(tests.es.0, [1.0, -1.0]);
        assert!(tests.nes[0] > 1.0 && tests.ln_p_value.iter().all(|ln_p| *ln_p < -5.0), "{tests:?}");
        assert!(is_refused(&worker.answer(PoolCall::GseaSteps(1)), "before a block"));
    }

    #[test]
    fn blocks_that_make_no_sense_are_refused() {
        assert!(is_refused(&begin(block(&[&[0, 41]])), "not whole"));
        assert!(is_refused(&begin(block(&[&[0, 1], &[40]])), "1 of 2 sets"));
        let mut odd = block(&[&[0, 1]]);
        odd.sets.starts = U32Column(vec![0, 5]);
        assert!(is_refused(&begin(odd), "not whole"));
        let mut few = block(&[&[0, 1]]);
        few.params.n_permutations = 1;
        assert!(is_refused(&begin(few), "1 random sets"));
    }
}
