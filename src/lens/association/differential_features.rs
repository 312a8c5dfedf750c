//! Which features differ between two selections of cells.
//!
//! Every feature is tested by Welch's t (two-sided, null: equal means; SciPy `ttest_ind(equal_var=False)`), corrected by
//! Benjamini–Hochberg over live features, with Cohen's d for size. The paper's tool (scFeatureLens,
//! arXiv 2410.11468) instead keeps p < .01 and |d| > .5 without correction, sorts by |difference of means|, then |d|,
//! and shows ten; its d divides by √(((n₁−1)v₁ + (n₂−1)v₂)/(n₁+n₂−2)) with v of ddof 0, a little larger than Cohen's,
//! whose variances have ddof 1. Both are here, each by its name. Cells, not donors, are the unit: p says how sure the
//! difference is for these cells, not for other people's.
//!
//! Numbers: sums over active cells, then squared distances to the mean, the zeros' by formula, so nothing cancels.
//!
//! Rules: inactive cells are 0. A feature without variance on both sides, or with fewer than two cells on one, has NaN
//! for t and p, which does not count among the tests; its d is NaN, the paper's 0. Dead features (activations over all
//! cells sum to no more than 0) stay listed and have NaN padj. Equal rows keep the features' order.

use super::error::{AssociationError, check_cells};
use crate::data::{CellSelection, CellTable, FeatureId, SparseActivations};
use crate::stats::{Sample, benjamini_hochberg, benjamini_hochberg_ln_into, welch_test};

/// The paper keeps features with p below this.
pub const PAPER_MAX_P_VALUE: f64 = 0.01;

/// The paper keeps features with |d| above this.
pub const PAPER_MIN_EFFECT: f64 = 0.5;

/// The paper shows this many features.
pub const PAPER_N_TOP: usize = 10;

/// One feature between two selections.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct DifferentialFeature {
    /// The feature.
    pub feature: FeatureId,
    /// Mean activation in the first selection.
    pub mean_first: f64,
    /// Mean activation in the second selection.
    pub mean_second: f64,
    /// Share of the first selection's cells in which the feature is active.
    pub fraction_first: f64,
    /// Share of the second selection's cells in which the feature is active.
    pub fraction_second: f64,
    /// Welch's t, positive if the first mean is larger; NaN where not tested.
    pub t: f64,
    /// Degrees of freedom; NaN where not tested.
    pub df: f64,
    /// Two-sided p, 0 to 1; NaN where not tested.
    pub p_value: f64,
    /// ln of the two-sided p, finite where p underflows; NaN where not tested.
    pub ln_p_value: f64,
    /// Benjamini–Hochberg over live features; NaN where not tested and for dead features.
    pub padj: f64,
    /// ln of the same, finite where padj underflows; NaN where not tested and for dead features.
    pub ln_padj: f64,
    /// Cohen's d with variances of ddof 1, of t's sign; NaN where nothing varies.
    pub cohens_d: f64,
    /// |d| as the paper's tool has it (ddof 0 under n − 1 weights); 0 where nothing varies.
    pub paper_effect: f64,
    /// Whether the feature is active anywhere: its activations over all cells sum to more than 0.
    pub is_live: bool,
}

impl DifferentialFeature {
    /// Mean of the first selection minus mean of the second (the paper's tool writes the opposite sign).
    pub fn difference(&self) -> f64 {
        self.mean_first - self.mean_second
    }

    fn passes_paper(&self) -> bool {
        self.p_value < PAPER_MAX_P_VALUE && self.paper_effect > PAPER_MIN_EFFECT
    }
}

/// All features between two selections.
#[derive(Clone, Debug, PartialEq)]
pub struct DifferentialFeatures {
    /// Cells of the first selection.
    pub n_first: usize,
    /// Cells of the second selection.
    pub n_second: usize,
    /// Tests that padj counts.
    pub n_tests: usize,
    /// `[n_features]`, by feature id, dead ones included.
    pub features: Vec<DifferentialFeature>,
}

impl DifferentialFeatures {
    /// The features the paper's tool would show: p < .01 and |d| > .5, at most ten, the largest difference of means
    /// first, then the largest d.
    #[must_use]
    pub fn paper_top(&self) -> Vec<DifferentialFeature> {
        let mut kept: Vec<DifferentialFeature> =
            self.features.iter().copied().filter(DifferentialFeature::passes_paper).collect();
        kept.sort_by(|a, b| {
            let by_difference = b.difference().abs().total_cmp(&a.difference().abs());
            by_difference.then(b.paper_effect.total_cmp(&a.paper_effect)).then(a.feature.cmp(&b.feature))
        });
        kept.truncate(PAPER_N_TOP);
        kept
    }
}

/// Tests every feature between two selections of cells.
///
/// # Errors
/// [`AssociationError::EmptySelection`], [`AssociationError::Overlap`], and [`AssociationError::CellCount`] if the
/// activations are of other cells than the table.
///
/// # Examples
/// ```
/// use featurescope::data::{CellSelection, CellTable, DenseMatrix, SparseActivations, SparseMatrix};
/// use featurescope::lens::association::differential_features;
///
/// let by_cell = DenseMatrix::new(6, 1, vec![5.0, 6.0, 7.0, 0.0, 0.0, 1.0]).unwrap();
/// let activations = SparseActivations::from_cells(SparseMatrix::from_dense(&by_cell));
/// let (first, second) = (CellSelection::Rows(vec![0, 1, 2]), CellSelection::Rows(vec![3, 4, 5]));
/// let found = differential_features(&CellTable::without_ids(6), &activations, &first, &second).unwrap();
/// assert!(found.features[0].padj < 0.01 && found.features[0].difference() > 5.0);
/// ```
pub fn differential_features(
    cells: &CellTable,
    activations: &SparseActivations,
    first: &CellSelection,
    second: &CellSelection,
) -> Result<DifferentialFeatures, AssociationError> {
    check_cells(cells, activations)?;
    let sides = Sides::new(cells, first, second)?;
    let of = |feature| sides.of_feature(activations, FeatureId::from_index(feature));
    let mut features: Vec<DifferentialFeature> = (0..activations.n_features()).map(of).collect();
    let counted = |row: &DifferentialFeature| if row.is_live { row.p_value } else { f64::NAN };
    let p_values: Vec<f64> = features.iter().map(counted).collect();
    for (row, padj) in features.iter_mut().zip(benjamini_hochberg(&p_values)) {
        row.padj = padj;
    }
    let ln_p_values: Vec<f64> =
        features.iter().map(|row| if row.is_live { row.ln_p_value } else { f64::NAN }).collect();
    let mut ln_padj = Vec::new();
    benjamini_hochberg_ln_into(&ln_p_values, None, &mut Vec::new(), &mut ln_padj);
    for (row, ln_padj) in features.iter_mut().zip(ln_padj) {
        row.ln_padj = ln_padj;
    }
    let n_tests = p_values.iter().filter(|p_value| !p_value.is_nan()).count();
    Ok(DifferentialFeatures { n_first: sides.sizes[0], n_second: sides.sizes[1], n_tests, features })
}

/// The side of every cell.
struct Sides {
    /// 0 or 1, or [`Sides::NEITHER`], `[n_cells]`.
    side_by_cell: Vec<u8>,
    sizes: [usize; 2],
}

impl Sides {
    const NEITHER: u8 = 2;

    fn new(cells: &CellTable, first: &CellSelection, second: &CellSelection) -> Result<Self, AssociationError> {
        let rows = [first.rows(cells), second.rows(cells)];
        if let Some(side) = rows.iter().position(Vec::is_empty) {
            return Err(AssociationError::EmptySelection { which: ["first", "second"][side] });
        }
        let mut side_by_cell = vec![Self::NEITHER; cells.n_cells()];
        for &row in &rows[0] {
            side_by_cell[row as usize] = 0;
        }
        let mut shared = rows[1].iter().filter(|&&row| side_by_cell[row as usize] == 0);
        if let Some(&row) = shared.next() {
            let (n_shared, first_shared) = (shared.count() + 1, cells.name_of(row as usize));
            return Err(AssociationError::Overlap { n_shared, first_shared });
        }
        for &row in &rows[1] {
            side_by_cell[row as usize] = 1;
        }
        Ok(Self { side_by_cell, sizes: [rows[0].len(), rows[1].len()] })
    }

    fn of_feature(&self, activations: &SparseActivations, feature: FeatureId) -> DifferentialFeature {
        let (cells, values) = activations.feature(feature);
        let ([first, second], n_active) = self.samples(cells, values);
        let test = welch_test(first, second);
        DifferentialFeature {
            feature,
            mean_first: first.mean,
            mean_second: second.mean,
            fraction_first: n_active[0] as f64 / self.sizes[0] as f64,
            fraction_second: n_active[1] as f64 / self.sizes[1] as f64,
            t: test.t,
            df: test.df,
            p_value: test.p_value(),
            ln_p_value: test.ln_p_value(),
            padj: f64::NAN,
            ln_padj: f64::NAN,
            cohens_d: cohens_d(first, second),
            paper_effect: paper_effect(first, second),
            is_live: values.iter().map(|&value| f64::from(value)).sum::<f64>() > 0.0,
        }
    }

    /// Both sides' samples and active cells.
    fn samples(&self, cells: &[u32], values: &[f32]) -> ([Sample; 2], [usize; 2]) {
        let (mut sums, mut n_active) = ([0.0_f64; 2], [0_usize; 2]);
        let active = || {
            let meant = |(&cell, &value): (&u32, &f32)| {
                let side = self.side_by_cell[cell as usize];
                (side != Self::NEITHER).then_some((usize::from(side), f64::from(value)))
            };
            cells.iter().zip(values).filter_map(meant)
        };
        for (side, value) in active() {
            sums[side] += value;
            n_active[side] += 1;
        }
        let means = [0, 1].map(|side| sums[side] / self.sizes[side] as f64);
        let mut squares = [0, 1].map(|side| (self.sizes[side] - n_active[side]) as f64 * means[side] * means[side]);
        for (side, value) in active() {
            squares[side] += (value - means[side]) * (value - means[side]);
        }
        ([0, 1].map(|side| Sample::from_squares(self.sizes[side], means[side], squares[side])), n_active)
    }
}

/// √(((n₁−1)v₁ + (n₂−1)v₂)/(n₁+n₂−2)); a side of one cell has no weight.
fn pooled_sd(first: Sample, second: Sample, variance: impl Fn(Sample) -> f64) -> f64 {
    let weighted = |sample: Sample| if sample.n < 2 { 0.0 } else { (sample.n - 1) as f64 * variance(sample) };
    ((weighted(first) + weighted(second)) / (first.n + second.n - 2) as f64).sqrt()
}

fn cohens_d(first: Sample, second: Sample) -> f64 {
    let sd = pooled_sd(first, second, |sample| sample.variance);
    if sd > 0.0 { (first.mean - second.mean) / sd } else { f64::NAN }
}

fn paper_effect(first: Sample, second: Sample) -> f64 {
    let sd = pooled_sd(first, second, |sample| sample.variance * (sample.n - 1) as f64 / sample.n as f64);
    if sd > 0.0 { (first.mean - second.mean).abs() / sd } else { 0.0 }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::{DenseMatrix, SparseMatrix};

    fn activations(by_feature: &[&[f32]]) -> SparseActivations {
        let dense = DenseMatrix::new(by_feature.len(), by_feature[0].len(), by_feature.concat()).unwrap();
        SparseActivations::from_cells(SparseMatrix::from_dense(&dense).transposed())
    }

    fn compare(by_feature: &[&[f32]], first: &[u32], second: &[u32]) -> Result<DifferentialFeatures, AssociationError> {
        let cells = CellTable::without_ids(by_feature[0].len());
        let of = |rows: &[u32]| CellSelection::Rows(rows.to_vec());
        differential_features(&cells, &activations(by_feature), &of(first), &of(second))
    }

    #[test]
    fn welch_golden_sample() {
        let values = [1., 2., 3., 4., 10., 0., 1., 0., 2., 1., 0., 3.];
        let row = compare(&[&values], &[0, 1, 2, 3, 4], &[5, 6, 7, 8, 9, 10, 11]).unwrap().features[0];
        assert!((row.t - 1.828_970_405_272_5).abs() < 1e-13);
        assert!((row.p_value - 0.131_792_575_780_3).abs() < 1e-13);
        assert_eq!((row.fraction_first, row.fraction_second, row.padj), (1.0, 4.0 / 7.0, row.p_value));
    }

    #[test]
    fn dead_and_constant_features_do_not_count_among_tests() {
        let found = compare(&[&[1., 2., 0., 0.], &[0.; 4], &[3.; 4], &[5., 6., 0., 1.]], &[0, 1], &[2, 3]).unwrap();
        assert_eq!(found.n_tests, 2);
        let [first, dead, constant, last] = found.features[..] else { panic!() };
        assert!(!dead.is_live && dead.p_value.is_nan() && dead.padj.is_nan() && dead.paper_effect == 0.0);
        assert!(constant.is_live && constant.padj.is_nan() && constant.cohens_d.is_nan());
        assert_eq!(last.padj, (2.0 * last.p_value).min(first.p_value));
        assert!((libm::exp(last.ln_padj) - last.padj).abs() < 1e-12 && dead.ln_padj.is_nan());
    }

    #[test]
    fn selections_that_are_empty_or_overlap_are_refused() {
        let values: &[f32] = &[1., 2., 3.];
        assert_eq!(compare(&[values], &[], &[0]).unwrap_err(), AssociationError::EmptySelection { which: "first" });
        assert_eq!(compare(&[values], &[0], &[7]).unwrap_err(), AssociationError::EmptySelection { which: "second" });
        let error = compare(&[values], &[0, 1, 2], &[1, 2]).unwrap_err();
        assert_eq!(error, AssociationError::Overlap { n_shared: 2, first_shared: "cell 2".to_owned() });
    }

    #[test]
    fn one_cell_a_side_has_means_and_no_test() {
        let row = compare(&[&[1., 2.]], &[0], &[1]).unwrap().features[0];
        assert_eq!((row.mean_first, row.mean_second, row.difference()), (1.0, 2.0, -1.0));
        assert!(row.t.is_nan() && row.cohens_d.is_nan() && row.padj.is_nan());
    }

    #[test]
    fn the_paper_sorts_by_difference_and_keeps_ten() {
        let by_feature: Vec<Vec<f32>> = (0..12_u8)
            .map(|feature| {
                let step = f32::from(feature) + 1.0;
                let high = (0..5).map(|cell| step * (10.0 + f32::from(cell as u8 % 2)));
                high.chain((0..5).map(|cell| f32::from(cell as u8 % 3))).collect()
            })
            .collect();
        let rows: Vec<&[f32]> = by_feature.iter().map(Vec::as_slice).collect();
        let top = compare(&rows, &[0, 1, 2, 3, 4], &[5, 6, 7, 8, 9]).unwrap().paper_top();
        let ids: Vec<u32> = top.iter().map(|row| row.feature.0).collect();
        assert_eq!(ids, [11, 10, 9, 8, 7, 6, 5, 4, 3, 2]);
        assert!(top.iter().all(|row| row.paper_effect > row.cohens_d.abs()));
    }
}
