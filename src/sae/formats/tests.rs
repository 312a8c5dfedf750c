use super::*;
use crate::sae::model::tests::scattered_weights;

fn named(tensors: &[(&str, &[usize])]) -> NamedTensors {
    let mut named = NamedTensors::new("w.pt");
    for (name, shape) in tensors {
        let n = shape.iter().product();
        named.insert(name, shape.to_vec(), (0..n).map(|at| (at % 7) as f32 / 8.0 - 0.3).collect());
    }
    named
}

fn files(tensors: &[(&str, &[usize])], config: Option<&str>) -> WeightFiles {
    let config = config.map(|text| ("config.json".to_owned(), text.as_bytes().to_vec()));
    WeightFiles { weights: named(tensors), config, mean: None }
}

fn refused(tensors: &[(&str, &[usize])], config: Option<&str>) -> String {
    read_weights(files(tensors, config)).unwrap_err().to_string()
}

type Shapes = [(&'static str, &'static [usize])];

const SEQUENTIAL: &Shapes =
    &[("encoder.0.weight", &[3, 2]), ("encoder.0.bias", &[3]), ("decoder.0.weight", &[2, 3]), ("decoder.0.bias", &[2])];
const BIO: &Shapes =
    &[("W_enc.weight", &[3, 2]), ("W_enc.bias", &[3]), ("W_dec.weight", &[2, 3]), ("W_dec.bias", &[2])];
const TOP_K: &Shapes = &[
    ("encoder.weight", &[3, 2]),
    ("encoder.bias", &[3]),
    ("decoder.weight", &[2, 3]),
    ("b_dec", &[2]),
    ("threshold", &[]),
];
const PLAIN: &Shapes = &[("W_enc", &[2, 3]), ("b_enc", &[3]), ("W_dec", &[3, 2]), ("b_dec", &[2])];

#[test]
fn unknown_layouts_are_listed_beside_the_known_ones() {
    let text = refused(&[("enc", &[3, 2]), ("dec", &[2, 3])], None);
    assert!(text.contains("\"dec\" [2, 3], \"enc\" [3, 2]"), "{text}");
    for format in WeightFormat::WRITTEN.into_iter().chain([WeightFormat::BioSae]) {
        assert!(text.contains(format.name()), "{text}");
    }
}

#[test]
fn transposed_matrices_are_said_to_be_so() {
    let mut transposed = SEQUENTIAL.to_vec();
    transposed[0].1 = &[2, 3];
    let text = refused(&transposed, None);
    assert!(text.contains("\"encoder.0.weight\"") && text.contains("is transposed"), "{text}");
    assert!(text.contains("scFeatureLens stores [d_sae, d_in] = [3, 2]"), "{text}");
}

#[test]
fn tensors_that_mean_nothing_without_a_configuration_ask_for_it() {
    let text = refused(PLAIN, None);
    assert!(text.contains("SAELens") && text.contains("cfg.json"), "{text}");
    let text = refused(TOP_K, None);
    assert!(text.contains("BatchTopKSAE") && text.contains("config.json"), "{text}");
    let sparsify = [TOP_K[0], TOP_K[1], ("W_dec", &[3, 2]), TOP_K[3]];
    let text = refused(&sparsify, None);
    assert!(text.contains("sparsify") && text.contains("cfg.json"), "{text}");
    let text = refused(SEQUENTIAL, Some("{}"));
    assert!(text.contains("scFeatureLens have none"), "{text}");
}

#[test]
fn the_class_of_dictionary_learning_is_the_configuration_s() {
    let read = |trainer: &str| read_weights(files(TOP_K, Some(&format!("{{\"trainer\": {trainer}}}"))));
    let top = read(r#"{"dict_class": "AutoEncoderTopK", "k": 2, "dict_size": 3}"#).unwrap();
    assert_eq!(top.sae.architecture(), Architecture::TopK { k: 2 });
    let batch = read(r#"{"dict_class": "BatchTopKSAE", "k": 2}"#).unwrap();
    assert_eq!(batch.sae.weights().threshold, Some(vec![-0.3; 3]));
    let text = read(r#"{"dict_class": "CrossCoder"}"#).unwrap_err().to_string();
    assert!(text.contains("\"CrossCoder\"") && text.contains("GatedAutoEncoder"), "{text}");
    let text = read(r#"{"dict_class": "AutoEncoderTopK"}"#).unwrap_err().to_string();
    assert!(text.contains("do not say k"), "{text}");
    let text = read(r#"{"dict_class": "AutoEncoderTopK", "k": 4}"#).unwrap_err().to_string();
    assert!(text.contains("\"config.json\" says k 4"), "{text}");
    let text = read(r#"{"dict_class": "AutoEncoderTopK", "k": 2, "activation_dim": 5}"#).unwrap_err().to_string();
    assert!(text.contains("says [5, 3]") && text.contains("have [2, 3]"), "{text}");
}

#[test]
fn a_stored_k_that_contradicts_the_configuration_is_refused() {
    let mut read = files(TOP_K, Some(r#"{"trainer": {"dict_class": "AutoEncoderTopK", "k": 2}}"#));
    read.weights.insert("k", vec![], vec![3.0]);
    let text = read_weights(read).unwrap_err().to_string();
    assert!(text.contains("expected 3, as the tensor \"k\"") && text.contains("found 2"), "{text}");
}

#[test]
fn bio_sae_takes_k_from_beside_the_tensors_or_a_configuration_and_says_if_there_is_none() {
    let open = read_weights(files(BIO, None)).unwrap();
    assert_eq!((open.format, open.sae.architecture()), (WeightFormat::BioSae, Architecture::Standard));
    assert!(open.caveat.unwrap().contains("read as ReLU"));
    let top = read_weights(files(BIO, Some("{\"k\": 2}"))).unwrap();
    assert_eq!((top.sae.architecture(), top.caveat), (Architecture::TopK { k: 2 }, None));
    let mut beside = files(BIO, None);
    beside.weights.set("k", 1.into());
    assert_eq!(read_weights(beside.clone()).unwrap().sae.architecture(), Architecture::TopK { k: 1 });
    beside.weights.set("d_model", 9.into());
    assert!(read_weights(beside.clone()).unwrap_err().to_string().contains("\"d_model\""));
    beside.weights.set("k", 7.into());
    beside.weights.set("d_model", 2.into());
    assert!(read_weights(beside).unwrap_err().to_string().contains("\"w.pt\" says k 7"));
}

#[test]
fn a_mean_is_folded_and_one_that_does_not_fit_is_refused() {
    let with_mean = |tensors: &Shapes, values: Vec<f32>| {
        let mean = Some(MeanFile { name: "activation_mean.npy".to_owned(), values });
        read_weights(WeightFiles { mean, ..files(tensors, None) })
    };
    let (plain, mean) = (read_weights(files(BIO, None)).unwrap().sae, [0.5, -1.0]);
    let centred = with_mean(BIO, mean.to_vec()).unwrap().sae;
    let (found, wanted) = (centred.encode_cell(&[1.5, -2.0]), plain.encode_cell(&[1.0, -1.0]));
    assert_eq!(found.len(), wanted.len());
    for (found, wanted) in found.iter().zip(&wanted) {
        approx::assert_relative_eq!(found.1, wanted.1, max_relative = 1e-6);
    }
    let (mut out, mut expected) = ([0.0; 2], [0.0; 2]);
    centred.decode_into(wanted.clone(), &mut out);
    plain.decode_into(wanted, &mut expected);
    approx::assert_relative_eq!(out[..], [expected[0] + mean[0], expected[1] + mean[1]][..], max_relative = 1e-6);
    let text = |tensors, values| with_mean(tensors, values).unwrap_err().to_string();
    assert!(text(BIO, vec![0.0; 3]).contains("mean of 3 input dimensions, but \"w.pt\" reads 2"));
    assert!(text(SEQUENTIAL, vec![0.0; 2]).contains("is of scFeatureLens"));
    assert!(text(BIO, vec![0.0, f32::NAN]).contains("column 1"));
}

#[test]
fn names_below_a_prefix_are_read_and_what_is_not_known_beside_them_is_refused() {
    let mut prefixed = NamedTensors::new("w.pt");
    for (name, shape) in SEQUENTIAL {
        let n = shape.iter().product();
        prefixed.insert(&format!("model.{name}"), shape.to_vec(), vec![0.5; n]);
    }
    let read =
        |weights: &NamedTensors| read_weights(WeightFiles { weights: weights.clone(), config: None, mean: None });
    assert!(read(&prefixed).is_ok());
    prefixed.insert("scale", vec![1], vec![2.0]);
    assert!(read(&prefixed).unwrap_err().to_string().contains("\"scale\" [1]"));
}

#[test]
fn an_architecture_a_format_can_t_hold_names_those_that_can() {
    let jumping = SaeWeights { threshold: Some(vec![0.1; 5]), ..scattered_weights(3, 5) };
    let sae = Sae::new(Architecture::JumpRelu, jumping, true).unwrap();
    for format in [WeightFormat::Sparsify, WeightFormat::ScFeatureLens] {
        let text = write_weights(&sae, format).unwrap_err().to_string();
        assert!(text.contains("\"jumprelu\"") && text.contains("SAELens or dictionary_learning"), "{text}");
    }
    for format in WeightFormat::WRITTEN.into_iter().filter(|format| format.can_hold(sae.architecture())) {
        assert_eq!(write_weights(&sae, format).unwrap().len(), 2);
    }
}
