//! Weights in SAELens' folder format: `cfg.json` and `sae_weights.safetensors`.
//!
//! Follows sae-lens 6 (`SAEConfig.to_dict`, `SAE.save_model`, `SAE.load_from_disk`) for the architectures `standard`
//! and `topk`, and reads the older spelling of the same two. Activations are compared with the library itself by
//! `tests/fixtures/sae`. Inputs normalised at run time (`layer_norm` and others) and architectures with more
//! parameters are refused, never read half. `rescale_acts_by_decoder_norm` is folded into encoder and decoder, which
//! leaves activations and reconstructions as they are.
//!
//! Written folders are read back by `SAE.load_from_disk` with equal activations.

use safetensors::tensor::{SafeTensorError, SafeTensors};
use serde_json::{Map, Value, json};

use super::tensors::{self, F32Tensor};
use super::{Architecture, Sae, SaeError, SaeWeights};
use crate::data::{DataError, DenseMatrix};

/// File name of the configuration in a SAELens folder.
pub const CONFIG_FILE: &str = "cfg.json";
/// File name of the weights in a SAELens folder.
pub const WEIGHTS_FILE: &str = "sae_weights.safetensors";

/// The first release of sae-lens that wrote the configuration as it is written here.
const FORMAT_VERSION: &str = "6.0.0";
const TENSORS: [&str; 4] = ["W_enc", "b_enc", "W_dec", "b_dec"];
/// SAELens' floor for a decoder norm that is divided by.
const SMALLEST_NORM: f64 = 1e-8;

/// The two files of a SAELens folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SaeLensFolder {
    /// Content of [`CONFIG_FILE`].
    pub config: Vec<u8>,
    /// Content of [`WEIGHTS_FILE`].
    pub weights: Vec<u8>,
}

/// Why a SAELens folder can't be read or written.
#[derive(Debug, thiserror::Error)]
pub enum SaeLensError {
    /// The configuration is not JSON.
    #[error("{CONFIG_FILE} is not a JSON object: {source}; choose the one that sae-lens or FeatureScope wrote")]
    Config {
        /// What the parser says.
        source: serde_json::Error,
    },
    /// The configuration lacks a value or has one of another kind.
    #[error(
        "{CONFIG_FILE} has no usable {field:?}: expected {expected}, found {found}; correct it, or save the folder again"
    )]
    Field {
        /// The field.
        field: &'static str,
        /// What it should be.
        expected: &'static str,
        /// What it is.
        found: String,
    },
    /// k outside 1..=n_features.
    #[error("{CONFIG_FILE} says k {k}; it must be between 1 and the number of features ({n_features}), so correct it")]
    K {
        /// The value found.
        k: usize,
        /// Features.
        n_features: usize,
    },
    /// Another architecture.
    #[error(
        "{CONFIG_FILE} says architecture {found:?}; supported are \"standard\" (ReLU) and \"topk\". Convert the autoencoder in sae-lens, or train one here"
    )]
    Architecture {
        /// The architecture found.
        found: String,
    },
    /// Inputs are normalised before encoding.
    #[error(
        "{CONFIG_FILE} says normalize_activations {found:?}; only \"none\" is supported. Fold the normalisation into the weights with sae-lens and save again"
    )]
    Normalisation {
        /// The value found.
        found: String,
    },
    /// The weights are not safetensors.
    #[error("{WEIGHTS_FILE} can't be read as safetensors, it may be truncated: {source}; copy or save it again")]
    Weights {
        /// What the reader says.
        source: SafeTensorError,
    },
    /// A tensor is missing.
    #[error(
        "{WEIGHTS_FILE} has no tensor {tensor:?}; it has {found:?} and needs {TENSORS:?}, so save it again with these names"
    )]
    Missing {
        /// Its name.
        tensor: &'static str,
        /// The names there are.
        found: Vec<String>,
    },
    /// There is a tensor this architecture does not have.
    #[error(
        "{WEIGHTS_FILE} has a tensor {tensor:?} that architecture {architecture:?} does not use; expected {TENSORS:?}"
    )]
    Unexpected {
        /// Its name.
        tensor: String,
        /// The architecture.
        architecture: &'static str,
    },
    /// A tensor is not of floating-point numbers.
    #[error("tensor {tensor:?} in {WEIGHTS_FILE} holds {found}; expected F32, F64, F16 or BF16")]
    Dtype {
        /// Its name.
        tensor: &'static str,
        /// Its type.
        found: String,
    },
    /// A tensor has more or fewer dimensions than its name says.
    #[error(
        "tensor {tensor:?} in {WEIGHTS_FILE} has shape {found:?}, expected {}; save it again in that shape",
        shape_of(tensor)
    )]
    Rank {
        /// Its name.
        tensor: &'static str,
        /// Its shape.
        found: Vec<usize>,
    },
    /// A value of a tensor is NaN or infinite.
    #[error(
        "tensor {tensor:?} in {WEIGHTS_FILE} has a value that is not finite ({value}) at row {row}, column {column}; its training failed or the file is damaged, so use other weights"
    )]
    NotFinite {
        /// Its name.
        tensor: String,
        /// Row (0-based).
        row: usize,
        /// Column (0-based).
        column: usize,
        /// The value.
        value: f32,
    },
    /// The sizes in the configuration are not those of the weights.
    #[error(
        "{CONFIG_FILE} says W_enc has shape {expected:?} ([d_in, d_sae]), but in {WEIGHTS_FILE} it has {found:?}; use the two files of one folder"
    )]
    Sizes {
        /// The shape in the weights.
        found: Vec<usize>,
        /// The shape the configuration says.
        expected: Vec<usize>,
    },
    /// The tensors do not fit each other.
    #[error("{WEIGHTS_FILE} makes no autoencoder: {source}; save it again with sae-lens")]
    Sae {
        /// What disagrees.
        source: SaeError,
    },
}

impl From<SaeError> for SaeLensError {
    /// Says which of the two files is at fault.
    fn from(error: SaeError) -> Self {
        match error {
            SaeError::K { k, n_features } => Self::K { k, n_features },
            SaeError::Data(DataError::NotFinite { what, row, column, value }) => {
                Self::NotFinite { tensor: what, row, column, value }
            }
            source => Self::Sae { source },
        }
    }
}

fn shape_of(tensor: &str) -> &'static str {
    match tensor {
        "W_enc" => "[d_in, d_sae]",
        "W_dec" => "[d_sae, d_in]",
        "b_enc" => "[d_sae]",
        _ => "[d_in]",
    }
}

/// Writes a SAELens folder.
///
/// # Errors
/// [`SaeLensError::Weights`] if the tensors can't be written, which no [`Sae`] causes.
pub fn to_saelens(sae: &Sae) -> Result<SaeLensFolder, SaeLensError> {
    let weights = sae.weights();
    let (d_in, n_features) = (sae.d_in(), sae.n_features());
    let tensors = [
        ("W_enc", F32Tensor::new(&[d_in, n_features], weights.w_enc.values())),
        ("W_dec", F32Tensor::new(&[n_features, d_in], weights.w_dec.values())),
        ("b_enc", F32Tensor::new(&[n_features], &weights.b_enc)),
        ("b_dec", F32Tensor::new(&[d_in], &weights.b_dec)),
    ];
    let weights = tensors::write(tensors, None).map_err(|source| SaeLensError::Weights { source })?;
    let config = format!("{:#}\n", config_of(sae)).into_bytes();
    Ok(SaeLensFolder { config, weights })
}

fn config_of(sae: &Sae) -> Value {
    let mut config = json!({
        "architecture": sae.architecture().name(),
        "d_in": sae.d_in(),
        "d_sae": sae.n_features(),
        "dtype": "float32",
        "device": "cpu",
        "apply_b_dec_to_input": sae.applies_b_dec_to_input(),
        "normalize_activations": "none",
        "reshape_activations": "none",
        "metadata": {
            "sae_lens_version": FORMAT_VERSION,
            "sae_lens_training_version": null,
            "written_by": "FeatureScope",
        },
    });
    if let Architecture::TopK { k } = sae.architecture() {
        config["k"] = k.into();
        config["rescale_acts_by_decoder_norm"] = false.into();
    }
    // The same bytes in every build: whether maps keep their order depends on what else serde_json is built for.
    config.sort_all_objects();
    config
}

/// Reads the two files of a SAELens folder.
///
/// # Errors
/// [`SaeLensError`]: a damaged file, an architecture or normalisation not supported, tensors that are missing, of
/// another type or of another shape than the configuration says.
pub fn from_saelens(config: &[u8], weights: &[u8]) -> Result<Sae, SaeLensError> {
    let config: Map<String, Value> =
        serde_json::from_slice(config).map_err(|source| SaeLensError::Config { source })?;
    check_normalisation(&config)?;
    let architecture = architecture_of(&config)?;
    let mut weights = read_weights(weights, architecture)?;
    check_sizes(&config, &weights)?;
    if flag(&config, "rescale_acts_by_decoder_norm", false)? {
        fold_decoder_norm(&mut weights);
    }
    Ok(Sae::new(architecture, weights, flag(&config, "apply_b_dec_to_input", true)?)?)
}

fn architecture_of(config: &Map<String, Value>) -> Result<Architecture, SaeLensError> {
    let name = match config.get("architecture") {
        None | Some(Value::Null) => "standard",
        Some(Value::String(name)) => name,
        Some(other) => return Err(SaeLensError::Architecture { found: other.to_string() }),
    };
    // Releases before 6 wrote topk as a standard autoencoder with another activation function.
    let activation = config.get("activation_fn").or_else(|| config.get("activation_fn_str"));
    let activation = activation.and_then(Value::as_str).unwrap_or("relu");
    match (name, activation) {
        ("standard", "relu") => Ok(Architecture::Standard),
        ("topk", _) | ("standard", "topk") => Ok(Architecture::TopK { k: k_of(config)? }),
        ("standard", other) => Err(SaeLensError::Architecture { found: format!("standard with {other}") }),
        (other, _) => Err(SaeLensError::Architecture { found: other.to_owned() }),
    }
}

fn k_of(config: &Map<String, Value>) -> Result<usize, SaeLensError> {
    let old_place = || config.get("activation_fn_kwargs").and_then(|kwargs| kwargs.get("k"));
    let found = config.get("k").or_else(old_place);
    match found.and_then(Value::as_u64) {
        Some(k) => Ok(k as usize),
        None => Err(wrong_field("k", "a whole number", found)),
    }
}

fn check_normalisation(config: &Map<String, Value>) -> Result<(), SaeLensError> {
    match config.get("normalize_activations") {
        None | Some(Value::Null | Value::Bool(false)) => Ok(()),
        Some(Value::String(name)) if name == "none" => Ok(()),
        Some(other) => {
            let found = other.as_str().map_or_else(|| other.to_string(), str::to_owned);
            Err(SaeLensError::Normalisation { found })
        }
    }
}

fn flag(config: &Map<String, Value>, field: &'static str, default: bool) -> Result<bool, SaeLensError> {
    match config.get(field) {
        None => Ok(default),
        Some(Value::Bool(value)) => Ok(*value),
        found => Err(wrong_field(field, "true or false", found)),
    }
}

fn wrong_field(field: &'static str, expected: &'static str, found: Option<&Value>) -> SaeLensError {
    SaeLensError::Field { field, expected, found: found.map_or_else(|| "nothing".to_owned(), Value::to_string) }
}

fn read_weights(bytes: &[u8], architecture: Architecture) -> Result<SaeWeights, SaeLensError> {
    let file = SafeTensors::deserialize(bytes).map_err(|source| SaeLensError::Weights { source })?;
    let mut names: Vec<String> = file.names().into_iter().map(str::to_owned).collect();
    names.sort();
    if let Some(tensor) = names.iter().find(|name| !TENSORS.contains(&name.as_str())) {
        return Err(SaeLensError::Unexpected { tensor: tensor.clone(), architecture: architecture.name() });
    }
    let tensor = |tensor: &'static str, rank: usize| match tensors::read(&file, tensor) {
        None => Err(SaeLensError::Missing { tensor, found: names.clone() }),
        Some(Err(found)) => Err(SaeLensError::Dtype { tensor, found }),
        Some(Ok(read)) if read.shape.len() != rank => Err(SaeLensError::Rank { tensor, found: read.shape }),
        Some(Ok(read)) => Ok(read),
    };
    let matrix = |name| {
        let read = tensor(name, 2)?;
        Ok::<_, SaeLensError>(DenseMatrix::new(read.shape[0], read.shape[1], read.values).map_err(SaeError::from)?)
    };
    Ok(SaeWeights {
        w_enc: matrix("W_enc")?,
        b_enc: tensor("b_enc", 1)?.values,
        w_dec: matrix("W_dec")?,
        b_dec: tensor("b_dec", 1)?.values,
        threshold: None,
    })
}

/// The sizes the configuration states, where it states them, must be those of W_enc.
fn check_sizes(config: &Map<String, Value>, weights: &SaeWeights) -> Result<(), SaeLensError> {
    let size = |field, actual: usize| match config.get(field) {
        None | Some(Value::Null) => Ok(actual),
        Some(value) => match value.as_u64() {
            Some(size) => Ok(size as usize),
            None => Err(wrong_field(field, "a whole number", Some(value))),
        },
    };
    let found = vec![weights.d_in(), weights.n_features()];
    let expected = vec![size("d_in", found[0])?, size("d_sae", found[1])?];
    if found == expected { Ok(()) } else { Err(SaeLensError::Sizes { found, expected }) }
}

/// Encoding by a·‖W_dec‖ and decoding by z/‖W_dec‖ becomes plain encoding and decoding of scaled weights.
fn fold_decoder_norm(weights: &mut SaeWeights) {
    for feature in 0..weights.w_dec.n_rows() {
        let row = weights.w_dec.row_mut(feature);
        let norm = row.iter().map(|&value| f64::from(value).powi(2)).sum::<f64>().sqrt();
        for value in row.iter_mut() {
            *value = (f64::from(*value) / norm.max(SMALLEST_NORM)) as f32;
        }
        let scale = |value: &mut f32| *value = (f64::from(*value) * norm) as f32;
        scale(&mut weights.b_enc[feature]);
        for dim in 0..weights.w_enc.n_rows() {
            scale(&mut weights.w_enc.row_mut(dim)[feature]);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::model::tests::scattered_weights;
    use super::*;

    fn folder() -> SaeLensFolder {
        to_saelens(&Sae::new(Architecture::TopK { k: 2 }, scattered_weights(3, 5), true).unwrap()).unwrap()
    }

    fn with_config(change: impl Fn(&mut Map<String, Value>)) -> Result<Sae, SaeLensError> {
        let folder = folder();
        let mut config: Map<String, Value> = serde_json::from_slice(&folder.config).unwrap();
        change(&mut config);
        from_saelens(&serde_json::to_vec(&config).unwrap(), &folder.weights)
    }

    #[test]
    fn what_is_written_is_read_back_the_same() {
        for (architecture, apply) in [(Architecture::Standard, false), (Architecture::TopK { k: 2 }, true)] {
            let sae = Sae::new(architecture, scattered_weights(3, 5), apply).unwrap();
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
        for (found, wanted) in out.iter().zip(expected) {
            approx::assert_relative_eq!(*found, wanted, max_relative = 1e-5);
        }
    }

    #[test]
    fn unsupported_architecture_and_normalisation_say_what_is_supported() {
        let set = |field: &'static str, value: &'static str| {
            with_config(move |config| drop(config.insert(field.to_owned(), value.into()))).unwrap_err().to_string()
        };
        let text = set("architecture", "gated");
        assert!(text.contains("\"gated\"") && text.contains("\"standard\"") && text.contains("\"topk\""), "{text}");
        let text = set("normalize_activations", "layer_norm");
        assert!(text.contains("\"layer_norm\"") && text.contains("\"none\""), "{text}");
    }

    #[test]
    fn a_size_that_disagrees_names_tensor_found_and_expected() {
        let text = with_config(|config| drop(config.insert("d_in".to_owned(), 7.into()))).unwrap_err().to_string();
        assert!(text.contains("W_enc") && text.contains("[3, 5]") && text.contains("[7, 5]"), "{text}");
    }

    fn with_tensor(name: &'static str, shape: &[usize], values: &[f32]) -> String {
        let lone = tensors::write([(name, F32Tensor::new(shape, values))], None).unwrap();
        from_saelens(&folder().config, &lone).unwrap_err().to_string()
    }

    #[test]
    fn a_k_out_of_range_is_laid_to_the_configuration() {
        let text = with_config(|config| drop(config.insert("k".to_owned(), 9.into()))).unwrap_err().to_string();
        assert!(text.starts_with("cfg.json says k 9;") && text.contains("(5)"), "{text}");
    }

    #[test]
    fn a_tensor_of_another_rank_names_the_shape_it_needs() {
        let text = with_tensor("W_enc", &[2], &[1.0, 2.0]);
        assert!(text.contains("\"W_enc\"") && text.contains("[2]") && text.contains("[d_in, d_sae]"), "{text}");
        assert!(!text.contains("[0, 0]"), "{text}");
    }

    #[test]
    fn a_value_that_is_not_finite_is_laid_to_the_weights() {
        let mut weights = scattered_weights(3, 5);
        weights.w_enc.row_mut(1)[2] = f32::NAN;
        let error = SaeLensError::from(Sae::new(Architecture::Standard, weights, true).unwrap_err());
        let text = error.to_string();
        assert!(text.contains("row 1, column 2") && text.contains("use other weights"), "{text}");
        assert!(!text.contains("cfg.json"), "{text}");
    }

    #[test]
    fn damaged_and_incomplete_files_are_refused() {
        let folder = folder();
        let half = &folder.weights[..folder.weights.len() / 2];
        assert!(matches!(from_saelens(&folder.config, half), Err(SaeLensError::Weights { .. })));
        assert!(matches!(from_saelens(b"[1]", &folder.weights), Err(SaeLensError::Config { .. })));
        let lone = tensors::write([("W_enc", F32Tensor::new(&[1, 1], &[1.0]))], None).unwrap();
        assert!(matches!(from_saelens(&folder.config, &lone), Err(SaeLensError::Missing { tensor: "b_enc", .. })));
        let extra = tensors::write([("threshold", F32Tensor::new(&[1], &[1.0]))], None).unwrap();
        assert!(matches!(from_saelens(&folder.config, &extra), Err(SaeLensError::Unexpected { .. })));
        assert!(matches!(
            with_config(|config| drop(config.insert("k".to_owned(), "many".into()))),
            Err(SaeLensError::Field { field: "k", .. })
        ));
    }
}
