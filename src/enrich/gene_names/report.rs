//! How the genes of gene sets were found in the data: counts, both heads, and what a person should know.
//!
//! Silent where names are found as they are. Few are found if that is less than a tenth of the shorter list: sets of
//! whole genomes meet data of a few thousand genes.

use std::collections::BTreeSet;

use super::{GeneLookup, NameKind, NameRule};
use crate::data::{Expression, GeneSet, Notice};

/// Names shown in messages.
const N_EXAMPLES: usize = 3;

/// How wanted names and genes match.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NameMatch {
    /// Genes in the data.
    pub n_genes: usize,
    /// Distinct names wanted.
    pub n_wanted: usize,
    /// Of those, names found.
    pub n_found: usize,
    /// Of those, names found as they are among the names of the data.
    pub n_found_plainly: usize,
    /// Names wanted and not found, in alphabetical order.
    pub unmatched: Vec<String>,
    /// The first names of the data.
    pub gene_head: Vec<String>,
    /// The first names wanted.
    pub wanted_head: Vec<String>,
    column: Option<String>,
    rule: NameRule,
    /// A name found in another spelling, as it is wanted and as the data have it.
    respelt: Option<(String, String)>,
    kinds: Option<(NameKind, NameKind)>,
}

impl NameMatch {
    /// Looks up all genes of the sets.
    #[must_use]
    pub fn new(expression: &Expression, sets: &[GeneSet], lookup: &GeneLookup) -> Self {
        let wanted: BTreeSet<&str> = sets.iter().flat_map(|set| set.genes.iter().map(String::as_str)).collect();
        let plain: BTreeSet<&str> = expression.gene_names.iter().map(String::as_str).collect();
        let unmatched = wanted.iter().filter(|name| lookup.position(name).is_none()).map(|&name| name.to_owned());
        let unmatched: Vec<String> = unmatched.collect();
        let head = |names: &mut dyn Iterator<Item = &String>| names.take(N_EXAMPLES).cloned().collect::<Vec<_>>();
        let of_data = NameKind::of_most(expression.gene_names.iter().map(String::as_str));
        Self {
            n_genes: expression.n_genes(),
            n_wanted: wanted.len(),
            n_found: wanted.len() - unmatched.len(),
            n_found_plainly: wanted.intersection(&plain).count(),
            unmatched,
            gene_head: head(&mut expression.gene_names.iter()),
            wanted_head: head(&mut sets.iter().flat_map(|set| &set.genes)),
            column: lookup.column().map(str::to_owned),
            rule: lookup.rule(),
            respelt: respelt(expression, &wanted, lookup),
            kinds: of_data.zip(NameKind::of_most(wanted.iter().copied())),
        }
    }

    /// What a person should know.
    pub fn notices(&self) -> Vec<Notice> {
        let mut notices = Vec::new();
        notices.extend(self.column_notice());
        notices.extend(self.rule_notice());
        notices.extend(self.few_notice());
        notices
    }

    /// By what the genes were found, in a few words.
    pub fn found_by(&self) -> String {
        let by =
            self.column.as_ref().map_or_else(|| "gene names".to_owned(), |column| format!("var column {column:?}"));
        match self.rule {
            NameRule::Exact => by,
            NameRule::WithoutVersion => format!("{by}, Ensembl ids without version"),
            NameRule::AnyCase => format!("{by}, ignoring case"),
        }
    }

    fn column_notice(&self) -> Option<Notice> {
        let column = self.column.as_ref()?;
        Some(Notice::info(format!(
            "Genes of the sets (such as {}) were looked up in the column {column:?} of var, because the data name genes \
             otherwise (such as {}): {} of {} are found there, {} by the names.",
            quoted(&self.wanted_head),
            quoted(&self.gene_head),
            self.n_found,
            self.n_wanted,
            self.n_found_plainly
        )))
    }

    fn rule_notice(&self) -> Option<Notice> {
        let (wanted, known) = self.respelt.as_ref()?;
        let (n_found, n_wanted) = (self.n_found, self.n_wanted);
        match self.rule {
            NameRule::Exact => None,
            NameRule::WithoutVersion => Some(Notice::info(format!(
                "Ensembl ids were compared without their version ({known:?} is {wanted:?}): {n_found} of {n_wanted} genes \
                 of the sets are in the data."
            ))),
            NameRule::AnyCase => Some(Notice::warning(format!(
                "Genes of the sets were found only by ignoring upper and lower case ({known:?} for {wanted:?}): {n_found} \
                 of {n_wanted} are in the data. If data and sets are of two species, such as mouse and human, this \
                 compares spellings, not orthologs: genes with other names are missed, and equal names can be other \
                 genes. Better open gene sets of the species of the data."
            ))),
        }
    }

    fn few_notice(&self) -> Option<Notice> {
        let possible = self.n_wanted.min(self.n_genes);
        if possible == 0 || 10 * self.n_found >= possible {
            return None;
        }
        Some(Notice::warning(format!(
            "Only {} of {} genes of the sets (such as {}) are among the {} genes of the data (such as {}). {}",
            self.n_found,
            self.n_wanted,
            quoted(&self.wanted_head),
            self.n_genes,
            quoted(&self.gene_head),
            self.advice()
        )))
    }

    fn advice(&self) -> String {
        let Some((of_data, of_sets)) = &self.kinds else { return String::new() };
        match (of_data, of_sets) {
            (NameKind::Ensembl(a), NameKind::Ensembl(b)) if a != b => format!(
                "The data have {}, the sets {}: they are of two species. Open gene sets of the species of the data.",
                of_data.words(),
                of_sets.words()
            ),
            (a, b) if a == b => {
                "Both are named alike, so the sets may be of another species, or the data hold only some \
                                 genes. Open gene sets of the species of the data, or data with all genes."
                    .to_owned()
            }
            _ => format!(
                "The data have {}, the sets {}, and no column of var has names of the sets. Open sets with {}, or add the \
                 names of the sets to the file in Python: adata.var[\"gene_symbols\"] = …",
                of_data.words(),
                of_sets.words(),
                of_data.words()
            ),
        }
    }
}

/// The first name that is found in another spelling.
fn respelt(expression: &Expression, wanted: &BTreeSet<&str>, lookup: &GeneLookup) -> Option<(String, String)> {
    let column = expression.gene_columns.iter().find(|column| Some(column.name.as_str()) == lookup.column());
    let names = column.map_or(&expression.gene_names, |column| &column.values);
    wanted.iter().find_map(|&name| {
        let known = names.get(lookup.position(name)? as usize)?;
        (known != name).then(|| (name.to_owned(), known.clone()))
    })
}

fn quoted(names: &[String]) -> String {
    names.iter().map(|name| format!("{name:?}")).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::super::tests::expression;
    use super::*;

    fn told(names: &[&str], columns: &[(&str, &[&str])], genes: &[&str]) -> (NameMatch, String) {
        let expression = expression(names, columns);
        let genes: Vec<String> = genes.iter().map(|&gene| gene.to_owned()).collect();
        let lookup = GeneLookup::best(&expression, genes.iter().map(String::as_str));
        let set = GeneSet { name: "S".to_owned(), description: String::new(), genes };
        let matched = NameMatch::new(&expression, &[set], &lookup);
        let text = matched.notices().into_iter().map(|notice| notice.text).collect::<Vec<_>>().join(" | ");
        (matched, text)
    }

    #[test]
    fn names_found_as_they_are_need_no_words() {
        let (matched, text) = told(&["CD3E", "CD4"], &[], &["CD4", "CD8A"]);
        assert_eq!((matched.n_wanted, matched.n_found, matched.n_found_plainly), (2, 1, 1));
        assert_eq!((matched.unmatched, text.as_str()), (vec!["CD8A".to_owned()], ""));
    }

    #[test]
    fn a_column_in_the_names_place_is_told_with_counts_and_heads() {
        let (matched, text) = told(
            &["ENSG00000198851", "ENSG00000010610"],
            &[("feature_name", &["CD3E", "CD4"])],
            &["CD4", "CD8A", "CD3E"],
        );
        assert_eq!((matched.n_found, matched.n_found_plainly), (2, 0));
        assert_eq!(matched.found_by(), "var column \"feature_name\"");
        assert_eq!(
            text,
            "Genes of the sets (such as \"CD4\", \"CD8A\", \"CD3E\") were looked up in the column \"feature_name\" of \
             var, because the data name genes otherwise (such as \"ENSG00000198851\", \"ENSG00000010610\"): 2 of 3 are \
             found there, 0 by the names."
        );
    }

    #[test]
    fn versions_left_out_are_told() {
        let (_, text) = told(&["ENSG00000198851.10"], &[], &["ENSG00000198851"]);
        assert_eq!(
            text,
            "Ensembl ids were compared without their version (\"ENSG00000198851.10\" is \"ENSG00000198851\"): 1 of 1 \
             genes of the sets are in the data."
        );
    }

    #[test]
    fn sets_of_another_species_are_told_by_ids_and_by_case() {
        let (_, text) =
            told(&["ENSMUSG00000059552", "ENSMUSG00000023274"], &[], &["ENSG00000198851", "ENSG00000010610"]);
        assert_eq!(
            text,
            "Only 0 of 2 genes of the sets (such as \"ENSG00000198851\", \"ENSG00000010610\") are among the 2 genes of the \
             data (such as \"ENSMUSG00000059552\", \"ENSMUSG00000023274\"). The data have mouse Ensembl ids, the sets human \
             Ensembl ids: they are of two species. Open gene sets of the species of the data."
        );
        let (matched, text) = told(&["Cd3e", "Cd4"], &[], &["CD3E", "CD4", "HLA-A"]);
        assert_eq!((matched.n_found, matched.n_found_plainly), (2, 0));
        assert_eq!(
            text,
            "Genes of the sets were found only by ignoring upper and lower case (\"Cd3e\" for \"CD3E\"): 2 of 3 are in the \
             data. If data and sets are of two species, such as mouse and human, this compares spellings, not orthologs: \
             genes with other names are missed, and equal names can be other genes. Better open gene sets of the species of \
             the data."
        );
    }

    #[test]
    fn ensembl_against_symbols_without_a_bridge_is_told_with_a_way_on() {
        let (_, text) = told(&["ENSG00000198851", "ENSG00000010610"], &[("biotype", &["x", "x"])], &["CD3E", "CD4"]);
        assert_eq!(
            text,
            "Only 0 of 2 genes of the sets (such as \"CD3E\", \"CD4\") are among the 2 genes of the data (such as \
             \"ENSG00000198851\", \"ENSG00000010610\"). The data have human Ensembl ids, the sets symbols, and no column of \
             var has names of the sets. Open sets with human Ensembl ids, or add the names of the sets to the file in \
             Python: adata.var[\"gene_symbols\"] = …"
        );
    }

    #[test]
    fn entrez_ids_are_bridged_like_any_other_names() {
        let (matched, _) = told(&["CD3E", "CD4"], &[("entrez", &["916", "920"])], &["920", "925"]);
        assert_eq!((matched.n_found, matched.found_by().as_str()), (1, "var column \"entrez\""));
    }
}
