//! Weights of dictionary_learning: `ae.pt` and `config.json`.
//!
//! Follows dictionary_learning 0.1 (`dictionary.py`, `trainers/*`, `utils.load_dictionary`). The configuration names
//! the class (`trainer.dict_class`); without one it is told by the tensors, but for `AutoEncoderTopK` and
//! `BatchTopKSAE`, which have the same.
//!
//! | class | b_dec off the input | at inference |
//! |---|---|---|
//! | `AutoEncoder` | yes (`bias`) | ReLU; decoder columns go to length 1, as `from_pretrained` has it |
//! | `AutoEncoderNew` | no (`decoder.bias`) | ReLU |
//! | `AutoEncoderTopK` | yes | ReLU, the k largest; its threshold is not used |
//! | `BatchTopKSAE`, `MatryoshkaBatchTopKSAE` | yes | ReLU where above the one threshold; −1 is "none yet" |
//! | `JumpReluAutoEncoder` | no | a where above 0 and its threshold |
//! | `GatedAutoEncoder` | yes (`decoder_bias`) | as SAELens' gated: thresholds |
//!
//! Normalisation of inputs is folded by the library when it saves; the other fields are of training alone.

use serde_json::json;

use super::config::Config;
use super::convert::with_b_dec_at_input;
use super::layout::{Layout, Parts, Slot};
use super::torch_file::{Data, TorchTensor, torch_file};
use super::{NamedTensors, WeightFile, WeightsError, finish};
use crate::sae::{Architecture, Sae, SaeWeights};

pub(super) const CONFIG: &str = "config.json";
const WEIGHTS: &str = "ae.pt";
const SUPPORTED: &str = "AutoEncoder, AutoEncoderNew, AutoEncoderTopK, BatchTopKSAE, MatryoshkaBatchTopKSAE, \
     JumpReluAutoEncoder and GatedAutoEncoder";

/// A class of the library.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Class {
    AutoEncoder,
    AutoEncoderNew,
    TopK,
    BatchTopK,
    Matryoshka,
    JumpRelu,
    Gated,
}

/// Every class, those that tensors tell apart first.
const CLASSES: [Class; 7] = [
    Class::AutoEncoder,
    Class::AutoEncoderNew,
    Class::Matryoshka,
    Class::JumpRelu,
    Class::Gated,
    Class::TopK,
    Class::BatchTopK,
];

impl Class {
    fn name(self) -> &'static str {
        match self {
            Self::AutoEncoder => "AutoEncoder",
            Self::AutoEncoderNew => "AutoEncoderNew",
            Self::TopK => "AutoEncoderTopK",
            Self::BatchTopK => "BatchTopKSAE",
            Self::Matryoshka => "MatryoshkaBatchTopKSAE",
            Self::JumpRelu => "JumpReluAutoEncoder",
            Self::Gated => "GatedAutoEncoder",
        }
    }

    fn layout(self) -> Layout {
        let [encoder, decoder] = [Slot::sae_by_in("encoder.weight"), Slot::in_by_sae("decoder.weight")];
        let bias = Slot::per_feature("encoder.bias");
        let [k, threshold] = ["k", "threshold"].map(Slot::number);
        let plain = [Slot::in_by_sae("W_enc"), Slot::sae_by_in("W_dec")];
        let vectors = [Slot::per_feature("b_enc"), Slot::per_input("b_dec")];
        let slots = match self {
            Self::AutoEncoder => vec![encoder, bias, decoder, Slot::per_input("bias")],
            Self::AutoEncoderNew => vec![encoder, bias, decoder, Slot::per_input("decoder.bias")],
            Self::TopK => {
                vec![encoder, bias, decoder, vectors[1], k.optional(), threshold.optional()]
            }
            Self::BatchTopK => vec![encoder, bias, decoder, vectors[1], k.optional(), threshold],
            Self::Matryoshka => {
                let groups = Slot::ignored("group_sizes").required();
                [&plain[..], &vectors, &[k.optional(), threshold, groups]].concat()
            }
            Self::JumpRelu => [&plain[..], &vectors, &[Slot::per_feature("threshold")]].concat(),
            Self::Gated => {
                let own = ["r_mag", "gate_bias", "mag_bias"].map(Slot::per_feature);
                [&[encoder, decoder, Slot::per_input("decoder_bias")], &own[..]].concat()
            }
        };
        Layout::new(format!("dictionary_learning's {}", self.name()), &slots)
    }
}

/// Whether the tensors are those of some class.
pub(super) fn fits(named: &NamedTensors) -> bool {
    CLASSES.iter().any(|class| class.layout().fits(named))
}

/// Reads tensors as the configuration says, or as their names do.
pub(super) fn read(config: Option<&Config>, named: NamedTensors) -> Result<Sae, WeightsError> {
    let trainer = config.map(|config| config.inner("trainer"));
    let class = class_of(trainer.as_ref(), &named)?;
    let file = named.file().to_owned();
    let mut parts = class.layout().read(named)?;
    let k = match &trainer {
        Some(trainer) => {
            trainer.check_sizes(&file, ["activation_dim", "dict_size"], &parts)?;
            trainer.whole("k")?
        }
        None => None,
    };
    let k_file = trainer.as_ref().filter(|_| k.is_some()).map_or(file.clone(), |trainer| trainer.file.clone());
    let k = k_of(&parts, k, trainer.as_ref(), &file)?;
    let (architecture, weights, applies) = weights_of(class, &mut parts, k, &file)?;
    finish(architecture, weights, applies, &file, &k_file)
}

fn class_of(trainer: Option<&Config>, named: &NamedTensors) -> Result<Class, WeightsError> {
    let stated = trainer.map(|trainer| trainer.text("dict_class")).transpose()?.flatten();
    if let (Some(name), Some(trainer)) = (stated, trainer) {
        let known = CLASSES.into_iter().find(|class| class.name() == name);
        return known.ok_or_else(|| WeightsError::Architecture {
            file: trainer.file.clone(),
            found: name.to_owned(),
            supported: SUPPORTED,
        });
    }
    let fitting: Vec<Class> = CLASSES.into_iter().filter(|class| class.layout().fits(named)).collect();
    match fitting.as_slice() {
        [class] => Ok(*class),
        [] if named.has("encoder.weight") => Ok(Class::AutoEncoder),
        [] => Ok(Class::JumpRelu),
        _ => Err(WeightsError::NoConfig {
            file: named.file().to_owned(),
            format: "dictionary_learning".to_owned(),
            what: "whether k (AutoEncoderTopK) or the threshold (BatchTopKSAE) counts",
            config: CONFIG,
        }),
    }
}

/// k by the buffer or the configuration, which must agree.
fn k_of(
    parts: &Parts,
    stated: Option<usize>,
    trainer: Option<&Config>,
    file: &str,
) -> Result<Option<usize>, WeightsError> {
    let stored = parts.number("k").map(|k| k as usize);
    match (stored, stated, trainer) {
        (Some(stored), Some(stated), Some(trainer)) if stored != stated => {
            Err(trainer.wrong("k", &format!("{stored}, as the tensor \"k\" in {file:?} says")))
        }
        _ => Ok(stored.or(stated)),
    }
}

fn weights_of(
    class: Class,
    parts: &mut Parts,
    k: Option<usize>,
    file: &str,
) -> Result<(Architecture, SaeWeights, bool), WeightsError> {
    let (encoder, decoder) = match class {
        Class::Matryoshka | Class::JumpRelu => ("W_enc", "W_dec"),
        _ => ("encoder.weight", "decoder.weight"),
    };
    let (b_enc, b_dec) = match class {
        Class::Matryoshka | Class::JumpRelu => ("b_enc", "b_dec"),
        Class::AutoEncoder => ("encoder.bias", "bias"),
        Class::AutoEncoderNew => ("encoder.bias", "decoder.bias"),
        Class::TopK | Class::BatchTopK => ("encoder.bias", "b_dec"),
        Class::Gated => ("mag_bias", "decoder_bias"),
    };
    let mut weights = SaeWeights {
        w_enc: parts.in_by_sae(encoder),
        b_enc: parts.vector(b_enc),
        w_dec: parts.sae_by_in(decoder),
        b_dec: parts.vector(b_dec),
        threshold: None,
    };
    let (architecture, applies) = match class {
        Class::AutoEncoder => {
            weights.unit_decoder(Architecture::Standard);
            (Architecture::Standard, true)
        }
        Class::AutoEncoderNew => (Architecture::Standard, false),
        Class::TopK => {
            let missing = || WeightsError::NoConfig {
                file: file.to_owned(),
                format: "dictionary_learning's AutoEncoderTopK".to_owned(),
                what: "k",
                config: CONFIG,
            };
            (Architecture::TopK { k: k.ok_or_else(missing)? }, true)
        }
        Class::BatchTopK | Class::Matryoshka => {
            weights.threshold = Some(vec![parts.number("threshold").unwrap_or(0.0); parts.d_sae]);
            (Architecture::JumpRelu, true)
        }
        Class::JumpRelu => {
            weights.threshold = Some(parts.vector("threshold"));
            (Architecture::JumpRelu, false)
        }
        Class::Gated => {
            weights.gate(&parts.vector("gate_bias"), &parts.vector("r_mag"));
            (Architecture::JumpRelu, true)
        }
    };
    Ok((architecture, weights, applies))
}

/// Writes the two files of dictionary_learning: ReLU as `AutoEncoderNew`, which keeps decoder norms, top-k as
/// `AutoEncoderTopK`, JumpReLU as `JumpReluAutoEncoder`.
///
/// # Errors
/// [`WeightsError::TooLarge`].
pub(super) fn write(sae: &Sae) -> Result<Vec<WeightFile>, WeightsError> {
    let (class, applies) = match sae.architecture() {
        Architecture::Standard => (Class::AutoEncoderNew, false),
        Architecture::TopK { .. } => (Class::TopK, true),
        Architecture::JumpRelu => (Class::JumpRelu, false),
    };
    let weights = with_b_dec_at_input(sae, applies);
    let (d_in, d_sae) = (weights.d_in(), weights.n_features());
    let (encoder, decoder) = (weights.w_enc.transposed(), weights.w_dec.transposed());
    let floats = |name, shape: &[usize], values| TorchTensor::new(name, shape, Data::F32(values));
    let tensors = match sae.architecture() {
        Architecture::Standard => vec![
            floats("encoder.weight", &[d_sae, d_in], encoder.values()),
            floats("encoder.bias", &[d_sae], &weights.b_enc),
            floats("decoder.weight", &[d_in, d_sae], decoder.values()),
            floats("decoder.bias", &[d_in], &weights.b_dec),
        ],
        Architecture::TopK { k } => vec![
            floats("b_dec", &[d_in], &weights.b_dec),
            TorchTensor::new("k", &[], Data::I32(i32::try_from(k).unwrap_or(i32::MAX))),
            floats("threshold", &[], &[-1.0]),
            floats("decoder.weight", &[d_in, d_sae], decoder.values()),
            floats("encoder.weight", &[d_sae, d_in], encoder.values()),
            floats("encoder.bias", &[d_sae], &weights.b_enc),
        ],
        Architecture::JumpRelu => vec![
            floats("W_enc", &[d_in, d_sae], weights.w_enc.values()),
            floats("b_enc", &[d_sae], &weights.b_enc),
            floats("W_dec", &[d_sae, d_in], weights.w_dec.values()),
            floats("b_dec", &[d_in], &weights.b_dec),
            floats("threshold", &[d_sae], weights.threshold.as_deref().unwrap_or_default()),
        ],
    };
    let mut config = json!({
        "trainer": { "dict_class": class.name(), "activation_dim": d_in, "dict_size": d_sae },
        "written_by": "FeatureScope",
    });
    if let Architecture::TopK { k } = sae.architecture() {
        config["trainer"]["k"] = k.into();
    }
    config.sort_all_objects();
    let config = format!("{config:#}\n").into_bytes();
    Ok(vec![WeightFile::new(CONFIG, config), WeightFile::new(WEIGHTS, torch_file("ae", &tensors)?)])
}
