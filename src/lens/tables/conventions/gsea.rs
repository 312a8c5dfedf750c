//! Gene-set enrichment analysis in the columns of FeatureScope, GSEApy, fgsea and clusterProfiler.

use std::sync::Arc;

use super::columns::Columns;
use crate::lens::tables::{GseaRow, Table, TableError};

const NAME: &str = "gene-set enrichment analysis";

pub(super) fn featurescope(rows: &[GseaRow], sets: &Arc<[String]>) -> Result<Table, TableError> {
    let columns = Columns::of(rows)
        .count("feature", |row| row.feature.0)
        .named("set", sets, |row| row.set.0)
        .count("size", |row| row.size)
        .number("es", |row| row.es)
        .number("nes", |row| row.nes)
        .number("log10_p", |row| row.log10_p)
        .number("padj", |row| row.padj)
        .number("log2err", |row| row.log2err)
        .text("leading_edge", |row| row.leading_edge.join(";"));
    Table::new(NAME, columns.finish())
}

/// `FDR q-val` is Benjamini–Hochberg's, where GSEApy compares distributions of NES.
pub(super) fn gseapy(rows: &[GseaRow], sets: &Arc<[String]>) -> Result<Table, TableError> {
    let columns = Columns::of(rows)
        .count("feature", |row| row.feature.0)
        .named("Term", sets, |row| row.set.0)
        .number("ES", |row| row.es)
        .number("NES", |row| row.nes)
        .p("NOM p-val", |row| row.log10_p)
        .number("FDR q-val", |row| row.padj)
        .text("Lead_genes", |row| row.leading_edge.join(";"));
    Table::new(NAME, columns.finish())
}

/// Genes are separated by a space, as fgsea's vignette writes its lists.
pub(super) fn fgsea(rows: &[GseaRow], sets: &Arc<[String]>) -> Result<Table, TableError> {
    let columns = Columns::of(rows)
        .count("feature", |row| row.feature.0)
        .named("pathway", sets, |row| row.set.0)
        .p("pval", |row| row.log10_p)
        .number("padj", |row| row.padj)
        .number("log2err", |row| row.log2err)
        .number("ES", |row| row.es)
        .number("NES", |row| row.nes)
        .count("size", |row| row.size)
        .text("leadingEdge", |row| row.leading_edge.join(" "));
    Table::new(NAME, columns.finish())
}

/// Description repeats ID, as clusterProfiler does without a table of names.
pub(super) fn cluster_profiler(rows: &[GseaRow], sets: &Arc<[String]>) -> Result<Table, TableError> {
    let columns = Columns::of(rows)
        .count("feature", |row| row.feature.0)
        .named("ID", sets, |row| row.set.0)
        .named("Description", sets, |row| row.set.0)
        .count("setSize", |row| row.size)
        .number("enrichmentScore", |row| row.es)
        .number("NES", |row| row.nes)
        .p("pvalue", |row| row.log10_p)
        .number("p.adjust", |row| row.padj)
        .text("core_enrichment", |row| row.leading_edge.join("/"));
    Table::new(NAME, columns.finish())
}
