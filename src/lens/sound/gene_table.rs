//! Every number of every gene of one feature, for a card, a plot or a file.
//!
//! Adjusted p-values are over all genes of the data (Benjamini–Hochberg); a gene that was not tested counts as p = 1
//! and has NaN.

use super::gene_sums::{GenePair, GeneSummer, GroupSummary};
use super::groups::FeatureGroups;
use super::members::Members;
use super::normaliser::Normaliser;
use super::params::{GeneTest, SoundParams};
use crate::data::{PackedMatrix, SparseRow, SparseRows};
use crate::stats::{RankSumTest, WelchTest, benjamini_hochberg_ln_into};

/// One feature's tests, a column a number.
///
/// # Shapes
/// All columns are `[n_genes]`; columns of a test that was not asked for are NaN.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct GeneTable {
    /// Cells in the positive and in the negative group.
    pub n_cells: [usize; 2],
    /// Mean in positive cells.
    pub mean_positive: Vec<f64>,
    /// Mean in negative cells.
    pub mean_negative: Vec<f64>,
    /// Share of positive cells with a value other than 0.
    pub fraction_positive: Vec<f64>,
    /// Share of negative cells with a value other than 0.
    pub fraction_negative: Vec<f64>,
    /// Log2 fold change, positive over negative.
    pub log2_fold_change: Vec<f64>,
    /// Welch's t.
    pub t: Vec<f64>,
    /// Its degrees of freedom.
    pub df: Vec<f64>,
    /// ln of its two-sided p.
    pub t_ln_p_value: Vec<f64>,
    /// ln of that p adjusted.
    pub t_ln_padj: Vec<f64>,
    /// Wilcoxon's U of positive cells.
    pub u: Vec<f64>,
    /// U over its largest value.
    pub auroc: Vec<f64>,
    /// Wilcoxon's z.
    pub z: Vec<f64>,
    /// ln of its two-sided p.
    pub z_ln_p_value: Vec<f64>,
    /// ln of that p adjusted.
    pub z_ln_padj: Vec<f64>,
}

/// Makes the tables of a few features at once, gene by gene, so that the caller can do other things in between.
#[derive(Clone, Debug)]
pub struct GeneTableMaker<'a> {
    by_gene: &'a PackedMatrix,
    normaliser: &'a Normaliser,
    params: &'a SoundParams,
    tables: Vec<GeneTable>,
    summer: GeneSummer,
    row: SparseRow,
    next_gene: usize,
}

impl<'a> GeneTableMaker<'a> {
    /// Begins the features' tables from raw expression, `[n_genes, n_cells]`.
    ///
    /// # Panics
    /// As [`Members::new`].
    #[must_use]
    pub fn new(
        by_gene: &'a PackedMatrix,
        normaliser: &'a Normaliser,
        groups: &[FeatureGroups],
        params: &'a SoundParams,
    ) -> Self {
        let members = Members::new(by_gene.n_minor(), groups);
        let table = |feature| GeneTable {
            n_cells: [members.n_positive(feature), members.n_negative(feature)],
            ..GeneTable::default()
        };
        let tables = (0..groups.len()).map(table).collect();
        let summer = GeneSummer::new(members, params.sums_wanted(&params.tests, normaliser.scale()));
        Self { by_gene, normaliser, params, tables, summer, row: SparseRow::default(), next_gene: 0 }
    }

    /// Tests the next `n` genes; whether there are more.
    pub fn step(&mut self, n: usize) -> bool {
        let n_genes = self.by_gene.n_major();
        let end = n_genes.min(self.next_gene.saturating_add(n));
        let has = |test| self.params.tests.contains(&test);
        let (has_welch, has_wilcoxon) = (has(GeneTest::Welch), has(GeneTest::Wilcoxon));
        let (scale, formula) = (self.normaliser.scale(), self.params.fold_change);
        for gene in self.next_gene..end {
            self.by_gene.read(gene, &mut self.row);
            self.normaliser.apply(&self.row.indices, &mut self.row.values);
            self.summer.sum(&self.row.indices, &self.row.values, |feature, pair| {
                let table = &mut self.tables[feature];
                table.push_groups(&pair, pair.log2_fold_change(scale, formula));
                if has_welch {
                    table.push_welch(pair.welch());
                }
                if has_wilcoxon {
                    table.push_wilcoxon(pair.wilcoxon());
                }
            });
        }
        self.next_gene = end;
        end < n_genes
    }

    /// The tables, adjusted over all genes, features in the order of their groups.
    #[must_use]
    pub fn finish(mut self) -> Vec<GeneTable> {
        self.step(usize::MAX);
        let n_genes = self.by_gene.n_major();
        self.tables.iter_mut().for_each(|table| table.adjust(n_genes));
        self.tables
    }
}

impl GeneTable {
    fn push_groups(&mut self, pair: &GenePair, log2_fold_change: f64) {
        let share = |group: GroupSummary| group.n_nonzero as f64 / group.sample.n as f64;
        self.mean_positive.push(pair.positive.sample.mean);
        self.mean_negative.push(pair.negative.sample.mean);
        self.fraction_positive.push(share(pair.positive));
        self.fraction_negative.push(share(pair.negative));
        self.log2_fold_change.push(log2_fold_change);
    }

    fn push_welch(&mut self, test: WelchTest) {
        self.t.push(test.t);
        self.df.push(test.df);
        self.t_ln_p_value.push(test.ln_p_value());
    }

    fn push_wilcoxon(&mut self, test: RankSumTest) {
        self.u.push(test.u);
        self.auroc.push(test.auroc);
        self.z.push(test.z);
        self.z_ln_p_value.push(test.ln_p_value());
    }

    fn adjust(&mut self, n_genes: usize) {
        let mut order = Vec::new();
        benjamini_hochberg_ln_into(&self.t_ln_p_value, Some(n_genes), &mut order, &mut self.t_ln_padj);
        benjamini_hochberg_ln_into(&self.z_ln_p_value, Some(n_genes), &mut order, &mut self.z_ln_padj);
        let optional = [
            &mut self.t,
            &mut self.df,
            &mut self.t_ln_p_value,
            &mut self.t_ln_padj,
            &mut self.u,
            &mut self.auroc,
            &mut self.z,
            &mut self.z_ln_p_value,
            &mut self.z_ln_padj,
        ];
        for column in optional {
            column.resize(n_genes, f64::NAN);
        }
    }
}
