use std::cell::RefCell;
use std::fmt::Write;
use std::sync::Arc;

use super::*;
use crate::data::{Observer, Silent, ValueKind};
use crate::io::fixtures::{self, json, open, open_file, survives_damage};
use crate::io::reader::tests::gzip;
use crate::io::{
    EmbeddingFormat, ExpressionFormat, FileKind, Imported, LabelsFormat, MemorySource, assemble, import_as, sniff,
};

const FOLDER: &str = "expression_tables";

fn cells(imported: Result<Imported, ImportError>) -> AnnDataFile {
    match imported {
        Ok(Imported::AnnData(file)) => *file,
        other => panic!("{other:?}"),
    }
}

/// Values of an expression matrix, cell after cell.
fn by_cell(expression: &Expression) -> Vec<Vec<f32>> {
    let by_cell = expression.by_gene.transposed();
    (0..expression.n_cells()).map(|cell| by_cell.dense_major(cell)).collect()
}

/// A name of a gene, each of another stem.
fn gene(at: usize) -> String {
    let letter = |at: usize| char::from(b'A' + (at % 26) as u8);
    format!("{}{}X{}", letter(at), letter(at / 26), at % 7)
}

fn barcode(at: usize) -> String {
    let base = |at: usize| ['A', 'C', 'G', 'T'][at % 4];
    format!("ACGTACGT{}{}{}{}-1", base(at), base(at / 4), base(at / 16), base(at / 64))
}

/// A table of text, `value(row, column)` in each place.
fn table(rows: &[String], columns: &[String], value: impl Fn(usize, usize) -> String) -> String {
    let mut text = format!("name,{}\n", columns.join(","));
    for (row, name) in rows.iter().enumerate() {
        text.push_str(name);
        (0..columns.len()).for_each(|column| write!(text, ",{}", value(row, column)).unwrap());
        text.push('\n');
    }
    text
}

/// Cells × genes where each value is its place, but for zeros.
fn counts(n_cells: usize, n_genes: usize) -> String {
    let (cells, genes): (Vec<_>, Vec<_>) = ((0..n_cells).map(barcode).collect(), (0..n_genes).map(gene).collect());
    table(&cells, &genes, |row, column| if column % 3 == 0 { "0".to_owned() } else { (row + column).to_string() })
}

#[test]
fn tables_of_pandas_have_the_values_it_holds() {
    let expected = json(&format!("{FOLDER}/expected.json"));
    let files = expected["files"].as_object().unwrap();
    assert_eq!(files.len(), 7);
    for (file, wanted) in files {
        let found = cells(open_file(&format!("{FOLDER}/{file}")));
        let names = |key: &str| serde_json::from_value::<Vec<String>>(wanted[key].clone()).unwrap();
        let expression = found.expression.unwrap();
        assert_eq!((found.cell_ids.unwrap(), &expression.gene_names), (names("cells"), &names("genes")), "{file}");
        let values = &expected[wanted["values"].as_str().unwrap()];
        let values: Vec<Vec<f32>> = serde_json::from_value(values.clone()).unwrap();
        assert_eq!(by_cell(&expression), values[..found.n_cells], "{file}");
        let kind = if wanted["values"] == "counts" { ValueKind::Counts } else { ValueKind::NonNegative };
        assert_eq!(expression.kind, kind, "{file}");
        let (cells_in, genes_in) = if wanted["cells_in"] == "rows" { ("rows", "columns") } else { ("columns", "rows") };
        let said = format!(
            "\"{file}\" was read as expression: {} cells ({cells_in}) × 106 genes ({genes_in}).",
            found.n_cells
        );
        assert_eq!(found.notices, [Notice::info(said)], "{file}");
        if let Some(labels) = wanted.get("louvain") {
            let labels: Vec<String> = serde_json::from_value(labels.clone()).unwrap();
            assert_eq!(found.columns, [LabelColumn::from_texts("louvain", &labels)]);
        }
    }
}

#[test]
fn what_is_no_number_is_named_by_gene_and_cell() {
    let good = counts(60, 120);
    let place = format!("for gene {:?} of cell {:?}, expected a number", gene(1), barcode(7));
    for bad in ["NA", "", "nan", "inf", "1e99", "x"] {
        let text = good.replacen(&format!("{},0,8,", barcode(7)), &format!("{},0,{bad},", barcode(7)), 1);
        let message = open("t.csv", text.into_bytes()).unwrap_err().to_string();
        assert!(message.contains(&format!("line 9: found {bad:?} {place}")), "{message}");
    }
    let short = good.replacen(&format!("{},0,8,", barcode(7)), &format!("{},0,", barcode(7)), 1);
    let message = open("t.csv", short.into_bytes()).unwrap_err().to_string();
    assert!(message.contains("line 9: found 120 fields, expected 121 as in the header"), "{message}");
    let open_quote = good.replacen(",0,8,", ",0,\"8,", 1);
    assert!(open("t.csv", open_quote.into_bytes()).unwrap_err().to_string().contains("quotation mark"));
}

#[test]
fn a_header_longer_than_what_is_looked_at_is_understood_by_its_names() {
    let n_genes = 20_000;
    let genes: Vec<String> = (0..n_genes).map(|n| format!("ENSG{:011}", 7919 * n + 3)).collect();
    let names: Vec<String> = (0..3).map(barcode).collect();
    let sparse = |row: usize, column: usize| u8::from(column % 50 == row).to_string();
    let wide = table(&names, &genes, sparse);
    assert!(wide.find('\n').unwrap() > 200_000);
    for (name, bytes) in [("wide.csv", wide.clone().into_bytes()), ("wide.csv.gz", gzip(wide.as_bytes()))] {
        let found = cells(open(name, bytes));
        let expression = found.expression.unwrap();
        assert_eq!((found.n_cells, expression.n_genes(), expression.by_gene.n_nonzero()), (3, n_genes, 1200));
        assert_eq!(expression.gene_id(&genes[51]).map(|id| expression.by_gene.dense_row(id.index())[1]), Some(1.0));
    }
    let many: Vec<String> = (0..150_000).map(|n| format!("{}_{n}", barcode(n))).collect();
    let turned = table(&genes[..20], &many, |row, column| u8::from(row == column).to_string());
    let found = cells(open("many.csv", turned.into_bytes()));
    assert_eq!((found.n_cells, found.expression.unwrap().by_gene.n_nonzero()), (150_000, 20));
}

#[test]
fn tables_that_are_no_expression_stay_what_they_were() {
    let cells: Vec<String> = (0..60).map(barcode).collect();
    let kind = |columns: Vec<String>, value: &str| {
        let text = table(&cells, &columns, |_, _| value.to_owned());
        sniff("t.csv", &MemorySource(text.into_bytes())).unwrap()
    };
    let (labels, embedding) = (FileKind::Labels(LabelsFormat::Csv), FileKind::Embedding(EmbeddingFormat::Csv));
    let proteins = |n| (0..n).map(|at| format!("CD{at}")).chain((0..9).map(gene)).collect::<Vec<_>>();
    assert_eq!(kind(proteins(50), "7"), embedding);
    assert_eq!(kind((0..60).map(gene).collect(), "0.5"), embedding);
    assert_eq!(kind((0..60).map(gene).collect(), "3"), labels);
    assert_eq!(kind((0..150).map(gene).collect(), "CD4"), labels);
    assert_eq!(kind((0..150).map(|n| format!("pct_{}", gene(n))).collect(), "3"), labels);
    assert_eq!(kind((0..512).map(|n| n.to_string()).collect(), "0.5"), embedding);
    assert_eq!(kind((0..150).map(gene).collect(), "3"), FileKind::Expression(ExpressionFormat::Csv));
}

#[test]
fn sides_that_names_do_not_tell_are_told_to_be_a_guess() {
    let text = "x,y\n1,0\n0.5,2\n";
    let kind = FileKind::Expression(ExpressionFormat::Csv);
    let read = |text: &str| import_as(kind, "t.csv", Arc::new(MemorySource(text.as_bytes().to_vec())), &Silent);
    let found = cells(read(text));
    assert_eq!(
        (found.n_cells, found.cell_ids, by_cell(&found.expression.unwrap()).concat()),
        (2, None, vec![1.0, 0.0, 0.5, 2.0])
    );
    assert_eq!(
        found.notices,
        [Notice::warning(
            "\"t.csv\" was read as expression: 2 cells (rows) × 2 genes (columns). Its names do not tell cells from genes; if \
         rows are genes, turn the table round (in R: t(x), in pandas: table.T) and open it again."
        )]
    );
    for (text, expected) in [("a,b\n", "no row"), ("a,b\nx,y\n", "no column of numbers"), ("", "no row")] {
        assert!(read(text).unwrap_err().to_string().contains(expected), "{text}");
    }
}

#[test]
fn texts_beside_the_numbers_are_labels_or_columns_of_genes() {
    let mut text = counts(60, 120).replace("name,", "name,type,");
    for row in 0..60 {
        text =
            text.replacen(&format!("\n{},", barcode(row)), &format!("\n{},{},", barcode(row), ["T", "NA"][row % 2]), 1);
    }
    let labels = cells(open("t.csv", text.into_bytes())).columns;
    assert_eq!(labels, [LabelColumn::from_texts("type", &["T", ""].repeat(30))]);
    let columns: Vec<String> = std::iter::once("symbol".to_owned()).chain((0..60).map(barcode)).collect();
    let ids: Vec<String> = (0..30).map(|n| format!("ENSG{:011}", 977 * n)).collect();
    let turned = table(&ids, &columns, |row, column| if column == 0 { gene(row) } else { "1".to_owned() });
    let expression = cells(open("t.csv", turned.into_bytes())).expression.unwrap();
    let symbols = GeneColumn { name: "symbol".to_owned(), values: (0..30).map(gene).collect() };
    assert_eq!((&expression.gene_names, expression.gene_columns), (&ids, vec![symbols]));
}

#[test]
fn names_that_occur_twice_are_told_or_refused_as_in_h5ad() {
    let twice = counts(60, 120).replacen(&gene(2), &gene(1), 1);
    let found = cells(open("t.csv", twice.into_bytes()));
    assert!(found.notices[1].text.starts_with("1 gene names occur more than once"), "{:?}", found.notices);
    let twice = counts(60, 120).replacen(&barcode(2), &barcode(1), 1);
    let file = ("t.csv".to_owned(), open("t.csv", twice.into_bytes()).unwrap());
    let message = assemble(None, vec![file], &Silent).unwrap_err().to_string();
    assert!(message.contains("more than once"), "{message}");
}

#[test]
fn expression_labels_and_an_embedding_join_in_any_order() {
    let names: Vec<String> = (0..60).rev().map(barcode).collect();
    let embedding = table(&names, &["PC_1".to_owned(), "PC_2".to_owned()], |row, _| format!("{}.5", 59 - row));
    let labels = table(&names, &["type".to_owned()], |row, _| format!("t{}", (59 - row) % 2));
    let files = [("counts.csv", counts(60, 120)), ("labels.csv", labels), ("pca.csv", embedding)];
    let opened = files.map(|(name, text)| (name.to_owned(), open(name, text.into_bytes()).unwrap()));
    for order in [[0, 1, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]] {
        let done = assemble(None, order.map(|at| opened[at].clone()).to_vec(), &Silent).unwrap();
        let dataset = done.dataset;
        assert_eq!((dataset.name.as_str(), dataset.cells.n_cells()), ("counts", 60));
        assert_eq!(dataset.cells.column("type").unwrap().categorical().unwrap().0[..3], [0, 1, 0]);
        assert_eq!(dataset.embedding("pca").unwrap().values.values()[..4], [0.5, 0.5, 1.5, 1.5]);
        assert_eq!(dataset.expression.unwrap().n_genes(), 120);
        assert!(done.notices.iter().any(|notice| notice.text.contains("60 cells (rows) × 120 genes (columns)")));
    }
    let before = assemble(None, vec![opened[2].clone()], &Silent).unwrap();
    let done = assemble(Some(before.dataset), vec![opened[0].clone()], &Silent).unwrap();
    assert!(done.dataset.embeddings.is_empty() && done.dataset.expression.is_some());
}

/// Takes notes, and cancels after some messages.
struct Impatient(RefCell<Vec<f64>>, usize);

impl Observer for Impatient {
    fn progress(&self, fraction: f64, _message: &str) {
        self.0.borrow_mut().push(fraction);
    }
    fn warn(&self, _message: &str) {}
    fn is_cancelled(&self) -> bool {
        self.0.borrow().len() >= self.1
    }
}

#[test]
fn progress_grows_and_reading_can_be_cancelled() {
    let text = counts(1200, 6000).into_bytes();
    let kind = FileKind::Expression(ExpressionFormat::Csv);
    let read = |observer: &Impatient| import_as(kind, "t.csv", Arc::new(MemorySource(text.clone())), observer);
    let patient = Impatient(RefCell::default(), usize::MAX);
    assert_eq!(cells(read(&patient)).n_cells, 1200);
    let fractions = patient.0.into_inner();
    assert!(
        fractions.len() >= 4
            && fractions.is_sorted()
            && fractions.last().is_some_and(|&last| last > 0.5 && last <= 1.0)
    );
    assert!(matches!(read(&Impatient(RefCell::default(), 3)), Err(ImportError::Cancelled { .. })));
}

#[test]
fn a_gap_in_parquet_is_named_by_gene_and_cell() {
    let message = open_file(&format!("{FOLDER}/gap.parquet")).unwrap_err().to_string();
    assert!(message.contains("the value of gene \"C1QB\" of cell \"AGTAAGGATTTACC-1\" is missing"), "{message}");
}

#[test]
fn damage_is_an_error_or_harmless() {
    for file in ["counts.tsv.gz", "excel.csv"] {
        survives_damage(&format!("{FOLDER}/{file}"), 300);
    }
    let whole = fixtures::bytes(&format!("{FOLDER}/turned.parquet"));
    for length in (0..whole.len()).step_by(997) {
        assert!(open("turned.parquet", whole[..length].to_vec()).is_err());
    }
}
