//! Files are read back by the crate's reader; `tests/lens/tables.rs` has the file that pyarrow read.

use bytes::Bytes;
use parquet::basic::{ConvertedType, Encoding};
use parquet::file::metadata::RowGroupMetaData;
use parquet::file::reader::{FileReader, SerializedFileReader};
use parquet::record::{Row, RowAccessor};

use super::*;
use crate::lens::tables::Column;

const GENES: [&str; 3] = ["ISG15", "é, \"x\"", ""];

fn number(row: usize) -> f64 {
    match row % 3 {
        0 => f64::NAN,
        1 => -0.0,
        _ => 1.0 / row as f64,
    }
}

/// Rows from `start`, told by their position.
fn batch(start: usize, n_rows: usize, names: &Arc<[String]>) -> Table {
    let rows = || start..start + n_rows;
    let columns = vec![
        Column::new("feature", ColumnValues::U32(rows().map(|row| u32::MAX - (row / 10) as u32).collect())),
        Column::new("t", ColumnValues::F64(rows().map(number).collect())),
        Column::new("pval", ColumnValues::Log10P(rows().map(|row| -(row as f64) * 100.0).collect())),
        Column::new("is_up", ColumnValues::Bool(rows().map(|row| row % 5 == 0).collect())),
        Column::new("note", ColumnValues::Text(rows().map(|row| format!("row {row}")).collect())),
        Column::new(
            "gene",
            ColumnValues::Category { codes: rows().map(|row| (row % 3) as u32).collect(), names: Arc::clone(names) },
        ),
    ];
    Table::new("mixed", columns).unwrap()
}

fn gene_names() -> Arc<[String]> {
    GENES.map(str::to_owned).to_vec().into()
}

fn written(batch_sizes: &[usize], row_group_rows: usize) -> Vec<u8> {
    let names = gene_names();
    let schema = batch(0, 0, &names).schema();
    let mut file = TableParquet::new(Vec::new(), schema, ParquetOptions { row_group_rows }).unwrap();
    let mut start = 0;
    for &size in batch_sizes {
        file.write(&batch(start, size, &names)).unwrap();
        start += size;
    }
    file.finish().unwrap()
}

fn reader(file: Vec<u8>) -> SerializedFileReader<Bytes> {
    SerializedFileReader::new(Bytes::from(file)).unwrap()
}

fn assert_row(at: usize, row: &Row) {
    assert_eq!(row.get_uint(0).unwrap(), u32::MAX - (at / 10) as u32);
    assert_eq!(row.get_double(1).unwrap().to_bits(), number(at).to_bits());
    assert_eq!(row.get_double(2).unwrap(), -(at as f64) * 100.0);
    assert_eq!(row.get_bool(3).unwrap(), at.is_multiple_of(5));
    assert_eq!(row.get_string(4).unwrap(), &format!("row {at}"));
    assert_eq!(row.get_string(5).unwrap(), GENES[at % 3]);
}

#[test]
fn rows_read_back_across_row_groups() {
    let reader = reader(written(&[70, 0, 55, 3], 50));
    let sizes: Vec<i64> = reader.metadata().row_groups().iter().map(RowGroupMetaData::num_rows).collect();
    assert_eq!(sizes, [50, 50, 28]);
    let rows: Vec<Row> = reader.get_row_iter(None).unwrap().map(Result::unwrap).collect();
    assert_eq!(rows.len(), 128);
    rows.iter().enumerate().for_each(|(at, row)| assert_row(at, row));
}

#[test]
fn batches_do_not_show_in_the_file() {
    assert_eq!(written(&[128], 50), written(&[1, 99, 28], 50));
}

#[test]
fn names_may_change_between_batches() {
    let (first, second) = (gene_names(), vec!["CXCL10".to_owned(); 3].into());
    let mut file = TableParquet::new(Vec::new(), batch(0, 0, &first).schema(), ParquetOptions::default()).unwrap();
    file.write(&batch(0, 1, &first)).unwrap();
    file.write(&batch(1, 1, &second)).unwrap();
    let rows: Vec<Row> = reader(file.finish().unwrap()).get_row_iter(None).unwrap().map(Result::unwrap).collect();
    let genes: Vec<&String> = rows.iter().map(|row| row.get_string(5).unwrap()).collect();
    assert_eq!(genes, ["ISG15", "CXCL10"]);
}

#[test]
fn a_file_without_rows_has_its_columns() {
    let reader = reader(written(&[], 50));
    assert_eq!((reader.metadata().num_row_groups(), reader.metadata().file_metadata().num_rows()), (0, 0));
    let schema = reader.metadata().file_metadata().schema_descr_ptr();
    let names: Vec<&str> = schema.columns().iter().map(|column| column.name()).collect();
    assert_eq!(names, ["feature", "t", "log10_pval", "is_up", "note", "gene"]);
    assert_eq!(schema.column(0).converted_type(), ConvertedType::UINT_32);
}

#[test]
fn text_and_counts_have_dictionaries_and_numbers_none() {
    let reader = reader(written(&[100], 100));
    let group = reader.metadata().row_group(0);
    let has_dictionary: Vec<bool> =
        group.columns().iter().map(|column| column.encodings().any(|it| it == Encoding::RLE_DICTIONARY)).collect();
    assert_eq!(has_dictionary, [true, false, false, false, true, true]);
    assert!(group.columns().iter().all(|column| column.compression() == Compression::SNAPPY));
}

#[test]
fn other_columns_are_refused() {
    let names = gene_names();
    let mut file = TableParquet::new(Vec::new(), batch(0, 0, &names).schema(), ParquetOptions::default()).unwrap();
    let other = Table::new("other", vec![Column::new("t", ColumnValues::F64(vec![1.0]))]).unwrap();
    assert!(matches!(file.write(&other), Err(TableError::OtherColumns { .. })));
}

#[test]
fn two_columns_of_one_stored_name_are_refused() {
    let columns =
        vec![Column::new("log10_p", ColumnValues::F64(vec![])), Column::new("p", ColumnValues::Log10P(vec![]))];
    let schema = Table::new("clash", columns).unwrap().schema();
    let refused = TableParquet::new(Vec::new(), schema, ParquetOptions::default()).err().unwrap();
    assert!(refused.to_string().contains("two columns named \"log10_p\""), "{refused}");
}

#[test]
fn a_row_group_of_no_rows_is_one_of_one_row() {
    assert_eq!(written(&[3], 0), written(&[3], 1));
}
