//! Whether a feature is local (of one category) or global, the paper's way.
//!
//! arXiv 2410.11468: feature f is significant for category t if
//! mean_in − mean_out > 1.96·(SE_in + SE_out), with SE = s/√n, s the sample standard deviation (ddof 1), "out" being
//! all other labelled cells. The feature is local if it is significant in exactly one category of the column and
//! global if not, so the paper's "global" holds features significant nowhere, too. Here the number is kept and the
//! two are told apart ([`LabelClass`]). The rule is one-sided, uncorrected and a heuristic: sums of standard errors are
//! stricter than a test of level 0.05, and with many cells small differences pass.
//!
//! Numbers: each category's sum, then squared distances to its mean over the active cells, the zeros' by formula;
//! "out" is merged from the other categories (Chan, Golub & LeVeque 1983), never total minus part, so nothing cancels.
//!
//! Rules: cells without a label are left out; inactive cells are 0. A category of fewer than two cells, or with fewer
//! than two other cells, is never significant. A difference equal to the bound (two constants) isn't either.

use serde::{Deserialize, Serialize};

use crate::stats::CodedLabels;

/// The normal 97.5 % point as the paper rounds it.
const STANDARD_ERRORS: f64 = 1.96;

/// In how many categories of a column a feature is significant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LabelClass {
    /// In none; the paper counts these as global.
    None,
    /// In exactly one.
    Local,
    /// In two or more.
    Global,
}

impl LabelClass {
    fn of(n_significant: usize) -> Self {
        match n_significant {
            0 => Self::None,
            1 => Self::Local,
            _ => Self::Global,
        }
    }

    /// The word written to files: `none`, `local` or `global`.
    pub fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Local => "local",
            Self::Global => "global",
        }
    }
}

/// A feature inside and outside a category.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct InAndOut {
    /// Mean activation in the category; NaN without cells.
    pub mean_in: f64,
    /// Mean activation of the other labelled cells; NaN without any.
    pub mean_out: f64,
    /// Standard error of `mean_in`; NaN below two cells.
    pub se_in: f64,
    /// Standard error of `mean_out`; NaN below two cells.
    pub se_out: f64,
}

impl InAndOut {
    /// The paper's rule: the means differ by more than 1.96 times the sum of their standard errors.
    pub fn is_significant(&self) -> bool {
        self.mean_in - self.mean_out > STANDARD_ERRORS * (self.se_in + self.se_out)
    }
}

/// A feature in all categories of one column.
#[derive(Clone, Debug, PartialEq)]
pub struct LocalGlobal {
    /// Means and standard errors, `[n_categories]`.
    pub categories: Vec<InAndOut>,
    /// Categories in which the feature is significant.
    pub n_significant: usize,
    /// What follows from that number.
    pub class: LabelClass,
}

/// Applies the rule to one feature and one column.
///
/// # Shapes
/// `cells` (ascending or not) and `values` list the active cells; `categories` of the result is `[n_categories]`.
///
/// # Panics
/// If a cell is outside the labels.
///
/// # Examples
/// ```
/// use featurescope::lens::association::{LabelClass, local_global};
/// use featurescope::stats::CodedLabels;
///
/// let labels = CodedLabels::new(&[0, 0, 0, 1, 1, 1], 2);
/// let found = local_global(&[0, 1, 2], &[4.0, 5.0, 6.0], &labels);
/// assert_eq!((found.class, found.n_significant), (LabelClass::Local, 1));
/// assert_eq!((found.categories[0].mean_in, found.categories[0].mean_out), (5.0, 0.0));
/// ```
#[must_use]
pub fn local_global(cells: &[u32], values: &[f32], labels: &CodedLabels<'_>) -> LocalGlobal {
    let categories = in_and_out(&moments(cells, values, labels));
    let n_significant = categories.iter().filter(|category| category.is_significant()).count();
    LocalGlobal { categories, n_significant, class: LabelClass::of(n_significant) }
}

/// Size, sum and squared distances to the mean.
#[derive(Clone, Copy, Debug, Default)]
struct Moments {
    n: f64,
    sum: f64,
    squares: f64,
}

impl Moments {
    fn mean(self) -> f64 {
        self.sum / self.n
    }

    fn standard_error(self) -> f64 {
        if self.n < 2.0 { f64::NAN } else { (self.squares / (self.n - 1.0) / self.n).sqrt() }
    }

    fn merged(self, other: Self) -> Self {
        if self.n == 0.0 || other.n == 0.0 {
            return if self.n == 0.0 { other } else { self };
        }
        let n = self.n + other.n;
        let distance = self.mean() - other.mean();
        let between = distance * distance * (self.n * other.n / n);
        Self { n, sum: self.sum + other.sum, squares: self.squares + other.squares + between }
    }
}

fn moments(cells: &[u32], values: &[f32], labels: &CodedLabels<'_>) -> Vec<Moments> {
    let mut all: Vec<Moments> =
        labels.sizes().iter().map(|&size| Moments { n: f64::from(size), ..Moments::default() }).collect();
    let mut n_active = vec![0.0; all.len()];
    let active = || {
        let labelled = |(&cell, &value): (&u32, &f32)| Some((labels.category(cell)?, f64::from(value)));
        cells.iter().zip(values).filter_map(labelled)
    };
    for (category, value) in active() {
        all[category].sum += value;
        n_active[category] += 1.0;
    }
    let means: Vec<f64> = all.iter().map(|category| category.mean()).collect();
    for (category, value) in active() {
        let distance = value - means[category];
        all[category].squares += distance * distance;
    }
    for ((category, mean), n_active) in all.iter_mut().zip(means).zip(n_active) {
        if category.n > n_active {
            category.squares += (category.n - n_active) * mean * mean;
        }
    }
    all
}

/// Each category against the rest, the rest merged from the categories before and after it.
fn in_and_out(moments: &[Moments]) -> Vec<InAndOut> {
    let mut after: Vec<Moments> = moments
        .iter()
        .rev()
        .scan(Moments::default(), |sum, &category| {
            let rest = *sum;
            *sum = sum.merged(category);
            Some(rest)
        })
        .collect();
    after.reverse();
    let mut before = Moments::default();
    let mut all = Vec::with_capacity(moments.len());
    for (&category, after) in moments.iter().zip(after) {
        let out = before.merged(after);
        all.push(InAndOut {
            mean_in: category.mean(),
            mean_out: out.mean(),
            se_in: category.standard_error(),
            se_out: out.standard_error(),
        });
        before = before.merged(category);
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::MISSING_CODE;
    use crate::stats::Sample;

    const TOLERANCE: f64 = 1e-13; // sums of a few numbers in f64

    #[test]
    fn means_and_errors_are_those_of_all_cells_zeros_included() {
        let codes = [0, 1, 2, 0, 1, 2, 0, 1, 2, MISSING_CODE];
        let dense = [3.0, 0.0, 1.0, 0.0, 0.5, 2.0, 7.0, 0.0, 0.0, 9.0_f32];
        let cells: Vec<u32> = (0..10).filter(|&cell| dense[cell as usize] != 0.0).collect();
        let values: Vec<f32> = cells.iter().map(|&cell| dense[cell as usize]).collect();
        let found = local_global(&cells, &values, &CodedLabels::new(&codes, 3));
        for category in 0..3 {
            let of = |inside: bool| {
                let is_meant = move |&(&code, _): &(&u32, &f32)| code != MISSING_CODE && (code == category) == inside;
                let meant: Vec<f64> =
                    codes.iter().zip(&dense).filter(is_meant).map(|(_, &value)| f64::from(value)).collect();
                let sample = Sample::of(meant.iter().copied());
                (sample.mean, (sample.variance / sample.n as f64).sqrt())
            };
            let row = found.categories[category as usize];
            for (found, expected) in [((row.mean_in, row.se_in), of(true)), ((row.mean_out, row.se_out), of(false))] {
                assert!((found.0 - expected.0).abs() < TOLERANCE && (found.1 - expected.1).abs() < TOLERANCE);
            }
        }
    }

    #[test]
    fn a_large_offset_does_not_cancel() {
        let values: Vec<f32> = (0..6).map(|cell| 8_000_000.0 + cell as f32).collect();
        let found = local_global(&[0, 1, 2, 3, 4, 5], &values, &CodedLabels::new(&[0, 0, 0, 1, 1, 1], 2));
        assert_eq!(found.categories[0].se_in, (1.0_f64 / 3.0).sqrt());
        assert_eq!(found.categories[1].mean_in - found.categories[1].mean_out, 3.0);
    }

    #[test]
    fn a_category_of_one_cell_is_never_significant() {
        let found = local_global(&[0], &[100.0], &CodedLabels::new(&[0, 1, 1, 1], 2));
        assert_eq!((found.class, found.n_significant), (LabelClass::None, 0));
        assert_eq!(found.categories[0].mean_in, 100.0);
        assert!(found.categories[0].se_in.is_nan());
    }

    #[test]
    fn constants_are_significant_only_where_they_differ() {
        let labels = CodedLabels::new(&[0, 0, 1, 1, 2, 2], 3);
        assert_eq!(local_global(&[], &[], &labels).class, LabelClass::None);
        let everywhere = local_global(&[0, 1, 2, 3, 4, 5], &[2.0; 6], &labels);
        assert_eq!(everywhere.n_significant, 0);
        let one = local_global(&[0, 1], &[2.0; 2], &labels);
        assert_eq!((one.class, one.categories[0].se_in), (LabelClass::Local, 0.0));
    }

    #[test]
    fn two_categories_make_a_feature_global() {
        let codes: Vec<u32> = (0..40).map(|cell| cell / 10).collect();
        let cells: Vec<u32> = (0..20).collect();
        let found = local_global(&cells, &[1.0; 20], &CodedLabels::new(&codes, 4));
        assert_eq!((found.class, found.class.name(), found.n_significant), (LabelClass::Global, "global", 2));
    }

    #[test]
    fn a_category_without_cells_has_no_mean() {
        let found = local_global(&[0], &[1.0], &CodedLabels::new(&[0, 0, 0], 2));
        assert!(found.categories[1].mean_in.is_nan() && found.categories[0].mean_out.is_nan());
        assert_eq!(found.n_significant, 0);
    }
}
