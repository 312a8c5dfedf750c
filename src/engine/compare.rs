//! Features between two groups of cells, and along a path of categories: what views show and files hold.
//!
//! The methods are those of `lens::association`; a side needs two cells, for one has no variance to test with.
//! Features that fall along a path are those that rise along it backwards. Dead features are left out.

use super::EngineError;
use super::model::Features;
use super::state::OpenData;
use crate::data::{CellSelection, CellTable};
use crate::lens::association::{AssociationError, DifferentialFeature, Lineage, LineageFeature, differential_features};
use crate::protocol::{CompareQuery, LineageQuery};

/// Cells a side needs at least.
const LEAST_CELLS: usize = 2;

/// Live features between two groups.
pub(super) struct Compared {
    pub(super) n_first: usize,
    pub(super) n_second: usize,
    pub(super) n_tests: usize,
    /// Live features, ascending.
    pub(super) features: Vec<DifferentialFeature>,
}

/// Compares two groups.
///
/// # Errors
/// [`EngineError::Association`] for groups that are empty or overlap, [`EngineError::SmallGroup`].
pub(super) fn compare(data: &OpenData, features: &Features, query: &CompareQuery) -> Result<Compared, EngineError> {
    let cells = &data.dataset.cells;
    let rest = query.second.is_none().then(|| all_but(&query.first, cells));
    if rest.as_ref().is_some_and(Vec::is_empty) {
        return Err(EngineError::NoOtherCells);
    }
    let second = query.second.clone().or(rest.map(CellSelection::Rows)).unwrap_or(CellSelection::All);
    let found = differential_features(cells, &features.model.activations, &query.first, &second)?;
    for (group, n_cells) in [("A", found.n_first), ("B", found.n_second)] {
        if n_cells < LEAST_CELLS {
            return Err(EngineError::SmallGroup { group, found: n_cells, least: LEAST_CELLS });
        }
    }
    let live = found.features.into_iter().filter(|row| row.is_live).collect();
    Ok(Compared { n_first: found.n_first, n_second: found.n_second, n_tests: found.n_tests, features: live })
}

/// The rows that are not chosen.
fn all_but(selection: &CellSelection, cells: &CellTable) -> Vec<u32> {
    let mut is_chosen = vec![false; cells.n_cells()];
    for row in selection.rows(cells) {
        is_chosen[row as usize] = true;
    }
    (0..cells.n_cells() as u32).filter(|&row| !is_chosen[row as usize]).collect()
}

/// Features that rise along the path, the largest rise first, then those that fall, the largest fall first; the means
/// are in the path's order for both.
///
/// # Errors
/// [`EngineError::Association`] for a path that is not in the data or leaves no other cells.
pub(super) fn lineage(
    data: &OpenData,
    features: &Features,
    query: &LineageQuery,
) -> Result<Vec<LineageFeature>, EngineError> {
    let (cells, activations) = (&data.dataset.cells, &features.model.activations);
    let search = |path: &[String]| -> Result<Vec<LineageFeature>, AssociationError> {
        Lineage::new(cells, &query.column, path)?.search(activations)
    };
    let backwards: Vec<String> = query.path.iter().rev().cloned().collect();
    let mut found = search(&query.path)?;
    found.extend(search(&backwards)?.into_iter().map(|mut row| {
        row.means.reverse();
        row
    }));
    Ok(found)
}
