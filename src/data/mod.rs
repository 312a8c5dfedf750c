//! What the whole program speaks about: cells, genes, embeddings, expression, activations, gene sets.
//!
//! Plain containers that check their own shape when they are made. No statistics, no parsing, no browser.

mod annotations;
mod cells;
mod dataset;
mod dense;
mod error;
mod expression;
mod gene_set;
mod id_trim;
mod ids;
mod matrix_choice;
mod notice;
mod observer;
mod ontology;
mod packed;
mod printable;
mod selection;
mod sparse;

pub use annotations::{GeneAnnotation, GeneAnnotations};
pub use cells::{CellTable, LabelColumn, LabelValues, MISSING_CODE};
pub use dataset::{Dataset, Embedding, JoinMethod};
pub use dense::DenseMatrix;
pub use error::DataError;
pub use expression::{Expression, GeneColumn};
pub use gene_set::GeneSet;
pub use id_trim::{IdParts, IdTrim};
pub use ids::{CellId, FeatureId, GeneId};
pub use matrix_choice::{MatrixChoice, MatrixInfo};
pub use notice::{Notice, NoticeLevel};
pub use observer::{Observer, Silent};
pub use ontology::OntologyTerm;
pub use packed::{PackedBatch, PackedMatrix, SparseRow, SparseRows, ValueKind, packed_size};
pub(crate) use printable::{printable, shortened};
pub use selection::{CellSelection, LabelChoice};
pub use sparse::{SparseActivations, SparseBuilder, SparseMatrix};
