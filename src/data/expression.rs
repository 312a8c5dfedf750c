//! Expression of genes in cells, kept gene-major so that statistics stream over genes.

use std::sync::Arc;

use super::{CellId, GeneId, PackedMatrix, ValueKind};

/// What a file says of its genes beside their names, such as symbols beside Ensembl ids.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GeneColumn {
    /// The column's name in its file.
    pub name: String,
    /// One text per gene, `[n_genes]`; empty where there is none.
    pub values: Vec<String>,
}

/// An expression matrix as its file holds it, untransformed.
///
/// # Shapes
/// `by_gene` is `[n_genes, n_cells]` (compressed by gene). Clones share it.
#[derive(Clone, Debug, PartialEq)]
pub struct Expression {
    /// Gene names, `[n_genes]`.
    pub gene_names: Vec<String>,
    /// The texts the file has for its genes beside their names, in its order.
    pub gene_columns: Vec<GeneColumn>,
    /// Values by gene.
    pub by_gene: Arc<PackedMatrix>,
    /// What the values are, found by looking at all of them.
    pub kind: ValueKind,
    /// The largest value, at least 0.
    pub largest: f32,
    /// Where the first value is that is NaN or infinite.
    pub not_finite: Option<(GeneId, CellId)>,
    /// Total counts per cell over ALL genes measured, `[n_cells]`, where the file states them (an `obs` column
    /// `total_counts` or `n_counts` never below the matrix's own sums): a file that ships only some genes
    /// still normalises by the whole library.
    pub library_sizes: Option<Vec<f32>>,
}

impl Expression {
    /// Takes a gene-major matrix and finds what its values are.
    #[must_use]
    pub fn new(gene_names: Vec<String>, by_gene: impl Into<PackedMatrix>) -> Self {
        let by_gene = Arc::new(by_gene.into());
        let (kind, largest) = (by_gene.kind(), by_gene.largest());
        let not_finite = by_gene.first_not_finite().map(|(gene, cell)| (GeneId::from_index(gene), CellId(cell)));
        Self { gene_names, gene_columns: Vec::new(), by_gene, kind, largest, not_finite, library_sizes: None }
    }

    /// Number of genes.
    pub fn n_genes(&self) -> usize {
        self.by_gene.n_major()
    }

    /// Number of cells.
    pub fn n_cells(&self) -> usize {
        self.by_gene.n_minor()
    }

    /// The gene of that exact name; of duplicates the first.
    pub fn gene_id(&self, name: &str) -> Option<GeneId> {
        self.gene_names.iter().position(|known| known == name).map(GeneId::from_index)
    }

    /// Sums per cell over the genes of this matrix, f64, `[n_cells]`.
    #[must_use]
    pub fn cell_totals(&self) -> Vec<f64> {
        let mut totals = vec![0.0; self.n_cells()];
        self.by_gene.for_each_row(|_, row| {
            for (&cell, &value) in row.indices.iter().zip(&row.values) {
                totals[cell as usize] += f64::from(value);
            }
        });
        totals
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::DenseMatrix;

    #[test]
    fn what_the_values_are_is_known() {
        let of = |values: [f32; 4]| {
            let matrix = DenseMatrix::new(2, 2, values.to_vec()).unwrap();
            Expression::new(vec!["A".to_owned(), "B".to_owned()], &matrix)
        };
        assert_eq!(of([1.0, 0.0, 0.5, 2.0]).kind, ValueKind::NonNegative);
        assert_eq!(of([-1.0, 0.0, 0.5, 2.0]).kind, ValueKind::Scaled);
        assert_eq!((of([1.0; 4]).largest, of([1.0; 4]).not_finite), (1.0, None));
        assert_eq!(of([1.0, 1.0, f32::NAN, 0.0]).not_finite, Some((GeneId(1), CellId(0))));
    }
}
