//! The weights of a sparse autoencoder: every tensor of a PyTorch file, and the plain values beside them; a safetensors
//! file as it is. What the tensors mean is not this module's business.

use std::sync::Arc;

use super::{MAX_PICKLE, TorchFile, Walk, pickle_of};
use crate::data::Observer;
use crate::io::pickle::{self, Pickle, Value, ValueId};
use crate::io::reader::{head, read_all};
use crate::io::sae_names::are_weights;
use crate::io::tensor::Tensor;
use crate::io::zip::{ZIP_MAGIC, ZipMember, stored_member};
use crate::io::{ByteSource, ImportError};

/// Settings are looked for this deep.
const MAX_DEPTH: usize = 3;
/// Settings kept at most: a checkpoint may log every step.
const MAX_SETTINGS: usize = 1000;
/// First parts of names of what an optimiser keeps, as large as the weights twice over and of no use here.
const NOT_READ: &str = "optim";

/// A file of weights, read but not understood.
#[derive(Clone, Debug, PartialEq)]
pub enum SaeWeightsFile {
    /// The bytes of a safetensors file.
    Safetensors(Vec<u8>),
    /// What a PyTorch file holds.
    Torch {
        /// Every tensor by name, those of an optimiser left out.
        tensors: Vec<(String, Tensor)>,
        /// Numbers, texts and truth values beside the tensors by name.
        settings: Vec<(String, serde_json::Value)>,
    },
}

/// Whether a PyTorch file holds weights; what can't be read is left to the reader of embeddings.
pub(crate) fn has_weights(name: &str, source: &dyn ByteSource, members: &[ZipMember]) -> bool {
    let program = pickle_of(members).and_then(|(member, _)| stored_member(name, source, member, MAX_PICKLE));
    let pickle = program.and_then(|program| pickle::load(&program).ok());
    pickle.is_some_and(|pickle| {
        let infos: Vec<_> = Walk::new(&pickle).all().into_iter().map(|(info, _)| info).collect();
        are_weights(&infos)
    })
}

/// Reads a file of weights.
///
/// # Errors
/// What [`TorchFile::open`] and [`TorchFile::read`] give; [`ImportError::Read`], [`ImportError::OutOfMemory`].
pub(crate) fn import_sae_weights(
    name: &str,
    source: Arc<dyn ByteSource>,
    observer: &dyn Observer,
) -> Result<SaeWeightsFile, ImportError> {
    if head(name, &*source, ZIP_MAGIC.len())? != ZIP_MAGIC {
        return read_all(name, &*source).map(SaeWeightsFile::Safetensors);
    }
    let file = TorchFile::open(name, source)?;
    let wanted = file.tensors().iter().filter(|info| info.is_numeric && !info.name.starts_with(NOT_READ));
    let tensors = wanted.map(|info| Ok((info.name.clone(), file.read_watched(&info.name, observer)?)));
    let tensors = tensors.collect::<Result<_, ImportError>>()?;
    Ok(SaeWeightsFile::Torch { tensors, settings: settings_of(&file.pickle) })
}

/// Plain values by name, names of nested dicts joined by dots.
fn settings_of(pickle: &Pickle) -> Vec<(String, serde_json::Value)> {
    let mut found = Vec::new();
    collect(pickle, "", pickle.root(), MAX_DEPTH, &mut found);
    found
}

fn collect(pickle: &Pickle, name: &str, id: ValueId, depth: usize, found: &mut Vec<(String, serde_json::Value)>) {
    let value = match pickle.get(id) {
        Value::Bool(value) => (*value).into(),
        Value::Int(value) => (*value).into(),
        Value::Float(value) => (*value).into(),
        Value::Text(text) => text.as_str().into(),
        Value::Dict(pairs) if depth > 0 => {
            for &(key, value) in pairs.iter().take(MAX_SETTINGS) {
                if let Some(key) = pickle.text(key).filter(|key| key.len() <= super::MAX_NAME) {
                    let path = if name.is_empty() { key.to_owned() } else { format!("{name}.{key}") };
                    collect(pickle, &path, value, depth - 1, found);
                }
            }
            return;
        }
        _ => return,
    };
    if found.len() < MAX_SETTINGS {
        found.push((name.to_owned(), value));
    }
}
