//! Which gene of the data a gene set means: names as they are, a column of `var` in their place, Ensembl versions and
//! letters' case.
//!
//! The names of the data are tried, then every column of texts its file has for genes (`gene_symbols`, `feature_name`,
//! Entrez ids, …), each by what it holds: the number of distinct wanted names found in it. A column takes the names'
//! place only if it finds at least a twentieth more. In each, names are compared
//!
//! 1. as they are;
//! 2. without the version of Ensembl ids (`ENSG00000141510.17`), if that finds more;
//! 3. in upper case, if that finds at least twice as many: `Cd3e` for `CD3E`. This compares letters and knows nothing of
//!    orthologs; what is spelt alike exactly always counts first.
//!
//! Of genes with one name the first counts; empty texts name nothing. Ties go to the names, then to the file's order.

mod kind;
mod report;

use std::collections::{BTreeMap, BTreeSet};

pub use kind::NameKind;
pub use report::NameMatch;

use crate::data::Expression;

/// How names are compared.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum NameRule {
    /// As they are.
    #[default]
    Exact,
    /// Ensembl ids without their version.
    WithoutVersion,
    /// In upper case, Ensembl ids without their version.
    AnyCase,
}

/// The genes of the data by the names that gene sets have for them.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct GeneLookup {
    /// Names as they are.
    exact: BTreeMap<String, u32>,
    /// Names as `rule` has them; empty where that is as they are.
    by_key: BTreeMap<String, u32>,
    rule: NameRule,
    column: Option<String>,
    n_genes: usize,
}

impl GeneLookup {
    /// Looks genes up by exactly these names.
    #[must_use]
    pub fn exact(gene_names: &[String]) -> Self {
        Self::new(gene_names, NameRule::Exact, None)
    }

    /// Finds how the most of the wanted names are genes of the data.
    ///
    /// # Examples
    /// ```
    /// use featurescope::data::{DenseMatrix, Expression, GeneColumn, SparseMatrix};
    /// use featurescope::enrich::GeneLookup;
    /// let texts = |texts: [&str; 2]| texts.map(str::to_owned).to_vec();
    /// let values = SparseMatrix::from_dense(&DenseMatrix::zeros(2, 1));
    /// let mut expression = Expression::new(texts(["ENSG00000198851", "ENSG00000010610"]), values);
    /// expression.gene_columns = vec![GeneColumn { name: "symbol".into(), values: texts(["CD3E", "CD4"]) }];
    /// let lookup = GeneLookup::best(&expression, ["CD4", "CD8A"]);
    /// assert_eq!((lookup.column(), lookup.position("CD4")), (Some("symbol"), Some(1)));
    /// ```
    #[must_use]
    pub fn best<'a>(expression: &Expression, wanted: impl IntoIterator<Item = &'a str>) -> Self {
        let wanted: BTreeSet<&str> = wanted.into_iter().collect();
        let mut best = Self::best_rule(&expression.gene_names, None, &wanted);
        let by_names = best.n_found(&wanted);
        let mut needed = by_names + (by_names / 20).max(1);
        for column in &expression.gene_columns {
            let found = Self::best_rule(&column.values, Some(&column.name), &wanted);
            let n_found = found.n_found(&wanted);
            if n_found >= needed {
                needed = n_found + 1;
                best = found;
            }
        }
        best
    }

    fn best_rule(names: &[String], column: Option<&str>, wanted: &BTreeSet<&str>) -> Self {
        let by = |rule| Self::new(names, rule, column);
        let exact = by(NameRule::Exact);
        let n_exact = exact.n_found(wanted);
        let without_version = by(NameRule::WithoutVersion);
        let n_without_version = without_version.n_found(wanted);
        let any_case = by(NameRule::AnyCase);
        if any_case.n_found(wanted) >= (2 * n_without_version.max(n_exact)).max(1) {
            any_case
        } else if n_without_version > n_exact {
            without_version
        } else {
            exact
        }
    }

    fn new(names: &[String], rule: NameRule, column: Option<&str>) -> Self {
        let mut lookup = Self { rule, column: column.map(str::to_owned), n_genes: names.len(), ..Self::default() };
        for (at, name) in names.iter().enumerate().filter(|(_, name)| !name.is_empty()) {
            lookup.exact.entry(name.clone()).or_insert(at as u32);
            if rule != NameRule::Exact {
                lookup.by_key.entry(rule.key(name)).or_insert(at as u32);
            }
        }
        lookup
    }

    fn n_found(&self, wanted: &BTreeSet<&str>) -> usize {
        wanted.iter().filter(|name| self.position(name).is_some()).count()
    }

    /// The position of the gene in the data that a name means.
    pub fn position(&self, name: &str) -> Option<u32> {
        let by_key = || self.by_key.get(&self.rule.key(name)).copied();
        let exact = self.exact.get(name).copied();
        if self.rule == NameRule::Exact { exact } else { exact.or_else(by_key) }
    }

    /// The column of `var` that names are looked for in, if not in the names of the genes.
    pub fn column(&self) -> Option<&str> {
        self.column.as_deref()
    }

    /// How names are compared.
    pub fn rule(&self) -> NameRule {
        self.rule
    }

    /// Genes in the data, with a name or without.
    pub fn n_genes(&self) -> usize {
        self.n_genes
    }
}

impl NameRule {
    /// What of a name is compared.
    fn key(self, name: &str) -> String {
        match self {
            Self::Exact => name.to_owned(),
            Self::WithoutVersion => kind::without_version(name).to_owned(),
            Self::AnyCase => kind::without_version(name).to_uppercase(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::{DenseMatrix, GeneColumn, SparseMatrix};

    pub(super) fn expression(names: &[&str], columns: &[(&str, &[&str])]) -> Expression {
        let texts = |texts: &[&str]| texts.iter().map(|&text| text.to_owned()).collect::<Vec<_>>();
        let by_gene = SparseMatrix::from_dense(&DenseMatrix::zeros(names.len(), 1));
        let mut expression = Expression::new(texts(names), by_gene);
        expression.gene_columns = columns
            .iter()
            .map(|(name, values)| GeneColumn { name: (*name).to_owned(), values: texts(values) })
            .collect();
        expression
    }

    const ENSEMBL: [&str; 3] = ["ENSG00000198851.10", "ENSG00000010610.12", "ENSG00000153563"];

    #[test]
    fn the_column_that_finds_most_takes_the_names_place() {
        let columns: [(&str, &[&str]); 3] =
            [("biotype", &["x", "x", "x"]), ("short", &["CD3E", "", ""]), ("feature_name", &["CD3E", "CD4", "CD8A"])];
        let lookup = GeneLookup::best(&expression(&ENSEMBL, &columns), ["CD4", "CD8A", "CD3E", "x1"]);
        assert_eq!((lookup.column(), lookup.rule()), (Some("feature_name"), NameRule::Exact));
        assert_eq!((lookup.position("CD8A"), lookup.position("cd8a"), lookup.position("")), (Some(2), None, None));
    }

    #[test]
    fn names_stay_where_a_column_finds_no_more() {
        let columns: [(&str, &[&str]); 1] = [("symbol", &["CD3E", "CD4"])];
        let lookup = GeneLookup::best(&expression(&["CD3E", "CD4"], &columns), ["CD4", "CD3E"]);
        assert_eq!(lookup.column(), None);
        assert_eq!(GeneLookup::best(&expression(&["A"], &columns), []).column(), None);
    }

    #[test]
    fn ensembl_versions_are_left_out_on_either_side_where_that_finds_more() {
        let data = expression(&ENSEMBL, &[]);
        let lookup = GeneLookup::best(&data, ["ENSG00000198851", "ENSG00000010610.3", "ENSG00000153563.16"]);
        assert_eq!(lookup.rule(), NameRule::WithoutVersion);
        assert_eq!(lookup.position("ENSG00000010610.3"), Some(1));
        assert_eq!(GeneLookup::best(&data, ["ENSG00000198851.10"]).rule(), NameRule::Exact);
        let odd = GeneLookup::best(&expression(&["RP11-34P13.7", "AC1.2"], &[]), ["RP11-34P13", "AC1.2"]);
        assert_eq!((odd.rule(), odd.position("RP11-34P13")), (NameRule::Exact, None));
    }

    #[test]
    fn case_is_ignored_only_where_that_finds_twice_as_many() {
        let mouse = expression(&["Cd3e", "Cd4", "Cd8a", "CD4"], &[]);
        let lookup = GeneLookup::best(&mouse, ["CD3E", "CD4", "CD8A"]);
        assert_eq!(
            (lookup.rule(), lookup.position("CD3E"), lookup.position("CD4")),
            (NameRule::AnyCase, Some(0), Some(3))
        );
        let human = expression(&["C1orf112", "CD3E", "CD4"], &[]);
        let lookup = GeneLookup::best(&human, ["C1ORF112", "CD3E", "CD4"]);
        assert_eq!((lookup.rule(), lookup.position("C1ORF112")), (NameRule::Exact, None));
    }

    #[test]
    fn of_genes_with_one_name_the_first_counts() {
        let lookup = GeneLookup::exact(&["B".to_owned(), "A".to_owned(), "A".to_owned()]);
        assert_eq!((lookup.position("A"), lookup.n_genes()), (Some(1), 3));
    }
}
