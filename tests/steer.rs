//! PCA and ridge regression against scikit-learn, steering against NumPy (`tests/fixtures/steer`).

use featurescope::data::{DenseMatrix, SparseMatrix};
use featurescope::stats::{Pca, Ridge, RidgeFit};
use serde::Deserialize;
use serde::de::DeserializeOwned;

/// References are f64, inputs and coefficients f32.
const F32_TOLERANCE: f64 = 2e-6;
/// Both sides f64, by different factorisations.
const F64_TOLERANCE: f64 = 1e-9;

#[derive(Deserialize)]
struct Matrix {
    n_rows: usize,
    n_cols: usize,
    values: Vec<f64>,
}

impl Matrix {
    fn dense(&self) -> DenseMatrix {
        let values = self.values.iter().map(|&value| value as f32).collect();
        DenseMatrix::new(self.n_rows, self.n_cols, values).unwrap()
    }

    fn row(&self, row: usize) -> &[f64] {
        &self.values[row * self.n_cols..(row + 1) * self.n_cols]
    }
}

fn fixture<T: DeserializeOwned>(name: &str) -> T {
    let path = format!("{}/tests/fixtures/steer/{name}", env!("CARGO_MANIFEST_DIR"));
    serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap()
}

fn assert_close<'a>(found: impl IntoIterator<Item = f64>, expected: impl IntoIterator<Item = &'a f64>, within: f64) {
    let (found, expected): (Vec<f64>, Vec<&f64>) = (found.into_iter().collect(), expected.into_iter().collect());
    assert_eq!(found.len(), expected.len());
    for (at, (value, reference)) in found.iter().zip(expected).enumerate() {
        let gap = (value - reference).abs();
        assert!(gap <= within * reference.abs().max(1.0), "at {at}: {value} against {reference}");
    }
}

fn as_f64(values: &[f32]) -> impl Iterator<Item = f64> + '_ {
    values.iter().map(|&value| f64::from(value))
}

#[derive(Deserialize)]
struct PcaFixture {
    data: Matrix,
    components: Matrix,
    explained_variance: Vec<f64>,
    explained_variance_ratio: Vec<f64>,
    scores: Matrix,
}

#[test]
fn principal_components_are_scikit_learns() {
    let fixture: PcaFixture = fixture("pca.json");
    let data = fixture.data.dense();
    let pca = Pca::fit(&data, 3).unwrap();
    for at in 0..3 {
        assert_close(pca.component(at).iter().copied(), fixture.components.row(at), F64_TOLERANCE);
    }
    assert_close(pca.explained_variance().iter().copied(), &fixture.explained_variance, F64_TOLERANCE);
    assert_close(pca.explained_variance_ratio().iter().copied(), &fixture.explained_variance_ratio, F64_TOLERANCE);
    assert_close(pca.project_row(data.row(5)), fixture.scores.row(5), F64_TOLERANCE);
    assert_close(as_f64(pca.project(&data).values()), &fixture.scores.values, F32_TOLERANCE);
}

#[derive(Deserialize)]
struct RidgeFixture {
    inputs: Matrix,
    targets: Matrix,
    folds: Vec<u32>,
    strengths: Vec<f64>,
    results: Vec<RidgeReference>,
    best: usize,
}

#[derive(Deserialize)]
struct RidgeReference {
    lambda: f64,
    r2: Vec<Option<f64>>,
    mean_r2: f64,
    coefficients: Matrix,
    intercepts: Vec<f64>,
}

fn fit(fixture: &RidgeFixture, strengths: &[f64]) -> Ridge {
    let inputs = fixture.inputs.dense();
    let targets = SparseMatrix::from_dense(&fixture.targets.dense());
    let mut fit = RidgeFit::with_folds(&inputs, &targets, fixture.folds.clone(), strengths).unwrap();
    while fit.step(&inputs, &targets) {}
    fit.finish()
}

fn assert_ridge(found: &Ridge, expected: &RidgeReference) {
    assert_close([found.lambda()], &[expected.lambda], F64_TOLERANCE);
    for gene in 0..found.n_targets() {
        assert_close(as_f64(found.coefficients(gene)), expected.coefficients.row(gene), F32_TOLERANCE);
        assert_close([found.intercept(gene)], &[expected.intercepts[gene]], F64_TOLERANCE);
        match expected.r2[gene] {
            Some(r2) => assert_close([found.r2()[gene]], &[r2], F64_TOLERANCE),
            None => assert!(found.r2()[gene].is_nan()),
        }
    }
}

#[test]
fn ridge_is_scikit_learns_at_every_penalty() {
    let fixture: RidgeFixture = fixture("ridge.json");
    for (strength, expected) in fixture.strengths.iter().zip(&fixture.results) {
        assert_ridge(&fit(&fixture, &[*strength]), expected);
    }
}

#[test]
fn ridge_chooses_the_penalty_with_the_best_mean_r2() {
    let fixture: RidgeFixture = fixture("ridge.json");
    let found = fit(&fixture, &fixture.strengths);
    assert_ridge(&found, &fixture.results[fixture.best]);
    let means: Vec<f64> = fixture.results.iter().map(|result| result.mean_r2).collect();
    assert_close(found.tried().iter().map(|pair| pair.1), &means, F64_TOLERANCE);
}
