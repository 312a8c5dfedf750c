//! Which matrix of a file is its expression, where the file holds more than one.

use serde::{Deserialize, Serialize};

/// A matrix that can be read as expression.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MatrixInfo {
    /// Where it is in its file: `X`, `raw/X`, `layers/counts`.
    pub name: String,
    /// Its columns; 0 where the file does not say.
    pub n_genes: usize,
}

/// The matrices of a file, and the one that was read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MatrixChoice {
    /// The name of the matrix that was read.
    pub read: String,
    /// All that can be asked for, the one read among them, in the order in which they are preferred.
    pub known: Vec<MatrixInfo>,
}

impl MatrixChoice {
    /// The names of the matrices that were not read.
    pub fn others(&self) -> impl Iterator<Item = &str> {
        self.known.iter().map(|matrix| matrix.name.as_str()).filter(|name| *name != self.read)
    }
}
