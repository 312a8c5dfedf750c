//! Reading and writing files: one file per format, all over [`ByteSource`].

mod assemble;
mod error;
mod gmt;
mod h5ad;
mod import;
mod labels;
mod npy;
mod obo;
mod reader;
mod sniff;
mod source;

pub use assemble::{AssembleError, AssembleFailure, Assembled, SaeFiles, assemble};
pub use error::ImportError;
pub use h5ad::AnnDataFile;
pub use import::{Imported, import};
pub use labels::LabelsFile;
pub use obo::import_obo;
#[cfg(feature = "cli")]
pub(crate) use sniff::stem;
pub use sniff::{FileKind, sniff};
pub use source::{ByteSource, MemorySource};
