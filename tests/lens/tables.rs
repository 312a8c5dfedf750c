//! Files that pyarrow and pandas have read, and tables beside those of the tools whose columns they have.

use std::path::PathBuf;
use std::sync::Arc;

use featurescope::data::FeatureId;
use featurescope::enrich::GeneSetId;
use featurescope::lens::tables::{
    Column, ColumnValues, Convention, CsvCompression, OraRow, ParquetOptions, Table, TableCsv, TableParquet,
};
use featurescope::lens::{Direction, GeneTest};

/// At p = 0.994 a unit in the last place of p, which reading JSON may cost, is 1.8e-14 of ln p.
const SCORE_TOLERANCE: f64 = 5e-14;
const GENES: [&str; 5] = ["ISG15", "é, \"x\"", "HLA-DRA", "two\nlines", "5'-gene"];
const ROW_GROUP_ROWS: usize = 128;

fn fixture(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/tables").join(name)
}

fn number(row: u32) -> f64 {
    match row % 4 {
        0 => f64::NAN,
        1 => -0.0,
        _ => 1.0 / f64::from(row),
    }
}

fn log10_p(row: u32) -> f64 {
    if row.is_multiple_of(7) { f64::NAN } else { -2.5 * f64::from(row) }
}

/// One feature's rows, a hundred of them; `check_files.py` has the same formulas.
fn batch(feature: u32) -> Table {
    let rows = || feature * 100..feature * 100 + 100;
    let names: Arc<[String]> = GENES.map(str::to_owned).to_vec().into();
    let columns = vec![
        Column::new("feature", ColumnValues::U32(rows().map(|_| u32::MAX - feature).collect())),
        Column::new("t", ColumnValues::F64(rows().map(number).collect())),
        Column::new("pval", ColumnValues::Log10P(rows().map(log10_p).collect())),
        Column::new("is_up", ColumnValues::Bool(rows().map(|row| row.is_multiple_of(5)).collect())),
        Column::new("note", ColumnValues::Text(rows().map(|row| format!("row {row}")).collect())),
        Column::new("gene", ColumnValues::Category { codes: rows().map(|row| row * row % 5).collect(), names }),
    ];
    Table::new("mixed", columns).unwrap()
}

fn parquet() -> Vec<u8> {
    let options = ParquetOptions { row_group_rows: ROW_GROUP_ROWS };
    let mut file = TableParquet::new(Vec::new(), batch(0).schema(), options).unwrap();
    (0..3).for_each(|feature| file.write(&batch(feature)).unwrap());
    file.finish().unwrap()
}

fn csv(compression: CsvCompression) -> Vec<u8> {
    let mut file = TableCsv::new(Vec::new(), batch(0).schema(), compression).unwrap();
    (0..3).for_each(|feature| file.write(&batch(feature)).unwrap());
    file.finish().unwrap()
}

fn from_gzip(bytes: &[u8]) -> Vec<u8> {
    let mut text = Vec::new();
    std::io::Read::read_to_end(&mut flate2::read::GzDecoder::new(bytes), &mut text).unwrap();
    text
}

/// Bytes may change with the `parquet` crate: write the files anew, read them with `check_files.py`, keep them.
#[test]
fn parquet_is_the_file_that_pyarrow_read() {
    assert!(parquet() == std::fs::read(fixture("mixed.parquet")).unwrap(), "the bytes of mixed.parquet are others");
}

#[test]
fn csv_is_the_text_that_pandas_read() {
    let kept = from_gzip(&std::fs::read(fixture("mixed.csv.gz")).unwrap());
    assert_eq!(String::from_utf8(csv(CsvCompression::None)), String::from_utf8(kept));
}

#[test]
#[ignore = "writes the files that check_files.py reads"]
fn write_fixtures() {
    std::fs::write(fixture("mixed.parquet"), parquet()).unwrap();
    std::fs::write(fixture("mixed.csv.gz"), csv(CsvCompression::Gzip)).unwrap();
}

#[derive(serde::Deserialize)]
struct Conventions {
    scanpy: Vec<String>,
    gseapy_enrich: Vec<String>,
    gseapy_prerank: Vec<String>,
    enriched: Vec<Enriched>,
}

/// A row of GSEApy's `enrich`.
#[derive(serde::Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Enriched {
    term: String,
    overlap: String,
    #[serde(rename = "P-value")]
    p: f64,
    #[serde(rename = "Adjusted P-value")]
    padj: f64,
    #[serde(rename = "Odds Ratio")]
    odds_ratio: f64,
    #[serde(rename = "Combined Score")]
    combined_score: f64,
    genes: String,
}

impl Enriched {
    fn row(&self, set: usize) -> OraRow {
        let (k, set_size) = self.overlap.split_once('/').unwrap();
        OraRow {
            feature: FeatureId(0),
            set: GeneSetId(set as u32),
            direction: Direction::Up,
            k: k.parse().unwrap(),
            set_size: set_size.parse().unwrap(),
            n_selected: 25,
            universe: 200,
            fold: f64::NAN,
            odds_ratio: self.odds_ratio,
            log10_p: self.p.log10(),
            padj_feature: self.padj,
            padj_global: f64::NAN,
            mw_z: f64::NAN,
            mw_log10_p: f64::NAN,
            mw_padj_feature: f64::NAN,
            genes: self.genes.split(';').map(str::to_owned).collect(),
        }
    }
}

fn conventions() -> Conventions {
    serde_json::from_str(&std::fs::read_to_string(fixture("conventions.json")).unwrap()).unwrap()
}

fn columns(table: &Table) -> Vec<String> {
    table.columns().iter().map(|column| column.name.to_string()).collect()
}

/// Names of a tool's columns without those we leave out, behind ours.
fn with_ours(ours: &[&str], theirs: &[String], left_out: &[&str]) -> Vec<String> {
    let kept = theirs.iter().filter(|name| !left_out.contains(&name.as_str())).cloned();
    ours.iter().map(|&name| name.to_owned()).chain(kept).collect()
}

#[test]
fn columns_are_the_tools_own() {
    let (tools, none): (Conventions, Arc<[String]>) = (conventions(), Vec::new().into());
    let scanpy = Convention::Scanpy.differential_expression(&[], &none, GeneTest::Wilcoxon).unwrap();
    assert_eq!(columns(&scanpy), tools.scanpy);
    let enrich = Convention::GseaPy.over_representation(&[], &none).unwrap();
    assert_eq!(columns(&enrich), with_ours(&["feature", "direction"], &tools.gseapy_enrich, &["Gene_set"]));
    let prerank = Convention::GseaPy.gsea(&[], &none).unwrap();
    let left_out = ["Name", "FWER p-val", "Tag %", "Gene %"];
    assert_eq!(columns(&prerank), with_ours(&["feature"], &tools.gseapy_prerank, &left_out));
}

#[test]
fn over_representation_is_gseapys_table() {
    let tools = conventions();
    let sets: Arc<[String]> = tools.enriched.iter().map(|row| row.term.clone()).collect();
    let rows: Vec<OraRow> = tools.enriched.iter().enumerate().map(|(set, row)| row.row(set)).collect();
    let table = Convention::GseaPy.over_representation(&rows, &sets).unwrap();
    let of = |name: &str| &table.columns().iter().find(|column| column.name == name).unwrap().values;
    let texts = |get: fn(&Enriched) -> &String| ColumnValues::Text(tools.enriched.iter().map(get).cloned().collect());
    assert_eq!(of("Overlap"), &texts(|row| &row.overlap));
    assert_eq!(of("Genes"), &texts(|row| &row.genes));
    let ColumnValues::F64(scores) = of("Combined Score") else { panic!("scores are numbers") };
    assert_eq!(scores.len(), 3);
    for (found, row) in scores.iter().zip(&tools.enriched) {
        let error = (found - row.combined_score).abs();
        assert!(error <= SCORE_TOLERANCE * row.combined_score, "{found} is not {}", row.combined_score);
    }
}
