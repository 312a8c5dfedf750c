//! Tables as CSV, in the columns people know from scFeatureLens (arXiv 2410.11468).
//!
//! Rows are written as they come, so nothing has to be held. Numbers are the shortest text that reads back as the
//! same f64; NaN is an empty field, as pandas writes it.

use std::io::Write;

use serde::Serialize;

use super::{FeatureAnalysis, FeatureStatistics, GeneTests, TermResult};
use crate::data::FeatureId;
use crate::enrich::MatchedGeneSets;
use crate::sae::metrics::FeatureSeeds;

const ACCESSION_DIGITS: usize = 7;

#[derive(Serialize)]
struct StatisticsRow {
    feature_id: u32,
    n_active_samples: usize,
    mean_activation: Option<f64>,
    std_activation: Option<f64>,
    max_activation: Option<f64>,
}

const STATISTICS_HEADER: [&str; 5] =
    ["feature_id", "n_active_samples", "mean_activation", "std_activation", "max_activation"];

#[derive(Serialize)]
struct SeedsRow {
    n_seeds_found_again: Option<u32>,
    n_other_seeds: Option<u32>,
    mean_seed_cosine: Option<f64>,
}

const SEEDS_HEADER: [&str; 3] = ["n_seeds_found_again", "n_other_seeds", "mean_seed_cosine"];

#[derive(Serialize)]
struct GeneRow<'a> {
    feature: u32,
    gene: &'a str,
    mean_positive: Option<f64>,
    mean_negative: Option<f64>,
    fold_change: Option<f64>,
    t_statistic: Option<f64>,
    p_value: Option<f64>,
    padj: Option<f64>,
}

#[derive(Serialize)]
struct TermRow<'a> {
    n_hits: usize,
    expected: f64,
    binom_pval: f64,
    binom_direction: char,
    binom_fold_change: f64,
    fdr: f64,
    z_score: f64,
    mw_pval: f64,
    effect_size: f64,
    go_id: &'a str,
    go_name: &'a str,
    go_level: Option<u32>,
    feature: u32,
    p_threshold: f64,
    fold_change_threshold: Option<f64>,
    n_top_genes: usize,
}

/// Writes `feature_statistics.csv`, a row a feature.
///
/// # Errors
/// Where `out` can't be written.
pub fn write_feature_statistics<'a>(
    out: impl Write,
    rows: impl IntoIterator<Item = &'a FeatureStatistics>,
) -> csv::Result<()> {
    let mut writer = started(out, &STATISTICS_HEADER)?;
    for row in rows {
        writer.serialize(statistics_row(row))?;
    }
    Ok(writer.flush()?)
}

fn statistics_row(row: &FeatureStatistics) -> StatisticsRow {
    StatisticsRow {
        feature_id: row.feature.0,
        n_active_samples: row.n_active,
        mean_activation: number(row.mean_active),
        std_activation: number(row.sd_active),
        max_activation: number(row.max),
    }
}

/// As [`write_feature_statistics`], with what became of each feature in other seeds; `seeds` is `[n_rows]`.
///
/// # Errors
/// Where `out` can't be written.
///
/// # Panics
/// If there are fewer `seeds` than rows.
pub fn write_feature_statistics_with_seeds(
    out: impl Write,
    rows: &[FeatureStatistics],
    seeds: &[Option<FeatureSeeds>],
) -> csv::Result<()> {
    assert!(seeds.len() >= rows.len(), "every feature has an entry for other seeds");
    let mut writer = started(out, &[&STATISTICS_HEADER[..], &SEEDS_HEADER].concat())?;
    for (row, seeds) in rows.iter().zip(seeds) {
        let seeds = SeedsRow {
            n_seeds_found_again: seeds.map(|seeds| seeds.n_found),
            n_other_seeds: seeds.map(|seeds| seeds.n_others),
            mean_seed_cosine: seeds.and_then(|seeds| number(seeds.mean_cosine)),
        };
        writer.serialize((statistics_row(row), seeds))?;
    }
    Ok(writer.flush()?)
}

/// Writes `differential_expression.csv`, a row a gene, one feature after the other.
#[derive(Debug)]
pub struct DifferentialExpressionCsv<W: Write> {
    writer: csv::Writer<W>,
}

impl<W: Write> DifferentialExpressionCsv<W> {
    /// Writes the header.
    ///
    /// # Errors
    /// Where `out` can't be written.
    pub fn new(out: W) -> csv::Result<Self> {
        let header =
            ["feature", "gene", "mean_positive", "mean_negative", "fold_change", "t_statistic", "p_value", "padj"];
        Ok(Self { writer: started(out, &header)? })
    }

    /// Writes all genes of a feature, in the data's order.
    ///
    /// # Errors
    /// Where `out` can't be written.
    pub fn write(&mut self, feature: FeatureId, gene_names: &[String], tests: &GeneTests) -> csv::Result<()> {
        self.write_where(feature, gene_names, tests, |_| true)
    }

    /// Writes the genes of a feature whose position is wanted, in the data's order.
    ///
    /// # Errors
    /// Where `out` can't be written.
    pub fn write_where(
        &mut self,
        feature: FeatureId,
        gene_names: &[String],
        tests: &GeneTests,
        is_wanted: impl Fn(usize) -> bool,
    ) -> csv::Result<()> {
        for (at, gene) in gene_names.iter().enumerate().filter(|(at, _)| is_wanted(*at)) {
            self.writer.serialize(GeneRow {
                feature: feature.0,
                gene,
                mean_positive: number(tests.mean_positive[at]),
                mean_negative: number(tests.mean_negative[at]),
                fold_change: number(tests.fold_change[at]),
                t_statistic: number(tests.t[at]),
                p_value: number(tests.p_value[at]),
                padj: number(tests.padj[at]),
            })?;
        }
        Ok(())
    }

    /// Writes what is left and gives the writer back.
    ///
    /// # Errors
    /// Where `out` can't be written.
    pub fn finish(self) -> csv::Result<W> {
        finished(self.writer)
    }
}

/// Writes `go_enrichment_results.csv` in the paper's columns, a row a kept term.
#[derive(Debug)]
pub struct EnrichmentCsv<W: Write> {
    writer: csv::Writer<W>,
}

impl<W: Write> EnrichmentCsv<W> {
    /// Writes the header.
    ///
    /// # Errors
    /// Where `out` can't be written.
    pub fn new(out: W) -> csv::Result<Self> {
        let header = [
            "n_hits",
            "expected",
            "binom_pval",
            "binom_direction",
            "binom_fold_change",
            "fdr",
            "z_score",
            "mw_pval",
            "effect_size",
            "go_id",
            "go_name",
            "go_level",
            "feature",
            "p_threshold",
            "fold_change_threshold",
            "n_top_genes",
        ];
        Ok(Self { writer: started(out, &header)? })
    }

    /// Writes the kept terms of a feature.
    ///
    /// # Errors
    /// Where `out` can't be written.
    pub fn write(&mut self, analysis: &FeatureAnalysis, sets: &MatchedGeneSets) -> csv::Result<()> {
        for term in &analysis.terms {
            self.writer.serialize(term_row(analysis, term, sets.name(term.set)))?;
        }
        Ok(())
    }

    /// Writes what is left and gives the writer back.
    ///
    /// # Errors
    /// Where `out` can't be written.
    pub fn finish(self) -> csv::Result<W> {
        finished(self.writer)
    }
}

fn term_row<'a>(analysis: &FeatureAnalysis, term: &TermResult, name: &'a str) -> TermRow<'a> {
    let binomial = &term.over_representation;
    TermRow {
        n_hits: binomial.n_hits,
        expected: binomial.expected,
        binom_pval: binomial.p_value(),
        binom_direction: if binomial.is_over() { '+' } else { '-' },
        binom_fold_change: binomial.fold,
        fdr: binomial.miss_share,
        z_score: term.mann_whitney.z,
        mw_pval: term.mann_whitney.p_value,
        effect_size: term.mann_whitney.effect_size,
        go_id: accession(name),
        go_name: name,
        go_level: None,
        feature: analysis.feature.0,
        p_threshold: analysis.p_threshold,
        fold_change_threshold: analysis.fold_change_threshold,
        n_top_genes: analysis.n_selected,
    }
}

/// The first GO accession in a set's name (`GO:` and seven digits), or nothing.
fn accession(name: &str) -> &str {
    let is_accession = |text: &str| text.bytes().skip(3).all(|byte| byte.is_ascii_digit());
    name.match_indices("GO:")
        .filter_map(|(start, prefix)| name.get(start..start + prefix.len() + ACCESSION_DIGITS))
        .find(|text| is_accession(text))
        .unwrap_or("")
}

fn number(value: f64) -> Option<f64> {
    (!value.is_nan()).then_some(value)
}

fn started<W: Write>(out: W, header: &[&str]) -> csv::Result<csv::Writer<W>> {
    let mut writer = csv::WriterBuilder::new().has_headers(false).from_writer(out);
    writer.write_record(header)?;
    Ok(writer)
}

fn finished<W: Write>(mut writer: csv::Writer<W>) -> csv::Result<W> {
    writer.flush()?;
    writer.into_inner().map_err(|error| std::io::Error::other(error.to_string()).into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::GeneSet;
    use crate::enrich::{GeneSetId, OverRepresentation};
    use crate::stats::MannWhitney;

    fn text(bytes: Vec<u8>) -> String {
        String::from_utf8(bytes).unwrap()
    }

    #[test]
    fn statistics_have_the_papers_columns_and_empty_nan() {
        let row = FeatureStatistics {
            feature: FeatureId(7),
            n_active: 1,
            density: 0.5,
            mean_active: 0.25,
            sd_active: f64::NAN,
            max: 0.25,
            sum: 0.25,
        };
        let mut out = Vec::new();
        write_feature_statistics(&mut out, [&row]).unwrap();
        let expected = "feature_id,n_active_samples,mean_activation,std_activation,max_activation\n7,1,0.25,,0.25\n";
        assert_eq!(text(out), expected);
    }

    #[test]
    fn an_empty_table_still_has_its_header() {
        let out = DifferentialExpressionCsv::new(Vec::new()).unwrap().finish().unwrap();
        let header = "feature,gene,mean_positive,mean_negative,fold_change,t_statistic,p_value,padj\n";
        assert_eq!(text(out), header);
    }

    #[test]
    fn genes_are_rows() {
        let tests = GeneTests {
            mean_positive: vec![1.0],
            mean_negative: vec![0.5],
            fold_change: vec![2.0],
            t: vec![f64::NAN],
            p_value: vec![1e-300],
            padj: vec![1.0],
            ..GeneTests::default()
        };
        let mut csv = DifferentialExpressionCsv::new(Vec::new()).unwrap();
        csv.write(FeatureId(2), &["A,B".to_owned()], &tests).unwrap();
        let out = text(csv.finish().unwrap());
        assert_eq!(out.lines().nth(1), Some("2,\"A,B\",1.0,0.5,2.0,,1e-300,1.0"));
    }

    #[test]
    fn terms_have_the_papers_columns() {
        let name = "defense response (GO:0006952)".to_owned();
        let set = GeneSet { name, description: String::new(), genes: vec!["A".to_owned()] };
        let sets = MatchedGeneSets::new(&["A".to_owned()], &[set], 1, 1);
        let over_representation = OverRepresentation {
            set: GeneSetId(0),
            n_hits: 3,
            expected: 1.5,
            fold: 2.0,
            miss_share: 0.25,
            ln_p_value: f64::NEG_INFINITY,
        };
        let mann_whitney = MannWhitney { z: -2.5, p_value: 0.25, ln_p_value: -4.85, effect_size: 0.125 };
        let term = TermResult { set: GeneSetId(0), set_size: 9, over_representation, mann_whitney, hits: Vec::new() };
        let analysis = FeatureAnalysis {
            feature: FeatureId(4),
            n_positive: 1,
            n_negative: 1,
            n_selected: 4,
            p_threshold: 1e-5,
            fold_change_threshold: None,
            genes_up: Vec::new(),
            genes_down: Vec::new(),
            terms: vec![term],
        };
        let mut csv = EnrichmentCsv::new(Vec::new()).unwrap();
        csv.write(&analysis, &sets).unwrap();
        let expected = "n_hits,expected,binom_pval,binom_direction,binom_fold_change,fdr,z_score,mw_pval,effect_size,\
            go_id,go_name,go_level,feature,p_threshold,fold_change_threshold,n_top_genes\n\
            3,1.5,0.0,+,2.0,0.25,-2.5,0.25,0.125,GO:0006952,defense response (GO:0006952),,4,0.00001,,4\n";
        assert_eq!(text(csv.finish().unwrap()), expected);
    }

    #[test]
    fn accessions_are_found_in_names() {
        assert_eq!(accession("GO:0034340"), "GO:0034340");
        assert_eq!(accession("IGO:X then (GO:0000002)"), "GO:0000002");
        assert_eq!(accession("HALLMARK_HYPOXIA"), "");
        assert_eq!(accession("GO:12é4567"), "");
    }
}
