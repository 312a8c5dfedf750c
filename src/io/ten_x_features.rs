//! The features of a 10x count matrix: genes, and others that are set aside.
//!
//! A feature is a gene where its type is `Gene Expression` or the file has no types (before Cell Ranger 3, which counted
//! genes only).

use std::collections::BTreeMap;

use super::tensor::listed_texts;
use crate::data::{GeneColumn, Notice, shortened};

const GENE: &str = "Gene Expression";

/// What a file says of the rows of its matrix, each list `[n_features]` or empty.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Features {
    /// Ids, such as Ensembl's; never left out.
    pub ids: Vec<String>,
    /// Symbols; never left out.
    pub names: Vec<String>,
    /// Types.
    pub kinds: Vec<String>,
    /// Genomes.
    pub genomes: Vec<String>,
}

impl Features {
    /// A column of another length than the ids, with its length.
    pub(crate) fn uneven(&self) -> Option<(&'static str, usize)> {
        let n_features = self.ids.len();
        let optional = [("feature_type", &self.kinds), ("genome", &self.genomes)];
        let optional = optional.into_iter().filter(|(_, values)| !values.is_empty());
        let mut columns = [("name", &self.names)].into_iter().chain(optional);
        columns.find(|(_, values)| values.len() != n_features).map(|(name, values)| (name, values.len()))
    }

    fn is_gene(&self, feature: usize) -> bool {
        self.kinds.get(feature).is_none_or(|kind| kind == GENE)
    }

    /// The row of each feature among the genes.
    pub(crate) fn gene_by_feature(&self) -> Vec<Option<usize>> {
        let mut n_genes = 0;
        let row = |feature| {
            let is_gene = self.is_gene(feature);
            n_genes += usize::from(is_gene);
            is_gene.then(|| n_genes - 1)
        };
        (0..self.ids.len()).map(row).collect()
    }

    /// The values of those features that are genes.
    pub(crate) fn of_genes(&self, values: &[String]) -> Vec<String> {
        let genes = values.iter().enumerate().filter(|(feature, _)| self.is_gene(*feature));
        genes.map(|(_, value)| value.clone()).collect()
    }

    /// What is kept of the genes beside their symbols: ids, and genomes where there are several.
    pub(crate) fn gene_columns(&self) -> Vec<GeneColumn> {
        let mut columns = vec![GeneColumn { name: "gene_ids".to_owned(), values: self.of_genes(&self.ids) }];
        if self.genomes.iter().any(|genome| *genome != self.genomes[0]) {
            columns.push(GeneColumn { name: "genome".to_owned(), values: self.of_genes(&self.genomes) });
        }
        columns
    }

    /// Tells of features that were set aside.
    pub(crate) fn notice(&self) -> Option<Notice> {
        let mut n_by_kind = BTreeMap::new();
        for kind in self.kinds.iter().filter(|kind| *kind != GENE) {
            *n_by_kind.entry(kind.as_str()).or_insert(0_usize) += 1;
        }
        let n_aside: usize = n_by_kind.values().sum();
        if n_aside == 0 {
            return None;
        }
        let kinds = n_by_kind.iter().map(|(kind, n)| format!("{n} of type {:?}", shortened(kind)));
        let kinds = listed_texts(kinds.collect());
        Some(if n_aside == self.ids.len() {
            Notice::warning(format!(
                "None of the {n_aside} features is of type {GENE:?} ({kinds}), so there is no expression: genes and gene \
                 sets can't be tested."
            ))
        } else {
            Notice::info(format!(
                "{n_aside} of the {} features are not of type {GENE:?} and were set aside: {kinds}.",
                self.ids.len()
            ))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn features(kinds: &[&str]) -> Features {
        let texts = |prefix: &str| (0..3).map(|at| format!("{prefix}{at}")).collect();
        let kinds = kinds.iter().map(|&kind| kind.to_owned()).collect();
        Features { ids: texts("E"), names: texts("G"), kinds, genomes: texts("g") }
    }

    #[test]
    fn features_that_are_no_genes_are_set_aside_and_told() {
        let mixed = features(&[GENE, "Antibody Capture", GENE]);
        assert_eq!(mixed.gene_by_feature(), [Some(0), None, Some(1)]);
        assert_eq!(mixed.of_genes(&mixed.names), ["G0", "G2"]);
        assert_eq!(mixed.gene_columns()[1].values, ["g0", "g2"]);
        let text = mixed.notice().unwrap().text;
        assert_eq!(
            text,
            "1 of the 3 features are not of type \"Gene Expression\" and were set aside: 1 of type \"Antibody Capture\"."
        );
        assert!(features(&["Peaks"; 3]).notice().unwrap().text.starts_with("None of the 3 features"));
        assert!(features(&[]).notice().is_none());
    }

    #[test]
    fn columns_of_another_length_are_named() {
        assert_eq!(features(&[]).uneven(), None);
        assert_eq!(features(&[GENE]).uneven(), Some(("feature_type", 1)));
    }
}
