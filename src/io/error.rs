//! What can be wrong with a file, each as a sentence a person can act on.

use std::io;

use super::memory::{MemoryLimit, amount};
use super::pickle::PickleError;
use super::tensor::quoted_list;
use crate::data::{DataError, printable};

/// What can be opened, for messages.
pub(crate) const OPENABLE: &str = "AnnData (.h5ad), 10x count matrices (.h5, or matrix.mtx with barcodes.tsv and \
     features.tsv), tables of expression (.csv, .tsv, .parquet), embeddings (.npy, .npz, .pt, .safetensors, .parquet, \
     .csv, .tsv), labels (.parquet, .csv, .tsv), gene sets (.gmt, .gmx, .json, .yaml, long .csv and .tsv, .obo with \
     .gaf), text also as .gz, all of them also in a .zip, and sparse autoencoders (cfg.json or config.json with \
     .safetensors or .pt, or .pt alone)";

/// A file could not be imported. Nothing of it was kept.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    /// The system could not read the file.
    #[error(
        "{file:?} could not be read: {}; check that the file is still where it was and open it again",
        printable(source)
    )]
    Read {
        /// The file.
        file: String,
        /// What the system said.
        source: io::Error,
    },
    /// The file has no bytes.
    #[error("{file:?} is empty (0 bytes); export or download it again")]
    Empty {
        /// The file.
        file: String,
    },
    /// The file is none of the kinds that can be opened.
    #[error("{file:?} {}, which can't be opened here; {hint}", printable(found))]
    Unrecognised {
        /// The file.
        file: String,
        /// What it is, as a predicate: `is a ZIP archive`.
        found: String,
        /// What to do with such a file.
        hint: String,
    },
    /// The file ends before its content does.
    #[error(
        "{file:?} ends too early: {} needs {expected} bytes but {found} are there; the file is damaged or was not copied completely, so copy or download it again",
        printable(place)
    )]
    Truncated {
        /// The file.
        file: String,
        /// What was being read.
        place: String,
        /// Bytes needed.
        expected: u64,
        /// Bytes there.
        found: u64,
    },
    /// The gzip stream is broken.
    #[error(
        "{file:?} can't be decompressed: {}; the file is damaged or was not copied completely, so copy or download it again",
        printable(source)
    )]
    Gzip {
        /// The file.
        file: String,
        /// What the decompressor said.
        source: io::Error,
    },
    /// A file decompresses to more than is allowed.
    #[error(
        "{file:?} decompresses to more than {limit} bytes, which no such file should; decompress it yourself and look at what it holds"
    )]
    InflatesTooFar {
        /// The file.
        file: String,
        /// The limit in bytes.
        limit: u64,
    },
    /// Memory ran out.
    #[error(
        "{file:?}: {} needs {bytes} bytes of memory, more than this tab or computer can give; close other tabs, or open a file with fewer cells or genes (the command line tool has no tab limit)",
        printable(what)
    )]
    OutOfMemory {
        /// The file.
        file: String,
        /// What did not fit.
        what: String,
        /// Bytes asked for.
        bytes: u64,
    },
    /// The expression takes more memory than there is.
    #[error(
        "{file:?}: {} would take up to {} of memory, and {}; open fewer genes (adata[:, adata.var.highly_variable].write_h5ad(…)) or fewer cells (sc.pp.subsample(adata, n_obs=…)), or use the command line tool, which has no such limit",
        printable(what),
        amount(*needed),
        memory.described(*needed)
    )]
    TooLarge {
        /// The file.
        file: String,
        /// Which matrix, and how many values it has.
        what: String,
        /// Bytes it would take.
        needed: u64,
        /// What there is.
        memory: MemoryLimit,
    },
    /// The matrix that was asked for is not there.
    #[error("{file:?} has no matrix {wanted:?}; {}", known_matrices(known))]
    NoMatrix {
        /// The file.
        file: String,
        /// What was asked for.
        wanted: String,
        /// The matrices it has.
        known: Vec<String>,
    },
    /// A file of arrays without an embedding.
    #[error(
        "{file:?} holds {}, but an embedding is a 2-D array of numbers, [cells, dimensions]; {hint}",
        printable(found)
    )]
    NotEmbedding {
        /// The file.
        file: String,
        /// What it holds.
        found: String,
        /// What to do.
        hint: String,
    },
    /// A table or gene-set file contradicts its format.
    #[error(
        "{file:?}, line {line}: found {}, expected {expected}; correct that line or export the file again",
        printable(found)
    )]
    Line {
        /// The file.
        file: String,
        /// The line (1-based).
        line: u64,
        /// What is there.
        found: String,
        /// What should be there.
        expected: String,
    },
    /// A table or gene-set file has a header or nothing, but no content.
    #[error("{file:?} has no {what}: {}; {hint}", printable(found))]
    NoContent {
        /// The file.
        file: String,
        /// What is missing.
        what: &'static str,
        /// What was found instead.
        found: String,
        /// What to do.
        hint: String,
    },
    /// The HDF5 reader could not read a part of the file.
    #[error(
        "{file:?}: {} can't be read ({}); the file may be damaged, so download it again, or re-save it with anndata: anndata.read_h5ad(…).write_h5ad(…)",
        printable(place),
        printable(source)
    )]
    Hdf5 {
        /// The file.
        file: String,
        /// The HDF5 object.
        place: String,
        /// What the reader said.
        source: Box<hdf5_pure::Error>,
    },
    /// Part of a file is not as its format says.
    #[error("{file:?}: {} {}, expected {}; {advice}", printable(place), printable(found), printable(expected))]
    Format {
        /// The file.
        file: String,
        /// Which part.
        place: String,
        /// What was found, as a predicate: `claims 9 bytes`.
        found: String,
        /// What belongs there.
        expected: String,
        /// What to do.
        advice: String,
    },
    /// A Python pickle that is damaged or would have to be executed.
    #[error("{file:?}: its pickle (data.pkl) {source}")]
    Pickle {
        /// The file.
        file: String,
        /// What is wrong with it.
        source: PickleError,
    },
    /// Part of an AnnData file is not as its layout says.
    #[error(
        "{file:?}: {} {}, expected {}; write the file again with anndata 0.8 or later",
        printable(place),
        printable(found),
        printable(expected)
    )]
    Layout {
        /// The file.
        file: String,
        /// The HDF5 object.
        place: String,
        /// What was found.
        found: String,
        /// What belongs there.
        expected: String,
    },
    /// The parts of the file do not fit together.
    #[error("{file:?}, {}: {}", printable(place), printable(source))]
    Data {
        /// The file.
        file: String,
        /// Which part.
        place: String,
        /// What does not fit.
        source: DataError,
    },
    /// A value of a matrix can't be used.
    #[error("{file:?}: {} {}; {advice}", printable(place), printable(found))]
    Value {
        /// The file.
        file: String,
        /// The matrix.
        place: String,
        /// What it holds where, as a predicate: `is NaN for cell "c1", gene "G2"`.
        found: String,
        /// What to do.
        advice: String,
    },
    /// None of an archive's files can be opened.
    #[error("nothing in {file:?} can be opened: {}. FeatureScope opens {OPENABLE}", printable(found))]
    NothingInside {
        /// The archive.
        file: String,
        /// What is wrong with its first file, as a clause.
        found: String,
    },
    /// An archive holds too many files.
    #[error(
        "{file:?} holds {n_files} files, more than {limit}; pack only those of one data set, or unpack it and open these"
    )]
    TooManyInside {
        /// The archive.
        file: String,
        /// Files inside.
        n_files: usize,
        /// How many are read.
        limit: usize,
    },
    /// The person asked to stop.
    #[error("reading {file:?} was cancelled")]
    Cancelled {
        /// The file.
        file: String,
    },
}

/// What to ask for in place of a matrix that is not there.
fn known_matrices(known: &[String]) -> String {
    if known.is_empty() {
        return "it holds no expression at all, so ask for none".to_owned();
    }
    format!("choose one of those it has: {}", quoted_list(known.iter().map(String::as_str)))
}

impl ImportError {
    /// What is wrong with a matrix at a place of a file.
    pub(crate) fn of_data(file: &str, place: &str, source: DataError) -> Self {
        let file = file.to_owned();
        match source {
            DataError::OutOfMemory { what, bytes } => {
                Self::OutOfMemory { file, what: what.to_owned(), bytes: bytes as u64 }
            }
            source => Self::Data { file, place: place.to_owned(), source },
        }
    }
}
