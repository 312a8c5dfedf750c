//! Weights of scFeatureLens: the `state_dict` of an encoder and a decoder, each a `torch.nn.Sequential`.
//!
//! z = ReLU(xW_encᵀ + b_enc), x̂ = zW_decᵀ + b_dec, nothing taken off the input; `encoder.0.weight` `[d_sae, d_in]`,
//! `decoder.0.weight` `[d_in, d_sae]`. The file says nothing of an activation function, so it is read as ReLU.

use super::convert::with_b_dec_at_input;
use super::layout::{Layout, Slot};
use super::torch_file::{Data, TorchTensor, torch_file};
use super::{NamedTensors, WeightFile, WeightFormat, WeightsError, finish, not_expressible};
use crate::sae::{Architecture, Sae, SaeWeights};

const WEIGHTS: &str = "sae.pt";
const SLOTS: [Slot; 4] = [
    Slot::sae_by_in("encoder.0.weight"),
    Slot::per_feature("encoder.0.bias"),
    Slot::in_by_sae("decoder.0.weight"),
    Slot::per_input("decoder.0.bias"),
];

pub(super) fn layout() -> Layout {
    Layout::new("scFeatureLens", &SLOTS)
}

/// Reads the tensors.
pub(super) fn read(named: NamedTensors) -> Result<Sae, WeightsError> {
    let file = named.file().to_owned();
    let mut parts = layout().read(named)?;
    let weights = SaeWeights {
        w_enc: parts.in_by_sae("encoder.0.weight"),
        b_enc: parts.vector("encoder.0.bias"),
        w_dec: parts.sae_by_in("decoder.0.weight"),
        b_dec: parts.vector("decoder.0.bias"),
        threshold: None,
    };
    finish(Architecture::Standard, weights, false, &file, &file)
}

/// Writes the file of scFeatureLens.
///
/// # Errors
/// [`WeightsError::NotExpressible`] for any architecture but ReLU.
pub(super) fn write(sae: &Sae) -> Result<Vec<WeightFile>, WeightsError> {
    if sae.architecture() != Architecture::Standard {
        return Err(not_expressible(sae, WeightFormat::ScFeatureLens));
    }
    let weights = with_b_dec_at_input(sae, false);
    let (d_in, d_sae) = (weights.d_in(), weights.n_features());
    let (encoder, decoder) = (weights.w_enc.transposed(), weights.w_dec.transposed());
    let tensors = [
        TorchTensor::new("encoder.0.weight", &[d_sae, d_in], Data::F32(encoder.values())),
        TorchTensor::new("encoder.0.bias", &[d_sae], Data::F32(&weights.b_enc)),
        TorchTensor::new("decoder.0.weight", &[d_in, d_sae], Data::F32(decoder.values())),
        TorchTensor::new("decoder.0.bias", &[d_in], Data::F32(&weights.b_dec)),
    ];
    Ok(vec![WeightFile::new(WEIGHTS, torch_file("sae", &tensors)?)])
}
