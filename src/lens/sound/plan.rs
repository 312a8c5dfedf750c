//! What an analysis of all features needs to know, made once from the data and the parameters.

use super::normaliser::Normaliser;
use super::params::{SoundParams, Universe};
use super::shard::ShardPlan;
use crate::data::{Expression, GeneSet, Notice};
use crate::enrich::{GeneLookup, MatchedGeneSets};
use crate::lens::analysis::no_set_notice;
use crate::lens::prepared::normalised_already_notice;
use crate::lens::{AnalysisParams, LensError};

impl ShardPlan {
    /// Looks at the values, matches the sets within the universe, and says what a person should know.
    ///
    /// # Errors
    /// [`LensError`] where parameters or expression values do not allow the analysis.
    pub fn new(
        expression: &Expression,
        gene_sets: &[GeneSet],
        params: &AnalysisParams,
    ) -> Result<(Self, Vec<Notice>), LensError> {
        params.check()?;
        let normaliser = Normaliser::new(expression, params.values)?;
        let lookup = GeneLookup::best(expression, genes_of(gene_sets));
        let is_in_universe = universe(expression, &lookup, gene_sets, &params.sound)?;
        let (min, max) = (params.min_set_size, params.max_set_size);
        let sets = MatchedGeneSets::looked_up(&lookup, gene_sets, min, max, |gene| is_in_universe[gene]);
        let mut notices = Vec::new();
        notices.extend(normalised_already_notice(expression, params.values));
        if let Universe::Listed { name, genes } = &params.sound.universe {
            let (n_found, n_listed) = (sets.n_universe(), genes.len());
            notices
                .push(Notice::info(format!("The universe is {n_found} genes of the data; {name:?} lists {n_listed}.")));
        }
        if sets.is_empty() && !gene_sets.is_empty() {
            notices.push(no_set_notice(&sets, expression.n_genes(), min, max));
        }
        let plan =
            Self { n_genes: expression.n_genes(), normaliser, params: params.sound.clone(), sets, is_in_universe };
        Ok((plan, notices))
    }
}

fn genes_of(sets: &[GeneSet]) -> impl Iterator<Item = &str> {
    sets.iter().flat_map(|set| set.genes.iter().map(String::as_str))
}

/// Whether each gene is in the universe.
fn universe(
    expression: &Expression,
    lookup: &GeneLookup,
    gene_sets: &[GeneSet],
    params: &SoundParams,
) -> Result<Vec<bool>, LensError> {
    // Of genes with one name the first is the one that sets mean.
    let among = |lookup: &GeneLookup, known: &mut dyn Iterator<Item = &str>| {
        let mut is_found = vec![false; expression.n_genes()];
        for gene in known.filter_map(|name| lookup.position(name)) {
            is_found[gene as usize] = true;
        }
        is_found
    };
    match &params.universe {
        Universe::Measured => Ok(vec![true; expression.n_genes()]),
        Universe::Annotated => Ok(among(lookup, &mut genes_of(gene_sets))),
        Universe::Listed { name, genes } => {
            let listed = GeneLookup::best(expression, genes.iter().map(String::as_str));
            let found = among(&listed, &mut genes.iter().map(String::as_str));
            if found.contains(&true) {
                Ok(found)
            } else {
                Err(LensError::EmptyUniverse { name: name.clone(), n_genes: genes.len() })
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::{DenseMatrix, SparseMatrix};

    fn plan(universe: Universe) -> Result<ShardPlan, LensError> {
        let names = ["A", "B", "C", "D", "A"].map(str::to_owned).to_vec();
        let by_gene = SparseMatrix::from_dense(&DenseMatrix::new(5, 2, vec![1.0; 10]).unwrap());
        let genes = ["A", "B", "X"].map(str::to_owned).to_vec();
        let sets = [GeneSet { name: "s".to_owned(), description: String::new(), genes }];
        let sound = SoundParams { universe, ..SoundParams::default() };
        let params = AnalysisParams { min_set_size: 1, sound, ..AnalysisParams::default() };
        ShardPlan::new(&Expression::new(names, by_gene), &sets, &params).map(|(plan, _)| plan)
    }

    #[test]
    fn hits_are_counted_among_the_genes_asked_for() {
        let of = |universe| {
            let plan = plan(universe).unwrap();
            (plan.sets.n_universe(), plan.sets.genes(crate::enrich::GeneSetId(0)).len())
        };
        assert_eq!(of(Universe::Measured), (5, 2));
        assert_eq!(of(Universe::Annotated), (2, 2));
        let listed = |genes: &[&str]| Universe::Listed {
            name: "mine".to_owned(),
            genes: genes.iter().map(|&gene| gene.to_owned()).collect(),
        };
        assert_eq!(of(listed(&["B", "C", "Z"])), (2, 1));
        let error = plan(listed(&["Z"])).unwrap_err();
        assert_eq!(error, LensError::EmptyUniverse { name: "mine".to_owned(), n_genes: 1 });
    }
}
