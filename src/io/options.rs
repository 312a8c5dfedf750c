//! What reading a file is told beside the file: which of its matrices a person wants, and how much memory there is.

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;

use super::bundle::import_all_with;
use super::import::import_with;
use super::memory::MemoryLimit;
use super::sniff::sniff;
use super::{ByteSource, ImportError, Imported};
use crate::data::{Observer, PackedMatrix};

/// How files are read; the default is what [`super::import`] and [`super::import_all`] do.
///
/// # Example
/// ```
/// use std::sync::Arc;
/// use featurescope::data::Silent;
/// use featurescope::io::{ImportOptions, MemorySource};
/// let options = ImportOptions { matrix: Some("raw/X".to_owned()), ..ImportOptions::default() };
/// let labels = Arc::new(MemorySource(b"cell,type\nc1,B\n".to_vec()));
/// assert!(options.import("labels.csv", labels, &Silent).is_ok());
/// ```
#[derive(Clone, Debug, Default)]
pub struct ImportOptions {
    /// The matrix of an AnnData file that is its expression, as `X`, `raw/X` or `layers/counts`; `None` takes the first
    /// there is. Files of other kinds do not mind it.
    pub matrix: Option<String>,
    /// The memory there is for expression; `None` where only the machine sets a limit.
    pub memory: Option<MemoryLimit>,
    /// The expression, where it was read before the rest of the file.
    pub read_before: ReadBefore,
}

/// A matrix that was read before the rest of its file, or none; whoever reads the file takes it.
#[derive(Clone, Debug, Default)]
pub struct ReadBefore(Rc<RefCell<Option<ReadMatrix>>>);

/// A matrix and where in its file it is.
#[derive(Clone, Debug, PartialEq)]
pub struct ReadMatrix {
    /// As `X`, `layers/counts` or, in a 10x file, `matrix`.
    pub place: String,
    /// `[n_columns, n_cells]`: all columns, genes or not.
    pub by_gene: PackedMatrix,
}

impl ReadBefore {
    /// Takes the matrix, if it is that of `place`.
    pub(super) fn take(&self, place: &str) -> Option<PackedMatrix> {
        self.0.take().filter(|read| read.place == place).map(|read| read.by_gene)
    }
}

impl From<ReadMatrix> for ReadBefore {
    fn from(read: ReadMatrix) -> Self {
        Self(Rc::new(RefCell::new(Some(read))))
    }
}

impl ImportOptions {
    /// As [`super::import`].
    ///
    /// # Errors
    /// As [`super::import`]; [`ImportError::NoMatrix`], [`ImportError::TooLarge`].
    pub fn import(
        &self,
        name: &str,
        source: Arc<dyn ByteSource>,
        observer: &dyn Observer,
    ) -> Result<Imported, ImportError> {
        import_with(sniff(name, &*source)?, name, source, self, observer)
    }

    /// As [`super::import_all`].
    ///
    /// # Errors
    /// As [`super::import_all`]; [`ImportError::NoMatrix`], [`ImportError::TooLarge`].
    pub fn import_all(
        &self,
        name: &str,
        source: Arc<dyn ByteSource>,
        observer: &dyn Observer,
    ) -> Result<Vec<(String, Imported)>, ImportError> {
        import_all_with(name, source, self, observer)
    }
}
