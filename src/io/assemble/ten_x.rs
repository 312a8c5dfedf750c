//! A count matrix in three files (values, barcodes, features), joined into cells with expression.
//!
//! Which side of the matrix is the cells is seen from the lengths: features × barcodes as Cell Ranger writes it, else
//! barcodes × features; where both are as many, Cell Ranger's way, with a warning. Features that are no genes are set aside.

use super::AssembleError;
use crate::data::{DataError, Expression, Notice, PackedMatrix, SparseRow, SparseRows};
use crate::io::h5ad::duplicate_genes;
use crate::io::{AnnDataFile, Features, LabelsFile};

/// The parts, in whatever order they come.
#[derive(Default)]
pub(super) struct MatrixParts {
    matrix: Option<(String, PackedMatrix)>,
    barcodes: Option<(String, Vec<String>)>,
    features: Option<(String, Features)>,
}

impl MatrixParts {
    pub(super) fn put_matrix(&mut self, file: String, matrix: PackedMatrix) -> Result<(), AssembleError> {
        put(&mut self.matrix, "the values", file, matrix)
    }

    pub(super) fn put_barcodes(&mut self, file: String, barcodes: Vec<String>) -> Result<(), AssembleError> {
        put(&mut self.barcodes, "the barcodes", file, barcodes)
    }

    pub(super) fn put_features(&mut self, file: String, features: Features) -> Result<(), AssembleError> {
        put(&mut self.features, "the features", file, features)
    }

    /// Barcodes that came without the other parts, as ids of rows.
    pub(super) fn take_lone_barcodes(&mut self) -> Option<(String, LabelsFile)> {
        if self.matrix.is_some() || self.features.is_some() {
            return None;
        }
        let (file, ids) = self.barcodes.take()?;
        Some((file, LabelsFile { n_rows: ids.len(), ids: Some(ids), ..LabelsFile::default() }))
    }

    /// Joins the parts, if there are any.
    ///
    /// # Errors
    /// [`AssembleError::PartOfMatrix`] naming those that are missing, [`AssembleError::MatrixSize`] if they are not of one
    /// matrix.
    pub(super) fn join(self) -> Result<Option<(String, AnnDataFile)>, AssembleError> {
        match (self.matrix, self.barcodes, self.features) {
            (None, None, None) => Ok(None),
            (Some(matrix), Some(barcodes), Some(features)) => cells_of(matrix, barcodes, features).map(Some),
            (matrix, barcodes, features) => {
                let parts = [
                    (matrix.map(|part| part.0), "matrix.mtx"),
                    (barcodes.map(|part| part.0), "barcodes.tsv"),
                    (features.map(|part| part.0), "features.tsv (or genes.tsv)"),
                ];
                let missing: Vec<&str> = parts.iter().filter(|part| part.0.is_none()).map(|part| part.1).collect();
                let missing = missing.join(" and ");
                let found = parts.into_iter().find_map(|part| part.0).unwrap_or_default();
                Err(AssembleError::PartOfMatrix { found, missing })
            }
        }
    }
}

fn put<T>(slot: &mut Option<(String, T)>, what: &'static str, file: String, part: T) -> Result<(), AssembleError> {
    match slot.replace((file.clone(), part)) {
        None => Ok(()),
        Some((first, _)) => Err(AssembleError::SeveralMatrices { what, first, second: file }),
    }
}

fn cells_of(
    (file, matrix): (String, PackedMatrix),
    (barcodes_file, barcodes): (String, Vec<String>),
    (features_file, features): (String, Features),
) -> Result<(String, AnnDataFile), AssembleError> {
    let (n_features, n_cells) = (features.ids.len(), barcodes.len());
    let mut notices = Vec::new();
    let shape = (matrix.n_major(), matrix.n_minor());
    let is_turned = shape == (n_cells, n_features) && n_cells != n_features;
    if !is_turned && shape != (n_features, n_cells) {
        return Err(AssembleError::MatrixSize {
            file,
            n_rows: shape.0,
            n_columns: shape.1,
            features: features_file,
            n_features,
            barcodes: barcodes_file,
            n_cells,
        });
    }
    if n_cells == n_features {
        notices.push(Notice::warning(format!(
            "{file:?} has as many rows as columns ({n_cells}), so its rows are taken for the features and its columns for \
             the cells, as Cell Ranger writes them."
        )));
    }
    let selected = if is_turned { selected(&matrix.transposed(), &features) } else { genes_of(matrix, &features) };
    let by_gene = selected.map_err(|source| AssembleError::Data { file: file.clone(), source })?;
    notices.extend(features.notice());
    let gene_names = features.of_genes(&features.names);
    notices.extend(duplicate_genes(&gene_names));
    let gene_columns = features.gene_columns();
    let has_genes = !gene_names.is_empty();
    let expression = has_genes.then(|| Expression { gene_columns, ..Expression::new(gene_names, by_gene) });
    let content = AnnDataFile { n_cells, cell_ids: Some(barcodes), expression, notices, ..AnnDataFile::default() };
    Ok((file, content))
}

/// The rows of genes of a matrix by feature; it stays as it is where all are.
fn genes_of(matrix: PackedMatrix, features: &Features) -> Result<PackedMatrix, DataError> {
    if features.gene_by_feature().iter().all(Option::is_some) { Ok(matrix) } else { selected(&matrix, features) }
}

fn selected(by_feature: &impl SparseRows, features: &Features) -> Result<PackedMatrix, DataError> {
    let gene_by_feature = features.gene_by_feature();
    let n_genes = gene_by_feature.iter().flatten().count();
    let mut out = PackedMatrix::empty(n_genes, by_feature.n_minor())?;
    let mut row = SparseRow::default();
    for (feature, gene) in gene_by_feature.iter().enumerate() {
        let Some(gene) = *gene else { continue };
        by_feature.read(feature, &mut row);
        for (&cell, &value) in row.indices.iter().zip(&row.values) {
            out.push(gene, cell, value)?;
        }
    }
    out.shrink();
    Ok(out)
}
