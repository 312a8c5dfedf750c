//! Features between two groups of cells, and along a path of categories.

use crate::engine::EngineError;
use crate::engine::compare::{compare, lineage};
use crate::engine::state::{OpenData, State};
use crate::lens::association::{DifferentialFeature, LineageFeature};
use crate::protocol::{CompareQuery, Comparison, F64Column, LineageQuery, LineageTable, U32Column, ViewResult};

/// Live features between two groups.
///
/// # Errors
/// [`EngineError::NoSae`], and as [`compare`].
pub(super) fn comparison(state: &State, data: &OpenData, query: CompareQuery) -> Result<ViewResult, EngineError> {
    let features = state.features()?;
    let found = compare(data, &features, &query)?;
    let numbers = |of: fn(&DifferentialFeature) -> f64| F64Column(found.features.iter().map(of).collect());
    Ok(ViewResult::Compare(Box::new(Comparison {
        query,
        n_first: found.n_first,
        n_second: found.n_second,
        n_tests: found.n_tests,
        features: U32Column(found.features.iter().map(|row| row.feature.0).collect()),
        mean_first: numbers(|row| row.mean_first),
        mean_second: numbers(|row| row.mean_second),
        fraction_first: numbers(|row| row.fraction_first),
        fraction_second: numbers(|row| row.fraction_second),
        t: numbers(|row| row.t),
        cohens_d: numbers(|row| row.cohens_d),
        log10_p: numbers(|row| log10(row.ln_p_value)),
        log10_padj: numbers(|row| log10(row.ln_padj)),
    })))
}

fn log10(ln: f64) -> f64 {
    ln * std::f64::consts::LOG10_E
}

/// Features that rise or fall along a path.
///
/// # Errors
/// [`EngineError::NoSae`], and as [`lineage`].
pub(super) fn path(state: &State, data: &OpenData, query: LineageQuery) -> Result<ViewResult, EngineError> {
    let features = state.features()?;
    let found = lineage(data, &features, &query)?;
    let numbers = |of: fn(&LineageFeature) -> f64| F64Column(found.iter().map(of).collect());
    Ok(ViewResult::Lineage(Box::new(LineageTable {
        query,
        n_live: features.live().len(),
        features: U32Column(found.iter().map(|row| row.feature.0).collect()),
        rise: numbers(LineageFeature::rise),
        mean_lineage: numbers(|row| row.mean_lineage),
        mean_others: numbers(|row| row.mean_others),
        means: F64Column(found.iter().flat_map(|row| row.means.iter().copied()).collect()),
    })))
}
