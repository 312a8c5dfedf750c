//! AnnData files (`.h5ad`) of anndata 0.6 to 0.12, read by slices.
//!
//! Reads one matrix (CSR, CSC or dense): `X`, or `raw/X` or a layer where that is asked for or there is no `X`; the cell
//! and gene names, the columns of `obs`, the texts of `var`, the embeddings of `obsm`, and of `uns` the colours of labels
//! and the base of logarithms. Not read: `varm` (nothing here uses it), `obsp`, the rest of `uns` and the other matrices.
//! The layout is described in anndata's "On-disk format" pages; before 0.7 tables were compound arrays. Values stay as
//! they are, but for logarithms of `X` to another base than e (`logarithms`); a value of the matrix that is not finite is
//! an error, an `obsm` array with one is left out with a warning.

mod archive;
mod by_cell;
mod compound;
mod expression;
mod foreign;
mod guard;
mod heap;
mod left_out;
mod legacy;
mod library_sizes;
mod logarithms;
mod matrix;
mod matrix_packer;
mod matrix_progress;
mod nesting;
mod obsm;
mod obsm_sparse;
mod part;
mod sparse_parts;
mod table;
mod ten_x;
mod uns;
mod values;
mod watched;

use std::sync::Arc;

use archive::{Archive, Node};
pub use by_cell::Share;
pub(crate) use expression::duplicate_genes;
use expression::{Cells, read_expression};
use foreign::refuse_foreign;
use library_sizes::set_library_sizes;
use obsm::read_obsm;
pub use part::PartReader;
use table::Table;
use uns::label_colours;

use super::{ByteSource, ImportError, ImportOptions};
use crate::data::{DenseMatrix, Expression, LabelColumn, MatrixChoice, Notice, Observer};

/// What an AnnData file held.
#[derive(Clone, Debug, Default)]
pub struct AnnDataFile {
    /// Number of cells (`n_obs`).
    pub n_cells: usize,
    /// Cell ids (`obs_names`), `[n_cells]`.
    pub cell_ids: Option<Vec<String>>,
    /// The columns of `obs`.
    pub columns: Vec<LabelColumn>,
    /// Colours of categorical columns: the column's name and `#rrggbb` for each of its categories.
    pub label_colours: Vec<(String, Vec<String>)>,
    /// The matrix that was asked for; else `X`, or where there is none `raw/X` or a layer.
    pub expression: Option<Expression>,
    /// Which matrix that is, and which others there are; `None` where the file can hold only one.
    pub matrices: Option<MatrixChoice>,
    /// `obsm` by key, each `[n_cells, d]`.
    pub embeddings: Vec<(String, DenseMatrix)>,
    /// What a person should know about the file.
    pub notices: Vec<Notice>,
}

/// Reads an AnnData file, or the count matrix of a 10x .h5.
///
/// # Errors
/// [`ImportError::Unrecognised`] for other HDF5, [`ImportError::Truncated`], [`ImportError::Hdf5`], [`ImportError::Layout`],
/// [`ImportError::Data`] with the place in the file; [`ImportError::NoMatrix`]; [`ImportError::TooLarge`],
/// [`ImportError::OutOfMemory`]; [`ImportError::Cancelled`].
pub(crate) fn import_h5ad(
    name: &str,
    source: Arc<dyn ByteSource>,
    options: &ImportOptions,
    observer: &dyn Observer,
) -> Result<AnnDataFile, ImportError> {
    observer.progress(0.0, &format!("Reading {name}"));
    let archive = Archive::open(name, source)?;
    if archive.node("obs")?.is_none()
        && let Some(group) = ten_x::find(&archive)?
    {
        return ten_x::read(&archive, &group, options, observer);
    }
    refuse_foreign(&archive)?;
    let obs = Table::open(&archive, "obs")?;
    let cell_ids = obs.index()?;
    let n_cells = match &cell_ids {
        Some(ids) => ids.len(),
        None => n_cells_of_x(&archive)?,
    };
    if n_cells == 0 {
        return Err(ImportError::NoContent {
            file: name.to_owned(),
            what: "cell",
            found: "obs has 0 rows".to_owned(),
            hint: "write the AnnData again with its cells".to_owned(),
        });
    }
    let mut notices = Vec::new();
    let columns = obs.columns(n_cells, observer)?;
    let cells = Cells { n: n_cells, ids: cell_ids.as_deref() };
    let (mut expression, matrices) = read_expression(&archive, cells, options, &mut notices, observer)?.unzip();
    if let Some(expression) = &mut expression {
        notices.extend(set_library_sizes(expression, &columns));
    }
    let label_colours = label_colours(&archive, &columns)?;
    let embeddings = read_obsm(&archive, n_cells, options.memory, observer)?;
    notices.extend(soft_links(archive.n_soft_links()));
    Ok(AnnDataFile { n_cells, cell_ids, columns, label_colours, expression, matrices, embeddings, notices })
}

/// The number of cells where `obs` has no index.
fn n_cells_of_x(archive: &Archive) -> Result<usize, ImportError> {
    let n_cells = match archive.node("X")? {
        Some(Node::Array(array)) => array.shape.first().copied(),
        Some(Node::Folder(folder)) => {
            folder.integers_attr("shape").map(|shape| shape.first().map_or(0, |n| n.unsigned_abs()))
        }
        None => None,
    };
    n_cells.map(|n| n as usize).ok_or_else(|| archive.layout("obs", "has no index and there is no X", "cell names"))
}

/// Tells of soft links: the HDF5 reader does not follow them.
fn soft_links(n_found: usize) -> Option<Notice> {
    (n_found > 0).then(|| {
        Notice::warning(format!(
            "The file holds soft links ({n_found}), entries that only point to another place. They are not followed, so \
             columns or embeddings that are such links were left out; to have them, write the file again with \
             anndata.read_h5ad(…).write_h5ad(…)."
        ))
    })
}
