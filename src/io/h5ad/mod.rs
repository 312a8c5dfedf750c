//! AnnData files (`.h5ad`).

use crate::data::{DenseMatrix, Expression, LabelColumn, Notice};

/// What an AnnData file held.
#[derive(Clone, Debug, Default)]
pub struct AnnDataFile {
    /// Number of cells (`n_obs`).
    pub n_cells: usize,
    /// Cell ids (`obs_names`), `[n_cells]`.
    pub cell_ids: Option<Vec<String>>,
    /// The columns of `obs`.
    pub columns: Vec<LabelColumn>,
    /// `X`, or `raw/X` where there is no `X`.
    pub expression: Option<Expression>,
    /// `obsm` by key, each `[n_cells, d]`.
    pub embeddings: Vec<(String, DenseMatrix)>,
    /// What a person should know about the file.
    pub notices: Vec<Notice>,
}
