//! Weights of bio-sae: a checkpoint with a `state_dict` of two `torch.nn.Linear`, and the mean that training took off.
//!
//! a = (x − mean)W_encᵀ + b_enc, ReLU and the k largest, x̂ = zW_decᵀ + b_dec + mean; `W_enc.weight` `[d_sae, d_in]`,
//! `W_dec.weight` `[d_in, d_sae]`. k stands beside the tensors or in a configuration; without one all that is positive
//! is kept. The mean (`activation_mean.npy`, or a tensor of that name) is folded.

use super::config::Config;
use super::layout::{Layout, Slot};
use super::{MeanFile, NamedTensors, WeightsError, finish};
use crate::sae::{Architecture, Sae, SaeWeights};

/// Values beside the tensors that say how many inputs and features there are.
const SIZES: [(&str, bool); 4] = [("d_model", true), ("d_in", true), ("n_features", false), ("d_sae", false)];
const MEAN: &str = "activation_mean";

pub(super) fn layout() -> Layout {
    let slots = [
        Slot::sae_by_in("W_enc.weight"),
        Slot::per_feature("W_enc.bias"),
        Slot::in_by_sae("W_dec.weight"),
        Slot::per_input("W_dec.bias"),
        Slot::per_input(MEAN).optional(),
    ];
    Layout::new("bio-sae", &slots)
}

/// Reads the tensors, with the mean if there is one; the second is whether k was not stated.
pub(super) fn read(
    config: Option<&Config>,
    mean: Option<&MeanFile>,
    named: NamedTensors,
) -> Result<(Sae, bool), WeightsError> {
    let file = named.file().to_owned();
    let (k, k_file) = k_of(config, &named)?;
    let stated: Vec<(&str, bool, Option<u64>)> = SIZES
        .iter()
        .map(|&(name, is_input)| (name, is_input, named.setting(name).and_then(serde_json::Value::as_u64)))
        .collect();
    let mut parts = layout().read(named)?;
    for (field, is_input, size) in stated {
        let found = if is_input { parts.d_in } else { parts.d_sae };
        if let Some(size) = size.filter(|&size| size != found as u64) {
            return Err(WeightsError::Field {
                file,
                field: field.to_owned(),
                expected: format!("{found}, as the tensors say"),
                found: size.to_string(),
            });
        }
    }
    let mut weights = SaeWeights {
        w_enc: parts.in_by_sae("W_enc.weight"),
        b_enc: parts.vector("W_enc.bias"),
        w_dec: parts.sae_by_in("W_dec.weight"),
        b_dec: parts.vector("W_dec.bias"),
        threshold: None,
    };
    let own = parts.vector(MEAN);
    if !own.is_empty() {
        weights.fold_mean(&own);
    }
    if let Some(mean) = mean {
        let found = match own.len() {
            0 if mean.values.len() == parts.d_in => None,
            0 => Some(format!("reads {}", parts.d_in)),
            _ => Some("has a mean of its own".to_owned()),
        };
        if let Some(found) = found {
            return Err(mean.refused(&file, found));
        }
        mean.check_finite()?;
        weights.fold_mean(&mean.values);
    }
    let architecture = k.map_or(Architecture::Standard, |k| Architecture::TopK { k });
    Ok((finish(architecture, weights, false, &file, &k_file)?, k.is_none()))
}

/// k and the file that says it.
fn k_of(config: Option<&Config>, named: &NamedTensors) -> Result<(Option<usize>, String), WeightsError> {
    let file = named.file().to_owned();
    if let Some(value) = named.setting("k") {
        let wrong = || WeightsError::Field {
            file: file.clone(),
            field: "k".to_owned(),
            expected: "a whole number".to_owned(),
            found: value.to_string(),
        };
        let k = value.as_u64().and_then(|k| usize::try_from(k).ok()).ok_or_else(wrong)?;
        return Ok((Some(k), file));
    }
    let Some(config) = config else { return Ok((None, file)) };
    let inner = config.inner("config");
    let k = if config.has("k") { config.whole("k")? } else { inner.whole("k")? };
    Ok((k, config.file.clone()))
}
