//! Expression as a dense table: cells × genes, as `adata.to_df()` gives it, or genes × cells, as R and GEO have it.
//!
//! Which tables are expression and which side the cells are, `expression_kind` says; where it leaves that open, rows are
//! cells and a notice tells. Columns of texts beside the numbers become labels of cells or columns of genes. Numbers are
//! rounded to the nearest f32, zeros are dropped, and what is missing, no number or not finite is an error with its
//! place: expression has no missing values. Only values that are not zero and one row (of Parquet one column) are in
//! memory.

mod layout;
mod rows;
mod text;
mod value;

pub(crate) use text::{import_csv_expression, is_csv_expression};

use super::expression_kind::{CellsIn, are_barcodes, cells_in};
use super::h5ad::{AnnDataFile, duplicate_genes};
use super::text_table::is_missing;
use crate::data::{DataError, Expression, GeneColumn, LabelColumn, Notice, PackedMatrix, shortened};
use crate::io::ImportError;

/// What a value must be, for messages.
pub(crate) const A_NUMBER: &str = "a number; expression has no missing values, so write 0 where nothing was measured";

/// Which side of a table its cells are, and whether the names of the table told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Sides {
    pub(crate) cells_in: CellsIn,
    is_told: bool,
}

impl Sides {
    /// By the names of the columns of numbers and of the first rows.
    pub(crate) fn of(columns: &[&str], rows: &[&str]) -> Self {
        let found = cells_in(columns, rows);
        let is_told = found.is_some() || (!rows.is_empty() && are_barcodes(rows) && !are_barcodes(columns));
        Self { cells_in: found.unwrap_or(CellsIn::Rows), is_told }
    }

    /// The place of a value in a gene-major matrix.
    pub(crate) fn gene_and_cell(self, row: usize, column: usize) -> (usize, usize) {
        match self.cells_in {
            CellsIn::Rows => (column, row),
            CellsIn::Columns => (row, column),
        }
    }

    /// The place of a value as messages name it.
    pub(crate) fn place(self, row: &str, column: &str) -> String {
        let (gene, cell) = match self.cells_in {
            CellsIn::Rows => (column, row),
            CellsIn::Columns => (row, column),
        };
        format!("gene {:?} of cell {:?}", shortened(gene), shortened(cell))
    }
}

/// A table of expression, read.
pub(crate) struct ExpressionTable {
    pub(crate) sides: Sides,
    /// `[n_rows]`, if the table has them.
    pub(crate) row_names: Option<Vec<String>>,
    /// Names of the columns of numbers.
    pub(crate) column_names: Vec<String>,
    /// `[n_genes, n_cells]`
    pub(crate) by_gene: PackedMatrix,
    /// Columns of texts, each `[n_rows]`.
    pub(crate) texts: Vec<(String, Vec<String>)>,
}

impl ExpressionTable {
    /// The table as cells with expression.
    ///
    /// # Errors
    /// [`ImportError::NoContent`] for rows that are genes and have no names.
    pub(crate) fn into_cells(mut self, name: &str) -> Result<AnnDataFile, ImportError> {
        self.by_gene.shrink();
        let mut file = AnnDataFile { n_cells: self.by_gene.n_minor(), ..AnnDataFile::default() };
        file.notices.push(notice(name, self.sides, self.by_gene.n_minor(), self.by_gene.n_major()));
        let texts = self.texts.into_iter().map(|(name, values)| (name, without_missing(values)));
        let (gene_names, gene_columns) = match (self.sides.cells_in, self.row_names) {
            (CellsIn::Rows, row_names) => {
                file.columns = texts.map(|(name, values)| LabelColumn::from_texts(name, &values)).collect();
                file.cell_ids = row_names;
                (self.column_names, Vec::new())
            }
            (CellsIn::Columns, Some(row_names)) => {
                file.cell_ids = Some(self.column_names);
                (row_names, texts.map(|(name, values)| GeneColumn { name, values }).collect())
            }
            (CellsIn::Columns, None) => {
                return Err(ImportError::NoContent {
                    file: name.to_owned(),
                    what: "column of gene names",
                    found: "the columns are cells, and no column of texts differs from row to row".to_owned(),
                    hint: "write the table with the names of its rows".to_owned(),
                });
            }
        };
        file.notices.extend(duplicate_genes(&gene_names));
        file.expression = Some(Expression { gene_columns, ..Expression::new(gene_names, self.by_gene) });
        Ok(file)
    }
}

/// What was understood.
fn notice(name: &str, sides: Sides, n_cells: usize, n_genes: usize) -> Notice {
    let (cells, genes) = match sides.cells_in {
        CellsIn::Rows => ("rows", "columns"),
        CellsIn::Columns => ("columns", "rows"),
    };
    let text = format!("{name:?} was read as expression: {n_cells} cells ({cells}) × {n_genes} genes ({genes}).");
    if sides.is_told {
        return Notice::info(text);
    }
    Notice::warning(format!(
        "{text} Its names do not tell cells from genes; if rows are genes, turn the table round (in R: t(x), in pandas: \
         table.T) and open it again."
    ))
}

fn without_missing(mut values: Vec<String>) -> Vec<String> {
    values.iter_mut().filter(|value| is_missing(value)).for_each(String::clear);
    values
}

/// What can be wrong with a matrix that grows.
pub(crate) fn matrix_error(name: &str, source: DataError) -> ImportError {
    ImportError::of_data(name, "the table", source)
}

#[cfg(test)]
mod tests;
