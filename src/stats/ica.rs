//! Independent components of dense rows: FastICA.
//!
//! Method: Hyvärinen & Oja 2000, all components at once (symmetric decorrelation), g(s) = tanh s, on data centred and
//! whitened through the covariance (n in the denominator, f64); scikit-learn's `FastICA(fun="logcosh",
//! algorithm="parallel", whiten="unit-variance")` up to sign and order. Sources have variance 1. Streams over blocks of
//! rows, so nothing but [d, d] matrices is held; a step costs 4 n c d products, and [`IcaFit`] does one at a time.
//! Components come by falling length of their direction (their share of the variance), the loading largest in
//! absolute value positive. The start is drawn from the seed; where the sources are close to normal, different seeds
//! end elsewhere, which no sign or order explains.
//!
//! Rules: more components than the data have directions with variance are left out. NaN never comes here; should it,
//! fitting ends with [`IcaError::NotConverged`]. Steps that run out are no error: see [`Ica::is_converged`].

use nalgebra::{DMatrix, DVector};
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;

use super::draw::draw_normal;
use super::moments::{Moments, column_means, eigen_descending};
use super::pca::MAX_PCA_DIMS;
use crate::data::DenseMatrix;

const ROWS_PER_BLOCK: usize = 512;

/// How independent components are looked for.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct IcaParams {
    /// Components, at most; fewer where the data have fewer directions.
    pub n_components: usize,
    /// Where the search starts.
    pub seed: u64,
    /// Ends when no component turns by more: |1 − |cos||.
    pub tolerance: f64,
    /// Ends after so many steps in any case.
    pub max_steps: usize,
}

impl Default for IcaParams {
    fn default() -> Self {
        Self { n_components: usize::MAX, seed: 0, tolerance: 1e-4, max_steps: 200 }
    }
}

/// Why independent components can't be fitted.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum IcaError {
    /// Nothing to fit.
    #[error("independent components need at least one cell and one dimension, found {n_cells} cells × {n_dims}")]
    Empty {
        /// Cells found.
        n_cells: usize,
        /// Dimensions found.
        n_dims: usize,
    },
    /// No component asked for.
    #[error("the number of independent components must be at least 1, not 0")]
    NoComponents,
    /// Wider than a covariance matrix can reasonably be.
    #[error("independent components of {n_dims} dimensions are too costly here (at most {MAX_PCA_DIMS}); reduce first")]
    TooWide {
        /// Dimensions found.
        n_dims: usize,
    },
    /// Every cell is the same.
    #[error("the {n_cells} cells do not differ in any dimension, so they have no components; check the embedding")]
    Constant {
        /// Cells found.
        n_cells: usize,
    },
    /// An eigendecomposition did not end: values that are not finite.
    #[error("independent components could not be computed; check the data for NaN or infinite values")]
    NotConverged,
}

/// Independent components.
///
/// # Shapes
/// mean `[d]`; a filter and a direction `[d]` for each component: s = filter · (x − mean), x ≈ mean + Σ s direction.
#[derive(Clone, Debug, PartialEq)]
pub struct Ica {
    mean: Vec<f64>,
    filters: Vec<Vec<f64>>,
    directions: Vec<Vec<f64>>,
    n_steps: usize,
    is_converged: bool,
}

impl Ica {
    /// Fits all rows of `data`, `[n, d]`.
    ///
    /// # Errors
    /// [`IcaError`] for empty, too wide or constant data, for no components, and where values are not finite.
    pub fn fit(data: &DenseMatrix, params: IcaParams) -> Result<Self, IcaError> {
        let mut fit = IcaFit::new(data, params)?;
        while fit.step()? {}
        Ok(fit.finish())
    }

    /// Number of components.
    pub fn n_components(&self) -> usize {
        self.filters.len()
    }

    /// Column means, taken off first, `[d]`.
    pub fn mean(&self) -> &[f64] {
        &self.mean
    }

    /// What a component's source is read with (a row of the unmixing matrix), `[d]`.
    pub fn filter(&self, component: usize) -> &[f64] {
        &self.filters[component]
    }

    /// What a component adds to a cell (a column of the mixing matrix), for a source of variance 1, `[d]`.
    pub fn direction(&self, component: usize) -> &[f64] {
        &self.directions[component]
    }

    /// Steps taken.
    pub fn n_steps(&self) -> usize {
        self.n_steps
    }

    /// Whether the last step turned no component by more than the tolerance.
    pub fn is_converged(&self) -> bool {
        self.is_converged
    }
}

/// A search for independent components that can be done step by step.
#[derive(Clone, Debug)]
pub struct IcaFit<'a> {
    data: &'a DenseMatrix,
    params: IcaParams,
    mean: DVector<f64>,
    /// From centred rows to variance 1 in every direction, `[c, d]`.
    whitening: DMatrix<f64>,
    /// Back, `[d, c]`.
    colouring: DMatrix<f64>,
    /// `[c, c]`, orthogonal.
    rotation: DMatrix<f64>,
    n_steps: usize,
    is_converged: bool,
}

impl<'a> IcaFit<'a> {
    /// Centres and whitens.
    ///
    /// # Errors
    /// As [`Ica::fit`].
    pub fn new(data: &'a DenseMatrix, params: IcaParams) -> Result<Self, IcaError> {
        check(data, params.n_components)?;
        let mean = column_means(data);
        let rows: Vec<u32> = (0..data.n_rows() as u32).collect();
        let moments = Moments::of_rows(data, &rows, &mean);
        let covariance = moments.scatter_about(&moments.mean()) / moments.n;
        if !covariance.iter().all(|value| value.is_finite()) {
            return Err(IcaError::NotConverged);
        }
        let (values, vectors) = eigen_descending(covariance).ok_or(IcaError::NotConverged)?;
        let noise = values[0] * values.len() as f64 * f64::EPSILON;
        let n = values.iter().take_while(|&&value| value > noise).count().min(params.n_components);
        if n == 0 {
            return Err(IcaError::Constant { n_cells: data.n_rows() });
        }
        let roots = values.rows(0, n).map(f64::sqrt);
        let vectors = vectors.columns(0, n);
        let whitening = DMatrix::from_diagonal(&roots.map(f64::recip)) * vectors.transpose();
        let colouring = vectors * DMatrix::from_diagonal(&roots);
        let mut rng = ChaCha8Rng::seed_from_u64(params.seed);
        let start = DMatrix::from_fn(n, n, |_, _| draw_normal(&mut rng));
        let rotation = decorrelated(&start)?;
        Ok(Self { data, params, mean, whitening, colouring, rotation, n_steps: 0, is_converged: false })
    }

    /// One step; false once it has converged or steps have run out.
    ///
    /// # Errors
    /// [`IcaError::NotConverged`] where values are not finite.
    pub fn step(&mut self) -> Result<bool, IcaError> {
        if self.is_converged || self.n_steps >= self.params.max_steps {
            return Ok(false);
        }
        let (products, slopes) = self.sums();
        let n = self.data.n_rows() as f64;
        let mut turned = products * self.whitening.transpose() / n;
        for (component, slope) in slopes.iter().enumerate() {
            let mut row = turned.row_mut(component);
            row -= self.rotation.row(component) * (slope / n);
        }
        let turned = decorrelated(&turned)?;
        let angle = |at: usize| (1.0 - turned.row(at).dot(&self.rotation.row(at)).abs()).abs();
        let largest = (0..turned.nrows()).map(angle).fold(0.0, f64::max);
        self.is_converged = largest < self.params.tolerance;
        self.rotation = turned;
        self.n_steps += 1;
        Ok(!self.is_converged && self.n_steps < self.params.max_steps)
    }

    /// Σ g(s)(x − m)ᵀ, `[c, d]`, and Σ g'(s), `[c]`, over all rows.
    fn sums(&self) -> (DMatrix<f64>, DVector<f64>) {
        let filters = &self.rotation * &self.whitening;
        let (mut products, mut slopes) =
            (DMatrix::zeros(filters.nrows(), filters.ncols()), DVector::zeros(filters.nrows()));
        let n_rows = self.data.n_rows();
        for start in (0..n_rows).step_by(ROWS_PER_BLOCK) {
            let block = self.centred(start..(start + ROWS_PER_BLOCK).min(n_rows));
            let bent = (&filters * &block).map(libm::tanh);
            slopes += bent.map(|value| 1.0 - value * value).column_sum();
            products.gemm(1.0, &bent, &block.transpose(), 1.0);
        }
        (products, slopes)
    }

    /// Rows with the mean taken off, a row a column.
    fn centred(&self, rows: std::ops::Range<usize>) -> DMatrix<f64> {
        let n = rows.len();
        let mut values = Vec::with_capacity(n * self.mean.len());
        for row in rows {
            values
                .extend(self.data.row(row).iter().zip(self.mean.iter()).map(|(&value, mean)| f64::from(value) - mean));
        }
        DMatrix::from_vec(self.mean.len(), n, values)
    }

    /// The components as they stand.
    #[must_use]
    pub fn finish(self) -> Ica {
        let filters = &self.rotation * &self.whitening;
        let directions = &self.colouring * self.rotation.transpose();
        let lengths: Vec<f64> = directions.column_iter().map(|column| column.norm()).collect();
        let mut order: Vec<usize> = (0..lengths.len()).collect();
        order.sort_by(|&a, &b| lengths[b].total_cmp(&lengths[a]).then(a.cmp(&b)));
        let sign = |at: usize| {
            let column = directions.column(at);
            if column[column.icamax()] < 0.0 { -1.0 } else { 1.0 }
        };
        Ica {
            mean: self.mean.iter().copied().collect(),
            filters: order.iter().map(|&at| filters.row(at).iter().map(|value| value * sign(at)).collect()).collect(),
            directions: order
                .iter()
                .map(|&at| directions.column(at).iter().map(|value| value * sign(at)).collect())
                .collect(),
            n_steps: self.n_steps,
            is_converged: self.is_converged,
        }
    }
}

fn check(data: &DenseMatrix, n_components: usize) -> Result<(), IcaError> {
    let (n_cells, n_dims) = (data.n_rows(), data.n_cols());
    if n_cells == 0 || n_dims == 0 {
        return Err(IcaError::Empty { n_cells, n_dims });
    }
    if n_dims > MAX_PCA_DIMS {
        return Err(IcaError::TooWide { n_dims });
    }
    if n_components == 0 { Err(IcaError::NoComponents) } else { Ok(()) }
}

/// (W Wᵀ)^(−½) W: the orthogonal matrix nearest to W.
fn decorrelated(w: &DMatrix<f64>) -> Result<DMatrix<f64>, IcaError> {
    let (values, vectors) = eigen_descending(w * w.transpose()).ok_or(IcaError::NotConverged)?;
    let scales = values.map(|value| value.max(f64::MIN_POSITIVE).sqrt().recip());
    Ok(&vectors * DMatrix::from_diagonal(&scales) * vectors.transpose() * w)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Two sources far from normal, mixed: a saw and a rare pulse.
    fn mixed() -> DenseMatrix {
        let row = |at: usize| {
            let (saw, pulse) = ((at % 11) as f32 - 5.0, if at.is_multiple_of(7) { 9.0 } else { 0.0 });
            [saw + 0.5 * pulse, saw - pulse, 2.0 * pulse + 3.0]
        };
        DenseMatrix::new(770, 3, (0..770).flat_map(row).collect()).unwrap()
    }

    #[test]
    fn mixed_sources_are_found_and_absent_ones_are_not() {
        let ica = Ica::fit(&mixed(), IcaParams { tolerance: 1e-10, ..IcaParams::default() }).unwrap();
        assert!(ica.is_converged() && ica.n_components() == 2);
        // The directions are those of the mixing, each up to its length.
        let is_parallel = |found: &[f64], wanted: [f64; 3]| {
            let product: f64 = found.iter().zip(wanted).map(|(a, b)| a * b).sum();
            let lengths = found.iter().map(|a| a * a).sum::<f64>() * wanted.iter().map(|b| b * b).sum::<f64>();
            product / lengths.sqrt() > 0.999
        };
        assert!(is_parallel(ica.direction(0), [-0.5, 1.0, -2.0].map(|x: f64| -x)), "{:?}", ica.direction(0));
        assert!(is_parallel(ica.direction(1), [1.0, 1.0, 0.0]), "{:?}", ica.direction(1));
    }

    #[test]
    fn filters_undo_directions() {
        let ica = Ica::fit(&mixed(), IcaParams::default()).unwrap();
        for (at, other) in [(0, 0), (0, 1), (1, 0), (1, 1)] {
            let product: f64 = ica.filter(at).iter().zip(ica.direction(other)).map(|(a, b)| a * b).sum();
            assert!((product - f64::from(u8::from(at == other))).abs() < 1e-9);
        }
    }

    #[test]
    fn steps_that_run_out_are_said_and_the_seed_decides() {
        let short = IcaParams { max_steps: 1, ..IcaParams::default() };
        let ica = Ica::fit(&mixed(), short).unwrap();
        assert_eq!((ica.n_steps(), ica.is_converged()), (1, false));
        assert_eq!(Ica::fit(&mixed(), short), Ok(ica.clone()));
        assert_ne!(Ica::fit(&mixed(), IcaParams { seed: 1, ..short }), Ok(ica));
    }

    #[test]
    fn nonsense_is_refused() {
        let fit = |n, d, values| Ica::fit(&DenseMatrix::new(n, d, values).unwrap(), IcaParams::default());
        assert_eq!(fit(0, 2, vec![]), Err(IcaError::Empty { n_cells: 0, n_dims: 2 }));
        assert_eq!(fit(1, 5000, vec![0.0; 5000]), Err(IcaError::TooWide { n_dims: 5000 }));
        assert_eq!(fit(3, 1, vec![5.0; 3]), Err(IcaError::Constant { n_cells: 3 }));
        assert_eq!(fit(2, 1, vec![f32::NAN, 1.0]), Err(IcaError::NotConverged));
        let none = IcaParams { n_components: 0, ..IcaParams::default() };
        assert_eq!(Ica::fit(&mixed(), none), Err(IcaError::NoComponents));
    }
}
