//! Weights in SAELens' folder format: `cfg.json` and `sae_weights.safetensors`.
//!
//! Follows sae-lens 6 (`SAEConfig.to_dict`, `SAE.save_model`, `SAE.load_from_disk`) for the architectures `standard`,
//! `topk`, `jumprelu` and `gated`, what it saves of `batchtopk` and `matryoshka_batchtopk` (`jumprelu` at the end of
//! training, `topk_threshold` in a checkpoint), and the older spelling of the first two.
//!
//! - `rescale_acts_by_decoder_norm` is folded into encoder and decoder: activations and reconstructions stay.
//! - `gated` is JumpReLU: with u = (x − b_dec)W_enc, π = u + b_gate > 0 is the same as a > b_mag − b_gate·exp(r_mag) for
//!   a = u·exp(r_mag) + b_mag, so W_enc·exp(r_mag), b_mag and that threshold give its activations.
//! - `normalize_activations`: sae-lens folds `expected_average_only_in` and `covariance_whitening` at the end of
//!   training and does nothing at inference; where a checkpoint still says the former, it is folded with
//!   `activation_scaling_factor` if the configuration has it. `layer_norm` and `constant_norm_rescale` divide each
//!   cell by its own norm, which no weights can do, so these are refused.
//! - Fields that say nothing of what is computed are passed over; any other that is not known is an error.
//!
//! Written folders are read back by `SAE.load_from_disk` with equal activations.

mod fields;

use fields::{PASSED_OVER, SCALING_FACTOR, UNDERSTOOD};
use serde_json::{Value, json};

use super::config::Config;
use super::layout::{Layout, Parts, Slot};
use super::{NamedTensors, WeightsError, finish};
use crate::sae::tensors::{self, F32Tensor};
use crate::sae::{Architecture, Sae, SaeWeights};

/// File name of the configuration in a SAELens folder.
pub const CONFIG_FILE: &str = "cfg.json";
/// File name of the weights in a SAELens folder.
pub const WEIGHTS_FILE: &str = "sae_weights.safetensors";

/// The first release of sae-lens that wrote the configuration as it is written here.
const FORMAT_VERSION: &str = "6.0.0";
/// SAELens' floor for a decoder norm that is divided by.
const SMALLEST_NORM: f64 = 1e-8;
const SUPPORTED: &str =
    "\"standard\" (ReLU), \"topk\", \"jumprelu\", \"gated\", \"batchtopk\" and \"matryoshka_batchtopk\"";

/// The two files of a SAELens folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SaeLensFolder {
    /// Content of [`CONFIG_FILE`].
    pub config: Vec<u8>,
    /// Content of [`WEIGHTS_FILE`].
    pub weights: Vec<u8>,
}

/// Writes a SAELens folder.
///
/// # Errors
/// [`WeightsError::Damaged`] if the tensors can't be written, which no [`Sae`] causes.
pub fn to_saelens(sae: &Sae) -> Result<SaeLensFolder, WeightsError> {
    let weights = sae.weights();
    let (d_in, n_features) = (sae.d_in(), sae.n_features());
    let tensors = [
        ("W_enc", F32Tensor::new(&[d_in, n_features], weights.w_enc.values())),
        ("W_dec", F32Tensor::new(&[n_features, d_in], weights.w_dec.values())),
        ("b_enc", F32Tensor::new(&[n_features], &weights.b_enc)),
        ("b_dec", F32Tensor::new(&[d_in], &weights.b_dec)),
    ];
    let threshold = weights.threshold.iter().map(|values| ("threshold", F32Tensor::new(&[n_features], values)));
    let weights = tensors::write(tensors.into_iter().chain(threshold), None)
        .map_err(|source| WeightsError::Damaged { file: WEIGHTS_FILE.to_owned(), source })?;
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
/// [`WeightsError`]: a damaged file, an architecture or normalisation not supported, tensors that are missing, of
/// another type or of another shape than the configuration says.
pub fn from_saelens(config: &[u8], weights: &[u8]) -> Result<Sae, WeightsError> {
    let config = Config::read(CONFIG_FILE, config)?;
    read(&config, NamedTensors::from_safetensors(WEIGHTS_FILE, weights)?)
}

/// An architecture of SAELens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Standard,
    TopK {
        k: usize,
    },
    JumpRelu,
    /// A checkpoint of `batchtopk` or `matryoshka_batchtopk`: one threshold for all features.
    BatchTopK,
    Gated,
}

/// Reads tensors as the configuration says.
pub(super) fn read(config: &Config, named: NamedTensors) -> Result<Sae, WeightsError> {
    config.check_known(&[&UNDERSTOOD, &PASSED_OVER])?;
    let scaling = scaling_of(config)?;
    check_inputs(config)?;
    let kind = kind_of(config)?;
    let file = named.file().to_owned();
    let mut parts = layout_of(kind).read(named)?;
    config.check_sizes(&file, ["d_in", "d_sae"], &parts)?;
    let (architecture, mut weights) = weights_of(kind, &mut parts);
    if config.flag("rescale_acts_by_decoder_norm", false)? {
        match kind {
            Kind::TopK { .. } | Kind::BatchTopK => fold_decoder_norm(&mut weights),
            _ => return Err(config.wrong("rescale_acts_by_decoder_norm", "false where the architecture is not topk")),
        }
    }
    if let Some(factor) = scaling {
        fold_scaling(&mut weights, factor);
    }
    finish(architecture, weights, config.flag("apply_b_dec_to_input", true)?, &file, &config.file)
}

fn kind_of(config: &Config) -> Result<Kind, WeightsError> {
    let refused =
        |found: String| Err(WeightsError::Architecture { file: config.file.clone(), found, supported: SUPPORTED });
    let name = config.text("architecture")?.unwrap_or("standard");
    // Releases before 6 wrote topk as a standard autoencoder with another activation function.
    let activation = config.get("activation_fn").or_else(|| config.get("activation_fn_str"));
    let activation = activation.and_then(Value::as_str).unwrap_or("relu");
    match (name, activation) {
        ("topk", _) | ("standard", "topk") => Ok(Kind::TopK { k: k_of(config)? }),
        ("standard", "relu") => Ok(Kind::Standard),
        ("jumprelu", "relu") => Ok(Kind::JumpRelu),
        ("gated", "relu") => Ok(Kind::Gated),
        ("batchtopk" | "matryoshka_batchtopk", _) => Ok(Kind::BatchTopK),
        ("standard" | "jumprelu" | "gated", other) => refused(format!("{name} with {other}")),
        (other, _) => refused(other.to_owned()),
    }
}

fn k_of(config: &Config) -> Result<usize, WeightsError> {
    let kwargs = config.inner("activation_fn_kwargs");
    let found = match config.get("k") {
        Some(_) => config.whole("k")?,
        None => kwargs.whole("k")?,
    };
    found.ok_or_else(|| config.wrong("k", "a whole number"))
}

fn layout_of(kind: Kind) -> Layout {
    let matrices = [Slot::in_by_sae("W_enc"), Slot::sae_by_in("W_dec"), Slot::per_input("b_dec")];
    let vectors = match kind {
        Kind::Standard | Kind::TopK { .. } => vec![Slot::per_feature("b_enc")],
        Kind::JumpRelu => vec![Slot::per_feature("b_enc"), Slot::per_feature("threshold")],
        Kind::BatchTopK => vec![Slot::per_feature("b_enc"), Slot::number("topk_threshold")],
        Kind::Gated => ["b_gate", "b_mag", "r_mag"].map(Slot::per_feature).to_vec(),
    };
    let name = match kind {
        Kind::Standard => "standard",
        Kind::TopK { .. } => "topk",
        Kind::JumpRelu => "jumprelu",
        Kind::BatchTopK => "batchtopk",
        Kind::Gated => "gated",
    };
    Layout::new(format!("SAELens' {name}"), &[&matrices[..], &vectors].concat())
}

fn weights_of(kind: Kind, parts: &mut Parts) -> (Architecture, SaeWeights) {
    let (w_enc, w_dec) = (parts.in_by_sae("W_enc"), parts.sae_by_in("W_dec"));
    let mut weights =
        SaeWeights { w_enc, b_enc: parts.vector("b_enc"), w_dec, b_dec: parts.vector("b_dec"), threshold: None };
    let architecture = match kind {
        Kind::Standard => Architecture::Standard,
        Kind::TopK { k } => Architecture::TopK { k },
        Kind::JumpRelu => {
            weights.threshold = Some(parts.vector("threshold"));
            Architecture::JumpRelu
        }
        Kind::BatchTopK => {
            weights.threshold = Some(vec![parts.number("topk_threshold").unwrap_or(0.0); parts.d_sae]);
            Architecture::JumpRelu
        }
        Kind::Gated => {
            weights.b_enc = parts.vector("b_mag");
            weights.gate(&parts.vector("b_gate"), &parts.vector("r_mag"));
            Architecture::JumpRelu
        }
    };
    (architecture, weights)
}

/// The factor that inputs are multiplied by and that is not part of the weights yet.
fn scaling_of(config: &Config) -> Result<Option<f64>, WeightsError> {
    let refused = |found: &str, reason: &'static str| {
        Err(WeightsError::Normalisation { file: config.file.clone(), found: found.to_owned(), reason })
    };
    let name = match config.get("normalize_activations") {
        None | Some(Value::Bool(false)) => "none",
        Some(Value::String(name)) => name,
        Some(other) => return refused(&other.to_string(), "which is not known; correct it"),
    };
    match name {
        "none" => Ok(None),
        "expected_average_only_in" => match config.get(SCALING_FACTOR).map(Value::as_f64) {
            Some(Some(factor)) if factor.is_finite() && factor > 0.0 => Ok(Some(factor)),
            Some(_) => Err(config.wrong(SCALING_FACTOR, "a number above 0")),
            None => refused(
                name,
                "a factor that is not in the file: it is \"scaling_factor\" in the checkpoint's activation_scaler.json, \
                 so add it here as \"activation_scaling_factor\", or save the finished autoencoder, which has it folded in",
            ),
        },
        "covariance_whitening" => refused(
            name,
            "a matrix that is not in the file; sae-lens folds it in when training ends, so save the finished autoencoder",
        ),
        "layer_norm" | "constant_norm_rescale" => refused(
            name,
            "which divides each cell by its own norm, and no weights can do that; normalise the embedding that way \
             before opening it and set \"none\" here",
        ),
        _ => refused(name, "which is not known; correct it"),
    }
}

/// Refuses what older releases did to inputs and activations besides.
fn check_inputs(config: &Config) -> Result<(), WeightsError> {
    if config.flag("finetuning_scaling_factor", false)? {
        let advice = "fold it into the weights with sae-lens and save again";
        let found = "scales activations by a factor of its own (finetuning_scaling_factor)".to_owned();
        return Err(WeightsError::Unsupported { file: config.file.clone(), found, advice });
    }
    // Heads laid end to end are what an embedding's row is, so hook_z changes nothing.
    match config.text("reshape_activations")? {
        None | Some("none" | "hook_z") => Ok(()),
        Some(_) => Err(config.wrong("reshape_activations", "\"none\" or \"hook_z\"")),
    }
}

/// Encoding by a·‖W_dec‖ and decoding by z/‖W_dec‖ becomes plain encoding and decoding of scaled weights.
fn fold_decoder_norm(weights: &mut SaeWeights) {
    for feature in 0..weights.w_dec.n_rows() {
        let row = weights.w_dec.row_mut(feature);
        let norm = row.iter().map(|&value| f64::from(value).powi(2)).sum::<f64>().sqrt().max(SMALLEST_NORM);
        scale(row, 1.0 / norm);
        weights.scale_encoder(feature, norm);
    }
}

/// Inputs times a factor and reconstructions divided by it become part of the weights.
fn fold_scaling(weights: &mut SaeWeights, factor: f64) {
    for feature in 0..weights.w_dec.n_rows() {
        scale(weights.w_dec.row_mut(feature), 1.0 / factor);
    }
    for dim in 0..weights.w_enc.n_rows() {
        scale(weights.w_enc.row_mut(dim), factor);
    }
    scale(&mut weights.b_dec, 1.0 / factor);
}

fn scale(values: &mut [f32], factor: f64) {
    for value in values {
        *value = (f64::from(*value) * factor) as f32;
    }
}

#[cfg(test)]
mod tests;
