//! The columns people know, by the name of the tool they know them from.
//!
//! Names and contents follow scFeatureLens (arXiv 2410.11468), scanpy 1.11 (`get.rank_genes_groups_df`), GSEApy 1.3
//! (`enrich`, `prerank`), fgsea (`fgsea`, `fora`) and clusterProfiler 4 (`enricher`, `GSEA`). Columns that would need what
//! was not computed are left out (Gene_set, FWER p-val, Tag %, Gene %, qvalue, rank), and nothing stands in for them. As
//! files hold many features, tables of the last three start with `feature`, and of over-representation with
//! `direction`, too.
//!
//! Rules: p is written from log10 p (see [`p_text`](super::p_text)), adjusted p as it comes, over the genes or sets of
//! the feature. NaN is missing. Rows keep their order.

mod columns;
mod differential_expression;
mod gsea;
mod over_representation;

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::{DeRow, GseaRow, OraRow, Table, TableError};
use crate::lens::GeneTest;

/// Whose columns a table has.
///
/// # Examples
/// ```
/// use std::sync::Arc;
/// use featurescope::data::FeatureId;
/// use featurescope::enrich::GeneSetId;
/// use featurescope::lens::tables::{Convention, CsvCompression, GseaRow, TableCsv};
/// let sets: Arc<[String]> = vec!["HALLMARK_HYPOXIA".to_owned()].into();
/// let row = GseaRow {
///     feature: FeatureId(3),
///     set: GeneSetId(0),
///     size: 200,
///     es: 0.75,
///     nes: 2.5,
///     log10_p: -400.0,
///     padj: 0.0,
///     log2err: f64::NAN,
///     leading_edge: vec!["VEGFA".to_owned(), "PGK1".to_owned()],
/// };
/// let table = Convention::Fgsea.gsea(&[row], &sets)?;
/// let mut csv = TableCsv::new(Vec::new(), table.schema(), CsvCompression::None)?;
/// csv.write(&table)?;
/// let expected = "feature,pathway,pval,padj,log2err,ES,NES,size,leadingEdge\n\
///     3,HALLMARK_HYPOXIA,1e-400,0.0,,0.75,2.5,200,VEGFA PGK1\n";
/// assert_eq!(String::from_utf8_lossy(&csv.finish()?), expected);
/// # Ok::<(), featurescope::lens::tables::TableError>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Convention {
    /// Ours: everything there is, p values as log10 p.
    #[default]
    FeatureScope,
    /// scFeatureLens.
    Paper,
    /// scanpy.
    Scanpy,
    /// GSEApy and Enrichr.
    GseaPy,
    /// fgsea, and its `fora`.
    Fgsea,
    /// clusterProfiler.
    ClusterProfiler,
}

/// The kinds of results a convention may have a table for.
#[derive(Clone, Copy)]
enum Results {
    DifferentialExpression,
    OverRepresentation,
    Gsea,
}

impl Results {
    fn name(self) -> &'static str {
        match self {
            Self::DifferentialExpression => "differential expression",
            Self::OverRepresentation => "over-representation",
            Self::Gsea => "gene-set enrichment analysis",
        }
    }

    fn conventions(self) -> &'static [Convention] {
        use Convention::{ClusterProfiler, FeatureScope, Fgsea, GseaPy, Paper, Scanpy};
        match self {
            Self::DifferentialExpression => &[FeatureScope, Paper, Scanpy],
            Self::OverRepresentation | Self::Gsea => &[FeatureScope, GseaPy, Fgsea, ClusterProfiler],
        }
    }
}

impl Convention {
    /// All of them.
    pub const ALL: [Self; 6] =
        [Self::FeatureScope, Self::Paper, Self::Scanpy, Self::GseaPy, Self::Fgsea, Self::ClusterProfiler];

    /// The tool's name.
    pub fn name(self) -> &'static str {
        match self {
            Self::FeatureScope => "FeatureScope",
            Self::Paper => "scFeatureLens",
            Self::Scanpy => "scanpy",
            Self::GseaPy => "GSEApy",
            Self::Fgsea => "fgsea",
            Self::ClusterProfiler => "clusterProfiler",
        }
    }

    /// A table of differential expression, a row a gene of a feature.
    ///
    /// `test` is the test that conventions with room for one show; FeatureScope shows both, Paper Welch's t.
    ///
    /// # Errors
    /// Where a gene has no name in `genes`, or the convention has no such table.
    pub fn differential_expression(
        self,
        rows: &[DeRow],
        genes: &Arc<[String]>,
        test: GeneTest,
    ) -> Result<Table, TableError> {
        match self {
            Self::FeatureScope => differential_expression::featurescope(rows, genes),
            Self::Paper => differential_expression::paper(rows, genes),
            Self::Scanpy => differential_expression::scanpy(rows, genes, test),
            Self::GseaPy | Self::Fgsea | Self::ClusterProfiler => Err(self.lacks(Results::DifferentialExpression)),
        }
    }

    /// A table of over-representation, a row a set of a feature and direction.
    ///
    /// # Errors
    /// Where a set has no name in `sets`, or the convention has no such table. The paper's is
    /// [`EnrichmentCsv`](crate::lens::EnrichmentCsv), since it is of another test.
    pub fn over_representation(self, rows: &[OraRow], sets: &Arc<[String]>) -> Result<Table, TableError> {
        match self {
            Self::FeatureScope => over_representation::featurescope(rows, sets),
            Self::GseaPy => over_representation::gseapy(rows, sets),
            Self::Fgsea => over_representation::fora(rows, sets),
            Self::ClusterProfiler => over_representation::cluster_profiler(rows, sets),
            Self::Paper | Self::Scanpy => Err(self.lacks(Results::OverRepresentation)),
        }
    }

    /// A table of gene-set enrichment analysis, a row a set of a feature.
    ///
    /// # Errors
    /// Where a set has no name in `sets`, or the convention has no such table.
    pub fn gsea(self, rows: &[GseaRow], sets: &Arc<[String]>) -> Result<Table, TableError> {
        match self {
            Self::FeatureScope => gsea::featurescope(rows, sets),
            Self::GseaPy => gsea::gseapy(rows, sets),
            Self::Fgsea => gsea::fgsea(rows, sets),
            Self::ClusterProfiler => gsea::cluster_profiler(rows, sets),
            Self::Paper | Self::Scanpy => Err(self.lacks(Results::Gsea)),
        }
    }

    fn lacks(self, results: Results) -> TableError {
        let choices = results.conventions().iter().map(|convention| convention.name()).collect::<Vec<_>>().join(", ");
        TableError::NoSuchTable { convention: self.name(), results: results.name(), choices }
    }
}

#[cfg(test)]
mod tests;
