//! Result tables as files: columns in memory, CSV and Parquet written batch by batch, the column names people know.
//!
//! A [`Table`] is one batch of rows. [`Convention`] turns result rows into a table whose columns other tools know;
//! [`TableCsv`] and [`TableParquet`] write any number of tables of the same columns one after the other, so that a
//! table of all features × all genes never stands in memory.

mod conventions;
mod csv;
mod error;
mod p_text;
mod parquet;
mod rows;
mod table;
mod term_matrix;

pub use self::csv::{CsvCompression, TableCsv};
pub use self::parquet::{ParquetOptions, TableParquet};
pub use conventions::Convention;
pub use error::TableError;
pub use p_text::p_text;
pub use rows::{DeRow, GseaRow, OraRow};
pub use table::{Column, ColumnKind, ColumnValues, Schema, Table};
