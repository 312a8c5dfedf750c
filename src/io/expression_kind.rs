//! Is a table of numbers expression, and which side of it is the cells? One rule for CSV, TSV and Parquet.
//!
//! A table is expression if, names of rows aside, it has 50 columns of numbers or more, and
//!
//! 1. the columns are named like genes and fewer than half of the rows by the same names: rows are cells; or
//! 2. the columns are named by barcodes (eight bases in a row or more) and the rows are not: columns are cells; or
//! 3. the rows are named like genes and the columns neither like genes nor like dimensions: columns are cells.
//!
//! Names are like genes if three fifths of them are ids of genes (Ensembl, FlyBase, WormBase, TAIR, clones, `LOC…`) or
//! shaped like symbols. Where ids are not that many by themselves, columns must be 100 or more, a third of the symbols
//! have digits, and what stands before the first digit must differ: one such stem for eight symbols, none in more than a
//! quarter of them. Of rows ten are enough, if half of the symbols differ when their digits are taken out. That keeps
//! antibody panels (`CD3, CD4, CD8a`), wells (`A1, A2`), scores and cell types out. Names that only count (`PC_1, PC_2`,
//! `0, 1`) are dimensions, unless they count cells or samples. What no rule knows is left to `table_kind`. Only the names
//! seen at the beginning of a file are looked at.

use std::collections::{BTreeMap, BTreeSet};

/// Tables with fewer columns of numbers are labels or embeddings.
const MIN_COLUMNS: usize = 50;
/// Columns named by symbols alone must be so many: panels of antibodies have as many as 50.
const MIN_SYMBOL_COLUMNS: usize = 100;
/// Rows seen must be so many to know genes by them.
const MIN_ROWS: usize = 10;
/// Letters that a barcode has at least.
const MIN_BASES: usize = 8;
/// Symbols are no longer.
const MAX_SYMBOL: usize = 20;
/// What identifiers of sequenced samples begin with, which are cells where each was sequenced by itself.
const SAMPLES: [&str; 13] =
    ["SRR", "SRX", "SRS", "ERR", "ERX", "ERS", "DRR", "DRX", "DRS", "GSM", "SAMN", "SAME", "SAMD"];

/// Names a column of genes goes by, lower case.
const GENE_COLUMNS: [&str; 12] = [
    "gene",
    "genes",
    "gene_id",
    "geneid",
    "gene_ids",
    "gene_name",
    "gene_names",
    "gene_symbol",
    "symbol",
    "feature",
    "feature_id",
    "ensembl_id",
];

/// Which side of a table is its cells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum CellsIn {
    Rows,
    Columns,
}

/// Whether a table is expression, by the names of its columns of numbers and of its first rows.
pub(crate) fn is_expression(columns: &[&str], rows: &[&str]) -> bool {
    columns.len() >= MIN_COLUMNS && cells_in(columns, rows).is_some()
}

/// Which side is the cells, if the names of the two sides tell.
pub(crate) fn cells_in(columns: &[&str], rows: &[&str]) -> Option<CellsIn> {
    match (are_barcodes(columns), are_barcodes(rows)) {
        (true, true) => return None,
        (true, false) => return Some(CellsIn::Columns),
        _ => {}
    }
    if are_gene_columns(columns) {
        return (!share_names(columns, rows)).then_some(CellsIn::Rows);
    }
    let are_cells = are_gene_rows(rows) && counted(columns).is_none_or(counts_cells) && !share_names(columns, rows);
    are_cells.then_some(CellsIn::Columns)
}

/// Whether a column of that name has the names of genes.
pub(crate) fn is_gene_column(name: &str) -> bool {
    GENE_COLUMNS.contains(&name.to_lowercase().as_str())
}

/// Whether four fifths of names are barcodes of cells, alone or between other parts.
pub(crate) fn are_barcodes(names: &[&str]) -> bool {
    5 * names.iter().filter(|name| is_barcode(name)).count() >= 4 * names.len().max(1)
}

fn is_barcode(name: &str) -> bool {
    let is_base = |letter: char| matches!(letter, 'A' | 'C' | 'G' | 'T');
    name.split(|letter| !is_base(letter)).any(|run| run.len() >= MIN_BASES)
}

/// Whether at least half of the rows are columns, too: the table relates things of one kind.
fn share_names(columns: &[&str], rows: &[&str]) -> bool {
    let columns: BTreeSet<&str> = columns.iter().copied().collect();
    !rows.is_empty() && 2 * rows.iter().filter(|row| columns.contains(*row)).count() >= rows.len()
}

fn are_gene_columns(names: &[&str]) -> bool {
    let Some(symbols) = symbols_among(names) else { return false };
    if symbols.is_empty() {
        return names.len() >= MIN_COLUMNS;
    }
    let mut n_by_family: BTreeMap<&str, usize> = BTreeMap::new();
    for symbol in &symbols {
        *n_by_family.entry(family(symbol)).or_default() += 1;
    }
    let largest = n_by_family.values().copied().max().unwrap_or(0);
    names.len() >= MIN_SYMBOL_COLUMNS && 8 * n_by_family.len() >= symbols.len() && 4 * largest <= symbols.len()
}

fn are_gene_rows(names: &[&str]) -> bool {
    let Some(symbols) = symbols_among(names) else { return false };
    let letters = |name: &&str| name.replace(|letter: char| letter.is_ascii_digit(), "");
    let distinct: BTreeSet<String> = symbols.iter().map(letters).collect();
    names.len() >= MIN_ROWS && 2 * distinct.len() >= symbols.len()
}

/// The symbols among names that may be genes, none if most are ids; `None` if they are no genes.
fn symbols_among<'a>(names: &[&'a str]) -> Option<Vec<&'a str>> {
    let is_most = |n: usize| 5 * n >= 3 * names.len();
    if names.is_empty() || counted(names).is_some() {
        return None;
    }
    let n_ids = names.iter().filter(|name| is_gene_id(name)).count();
    if is_most(n_ids) {
        return Some(Vec::new());
    }
    let symbols: Vec<&str> = names.iter().copied().filter(|name| !is_gene_id(name) && is_symbol(name)).collect();
    let n_with_digits = symbols.iter().filter(|symbol| symbol.bytes().any(|byte| byte.is_ascii_digit())).count();
    (is_most(n_ids + symbols.len()) && 3 * n_with_digits >= symbols.len()).then_some(symbols)
}

/// What stands before the first digit.
fn family(name: &str) -> &str {
    name.find(|letter: char| letter.is_ascii_digit()).map_or(name, |at| &name[..at])
}

/// Whether a name can only be a gene's.
fn is_gene_id(name: &str) -> bool {
    let name = name.split_once('.').filter(|(_, version)| is_number(version, 1)).map_or(name, |(id, _)| id);
    let after = |prefix: &str, least: usize| name.strip_prefix(prefix).is_some_and(|rest| is_number(rest, least));
    let letters = family(name);
    let is_ensembl = letters.starts_with("ENS") && letters.ends_with(['G', 'T']) && after(letters, 6);
    let is_clone = letters.len() == 2 && letters.bytes().all(|letter| letter.is_ascii_uppercase()) && after(letters, 6);
    let is_library = letters == "RP" && name.contains('-');
    let is_plant = name.len() == 9 && name.starts_with("AT") && name.as_bytes()[3] == b'G' && is_number(&name[4..], 5);
    let is_known = [("FBgn", 7), ("WBGene", 8), ("LOC", 3), ("LINC", 4), ("Gm", 3)].iter().any(|&(p, n)| after(p, n));
    is_ensembl || is_clone || is_library || is_plant || is_known
}

fn is_number(text: &str, least: usize) -> bool {
    text.len() >= least && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// Whether a name is shaped like the symbol of a gene: `CD3E`, `HLA-DRA`, `C1orf112`, `Cd3e`, `mt-Nd1`, `tp53`.
fn is_symbol(name: &str) -> bool {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'.';
    let has = |wanted: fn(&u8) -> bool| name.as_bytes().iter().any(wanted);
    let first = name.as_bytes().first().copied().unwrap_or(b' ');
    (2..=MAX_SYMBOL).contains(&name.len())
        && name.bytes().all(is_plain)
        && has(u8::is_ascii_alphabetic)
        && (first.is_ascii_uppercase() || (first.is_ascii_alphanumeric() && has(u8::is_ascii_digit)))
        && name.parse::<f64>().is_err()
        && !SAMPLES.iter().any(|prefix| name.strip_prefix(prefix).is_some_and(|rest| is_number(rest, 4)))
        && !is_barcode(name)
}

/// What most names begin with, if they differ only in numbers that count on.
fn counted<'a>(names: &[&'a str]) -> Option<&'a str> {
    let mut numbers_by_stem: BTreeMap<&str, Vec<u64>> = BTreeMap::new();
    for name in names {
        let stem = name.trim_end_matches(|letter: char| letter.is_ascii_digit());
        if let Ok(number) = name[stem.len()..].parse() {
            numbers_by_stem.entry(stem).or_default().push(number);
        }
    }
    let (stem, numbers) = numbers_by_stem.into_iter().max_by_key(|(_, numbers)| numbers.len())?;
    let (least, most) = (numbers.iter().min()?, numbers.iter().max()?);
    // Some may be left out, but numbers of ids are far apart.
    (2 * numbers.len() > names.len() && most - least < 2 * numbers.len() as u64).then_some(stem)
}

fn counts_cells(stem: &str) -> bool {
    let stem = stem.to_lowercase();
    stem.contains("cell") || stem.contains("sample")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(texts: &[String]) -> Vec<&str> {
        texts.iter().map(String::as_str).collect()
    }

    /// Symbols with as many stems as there are.
    fn symbols(n: usize) -> Vec<String> {
        let letter = |at: usize| char::from(b'A' + (at % 26) as u8);
        (0..n).map(|at| format!("{}{}X{}", letter(at), letter(at / 26), at % 7)).collect()
    }

    fn barcodes(n: usize) -> Vec<String> {
        let base = |at: usize| ['A', 'C', 'G', 'T'][at % 4];
        (0..n)
            .map(|at| format!("s1_AAACCTGA{}{}{}{}-1", base(at), base(at / 4), base(at / 16), base(at / 64)))
            .collect()
    }

    fn kind(columns: &[String], rows: &[String]) -> Option<CellsIn> {
        let (columns, rows) = (of(columns), of(rows));
        let found = cells_in(&columns, &rows);
        assert_eq!(is_expression(&columns, &rows), found.is_some() && columns.len() >= MIN_COLUMNS);
        found
    }

    #[test]
    fn genes_in_columns_or_rows_make_expression() {
        let ids: Vec<String> = (0..60).map(|n| format!("ENSMUSG{:011}.{}", 51_951 + 997 * n, n % 9)).collect();
        for genes in [symbols(150), ids] {
            for cells in [barcodes(60), (0..60).map(|n| format!("plate{}_B{n}", n % 3)).collect()] {
                assert_eq!(kind(&genes, &cells), Some(CellsIn::Rows));
                assert_eq!(kind(&cells, &genes), Some(CellsIn::Columns));
            }
            assert_eq!(kind(&genes, &[]), Some(CellsIn::Rows));
            let counted: Vec<String> = (0..80).map(|n| format!("Cell_{n}")).collect();
            assert_eq!(kind(&counted, &genes), Some(CellsIn::Columns));
        }
        assert_eq!(kind(&barcodes(60), &[]), Some(CellsIn::Columns));
    }

    #[test]
    fn the_first_genes_of_an_alphabet_are_known_and_wells_are_none() {
        let first = "A1BG A1BG-AS1 A1CF A2LD1 A2M A2ML1 A2MP1 A4GALT A4GNT AAAS AACS".split(' ').map(str::to_owned);
        let first: Vec<String> = first.collect();
        let runs: Vec<String> = (0..60).map(|n| format!("SRR{}", 1_000_000 + 37 * n)).collect();
        assert_eq!(kind(&runs, &first), Some(CellsIn::Columns));
        let wells: Vec<String> = (0..50).map(|n| format!("{}{}", char::from(b'A' + n / 12), n % 12 + 1)).collect();
        assert_eq!(kind(&runs, &wells), None);
        assert_eq!(kind(&symbols(150), &wells), Some(CellsIn::Rows));
    }

    #[test]
    fn dimensions_and_relations_are_no_expression() {
        for stem in ["PC_", "", "dim", "V"] {
            let dimensions: Vec<String> = (0..500).map(|n| format!("{stem}{n}")).collect();
            assert_eq!(kind(&dimensions, &barcodes(40)), None);
            assert_eq!(kind(&dimensions, &symbols(40)), None);
        }
        assert_eq!(kind(&symbols(150), &symbols(150)), None);
        assert_eq!(kind(&barcodes(150), &barcodes(150)), None);
    }

    #[test]
    fn antibodies_wells_scores_and_cell_types_are_no_genes() {
        let cd: Vec<String> = (1..120).map(|n| format!("CD{}{}", 3 * n, ["", "a", "R"][n % 3])).collect();
        let wells: Vec<String> = (0..384).map(|n| format!("{}{}", char::from(b'A' + (n / 24) as u8), n % 24)).collect();
        let samples: Vec<String> = (0..384).map(|n| format!("SRR{}", 1_000_000 + 37 * n)).collect();
        let scores: Vec<String> = symbols(150).iter().map(|name| format!("HALLMARK_{name}")).collect();
        let regulons: Vec<String> = symbols(150).iter().map(|name| format!("{name}(+)")).collect();
        let types: Vec<String> = symbols(150).iter().map(|name| format!("{} cells", &name[..2])).collect();
        assert_eq!(kind(&cd[..60], &wells), None);
        for columns in [cd, wells, samples, scores, regulons, types, symbols(60)] {
            assert_eq!(kind(&columns, &barcodes(40)), None, "{}", columns[0]);
        }
    }

    #[test]
    fn names_of_genes_are_known_by_their_shape() {
        let ids =
            ["ENSG00000187608", "ENSG00000187608.10", "FBgn0031208", "WBGene00000001", "LOC100996442", "AC012345.1"];
        assert!(ids.iter().chain(&["RP11-34P13.7", "LINC00115", "AT1G01010", "Gm1992"]).all(|name| is_gene_id(name)));
        assert!(!["CD3E", "SRR1234567", "PC_1", "AAACCTGA-1", "ENSEMBL", "RP", "", "é"].iter().any(|n| is_gene_id(n)));
        assert!(
            ["CD3E", "HLA-DRA", "C1orf112", "Cd3e", "mt-Nd1", "1700012B07Rik", "tp53"].iter().all(|n| is_symbol(n))
        );
        assert!(!["n_genes", "score", "T cells", "0.5", "1e-5", "AAACCTGAGAAA", "é1", ""].iter().any(|n| is_symbol(n)));
    }
}
