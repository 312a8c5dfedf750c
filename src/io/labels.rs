//! Labels of cells from CSV or TSV, gzip or not, read as `text_table` says.
//!
//! A column is numeric if every value there is a number and more than 20 differ; else it is categorical, categories
//! sorted, by number if all are numbers.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::tensor::quoted_list;
use super::text_table::{Table, TextColumn, id_position, is_counter, is_id_name, is_missing, open_table};
use super::{ByteSource, ImportError};
use crate::data::{LabelColumn, LabelValues, MISSING_CODE, Observer};

/// More distinct numbers than this are a measurement, fewer are labels.
const MAX_NUMERIC_CATEGORIES: usize = 20;

/// Labels of cells, one row a cell.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct LabelsFile {
    /// Number of rows.
    pub n_rows: usize,
    /// Cell ids, `[n_rows]`, if a column has them.
    pub ids: Option<Vec<String>>,
    /// The header of the column with the ids.
    pub id_column: Option<String>,
    /// The other columns.
    pub columns: Vec<LabelColumn>,
}

/// Reads a table of labels.
///
/// # Errors
/// [`ImportError::Line`] for a row with another number of fields, a quotation that does not end or text that is
/// not UTF-8,
/// [`ImportError::NoContent`] for a table without rows, and what reading can give.
pub(crate) fn import_labels(
    name: &str,
    source: Arc<dyn ByteSource>,
    observer: &dyn Observer,
) -> Result<LabelsFile, ImportError> {
    observer.progress(0.0, &format!("Reading labels from {name}"));
    labels_of(name, open_table(name, source, observer)?, observer)
}

/// The labels and ids of a table.
fn labels_of(name: &str, table: Table, observer: &dyn Observer) -> Result<LabelsFile, ImportError> {
    let Table { names, columns, n_rows } = table;
    let id_at = id_position(&names, &columns);
    let (mut ids, mut id_column) = (None, None);
    let mut labels: Vec<LabelColumn> = Vec::with_capacity(names.len());
    let (mut known, mut repeated) = (BTreeSet::new(), BTreeSet::new());
    for (at, (column_name, column)) in names.into_iter().zip(columns).enumerate() {
        if id_at == Some(at) {
            ids = Some(column.values().map(str::to_owned).collect());
            id_column = Some(column_name);
            continue;
        }
        if is_id_name(at, &column_name) && is_counter(&column) {
            continue;
        }
        let column_name = if column_name.is_empty() { format!("column {}", at + 1) } else { column_name };
        if known.insert(column_name.clone()) {
            labels.push(label_column(column_name, &column));
        } else {
            repeated.insert(column_name);
        }
    }
    if !repeated.is_empty() {
        let names = quoted_list(repeated.iter().map(String::as_str));
        observer.warn(&format!("{name:?}: column {names} occurs more than once in the header; only the first is used"));
    }
    if ids.is_none() && labels.is_empty() {
        let found = "one column that only counts the rows".to_owned();
        let hint = "add columns with labels, or cell ids".to_owned();
        return Err(ImportError::NoContent { file: name.to_owned(), what: "label column", found, hint });
    }
    Ok(LabelsFile { n_rows, ids, id_column, columns: labels })
}

fn label_column(name: String, column: &TextColumn) -> LabelColumn {
    let texts: Vec<&str> = column.values().map(|value| if is_missing(value) { "" } else { value }).collect();
    let number = |text: &&str| if text.is_empty() { Some(f64::NAN) } else { text.parse().ok() };
    let numbers: Option<Vec<f64>> = texts.iter().map(number).collect();
    match numbers {
        Some(numbers) if is_measurement(&numbers) => LabelColumn { name, values: LabelValues::Numeric(numbers) },
        Some(_) => LabelColumn { name, values: by_number(LabelColumn::from_texts("", &texts).values) },
        None => LabelColumn::from_texts(name, &texts),
    }
}

/// Numbers as the values of a column, NaN where missing: few distinct ones are labels.
pub(crate) fn number_values(numbers: Vec<f64>) -> LabelValues {
    if is_measurement(&numbers) {
        return LabelValues::Numeric(numbers);
    }
    let text = |number: &f64| if number.is_nan() { String::new() } else { number.to_string() };
    let texts: Vec<String> = numbers.iter().map(text).collect();
    by_number(LabelColumn::from_texts("", &texts).values)
}

/// Whether more than [`MAX_NUMERIC_CATEGORIES`] numbers differ.
fn is_measurement(numbers: &[f64]) -> bool {
    let mut distinct = BTreeSet::new();
    numbers.iter().filter(|number| !number.is_nan()).any(|number| {
        distinct.insert(number.to_bits());
        distinct.len() > MAX_NUMERIC_CATEGORIES
    })
}

/// Labels that are numbers, in the order of the numbers: 2 before 10.
fn by_number(values: LabelValues) -> LabelValues {
    let LabelValues::Categorical { codes, categories } = values else { return values };
    let mut ordered: Vec<(f64, u32, String)> = Vec::with_capacity(categories.len());
    for (code, text) in categories.into_iter().enumerate() {
        ordered.push((text.parse().unwrap_or(f64::INFINITY), code as u32, text));
    }
    ordered.sort_by(|a, b| a.0.total_cmp(&b.0));
    let mut new_codes = vec![MISSING_CODE; ordered.len()];
    for (new, (_, old, _)) in ordered.iter().enumerate() {
        new_codes[*old as usize] = new as u32;
    }
    let codes = codes.into_iter().map(|code| new_codes.get(code as usize).copied().unwrap_or(MISSING_CODE)).collect();
    LabelValues::Categorical { codes, categories: ordered.into_iter().map(|(_, _, text)| text).collect() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::Silent;
    use crate::io::MemorySource;

    fn read(text: &str) -> Result<LabelsFile, ImportError> {
        import_labels("labels.csv", Arc::new(MemorySource(text.as_bytes().to_vec())), &Silent)
    }

    fn categories(file: &LabelsFile, column: usize) -> Vec<&str> {
        file.columns[column].categorical().unwrap().1.iter().map(String::as_str).collect()
    }

    #[test]
    fn ids_are_found_by_an_unnamed_first_column() {
        let file = read(",type,n\nc1,B,1\nc2,\"T, naive\",2\n").unwrap();
        assert_eq!(file.ids.as_deref(), Some(&["c1".to_owned(), "c2".to_owned()][..]));
        assert_eq!(categories(&file, 0), ["B", "T, naive"]);
        assert_eq!((file.n_rows, file.columns.len()), (2, 2));
    }

    #[test]
    fn ids_are_found_by_distinct_texts_but_not_by_numbers_or_repeats() {
        assert!(read("droplet,type\nAAC-1,B\nAAG-1,B\n").unwrap().ids.is_some());
        assert!(read("score,type\n0.5,B\n0.7,B\n").unwrap().ids.is_none());
        assert!(read("type,donor\nB,1\nB,2\n").unwrap().ids.is_none());
    }

    #[test]
    fn ids_are_found_by_name_in_any_column() {
        let file = read("x,barcode,lab\n1,c2,L3\n1,c1,L2\n").unwrap();
        assert_eq!(
            (file.ids.unwrap(), file.id_column.as_deref()),
            (vec!["c2".to_owned(), "c1".to_owned()], Some("barcode"))
        );
        assert_eq!((file.columns[0].name.as_str(), file.columns[1].name.as_str()), ("x", "lab"));
        let counted = read(",type,Barcode\n0,B,c1\n1,T,c2\n").unwrap();
        assert_eq!((counted.id_column.as_deref(), counted.columns.len()), (Some("Barcode"), 1));
        let first = read(",barcode\ns1_c1,c1\ns2_c1,c1\n").unwrap();
        assert_eq!(first.id_column.as_deref(), Some(""));
        let distinct = read("cell,barcode\nT,c1\nT,c2\n").unwrap();
        assert_eq!(distinct.id_column.as_deref(), Some("barcode"));
    }

    #[test]
    fn a_quotation_that_does_not_end_is_named_by_its_line() {
        for text in ["cell,lab\nc1,L1\nc2,\"L2\nc3,L3\n", "cell,lab\nc1,L1\nc2,\"L2"] {
            let message = read(text).unwrap_err().to_string();
            assert!(message.contains("line 3") && message.contains("quotation mark"), "{message}");
        }
        assert!(read("cell,\"lab\nc1,L1\n").is_err());
        let file = read("cell,lab\nc1,5\" gel\nc2,\"two\nlines\"").unwrap();
        assert_eq!(categories(&file, 0), ["5\" gel", "two\nlines"]);
    }

    #[test]
    fn a_delimiter_at_the_end_of_the_rows_makes_no_column() {
        for text in ["cell,lab\nc1,A,\nc2,B,\n", "cell,lab,\nc1,A,\nc2,B,\n"] {
            let file = read(text).unwrap();
            assert_eq!((file.ids.as_ref().unwrap()[1].as_str(), file.columns.len()), ("c2", 1));
            assert_eq!((file.columns[0].name.as_str(), categories(&file, 0)), ("lab", vec!["A", "B"]));
        }
        let from_r = read("type\tbatch\nc1\tB\t\nc2\tT\t2\n").unwrap();
        assert_eq!(from_r.ids.unwrap(), ["c1", "c2"]);
    }

    #[test]
    fn labels_that_are_numbers_are_in_their_order() {
        let file = read("cell,leiden\na,10\nb,2\nc,\nd,2\n").unwrap();
        assert_eq!(file.columns[0].categorical().unwrap().0, [1, 0, MISSING_CODE, 0]);
        assert_eq!(categories(&file, 0), ["2", "10"]);
    }

    #[test]
    fn numbers_follow_one_rule_whatever_the_file() {
        let few = number_values(vec![10.0, 2.5, f64::NAN, 2.5]);
        assert_eq!(
            few,
            LabelValues::Categorical {
                codes: vec![1, 0, MISSING_CODE, 0],
                categories: vec!["2.5".into(), "10".into()]
            }
        );
        let many: Vec<f64> = (0..21).map(f64::from).collect();
        assert_eq!(number_values(many.clone()), LabelValues::Numeric(many));
    }

    #[test]
    fn row_numbers_are_no_ids_and_no_label() {
        let file = read(",type\n0,B\n1,T\n").unwrap();
        assert_eq!((file.ids, file.columns.len()), (None, 1));
    }

    #[test]
    fn many_distinct_numbers_are_numeric_and_few_are_labels() {
        let rows: Vec<String> = (0..21).map(|n| format!("{n}.5,{}", n % 3)).collect();
        let file = read(&format!("score,batch\n{}", rows.join("\n"))).unwrap();
        let expected: Vec<f64> = (0..21).map(|n| f64::from(n) + 0.5).collect();
        assert_eq!(file.columns[0].values, LabelValues::Numeric(expected));
        assert_eq!(categories(&file, 1), ["0", "1", "2"]);
    }

    #[test]
    fn missing_values_have_no_label() {
        let file = read("type,donor\nB,NA\n,d1\n").unwrap();
        assert_eq!(file.columns[0].categorical().unwrap().0, [0, MISSING_CODE]);
        assert_eq!(file.columns[1].categorical().unwrap().0, [MISSING_CODE, 0]);
    }

    #[test]
    fn tabs_semicolons_bom_crlf_and_r_headers_are_understood() {
        assert_eq!(read("\u{feff}cell\ttype, fine\r\nc1\tB\r\n").unwrap().columns[0].name, "type, fine");
        assert_eq!(read("cell;type\nc1;B,C\n").unwrap().columns.len(), 1);
        let from_r = read("type\tbatch\nc1\tB\t1\nc2\tT\t2\n").unwrap();
        assert_eq!(from_r.ids.unwrap(), ["c1", "c2"]);
    }

    #[test]
    fn a_short_row_is_named_by_its_line() {
        let message = read("cell,type\nc1,B\nc2\n").unwrap_err().to_string();
        assert!(message.contains("line 3") && message.contains("1 fields") && message.contains("2 as"), "{message}");
    }

    #[test]
    fn a_table_without_rows_is_refused() {
        assert!(matches!(read("cell,type\n"), Err(ImportError::NoContent { .. })));
    }

    #[test]
    fn text_in_another_encoding_is_named_by_its_line() {
        let source = MemorySource(b"cell,type\nc1,caf\xe9\n".to_vec());
        let message = import_labels("l.csv", Arc::new(source), &Silent).unwrap_err().to_string();
        assert!(message.contains("line 2") && message.contains("UTF-8"), "{message}");
    }
}
