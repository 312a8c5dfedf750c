//! The map, its colours and the names of cells.

use crate::data::{DenseMatrix, GeneId, LabelColumn, LabelValues};
use crate::engine::EngineError;
use crate::engine::state::{OpenData, State};
use crate::protocol::{CellColor, F32Column, MapSource, U32Column, ViewResult};

/// Coordinates of all cells.
///
/// # Errors
/// [`EngineError::UnknownEmbedding`], [`EngineError::NotAMap`], [`EngineError::Pca`].
pub(super) fn map(data: &OpenData, source: MapSource) -> Result<ViewResult, EngineError> {
    let (x, y) = match &source {
        MapSource::Embedding(name) => {
            let values = &data.embedding(name)?.values;
            if values.n_cols() != 2 {
                return Err(EngineError::NotAMap { name: name.clone(), n_dims: values.n_cols() });
            }
            columns(values)
        }
        MapSource::Pca(name) => columns(&data.principal_map(name)?.coordinates),
    };
    Ok(ViewResult::Map { source, x, y })
}

fn columns(map: &DenseMatrix) -> (F32Column, F32Column) {
    (F32Column(map.column(0)), F32Column(map.column(1)))
}

/// Values of all cells to colour by.
///
/// # Errors
/// [`EngineError`] for a label, feature or gene that is not there.
pub(super) fn color(state: &State, data: &OpenData, color: CellColor) -> Result<ViewResult, EngineError> {
    let values = match &color {
        CellColor::Label(name) => match &label(data, name)?.values {
            LabelValues::Numeric(values) => values.iter().map(|&value| value as f32).collect(),
            LabelValues::Categorical { codes, categories } => {
                let (codes, categories) = (U32Column(codes.clone()), categories.clone());
                let colors = data.dataset.cells.colours(name).unwrap_or_default();
                let colors = colors.iter().map(|text| rgb(text)).collect::<Option<_>>().unwrap_or_default();
                return Ok(ViewResult::Categories { color, codes, categories, colors });
            }
        },
        CellColor::Feature(feature) => {
            let features = state.features()?;
            features.check(*feature)?;
            features.model.activations.feature_dense(*feature)
        }
        CellColor::Gene(gene) => gene_values(data, *gene)?,
    };
    Ok(ViewResult::Values { color, values: F32Column(values) })
}

/// Red, green and blue of `#rrggbb`.
fn rgb(text: &str) -> Option<[u8; 3]> {
    let value = u32::from_str_radix(text.strip_prefix('#')?, 16).ok()?;
    let [_, red, green, blue] = value.to_be_bytes();
    Some([red, green, blue])
}

fn label<'a>(data: &'a OpenData, name: &str) -> Result<&'a LabelColumn, EngineError> {
    let cells = &data.dataset.cells;
    cells.column(name).ok_or_else(|| EngineError::UnknownLabel {
        name: name.to_owned(),
        known: cells.columns().iter().map(|column| column.name.clone()).collect(),
    })
}

/// Ids of the cells in these rows.
///
/// # Errors
/// [`EngineError::UnknownCell`].
pub(super) fn names(data: &OpenData, rows: &[u32]) -> Result<ViewResult, EngineError> {
    let cells = &data.dataset.cells;
    let n_cells = cells.n_cells();
    let name_of = |&row: &u32| {
        let is_known = (row as usize) < n_cells;
        if is_known { Ok(cells.name_of(row as usize)) } else { Err(EngineError::UnknownCell { found: row, n_cells }) }
    };
    Ok(ViewResult::CellNames(rows.iter().map(name_of).collect::<Result<_, _>>()?))
}

/// A gene in every cell; counts are scaled to 10,000 a cell, then ln(1 + x).
///
/// # Errors
/// [`EngineError::NoExpression`], [`EngineError::UnknownGene`].
fn gene_values(data: &OpenData, gene: GeneId) -> Result<Vec<f32>, EngineError> {
    let n_genes = data.expression()?.n_genes();
    if gene.index() >= n_genes {
        return Err(EngineError::UnknownGene { found: gene.index(), n_genes });
    }
    let mut row = data.expression()?.by_gene.row(gene.index());
    data.normaliser()?.apply(&row.indices, &mut row.values);
    Ok(row.dense(data.dataset.cells.n_cells()))
}
