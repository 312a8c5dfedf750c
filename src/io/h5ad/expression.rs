//! Which matrix of an AnnData file is its expression, with the genes it belongs to.
//!
//! The first there is of `X`, `raw/X`, `raw.X` (anndata before 0.7), `layers/counts` and the other layers by name. A
//! notice tells where it is not `X`, and where another would suit tests better.

use std::collections::BTreeSet;

use super::archive::{Archive, Node};
use super::matrix::MatrixReader;
use super::table::Table;
use super::uns;
use crate::data::{Expression, Notice, Observer, ValueKind, printable};
use crate::io::ImportError;
use crate::io::gmt::shortened;

/// Places of a matrix that is not `X`, each with the table of its genes.
const RAW: [(&str, &str); 2] = [("raw/X", "raw/var"), ("raw.X", "raw.var")];
/// The layer that comes first.
const COUNTS: &str = "counts";

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
    n_cells: usize,
    cell_ids: Option<&[String]>,
    notices: &mut Vec<Notice>,
    observer: &dyn Observer,
) -> Result<Option<Expression>, ImportError> {
    let mut matrices = matrices(archive)?;
    if matrices.is_empty() {
        let text = "The file has no X, so there is no expression: genes and gene sets can't be tested.";
        notices.push(Notice::warning(text));
        return Ok(None);
    }
    let Matrix { node, place, genes } = matrices.remove(0);
    if place != "X" {
        notices.push(Notice::warning(format!("The file has no X; the values of {} are used.", printable(&place))));
    }
    let table = Table::open(archive, genes)?;
    let gene_names = table.index()?.ok_or_else(|| archive.layout(genes, "has no index", "gene names"))?;
    let n_genes = gene_names.len();
    let reader = MatrixReader { archive, observer, n_cells, n_genes, cell_ids, gene_names: &gene_names };
    let by_gene = reader.read(&node)?;
    let mut expression = Expression::new(gene_names, by_gene);
    expression.gene_columns = table.text_columns(n_genes)?;
    notices.extend(better_matrix(&expression, &place, &matrices));
    notices.extend(duplicate_genes(&expression.gene_names));
    notices.extend(uns::logarithms(archive, &expression)?);
    Ok(Some(expression))
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

/// Says so where `X` is scaled and the file holds another matrix.
fn better_matrix(expression: &Expression, place: &str, others: &[Matrix]) -> Option<Notice> {
    let other = others.first().filter(|_| expression.kind == ValueKind::Scaled && place == "X")?;
    let code = match other.place.strip_prefix("layers/") {
        Some(layer) => format!("adata.X = adata.layers[{layer:?}]; adata.write_h5ad(…)"),
        None => "adata.raw.to_adata().write_h5ad(…)".to_owned(),
    };
    Some(Notice::warning(format!(
        "X has negative values, so it was scaled, and X is what is used. The file also holds {}, which suits tests of \
         genes better: save it as X with {} and open that.",
        printable(&other.place),
        printable(code)
    )))
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
