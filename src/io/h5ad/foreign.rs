//! Well-known HDF5 files that are no AnnData, told by the names at their top.

use super::archive::Archive;
use crate::io::ImportError;
use crate::io::sniff::unrecognised;

/// What a file is, the names at its top that say so, and what to do with it.
const KNOWN: [(&str, &[&str], &str); 3] = [
    (
        "is a Loom file",
        &["matrix", "row_attrs", "col_attrs"],
        "in Python, write it as .h5ad: anndata.io.read_loom(path).write_h5ad(\"data.h5ad\")",
    ),
    (
        "is an h5Seurat file",
        &["assays", "cell.names", "active.ident"],
        "in R, write it as .h5ad: SeuratDisk::Convert(path, dest = \"h5ad\")",
    ),
    (
        "is a MuData file of several modalities",
        &["mod", "obs"],
        "in Python, write one modality as .h5ad: mudata.read_h5mu(path)[\"rna\"].write_h5ad(\"data.h5ad\")",
    ),
];

/// Refuses a file that is of another well-known kind.
///
/// # Errors
/// [`ImportError::Unrecognised`], and what reading can give.
pub(super) fn refuse_foreign(archive: &Archive) -> Result<(), ImportError> {
    let names = archive.top_members()?;
    let has = |wanted: &&str| names.iter().any(|name| name == wanted);
    match KNOWN.iter().find(|(_, wanted, _)| wanted.iter().all(has)) {
        Some((found, _, hint)) => Err(unrecognised(archive.name(), found, hint)),
        None => Ok(()),
    }
}
