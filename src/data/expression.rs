//! Expression of genes in cells, kept gene-major so that statistics stream over genes.

use serde::{Deserialize, Serialize};

use super::{GeneId, SparseMatrix};

/// What the numbers of an expression matrix are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ValueKind {
    /// Non-negative whole numbers: raw counts.
    Counts,
    /// Non-negative with fractions: normalised, probably log1p'd.
    NonNegative,
    /// Some are negative: scaled.
    Scaled,
}

/// An expression matrix as its file holds it, untransformed.
///
/// # Shapes
/// `by_gene` is `[n_genes, n_cells]` (compressed by gene).
#[derive(Clone, Debug, PartialEq)]
pub struct Expression {
    /// Gene names, `[n_genes]`.
    pub gene_names: Vec<String>,
    /// Values by gene.
    pub by_gene: SparseMatrix,
    /// What the values are, found by looking at all of them.
    pub kind: ValueKind,
    /// Total counts per cell over ALL genes measured, `[n_cells]`, where the file states them (an `obs` column
    /// `total_counts` or `n_counts` never below the matrix's own sums): a file that ships only some genes
    /// still normalises by the whole library.
    pub library_sizes: Option<Vec<f32>>,
}

impl Expression {
    /// Takes a gene-major matrix and finds what its values are.
    #[must_use]
    pub fn new(gene_names: Vec<String>, by_gene: SparseMatrix) -> Self {
        let kind = kind_of(by_gene.values());
        Self { gene_names, by_gene, kind, library_sizes: None }
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
        for gene in 0..self.n_genes() {
            let (cells, values) = self.by_gene.major(gene);
            for (&cell, &value) in cells.iter().zip(values) {
                totals[cell as usize] += f64::from(value);
            }
        }
        totals
    }
}

fn kind_of(values: &[f32]) -> ValueKind {
    if values.iter().any(|&value| value < 0.0) {
        ValueKind::Scaled
    } else if values.iter().all(|&value| value.fract() == 0.0) {
        ValueKind::Counts
    } else {
        ValueKind::NonNegative
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_are_told_apart() {
        assert_eq!(kind_of(&[1.0, 2.0]), ValueKind::Counts);
        assert_eq!(kind_of(&[1.0, 0.5]), ValueKind::NonNegative);
        assert_eq!(kind_of(&[1.0, -0.5]), ValueKind::Scaled);
    }
}
