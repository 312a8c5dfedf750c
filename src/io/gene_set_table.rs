//! Gene sets as a long table (CSV, TSV, gzip or not): one row for each gene of a set.
//!
//! As decoupler (`source, target, weight`), msigdbr (`gs_name, gene_symbol`) and clusterProfiler (`term, gene`) write
//! them. A table is one if its header has a name for the set and a name for the gene. Sets are in the order of their
//! first rows; weights are dropped, a gene twice is kept once, rows without a set or a gene are left out.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::gmt::{distinct_genes, finished};
use super::text_table::{delimiter_of, is_missing, open_table};
use super::{ByteSource, ImportError};
use crate::data::{GeneSet, Observer};

/// Headers of the column with the sets, best first, lower case.
const SET_NAMES: [&str; 10] =
    ["source", "geneset", "gene_set", "gene set", "gs_name", "pathway", "pathway_name", "term", "set", "set_name"];
/// Headers of the column with the genes, best first, lower case.
const GENE_NAMES: [&str; 9] =
    ["target", "genesymbol", "gene_symbol", "gene symbol", "symbol", "hgnc_symbol", "gene", "gene_name", "genes"];
const DESCRIPTION_NAMES: [&str; 2] = ["gs_description", "description"];

/// Whether a table is gene sets, by its header.
pub(crate) fn is_gene_sets(start: &[u8]) -> bool {
    let header = start.split(|&byte| byte == b'\n' || byte == b'\r').next().unwrap_or_default();
    let delimiter = delimiter_of(header);
    let names: Vec<String> = header
        .split(|&byte| byte == delimiter)
        .map(|field| String::from_utf8_lossy(field).trim_matches(['"', ' ', '\u{feff}']).to_owned())
        .collect();
    position(&names, &SET_NAMES).is_some() && position(&names, &GENE_NAMES).is_some()
}

/// Reads the gene sets of a long table.
///
/// # Errors
/// [`ImportError::NoContent`] without the two columns or without sets, [`ImportError::Line`], and what reading can give.
pub(crate) fn import_gene_set_table(
    name: &str,
    source: Arc<dyn ByteSource>,
    observer: &dyn Observer,
) -> Result<Vec<GeneSet>, ImportError> {
    observer.progress(0.0, &format!("Reading gene sets from {name}"));
    let table = open_table(name, source, observer)?;
    let hint = "a long table has a column of sets (gene_set, source, term, …) and one of genes (gene, target, …)";
    let (Some(set), Some(gene)) = (position(&table.names, &SET_NAMES), position(&table.names, &GENE_NAMES)) else {
        return finished(name, Vec::new(), 0, hint, observer);
    };
    let description = position(&table.names, &DESCRIPTION_NAMES);
    let mut at_by_name: BTreeMap<&str, usize> = BTreeMap::new();
    let mut found: Vec<(&str, Vec<&str>)> = Vec::new();
    let mut first_rows = Vec::new();
    for (row, (set, gene)) in table.columns[set].values().zip(table.columns[gene].values()).enumerate() {
        if is_missing(set) || is_missing(gene) {
            continue;
        }
        let at = *at_by_name.entry(set).or_insert(found.len());
        if at == found.len() {
            found.push((set, Vec::new()));
            first_rows.push(row);
        }
        found[at].1.push(gene);
    }
    let descriptions: Vec<&str> = description.map(|at| table.columns[at].values().collect()).unwrap_or_default();
    let sets = found.into_iter().zip(first_rows).map(|((set, genes), row)| GeneSet {
        name: set.to_owned(),
        description: descriptions.get(row).copied().unwrap_or_default().to_owned(),
        genes: distinct_genes(genes.into_iter()),
    });
    finished(name, sets.collect(), 0, hint, observer)
}

/// Where the best of some names stands.
fn position(names: &[String], wanted: &[&str]) -> Option<usize> {
    wanted.iter().find_map(|wanted| names.iter().position(|name| name.to_lowercase() == **wanted))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::io::Imported;
    use crate::io::fixtures::{open, open_file, survives_damage};

    fn sets(name: &str, text: &str) -> Vec<GeneSet> {
        match open(name, text.as_bytes().to_vec()).unwrap() {
            Imported::GeneSets(sets) => sets,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn rows_are_gathered_by_set_in_order() {
        let text = "source,target,weight\nB,G1,1\nA,G2,-1\nB,G3,0.5\nB,G1,1\n,G4,1\n";
        let found = sets("progeny.csv", text);
        assert_eq!((found[0].name.as_str(), found[0].genes.join(" ").as_str()), ("B", "G1 G3"));
        assert_eq!((found[1].name.as_str(), found[1].genes.join(" ").as_str()), ("A", "G2"));
        let msigdbr = "gs_name\tgene_symbol\tgs_description\nH\tG1\twhat it is\n";
        assert_eq!(sets("m.tsv", msigdbr)[0].description, "what it is");
    }

    #[test]
    fn every_format_has_the_same_sets() {
        let Imported::GeneSets(wanted) = open_file("gene_sets/sets.gmt").unwrap() else { panic!("no sets") };
        assert_eq!(wanted.len(), 3);
        let genes = |sets: &[GeneSet]| sets.iter().map(|set| (set.name.clone(), set.genes.clone())).collect::<Vec<_>>();
        for file in ["sets.gmt.gz", "sets.gmx", "sets.json", "msigdb.json.gz", "long.csv", "long.tsv.gz"] {
            match open_file(&format!("gene_sets/{file}")).unwrap() {
                Imported::GeneSets(found) => assert_eq!(genes(&found), genes(&wanted), "{file}"),
                other => panic!("{file}: {other:?}"),
            }
        }
    }

    #[test]
    fn damage_is_an_error_or_harmless() {
        for file in ["sets.gmt", "sets.gmx", "sets.json", "msigdb.json.gz", "long.csv", "long.tsv.gz"] {
            survives_damage(&format!("gene_sets/{file}"), 1500);
        }
    }
}
