//! Best F1 of a feature as a detector of each category.
//!
//! Method: Simon & Zou 2024 (InterPLM). Activations are divided by the feature's largest one; a cell is called where
//! the result is strictly above a threshold of [`F1_THRESHOLDS`]; of a category's five F1 = 2TP/(2TP + FP + FN) the
//! largest counts. Choosing the largest flatters a feature: with [`CellHalves`] the threshold is chosen on some donors
//! (or batches) and F1 is that of the other donors. The largest activation is over all cells, as it only sets a scale.
//!
//! Cost: one pass over the active cells counts all thresholds and categories.
//!
//! Rules: cells without a label are left out, with halves also cells without a half. A category without cells has
//! NaN throughout, also where only one half has none of its cells. Where no cell is called, F1 and recall are 0 and
//! precision is NaN. Of thresholds with the same F1 the lowest is chosen. Activations that are zero, negative or NaN
//! are never above a threshold.

use crate::stats::CodedLabels;

/// Thresholds tried, on activations scaled to 0..1.
pub const F1_THRESHOLDS: [f64; 5] = [0.0, 0.15, 0.5, 0.6, 0.8];

const N_THRESHOLDS: usize = F1_THRESHOLDS.len();

/// A feature as a detector of a category, at its best threshold.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct BestF1 {
    /// Harmonic mean of precision and recall, 0 to 1; NaN for a category without cells.
    pub f1: f64,
    /// Share of called cells that are of the category; NaN if none is called.
    pub precision: f64,
    /// Share of the category's cells that are called; NaN without cells.
    pub recall: f64,
    /// The threshold, one of [`F1_THRESHOLDS`]; NaN for a category without cells.
    pub threshold: f64,
}

impl BestF1 {
    pub(super) const NONE: Self = Self { f1: f64::NAN, precision: f64::NAN, recall: f64::NAN, threshold: f64::NAN };
}

/// The best F1 of one feature for every category.
///
/// # Shapes
/// `cells` (ascending or not) and `values` list the active cells; the result is `[n_categories]`.
///
/// # Panics
/// If a cell is outside the labels.
///
/// # Examples
/// ```
/// use featurescope::lens::association::best_f1;
/// use featurescope::stats::CodedLabels;
///
/// // Cells 0 and 1 are of category 0, cells 2 and 3 of category 1; cell 2 is weakly active.
/// let best = best_f1(&[0, 1, 2], &[4.0, 5.0, 0.5], &CodedLabels::new(&[0, 0, 1, 1], 2));
/// assert_eq!((best[0].f1, best[0].threshold), (1.0, 0.15));
/// assert_eq!((best[1].precision, best[1].recall), (1.0 / 3.0, 0.5));
/// ```
#[must_use]
pub fn best_f1(cells: &[u32], values: &[f32], labels: &CodedLabels<'_>) -> Vec<BestF1> {
    let mut called = Called::new(labels.sizes().len());
    for_each_called(cells, values, |cell, level| called.add(labels.category(cell), level));
    called.accumulate();
    let best = |(category, &size): (usize, &u32)| {
        called.best_threshold(category, size).map_or(BestF1::NONE, |at| called.at(category, size, at))
    };
    labels.sizes().iter().enumerate().map(best).collect()
}

/// Calls back for every cell above the lowest threshold, with the highest threshold it is above.
fn for_each_called(cells: &[u32], values: &[f32], mut add: impl FnMut(u32, usize)) {
    let largest = f64::from(values.iter().copied().fold(0.0, f32::max));
    for (&cell, &value) in cells.iter().zip(values) {
        let scaled = f64::from(value) / largest;
        let n_below = F1_THRESHOLDS.iter().filter(|&&threshold| scaled > threshold).count();
        if n_below > 0 {
            add(cell, n_below - 1);
        }
    }
}

/// Called cells by category and threshold.
struct Called {
    by_category: Vec<[u32; N_THRESHOLDS]>,
    total: [u32; N_THRESHOLDS],
}

impl Called {
    fn new(n_categories: usize) -> Self {
        Self { by_category: vec![[0; N_THRESHOLDS]; n_categories], total: [0; N_THRESHOLDS] }
    }

    fn add(&mut self, category: Option<usize>, level: usize) {
        if let Some(category) = category {
            self.by_category[category][level] += 1;
        }
    }

    /// From "highest threshold passed" to "passed", and to totals.
    fn accumulate(&mut self) {
        for counts in &mut self.by_category {
            for level in (1..N_THRESHOLDS).rev() {
                counts[level - 1] += counts[level];
            }
            for (total, count) in self.total.iter_mut().zip(counts) {
                *total += *count;
            }
        }
    }

    fn f1(&self, category: usize, size: u32, at: usize) -> f64 {
        2.0 * f64::from(self.by_category[category][at]) / f64::from(size + self.total[at])
    }

    fn best_threshold(&self, category: usize, size: u32) -> Option<usize> {
        if size == 0 {
            return None;
        }
        let f1 = |at: usize| self.f1(category, size, at);
        (0..N_THRESHOLDS).reduce(|best, at| if f1(at) > f1(best) { at } else { best })
    }

    fn at(&self, category: usize, size: u32, at: usize) -> BestF1 {
        if size == 0 {
            return BestF1::NONE;
        }
        let hits = f64::from(self.by_category[category][at]);
        BestF1 {
            f1: self.f1(category, size, at),
            precision: hits / f64::from(self.total[at]),
            recall: hits / f64::from(size),
            threshold: F1_THRESHOLDS[at],
        }
    }
}

/// The categories of a column (donors, batches) in two halves of about as many cells.
///
/// The categories go by falling number of cells, each to the half with fewer cells so far; of equals the first
/// category goes first, and to the half that chooses.
#[derive(Clone, Debug)]
pub struct CellHalves<'a> {
    codes: &'a [u32],
    /// Half of each category: 0 chooses the threshold, 1 reports.
    half_by_category: Vec<usize>,
}

impl<'a> CellHalves<'a> {
    /// Halves the categories; `None` if fewer than two have cells.
    ///
    /// # Shapes
    /// `codes` is `[n_cells]`; codes at or above `n_categories` mean no label.
    #[must_use]
    pub fn new(codes: &'a [u32], n_categories: usize) -> Option<Self> {
        let labels = CodedLabels::new(codes, n_categories);
        let sizes = labels.sizes();
        if sizes.iter().filter(|&&size| size > 0).count() < 2 {
            return None;
        }
        let mut by_size: Vec<usize> = (0..n_categories).collect();
        by_size.sort_by_key(|&category| (std::cmp::Reverse(sizes[category]), category));
        let mut half_by_category = vec![0; n_categories];
        let mut n_cells = [0_u64; 2];
        for category in by_size {
            let half = usize::from(n_cells[1] < n_cells[0]);
            half_by_category[category] = half;
            n_cells[half] += u64::from(sizes[category]);
        }
        Some(Self { codes, half_by_category })
    }

    /// Halves that are given: cells of code 0 choose, those of code 1 report, others are in neither.
    ///
    /// # Shapes
    /// `codes` is `[n_cells]`.
    #[must_use]
    pub fn given(codes: &'a [u32]) -> Self {
        Self { codes, half_by_category: vec![0, 1] }
    }

    /// Whether a category's cells choose the threshold rather than report F1.
    ///
    /// # Panics
    /// If there is no such category.
    pub fn chooses(&self, category: usize) -> bool {
        self.half_by_category[category] == 0
    }

    fn half(&self, cell: u32) -> Option<usize> {
        self.half_by_category.get(self.codes[cell as usize] as usize).copied()
    }
}

/// Labels with their sizes in each of two halves, to choose F1's threshold on one and report it on the other.
#[derive(Clone, Debug)]
pub struct HalvedLabels<'a> {
    labels: CodedLabels<'a>,
    halves: CellHalves<'a>,
    sizes: [Vec<u32>; 2],
}

impl<'a> HalvedLabels<'a> {
    /// Cells of each category in the half that chooses (0) and in the one that reports (1).
    pub fn sizes(&self) -> &[Vec<u32>; 2] {
        &self.sizes
    }

    /// Counts the categories of `labels` in each half.
    ///
    /// # Panics
    /// If labels and halves are of different numbers of cells.
    #[must_use]
    pub fn new(labels: CodedLabels<'a>, halves: CellHalves<'a>) -> Self {
        let n_categories = labels.sizes().len();
        let mut sizes = [vec![0; n_categories], vec![0; n_categories]];
        for cell in 0..halves.codes.len() as u32 {
            if let (Some(half), Some(category)) = (halves.half(cell), labels.category(cell)) {
                sizes[half][category] += 1;
            }
        }
        Self { labels, halves, sizes }
    }

    /// F1 of one feature for every category on the reporting half, at the thresholds best on the choosing half.
    ///
    /// # Shapes
    /// As [`best_f1`].
    ///
    /// # Panics
    /// If a cell is outside the labels.
    #[must_use]
    pub fn best_f1(&self, cells: &[u32], values: &[f32]) -> Vec<BestF1> {
        self.chosen_and_reported(cells, values).into_iter().map(|[_, reported]| reported).collect()
    }

    /// As [`Self::best_f1`], with F1 on the choosing half before that on the reporting one.
    ///
    /// # Panics
    /// If a cell is outside the labels.
    #[must_use]
    pub fn chosen_and_reported(&self, cells: &[u32], values: &[f32]) -> Vec<[BestF1; 2]> {
        let n_categories = self.labels.sizes().len();
        let mut called = [Called::new(n_categories), Called::new(n_categories)];
        for_each_called(cells, values, |cell, level| {
            if let Some(half) = self.halves.half(cell) {
                called[half].add(self.labels.category(cell), level);
            }
        });
        called.iter_mut().for_each(Called::accumulate);
        let [choosing, reporting] = &called;
        let best = |category: usize| {
            let [size, reporting_size] = [0, 1].map(|half: usize| self.sizes[half][category]);
            choosing.best_threshold(category, size).map_or([BestF1::NONE; 2], |at| {
                [choosing.at(category, size, at), reporting.at(category, reporting_size, at)]
            })
        };
        (0..n_categories).map(best).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::MISSING_CODE;

    #[test]
    fn a_scaled_activation_at_the_threshold_is_not_called() {
        let labels = CodedLabels::new(&[0, 0, 1, 1], 2);
        let best = best_f1(&[0, 1, 2], &[4.0, 2.0, 2.0], &labels);
        // At 0: TP 2, FP 1. At 0.5 and above only cell 0 is left.
        assert_eq!((best[0].f1, best[0].threshold), (0.8, 0.0));
        let best = best_f1(&[0, 2, 3], &[4.0, 2.0, 2.0], &labels);
        assert_eq!((best[0].f1, best[0].threshold), (2.0 / 3.0, 0.5));
        assert_eq!((best[0].precision, best[0].recall), (1.0, 0.5));
    }

    #[test]
    fn a_dead_feature_calls_nothing_and_an_empty_category_is_nan() {
        let best = best_f1(&[], &[], &CodedLabels::new(&[0, 0, MISSING_CODE], 2));
        assert_eq!((best[0].f1, best[0].recall, best[0].threshold), (0.0, 0.0, 0.0));
        assert!(best[0].precision.is_nan());
        assert!(best[1].f1.is_nan() && best[1].threshold.is_nan());
    }

    #[test]
    fn unlabelled_cells_set_the_scale_but_are_not_counted() {
        let labels = CodedLabels::new(&[0, 1, MISSING_CODE], 2);
        let best = best_f1(&[0, 2], &[1.0, 10.0], &labels);
        assert_eq!((best[0].f1, best[0].precision, best[0].threshold), (1.0, 1.0, 0.0));
    }

    #[test]
    fn negative_activations_are_never_called() {
        let best = best_f1(&[0, 1], &[-1.0, -2.0], &CodedLabels::new(&[0, 0, 1], 2));
        assert_eq!(best[0].f1, 0.0);
    }

    #[test]
    fn halves_balance_cells_and_need_two_categories() {
        let codes = [0, 0, 0, 1, 1, 2, 2, 2, 2, MISSING_CODE];
        let halves = CellHalves::new(&codes, 4).unwrap();
        // 2 (4 cells) chooses, 0 (3) reports, 1 (2) reports, 3 (none) chooses.
        let chooses: Vec<bool> = (0..4).map(|category| halves.chooses(category)).collect();
        assert_eq!(chooses, [false, false, true, true]);
        assert!(CellHalves::new(&[1, 1, MISSING_CODE], 3).is_none());
    }

    #[test]
    fn the_threshold_of_one_half_is_used_on_the_other() {
        let donors = [0, 0, 0, 0, 1, 1, 1, 1];
        let types = [0, 0, 1, 1, 0, 0, 1, 1];
        let halved = HalvedLabels::new(CodedLabels::new(&types, 2), CellHalves::new(&donors, 2).unwrap());
        // Donor 0 is told apart above 0.15 only; donor 1 would be at its best at 0.
        let best = halved.best_f1(&[0, 1, 2, 4, 5], &[10.0, 9.0, 1.0, 8.0, 1.0]);
        assert_eq!(best[0], BestF1 { f1: 2.0 / 3.0, precision: 1.0, recall: 0.5, threshold: 0.15 });
    }

    #[test]
    fn a_category_of_one_half_alone_has_no_f1() {
        let donors = [0, 0, 0, 1, 1];
        let types = [0, 0, 1, 1, 1];
        let halved = HalvedLabels::new(CodedLabels::new(&types, 2), CellHalves::new(&donors, 2).unwrap());
        let best = halved.best_f1(&[0, 1, 3], &[1.0, 1.0, 1.0]);
        assert!(best[0].f1.is_nan() && best[0].threshold.is_nan());
        assert!(!best[1].f1.is_nan());
    }
}
