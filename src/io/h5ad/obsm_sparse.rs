//! A sparse array of `obsm` (CSR or CSC) as a dense embedding.
//!
//! Embeddings are dense here. A sparse one is most often no embedding but a matrix of counts (antibodies, motifs, peaks), so
//! one that would take much memory is left out. A place stored twice holds the sum, as SciPy's `toarray` has it; values
//! that are not finite stay, for the caller to find.

use super::archive::{Archive, Folder};
use super::matrix::SparseFormat;
use super::sparse_parts::SparseParts;
use crate::data::Observer;
use crate::io::memory::amount;
use crate::io::reader::reserved;
use crate::io::{ImportError, MemoryLimit};

/// Bytes that a sparse array may take once it is dense.
const MAX_BYTES: u64 = 1 << 30;
/// It may take one part in so many of the memory there is.
const PART_OF_MEMORY: u64 = 8;

/// Reads a sparse array, its number of columns and its values row by row.
///
/// # Shapes
/// `[n_cells, d]`, d at least 1.
///
/// # Errors
/// [`ImportError::Layout`] and [`ImportError::Data`] where it is not as it should be, [`ImportError::Format`] where it is too
/// large, [`ImportError::Cancelled`], and what reading can give.
pub(super) fn read_dense(
    archive: &Archive,
    folder: &Folder,
    n_cells: usize,
    memory: Option<MemoryLimit>,
    observer: &dyn Observer,
) -> Result<(usize, Vec<f32>), ImportError> {
    let path = &folder.path;
    let format = SparseFormat::of(archive, folder)?;
    let width = width(archive, folder, n_cells)?;
    check_size(archive, path, (n_cells, width), memory)?;
    let (n_major, n_minor) = match format {
        SparseFormat::ByCell => (n_cells, width),
        SparseFormat::ByGene => (width, n_cells),
    };
    let parts = SparseParts::open(archive, path, n_major)?;
    let n_values = (n_cells as u64).saturating_mul(width as u64);
    archive.spend_bytes(&parts.data, n_values.saturating_mul(size_of::<f32>() as u64))?;
    let mut values = reserved::<f32>(archive.name(), path, n_values)?;
    values.resize(n_cells * width, 0.0);
    let mut major = 0;
    for window in &parts.windows {
        archive.check_cancelled(observer)?;
        let entries = parts.read(archive, window, n_minor)?;
        parts.for_each(window, entries, &mut major, |major, (minor, value), _| {
            let (cell, column) = match format {
                SparseFormat::ByCell => (major, minor as usize),
                SparseFormat::ByGene => (minor as usize, major),
            };
            values[cell * width + column] += value;
            Ok(())
        })?;
    }
    Ok((width, values))
}

fn width(archive: &Archive, folder: &Folder, n_cells: usize) -> Result<usize, ImportError> {
    let shape = folder.matrix_shape();
    match shape[..] {
        [n, width] if n == n_cells as u64 && (1..u64::from(u32::MAX)).contains(&width) => Ok(width as usize),
        _ => {
            let expected = format!("[{n_cells}, d] numbers, one row for each cell of obs");
            Err(archive.layout(&folder.path, &format!("has shape {shape:?}"), &expected))
        }
    }
}

fn check_size(
    archive: &Archive,
    path: &str,
    (n_cells, width): (usize, usize),
    memory: Option<MemoryLimit>,
) -> Result<(), ImportError> {
    let n_bytes = (n_cells as u64).saturating_mul(width as u64).saturating_mul(size_of::<f32>() as u64);
    let most = memory.map_or(MAX_BYTES, |memory| MAX_BYTES.min(memory.left() / PART_OF_MEMORY));
    if n_bytes <= most {
        return Ok(());
    }
    Err(ImportError::Format {
        file: archive.name().to_owned(),
        place: path.to_owned(),
        found: format!("is sparse, and with {width} dimensions would take {} of memory", amount(n_bytes)),
        expected: format!("at most {}", amount(most)),
        advice: "to use it as an embedding, reduce its dimensions first (sklearn.decomposition.TruncatedSVD)"
            .to_owned(),
    })
}
