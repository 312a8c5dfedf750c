//! Components and the dictionaries made of them against scikit-learn and NumPy.

use featurescope::data::{DenseMatrix, FeatureId, SparseActivations, SparseBuilder};
use featurescope::sae::Sae;
use featurescope::sae::baselines::{ica_baseline, pca_baseline};
use featurescope::sae::metrics::evaluate;
use featurescope::stats::{Ica, IcaParams};

use super::metrics::{close, json, matrix, numbers};

/// Both searches end when a component turns by less than this.
const SEARCH: f64 = 1e-13;
/// What is left of the search: a last turn of √(2 · 1e-13) at most, on either side.
const COMPONENTS: f64 = 5e-7;
/// The dictionary's weights are f32.
const WEIGHTS: f64 = 1e-6;

fn inputs() -> DenseMatrix {
    matrix("baselines", "inputs")
}

fn params() -> IcaParams {
    IcaParams { tolerance: SEARCH, max_steps: 2000, ..IcaParams::default() }
}

fn fvu(sae: &Sae, inputs: &DenseMatrix) -> f64 {
    let mut builder = SparseBuilder::new(sae.n_features());
    (0..inputs.n_rows()).for_each(|row| builder.push_major(sae.encode_cell(inputs.row(row))));
    evaluate(sae, inputs, &SparseActivations::from_cells(builder.finish())).unwrap().fvu
}

#[test]
fn independent_components_are_those_of_scikit_learn_up_to_sign_and_order() {
    let expected = json("baselines");
    let read =
        |name: &str| -> Vec<Vec<f64>> { expected["ica"][name].as_array().unwrap().iter().map(numbers).collect() };
    let (filters, directions) = (read("filters"), read("directions"));
    let ica = Ica::fit(&inputs(), params()).unwrap();
    assert!(ica.is_converged() && ica.n_components() == filters.len());
    let mut partners = Vec::new();
    for at in 0..ica.n_components() {
        // Sources have variance 1 in both, so filter · direction is ±1 for partners and 0 for others.
        let product = |direction: &Vec<f64>| ica.filter(at).iter().zip(direction).map(|(a, b)| a * b).sum::<f64>();
        let partner = (0..5).max_by(|&a, &b| product(&directions[a]).abs().total_cmp(&product(&directions[b]).abs()));
        let partner = partner.unwrap();
        let sign = product(&directions[partner]).signum();
        for dim in 0..5 {
            close(ica.filter(at)[dim], sign * filters[partner][dim], COMPONENTS, "filter");
            close(ica.direction(at)[dim], sign * directions[partner][dim], COMPONENTS, "direction");
        }
        partners.push(partner);
    }
    partners.sort_unstable();
    assert_eq!(partners, [0, 1, 2, 3, 4]);
}

#[test]
fn dictionaries_of_components_explain_what_they_should() {
    let (expected, inputs) = (json("baselines"), inputs());
    for (name, is_ica) in [("ica_dictionary", true), ("pca_dictionary", false)] {
        for case in expected[name].as_array().unwrap() {
            let k = case["k"].as_u64().unwrap() as usize;
            let sae = if is_ica { ica_baseline(&inputs, params(), k) } else { pca_baseline(&inputs, k) }.unwrap();
            close(fvu(&sae, &inputs), case["fvu"].as_f64().unwrap(), WEIGHTS, name);
            if !is_ica {
                assert!((case["scale"].as_f64().unwrap() - 1.0).abs() < 1e-12);
            }
            let row = sae.decoder_row(FeatureId(0));
            close(row.iter().map(|&x| f64::from(x) * f64::from(x)).sum(), 1.0, WEIGHTS, "norm");
        }
    }
}
