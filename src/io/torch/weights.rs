//! The weights of a sparse autoencoder: every tensor of a PyTorch file, and the plain values beside them; a safetensors
//! file as it is. What the tensors mean is not this module's business.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::{MAX_PICKLE, TorchFile, Walk, format_error, path_of, pickle_of};
use crate::data::Observer;
use crate::io::pickle::{self, Pickle, Value, ValueId};
use crate::io::reader::{head, read_all};
use crate::io::sae_names::are_weights;
use crate::io::tensor::{Tensor, TensorInfo};
use crate::io::zip::{ZIP_MAGIC, ZipMember, stored_member};
use crate::io::{ByteSource, ImportError};

/// Settings are looked for this deep.
const MAX_DEPTH: usize = 3;
/// Settings kept at most: a checkpoint may log every step.
const MAX_SETTINGS: usize = 1000;
/// Tensors may share a storage, as tied weights do: all together have at most so many values for each byte of the file.
const VALUES_PER_BYTE: u64 = 4;
const VALUES_ALLOWED: u64 = 1 << 22;
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
    let most = source.size().saturating_mul(VALUES_PER_BYTE).max(VALUES_ALLOWED);
    let file = TorchFile::open(name, source)?;
    let wanted = |info: &TensorInfo| info.is_numeric && !info.name.starts_with(NOT_READ);
    let all = || file.tensors().iter().zip(&file.places).filter(|(info, _)| wanted(info));
    let n_values = all().fold(0_u64, |sum, (info, _)| sum.saturating_add(n_values(info)));
    if n_values > most {
        let found = format!("have {n_values} values together");
        let expected = format!("at most {most} in a file of this size");
        return Err(format_error(name, "the tensors", found, &expected));
    }
    let tensors = all().map(|(info, &place)| Ok((info.name.clone(), file.read_at(&info.name, Some(place), observer)?)));
    let tensors = tensors.collect::<Result<_, ImportError>>()?;
    Ok(SaeWeightsFile::Torch { tensors, settings: settings_of(&file.pickle) })
}

fn n_values(info: &TensorInfo) -> u64 {
    info.shape.iter().fold(1, |product: u64, &size| product.saturating_mul(size))
}

/// Plain values by name, names of nested dicts joined by dots.
fn settings_of(pickle: &Pickle) -> Vec<(String, serde_json::Value)> {
    let mut settings = Settings { pickle, seen: BTreeSet::new(), found: Vec::new() };
    settings.collect("", pickle.root(), MAX_DEPTH);
    settings.found
}

/// Looks into each dict once: dicts that hold each other, or one many times, would take long.
struct Settings<'p> {
    pickle: &'p Pickle,
    seen: BTreeSet<ValueId>,
    found: Vec<(String, serde_json::Value)>,
}

impl Settings<'_> {
    fn collect(&mut self, name: &str, id: ValueId, depth: usize) {
        let value = match self.pickle.get(id) {
            Value::Bool(value) => (*value).into(),
            Value::Int(value) => (*value).into(),
            Value::Float(value) => (*value).into(),
            Value::Text(text) => text.as_str().into(),
            Value::Dict(pairs) if depth > 0 && self.seen.insert(id) => {
                for &(key, value) in pairs.iter().take(MAX_SETTINGS) {
                    if let Some(path) = path_of(self.pickle, name, key) {
                        self.collect(&path, value, depth - 1);
                    }
                }
                return;
            }
            _ => return,
        };
        if self.found.len() < MAX_SETTINGS {
            self.found.push((name.to_owned(), value));
        }
    }
}
