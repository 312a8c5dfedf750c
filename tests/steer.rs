//! PCA and ridge regression against scikit-learn, steering against NumPy (`tests/fixtures/steer`).

use featurescope::data::{
    CellSelection, CellTable, DenseMatrix, FeatureId, LabelColumn, SparseActivations, SparseMatrix,
};
use featurescope::sae::{Architecture, Sae, SaeWeights};
use featurescope::stats::{Pca, Ridge, RidgeFit, RidgeParams};
use featurescope::steer::{self, SteerError, SteerInputs, SteerOutcome, SteerParams, SteerTarget};
use serde::Deserialize;
use serde::de::DeserializeOwned;

/// References are f64, inputs and coefficients f32.
const F32_TOLERANCE: f64 = 2e-6;
/// Decoding sums in f32 and coordinates are f32.
const DECODE_TOLERANCE: f64 = 2e-5;
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

#[derive(Deserialize)]
struct SteerFixture {
    embedding: Matrix,
    w_enc: Matrix,
    b_enc: Vec<f32>,
    w_dec: Matrix,
    b_dec: Vec<f32>,
    k: usize,
    activations: Matrix,
    labels: Vec<String>,
    feature: u32,
    expression: Matrix,
    rows: Vec<u32>,
    runs: Vec<SteerReference>,
}

#[derive(Deserialize)]
struct SteerReference {
    target: SteerTarget,
    keep_error: bool,
    target_value: f64,
    mean_before: f64,
    mean_shift: f64,
    typical_distance: f64,
    before: Matrix,
    after: Matrix,
    nearest: [String; 2],
    mean_latent_change: Vec<f64>,
}

/// All that steering borrows, built from the fixture.
struct Laboratory {
    cells: CellTable,
    embedding: DenseMatrix,
    sae: Sae,
    activations: SparseActivations,
    pca: Pca,
    decoder: Ridge,
}

impl Laboratory {
    fn new(fixture: &SteerFixture) -> Self {
        let embedding = fixture.embedding.dense();
        let mut cells = CellTable::without_ids(embedding.n_rows());
        cells.add_column(LabelColumn::from_texts("type", &fixture.labels)).unwrap();
        let weights = SaeWeights {
            w_enc: fixture.w_enc.dense(),
            b_enc: fixture.b_enc.clone(),
            w_dec: fixture.w_dec.dense(),
            b_dec: fixture.b_dec.clone(),
            threshold: None,
        };
        let sae = Sae::new(Architecture::TopK { k: fixture.k }, weights, true).unwrap();
        let activations = SparseActivations::from_cells(SparseMatrix::from_dense(&fixture.activations.dense()));
        let genes = SparseMatrix::from_dense(&fixture.expression.dense());
        let mut fit = RidgeFit::new(&embedding, &genes, &RidgeParams::default()).unwrap();
        while fit.step(&embedding, &genes) {}
        let pca = Pca::fit(&embedding, 2).unwrap();
        Self { cells, embedding, sae, activations, pca, decoder: fit.finish() }
    }

    fn run(&self, params: &SteerParams) -> Result<SteerOutcome, SteerError> {
        let inputs = SteerInputs {
            cells: &self.cells,
            embedding: &self.embedding,
            sae: &self.sae,
            activations: &self.activations,
            pca: &self.pca,
            decoder: Some(&self.decoder),
        };
        steer::run(&inputs, params)
    }
}

fn of_type(category: &str) -> CellSelection {
    let choice = serde_json::json!({ "labels": [{ "column": "type", "category": category }] });
    serde_json::from_value(choice).unwrap()
}

fn assert_outcome(found: &SteerOutcome, expected: &SteerReference, decoder: &Ridge) {
    assert_close([found.target_value], &[expected.target_value], F64_TOLERANCE);
    assert_close([found.mean_before], &[expected.mean_before], F64_TOLERANCE);
    assert_close([found.mean_shift], &[expected.mean_shift], F32_TOLERANCE);
    assert_close([found.typical_distance], &[expected.typical_distance], F64_TOLERANCE);
    for axis in 0..2 {
        let column = |matrix: &Matrix| (0..matrix.n_rows).map(|row| matrix.row(row)[axis]).collect::<Vec<f64>>();
        assert_close(as_f64(&found.before[axis]), &column(&expected.before), DECODE_TOLERANCE);
        assert_close(as_f64(&found.after[axis]), &column(&expected.after), DECODE_TOLERANCE);
    }
    let nearest = &found.nearest_labels[0];
    assert_eq!([nearest.before.as_str(), nearest.after.as_str()], expected.nearest.each_ref().map(String::as_str));
    assert_genes(found, &expected.mean_latent_change, decoder);
}

fn assert_genes(found: &SteerOutcome, mean_latent_change: &[f64], decoder: &Ridge) {
    let change = |gene: usize| as_f64(decoder.coefficients(gene)).zip(mean_latent_change).map(|(w, x)| w * x).sum();
    let mut changes: Vec<(usize, f64)> = (0..decoder.n_targets()).map(|gene| (gene, change(gene))).collect();
    changes.sort_by(|a, b| b.1.total_cmp(&a.1));
    let rising: Vec<(usize, f64)> = changes.iter().copied().filter(|pair| pair.1 > 0.0).collect();
    let falling: Vec<(usize, f64)> = changes.iter().rev().copied().filter(|pair| pair.1 < 0.0).collect();
    for (listed, expected) in [(&found.genes_up, rising), (&found.genes_down, falling)] {
        let genes: Vec<usize> = listed.iter().map(|effect| effect.gene.index()).collect();
        assert_eq!(genes, expected.iter().map(|pair| pair.0).collect::<Vec<_>>());
        assert_close(listed.iter().map(|effect| effect.change), expected.iter().map(|pair| &pair.1), DECODE_TOLERANCE);
        for effect in listed {
            assert_close([effect.after], &[effect.before + effect.change], F64_TOLERANCE);
            assert_eq!(effect.r2.to_bits(), decoder.r2()[effect.gene.index()].to_bits());
        }
    }
}

#[test]
fn steering_is_numpys_for_every_target_with_and_without_the_error() {
    let fixture: SteerFixture = fixture("steer.json");
    let lab = Laboratory::new(&fixture);
    assert_eq!(fixture.runs.len(), 6);
    for expected in &fixture.runs {
        let params = SteerParams {
            feature: FeatureId(fixture.feature),
            cells: of_type("a"),
            target: expected.target.clone(),
            keep_error: expected.keep_error,
        };
        let found = lab.run(&params).unwrap();
        assert_eq!(found.rows, fixture.rows);
        assert_eq!(found.median_r2, lab.decoder.median_r2());
        assert_outcome(&found, expected, &lab.decoder);
    }
}

#[test]
fn setting_a_feature_to_what_it_is_moves_nothing() {
    let fixture: SteerFixture = fixture("steer.json");
    let lab = Laboratory::new(&fixture);
    let row = fixture.rows[0];
    let own = f64::from(lab.activations.feature_dense(FeatureId(fixture.feature))[row as usize]);
    for keep_error in [false, true] {
        let params = SteerParams {
            feature: FeatureId(fixture.feature),
            cells: CellSelection::Rows(vec![row]),
            target: SteerTarget::Value { value: own },
            keep_error,
        };
        let found = lab.run(&params).unwrap();
        assert!(found.mean_shift < DECODE_TOLERANCE, "{}", found.mean_shift);
        assert_close([found.mean_before], &[own], F64_TOLERANCE);
    }
}

#[test]
fn senseless_experiments_are_refused_each_with_its_sentence() {
    let fixture: SteerFixture = fixture("steer.json");
    let lab = Laboratory::new(&fixture);
    let good = SteerParams {
        feature: FeatureId(fixture.feature),
        cells: CellSelection::All,
        target: SteerTarget::Value { value: 1.0 },
        keep_error: true,
    };
    let refused = |change: &dyn Fn(&mut SteerParams)| {
        let mut params = good.clone();
        change(&mut params);
        lab.run(&params).unwrap_err()
    };
    let no_feature = SteerError::Feature { feature: FeatureId(12), n_features: 12 };
    assert_eq!(refused(&|params| params.feature = FeatureId(12)), no_feature);
    assert_eq!(refused(&|params| params.cells = of_type("nowhere")), SteerError::NoCells);
    let empty = SteerTarget::GroupMean { group: of_type("nowhere"), factor: 1.0 };
    assert_eq!(refused(&|params| params.target = empty.clone()), SteerError::EmptyGroup);
    let negative = refused(&|params| params.target = SteerTarget::Value { value: -2.0 });
    assert_eq!(negative.to_string(), "the activation to set must be a number of 0 or more, not -2");
    let narrow = DenseMatrix::zeros(lab.embedding.n_rows(), 2);
    let lab = Laboratory { embedding: narrow, ..lab };
    assert!(matches!(lab.run(&good), Err(SteerError::Sae(_))));
}
