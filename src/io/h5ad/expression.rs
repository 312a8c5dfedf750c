//! Which matrix of an AnnData file is its expression, with the genes it belongs to.
//!
//! The one that was asked for, else the first there is of `X`, `raw/X`, `raw.X` (anndata before 0.7), `layers/counts` and
//! the other layers by name. `raw`, `raw/X` and `raw.X` ask for the same. A notice tells where it is not `X`.

use std::collections::BTreeSet;

use super::archive::{Archive, Node};
use super::logarithms::make_natural;
use super::matrix::MatrixReader;
use super::table::Table;
use crate::data::{Expression, MatrixChoice, MatrixInfo, Notice, Observer, printable, shortened};
use crate::io::{ImportError, ImportOptions};

/// Places of a matrix that is not `X`, each with the table of its genes.
const RAW: [(&str, &str); 2] = [("raw/X", "raw/var"), ("raw.X", "raw.var")];
/// What any of those is also called.
const RAW_NAME: &str = "raw";
/// The layer that comes first.
const COUNTS: &str = "counts";
/// Matrices that are offered.
const MAX_OFFERED: usize = 100;

/// The cells of the file.
#[derive(Clone, Copy)]
pub(super) struct Cells<'a> {
    pub(super) n: usize,
    pub(super) ids: Option<&'a [String]>,
}

/// A matrix of the file.
struct Matrix {
    node: Node,
    place: String,
    genes: &'static str,
}

/// Reads the expression, if there is any.
///
/// # Errors
/// See [`super::import_h5ad`].
pub(super) fn read_expression(
    archive: &Archive,
    cells: Cells<'_>,
    options: &ImportOptions,
    notices: &mut Vec<Notice>,
    observer: &dyn Observer,
) -> Result<Option<(Expression, MatrixChoice)>, ImportError> {
    let mut matrices = matrices(archive)?;
    let wanted = options.matrix.as_deref();
    let Some(at) = position(archive, &matrices, wanted)? else {
        let text = "The file has no X, so there is no expression: genes and gene sets can't be tested.";
        notices.push(Notice::warning(text));
        return Ok(None);
    };
    let known = matrices.iter().map(Matrix::info).take(MAX_OFFERED.max(at + 1)).collect();
    let Matrix { node, place, genes } = matrices.swap_remove(at);
    notices.extend(not_x(&place, wanted.is_some()));
    let table = Table::open(archive, genes)?;
    let gene_names = table.index()?.ok_or_else(|| archive.layout(genes, "has no index", "gene names"))?;
    let (n_cells, n_genes) = (cells.n, gene_names.len());
    let reader =
        MatrixReader { archive, observer, n_cells, n_genes, cell_ids: cells.ids, gene_names: &gene_names, options };
    let by_gene = reader.read(node)?;
    let mut expression = Expression::new(gene_names, by_gene);
    expression.gene_columns = table.text_columns(n_genes)?;
    notices.extend(duplicate_genes(&expression.gene_names));
    notices.extend(make_natural(archive, &place, &mut expression)?);
    Ok(Some((expression, MatrixChoice { read: place, known })))
}

/// The matrix that is the expression, if there is one, and where it is.
///
/// # Errors
/// [`ImportError::NoMatrix`], and what reading can give.
pub(super) fn chosen(archive: &Archive, options: &ImportOptions) -> Result<Option<(Node, String)>, ImportError> {
    let mut matrices = matrices(archive)?;
    let at = position(archive, &matrices, options.matrix.as_deref())?;
    Ok(at.map(|at| matrices.swap_remove(at)).map(|matrix| (matrix.node, matrix.place)))
}

/// The matrices of the file, the one to use first.
fn matrices(archive: &Archive) -> Result<Vec<Matrix>, ImportError> {
    let mut found = Vec::new();
    for (place, genes) in [("X", "var")].into_iter().chain(RAW) {
        if let Some(node) = archive.node(place)?.filter(|node| !is_null(node)) {
            found.push(Matrix { node, place: place.to_owned(), genes });
        }
    }
    let Some(Node::Folder(layers)) = archive.node("layers")? else { return Ok(found) };
    let mut names = archive.members(&layers)?;
    names.sort_by_key(|name| name != COUNTS);
    for place in names.iter().map(|name| format!("layers/{name}")) {
        if let Some(node) = archive.node(&place)? {
            found.push(Matrix { node, place, genes: "var" });
        }
    }
    Ok(found)
}

/// Where the matrix to be read is; `None` where there is none and none was asked for.
///
/// # Errors
/// [`ImportError::NoMatrix`].
fn position(archive: &Archive, matrices: &[Matrix], wanted: Option<&str>) -> Result<Option<usize>, ImportError> {
    let Some(wanted) = wanted else { return Ok((!matrices.is_empty()).then_some(0)) };
    let is_raw = |place: &str| RAW.iter().any(|(raw, _)| *raw == place);
    let asks_for_raw = wanted == RAW_NAME || is_raw(wanted);
    let exact = matrices.iter().position(|matrix| matrix.place == wanted);
    let found = exact.or_else(|| matrices.iter().position(|matrix| asks_for_raw && is_raw(&matrix.place)));
    found.map(Some).ok_or_else(|| no_matrix(archive, wanted, matrices.iter().map(|matrix| matrix.place.clone())))
}

/// The error where a matrix that was asked for is not there.
pub(super) fn no_matrix(archive: &Archive, wanted: &str, known: impl Iterator<Item = String>) -> ImportError {
    ImportError::NoMatrix { file: archive.name().to_owned(), wanted: shortened(wanted), known: known.collect() }
}

/// Says so where the expression is not `X`.
fn not_x(place: &str, is_wanted: bool) -> Option<Notice> {
    let place = printable(place);
    match (place.as_str(), is_wanted) {
        ("X", _) => None,
        (_, true) => Some(Notice::info(format!("The expression is read from {place}, as you asked."))),
        (_, false) => Some(Notice::warning(format!("The file has no X; the values of {place} are used."))),
    }
}

impl Matrix {
    fn info(&self) -> MatrixInfo {
        let n_genes = match &self.node {
            Node::Array(array) => array.shape.get(1).copied(),
            Node::Folder(folder) => folder.matrix_shape().get(1).copied(),
        };
        let n_genes = n_genes.and_then(|n| usize::try_from(n).ok()).unwrap_or(0);
        MatrixInfo { name: self.place.clone(), n_genes }
    }
}

fn is_null(node: &Node) -> bool {
    matches!(node, Node::Array(array) if array.text_attr("encoding-type").as_deref() == Some("null"))
}

/// Tells of gene names that occur more than once.
pub(crate) fn duplicate_genes(names: &[String]) -> Option<Notice> {
    let mut seen = BTreeSet::new();
    let repeated: Vec<&String> = names.iter().filter(|name| !seen.insert(name.as_str())).collect();
    let example = repeated.first()?;
    Some(Notice::warning(format!(
        "{} gene names occur more than once, such as {:?}; gene sets find the first of each. To tell them \
         apart, call adata.var_names_make_unique() in Python and save as .h5ad.",
        repeated.len(),
        shortened(example)
    )))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn genes_that_occur_twice_are_told() {
        let names = ["A", "B", "A"].map(str::to_owned);
        assert!(duplicate_genes(&names).unwrap().text.contains("1 gene names"));
        assert!(duplicate_genes(&names[..2]).is_none());
    }
}
