//! Ridge regression of many sparse targets on a few dense inputs, with cross-validation, in one pass over the data.
//!
//! Model, per target: y ≈ a + w·x, minimising Σ(y − a − w·x)² + λ|w|²; the intercept is not penalised (inputs and
//! target are centred). It is scikit-learn's `Ridge(alpha=λ)`. One λ serves all targets: of `strengths` · (mean
//! variance of an input) · n it is the one with the highest mean cross-validated R².
//!
//! Cross-validation: cells are dealt to folds by a seeded shuffle, each fold is predicted by a fit on the others,
//! and R² = 1 − Σ(y − ŷ)² / Σ(y − ȳ)² over all held-out predictions together (`r2_score` of
//! `cross_val_predict`). It can be negative. A constant target has R² NaN and is left out of means and medians.
//!
//! Method: all that is needed of a target are Σxy, Σy and Σy² per fold, which stream from its non-zeros; targets
//! are never dense. Each fold's Gram matrix is decomposed once (XᵀX = VSVᵀ), after which every λ costs one
//! division per dimension, and held-out errors come from the held-out moments without predicting a cell:
//! Σ(y − ŷ)² = Σy² − 2w·Σxy + wᵀ(Σxxᵀ)w about the training means. Sums are f64, coefficients are kept as f32.
//! Directions the data do not have get the coefficient 0.

use nalgebra::{DMatrix, DVector};
use rand::{SeedableRng, seq::SliceRandom};
use rand_chacha::ChaCha8Rng;

use super::moments::{Moments, column_means, eigen_descending};
use crate::data::{DenseMatrix, SparseRow, SparseRows};

/// A step ends after this many multiplications, so that a browser tab stays responsive.
const PRODUCTS_PER_STEP: usize = 20_000_000;
const TARGETS_PER_STEP: usize = 256;
/// A target whose variance is below this share of its mean square is constant up to rounding.
const CONSTANT: f64 = 1e-12;

/// How a ridge regression is fitted.
#[derive(Clone, Debug, PartialEq)]
pub struct RidgeParams {
    /// Folds of the cross-validation.
    pub n_folds: usize,
    /// Seed of the assignment of cells to folds.
    pub seed: u64,
    /// Penalties tried, relative to n times the mean variance of the inputs.
    pub strengths: Vec<f64>,
}

impl Default for RidgeParams {
    fn default() -> Self {
        Self { n_folds: 5, seed: 0, strengths: vec![1e-4, 1e-3, 1e-2, 1e-1, 1.0] }
    }
}

/// Why a ridge regression can't be fitted.
#[derive(Debug, thiserror::Error, PartialEq)]
pub enum RidgeError {
    /// Nothing to predict from.
    #[error("the embedding has no dimensions to predict genes from")]
    NoInputs,
    /// Inputs and targets are not the same cells.
    #[error("the embedding has {inputs} cells but expression has {targets}; export both from the same cells")]
    CellCount {
        /// Cells of the inputs.
        inputs: usize,
        /// Cells of the targets.
        targets: usize,
    },
    /// Fewer than two folds.
    #[error("cross-validation needs at least 2 folds, not {found}")]
    Folds {
        /// Folds asked for.
        found: usize,
    },
    /// A fold would be empty.
    #[error("{n_cells} cells can't be split into {n_folds} folds; at least {n_folds} cells are needed")]
    TooFewCells {
        /// Cells.
        n_cells: usize,
        /// Folds.
        n_folds: usize,
    },
    /// No penalty to try, or one that is not a positive number.
    #[error("penalties must be one or more positive numbers, not {found:?}")]
    Strengths {
        /// The penalties given.
        found: Vec<f64>,
    },
    /// The eigendecomposition did not end: values that are not finite.
    #[error("the linear decoder could not be fitted; check the embedding for NaN or infinite values")]
    NotConverged,
}

/// Deals `n_cells` to `n_folds` folds whose sizes differ by at most one, by a seeded shuffle: the fold of each cell.
#[must_use]
pub fn assign_folds(n_cells: usize, n_folds: usize, seed: u64) -> Vec<u32> {
    let mut folds: Vec<u32> = (0..n_cells).map(|cell| (cell % n_folds.max(1)) as u32).collect();
    folds.shuffle(&mut ChaCha8Rng::seed_from_u64(seed));
    folds
}

/// Centre, eigenvalues and eigenvectors of the inputs some targets are fitted on.
struct Spectrum {
    mean: DVector<f64>,
    values: DVector<f64>,
    vectors: DMatrix<f64>,
    vectors_transposed: DMatrix<f64>,
}

impl Spectrum {
    fn of(moments: &Moments) -> Result<Self, RidgeError> {
        let mean = moments.mean();
        let (values, vectors) = eigen_descending(moments.scatter_about(&mean)).ok_or(RidgeError::NotConverged)?;
        Ok(Self { mean, values, vectors_transposed: vectors.transpose(), vectors })
    }

    /// Coefficients in the eigenbasis from Vᵀ·Σxy.
    fn shrink(&self, rotated: &DMatrix<f64>, lambda: f64) -> DMatrix<f64> {
        let mut weights = rotated.clone();
        for (mut row, value) in weights.row_iter_mut().zip(self.values.iter()) {
            row *= inverse(value + lambda);
        }
        weights
    }
}

fn inverse(value: f64) -> f64 {
    if value > 0.0 { value.recip() } else { 0.0 }
}

/// A fold: what the other cells' fit needs and what its own cells are tested with.
struct Fold {
    train: Spectrum,
    n_train: f64,
    held_out: Moments,
    /// Held-out scatter about the training mean, in the eigenbasis of the training cells.
    held_out_rotated: DMatrix<f64>,
}

impl Fold {
    fn new(whole: &Moments, held_out: Moments) -> Result<Self, RidgeError> {
        let moments = whole.without(&held_out);
        let train = Spectrum::of(&moments)?;
        let scatter = held_out.scatter_about(&train.mean);
        let held_out_rotated = &train.vectors_transposed * scatter * &train.vectors;
        Ok(Self { train, n_train: moments.n, held_out, held_out_rotated })
    }

    /// Squared held-out error of every target of a block for every penalty, `[n_lambdas][block]`.
    fn errors(&self, whole: &TargetSums, own: &TargetSums, lambdas: &[f64]) -> Vec<DVector<f64>> {
        let centre = &self.train.mean;
        let mean_y = (&whole.sum - &own.sum) / self.n_train;
        let train_cross = &whole.cross - &own.cross - centre * (&whole.sum - &own.sum).transpose();
        let shifted_sum = &self.held_out.sum - centre * self.held_out.n;
        let own_cross = &own.cross - centre * own.sum.transpose() - shifted_sum * mean_y.transpose();
        let own_square =
            &own.square - (mean_y.component_mul(&own.sum)) * 2.0 + mean_y.component_mul(&mean_y) * self.held_out.n;
        let train_rotated = &self.train.vectors_transposed * train_cross;
        let own_rotated = &self.train.vectors_transposed * own_cross;
        let errors_at = |&lambda: &f64| {
            let weights = self.train.shrink(&train_rotated, lambda);
            let gain = weights.component_mul(&(&own_rotated * 2.0 - &self.held_out_rotated * &weights));
            &own_square - gain.row_sum_tr()
        };
        lambdas.iter().map(errors_at).collect()
    }
}

/// Sums over the cells of a fold for a block of targets: Σxy `[d, block]` (x shifted), Σy and Σy² `[block]`.
#[derive(Clone)]
struct TargetSums {
    cross: DMatrix<f64>,
    sum: DVector<f64>,
    square: DVector<f64>,
}

impl TargetSums {
    fn zeros(d: usize, block: usize) -> Self {
        Self { cross: DMatrix::zeros(d, block), sum: DVector::zeros(block), square: DVector::zeros(block) }
    }

    fn add(&mut self, other: &Self) {
        self.cross += &other.cross;
        self.sum += &other.sum;
        self.square += &other.square;
    }
}

/// A ridge regression being fitted, a block of targets per [`RidgeFit::step`].
pub struct RidgeFit {
    n_targets: usize,
    fold_of_cell: Vec<u32>,
    shift: DVector<f64>,
    spectrum: Spectrum,
    folds: Vec<Fold>,
    n_cells: f64,
    lambdas: Vec<f64>,
    next: usize,
    /// Per target: Vᵀ·Σxy over all cells, mean, total squares, and squared held-out errors per penalty.
    rotated: Vec<f64>,
    means: Vec<f64>,
    totals: Vec<f64>,
    errors: Vec<f64>,
}

impl RidgeFit {
    /// Prepares a fit with cells dealt to folds by the seed of `params`.
    ///
    /// # Shapes
    /// `inputs` is `[n_cells, d]`, `targets` `[n_targets, n_cells]` compressed by target.
    ///
    /// # Errors
    /// [`RidgeError`] where there is nothing to predict from, shapes disagree, or parameters make no sense.
    pub fn new(inputs: &DenseMatrix, targets: &impl SparseRows, params: &RidgeParams) -> Result<Self, RidgeError> {
        let (n_cells, n_folds) = (inputs.n_rows(), params.n_folds);
        if n_folds < 2 {
            return Err(RidgeError::Folds { found: n_folds });
        }
        if n_cells < n_folds {
            return Err(RidgeError::TooFewCells { n_cells, n_folds });
        }
        Self::with_folds(inputs, targets, assign_folds(n_cells, n_folds, params.seed), &params.strengths)
    }

    /// Prepares a fit with the fold of every cell given; folds are numbered from 0 and none is empty.
    ///
    /// # Errors
    /// As [`RidgeFit::new`].
    pub fn with_folds(
        inputs: &DenseMatrix,
        targets: &impl SparseRows,
        fold_of_cell: Vec<u32>,
        strengths: &[f64],
    ) -> Result<Self, RidgeError> {
        let (d, n_targets) = (inputs.n_cols(), targets.n_major());
        check(inputs, targets, strengths)?;
        let shift = column_means(inputs);
        let parts = moments_by_fold(inputs, &fold_of_cell, &shift)?;
        let mut whole = parts[0].clone();
        parts[1..].iter().for_each(|part| whole.add(part));
        let spectrum = Spectrum::of(&whole)?;
        let folds = parts.into_iter().map(|part| Fold::new(&whole, part)).collect::<Result<_, _>>()?;
        let scale = whole.gram.trace() / d as f64;
        Ok(Self {
            n_targets,
            fold_of_cell,
            shift,
            spectrum,
            folds,
            n_cells: whole.n,
            lambdas: strengths.iter().map(|strength| strength * scale).collect(),
            next: 0,
            rotated: Vec::with_capacity(n_targets * d),
            means: Vec::with_capacity(n_targets),
            totals: Vec::with_capacity(n_targets),
            errors: Vec::with_capacity(n_targets * strengths.len()),
        })
    }

    /// Share of the targets done, 0 to 1.
    pub fn fraction(&self) -> f64 {
        if self.n_targets == 0 { 1.0 } else { self.next as f64 / self.n_targets as f64 }
    }

    /// Fits the next block of targets; whether there are more. Takes some tens of milliseconds.
    ///
    /// # Panics
    /// If inputs or targets are not of the shape the fit was prepared with: the caller's bug.
    pub fn step(&mut self, inputs: &DenseMatrix, targets: &impl SparseRows) -> bool {
        let shape = (inputs.n_rows(), inputs.n_cols(), targets.n_major());
        assert_eq!(shape, (self.fold_of_cell.len(), self.shift.len(), self.n_targets), "another data set");
        let end = self.block_end(targets);
        if self.next < end {
            let sums = self.block_sums(inputs, targets, self.next..end);
            self.keep(&sums);
            self.next = end;
        }
        self.next < self.n_targets
    }

    fn block_end(&self, targets: &impl SparseRows) -> usize {
        let budget = PRODUCTS_PER_STEP / self.shift.len();
        let last = self.n_targets.min(self.next + TARGETS_PER_STEP);
        let mut n_values = 0;
        let fits = |&target: &usize| {
            n_values += targets.n_stored(target);
            n_values <= budget
        };
        let n_fitting = (self.next..last).take_while(fits).count();
        // One target alone may be over the budget.
        last.min(self.next + n_fitting.max(1))
    }

    fn block_sums(
        &self,
        inputs: &DenseMatrix,
        targets: &impl SparseRows,
        block: std::ops::Range<usize>,
    ) -> Vec<TargetSums> {
        let mut sums = vec![TargetSums::zeros(self.shift.len(), block.len()); self.folds.len()];
        let mut row = SparseRow::default();
        for (at, target) in block.enumerate() {
            targets.read(target, &mut row);
            for (&cell, &value) in row.indices.iter().zip(&row.values) {
                let fold = &mut sums[self.fold_of_cell[cell as usize] as usize];
                let y = f64::from(value);
                fold.sum[at] += y;
                fold.square[at] += y * y;
                for (slot, &x) in fold.cross.column_mut(at).iter_mut().zip(inputs.row(cell as usize)) {
                    *slot += f64::from(x) * y;
                }
            }
        }
        for fold in &mut sums {
            fold.cross -= &self.shift * fold.sum.transpose();
        }
        sums
    }

    fn keep(&mut self, by_fold: &[TargetSums]) {
        let mut whole = by_fold[0].clone();
        by_fold[1..].iter().for_each(|part| whole.add(part));
        let cross = &whole.cross - &self.spectrum.mean * whole.sum.transpose();
        self.rotated.extend((&self.spectrum.vectors_transposed * cross).iter());
        let n_block = whole.sum.len();
        let mut errors = vec![DVector::zeros(n_block); self.lambdas.len()];
        for (fold, own) in self.folds.iter().zip(by_fold) {
            for (sum, part) in errors.iter_mut().zip(fold.errors(&whole, own, &self.lambdas)) {
                *sum += part;
            }
        }
        for at in 0..n_block {
            self.means.push(whole.sum[at] / self.n_cells);
            let total = whole.square[at] - whole.sum[at] * whole.sum[at] / self.n_cells;
            self.totals.push(if total <= CONSTANT * whole.square[at] { 0.0 } else { total });
            self.errors.extend(errors.iter().map(|by_lambda| by_lambda[at]));
        }
    }

    /// Chooses the penalty and gives the fit on all cells.
    ///
    /// # Panics
    /// If [`RidgeFit::step`] has not yet said that all targets are done: the caller's bug.
    #[must_use]
    pub fn finish(self) -> Ridge {
        assert_eq!(self.next, self.n_targets, "targets left to fit");
        let r2_by_lambda: Vec<Vec<f64>> = (0..self.lambdas.len()).map(|at| self.r2_at(at)).collect();
        let mean_r2_by_lambda: Vec<f64> = r2_by_lambda.iter().map(|r2| mean_of_finite(r2)).collect();
        let chosen = best(&mean_r2_by_lambda, &self.lambdas);
        let lambda = self.lambdas[chosen];
        let d = self.shift.len();
        let rotated = DMatrix::from_column_slice(d, self.n_targets, &self.rotated);
        let weights = &self.spectrum.vectors * self.spectrum.shrink(&rotated, lambda);
        let centre = &self.shift + &self.spectrum.mean;
        let intercepts = weights.column_iter().zip(&self.means).map(|(w, mean)| mean - w.dot(&centre)).collect();
        let coefficients = weights.iter().map(|&weight| weight as f32).collect();
        let tried = self.lambdas.iter().copied().zip(mean_r2_by_lambda).collect();
        Ridge { n_inputs: d, coefficients, intercepts, r2: r2_by_lambda[chosen].clone(), lambda, tried }
    }

    fn r2_at(&self, lambda: usize) -> Vec<f64> {
        let errors = self.errors.iter().skip(lambda).step_by(self.lambdas.len());
        let r2 = |(&total, error): (&f64, &f64)| if total > 0.0 { 1.0 - error / total } else { f64::NAN };
        self.totals.iter().zip(errors).map(r2).collect()
    }
}

fn check(inputs: &DenseMatrix, targets: &impl SparseRows, strengths: &[f64]) -> Result<(), RidgeError> {
    if inputs.n_cols() == 0 {
        return Err(RidgeError::NoInputs);
    }
    if inputs.n_rows() != targets.n_minor() {
        return Err(RidgeError::CellCount { inputs: inputs.n_rows(), targets: targets.n_minor() });
    }
    if strengths.is_empty() || !strengths.iter().all(|strength| *strength > 0.0 && strength.is_finite()) {
        return Err(RidgeError::Strengths { found: strengths.to_vec() });
    }
    Ok(())
}

fn moments_by_fold(inputs: &DenseMatrix, folds: &[u32], shift: &DVector<f64>) -> Result<Vec<Moments>, RidgeError> {
    assert_eq!(folds.len(), inputs.n_rows(), "a fold for every cell");
    let n_folds = folds.iter().max().map_or(0, |&last| last as usize + 1);
    if n_folds < 2 {
        return Err(RidgeError::Folds { found: n_folds });
    }
    let mut rows_by_fold = vec![Vec::new(); n_folds];
    for (row, &fold) in folds.iter().enumerate() {
        rows_by_fold[fold as usize].push(row as u32);
    }
    if rows_by_fold.iter().any(Vec::is_empty) {
        return Err(RidgeError::TooFewCells { n_cells: folds.len(), n_folds });
    }
    Ok(rows_by_fold.iter().map(|rows| Moments::of_rows(inputs, rows, shift)).collect())
}

fn mean_of_finite(values: &[f64]) -> f64 {
    let finite = values.iter().filter(|value| value.is_finite());
    let (n, sum) = finite.fold((0_usize, 0.0), |(n, sum), value| (n + 1, sum + value));
    if n == 0 { f64::NAN } else { sum / n as f64 }
}

/// The penalty with the highest mean R²; of equal ones (and where no target varies) the strongest.
fn best(mean_r2: &[f64], lambdas: &[f64]) -> usize {
    let key = |at: &usize| if mean_r2[*at].is_nan() { f64::NEG_INFINITY } else { mean_r2[*at] };
    let order = |a: &usize, b: &usize| key(a).total_cmp(&key(b)).then(lambdas[*a].total_cmp(&lambdas[*b]));
    (0..lambdas.len()).max_by(order).unwrap_or(0)
}

/// A fitted ridge regression: predicts every target from a row of inputs.
#[derive(Clone, Debug, PartialEq)]
pub struct Ridge {
    n_inputs: usize,
    coefficients: Vec<f32>,
    intercepts: Vec<f64>,
    r2: Vec<f64>,
    lambda: f64,
    tried: Vec<(f64, f64)>,
}

impl Ridge {
    /// Number of targets.
    pub fn n_targets(&self) -> usize {
        self.intercepts.len()
    }

    /// Number of inputs d.
    pub fn n_inputs(&self) -> usize {
        self.n_inputs
    }

    /// Coefficients of a target, `[d]`.
    pub fn coefficients(&self, target: usize) -> &[f32] {
        &self.coefficients[target * self.n_inputs..(target + 1) * self.n_inputs]
    }

    /// Intercept of a target.
    pub fn intercept(&self, target: usize) -> f64 {
        self.intercepts[target]
    }

    /// Predicted value of a target for a row of inputs, `[d]`; not clipped, so it can be negative.
    pub fn predict(&self, target: usize, row: &[f64]) -> f64 {
        let weights = self.coefficients(target).iter();
        self.intercepts[target] + weights.zip(row).map(|(&weight, x)| f64::from(weight) * x).sum::<f64>()
    }

    /// Cross-validated R² per target, `[n_targets]`; NaN for a constant target, negative where the mean predicts better.
    pub fn r2(&self) -> &[f64] {
        &self.r2
    }

    /// Median cross-validated R² over targets that vary; `None` if none does.
    pub fn median_r2(&self) -> Option<f64> {
        let mut sorted: Vec<f64> = self.r2.iter().copied().filter(|r2| r2.is_finite()).collect();
        sorted.sort_by(f64::total_cmp);
        let n = sorted.len();
        (n > 0).then(|| f64::midpoint(sorted[(n - 1) / 2], sorted[n / 2]))
    }

    /// The penalty λ in use (scikit-learn's `alpha`).
    pub fn lambda(&self) -> f64 {
        self.lambda
    }

    /// Every penalty tried with its mean cross-validated R².
    pub fn tried(&self) -> &[(f64, f64)] {
        &self.tried
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::SparseMatrix;

    const TOLERANCE: f64 = 1e-6; // coefficients are kept as f32

    fn fit(inputs: &DenseMatrix, targets: &DenseMatrix, strengths: &[f64]) -> Ridge {
        let targets = SparseMatrix::from_dense(targets);
        let folds = (0..inputs.n_rows() as u32).map(|row| row % 2).collect();
        let mut fit = RidgeFit::with_folds(inputs, &targets, folds, strengths).unwrap();
        while fit.step(inputs, &targets) {}
        fit.finish()
    }

    fn ramp() -> DenseMatrix {
        DenseMatrix::new(6, 1, vec![1.0, 2.0, 3.0, 4.0, 5.0, 6.0]).unwrap()
    }

    #[test]
    fn a_line_is_found_with_little_penalty() {
        let y = DenseMatrix::new(1, 6, vec![5.0, 7.0, 9.0, 11.0, 13.0, 15.0]).unwrap();
        let ridge = fit(&ramp(), &y, &[1e-9, 1.0]);
        assert!((f64::from(ridge.coefficients(0)[0]) - 2.0).abs() < TOLERANCE);
        assert!((ridge.intercept(0) - 3.0).abs() < TOLERANCE);
        assert!((ridge.r2()[0] - 1.0).abs() < TOLERANCE);
        assert!((ridge.predict(0, &[10.0]) - 23.0).abs() < 10.0 * TOLERANCE);
    }

    #[test]
    fn the_penalty_spares_the_intercept() {
        let y = DenseMatrix::new(1, 6, vec![5.0, 7.0, 9.0, 11.0, 13.0, 15.0]).unwrap();
        let ridge = fit(&ramp(), &y, &[1.0]);
        // Σ(x − x̄)² = λ = 17.5 halves the slope; the mean prediction stays.
        assert!((ridge.lambda() - 17.5).abs() < TOLERANCE);
        assert!((f64::from(ridge.coefficients(0)[0]) - 1.0).abs() < TOLERANCE);
        assert!((ridge.predict(0, &[3.5]) - 10.0).abs() < TOLERANCE);
    }

    #[test]
    fn constant_targets_have_no_r2_and_constant_inputs_no_slope() {
        let y = DenseMatrix::new(2, 6, vec![0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 1.0, 0.0, 2.0, 0.0, 0.0, 1.0]).unwrap();
        let ridge = fit(&DenseMatrix::new(6, 2, vec![4.0; 12]).unwrap(), &y, &[0.1]);
        assert!(ridge.r2()[0].is_nan() && ridge.r2()[1] <= 0.0);
        assert_eq!(ridge.coefficients(1), [0.0, 0.0]);
        assert_eq!(ridge.median_r2(), Some(ridge.r2()[1]));
    }

    #[test]
    fn more_inputs_than_cells_stay_finite() {
        let x = DenseMatrix::new(4, 5, (0..20).map(|at| ((at * at) % 7) as f32).collect()).unwrap();
        let y = DenseMatrix::new(1, 4, vec![1.0, 0.0, 2.0, 5.0]).unwrap();
        let ridge = fit(&x, &y, &[1e-3, 1.0]);
        assert!(ridge.coefficients(0).iter().all(|weight| weight.is_finite()) && ridge.r2()[0].is_finite());
    }

    #[test]
    fn folds_are_balanced_and_follow_the_seed() {
        let folds = assign_folds(12, 5, 7);
        let sizes: Vec<usize> = (0..5).map(|fold| folds.iter().filter(|&&own| own == fold).count()).collect();
        assert_eq!(sizes, [3, 3, 2, 2, 2]);
        assert_eq!(folds, assign_folds(12, 5, 7));
        assert_ne!(folds, assign_folds(12, 5, 8));
    }

    #[test]
    fn nonsense_is_refused() {
        let sparse = |n| SparseMatrix::from_dense(&DenseMatrix::zeros(2, n));
        let default = RidgeParams::default();
        let new = |inputs: &DenseMatrix, n, params: &RidgeParams| RidgeFit::new(inputs, &sparse(n), params).err();
        assert_eq!(new(&DenseMatrix::zeros(6, 0), 6, &default), Some(RidgeError::NoInputs));
        assert_eq!(new(&ramp(), 5, &default), Some(RidgeError::CellCount { inputs: 6, targets: 5 }));
        let four = DenseMatrix::zeros(4, 1);
        assert_eq!(new(&four, 4, &default), Some(RidgeError::TooFewCells { n_cells: 4, n_folds: 5 }));
        let one_fold = RidgeParams { n_folds: 1, ..default.clone() };
        assert_eq!(new(&ramp(), 6, &one_fold), Some(RidgeError::Folds { found: 1 }));
        let zero = RidgeParams { strengths: vec![0.0], ..default };
        assert_eq!(new(&ramp(), 6, &zero), Some(RidgeError::Strengths { found: vec![0.0] }));
    }
}
