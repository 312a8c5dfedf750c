//! What reading a file is told beside the file: which of its matrices a person wants, and how much memory there is.

use std::sync::Arc;

use super::bundle::import_all_with;
use super::import::import_with;
use super::memory::MemoryLimit;
use super::sniff::sniff;
use super::{ByteSource, ImportError, Imported};
use crate::data::Observer;

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
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ImportOptions {
    /// The matrix of an AnnData file that is its expression, as `X`, `raw/X` or `layers/counts`; `None` takes the first
    /// there is. Files of other kinds do not mind it.
    pub matrix: Option<String>,
    /// The memory there is for expression; `None` where only the machine sets a limit.
    pub memory: Option<MemoryLimit>,
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
