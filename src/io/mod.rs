//! Reading and writing files: one file per format, all over [`ByteSource`].

mod assemble;
mod bundle;
mod csv_embedding;
mod error;
mod expression_kind;
mod expression_table;
#[cfg(test)]
mod fixtures;
mod foreign;
mod gaf;
mod gene_set_json;
mod gene_set_table;
mod gene_set_yaml;
mod gmt;
mod gmx;
mod h5ad;
mod import;
mod labels;
mod memory;
#[cfg(test)]
mod mistakes;
mod mtx;
mod npy;
mod npz;
mod obo;
mod options;
mod parquet;
mod pickle;
mod reader;
mod sae_names;
mod safetensors;
mod scalar;
mod sniff;
mod source;
mod table_kind;
mod ten_x_features;
mod ten_x_tables;
mod tensor;
mod text_table;
mod torch;
mod zip;

pub use assemble::{AssembleError, AssembleFailure, Assembled, IdHint, SaeFiles, assemble, assemble_trimmed};
pub use bundle::import_all;
pub use error::ImportError;
pub use h5ad::{AnnDataFile, PartReader, Share};
pub use import::{Imported, import, import_as};
pub use labels::LabelsFile;
pub use memory::MemoryLimit;
pub use obo::import_obo;
pub use options::{ImportOptions, ReadBefore, ReadMatrix};
pub use pickle::PickleError;
#[cfg(feature = "cli")]
pub(crate) use sniff::stem;
pub use sniff::{EmbeddingFormat, ExpressionFormat, FileKind, GeneSetFormat, LabelsFormat, TRAINING_RUN_MAGIC, sniff};
pub use source::{ByteSource, MemorySource};
pub use ten_x_features::Features;
pub use tensor::{Tensor, TensorInfo};
pub use torch::{SaeWeightsFile, TorchFile};
