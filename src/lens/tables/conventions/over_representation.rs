//! Over-representation in the columns of FeatureScope, GSEApy, fgsea's `fora` and clusterProfiler.

use std::sync::{Arc, LazyLock};

use super::columns::Columns;
use crate::lens::Direction;
use crate::lens::tables::{OraRow, Table, TableError};

const NAME: &str = "over-representation";

static DIRECTIONS: LazyLock<Arc<[String]>> = LazyLock::new(|| ["up", "down"].map(str::to_owned).to_vec().into());

/// Code of a direction in [`DIRECTIONS`].
fn direction(row: &OraRow) -> u32 {
    match row.direction {
        Direction::Up => 0,
        Direction::Down => 1,
    }
}

/// −ln p times the odds ratio (Chen et al. 2013 as GSEApy has it); NaN where p is 1 and the odds ratio infinite.
fn combined_score(row: &OraRow) -> f64 {
    -row.log10_p * std::f64::consts::LN_10 * row.odds_ratio
}

pub(super) fn featurescope(rows: &[OraRow], sets: &Arc<[String]>) -> Result<Table, TableError> {
    let columns = Columns::of(rows)
        .count("feature", |row| row.feature.0)
        .named("set", sets, |row| row.set.0)
        .named("direction", &DIRECTIONS, direction)
        .count("k", |row| row.k)
        .count("set_size", |row| row.set_size)
        .count("n_selected", |row| row.n_selected)
        .count("universe", |row| row.universe)
        .number("fold", |row| row.fold)
        .number("odds_ratio", |row| row.odds_ratio)
        .number("log10_p", |row| row.log10_p)
        .number("padj_feature", |row| row.padj_feature)
        .number("padj_global", |row| row.padj_global)
        .number("mw_z", |row| row.mw_z)
        .number("mw_log10_p", |row| row.mw_log10_p)
        .number("mw_padj_feature", |row| row.mw_padj_feature)
        .text("genes", |row| row.genes.join(";"));
    Table::new(NAME, columns.finish())
}

pub(super) fn gseapy(rows: &[OraRow], sets: &Arc<[String]>) -> Result<Table, TableError> {
    let columns = Columns::of(rows)
        .count("feature", |row| row.feature.0)
        .named("direction", &DIRECTIONS, direction)
        .named("Term", sets, |row| row.set.0)
        .text("Overlap", |row| format!("{}/{}", row.k, row.set_size))
        .p("P-value", |row| row.log10_p)
        .number("Adjusted P-value", |row| row.padj_feature)
        .number("Odds Ratio", |row| row.odds_ratio)
        .number("Combined Score", combined_score)
        .text("Genes", |row| row.genes.join(";"));
    Table::new(NAME, columns.finish())
}

/// Genes are separated by a space, as fgsea's vignette writes its lists.
pub(super) fn fora(rows: &[OraRow], sets: &Arc<[String]>) -> Result<Table, TableError> {
    let columns = Columns::of(rows)
        .count("feature", |row| row.feature.0)
        .named("direction", &DIRECTIONS, direction)
        .named("pathway", sets, |row| row.set.0)
        .p("pval", |row| row.log10_p)
        .number("padj", |row| row.padj_feature)
        .number("foldEnrichment", |row| row.fold)
        .count("overlap", |row| row.k)
        .count("size", |row| row.set_size)
        .text("overlapGenes", |row| row.genes.join(" "));
    Table::new(NAME, columns.finish())
}

/// Description repeats ID, as clusterProfiler does without a table of names.
pub(super) fn cluster_profiler(rows: &[OraRow], sets: &Arc<[String]>) -> Result<Table, TableError> {
    let columns = Columns::of(rows)
        .count("feature", |row| row.feature.0)
        .named("direction", &DIRECTIONS, direction)
        .named("ID", sets, |row| row.set.0)
        .named("Description", sets, |row| row.set.0)
        .text("GeneRatio", |row| format!("{}/{}", row.k, row.n_selected))
        .text("BgRatio", |row| format!("{}/{}", row.set_size, row.universe))
        .p("pvalue", |row| row.log10_p)
        .number("p.adjust", |row| row.padj_feature)
        .text("geneID", |row| row.genes.join("/"))
        .count("Count", |row| row.k);
    Table::new(NAME, columns.finish())
}
