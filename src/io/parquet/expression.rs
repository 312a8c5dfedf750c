//! Expression in Parquet: one column a gene or, where the columns are cells, one column a cell.
//!
//! Which tables are expression `expression_kind` says, by the names of the columns; before it is read, rows are known to
//! be genes only where a column of texts has a name that genes go by. One column at a time is in memory beside the values
//! that are not zero. Null and NaN are errors with their place.

use std::sync::Arc;

use super::{Column, Kind, PANDAS_INDEX, Table, Values, is_id, label_column, look};
use crate::data::{LabelValues, MISSING_CODE, Observer, PackedMatrix};
use crate::io::expression_kind::{CellsIn, is_expression, is_gene_column};
use crate::io::expression_table::{A_NUMBER, ExpressionTable, Sides, matrix_error};
use crate::io::h5ad::AnnDataFile;
use crate::io::tensor::{distinct_ids, quoted_list};
use crate::io::{ByteSource, ImportError};

/// Rows by which the sides of the table are told.
const SAMPLED_ROWS: usize = 50;
/// Stands for rows of genes whose names were not read yet.
const SOME_GENES: [&str; 10] = [
    "ENSG00000000003",
    "ENSG00000001036",
    "ENSG00000002330",
    "ENSG00000003402",
    "ENSG00000004059",
    "ENSG00000005022",
    "ENSG00000006007",
    "ENSG00000007062",
    "ENSG00000008018",
    "ENSG00000010017",
];

/// Whether columns are those of expression.
pub(super) fn are_expression(columns: &[Column]) -> bool {
    let numbers: Vec<&str> = numbers(columns).map(|column| column.name.as_str()).collect();
    let has_genes = columns.iter().any(|column| column.kind == Kind::Text && is_gene_column(&column.name));
    let rows: &[&str] = if has_genes { &SOME_GENES } else { &[] };
    let n_lists = columns.iter().filter(|column| column.is_list).count();
    n_lists == 0 && 10 * numbers.len() >= 9 * columns.len() && is_expression(&numbers, rows)
}

/// The columns of numbers, those aside that only count the rows.
fn numbers(columns: &[Column]) -> impl Iterator<Item = &Column> {
    let is_counter = |column: &Column| column.name.starts_with(PANDAS_INDEX) || (column.at == 0 && is_id(&column.name));
    let is_number = |column: &Column| matches!(column.kind, Kind::Whole | Kind::Float | Kind::Half) && !column.is_list;
    columns.iter().filter(move |column| is_number(column) && !(column.kind == Kind::Whole && is_counter(column)))
}

/// Reads expression.
///
/// # Errors
/// [`ImportError::Value`] with the place of a value that is missing or not finite, [`ImportError::NoContent`] without
/// columns of numbers, [`ImportError::Format`] with the column for what is damaged or packed in another way,
/// [`ImportError::OutOfMemory`], [`ImportError::Cancelled`].
pub(crate) fn import_parquet_expression(
    name: &str,
    source: Arc<dyn ByteSource>,
    observer: &dyn Observer,
) -> Result<AnnDataFile, ImportError> {
    let table = Table::open(name, source)?;
    let (names_at, row_names) = table.row_names()?.unzip();
    let numbers: Vec<&Column> = numbers(&table.columns).collect();
    if numbers.is_empty() {
        return Err(ImportError::NoContent {
            file: name.to_owned(),
            what: "column of numbers",
            found: format!("the columns are {}", quoted_list(table.columns.iter().map(|column| column.name.as_str()))),
            hint: "expression has cells as rows and genes as columns, or the other way round".to_owned(),
        });
    }
    let column_names: Vec<&str> = numbers.iter().map(|column| column.name.as_str()).collect();
    let first: Vec<&str> = row_names.iter().flatten().take(SAMPLED_ROWS).map(String::as_str).collect();
    let sides = Sides::of(&column_names, &first);
    let column_names = column_names.into_iter().map(str::to_owned).collect();
    let texts = table.texts(names_at, observer)?;
    let by_gene = table.expression(&numbers, sides, row_names.as_deref(), observer)?;
    ExpressionTable { sides, row_names, column_names, by_gene, texts }.into_cells(name)
}

impl Table {
    /// The names of the rows and their column: as cell ids are found, else texts under a name of genes or of an index,
    /// else the first texts that all differ.
    fn row_names(&self) -> Result<Option<(usize, Vec<String>)>, ImportError> {
        if let Some(ids) = self.ids()? {
            return Ok(Some(ids));
        }
        let texts = || self.columns.iter().filter(|column| column.kind == Kind::Text && !column.is_list);
        let is_named = |column: &&Column| is_gene_column(&column.name) || column.name.starts_with(PANDAS_INDEX);
        for (column, may_repeat) in texts().filter(is_named).map(|it| (it, true)).chain(texts().map(|it| (it, false))) {
            if let Values::Texts(texts) = self.values(column)? {
                let names = if may_repeat { Some(texts) } else { distinct_ids(texts) };
                if let Some(names) = names {
                    return Ok(Some((column.at, names)));
                }
            }
        }
        Ok(None)
    }

    /// The columns beside the numbers and the names of the rows; those that can't be read are told.
    fn texts(
        &self,
        names_at: Option<usize>,
        observer: &dyn Observer,
    ) -> Result<Vec<(String, Vec<String>)>, ImportError> {
        let is_text = |column: &&Column| matches!(column.kind, Kind::Text | Kind::Bool) && !column.is_list;
        let mut texts = Vec::new();
        for column in self.columns.iter().filter(is_text).filter(|column| Some(column.at) != names_at) {
            let column = label_column(column, self.values(column)?);
            if let LabelValues::Categorical { codes, categories } = column.values {
                let text = |code: &u32| {
                    if *code == MISSING_CODE { String::new() } else { categories[*code as usize].clone() }
                };
                texts.push((column.name, codes.iter().map(text).collect()));
            }
        }
        let lists = self.columns.iter().filter(|column| column.is_list).map(|column| &column.name);
        let mut left_out = lists.chain(&self.unread).map(String::as_str).peekable();
        if left_out.peek().is_some() {
            let (name, names) = (&self.name, quoted_list(left_out));
            observer.warn(&format!("{name:?}: the columns {names} hold no texts or numbers and were left out"));
        }
        Ok(texts)
    }

    fn expression(
        &self,
        numbers: &[&Column],
        sides: Sides,
        row_names: Option<&[String]>,
        observer: &dyn Observer,
    ) -> Result<PackedMatrix, ImportError> {
        let (n_genes, n_cells) = match sides.cells_in {
            CellsIn::Rows => (numbers.len(), self.n_rows),
            CellsIn::Columns => (self.n_rows, numbers.len()),
        };
        let mut by_gene = PackedMatrix::default();
        by_gene.grow(n_genes, n_cells).map_err(|error| matrix_error(&self.name, error))?;
        for (at, column) in numbers.iter().enumerate() {
            look(&self.name, at, numbers.len(), observer)?;
            let Values::Numbers(values) = self.values(column)? else { continue };
            for (row, value) in values.into_iter().enumerate() {
                let value = value as f32;
                if !value.is_finite() {
                    return Err(self.value_error(sides, row_names, (row, column), value));
                }
                let (gene, cell) = sides.gene_and_cell(row, at);
                by_gene.push(gene, cell as u32, value).map_err(|error| matrix_error(&self.name, error))?;
            }
        }
        Ok(by_gene)
    }

    fn value_error(
        &self,
        sides: Sides,
        row_names: Option<&[String]>,
        (row, column): (usize, &Column),
        value: f32,
    ) -> ImportError {
        let row_name = row_names.and_then(|names| names.get(row)).cloned();
        let row_name = row_name.unwrap_or_else(|| format!("row {}", row + 1));
        let found = if value.is_nan() { "is missing".to_owned() } else { format!("is {value}") };
        ImportError::Value {
            file: self.name.clone(),
            place: format!("the value of {}", sides.place(&row_name, &column.name)),
            found: format!("{found}, expected {A_NUMBER}"),
            advice: "correct it, or leave its cell or gene out, and save again".to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_of_any_name_are_known_by_a_column_of_genes() {
        let column = |at: usize, name: String, kind: Kind| Column { at, name, kind, is_list: false };
        let table = |names: &str, kind: Kind| {
            let mut columns: Vec<Column> =
                (0..60).map(|at| column(at, format!("SRR{}", 1_000_000 + 37 * at), kind)).collect();
            columns.push(column(60, names.to_owned(), Kind::Text));
            columns
        };
        assert!(are_expression(&table("gene", Kind::Whole)) && are_expression(&table("Gene_ID", Kind::Float)));
        assert!(!are_expression(&table("cell", Kind::Whole)) && !are_expression(&table("gene", Kind::Text)));
        let mut lists = table("gene", Kind::Float);
        lists[0].is_list = true;
        assert!(!are_expression(&lists) && !are_expression(&table("gene", Kind::Whole)[20..]));
    }
}
