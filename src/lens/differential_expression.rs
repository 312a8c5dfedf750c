//! Every gene between a feature's positive and negative cells, the paper's way.
//!
//! arXiv 2410.11468, scFeatureLens: fold change = mean⁺/(mean⁻ + 1e-8), linear; Welch's t test, two-sided
//! (positive t: higher in positive cells); p = 1 where the values of either group do not vary (a group of one or no
//! cell included); Benjamini–Hochberg over all genes; rank 1 for the smallest fold change.
//!
//! Rules: zeros are values like any other. Genes of equal fold change rank in the data's order (the reference's
//! order of ties is unspecified; many rare genes tie at 0). An empty group has NaN means and fold changes. Only the
//! cells of the groups are read; sums are exact f64, variances by a second pass about the mean, so nothing cancels.

use super::{CellGroups, PreparedExpression};
use crate::stats::{Sample, benjamini_hochberg_into, ordinal_ranks_into, welch_test};

const PSEUDOCOUNT: f64 = 1e-8;

/// One feature's test of every gene, a column a number.
///
/// # Shapes
/// All columns are `[n_genes]`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct GeneTests {
    /// Mean in positive cells.
    pub mean_positive: Vec<f64>,
    /// Mean in negative cells.
    pub mean_negative: Vec<f64>,
    /// mean⁺/(mean⁻ + 1e-8).
    pub fold_change: Vec<f64>,
    /// Welch's t; NaN where not tested.
    pub t: Vec<f64>,
    /// Degrees of freedom; NaN where not tested.
    pub df: Vec<f64>,
    /// Two-sided p; 1 where not tested.
    pub p_value: Vec<f64>,
    /// ln of the two-sided p, finite where p underflows.
    pub ln_p_value: Vec<f64>,
    /// Benjamini–Hochberg over all genes.
    pub padj: Vec<f64>,
    /// 1..=n_genes by ascending fold change.
    pub rank: Vec<u32>,
    /// Gene positions by ascending fold change: the inverse of `rank`.
    pub by_fold_change: Vec<u32>,
}

impl GeneTests {
    /// Number of genes.
    pub fn n_genes(&self) -> usize {
        self.rank.len()
    }

    fn clear(&mut self) {
        let columns = [
            &mut self.mean_positive,
            &mut self.mean_negative,
            &mut self.fold_change,
            &mut self.t,
            &mut self.df,
            &mut self.p_value,
            &mut self.ln_p_value,
        ];
        columns.into_iter().for_each(Vec::clear);
    }

    fn push(&mut self, positive: Sample, negative: Sample) {
        let varies = positive.variance > 0.0 && negative.variance > 0.0;
        let test = varies.then(|| welch_test(positive, negative)).filter(|test| !test.t.is_nan());
        let ln_p_value = test.map_or(0.0, |test| test.ln_p_value());
        self.mean_positive.push(positive.mean);
        self.mean_negative.push(negative.mean);
        self.fold_change.push(positive.mean / (negative.mean + PSEUDOCOUNT));
        self.t.push(test.map_or(f64::NAN, |test| test.t));
        self.df.push(test.map_or(f64::NAN, |test| test.df));
        self.p_value.push(libm::exp(ln_p_value));
        self.ln_p_value.push(ln_p_value);
    }
}

/// Tests all genes between two groups, reusing its room from feature to feature.
#[derive(Clone, Debug, Default)]
pub struct GeneTester {
    positive: GroupMoments,
    negative: GroupMoments,
    order: Vec<u32>,
}

impl GeneTester {
    /// Tests every gene, writing to `tests`.
    ///
    /// # Panics
    /// If a cell of the groups is outside the expression.
    pub fn run(&mut self, expression: &PreparedExpression, groups: &CellGroups, tests: &mut GeneTests) {
        self.positive.gather(expression, &groups.positive);
        self.negative.gather(expression, &groups.negative);
        tests.clear();
        for gene in 0..expression.n_genes() {
            tests.push(self.positive.sample(gene), self.negative.sample(gene));
        }
        benjamini_hochberg_into(&tests.p_value, &mut self.order, &mut tests.padj);
        ordinal_ranks_into(&tests.fold_change, &mut tests.by_fold_change, &mut tests.rank);
    }
}

/// Mean and squared distances of every gene over one group of cells.
#[derive(Clone, Debug, Default)]
struct GroupMoments {
    n_cells: usize,
    genes: Vec<GeneMoments>,
}

#[derive(Clone, Copy, Debug, Default)]
struct GeneMoments {
    /// The sum, then the mean.
    mean: f64,
    /// Σ (x − mean)² over non-zero values.
    squares: f64,
    n_nonzero: u32,
}

impl GroupMoments {
    fn gather(&mut self, expression: &PreparedExpression, cells: &[u32]) {
        self.n_cells = cells.len();
        self.genes.clear();
        self.genes.resize(expression.n_genes(), GeneMoments::default());
        for &cell in cells {
            let (genes, values) = expression.cell(cell);
            for (&gene, &value) in genes.iter().zip(values) {
                let moments = &mut self.genes[gene as usize];
                moments.mean += f64::from(value);
                moments.n_nonzero += 1;
            }
        }
        for moments in &mut self.genes {
            moments.mean /= cells.len() as f64;
        }
        for &cell in cells {
            let (genes, values) = expression.cell(cell);
            for (&gene, &value) in genes.iter().zip(values) {
                let moments = &mut self.genes[gene as usize];
                let distance = f64::from(value) - moments.mean;
                moments.squares += distance * distance;
            }
        }
    }

    fn sample(&self, gene: usize) -> Sample {
        let moments = &self.genes[gene];
        let n_zeros = (self.n_cells - moments.n_nonzero as usize) as f64;
        Sample::from_squares(self.n_cells, moments.mean, moments.squares + n_zeros * moments.mean * moments.mean)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::{DenseMatrix, Expression, SparseMatrix};
    use crate::lens::ExpressionValues;

    fn prepared(by_gene: &[&[f32]]) -> PreparedExpression {
        let dense = DenseMatrix::new(by_gene.len(), by_gene[0].len(), by_gene.concat()).unwrap();
        let names = (0..by_gene.len()).map(|gene| format!("g{gene}")).collect();
        let expression = Expression::new(names, SparseMatrix::from_dense(&dense));
        PreparedExpression::new(&expression, ExpressionValues::Raw).unwrap()
    }

    fn run(by_gene: &[&[f32]], positive: &[u32], negative: &[u32]) -> GeneTests {
        let groups = CellGroups { positive: positive.to_vec(), negative: negative.to_vec(), ..CellGroups::default() };
        let mut tests = GeneTests::default();
        GeneTester::default().run(&prepared(by_gene), &groups, &mut tests);
        tests
    }

    #[test]
    fn welch_golden_sample_through_sparse_sums() {
        let gene: &[f32] = &[1., 2., 3., 4., 10., 0., 1., 0., 2., 1., 0., 3.];
        let tests = run(&[gene], &[0, 1, 2, 3, 4], &[5, 6, 7, 8, 9, 10, 11]);
        assert!((tests.t[0] - 1.828_970_405_272_5).abs() < 1e-13);
        assert!((tests.p_value[0] - 0.131_792_575_780_3).abs() < 1e-13);
        assert_eq!(tests.fold_change[0], 4.0 / (1.0 + 1e-8));
        assert_eq!(tests.padj[0], tests.p_value[0]);
    }

    #[test]
    fn a_gene_constant_in_one_group_is_not_tested() {
        let tests = run(&[&[5., 5., 1., 2.], &[0., 0., 0., 0.], &[1., 2., 4., 4.]], &[0, 1], &[2, 3]);
        assert_eq!(tests.p_value, [1.0; 3]);
        assert!(tests.t.iter().all(|t| t.is_nan()));
        assert_eq!((tests.fold_change[1], &tests.rank[..]), (0.0, &[3, 1, 2][..]));
    }

    #[test]
    fn equal_fold_changes_rank_in_the_order_of_the_data() {
        let tests = run(&[&[0., 0., 1., 2.], &[3., 1., 1., 1.], &[0., 0., 2., 2.]], &[0, 1], &[2, 3]);
        assert_eq!(tests.rank, [1, 3, 2]);
        assert_eq!(tests.by_fold_change, [0, 2, 1]);
    }

    #[test]
    fn a_cell_listed_twice_counts_twice() {
        let tests = run(&[&[1., 3., 0., 4.]], &[0, 1], &[2, 3, 3]);
        assert!((tests.mean_negative[0] - 8.0 / 3.0).abs() < 1e-15);
    }

    #[test]
    fn an_empty_group_tests_nothing() {
        let tests = run(&[&[1., 3.], &[2., 0.]], &[], &[0, 1]);
        assert!(tests.mean_positive[0].is_nan() && tests.fold_change[0].is_nan());
        assert_eq!((tests.padj.as_slice(), tests.rank.as_slice()), (&[1.0, 1.0][..], &[1, 2][..]));
    }
}
