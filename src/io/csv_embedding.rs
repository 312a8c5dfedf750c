//! Embeddings in CSV or TSV, gzip or not: one row a cell, a column of ids if there is one, columns of numbers.
//!
//! Which tables are embeddings and which columns the dimensions, `table_kind` says; opened as an embedding whatever it
//! says, a table's dimensions are all its columns of numbers. Other columns are set aside and listed in a warning. A
//! header that is itself numbers with fractions (`numpy.savetxt`), beside an id if there are ids, is the first row. Numbers
//! are rounded to the nearest f32; what is missing becomes NaN, which the data set refuses with its place.

use std::sync::Arc;

use super::reader::reserved;
use super::table_kind::{ColumnKind, dimensions, kind_of_texts};
use super::tensor::{ArrayContent, distinct_ids, quoted_list};
use super::text_table::{
    Table, TextColumn, delimiter_of, id_position, is_counter, is_id_name, is_missing, open_table, table_of,
};
use super::{ByteSource, ImportError};
use crate::data::{DenseMatrix, Observer, Silent};

/// A header of more fields than this, of which no row fits what is looked at, is an embedding's.
const MANY_FIELDS: usize = 256;

/// Reads an embedding.
///
/// # Errors
/// [`ImportError::Line`], [`ImportError::NoContent`] if there are no columns of numbers, and what reading can give.
pub(crate) fn import_csv_embedding(
    name: &str,
    source: Arc<dyn ByteSource>,
    observer: &dyn Observer,
) -> Result<ArrayContent, ImportError> {
    observer.progress(0.0, &format!("Reading {name}"));
    let table = open_table(name, source, observer)?;
    let parts = Parts::of(&table);
    if parts.dimensions.is_empty() {
        return Err(ImportError::NoContent {
            file: name.to_owned(),
            what: "column of numbers",
            found: format!("the columns are {}", quoted_list(table.names.iter().map(String::as_str))),
            hint: "an embedding has one row per cell and one column per dimension".to_owned(),
        });
    }
    if !parts.set_aside.is_empty() {
        let names = quoted_list(parts.set_aside.iter().map(|&at| table.names[at].as_str()));
        observer.warn(&format!("{name:?}: the columns {names} are not part of the embedding and were set aside"));
    }
    let first = parts.first_row(&table);
    let ids = parts.ids.map(|at| {
        let first = first.as_ref().map(|_| table.names[at].clone());
        first.into_iter().chain(table.columns[at].values().map(str::to_owned)).collect()
    });
    let values = matrix(name, &table, &parts.dimensions, first)?;
    Ok(ArrayContent { ids: ids.and_then(distinct_ids), values })
}

/// Whether the beginning of a table is that of an embedding; `is_whole` if it is all of the table.
pub(crate) fn is_embedding(start: &[u8], is_whole: bool) -> bool {
    let end = if is_whole { Some(start.len()) } else { start.iter().rposition(|&byte| byte == b'\n') };
    let Some(end) = end.filter(|&end| is_whole || start[..end].contains(&b'\n')) else {
        return has_many_fields(start);
    };
    let table = table_of("", start[..end].to_vec(), std::io::empty(), &Silent);
    table.is_ok_and(|table| Parts::of(&table).is_embedding)
}

fn has_many_fields(start: &[u8]) -> bool {
    let delimiter = delimiter_of(start);
    let header = start.split(|&byte| byte == b'\n').next().unwrap_or_default();
    header.split(|&byte| byte == delimiter).count() > MANY_FIELDS
}

/// What each column of a table is.
struct Parts {
    ids: Option<usize>,
    dimensions: Vec<usize>,
    set_aside: Vec<usize>,
    /// Whether the table is an embedding by the rule of `table_kind`.
    is_embedding: bool,
}

impl Parts {
    fn of(table: &Table) -> Self {
        let ids = id_position(&table.names, &table.columns);
        let is_row_number = |at: usize| is_id_name(at, &table.names[at]) && is_counter(&table.columns[at]);
        let others: Vec<usize> = (0..table.names.len()).filter(|&at| ids != Some(at) && !is_row_number(at)).collect();
        let kinds: Vec<(&str, ColumnKind)> =
            others.iter().map(|&at| (table.names[at].as_str(), kind(&table.columns[at]))).collect();
        let by_rule = dimensions(&kinds);
        let is_embedding = by_rule.is_some();
        let numbers = || (0..kinds.len()).filter(|&at| kinds[at].1 != ColumnKind::Text).collect();
        let dimensions: Vec<usize> = by_rule.unwrap_or_else(numbers).into_iter().map(|at| others[at]).collect();
        let set_aside = others.into_iter().filter(|at| dimensions.binary_search(at).is_err()).collect();
        Self { ids, dimensions, set_aside, is_embedding }
    }

    /// The header's numbers, if it is no header but the first row.
    fn first_row(&self, table: &Table) -> Option<Vec<f32>> {
        let has_named_ids = self.ids.is_some_and(|at| is_id_name(at, &table.names[at]));
        let numbers = || self.dimensions.iter().map(|&at| fraction(&table.names[at])).collect();
        if has_named_ids { None } else { numbers() }
    }
}

fn kind(column: &TextColumn) -> ColumnKind {
    kind_of_texts(column.values().filter(|value| !is_missing(value)))
}

/// The numbers of the table's rows, after those of a `first` one that its header holds.
fn matrix(
    name: &str,
    table: &Table,
    dimensions: &[usize],
    first: Option<Vec<f32>>,
) -> Result<DenseMatrix, ImportError> {
    let (n_rows, n_cols) = (table.n_rows + usize::from(first.is_some()), dimensions.len());
    let mut values: Vec<f32> = reserved(name, "the embedding", (n_rows as u64).saturating_mul(n_cols as u64))?;
    values.extend(first.into_iter().flatten());
    let n_before = values.len();
    values.resize(n_rows * n_cols, f32::NAN);
    for (column, &at) in dimensions.iter().enumerate() {
        for (row, text) in table.columns[at].values().enumerate() {
            values[n_before + row * n_cols + column] = text.parse().unwrap_or(f32::NAN);
        }
    }
    DenseMatrix::new(n_rows, n_cols, values).map_err(|source| ImportError::of_data(name, "the table", source))
}

/// A text that is a number with a fraction or an exponent, which no header is.
fn fraction(text: &str) -> Option<f32> {
    text.contains(['.', 'e', 'E']).then(|| text.parse().ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::io::fixtures::{self, compare_embeddings, survives_damage};
    use crate::io::{EmbeddingFormat, FileKind, Imported, MemorySource, import_as, sniff};

    fn opened(text: &str) -> Imported {
        fixtures::open("table.csv", text.as_bytes().to_vec()).unwrap()
    }

    #[test]
    fn tables_of_pandas_and_numpy_have_their_numbers() {
        assert_eq!(compare_embeddings("csv"), 5);
    }

    #[test]
    fn labels_stay_labels_and_can_be_opened_as_an_embedding() {
        let text = "cell,B,T\nc1,1,0\nc2,0,1\n";
        assert!(matches!(opened(text), Imported::Labels(_)));
        let source = Arc::new(MemorySource(text.as_bytes().to_vec()));
        let kind = FileKind::Embedding(EmbeddingFormat::Csv);
        let Imported::Embedding { ids, values, .. } = import_as(kind, "t.csv", source, &Silent).unwrap() else {
            panic!("not an embedding");
        };
        assert_eq!((ids.unwrap().len(), values.values()), (2, &[1.0, 0.0, 0.0, 1.0][..]));
    }

    #[test]
    fn a_first_row_of_numbers_has_an_id_where_the_others_have() {
        let of = |text: &str| {
            let Imported::Embedding { ids, values, .. } = opened(text) else { panic!("not an embedding") };
            (ids.map(|ids| ids.join(" ")), values.values().to_vec())
        };
        assert_eq!(of("c-1,0.5,1.5\nc-2,2.5,3.5\n"), (Some("c-1 c-2".to_owned()), vec![0.5, 1.5, 2.5, 3.5]));
        assert_eq!(of("0.5,1.5\n2.5,3.5\n"), (None, vec![0.5, 1.5, 2.5, 3.5]));
        // Names that are numbers, such as times, beside a name for ids.
        assert_eq!(of("cell,0.5,1.5\nc-1,2.5,3.5\n"), (Some("c-1".to_owned()), vec![2.5, 3.5]));
    }

    #[test]
    fn a_table_without_numbers_is_no_embedding() {
        let source = Arc::new(MemorySource(b"cell,type\nc1,B\n".to_vec()));
        let kind = FileKind::Embedding(EmbeddingFormat::Csv);
        let message = import_as(kind, "t.csv", source, &Silent).unwrap_err().to_string();
        assert!(message.contains("\"type\""), "{message}");
    }

    #[test]
    fn a_header_too_long_to_see_a_row_is_an_embedding_s() {
        let names: Vec<String> = (0..20_000).map(|n| format!("dim{n}")).collect();
        let text = format!("cell,{}\nc1{}\n", names.join(","), ",0.5".repeat(20_000));
        let kind = sniff("wide.csv", &MemorySource(text.into_bytes())).unwrap();
        assert_eq!(kind, FileKind::Embedding(EmbeddingFormat::Csv));
    }

    #[test]
    fn a_line_of_a_million_columns_is_refused_by_its_number() {
        let text = format!("cell{}\nc1{}\n", ",x".repeat(1_000_000), ",1".repeat(1_000_000));
        let message = fixtures::open("t.csv", text.into_bytes()).unwrap_err().to_string();
        assert!(message.contains("line 1") && message.contains("more than 100000 fields"), "{message}");
    }

    #[test]
    fn damage_is_an_error_or_harmless() {
        for path in ["csv/mixed.csv", "csv/gzip.tsv.gz"] {
            survives_damage(path, 1500);
        }
    }
}
