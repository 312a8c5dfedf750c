//! AnnData files (`.h5ad`) in the layout of anndata 0.7 and later, read by slices.
//!
//! Reads `X` (CSR, CSC or dense; `raw/X` where there is no `X`), the cell and gene names, the columns of `obs` and
//! the two-dimensional arrays of `obsm`. Not read: `layers`, `varm`, `obsp`, `uns`, and `raw` beside an `X`.
//! The layout is described in anndata's "On-disk format" pages. Values stay as they are; a value of `X` that is not finite
//! is an error, an `obsm` array with one is left out with a warning.

mod archive;
mod guard;
mod matrix;
mod paged;
mod table;

use std::collections::BTreeSet;
use std::sync::Arc;

use archive::{Archive, Array, Node};
use matrix::MatrixReader;
use table::Table;

use super::gmt::shortened;
use super::reader::reserved;
use super::{ByteSource, ImportError};
use crate::data::{DenseMatrix, Expression, LabelColumn, LabelValues, Notice, Observer, ValueKind, printable};

/// Columns of `obs` that state a cell's total counts.
const LIBRARY_SIZE_COLUMNS: [&str; 2] = ["total_counts", "n_counts"];
/// A stated total may be this far below the matrix's own sum: totals are often kept as rounded f32.
const LIBRARY_SIZE_TOLERANCE: f64 = 0.5;

/// What an AnnData file held.
#[derive(Clone, Debug, Default)]
pub struct AnnDataFile {
    /// Number of cells (`n_obs`).
    pub n_cells: usize,
    /// Cell ids (`obs_names`), `[n_cells]`.
    pub cell_ids: Option<Vec<String>>,
    /// The columns of `obs`.
    pub columns: Vec<LabelColumn>,
    /// `X`, or `raw/X` where there is no `X`.
    pub expression: Option<Expression>,
    /// `obsm` by key, each `[n_cells, d]`.
    pub embeddings: Vec<(String, DenseMatrix)>,
    /// What a person should know about the file.
    pub notices: Vec<Notice>,
}

/// Reads an AnnData file.
///
/// # Errors
/// [`ImportError::Truncated`], [`ImportError::Hdf5`], [`ImportError::Layout`], [`ImportError::LegacyLayout`],
/// [`ImportError::Data`] with the place in the file; [`ImportError::OutOfMemory`]; [`ImportError::Cancelled`].
pub(crate) fn import_h5ad(
    name: &str,
    source: Arc<dyn ByteSource>,
    observer: &dyn Observer,
) -> Result<AnnDataFile, ImportError> {
    observer.progress(0.0, &format!("Reading {name}"));
    let archive = Archive::open(name, source)?;
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
    let mut expression = read_expression(&archive, n_cells, cell_ids.as_deref(), &mut notices, observer)?;
    if let Some(expression) = &mut expression {
        notices.extend(set_library_sizes(expression, &columns));
    }
    let embeddings = read_obsm(&archive, n_cells, observer)?;
    notices.extend(soft_links(archive.n_soft_links()));
    Ok(AnnDataFile { n_cells, cell_ids, columns, expression, embeddings, notices })
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

fn read_expression(
    archive: &Archive,
    n_cells: usize,
    cell_ids: Option<&[String]>,
    notices: &mut Vec<Notice>,
    observer: &dyn Observer,
) -> Result<Option<Expression>, ImportError> {
    let raw = archive.node("raw/X")?;
    let has_raw = raw.is_some();
    let (node, var) = match (archive.node("X")?.filter(|node| !is_null(node)), raw) {
        (Some(node), _) => (node, "var"),
        (None, Some(raw)) => {
            notices.push(Notice::warning("The file has no X; the values of raw/X are used."));
            (raw, "raw/var")
        }
        (None, None) => {
            let text = "The file has no X, so there is no expression: genes and gene sets can't be tested.";
            notices.push(Notice::warning(text));
            return Ok(None);
        }
    };
    let genes = Table::open(archive, var)?.index()?;
    let gene_names = genes.ok_or_else(|| archive.layout(var, "has no index", "gene names"))?;
    let n_genes = gene_names.len();
    let reader = MatrixReader { archive, observer, n_cells, n_genes, cell_ids, gene_names: &gene_names };
    let by_gene = reader.read(&node)?;
    let expression = Expression::new(gene_names, by_gene);
    if expression.kind == ValueKind::Scaled && has_raw && var == "var" {
        notices.push(Notice::warning(
            "X has negative values, so it was scaled, and X is what is used. The file also holds raw/X, which suits \
             tests of genes better: save it as X with adata.raw.to_adata().write_h5ad(…) and open that.",
        ));
    }
    notices.extend(duplicate_genes(&expression.gene_names));
    Ok(Some(expression))
}

fn is_null(node: &Node) -> bool {
    matches!(node, Node::Array(array) if array.text_attr("encoding-type").as_deref() == Some("null"))
}

fn duplicate_genes(names: &[String]) -> Option<Notice> {
    let mut seen = BTreeSet::new();
    let repeated: Vec<&String> = names.iter().filter(|name| !seen.insert(name.as_str())).collect();
    let example = repeated.first()?;
    Some(Notice::warning(format!(
        "{} gene names occur more than once, such as {:?}; gene sets find the first of each. To tell them \
         apart, call adata.var_names_make_unique() before saving.",
        repeated.len(),
        shortened(example)
    )))
}

/// Takes stated total counts as library sizes where they are never below the sums over the genes in the file.
fn set_library_sizes(expression: &mut Expression, columns: &[LabelColumn]) -> Option<Notice> {
    if expression.kind != ValueKind::Counts {
        return None;
    }
    let totals = expression.cell_totals();
    for name in LIBRARY_SIZE_COLUMNS {
        let Some(stated) = columns.iter().find(|column| column.name == name).and_then(numbers_of) else {
            continue;
        };
        let covers = |(stated, total): (&f64, &f64)| stated.is_finite() && *stated >= total - LIBRARY_SIZE_TOLERANCE;
        if stated.len() == totals.len() && stated.iter().zip(&totals).all(covers) {
            expression.library_sizes = Some(stated.iter().map(|&size| size as f32).collect());
            return Some(Notice::info(format!(
                "Library sizes are the obs column {name:?}, which counts all genes measured, also those that are \
                 not in the file."
            )));
        }
    }
    None
}

/// The numbers of a column, also of one whose few distinct numbers were read as labels; NaN where missing.
fn numbers_of(column: &LabelColumn) -> Option<Vec<f64>> {
    match &column.values {
        LabelValues::Numeric(values) => Some(values.clone()),
        LabelValues::Categorical { codes, categories } => {
            let numbers: Vec<f64> = categories.iter().map(|text| text.parse().ok()).collect::<Option<_>>()?;
            Some(codes.iter().map(|&code| numbers.get(code as usize).copied().unwrap_or(f64::NAN)).collect())
        }
    }
}

/// The two-dimensional number arrays of `obsm`, by key; others are left out with a warning.
fn read_obsm(
    archive: &Archive,
    n_cells: usize,
    observer: &dyn Observer,
) -> Result<Vec<(String, DenseMatrix)>, ImportError> {
    let Some(folder) = archive.folder("obsm")? else {
        return Ok(Vec::new());
    };
    let mut embeddings = Vec::new();
    for key in archive.members(&folder)? {
        observer.progress(1.0, &format!("Reading obsm/{key}"));
        match read_embedding(archive, &format!("obsm/{key}"), n_cells, observer) {
            Ok(values) => embeddings.push((key, values)),
            Err(
                error @ (ImportError::Cancelled { .. }
                | ImportError::Truncated { .. }
                | ImportError::OutOfMemory { .. }),
            ) => {
                return Err(error);
            }
            Err(error) => observer.warn(&format!("{} was left out: {error}", printable(format_args!("obsm/{key}")))),
        }
    }
    Ok(embeddings)
}

fn read_embedding(
    archive: &Archive,
    path: &str,
    n_cells: usize,
    observer: &dyn Observer,
) -> Result<DenseMatrix, ImportError> {
    let array = archive.array(path)?;
    check_embedding(archive, &array, n_cells)?;
    archive.spend(&array, array.n_values())?;
    let mut values: Vec<f32> = reserved(archive.name(), path, array.n_values())?;
    for window in archive.windows(&array)? {
        archive.check_cancelled(observer)?;
        values.extend(archive.floats_in(&array, &window)?);
    }
    let data_error = |source| ImportError::Data { file: archive.name().to_owned(), place: path.to_owned(), source };
    let matrix = DenseMatrix::new(n_cells, array.row_length() as usize, values).map_err(data_error)?;
    matrix.check_finite(path).map_err(data_error)?;
    Ok(matrix)
}

fn check_embedding(archive: &Archive, array: &Array, n_cells: usize) -> Result<(), ImportError> {
    let is_matrix = matches!(array.shape.as_slice(), [n, d] if *n == n_cells as u64 && *d > 0);
    if is_matrix && array.is_numeric() {
        return Ok(());
    }
    let found = format!("has shape {:?} and type {}", array.shape, array.type_name());
    Err(archive.layout(&array.path, &found, &format!("[{n_cells}, d] numbers, one row for each cell of obs")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::SparseMatrix;

    fn counts() -> Expression {
        let dense = DenseMatrix::new(1, 3, vec![5.0, 0.0, 2.0]).unwrap();
        Expression::new(vec!["G".to_owned()], SparseMatrix::from_dense(&dense))
    }

    fn stated(name: &str, values: &[f64]) -> LabelColumn {
        LabelColumn { name: name.to_owned(), values: LabelValues::Numeric(values.to_vec()) }
    }

    #[test]
    fn stated_totals_below_the_sums_are_not_library_sizes() {
        for values in [[4.0, 1.0, 2.0], [5.0, f64::NAN, 2.0]] {
            let mut expression = counts();
            assert!(set_library_sizes(&mut expression, &[stated("total_counts", &values)]).is_none());
            assert!(expression.library_sizes.is_none());
        }
    }

    #[test]
    fn the_first_column_that_covers_all_cells_is_taken() {
        let mut expression = counts();
        let columns = [stated("n_counts", &[9.0, 1.0, 1.5]), stated("total_counts", &[0.0, 1.0, 2.0])];
        let notice = set_library_sizes(&mut expression, &columns).unwrap();
        assert!(notice.text.contains("n_counts"));
        assert_eq!(expression.library_sizes, Some(vec![9.0, 1.0, 1.5]));
    }

    #[test]
    fn totals_read_as_labels_are_library_sizes_all_the_same() {
        let mut expression = counts();
        let column = LabelColumn::from_texts("n_counts", &["5.5", "1", "12"]);
        assert!(set_library_sizes(&mut expression, &[column]).is_some());
        assert_eq!(expression.library_sizes, Some(vec![5.5, 1.0, 12.0]));
        assert!(set_library_sizes(&mut counts(), &[LabelColumn::from_texts("n_counts", &["many"; 3])]).is_none());
    }

    #[test]
    fn normalised_values_have_no_library_sizes() {
        let dense = DenseMatrix::new(1, 2, vec![0.5, 1.0]).unwrap();
        let mut expression = Expression::new(vec!["G".to_owned()], SparseMatrix::from_dense(&dense));
        assert!(set_library_sizes(&mut expression, &[stated("total_counts", &[9.0, 9.0])]).is_none());
    }

    #[test]
    fn genes_that_occur_twice_are_told() {
        let names = ["A", "B", "A"].map(str::to_owned);
        assert!(duplicate_genes(&names).unwrap().text.contains("1 gene names"));
        assert!(duplicate_genes(&names[..2]).is_none());
    }
}
