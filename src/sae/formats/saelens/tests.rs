use serde_json::Map;

use super::*;
use crate::sae::SaeError;
use crate::sae::model::tests::scattered_weights;

fn folder() -> SaeLensFolder {
    to_saelens(&Sae::new(Architecture::TopK { k: 2 }, scattered_weights(3, 5), true).unwrap()).unwrap()
}

fn with_config(change: impl Fn(&mut Map<String, Value>)) -> Result<Sae, WeightsError> {
    let folder = folder();
    let mut config: Map<String, Value> = serde_json::from_slice(&folder.config).unwrap();
    change(&mut config);
    from_saelens(&serde_json::to_vec(&config).unwrap(), &folder.weights)
}

fn with_field(field: &'static str, value: impl Into<Value> + Clone) -> Result<Sae, WeightsError> {
    with_config(move |config| drop(config.insert(field.to_owned(), value.clone().into())))
}

fn named(tensors: &[(&str, &[usize])]) -> NamedTensors {
    let mut named = NamedTensors::new("w.safetensors");
    for (name, shape) in tensors {
        let n = shape.iter().product();
        named.insert(name, shape.to_vec(), (0..n).map(|at| at as f32 / 8.0 - 0.4).collect());
    }
    named
}

fn config(text: &str) -> Config {
    Config::read(CONFIG_FILE, text.as_bytes()).unwrap()
}

#[test]
fn what_is_written_is_read_back_the_same() {
    let jumping = SaeWeights { threshold: Some(vec![0.5; 5]), ..scattered_weights(3, 5) };
    for (architecture, weights, apply) in [
        (Architecture::Standard, scattered_weights(3, 5), false),
        (Architecture::TopK { k: 2 }, scattered_weights(3, 5), true),
        (Architecture::JumpRelu, jumping, true),
    ] {
        let sae = Sae::new(architecture, weights, apply).unwrap();
        let folder = to_saelens(&sae).unwrap();
        assert_eq!(from_saelens(&folder.config, &folder.weights).unwrap(), sae);
    }
}

#[test]
fn the_older_spelling_of_topk_is_read() {
    let sae = with_config(|config| {
        config.remove("k");
        config.remove("metadata");
        config.insert("architecture".to_owned(), "standard".into());
        config.insert("activation_fn_str".to_owned(), "topk".into());
        config.insert("activation_fn_kwargs".to_owned(), json!({ "k": 3 }));
    });
    assert_eq!(sae.unwrap().architecture(), Architecture::TopK { k: 3 });
}

#[test]
fn folding_decoder_norms_keeps_reconstructions_and_scales_activations() {
    let cell = [0.4, -0.9, 1.2];
    let plain = Sae::new(Architecture::TopK { k: 5 }, scattered_weights(3, 5), true).unwrap();
    let folded = with_config(|config| {
        config.insert("rescale_acts_by_decoder_norm".to_owned(), true.into());
        config.insert("k".to_owned(), 5.into());
    });
    let folded = folded.unwrap();
    let (mut out, mut expected) = ([0.0; 3], [0.0; 3]);
    folded.decode_into(folded.encode_cell(&cell), &mut out);
    plain.decode_into(plain.encode_cell(&cell), &mut expected);
    approx::assert_relative_eq!(out[..], expected[..], max_relative = 1e-5);
}

#[test]
fn a_stored_scaling_factor_is_folded_and_one_that_is_not_stored_is_asked_for() {
    let text = with_field("normalize_activations", "expected_average_only_in").unwrap_err().to_string();
    assert!(text.contains("activation_scaler.json") && text.contains(SCALING_FACTOR), "{text}");
    let plain = Sae::new(Architecture::TopK { k: 2 }, scattered_weights(3, 5), true).unwrap();
    let scaled = with_config(|config| {
        config.insert("normalize_activations".to_owned(), "expected_average_only_in".into());
        config.insert(SCALING_FACTOR.to_owned(), 4.0.into());
    });
    let (scaled, cell) = (scaled.unwrap(), [0.4, -0.9, 1.2]);
    let active = scaled.encode_cell(&cell.map(|value| value / 4.0));
    assert_eq!(active, plain.encode_cell(&cell));
    let (mut out, mut expected) = ([0.0; 3], [0.0; 3]);
    scaled.decode_into(active, &mut out);
    plain.decode_into(plain.encode_cell(&cell), &mut expected);
    approx::assert_relative_eq!(out.map(|value| value * 4.0)[..], expected[..], max_relative = 1e-6);
}

#[test]
fn normalisation_by_the_cell_itself_is_refused_with_a_way_on() {
    for name in ["layer_norm", "constant_norm_rescale"] {
        let text = with_field("normalize_activations", name).unwrap_err().to_string();
        assert!(text.contains(name) && text.contains("before opening it"), "{text}");
    }
    let text = with_field("normalize_activations", "covariance_whitening").unwrap_err().to_string();
    assert!(text.contains("save the finished autoencoder"), "{text}");
    assert!(with_field("normalize_activations", "other").unwrap_err().to_string().contains("not known"));
}

#[test]
fn an_unsupported_architecture_says_what_is_supported() {
    let text = with_field("architecture", "temporal").unwrap_err().to_string();
    assert!(text.contains("\"temporal\"") && text.contains("\"standard\"") && text.contains("\"gated\""), "{text}");
    let text = with_config(|config| {
        config.insert("architecture".to_owned(), "standard".into());
        config.insert("activation_fn_str".to_owned(), "tanh-relu".into());
    });
    assert!(text.unwrap_err().to_string().contains("standard with tanh-relu"));
}

#[test]
fn unknown_fields_are_refused_by_name_unless_they_say_nothing_of_the_numbers() {
    let text = with_field("input_gain", 2).unwrap_err().to_string();
    assert!(text.contains("\"input_gain\" (2)") && text.contains("move it into \"metadata\""), "{text}");
    assert!(with_field("hook_name", "blocks.3").is_ok());
    assert!(with_field("reshape_activations", "hook_z").is_ok());
    assert!(with_field("reshape_activations", "conv").is_err());
    let text = with_field("finetuning_scaling_factor", true).unwrap_err().to_string();
    assert!(text.contains("finetuning_scaling_factor"), "{text}");
}

#[test]
fn a_batchtopk_checkpoint_is_jumprelu_with_one_threshold() {
    let tensors =
        named(&[("W_enc", &[2, 3]), ("W_dec", &[3, 2]), ("b_enc", &[3]), ("b_dec", &[2]), ("topk_threshold", &[])]);
    let sae = read(&config(r#"{"architecture": "batchtopk", "k": 2.5}"#), tensors).unwrap();
    assert_eq!(sae.architecture(), Architecture::JumpRelu);
    assert_eq!(sae.weights().threshold, Some(vec![-0.4; 3]));
}

#[test]
fn gated_needs_its_own_tensors_and_no_b_enc() {
    let gated = [("W_enc", &[2, 3][..]), ("W_dec", &[3, 2]), ("b_dec", &[2]), ("b_gate", &[3]), ("r_mag", &[3])];
    let text = read(&config(r#"{"architecture": "gated"}"#), named(&gated)).unwrap_err().to_string();
    assert!(text.contains("no tensor \"b_mag\"") && text.contains("SAELens' gated"), "{text}");
    let all = [&gated[..], &[("b_mag", &[3][..]), ("b_enc", &[3])]].concat();
    let text = read(&config(r#"{"architecture": "gated"}"#), named(&all)).unwrap_err().to_string();
    assert!(text.contains("\"b_enc\" [3]"), "{text}");
}

#[test]
fn a_size_that_disagrees_names_both_files_found_and_expected() {
    let text = with_field("d_in", 7).unwrap_err().to_string();
    assert!(text.contains(CONFIG_FILE) && text.contains(WEIGHTS_FILE), "{text}");
    assert!(text.contains("[3, 5]") && text.contains("[7, 5]"), "{text}");
}

#[test]
fn a_k_out_of_range_is_laid_to_the_configuration() {
    let text = with_field("k", 9).unwrap_err().to_string();
    assert!(text.starts_with("\"cfg.json\" says k 9;") && text.contains("(5)"), "{text}");
    assert!(matches!(with_field("k", "many"), Err(WeightsError::Field { field, .. }) if field == "k"));
}

#[test]
fn a_tensor_of_another_shape_names_the_one_it_needs() {
    let tensors = named(&[("W_enc", &[6]), ("W_dec", &[3, 2]), ("b_enc", &[3]), ("b_dec", &[2])]);
    let text = read(&config("{}"), tensors).unwrap_err().to_string();
    assert!(text.contains("\"W_enc\"") && text.contains("[6], expected [d_in, d_sae] = [2, 3]"), "{text}");
    let tensors = named(&[("W_enc", &[3, 2]), ("W_dec", &[3, 2]), ("b_enc", &[3]), ("b_dec", &[2])]);
    assert!(matches!(read(&config("{}"), tensors), Err(WeightsError::Transposed { tensor: "W_enc", .. })));
}

#[test]
fn a_value_that_is_not_finite_is_laid_to_the_weights() {
    let mut weights = scattered_weights(3, 5);
    weights.w_enc.row_mut(1)[2] = f32::NAN;
    let error = finish(Architecture::Standard, weights, true, WEIGHTS_FILE, CONFIG_FILE).unwrap_err();
    let text = error.to_string();
    assert!(text.contains("row 1, column 2") && text.contains("use other weights"), "{text}");
    assert!(!text.contains(CONFIG_FILE), "{text}");
    let threshold = Some(vec![0.0; 3]);
    let weights = SaeWeights { threshold, ..scattered_weights(3, 5) };
    let error = finish(Architecture::JumpRelu, weights, true, WEIGHTS_FILE, CONFIG_FILE);
    assert!(matches!(error, Err(WeightsError::Sae { source: SaeError::Shape { .. }, .. })));
}

#[test]
fn damaged_and_incomplete_files_are_refused() {
    let folder = folder();
    for length in 0..folder.weights.len() {
        let cut = from_saelens(&folder.config, &folder.weights[..length]);
        assert!(matches!(cut, Err(WeightsError::Damaged { .. })), "{length}");
    }
    assert!(matches!(from_saelens(b"[1]", &folder.weights), Err(WeightsError::Config { .. })));
    let lone = tensors::write([("W_enc", F32Tensor::new(&[1, 1], &[1.0]))], None).unwrap();
    assert!(matches!(from_saelens(&folder.config, &lone), Err(WeightsError::Missing { tensor: "W_dec", .. })));
}
