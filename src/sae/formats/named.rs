//! Tensors by name, wherever they were read from: the neutral ground between files and formats.
//!
//! F32, F64, F16 and BF16 become f32. A checkpoint may keep the weights below a name of its own
//! (`model_state_dict.W_enc.weight`): if exactly one such prefix leads to an encoder, it is taken off, and what stands
//! beside it and belongs to an optimiser or a schedule is left out. NaN and infinite values are found by whoever reads
//! a tensor as part of a layout.

use std::collections::{BTreeMap, BTreeSet};

use safetensors::tensor::SafeTensors;
use serde_json::{Map, Value};

use super::WeightsError;
use crate::sae::tensors;

/// What the encoder's matrix is called in the formats known here.
const ENCODERS: [&str; 4] = ["encoder.0.weight", "encoder.weight", "W_enc.weight", "W_enc"];
/// First parts of names in a checkpoint that say nothing of what the weights compute.
const BESIDE: [&str; 6] = ["optim", "opt_state", "sched", "lr_sched", "scaler", "rng"];

/// The tensors of a file by name, and the plain values beside them.
///
/// # Examples
/// ```
/// use featurescope::sae::NamedTensors;
/// let mut tensors = NamedTensors::new("sae.pt");
/// tensors.insert("encoder.0.bias", vec![2], vec![0.5, -0.5]);
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct NamedTensors {
    file: String,
    tensors: BTreeMap<String, Stored>,
    settings: Map<String, Value>,
}

/// One tensor.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Stored {
    pub(super) shape: Vec<usize>,
    /// Row-major; the name of its type if it is none of floating-point numbers.
    pub(super) values: Result<Vec<f32>, String>,
}

impl NamedTensors {
    /// No tensors yet, of the file with that name.
    pub fn new(file: &str) -> Self {
        Self { file: file.to_owned(), tensors: BTreeMap::new(), settings: Map::new() }
    }

    /// Adds a tensor, in place of another of that name.
    ///
    /// # Shapes
    /// `values` has the product of `shape` numbers, row-major; an empty shape is a single number.
    ///
    /// # Panics
    /// If it has not.
    pub fn insert(&mut self, name: &str, shape: Vec<usize>, values: Vec<f32>) {
        assert_eq!(shape.iter().product::<usize>(), values.len(), "a tensor has as many values as its shape says");
        self.tensors.insert(name.to_owned(), Stored { shape, values: Ok(values) });
    }

    /// Adds a plain value that the file holds beside its tensors, names of nested dicts joined by dots.
    pub fn set(&mut self, name: &str, value: Value) {
        self.settings.insert(name.to_owned(), value);
    }

    /// Reads the tensors of a safetensors file.
    ///
    /// # Errors
    /// [`WeightsError::Damaged`].
    pub fn from_safetensors(file: &str, bytes: &[u8]) -> Result<Self, WeightsError> {
        let read = SafeTensors::deserialize(bytes)
            .map_err(|source| WeightsError::Damaged { file: file.to_owned(), source })?;
        let mut named = Self::new(file);
        for (name, view) in read.iter() {
            let (shape, values) = match tensors::read(&read, name) {
                Some(Ok(tensor)) => (tensor.shape, Ok(tensor.values)),
                Some(Err(dtype)) => (view.shape().to_vec(), Err(dtype)),
                None => continue,
            };
            named.tensors.insert(name.to_owned(), Stored { shape, values });
        }
        Ok(named)
    }

    /// The file's name.
    pub fn file(&self) -> &str {
        &self.file
    }

    pub(super) fn has(&self, name: &str) -> bool {
        self.tensors.contains_key(name)
    }

    pub(super) fn shape(&self, name: &str) -> Option<&[usize]> {
        self.tensors.get(name).map(|stored| stored.shape.as_slice())
    }

    pub(super) fn take(&mut self, name: &str) -> Option<Stored> {
        self.tensors.remove(name)
    }

    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.tensors.keys().map(String::as_str)
    }

    /// Every tensor with its shape, for messages.
    pub(super) fn described(&self) -> Vec<String> {
        self.tensors.iter().map(|(name, stored)| format!("{name:?} {:?}", stored.shape)).collect()
    }

    /// A plain value of that name, at the top or in a dict of settings.
    pub(super) fn setting(&self, name: &str) -> Option<&Value> {
        let places = ["", "config.", "cfg.", "hparams.", "hyper_parameters.", "args."];
        places.iter().find_map(|place| self.settings.get(&format!("{place}{name}")))
    }

    /// Takes off what a checkpoint puts before the names of the weights.
    pub(super) fn without_prefix(mut self) -> Self {
        if ENCODERS.iter().any(|encoder| self.has(encoder)) {
            return self;
        }
        let prefix_of =
            |name: &str| ENCODERS.iter().find_map(|encoder| Some(name.strip_suffix(encoder)?.strip_suffix('.')?.len()));
        let prefixes: BTreeSet<String> =
            self.names().filter_map(|name| Some(name[..prefix_of(name)?].to_owned() + ".")).collect();
        let mut prefixes = prefixes.into_iter();
        if let (Some(prefix), None) = (prefixes.next(), prefixes.next()) {
            let is_beside = |name: &str| BESIDE.iter().any(|start| name.starts_with(start));
            let kept = self.tensors.into_iter().filter(|(name, _)| name.starts_with(&prefix) || !is_beside(name));
            let renamed = kept.map(|(name, stored)| match name.strip_prefix(&prefix) {
                Some(short) => (short.to_owned(), stored),
                None => (name, stored),
            });
            self.tensors = renamed.collect();
        }
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with_names(names: &[&str]) -> NamedTensors {
        let mut named = NamedTensors::new("f");
        for name in names {
            named.insert(name, vec![1], vec![0.0]);
        }
        named
    }

    #[test]
    fn the_one_prefix_of_an_encoder_is_taken_off_and_the_optimiser_left_out() {
        let named = with_names(&["sae.model.W_enc.weight", "sae.model.W_dec.bias", "optimizer.0.exp_avg", "mu"]);
        let names: Vec<String> = named.without_prefix().names().map(str::to_owned).collect();
        assert_eq!(names, ["W_dec.bias", "W_enc.weight", "mu"]);
    }

    #[test]
    fn plain_names_and_several_autoencoders_stay() {
        for names in [&["W_enc", "optim"][..], &["a.W_enc", "b.W_enc"], &["x.y"]] {
            assert_eq!(with_names(names).without_prefix(), with_names(names));
        }
    }

    #[test]
    fn settings_are_found_at_the_top_and_in_their_dicts() {
        let mut named = NamedTensors::new("f");
        named.set("config.k", 4.into());
        assert_eq!(named.setting("k"), Some(&Value::from(4)));
        assert_eq!(named.setting("config"), None);
    }
}
