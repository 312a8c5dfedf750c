//! Metrics of autoencoders and dictionaries against NumPy, SciPy and scikit-learn (`fixtures/sae/metrics`).

use std::path::Path;

use featurescope::data::{
    CellTable, DenseMatrix, FeatureId, LabelColumn, LabelValues, MISSING_CODE, SparseActivations, SparseMatrix,
};
use featurescope::lens::association::{CellSplit, concept_f1, mean_concept_f1};
use featurescope::sae::metrics::{
    ActivationMeasure, ActivationSimilarity, CosineSearch, Directions, Matching, SignRule, densities_of_rows,
    dictionary_geometry, evaluate, evaluate_rows, match_activations, match_decoders, mmcs, nearest_by_decoder,
    recovery, redundancy, seed_stability, top_cells,
};
use featurescope::sae::{Architecture, Sae, SaeWeights};
use featurescope::stats::{Whitening, geometric_median};
use safetensors::tensor::SafeTensors;
use serde_json::Value;

/// Sums in f64 in another order.
const ROUNDING: f64 = 1e-13;
/// Where Weiszfeld's steps, which converge linearly, are ended.
const MEDIAN: f64 = 1e-11;

pub(super) fn json(folder: &str) -> Value {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/sae").join(folder).join("expected.json");
    serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap()
}

pub(super) fn matrix(folder: &str, name: &str) -> DenseMatrix {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/sae").join(folder).join("data.safetensors");
    let bytes = std::fs::read(path).unwrap();
    let file = SafeTensors::deserialize(&bytes).unwrap();
    let tensor = file.tensor(name).unwrap();
    let values = tensor.data().as_chunks::<4>().0.iter().map(|raw| f32::from_le_bytes(*raw)).collect();
    let shape = tensor.shape();
    DenseMatrix::new(shape[0], shape.get(1).copied().unwrap_or(1), values).unwrap()
}

/// A list of numbers; null is NaN.
pub(super) fn numbers(value: &Value) -> Vec<f64> {
    value.as_array().unwrap().iter().map(|value| value.as_f64().unwrap_or(f64::NAN)).collect()
}

fn rows(value: &Value) -> Vec<Vec<f64>> {
    value.as_array().unwrap().iter().map(numbers).collect()
}

fn whole(value: &Value) -> Vec<u32> {
    value.as_array().unwrap().iter().map(|value| value.as_u64().unwrap() as u32).collect()
}

/// Equal within `tolerance` of the larger of 1 and the expected value; NaN equals NaN.
#[track_caller]
pub(super) fn close(found: f64, expected: f64, tolerance: f64, what: &str) {
    let is_close = (found - expected).abs() <= tolerance * expected.abs().max(1.0);
    assert!(is_close || (found.is_nan() && expected.is_nan()), "{what}: {found}, expected {expected}");
}

#[track_caller]
fn all_close(found: impl IntoIterator<Item = f64>, expected: &[f64], tolerance: f64, what: &str) {
    let found: Vec<f64> = found.into_iter().collect();
    assert_eq!(found.len(), expected.len(), "{what}");
    found.iter().zip(expected).for_each(|(&found, &expected)| close(found, expected, tolerance, what));
}

fn data(name: &str) -> DenseMatrix {
    matrix("metrics", name)
}

fn sparse(name: &str) -> SparseActivations {
    SparseActivations::from_cells(SparseMatrix::from_dense(&data(name)))
}

fn sae() -> Sae {
    let weights = SaeWeights {
        w_enc: data("encoder").transposed(),
        b_enc: data("b_enc").into_values(),
        w_dec: data("decoder"),
        b_dec: data("b_dec").into_values(),
        threshold: None,
    };
    Sae::new(Architecture::Standard, weights, false).unwrap()
}

fn ids(n: usize) -> Vec<FeatureId> {
    (0..n as u32).map(FeatureId).collect()
}

#[test]
fn reconstruction_and_sparsity_of_all_and_of_held_out_cells() {
    let (expected, sae, inputs, activations) = (json("metrics"), sae(), data("inputs"), sparse("activations"));
    for part in ["all", "training", "held_out"] {
        let (cells, wanted) = (whole(&expected["rows"][part]), &expected["metrics"][part]);
        let found = evaluate_rows(&sae, &inputs, &activations, &cells).unwrap();
        let number = |name: &str| wanted[name].as_f64().unwrap();
        close(found.fvu, number("fvu"), ROUNDING, "fvu");
        close(found.explained_variance, number("explained_variance"), ROUNDING, "explained_variance");
        close(found.mse, number("mse_over_cells_and_dimensions"), ROUNDING, "mse");
        close(found.squared_error, number("mse_sum_over_dimensions"), ROUNDING, "squared_error");
        close(found.l0, number("l0"), ROUNDING, "l0");
        close(found.l1, number("l1"), ROUNDING, "l1");
        close(found.cosine, number("mean_cosine"), ROUNDING, "cosine");
        close(found.dead_share, number("dead_share"), ROUNDING, "dead_share");
        assert_eq!((found.n_cells, found.n_live as u64), (cells.len(), wanted["n_live"].as_u64().unwrap()));
        let densities = densities_of_rows(&activations, &cells);
        all_close(densities, &numbers(&wanted["density"]), ROUNDING, "density");
        if part == "all" {
            assert_eq!(evaluate(&sae, &inputs, &activations).unwrap(), found);
        }
    }
}

#[test]
fn lengths_angles_and_neighbours_of_the_dictionary() {
    let (expected, sae) = (&json("metrics")["geometry"], sae());
    let found = dictionary_geometry(&sae);
    let column =
        |of: fn(&featurescope::sae::metrics::FeatureGeometry) -> f64| found.iter().map(of).collect::<Vec<f64>>();
    all_close(column(|f| f.decoder_norm), &numbers(&expected["decoder_norms"]), ROUNDING, "norm");
    all_close(column(|f| f.nearest.cosine), &numbers(&expected["max_decoder_cosine"]), ROUNDING, "max cosine");
    let encoder_decoder = numbers(&expected["encoder_decoder_cosine"]);
    all_close(column(|f| f.encoder_decoder_cosine), &encoder_decoder, ROUNDING, "encoder · decoder");
    let nearest: Vec<u32> = found.iter().map(|feature| feature.nearest.feature.unwrap().0).collect();
    assert_eq!(nearest, whole(&expected["nearest_by_decoder"]));
    let decoder = Directions::new(&sae.weights().w_dec);
    for (feature, four) in expected["four_nearest_by_decoder"].as_array().unwrap().iter().enumerate() {
        let found = nearest_by_decoder(&decoder, FeatureId(feature as u32), 4);
        assert_eq!(found.iter().map(|near| near.feature.0).collect::<Vec<u32>>(), whole(four));
    }
}

fn check_matching(found: &Matching, expected: &Value, sign: SignRule) {
    assert!(found.is_exact);
    close(found.mean, expected["mcc"].as_f64().unwrap(), ROUNDING, "mcc");
    let pairs: Vec<_> = found.matches.iter().filter(|found| found.partner.is_some()).collect();
    let partners: Vec<u32> = pairs.iter().map(|found| found.partner.unwrap().0).collect();
    assert_eq!(pairs.iter().map(|found| found.feature.0).collect::<Vec<u32>>(), whole(&expected["rows"]));
    assert_eq!(partners, whole(&expected["columns"]));
    let similarities = pairs.iter().map(|found| sign.strength(found.similarity));
    all_close(similarities, &numbers(&expected["similarities"]), ROUNDING, "similarity");
}

#[test]
fn another_dictionary_is_matched_as_scipy_does() {
    let (expected, decoder) = (json("metrics"), data("decoder"));
    for (name, key) in [("true_dictionary", "against_true"), ("other_dictionary", "against_other")] {
        let (other, wanted) = (data(name), &expected[key]);
        let (from, to) = (Directions::new(&decoder), Directions::new(&other));
        for (sign, suffix, by) in [(SignRule::Signed, "", "by_cosine"), (SignRule::Absolute, "_abs", "by_abs_cosine")] {
            let number = |name: &str| wanted[format!("{name}{suffix}")].as_f64().unwrap();
            close(mmcs(&from, &to, sign), number("mmcs_of_decoder"), ROUNDING, "mmcs");
            close(mmcs(&to, &from, sign), number("mmcs_of_other"), ROUNDING, "mmcs of other");
            check_matching(&match_decoders(&from, &to, sign), &wanted[by], sign);
        }
        let best = CosineSearch::between(&from, &to, SignRule::Signed).finish();
        let cosines = best.iter().map(|best| best.cosine);
        all_close(cosines, &numbers(&wanted["best_cosine_of_decoder"]), ROUNDING, "best cosine");
        let features: Vec<u32> = best.iter().map(|best| best.feature.unwrap().0).collect();
        assert_eq!(features, whole(&wanted["best_of_decoder"]));
    }
}

#[test]
fn a_seed_is_as_stable_as_its_matching() {
    let (expected, one) = (json("metrics"), sae());
    let weights = SaeWeights { w_dec: data("other_dictionary"), ..one.weights().clone() };
    let other = Sae::new(Architecture::Standard, weights, false).unwrap();
    let found = seed_stability((&one, &ids(16)), (&other, &ids(16))).unwrap();
    let wanted = &expected["against_other"];
    close(found.mmcs, wanted["mmcs_of_decoder"].as_f64().unwrap(), ROUNDING, "mmcs");
    close(found.mcc, wanted["by_cosine"]["mcc"].as_f64().unwrap(), ROUNDING, "mcc");
    let matched = found.features.iter().map(|feature| feature.matched.cosine);
    all_close(matched, &numbers(&wanted["by_cosine"]["similarities"]), ROUNDING, "matched");
}

#[test]
fn activations_correlate_overlap_and_repeat() {
    let (expected, activations) = (&json("metrics")["activations"], sparse("activations"));
    let similarity = ActivationSimilarity::new(&activations);
    let (pearson, cosine, jaccard) =
        (rows(&expected["pearson"]), rows(&expected["cosine"]), rows(&expected["jaccard"]));
    for feature in 0..16 {
        let of = similarity.of(FeatureId(feature as u32));
        all_close(of.iter().map(|other| other.pearson), &pearson[feature], ROUNDING, "pearson");
        all_close(of.iter().map(|other| other.cosine), &cosine[feature], ROUNDING, "cosine");
        all_close(of.iter().map(|other| other.jaccard), &jaccard[feature], ROUNDING, "jaccard");
        let n_both: Vec<u32> = of.iter().map(|other| other.n_both).collect();
        assert_eq!(n_both, whole(&expected["coactive_cells"][feature]));
    }
    // Feature 14 is twice feature 3.
    assert_eq!(similarity.nearest(FeatureId(14), 1, ActivationMeasure::Pearson)[0].feature, FeatureId(3));
    let repeats = redundancy(&activations).repeats;
    let redundant: Vec<u32> = (0..16).filter(|&feature| repeats[feature as usize].is_some()).collect();
    assert_eq!(redundant, whole(&expected["redundant"]));
}

#[test]
fn the_highest_cells_of_a_feature() {
    let (expected, activations) = (&json("metrics")["activations"]["top_5_cells"], sparse("activations"));
    // Feature 15 is dead: NumPy lists zeros there, here nothing is listed.
    for feature in 0..15 {
        let found: Vec<u32> = top_cells(&activations, FeatureId(feature), 5).iter().map(|top| top.cell.0).collect();
        assert_eq!(found, whole(&expected[feature as usize])[..found.len()]);
        assert_eq!(found.len(), 5);
    }
    assert!(top_cells(&activations, FeatureId(15), 5).is_empty());
}

#[test]
fn known_variables_are_recovered_by_correlation() {
    let (expected, activations) = (&json("metrics")["activations"], sparse("activations"));
    let truth = sparse("true_activations");
    for (sign, key) in [(SignRule::Signed, "by_pearson"), (SignRule::Absolute, "by_abs_pearson")] {
        let found = match_activations((&activations, &ids(16)), (&truth, &ids(12)), sign);
        check_matching(&found, &expected["pearson_to_truth"][key], sign);
    }
    let found = recovery(&activations, &truth);
    let strengths = found.iter().map(|found| found.correlation.abs());
    all_close(strengths, &numbers(&expected["recovery_of_truth"]), ROUNDING, "recovery");
    let counts: Vec<u32> = found.iter().map(|found| found.n_features as u32).collect();
    assert_eq!(counts, whole(&expected["features_per_true"]));
}

#[test]
fn concepts_are_detected_on_test_cells_as_by_scikit_learn() {
    let (expected, activations) = (&json("metrics")["concept_f1"], sparse("activations"));
    let codes = expected["labels"].as_array().unwrap().iter();
    let codes = codes.map(|code| u32::try_from(code.as_i64().unwrap()).unwrap_or(MISSING_CODE)).collect();
    let categories =
        expected["concepts"].as_array().unwrap().iter().map(|name| name.as_str().unwrap().to_owned()).collect();
    let mut cells = CellTable::without_ids(60);
    let values = LabelValues::Categorical { codes, categories };
    cells.add_column(LabelColumn { name: "type".to_owned(), values }).unwrap();
    let halves = expected["is_validation"].as_array().unwrap().iter().map(|is| u32::from(!is.as_bool().unwrap()));
    let found = concept_f1(&cells, &activations, "type", &CellSplit::Given(halves.collect())).unwrap();
    let features: Vec<u32> = found.iter().map(|concept| concept.feature.unwrap().0).collect();
    assert_eq!(features, whole(&expected["best_feature"]));
    for (concept, feature) in features.iter().enumerate() {
        let at = |name: &str| numbers(&expected[name][concept])[*feature as usize];
        close(found[concept].chosen.f1, at("validation_f1"), ROUNDING, "validation F1");
        close(found[concept].chosen.threshold, at("threshold"), ROUNDING, "threshold");
    }
    let reported = found.iter().map(|concept| concept.reported.f1);
    all_close(reported, &numbers(&expected["best_test_f1"]), ROUNDING, "test F1");
    close(mean_concept_f1(&found), expected["mean_best_test_f1"].as_f64().unwrap(), ROUNDING, "mean F1");
}

#[test]
fn geometric_medians_of_a_cloud_and_of_a_star() {
    let expected = &json("metrics")["geometric_median"];
    for name in ["cloud", "star"] {
        let points = rows(&expected[name]["points"]).concat();
        let matrix = DenseMatrix::new(points.len() / 5, 5, points.iter().map(|&x| x as f32).collect()).unwrap();
        all_close(geometric_median(&matrix), &numbers(&expected[name]["median"]), MEDIAN, name);
    }
}

#[test]
fn whitening_is_symmetric_and_floored_as_by_numpy() {
    for (name, n_floored) in [("inputs", 0), ("degenerate_inputs", 1)] {
        let (expected, inputs) = (&json("metrics")["whitening"][name], data(name));
        let found = Whitening::fit(&inputs).unwrap();
        all_close(found.mean().to_vec(), &numbers(&expected["mean"]), ROUNDING, "mean");
        all_close(found.matrix().to_vec(), &rows(&expected["zca"]).concat(), ROUNDING, "A");
        all_close(found.inverse().to_vec(), &rows(&expected["zca_inverse"]).concat(), ROUNDING, "inverse");
        assert_eq!(found.n_floored(), n_floored);
    }
}
