//! Differential expression in the columns of FeatureScope, scFeatureLens and scanpy.

use std::sync::Arc;

use super::columns::Columns;
use crate::lens::GeneTest;
use crate::lens::tables::{DeRow, Table, TableError};

const NAME: &str = "differential expression";
/// Added to the negative mean in the paper's linear fold change.
const PSEUDOCOUNT: f64 = 1e-8;

pub(super) fn featurescope(rows: &[DeRow], genes: &Arc<[String]>) -> Result<Table, TableError> {
    let columns = Columns::of(rows)
        .count("feature", |row| row.feature.0)
        .named("gene", genes, |row| row.gene.0)
        .count("n_pos", |row| row.n_pos)
        .count("n_neg", |row| row.n_neg)
        .number("mean_pos", |row| row.mean_pos)
        .number("mean_neg", |row| row.mean_neg)
        .number("frac_pos", |row| row.frac_pos)
        .number("frac_neg", |row| row.frac_neg)
        .number("log2_fold_change", |row| row.log2_fold_change)
        .number("t", |row| row.t)
        .number("log10_p_t", |row| row.log10_p_t)
        .number("padj_t", |row| row.padj_t)
        .number("u", |row| row.u)
        .number("auroc", |row| row.auroc)
        .number("log10_p_wilcoxon", |row| row.log10_p_wilcoxon)
        .number("padj_wilcoxon", |row| row.padj_wilcoxon);
    Table::new(NAME, columns.finish())
}

/// Fold change is linear, mean⁺/(mean⁻ + 1e-8).
pub(super) fn paper(rows: &[DeRow], genes: &Arc<[String]>) -> Result<Table, TableError> {
    let columns = Columns::of(rows)
        .count("feature", |row| row.feature.0)
        .named("gene", genes, |row| row.gene.0)
        .number("mean_positive", |row| row.mean_pos)
        .number("mean_negative", |row| row.mean_neg)
        .number("fold_change", |row| row.mean_pos / (row.mean_neg + PSEUDOCOUNT))
        .number("t_statistic", |row| row.t)
        .p("p_value", |row| row.log10_p_t)
        .number("padj", |row| row.padj_t);
    Table::new(NAME, columns.finish())
}

/// The feature is the group.
pub(super) fn scanpy(rows: &[DeRow], genes: &Arc<[String]>, test: GeneTest) -> Result<Table, TableError> {
    let of = |row: &DeRow| match test {
        GeneTest::Welch => (row.t, row.log10_p_t, row.padj_t),
        GeneTest::Wilcoxon => (row.z, row.log10_p_wilcoxon, row.padj_wilcoxon),
    };
    let columns = Columns::of(rows)
        .feature_names("group", |row| row.feature)
        .named("names", genes, |row| row.gene.0)
        .number("scores", |row| of(row).0)
        .number("logfoldchanges", |row| row.log2_fold_change)
        .p("pvals", |row| of(row).1)
        .number("pvals_adj", |row| of(row).2);
    Table::new(NAME, columns.finish())
}
