//! Weights of EleutherAI's sparsify: `cfg.json` and `sae.safetensors`.
//!
//! Follows sparsify 1.3 (`SparseCoder.encode`, `decode`, `load_from_disk`): a = ReLU((x − b_dec)W_encᵀ + b_enc), the k
//! largest, x̂ = zW_dec + b_dec; encoder and decoder are stored `[d_sae, d_in]`. With `multi_topk`
//! its `forward` reconstructs from the 4k largest while `encode` keeps k, so there is no one answer; `groupmax`, `signed`,
//! `transcode` and `skip_connection` compute something else. All of these are refused.

use serde_json::{Value, json};

use super::config::Config;
use super::convert::with_b_dec_at_input;
use super::layout::{Layout, Slot};
use super::{NamedTensors, WeightFile, WeightFormat, WeightsError, finish, not_expressible};
use crate::sae::tensors::{self, F32Tensor};
use crate::sae::{Architecture, Sae, SaeWeights};

pub(super) const CONFIG: &str = "cfg.json";
const WEIGHTS: &str = "sae.safetensors";
const SLOTS: [Slot; 4] = [
    Slot::sae_by_in("encoder.weight"),
    Slot::per_feature("encoder.bias"),
    Slot::sae_by_in("W_dec"),
    Slot::per_input("b_dec"),
];
const FIELDS: [&str; 10] = [
    "activation",
    "expansion_factor",
    "normalize_decoder",
    "num_latents",
    "k",
    "multi_topk",
    "skip_connection",
    "transcode",
    "signed",
    "d_in",
];
/// Fields that are not sparsify's own and say nothing of what is computed.
const PASSED_OVER: [&str; 1] = ["metadata"];

pub(super) fn layout() -> Layout {
    Layout::new("sparsify", &SLOTS)
}

/// Reads tensors as the configuration says.
pub(super) fn read(config: &Config, named: NamedTensors) -> Result<Sae, WeightsError> {
    config.check_known(&[&FIELDS, &PASSED_OVER])?;
    check_variant(config, &named)?;
    let file = named.file().to_owned();
    let mut parts = layout().read(named)?;
    config.check_sizes(&file, ["d_in", "d_sae"], &parts)?;
    check_n_latents(config, &file, parts.d_in, parts.d_sae)?;
    let k = config.whole("k")?.ok_or_else(|| config.wrong("k", "a whole number"))?;
    let weights = SaeWeights {
        w_enc: parts.in_by_sae("encoder.weight"),
        b_enc: parts.vector("encoder.bias"),
        w_dec: parts.sae_by_in("W_dec"),
        b_dec: parts.vector("b_dec"),
        threshold: None,
    };
    finish(Architecture::TopK { k }, weights, true, &file, &config.file)
}

fn check_variant(config: &Config, named: &NamedTensors) -> Result<(), WeightsError> {
    let refused = |found: &str, advice: &'static str| {
        Err(WeightsError::Unsupported { file: config.file.clone(), found: found.to_owned(), advice })
    };
    let plain = "train a plain sparse autoencoder (activation topk) with sparsify, or one here";
    if config.flag("transcode", false)? {
        return refused("is of a transcoder (transcode), which predicts another layer, not its input", plain);
    }
    if config.flag("skip_connection", false)? || named.has("W_skip") {
        return refused("has a skip connection (W_skip), which bypasses the features", plain);
    }
    if config.flag("multi_topk", false)? {
        let advice = "set it to false if reconstructions from k features are what you want";
        return refused("has multi_topk, with which sparsify encodes k features but reconstructs from 4k", advice);
    }
    if config.flag("signed", false)? {
        return refused("has signed activations (signed), and features here are 0 or above", plain);
    }
    match config.text("activation")? {
        None | Some("topk") => Ok(()),
        Some(other) => {
            let found = other.to_owned();
            Err(WeightsError::Architecture { file: config.file.clone(), found, supported: "\"topk\" for sparsify" })
        }
    }
}

/// The number of latents, which sparsify states itself or as a multiple of the inputs.
fn check_n_latents(config: &Config, file: &str, d_in: usize, d_sae: usize) -> Result<(), WeightsError> {
    let stated = match (config.whole("num_latents")?, config.whole("expansion_factor")?) {
        (Some(n), _) if n > 0 => n,
        (_, Some(factor)) => factor.saturating_mul(d_in),
        _ => d_sae,
    };
    if stated == d_sae {
        return Ok(());
    }
    let (config, file) = (config.file.clone(), file.to_owned());
    Err(WeightsError::Sizes { config, file, found: [d_in, d_sae], expected: [d_in, stated] })
}

/// Writes the two files of sparsify.
///
/// # Errors
/// [`WeightsError::NotExpressible`] for any architecture but top-k.
pub(super) fn write(sae: &Sae) -> Result<Vec<WeightFile>, WeightsError> {
    let Architecture::TopK { k } = sae.architecture() else {
        return Err(not_expressible(sae, WeightFormat::Sparsify));
    };
    let weights = with_b_dec_at_input(sae, true);
    let (d_in, d_sae) = (weights.d_in(), weights.n_features());
    let w_enc = weights.w_enc.transposed();
    let tensors = [
        ("W_dec", F32Tensor::new(&[d_sae, d_in], weights.w_dec.values())),
        ("b_dec", F32Tensor::new(&[d_in], &weights.b_dec)),
        ("encoder.bias", F32Tensor::new(&[d_sae], &weights.b_enc)),
        ("encoder.weight", F32Tensor::new(&[d_sae, d_in], w_enc.values())),
    ];
    let bytes =
        tensors::write(tensors, None).map_err(|source| WeightsError::Damaged { file: WEIGHTS.to_owned(), source })?;
    let mut config: Value = json!({
        "activation": "topk",
        "d_in": d_in,
        "expansion_factor": d_sae.div_ceil(d_in),
        "k": k,
        "multi_topk": false,
        "normalize_decoder": true,
        "num_latents": d_sae,
        "skip_connection": false,
        "transcode": false,
    });
    config.sort_all_objects();
    let config = format!("{config:#}\n").into_bytes();
    Ok(vec![WeightFile::new(CONFIG, config), WeightFile::new(WEIGHTS, bytes)])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sae::model::tests::scattered_weights;

    fn read_with(change: impl Fn(&mut Value)) -> Result<Sae, WeightsError> {
        let sae = Sae::new(Architecture::TopK { k: 2 }, scattered_weights(3, 5), true).unwrap();
        let files = write(&sae).unwrap();
        let mut config: Value = serde_json::from_slice(&files[0].bytes).unwrap();
        change(&mut config);
        let config = Config::read(CONFIG, config.to_string().as_bytes()).unwrap();
        read(&config, NamedTensors::from_safetensors(WEIGHTS, &files[1].bytes).unwrap())
    }

    #[test]
    fn what_is_written_is_read_back_the_same() {
        let sae = Sae::new(Architecture::TopK { k: 2 }, scattered_weights(3, 5), true).unwrap();
        assert_eq!(read_with(|_| ()).unwrap(), sae);
        let other = Sae::new(Architecture::Standard, scattered_weights(3, 5), true).unwrap();
        let text = write(&other).unwrap_err().to_string();
        assert!(text.contains("sparsify") && text.contains("\"standard\"") && text.contains("SAELens"), "{text}");
    }

    #[test]
    fn variants_that_compute_something_else_are_refused_by_name() {
        for (field, expected) in [
            ("transcode", "transcoder"),
            ("skip_connection", "W_skip"),
            ("signed", "signed"),
            ("multi_topk", "reconstructs from 4k"),
        ] {
            let text = read_with(|config| config[field] = true.into()).unwrap_err().to_string();
            assert!(text.contains(expected), "{text}");
        }
        let text = read_with(|config| config["activation"] = "groupmax".into()).unwrap_err().to_string();
        assert!(text.contains("\"groupmax\""), "{text}");
        let text = read_with(|config| config["k"] = 6.into()).unwrap_err().to_string();
        assert!(text.contains("says k 6"), "{text}");
        let text = read_with(|config| config["num_latents"] = 9.into()).unwrap_err().to_string();
        assert!(text.contains("says [3, 9]") && text.contains("[3, 5]"), "{text}");
        let text = read_with(|config| config["bias_scale"] = 2.into()).unwrap_err().to_string();
        assert!(text.contains("\"bias_scale\" (2)"), "{text}");
    }
}
