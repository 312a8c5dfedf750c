//! One feature after the other through the paper's whole method: groups, genes, terms.
//!
//! Terms (arXiv 2410.11468, scFeatureLens): a set is kept if its binomial p < 0.05, its Mann-Whitney p ≤ 0.01 and at
//! least one selected gene is in it; no correction over terms or features. See [`CellGroups`], [`GeneTests`],
//! [`SelectedGenes`] and [`crate::enrich`] for each step's rules. Every call is one feature, so that the caller can
//! show progress, yield and stop between features; the result of a feature does not depend on the others.

use super::{AnalysisParams, CellGroups, GeneTester, GeneTests, LensError, PreparedExpression, SelectedGenes};
use crate::data::{Expression, FeatureId, GeneId, GeneSet, Notice, SparseActivations};
use crate::enrich::{GeneLookup, GeneSetId, HitCounter, MatchedGeneSets, OverRepresentation, rank_test};
use crate::stats::MannWhitney;

/// Genes listed in each direction.
pub const N_TOP_GENES: usize = 25;
const BINOMIAL_BELOW: f64 = 0.05;
const MANN_WHITNEY_UP_TO: f64 = 0.01;

/// A gene in a feature's list.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct GeneResult {
    /// The gene.
    pub gene: GeneId,
    /// Mean in positive cells.
    pub mean_positive: f64,
    /// Mean in negative cells.
    pub mean_negative: f64,
    /// mean⁺/(mean⁻ + 1e-8), linear.
    pub fold_change: f64,
    /// Two-sided Welch p.
    pub p_value: f64,
    /// ln of that p, finite where p underflows.
    pub ln_p_value: f64,
    /// Benjamini–Hochberg over all genes.
    pub padj: f64,
}

/// A kept term with both tests.
#[derive(Clone, Debug, PartialEq)]
pub struct TermResult {
    /// The set.
    pub set: GeneSetId,
    /// Genes of the set in the data.
    pub set_size: usize,
    /// Selected genes in the set, with the binomial test's numbers.
    pub over_representation: OverRepresentation,
    /// The rank test.
    pub mann_whitney: MannWhitney,
    /// The selected genes in the set, in the data's order.
    pub hits: Vec<GeneId>,
}

/// What one feature stands for.
#[derive(Clone, Debug, PartialEq)]
pub struct FeatureAnalysis {
    /// The feature.
    pub feature: FeatureId,
    /// Cells in the positive group.
    pub n_positive: usize,
    /// Cells in the negative group, cells listed twice counted twice.
    pub n_negative: usize,
    /// Genes selected for the terms.
    pub n_selected: usize,
    /// Selected genes have padj below this.
    pub p_threshold: f64,
    /// … and a fold change above this or below its inverse, unless the rule was dropped.
    pub fold_change_threshold: Option<f64>,
    /// Significant genes (padj below the threshold) with fold change above 1, largest first.
    pub genes_up: Vec<GeneResult>,
    /// Significant genes with fold change below 1, smallest first.
    pub genes_down: Vec<GeneResult>,
    /// Kept terms, smallest Mann-Whitney p first; empty without gene sets.
    pub terms: Vec<TermResult>,
}

/// Holds what all features share: prepared expression, matched gene sets, room to work in.
#[derive(Clone, Debug)]
pub struct Lens {
    expression: PreparedExpression,
    sets: MatchedGeneSets,
    notices: Vec<Notice>,
    tester: GeneTester,
    tests: GeneTests,
    hits: HitCounter,
}

impl Lens {
    /// Prepares an analysis; `gene_sets` may be empty.
    ///
    /// # Errors
    /// [`LensError`] where parameters or expression values do not allow the analysis.
    pub fn new(expression: &Expression, gene_sets: &[GeneSet], params: &AnalysisParams) -> Result<Self, LensError> {
        params.check()?;
        let prepared = PreparedExpression::new(expression, params.values)?;
        let (min, max) = (params.min_set_size, params.max_set_size);
        let wanted = gene_sets.iter().flat_map(|set| set.genes.iter().map(String::as_str));
        let sets = MatchedGeneSets::looked_up(&GeneLookup::best(expression, wanted), gene_sets, min, max, |_| true);
        let mut notices = prepared.notices().to_vec();
        if sets.is_empty() && !gene_sets.is_empty() {
            notices.push(no_set_notice(&sets, expression.n_genes(), min, max));
        }
        let (tester, tests, hits) = Default::default();
        Ok(Self { expression: prepared, sets, notices, tester, tests, hits })
    }

    /// The gene sets of eligible size.
    pub fn sets(&self) -> &MatchedGeneSets {
        &self.sets
    }

    /// What a person should know before trusting results.
    pub fn notices(&self) -> &[Notice] {
        &self.notices
    }

    /// Number of genes tested.
    pub fn n_genes(&self) -> usize {
        self.expression.n_genes()
    }

    /// Tests every gene of one feature.
    ///
    /// # Errors
    /// [`LensError::CellCount`] if the activations are of other cells.
    pub fn gene_tests(&mut self, activations: &SparseActivations, feature: FeatureId) -> Result<&GeneTests, LensError> {
        self.test_genes(activations, feature)?;
        Ok(&self.tests)
    }

    /// Analyses one feature.
    ///
    /// # Errors
    /// [`LensError::CellCount`] if the activations are of other cells.
    pub fn analyse(
        &mut self,
        activations: &SparseActivations,
        feature: FeatureId,
    ) -> Result<FeatureAnalysis, LensError> {
        let groups = self.test_genes(activations, feature)?;
        let selected = SelectedGenes::new(&self.tests);
        let terms = self.terms(&selected.genes);
        let is_significant = |gene: &&u32| self.tests.padj[**gene as usize] < selected.p_threshold;
        let up = self.tests.by_fold_change.iter().rev().filter(is_significant);
        let down = self.tests.by_fold_change.iter().filter(is_significant);
        let top = |genes: &mut dyn Iterator<Item = &u32>, is_wanted: fn(&GeneResult) -> bool| {
            genes.map(|&gene| self.gene_result(gene)).take_while(is_wanted).take(N_TOP_GENES).collect()
        };
        Ok(FeatureAnalysis {
            feature,
            n_positive: groups.positive.len(),
            n_negative: groups.negative.len(),
            n_selected: selected.genes.len(),
            p_threshold: selected.p_threshold,
            fold_change_threshold: selected.fold_change_threshold,
            genes_up: top(&mut { up }, |result| result.fold_change > 1.0),
            genes_down: top(&mut { down }, |result| result.fold_change < 1.0),
            terms,
        })
    }

    fn test_genes(&mut self, activations: &SparseActivations, feature: FeatureId) -> Result<CellGroups, LensError> {
        let (expected, found) = (self.expression.n_cells(), activations.n_cells());
        if expected != found {
            return Err(LensError::CellCount { expected, found });
        }
        let groups = CellGroups::of_feature(activations, feature);
        self.tester.run(&self.expression, &groups, &mut self.tests);
        Ok(groups)
    }

    fn gene_result(&self, gene: u32) -> GeneResult {
        let (tests, at) = (&self.tests, gene as usize);
        GeneResult {
            gene: GeneId(gene),
            mean_positive: tests.mean_positive[at],
            mean_negative: tests.mean_negative[at],
            fold_change: tests.fold_change[at],
            p_value: tests.p_value[at],
            ln_p_value: tests.ln_p_value[at],
            padj: tests.padj[at],
        }
    }

    fn terms(&mut self, selected: &[GeneId]) -> Vec<TermResult> {
        let tested = self.hits.over_representation(&self.sets, selected);
        let mut terms: Vec<TermResult> = tested
            .into_iter()
            .filter(|result| result.p_value() < BINOMIAL_BELOW)
            .filter_map(|result| self.term(result, selected))
            .collect();
        terms.sort_by(|a, b| a.mann_whitney.ln_p_value.total_cmp(&b.mann_whitney.ln_p_value).then(a.set.cmp(&b.set)));
        terms
    }

    fn term(&self, over_representation: OverRepresentation, selected: &[GeneId]) -> Option<TermResult> {
        let set = over_representation.set;
        let mann_whitney = rank_test(&self.sets, set, &self.tests.rank);
        let genes = self.sets.genes(set);
        (mann_whitney.p_value <= MANN_WHITNEY_UP_TO).then(|| TermResult {
            set,
            set_size: genes.len(),
            over_representation,
            mann_whitney,
            hits: selected.iter().copied().filter(|gene| genes.binary_search(&gene.0).is_ok()).collect(),
        })
    }
}

pub(super) fn no_set_notice(sets: &MatchedGeneSets, n_genes: usize, min: usize, max: usize) -> Notice {
    let summary = sets.summary();
    // Few known genes, for what the data have, speak for other names, such as Ensembl ids or another species.
    let way_on = if 2 * summary.n_genes_matched < summary.n_genes.min(n_genes) {
        "Check that both name genes the same way."
    } else {
        "The genes are named the same way; widen the limits of set sizes."
    };
    Notice::warning(format!(
        "None of the {} gene sets has {min} to {max} genes in the data ({} of their {} genes are in it), so there are \
         no terms. {way_on}",
        summary.n_sets, summary.n_genes_matched, summary.n_genes
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::{DenseMatrix, SparseMatrix};
    use crate::lens::ExpressionValues;

    const N_CELLS: usize = 60;

    /// Gene g is high in the first cells if g < 12; the feature is active in the first cells.
    fn sample() -> (Expression, SparseActivations, Vec<GeneSet>) {
        let value = |gene: usize, cell: usize| {
            let noise = (gene * 7 + cell * 13) % 5;
            (if gene < 12 && cell < 6 { 40 + noise } else { 1 + noise }) as f32
        };
        let values = (0..100).flat_map(|gene| (0..N_CELLS).map(move |cell| value(gene, cell))).collect();
        let by_gene = SparseMatrix::from_dense(&DenseMatrix::new(100, N_CELLS, values).unwrap());
        let names: Vec<String> = (0..100).map(|gene| format!("g{gene}")).collect();
        let set = |name: &str, genes: std::ops::Range<usize>| GeneSet {
            name: name.to_owned(),
            description: String::new(),
            genes: names[genes].to_vec(),
        };
        let sets = vec![set("none of them", 50..70), set("most of them", 0..11), set("too small", 0..3)];
        let activations = (0..N_CELLS).map(|cell| if cell < 6 { 1.0 } else { 0.0 }).collect();
        let by_cell = SparseMatrix::from_dense(&DenseMatrix::new(N_CELLS, 1, activations).unwrap());
        (Expression::new(names, by_gene), SparseActivations::from_cells(by_cell), sets)
    }

    fn raw() -> AnalysisParams {
        AnalysisParams { values: ExpressionValues::Raw, ..AnalysisParams::default() }
    }

    #[test]
    fn ties_at_the_top_select_nothing_and_keep_no_term() {
        let (expression, activations, sets) = sample();
        let mut lens = Lens::new(&expression, &sets, &raw()).unwrap();
        let analysis = lens.analyse(&activations, FeatureId(0)).unwrap();
        assert_eq!((analysis.n_positive, analysis.n_negative, analysis.n_selected), (0, 54, 0));
        assert!(analysis.terms.is_empty() && analysis.genes_up.is_empty());
    }

    #[test]
    fn a_planted_set_is_found_and_repeating_changes_nothing() {
        let (expression, activations, sets) = sample();
        let mut lens = Lens::new(&expression, &sets, &raw()).unwrap();
        assert_eq!(lens.sets().len(), 2);
        let groups = CellGroups { positive: (0..6).collect(), negative: (6..60).collect(), ..CellGroups::default() };
        lens.tester.run(&lens.expression, &groups, &mut lens.tests);
        let selected = SelectedGenes::new(&lens.tests);
        assert_eq!(selected.genes, (0..12).map(GeneId).collect::<Vec<_>>());
        let terms = lens.terms(&selected.genes);
        assert_eq!((terms.len(), terms[0].hits.len(), terms[0].set_size), (1, 11, 11));
        assert_eq!(lens.sets().name(terms[0].set), "most of them");
        assert!(terms[0].mann_whitney.effect_size < 0.5);
        let once = lens.analyse(&activations, FeatureId(0)).unwrap();
        assert_eq!(lens.analyse(&activations, FeatureId(0)).unwrap(), once);
    }

    #[test]
    fn activations_of_other_cells_are_refused() {
        let (expression, _, sets) = sample();
        let mut lens = Lens::new(&expression, &sets, &raw()).unwrap();
        let other = SparseActivations::from_cells(SparseMatrix::from_dense(&DenseMatrix::zeros(3, 1)));
        let error = lens.analyse(&other, FeatureId(0)).unwrap_err();
        assert_eq!(error, LensError::CellCount { expected: N_CELLS, found: 3 });
    }

    #[test]
    fn sets_that_do_not_match_are_said() {
        let (expression, _, _) = sample();
        let stranger = GeneSet { name: "s".to_owned(), description: String::new(), genes: vec!["Xyz".to_owned()] };
        assert_eq!(Lens::new(&expression, &[stranger], &raw()).unwrap().notices().len(), 1);
        assert!(Lens::new(&expression, &[], &raw()).unwrap().notices().is_empty());
    }

    #[test]
    fn other_names_and_narrow_limits_are_told_apart() {
        let (expression, _, sets) = sample();
        let said = |sets: &[GeneSet], params: &AnalysisParams| {
            Lens::new(&expression, sets, params).unwrap().notices()[0].text.clone()
        };
        let stranger = GeneSet { name: "s".to_owned(), description: String::new(), genes: vec!["Xyz".to_owned()] };
        assert!(said(&[stranger], &raw()).ends_with("name genes the same way."));
        let narrow = AnalysisParams { min_set_size: 30, ..raw() };
        assert!(said(&sets, &narrow).ends_with("widen the limits of set sizes."));
    }
}
