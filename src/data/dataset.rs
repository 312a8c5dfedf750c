//! All that was opened, joined into one table of cells.

use serde::{Deserialize, Serialize};

use super::{CellTable, DataError, DenseMatrix, Expression, GeneSet, MatrixChoice, OntologyTerm};

/// A named matrix of coordinates per cell: an embedding to train on, or a 2-d map to look at.
///
/// # Shapes
/// `values` is `[n_cells, d]`.
#[derive(Clone, Debug, PartialEq)]
pub struct Embedding {
    /// Its name: the `obsm` key or the file's stem.
    pub name: String,
    /// The coordinates.
    pub values: DenseMatrix,
    /// How its rows found their cells.
    pub joined_by: JoinMethod,
}

/// How rows of one file were matched with the cells of another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum JoinMethod {
    /// Both in one file.
    SameFile,
    /// By cell id.
    Id,
    /// By order: counts agree and at least one side has no ids.
    Order,
}

/// One data set: cells and everything known of them.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Dataset {
    /// Name shown to people, from the file's name.
    pub name: String,
    /// The cells.
    pub cells: CellTable,
    /// Expression, if a file had it.
    pub expression: Option<Expression>,
    /// Which matrix of its file the expression is, where the file says so.
    pub matrices: Option<MatrixChoice>,
    /// Embeddings and 2-d maps.
    pub embeddings: Vec<Embedding>,
    /// Gene sets of all gene-set files, in file order.
    pub gene_sets: Vec<GeneSet>,
    /// The terms of the ontology opened last.
    pub ontology: Vec<OntologyTerm>,
    /// Files without cell ids, whose rows are trusted to be in the order of the cells.
    pub by_order: Vec<String>,
}

impl Dataset {
    /// Adds an embedding, replacing one of the same name.
    ///
    /// # Errors
    /// [`DataError::CellCount`] if its rows are not the cells, [`DataError::NotFinite`] if a value is NaN or infinite.
    pub fn add_embedding(&mut self, embedding: Embedding) -> Result<(), DataError> {
        let (expected, found) = (self.cells.n_cells(), embedding.values.n_rows());
        if expected != found {
            return Err(DataError::CellCount { what: embedding.name, expected, found });
        }
        embedding.values.check_finite(&embedding.name)?;
        match self.embeddings.iter_mut().find(|known| known.name == embedding.name) {
            Some(known) => *known = embedding,
            None => self.embeddings.push(embedding),
        }
        Ok(())
    }

    /// The embedding of that name.
    pub fn embedding(&self, name: &str) -> Option<&Embedding> {
        self.embeddings.iter().find(|embedding| embedding.name == name)
    }
}
