//! Dictionaries that were not learned as sparse autoencoders, in the same form, so that the same metrics apply.
//!
//! Each is an [`Sae`] with the cells' mean as b_dec, unit decoder rows and TopK of the k asked for: evaluated exactly as
//! a trained one, with the same number of active features.
//!
//! - [`pca_baseline`]: 2c features, + and − of each principal component, so that both signs survive the ReLU. As the
//!   components are orthogonal, the k largest scores of a cell are the best k of them for that very cell: a stronger
//!   baseline than the first k components for all cells.
//! - [`ica_baseline`]: 2c features, + and − of each independent component, read by its filter. Sources are scaled to
//!   unit directions, so "largest" means what a component adds to the cell, as for unit decoder rows.
//! - [`random_baseline`]: h directions drawn uniformly on the sphere, encoder = decoder: what TopK alone gives with as
//!   many features as the trained dictionary.
//! - [`shuffled`]: each dimension of the inputs permuted by itself, which keeps its distribution and removes what
//!   dimensions have to do with each other. An autoencoder trained on it shows which scores need no structure.
//!
//! ## What is fair
//!
//! All are fitted on the cells given and nothing else, so give the training cells and evaluate the held-out ones.
//! Directions that are not orthogonal add up to more than the cell, so one scale per dictionary is fitted by least
//! squares, α = Σ⟨x − μ, r⟩ / Σ‖r‖² with r what the active features add (on at most 2000 cells, evenly spaced), and put
//! into the encoder; for PCA it is 1.
//!
//! What is not fair: PCA and ICA have 2c ≤ 2d features however many the trained one has, and with k ≥ d PCA rebuilds
//! every cell exactly (FVU 0). There FVU at the same k compares nothing, and only density, stability, redundancy and
//! what features have to do with labels do. A random dictionary has no k where it is exact.
//!
//! k above the number of features keeps all of them. NaN never comes here: data containers refuse it.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;

use super::{Architecture, Sae, SaeError, SaeWeights};
use crate::data::{DenseMatrix, FeatureId};
use crate::stats::{Ica, IcaError, IcaParams, Pca, PcaError, draw_below, draw_normal};

/// Cells the scale is fitted on, at most: encoding all would take as long as inference.
const MAX_SCALE_CELLS: usize = 2000;

/// Why there is no baseline.
#[derive(Debug, thiserror::Error, PartialEq)]
pub enum BaselineError {
    /// No principal components.
    #[error(transparent)]
    Pca(#[from] PcaError),
    /// No independent components.
    #[error(transparent)]
    Ica(#[from] IcaError),
    /// No dictionary: k of 0, no features, or data that do not vary.
    #[error(transparent)]
    Sae(#[from] SaeError),
}

/// + and − of every principal component with variance, TopK of `k`: feature 2i is + component i, 2i + 1 its negative.
///
/// # Shapes
/// `inputs` is `[n, d]`; the result has at most 2 min(d, n − 1) features.
///
/// # Errors
/// [`BaselineError`] for empty or too wide data, data that do not vary, and k of 0.
pub fn pca_baseline(inputs: &DenseMatrix, k: usize) -> Result<Sae, BaselineError> {
    let pca = Pca::fit(inputs, inputs.n_cols().max(1))?;
    let n = pca.explained_variance().iter().filter(|&&variance| variance > 0.0).count();
    let rows: Vec<Row> = (0..n).map(|at| Row::new(pca.component(at), pca.component(at))).collect();
    dictionary(&both_signs(rows), inputs, k)
}

/// + and − of every independent component, TopK of `k`; see [`Ica`] for the search. Feature 2i is + component i.
///
/// # Shapes
/// `inputs` is `[n, d]`; the result has at most 2d features.
///
/// # Errors
/// [`BaselineError`] for empty, constant or too wide data, no components and k of 0.
pub fn ica_baseline(inputs: &DenseMatrix, params: IcaParams, k: usize) -> Result<Sae, BaselineError> {
    ica_dictionary(&Ica::fit(inputs, params)?, inputs, k)
}

/// As [`ica_baseline`], of components fitted elsewhere (step by step).
///
/// # Errors
/// [`BaselineError::Sae`] for k of 0 or inputs of other dimensions.
pub fn ica_dictionary(ica: &Ica, inputs: &DenseMatrix, k: usize) -> Result<Sae, BaselineError> {
    let rows: Vec<Row> = (0..ica.n_components()).map(|at| Row::new(ica.filter(at), ica.direction(at))).collect();
    dictionary(&both_signs(rows), inputs, k)
}

/// `n_features` random unit directions, TopK of `k`.
///
/// # Errors
/// [`BaselineError::Sae`] for no features, no dimensions or k of 0.
///
/// # Example
/// ```
/// use featurescope::{data::DenseMatrix, sae::baselines::random_baseline};
/// let inputs = DenseMatrix::new(3, 2, vec![1.0, 0.0, 0.0, 1.0, 2.0, 2.0])?;
/// let sae = random_baseline(&inputs, 16, 4, 0)?;
/// assert_eq!((sae.n_features(), sae.encode_cell(inputs.row(0)).len()), (16, 4));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn random_baseline(inputs: &DenseMatrix, n_features: usize, k: usize, seed: u64) -> Result<Sae, BaselineError> {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let mut direction = || (0..inputs.n_cols()).map(|_| draw_normal(&mut rng)).collect::<Vec<f64>>();
    let mut unit = || {
        let direction = direction();
        let squares = direction.iter().map(|part| part * part).sum::<f64>();
        Row::new(&direction.iter().map(|part| part / squares).collect::<Vec<f64>>(), &direction)
    };
    dictionary(&(0..n_features).map(|_| unit()).collect::<Vec<Row>>(), inputs, k)
}

/// The inputs with each dimension permuted over cells by itself; ChaCha8, a stream per dimension.
#[must_use]
pub fn shuffled(inputs: &DenseMatrix, seed: u64) -> DenseMatrix {
    let mut out = inputs.clone();
    for dim in 0..inputs.n_cols() {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        rng.set_stream(dim as u64);
        let mut column = inputs.column(dim);
        for last in (1..column.len()).rev() {
            column.swap(last, draw_below(&mut rng, last as u32 + 1) as usize);
        }
        for (row, value) in column.into_iter().enumerate() {
            out.row_mut(row)[dim] = value;
        }
    }
    out
}

/// A feature of a dictionary: what it is read with, and its unit direction.
struct Row {
    filter: Vec<f64>,
    direction: Vec<f64>,
}

impl Row {
    /// Scales to a unit direction without changing what the feature adds.
    fn new(filter: &[f64], direction: &[f64]) -> Self {
        let length = direction.iter().map(|part| part * part).sum::<f64>().sqrt();
        Self {
            filter: filter.iter().map(|part| part * length).collect(),
            direction: direction.iter().map(|part| part / length).collect(),
        }
    }

    fn negative(&self) -> Self {
        let negated = |parts: &[f64]| parts.iter().map(|part| -part).collect();
        Self { filter: negated(&self.filter), direction: negated(&self.direction) }
    }
}

fn both_signs(rows: Vec<Row>) -> Vec<Row> {
    let pair = |row: Row| {
        let negative = row.negative();
        [row, negative]
    };
    rows.into_iter().flat_map(pair).collect()
}

fn dictionary(rows: &[Row], inputs: &DenseMatrix, k: usize) -> Result<Sae, BaselineError> {
    let unscaled = with_scale(rows, inputs, k, 1.0)?;
    let scale = fitted_scale(&unscaled, inputs);
    // Exact inverses (PCA) stay as they are: their scale is 1 but for rounding.
    if (scale - 1.0).abs() < 1e-6 { Ok(unscaled) } else { with_scale(rows, inputs, k, scale) }
}

fn with_scale(rows: &[Row], inputs: &DenseMatrix, k: usize, scale: f64) -> Result<Sae, BaselineError> {
    let (d, h) = (inputs.n_cols(), rows.len());
    let (mut w_enc, mut w_dec) = (DenseMatrix::zeros(d, h), DenseMatrix::zeros(h, d));
    for (feature, row) in rows.iter().enumerate() {
        for dim in 0..d {
            w_enc.row_mut(dim)[feature] = (row.filter[dim] * scale) as f32;
            w_dec.row_mut(feature)[dim] = row.direction[dim] as f32;
        }
    }
    let weights = SaeWeights { w_enc, b_enc: vec![0.0; h], w_dec, b_dec: mean(inputs), threshold: None };
    let sae = Sae::new(Architecture::TopK { k: k.min(h) }, weights, true)?;
    sae.check_input(inputs)?;
    Ok(sae)
}

fn mean(inputs: &DenseMatrix) -> Vec<f32> {
    let mut sums = vec![0.0; inputs.n_cols()];
    for row in 0..inputs.n_rows() {
        sums.iter_mut().zip(inputs.row(row)).for_each(|(sum, &value)| *sum += f64::from(value));
    }
    sums.into_iter().map(|sum: f64| (sum / inputs.n_rows().max(1) as f64) as f32).collect()
}

/// α that brings what active features add nearest to the centred cells; 1 if nothing is ever active.
fn fitted_scale(sae: &Sae, inputs: &DenseMatrix) -> f64 {
    let (mut products, mut squares) = (0.0, 0.0);
    let mut added = vec![0.0; sae.d_in()];
    let n_rows = inputs.n_rows().min(MAX_SCALE_CELLS);
    for row in (0..n_rows).map(|at| at * inputs.n_rows() / n_rows) {
        added.fill(0.0);
        for (feature, activation) in sae.encode_cell(inputs.row(row)) {
            for (sum, &weight) in added.iter_mut().zip(sae.decoder_row(FeatureId(feature))) {
                *sum += f64::from(activation) * f64::from(weight);
            }
        }
        for ((&value, &bias), sum) in inputs.row(row).iter().zip(&sae.weights().b_dec).zip(&added) {
            products += (f64::from(value) - f64::from(bias)) * sum;
            squares += sum * sum;
        }
    }
    if products > 0.0 { products / squares } else { 1.0 }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::{SparseActivations, SparseBuilder};
    use crate::sae::metrics::{SaeMetrics, evaluate};

    fn measured(sae: &Sae, inputs: &DenseMatrix) -> SaeMetrics {
        let mut builder = SparseBuilder::new(sae.n_features());
        (0..inputs.n_rows()).for_each(|row| builder.push_major(sae.encode_cell(inputs.row(row))));
        evaluate(sae, inputs, &SparseActivations::from_cells(builder.finish())).unwrap()
    }

    /// Cells that are one of six directions in six dimensions, with a strength, off the origin.
    fn inputs() -> DenseMatrix {
        let mut rng = ChaCha8Rng::seed_from_u64(1);
        let directions: Vec<f64> = (0..36).map(|_| draw_normal(&mut rng)).collect();
        let mut values = Vec::new();
        for _ in 0..400 {
            let (which, strength) = (draw_below(&mut rng, 6) as usize, 2.0 + draw_normal(&mut rng).abs());
            let cell = directions[which * 6..][..6].iter().map(|part| part * strength + 3.0);
            values.extend(cell.map(|value| (value + 0.1 * draw_normal(&mut rng)) as f32));
        }
        DenseMatrix::new(400, 6, values).unwrap()
    }

    #[test]
    fn every_component_rebuilds_the_cells() {
        let inputs = inputs();
        for sae in [pca_baseline(&inputs, 6).unwrap(), ica_baseline(&inputs, IcaParams::default(), 99).unwrap()] {
            let metrics = measured(&sae, &inputs);
            assert_eq!(sae.n_features(), 12);
            assert!(metrics.fvu < 1e-10 && metrics.l0 <= 6.0 && metrics.dead_share == 0.0, "{metrics:?}");
        }
    }

    #[test]
    fn best_components_of_a_cell_beat_the_first_of_all() {
        let inputs = inputs();
        let pca = Pca::fit(&inputs, 6).unwrap();
        let first_two: f64 = pca.explained_variance_ratio()[..2].iter().sum();
        let metrics = measured(&pca_baseline(&inputs, 2).unwrap(), &inputs);
        assert!(metrics.explained_variance > first_two && metrics.l0 == 2.0);
    }

    #[test]
    fn the_scale_fitted_is_the_best_one() {
        let inputs = inputs();
        let sae = random_baseline(&inputs, 60, 8, 3).unwrap();
        let fvu = |factor: f32| {
            let mut weights = sae.weights().clone();
            for dim in 0..6 {
                weights.w_enc.row_mut(dim).iter_mut().for_each(|weight| *weight *= factor);
            }
            measured(&Sae::new(sae.architecture(), weights, true).unwrap(), &inputs).fvu
        };
        assert!(fvu(1.0) < 1.0 && fvu(1.0) < fvu(0.98) && fvu(1.0) < fvu(1.02));
        for feature in 0..60 {
            let row = sae.decoder_row(FeatureId(feature));
            approx::assert_relative_eq!(row.iter().map(|x| x * x).sum::<f32>(), 1.0, max_relative = 1e-5);
        }
    }

    #[test]
    fn the_seed_decides_directions_and_order() {
        let inputs = inputs();
        assert_eq!(random_baseline(&inputs, 8, 2, 4), random_baseline(&inputs, 8, 2, 4));
        assert_ne!(random_baseline(&inputs, 8, 2, 4), random_baseline(&inputs, 8, 2, 5));
        assert_eq!(shuffled(&inputs, 4), shuffled(&inputs, 4));
        assert_ne!(shuffled(&inputs, 4), shuffled(&inputs, 5));
    }

    #[test]
    fn shuffling_keeps_each_dimension_and_breaks_their_relation() {
        let values = (0..500).flat_map(|at| [at as f32, at as f32]).collect();
        let mixed = shuffled(&DenseMatrix::new(500, 2, values).unwrap(), 0);
        for dim in 0..2 {
            let mut column = mixed.column(dim);
            column.sort_by(f32::total_cmp);
            assert!(column.iter().enumerate().all(|(at, &value)| value == at as f32));
        }
        let product: f64 =
            (0..500).map(|row| mixed.row(row)).map(|x| f64::from(x[0] - 249.5) * f64::from(x[1] - 249.5)).sum();
        // r has standard deviation 1/√499 ≈ .045.
        assert!((product / (500.0 * (500.0_f64.powi(2) - 1.0) / 12.0)).abs() < 0.18);
    }

    #[test]
    fn nonsense_is_refused() {
        let (constant, inputs) = (DenseMatrix::new(2, 2, vec![1.0; 4]).unwrap(), inputs());
        assert!(matches!(pca_baseline(&constant, 2), Err(BaselineError::Sae(SaeError::Empty { .. }))));
        assert!(matches!(pca_baseline(&DenseMatrix::zeros(0, 0), 2), Err(BaselineError::Pca(_))));
        assert!(matches!(ica_baseline(&constant, IcaParams::default(), 2), Err(BaselineError::Ica(_))));
        assert!(matches!(pca_baseline(&inputs, 0), Err(BaselineError::Sae(SaeError::K { k: 0, .. }))));
        assert!(matches!(random_baseline(&inputs, 0, 1, 0), Err(BaselineError::Sae(SaeError::Empty { .. }))));
    }
}
